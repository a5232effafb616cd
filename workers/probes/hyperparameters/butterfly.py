"""Does an invisible change flip the outcome? (probes.md P2)

Twin runs share start, batch order and dropout; only every starting weight of one is multiplied by
1 + 1e-6 x N(0, 1), less than another machine's rounding brings about. Butterfly ratio B: how much twins
differ in the end, over how much runs with other seeds differ. 0: the change dies out. 1: as much as
another seed. B is measured at a few learning rates around the planned one, since chaos has an edge (its shape
is fractal: Sohl-Dickstein 2024), and how near that is can be seen before any accuracy is lost. For long
trainings B near 1 is normal (Summers and Dinneen 2021): it is held against the answers that really change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import footing
from workers.probes.hyperparameters.footing import Footing
from workers.probes.words import percent

NUDGE = 1e-6
SEEDS, FEWEST = 6, 4
FACTORS = (0.5, 1.0, 1.25, 1.5, 2.0, 4.0)  # of the planned learning rate
MOMENTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the training, at which twins are held against each other
SEEN, CHAOS = 0.05, 0.3  # of B: a remark, and chaos
NEAR = 1.5  # times the planned learning rate, within which chaos is near
FEW_ANSWERS = 0.01  # that an invisible change flips
FALLEN = 5.0  # points, by which a higher rate is past the edge
SPREAD = 1.0  # points that an invisible change moves the result by


@dataclass(frozen=True)
class Twins:
    """Runs at one learning rate: how far twins are apart, how far seeds are, and what the runs score."""

    factor: float
    twins: np.ndarray  # [seeds, rows]
    seeds: np.ndarray  # [pairs, rows], in the order of ``pairs``
    scores: np.ndarray  # [seeds, rows]
    moved: np.ndarray  # [seeds]: points between the result of a run and its twin's
    root: bool  # squared differences, of which the root is a distance

    def ratio(self, weights: np.ndarray | None = None, rows: np.ndarray | None = None) -> float:
        """B; ``weights`` [seeds] and ``rows`` [n] count runs and rows more than once (a bootstrap draw)."""
        count, n = self.twins.shape
        own = np.ones(count) if weights is None else weights
        share = np.full(n, 1 / n) if rows is None else rows
        both = np.array([own[a] * own[b] for a, b in pairs(count)])
        if not both.any():
            return float("nan")
        twin = float((own / own.sum()) @ self.twins @ share)
        seed = float((both / both.sum()) @ self.seeds @ share)
        value = twin / max(seed, (1e-6 if self.root else 1 / n))  # less than one row cannot be seen
        return float(np.sqrt(value)) if self.root else value

    def interval(self, seed: int) -> tuple[float, float]:
        """The 90 % interval of B, over runs and rows."""
        draw = np.random.default_rng([seed, 41])
        count, n = self.twins.shape
        if not self.twins.any():
            return 0.0, 0.0
        values = [
            self.ratio(
                draw.multinomial(count, np.full(count, 1 / count)).astype(float),
                draw.multinomial(n, np.full(n, 1 / n)) / n,
            )
            for _ in range(300)
        ]
        low, high = np.nanquantile(values, [0.05, 0.95])
        return float(low), float(high)


def pairs(count: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(count) for b in range(a)]


def run(sample: Sample, budget: Budget) -> Finding:
    """Butterfly ratio B of the planned settings."""
    stand = footing.of(sample, budget, own_settings=True)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    budget.progress(0.05, "Trying how long one run takes")
    seeds = footing.repeats(stand, SEEDS, FEWEST, 2 * len(FACTORS))
    measured, grown = measure(stand, seeds)
    planned = measured[FACTORS.index(1.0)]
    if reason := stand.nothing_learnt(planned.scores, "a matter of chaos"):
        return Finding.skipped(reason)
    return report(stand, measured, grown)


def measure(stand: Footing, seeds: int) -> tuple[list[Twins], dict[str, Any]]:
    """Twins at every learning rate, all trained in one call; and how those at the planned one part."""
    members = [
        stand.member(seed, learning_rate=stand.centre.learning_rate * factor)
        for factor in FACTORS for seed in range(seeds)
    ]  # fmt: skip
    start = stand.begin([stand.member(seed) for seed in range(seeds)])
    twin = footing.nudged(start, NUDGE, stand.budget.seed)
    moments = Moments(sorted({max(1, round(stand.centre.steps * part)) for part in MOMENTS}))
    fleet = stand.train(
        members * 2, start=Fleet.join([start] * len(FACTORS) + [twin] * len(FACTORS)), watch=moments,
        progress=lambda share, text: stand.budget.progress(0.1 + 0.85 * share, text),
    )  # fmt: skip
    x, scores = stand.found.x[stand.found.test], stand.scores(fleet)
    half, root = len(members), not stand.found.classes
    found = []

    for place, factor in enumerate(FACTORS):
        base = [place * seeds + seed for seed in range(seeds)]
        own = fleet.take([*base, *(half + k for k in base)])
        same = [(k, seeds + k) for k in range(seeds)]
        others = [(first + a, first + b) for first in (0, seeds) for a, b in pairs(seeds)]
        away = footing.apart(own, x, same + others)
        found.append(Twins(
            factor,
            away[:seeds],
            away[seeds:].reshape(2, -1, len(x)).mean(0),
            scores[base], 100 * (scores[[half + k for k in base]] - scores[base]).mean(1), root,
        ))  # fmt: skip
    planned = slice(FACTORS.index(1.0) * seeds, (FACTORS.index(1.0) + 1) * seeds)
    twins = slice(half + planned.start, half + planned.stop)
    away = np.stack([_distance(*(_of(at, which) for which in (planned, twins))) for at in moments.all(fleet)])
    return found, growth(moments.steps, away / _distance(start.parameters, twin.parameters))


class Moments:
    """The weights of a fleet after some of its steps, kept while it trains."""

    def __init__(self, steps: Sequence[int]) -> None:
        self.steps = steps
        self.seen: dict[int, list[list[torch.Tensor]]] = {step: [] for step in steps}

    def __call__(self, step: int, parameters: Sequence[torch.Tensor], *learnt: Any) -> None:
        if step in self.seen:
            self.seen[step].append([one.clone() for one in parameters])

    def all(self, fleet: Fleet) -> list[list[torch.Tensor]]:
        """Of each moment the stacks [K, ...]; the last is the end of the training."""
        groups = [self.seen[step] for step in self.steps[:-1]]
        return [*([torch.cat(of) for of in zip(*one, strict=True)] for one in groups), fleet.parameters]


def growth(steps: Sequence[int], times: np.ndarray) -> dict[str, Any]:
    """How far twins' weights are apart after so many steps, as ``times`` [steps, seeds] of the first."""
    times = np.median(times, 1)
    times = np.maximum(np.nan_to_num(times, nan=1 / NUDGE, posinf=1 / NUDGE), 1e-3)
    rate = float(np.polyfit(steps, np.log(times), 1)[0]) if len(steps) > 1 else 0.0
    return {"steps": [0, *steps], "times": [1.0, *map(float, times)], "rate_per_100_steps": 100 * rate}


def _of(parameters: Sequence[torch.Tensor], members: slice) -> list[torch.Tensor]:
    return [one[members] for one in parameters]


def _distance(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> np.ndarray:
    """float64 [K]: the Euclidean distance of the members' weights."""
    square = sum(
        (a.double() - b.double()).square().flatten(1).sum(1) for a, b in zip(first, second, strict=True)
    )
    return np.sqrt(square.cpu().numpy())  # type: ignore[union-attr]


# -- from twins to a finding ------------------------------------------------------------------------------
def report(stand: Footing, measured: list[Twins], grown: dict[str, Any]) -> Finding:
    """B at the planned rate with its interval, how near chaos is, and how many answers flip."""
    seed = stand.budget.seed
    half = 100 * (max(one.scores.mean() for one in measured) + float(stand.guess().mean())) / 2
    rates = [_row(stand, one, seed, half) for one in measured]
    planned = measured[FACTORS.index(1.0)]
    value, (low, high) = planned.ratio(), planned.interval(seed)
    low, high = min(low, value), max(high, value)
    flipped = float(planned.twins.mean()) if stand.found.classes else None
    base = next(row for row in rates if row["factor"] == 1.0)
    edge = _edge(rates, base["score"])
    spread = float(np.sqrt(np.square(planned.moved).mean() / 2))
    faults = _faults(stand, planned, low, edge, spread, _falls(rates, base["score"]))
    facts = {
        "metric": stand.metric,
        "nudge": NUDGE,
        "ratio": value,
        "rates": rates,
        "edge": edge,
        "flipped": flipped,
        "other_seed": float(planned.seeds.mean()) if stand.found.classes else None,
        "twin_sd": spread,
        "growth": grown,
        "seeds": len(planned.twins),
        "null": {"expected": 0.0, "kind": "exact", "of": "the same run twice without the change"},
        "surrogate": stand.centre.described(),
        "faults": faults,
        "mitigations": _mitigations(rates, base) if faults else [],
    }
    title, note = _words(facts, stand, bool(faults))
    used = len(stand.found.train) + len(stand.found.test)
    return Finding(value, note, facts, low, high, used, title)


def _row(stand: Footing, one: Twins, seed: int, half: float) -> dict[str, Any]:
    """One rate; where less than ``half`` of what can be learnt is left, the ratio says nothing."""
    low, high = one.interval(seed)
    ratio = one.ratio()
    return {
        "factor": one.factor,
        "learning_rate": stand.centre.learning_rate * one.factor,
        "ratio": ratio,
        "low": min(low, ratio),
        "high": max(high, ratio),
        "score": float(100 * one.scores.mean()),
        "learnt": bool(100 * one.scores.mean() >= half),
    }


def _edge(rates: list[dict[str, Any]], score: float) -> float | None:
    """The smallest factor from 1 on at which twins part or the result falls; None where none does."""
    for row in rates:
        chaotic = row["ratio"] >= CHAOS and row["low"] >= SEEN
        if row["factor"] >= 1 and (chaotic or row["score"] < score - FALLEN):
            return float(row["factor"])
    return None


def _falls(rates: list[dict[str, Any]], score: float) -> float | None:
    """The smallest factor above 1 at which the result falls; None where none does."""
    return next((r["factor"] for r in rates if r["factor"] > 1 and r["score"] < score - FALLEN), None)


def _faults(
    stand: Footing, planned: Twins, low: float, edge: float | None, spread: float, falls: float | None
) -> list[dict[str, Any]]:
    """Chaos at the planned rate where answers change by it, or so near that the next rate up falls.

    Twins that part while the result stays, here and a little above, are what a long training does: no more
    than a remark. Twins that part just below the rate that breaks training stand at the edge itself.
    """
    harm = float(planned.twins.mean())  # of the answers; for numbers a share of their variance
    chaos = low >= CHAOS or edge == 1.0
    near = any(at is not None and 1 < at <= NEAR for at in (edge, falls))
    if chaos and harm >= FEW_ANSWERS and spread >= SPREAD:
        severity = "high"
    elif near or (low >= SEEN and spread >= SPREAD):
        severity = "medium"
    elif low >= SEEN:
        severity = "low"
    else:
        return []
    return [{
        "fault": "chaotic_training", "severity": stand.severity(severity), "parameters": ["learning_rate"]
    }]  # fmt: skip


def _mitigations(rates: list[dict[str, Any]], base: dict[str, Any]) -> list[dict[str, Any]]:
    """The highest lower learning rate that is calm and scores no less, as measured."""
    calm = [r for r in rates if r["factor"] < 1 and r["high"] < SEEN and r["score"] >= base["score"] - 1]
    if not calm:
        return []
    best = max(calm, key=lambda row: row["factor"])
    return [{
        "title": f"Train with a learning rate of {best['learning_rate']:.3g}", "value": best["ratio"],
        "low": best["low"], "high": best["high"], "effort": "1 day, one engineer", "basis": "measured",
        "note": f"The result then is {best['score']:.1f} points, with the planned rate {base['score']:.1f}.",
    }]  # fmt: skip


def _words(facts: dict[str, Any], stand: Footing, alarm: bool) -> tuple[str, str]:
    ratio, edge, flipped = facts["ratio"], facts["edge"], facts["flipped"]
    rate = f"{stand.centre.learning_rate:.3g}"
    near = edge is not None and 1 < edge <= NEAR
    moves = "moves the predicted numbers" if flipped is None else f"changes {percent(flipped)} of the answers"
    if not facts["ratio"] or (flipped is None and ratio < SEEN):
        moves = "changes nothing" if flipped is None else "changes no answer"
    note = f"A change of one part in a million in the starting weights {moves} in the end."
    if ratio >= CHAOS and not near:
        title = "An invisible change flips the outcome"
        note = f"{note[:-1]}: that is {percent(min(ratio, 9.99))} of what another random start does."
    elif near:
        title = f"{edge:g} times the learning rate would be chaos"
    elif ratio >= SEEN:
        title = "Invisible changes begin to show"
    else:
        title = "Invisible changes stay without effect"
    if edge is not None and edge > 1:
        row = next(one for one in facts["rates"] if one["factor"] == edge)
        parts = row["ratio"] >= CHAOS and row["low"] >= SEEN
        happens = (
            "such a change decides the result" if parts else f"the result falls by over {FALLEN:g} points"
        )
        note += (
            f" At {edge:g} times the learning rate of {rate} {happens}: an early sign. The probe of learning"
            " rates tells another edge: the rate at which half of the runs lose half of what they can learn."
        )
    elif edge is None:
        note += f" That stays so up to {FACTORS[-1]:g} times the learning rate of {rate}."
    if alarm:
        note += " Choose a lower learning rate, or let several runs answer together."
    if facts["seeds"] < SEEDS:
        note += f" Measured with {facts['seeds']} of {SEEDS} random starts, as the time allowed."
    return title, " ".join([note, *stand.centre.caveats])
