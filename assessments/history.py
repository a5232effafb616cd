"""The runs of an assessment side by side: their scores over time, and two of them compared.

Rows are read here; what differs and whose doing it is decides ``scoring.history``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet
from django.db.models.fields.json import KT

from assessments.actions import Refused
from assessments.models import Assessment, Judgement, Run
from assessments.scoring import document
from assessments.scoring import history as scoring
from assessments.scoring import rules as rulebook

MOST = 20  # reports in the figure; more do not fit it


@dataclass(frozen=True)
class Point:
    """One report on the way: its scores as judged then, and under the newest rules where that is known."""

    run: UUID
    at: datetime
    rules: str
    scores: dict[str, dict[str, Any]]  # "overall" and dimensions -> "score", "low", "high", "level"
    anew: dict[str, dict[str, Any]] | None  # the same under the newest rules; None: not judged under them yet


def points(assessment: Assessment, most: int = MOST) -> list[Point]:
    """The last reports, oldest first: two queries, without the reports themselves."""
    newest = rulebook.load().version
    anew = (
        Judgement.objects.filter(rules=newest)
        .defer("document")
        .annotate(overall=F("document__overall"), dimensions=F("document__dimensions"))
    )
    rows = _reported(assessment).prefetch_related(
        Prefetch("judgements", queryset=anew, to_attr="judged_anew")
    )
    return [_point(row, newest) for row in reversed(rows[:most])]


def _reported(assessment: Assessment) -> QuerySet[Any]:
    found = Run.objects.filter(assessment=assessment, report__isnull=False).defer("report")
    return found.order_by("-created_at").annotate(
        overall=F("report__overall"), dimensions=F("report__dimensions"), rules=KT("report__rules")
    )


def _point(row: Any, newest: str) -> Point:
    scores = _scores(row)
    if row.rules == newest:
        anew: dict[str, dict[str, Any]] | None = scores
    else:
        anew = _scores(row.judged_anew[0]) if row.judged_anew else None
    return Point(row.pk, row.finished_at or row.created_at, str(row.rules or ""), scores, anew)


def _scores(row: Any) -> dict[str, dict[str, Any]]:
    return {"overall": row.overall or {}, **{one["id"]: one for one in row.dimensions or ()}}


def pair(assessment: Assessment, old: str | None = None, new: str | None = None) -> tuple[Run, Run]:
    """The two runs to compare, the earlier one first; the last two where none are named.

    Raises Refused where they have no reports, or are none of this assessment.
    """
    reported = list(_reported(assessment).values_list("pk", flat=True))
    if len(reported) < 2:
        raise Refused("There is only one report so far; the next one can be compared with it.")
    known = {str(pk): pk for pk in reported}
    wanted = [old or str(reported[1]), new or str(reported[0])]
    if any(one not in known for one in wanted):
        raise Refused("Choose two runs of this assessment that have a report.")
    if wanted[0] == wanted[1]:
        raise Refused("Choose two different runs.")
    rows = Run.objects.filter(pk__in=[known[one] for one in wanted]).order_by("created_at")
    first, second = rows
    return first, second


def earlier(run: Run) -> UUID | None:
    """The report of the same assessment before this run's, with which it can be compared."""
    before = Run.objects.filter(
        assessment=run.assessment_id, report__isnull=False, created_at__lt=run.created_at
    )
    return before.order_by("-created_at").values_list("pk", flat=True).first()


@dataclass(frozen=True)
class Anew:
    """A report under the newest rules that it was judged by since."""

    rules: str
    before: dict[str, Any]
    after: dict[str, Any]


def anew(run: Run) -> Anew | None:
    """What later rules say of the run's evidence; None where no later ones have judged it."""
    report = run.report or {}
    every = rulebook.versions()
    place = every.index(report["rules"]) if report.get("rules") in every else -1
    rows = run.judgements.defer("document").annotate(overall=F("document__overall"))
    later = [row for row in rows if row.rules in every[place + 1 :]]
    if not later:
        return None
    newest: Any = max(later, key=lambda row: every.index(row.rules))
    return Anew(newest.rules, report.get("overall") or {}, newest.overall or {})


def compared(old: Run, new: Run) -> dict[str, Any]:
    """What changed between two runs with a report, "riskboard.comparison/1".

    The older evidence under the newer rules is taken from the rows where it was judged so before, and
    judged now where not; no row is written.
    """
    before, after = old.report or {}, new.report or {}
    anew, why = _judged_anew(old, str(after.get("rules")))
    return scoring.compare(before, after, anew, why)


def _judged_anew(run: Run, version: str) -> tuple[dict[str, Any] | None, str]:
    report = run.report or {}
    if report.get("rules") == version:
        return report, ""
    known = run.judgements.filter(rules=version).first()
    if known is not None:
        return known.document, ""
    try:
        return document.rejudged(rulebook.load(version), report), ""
    except (document.BadReport, rulebook.RulesError) as error:
        return None, str(error.args[0])
