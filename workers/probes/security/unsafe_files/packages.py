"""Packages that were published to do harm, or taken over: names and versions from public advisories.

The list is short on purpose, and says so in the report's words: it finds the famous ones and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Names close to well-known ones, or briefly hijacked, whose authors ran code at install time: PyPI advisories
# and press, 2016 to 2025. A version means that only this one was poisoned.
_NAMES = (
    "torchtriton colourama python3-dateutil jeilyfish acqusition apidev-coop bzip crypt django-server"
    " setup-tools urlib3 pwd telnet python-sqlite python-mysql python-openssl diango djago dajngo mumpy"
    " nmap-python openvc smplejson easyinstall ssh-decorator noblesse loglib-modules pyg-modules pygrata"
    " pygrata-utils hkg-sol-utils importantpackage important-package pptest ipboards owlmoon"
    " discordsafety trrfab 10cent10 10cent11 yandex-yt yiffparty aiotoolbox deepseeek deepseekai"
)
DENIED: dict[str, frozenset[str]] = {
    **dict.fromkeys(_NAMES.split(), frozenset()),
    "ultralytics": frozenset({"8.3.41", "8.3.42", "8.3.45", "8.3.46"}),
    "num2words": frozenset({"0.5.15", "0.5.16"}),
}
LINE = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:={2,3}\s*([^\s;,#]+))?")
KEYS = ("requirements", "dependencies", "packages", "pip", "install_requires")


def denied(lines: Iterable[str]) -> list[str]:
    """The lines that name such a package, as "name" or "name 1.2"."""
    found = []
    for line in list(lines)[:10_000]:
        match = LINE.match(line[:300])
        if match is None or line.lstrip().startswith(("#", "-")):
            continue
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        versions = DENIED.get(name)
        if versions is not None and (not versions or match[2] in versions):
            found.append(name if not versions else f"{name} {match[2]}")
    return list(dict.fromkeys(found))


def in_plan(plan: Mapping[str, Any]) -> list[str]:
    """The same for lists of packages anywhere in a plan."""
    lines: list[str] = []
    waiting: list[Any] = [plan]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            for key, value in one.items():
                if key in KEYS:
                    lines += [value] if isinstance(value, str) else _texts(value)
                waiting.append(value)
        elif isinstance(one, list | tuple):
            waiting += one
    return denied(line for text in lines for line in text.splitlines())


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}=={version}" for name, version in value.items()]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []
