"""Packs the static files for the web process, when one has changed: `manage.py collect`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from riskboard import static_files


class Command(BaseCommand):
    help = "Collects, packs and names the static files; `serve` does this by itself."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        done = static_files.collect()
        self.stdout.write("The static files are packed." if done else "The static files are packed already.")
