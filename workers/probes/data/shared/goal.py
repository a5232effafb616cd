"""What a project wants to reach: the measure and the value, from its plan or from the answer to C6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.probes.base import Sample, Target

METRICS = {
    "accuracy": "accuracy", "acc": "accuracy",
    "balanced_accuracy": "balanced accuracy", "recall_macro": "balanced accuracy",
    "macro_recall": "balanced accuracy",
    "f1": "macro F1", "macro_f1": "macro F1", "f1_macro": "macro F1",
    "r2": "R2", "r_squared": "R2", "explained_variance": "R2",
}  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """``metric`` is the one measured; ``value`` is None where none is named or it is in another metric."""

    metric: str
    value: float | None
    source: str = ""  # "plan" or "answer"


def of(sample: Sample, target: Target) -> Goal:
    """The goal for this target; a plan comes before an answer."""
    default = "R2" if target.task == "regression" else "accuracy"
    named = str(sample.planned("evaluation.metric", "") or "")
    value = sample.planned("evaluation.target_value")
    if value is not None:
        found = _known(named, default)
        return Goal(found or default, _value(value) if found or not named else None, "plan")
    answer = sample.answers.get("C6")
    if isinstance(answer, Mapping):
        inner = answer.get("value")
        parts = inner if isinstance(inner, Mapping) else answer
        said, wanted = str(parts.get("metric") or ""), _value(parts.get("value"))
        found = _known(said or named, default)
        if wanted is not None:
            return Goal(found or default, wanted if found or not (said or named) else None, "answer")
    return Goal(_known(named, default) or default, None)


def _known(named: str, default: str) -> str:
    """The metric of this name; empty where it is unknown or belongs to the other kind of target."""
    found = METRICS.get(named.strip().lower().replace("-", "_").replace(" ", "_").replace("²", "2"), "")
    return found if found and (found == "R2") == (default == "R2") else ""


def _value(value: object) -> float | None:
    """A share between 0 and 1; percents are understood."""
    if isinstance(value, str):
        text = value.strip().rstrip("%").replace(",", ".")
        try:
            number = float(text) / (100 if value.strip().endswith("%") else 1)
        except ValueError:
            return None
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        return None
    number = number / 100 if 1 < number <= 100 else number
    return number if 0 < number <= 1 else None


def price(sample: Sample) -> tuple[float, float] | None:
    """US dollars for one more labelled example, from and to, as D10 was answered."""
    answer = sample.answers.get("D10")
    inner = answer.get("value", answer.get("roughly")) if isinstance(answer, Mapping) else answer
    if isinstance(inner, Mapping):
        inner = inner.get("value")
    ends = list(inner) if isinstance(inner, (list, tuple)) else [inner, inner]
    known = [
        float(one) for one in ends
        if isinstance(one, (int, float)) and not isinstance(one, bool) and 0 <= one < float("inf")
    ]  # fmt: skip
    return (min(known) / 1000, max(known) / 1000) if known else None
