"""``manage.py signing_key``: the public keys with which this installation's reports are checked."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments import signing


class Command(BaseCommand):
    help = (
        "Prints this installation's public keys, the same as /.well-known/riskboard-key.json. "
        "--rotate makes a new key first: old reports stay good, and new ones are signed with it."
    )
    requires_system_checks: list[str] = []  # no database, broker or storage is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rotate", action="store_true", help="make a new key and keep the old public one"
        )

    def handle(self, *args: Any, rotate: bool = False, **options: Any) -> None:
        try:
            keys = signing.rotate() if rotate else signing.published()
        except signing.NotRotated as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(keys.as_json(), indent=1))
