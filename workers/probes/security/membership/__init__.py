"""Could an outsider tell that a record was used for training? (probes.md S3)

Seventeen small models with the plan's settings learn a random half of the rows each. Each is attacked in
turn, with the others as what the attacker knows: by how sure it is (Yeom et al. 2018), by RMIA (Zarifzadeh
et al. 2024), by LiRA (Carlini et al. 2022), and by trees that learnt on the others what a member looks like
(``learned``). The value is the share of learnt rows that the strongest attack finds while it is wrong about
1 % of the others. What holding the model
back, and training with differential privacy, would change is measured on the same halves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.membership import shadows, told, what_ifs
from workers.probes.security.membership.shadows import FEWEST_MODELS, FEWEST_ROWS, MODELS, Ground, OutOfTime
from workers.probes.security.membership.strength import null, strength
from workers.probes.surrogate import rows

TOO_SHORT = "The time given is too short to train the models that an attacker needs."
NOTHING_LEARNT = (
    "Inconclusive: on rows that it has not seen the small model is no better than guessing. It learnt nothing"
    " of use, so there is nothing to leak; find what predicts the target first."
)
SHARE = 0.5  # of the time left, for the shadow models; the rest is for what would help


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of the training rows that an attack recognises at 1 % false alarms."""
    torch.set_num_threads(1)
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    if len(found.y) < FEWEST_ROWS:
        return Finding.skipped(
            f"{len(found.y)} labelled rows are too few to tell a leak from chance;"
            f" {FEWEST_ROWS} are the least."
        )
    return measure(sample, shadows.ground(sample, found, budget.seed), budget)


def measure(sample: Sample, place: Ground, budget: Budget) -> Finding:
    budget.progress(0.02, "Drawing halves of the data")
    models = MODELS
    halves = place.halves(models, budget.seed)
    members = [place.centre.member(budget.seed * 1000 + k, rows=half) for k, half in enumerate(halves)]
    a_step = shadows.seconds_a_step(place, members, budget)
    if (needed := a_step * place.centre.steps) > SHARE * budget.left:
        models = int(MODELS * SHARE * max(0.0, budget.left) / needed)
        if models < FEWEST_MODELS:
            return Finding.skipped(TOO_SHORT)
        halves, members, a_step = halves[:models], members[:models], a_step * models / MODELS
    try:
        fleet = shadows.learnt(
            place, members, budget, place.centre.steps, place.centre.optimizer, (0.05, 0.5)
        )
    except OutOfTime:
        return Finding.skipped(TOO_SHORT)
    answers = shadows.asked(place, fleet, halves)
    if len(answers) < FEWEST_MODELS:
        return Finding.skipped("With these settings the training runs away, so nothing was learnt.")
    budget.progress(0.55, "Asking the models who was in their half")
    found = strength(answers, budget.seed)
    chance = null(found.scores, answers.inside, budget.seed)
    learnt, unseen = shadows.accuracies(place, fleet, halves)
    if shadows.no_better_than_guessing(place, unseen):
        return Finding.skipped(NOTHING_LEARNT)
    tried, left_out = _what_ifs(place, halves, unseen, a_step, budget)
    budget.progress(0.97, "Looking for the most exposed rows")
    metric = "accuracy" if place.classes else "R2"
    most_exposed = told.exposed(sample, place, found, answers.inside)
    scores = float(learnt.mean()), float(unseen.mean())
    by_heart = scores[0] - scores[1] > told.LEARNT_BY_HEART
    advice = told.mitigations(found, tried, metric)
    facts: dict[str, Any] = {
        key: most_exposed[key] for key in ("rows", "files", "splits", "examples") if key in most_exposed
    }
    facts |= {
        "exposed": most_exposed["count"], "attack": found.attack, "auc": found.area,
        "attacks": {name: {"found": share, "auc": found.areas[name]} for name, share in found.found.items()},
        "curve": told.curve(found), "null": chance, "models": found.models, "rows_asked": place.rows,
        "metric": metric, "score_learnt": scores[0], "score_unseen": scores[1],
        "by_class": told.by_class(place, found, answers.inside),
        "what_ifs": [told.tried(one) for one in tried], "not_tried": left_out,
        "mitigations": advice, "surrogate": place.centre.described(),
        "faults": told.faults(sample, found, chance, most_exposed, by_heart),
    }  # fmt: skip
    title, note = told.words(sample, place, found, chance, scores, advice, left_out)
    return Finding(found.value, note, facts, found.low, found.high, place.rows, title)


def _what_ifs(
    place: Ground, halves: np.ndarray, unseen: np.ndarray, a_step: float, budget: Budget
) -> tuple[list[what_ifs.WhatIf], list[str]]:
    """What was tried, and the names of what the time did not allow."""
    tried: list[what_ifs.WhatIf] = []
    left_out: list[str] = []
    twins, private = what_ifs.seconds(place, len(halves), a_step)
    ways: tuple[tuple[str, float, Callable[[], list[what_ifs.WhatIf]]], ...] = (
        ("regularised", twins, lambda: [what_ifs.regularised(place, halves, unseen, budget, (0.6, 0.75))]),
        ("private", private, lambda: what_ifs.with_privacy(place, halves, unseen, budget)),
    )
    for name, needed, attempt in ways:
        try:
            if needed > budget.left:
                raise OutOfTime
            tried += attempt()
        except OutOfTime:
            left_out.append(name)
    return tried, left_out
