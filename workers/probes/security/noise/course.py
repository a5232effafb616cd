"""What the kinds of data have in common: rows to learn from, and rows spoilt in several ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

STRENGTHS = ("slight", "middle", "strong")
MIDDLE = 1


@dataclass(frozen=True)
class Kind:
    """One way in which inputs are spoilt in real life."""

    id: str  # "blur"
    title: str  # "Blur": begins a sentence, "Blur cuts accuracy ..."
    amounts: Sequence[str]  # how much, one a strength: "10 degrees"
    many: bool = False  # whether the title is plural: "Typing errors cut accuracy"


@dataclass(frozen=True, eq=False)
class Course:
    """Inputs, and how to spoil them. ``spoil`` gives float32 [len(rows), d]: these rows at a strength."""

    x: np.ndarray  # float32 [n, d], as the net sees them
    kinds: Sequence[Kind]
    rows: np.ndarray  # int64, places in x: the test rows that are spoilt
    spoil: Callable[[Kind, int, np.ndarray], np.ndarray]  # kind, strength 0 to 2, places in x
    where: str  # a sentence about what is spoilt
    examples: list[dict[str, Any]] = field(default_factory=list)  # {"kind", "strength", "png"}
    train: np.ndarray | None = None  # where not all training rows can be used


def stream(seed: int, kind: Kind, strength: int) -> np.random.Generator:
    """Random numbers of its own for each way and strength, whatever else is measured."""
    return np.random.default_rng([seed, strength, *kind.id.encode()])
