"""The rules, a module a topic. A rule takes the plan and what is known of the data, and yields risks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.rules import (
    augmenting,
    capacity,
    evaluating,
    leakage,
    optimising,
    pretraining,
    seasons,
    selecting,
    splits,
    tasking,
    timing,
)
from workers.probes.hyperparameters.plan_review.view import View

Rule = Callable[[View, Known], Iterator[Risk]]

RULES: tuple[Rule, ...] = (
    *leakage.RULES,
    *selecting.RULES,
    *splits.RULES,
    *timing.RULES,
    *seasons.RULES,
    *augmenting.RULES,
    *evaluating.RULES,
    *tasking.RULES,
    *optimising.RULES,
    *capacity.RULES,
    *pretraining.RULES,
)
