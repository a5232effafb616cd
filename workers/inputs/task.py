"""Whether the plan predicts a number or a class: by its task, metric, loss or model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

AMOUNT = re.compile(
    r"\b(n?(ma|rms|ms|mas|rmsl|msl)e|s?mape|wape|wmape|mdae|r2|r 2|r squared|mean absolute\w*|"
    r"mean squared\w*|root mean\w*|"
    r"mean \w+ deviance|(poisson|gamma|tweedie)( deviance)?|pinball|quantile( loss)?|huber|"
    r"l1( loss)?|l2( loss)?|(median|max) (absolute )?error|explained variance|absolute error|squared error|"
    r"crps|d2 \w+)\b"
)
CLASS = re.compile(
    r"\b(\w*accuracy|f1|f ?beta|f score|\w*auc|roc|precision|recall|sensitivity|specificity|log ?loss|"
    r"cross ?entropy|\w+ cross ?entropy|average precision|kappa|mcc|matthews\w*|hamming|jaccard|top ?k|gini|"
    r"focal( loss)?|hinge( loss)?|nll( loss)?|error rate)\b"
)
TASKS = re.compile(r"\b(regress\w*|number|continuous|count|amount|forecast\w*)\b")
CLASSES = re.compile(r"\b(classif\w*|binary|multi ?class|categor\w*|label)\b")


def planned(plan: Mapping[str, Any], target: str) -> tuple[str, bool] | None:
    """("regression" or "classes", whether in so many words) for this target; None where nothing says so."""
    told = _told(_of(_in(plan, "data", "task"), target), TASKS, CLASSES)
    if told:
        return told, True
    for group, key in (("evaluation", "metric"), ("training", "loss")):
        told = _told(_of(_in(plan, group, key), target), AMOUNT, CLASS)
        if told:
            return told, False
    kind = _in(plan, "model", "kind")
    told = _told(kind, re.compile(r"regressor\b|\bsvr\b"), re.compile(r"classifier\b|\bsvc\b"))
    return (told, False) if told else None


def _in(plan: Mapping[str, Any], group: str, key: str) -> Any:
    inner = plan.get(group)
    return inner.get(key) if isinstance(inner, Mapping) else None


def _of(said: Any, target: str) -> Any:
    """What is said of one target, where each has its own."""
    return said.get(target) if isinstance(said, Mapping) else said


def _told(said: Any, amount: re.Pattern[str], classes: re.Pattern[str]) -> str | None:
    """None where the words name both kinds, or neither."""
    texts = [said] if isinstance(said, str) else [one for one in said or () if isinstance(one, str)]
    words = re.sub(r"[^a-z0-9]+", " ", " ".join(texts).lower())
    both = (amount.search(words) is not None, classes.search(words) is not None)
    return {(True, False): "regression", (False, True): "classes"}.get(both)
