"""A trained fleet: its parameters, and what its members say about rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from workers.fleet import draws
from workers.fleet.members import Head, Member, Net
from workers.fleet.passes import forward, head_slices, hidden

ROWS_AT_ONCE = 2_000_000  # cells K x rows of one forward pass when nobody needs gradients


@dataclass(frozen=True, eq=False)
class Fleet:
    """K trained members. Rows are [n, d] for all members or [K, n, d], one set a member."""

    net: Net
    heads: tuple[Head, ...]
    members: Sequence[Member]
    parameters: list[
        torch.Tensor
    ]  # of a front; a hidden layer: [K, in, out], [K, 1, out]; last [K, outputs, in], [K, outputs, 1]
    centre: np.ndarray  # float32 [K, heads]: what was subtracted from a regression target
    scale: np.ndarray  # float32 [K, heads]: and what it was divided by
    steps: np.ndarray  # int [K]: steps taken
    validation_loss: np.ndarray  # float [K]: the lowest seen; NaN without validation rows
    averaged: torch.Tensor | None = None  # [K, n, outputs]: logits averaged over passes

    def __len__(self) -> int:
        return len(self.members)

    def outputs(self, x: Any) -> torch.Tensor:
        """All heads' outputs [K, n, outputs]; differentiable in x and in the parameters."""
        return forward(self.parameters, self._rows(x), self.net).transpose(1, 2)

    def logits(self, x: Any, head: int = 0) -> torch.Tensor:
        """One head's outputs [K, n, classes]; for regression the standardised value [K, n, 1]."""
        return self.outputs(x)[..., head_slices(self.heads)[head]]

    def hidden(self, x: Any) -> list[torch.Tensor]:
        """The activations of each hidden layer, [K, n, units]."""
        return hidden(self.parameters, self._rows(x), self.net)

    def probabilities(self, x: Any, head: int = 0) -> np.ndarray:
        """float32 [K, n, classes]; a member that diverged says 1 / classes everywhere."""
        if self.heads[head].task != "classification":
            raise ValueError("Only a classification head has probabilities.")
        chances = torch.softmax(self._quiet(x, head), -1)
        return torch.nan_to_num(chances, nan=1 / self.heads[head].outputs).cpu().numpy()

    def predict(self, x: Any, head: int = 0) -> np.ndarray:
        """[K, n]: class codes, or values in the target's own unit (NaN from a member that diverged)."""
        out = self._quiet(x, head).cpu().numpy()
        if self.heads[head].task == "classification":
            return out.argmax(-1)
        return out[..., 0] * self.scale[:, head, None] + self.centre[:, head, None]

    def finite(self) -> np.ndarray:
        """bool [K]: which members did not diverge."""
        return np.logical_and.reduce(
            [torch.isfinite(v).flatten(1).all(1).cpu().numpy() for v in self.parameters]
        )

    def parameter_counts(self) -> np.ndarray:
        """int [K]: numbers that a member learns by, whatever their values: one may be 0 by chance."""
        return np.array([self._counted(member) for member in self.members])

    def _counted(self, member: Member) -> int:
        net, front = self.net, self.net.front
        shapes = [tuple(view.shape[1:]) for view in self.parameters]
        moving = [] if front is None else front.moving()
        total = sum(
            int(np.broadcast_to(one, shape).sum())
            for one, shape in zip(moving, shapes[: net.below], strict=True)
        )
        for layer in range(len(net.hidden)):
            inputs = shapes[net.below + 2 * layer][0]
            total += int(draws.mask(member, net, layer, inputs).sum()) + draws.units(member, net, layer)
        outputs, inputs = shapes[-2]
        return total + outputs * (int(draws.seen(member, net, inputs).sum()) + 1)

    def take(self, members: Sequence[int]) -> Fleet:
        """The fleet of these members alone."""
        places = [int(k) for k in members]
        averaged = None if self.averaged is None else self.averaged[places]
        return Fleet(
            self.net, self.heads, [self.members[k] for k in places], [v[places] for v in self.parameters],
            self.centre[places], self.scale[places], self.steps[places], self.validation_loss[places],
            averaged,
        )  # fmt: skip

    @classmethod
    def join(cls, fleets: Sequence[Fleet]) -> Fleet:
        """One fleet out of several of the same shape."""
        first = fleets[0]
        averages = [fleet.averaged for fleet in fleets if fleet.averaged is not None]
        return cls(
            first.net,
            first.heads,
            [member for fleet in fleets for member in fleet.members],
            [torch.cat(views) for views in zip(*(fleet.parameters for fleet in fleets), strict=True)],
            np.concatenate([fleet.centre for fleet in fleets]),
            np.concatenate([fleet.scale for fleet in fleets]),
            np.concatenate([fleet.steps for fleet in fleets]),
            np.concatenate([fleet.validation_loss for fleet in fleets]),
            torch.cat(averages) if averages else None,
        )

    def _rows(self, x: Any) -> torch.Tensor:
        rows = x if torch.is_tensor(x) else torch.from_numpy(np.asarray(x, np.float32))
        return rows.to(self.parameters[0])

    @torch.no_grad()
    def _quiet(self, x: Any, head: int) -> torch.Tensor:
        """A head's outputs without gradients, a slice of rows at a time so that memory stays bounded."""
        rows = self._rows(x)
        below = 0 if self.net.front is None else self.net.front.cells
        wide = max((below, *self.net.hidden, sum(h.outputs for h in self.heads)))
        at_once = max(1, 8 * ROWS_AT_ONCE // (len(self) * wide))
        return torch.cat([self.logits(part, head) for part in rows.split(at_once, dim=-2)], dim=1)


@dataclass
class Results:
    """What the members leave behind, each when it ends."""

    parameters: list[torch.Tensor]
    steps: np.ndarray
    validation: np.ndarray
    averaged: torch.Tensor | None = None
    averages: np.ndarray = field(default_factory=lambda: np.empty(0))
