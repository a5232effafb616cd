"""The report of a run, for its team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from assessments import signing
from assessments.dashboards import report as dashboard
from assessments.forms import ShareForm
from assessments.models import Run
from assessments.templatetags.marks import LEVELS


@login_required
@require_safe
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page; a run that is still measuring has none yet, so its own page is shown."""
    run = get_object_or_404(Run.objects.visible_to(request.user).for_report(), pk=pk)
    if run.report is None:
        return redirect("assessments:run-detail", pk)
    return render(request, "report/report.html", {"here": "assessments", **of_run(run)})


@login_required
@require_safe
def report_json(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None:
        raise Http404("This run has no report yet.")
    response = JsonResponse(run.report, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="report.json"'
    return response


@login_required
@require_safe
def figures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The charts for Plotly, which wide screens ask for when one comes near the view."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None:
        raise Http404("This run has no report yet.")
    return JsonResponse(dashboard.plots(run.report))


@login_required
@require_safe
def more(request: HttpRequest, pk: UUID, dimension: str) -> HttpResponse:
    """The figures of a dimension's findings that matter less; the report unfolds them in place."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None or dimension not in dashboard.TITLES:
        raise Http404("This run has no such figures.")
    title, rows = dashboard.more(run.report, dimension)
    context = {"here": "assessments", "run": run, "name": run.assessment.name, "title": title, "rows": rows}
    return render(request, "report/more.html", context)


@login_required
@require_safe
def frameworks(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The run beside the clauses of public frameworks, with the gaps."""
    run = get_object_or_404(Run.objects.visible_to(request.user).select_related("assessment"), pk=pk)
    if run.report is None:
        return redirect("assessments:run-detail", pk)
    context = {
        "here": "assessments",
        "name": run.assessment.name,
        "back": reverse("assessments:run-report", args=[pk]),
        **dashboard.frameworks(run.report),
    }
    return render(request, "report/frameworks.html", context)


def of_run(run: Run) -> dict[str, Any]:
    """What report and share page show of a run with a report; one more query, for its links."""
    return {
        "run": run,
        "page": dashboard.build(run.report or {}, run.finished_at),
        "seal": signing.told(run.report or {}),
        "levels": LEVELS,
        "form": ShareForm(),
        "links": list(run.links.live()),
    }
