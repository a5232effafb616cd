"""How much of a result is luck? (probes.md section 0.8 and P1)

The planned training is repeated with other seeds, and the spread is told apart: by the start alone, by the
order of the rows (and dropout) alone, by another split of the data, and by how few test rows there are. From
it follows how large a difference between two settings must be before it is more than luck (Bouthillier and
others, 2021: several sources of variation belong into one estimate).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.fleet import Fleet
from workers.probes import copies
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import fitted, footing
from workers.probes.hyperparameters.fitted import Fitted
from workers.probes.hyperparameters.footing import Footing, Ground
from workers.probes.hyperparameters.seed_noise import unfinished
from workers.probes.words import percent

SEEDS, FEWEST, EACH = 16, 8, 8  # runs with everything new; and for every source alone
RUNS = (1, 3, 5, 10)  # of each of two settings that are compared
MEDIUM, HIGH = 2.0, 5.0  # points that even a lucky view of the spread comes to
REAL = 1.0  # points of that which more test rows would not take away
ENOUGH_RUNS = 5  # a plan that repeats its training so often does not report a lucky run
ENSEMBLE = 5


def run(sample: Sample, budget: Budget) -> Finding:
    """Points by which another random start moves the result (a standard deviation)."""
    stand = fitted.or_network(sample, budget)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    if isinstance(stand, Fitted):
        from workers.probes.hyperparameters.seed_noise import planned_model

        return planned_model.run(sample, stand)
    budget.progress(0.05, "Trying how long one run takes")
    stand = footing.whole(stand, sample, 2 * FEWEST + 2 * EACH)
    seeds = footing.repeats(stand, SEEDS, FEWEST, 2)
    everything, start, order = _runs(stand, seeds)
    scores = stand.scores(everything)
    if reason := stand.nothing_learnt(scores, "a matter of luck"):
        return Finding.skipped(reason)
    budget.progress(0.7, "Splitting the data another way")
    splits = _resplit(sample, stand)
    finding = report(stand, sample, everything, scores, {"start": start, "order": order}, splits)
    if not any(fault["fault"] == "seed_lottery" for fault in finding.facts["faults"]):
        return finding
    budget.progress(0.85, "Trying whether a longer training is steadier")
    return unfinished.judged(stand, scores, finding)


def _runs(stand: Footing, seeds: int) -> tuple[Fleet, np.ndarray, np.ndarray]:
    """All new seeds; and the scores [EACH] with only another start, with only another order."""
    members = [stand.member(seed) for seed in range(seeds)]
    starts = stand.begin(members)
    many = list(range(seeds))
    other, same = list(range(EACH)), [0] * EACH
    fleet = stand.train(
        [members[k] for k in (*many, *same, *other)],  # whose order and dropout
        start=starts.take([*many, *other, *same]),  # whose start
        progress=lambda share, text: stand.budget.progress(0.1 + 0.6 * share, text),
    )
    alone = 100 * stand.scores(fleet.take(range(seeds, len(fleet)))).mean(1)
    return fleet.take(many), alone[:EACH], alone[EACH:]


# -- other splits ---------------------------------------------------------------------------------------
def _resplit(sample: Sample, stand: Footing) -> np.ndarray | None:
    """Scores [EACH] in points on splits drawn anew; None where there are none to draw."""
    parts = other_splits(sample, stand, EACH)
    if parts is None:
        return None
    fleet = stand.train([stand.member(0, rows=np.flatnonzero(part)) for part in parts])
    return np.array([
        100 * stand.scores(fleet.take([k]), np.flatnonzero(~part)).mean() for k, part in enumerate(parts)
    ])  # fmt: skip


def other_splits(sample: Sample, ground: Ground, many: int) -> list[np.ndarray] | None:
    """bool [rows], ``many`` times: other rows to learn from, whole groups and copies staying together.

    None where time gives the split, or there are too few groups.
    """
    roles = {column.role: column.name for column in sample.columns}
    if "time" in roles:
        return None
    found = ground.found
    together = np.arange(len(found.x)) if found.together is None else found.together
    if "group" in roles:
        groups = np.unique(np.array(sample.cells(roles["group"], found.ids)), return_inverse=True)[1]
        together = copies.united(groups.reshape(-1), together)
    if len(np.unique(together)) < 10:
        return None
    draw = np.random.default_rng([ground.budget.seed, 31])
    parts = [_part(together, len(found.train), draw) for _ in range(many)]
    return parts if all(_usable(ground, part) for part in parts) else None


def _part(together: np.ndarray, wanted: int, draw: np.random.Generator) -> np.ndarray:
    """bool [rows]: about ``wanted`` rows to learn from, groups never on both sides."""
    groups, sizes = np.unique(together, return_counts=True)
    order = draw.permutation(len(groups))
    ends = np.cumsum(sizes[order])
    taken = groups[order[: max(1, int(np.searchsorted(ends, wanted)) + 1)]]
    return np.isin(together, taken)


def _usable(stand: Ground, part: np.ndarray) -> bool:
    y = stand.found.y
    return int((~part).sum()) >= 10 and (not stand.found.classes or len(np.unique(y[part])) > 1)


# -- from scores to a finding ---------------------------------------------------------------------------
def few_rows(scores: np.ndarray) -> float:
    """Standard deviation that finitely many test rows alone put into the means of scores [seeds, rows].

    Two-way analysis of variance without repeats: what neither the seed nor the row explains, over the rows.
    """
    seeds, n = scores.shape
    rest = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    return float(np.sqrt(np.square(rest).sum() / ((seeds - 1) * (n - 1)) / n))


def report(
    stand: Footing,
    sample: Sample,
    fleet: Fleet,
    scores: np.ndarray,
    alone: dict[str, np.ndarray],
    splits: np.ndarray | None,
) -> Finding:
    """The spread, where it comes from, what it makes of a comparison, and what an ensemble takes away."""
    seeds, n = scores.shape
    means = 100 * scores.mean(1)
    sd = float(means.std(ddof=1))
    low, high = footing.sd_interval(sd, seeds)
    chance = 100 * few_rows(scores)
    lasting = float(np.sqrt(max(0.0, sd**2 - chance**2)))
    pairs = [(a, b) for a in range(seeds) for b in range(a)]
    churn = float(footing.apart(fleet, stand.found.x[stand.found.test], pairs).mean())
    sources = [
        source("all", "Everything new, same split", sd, seeds),
        source("start", "Only the starting weights", float(alone["start"].std(ddof=1)), EACH),
        source("order", _order_label(stand), float(alone["order"].std(ddof=1)), EACH),
    ]
    if splits is not None:
        sources.append(source("split", "Only another split of the data", float(splits.std(ddof=1)), EACH))
    noise = [{"runs": runs, "points": least(sd, seeds, runs)} for runs in RUNS]
    alarms = faults(stand, sample, low, lasting * low / max(1e-9, sd))
    ensembles = _ensembles(stand, fleet)
    facts = {
        "metric": stand.metric,
        "runs": [round(float(one), 3) for one in means],
        "mean": float(means.mean()),
        "seed_sd": sd,
        "seeds": seeds,
        "churn": churn if stand.found.classes else None,
        "sources": sources,
        "lasting_sd": lasting,
        "noise": noise,
        "planned_runs": sample.planned("training.runs"),
        "test_rows": n,
        "null": {
            "expected": chance,
            "kind": "approximate",
            "of": "the spread that the test rows alone bring about",
        },
        "surrogate": stand.described(),
        "faults": alarms,
        "mitigations": _mitigations(ensembles, sd, seeds),
    }
    title, note = words(facts, bool(alarms), stand)
    return Finding(sd, note, facts, low, high, len(stand.found.train) + n, title)


def source(name: str, label: str, sd: float, runs: int) -> dict[str, Any]:
    low, high = footing.sd_interval(sd, runs)
    return {"source": name, "label": label, "sd": sd, "low": low, "high": high, "runs": runs}


def _order_label(stand: Footing) -> str:
    dropout = " and dropout" if stand.centre.dropout else ""
    return f"Only the order of the rows{dropout}"


def least(sd: float, seeds: int, runs: int) -> float:
    """Points within which 95 of 100 differences of two equal settings lie, each the mean of ``runs``."""
    from scipy.stats import t

    return float(t.ppf(0.975, seeds - 1) * sd * np.sqrt(2 / runs))


def faults(stand: Ground, sample: Sample, low: float, lasting: float) -> list[dict[str, Any]]:
    if low < MEDIUM or lasting < REAL:
        return []
    severity = "high" if low >= HIGH else "medium"
    if (sample.planned("training.runs") or 1) >= ENOUGH_RUNS:
        severity = "medium" if severity == "high" else "low"
    return [{"fault": "seed_lottery", "severity": stand.severity(severity), "parameters": ["seed"]}]


def _ensembles(stand: Footing, fleet: Fleet) -> np.ndarray:
    """Score differences [pairs] in points between two ensembles of ENSEMBLE runs with no run in common."""
    found = stand.found
    x, y = found.x[found.test], found.y[found.test]
    said = fleet.probabilities(x) if found.classes else np.nan_to_num(fleet.predict(x))[..., None]
    draw = np.random.default_rng([stand.budget.seed, 37])
    size = min(ENSEMBLE, len(fleet) // 2)
    gaps = []
    for _ in range(40):
        order = draw.permutation(len(fleet))
        gaps.append(np.diff([_together(found.classes, said[order[at : at + size]].mean(0), y)
                             for at in (0, size)])[0])  # fmt: skip
    return 100 * np.array(gaps)


def _together(classes: tuple[str, ...], said: np.ndarray, y: np.ndarray) -> float:
    if classes:
        return float((said.argmax(1) == y).mean())
    return max(0.0, float(1 - np.square(said[:, 0] - y).mean() / max(1e-12, float(np.var(y)))))


def _mitigations(gaps: np.ndarray, sd: float, seeds: int) -> list[dict[str, Any]]:
    """Ensembling, measured: half the squared difference of two is the variance of one."""
    left = float(np.sqrt(np.square(gaps).mean() / 2))
    if left >= 0.8 * sd:
        return []
    low, high = footing.sd_interval(left, max(3, seeds // 2))  # the pairs overlap; so many runs are apart
    return [{
        "title": f"Let {min(ENSEMBLE, seeds // 2)} runs answer together", "value": left, "low": low,
        "high": min(high, max(left, sd)), "effort": "1 day, one engineer", "basis": "measured",
        "note": f"The spread falls from {sd:.1f} to {left:.1f} points; an answer costs as many times more.",
    }]  # fmt: skip


def words(facts: dict[str, Any], lottery: bool, stand: Ground) -> tuple[str, str]:
    sd, least = facts["seed_sd"], facts["noise"][0]["points"]
    title = f"Luck alone moves the result by {sd:.1f} points"
    if lottery:
        title = f"A single run is a lottery: luck moves it by {sd:.1f} points"
    elif sd < 0.25:
        title = "The result hardly depends on luck"
    note = (
        f"Repeated {facts['seeds']} times, the same settings give {min(facts['runs']):.1f} to"
        f" {max(facts['runs']):.1f} points of {facts['metric']}"
    )
    if least >= 0.05:
        note += (
            f": of two settings tried once each, a difference below {least:.1f} points says nothing; with"
            f" five runs each, {facts['noise'][2]['points']:.1f}"
        )
    note += "."
    row = 100 / facts["test_rows"]
    if sd < row / 2 and stand.found.classes:  # equal runs on few rows are no proof that luck does nothing
        note += f" One of the {facts['test_rows']:,} test rows is {row:.1f} points: less cannot be told."
    if facts["churn"]:
        note += f" Two such runs disagree on {percent(facts['churn'])} of the answers."
    if facts["null"]["expected"] > facts["lasting_sd"] and sd >= 0.25:
        judging = f"the small test part of {facts['test_rows']:,} rows"
        if stand.found.part is not None and (stand.found.part == 1).any():
            judging = f"that only {facts['test_rows']:,} rows judge it, of the test and validation parts"
        note += f" Most of it is {judging}."
    return title, " ".join([note, *stand.caveats])
