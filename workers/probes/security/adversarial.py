"""How small a change to the input makes the model wrong? (probes.md S2)

Three small nets are attacked on rows they never saw, at growing strength, by chance and on purpose; a row
counts as safe only where every attack failed. Pictures are attacked in their pixels (strength in 255ths of
the brightness), tables in their numbers (in standard deviations; categories and switches stay as they are),
text and sound in their features. What a twin trained on attacked examples reaches is measured beside it.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.attacks import STEPS, Box, fgsm, pgd, random_signs, training_attack
from workers.probes.surrogate import Rows, Surrogate, affordable, answered, interval, rows, surrogate

SEEDS = 3
MOST_ATTACKED = 400
LARGEST_SIDE = 32  # pixels; larger pictures are attacked at this size
SLACK = 0.01  # of accuracy, by which one attack may seem weaker than another through chance
THREATS = {"images": 8 / 255}  # for undefended pictures; everything else 0.1 sd
STRENGTHS = {"images": (1 / 255, 2 / 255, 4 / 255, 8 / 255, 16 / 255, 32 / 255)}
TABLE_STRENGTHS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True, eq=False)
class Ground:
    """Where the attack takes place: the inputs, their box, and how to say a strength."""

    x: np.ndarray  # float32 [n, d], as the net sees it
    box: Box
    scale: float  # one unit of strength in x's own unit
    shape: tuple[int, int, int] | None  # of a picture
    offset: float  # x = (value - offset) / (1 / scale) for pictures
    unit: str
    where: str  # a sentence about the space


@dataclass(eq=False)
class Curve:
    """Who is still right, [K, n], after each attack at each strength."""

    clean: np.ndarray
    strengths: list[float]
    random: list[np.ndarray] = field(default_factory=list)
    fgsm: list[np.ndarray] = field(default_factory=list)
    pgd: list[np.ndarray] = field(default_factory=list)
    worst: list[np.ndarray] = field(default_factory=list)
    moved: list[torch.Tensor] = field(default_factory=list)  # member 0's rows, as PGD left them


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of its accuracy that the model loses at the strength an attacker is assumed to have."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    if not found.classes:
        return Finding.skipped(
            "The target is a number. This check counts wrong classes, so it does not apply here.",
            not_applicable=True,
        )
    return measure(sample, found, budget, THREATS.get(sample.kind, 0.1))


def measure(sample: Sample, found: Rows, budget: Budget, threat: float) -> Finding:
    """The same at a threat strength of the caller's choice: a share of full brightness, or sd."""
    torch.set_num_threads(1)
    place = ground(sample, found)
    centre = surrogate(sample, len(found.train), layers=2)
    draw = np.random.default_rng([budget.seed, 5])
    attacked = np.sort(draw.permutation(found.test)[:MOST_ATTACKED])
    x, y = torch.from_numpy(place.x[attacked]), torch.from_numpy(found.y[attacked])
    strengths = sorted({*STRENGTHS.get(sample.kind, TABLE_STRENGTHS), threat})
    budget.progress(0.02, "Training the model to attack")
    began = budget.left
    fleet = _train(place, found, centre, budget, 1 if budget.left < 8 else SEEDS)
    seeds = len(fleet)
    clean = _right(fleet, x, y)
    guessing = float(np.bincount(found.y[found.test]).max() / len(found.test))
    low_clean, _ = interval(clean, budget.seed)
    if low_clean < guessing + 0.02:
        return Finding.skipped(
            f"Inconclusive: a small model is right in {clean.mean():.0%} of the cases, and always saying the"
            f" commonest class in {guessing:.0%}. A model that has learnt nothing cannot be fooled."
        )
    few = affordable(budget, len(strengths), 3, max(0.5, began - budget.left))
    if few < len(strengths):
        strengths = sorted(strengths, key=lambda s: abs(np.log(s / threat)))[:few]
        strengths.sort()
    curve = attack(fleet, place, x, y, strengths, budget)
    at = strengths.index(threat)
    checks = self_check(fleet, place, x, y, curve, at, guessing, budget)
    facts = _curve_facts(curve, place, sample.kind, at, guessing, checks, budget.seed)
    facts |= {"surrogate": centre.described(), "seeds": seeds, "attacked": len(attacked)}
    facts["where"] = place.where
    failed = [check["says"] for check in checks.values() if not check["ok"]]
    if failed:
        facts["faults"] = [{"fault": "gradient_masking", "severity": "low", "classes": list(found.classes)}]
        return Finding.skipped(f"Inconclusive: {failed[0]}", **facts)
    value, low, high = lost(curve.clean, curve.worst[at], budget.seed)
    twin = _twin(place, found, centre, budget, seeds, threat, x, y)
    facts["mitigations"] = [twin]
    fooled = _fooled(fleet, curve, at, x, y)
    facts["matrix"], pairs = _matrix(fooled, y.numpy(), found.classes)
    if place.shape is not None:
        facts["examples"] = _examples(sample, found, place, fooled, curve.moved[at], x, y, attacked)
    noise = lost(curve.clean, curve.random[at], budget.seed)
    facts["faults"] = _faults(low, noise[1], float(curve.clean.mean()), pairs, answered(sample, "S4"))
    title, note = _words(curve, at, place, value, twin, seeds, centre)
    return Finding(value, note, facts, low, high, len(attacked), title)


# -- the ground -----------------------------------------------------------------------------------
def ground(sample: Sample, found: Rows) -> Ground:
    """Pixels for pictures, else the features; with what may change and between which ends."""
    if sample.kind == "images" and "images" in sample.arrays:
        return _pixels(sample, found)
    x = found.x
    train_rows = x[found.train]
    free = np.ones(x.shape[1], np.float32)
    where = {
        "text": "The change is made to the word statistics, not to the letters.",
        "audio": "The change is made to the sound's features, not to the sound itself.",
        "images": "The change is made to the picture's features.",
    }.get(sample.kind, "Numbers may change between the ends seen in the data; categories stay as they are.")
    if sample.kind in ("table", "series"):
        for group in sample.manifest.get("features", {}).get("groups", ()):
            if group.get("type") not in ("number", "numeric", "integer", "float", "lag"):
                free[group["start"] : group["stop"]] = 0
        switches = [len(np.unique(train_rows[:, j])) <= 2 for j in range(x.shape[1])]
        free[np.array(switches, bool)] = 0  # yes-or-no columns and "was missing" marks
    box = Box(
        torch.from_numpy(train_rows.min(0)), torch.from_numpy(train_rows.max(0)), torch.from_numpy(free)
    )
    return Ground(x, box, 1.0, None, 0.0, "sd", where)


def _pixels(sample: Sample, found: Rows) -> Ground:
    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    pictures = sample.arrays["images"][[place[int(i)] for i in found.ids]].astype(np.float32) / 255
    side = max(pictures.shape[1:3])
    if side > LARGEST_SIDE:
        stack = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        ratio = LARGEST_SIDE / side
        size = [max(4, round(length * ratio)) for length in pictures.shape[1:3]]
        stack = torch.nn.functional.interpolate(stack, size, mode="area")
        pictures = stack.permute(0, 2, 3, 1).contiguous().numpy()
    high, wide, channels = (int(length) for length in pictures.shape[1:])
    shape = (high, wide, channels)
    flat = pictures.reshape(len(pictures), -1)
    centre, spread = float(flat[found.train].mean()), max(1e-3, float(flat[found.train].std()))
    ends = [torch.full((flat.shape[1],), (end - centre) / spread) for end in (0.0, 1.0)]
    box = Box(ends[0], ends[1], torch.ones(flat.shape[1]))
    where = f"Every pixel of the {shape[1]} × {shape[0]} picture may change."
    return Ground((flat - centre) / spread, box, 1 / spread, shape, centre, "of 255", where)


def _train(
    place: Ground, found: Rows, centre: Surrogate, budget: Budget, seeds: int, threat: float | None = None
) -> Fleet:
    members = [centre.member(budget.seed * 1000 + s, rows=found.train) for s in range(seeds)]
    perturb = None if threat is None else training_attack(place.box, threat * place.scale)
    return train(
        place.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, perturb=perturb,
    )  # fmt: skip


# -- the attack -----------------------------------------------------------------------------------
@torch.no_grad()
def _right(fleet: Fleet, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    return (fleet.logits(x).argmax(-1) == y).numpy()


def attack(
    fleet: Fleet, place: Ground, x: torch.Tensor, y: torch.Tensor, strengths: list[float], budget: Budget
) -> Curve:
    """Every attack at every strength. A weaker attack also counts against every greater strength."""
    draw = torch.Generator().manual_seed(budget.seed)
    start = x.expand(len(fleet), -1, -1).contiguous()
    curve = Curve(_right(fleet, x, y), strengths)
    safe = curve.clean.copy()
    for step, strength in enumerate(strengths):
        budget.progress(0.15 + 0.55 * step / len(strengths), "Attacking the model")
        reach = strength * place.scale
        by_chance = curve.clean.copy()
        for moved in random_signs(start, place.box, reach, draw):
            by_chance &= _right(fleet, moved, y)
        once = _right(fleet, fgsm(fleet, start, y, place.box, reach), y) & curve.clean
        ends = pgd(fleet, start, y, place.box, reach, draw)
        often = curve.clean.copy()
        for moved in ends:
            often &= _right(fleet, moved, y)
        safe = safe & by_chance & once & often
        first = _right(fleet, ends[0], y)
        curve.random.append(by_chance)
        curve.fgsm.append(once)
        curve.pgd.append(often)
        curve.worst.append(safe.copy())
        curve.moved.append(torch.where(torch.from_numpy(first[0])[:, None], ends[1][0], ends[0][0]))
    return curve


def self_check(
    fleet: Fleet, place: Ground, x: torch.Tensor, y: torch.Tensor, curve: Curve, at: int, guessing: float,
    budget: Budget,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """What must hold if the attacks work at all; where it does not, the figure would flatter the model."""
    budget.progress(0.72, "Checking that the attack itself works")
    draw = torch.Generator().manual_seed(budget.seed + 1)
    start = x.expand(len(fleet), -1, -1).contiguous()
    reach = curve.strengths[at] * place.scale
    chance, once, often = (float(part[at].mean()) for part in (curve.random, curve.fgsm, curve.pgd))
    longer = curve.clean.copy()
    for moved in pgd(fleet, start, y, place.box, reach, draw, steps=2 * STEPS):
        longer &= _right(fleet, moved, y)
    spread = float((place.box.high - place.box.low).abs().max())
    open_box = Box(torch.full_like(place.box.low, -1e9), torch.full_like(place.box.high, 1e9), place.box.free)
    huge = curve.clean.copy()
    for moved in pgd(fleet, start, y, open_box, 4 * spread, draw):
        huge &= _right(fleet, moved, y)
    return {
        "order": {
            "ok": often <= once + SLACK and once <= chance + SLACK,
            "says": "an attack that follows the model's gradient did less harm than a weaker one, so the"
            " gradient misleads and the true weakness is unknown.",
            "figures": {"random": chance, "fgsm": once, "pgd": often},
        },
        "more_steps": {
            "ok": float(longer.mean()) <= often + SLACK,
            "says": "more steps of the attack did less harm than fewer, so the figure is not to be trusted.",
            "figures": {"steps_20": often, "steps_40": float(longer.mean())},
        },
        "huge": {
            "ok": float(huge.mean()) <= max(0.1, 0.5 * guessing) or not bool(place.box.free.any()),
            "says": "even a change without limit left many answers right, so the attack does not reach what"
            " the model looks at.",
            "figures": {"accuracy": float(huge.mean())},
        },
    }


def lost(clean: np.ndarray, worst: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Share of the accuracy that is lost, with its 90 % interval over members and rows."""
    draw = np.random.default_rng([seed, 17])
    members, n = clean.shape
    values = []
    for _ in range(400):
        weights = draw.multinomial(n, np.full(n, 1 / n))
        chosen = draw.integers(members, size=members)
        right = float((clean[chosen] * weights).sum())
        values.append(1 - float((worst[chosen] * weights).sum()) / right if right else 0.0)
    value = 1 - float(worst.sum()) / max(1.0, float(clean.sum()))
    low, high = np.quantile(values, [0.05, 0.95])
    return value, float(min(low, value)), float(max(high, value))


def _twin(
    place: Ground, found: Rows, centre: Surrogate, budget: Budget, seeds: int, threat: float,
    x: torch.Tensor, y: torch.Tensor,
) -> dict[str, Any]:  # fmt: skip
    """The mitigation, measured: the same nets trained on attacked batches, under the same attacks."""
    budget.progress(0.78, "Training a twin on attacked examples")
    fleet = _train(place, found, centre, budget, seeds, threat)
    budget.progress(0.9, "Attacking the twin")
    curve = attack(fleet, place, x, y, [threat], Budget(seconds=budget.left, seed=budget.seed))
    value, low, high = lost(curve.clean, curve.worst[0], budget.seed)
    return {
        "title": "Train on attacked examples as well",
        "value": value,
        "low": low,
        "high": high,
        "effort": "1 week, one engineer",
        "basis": "measured",
        "note": f"Such a model is right in {curve.clean.mean():.0%} of the untouched cases and in"
        f" {curve.worst[0].mean():.0%} of the attacked ones.",
        "clean": float(curve.clean.mean()),
        "at_threat": float(curve.worst[0].mean()),
    }


# -- what it says ---------------------------------------------------------------------------------
def _curve_facts(
    curve: Curve, place: Ground, kind: str, at: int, guessing: float, checks: dict[str, Any], seed: int
) -> dict[str, Any]:
    shown = 255 if place.shape is not None else 1
    ends = [interval(worst.astype(float), seed) for worst in curve.worst]

    def means(parts: list[np.ndarray]) -> list[float]:
        return [float(part.mean()) for part in parts]

    return {
        "unit": place.unit,
        "strength": [round(s * shown, 4) for s in curve.strengths],
        "random": means(curve.random),
        "fgsm": means(curve.fgsm),
        "pgd": means(curve.pgd),
        "worst": means(curve.worst),
        "worst_low": [low for low, _ in ends],
        "worst_high": [high for _, high in ends],
        "clean": float(curve.clean.mean()),
        "threat": round(curve.strengths[at] * shown, 4),
        "at_threat": float(curve.worst[at].mean()),
        "guessing": guessing,
        "half": _half(curve, shown),
        "checks": checks,
        "mitigations": [],
    }


def _half(curve: Curve, shown: float) -> float | None:
    """The strength at which half of the accuracy is gone, between the measured ones; None beyond them."""
    levels = [1.0, *(float(worst.mean()) / max(1e-9, float(curve.clean.mean())) for worst in curve.worst)]
    at = [0.0, *curve.strengths]
    for place in range(1, len(levels)):
        if levels[place] <= 0.5:
            share = (levels[place - 1] - 0.5) / max(1e-9, levels[place - 1] - levels[place])
            return round(shown * (at[place - 1] + share * (at[place] - at[place - 1])), 4)
    return None


@torch.no_grad()
def _fooled(fleet: Fleet, curve: Curve, at: int, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """int [n]: the class member 0 says after PGD at the threat; -1 where that changed nothing."""
    said = fleet.take([0]).logits(curve.moved[at])[0].argmax(-1).numpy()
    return np.where(curve.clean[0] & (said != y.numpy()), said, -1)


def _matrix(
    fooled: np.ndarray, y: np.ndarray, classes: tuple[str, ...]
) -> tuple[dict[str, Any], list[list[str]]]:
    """Which class becomes which, and the commonest changes."""
    counts = np.zeros((len(classes), len(classes)), int)
    for right, said in zip(y, fooled, strict=True):
        if said >= 0:
            counts[right, said] += 1
    order = np.argsort(-counts, axis=None, kind="stable")[:3]
    pairs = [
        [classes[place // len(classes)], classes[place % len(classes)]]
        for place in order
        if counts.flat[place] > 0
    ]
    return {"classes": list(classes), "counts": counts.tolist()}, pairs


def _faults(
    low: float, noise_low: float, clean: float, pairs: list[list[str]], gain: str | None
) -> list[dict[str, Any]]:
    """Weakness to attack is a fault only where somebody gains by it; weakness to chance always is.

    Unless the stand-in is a poor model anyway: then its weakness says little about the planned one.
    """
    faults = []
    if low >= 0.1:
        severity = "low" if gain not in ("some", "lot") else "high" if low >= 0.3 else "medium"
        faults.append({"fault": "fragile_to_attack", "severity": severity, "pairs": pairs})
    if noise_low > 0.1:
        severity = "high" if clean >= 0.8 else "low"
        faults.append({"fault": "fragile_to_noise", "severity": severity, "pairs": pairs})
    return faults


def _examples(
    sample: Sample, found: Rows, place: Ground, fooled: np.ndarray, moved: torch.Tensor, x: torch.Tensor,
    y: torch.Tensor, attacked: np.ndarray,
) -> list[dict[str, Any]]:  # fmt: skip
    """Up to six pictures before and after, one a class pair first."""
    chosen: list[int] = []
    seen: set[tuple[int, int]] = set()
    candidates = np.flatnonzero(fooled >= 0)
    for once in (True, False):
        for row in candidates:
            pair = (int(y[row]), int(fooled[row]))
            if len(chosen) < 6 and int(row) not in chosen and not (once and pair in seen):
                chosen.append(int(row))
                seen.add(pair)
    places = sample.places(found.ids[attacked[chosen]]) if chosen else []
    return [
        {
            "place": where,
            "before": _png(x[row].numpy(), place),
            "after": _png(moved[row].numpy(), place),
            "from": found.classes[int(y[row])],
            "to": found.classes[int(fooled[row])],
        }
        for row, where in zip(chosen, places, strict=True)
    ]


def _png(row: np.ndarray, place: Ground) -> str:
    from PIL import Image

    assert place.shape is not None
    pixels = np.clip(np.round((row / place.scale + place.offset) * 255), 0, 255).astype(np.uint8)
    picture = pixels.reshape(place.shape)
    made = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture[..., :3])
    stream = io.BytesIO()
    made.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _words(
    curve: Curve, at: int, place: Ground, value: float, twin: dict[str, Any], seeds: int, centre: Surrogate
) -> tuple[str, str]:
    clean, after = float(curve.clean.mean()), float(curve.worst[at].mean())
    strength = curve.strengths[at]
    what = (
        f"changes of {strength * 255:.0f} of 255 brightness steps"
        if place.shape is not None
        else f"changes of {strength:g} standard deviations"
    )
    small = "Tiny pixel changes" if place.shape is not None else "Small changes"
    title = (
        f"{small} cut accuracy from {clean:.0%} to {after:.0%}"
        if value >= 0.03
        else f"{small} hardly harm: {clean:.0%} stays {after:.0%}"
    )
    note = (
        f"On purpose, {what} bring a small model from {clean:.0%} right answers to {after:.0%}; the same by"
        f" chance to {curve.random[at].mean():.0%}. {place.where}"
        f" Trained on attacked examples it keeps {twin['at_threat']:.0%}."
    )
    if clean < 0.6:
        note += " That small model is weak to begin with, so take this as a rough sign only."
    if seeds < SEEDS:
        note += f" Measured on {seeds} of {SEEDS} models, as the time allowed."
    return title, " ".join([note, *centre.caveats])
