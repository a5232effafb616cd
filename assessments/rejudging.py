"""Stored runs under other rules: judged anew from the evidence in their reports, which stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from assessments.models import Judgement, Run
from assessments.scoring.document import BadReport
from assessments.scoring.rules import Rules

BATCH = 20  # reports held at once; one with pictures has a megabyte


@dataclass(slots=True)
class Done:
    """What came of it: how many were judged, how many changed their level, and who could not be."""

    judged: int = 0
    moved: int = 0
    failed: list[tuple[UUID, str]] = field(default_factory=list)


def rejudge(rules: Rules) -> Done:
    """Judges every stored run that these rules did not judge yet; may be stopped and started again."""
    done = Done()
    waiting = list(Run.objects.to_judge(rules.version).order_by("created_at").values_list("pk", flat=True))
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        made = []
        for run in Run.objects.filter(pk__in=batch).only("report"):
            try:
                one = Judgement.of(run, rules)
            except BadReport as error:
                done.failed.append((run.pk, str(error)))
                continue
            made.append(one)
            before = ((run.report or {}).get("overall") or {}).get("level")
            done.moved += one.document["overall"]["level"] != before
        Judgement.objects.bulk_create(made, ignore_conflicts=True)  # another process may be at it too
        done.judged += len(made)
    return done
