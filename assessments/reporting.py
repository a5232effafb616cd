"""A run's rows -> the report document. Rows are read here; what they mean is scoring's."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from assessments import signing, withdrawals
from assessments.models import Run
from assessments.models.run import PREPARE
from assessments.scoring import document
from assessments.storable import storable


def build(run: Run) -> dict[str, Any]:
    """The document of a run whose jobs have all ended; ``evidence`` and ``jobs`` are prefetched."""
    evidence = {row.probe: row for row in run.evidence.all()}
    reading = evidence.pop(PREPARE, None)
    manifest = reading.facts if reading is not None and reading.state == "measured" else None
    inventory = evidence.get("hardware.inventory")
    began = run.started_at or run.created_at
    workers = {job.worker for job in run.jobs.all() if job.worker}
    artefacts = [
        {key: file[key] for key in ("name", "sha256", "bytes")}
        for file in (run.dataset.artefacts if run.dataset else ())
    ]
    # What no database keeps is replaced before anything is hashed: what is stored is what was signed.
    evidence_of_run = storable(
        {
            "run": {
                "id": str(run.pk),
                "seed": run.seed,
                "started": began.isoformat(timespec="seconds"),
                "seconds": round((timezone.now() - began).total_seconds(), 2),
                "workers": len(workers),
                "hardware": _machine(inventory.facts if inventory else {}),
            },
            "assessment": {
                "name": run.assessment.name,
                "client": run.assessment.client,
                **({"artefacts": artefacts} if artefacts else {}),
            },
            "manifest": manifest,
            "plan": run.plan.document if run.plan else {},
            "plan_not_read": list(run.plan.not_read) if run.plan else [],
            "answers": run.answers.values if run.answers else {},
            "taken_back": withdrawals.of(run.assessment, run.answers),
            "findings": [
                {
                    "probe": probe,
                    "finding": evidence[probe].finding.as_json(),
                    "seconds": evidence[probe].seconds,
                }
                for probe in run.probes
                if probe in evidence
            ],
        }
    )
    return signing.signed(document.build(**evidence_of_run))


def _machine(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in ("device", "cpu", "cores", "memory_gb", "gpus") if key in facts}
