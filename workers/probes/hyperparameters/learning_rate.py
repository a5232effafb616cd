"""Where is the planned learning rate: too low, good, or near the rate at which training breaks? (P2)

Rates from a hundredth to thirty times the planned one are trained in one call, a few seeds each. A run breaks
when its weights overflow, or when of the rows it learns from it gets less than half of what others gain over
guessing: one that learns wrong labels by heart does worse on new rows, and is not broken. The divergence
edge is the rate at which half of the runs break; how many times the planned rate fits below it is its safety
margin. What the best rate gains is measured on rows on which it was not chosen: chosen on one half of the
test rows, measured on the other, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import footing
from workers.probes.hyperparameters.footing import LONGER, Footing
from workers.probes.surrogate import interval
from workers.probes.words import count

FACTORS = (0.01, 0.03, 0.1, 0.2, 1 / 3, 0.5, 2 / 3, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 30.0)
PLANNED = FACTORS.index(1.0)
SEEDS, FEWEST = 4, 3
WIDEST = FACTORS[-1]
NEAR, AT_EDGE = 2.0, 1.25  # margins below which a plan is near the edge, and at it
SAFE = 4.0
GAIN, LARGE_GAIN = 1.0, 5.0  # points that another rate gains, and that it gains for sure
SHORT = 0.25  # of a batch: a last one with fewer rows is so noisy that training breaks earlier


@dataclass(frozen=True)
class Sweep:
    """Scores [rates, seeds, rows] in points, who broke [rates, seeds], and what guessing scores."""

    rates: np.ndarray
    scores: np.ndarray
    broke: np.ndarray
    guess: float

    @property
    def means(self) -> np.ndarray:
        return self.scores.mean((1, 2))


def run(sample: Sample, budget: Budget) -> Finding:
    """Safety margin: how many times the planned learning rate fits below the one that breaks training."""
    stand = footing.of(sample, budget, own_settings=True)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    budget.progress(0.05, "Trying how long one run takes")
    stand = footing.whole(stand, sample, FEWEST * len(FACTORS))
    short = short_batch(sample, stand)
    if short is not None:
        stand = replace(stand, centre=replace(stand.centre, last=short[0]))
    sweep = measure(stand, footing.repeats(stand, SEEDS, FEWEST, len(FACTORS)))
    best = int(sweep.means.argmax())
    if reason := stand.nothing_learnt(sweep.scores[best] / 100, "good or bad"):
        return Finding.skipped(reason.replace("with these settings", "with the best of 16 learning rates"))
    return report(stand, sweep, short)


def measure(stand: Footing, seeds: int) -> Sweep:
    """Every rate with the same seeds, all in one call."""
    rates = stand.centre.learning_rate * np.array(FACTORS)
    members = [stand.member(seed, learning_rate=float(rate)) for rate in rates for seed in range(seeds)]
    fleet = stand.train(members, progress=lambda share, text: stand.budget.progress(0.1 + 0.8 * share, text))
    scores = 100 * stand.scores(fleet).reshape(len(rates), seeds, -1)
    guess = 100 * float(stand.guess().mean())
    own = 100 * stand.scores(fleet, stand.found.train).reshape(len(rates), seeds, -1).mean(2)
    guess_own = 100 * float(stand.guess(stand.found.train).mean())
    half = guess_own + (own.mean(1).max() - guess_own) / 2
    broke = (own < half) | ~fleet.finite().reshape(len(rates), seeds)
    broke[: int(own.mean(1).argmax())] = False  # slow is not broken
    return Sweep(rates, scores, broke, guess)


# -- from a sweep to a finding ----------------------------------------------------------------------------
def margins(broke: np.ndarray) -> tuple[float, float, float]:
    """The safety margin, and its range: where the first run breaks, half of them, and all of them.

    Each lies between two rates tried, at their geometric middle; WIDEST where no rate tried does it.
    """
    share = broke.mean(1)
    found = []
    for wanted in (1e-9, 0.5, 1.0):
        over = np.flatnonzero(share >= wanted)
        if not len(over):
            found.append(WIDEST)
        elif over[0] == 0:
            found.append(FACTORS[0])
        else:
            found.append(float(np.sqrt(FACTORS[over[0] - 1] * FACTORS[over[0]])))
    first, half, every = found
    return min(first, half), half, max(half, every)


def gain(sweep: Sweep, seed: int) -> tuple[float, float, float, list[int]]:
    """Points that the best rate gains over the planned one, with the 90 % interval, and the rates chosen."""
    _, seeds, n = sweep.scores.shape
    order = np.random.default_rng([seed, 43]).permutation(n)
    halves = order[: n // 2], order[n // 2 :]
    chosen, gained = [], np.empty((seeds, n))
    for choose, judge in (halves, halves[::-1]):
        best = int(_smooth(sweep.scores[:, :, choose].mean((1, 2))).argmax())
        chosen.append(best)
        gained[:, judge] = sweep.scores[best][:, judge] - sweep.scores[PLANNED][:, judge]
    low, high = interval(gained, seed)
    return float(gained.mean()), low, high, chosen


def _smooth(means: np.ndarray) -> np.ndarray:
    """[rates], each with a half of its two neighbours: rates that are close score alike, luck does not."""
    held = np.pad(means, 1, mode="edge")
    return (held[:-2] + 2 * held[1:-1] + held[2:]) / 4


def short_batch(sample: Sample, stand: Footing) -> tuple[int, int] | None:
    """Rows of an epoch's last batch and of the others, where it is far smaller and the plan keeps it.

    Its gradient is the mean of few rows and moves the weights at the full rate. Of a sample of the
    rows nobody knows what the last batch has.
    """
    batch = int(sample.planned("training.batch_size", stand.centre.batch))
    left = int((sample.split == 0).sum()) % batch
    if stand.centre.drop_last or not 0 < left <= SHORT * batch or sample.rows > len(sample.split):
        return None
    return (left, batch) if int((sample.split == 0).sum()) > batch else None


def report(stand: Footing, sweep: Sweep, short: tuple[int, int] | None = None) -> Finding:
    low, value, high = margins(sweep.broke)
    gained = gain(sweep, stand.budget.seed)
    best = int(sweep.means.argmax())
    good = _good(sweep, value)
    faults = _faults(stand, value, gained)
    facts = {
        "metric": stand.metric,
        "planned": stand.centre.learning_rate,
        "best": float(sweep.rates[best]),
        "edge": float(stand.centre.learning_rate * value) if value < WIDEST else None,
        "margin": value,
        "good_from": float(sweep.rates[good[0]]),
        "good_to": float(sweep.rates[good[-1]]),
        "gain": gained[0],
        "gain_low": gained[1],
        "gain_high": gained[2],
        "guess": sweep.guess,
        "rates": [
            {
                "rate": float(rate),
                "factor": FACTORS[place],
                "score": float(sweep.means[place]),
                "low": float(sweep.scores[place].mean(1).min()),
                "high": float(sweep.scores[place].mean(1).max()),
                "broke": float(sweep.broke[place].mean()),
            }
            for place, rate in enumerate(sweep.rates)
        ],
        "short_batch": None if short is None else {"rows": short[0], "batch": short[1]},
        "seeds": sweep.scores.shape[1],
        "null": {"expected": 0.0, "kind": "approximate", "of": "the gain, were all rates equal"},
        "surrogate": stand.centre.described(),
        "faults": faults,
        "mitigations": _mitigations(sweep, value, good) if faults else [],
    }
    title, note = _words(facts, stand, faults)
    used = len(stand.found.train) + len(stand.found.test)
    return Finding(value, note, facts, low, high, used, title)


def _good(sweep: Sweep, margin: float) -> list[int]:
    """Places of the rates that are as good as the best, as far as seeds can tell, well below the edge."""
    best = int(sweep.means.argmax())
    spread = float(sweep.scores[best].mean(1).std(ddof=1)) if sweep.scores.shape[1] > 1 else 0.0
    enough = sweep.means >= sweep.means[best] - max(
        1.0, 1.4 * spread
    )  # twice the error of a difference of two means
    safe = np.array(FACTORS) * SAFE <= margin if sweep.broke.any() else np.ones(len(FACTORS), bool)
    return list(np.flatnonzero(enough & safe)) or [best]


def _faults(
    stand: Footing, margin: float, gained: tuple[float, float, float, list[int]]
) -> list[dict[str, Any]]:
    """Too low and too high by what another rate gains for sure; near the edge by the margin."""
    place = {"parameters": ["learning_rate"]}
    points, low, _, chosen = gained
    severity = "high" if low >= LARGE_GAIN else "medium"
    better = points >= GAIN and low > 0
    if better and max(chosen) < PLANNED:
        return [{"fault": "learning_rate_too_high", "severity": _severity(stand, severity), **place}]
    if margin < NEAR:
        severity = "high" if margin < AT_EDGE else "medium"
        return [{"fault": "hyperparameter_sensitive", "severity": _severity(stand, severity), **place}]
    if better and min(chosen) > PLANNED:
        severity = "low" if stand.centre.cut >= LONGER else severity
        return [{"fault": "learning_rate_too_low", "severity": _severity(stand, severity), **place}]
    return []


def _planned(stand: Footing) -> bool:
    return stand.centre.planned and stand.centre.own_rate


def _severity(stand: Footing, wanted: str) -> str:
    """A rate that the plan does not name is ours, and nobody's fault."""
    return wanted if _planned(stand) else "low"


def _mitigations(sweep: Sweep, margin: float, good: list[int]) -> list[dict[str, Any]]:
    """The good rate nearest to the planned one, with the margin and the score it was measured to have."""
    place = min(good, key=lambda at: abs(np.log(FACTORS[at])))
    if place == PLANNED:
        return []
    change = float(sweep.means[place] - sweep.means[PLANNED])
    value = min(WIDEST, margin / FACTORS[place])
    moved = (
        f"{abs(change):.1f} points {'more' if change > 0 else 'less'}" if abs(change) >= 0.1 else "as much"
    )
    return [{
        "title": f"Train with a learning rate of {sweep.rates[place]:.2g}", "value": value, "low": value,
        "high": value, "effort": "1 day, one engineer", "basis": "measured",
        "note": f"It reached {moved} on the test rows.",
    }]  # fmt: skip


def _words(facts: dict[str, Any], stand: Footing, faults: list[dict[str, Any]]) -> tuple[str, str]:
    name = faults[0]["fault"] if faults else ""
    margin, rate = facts["margin"], f"{facts['planned']:.2g}"
    own = f"the {'planned' if _planned(stand) else 'usual'} {rate}"
    good = f"Good rates are {facts['good_from']:.2g} to {facts['good_to']:.2g}."
    if facts["good_from"] == facts["good_to"]:
        good = f"A good rate is {facts['good_from']:.2g}."
    if facts["best"] > facts["good_to"]:  # it may gain more, and breaks with a little bad luck
        good = good.replace(" are ", " that keep their distance from the edge are ")
        good = good.replace(" is ", " that keeps its distance from the edge is ")
    if facts["edge"] is None:
        edge = f"No rate up to {WIDEST:g} times {own} breaks the training"
    elif margin < 1:
        edge = f"Training breaks from a learning rate of {facts['edge']:.2g} on, below {own}"
    else:
        edge = f"Training breaks at a rate of about {facts['edge']:.2g}, {_times(margin)} {own}"
    gains = f"a rate of {facts['best']:.2g} gains {facts['gain']:.1f} points"
    if name == "learning_rate_too_low":
        title = f"The learning rate is too low: {facts['gain']:.1f} points are left"
        if stand.cut >= LONGER:
            title = f"Open: the learning rate may be too low by up to {facts['gain_high']:.1f} points"
        edge = f"With {own} training ends before it has learnt: {gains}. {edge}"
    elif name == "learning_rate_too_high":
        title = f"The learning rate is too high: it costs {facts['gain']:.1f} points"
        edge = f"{gains[:1].upper()}{gains[1:]} over {own}. {edge}"
    elif name and margin < 1:
        title = f"The {'planned' if _planned(stand) else 'usual'} learning rate breaks training"
    elif name:
        title = f"The learning rate is near the edge: {_times(margin)} it breaks training"
    elif facts["edge"] is None:
        title = "The learning rate is far from any edge"
    else:
        title = f"The learning rate is {_times(margin)} below the edge"
    note = f"{edge}. {good}"
    if stand.centre.cut >= LONGER:
        note += (
            f" The plan trains {stand.centre.cut:.0f} times longer than this, which makes lower rates better."
        )
    elif name == "learning_rate_too_low":
        note += (
            " The rate alone was changed, within the planned"
            f" {stand.centre.steps:,} steps: settings that are tuned together may gain more or less."
        )
    if (short := facts["short_batch"]) and facts["edge"] is not None:
        note += (
            f" The last batch of each epoch has only {count(short['rows'], 'row')}, the others"
            f" {short['batch']}, and was tried so: it moves the weights as far as a full one does, and can"
            " break training at a lower rate. Leave it out (training.drop_last: true), or choose another"
            " batch size."
        )
    return title, " ".join([note, *stand.centre.caveats])


def _times(margin: float) -> str:
    return f"{margin:.0f} times" if margin >= 9.5 else f"{margin:.1f} times"
