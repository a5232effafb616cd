"""Is the accuracy we promised possible at all with this data?

The smallest error that any model can have lies between a lower bound (``bayes``; never above where the
learning curve ends) and the best that anything reached. Value: the chance that the goal lies below it, with
what lies between the two ends of a bootstrap draw counted in part; its interval is from "only where the
lower bound says so" to "wherever nothing has reached it yet". Without a goal: the chance that the inputs say
nothing about the answer (``signal``). Other metrics than accuracy and R2 take the model's error in them,
scaled as accuracy's bounds stand to accuracy's error; that is an approximation, and is told. Where labels are
surely wrong, the goal is what it comes to against such labels (``label_noise``), and what they would cost if
they stayed counts in part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Finding, Sample
from workers.probes.data.feasibility import bayes
from workers.probes.data.shared import anchors, goal, label_noise, power_law, signal
from workers.probes.data.shared.out_of_fold import narrowed
from workers.probes.intervals import clopper_pearson
from workers.probes.surrogate import MOST_ROWS, stratified
from workers.probes.words import count, pieces

FEWEST, FEWEST_DIFFERENT = 60, 12
FEW_SIZES = 6
FEW_CASES = 100  # rows outside the commonest class, below which silence of the inputs proves little
RARE = 0.1  # share of the rows outside the commonest class, below which few of them are no small data set
OPEN = 0.6  # the most that is said while the lower bound still allows the goal; judgement
STAY = 0.5  # chance that wrong labels stay as they are, and the goal out of reach with them; judgement
DOUBTFUL = 0.4  # of the chance, above which the goal is named as a fault


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or sample.target is None:
        return Finding.skipped("No target column is named, so there is nothing to predict.")
    if not sample.features.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    wanted, y = goal.of(sample, sample.target), sample.labels(0)
    regression = sample.target.task == "regression"
    known = np.flatnonzero(np.isfinite(y) if regression else y >= 0)
    if len(known) < FEWEST:
        return Finding.skipped(f"This takes at least {FEWEST} labelled rows; there are {len(known)}.")
    y = y[known]
    if np.ptp(y) == 0:
        return Finding.skipped(f"All labelled rows have the same {sample.target.name}.")
    asked = _asked(sample.features[known], y, regression, budget.seed)
    rng = np.random.default_rng([budget.seed, 37])
    drawn = stratified(None if regression else y, np.arange(len(y)), MOST_ROWS, rng)
    x, y = sample.features[known[drawn]], y[drawn]
    kept = bayes.distinct(x, y)
    if len(kept) < FEWEST or np.ptp(y[kept]) == 0:
        return Finding.skipped(f"Without repeated rows only {len(kept)} are left, which are too few.")
    x, y = narrowed(x[kept], budget.seed), y[kept]
    if (different := len(np.unique(x, axis=0))) < FEWEST_DIFFERENT:
        return Finding.skipped(f"Only {count(different, 'row')} differ in their inputs, which are too few.")
    if not regression:
        y = np.unique(y, return_inverse=True)[1]
    if len(asked[1]) < FEWEST or np.ptp(asked[1]) == 0:
        asked = x, y
    return _judged(sample, x, y, asked, wanted, budget)


def _asked(x: np.ndarray, y: np.ndarray, regression: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are asked whether the inputs say anything, out of all: those of rare classes whole."""
    x, y = signal.drawn(x, y, seed)
    kept = bayes.distinct(x, y)
    x, y = narrowed(x[kept], seed), y[kept]
    return x, y if regression else np.unique(y, return_inverse=True)[1]


def _judged(
    sample: Sample, x: np.ndarray, y: np.ndarray, asked: tuple[np.ndarray, np.ndarray], wanted: goal.Goal,
    budget: Budget,
) -> Finding:  # fmt: skip
    regression = wanted.metric == "R2"
    budget.progress(0.05, "Comparing with shuffled answers")
    beats = signal.look(*asked, not regression, budget.seed, budget.device)
    budget.progress(0.3, "Looking for the smallest possible error")
    bounds = (bayes.of_numbers if regression else bayes.of_classes)(x, y, budget.seed, budget.device)
    model = 1 - anchors.score(bounds.said, y, wanted.metric)
    plain = min(bounds.models.values())
    scale = 1.0 if wanted.metric in ("accuracy", "R2") else model / max(plain, 1e-9)
    lower, upper = bounds.lower * scale, bounds.upper * scale
    if budget.left > 3:
        budget.progress(0.6, "Where does the learning curve end")
        end = _end(x, y, wanted.metric, budget)
        lower = np.minimum(lower, np.quantile(end, 0.05))
        upper = np.minimum(upper, np.quantile(end, 0.95))
    upper = np.maximum(upper, lower)
    facts = _facts(bounds, beats, wanted, lower, upper, model, len(y))
    nothing = beats.p > signal.ALPHA
    # Of a rare outcome there may be too few cases to see what the inputs say.
    cases = len(y) if regression else len(y) - int(np.bincount(y).max())
    seen = len(asked[1]) if regression else len(asked[1]) - int(np.bincount(asked[1]).max())
    enough = len(y) >= 300 and seen >= FEW_CASES
    few = nothing and seen < FEW_CASES and cases < RARE * len(y)  # then silence is no finding
    faults: list[dict[str, Any]] = []
    if nothing:
        faults.append({
            "fault": "no_signal", "severity": "high" if enough and beats.p > 0.1 else "medium",
            "columns": [sample.target.name] if sample.target else [], "score": round(beats.z, 2),
            "note": f"Shuffled answers do as well as the real ones (p = {beats.p:.2f}).",
        })  # fmt: skip
    facts["faults"] = faults
    if wanted.value is None:
        low, high = sorted((beats.chance / (2 - beats.chance), 2 * beats.chance / (1 + beats.chance)))
        title, note = _open_title(facts, wanted.metric, nothing), _open_note(facts, wanted.metric, nothing)
        if few:
            low, title = 0.0, "Too few cases to tell what the inputs say"
            note = (
                f"In {count(seen, 'row')} outside the commonest class nothing was seen that shuffled answers"
                " do not show as well; collect more of them before you judge the inputs."
            )
        value = min(beats.chance, signal.BEFORE) if few else beats.chance
        return Finding(value, note, facts, low=low, high=high, sample=len(y), title=title)
    noise = None
    if wanted.metric in label_noise.METRICS and model > 1 - wanted.value:
        noise = label_noise.seen(sample, budget, 0.4 * budget.left)
    facts["label_noise"] = noise.told(wanted) if noise else None
    value, low, high = _chance(lower, upper, 1 - (noise.goal(wanted) if noise else wanted.value))
    facts["verdict"] = "infeasible" if low > 0.5 else "unclear" if value > 0.1 else "feasible"
    # With the labels as they are, a goal may be out of reach that is possible once they are right.
    given, surely, most = _chance(lower, upper, 1 - wanted.value) if noise else (value, low, high)
    value, high = value + STAY * max(0.0, given - value), max(high, most)
    if given > DOUBTFUL and model > 1 - wanted.value:
        faults.append({
            "fault": "target_not_reachable", "severity": "high" if surely > 0.5 else "medium",
            "score": round(given, 3),
            "note": f"Between {_shown(1 - facts['upper']['p95'], wanted.metric)} and "
            f"{_shown(1 - facts['lower']['p05'], wanted.metric)} is the most that these inputs allow"
            + (" with these labels." if noise else "."),
        })  # fmt: skip
    note = _note(facts, wanted, pieces(sample.kind, 1))
    return Finding(
        value, note + noise.note(wanted) if noise else note, facts,
        low=min(low, value), high=max(high, value), sample=len(y),
        title=_title(facts, wanted),
    )  # fmt: skip


def _chance(lower: np.ndarray, upper: np.ndarray, error: float) -> tuple[float, float, float]:
    """Chance that no model gets down to this error, with its 90 % interval, from draws of both ends."""
    between = np.clip((upper - error) / np.maximum(upper - lower, 1e-9), 0, 1)
    value = float(np.where(error < lower, 1.0, OPEN * between).mean())
    # All of 200 draws is no certainty, nor is none of them.
    draws, least = len(lower), 0.5 / (len(lower) + 1)
    low = max(least, clopper_pearson(int((error < lower).sum()), draws)[0])
    high = min(1 - least, clopper_pearson(int((error < upper).sum()), draws)[1])
    return min(max(value, least), 1 - least), low, high


def _end(x: np.ndarray, y: np.ndarray, metric: str, budget: Budget) -> np.ndarray:
    """Errors float [draws] where curves through a few sizes end."""
    most = (anchors.FOLDS - 1) * len(y) // anchors.FOLDS
    sizes = np.unique(np.geomspace(max(16, most // 16), most - 4, FEW_SIZES).round().astype(int))
    curve = anchors.measure(x, y, metric, budget.seed, sizes=sizes, device=budget.device)
    return power_law.fit(curve.n, curve.error, curve.level, budget.seed).asymptote


def _facts(
    bounds: bayes.Bounds, beats: signal.Signal, wanted: goal.Goal, lower: np.ndarray, upper: np.ndarray,
    model: float, rows: int,
) -> dict[str, Any]:  # fmt: skip
    def ends(draws: np.ndarray) -> dict[str, float]:
        return {k: float(np.quantile(draws, q)) for k, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))}

    return {
        "metric": wanted.metric,
        "target": wanted.value,
        "target_source": wanted.source,
        "verdict": None,
        "lower": ends(lower),  # errors: 1 - score
        "upper": ends(upper),
        "raw_lower": bounds.low,
        "views": {name: round(v, 5) for name, v in bounds.views.items()},
        "models": {name: round(v, 5) for name, v in bounds.models.items()},
        "model_error": float(model),
        "approximate": wanted.metric not in ("accuracy", "R2"),
        "rows": rows,
        "no_signal": {"p": beats.p, "z": beats.z, "chance": beats.chance, "scores": beats.scores},
        "null": {
            "score": float(np.quantile(beats.null, 0.95)),
            "how": f"{len(beats.null)} shuffles of the answers; the largest of four scores, in deviations",
        },
        "mitigations": [],
    }


# -- words --------------------------------------------------------------------------------------------
def _shown(score: float, metric: str) -> str:
    score = max(score, -0.99)
    if metric == "R2":
        return f"{score:.2f}"
    return f"{score:.0%}" if score < 0.9 else f"{score:.1%}".replace(".0%", "%")


def _span(facts: dict[str, Any], metric: str) -> str:
    """The best possible score, from the upper error's end to the lower error's."""
    low, high = 1 - facts["upper"]["p50"], 1 - facts["lower"]["p50"]
    first, last = _shown(low, metric), _shown(high, metric)
    return f"about {first}" if first == last else f"between {first} and {last}"


def _open_title(facts: dict[str, Any], metric: str, nothing: bool) -> str:
    if nothing:
        return "The inputs say nothing about the answer"
    return f"The best possible {metric} is {_span(facts, metric)}"


def _open_note(facts: dict[str, Any], metric: str, nothing: bool) -> str:
    if nothing:
        return (
            "Models do no better than on shuffled answers; add inputs that know something about the answer "
            "before you collect more rows."
        )
    return (
        f"No model will do better than the upper end with these inputs; ours reached "
        f"{_shown(1 - facts['model_error'], metric)}. Name the value that is enough, and we say whether it "
        "can be reached."
    )


def _title(facts: dict[str, Any], wanted: goal.Goal) -> str:
    said = _shown(wanted.value or 0.0, wanted.metric)
    title = {
        "feasible": f"{said} {wanted.metric} is possible with this data",
        "unclear": f"Whether {said} {wanted.metric} is possible is open",
        "infeasible": f"{said} {wanted.metric} is out of reach with these inputs",
    }[facts["verdict"]]
    if not facts["label_noise"]:
        return title
    if facts["verdict"] == "feasible":
        return f"{said} {wanted.metric} is possible only once wrong labels are corrected"
    return title + ", even once wrong labels are corrected"


def _note(facts: dict[str, Any], wanted: goal.Goal, unit: str) -> str:
    text = (
        f"From {count(facts['rows'], unit)}, the best possible {wanted.metric} is "
        f"{_span(facts, wanted.metric)}; a small model reached "
        f"{_shown(1 - facts['model_error'], wanted.metric)}."
    )
    advice = {
        "feasible": " The rest is a matter of the model and of enough rows.",
        "unclear": " Measure again with more rows or with the real model before you promise it.",
        "infeasible": " Agree on a lower goal, or add inputs that know more; no model makes up for them.",
    }
    return text + advice[facts["verdict"]]
