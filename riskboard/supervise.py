"""A few child processes that are kept running: what dies comes back, what is told to stop stops.

Each child writes to its own file under DATA_DIR/log, dies with this process (also when this one is
killed), and is started again after a pause that doubles while it keeps dying.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from workers.confine.limits import die_with_parent

PAUSE_FIRST, PAUSE_MOST = 0.5, 30.0  # seconds before a child that died starts again
STEADY = 30.0  # a child that ran for so long starts again without delay
LOG_BYTES = 10 * 2**20


@dataclass
class Child:
    """One process: how it starts, how it is asked to stop, and what happens once it is gone."""

    name: str
    command: list[str]
    patience: float = 5.0  # seconds between being asked to stop and being killed
    on_death: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = PAUSE_FIRST
    due: float = 0.0
    deaths: int = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Supervisor:
    log_dir: Path
    say: Callable[[str], None]
    cwd: Path
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def start(self, child: Child) -> None:
        self.log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if child not in self.children:
            self.children.append(child)
        me = os.getpid()
        with self.log_of(child).open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop them in order
                env={**os.environ, "RISKBOARD_SUPERVISED": "1", "PYTHONUNBUFFERED": "1"},
                preexec_fn=lambda: die_with_parent(me),
            )
        child.started = time.monotonic()

    def log_of(self, child: Child) -> Path:
        path = self.log_dir / f"{child.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def look(self) -> None:
        """One turn: starts again what died and whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.alive or self.stopping:
                continue
            if child.process is not None:
                self._died(child, now)
            if now >= child.due:
                self.start(child)

    def _died(self, child: Child, now: float) -> None:
        steady = now - child.started > STEADY
        child.pause = PAUSE_FIRST if steady else min(PAUSE_MOST, child.pause * 2)
        child.due = now if steady else now + child.pause
        child.deaths += 1
        code = child.process.returncode if child.process else 0
        why = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        child.process = None
        self.say(
            f"The {child.name} process ended ({why}); it starts again. See {self.log_dir}/{child.name}.log"
        )
        if child.on_death is not None:
            child.on_death()

    def stop(self) -> None:
        """Asks the last one started first, waits, and kills what does not listen."""
        self.stopping = True
        for child in reversed(self.children):
            self.stop_child(child)

    def stop_child(self, child: Child) -> None:
        if not child.alive or child.process is None:
            return
        child.process.send_signal(signal.SIGTERM)
        try:
            child.process.wait(child.patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def run(self, until: Callable[[], bool], each: Iterable[Callable[[], None]] = ()) -> None:
        while not until():
            self.look()
            for call in each:
                call()
            time.sleep(0.2)
