"""Every random number of a fleet, each member's from its own seed, in streams apart.

A stream a purpose, so that a member with another dropout or learning rate keeps its start and its batch
order: what differs between two members is only what was changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.fleet.fronts import evenly
from workers.fleet.members import Member, Net

START, ORDER, DROPOUT = range(3)
BLOCK = 32  # steps drawn at once; a constant, so that a draw never depends on how long a fleet runs


def stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64([seed & (2**63 - 1), purpose]))


def start(member: Member, net: Net, inputs: int, outputs: int) -> list[np.ndarray]:
    """A member's first parameters: those of a front; a hidden layer [in, out], [1, out]; last [outputs, in],
    [outputs, 1].

    Drawn as torch's modules draw theirs: even between -1 and 1 over the root of a unit's inputs in use,
    weights and offsets alike. What is measured is what a team's own training would do, and that depends on
    the start: from weights twice as large, a small network learns more by heart.
    """
    draw = stream(member.seed, START)
    if net.start == "normal":
        return _normal(member, net, inputs, outputs, draw)
    scale = np.float32(member.init_scale)
    parameters: list[np.ndarray] = []
    if net.front is not None:
        parameters, inputs = [one * scale for one in net.front.start(draw)], net.front.features
    for layer, wide in enumerate(net.hidden):
        on = mask(member, net, layer, inputs)
        most = scale / np.sqrt(np.maximum(1, on.sum(0, keepdims=True)), dtype=np.float32)
        weights, offsets = evenly(draw, 1, (inputs, wide), (1, wide))
        parameters += [weights * on * most, offsets * on.any(0) * most]
        inputs = wide
    used = seen(member, net, inputs)
    weights, offsets = evenly(draw, int(used.sum()), (outputs, inputs), (outputs, 1))
    return [*parameters, weights * used * scale, offsets * scale]


def _normal(
    member: Member, net: Net, inputs: int, outputs: int, draw: np.random.Generator
) -> list[np.ndarray]:
    """Normal with variance 2 / inputs in use for relu (He et al. 2015), 1 / inputs for tanh and the heads."""
    gain = 2.0 if net.activation == "relu" else 1.0
    parameters: list[np.ndarray] = []
    for layer, wide in enumerate(net.hidden):
        weights = draw.standard_normal((inputs, wide), dtype=np.float32)
        on = mask(member, net, layer, inputs)
        fan_in = np.maximum(1, on.sum(0, keepdims=True)) if inputs else 1
        parameters.append((weights * on * np.sqrt(gain / fan_in) * member.init_scale).astype(np.float32))
        parameters.append(np.zeros((1, wide), np.float32))
        inputs = wide
    weights = draw.standard_normal((outputs, inputs), dtype=np.float32)
    used = seen(member, net, inputs)
    weights[:, ~used] = 0
    parameters.append((weights * np.sqrt(1 / max(1, used.sum())) * member.init_scale).astype(np.float32))
    parameters.append(np.zeros((outputs, 1), np.float32))
    return parameters


def units(member: Member, net: Net, layer: int) -> int:
    """How many units of a hidden layer a member uses."""
    wide = net.hidden[layer]
    return wide if member.width is None else max(1, min(wide, int(member.width[layer])))


def mask(member: Member, net: Net, layer: int, inputs: int) -> np.ndarray:
    """bool [inputs, outputs]: the weights of a hidden layer that a member has."""
    on = np.ones((inputs, net.hidden[layer]), bool)
    if layer < len(net.connections) and net.connections[layer] is not None:
        on &= np.asarray(net.connections[layer], bool)
    on[:, units(member, net, layer) :] = False
    if layer > 0:
        on[units(member, net, layer - 1) :] = False
    elif member.inputs is not None:
        on &= np.asarray(member.inputs, bool)[:, None]
    return on


def seen(member: Member, net: Net, inputs: int) -> np.ndarray:
    """bool [inputs]: what below the heads a member has, units of its last hidden layer or features."""
    if net.hidden:
        return np.arange(inputs) < units(member, net, len(net.hidden) - 1)
    return np.ones(inputs, bool) if member.inputs is None else np.asarray(member.inputs, bool)


class Orders:
    """Which rows each member sees in which step: its rows in a new order each pass, cut into batches.

    A batch may run on into the next pass, so that every batch is full and members with few rows fit in. With
    ``last``, each pass ends in a batch of so many rows, filled up with -1, as a loader's epoch does.
    """

    def __init__(
        self, members: Sequence[Member], rows: Sequence[np.ndarray], batch: int, last: int = 0
    ) -> None:
        self.draws = [stream(member.seed, ORDER) for member in members]
        self.rows, self.batch, self.last = list(rows), batch, last
        self.rest = [np.empty(0, np.int64) for _ in members]

    def block(self) -> np.ndarray:
        """Row numbers int64 [BLOCK, K, batch]."""
        need = BLOCK * self.batch
        out = np.empty((BLOCK, len(self.rows), self.batch), np.int64)
        for k, rows in enumerate(self.rows):
            passes = -(-(need - len(self.rest[k])) // self._places(rows))
            if passes > 0:
                fresh = self.draws[k].permuted(np.broadcast_to(rows, (passes, len(rows))), axis=1)
                if self.last:
                    fresh = self._ended(fresh)
                self.rest[k] = np.concatenate([self.rest[k], fresh.reshape(-1)])
            out[:, k] = self.rest[k][:need].reshape(BLOCK, self.batch)
            self.rest[k] = self.rest[k][need:]
        return out

    def _places(self, rows: np.ndarray) -> int:
        """Of one pass, over all its batches."""
        if not self.last:
            return len(rows)
        return (max(0, len(rows) - self.last) // self.batch + 1) * self.batch

    def _ended(self, fresh: np.ndarray) -> np.ndarray:
        """Passes [n, rows] as [n, places], where the last batch is a short one."""
        places = self._places(fresh[0])
        used = min(fresh.shape[1], places - self.batch + self.last)
        return np.pad(fresh[:, :used], ((0, 0), (0, places - used)), constant_values=-1)

    def keep(self, kept: Sequence[int]) -> None:
        self.draws = [self.draws[k] for k in kept]
        self.rows = [self.rows[k] for k in kept]
        self.rest = [self.rest[k] for k in kept]


class Dropouts:
    """Which hidden units are off: 16 random bits a unit and row, held against each member's share."""

    def __init__(self, members: Sequence[Member], batch: int, hidden: Sequence[int]) -> None:
        self.draws = [stream(m.seed, DROPOUT) if m.dropout > 0 else None for m in members]
        self.shares = np.array([m.dropout for m in members])
        self.cells = batch * sum(hidden)

    @property
    def wanted(self) -> bool:
        return self.cells > 0 and bool((self.shares > 0).any())

    def step(self) -> np.ndarray:
        """int16 [K, batch * hidden units], uniform over all int16; 32767 (never off) without dropout."""
        out = np.full((len(self.draws), self.cells), 32767, np.int16)
        words = -(
            -self.cells // 4
        )  # of 64 bits, as the generator makes them: a quarter of the time of bytes()
        for k, draw in enumerate(self.draws):
            if draw is not None:
                out[k] = draw.bit_generator.random_raw(words).view(np.int16)[: self.cells]
        return out

    def thresholds(self) -> np.ndarray:
        """int16 [K, 1]: a unit stays on where its bits reach this."""
        return (np.round(self.shares * 65536) - 32768).astype(np.int16)[:, None]

    def scales(self) -> np.ndarray:
        """float32 [K, 1]: what a unit that stays on is multiplied by."""
        return (1 / (1 - self.shares)).astype(np.float32)[:, None]

    def keep(self, kept: Sequence[int]) -> None:
        self.draws, self.shares = [self.draws[k] for k in kept], self.shares[list(kept)]
