"""Faults with known truth: clean data sets, a fault planted into each, and what a probe must then name.

A case plants one fault into one clean set at one strength. ``tests/workers/probes/data/test_planted.py``
runs every case and its clean twin; ``python -m benchmarks.planted`` runs them over many seeds and writes
the table of recalls and false alarms. Each module here holds the cases of one probe in ``CASES``.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Data:
    """An upload: file name -> bytes, and what ``workers.inputs.prepare`` is told beside it."""

    files: Mapping[str, bytes]
    targets: tuple[str, ...] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """The same for the same upload, however often it was made."""
        found = hashlib.sha256(repr((self.targets, self.plan, self.answers)).encode())
        for name, content in self.files.items():
            found.update(repr((name, len(content))).encode())
            found.update(content)
        return found.hexdigest()


@dataclass(frozen=True)
class Truth:
    """Where the fault is, as the report names it. What is empty is not compared."""

    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()  # 0 from the first data row, as in the finding
    files: tuple[str, ...] = ()  # as named inside the zip
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One fault in one set at one strength.

    ``plant(strength, seed)`` gives the faulty data and the truth, ``clean(seed)`` its fault-free twin.
    ``recall`` and ``precision`` are asked of rows and files; columns and classes must be equal, but where
    ``among`` is set the named ones must only hold the true ones.
    """

    probe: str  # "data.missing"
    fault: str  # a name of the vocabulary
    set: str  # the clean set's name
    strength: float
    plant: Callable[[float, int], tuple[Data, Truth]]
    clean: Callable[[int], Data]
    recall: float = 0.8
    precision: float = 0.8
    among: bool = False
    slow: bool = False  # seconds of training; run by `make test-slow`

    @property
    def id(self) -> str:
        return f"{self.probe}-{self.fault}-{self.set}-{self.strength:g}"


def cases() -> list[Case]:
    """Every case of every module here, sorted by its id."""
    found: list[Case] = []
    for module in pkgutil.iter_modules(__path__):
        found += getattr(importlib.import_module(f"{__name__}.{module.name}"), "CASES", [])
    return sorted(found, key=lambda case: case.id)
