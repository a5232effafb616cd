"""Training with differential privacy, for many small nets at once (DP-SGD, Abadi et al. 2016).

Each step draws a Poisson sample of a net's rows, cuts every row's gradient to a norm, and adds noise. The
gradient of one row is an outer product a layer, so its norm is known without writing it out, and the cut
is a factor on the row's error (ghost clipping, Li et al. 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workers.fleet import Fleet, Head, Member, Net, draws
from workers.fleet.stacks import Optimiser, Stack

CLIP = 0.3  # norm to which a row's gradient is cut
RATE = 0.02  # Adam's; settings are chosen beforehand, for trying several would spend privacy as well


@dataclass(frozen=True)
class Terms:
    """What a private training is held to; see the accountant for what they spend together."""

    rate: float  # chance of a row to be in a step's batch
    steps: int
    noise: float  # standard deviation of the noise, in units of CLIP


def train(
    x: np.ndarray, y: np.ndarray, head: Head, net: Net, members: Sequence[Member], terms: Sequence[Terms],
    seed: int, progress: Callable[[float], None] | None = None,
) -> Fleet:  # fmt: skip
    """Private nets, one a member, each on its own terms (all with the same steps) and on its own rows.

    ``y`` int [n] class codes, or float [n], which is standardised with the mean and spread of all rows.
    """
    draw = np.random.default_rng([seed, 41])
    noise_draw = torch.Generator().manual_seed(seed)
    firsts = [draws.start(member, net, x.shape[1], head.outputs) for member in members]
    parameters = Stack([torch.from_numpy(np.stack(layer)) for layer in zip(*firsts, strict=True)])
    gradients, noise = parameters.zeros(), parameters.zeros()
    rates = Stack([torch.full_like(view, RATE) for view in parameters.views])
    optimiser = Optimiser("adam", rates, rates.zeros(), torch.zeros(len(members)))
    rows = [np.flatnonzero(member.rows) for member in members]
    inputs, centre, scale = torch.from_numpy(x), 0.0, 1.0
    if head.task == "regression":
        centre, scale = float(y.mean()), float(y.std()) or 1.0
    targets = (
        torch.from_numpy(y) if head.task != "regression" else torch.from_numpy((y - centre) / scale).float()
    )
    shares = torch.tensor([1 / (one.rate * len(own)) for one, own in zip(terms, rows, strict=True)])
    loud = torch.tensor([one.noise * CLIP for one in terms])
    for step in range(terms[0].steps):
        if progress is not None:
            progress(step / terms[0].steps)
        places, there = _batch(rows, terms, draw)
        _clipped(parameters.views, gradients.views, inputs[places], targets[places], there, net, head)
        noise.flat.normal_(generator=noise_draw)
        for gradient, added in zip(gradients.views, noise.views, strict=True):
            gradient.add_(added * loud[:, None, None]).mul_(shares[:, None, None])
        optimiser.step(parameters, gradients)
    shape = (len(members), 1)
    return Fleet(
        net, (head,), members, parameters.views, np.full(shape, centre, np.float32),
        np.full(shape, scale, np.float32), np.full(len(members), terms[0].steps),
        np.full(len(members), np.nan),
    )  # fmt: skip


def _batch(
    rows: Sequence[np.ndarray], terms: Sequence[Terms], draw: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Places int64 [K, widest batch], and which of them are there and not only to fill the room."""
    chosen = [own[draw.random(len(own)) < one.rate] for own, one in zip(rows, terms, strict=True)]
    wide = max(1, max(map(len, chosen)))
    places, there = np.zeros((len(rows), wide), np.int64), np.zeros((len(rows), wide), np.float32)
    for k, own in enumerate(chosen):
        places[k, : len(own)], there[k, : len(own)] = own, 1
    return torch.from_numpy(places), torch.from_numpy(there)


def _clipped(
    parameters: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor,
    there: torch.Tensor, net: Net, head: Head,
) -> None:  # fmt: skip
    """Fills ``gradients`` with the sum of the rows' gradients, each cut to CLIP; x [K, B, d], y [K, B]."""
    seen = [x]
    for layer in range(len(net.hidden)):
        raw = torch.baddbmm(parameters[2 * layer + 1], seen[-1], parameters[2 * layer])
        seen.append(torch.relu_(raw) if net.activation == "relu" else torch.tanh_(raw))
    out = torch.bmm(seen[-1], parameters[-2].transpose(1, 2)) + parameters[-1].transpose(1, 2)
    if head.task == "classification":
        delta = torch.softmax(out, 2)
        delta.scatter_add_(2, y[..., None], torch.full_like(y, -1.0, dtype=out.dtype)[..., None])
    else:
        delta = out - y[..., None]
    errors = [delta]
    above = parameters[-2]  # [K, out, in]
    for layer in reversed(range(len(net.hidden))):
        delta = torch.bmm(delta, above)
        active = seen[layer + 1]
        delta = delta * (active > 0) if net.activation == "relu" else delta * (1 - active**2)
        errors.insert(0, delta)
        above = parameters[2 * layer].transpose(1, 2)
    # |a d'|^2 = |a|^2 |d|^2, and the offset's gradient is d itself
    squares = torch.zeros_like(there)
    for a, d in zip(seen, errors, strict=True):
        squares += (a.square().sum(2) + 1) * d.square().sum(2)
    factor = (there * (CLIP / squares.sqrt().clamp_min(1e-12)).clamp_max(1.0))[..., None]
    for layer, (a, d) in enumerate(zip(seen, errors, strict=True)):
        cut = d * factor
        if layer == len(net.hidden):
            torch.bmm(cut.transpose(1, 2), a, out=gradients[-2])
            gradients[-1].copy_(cut.sum(1)[..., None])
        else:
            torch.bmm(a.transpose(1, 2), cut, out=gradients[2 * layer])
            gradients[2 * layer + 1].copy_(cut.sum(1, keepdim=True))
