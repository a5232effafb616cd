"""Answers that people took back: which of them still count, and saying why one no longer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from assessments.actions import Refused, Unknown
from assessments.models import Answers, Assessment, Closing, Run
from assessments.policies import named, worded
from assessments.scoring import withdrawn

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def of(assessment: Assessment, answers: Answers | None) -> list[dict[str, Any]]:
    """What is taken back in a version of an assessment's answers; two queries, and none without answers."""
    if answers is None:
        return []
    reported = Run.objects.filter(answers=OuterRef("pk"), report__isnull=False)
    rows = Answers.objects.filter(assessment=assessment, version__lte=answers.version)
    rows = rows.annotate(judged=Exists(reported)).select_related("created_by").order_by("version")
    versions = [
        withdrawn.Version(
            row.values, row.judged, row.created_at, named(row.created_by) if row.created_by else ""
        )
        for row in rows
    ]
    cleared = [
        withdrawn.Cleared(one.question, one.created_at, one.by, one.reason)
        for one in Closing.objects.filter(assessment=assessment, probe=Closing.TAKEN_BACK)
    ]
    return withdrawn.found(versions, cleared)


def counting(assessment: Assessment, answers: Answers) -> dict[str, Any]:
    """Question -> its answer as it stood, of those taken back that nobody has said to be over."""
    return {one["id"]: one["was"] for one in of(assessment, answers) if not one["cleared"]}


def clear(assessment: Assessment, question: str, reason: str, user: User) -> Closing:
    """Says why an answer that was taken back no longer holds; the next report no longer counts it."""
    words = worded(reason, "Say in a sentence why the answer that was taken back no longer holds.")
    back = {one["id"]: one for one in of(assessment, assessment.answers)}
    if question not in back:
        raise Unknown(f"No answer to {question[:10]} was taken back after a report was made with it.")
    if back[question]["cleared"]:
        raise Refused(f"{back[question]['cleared']['by']} has said why this answer no longer holds.")
    return Closing.objects.create(
        assessment=assessment,
        question=question,
        probe=Closing.TAKEN_BACK,
        reason=words,
        seen=back[question]["was"],
        created_by=user,
        by=named(user),
    )
