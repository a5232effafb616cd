"""`manage.py serve`, for real: it starts everything, is there once, survives kills and stops clean."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def manage(folder: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=120
    )


def environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "RISKBOARD_LEASE")}
    return {**kept, "RISKBOARD_DATA_DIR": str(folder)}


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def until(true: Callable[[], object], seconds: float, tell: Callable[[], str] = str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, tell()
        time.sleep(0.2)


def test_a_port_that_is_taken_is_said_with_another_one(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = manage(tmp_path, "serve", "--port", str(port))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"Port {port}" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """A whole board of its own; -> (process, folder, address, what it has said)."""
    folder, port = tmp_path_factory.mktemp("board"), free_port()
    out = (folder / "said").open("w")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1", "--web-workers", "1"],
        cwd=ROOT,
        env=environment(folder),
        stdout=out,
        stderr=subprocess.STDOUT,
    )
    said = (folder / "said").read_text
    address = f"http://127.0.0.1:{port}"
    until(lambda: f"RiskBoard is at {address}" in said() or process.poll() is not None, 120, said)
    yield process, folder, address, said
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.mark.slow
def test_all_parts_are_there_and_say_so(board):
    _, folder, address, said = board
    until(lambda: get(f"{address}/readyz")[0] == 200, 60, lambda: get(f"{address}/readyz")[1] + said())
    assert json.loads(get(f"{address}/readyz")[1]) == dict.fromkeys(
        ("database", "broker", "storage", "workers"), "ready"
    ) | {"status": "ready"}
    assert "Valkey" in said()
    assert "Probes run" in said()
    assert {path.name for path in (folder / "log").iterdir()} == {
        "broker.log",
        "worker.log",
        "tick.log",
        "web.log",
    }


@pytest.mark.slow
def test_a_page_and_its_hashed_style_come_packed(board):
    address = board[2]
    status, page = get(f"{address}/sign-in/")
    assert status == 200
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    request = urllib.request.Request(address + style, headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.slow
def test_a_second_start_on_the_same_folder_says_so(board):
    process, folder, address, _ = board
    done = manage(folder, "serve", "--port", str(free_port()))
    assert done.returncode == 1
    assert f"process {process.pid}, {address}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["granian", "celery", "valkey-server", "tick"])
def test_a_part_that_is_killed_comes_back(board, name):
    process, _, address, said = board

    def part() -> list[int]:
        alive = [p for p in psutil.Process(process.pid).children() if p.status() != psutil.STATUS_ZOMBIE]
        return [p.pid for p in alive if any(name in word for word in p.cmdline())]

    (first,) = part()
    os.kill(first, signal.SIGKILL)
    until(lambda: part() and part() != [first], 60, said)
    until(lambda: get(f"{address}/readyz")[0] == 200, 60, said)
    assert "SIGKILL" in said()


@pytest.mark.slow
def test_sigterm_stops_everything_and_leaves_no_process(board):
    process, _, address, said = board
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 6
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "RiskBoard has stopped" in said()
    assert "Traceback" not in said()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert get(f"{address}/healthz")[0] == 0
