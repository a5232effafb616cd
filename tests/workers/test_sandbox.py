"""Whatever a probe does, the worker gets a finding or a reason, and no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers import answer, launch, sandbox

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 2.0  # seconds

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only.")


def processes(mark: str) -> list[int]:
    """Processes whose working folder lies under ``mark``: every probe stands in its scratch folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()).startswith(mark):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def gone(mark: str, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while processes(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


RUNAWAYS = {
    "sleep": "deadline", "spin_in_c": "deadline", "ignore_sigterm": "deadline", "flood": "output",
    "fill_shared_memory": "memory", "write_ten_gigabytes": "output", "print_a_gigabyte": "output",
    "many_threads": "memory",
}  # fmt: skip


@pytest.mark.parametrize("runaway", RUNAWAYS)
def test_a_runaway_is_ended(runaway, request_for, tmp_path):
    sandbox.measure(request_for("nothing"))  # the server's imports are not what is timed here
    seconds = 20.0 if RUNAWAYS[runaway] != "deadline" else LIMIT
    began = time.monotonic()
    with pytest.raises(sandbox.Stopped) as stopped:
        sandbox.measure(request_for(runaway, seconds=seconds, memory=256 * 2**20))
    assert stopped.value.cause == RUNAWAYS[runaway]
    assert time.monotonic() - began < seconds + 5
    assert stopped.value.reason.endswith("was stopped.")
    assert gone(str(tmp_path))


def test_a_fork_bomb_gets_no_fork(request_for, tmp_path):
    assert sandbox.measure(request_for("fork_until_refused", seconds=LIMIT)).state == "failed"
    assert gone(str(tmp_path))


@pytest.mark.slow
def test_a_hundred_runaways_leave_nothing_behind(request_for, tmp_path):
    names = ["sleep", "print_a_gigabyte", "crash", "leave", "flood"] * 20
    for name in names:
        with pytest.raises(sandbox.Stopped):
            sandbox.measure(request_for(name, seconds=0.2))
    assert gone(str(tmp_path))
    assert sandbox.measure(request_for("nothing")).value == 0.0


@pytest.mark.parametrize(("name", "said"), [("crash", "SIGSEGV"), ("leave", "exit code 7")])
def test_a_crash_is_told_and_the_server_lives_on(name, said, request_for):
    before = sandbox.measure(request_for("nothing")).facts["pid"]
    with pytest.raises(sandbox.Stopped, match=said) as stopped:
        sandbox.measure(request_for(name))
    assert stopped.value.cause == "crash"
    assert sandbox.measure(request_for("nothing")).facts["pid"] != before


def test_an_error_becomes_a_sentence_that_quotes_no_data(request_for, caplog):
    found = sandbox.measure(request_for("fail"))
    assert found.state == "failed"
    assert "ValueError" in found.note
    assert "secret@example.org" not in str(found)
    assert "could not convert" in caplog.text  # the log has it


def test_too_little_memory_becomes_a_finding_with_the_amount(request_for):
    found = sandbox.measure(request_for("take_memory"))
    assert found.state == "skipped"
    assert "0.5 GB" in found.note
    assert found.facts == {"cause": "memory"}


def test_more_facts_than_a_report_holds_become_a_sentence(request_for):
    found = sandbox.measure(request_for("say_too_much"))
    assert found.state == "failed"
    assert "more than a report can hold" in found.note


@pytest.mark.parametrize(
    "line",
    [
        "no json", "[]", '{"kind": "finding"}', '{"kind": "finding", "finding": {"value": "1", "note": ""}}',
        '{"kind": "finding", "finding": {"value": NaN, "note": ""}}',
        '{"kind": "finding", "finding": {"value": 1, "note": "", "state": "fine"}}',
        '{"kind": "finding", "finding": {"value": 1, "note": "", "owner": 1}}',
        '{"kind": "progress", "share": "x", "sentence": ""}', "[" * 100_000,
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_ends_the_probe(line, request_for):
    with pytest.raises(sandbox.Stopped, match="cannot be read"):
        sandbox.measure(request_for("say_nonsense", answers={"line": line}), lambda *_: None)


def test_texts_lose_what_no_database_takes(request_for):
    facts = sandbox.measure(request_for("legal")).facts
    assert facts["key"] == "ab?"
    assert facts["nan"] is None
    assert answer.clean("\ud800\0") == "?"


def test_cancelling_ends_a_deaf_probe_within_five_seconds(request_for, tmp_path):
    sandbox.measure(request_for("nothing"))
    began = time.monotonic()
    with pytest.raises(sandbox.Stopped) as stopped:
        sandbox.measure(request_for("ignore_sigterm"), cancelled=lambda: time.monotonic() - began > 0.7)
    assert stopped.value.cause == "cancelled"
    assert time.monotonic() - began < 0.7 + 5
    assert gone(str(tmp_path))


def test_an_error_in_a_callback_leaves_no_probe(request_for, tmp_path):
    def broken() -> bool:
        raise ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        sandbox.measure(request_for("sleep"), cancelled=broken)
    assert gone(str(tmp_path))


def test_a_probe_starts_in_under_a_third_of_a_second_after_the_first(request_for):
    sandbox.measure(request_for("nothing"))
    times = []
    for _ in range(5):
        began = time.monotonic()
        sandbox.measure(request_for("nothing"))
        times.append(time.monotonic() - began)
    assert sorted(times)[2] < 0.3


def test_an_unknown_probe_is_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "TEST_TARGETS", None)
    with pytest.raises(LookupError, match=r"data\.nothing"):
        sandbox.measure(sandbox.Request("data.nothing", tmp_path / "scratch"))


def test_a_production_host_has_no_test_probes(request_for, monkeypatch):
    """The module is named when a host starts; a request alone cannot reach it."""
    monkeypatch.setenv(launch.VARIABLE, "")
    monkeypatch.setattr(launch, "TEST_TARGETS", None)
    monkeypatch.setattr(launch, "fork", lambda job: (_ for _ in ()).throw(OSError()))
    monkeypatch.setitem(sandbox.catalog.BY_ID, "test.nothing", sandbox.catalog.SPECS[7])
    found = sandbox.measure(request_for("nothing"))
    assert found.state == "failed"
    assert "LookupError" in found.note


# -- the server ---------------------------------------------------------------------------------
def server_pid() -> int:
    return launch._owned["server"].pid


def test_the_server_is_replaced_when_it_was_killed(request_for):
    sandbox.measure(request_for("nothing"))
    before = server_pid()
    os.kill(before, signal.SIGKILL)
    assert sandbox.measure(request_for("nothing")).value == 0.0
    assert server_pid() != before


def test_a_probe_dies_with_the_server_and_is_measured_again(request_for, tmp_path):
    sandbox.measure(request_for("nothing"))
    before = server_pid()
    threading.Timer(0.5, os.kill, (before, signal.SIGKILL)).start()
    with pytest.raises(sandbox.Stopped) as stopped:
        sandbox.measure(request_for("sleep", seconds=LIMIT))
    assert stopped.value.cause == "deadline"  # of the second try
    assert server_pid() != before
    assert gone(str(tmp_path))


def test_a_probe_runs_without_any_server(request_for, monkeypatch):
    monkeypatch.setattr(launch, "fork", lambda job: (_ for _ in ()).throw(OSError("none")))
    assert sandbox.measure(request_for("nothing")).value == 0.0
    with pytest.raises(sandbox.Stopped, match="SIGSEGV"):
        sandbox.measure(request_for("crash"))


def test_many_threads_measure_at_once(request_for, tmp_path):
    requests = [request_for("nothing", out=tmp_path / str(i), seed=i) for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(sandbox.measure, requests))
    assert len({one.facts["pid"] for one in found}) == 12


CHILD = """
import os, sys
from pathlib import Path
from workers import launch, sandbox
launch.TEST_TARGETS = "tests.workers.misbehaving"
os.environ.pop(launch.VARIABLE, None)
sandbox.start()
sandbox.measure(sandbox.Request("test.nothing", Path(sys.argv[1]) / "first"))
print(launch._owned["server"].pid, flush=True)
for child in range(int(sys.argv[2])):
    if os.fork() == 0:  # as Celery's pool does
        name = Path(sys.argv[1]) / f"child{child}"
        sandbox.measure(sandbox.Request("test." + sys.argv[3], name, seconds=60))
        print(launch._owned["server"].pid, flush=True)
        os._exit(0)
for child in range(int(sys.argv[2])):
    os.wait()
"""


def client(tmp_path: Path, children: int, probe: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", CHILD, str(tmp_path), str(children), probe]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_the_children_of_a_worker_share_its_server(tmp_path):
    with client(tmp_path, 3, "nothing") as worker:
        assert worker.stdout is not None
        servers = worker.stdout.read().split()
    assert len(servers) == 4
    assert len(set(servers)) == 1


@pytest.mark.parametrize("landlocked", [True, False], ids=["forked", "cold"])
def test_a_killed_worker_leaves_no_probe_and_no_server(landlocked, tmp_path, monkeypatch):
    """kill -9 of the worker and its children at once: nobody is left to clean up."""
    script = CHILD if landlocked else CHILD.replace(
        "sandbox.start()", "launch.fork = lambda job: (_ for _ in ()).throw(OSError())\nsandbox.start()"
    )  # fmt: skip
    monkeypatch.setitem(globals(), "CHILD", script)
    with client(tmp_path, 2, "ignore_sigterm") as worker:
        assert worker.stdout is not None
        server = int(worker.stdout.readline())
        until = time.monotonic() + 20
        while len(processes(str(tmp_path))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(processes(str(tmp_path))) == 2
        os.killpg(worker.pid, signal.SIGKILL)
        assert gone(str(tmp_path))
    until = time.monotonic() + 20  # it may still be importing, and looks up only then
    while Path(f"/proc/{server}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{server}").exists()


def test_the_worker_never_imports_torch():
    script = (
        "import sys\nfrom workers import assess, sandbox\n"
        "print({'torch', 'numpy', 'duckdb', 'django'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_server_is_single_threaded_when_it_forks(request_for):
    sandbox.measure(request_for("nothing"))
    assert len(list(Path(f"/proc/{server_pid()}/task").iterdir())) == 1
