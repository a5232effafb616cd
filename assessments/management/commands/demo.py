"""The demo assessment beside a board that runs already: `manage.py demo`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assessments import demo


class Command(BaseCommand):
    help = "Makes the demo assessment, starts its run and says where it is; a second time it says so again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="Where the board answers.")

    def handle(self, *args: Any, **options: Any) -> None:
        made = demo.make(self.stdout.write)
        lines = demo.told(made, options["address"])
        if made.run.finished:
            lines += demo.told_links(made, options["address"])
        else:
            lines.append("Say `manage.py demo` again when the run is complete, for its share link.")
        for line in lines:
            self.stdout.write(line)
