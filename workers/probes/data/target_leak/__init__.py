"""Does one column give the answer away in a way that will not be there in use?

Each column alone (and whether it is filled) predicts the target out of fold (``single_column``); what is too
good to be true and why is judged in ``suspects``; columns that hold the future of another one are found in
``look_ahead``, texts that say the answer in ``written``. Without the suspects a model is trained again, and
the drop is told.
Value: 2 AUC - 1 (or R²) of the worst suspect, the share of the answer that it gives away; 0 without any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from workers.probes.base import Budget, Column, Finding, Sample, Target
from workers.probes.data.shared import single_column
from workers.probes.data.shared.column_values import Values, read
from workers.probes.data.shared.single_column import Goal, Score
from workers.probes.data.target_leak import look_ahead, next_value, suspects, written
from workers.probes.surrogate import stratified
from workers.probes.words import listed, percent

MOST_ROWS, FEWEST = 2_000, 40
MOST_TARGETS, MOST_COLUMNS, MOST_CLASSES = 4, 120, 60
SERIOUS = ("high", "medium")
RUNNING = 0.999  # rank correlation with the place in the file


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run.")
    if sample.kind in ("images", "audio"):
        return Finding.skipped(
            "Pictures and sounds have no columns that could give the answer away.", not_applicable=True
        )
    if not sample.targets:
        return Finding.skipped("No target column is named, so nothing can give it away.")
    columns = [c for c in sample.columns if _alone(sample, c)]
    budget.progress(0.05, "Reading the texts")
    texts = written.search(sample, budget)
    if not columns and not texts:
        return Finding.skipped("There are no columns besides the one to predict.", not_applicable=True)
    judged, why = [], ""
    for place, target in enumerate(sample.targets[:MOST_TARGETS]):
        budget.progress(0.1 + 0.6 * place / MOST_TARGETS, f"Predicting {target.name} from one column alone")
        one = _judge(sample, budget, columns, place, target) if columns else ""
        if isinstance(one, dict):
            judged.append(one)
        elif place == 0 or budget.left < 5:
            why = one
    budget.progress(0.8, "Looking for columns that hold the future")
    ahead = _ahead(sample, budget)
    future = {found.name for found in ahead}
    for one in judged:  # what holds the future of the target is strong because of that
        one["suspects"] = [suspect for suspect in one["suspects"] if suspect.name not in future]
    if not judged and not ahead and not texts:
        return Finding.skipped(why)
    return _finding(sample, judged, [*texts, *ahead])


def _alone(sample: Sample, column: Column) -> bool:
    """Whether a column is looked at on its own; of a text only whether it is there: ``written`` reads it."""
    if column.type == "text":
        census = sample.census[column.name]
        return column.role in ("text", "ignored") and 0 < census["filled"] < census["rows"]
    return column.role in ("feature", "ignored") and column.type != "empty"


def _ahead(sample: Sample, budget: Budget) -> list[look_ahead.Ahead]:
    """Columns that hold the future; a whole value of it says more than a window that it lies in."""
    shifted = next_value.search(sample) if budget.left > 2 else []
    names = {found.name for found in shifted}
    return shifted + [found for found in look_ahead.search(sample, budget) if found.name not in names]


def _judge(
    sample: Sample, budget: Budget, columns: Sequence[Column], place: int, target: Target
) -> dict[str, Any] | str:
    """Scores and suspects for one target, or why there are none."""
    y = sample.labels(place)
    number = target.task == "regression"
    known = np.flatnonzero(np.isfinite(y) if number else y >= 0)
    if len(known) < FEWEST:
        return f"{len(known)} rows with a known {target.name} are too few; {FEWEST} are the least."
    rng = np.random.default_rng([budget.seed, 33])
    at = stratified(None if number else y[: len(y)], known, MOST_ROWS, rng)
    wanted, classes = y[at].astype(np.float64), 0
    if not number:
        codes, counts = np.unique(y[at], return_counts=True)
        often = codes[counts >= 5][np.argsort(-counts[counts >= 5])][:MOST_CLASSES]
        at = at[np.isin(y[at], often)]
        wanted, classes = np.searchsorted(np.sort(often), y[at]), len(often)
        if classes < 2:
            return f"Fewer than two classes of {target.name} have 5 rows, so nothing can be told apart."
    elif len(np.unique(wanted)) < 3:
        return f"{target.name} hardly ever changes, so nothing can give it away."
    goal = single_column.goal(wanted, classes, budget.seed)
    values = _values(sample, columns, sample.arrays["ids"][at], goal, rng)
    scores = {name: single_column.score(v, goal) for name, v in values.items()}
    presence = {name: single_column.of_presence(v, goal) for name, v in values.items()}
    table = _table(sample, budget, target, goal, at, values, scores, presence)
    found = suspects.find(table)
    shuffled = Goal(rng.permutation(goal.y), goal.classes, goal.folds)
    best = sorted(scores, key=lambda name: -scores[name].value)
    null = max((single_column.score(values[name], shuffled).value for name in best[:5]), default=0.5)
    return {
        "target": target,
        "goal": goal,
        "scores": scores,
        "suspects": found,
        "null": null,
        "refit": _refit(sample, budget, table, at, [one.name for one in found if one.severity in SERIOUS]),
    }


def _values(
    sample: Sample, columns: Sequence[Column], ids: np.ndarray, goal: Goal, rng: np.random.Generator
) -> dict[str, Values]:
    """The columns to judge; of a very wide table those that a quick look at ranks finds strongest."""
    found = {}
    for column, v in zip(columns, read(sample, columns, ids).values(), strict=True):
        if column.type == "identifier" and v.words is not None:
            v = _running_part(v)
        if v.distinct > 1 or 0.01 < v.present.mean() < 0.99:
            found[column.name] = v
    if len(found) <= MOST_COLUMNS:
        return found
    strength = {name: _quick(v, goal) for name, v in found.items()}
    kept = sorted(found, key=lambda name: -strength[name])[:MOST_COLUMNS]
    return {name: found[name] for name in found if name in set(kept)}


def _quick(values: Values, goal: Goal) -> float:
    """Share of the target's variance between the tenths (or levels) of a column."""
    codes = values.codes + 1
    if values.numbers is not None and values.distinct > 20:
        order = np.argsort(np.argsort(np.where(values.present, values.numbers, -np.inf), kind="stable"))
        codes = order * 20 // len(order)
    elif values.distinct > 0.2 * len(codes):
        return 0.0
    wanted = goal.hot if goal.classes else goal.y[:, None]
    rows = np.maximum(1, np.bincount(codes))
    centred = wanted - wanted.mean(axis=0)
    between = sum((np.bincount(codes, part) ** 2 / rows).sum() for part in centred.T)
    return float(between / max(1e-300, (centred**2).sum()))


def _running_part(values: Values) -> Values:
    """An identifier's running number (its last digits); its letters where there is none."""
    assert values.words is not None
    digits = [re.findall(r"\d+", word) for word in values.words]
    if np.mean([bool(found) for found in digits]) >= 0.9 * values.present.mean():
        numbers = np.array([float(found[-1][-15:]) if found else np.nan for found in digits])
        if len(np.unique(numbers[np.isfinite(numbers)])) > 0.5 * values.present.sum():
            return Values(values.column, numbers=numbers)
    return values


def _table(
    sample: Sample,
    budget: Budget,
    target: Target,
    goal: Goal,
    at: np.ndarray,
    values: dict[str, Values],
    scores: dict[str, Score],
    presence: dict[str, Score],
) -> suspects.Table:
    x = sample.features[at]
    owners = np.full(x.shape[1], "", dtype=object)
    for group in sample.manifest.get("features", {}).get("groups", ()):
        owners[group["start"] : group["stop"]] = group["name"]

    def model(without: frozenset[str]) -> Score:
        kept = np.array([owner not in without for owner in owners], dtype=bool)
        part = x[:, kept] if kept.any() else np.zeros((len(x), 1), np.float32)
        return single_column.of_model(part, goal, budget.seed)

    answer = sample.answers.get("D6")
    told = answer.get("value") if isinstance(answer, dict) else answer
    note = str(answer.get("note") or "") if isinstance(answer, dict) else ""
    doubtful = told in ("yes", "maybe")
    warned = {
        name for name in values if doubtful and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", note, re.I)
    }
    numbers = sample.planned("data.not_known_at_prediction", ())
    warned |= {str(name) for name in numbers if isinstance(numbers, (list, tuple))}
    return suspects.Table(
        goal,
        values,
        scores,
        presence,
        x,
        owners,
        sample.arrays["ids"][at],
        frozenset(
            name for name, v in values.items() if _is_running(v, sample.arrays["ids"][at], sample.rows)
        ),
        frozenset(warned),
        doubtful,
        sample.kind == "series",
        target.name,
        model,
    )


def _is_running(values: Values, ids: np.ndarray, rows: int) -> bool:
    """An identifier, or whole numbers without doubles that run from one end of the rows to the other."""
    if values.column.type == "identifier":
        return True
    numbers = values.numbers
    if numbers is None or values.column.type == "date" or values.present.mean() < 0.9:
        return False
    known = numbers[values.present]
    if len(known) < 20 or values.distinct < 0.98 * len(known) or (known != np.floor(known)).any():
        return False
    in_order = abs(float(np.corrcoef(np.argsort(np.argsort(known)), ids[values.present])[0, 1])) > RUNNING
    return in_order or float(np.ptp(known)) <= 1.5 * rows


def _refit(
    sample: Sample, budget: Budget, table: suspects.Table, at: np.ndarray, names: list[str]
) -> dict[str, Any] | None:
    """A model's score with and without the suspects."""
    if not names or budget.left < 3:
        return None
    extra = []
    for name in names:
        values = table.values[name]
        extra.append(
            np.where(values.present, values.numbers, -1e6)
            if values.numbers is not None
            else values.codes.astype(float)
        )
        extra.append(values.present.astype(float))
    every = np.column_stack([table.features, *[ranked(column) for column in extra]]).astype(np.float32)
    with_them = single_column.of_model(every, table.goal, budget.seed)
    without = table.rest(set(names))
    assert without is not None

    def told(score: Score) -> float:
        return 1 - score.error if table.goal.classes else score.value

    return {
        "with": round(told(with_them), 4),
        "without": round(told(without), 4),
        "metric": "accuracy" if table.goal.classes else "R2",
        "columns": names,
    }


def ranked(column: np.ndarray) -> np.ndarray:
    """Places instead of values, which fit into 32 bits; equal values stay equal."""
    return np.unique(column, return_inverse=True)[1].reshape(-1).astype(np.float32)


# -- telling ------------------------------------------------------------------------------------------
def _finding(
    sample: Sample, judged: list[dict[str, Any]], ahead: Sequence[look_ahead.Ahead | written.Written]
) -> Finding:
    faults: list[dict[str, Any]] = []
    worst: tuple[float, dict[str, Any], suspects.Suspect] | None = None
    for one in judged:
        for suspect in one["suspects"]:
            if any(fault["columns"] == [suspect.name] for fault in faults):
                continue
            faults.append(_fault(one, suspect))
            value = _given(one, suspect.score)
            if suspect.severity in SERIOUS and (worst is None or value > worst[0]):
                worst = (value, one, suspect)
    faults += [found.as_fault() for found in ahead]
    faults.sort(key=lambda fault: ("high", "medium", "low").index(fault["severity"]))
    serious = [fault for fault in faults if fault["severity"] in SERIOUS]
    first = judged[0] if judged else None
    null = max((_given(one, one["null"]) for one in judged), default=0.0)
    facts: dict[str, Any] = {
        "faults": faults,
        "columns": _columns(judged, faults),
        "metric": "R2" if first and not first["goal"].classes else "AUC",
        "null": {"value": round(null, 3), "how": "the strongest columns, with the labels shuffled"},
        "refit": next((one["refit"] for one in judged if one["refit"]), None),
    }
    value = worst[0] if worst else max((found.share for found in ahead), default=0.0)
    low, high = _interval(*worst) if worst else (value, value if value else min(0.1, max(0.0, null)))
    facts["mitigations"] = _mitigations(facts["refit"], serious)
    rows = len(first["goal"].y) if first else sample.rows
    return Finding(
        value,
        _note(facts, serious, judged),
        facts,
        low=min(low, value),
        high=max(high, value),
        sample=rows,
        title=_title(serious),
    )


def _given(one: dict[str, Any], score: float) -> float:
    """The share of the answer that a score is: 2 AUC - 1, or R²."""
    return float(np.clip(2 * score - 1 if one["goal"].classes else score, 0, 1))


def _interval(value: float, one: dict[str, Any], suspect: suspects.Suspect) -> tuple[float, float]:
    """90 % bootstrap interval over the rows."""
    goal, score = one["goal"], one["scores"][suspect.name]
    drawn = [
        _given(one, score.value + change) - _given(one, score.value)
        for change in single_column.luck(score, goal)
    ]
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(np.clip(value + low, 0, 1)), float(np.clip(value + high, 0, 1))


def _fault(one: dict[str, Any], suspect: suspects.Suspect) -> dict[str, Any]:
    name, target = suspect.name, one["target"].name
    reach = (
        f"an AUC of {suspect.score:.3f}" if one["goal"].classes else f"{percent(suspect.score)} of the spread"
    )
    return {
        "fault": suspect.fault,
        "severity": suspect.severity,
        "columns": [name],
        "score": round(float(suspect.score), 4),
        "target": target,
        "note": f"{name} alone reaches {reach} for {target}: {suspect.why}.",
    }


def _columns(judged: list[dict[str, Any]], faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The strongest columns for the figure, the suspects marked."""
    marked = {name for fault in faults if fault["severity"] in SERIOUS for name in fault["columns"]}
    best: dict[str, float] = {}
    for one in judged:
        for name, score in one["scores"].items():
            best[name] = max(best.get(name, 0.0), score.value)
    order = sorted(best, key=lambda name: (name not in marked, -best[name]))[:12]
    return [{"name": name, "score": round(best[name], 4), "suspect": name in marked} for name in order]


def _mitigations(refit: dict[str, Any] | None, serious: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if refit is None or not serious:
        return []
    said = percent if refit["metric"] == "accuracy" else "{:.2f}".format
    return [
        {
            "title": f"Remove {listed(refit['columns'])}",
            "value": 0.0,
            "low": 0.0,
            "high": 0.0,
            "effort": "1 day, one engineer",
            "basis": "measured",
            "note": f"The score falls from {said(refit['with'])} to {said(refit['without'])}, "
            "which is what the model would reach in use.",
        }
    ]


def _title(serious: list[dict[str, Any]]) -> str:
    if not serious:
        return "No column gives the answer away"
    names = list(dict.fromkeys(name for fault in serious for name in fault["columns"]))
    if all(fault["fault"] == "look_ahead" for fault in serious):
        return f"{listed(names, 2)} {'holds' if len(names) == 1 else 'hold'} values of the future"
    return f"{listed(names, 2)} {'gives' if len(names) == 1 else 'give'} the answer away"


def _note(facts: dict[str, Any], serious: list[dict[str, Any]], judged: list[dict[str, Any]]) -> str:
    if serious:
        note, refit = serious[0]["note"], facts["refit"]
        if refit:
            said = percent if refit["metric"] == "accuracy" else "{:.2f}".format
            note += (
                f" With {listed(refit['columns'])} a model reaches {said(refit['with'])}, without"
                f" {said(refit['without'])}."
            )
        return note
    low = [fault for fault in facts["faults"] if fault["severity"] == "low"]
    if low:
        return f"{low[0]['note']} Make sure that it is known when you predict."
    best = facts["columns"][0] if facts["columns"] else None
    if best is None:
        return "No column could be compared with the outcome."
    reach = f"{'an AUC' if facts['metric'] == 'AUC' else 'an R²'} of {best['score']:.2f}"
    return f"The strongest column, {best['name']}, reaches {reach} alone, and nothing speaks against it."
