"""Assessments: the list, a new one, one with its files, plan and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_safe

from assessments import actions, intake, outcomes, questions, storage
from assessments.dashboards import theme, words
from assessments.forms import AssessmentForm, split_targets
from assessments.models import Assessment, Run
from assessments.policies import may_decide
from assessments.views.history import of_assessment
from assessments.views.policy import choices
from assessments.views.run import progress_of
from assessments.views.signed_in import SignedInRequest, takes_forms
from workers.plan import PlanError
from workers.probes import catalog

REFUSALS = (actions.Refused, intake.Unreadable, storage.StorageFull, storage.TooLarge)
TAKEN_FOR = {
    intake.Kind.CSV: "a table (CSV)",
    intake.Kind.CSV_GZ: "a packed table (CSV.gz)",
    intake.Kind.JSONL: "a table or texts (JSON lines)",
    intake.Kind.JSONL_GZ: "a packed table or texts (JSON lines)",
    intake.Kind.PARQUET: "a table (Parquet)",
    intake.Kind.ZIP: "a zip, of images, audio or tables",
}
WORDS = {"waiting": "Waiting", "running": "Running", "stopped": "Stopped", "cancelled": "Stopped"}


@login_required
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    rows = [_row(assessment) for assessment in Assessment.objects.visible_to(request.user).for_list()]
    return render(request, "assessment/list.html", {"here": "assessments", "assessments": rows})


def _row(assessment: Assessment) -> dict[str, Any]:
    runs: list[Run] = assessment.runs_newest_first  # type: ignore[attr-defined]
    reported = next((run for run in runs if run.overall), None)  # type: ignore[attr-defined]
    said = f"changed {date_format(assessment.changed_at, 'j F Y')}"
    ended_on = assessment.ended_on  # type: ignore[attr-defined]
    if ended_on:
        shipped = assessment.shipped  # type: ignore[attr-defined]
        said = f"{'in use since' if shipped else 'dropped on'} {date_format(ended_on, 'j F Y')}"
    return {
        "assessment": assessment,
        "overall": reported.overall if reported else None,  # type: ignore[attr-defined]
        "word": WORDS.get(runs[0].state, "Not started") if runs else "Not started",
        "said": said,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = AssessmentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        assessment = actions.create_assessment(
            request.user, form.cleaned_data["name"], form.cleaned_data["client"], form.cleaned_data["targets"]
        )
        refused = _add_files(request, assessment, form.cleaned_data["files"])
        plan = form.cleaned_data["plan"]
        if plan is not None:
            refused += _save_plan(request, assessment, plan.read(), plan.name)
        # The assessment stays with what could be used; what could not is said where it can be mended.
        for sentence in refused:
            messages.error(request, sentence)
        return redirect("assessments:assessment-detail", assessment.pk)
    errors = [(f"id_{name}", sentence) for name, said in form.errors.items() for sentence in said]
    context = {"here": "assessments", "form": form, "errors": errors, "limit": _limit()}
    return render(request, "assessment/new.html", context, status=422 if errors else 200)


@login_required
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return _detail(request, _get(request, pk))


def _detail(
    request: SignedInRequest,
    assessment: Assessment,
    *,
    errors: Iterable[tuple[str, str]] = (),
    plan_source: str | None = None,
) -> HttpResponse:
    errors = list(errors)
    sections = questions.progress(assessment.answer_values)
    complete = sum(part.state == "Completed" for part in sections)
    runs = Run.objects.filter(assessment=assessment).for_progress().order_by("-created_at")
    run = runs.first()
    context = {
        "here": "assessments",
        "assessment": assessment,
        "lede": f"{complete} of {len(sections)} sections are complete. You can fill them in any order, and "
        "stop at any time: answers are saved as you go.",
        "sections": [
            {"section": p.section, "state": p.state, "next": _first_open(assessment, p.section.id)}
            for p in sections
        ],
        "files": [
            {
                **file,
                "size": words.file_size(file["bytes"]),
                "taken_for": TAKEN_FOR[intake.Kind(file["kind"])],
            }
            for file in assessment.files
        ],
        "artefacts": [{**file, "size": words.file_size(file["bytes"])} for file in assessment.artefacts],
        "answered": sum(part.answered for part in sections),
        "asked": len(questions.ALL),
        "limit": _limit(),
        "plan_source": _source(assessment) if plan_source is None else plan_source,
        "plan_errors": [sentence for field, sentence in errors if field == "id_source"],
        "errors": errors,
        "reported": runs.filter(report__isnull=False).first(),
        "probes": len(catalog.ACTIVE),
        "policies": choices(assessment),
        "may_decide": may_decide(assessment.workspace, request.user),
        "run": run,
        "outcome": outcomes.outcome_of(assessment),
        **of_assessment(assessment, theme.WIDTHS["main"]),
        **(progress_of(run) if run else {}),
    }
    return render(request, "assessment/detail.html", context, status=422 if errors else 200)


@login_required
@takes_forms("assessments:assessment-detail")
def file_add(request: SignedInRequest, pk: UUID) -> HttpResponse:
    assessment = _get(request, pk)
    for sentence in _add_files(request, assessment, request.FILES.getlist("files")):
        messages.error(request, sentence)
    actions.update_assessment(assessment, targets=split_targets(request.POST.get("targets", "")))
    return redirect("assessments:assessment-detail", pk)


@login_required
@takes_forms("assessments:assessment-detail")
def artefact_add(request: SignedInRequest, pk: UUID) -> HttpResponse:
    files = request.FILES.getlist("artefacts")
    for sentence in _add_files(request, _get(request, pk), files, artefact=True):
        messages.error(request, sentence)
    return redirect("assessments:assessment-detail", pk)


@login_required
@takes_forms("assessments:assessment-detail")
def file_remove(request: SignedInRequest, pk: UUID) -> HttpResponse:
    try:
        actions.remove_file(
            _get(request, pk),
            request.POST.get("sha256", ""),
            request.user,
            artefact="artefact" in request.POST,
        )
    except actions.Refused as error:
        messages.error(request, str(error))
    return redirect("assessments:assessment-detail", pk)


@login_required
@takes_forms("assessments:assessment-detail")
def plan_save(request: SignedInRequest, pk: UUID) -> HttpResponse:
    assessment, source = _get(request, pk), request.POST.get("source", "")
    refused = _save_plan(request, assessment, source, "The plan")
    if refused:
        errors = [("id_source", sentence) for sentence in refused]
        return _detail(request, assessment, errors=errors, plan_source=source)
    messages.success(request, "The plan is saved.")
    return redirect("assessments:assessment-detail", pk)


def _get(request: SignedInRequest, pk: UUID) -> Assessment:
    return get_object_or_404(Assessment.objects.visible_to(request.user).with_current(), pk=pk)


def _add_files(
    request: SignedInRequest, assessment: Assessment, files: Iterable[Any], *, artefact: bool = False
) -> list[str]:
    """Adds what can be used; -> a sentence for each file that cannot."""
    refused = []
    for upload in files:
        try:
            actions.add_file(assessment, upload, upload.name, request.user, artefact=artefact)
        except REFUSALS as error:
            refused.append(str(error))
    return refused


def _save_plan(request: SignedInRequest, assessment: Assessment, source: str | bytes, name: str) -> list[str]:
    try:
        actions.save_plan(assessment, source, name, request.user)
    except PlanError as error:
        return list(error.sentences)
    return []


def _source(assessment: Assessment) -> str:
    return assessment.plan.source if assessment.plan else ""


def _first_open(assessment: Assessment, section: str) -> int:
    """The number of the first question without an answer; 1 when all have one."""
    answers = assessment.answer_values
    return next((q.number for q in questions.by_section()[section] if q.id not in answers), 1)


def _limit() -> str:
    return words.file_size(settings.MAX_UPLOAD)
