"""``manage.py verify report.json``: recomputes a report from the evidence inside it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from assessments.scoring import document

SHOWN = 50  # fields named one by one
UNLIKE = "Its evidence has a value missing or of another kind than a report has, so it cannot be judged."
LARGEST = 64 * 1024**2  # bytes; a report with pictures has a few hundred thousand


class Command(BaseCommand):
    help = (
        "Recomputes every score, level, range, action and verdict of a report from the evidence inside it. "
        "Exit code 0: it holds. 1: the fields that do not are named. 2: the file cannot be checked."
    )
    requires_system_checks: list[str] = []  # a report needs no database, broker or storage

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.error = self.refuse  # type: ignore[method-assign, assignment]
        parser.add_argument(
            "report", nargs="?", help="the report's JSON file, or - to read it from standard input"
        )

    def refuse(self, sentence: str) -> NoReturn:
        """One line on standard error and exit code 2."""
        self.stderr.write(" ".join(sentence.split()))
        sys.exit(2)

    def handle(self, *args: Any, report: str | None = None, **options: Any) -> None:
        if not report:
            self.refuse("There is nothing to verify: name a report's JSON file, or - for standard input.")
        try:
            wrong = document.verify(read(report))
        except document.BadReport as error:
            self.refuse(f"{report}: {error}")
        if not wrong:
            self.stdout.write(f"{report} holds: every score follows from the evidence inside.")
            return
        fields = "1 field does" if len(wrong) == 1 else f"{len(wrong)} fields do"
        self.stdout.write(f"{report} does not hold: {fields} not follow from the evidence inside.")
        for path in wrong[:SHOWN]:
            self.stdout.write(f"  {UNLIKE if path.startswith('(cannot be judged') else path}")
        if len(wrong) > SHOWN:
            self.stdout.write(f"  and {len(wrong) - SHOWN} more")
        sys.exit(1)


def read(name: str) -> Any:
    """The JSON of a file; raises BadReport with one sentence."""
    try:
        if name == "-":
            found = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                found = file.read(LARGEST + 1)
        text = found[:LARGEST].decode("utf-8-sig")
    except FileNotFoundError:
        raise document.BadReport("There is no such file.") from None
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a zero byte in the name
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise document.BadReport(f"The file cannot be read: {reason}.") from None
    if len(found) > LARGEST:
        raise document.BadReport(f"The file is larger than {LARGEST // 1024**2} MB, so it is no report.")
    if not text.strip():
        raise document.BadReport("The file is empty.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise document.BadReport(f"This is not JSON: line {error.lineno}, {error.msg}.") from None
    except (RecursionError, ValueError):
        raise document.BadReport("This is not JSON that a report could hold.") from None
