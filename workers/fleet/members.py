"""What a fleet is made of: the shape all members share, and what each has of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.fleet.fronts import Front

ACTIVATIONS = ("relu", "tanh")
STARTS = ("even", "normal")
OPTIMIZERS = ("sgd", "adam", "adamw")


@dataclass(frozen=True, eq=False)
class Net:
    """The shape that all members share: a ``front`` where rows are pictures, sounds or words, hidden layers.

    ``connections`` has one entry a hidden layer and may switch single weights off for good: a bool array
    [inputs, outputs], or None for "all on". Columns of a progressive network are made of it.

    ``start`` is "even" for the start of torch's own modules, with which a net is what a team's training would
    make of it; "normal" for larger weights (He et al. 2015), with which a net of few units learns faster.
    """

    hidden: tuple[int, ...] = (32, 32)
    activation: str = "relu"
    connections: tuple[np.ndarray | None, ...] = ()
    front: Front | None = None
    start: str = "even"

    @property
    def below(self) -> int:
        """How many parameters stand before those of the hidden layers."""
        return 0 if self.front is None else len(self.front.shapes)

    def __post_init__(self) -> None:
        if len(self.hidden) > 2 or any(width < 1 for width in self.hidden):
            raise ValueError(
                f"A fleet's net has 0, 1 or 2 hidden layers of width 1 or more, not {self.hidden}."
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"The activation is one of {', '.join(ACTIVATIONS)}, not {self.activation}.")
        if self.start not in STARTS or (self.front is not None and self.start != "even"):
            raise ValueError(
                f"A start is one of {', '.join(STARTS)}, with a front the first, not {self.start}."
            )


@dataclass(frozen=True)
class Head:
    """One thing to predict: a softmax over ``outputs`` classes, or one standardised value."""

    outputs: int
    task: str = "classification"  # or "regression", with outputs 1


@dataclass(frozen=True, eq=False)
class Member:
    """One network of a fleet; what is None is as the whole fleet has it."""

    seed: int = 0  # of the start, the batch order and dropout, each from its own stream
    rows: Any = None  # indices or a bool mask: what it learns from
    weights: Any = None  # float [n] or [heads, n]: how much a row counts; scaled to a mean of 1 over its rows
    labels: Any = None  # its own targets, in the form of ``targets``
    learning_rate: float = 0.005
    weight_decay: float = 0.0  # decoupled for adamw, added to the gradient for sgd and adam
    momentum: float = 0.9  # of sgd; adam has 0.9 and 0.999
    dropout: float = 0.0  # share of hidden units off in each step
    steps: int | None = None
    init_scale: float = 1.0
    width: tuple[int, ...] | None = None  # units in use a hidden layer; the rest stay zero
    task_weights: tuple[float, ...] | None = None  # one a head; a head of weight 0 stands still
    freeze_trunk: bool = False  # only the heads learn
    validation: Any = None  # indices or a bool mask: rows that say when to stop
    inputs: Any = None  # bool [d], without a front: the features it looks at; other weights stay zero

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ValueError(f"Dropout is a share from 0 to below 1, not {self.dropout}.")


def indices(rows: Any, n: int) -> np.ndarray:
    """Row numbers int64 from indices, a bool mask, or None for all ``n``."""
    if rows is None:
        return np.arange(n, dtype=np.int64)
    found = np.asarray(rows)
    if found.dtype == bool:
        return np.flatnonzero(found).astype(np.int64)
    return found.astype(np.int64).reshape(-1)


def as_heads(targets: Any) -> list[np.ndarray]:
    """One array a head: int64 codes or float32 values, from one array or a sequence of arrays."""
    many = isinstance(targets, (list, tuple)) and len(targets) > 0 and np.ndim(targets[0]) == 1
    arrays = [np.asarray(target) for target in (targets if many else (targets,))]
    return [a.astype(np.int64 if a.dtype.kind in "iub" else np.float32) for a in arrays]


def guess_heads(targets: Sequence[np.ndarray], members: Sequence[Member]) -> tuple[Head, ...]:
    """Heads as the labels say: as many classes as the largest code of any member + 1."""
    heads = []
    for place, target in enumerate(targets):
        if target.dtype.kind == "f":
            heads.append(Head(1, "regression"))
            continue
        own = [as_heads(m.labels)[place] for m in members if m.labels is not None]
        heads.append(Head(max(2, int(max(a.max(initial=0) for a in (target, *own))) + 1)))
    return tuple(heads)
