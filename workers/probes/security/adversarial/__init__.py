"""How small a change to the input makes the model wrong? (probes.md S2)

Three small nets are attacked on rows they never saw, at growing strength, by chance and on purpose; a row
counts as safe only where every attack failed. Pictures are attacked in their pixels (strength in 255ths of
the brightness); tables in their numbers (in standard deviations, whole numbers by whole steps) and, where
somebody gains by it, one category; texts in their words; sounds in their features. How strong the attacker
is follows from the answers (``threat``). What twins trained on attacked and on noisy examples reach is
measured beside it. Where the attack itself is in doubt the finding is "inconclusive" (``checks``).

Beside ``security.noise``: here "noise" is a random change no larger than the attacker's, told as
fragile_to_noise; there it is what cameras, writers and sensors do to inputs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.adversarial import characters, texts, told
from workers.probes.security.adversarial.checks import Checks, self_check
from workers.probes.security.adversarial.curve import Curve, attack, facts, lost, right
from workers.probes.security.adversarial.ground import Ground, ground
from workers.probes.security.adversarial.threat import Threat, threat
from workers.probes.security.adversarial.twins import trained, twins
from workers.probes.security.written import Written, written
from workers.probes.surrogate import Rows, Surrogate, affordable, interval, rows, surrogate
from workers.probes.words import listed

SEEDS = 3
MOST_ATTACKED, FEWEST_ATTACKED, VALUES = 400, 150, 400_000  # rows, and values in all of them
PICTURE_STRENGTHS = (1 / 255, 2 / 255, 4 / 255, 8 / 255, 16 / 255, 32 / 255)
TABLE_STRENGTHS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5)
# A stand-in that makes more than half of the mistakes of guessing, and is often wrong, stands for nobody.
LEARNT, ROUGH = (
    0.5,
    0.7,
)  # share of guessing's mistakes that it must avoid, and accuracy from which it need not
HURRIED = 8.0  # seconds left, under which one net is trained instead of three


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of its accuracy that the model loses at the strength an attacker is assumed to have."""
    finding = _run(sample, budget)
    if hidden := characters.hidden(sample):
        named = [*finding.facts.get("faults", ()), *hidden]
        finding = replace(finding, facts={**finding.facts, "faults": named})
    return finding


def _run(sample: Sample, budget: Budget) -> Finding:
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    if not found.classes:
        return Finding.skipped(
            "The target is a number. This check counts wrong classes, so it does not apply here.",
            not_applicable=True,
        )
    return measure(sample, found, budget, threat(sample))


def measure(sample: Sample, found: Rows, budget: Budget, assumed: Threat) -> Finding:
    """The same for an attacker of the caller's choice."""
    torch.set_num_threads(1)
    text = written(sample, found, budget.seed) if sample.kind == "text" else None
    if text is not None:
        return _words(sample, found, text, budget, assumed)
    return _numbers(sample, found, budget, assumed)


# -- pictures, tables and features ----------------------------------------------------------------
def _numbers(sample: Sample, found: Rows, budget: Budget, assumed: Threat) -> Finding:
    place = ground(sample, found)
    if not place.movable and not (place.switches and assumed.wilful):
        return _fixed(place)
    centre = surrogate(sample, len(found.train), layers=2)
    attacked = _drawn(found, budget, max(FEWEST_ATTACKED, min(MOST_ATTACKED, VALUES // place.x.shape[1])))
    x, y = torch.from_numpy(place.x[attacked]), torch.from_numpy(found.y[attacked])
    strength = assumed.strength
    strengths = sorted({*(PICTURE_STRENGTHS if place.shape else TABLE_STRENGTHS), strength})
    fleet, spent = _trained(place, found, centre, budget)
    if (dull := _dull(right(fleet, x, y), found, budget)) is not None:
        return dull
    few = affordable(budget, len(strengths), 3, max(0.5, spent))
    if few < len(strengths):
        strengths = sorted(sorted(strengths, key=lambda s: abs(np.log(s / strength)))[:few])
    switching = bool(place.switches) and assumed.wilful
    curve = attack(fleet, place, x, y, strengths, budget, threat=strength, switching=switching)
    at = strengths.index(strength)
    guessing = _guessing(found)
    checks = self_check(fleet, place, x, y, curve, at, guessing, budget)
    seen = facts(curve, place, at, guessing, budget.seed)
    seen |= _around(centre, fleet, attacked, assumed, checks) | {"where": place.where}
    if switching:
        without = np.logical_and.reduce([curve.lines[line][at] for line in ("random", "fgsm", "pgd")])
        seen["without_switches"] = float(without.mean())
    if place.held:
        seen["immutable"] = list(place.held)
    if place.whole:
        seen["whole_numbers"] = list(place.whole)
    if (doubt := _doubt(checks, found, seen) or _poor(curve, guessing, seen)) is not None:
        return doubt
    value, low, high = lost(curve.clean, curve.worst[at], budget.seed)
    tried = []
    if place.movable:  # training on attacked batches moves numbers, and no categories
        tried = twins(place, found, centre, budget, len(fleet), strength, x, y, curve, switching=switching)
    seen["mitigations"] = tried
    turned = told.fooled(fleet, curve.moved[at], curve.clean[0], y)
    seen["matrix"], pairs = told.matrix(turned, y.numpy(), found.classes)
    if place.shape is not None:
        seen["examples"] = told.examples(sample, found, place, fleet, curve, at, x, y, attacked)
    noise = lost(curve.clean, curve.once[at], budget.seed)
    seen["faults"] = told.faults(low, noise[1], float(curve.clean.mean()), pairs, assumed)
    title, note = told.words(curve, at, place, value, tried, assumed, centre, switching=switching)
    return Finding(value, _hurried(note, fleet), seen, low, high, len(attacked), title)


# -- words ------------------------------------------------------------------------------------------
def _words(sample: Sample, found: Rows, text: Written, budget: Budget, assumed: Threat) -> Finding:
    # Making features of texts is the processor's work, which small nets on another device would wait for.
    budget = Budget(budget.left, budget.seed, "cpu", budget.on_progress)
    centre = surrogate(sample, len(found.train), layers=2)
    attacked = texts.fitting(text, _drawn(found, budget, MOST_ATTACKED))
    place = Ground(text.x, _nowhere(text.x), 1.0, None, 0.0, "share of words", "")
    fleet, _ = _trained(place, found, centre, budget)
    read = texts.reading(text, found, attacked)
    x = torch.from_numpy(text.x[attacked])
    if (dull := _dull(right(fleet, x, read.y), found, budget)) is not None:
        return dull
    strengths = sorted({*texts.STRENGTHS, assumed.strength})
    curve = texts.attack(fleet, read, strengths, budget)
    at, guessing = strengths.index(assumed.strength), _guessing(found)
    checks = texts.self_check(fleet, read, curve, at, guessing, budget)
    seen = facts(curve, place, at, guessing, budget.seed)
    seen |= _around(centre, fleet, attacked, assumed, checks) | {"column": text.column}
    if (doubt := _doubt(checks, found, seen) or _poor(curve, guessing, seen)) is not None:
        return doubt
    value, low, high = lost(curve.clean, curve.worst[at], budget.seed)
    tried = texts.twins(fleet, read, found, centre, budget, assumed.strength, curve)
    seen["mitigations"] = tried
    after = texts.worst_rows(fleet, read, assumed.strength, budget.seed)
    turned = told.fooled(fleet, torch.from_numpy(after), curve.clean[0], read.y)
    seen["matrix"], pairs = told.matrix(turned, read.y.numpy(), found.classes)
    noise = lost(curve.clean, curve.once[at], budget.seed)
    unseen = lost(curve.clean, curve.lines["signs"][at], budget.seed)
    typos, signs = (float(curve.lines[line][at].mean()) for line in ("typos", "signs"))
    seen["faults"] = [
        *told.faults(low, noise[1], float(curve.clean.mean()), pairs, assumed),
        *told.signs(unseen[1], typos, signs, text.column, pairs, assumed),
    ]
    title, note = told.words(curve, at, None, value, tried, assumed, centre)
    return Finding(value, _hurried(note, fleet), seen, low, high, len(attacked), title)


# -- what both share --------------------------------------------------------------------------------
def _drawn(found: Rows, budget: Budget, most: int) -> np.ndarray:
    draw = np.random.default_rng([budget.seed, 5])
    return np.sort(draw.permutation(found.test)[:most])


def _trained(place: Ground, found: Rows, centre: Surrogate, budget: Budget) -> tuple[Fleet, float]:
    """The nets to attack, and the seconds their training took."""
    budget.progress(0.02, "Training the model to attack")
    began = budget.left
    fleet = trained(place, found, centre, budget, 1 if budget.left < HURRIED else SEEDS)
    return fleet, began - budget.left


def _nowhere(x: np.ndarray) -> Any:
    from workers.probes.security.adversarial.attacks import Box

    ends = torch.from_numpy(x.min(0)), torch.from_numpy(x.max(0))
    return Box(*ends, torch.zeros(x.shape[1]))


def _fixed(place: Ground) -> Finding:
    """Where no number can move a little, and nobody is known to gain by lying about a category."""
    if place.switches:
        held = f", as {listed(place.held)} cannot be changed" if place.held else ""
        return Finding.skipped(
            f"No number here can change a little{held}. Answer whether anyone would gain by fooling the"
            " model; if so, one wrong category is tried.",
            immutable=list(place.held),
        )
    return Finding.skipped(
        f"Nothing here can be changed by an attacker: {listed(place.held) or 'every column'} cannot be"
        " changed, and there is nothing else to learn from.",
        immutable=list(place.held),
    )


def _guessing(found: Rows) -> float:
    return float(np.bincount(found.y[found.test]).max() / len(found.test))


def _dull(clean: np.ndarray, found: Rows, budget: Budget) -> Finding | None:
    """A finding that says so where the nets have learnt nothing; None where they have."""
    guessing = _guessing(found)
    if interval(clean, budget.seed)[0] >= guessing + 0.02:
        return None
    return Finding.skipped(
        f"Inconclusive: a small model is right in {clean.mean():.0%} of the cases, and always saying the"
        f" commonest class in {guessing:.0%}. A model that has learnt nothing cannot be fooled."
    )


def _poor(curve: Curve, guessing: float, seen: dict[str, Any]) -> Finding | None:
    """A finding without a value where the nets hardly learnt the task, and stand for no planned model."""
    clean = float(curve.clean.mean())
    if clean >= ROUGH or clean - guessing >= LEARNT * (1 - guessing):
        return None
    return Finding.skipped(
        f"Inconclusive: a small model is right in only {clean:.0%} of the cases, and always saying the"
        f" commonest class in {guessing:.0%}. It has hardly learnt the task, so how easily it is fooled says"
        " little about the planned model. Have that model attacked once it is trained.",
        **seen,
    )


def _around(
    centre: Surrogate, fleet: Fleet, attacked: np.ndarray, assumed: Threat, checks: Checks
) -> dict[str, Any]:
    return {
        "checks": checks, "mitigations": [], "surrogate": centre.described(), "seeds": len(fleet),
        "attacked": len(attacked), "attacker": assumed.attacker, "who_can_ask": assumed.reach,
    }  # fmt: skip


def _doubt(checks: Checks, found: Rows, seen: dict[str, Any]) -> Finding | None:
    """A finding without a value where a check does not hold; None where all do."""
    failed = [check["says"] for check in checks.values() if not check["ok"]]
    if not failed:
        return None
    masked = {"fault": "gradient_masking", "severity": "low", "classes": list(found.classes)}
    return Finding.skipped(f"Inconclusive: {failed[0]}", **{**seen, "faults": [masked]})


def _hurried(note: str, fleet: Fleet) -> str:
    if len(fleet) < SEEDS:
        return f"{note} Measured on {len(fleet)} of {SEEDS} models, as the time allowed."
    return note


__all__ = ["Curve", "measure", "run"]
