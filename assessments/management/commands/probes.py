"""``manage.py probes``: what each probe asks, needs and costs."""

from __future__ import annotations

from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from workers.probes import catalog


class Command(BaseCommand):
    help = "Lists the probes: what each asks, what it needs, and how long it takes."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast(TextIO, self.stdout._out))
        table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("Probe", no_wrap=True)
        table.add_column("Asks")
        table.add_column("Needs")
        table.add_column("Seconds", justify="right")
        for probe in catalog.ACTIVE:
            spec = catalog.BY_ID[probe]
            table.add_row(probe, spec.asks, ", ".join(spec.needs) or "nothing", f"{spec.seconds:g}")
        console.print(table)
        console.print("Seconds are typical wall times on two cores.", style="dim")
