"""Whether a wide spread of runs is luck, or the spread of runs that are cut off while they still learn. (P1)

Runs that have not ended differ by how far each has come. The same starts are trained longer, and at a
higher rate: what gains for sure, and takes the spread away or cannot at the edge of divergence, was missing.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from workers.probes.base import Finding
from workers.probes.hyperparameters import footing
from workers.probes.hyperparameters.footing import LONGER, Footing
from workers.probes.surrogate import interval

STEPS, RATE = 4, 3.0  # times the planned ones
RUNS = 8
GAIN, LARGE_GAIN = 3.0, 5.0  # points; the first is that of probes.md P1
CALMED = 0.5  # of the spread: less is left where runs had only not ended
KEYS = {"epochs": "training.epochs or training.steps", "learning_rate": "training.learning_rate"}


def judged(stand: Footing, scores: np.ndarray, finding: Finding) -> Finding:
    """The finding of ``scores`` [seeds, rows], as under-trained where that is what spreads its runs."""
    found, spread, runs = gains(stand, scores)
    return _told(stand, finding, found, spread, runs) if found else finding


def gains(stand: Footing, scores: np.ndarray) -> tuple[dict[str, dict[str, float]], float, int]:
    """What longer or faster training surely gains over ``scores`` [seeds, rows], the spread of the longer
    runs in points, and how many they are."""
    runs = min(RUNS, len(scores))
    steps = STEPS * stand.centre.steps
    fleet = stand.train(
        [stand.member(seed, steps=steps) for seed in range(runs)]
        + [stand.member(seed, learning_rate=RATE * stand.centre.learning_rate) for seed in range(runs)]
    )
    longer, faster = 100 * stand.scores(fleet).reshape(2, runs, -1)
    base = 100 * scores[:runs]
    sd = float(base.mean(1).std(ddof=1))
    spread = float(longer.mean(1).std(ddof=1))
    ways = {
        "epochs": (longer - base, spread < CALMED * sd),
        "learning_rate": (faster - base, True),  # at the edge of divergence a higher rate gains nothing
    }
    found = {}
    for name, (gained, calm) in ways.items():
        low, high = interval(gained, stand.budget.seed)
        if calm and gained.mean() > GAIN and low > 0:
            found[name] = {"points": float(gained.mean()), "low": low, "high": high}
    return found, spread, runs


def _told(
    stand: Footing, finding: Finding, found: dict[str, dict[str, float]], spread: float, runs: int
) -> Finding:
    """What is left of the spread once training has ended is luck; before, up to all of it may be."""
    best = max(found.values(), key=lambda one: one["points"])
    open_ = stand.cut >= LONGER
    severity = "low" if open_ else "high" if best["low"] >= LARGE_GAIN else "medium"
    fault = {
        "fault": "learning_rate_too_low", "severity": stand.severity(severity), "parameters": list(found),
    }  # fmt: skip
    others = [one for one in finding.facts["faults"] if one["fault"] != "seed_lottery"]
    facts = {**finding.facts, "under_trained": found, "finished_sd": spread, "faults": [*others, fault]}
    facts["mitigations"] = []  # measured on runs that had not ended
    ways = {
        "epochs": f"{STEPS} times the steps",
        "learning_rate": f"{RATE:g} times the learning rate",
    }
    gained = " and ".join(f"{one['points']:.1f} points by {ways[name]}" for name, one in found.items())
    planned = facts["seed_sd"]
    title = f"Training ends before it has learnt: at least {best['points']:.1f} points are left"
    first = (
        f"After its {stand.centre.steps:,} steps the training still gains {gained}: the runs differ by"
        f" {planned:.1f} points because none has ended."
    )
    advice = (
        f"Raise {' or '.join(KEYS[name] for name in found)}, then repeat the training: what its runs differ"
        " by then is luck. How much the best learning rate gains, the probe of learning rates tells."
    )
    if open_:
        title = "Open: the training was too short here to tell luck"
        advice = (
            f"The plan trains {stand.cut:.0f} times longer than could be tried, so {planned:.1f} points"
            " is the most that luck may be. Repeat the full training with five seeds to know."
        )
    value = low = 0.0  # how much of the spread is luck is open
    if "epochs" in found and not open_:
        value = min(spread, planned)
        low = min(value, footing.sd_interval(spread, runs)[0])
    note = " ".join([first, advice, *stand.caveats])
    return dataclasses.replace(
        finding, value=value, low=low, high=max(value, planned), note=note, facts=facts, title=title
    )
