"""The workspace's policy: its text, what it says of a report, its versions; and an assessment's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assessments import actions, policies
from assessments.models import Assessment, PolicyVersion, Run, Workspace
from assessments.scoring import policy
from assessments.scoring.policy import PolicyError, Verdict
from assessments.scoring.policy.reading import fault_probes
from assessments.views.signed_in import SignedInRequest, takes_forms
from workers.probes import catalog

RESULTS = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive"}
REPORTS_MOST = 50  # to choose from
VERSIONS_MOST = 50

KEYS = (
    ("extends", "A preset whose conditions hold too: internal-tool, product-feature, decision-about-people "
     "or safety. What you write takes the place of the preset's; null takes a condition out."),
    ("decide_by", "range: the whole 90% range must stay within a level. score: the best estimate decides."),
    ("levels", "The highest level allowed, overall or for a dimension: minimal, low, moderate, high or "
     "critical."),
    ("faults", "Faults that must not occur, each with the severity from which it counts (low, medium, high); "
     "any stands for all of them."),
    ("coverage", "The share of risks that must be known at least, overall or for a dimension."),
    ("measured", "Checks that must have measured, by their id or by dimension."),
    ("contradictions", "How many answers may differ from what was measured without being explained."),
    ("stop_signs", "How many of the findings may stand that keep a score up, whatever else is fine."),
    ("evidence_days", "How many days old the measurements may be."),
    ("name", "What the policy is called on reports."),
)  # fmt: skip


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest) -> HttpResponse:
    """Every button of the form comes here; only "Save the policy" changes anything."""
    workspace = Workspace.objects.of(request.user)
    text, saved = request.POST.get("text", ""), policies.text_of(workspace)
    if request.method != "POST":
        return _page(request, workspace, saved)
    if "preset" in request.POST:
        return _preset(request, workspace, text, saved)
    if "version" in request.POST:
        one = get_object_or_404(workspace.policies, version=_number(request.POST["version"]))
        said = f"This is version {one.version}. It counts again once you save it."
        return _page(request, workspace, one.text, hint=said, before=_unsaved(workspace, text))
    if "take" in request.POST:
        return _page(request, workspace, request.POST.get("before", ""))
    if "check" in request.POST:
        return _page(request, workspace, text, before=request.POST.get("before", ""))
    try:
        made = policies.save(workspace, text, request.user, _number(request.POST.get("base")))
    except PolicyError as error:
        return _page(request, workspace, text, error.sentences, status=422)
    except policies.Forbidden as error:
        return _page(request, workspace, text, [str(error)], status=403)
    except actions.Refused as error:
        return _page(request, workspace, text, [str(error)], status=409)
    messages.success(request, f"The policy is saved as version {made.version}.")
    return redirect("assessments:policy")


@login_required
@require_POST
def check(request: SignedInRequest) -> HttpResponse:
    """What the text says of a report, while somebody writes it; nothing is saved."""
    workspace = Workspace.objects.of(request.user)
    run = _run(_reports(workspace), request.POST.get("run", ""))
    return render(request, "policy/_check.html", _checked(request.POST.get("text", ""), run))


@login_required
@takes_forms("assessments:assessment-detail")
def choose(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """``pk`` is the assessment's."""
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    try:
        policies.choose(assessment, request.POST.get("policy", ""), request.user)
        messages.success(request, "The policy of this assessment is saved.")
    except actions.Refused as error:
        messages.error(request, str(error))
    return redirect("assessments:assessment-detail", pk)


# -- what the pages show ------------------------------------------------------------------------------
def _preset(request: SignedInRequest, workspace: Workspace, text: str, saved: str) -> HttpResponse:
    id = request.POST["preset"]
    if id not in policy.PRESETS:
        return _page(request, workspace, text or saved)
    said = f"This is the preset {policy.PRESETS[id]}. It counts once you save it."
    return _page(request, workspace, policy.preset_text(id), hint=said, before=_unsaved(workspace, text))


def _unsaved(workspace: Workspace, text: str) -> str:
    """The text of the editor where it stands nowhere else: not saved, and no preset's."""
    known = {policies.text_of(workspace), *map(policy.preset_text, policy.PRESETS)}
    same = {one.strip() for one in known}
    plain = text.replace("\r\n", "\n").strip()
    return "" if not plain or plain in same else plain


def _page(
    request: SignedInRequest,
    workspace: Workspace,
    text: str,
    sentences: Sequence[str] = (),
    *,
    hint: str = "",
    before: str = "",
    status: int = 200,
) -> HttpResponse:
    versions = list(PolicyVersion.objects.filter(workspace=workspace)[:VERSIONS_MOST])
    runs = _reports(workspace)
    run = _run(runs, request.POST.get("run", ""))
    context = {
        "here": "policy",
        "workspace": workspace,
        "errors": [("id_text", sentence) for sentence in sentences],
        "presets": [{"id": id, "name": name} for id, name in policy.PRESETS.items()],
        "default": policy.PRESETS[policies.DEFAULT],
        "text": text.replace("\r\n", "\n"),
        "before": before,
        "hint": hint or _counts(versions),
        "may_save": policies.may_decide(workspace, request.user),
        "base": versions[0].version if versions else 0,
        "versions": versions,
        "runs": runs,
        "run": run,
        "keys": KEYS,
        "faults": _faults(),
        "fault_count": len(fault_probes()),
        **_checked(text, run),
    }
    return render(request, "policy/edit.html", context, status=status)


def _counts(versions: Sequence[PolicyVersion]) -> str:
    if not versions:
        return f"Nobody has saved a policy yet, so the preset {policy.PRESETS[policies.DEFAULT]} counts."
    newest = versions[0]
    return f"Version {newest.version} counts, saved by {newest.by or 'somebody'}."


def _faults() -> list[tuple[str, list[str]]]:
    """Title of a check and the faults that it can name, in the order of the report."""
    found: dict[str, list[str]] = {}
    for name, probes in fault_probes().items():
        for probe in probes:
            found.setdefault(probe, []).append(name)
    return [(catalog.BY_ID[probe].title, found[probe]) for probe in catalog.ACTIVE if probe in found]


def _reports(workspace: Workspace) -> list[Run]:
    """The workspace's newest runs that have a report, without it: it is large."""
    found = Run.objects.filter(assessment__workspace=workspace, report__isnull=False).defer("report")
    return list(found.select_related("assessment").order_by("-created_at")[:REPORTS_MOST])


def _run(runs: Sequence[Run], wanted: str) -> Run | None:
    return next((one for one in runs if str(one.pk) == wanted), runs[0] if runs else None)


def _checked(text: str, run: Run | None) -> dict[str, Any]:
    """What ``policy/_check.html`` shows."""
    try:
        read = policy.read(text, "The policy")
    except PolicyError as error:
        return {"sentences": error.sentences}
    if run is None:
        return {"count": read.of}
    return told(policies.verdict(run, read))


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict for a page: what is not met stands first, and what is met is folded."""
    return {
        "verdict": verdict,
        "word": RESULTS[verdict.result],
        "open": [*verdict.of("fail"), *verdict.of("inconclusive")],
        "met": verdict.of("pass"),
    }


def held(run: Run, document: dict[str, Any]) -> dict[str, Any]:
    """What ``report/_policy.html`` shows of a run with a report; ``document`` as contradictions stand."""
    found = policies.chosen(run.assessment)
    source = {
        "workspace": f"The workspace's policy, version {found.version}.",
        "assessment": "A preset that was chosen for this assessment.",
        "default": "A preset: nobody has saved a policy for the workspace yet.",
    }[found.source]
    if found.policy is None:
        return {"title": "not readable", "problem": found.problem, "source": source}
    verdict = policies.verdict(run, found.policy, document)
    name = found.policy.name
    return {
        "title": name[:1].lower() + name[1:] if name in policy.PRESETS.values() else name,
        "source": source,
        **told(verdict),
    }


def choices(assessment: Assessment) -> list[dict[str, Any]]:
    """What an assessment may be held against: the workspace's policy, or a preset."""
    ours = policies.of_workspace(assessment.workspace)
    name = ours.policy.name if ours.policy else "not readable"
    own = [{"id": "", "name": f"The workspace's policy ({name})"}]
    return own + [{"id": id, "name": title} for id, title in policy.PRESETS.items()]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 9 else None
