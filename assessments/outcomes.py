"""Closing a project and opening it again, and what a workspace's closed projects say about its calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from assessments.actions import Refused
from assessments.models import Assessment, Outcome, Run, Workspace
from assessments.scoring import calibration
from assessments.scoring import rules as rulebook
from assessments.storable import storable

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOTE = 2000  # characters
SAID = ("score", "low", "high", "level")


@transaction.atomic
def close(
    assessment: Assessment,
    *,
    shipped: bool,
    happened_on: date,
    late: bool | None = None,
    over_cost: bool | None = None,
    accuracy_reached: bool | None = None,
    harm: bool | None = None,
    note: str = "",
    user: User | None = None,
) -> Outcome:
    """Records what became of the project; None where nobody knows.

    The call that it is held against is the last report made by that day, kept as it was.
    """
    if happened_on > timezone.localdate():
        raise Refused("The day on which the project ended cannot lie in the future.")
    run = _called(assessment, happened_on)
    try:
        with transaction.atomic():
            return Outcome.objects.create(
                assessment=assessment,
                run=run,
                call=_call(run.report) if run and run.report else None,
                shipped=shipped,
                late=late,
                over_cost=over_cost,
                accuracy_reached=accuracy_reached,
                harm=harm,
                happened_on=happened_on,
                note=storable(note).strip()[:NOTE],
                created_by=user,
            )
    except IntegrityError:
        raise Refused("This project is closed already; reopen it to tell what happened anew.") from None


def reopen(assessment: Assessment, user: User | None = None) -> None:
    """Opens a closed project again; what was told of it stays in the records and counts no more."""
    standing = Outcome.objects.standing().filter(assessment=assessment)
    if not standing.update(reopened_at=Now(), reopened_by=user):
        raise Refused("This project is not closed.")


def outcome_of(assessment: Assessment) -> Outcome | None:
    return Outcome.objects.standing().filter(assessment=assessment).select_related("created_by").first()


def _called(assessment: Assessment, day: date) -> Run | None:
    """The last run with a report made on that day or before; a later one would know how it ended."""
    made = assessment.runs.filter(report__isnull=False, finished_at__date__lte=day)
    return made.order_by("-finished_at").first()


def _call(report: dict[str, Any]) -> dict[str, Any]:
    """The judgement in a report, without its evidence."""
    overall = report.get("overall") or {}
    return {
        "rules": report.get("rules"),
        "overall": {key: overall.get(key) for key in SAID},
        "dimensions": {
            one["id"]: {key: one.get(key) for key in SAID} for one in report.get("dimensions") or ()
        },
    }


# -- past calls -----------------------------------------------------------------------------------
def closed(workspace: Workspace) -> list[Outcome]:
    """The closed projects of a workspace, the latest first; one query."""
    found = Outcome.objects.standing().filter(assessment__workspace=workspace)
    return list(found.select_related("assessment", "created_by"))


def calibrated(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Their calls held against what happened, "riskboard.calibration/1"."""
    return calibration.calibrate(rulebook.load(), [_case(one) for one in outcomes])


def _case(outcome: Outcome) -> calibration.Case:
    call = outcome.call or {}
    each = {"overall": call.get("overall") or {}, **(call.get("dimensions") or {})}
    return calibration.Case(outcome.happened, {name: one.get("score") for name, one in each.items()})
