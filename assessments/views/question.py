"""The questionnaire, one question a page, and the page that shows all answers before the run."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import actions, questions, withdrawals
from assessments.answer_form import AnswerForm
from assessments.models import Assessment
from assessments.views.run import usually
from assessments.views.signed_in import SignedInRequest
from workers.probes import catalog


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: SignedInRequest, pk: UUID, section: str, number: int) -> HttpResponse:
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user).with_current(), pk=pk)
    asked = questions.by_section().get(section, ())
    if not 1 <= number <= len(asked):
        raise Http404("There is no such question.")
    one, checking = asked[number - 1], "check" in request.GET
    form = AnswerForm(
        one, assessment.answer_values.get(one.id), request.POST if request.method == "POST" else None
    )
    if form.is_valid():
        actions.save_answers(assessment, {one.id: form.cleaned}, user=request.user)
        return redirect(_next(assessment, section, number, later="later" in request.POST, checking=checking))
    context = {
        "here": "assessments",
        "assessment": assessment,
        "section": next(s for s in questions.SECTIONS if s.id == section),
        "question": one,
        "of": len(asked),
        "form": form,
        "errors": form.errors,
        "back": _back(assessment, section, number, checking=checking),
        "withdrawn": _withdrawn(assessment, one.id),
    }
    return render(request, "assessment/question.html", context, status=422 if form.errors else 200)


def _withdrawn(assessment: Assessment, question: str) -> dict[str, Any] | None:
    """The answer that was taken back and still counts, in words; None where there is none."""
    back = withdrawals.of(assessment, assessment.answers)
    one = next((one for one in back if one["id"] == question and not one["cleared"]), None)
    if one is None:
        return None
    return {**one, "on": date.fromisoformat(one["on"]), "answer": questions.in_words(question, one["was"])}


@login_required
@require_POST
def clear(request: SignedInRequest, pk: UUID, section: str, number: int) -> HttpResponse:
    """Why an answer that was taken back no longer holds, said in one's own name."""
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user).with_current(), pk=pk)
    asked = questions.by_section().get(section, ())
    if not 1 <= number <= len(asked):
        raise Http404("There is no such question.")
    try:
        withdrawals.clear(assessment, asked[number - 1].id, request.POST.get("reason", ""), request.user)
    except actions.Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The next report no longer counts that answer. Your name and reason stay.")
    return redirect("assessments:question", pk, section, number)


def _next(assessment: Assessment, section: str, number: int, *, later: bool, checking: bool) -> str:
    if checking:
        return reverse("assessments:answers-check", args=[assessment.pk])
    if later or number == len(questions.by_section()[section]):
        return reverse("assessments:assessment-detail", args=[assessment.pk])
    return reverse("assessments:question", args=[assessment.pk, section, number + 1])


def _back(assessment: Assessment, section: str, number: int, *, checking: bool) -> str:
    if checking:
        return reverse("assessments:answers-check", args=[assessment.pk])
    if number == 1:
        return reverse("assessments:assessment-detail", args=[assessment.pk])
    return reverse("assessments:question", args=[assessment.pk, section, number - 1])


@login_required
@require_safe
def check(request: SignedInRequest, pk: UUID) -> HttpResponse:
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user).with_current(), pk=pk)
    answers = assessment.answer_values
    sections = [
        {
            "section": part.section,
            "state": part.state,
            "rows": [
                {"question": q, "answer": questions.in_words(q.id, answers[q.id]) if q.id in answers else ""}
                for q in questions.by_section()[part.section.id]
            ],
        }
        for part in questions.progress(answers)
    ]
    seconds = sum(spec.seconds for spec in catalog.SPECS if spec.id in catalog.ACTIVE)
    context = {
        "here": "assessments",
        "assessment": assessment,
        "sections": sections,
        "lede": f"{len(answers)} of {len(questions.ALL)} questions are answered. What is open widens "
        "the range of the report; it never counts as safe.",
        "estimate": f"{len(catalog.ACTIVE)} probes run, usually within {usually(seconds)}. "
        "You can close the page while they do.",
    }
    return render(request, "assessment/check.html", context)
