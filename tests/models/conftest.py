"""A run whose jobs wait, without a worker."""

from __future__ import annotations

import pytest

from assessments import actions
from assessments.models import Job, Run
from tests.factories import AssessmentFactory
from workers.probes.base import Finding

FOUND = Finding(0.1, "A tenth of the rows.", {"counts": {"a": 9, "b": 1}}, low=0.05, high=0.2, sample=10)


@pytest.fixture(autouse=True)
def published(monkeypatch) -> list[str]:
    """The ids that were published, instead of a broker."""
    sent: list[str] = []
    monkeypatch.setattr(Job, "publish", lambda job: sent.append(str(job.pk)))
    return sent


@pytest.fixture
def run(transactional_db) -> Run:
    """Two jobs that need no files: both may start at once."""
    assessment = AssessmentFactory()
    actions.save_answers(assessment, {"D1": "yes"})
    return actions.start_run(assessment, ["hardware.inventory", "hardware.memory"])


@pytest.fixture
def job(run) -> Job:
    return run.jobs.first()
