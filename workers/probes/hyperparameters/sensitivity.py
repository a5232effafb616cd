"""Does a slightly different training setting ruin the result? (probes.md P1)

Every setting is multiplied by 0.5, 0.8, 1.25 and 2, six times with the same six seeds, and held against the
runs with the planned setting. What is reported is a loss that repeats: the worst setting is chosen on half
of the seeds and measured on the other half, since the worst of many noisy figures looks bad by luck alone.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from workers.fleet import Fleet, Net, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import classical, footing
from workers.probes.hyperparameters.classical import Classical, families
from workers.probes.hyperparameters.footing import LONGER, Footing
from workers.probes.surrogate import Rows, Surrogate, affordable, interval, row_scores, rows, surrogate

FACTORS = (0.5, 0.8, 1.25, 2.0)
WIDE = 3.0  # points; a loss that may be as high is not called none
GROWING, LARGE_GROWTH = 3.0, 5.0  # points that twice the rate or the steps gain
ALIKE = 2.0  # points between gains that are taken as equal
NEAR = (0.8, 1.25)
FAR = (
    0.003,
    0.03,
    0.125,
    8.0,
    30.0,
    300.0,
)  # of a kernel: its reach is easily so wrong that nothing near helps
UNPLANNED = ("init_scale",)  # libraries fix it, and multiplying it in every layer multiplies its effect
SEEDS, FEWEST = 6, 4
WHOLE = 32 * FEWEST  # trainings' worth of steps that a plan with all settings takes at the least
FLEET = ("learning_rate", "weight_decay", "dropout", "init_scale", "steps")  # trained as one
LABELS = {
    "learning_rate": "Learning rate",
    "weight_decay": "Weight decay",
    "dropout": "Dropout",
    "init_scale": "Size of the starting weights",
    "steps": "Training steps",
    "batch_size": "Batch size",
    "width": "Width of the network",
    "C": "Price of an error",
    "gamma": "Gamma",
    "trees": "Number of trees",
    "depth": "Depth of a tree",
    "leaves": "Leaves of a tree",
    "min_leaf": "Least rows in a leaf",
    "feature_share": "Share of columns for a split",
    "l2": "Shrinkage of leaf values",
    "neighbours": "Number of neighbours",
    "max_iter": "Passes of the solver",
    "smoothing": "Smoothing of the variances",
}
TIMES = {
    0.003: "A three-hundredth of",
    0.03: "A thirtieth of",
    0.125: "An eighth of",
    0.5: "Half",
    0.8: "Four fifths of",
    1.25: "A quarter more than",
    2.0: "Twice",
    8.0: "Eight times",
    30.0: "Thirty times",
    300.0: "Three hundred times",
}
Scores = dict[tuple[str, float], np.ndarray]  # (setting, factor) -> [seeds, rows]; ("", 1) is the base


def run(sample: Sample, budget: Budget) -> Finding:
    """Points lost by the worst setting within a quarter of the planned one."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    model = classical.planned(sample, found, budget)
    stand_in = surrogate(sample, len(found.train))
    if model:
        model = model.within(len(model.varied()) * len(_factors(model)) * classical.FEWEST_DRAWS)
    if not model:
        stand_in = footing.whole(Footing(found, stand_in, budget), sample, WHOLE).centre
    centre = model or stand_in
    scores = model.multiplied(_factors(model), SEEDS) if model else measure(found, stand_in, budget)
    guess = _guess(found)
    base = scores["", 1.0]
    better = _gaining({pair: 100 * (one - base) for pair, one in scores.items() if pair[0]}) if model else []
    if interval(base - guess, budget.seed)[0] <= 0 and not better:
        subject = f"the planned {model.named}" if model else "a small model"
        reaches = "reach" if model and model.many else "reaches"
        return Finding.skipped(
            f"Inconclusive: with these settings {subject} {reaches} {100 * base.mean():.0f}"
            f" points, and always saying the same {100 * guess.mean():.0f}. There is no result yet that could"
            " be fragile."
        )
    return report(scores, centre, found, budget.seed)


def _guess(found: Rows) -> np.ndarray:
    """The scores [rows] of somebody who always says the same; 0 of a number's variance is explained so."""
    known, asked = found.y[found.train], found.y[found.test]
    if found.classes:
        return (asked == np.bincount(known).argmax()).astype(np.float64)
    return np.zeros(len(asked))


def _factors(model: Classical) -> tuple[float, ...]:
    return (*FACTORS, *FAR) if model.family.name == families.KERNEL else FACTORS


def settings(centre: Surrogate | Classical) -> dict[str, float]:
    """The settings that can be varied, with their planned value; one that is 0 has nothing to multiply."""
    if isinstance(centre, Classical):
        return centre.varied()
    values = {
        "learning_rate": centre.learning_rate,
        "weight_decay": centre.weight_decay,
        "dropout": centre.dropout,
        "init_scale": 1.0,
        "steps": float(centre.steps),
        "batch_size": float(centre.batch),
        "width": float(centre.net.hidden[0]) if centre.net.hidden else 0.0,
    }
    return {name: value for name, value in values.items() if value > 0}


def measure(found: Rows, centre: Surrogate, budget: Budget) -> Scores:
    """Trains everything: one fleet for what can differ inside a fleet, one each for batch size and width."""
    seeds = list(range(SEEDS))
    tried = settings(centre)
    pairs = [(name, factor) for name in FLEET if name in tried for factor in FACTORS]
    chunks = [[("", 1.0)], *[[pair for pair in pairs if pair[0] == name] for name in FLEET if name in tried]]
    scores: Scores = {}
    left = budget.left
    first = _fleet(found, centre, chunks[0], seeds[:2], budget)  # tells how many seeds there is time for
    took = max(1e-3, left - budget.left)
    share = 2 * (len(pairs) * 1.1 + 12) / 4  # of that first fleet's time, per seed; fleets only get cheaper
    seeds = seeds[: affordable(budget, SEEDS, FEWEST, took * share / 2)]
    del first
    budget.progress(0.05, f"Training {(len(pairs) + 9) * len(seeds)} small models")
    fleet = _fleet(found, centre, [("", 1.0), *pairs], seeds, budget)
    all_scores = row_scores(fleet, found.x[found.test], found.y[found.test])
    for place, pair in enumerate([("", 1.0), *pairs]):
        scores[pair] = all_scores[place * len(seeds) : (place + 1) * len(seeds)]
    alone = [(name, factor) for name in ("batch_size", "width") if name in tried for factor in FACTORS]
    for step, (name, factor) in enumerate(alone):
        budget.progress(0.6 + 0.05 * step, f"Trying another {LABELS[name].lower()}")
        changed = _resized(centre, name, factor)
        other = _fleet(found, changed, [("", 1.0)], seeds, budget)
        scores[name, factor] = row_scores(other, found.x[found.test], found.y[found.test])
    return scores


def _resized(centre: Surrogate, name: str, factor: float) -> Surrogate:
    if name == "batch_size":
        return dataclasses.replace(centre, batch=max(1, round(centre.batch * factor)))
    hidden = tuple(max(1, round(width * factor)) for width in centre.net.hidden)
    return dataclasses.replace(centre, net=Net(hidden, centre.net.activation))


def _fleet(
    found: Rows, centre: Surrogate, pairs: list[tuple[str, float]], seeds: list[int], budget: Budget
) -> Fleet:
    members = []
    for name, factor in pairs:
        value = settings(centre).get(name, 1.0) * factor
        changed: dict[str, Any] = {name: value} if name in FLEET else {}
        if name == "steps":
            changed = {"steps": max(1, round(value))}
        if name == "dropout":
            changed = {"dropout": min(0.95, value)}
        members += [centre.member(budget.seed * 1000 + seed, rows=found.train, **changed) for seed in seeds]
    return train(
        found.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, device=budget.device,
        progress=lambda share, sentence: budget.progress(0.05 + 0.55 * share, sentence),
    )  # fmt: skip


# -- from scores to a finding ---------------------------------------------------------------------
def report(scores: Scores, centre: Surrogate | Classical, found: Rows, seed: int) -> Finding:
    """The statistics: paired differences, Holm over all of them, and the cross-fitted worst loss."""
    base = scores["", 1.0]
    seeds, n = base.shape
    points = {pair: 100 * (s - base) for pair, s in scores.items() if pair[0]}  # paired, [seeds, rows]
    # Equal seeds on easy data: the spread is then not 0 but less than a row can show.
    seed_sd = max(float(100 * base.mean(1).std(ddof=1)), 50 / n)
    p_values = {pair: _p(d.mean(1), seed_sd) for pair, d in points.items()}
    adjusted = _holm(p_values)
    short = _under_trained(points, base, seed) if isinstance(centre, Surrogate) else {}
    growing = [LABELS[name].lower() for name in short]
    open_ = bool(short) and isinstance(centre, Surrogate) and centre.cut >= LONGER
    tornado = [_bar(name, value, points, seed_sd, adjusted, seed) for name, value in settings(centre).items()]
    tornado.sort(key=lambda bar: min(bar["down"], bar["up"]))
    # Of a training that is cut off, slower learning costs what the plan's own further steps may bring back.
    beside = (*UNPLANNED, *(("learning_rate", "steps") if open_ else ()))
    near = {p: d for p, d in points.items() if p[1] in NEAR and p[0] not in beside}
    fragility, low, high = _fragility(near, seed)
    fragile = [bar for bar in tornado if bar["flagged"] and bar["parameter"] not in beside]
    # That slower learning costs points says the same once more.
    apart = [bar for bar in fragile if bar["parameter"] not in short or bar["up"] < bar["down"]]
    if fragile and fragile[0]["loss"] > fragility:
        # Holm has already paid for the choice of the worst. One seed of six that falls off a cliff would be
        # missed by choosing on the half without it.
        worst = fragile[0]
        fragility, low, high = worst["loss"], max(0.0, -worst["high"]), -worst["low"]
    gaining = _gaining(points) if isinstance(centre, Classical) else []
    if gaining and not fragile:
        fragility, low, high = _near_gain(points, gaining[0]["parameter"], (fragility, low, high), seed)
    measured = {"points": fragility, "low": low, "high": high}
    if not fragile and not gaining:
        fragility = low  # beyond chance nothing is lost for sure but this
    metric = "accuracy" if found.classes else "explained variance"
    # Without a random start only the rows differ from one model to the next, which is no lottery.
    lucky = isinstance(centre, Surrogate) or centre.family.lucky
    facts = {
        "metric": metric,
        "base": float(base.mean()),
        "seed_sd": None if short else seed_sd,  # runs that have not ended differ by more than luck
        "unfinished_sd": seed_sd if short else None,
        "seeds": seeds,
        "tornado": [*tornado, _seed_bar(seed_sd, isinstance(centre, Surrogate))],
        "fragility": fragility,
        "measured": measured,
        "cliff_factor": _cliff({p: d for p, d in points.items() if p[0] not in UNPLANNED}, seed_sd),
        "under_trained": [] if open_ else growing,
        "left": short,
        "gaining": gaining,
        "surrogate": centre.described(),
        "null": {"expected": round(seed_sd * math.sqrt(2 / seeds), 3), "kind": "approximate"},
        "faults": _faults(apart, seed_sd if lucky and not short else 0.0, seeds, gaining)
        + _too_short(short, open_, centre),
        "mitigations": [],
    }
    lottery = any(fault["fault"] == "seed_lottery" for fault in facts["faults"])
    title, note = _words(measured, fragile, short, seed_sd, metric, seeds, centre, lottery, gaining)
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


def _gaining(points: dict[tuple[str, float], np.ndarray]) -> list[dict[str, Any]]:
    """Settings of which another value gains more than 3 points, beyond chance; the largest gain first.

    Chance is that of the paired differences over rows and over draws of rows: models of scikit-learn do not
    fall off cliffs from one draw to the next, as a network does.
    """
    found: dict[str, dict[str, Any]] = {}
    adjusted = _holm({pair: _paired_p(d) for pair, d in points.items()})
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


def _paired_p(differences: np.ndarray) -> float:
    """Two-sided p that differences [draws, rows] have a mean of 0."""
    from scipy.stats import norm

    draws, n = differences.shape
    over_rows = differences.mean(0).var(ddof=1) / n
    over_draws = differences.mean(1).var(ddof=1) / draws
    return float(2 * norm.sf(abs(differences.mean()) / max(1e-9, float(over_rows + over_draws) ** 0.5)))


def _near_gain(
    points: dict[tuple[str, float], np.ndarray], name: str, else_: tuple[float, float, float], seed: int
) -> tuple[float, float, float]:
    """Points that a quarter more or less gains, with the interval; or what is lost, where that is more."""
    best = max((points[name, factor] for factor in NEAR), key=lambda d: float(d.mean()))
    low, high = interval(best, seed)
    gain = float(best.mean())
    return else_ if gain <= else_[0] else (gain, max(0.0, low), high)


def _faults(
    fragile: list[dict[str, Any]], seed_sd: float, seeds: int, gaining: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Settings whose small change costs more than chance explains, and a result that is a matter of luck."""
    from scipy.stats import chi2

    faults: list[dict[str, Any]] = []
    if fragile or gaining:
        severity = "high" if gaining or fragile[0]["loss"] >= 3 else "medium"
        names = list(dict.fromkeys(bar["parameter"] for bar in [*fragile, *gaining]))
        faults.append({"fault": "hyperparameter_sensitive", "severity": severity, "parameters": names})
    # the least spread that few seeds still allow: the lower 90 % bound of a standard deviation
    least = seed_sd * math.sqrt((seeds - 1) / chi2.ppf(0.95, seeds - 1))
    if least >= 2:
        severity = "high" if least >= 5 else "medium"
        faults.append({"fault": "seed_lottery", "severity": severity, "parameters": ["seed"]})
    return faults


def _too_short(
    short: dict[str, dict[str, float]], open_: bool, centre: Surrogate | Classical
) -> list[dict[str, Any]]:
    """A remark where the plan trains longer than what was tried, or where nobody planned the settings."""
    if not short:
        return []
    severity = "high" if max(one["low"] for one in short.values()) >= LARGE_GROWTH else "medium"
    severity = "low" if open_ or not centre.planned else severity
    return [{"fault": "learning_rate_too_low", "severity": severity, "parameters": list(short)}]


def _p(differences: np.ndarray, seed_sd: float) -> float:
    """Two-sided p that a setting changes nothing.

    The noise is that of two independent runs, from the spread of the base runs: paired differences are
    calmer than that under the null, and wilder only when the setting does matter (near a cliff some seeds
    fall and others do not, and their own spread would hide just that).
    """
    from scipy.stats import t

    seeds = len(differences)
    return float(2 * t.sf(abs(differences.mean()) / (seed_sd * math.sqrt(2 / seeds)), seeds - 1))


def _holm(p_values: dict[tuple[str, float], float]) -> dict[tuple[str, float], float]:
    """Holm 1979: p values adjusted for how many were looked at."""
    adjusted, worst = {}, 0.0
    for rank, (pair, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        worst = max(worst, min(1.0, p * (len(p_values) - rank)))
        adjusted[pair] = worst
    return adjusted


def _bar(
    name: str,
    value: float,
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
        "setting": value,
        "tried": list(FACTORS),
        "effects": [round(effects[factor], 3) for factor in FACTORS],
        "down": effects[0.8],
        "up": effects[1.25],
        "low": low,
        "high": high,
        "signal_to_noise": signal,
        "p": adjusted[name, worse],
        "loss": loss,
        "flagged": bool(loss >= 1 and signal >= 2 and adjusted[name, worse] < 0.05),
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


def _crossfit(means: np.ndarray) -> float:
    """Loss of the setting that looks worst on one half of the seeds, measured on the other; both ways.

    ``means`` are [pairs, seeds].
    """
    half = means.shape[1] // 2
    first, second = means[:, :half].mean(1), means[:, half:].mean(1)
    return float(-(second[first.argmin()] + first[second.argmin()]) / 2)


def _fragility(near: dict[tuple[str, float], np.ndarray], seed: int) -> tuple[float, float, float]:
    """Points lost within a quarter of the plan, with its 90 % interval over seeds and rows."""
    stacked = np.stack(list(near.values()))  # [pairs, seeds, rows]
    _, seeds, n = stacked.shape
    draw = np.random.default_rng([seed, 13])
    half = seeds // 2
    values = []
    for _ in range(300):
        weights = draw.multinomial(n, np.full(n, 1 / n)) / n
        means = stacked @ weights
        # each half is drawn again from itself, or the choice would see the seeds it is measured on
        halves = [draw.integers(half, size=half), draw.integers(half, seeds, size=seeds - half)]
        order = np.concatenate(halves)
        values.append(max(0.0, _crossfit(means[:, order])))
    low, high = np.quantile(values, [0.05, 0.95])
    value = max(0.0, _crossfit(stacked.mean(2)))
    return value, float(min(low, value)), float(max(high, value))


def _cliff(points: dict[tuple[str, float], np.ndarray], seed_sd: float) -> float | None:
    """The smallest factor (0.8 counts as 1.25) at which the result falls off by > 5 points and > 5 sd."""
    falls = [
        max(factor, 1 / factor) for (_, factor), d in points.items() if -d.mean() > max(5.0, 5 * seed_sd)
    ]
    return min(falls) if falls else None


def _unfinished(
    short: dict[str, dict[str, float]], unit: str, centre: Surrogate | Classical
) -> tuple[str, str]:
    """What to do about a training that ends before it has learnt; open where the plan trains longer."""
    assert isinstance(centre, Surrogate)
    name, best = max(short.items(), key=lambda pair: pair[1]["points"])
    key = "training.learning_rate" if name == "learning_rate" else "training.epochs or training.steps"
    gains = f"twice the {LABELS[name].lower()} gains {best['points']:.1f} {unit} after {centre.steps:,} steps"
    if centre.cut >= LONGER:
        title = f"Open: the training may end before it has learnt, by up to {best['high']:.1f} points"
        note = (
            f"Here {gains}, and the plan trains {centre.cut:.0f} times longer, which makes up for some or all"
            " of it: look whether the validation score still rises when the full training ends."
        )
    else:
        title = f"Training ends before it has learnt: at least {best['points']:.1f} points are left"
        note = (
            f"{gains[:1].upper()}{gains[1:]}: raise {key}. Until then the runs differ by how far each has"
            " come, which is no luck. How much the best rate gains, the probe of learning rates tells."
        )
    return title, note


def _words(
    measured: dict[str, float],
    fragile: list[dict[str, Any]],
    short: dict[str, dict[str, float]],
    seed_sd: float,
    metric: str,
    seeds: int,
    centre: Surrogate | Classical,
    lottery: bool,
    gaining: list[dict[str, Any]],
) -> tuple[str, str]:
    unit = "points of " + metric
    luck = "another random start" if isinstance(centre, Surrogate) else "learning from other rows"
    if gaining and (not fragile or gaining[0]["gain"] > fragile[0]["loss"]):
        best = gaining[0]
        times = TIMES[best["factor"]]
        title = f"{times} the {best['label'].lower()} gains {best['gain']:.1f} points"
        note = (
            f"The {best['label'].lower()} is far from its best value: {times.lower()} the planned one gains"
            f" {best['gain']:.1f} {unit}, so search for it first."
        )
    elif short and all(bar["parameter"] in short and bar["down"] <= bar["up"] for bar in fragile):
        title, note = _unfinished(short, unit, centre)
    elif fragile:
        worst = fragile[0]
        way = "higher" if worst["up"] < worst["down"] else "lower"
        title = f"A {way} {worst['label'].lower()} costs {worst['loss']:.1f} points"
        note = (
            f"A {worst['label'].lower()} a quarter {way} than planned loses {worst['loss']:.1f} {unit},"
            f" {worst['signal_to_noise']:.0f} times what {luck} changes."
        )
    else:
        low, high = measured["low"], measured["high"]
        title = "Small changes of the settings do no harm"
        if lottery:
            title = f"{luck.capitalize()} alone changes {seed_sd:.1f} points"
        elif low >= 1:
            title = f"Small changes cost {low:.1f} points or more"
        elif high >= WIDE:
            title = f"Too wide to tell: small changes cost {low:.0f} to {high:.0f} points"
        note = (
            f"No single setting within a quarter of the plan loses more than chance explains: between"
            f" {low:.1f} and {high:.1f} {unit}, where {luck} changes {seed_sd:.1f}."
        )
    if short and not (isinstance(centre, Surrogate) and centre.cut >= LONGER):
        growing = " or the ".join(LABELS[name].lower() for name in short)
        note += f" Twice the {growing} gains more than 3 points: the training is too short."
    if seeds < SEEDS:
        draws = "random starts" if isinstance(centre, Surrogate) else "draws of rows"
        note += f" Measured with {seeds} of {SEEDS} {draws}, as the time allowed."
    return title, " ".join([note, *centre.caveats])
