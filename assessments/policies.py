"""What people do with policies and contradictions, in verbs; pages and API both come through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from assessments.actions import Refused, Unknown
from assessments.models import Assessment, Closing, Membership, PolicyVersion, Run, ShareLink, Workspace
from assessments.scoring import closing, policy
from assessments.scoring.policy import Policy, PolicyError, Verdict
from assessments.storable import storable

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

DEFAULT = "product-feature"  # while a workspace has written no policy of its own
REASON_MOST = 1000  # characters
SHORT = 5  # a reason of fewer letters explains nothing
OWNERS = "Only an owner of the workspace may change what its projects are held against."
NO_REPORT = "This run has no report yet; wait until it is complete."


class Forbidden(Refused):
    """Somebody else may do this; the text says who."""


def may_decide(workspace: Workspace, user: User) -> bool:
    """Whether a person may change what the workspace asks of its projects: an owner; any member while it has
    no owner, so that no workspace is left without one who can."""
    roles = dict(workspace.memberships.values_list("user_id", "role"))
    if user.is_superuser or roles.get(user.pk) == Membership.Role.OWNER:
        return True
    return user.pk in roles and Membership.Role.OWNER not in roles.values()


@dataclass(frozen=True)
class Chosen:
    """The policy that counts for an assessment, and where it comes from."""

    policy: Policy | None  # None where the stored text cannot be read any more
    source: str  # "workspace", "assessment" (a preset chosen there) or "default"
    version: int | None = None  # of the workspace's
    problem: str = ""


# -- the policy ---------------------------------------------------------------------------------------
def chosen(assessment: Assessment) -> Chosen:
    """The assessment's own choice of a preset, else its workspace's policy, else the default preset."""
    if assessment.policy in policy.PRESETS:
        return Chosen(policy.preset(assessment.policy), "assessment")
    return of_workspace(assessment.workspace)


def of_workspace(workspace: Workspace) -> Chosen:
    newest = PolicyVersion.objects.newest(workspace)
    if newest is None:
        return Chosen(policy.preset(DEFAULT), "default")
    try:
        return Chosen(policy.read(newest.text, "The policy"), "workspace", newest.version)
    except PolicyError as error:  # written when other probes and faults had names
        return Chosen(None, "workspace", newest.version, str(error))


def text_of(workspace: Workspace) -> str:
    """The workspace's policy as it was written; the default preset while there is none."""
    newest = PolicyVersion.objects.newest(workspace)
    return newest.text if newest else policy.preset_text(DEFAULT)


def save(workspace: Workspace, text: str, user: User, base: int | None = None) -> PolicyVersion:
    """Adds a version; an unchanged text adds none. Only an owner may.

    Raises PolicyError for a text that is no policy, and Refused when ``base`` is not the newest version
    any more: then somebody else saved meanwhile, and neither text may push out the other unseen.
    """
    if not may_decide(workspace, user):
        raise Forbidden(OWNERS)
    text = storable(text).replace("\r\n", "\n").strip() + "\n"
    read = policy.read(text, "The policy")
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        newest = PolicyVersion.objects.newest(workspace)
        version = newest.version if newest else 0
        if newest and newest.text == text:
            return newest
        if base is not None and base != version:
            by = (newest.by if newest else "") or "Somebody"
            raise Refused(
                f"{by} saved version {version} meanwhile. Compare it below with your text, then save again."
            )
        return PolicyVersion.objects.create(
            workspace=workspace,
            version=version + 1,
            text=text,
            name=storable(read.name),
            created_by=user,
            by=named(user),
        )


def choose(assessment: Assessment, preset: str, user: User) -> Assessment:
    """Has one assessment judged by a preset; an empty name goes back to the workspace's policy. Only an owner
    may: a milder preset would let a project past the workspace's policy."""
    if not may_decide(assessment.workspace, user):
        raise Forbidden(OWNERS)
    id = preset.strip().lower().replace(" ", "-").replace("_", "-")
    if id and id not in policy.PRESETS:
        raise Unknown(
            f'There is no preset "{preset[:40]}"; choose {", ".join(policy.PRESETS)}, or none at all.'
        )
    assessment.policy = id
    assessment.save(update_fields=["policy", "changed_at"])
    return assessment


def verdict(run: Run, by: Policy, document: Mapping[str, Any] | None = None) -> Verdict:
    """A policy's result on a run's report, with contradictions as they stand; Refused without a report.

    ``document`` is the report with those contradictions, where the caller has it already.
    """
    if run.report is None:
        raise Refused(NO_REPORT)
    document = standing(run) if document is None else document
    return policy.evaluate(by, document, now=timezone.now(), changed=changed(run))


def changed(run: Run) -> list[str]:
    """What of the assessment is not what the run measured any more."""
    row = run.assessment
    pairs = (
        ("the data set", run.dataset_id, row.dataset_id),
        ("the plan", run.plan_id, row.plan_id),
        ("the answers", run.answers_id, row.answers_id),
    )
    return [name for name, then, now in pairs if then != now]


# -- contradictions -----------------------------------------------------------------------------------
def standing(run: Run, until: datetime | None = None) -> dict[str, Any]:
    """The run's report with its contradictions as people left them; the stored one stays as it is.

    With ``until``, as they stood at that moment.
    """
    report = run.report or {}
    return {**report, "contradictions": closing.standing(report, _closings(run, report, until))}


def as_shared(link: ShareLink, document: Mapping[str, Any]) -> dict[str, Any]:
    """What a link shows of a report, with its contradictions as people left them.

    A snapshot keeps how they stood when the link was made.
    """
    whole = link.whole()
    if whole is None or not document.get("contradictions"):
        return dict(document)
    until = link.created_at if link.snapshot else None
    return {
        **document,
        "contradictions": closing.standing(whole, Closing.objects.of(link.run.assessment_id, until)),
    }


def _closings(run: Run, report: Mapping[str, Any], until: datetime | None) -> list[dict[str, Any]]:
    if not report.get("contradictions"):
        return []
    return Closing.objects.of(run.assessment_id, until)


def close(run: Run, question: str, probe: str, reason: str, user: User) -> Closing:
    """Closes one contradiction of the run's report, for everyone to see who did it and why."""
    words = worded(reason, "Say in a sentence why the answer and the measurement differ.")
    report, found = _contradiction(run, question, probe)
    if found["closed"]:
        raise Refused(f"{found['closed']['by']} has closed this contradiction already.")
    return _told(run, report, question, probe, words, user)


def reopen(run: Run, question: str, probe: str, reason: str, user: User) -> Closing:
    """Takes a closing back, in one's own name and with a reason; the closing itself stays in the record.

    Only an owner of the workspace may.
    """
    words = worded(reason, "Say in a sentence why this has to be explained again.")
    report, found = _contradiction(run, question, probe)
    if not found["closed"]:
        raise Refused("This contradiction is open already.")
    if not may_decide(run.assessment.workspace, user):
        raise Forbidden("Only an owner of the workspace may open a contradiction again.")
    return _told(run, report, question, probe, words, user, opens=True)


def worded(reason: str, otherwise: str) -> str:
    """A reason in clean words; raises Unknown with ``otherwise`` where it says nothing."""
    from workers import masking  # people write names and passwords into reasons

    words = " ".join(storable(reason).split())
    if sum(map(str.isalpha, words)) < SHORT:
        raise Unknown(otherwise)
    if len(words) > REASON_MOST:
        raise Unknown(f"The reason has {len(words):,} characters; say it within {REASON_MOST:,}.")
    return masking.of_text(words)


def _contradiction(run: Run, question: str, probe: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report with its contradictions as they stand, and the one that is meant."""
    if run.report is None:
        raise Refused(NO_REPORT)
    report = standing(run)
    pair = (question, probe)
    found = next((c for c in report["contradictions"] if (c["question"], c["probe"]) == pair), None)
    if found is None:
        raise Unknown(f"This report has no contradiction of {question[:10]} against {probe[:80]}.")
    return report, found


def _told(
    run: Run,
    report: Mapping[str, Any],
    question: str,
    probe: str,
    reason: str,
    user: User,
    opens: bool = False,
) -> Closing:
    return Closing.objects.create(
        assessment_id=run.assessment_id,
        run=run,
        question=question,
        probe=probe,
        reason=reason,
        opens=opens,
        seen=storable(closing.seen(report, question, probe)),
        created_by=user,
        by=named(user),
    )


def named(user: User) -> str:
    """How a person is called beside what they did."""
    return storable(user.get_full_name() or user.get_username())[:200]
