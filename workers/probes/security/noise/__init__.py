"""What do ordinary disturbances do to the model: blur, typing errors, background noise? (probes.md S2)

Three small nets learn from clean rows and are judged on test rows that were spoilt in the ways of their
kind of data, at three strengths. What is spoilt is the thing itself (picture, text, sound, cell), which is
then read again as prepare reads it. The worst way at the middle strength is the finding. What the same nets
reach that also learnt from spoilt rows is measured beside it, and what that costs on clean ones.

Nobody has to want this: who does is the matter of ``security.adversarial``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.adversarial import told
from workers.probes.security.adversarial.curve import lost
from workers.probes.security.adversarial.twins import cost_of
from workers.probes.security.noise import pictures, sounds, tables, texts
from workers.probes.security.noise.course import MIDDLE, STRENGTHS, Course, Kind
from workers.probes.security.written import written
from workers.probes.surrogate import Rows, Surrogate, interval, row_scores, rows, surrogate
from workers.probes.words import count

SEEDS = 3
HURRIED = 6.0  # seconds left, under which one net is trained instead of three
LEAST = 0.1  # of the variance explained, for a number to predict: under it there is nothing to lose
FRAGILE, SERIOUS, BROKEN = 0.1, 0.2, 0.3  # share lost, by the favourable end of the range
POOR = 0.8  # clean score under which a stand-in's weakness says little of the planned model
MOST_AUGMENTED = 600  # training rows spoilt for the twin


@dataclass(frozen=True, eq=False)
class Loss:
    """What one way of spoiling leaves, one a strength."""

    kind: Kind
    x: np.ndarray  # float32 [n, d]: the inputs at middle strength
    scores: list[np.ndarray]  # float [K, n]: of rows, as ``row_scores`` has them
    lost: list[tuple[float, float, float]]  # share of the accuracy, with its 90 % interval


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of its accuracy that the model loses by the worst ordinary disturbance of middle strength."""
    torch.set_num_threads(1)
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    budget.progress(0.02, "Preparing inputs to spoil")
    course = _course(sample, found, budget)
    if isinstance(course, str):
        return Finding.skipped(course)
    centre = surrogate(sample, len(found.train), layers=2)
    seeds = 1 if budget.left < HURRIED else SEEDS
    fleet = _trained(course, found, centre, budget, seeds)
    spread = _spread(found)
    clean = row_scores(fleet, course.x[course.rows], found.y[course.rows], spread=spread)
    if (dull := _dull(clean, found, budget)) is not None:
        return dull
    losses = _losses(fleet, course, found, clean, spread, budget)
    worst = max(losses, key=lambda one: one.lost[MIDDLE][0])
    value, low, high = worst.lost[MIDDLE]
    tried = _twin(course, found, centre, budget, seeds, clean, spread, losses)
    seen = _facts(losses, worst, course, found, clean, centre, seeds, budget)
    seen["mitigations"] = [tried]
    pairs: list[list[str]] = []
    if found.classes:
        y = torch.from_numpy(found.y[course.rows])
        turned = told.fooled(fleet, torch.from_numpy(worst.x), clean[0] > 0, y)
        seen["matrix"], pairs = told.matrix(turned, y.numpy(), found.classes)
    seen["faults"] = faults(losses, worst, float(clean.mean()), tried["value"], pairs)
    title, note = _words(losses, worst, found, clean, tried, course, centre)
    if seeds < SEEDS:
        note += f" Measured on {seeds} of {SEEDS} models, as the time allowed."
    return Finding(max(0.0, value), note, seen, max(0.0, low), max(0.0, high), len(course.rows), title)


def _course(sample: Sample, found: Rows, budget: Budget) -> Course | str:
    if sample.kind == "images" and "images" in sample.arrays:
        return pictures.course(sample, found, budget)
    if sample.kind == "audio":
        return sounds.course(sample, found, budget)
    text = written(sample, found, budget.seed) if sample.kind == "text" else None
    if text is not None:
        return texts.course(text, found, budget)
    return tables.course(sample, found, budget)


def _trained(
    course: Course, found: Rows, centre: Surrogate, budget: Budget, seeds: int,
    more: np.ndarray | None = None, of: np.ndarray | None = None,
) -> Fleet:  # fmt: skip
    """Nets that learnt from the clean rows, and from ``more`` inputs of the rows ``of``."""
    own = found.train if course.train is None else course.train
    x, y, learnt = course.x, found.y, own
    if more is not None and of is not None:
        learnt = np.concatenate([own, np.arange(len(y), len(y) + len(more))])
        x, y = np.vstack([x, more]), np.concatenate([y, found.y[of]])
    members = [centre.member(budget.seed * 1000 + s, rows=learnt) for s in range(seeds)]
    return train(
        x, y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, device=budget.device,
    )  # fmt: skip


def _spread(found: Rows) -> float | None:
    """The variance to explain, where a number is predicted: that of all test rows, for every row alike."""
    return None if found.classes else float(np.var(found.y[found.test]))


def _dull(clean: np.ndarray, found: Rows, budget: Budget) -> Finding | None:
    low = interval(clean, budget.seed)[0]
    if not found.classes:
        if low >= LEAST:
            return None
        return Finding.skipped(
            f"Inconclusive: a small model explains {max(0.0, clean.mean()):.0%} of the differences in the"
            " target, so there is little that noise could take away."
        )
    guessing = float(np.bincount(found.y[found.test]).max() / len(found.test))
    if low >= guessing + 0.02:
        return None
    return Finding.skipped(
        f"Inconclusive: a small model is right in {clean.mean():.0%} of the cases, and always saying the"
        f" commonest class in {guessing:.0%}. There is little that noise could take away."
    )


def _losses(
    fleet: Fleet, course: Course, found: Rows, clean: np.ndarray, spread: float | None, budget: Budget
) -> list[Loss]:
    """Every way at every strength, as far as the time goes; each way whole or not at all."""
    y = found.y[course.rows]
    losses: list[Loss] = []
    began = budget.left
    for step, kind in enumerate(course.kinds):
        if step and budget.left < 1.5 * (began - budget.left) / step + 2:
            break
        budget.progress(0.2 + 0.5 * step / len(course.kinds), f"{kind.title}: what the model still says")
        inputs = [course.spoil(kind, strength, course.rows) for strength in range(len(STRENGTHS))]
        scores = [row_scores(fleet, x, y, spread=spread) for x in inputs]
        losses.append(Loss(kind, inputs[MIDDLE], scores, [lost(clean, one, budget.seed) for one in scores]))
    return losses


def _twin(
    course: Course, found: Rows, centre: Surrogate, budget: Budget, seeds: int, clean: np.ndarray,
    spread: float | None, losses: Sequence[Loss],
) -> dict[str, Any]:  # fmt: skip
    """The same nets, shown training rows a second time, each spoilt in one way at middle strength."""
    kinds = [one.kind for one in losses]
    budget.progress(0.75, "Training a twin on spoilt examples")
    own = found.train if course.train is None else course.train
    draw = np.random.default_rng([budget.seed, 31])
    again = np.sort(draw.permutation(own)[:MOST_AUGMENTED])
    which = draw.integers(len(kinds), size=len(again))
    more = np.empty((len(again), course.x.shape[1]), np.float32)
    for number, kind in enumerate(kinds):
        if (chosen := which == number).any():
            more[chosen] = course.spoil(kind, MIDDLE, again[chosen])
    fleet = _trained(course, found, centre, budget, seeds, more, again)
    y = found.y[course.rows]
    budget.progress(0.88, "Spoiling the twin's inputs")
    own_clean = row_scores(fleet, course.x[course.rows], y, spread=spread)
    scores = [row_scores(fleet, one.x, y, spread=spread) for one in losses]
    found_ = [lost(own_clean, one, budget.seed) for one in scores]
    at = int(np.argmax([one[0] for one in found_]))
    value, low, high = (max(0.0, part) for part in found_[at])
    cost, cost_low, cost_high = cost_of(clean, own_clean, budget.seed)
    points = round(100 * abs(cost))
    price = (
        "clean inputs are read as well as before"
        if points == 0
        else f"on clean inputs that {'costs' if cost > 0 else 'even gains'} {count(points, 'point')}"
    )
    return {
        "way": "spoilt",
        "title": "Train on inputs with such noise as well",
        "value": value, "low": low, "high": high,
        "effort": "2 days, one engineer",
        "basis": "measured",
        "note": f"At worst ({_small(kinds[at].title)}) such a model loses {value:.0%} instead, and {price}.",
        "worst": kinds[at].id,
        "clean": float(own_clean.mean()), "at_middle": float(scores[at].mean()),
        "cost": cost, "cost_low": cost_low, "cost_high": cost_high,
    }  # fmt: skip


def _facts(
    losses: Sequence[Loss], worst: Loss, course: Course, found: Rows, clean: np.ndarray, centre: Surrogate,
    seeds: int, budget: Budget,
) -> dict[str, Any]:  # fmt: skip
    return {
        "measure": "accuracy" if found.classes else "variance explained",
        "clean": float(clean.mean()),
        "strengths": list(STRENGTHS),
        "disturbances": [
            {
                "kind": one.kind.id,
                "title": one.kind.title,
                "amounts": list(one.kind.amounts),
                "score": [float(part.mean()) for part in one.scores],
                "low": [interval(part, budget.seed)[0] for part in one.scores],
                "high": [interval(part, budget.seed)[1] for part in one.scores],
                "lost": [part[0] for part in one.lost],
            }
            for one in sorted(losses, key=lambda one: -one.lost[MIDDLE][0])
        ],
        "left_out": [kind.title for kind in course.kinds[len(losses) :]],
        "worst": worst.kind.id,
        "where": course.where,
        "examples": course.examples,
        "surrogate": centre.described(),
        "seeds": seeds,
    }


def faults(
    losses: Sequence[Loss], worst: Loss, clean: float, regained: float, pairs: list[list[str]]
) -> list[dict[str, Any]]:
    """A model that ordinary noise of middle strength takes a tenth of the answers from is fragile.

    That is serious only where the slight form already takes so much from a good model, and a twin that has
    seen such noise keeps half of what is lost: what no twin regains is no longer in the input.
    """
    value, low, _ = worst.lost[MIDDLE]
    if low < FRAGILE:
        return []
    slight = max(one.lost[0][1] for one in losses)
    severity = "low"
    if clean >= POOR and regained <= value / 2 and slight >= SERIOUS:
        severity = "high" if slight >= BROKEN else "medium"
    return [{"fault": "fragile_to_noise", "severity": severity, "kind": worst.kind.id, "pairs": pairs}]


def _words(
    losses: Sequence[Loss], worst: Loss, found: Rows, clean: np.ndarray, tried: dict[str, Any],
    course: Course, centre: Surrogate,
) -> tuple[str, str]:  # fmt: skip
    before, after = float(clean.mean()), max(0.0, float(worst.scores[MIDDLE].mean()))
    what = "accuracy" if found.classes else "what the model explains"
    kind, value = worst.kind, worst.lost[MIDDLE][0]
    unharmed = value < 0.03 and f"{after:.0%}" == f"{before:.0%}"
    title = f"{kind.title} {'cut' if kind.many else 'cuts'} {what} from {before:.0%} to {after:.0%}"
    if unharmed:
        title = f"Ordinary noise does no harm here: {what} stays at {before:.0%}"
    elif value < 0.03:
        title = f"Ordinary noise hardly harms: at worst {before:.0%} becomes {after:.0%}"
    amount = kind.amounts[MIDDLE]
    tail = "of the answers right" if found.classes else "of the differences in the target explained"
    note = (
        f"Of {count(len(losses), 'ordinary disturbance')} at middle strength, {_small(kind.title)} ({amount})"
        f" {'do' if kind.many else 'does'} most harm: a small model has {before:.0%} {tail} without it and"
        f" {after:.0%} with it."
    )
    if unharmed:
        disturbances = count(len(losses), "ordinary disturbance")
        note = f"With each of {disturbances} at middle strength a small model keeps {before:.0%} {tail}."
    others = sorted((one for one in losses if one is not worst), key=lambda one: -one.lost[MIDDLE][0])
    if others and others[0].lost[MIDDLE][0] >= 0.03:
        left = max(0.0, float(others[0].scores[MIDDLE].mean()))
        leave = "leave" if others[0].kind.many else "leaves"
        note += f" Next: {_small(others[0].kind.title)}, which {leave} {left:.0%}."
    if value - tried["value"] >= 0.03:
        note += f" Trained on such inputs as well it loses {tried['value']:.0%} instead of {value:.0%}."
    if found.classes and before < 0.6:
        note += " That small model is weak to begin with, so take this as a rough sign only."
    return title, " ".join([note, course.where, *centre.caveats])


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]
