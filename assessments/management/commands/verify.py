"""``manage.py verify report.json``: recomputes a report from its evidence, and checks who signed it.

It asks nobody: the public keys come from ``--key``, else from this installation's own files.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

from assessments.scoring import changes, document, signature

HOLDS, CHANGED, UNCHECKED, UNTRUSTED = 0, 1, 2, 3  # exit codes
SHOWN = 50  # fields named one by one
UNLIKE = "Its evidence has a value missing or of another kind than a report has, so it cannot be judged."
LARGEST_KEYS = 1024**2  # bytes
LARGEST = 64 * 1024**2  # bytes; a report with pictures has a few hundred thousand


class Command(BaseCommand):
    help = (
        "Recomputes every score, level, range, action and verdict of a report from the evidence inside it, "
        "and checks who signed it. Exit code 0: it holds, and a signature is by a key that is known here or "
        "given. 1: something was changed, and is named. 2: the file or the key cannot be read. "
        "3: nothing was changed, but it is signed with an unknown key or by another installation, "
        "or --key was given and it is not signed, or it is an excerpt and no key is known to compare with."
    )
    requires_system_checks: list[str] = []  # a report needs no database, broker or storage

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.error = self.refuse  # type: ignore[method-assign, assignment]
        parser.add_argument(
            "report", nargs="?", help="the report's JSON file, or - to read it from standard input"
        )
        parser.add_argument(
            "--key",
            metavar="PUBLICKEY",
            help="the installation's public keys: its /.well-known/riskboard-key.json as a file, a PEM file, "
            "or one key in base64",
        )

    def refuse(self, sentence: str) -> NoReturn:
        """One line on standard error and exit code 2."""
        self.stderr.write(" ".join(sentence.split()))
        sys.exit(UNCHECKED)

    def handle(self, *args: Any, report: str | None = None, key: str | None = None, **options: Any) -> None:
        if not report:
            self.refuse("There is nothing to verify: name a report's JSON file, or - for standard input.")
        try:
            known = keys_of(key) if key else own_keys()
        except signature.BadKey as error:
            self.refuse(f"--key: {error}")
        try:
            found = read(report)
            part = is_excerpt(found)
            wrong = [] if part else document.verify(found)
            signed = signature.check(found, known)
        except document.BadReport as error:
            self.refuse(f"{report}: {error}")
        except (RecursionError, ValueError):
            self.refuse(f"{report}: This is not JSON that a report could hold.")
        self.tell(report, found, wrong, part, signed)
        if wrong or signed.broken:
            sys.exit(CHANGED)
        unsigned = signed.state is signature.State.NONE and (key or part)
        # Of an excerpt nothing but the signature speaks, so somebody has to know its key.
        unsigned = unsigned or (part and signed.state is signature.State.UNCOMPARED)
        if unsigned or signed.state in (signature.State.UNKNOWN, signature.State.OTHER):
            sys.exit(UNTRUSTED)

    def tell(
        self, name: str, report: dict[str, Any], wrong: list[str], part: bool, signed: signature.Checked
    ) -> None:
        if wrong:
            fields = "1 field does" if len(wrong) == 1 else f"{len(wrong)} fields do"
            self.stdout.write(f"{name} does not hold: {fields} not follow from the evidence inside.")
            unlike = [path for path in wrong if path.startswith("(cannot be judged")]
            lines = [UNLIKE for _ in unlike]
            lines += changes.told(report, [path for path in wrong[:SHOWN] if path not in unlike])
            for line in lines:
                self.stdout.write(f"  {line}")
            if len(wrong) > SHOWN:
                self.stdout.write(f"  and {len(wrong) - SHOWN} more")
        elif part:
            left_out = ", ".join(map(str, report["excerpt"]["left_out"]))
            self.stdout.write(
                f"{name} is an excerpt, as a link shows it, without: {left_out}. Its scores cannot all be "
                "computed again from it, so only its signature is checked."
            )
        else:
            self.stdout.write(f"{name} holds: every score follows from the evidence inside.")
        self.stdout.write(signed.says)


def is_excerpt(found: Any) -> bool:
    """Whether this is what a link shows of a report, from which something is left out."""
    if not isinstance(found, dict) or found.get("format") != document.FORMAT:
        return False
    told = found.get("excerpt")
    return isinstance(told, dict) and isinstance(told.get("left_out"), list)


def own_keys() -> signature.Keyring | None:
    """The keys of the installation in which this runs, without making any."""
    if not hasattr(settings, "SIGNING_FOLDER"):
        return None
    from assessments import signing

    try:
        return signing.keyring()
    except (OSError, ValueError):
        return None  # not this person's to read: the report can be checked all the same


def keys_of(given: str) -> signature.Keyring:
    """The public keys in a file, or in the words themselves; raises BadKey."""
    path = Path(given)
    try:
        if path.is_file():
            with path.open("rb") as file:
                given = file.read(LARGEST_KEYS).decode("utf-8-sig")
        elif path.suffix in (".json", ".pem", ".pub"):
            raise signature.BadKey("There is no such file.")
    except (OSError, ValueError) as error:
        if isinstance(error, signature.BadKey):
            raise
        raise signature.BadKey("The file of public keys cannot be read.") from None
    return signature.read_keys(given)


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
