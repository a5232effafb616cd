"""The reaper as a process of its own: `manage.py tick`. Any number of them may run."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)
SECONDS = 5.0


class Command(BaseCommand):
    help = "Puts back every few seconds what dead workers held, and sends lost messages again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=SECONDS, help="Between two looks.")
        parser.add_argument("--once", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        from workers.tasks import reap

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                reap()
            except DatabaseError as error:  # away for now; the next tick tries again
                log.warning("the database does not answer (%s)", type(error).__name__)
                connection.close()
            if options["once"]:
                return
            stop.wait(options["seconds"])
