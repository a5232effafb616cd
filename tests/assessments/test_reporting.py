"""A run's rows become a report that holds, whatever characters its files had."""

from __future__ import annotations

import pytest

from assessments import reporting
from assessments.models import Evidence
from assessments.models.run import PREPARE
from assessments.scoring import document
from assessments.storable import storable
from tests.factories import RunFactory


@pytest.mark.django_db
def test_text_that_no_database_keeps_is_replaced_before_it_is_hashed(monkeypatch):
    """A worker that writes to SQLite may hand on a NUL or half a pair; what is stored must still verify."""
    run = RunFactory(probes=["data.readability"])
    measured = {"basis": "measured", "state": "measured"}
    Evidence.objects.create(
        run=run, probe=PREPARE, value=None, note="Read.", facts={"kind": "table"}, **measured
    )
    Evidence.objects.create(
        run=run, probe="data.readability", value=0.0, low=0.0, high=0.01, title="Fine",
        note="Fine.", facts={"faults": []}, **measured,
    )  # fmt: skip
    run.assessment.name = "Caps \0 and \ud800 seals"
    made = reporting.build(run)
    assert made["assessment"]["name"] == "Caps \ufffd and ? seals"
    assert made == storable(made), "nothing is changed after it is signed"
    assert document.verify(made) == []
