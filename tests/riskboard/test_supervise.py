"""What dies comes back, what is told to stop stops, and nothing outlives the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from riskboard.supervise import Child, Supervisor

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(600)",
]


def until(true, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def supervisor(tmp_path):
    said: list[str] = []
    made = Supervisor(tmp_path / "log", said.append, ROOT)
    made.said = said
    yield made
    made.stop()


def test_a_killed_child_comes_back_and_the_one_who_asked_is_told(supervisor):
    deaths = []
    child = Child("sleeper", SLEEPS, on_death=lambda: deaths.append(1))
    supervisor.start(child)
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()
    assert until(lambda: supervisor.look() or child.alive)
    assert child.process.pid != first
    assert deaths == [1]
    assert "SIGKILL" in supervisor.said[0]
    assert "sleeper.log" in supervisor.said[0]


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(supervisor):
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    supervisor.start(child)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        supervisor.look()
        time.sleep(0.02)
    assert 2 <= child.deaths <= 4
    assert child.pause >= 2


def test_stopping_ends_even_what_does_not_listen(supervisor):
    child = Child("stubborn", STUBBORN, patience=0.5)
    supervisor.start(child)
    assert until(lambda: "up" in supervisor.log_of(child).read_text())
    supervisor.stop()
    assert not child.alive
    supervisor.look()
    assert not child.alive  # and it stays ended


def test_children_die_with_a_supervisor_that_is_killed(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom riskboard.supervise import Child, Supervisor\n"
        f"s = Supervisor(Path({str(tmp_path)!r}), print, Path({str(ROOT)!r}))\n"
        f"c = Child('sleeper', {STUBBORN!r})\ns.start(c)\nprint(c.process.pid, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    pid = int(parent.stdout.readline())
    assert until(lambda: (tmp_path / "sleeper.log").read_text().startswith("up"))
    parent.kill()
    parent.wait()
    assert until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
