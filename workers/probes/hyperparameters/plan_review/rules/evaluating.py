"""What results are measured by: metrics that cannot see the rare class fail, or that divide by zero;
baselines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.view import Said, View
from workers.probes.hyperparameters.plan_review.written import words
from workers.probes.words import percent

BLIND = re.compile(
    r"^((top ?1 )?(mean |overall |validation |test |evaluation |categorical |binary |"
    r"sparse categorical )*(accuracy|acc|error rate|error|misclassification( rate)?|"
    r"zero one loss|accuracy score|0 1 loss)( score| rate)?|(micro (averaged )?f1|f1 "
    r"micro|weighted f1|f1 weighted)( score)?)$"
)
PLAIN = re.compile(r"accuracy|\bacc\b|error|zero one|0 1 loss")
RARE, VERY_RARE, NEARLY_EVEN = 0.1, 0.03, 0.8
SELDOM = re.compile(
    r"\b(fraud\w*|anomal\w*|intrusion|rare|defects?|failures?|outages?|churn|credit default|outliers?|"
    r"attack detection|"
    r"malware|accidents?|complications?|relapse|readmission|click(s| through)|ctr|conversion|bankruptcy|"
    r"sepsis|cancer screening|breakdowns?|imbalanced)\b"
)
MAPE = re.compile(
    r"\b(mape|mean absolute percentage error|absolute percentage error|percentage error|mean abs "
    r"percentage error|neg mean absolute percentage error|mspe|rmspe)\b"
)
OFTEN_ZERO = re.compile(
    r"\b(precip\w*|rain\w*|snow\w*|sales|demand|counts?|units?( sold)?|quantity|clicks?|visits?|"
    r"visitors|orders|returns?|delays?|solar|pv|wind power|generation|"
    r"claims?|incidents?|accidents?|balance|temperature|temp|celsius|profit|purchases|downloads|"
    r"arrivals|calls|tickets|admissions|cases|intermittent|spare parts|usage|traffic)\b"
)


def rare_classes(plan: View, data: Known) -> Iterator[Risk]:
    """Always naming the common class scores its share: 97 % right and blind (He and Garcia, 2009)."""
    metrics = _metrics(plan)
    if not metrics or not all(BLIND.match(one.value) for one in metrics) or data.classification is False:
        return
    key = metrics[0].key.removesuffix("[0]")
    counts = data.counts
    if data.here and len(data.sample.targets) > 1:  # each metric judges the target that it is told for
        told = [(data.counts_of(words(one.key.rpartition(".")[2])), one.key) for one in metrics]
        counts, key = min(
            ((c, k) for c, k in told if c), key=lambda pair: _share(pair[0])[1], default=({}, key)
        )
    name, share = (
        _share(counts) if counts else data.rarest if data.rarest is not None and not data.here else ("", None)
    )
    relative = share * max(2, len(counts) or 2) / 2 if share is not None else None
    if relative is not None and share is not None and relative < RARE:
        yield Risk(
            "metric_hides_rare_classes",
            "high" if relative < VERY_RARE else "medium",
            key,
            f"Only {percent(share)} of the rows are {_quoted(name)}: a model that never finds one still "
            f"gets {_nearly(1 - share)} right, and accuracy does not show it.",
            f"Measure what matters for the rare class as well: set {key} to "
            '"balanced_accuracy", or recall and precision of the rare class.',
        )
        return
    seldom = (
        SELDOM.search(f"{plan.content} {words(plan.target.value) if plan.target else ''}")
        if not data.counts
        else None
    )
    if seldom and share is None:
        yield Risk(
            "metric_hides_rare_classes",
            "medium",
            key,
            f"The plan is about something that is seldom ({seldom[0]}): a model that never finds one "
            "gets nearly everything right, and accuracy does not show it.",
            "Measure recall and precision of the rare class, or the area under their curve: "
            f'set {key} to "average_precision".',
        )
        return
    if (
        not all(PLAIN.search(one.value) for one in metrics)
        or _even(data)
        or (data.classification is None and not data.here)
    ):
        return
    if plan.tasks:
        return
    yield Risk(
        "accuracy_only",
        "low",
        key,
        "Accuracy is the only measure: it does not say which mistakes are made, nor how each class fares.",
        f"Report recall and precision of each class as well, or the macro F1: add it to {key}.",
    )


def _share(counts: Mapping[str, int]) -> tuple[str, float]:
    """The rarest class and its share of the rows."""
    name = min(counts, key=counts.__getitem__)
    return name, counts[name] / max(1, sum(counts.values()))


def _nearly(share: float) -> str:
    return "more than 99%" if share > 0.99 else percent(share)


def _metrics(plan: View) -> list[Said]:
    return [
        one
        for one in plan.metrics
        if not re.fullmatch(r"(loss|validation loss|evaluation loss|train loss|time|latency)", one.value)
    ]


def _even(data: Known) -> bool:
    """The classes are nearly as frequent as each other, so that accuracy treats them alike."""
    counts = list(data.counts.values())
    return bool(counts) and min(counts) >= NEARLY_EVEN * max(counts)


def _quoted(name: str) -> str:
    return f"of class “{name}”" if name != "the rare class" else "of the rare class"


def percentage_error(plan: View, data: Known) -> Iterator[Risk]:
    """An error in percent of nothing is infinite (Hyndman and Koehler, 2006)."""
    places = [one for one in plan.metrics if MAPE.search(one.value)]
    places += [
        Said(one.said, one.key)
        for one in plan.settings(
            r"\b(loss|objective|criterion|monitor|metric for best model|eval metric|optimize)( (name|"
            r"kind|function|type))?$"
        )
        if MAPE.search(one.said)
    ]
    if not places:
        return
    key = places[0].key
    zeros = data.zeros
    target = " ".join([words(plan.target.value) if plan.target else "", plan.content])
    if zeros is not None:
        if zeros == 0:
            return
        yield _zero(
            key,
            f"{percent(zeros)} of the values to predict are 0, and",
            "high" if zeros >= 0.01 else "medium",
        )
        return
    often = OFTEN_ZERO.search(target)
    if often:
        yield _zero(key, f"Values such as {often[0]} may be 0 or close to it, and", "medium")
    elif plan.target is None or not re.search(r"price|weight|height|age|distance|area", target):
        yield _zero(key, "Where a value to predict is 0 or close to it,", "low")


def _zero(key: str, what: str, severity: str) -> Risk:
    return Risk(
        "mape_with_zero_targets",
        severity,
        key,
        f"{what} an error in percent of nothing is endless: a few such rows decide the whole result.",
        "Measure the error in the unit of the target, or against a simple forecast: set "
        f'{key} to "mae" or "mase".',
    )


def no_baseline(plan: View, data: Known) -> Iterator[Risk]:
    """A score means nothing without what a simple rule reaches (Makridakis and others, 2018)."""
    found = list(
        plan.settings(
            r"\b(baselines?|compare (to|with|against)|reference model|naive (model|forecast)|benchmark "
            r"(model|against)|simple model|dummy|comparison)( (model|kind|name))?$"
        )
    )
    if any(not one.nothing for one in found) or not found:
        return
    yield Risk(
        "no_baseline",
        "low",
        found[0].key,
        "Nothing simple is tried beside the model, so nobody will know whether the effort paid off.",
        f'Compare with always saying the usual, or with the last known value: set {found[0].key} to "naive".',
    )


RULES = (rare_classes, percentage_error, no_baseline)
