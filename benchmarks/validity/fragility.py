"""How much of its accuracy a net loses at the assumed strength, measured without the probe.

    python -m benchmarks.validity.fragility

From which dose the fault "fragile inputs" does harm, and that its clean twin does none: a loss of 30 % of
the accuracy or more (probes.md 7.13). Nothing here is the probe's: the net is wider, stops where its error on
rows set aside is least and is regularised; each row is attacked five times with 100 steps along the
cross-entropy or the margin (the probe: two times 20). Of a linear model beside it the worst case is known
exactly. The lesser loss of the two is told, what a team that takes care would have.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.validity.bases import BASES, Base
from benchmarks.validity.faults import BY_NAME
from benchmarks.validity.faults.attacks import fragile

NAME = "fragile inputs"
STRENGTH = 0.1  # standard deviations, the probe's usual threat in tables
STEPS, RUNS = 100, 5
WIDTH, EPOCHS, PATIENCE = 64, 60, 8
HARM = 0.3


def lost(base: Base, dose: float, seed: int) -> tuple[float, float]:
    """The share of its accuracy that a net loses, and a linear model, at this dose."""
    made = fragile(base, base.make(seed), dose, np.random.default_rng([seed, 211, len(NAME)]))
    y = made[base.target].astype("category").cat.codes.to_numpy().astype(np.int64)
    x = made.drop(columns=base.target).to_numpy(np.float64)
    order = np.random.default_rng(seed).permutation(len(x))
    asked, learnt = order[: len(x) // 4], order[len(x) // 4 :]
    x = ((x - x[learnt].mean(axis=0)) / x[learnt].std(axis=0)).astype(np.float32)
    net = _net(x[learnt], y[learnt], seed)
    return _attacked(net, x[asked], y[asked], seed), _linear(x[learnt], y[learnt], x[asked], y[asked])


def _net(x: np.ndarray, y: np.ndarray, seed: int) -> nn.Module:
    """Two hidden layers, as they were where the error on a sixth of the rows was least."""
    torch.manual_seed(seed)
    order = np.random.default_rng([seed, 1]).permutation(len(x))
    aside, learnt = order[: len(x) // 6], order[len(x) // 6 :]
    first, last = nn.Linear(x.shape[1], WIDTH), nn.Linear(WIDTH, int(y.max()) + 1)
    net = nn.Sequential(first, nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), last)
    steps = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-3)
    rows, codes = torch.from_numpy(x), torch.from_numpy(y)
    best, kept, since = np.inf, net.state_dict(), 0
    for epoch in range(EPOCHS):
        mixed = np.random.default_rng([seed, 2, epoch]).permutation(learnt)
        for batch in np.array_split(mixed, max(1, len(mixed) // 64)):
            steps.zero_grad()
            cross_entropy(net(rows[batch]), codes[batch]).backward()
            steps.step()
        with torch.no_grad():
            error = float(cross_entropy(net(rows[aside]), codes[aside]))
        since = 0 if error < best else since + 1
        if error < best:
            best, kept = error, {name: value.clone() for name, value in net.state_dict().items()}
        if since > PATIENCE:
            break
    net.load_state_dict(kept)
    return net


def _attacked(net: nn.Module, x: np.ndarray, y: np.ndarray, seed: int) -> float:
    """The share of right answers that some run turns, at some step on its way."""
    rows, codes = torch.from_numpy(x), torch.from_numpy(y)
    draw = torch.Generator().manual_seed(seed)
    stands = net(rows).argmax(1) == codes
    clean = int(stands.sum())
    for run in range(RUNS):
        moved = (torch.rand(rows.shape, generator=draw) * 2 - 1) * STRENGTH * (run > 0)
        for step in range(STEPS):
            moved.requires_grad_(True)
            slope = torch.autograd.grad(_harm(net(rows + moved), codes, margin=run % 2 == 1), moved)[0]
            size = STRENGTH * (0.1 if step < STEPS // 3 else 0.025)
            moved = (moved.detach() + size * slope.sign()).clamp(-STRENGTH, STRENGTH)
            if step % 10 == 9:
                with torch.no_grad():
                    stands &= net(rows + moved).argmax(1) == codes
    return 1 - int(stands.sum()) / max(1, clean)


def _harm(said: Tensor, codes: Tensor, *, margin: bool) -> Tensor:
    if not margin:
        return cross_entropy(said, codes, reduction="sum")
    own = said.gather(1, codes[:, None])
    return (said.scatter(1, codes[:, None], -torch.inf).max(1).values - own[:, 0]).sum()


def _linear(x: np.ndarray, y: np.ndarray, asked: np.ndarray, codes: np.ndarray) -> float:
    """The same of a linear model, whose margin over a class shrinks by the strength times the difference of
    their weights, summed over the columns: exact."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2_000, C=0.1).fit(x, y)
    weights, offset = model.coef_, model.intercept_
    if len(weights) == 1:
        weights, offset = np.vstack([-weights, weights]) / 2, np.concatenate([-offset, offset]) / 2
    said, at = asked @ weights.T + offset, np.arange(len(codes))
    clean = said.argmax(axis=1) == codes
    reach = STRENGTH * np.abs(weights[codes][:, None] - weights).sum(axis=2)
    ahead = said[at, codes][:, None] - said - reach
    ahead[at, codes] = np.inf
    return 1 - float((ahead.min(axis=1) > 0).sum()) / max(1, int(clean.sum()))


def main() -> int:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    fault = BY_NAME[NAME]
    for base in (base for base in BASES if fault.fits(base)):
        for dose in (fault.calm, *fault.doses):
            both = [lost(base, dose, seed) for seed in (0, 1)]
            least = [min(pair) for pair in both]
            told = ", ".join(f"net {net:.2f} and linear {linear:.2f}" for net, linear in both)
            says = "harm" if min(least) >= HARM else "calm" if max(least) < HARM else "between"
            print(f"{base.name:<20} {dose:<5} {says:<8} {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
