"""A probe is confined: each attack works in a plain process, fails in the sandbox, and legal work goes on."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers import bubblewrap, launch, sandbox
from workers.confine import landlock, seccomp

ROOT = Path(__file__).resolve().parents[2]
SECRET = "what another team uploaded"

# name of the attack -> what it is told; the 17 of the threat list first, then what else was thought of
ATTACKS = (
    "read_file", "read_environ", "attach", "send_signal", "connect_tcp", "connect_unix", "take_memory",
    "fork_many", "write_big_file", "open_many", "use_io_uring", "use_keyring", "new_user_namespace",
    "list_folder", "write_outside", "start_program", "raise_limits", "change_mode", "change_times",
    "link_into_scratch", "send_signal_by_descriptor", "anonymous_file", "leave_session",
    "take_memory_in_torch",
)  # fmt: skip
SAME_WITHOUT_A_SANDBOX = {"take_memory_in_torch"}  # it would really take 6 GB here


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[dict[str, object]]:
    """Another team's file, a process with a secret, a TCP and a unix listener."""
    folder = tmp_path / "other"
    folder.mkdir()
    file = folder / "data.csv"
    file.write_text(SECRET)
    file.chmod(0o600)
    secretive = subprocess.Popen(
        [sys.executable, "-c", "import signal, time\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\n"
         "print('up', flush=True)\ntime.sleep(60)"],
        env={"SECRET_KEY": SECRET}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert secretive.stdout is not None
    secretive.stdout.readline()
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        unix.bind(str(tmp_path / "broker"))
        unix.listen()
        yield {
            "file": file, "folder": folder, "pid": secretive.pid, "port": tcp.getsockname()[1],
            "broker": tmp_path / "broker",
        }  # fmt: skip
    secretive.kill()
    secretive.wait()
    secretive.stdout.close()


def told(attack: str, victim: dict[str, object]) -> dict[str, object]:
    """The answers through which an attack hears of its victim."""
    path = {"list_folder": victim["folder"], "connect_unix": victim["broker"]}.get(attack, victim["file"])
    return {"path": str(path), "pid": victim["pid"], "port": victim["port"]}


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in SAME_WITHOUT_A_SANDBOX])
def test_the_attack_works_in_a_plain_process(attack, victim, tmp_path):
    """Otherwise being blocked would prove nothing."""
    if attack == "use_keyring" and not Path("/proc/keys").exists():
        pytest.skip("This kernel has no keyrings, so there is nothing to block.")
    script = (
        "import json, os, sys\nfrom tests.workers import misbehaving\n"
        "from workers.probes.base import Budget, Sample\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"found = misbehaving.{attack}(Sample(answers=json.loads(sys.argv[1])), Budget())\nprint(found.note)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(told(attack, victim))],
        cwd=ROOT, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if attack == "use_io_uring" and "Function not implemented" in done.stderr:
        pytest.skip("This kernel has no io_uring, so there is nothing to block.")
    assert "GOT" in done.stdout or "other program" in done.stdout, done.stderr


@pytest.fixture(params=["forked", "cold", "bubblewrap"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, misbehaving: None) -> str:
    """Each way to a confined process: from the warm server, without it, and without Landlock."""
    if request.param == "bubblewrap":
        if bubblewrap.program() is None:
            pytest.skip("bubblewrap does not work on this machine.")
        monkeypatch.setattr(sandbox, "layer", lambda: sandbox.Layer("bubblewrap", ""))
        return request.param
    if sandbox.layer().name != "landlock+seccomp":
        pytest.skip("This kernel has no Landlock.")
    if request.param == "cold":
        monkeypatch.setattr(launch, "fork", lambda job: (_ for _ in ()).throw(OSError("no server")))
    return request.param


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_is_blocked(attack, way, victim, request_for: Callable[..., sandbox.Request]):
    found = sandbox.measure(request_for(attack, answers=told(attack, victim)))
    assert found.state in ("failed", "skipped")
    assert "GOT" not in found.note
    assert SECRET not in str(found)
    assert victim["file"].read_text() == SECRET
    assert victim["file"].stat().st_mode & 0o777 == 0o600
    assert victim["file"].stat().st_mtime > 0


def test_legal_work_goes_on(way, request_for, tmp_path):
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    (prepared / "manifest.json").write_text('{"kind": "table"}')
    said: list[tuple[float, str]] = []
    found = sandbox.measure(request_for("legal", prepared=prepared), lambda *what: said.append(what))
    assert found.value == 3.0
    assert found.note == "mine"
    assert found.facts["read"] == '{"kind": "table"}'
    assert said == [(0.5, "half-way")]


def test_a_probe_may_use_threads(way, request_for):
    assert sandbox.measure(request_for("threads")).value == 4.0


def test_an_input_can_be_read_and_not_written(way, request_for, tmp_path):
    """The folder that prepare wrote belongs to other runs too."""
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    kept = prepared / "manifest.json"
    kept.write_text("{}")
    found = sandbox.measure(request_for("write_outside", prepared=prepared, answers={"path": str(kept)}))
    assert found.state == "failed"
    assert kept.read_text() == "{}"


def test_the_probe_sees_nothing_of_the_workers_environment(way, request_for):
    """The fixture of these probes put a secret there before any process was started."""
    found = sandbox.measure(request_for("nothing"))
    assert os.environ["SECRET_OF_THE_WORKER"]
    assert os.environ["SECRET_OF_THE_WORKER"] not in str(found)


def test_a_probe_holds_no_capability_even_when_the_worker_is_root(way, request_for):
    assert int(sandbox.measure(request_for("nothing")).facts["capabilities"], 16) == 0


def test_the_numbers_are_those_of_libseccomp():
    """Where that library happens to be installed, it knows each call by name."""
    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("libseccomp.so.2 is not installed, and RiskBoard does not need it.")
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for name, numbers in {**seccomp.CALLS, **seccomp.SPECIAL}.items():
        for machine, (column, audit, _) in seccomp.ARCHITECTURES.items():
            known = resolve(audit, name.encode())
            if known >= 0:  # newer calls than this library's are not compared
                assert numbers[column] == known, (name, machine)


def test_the_filter_fits_the_kernel_and_every_branch_returns():
    lines = seccomp.program(pid=1)
    assert len(lines) % 8 == 0
    assert len(lines) // 8 < 4096
    codes = [int.from_bytes(lines[i : i + 2], sys.byteorder) for i in range(0, len(lines), 8)]
    assert codes[-1] == 0x06


def test_landlock_asks_for_no_right_that_an_old_kernel_does_not_know():
    assert landlock.handled(1).fs == (1 << 13) - 1
    assert (landlock.handled(1).net, landlock.handled(1).scoped) == (0, 0)
    assert landlock.handled(7).fs == (1 << 16) - 1
    assert (landlock.handled(7).net, landlock.handled(7).scoped) == (3, 3)


def test_the_layer_is_said_in_one_sentence(monkeypatch):
    sandbox.layer.cache_clear()
    assert sandbox.layer().sentence.endswith(".")
    for abi, program, name in ((0, "/bwrap", "bubblewrap"), (0, None, "none"), (3, None, "landlock+seccomp")):
        sandbox.layer.cache_clear()
        monkeypatch.setattr(landlock, "version", lambda abi=abi: abi)
        monkeypatch.setattr(bubblewrap, "program", lambda program=program: program)
        assert sandbox.layer().name == name
    sandbox.layer.cache_clear()


def test_a_signal_really_would_have_arrived(victim):
    """The victim ignores it; what is tested is that we may send it and the probe may not."""
    os.kill(int(victim["pid"]), signal.SIGUSR1)
