"""From the scores of all trainings to a finding: what is lost, what is gained, what is not finished."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from workers.probes.base import Finding
from workers.probes.hyperparameters.classical import Classical
from workers.probes.hyperparameters.footing import LONGER
from workers.probes.hyperparameters.sensitivity.statistics import (
    cliff,
    holm,
    least_told,
    lost_nearby,
    paired_p,
    unlike_base,
)
from workers.probes.hyperparameters.sensitivity.telling import words
from workers.probes.hyperparameters.sensitivity.trainings import (
    FACTORS,
    LABELS,
    NEAR,
    Scores,
    exact,
    settings,
    trained,
)
from workers.probes.surrogate import Rows, Surrogate, interval

GROWING, LARGE_GROWTH = 3.0, 5.0  # points that twice the rate or the steps gain
SIGNAL = 2.0  # times what another random start changes
ALIKE = 2.0  # points between gains that are taken as equal
UNPLANNED = ("init_scale",)  # libraries fix it, and multiplying it in every layer multiplies its effect


def report(
    scores: Scores, centre: Surrogate | Classical, found: Rows, seed: int,
    lottery: Sequence[dict[str, Any]] = (),
) -> Finding:  # fmt: skip
    """The statistics: paired differences, Holm over all of them, and the cross-fitted worst loss.

    ``lottery`` are the faults of a result that is a matter of luck.
    """
    luck = scores["", 1.0]
    seeds = len(next(one for pair, one in scores.items() if pair[0]))
    base, runs, n = luck[:seeds], *luck.shape
    points = {pair: 100 * (s - base) for pair, s in scores.items() if pair[0]}  # paired, [seeds, rows]
    # Equal seeds on easy data: the spread is then not 0 but less than a row can show.
    seed_sd = max(float(100 * luck.mean(1).std(ddof=1)), 50 / n)
    p_values = {pair: unlike_base(d.mean(1), seed_sd, runs) for pair, d in points.items()}
    adjusted = holm(p_values)
    short = _under_trained(points, base, seed) if isinstance(centre, Surrogate) else {}
    growing = [LABELS[name].lower() for name in short]
    open_ = bool(short) and isinstance(centre, Surrogate) and centre.cut >= LONGER
    tornado = [_bar(name, centre, points, seed_sd, adjusted, seed) for name in settings(centre)]
    tornado.sort(key=lambda bar: min(bar["down"], bar["up"]))
    # Of a training that is cut off, slower learning costs what the plan's own further steps may bring back.
    beside = (*UNPLANNED, *(("learning_rate", "steps") if open_ else ()))
    near = {p: d for p, d in points.items() if p[1] in NEAR and p[0] not in beside}
    fragility, low, high = lost_nearby(near, seed)
    fragile = [bar for bar in tornado if bar["flagged"] and bar["parameter"] not in beside]
    # That slower learning costs points says the same once more.
    apart = [bar for bar in fragile if bar["parameter"] not in short or bar["up"] < bar["down"]]
    if fragile and fragile[0]["loss"] > fragility:
        # Holm has already paid for the choice of the worst. One seed of six that falls off a cliff would be
        # missed by choosing on the half without it.
        worst = fragile[0]
        fragility, low, high = worst["loss"], max(0.0, -worst["high"]), -worst["low"]
    gaining = gaining_of(points) if isinstance(centre, Classical) else []
    if gaining and not fragile:
        # What the title and the fault name, and not another setting of which nothing is sure.
        fragility, low, high = _nearby(points, gaining[0]["parameter"], seed)
    blind = max(1.0, SIGNAL * seed_sd, least_told(seed_sd, seeds, runs, len(points)))
    lottery = [] if short else list(lottery)
    measured = {"points": fragility, "low": low, "high": high}
    if not fragile and not gaining:
        fragility = low  # beyond chance nothing is lost for sure but this
        high = max(high, blind) if lottery else high  # so much luck may hide
    metric = "accuracy" if found.classes else "explained variance"
    facts = {
        "metric": metric,
        "base": float(base.mean()),
        "seed_sd": None if short else seed_sd,  # runs that have not ended differ by more than luck
        "unfinished_sd": seed_sd if short else None,
        "seeds": seeds,
        "luck_runs": runs,
        "hidden": blind if lottery else None,
        "tornado": [*tornado, _seed_bar(seed_sd, isinstance(centre, Surrogate))],
        "fragility": fragility,
        "measured": measured,
        "cliff_factor": cliff(
            {p: d for p, d in points.items() if p[0] not in UNPLANNED},
            max(float(100 * base.mean(1).std(ddof=1)), 50 / n),  # of the runs that fell or did not
            lambda name, factor: trained(centre, name, factor) / settings(centre)[name],
        ),
        "under_trained": [] if open_ else growing,
        "left": short,
        "gaining": gaining,
        "surrogate": centre.described(),
        "null": {"expected": round(seed_sd * math.sqrt(2 / seeds), 3), "kind": "approximate"},
        "faults": [*_faults(apart, gaining), *lottery, *_too_short(short, open_, centre)],
        "mitigations": [],
    }
    hidden = blind if lottery else 0.0
    title, note = words(measured, fragile, short, seed_sd, metric, seeds, centre, hidden, gaining)
    return Finding(fragility, note, facts, low, high, len(found.train) + len(found.test), title)


def _under_trained(
    points: dict[tuple[str, float], np.ndarray], base: np.ndarray, seed: int
) -> dict[str, dict[str, float]]:
    """What twice the rate or the steps gain, where that is more than 3 points beyond chance (P1).

    By the paired differences: runs that have not ended differ so much that against their spread nothing
    shows. Longer training of runs that diverge saves some too, but leaves the others: the spread must fall.
    """
    from scipy.stats import ttest_1samp

    found = {}
    for name in ("learning_rate", "steps"):
        gained = points.get((name, 2.0))
        if gained is None or gained.mean() <= GROWING:
            continue
        low, high = interval(gained, seed)
        p = ttest_1samp(gained.mean(1), 0.0).pvalue
        after = (100 * base + gained).mean(1).std(ddof=1)
        steadier = name == "learning_rate" or "learning_rate" in found
        if low > 0 and p < 0.05 / 2 and (steadier or after < (100 * base).mean(1).std(ddof=1)):
            found[name] = {"points": float(gained.mean()), "low": low, "high": high}
    return found


def gaining_of(points: dict[tuple[str, float], np.ndarray]) -> list[dict[str, Any]]:
    """Settings of which another value gains more than 3 points, beyond chance; the largest gain first.

    Chance is that of the paired differences over rows and over draws of rows: models of scikit-learn do not
    fall off cliffs from one draw to the next, as a network does.
    """
    found: dict[str, dict[str, Any]] = {}
    adjusted = holm({pair: paired_p(d) for pair, d in points.items()})
    means = {pair: float(d.mean()) for pair, d in points.items()}
    better = [pair for pair, gain in means.items() if gain > 3 and adjusted[pair] < 0.05]
    for name in dict.fromkeys(name for name, _ in better):
        own = [pair for pair in better if pair[0] == name]
        best = max(means[pair] for pair in own)
        near = min((p for p in own if means[p] >= best - ALIKE), key=lambda pair: abs(math.log(pair[1])))
        found[name] = {"parameter": name, "label": LABELS[name], "factor": near[1], "gain": means[near]}
    most = max((one["gain"] for one in found.values()), default=0.0)
    # A kernel of too long a reach can be bought back with a price of errors that is as far off: where both
    # gain as much, the reach is what is wrong.
    return sorted(
        found.values(),
        key=lambda one: (one["gain"] < most - ALIKE, one["parameter"] != "gamma", -one["gain"]),
    )


def _nearby(points: dict[tuple[str, float], np.ndarray], name: str, seed: int) -> tuple[float, float, float]:
    """Points that a quarter more or less of this setting gains or loses, whichever is more; its interval."""
    each = [sign * points[name, factor] for factor in NEAR for sign in (1, -1)]
    most = max(each, key=lambda d: float(d.mean()))
    low, high = interval(most, seed)
    return float(most.mean()), max(0.0, low), high


def _faults(fragile: list[dict[str, Any]], gaining: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Settings whose small change costs more than chance explains, or of which another value gains."""
    if not fragile and not gaining:
        return []
    severity = "high" if gaining or fragile[0]["loss"] >= 3 else "medium"
    names = list(dict.fromkeys(bar["parameter"] for bar in [*gaining, *fragile]))
    return [{"fault": "hyperparameter_sensitive", "severity": severity, "parameters": names}]


def _too_short(
    short: dict[str, dict[str, float]], open_: bool, centre: Surrogate | Classical
) -> list[dict[str, Any]]:
    """A remark where the plan trains longer than what was tried, or where nobody planned the settings."""
    if not short:
        return []
    severity = "high" if max(one["low"] for one in short.values()) >= LARGE_GROWTH else "medium"
    severity = "low" if open_ or not centre.planned else severity
    return [{"fault": "learning_rate_too_low", "severity": severity, "parameters": list(short)}]


def _bar(
    name: str,
    centre: Surrogate | Classical,
    points: dict[tuple[str, float], np.ndarray],
    seed_sd: float,
    adjusted: dict[tuple[str, float], float],
    seed: int,
) -> dict[str, Any]:
    """One setting's row of the tornado: what ×0.8 and ×1.25 do, in points, with the interval of the worse."""
    effects = {factor: float(points[name, factor].mean()) for factor in FACTORS}
    worse = min(NEAR, key=lambda factor: effects[factor])
    low, high = interval(points[name, worse], seed)
    signal = max(abs(effects[factor]) for factor in NEAR) / seed_sd
    loss = -effects[worse]
    return {
        "parameter": name,
        "label": LABELS[name],
        "setting": settings(centre)[name],
        "tried": [
            factor if exact(centre, name, factor) else f"{trained(centre, name, factor):g}"
            for factor in FACTORS
        ],
        "trained": [trained(centre, name, factor) for factor in FACTORS],
        "effects": [round(effects[factor], 3) for factor in FACTORS],
        "down": effects[0.8],
        "up": effects[1.25],
        "low": low,
        "high": high,
        "signal_to_noise": signal,
        "p": adjusted[name, worse],
        "loss": loss,
        "flagged": bool(loss >= 1 and signal >= SIGNAL and adjusted[name, worse] < 0.05),
    }


def _seed_bar(seed_sd: float, start: bool) -> dict[str, Any]:
    return {
        "parameter": "seed",
        "label": "Another random start" if start else "Other rows to learn from",
        "setting": None,
        "tried": [],
        "effects": [],
        "down": -seed_sd,
        "up": seed_sd,
        "low": -seed_sd,
        "high": seed_sd,
        "signal_to_noise": 1.0,
        "p": None,
        "loss": 0.0,
        "flagged": False,
    }
