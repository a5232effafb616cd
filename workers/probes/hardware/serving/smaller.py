"""What a smaller model costs in accuracy, measured: weights in 8 and fewer bits, and narrower layers.

Weights get one symmetric scale an output, what goes into a layer one range a layer, taken from rows that
nobody is judged on (Jacob et al. 2018; Nagel et al. 2021). The numbers are rounded as a device would and
multiplied in 32 bits, which gives what whole-number arithmetic gives, but for the rounding of its sums.
Narrower nets learn anew, from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from workers.fleet import Fleet, Net, train
from workers.probes.base import Budget, Sample
from workers.probes.surrogate import Rows, Surrogate, interval, row_scores, rows, surrogate

MEMBERS = 5
RANGE_ROWS = 200
BITS = (8, 4, 3, 2)  # of the weights; what goes into a layer has 8 bits
INPUT_BITS = 8
WIDTHS = (0.5, 0.25)  # share of each hidden layer's units


@dataclass(frozen=True)
class Way:
    """One way to make a model smaller, and the points of the score that it costs with the 90 % interval."""

    kind: str  # "bits" or "width"
    amount: float  # bits of a weight, or the share of the units
    score: float
    lost: float
    low: float
    high: float


@dataclass(frozen=True)
class Smaller:
    """What was measured on the stand-in."""

    score: float  # with 32-bit weights
    metric: str
    ways: tuple[Way, ...]
    stand_in: Surrogate
    rows: int

    def lost(self, bits: int) -> Way:
        return next(way for way in self.ways if way.kind == "bits" and way.amount == bits)


def measure(sample: Sample, budget: Budget) -> Smaller | str:
    """Trains stand-ins on the data and shrinks them, or says why that cannot be done."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return found
    torch.set_num_threads(1)
    centre = surrogate(sample, len(found.train))
    fleet = _trained(found, centre, centre.net, budget)
    narrow = {}
    for share in WIDTHS if centre.net.hidden else ():
        hidden = tuple(max(1, round(share * width)) for width in centre.net.hidden)
        narrow[share] = _trained(found, centre, replace(centre.net, hidden=hidden), budget)
    return shrunk(fleet, narrow, found, centre, budget.seed)


def _trained(found: Rows, centre: Surrogate, net: Net, budget: Budget) -> Fleet:
    members = [centre.member(budget.seed * 1000 + s, rows=found.train) for s in range(MEMBERS)]
    return train(
        found.x, found.y, members, net=net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, device=budget.device,
    )  # fmt: skip


def shrunk(fleet: Fleet, narrow: Mapping[float, Fleet], found: Rows, centre: Surrogate, seed: int) -> Smaller:
    """Every way of BITS on trained members, and narrower members by their share of the units."""
    draw = np.random.default_rng([seed, 61])
    known = draw.choice(found.train, min(RANGE_ROWS, len(found.train)), replace=False)
    x, y = found.x[found.test], found.y[found.test]
    spread = None if found.classes else float(np.var(y))
    whole = row_scores(fleet, x, y, spread=spread)
    ways = []
    for bits in BITS:
        small = Quantised.of(fleet, found.x[known], bits)
        ways.append(_way("bits", bits, whole, _scores(small, fleet, x, y, spread), seed))
    for share, thin in narrow.items():
        ways.append(_way("width", share, whole, row_scores(thin, x, y, spread=spread), seed))
    metric = "accuracy" if found.classes else "R2"
    return Smaller(float(whole.mean()), metric, tuple(ways), centre, len(y))


def _way(kind: str, amount: float, whole: np.ndarray, scores: np.ndarray, seed: int) -> Way:
    gone = 100 * (whole - scores)
    low, high = interval(gone, seed)
    return Way(kind, amount, float(scores.mean()), float(gone.mean()), low, high)


# -- fewer bits -------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Quantised:
    """A fleet with weights of a few bits: for each layer whole numbers, their scales, and its input's range.

    weights: int8 [K, in, out]; scales: float [K, 1, out]; biases: float [K, 1, out]; step and zero of the
    8-bit numbers that go in: float [K, 1, 1].
    """

    weights: list[Tensor]
    scales: list[Tensor]
    biases: list[Tensor]
    steps: list[Tensor]
    zeros: list[Tensor]
    activation: str

    @classmethod
    def of(cls, fleet: Fleet, known: np.ndarray, bits: int) -> Quantised:
        """``known``: rows [n, d] that the ranges are taken from."""
        layers = _layers(fleet)
        ins = [torch.from_numpy(known).float().expand(len(fleet), -1, -1), *fleet.hidden(known)]
        most = 2 ** (bits - 1) - 1
        weights, scales, steps, zeros = [], [], [], []
        for (weight, _), given in zip(layers, ins, strict=True):
            scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-12) / most
            weights.append((weight / scale).round().clamp(-most, most).to(torch.int8))
            scales.append(scale)
            low = given.amin((1, 2), keepdim=True).clamp_max(0.0)  # 0 has to be a number of its own
            high = given.amax((1, 2), keepdim=True).clamp_min(0.0)
            step = (high - low).clamp_min(1e-12) / (2**INPUT_BITS - 1)
            steps.append(step)
            zeros.append((-low / step).round())
        return cls(weights, scales, [bias for _, bias in layers], steps, zeros, fleet.net.activation)

    def whole(self, x: Tensor, layer: int) -> Tensor:
        """What goes into a layer, as whole numbers from 0 to 255, less the one that stands for 0."""
        top = 2**INPUT_BITS - 1
        zero = self.zeros[layer]
        return (x / self.steps[layer] + zero).round().clamp(0, top) - zero

    @torch.no_grad()
    def outputs(self, x: np.ndarray) -> Tensor:
        """All heads' outputs [K, n, outputs] of rows [n, d]."""
        now = torch.from_numpy(np.asarray(x, np.float32)).expand(len(self.weights[0]), -1, -1)
        for layer, weight in enumerate(self.weights):
            sums = torch.matmul(self.whole(now, layer), weight.float())
            now = sums * self.steps[layer] * self.scales[layer] + self.biases[layer]
            if layer + 1 < len(self.weights):
                now = torch.relu(now) if self.activation == "relu" else torch.tanh(now)
        return now


def _layers(fleet: Fleet) -> list[tuple[Tensor, Tensor]]:
    """(weight [K, in, out], bias [K, 1, out]) of each layer; the fleet keeps the last one turned."""
    views = [view.detach().cpu() for view in fleet.parameters]
    pairs = list(zip(views[::2], views[1::2], strict=True))
    last, bias = pairs[-1]
    return [*pairs[:-1], (last.transpose(1, 2).contiguous(), bias.transpose(1, 2))]


def _scores(small: Quantised, fleet: Fleet, x: np.ndarray, y: np.ndarray, spread: float | None) -> np.ndarray:
    """float64 [K, n], as ``row_scores`` has them."""
    out = small.outputs(x).numpy()
    if fleet.heads[0].task == "classification":
        return (out.argmax(-1) == y).astype(np.float64)
    guess = out[..., 0] * fleet.scale[:, :1] + fleet.centre[:, :1]
    parts = 1 - (guess.astype(np.float64) - y) ** 2 / max(1e-12, spread or 1.0)
    return np.where(parts.mean(1, keepdims=True) < 0, 0.0, parts)
