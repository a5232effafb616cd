"""A report with answers that the measurements contradict, and who deals with it: for tests of policies."""

from __future__ import annotations

from assessments.models import Run
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

WHY = "The second delivery was labelled by line workers."
CLAIM = ("D3", "data.label_errors")  # one of its contradictions


def ines(**more):
    """The owner of a workspace, by name."""
    return UserFactory(first_name="Ines", last_name="Marchetti", **more)


def reported(owner) -> Run:
    """A run of theirs with the sample report, whose contradictions are open."""
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


def contradiction(document, claim=CLAIM):
    """That contradiction of a report, as it stands."""
    return next(one for one in document["contradictions"] if (one["question"], one["probe"]) == claim)
