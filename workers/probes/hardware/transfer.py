"""What starting from a trained model saves: rows and computing to the same quality (probes.md H5).

Small nets learn one task of the data, and then another, from growing numbers of its rows: once from scratch,
once going on from the first task (fine-tuned), once with only a new output on the frozen layers. Value: the
rows that the better of the two transfers needs to come within a point of a model from scratch with all rows,
as a share of those that one from scratch needs for it. Curves are means over seeds, made to never fall, read
on a line in the logarithm of the rows; the interval draws seeds and test rows again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility.tasks import Tasks, two_tasks
from workers.probes.surrogate import Surrogate, row_scores, rows, surrogate
from workers.probes.words import percent

SEEDS = 5
SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the new task's rows
FEWEST = 8  # rows of the smallest share
DRAWS = 300
WITHIN = 0.01  # of the score with all rows, from which a model counts as as good
LEAST = 5.0  # points above guessing that a model from scratch has to reach
WORTH = 0.5  # upper end of the share under which transfer is recommended; probes.md H5 [judgement]
WAYS = {"scratch": "From scratch", "fine_tune": "Going on from the first task", "frozen": "New output only"}
# Computing a row, against training everything: without a backward pass through the frozen layers.
WORK = {"scratch": 1.0, "fine_tune": 1.0, "frozen": 1 / 3}


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores [sizes, seeds, test rows] of each way, and the rows of each size."""

    sizes: np.ndarray
    scores: dict[str, np.ndarray]
    guess: float  # points of always saying the same


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of the rows with which a transferred model is as good as one from scratch with all."""
    torch.set_num_threads(1)
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    tasks = two_tasks(sample, found)
    if isinstance(tasks, str):
        return Finding.skipped(tasks)
    centre = surrogate(sample, len(tasks.train[0]), layers=2, most_steps=300)
    budget.progress(0.05, "Learning the first task")
    curves = measured(tasks, centre, budget)
    best = 100 * curves.scores["scratch"][-1].mean()
    if best < curves.guess + LEAST:
        return Finding.skipped(
            f"Inconclusive: from scratch a small model hardly learns {tasks.names[1]} ({best:.0f} points,"
            f" where always saying the same has {curves.guess:.0f}), so there is nothing to save."
        )
    return _finding(tasks, centre, curves, budget.seed)


def measured(tasks: Tasks, centre: Surrogate, budget: Budget) -> Curves:
    """Every way at every size and seed."""
    most = len(tasks.train[1])
    sizes = np.unique([max(min(FEWEST, most), round(share * most)) for share in SHARES])
    first = [centre.member(1000 * budget.seed + s, rows=tasks.train[0], task_weights=(1.0, 0.0))
             for s in range(SEEDS)]  # fmt: skip
    old = _train(tasks, centre, first, budget)
    orders = [_order(tasks, budget.seed, seed) for seed in range(SEEDS)]
    weights = (1.0, 0.0) if tasks.shared else (0.0, 1.0)
    members = [
        centre.member(1000 * budget.seed + 100 + seed, rows=orders[seed][:size], task_weights=weights)
        for size in sizes
        for seed in range(SEEDS)
    ]
    frozen = [replace(member, freeze_trunk=True) for member in members]
    start = Fleet.join([old] * len(sizes))
    budget.progress(0.3, "Learning the second task from scratch")
    fleets = {"scratch": _train(tasks, centre, members, budget)}
    budget.progress(0.55, "Going on from the first task")
    fleets["fine_tune"] = _train(tasks, centre, members, budget, start)
    fleets["frozen"] = _train(tasks, centre, frozen, budget, start)
    x, y = tasks.x[tasks.test[1]], tasks.y[1][tasks.test[1]]
    number = tasks.heads[tasks.head].task == "regression"
    spread = float(np.var(y)) if number else None
    shape = (len(sizes), SEEDS, len(y))
    scores = {
        name: row_scores(fleet, x, y, tasks.head, spread).reshape(shape) for name, fleet in fleets.items()
    }
    guess = 0.0 if number else 100 * float(np.bincount(y[y >= 0]).max() / len(y))
    return Curves(sizes, scores, guess)


def _order(tasks: Tasks, seed: int, member: int) -> np.ndarray:
    """The new task's rows in the order in which they come, every class among the first of them."""
    draw = np.random.default_rng([seed, member, 71])
    drawn = draw.permutation(tasks.train[1])
    if tasks.heads[tasks.head].task == "regression":
        return drawn
    codes = tasks.y[1][drawn]
    firsts = np.unique(codes, return_index=True)[1]
    return np.concatenate([drawn[firsts], np.delete(drawn, firsts)])


def _train(
    tasks: Tasks, centre: Surrogate, members: list[Any], budget: Budget, start: Fleet | None = None
) -> Fleet:
    return train(
        tasks.x, list(tasks.y), members, net=centre.net, heads=tasks.heads, steps=centre.steps,
        batch=centre.batch, optimizer=centre.optimizer, start=start, device=budget.device,
    )  # fmt: skip


# -- from curves to a share of rows -----------------------------------------------------------------------
def needed(sizes: np.ndarray, curve: np.ndarray, wanted: float) -> float:
    """Rows at which a curve [sizes] that never falls reaches what is wanted; infinite where it does not."""
    rising = np.maximum.accumulate(curve)
    reached = np.flatnonzero(rising >= wanted - 1e-12)
    if not len(reached):
        return float("inf")
    at = int(reached[0])
    if at == 0:
        return float(sizes[0])
    part = (wanted - rising[at - 1]) / (rising[at] - rising[at - 1])
    logs = np.log(sizes.astype(float))
    return float(np.exp(logs[at - 1] + part * (logs[at] - logs[at - 1])))


def saved(curves: Curves, way: str, seed: int) -> tuple[float, float, float]:
    """Share of the rows from scratch that a way needs, with its 90 % interval; 1 where it saves none."""

    def share(of: dict[str, np.ndarray]) -> float:
        wanted = of["scratch"].max() - WITHIN
        return min(1.0, needed(curves.sizes, of[way], wanted) / needed(curves.sizes, of["scratch"], wanted))

    draw = np.random.default_rng([seed, 73])
    _, seeds, tested = curves.scores[way].shape
    found = []
    for _ in range(DRAWS):
        s, r = draw.integers(seeds, size=seeds), draw.integers(tested, size=tested)
        found.append(share({
            name: curves.scores[name][:, s][:, :, r].mean((1, 2)) for name in ("scratch", way)
        }))  # fmt: skip
    middle = share({name: curves.scores[name].mean((1, 2)) for name in ("scratch", way)})
    low, high = (float(np.quantile(found, q)) for q in (0.05, 0.95))
    return middle, min(low, middle), max(high, middle)


def _finding(tasks: Tasks, centre: Surrogate, curves: Curves, seed: int) -> Finding:
    shares = {way: saved(curves, way, seed) for way in ("fine_tune", "frozen")}
    best = min(shares, key=lambda way: (shares[way][0], shares[way][2]))
    value, low, high = shares[best]
    gain = 100 * (curves.scores[best][-1].mean() - curves.scores["scratch"][-1].mean())
    number = tasks.heads[tasks.head].task == "regression"
    facts: dict[str, Any] = {
        "sizes": curves.sizes.tolist(), "metric": "R2" if number else "accuracy",
        "curves": [
            {"id": way, "label": label, "scores": [float(v) for v in curves.scores[way].mean((1, 2))],
             "low": [float(np.quantile(one.mean(1), 0.05)) for one in curves.scores[way]],
             "high": [float(np.quantile(one.mean(1), 0.95)) for one in curves.scores[way]]}
            for way, label in WAYS.items()
        ],
        "shares": [{"id": way, "label": WAYS[way], "share": one[0], "low": one[1], "high": one[2],
                    "computing": one[0] * WORK[way]} for way, one in shares.items()],
        "best": best, "gain": float(gain), "tasks": list(tasks.names), "how": tasks.how,
        "guess": curves.guess, "surrogate": centre.described(), "faults": [], "mitigations": [],
    }  # fmt: skip
    title, note = _words(tasks, curves, best, shares[best], gain)
    return Finding(
        value, " ".join([note, tasks.how, *centre.caveats]), facts, low, high, int(curves.sizes[-1]), title
    )


def _words(
    tasks: Tasks, curves: Curves, best: str, share: tuple[float, float, float], gain: float
) -> tuple[str, str]:
    value, low, high = share
    if value >= 1:
        return "Starting from a trained model saves no rows", (
            f"For {tasks.names[1]}, a model that already knows {tasks.names[0]} needs as many rows as one"
            " from scratch: the tasks have little in common."
        )
    some = percent(value)
    title = f"A trained model needs {some} of the rows"
    between = f"{percent(low)} to {percent(high)}" if low < high else percent(high)
    way = "going on from" if best == "fine_tune" else "putting a new output on"
    note = (
        f"For {tasks.names[1]}, {way} a model that knows {tasks.names[0]} is as good with {some} of the rows"
        f" ({between}) as one from scratch."
    )
    if high < WORTH and gain > -1:
        note += " Start from a trained model."
    elif high >= 1:
        note += " By chance it may save nothing."
    return title, note
