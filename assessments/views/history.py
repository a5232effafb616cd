"""What changed from one run of an assessment to another, and earlier runs under the rules of today."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from assessments import history, rejudging
from assessments.actions import Refused
from assessments.dashboards import comparison, theme, words
from assessments.dashboards.figures.history import trend
from assessments.dashboards.report import drawn
from assessments.models import Assessment, Run
from assessments.scoring import rules as rulebook
from assessments.views.signed_in import SignedInRequest, takes_forms


@login_required
@require_safe
def compare(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Two runs, named by ``from`` and ``to``; the last two where none are named."""
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    try:
        old, new = history.pair(assessment, request.GET.get("from"), request.GET.get("to"))
    except Refused as error:
        messages.error(request, str(error))
        return redirect("assessments:assessment-detail", pk)
    context = {
        "here": "assessments",
        "assessment": assessment,
        "page": comparison.build(history.compared(old, new)),
        "old": old,
        "new": new,
        **of_assessment(assessment),
    }
    return render(request, "history/compare.html", context)


@login_required
@takes_forms("assessments:run-compare")
def judge_anew(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Judges the earlier runs of an assessment under the rules of today, beside what they have."""
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    done = rejudging.rejudge(rulebook.load(), Run.objects.filter(assessment=assessment))
    if done.failed:
        reports = words.count(len(done.failed), "report", "reports")
        messages.error(request, f"{reports} cannot be judged under the rules of today. {done.failed[0][1]}")
    else:
        reports = words.count(done.judged, "report", "reports")
        messages.success(request, f"{reports} judged under the rules of today; what they said then stays.")
    return redirect("assessments:run-compare", pk)


def of_assessment(assessment: Assessment, width: int = theme.WIDTHS["full"]) -> dict[str, Any]:
    """What the pages show of all reports of an assessment: two queries."""
    points, newest = history.points(assessment), rulebook.load().version
    chart = trend(points, newest, width)
    return {
        "trend": drawn(chart, "figure-trend") if chart else None,
        "points": list(reversed(points)),
        "newest_rules": newest,
        "to_judge": sum(one.anew is None for one in points),
    }
