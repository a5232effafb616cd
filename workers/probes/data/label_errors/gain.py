"""What correcting the listed labels would change: the rate that is left, and the accuracy gained.

The gain is measured where cleaning had no part: on a third of the rows, as they are labelled. The other two
thirds are judged among themselves, and networks learn from them with and without what looks wrong there.
Nothing of the held-out third decides what is left out, so a gain is not made by choosing the test. Wrong
labels among the rows judged on hide a part of it; it is told as it is measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data.label_errors import shapley
from workers.probes.data.shared import lapse
from workers.probes.data.shared.judged import Judged, likeness, settled
from workers.probes.data.shared.kernel import Alike
from workers.probes.data.shared.out_of_fold import folds, look, narrowed
from workers.probes.words import count

PARTS, SEEDS = 3, 4


def what_if(sample: Sample, one: Judged, budget: Budget) -> dict[str, Any]:
    """The null, what rows are worth, the rate left without the listed rows, and the gain; on one group."""
    facts: dict[str, Any] = {"null": None, "gain": None, "mitigations": []}
    group = one.groups[0]
    x = narrowed(sample.features[one.at[group]], budget.seed)
    y, number = one.y[group], len(one.classes)
    suspect = np.zeros(len(one.y), bool)
    suspect[one.listed] = True
    facts["worth"] = shapley.told(shapley.values(x, y, budget.seed), suspect[group])
    if budget.left < 2:
        return facts
    budget.progress(0.7, "Comparing with a twin without wrong labels")
    near = likeness(sample, one.at[group])
    agreed = one.chances[group].argmax(axis=1)
    if len(np.unique(agreed)) > 1:
        seen = look(x, agreed, number, budget.seed + 1, device=budget.device, alike=near)
        twin = lapse.fit(seen.mean, agreed)
        facts["null"] = {
            "rate": twin.rate, "high": twin.high, "flagged": float((twin.wrong > 0.5).mean()),
            "how": "the same rows with the labels that the models agree on",
        }  # fmt: skip
    clean = np.flatnonzero(~suspect[group])
    left = np.bincount(y[clean], minlength=number)
    if not suspect[group].any() or left.min() < 3 or budget.left < 2:
        return facts
    budget.progress(0.8, "Measuring what re-checking would change")
    left_near = near.among(clean) if near else None
    seen = look(x[clean], y[clean], number, budget.seed + 2, device=budget.device, alike=left_near)
    after = lapse.fit(seen.mean, y[clean])
    facts["gain"] = gain(x, y, number, budget, near)
    hours = suspect.sum() * 2 * 0.5 / 60  # two people, half a minute a label
    effort = (
        f"{max(1, round(hours))} {'hour' if hours < 1.5 else 'hours'}, two people"
        if hours < 8
        else (f"{round(hours / 8)} {'day' if hours < 12 else 'days'}, two people")
    )
    found = facts["gain"]
    facts["mitigations"] = [{
        "title": f"Re-check {count(int(suspect.sum()), 'suspect label')}",
        "value": min(after.rate, one.value), "low": min(after.low, one.value), "high": after.high,
        "effort": effort, "basis": "measured",
        "note": "Measured again on the rows that are not listed."
        + (f" Accuracy on unseen rows changes by {found['points']:+.1f} points." if found else ""),
    }]  # fmt: skip
    return facts


def gain(
    x: np.ndarray, y: np.ndarray, classes: int, budget: Budget, near: Alike | None = None
) -> dict[str, Any] | None:
    """Points of accuracy on rows held out, when suspects of the others are not learnt from; paired."""
    from workers.fleet import Head, Member, Net, train

    part = folds(x, y, budget.seed + 3, PARTS)
    kept = np.ones((PARTS, len(y)), bool)
    for f in range(PARTS):
        if budget.left < 3:
            return None
        learnt = np.flatnonzero(part != f)
        if np.bincount(y[learnt], minlength=classes).min() < 3:
            return None
        seed = budget.seed + 17 * f
        near_learnt = near.among(learnt) if near else None
        views, _ = settled(x[learnt], y[learnt], classes, seed, budget.device, networks=0, alike=near_learnt)
        kept[f, learnt] = lapse.fit(views.mean, y[learnt]).wrong <= 0.5
    both = [
        Member(
            seed=budget.seed + 31 * s + f,
            rows=np.flatnonzero((part != f) & (kept[f] if cleaned else True)),
            weight_decay=0.01,
        )
        for cleaned in (False, True)
        for s in range(SEEDS)
        for f in range(PARTS)
    ]
    fleet = train(
        x, y, both, net=Net((32,), start="normal"), heads=(Head(classes),), steps=250, optimizer="adamw",
        device=budget.device,
    )  # fmt: skip
    right = fleet.predict(x) == y
    each = SEEDS * PARTS
    gained = np.array(
        [100 * (right[each + k, part == k % PARTS].mean() - right[k, part == k % PARTS].mean())
         for k in range(each) if (part == k % PARTS).any()]
    )  # fmt: skip
    # Parts share training rows: Nadeau and Bengio's correction keeps the interval from being too narrow.
    spread = gained.std(ddof=1) * np.sqrt(1 / len(gained) + 1 / (PARTS - 1))
    return {
        "points": float(gained.mean()), "low": float(gained.mean() - 1.645 * spread),
        "high": float(gained.mean() + 1.645 * spread), "metric": "accuracy",
        "on": "rows that had no part in the cleaning, as they are labelled",
    }  # fmt: skip
