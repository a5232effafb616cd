"""``manage.py rejudge``: judges stored runs again under other rules, beside the judgement they have."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments import rejudging
from assessments.scoring import rules as rulebook

SHOWN = 20  # runs that could not be judged, named one by one


class Command(BaseCommand):
    help = (
        "Judges the evidence of every stored run anew under the newest rules and keeps the result beside "
        "the run's own report, which stays as it is. A run that these rules judged already is left out. "
        "Exit code 0: all were judged. 1: some could not be, and are named. 2: there are no such rules."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rules", help="A version of the rules, such as 2026.4; the newest without it.")

    def handle(self, *args: Any, rules: str | None = None, **options: Any) -> None:
        try:
            wanted = rulebook.load(rules)
        except rulebook.RulesError as error:
            raise CommandError(error.args[0], returncode=2) from None
        done = rejudging.rejudge(wanted)
        runs = "1 run" if done.judged == 1 else f"{done.judged} runs"
        self.stdout.write(
            f"{runs} judged under rules {wanted.version}; the overall level changed in {done.moved}."
        )
        if not done.failed:
            return
        self.stdout.write(f"{len(done.failed)} could not be judged:")
        for run, reason in done.failed[:SHOWN]:
            self.stdout.write(f"  {run}: {reason}")
        if len(done.failed) > SHOWN:
            self.stdout.write(f"  and {len(done.failed) - SHOWN} more")
        sys.exit(1)
