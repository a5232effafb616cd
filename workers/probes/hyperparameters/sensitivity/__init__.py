"""Does a slightly different training setting ruin the result? (probes.md P1)

Every setting is multiplied by 0.5, 0.8, 1.25 and 2, six times with the same six seeds, and held against the
runs with the planned setting. What is reported is a loss that repeats: the worst setting is chosen on half
of the seeds and measured on the other half, since the worst of many noisy figures looks bad by luck alone.
"""

from __future__ import annotations

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import classical, footing
from workers.probes.hyperparameters.footing import Footing
from workers.probes.hyperparameters.sensitivity import luck
from workers.probes.hyperparameters.sensitivity.judging import gaining_of, report
from workers.probes.hyperparameters.sensitivity.trainings import FEWEST, SEEDS, guessed, measure, pairs
from workers.probes.surrogate import interval, network, rows

WHOLE = 32 * FEWEST  # trainings' worth of steps that a plan with all settings takes at the least


def run(sample: Sample, budget: Budget) -> Finding:
    """Points lost by the worst setting within a quarter of the planned one."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    model = classical.planned(sample, found, budget)
    if model:
        model = model.within(len(pairs(model)) * classical.FEWEST_DRAWS)
    else:
        found, stand_in = network(sample, found)
        stand_in = footing.whole(Footing(found, stand_in, budget), sample, WHOLE).centre
    centre = model or stand_in
    scores = model.multiplied(pairs(model), SEEDS) if model else measure(found, stand_in, budget)
    guess = guessed(found)
    base = scores["", 1.0]
    better = (
        gaining_of({pair: 100 * (one - base) for pair, one in scores.items() if pair[0]}) if model else []
    )
    if interval(base - guess, budget.seed)[0] <= 0 and not better:
        subject = f"the planned {model.named}" if model else stand_in.subject
        reaches = "reach" if model and model.many else "reaches"
        return Finding.skipped(
            f"Inconclusive: with these settings {subject} {reaches} {100 * base.mean():.0f}"
            f" points, and always saying the same {100 * guess.mean():.0f}. There is no result yet that could"
            " be fragile."
        )
    lottery = [] if model else luck.faults(sample, Footing(found, stand_in, budget), base)
    return report(scores, centre, found, budget.seed, lottery)
