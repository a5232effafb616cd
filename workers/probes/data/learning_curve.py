"""Do we have enough data, and how much more until the target?

A fleet of small networks learns from 12 nested subsets at each of 12 sizes (``anchors``); power laws through
their errors (``power_law``) are read off at up to six times the data at hand. Value, in points of the metric:
with a target in the plan or the answers, the points missing to it now; without one, the points that twice the
data would bring. Where labels are surely wrong, the target is what it comes to against such labels
(``label_noise``), for rows do not make up for them. Score = 1 - error; for numbers the metric is R2. The
fleet stands in for the planned model, so the level may differ; the shape is what is measured. Intervals are
spread by a conformal factor, chosen on other data sets than those it is tested on (benchmarks/amount.py): raw
ones cover 80 %. A curve that gets worse with more data is reported and not forecast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Finding, Sample
from workers.probes.data.shared import anchors, goal, label_noise, power_law, signal
from workers.probes.data.shared.anchors import Curve
from workers.probes.data.shared.out_of_fold import narrowed
from workers.probes.words import count, pieces

CONFORMAL, REACH = 1.4, 6
FEWEST = 60
TEST = 2  # the number of the test part in a split
T_90 = 1.796  # Student's t for the 90 % interval of 12 repeats


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or sample.target is None:
        return Finding.skipped("No target column is named, so there is nothing to learn.")
    if not sample.features.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    wanted = goal.of(sample, sample.target)
    metric = wanted.metric
    labels = sample.labels(0)
    known = np.flatnonzero(np.isfinite(labels) if sample.target.task == "regression" else labels >= 0)
    if len(known) < FEWEST:
        return Finding.skipped(
            f"A learning curve takes at least {FEWEST} labelled rows; there are {len(known)}."
        )
    if metric != "R2" and len(np.unique(labels[known])) < 2:
        return Finding.skipped("All labelled rows have the same label, so there is nothing to learn.")
    if metric == "R2" and np.ptp(labels[known]) == 0:
        return Finding.skipped("All labelled rows have the same number, so there is nothing to learn.")
    x, y = narrowed(sample.features[known], budget.seed), labels[known]
    held = _held(sample, sample.split[known])
    curve = anchors.measure(
        x, y, metric, budget.seed, held=held, device=budget.device,
        progress=lambda share, text: budget.progress(0.8 * share, text),
    )  # fmt: skip
    now = max(int(curve.n[-1]), _rows_now(sample, len(known)))
    facts = _measured_facts(curve, metric, now, wanted.value)
    bad = _worse(curve)
    if bad is not None:
        facts["faults"] = []
        return Finding.skipped(
            f"More rows made it worse (at {bad:,} rows), so this curve is not forecast; "
            "check the order and the labels.",
            **facts,
        )
    budget.progress(0.7, "Fitting learning curves")
    noise = None
    if wanted.value is not None and metric in label_noise.METRICS and facts["score"][-1] < wanted.value:
        noise = label_noise.seen(sample, budget, 0.3 * budget.left, split=None if held is None else TEST)
    facts["label_noise"] = noise.told(wanted) if noise else None
    return _forecast(sample, x, y, curve, facts, wanted, noise, now, budget)


# -- measuring ----------------------------------------------------------------------------------------
def _held(sample: Sample, split: np.ndarray) -> np.ndarray | None:
    """bool [n]: the test rows, where somebody chose them."""
    made_by = sample.manifest.get("split", {}).get("made_by")
    test = split == TEST
    fixed = made_by not in (None, "riskboard") and test.sum() >= 50 and (~test).sum() >= FEWEST
    return test if fixed else None


def _rows_now(sample: Sample, known: int) -> int:
    """Labelled rows that the whole upload would train on, where the curve was measured on a part."""
    if sample.rows <= known <= anchors.MOST_ROWS:
        return 0
    split = sample.manifest.get("split", {})
    train = int(split.get("train") or 0) + int(split.get("validation") or 0)
    return train or round(0.75 * known)


def _worse(curve: Curve) -> int | None:
    """The largest size, where it clearly hurt: by over a point and three standard errors of the pairs."""
    mean = curve.error.mean(axis=1)
    pairs = curve.error[-1] - curve.error[int(mean[:-1].argmin())]
    hurt = pairs.mean() > max(0.01, 3 * pairs.std(ddof=1) / np.sqrt(len(pairs)))
    return int(curve.n[-1]) if hurt else None


# -- forecasting ----------------------------------------------------------------------------------------
def _forecast(
    sample: Sample,
    x: np.ndarray,
    y: np.ndarray,
    curve: Curve,
    facts: dict[str, Any],
    wanted: goal.Goal,
    noise: label_noise.Noise | None,
    now: int,
    budget: Budget,
) -> Finding:
    metric, asked = wanted.metric, wanted.value
    target = noise.goal(wanted) if noise else asked
    first = _first(curve)
    fits = power_law.fit(curve.n[first:], curve.error[first:], curve.level, budget.seed)
    most = REACH * int(curve.n[-1])
    sizes = np.unique(np.geomspace(min(now, most), most, 13).round().astype(int))
    ahead = power_law.widened(1 - fits.errors(sizes), CONFORMAL)
    facts["forecast"] = {"n": sizes.tolist()} | {
        k: np.clip(v, -1, 1).round(5).tolist() for k, v in ahead.items()
    }
    here = min(now, most // 2)
    gains = fits.errors(np.array([here, 2 * here], float))
    gain = power_law.widened(100 * (gains[:, 0] - gains[:, 1]), CONFORMAL)
    facts["beyond"] = now > here
    if now > here:  # beyond the reach of the forecast a doubling brings less than its last one
        gain["p05"] = np.minimum(0.0, gain["p05"])
    facts["gain_from_twice"] = {k: float(v) for k, v in gain.items()}
    current = power_law.widened(1 - fits.errors(np.array([min(now, most)], float))[:, 0], CONFORMAL)
    facts["score_now"] = {k: float(v) for k, v in current.items()}
    best = power_law.widened(1 - fits.asymptote, CONFORMAL)
    facts["best_possible"] = {k: float(np.clip(v, -1, 1)) for k, v in best.items()}
    if target is None:
        low, value, high = (max(0.0, float(gain[k])) for k in ("p05", "p50", "p95"))
    else:
        facts |= _needed(fits, 1 - target, most)
        easy, hard = noise.goals(wanted) if noise else (target, target)
        low, value, high = (
            max(0.0, 100 * (end - float(current[k])))
            for end, k in ((easy, "p95"), (target, "p50"), (hard, "p05"))
        )
    facts["price"] = _price(sample, facts, now)
    nothing = facts["score_low"][-1] < 1 - curve.guessing + 0.005 and signal.absent(
        *signal.drawn(x, y, budget.seed), metric != "R2", budget.seed, budget.device
    )
    # With the labels as they are, a target may be out of reach that is not once they are right.
    given = _needed(fits, 1 - asked, most)["unreachable"] if noise and asked else facts["unreachable"]
    facts["faults"] = _faults(facts, asked, given, nothing)
    if facts["faults"] and facts["faults"][0]["fault"] == "no_signal" and target is None:
        return Finding.skipped(
            f"Inconclusive: with {count(now, 'row')} a small network does no better than guessing "
            f"({_shown(facts['score'][-1], metric)} {metric}, "
            f"guessing {_shown(1 - curve.guessing, metric)}), "
            "so no curve can tell what more data would bring.",
            **facts,
        )
    unit = pieces(sample.kind, 1)
    note = _note(facts, metric, now, asked, unit) + _spent(facts["price"])
    return Finding(
        value, note + noise.note(wanted) if noise else note, facts, low=low, high=high,
        sample=int(curve.n[-1]), title=_title(facts, metric, value, asked, now, unit), basis="measured",
    )  # fmt: skip


def _first(curve: Curve) -> int:
    """The first size that the fit sees: R2 far below 0 says how wild a model is, not how much it learns."""
    usable = np.flatnonzero(curve.error.mean(axis=1) < 1.1)
    return min(int(usable[0]) if len(usable) else 0, max(0, len(curve.n) - 5))


def _needed(fits: power_law.Curves, error: float, most: int) -> dict[str, Any]:
    """Rows until the target, and the share of curves that do not reach it within six times the data."""
    rows = np.sort(fits.first_below(error, most))
    reached = np.isfinite(rows)
    never = float(np.mean(fits.asymptote >= error))
    found: dict[str, Any] = {"unreachable": float(1 - reached.mean()), "never": never, "rows_needed": None}
    if reached.any():
        at = {
            name: rows[min(len(rows) - 1, int(q * len(rows)))]
            for name, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
        }
        middle = at["p50"]
        for name, value in at.items():
            if np.isfinite(middle) and np.isfinite(value):  # spread on the log scale, as counts are
                at[name] = middle * (value / middle) ** CONFORMAL
        found["rows_needed"] = {
            k: int(np.ceil(v)) if np.isfinite(v) and v <= most else None for k, v in at.items()
        }
    return found


def _price(sample: Sample, facts: dict[str, Any], now: int) -> dict[str, Any] | None:
    """What the rows until the target cost, or twice the rows where no target is named, in US dollars."""
    each = goal.price(sample)
    if each is None:
        return None
    needed = (
        facts["rows_needed"] if facts["target"] is not None else dict.fromkeys(("p05", "p50", "p95"), 2 * now)
    )
    if needed is None:
        return {"each": list(each), "more": None, "money": None}
    more = {k: None if v is None else max(0, v - now) for k, v in needed.items()}
    unit = {"p05": each[0], "p50": (each[0] * each[1]) ** 0.5, "p95": each[1]}
    money = {k: None if v is None else round(v * unit[k], 2) for k, v in more.items()}
    return {"each": list(each), "more": more, "money": money}


def _measured_facts(curve: Curve, metric: str, now: int, target: float | None) -> dict[str, Any]:
    mean, half = 1 - curve.error.mean(axis=1), T_90 * curve.se
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


def _faults(
    facts: dict[str, Any], target: float | None, unreachable: float | None, nothing: bool
) -> list[dict[str, Any]]:
    """``nothing``: accuracy does not beat guessing, and no other measure does either."""
    faults: list[dict[str, Any]] = []
    gain, short = facts["gain_from_twice"], False
    if nothing:
        faults.append({"fault": "no_signal", "severity": "medium", "note": "No model beats guessing."})
    if target is not None:
        short = facts["score_now"]["p50"] < target
        if unreachable is not None and unreachable > 0.3 and short:
            severity = "high" if unreachable > 0.7 else "medium"
            note = f"{unreachable:.0%} of the forecasts stay below it with {REACH} times the data"
            note += " and these labels." if facts["label_noise"] else "."
            faults.append({"fault": "target_not_reachable", "severity": severity, "note": note})
    if nothing:
        return faults  # what is read off a curve of chance says nothing about more of it
    if gain["p05"] > 0.5:
        note = f"Twice the data brings {gain['p05']:.1f} to {gain['p95']:.1f} points."
        faults.append({"fault": "more_data_helps", "severity": "medium" if short else "low", "note": note})
    elif target is not None and facts["score_now"]["p95"] < target and gain["p95"] < _little(facts, target):
        note = f"Twice the data brings less than {max(0.1, gain['p95']):.1f} points."
        faults.append({"fault": "more_data_does_not_help", "severity": "medium", "note": note})
    return faults


def _shown(score_: float, metric: str) -> str:
    if metric == "R2":
        return f"{score_:.2f}"
    return f"{score_:.0%}" if score_ < 0.9 else f"{score_:.1%}".replace(".0%", "%")


def _little(facts: dict[str, Any], target: float) -> float:
    """Points that are no help: half a point, or a twentieth of what is missing."""
    return max(0.5, 5 * (target - facts["score_now"]["p50"]))


def _few(share: float) -> str:
    return "fewer than 1 in 100" if share < 0.01 else f"only {share:.0%}"


def _title(
    facts: dict[str, Any], metric: str, value: float, target: float | None, now: int, unit: str
) -> str:
    if target is None:
        if facts["gain_from_twice"]["p95"] < 0.5:
            return "More data would hardly help"
        if facts["beyond"]:
            return f"Twice the data would bring at most {facts['gain_from_twice']['p95']:.1f} points"
        return f"Twice the data would bring about {value:.1f} points"
    if value < 0.05 and facts["label_noise"]:
        return f"Wrong labels, and not missing rows, stand between this data and {_shown(target, metric)}"
    if value < 0.05:
        return f"The target of {_shown(target, metric)} is within reach now"
    needed = facts["rows_needed"]
    if needed is None or needed["p50"] is None:
        return f"{_shown(target, metric)} is out of reach with six times the data"
    return f"About {count(needed['p50'], unit)} until {_shown(target, metric)}"


def _note(facts: dict[str, Any], metric: str, now: int, target: float | None, unit: str) -> str:
    here, gain = facts["score_now"], facts["gain_from_twice"]
    told = min(now, facts["forecast"]["n"][-1])
    text = f"With {count(told, unit)}, a small network reaches {_shown(here['p50'], metric)} {metric}"
    if target is None and facts["beyond"]:
        most = f"{max(0, gain['p95']):.1f} points"
        return text + (
            f"; twice the {count(now, unit)} that there are would add at most {most}"
            f" (the forecast ends at {facts['forecast']['n'][-1]:,})."
        )
    if target is None:
        return (
            text + f"; twice as many would add {max(0, gain['p05']):.1f} to {max(0, gain['p95']):.1f} points."
        )
    needed = facts["rows_needed"]
    if needed is None or needed["p50"] is None:
        return (
            text
            + f"; even {facts['forecast']['n'][-1]:,} reach {_shown(target, metric)} in "
            + f"{_few(1 - facts['unreachable'])} of the forecasts."
        )
    if needed["p50"] <= now:
        return text + f", and the plan asks for {_shown(target, metric)}."
    last = f"{needed['p95']:,}" if needed["p95"] is not None else f"more than {facts['forecast']['n'][-1]:,}"
    return (
        text
        + f"; plan for {count(needed['p50'], unit)} (likely {needed['p05']:,} to {last}) "
        + f"until {_shown(target, metric)}."
    )


def _spent(price: dict[str, Any] | None) -> str:
    """What the further rows cost, where somebody answered what one costs."""
    middle = ((price or {}).get("money") or {}).get("p50")
    if not middle or price is None:
        return ""
    return f" Labels for {price['more']['p50']:,} more rows cost about ${middle:,.0f}."
