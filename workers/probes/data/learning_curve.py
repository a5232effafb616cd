"""Do we have enough data, and how much more until the target?

A fleet of small networks learns from 8 nested subsets at each of 8 to 12 sizes; power laws through their
errors (``power_law``) are refitted to resampled errors and read off at up to six times the data at hand.
Value, in points of the metric: with ``evaluation.target_value`` in the plan, the points missing to it now;
without one, the points that twice the data would bring. Score = 1 - error; for numbers the metric is R2.
The fleet stands in for the planned model, so the level may differ; the shape is what is measured.
Intervals: refits' quantiles, spread by a conformal factor of 1.3 (raw ones cover 76 %, these 90 %;
probes.md D1). A curve that gets worse with more data is reported and not forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Finding, Sample, Target
from workers.probes.data import power_law
from workers.probes.data.out_of_fold import narrowed
from workers.probes.words import count

REPEATS, ANCHORS, REFITS = 8, 10, 60
CONFORMAL, REACH = 1.3, 6
HELD_OUT, MOST_HELD = 0.25, 1_000
FEWEST = 60
METRICS = {
    "accuracy": "accuracy", "acc": "accuracy",
    "balanced_accuracy": "balanced accuracy", "recall_macro": "balanced accuracy",
    "f1": "macro F1", "macro_f1": "macro F1", "f1_macro": "macro F1", "r2": "R2",
}  # fmt: skip


@dataclass
class Curve:
    """Measured errors float [anchors, repeats] at sizes n [anchors]."""

    n: np.ndarray
    error: np.ndarray
    guessing: float  # error of always saying the commonest class, or the mean

    @property
    def se(self) -> np.ndarray:
        return self.error.std(axis=1, ddof=1) / np.sqrt(self.error.shape[1])


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or sample.target is None:
        return Finding.skipped("No target column is named, so there is nothing to learn.")
    if not sample.features.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    metric, compared = _metric(sample, sample.target)
    labels = sample.labels(0)
    known = np.flatnonzero(np.isfinite(labels) if sample.target.task == "regression" else labels >= 0)
    if len(known) < FEWEST:
        return Finding.skipped(
            f"A learning curve takes at least {FEWEST} labelled rows; there are {len(known)}."
        )
    x, y = narrowed(sample.features[known], budget.seed), labels[known]
    curve = _measure(x, y, sample, sample.split[known], metric, budget)
    now = max(int(curve.n[-1]), _rows_now(sample, len(known)))
    target = sample.planned("evaluation.target_value") if compared else None
    target = float(target) if isinstance(target, (int, float)) and 0 < target <= 1 else None
    facts = _measured_facts(curve, metric, now, target)
    bad = _worse(curve)
    if bad is not None:
        facts["faults"] = []
        return Finding.skipped(
            f"More rows made it worse (at {bad:,} rows), so this curve is not forecast; "
            "check the order and the labels.",
            **facts,
        )
    budget.progress(0.7, "Fitting learning curves")
    return _forecast(sample, curve, facts, metric, now, target, budget)


# -- measuring ----------------------------------------------------------------------------------------
def _metric(sample: Sample, target: Target) -> tuple[str, bool]:
    """The metric measured, and whether it is the plan's, so that its target can be compared."""
    planned = str(sample.planned("evaluation.metric", "")).lower().replace("-", "_").replace(" ", "_")
    default = "R2" if target.task == "regression" else "accuracy"
    found = METRICS.get(planned, default)
    if (found == "R2") != (target.task == "regression"):
        found = default
    return found, not planned or METRICS.get(planned) == found


def _rows_now(sample: Sample, known: int) -> int:
    """Labelled rows that the whole upload would train on."""
    split = sample.manifest.get("split", {})
    train = int(split.get("train") or 0) + int(split.get("validation") or 0)
    return train if train and sample.rows > known else 0


def _measure(
    x: np.ndarray, y: np.ndarray, sample: Sample, split: np.ndarray, metric: str, budget: Budget
) -> Curve:
    from workers.fleet import Head, Member, Net, train

    rng = np.random.default_rng(budget.seed)
    fixed = (
        sample.manifest.get("split", {}).get("made_by") not in (None, "riskboard")
        and (split == 2).sum() >= 50
    )
    regression = metric == "R2"
    classes = 0 if regression else int(y.max()) + 1
    tests, orders = [], []
    for _ in range(REPEATS):
        order = rng.permutation(len(y))
        if fixed:
            test, pool = order[split[order] == 2][:MOST_HELD], order[split[order] != 2]
        else:
            cut = min(MOST_HELD, int(HELD_OUT * len(y)))
            test, pool = order[:cut], order[cut:]
        tests.append(test)
        orders.append(pool)
    largest = min(len(pool) for pool in orders)
    smallest = min(max(16, 4 * classes), largest // 3)
    n = np.unique(np.geomspace(smallest, largest, ANCHORS).round().astype(int))
    members = [
        Member(
            seed=budget.seed + 1000 * r, rows=orders[r][:size], weight_decay=0.02,
            steps=int(np.clip(25 * size / 64, 120, 1500)),
        )
        for size in n for r in range(REPEATS)
    ]  # fmt: skip
    fleet = train(
        x, y.astype(np.float32) if regression else y, members, net=Net(hidden=(32,)),
        heads=(Head(1, "regression"),) if regression else (Head(classes),), optimizer="adamw",
        progress=lambda share, text: budget.progress(0.7 * share, text), device=budget.device,
    )  # fmt: skip
    error = np.empty((len(n), REPEATS))
    guesses = []
    for r in range(REPEATS):
        said = fleet.take([a * REPEATS + r for a in range(len(n))]).predict(x[tests[r]])
        error[:, r] = [1 - score(one, y[tests[r]], metric) for one in said]
        rest = y[orders[r]]
        plain = rest.mean() if regression else np.bincount(rest).argmax()
        guesses.append(1 - score(np.full(len(tests[r]), plain), y[tests[r]], metric))
    return Curve(n, error, float(np.mean(guesses)))


def score(said: np.ndarray, y: np.ndarray, metric: str) -> float:
    """The metric of predictions [n] against y [n]; 1 is perfect. R2 is cut at -1."""
    if metric == "R2":
        said = np.nan_to_num(said.astype(float), nan=float(y.mean()))
        return float(max(-1.0, 1 - ((y - said) ** 2).sum() / max(((y - y.mean()) ** 2).sum(), 1e-12)))
    if metric == "accuracy":
        return float((said == y).mean())
    names = np.unique(y)
    hit = np.array([((said == c) & (y == c)).sum() for c in names])
    true, claimed = np.array([(y == c).sum() for c in names]), np.array([(said == c).sum() for c in names])
    return float(
        (hit / true).mean()
        if metric == "balanced accuracy"
        else (2 * hit / np.maximum(true + claimed, 1)).mean()
    )


def _worse(curve: Curve) -> int | None:
    """The largest size, where it clearly hurt: by over a point and two standard errors of the pairs."""
    mean = curve.error.mean(axis=1)
    for k in range(1, len(mean)):
        best = int(mean[:k].argmin())
        pairs = curve.error[k] - curve.error[best]
        if (
            pairs.mean() > 0.01
            and pairs.mean() > 2 * pairs.std(ddof=1) / np.sqrt(len(pairs))
            and k == len(mean) - 1
        ):
            return int(curve.n[k])
    return None


# -- forecasting ----------------------------------------------------------------------------------------
def _forecast(
    sample: Sample,
    curve: Curve,
    facts: dict[str, Any],
    metric: str,
    now: int,
    target: float | None,
    budget: Budget,
) -> Finding:
    rng = np.random.default_rng(budget.seed + 1)
    draws = []
    for i in range(REFITS):
        together = rng.integers(0, REPEATS, REPEATS)  # the same subsets at every size: the level moves
        apart = rng.integers(0, REPEATS, (len(curve.n), REPEATS))  # others at each size: the shape moves
        draws.append(
            curve.error[:, together].mean(axis=1)
            if i % 4 < 2
            else np.take_along_axis(curve.error, apart, 1).mean(axis=1)
        )
    fits = power_law.refits(curve.n.astype(float), draws, curve.se, budget.seed, lambda: budget.left > 1)
    most = REACH * int(curve.n[-1])
    sizes = np.unique(np.geomspace(min(now, most), most, 13).round().astype(int))
    ahead = power_law.widened(np.array([1 - power_law.errors(t, sizes) for t in fits]), CONFORMAL)
    facts["forecast"] = {"n": sizes.tolist()} | {
        k: np.clip(v, -1, 1).round(5).tolist() for k, v in ahead.items()
    }
    here = min(now, most)
    gains = np.array([power_law.errors(t, np.array([here, min(2 * here, most)], float)) for t in fits])
    gain = power_law.widened(100 * (gains[:, 0] - gains[:, 1]), CONFORMAL)
    facts["gain_from_twice"] = {k: float(v) for k, v in gain.items()}
    current = power_law.widened(1 - gains[:, 0], CONFORMAL)
    facts["score_now"] = {k: float(v) for k, v in current.items()}
    if target is None:
        low, value, high = (max(0.0, float(gain[k])) for k in ("p05", "p50", "p95"))
    else:
        facts |= _needed(fits, 1 - target, most)
        low, value, high = (max(0.0, 100 * (target - float(current[k]))) for k in ("p95", "p50", "p05"))
    facts["faults"] = _faults(curve, facts, target)
    if facts["faults"] and facts["faults"][0]["fault"] == "no_signal" and target is None:
        return Finding.skipped(
            f"Inconclusive: with {count(now, 'row')} a small network does no better than guessing "
            f"({_shown(facts['score'][-1], metric)} {metric}, "
            f"guessing {_shown(1 - curve.guessing, metric)}), "
            "so no curve can tell what more data would bring.",
            **facts,
        )
    return Finding(
        value, _note(facts, metric, now, target, sample), facts, low=low, high=high, sample=int(curve.n[-1]),
        title=_title(facts, metric, value, target, now), basis="measured",
    )  # fmt: skip


def _needed(fits: list[np.ndarray], error: float, most: int) -> dict[str, Any]:
    """Rows until the target, and the share of refits that do not reach it within six times the data."""
    rows = np.array([power_law.first_below(t, error, most) for t in fits])
    reached = np.isfinite(rows)
    never = float(np.mean([np.exp(t[0]) >= error for t in fits]))
    found: dict[str, Any] = {"unreachable": float(1 - reached.mean()), "never": never, "rows_needed": None}
    if reached.any():
        ordered = np.sort(rows)
        at = {
            name: ordered[min(len(rows) - 1, int(q * len(rows)))]
            for name, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
        }
        middle = at["p50"]
        for name, value in at.items():
            if np.isfinite(middle) and np.isfinite(value):  # spread on the log scale, as counts are
                at[name] = middle * (value / middle) ** CONFORMAL
        found["rows_needed"] = {k: int(np.ceil(v)) if np.isfinite(v) else None for k, v in at.items()}
    return found


def _measured_facts(curve: Curve, metric: str, now: int, target: float | None) -> dict[str, Any]:
    mean, half = (
        1 - curve.error.mean(axis=1),
        1.895 * curve.error.std(axis=1, ddof=1) / np.sqrt(REPEATS),
    )  # t, 7 df
    return {
        "metric": metric,
        "n": curve.n.tolist(),
        "score": mean.round(5).tolist(),
        "score_low": (mean - half).round(5).tolist(),
        "score_high": (mean + half).round(5).tolist(),
        "now": now,
        "target": target,
        "forecast": None,
        "rows_needed": None,
        "unreachable": None,
        "null": {"score": 1 - curve.guessing, "how": "always the commonest class, or the mean"},
        "model": "networks of 32 hidden units in the place of the planned model",
    }


def _faults(curve: Curve, facts: dict[str, Any], target: float | None) -> list[dict[str, Any]]:
    faults = []
    guessing = 1 - curve.guessing
    gain = facts["gain_from_twice"]
    if facts["score_low"][-1] < guessing + 0.005:
        faults.append({"fault": "no_signal", "severity": "medium"})
    if target is not None and facts["unreachable"] > 0.3:
        faults.append(
            {"fault": "target_not_reachable", "severity": "high" if facts["unreachable"] > 0.7 else "medium"}
        )
    if faults and faults[0]["fault"] == "no_signal":
        return faults  # what is read off a curve of chance says nothing about more of it
    if gain["p05"] > 0.5:
        faults.append({"fault": "more_data_helps", "severity": "medium" if gain["p05"] > 3 else "low"})
    elif gain["p95"] < 0.5 and target is not None and facts["score_now"]["p95"] < target:
        faults.append({"fault": "more_data_does_not_help", "severity": "medium"})
    return faults


def _shown(score_: float, metric: str) -> str:
    return f"{score_:.2f}" if metric == "R2" else f"{score_:.0%}" if score_ < 0.9 else f"{score_:.1%}"


def _title(facts: dict[str, Any], metric: str, value: float, target: float | None, now: int) -> str:
    if target is None:
        if facts["gain_from_twice"]["p95"] < 0.5:
            return "More data would hardly help"
        return f"Twice the data would bring about {value:.1f} points"
    if value < 0.05:
        return f"The target of {_shown(target, metric)} is within reach now"
    needed = facts["rows_needed"]
    if needed is None or needed["p50"] is None:
        return f"{_shown(target, metric)} is out of reach with six times the data"
    return f"About {count(needed['p50'], 'row')} until {_shown(target, metric)}"


def _note(facts: dict[str, Any], metric: str, now: int, target: float | None, sample: Sample) -> str:
    here, gain = facts["score_now"], facts["gain_from_twice"]
    text = f"With {count(now, 'row')}, a small network reaches {_shown(here['p50'], metric)} {metric}"
    if target is None:
        return (
            text + f"; twice as many would add {max(0, gain['p05']):.1f} to {max(0, gain['p95']):.1f} points."
        )
    needed = facts["rows_needed"]
    if needed is None or needed["p50"] is None:
        return (
            text
            + f"; even six times as many reach {_shown(target, metric)} in only "
            + f"{1 - facts['unreachable']:.0%} of the forecasts."
        )
    if needed["p50"] <= now:
        return text + f", and the plan asks for {_shown(target, metric)}."
    last = f"{needed['p95']:,}" if needed["p95"] is not None else f"more than {facts['forecast']['n'][-1]:,}"
    return (
        text
        + f"; plan for {needed['p50']:,} rows (likely {needed['p05']:,} to {last}) "
        + f"until {_shown(target, metric)}."
    )
