"""Runs: what is measured, how far it is, and the part of a page that polls itself."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments import actions
from assessments.dashboards import words
from assessments.models import Assessment, Job, Run, State
from assessments.views.signed_in import SignedInRequest, takes_forms
from workers.probes import catalog

STATES = {
    State.WAITING: "Waiting",
    State.RUNNING: "Running",
    State.DONE: "Done",
    State.STOPPED: "Stopped",
    State.CANCELLED: "Stopped",
}


@login_required
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user).for_progress(), pk=pk)
    asked = [catalog.BY_ID[probe] for probe in run.probes if probe in catalog.BY_ID]
    seconds = sum(spec.seconds for spec in asked)
    heading = {State.DONE: "The run is complete", State.WAITING: "The run is waiting"}.get(
        State(run.state), "The run has stopped" if run.finished else "The run is under way"
    )
    if run.state == State.CANCELLED:
        lede = "Somebody on the team stopped it. You can run the probes again whenever you like."
    elif run.seconds is not None:
        lede = f"It took {words.hours(run.seconds / 3600)}."
    else:
        lede = f"{words.count(len(asked), 'probe', 'probes')}, usually within {usually(seconds)}. "
        lede += "It uses this board's own machine and costs nothing."
    context = {
        "here": "assessments", "run": run, "asked": asked, "heading": heading, "lede": lede,
        **progress_of(run),
    }  # fmt: skip
    return render(request, "run/detail.html", context)


@login_required
@never_cache
@require_safe
def progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user).for_progress(), pk=pk)
    return render(request, "run/_progress.html", {"run": run, **progress_of(run)})


@login_required
@takes_forms("assessments:assessment-detail")
def start(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """``pk`` is the assessment's."""
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    try:
        run = actions.start_run(assessment, user=request.user)
    except actions.Refused as error:
        messages.error(request, str(error))
        return redirect("assessments:assessment-detail", pk)
    return redirect("assessments:run-detail", run.pk)


@login_required
@takes_forms("assessments:run-detail")
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    try:
        actions.cancel_run(run)
    except actions.Refused as error:
        messages.error(request, str(error))
    return redirect("assessments:run-detail", pk)


@login_required
@require_POST
def job_retry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.filter(run__in=Run.objects.visible_to(request.user)), pk=pk)
    try:
        actions.retry_job(job)
    except actions.Refused as error:
        messages.error(request, str(error))
    return redirect("assessments:run-detail", job.run_id)


def usually(seconds: float) -> str:
    """Whole minutes, rounded up: nobody waits 1.6 of them."""
    return words.count(math.ceil(seconds / 60), "minute", "minutes")


def progress_of(run: Run) -> dict[str, Any]:
    """What ``run/_progress.html`` shows of a run whose jobs are prefetched."""
    jobs = [_job(run, job) for job in run.jobs.all()]
    done = sum(job["state"] not in (State.WAITING, State.RUNNING) for job in jobs)
    percent = round(100 * run.progress)
    if run.finished:
        stopped = "Stopped by the team." if run.state == State.CANCELLED else ""
        announced = stopped or run.note or f"All {len(jobs)} steps have ended."
        title = f"{'Complete' if run.state == State.DONE else 'Stopped'}: {run.assessment.name}"
    else:
        # Changes once a step, not once a percent: it is read aloud.
        announced, title = f"{done} of {len(jobs)} steps have ended.", f"{percent}% {run.assessment.name}"
    return {"jobs": jobs, "announced": announced, "title": f"{title}, RiskBoard"}


def _job(run: Run, job: Job) -> dict[str, Any]:
    skipped = job.state == State.DONE and job.result_state == "skipped"  # type: ignore[attr-defined]
    seconds = None
    if job.started_at and job.state in (State.RUNNING, State.DONE):
        seconds = ((job.finished_at or timezone.now()) - job.started_at).total_seconds()
    return {
        "pk": job.pk,
        "title": job.title,
        "state": job.state,
        "word": "Skipped" if skipped else _word(job),
        "percent": round(100 * job.progress),
        "now": _now(job),
        "time": words.hours(seconds / 3600) if seconds is not None and job.state == State.DONE else "",
        "may_retry": job.state == State.STOPPED and run.state != State.CANCELLED,
    }


def _now(job: Job) -> str:
    """What a step does; the page says once, not at each step, that a run was cancelled."""
    if job.state == State.CANCELLED:
        return ""
    return job.sentence or ("Starts when the files are read" if job.ready_at is None else "Starts soon")


def _word(job: Job) -> str:
    return f"{round(100 * job.progress)}%" if job.state == State.RUNNING else STATES[State(job.state)]
