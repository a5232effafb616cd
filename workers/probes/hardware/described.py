"""A model that can be counted: its sizes in words and numbers, and how to build it on any device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

MOST_PARAMETERS = 10**13  # ten times the largest models known; beyond it a plan has a slip of the pen
MOST_MODULES = 2_000  # layers that are built and walked through; more are counted from a few of them


class UnknownKindError(ValueError):
    """The plan names a model that nothing here can build; its text is one sentence."""


@dataclass(frozen=True)
class Architecture:
    """A model that can be counted, and in ``says`` and ``assumed`` what it rests on.

    ``build`` takes a count for each of the ``stacks`` of equal layers; those left out are as planned.
    """

    family: str  # a key of KINDS, or "numbers" when only a parameter count is known
    says: str  # "a network of 256, 256 and 256 units"
    parameters: int
    outputs: int
    row: tuple[int, ...]  # the shape of one input row
    assumed: tuple[str, ...] = ()
    repeats: int = 1  # equal layers (of the first stack) or time steps
    vary: tuple[int, int] = (1, 1)  # two counts of repeats to analyse when all of them are too many
    build: Callable[..., nn.Module] | None = None
    idle: int = 0  # parameters that one row does not meet
    head: int = 0  # parameters of the last layer, all that is trained by "head"
    tokens: int = 1  # tokens a row, for models that read text
    extra: Mapping[str, Any] = field(default_factory=dict)  # shape, depth, trees, width ...
    stacks: tuple[int, ...] = ()  # equal layers of each stack, where there is more than one
    words: bool = False  # a row is made of tokens

    @property
    def counts(self) -> tuple[int, ...]:
        return self.stacks or (self.repeats,)

    @property
    def active(self) -> int:
        """Parameters that one row meets."""
        return self.parameters - self.idle

    def inputs(self, rows: int, repeats: int, device: str) -> Tensor:
        """A batch of empty or zero inputs; time series are as long as the repeats."""
        row = (repeats, *self.row[1:]) if self.family == "lstm" else self.row
        kind = torch.long if self.words else torch.float32
        return torch.zeros(rows, *row, dtype=kind, device=device)


def counted(build: Callable[..., nn.Module], stacks: tuple[int, ...] = ()) -> int:
    """The parameters of a network with so many layers in each stack; one or two of each are built.

    ``UnknownKindError`` where the sizes multiply to more than a computer can address.
    """

    def of(*counts: int) -> int:
        with torch.device("meta"):
            return sum(p.numel() for p in build(*counts).parameters())

    try:
        if not stacks:
            return of()
        few = [min(1, count) for count in stacks]
        base = of(*few)
        total = base
        for place, count in enumerate(stacks):
            if count > 1:
                more = [*few]
                more[place] = 2
                total += (count - 1) * (of(*more) - base)
        return total
    except (RuntimeError, OverflowError, ValueError, TypeError) as error:
        raise UnknownKindError(
            "The sizes in model multiply to more numbers than any computer can address;"
            " check the largest of them."
        ) from error
