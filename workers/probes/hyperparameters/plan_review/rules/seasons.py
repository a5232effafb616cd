"""Rows that have no answer, and months that training never saw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, words
from workers.probes.words import listed

MAY_NOT_HAPPEN = re.compile(
    r"\b(arr(ival)?|dep(arture)?|delay\w*|late\w*|landing|pickup|delivery|deliver\w*|eta)\b"
)
LASTS = re.compile(
    r"\b(duration|length of stay|los|time to \w+|days to \w+|lifetime|survival\w*|lead time|turnaround|"
    r"wait(ing)? time|completion time|resolution time|stay)\b"
)


def missing_outcome(plan: View, data: Known) -> Iterator[Risk]:
    """What was cancelled has no arrival: rows without an answer are no random part (Little and Rubin,
    2019).
    """
    if plan.target is None:
        return
    treated = plan.written.first(
        r"\b(missing target\w*|target missing|cancel\w*|censor\w*|unlabeled|drop (missing|unlabeled|na|"
        r"null)\w*|withdrawn|lost to follow up|without target|diverted|incomplete|filters?|where|"
        r"exclude rows)\b"
    )
    dropped = treated is not None and re.search(
        r"\bdrop\w*|silent\w*|ignor\w*", f"{treated.path} {treated.said}"
    )
    if treated is not None and not treated.nothing and not dropped:
        return
    name = words(plan.target.value)
    share = data.unlabelled
    if share is not None and share < 0.002:
        return
    regression = data.classification is False or (data.classification is None)
    event = MAY_NOT_HAPPEN.search(name)
    lasting = LASTS.search(name)
    if share is not None and (event or lasting or share >= 0.02) and regression:
        yield _undefined(
            plan.target.key, f"{100 * share:.1f}% of the rows have no {plan.target.value}", "medium"
        )
    elif share is None and (event or lasting) and regression:
        what = "What is cancelled never arrives and" if event else "What has not ended yet"
        yield _undefined(
            plan.target.key,
            f"{what} has no {plan.target.value}",
            "medium" if event and not dropped else "low",
        )


def _undefined(key: str, what: str, severity: str) -> Risk:
    return Risk(
        "target_missing_for_cancelled",
        severity,
        key,
        f"{what}: such rows drop out silently, and the model never learns about the worst cases.",
        "Say what becomes of rows without an answer: predict first whether it happens at all, or treat "
        "them as censored.",
    )


def season(plan: View, data: Known) -> Iterator[Risk]:
    """A test of three months says nothing about the other nine, nor training without a winter about
    winter.
    """
    split = plan.split
    told = _spans(plan)
    if told is not None:
        key, train, test = told
        unseen = sorted(test - train)
        if unseen:
            yield _season(
                key, f"The test falls into {_months(unseen)}, which the training part never shows.", "medium"
            )
        return
    if split.kind != "time" or split.folds > 1:
        return
    if data.here and data.months:
        unseen = sorted(data.months["test"] - data.months["train"])
        missing = 12 - len(data.months["test"])
        if unseen:
            yield _season(
                split.key,
                f"The test falls into {_months(unseen)}, which the training part never shows, so "
                "neither tells how the model fares over a year.",
                "medium",
            )
        elif missing >= 6 and len(data.months["train"]) >= 10:
            yield _season(
                split.key,
                f"The test covers {12 - missing} of 12 months, so it does not tell how the model fares "
                "in the others.",
                "low",
            )
        return
    if (
        data.here
        or split.cut is None
        or plan.written.first(
            r"\b((start|end|first|last|from|until|to)( date| year| day)?|years?|period|span|history|"
            r"date range|n years|gap)$"
        )
    ):
        return
    yield _season(
        split.cut.key,
        "One cut divides the time, and the plan does not say that a whole year lies on each side: a "
        "season may be missing in training or in the test.",
        "low",
    )


def _season(key: str, reason: str, severity: str) -> Risk:
    return Risk(
        "season_not_covered",
        severity,
        key,
        reason,
        "Train on whole years and test on a whole year, or test on several cuts spread over the year.",
    )


def _spans(plan: View) -> tuple[str, set[int], set[int]] | None:
    """The months of training and test, where the plan tells both spans."""
    ends: dict[str, list[tuple[int, int]]] = {"train": [], "test": []}
    key = ""
    for one in plan.written.settings:
        if isinstance(one.value, (dict, bool)) or not re.search(
            r"\b(split|train\w*|test|period|range|dates?|data|from|until|start|end|cut|months?)\b", one.path
        ):
            continue
        part = (
            "test"
            if re.search(r"\btest\b", one.path)
            else "train"
            if re.search(r"\btrain\w*\b", one.path)
            else ""
        )
        if not part:
            continue
        text = " ".join(map(str, one.value)) if isinstance(one.value, list) else str(one.value)
        found = [
            (int(y), int(m))
            for y, m in re.findall(r"\b((?:19|20)\d{2})[-/.](\d{1,2})", text)
            if 1 <= int(m) <= 12
        ]
        quarters = [(int(y), 3 * int(q)) for y, q in re.findall(r"\b((?:19|20)\d{2})[- ]?[Qq]([1-4])", text)]
        ends[part] += found or quarters
        key = one.key if part == "test" and (found or quarters) else key
    if len(ends["train"]) < 2 or len(ends["test"]) < 2:
        return _around_cut(plan)
    return key, _between(ends["train"]), _between(ends["test"])


def _around_cut(plan: View) -> tuple[str, set[int], set[int]] | None:
    """The months before and from one cut on, where the plan tells when the data starts and ends."""
    cut = plan.split.cut
    start = plan.written.first(r"\b(start|first|begin|from|since)( date| day)?$")
    end = plan.written.first(r"\b(end|last|until|to)( date| day)?$")
    dates = [_date(one) for one in (start, cut, end)]
    if cut is None or dates[0] is None or dates[1] is None or dates[2] is None:
        return None
    (y0, m0, _), (y1, m1, d1), (y2, m2, _) = dates[0], dates[1], dates[2]
    before = (y1, m1) if d1 > 1 else (y1 - (m1 == 1), 12 if m1 == 1 else m1 - 1)
    if not (y0, m0) <= before <= (y2, m2):
        return None
    return cut.key, _between([(y0, m0), before]), _between([(y1, m1), (y2, m2)])


def _date(one: Setting | None) -> tuple[int, int, int] | None:
    found = re.search(r"((?:19|20)\d{2})-(\d{2})(?:-(\d{2}))?", str(one.value)) if one is not None else None
    return (int(found[1]), int(found[2]), int(found[3] or 1)) if found else None


def _between(ends: list[tuple[int, int]]) -> set[int]:
    first, last = min(ends), max(ends)
    length = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    return {(first[1] - 1 + step) % 12 + 1 for step in range(min(12, length))}


def _months(months: list[int]) -> str:
    names = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )
    return listed([names[month - 1] for month in months])


RULES = (missing_outcome, season)
