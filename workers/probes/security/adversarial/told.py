"""What the attack says: which class becomes which, example pictures and texts, faults and sentences."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Sample
from workers.probes.security.adversarial.curve import Curve
from workers.probes.security.adversarial.ground import Ground
from workers.probes.security.adversarial.threat import Threat
from workers.probes.surrogate import Rows, Surrogate

EXAMPLES = 6
POOR = 0.8  # clean accuracy under which a stand-in's weakness to noise says little of the planned model
FRAGILE, BROKEN, NOISY = 0.1, 0.3, 0.1  # share of accuracy lost, by the favourable end of the range


@torch.no_grad()
def fooled(fleet: Fleet, moved: torch.Tensor, clean: np.ndarray, y: torch.Tensor) -> np.ndarray:
    """int [n]: the class member 0 says after the attack; -1 where that changed nothing. ``clean`` is [n]."""
    said = fleet.take([0]).logits(moved)[0].argmax(-1).cpu().numpy()
    return np.where(clean & (said != y.cpu().numpy()), said, -1)


def matrix(
    turned: np.ndarray, y: np.ndarray, classes: tuple[str, ...]
) -> tuple[dict[str, Any], list[list[str]]]:
    """Which class becomes which, and the commonest changes."""
    counts = np.zeros((len(classes), len(classes)), int)
    for right, said in zip(y, turned, strict=True):
        if said >= 0:
            counts[right, said] += 1
    order = np.argsort(-counts, axis=None, kind="stable")[:3]
    pairs = [
        [classes[place // len(classes)], classes[place % len(classes)]]
        for place in order
        if counts.flat[place] > 0
    ]
    return {"classes": list(classes), "counts": counts.tolist()}, pairs


def faults(
    low: float, noise_low: float, clean: float, pairs: list[list[str]], threat: Threat
) -> list[dict[str, Any]]:
    """Weakness to attack is a fault only where somebody gains by it; weakness to chance always is.

    Unless the stand-in is a poor model anyway: then its weakness says little about the planned one. Here
    "chance" is a random change as small as the attacker's; what cameras, writers and sensors do to inputs
    is measured and named by ``security.noise``.
    """
    found = []
    if low >= FRAGILE:
        severity = "low" if not threat.wilful else "high" if low >= BROKEN else "medium"
        found.append({"fault": "fragile_to_attack", "severity": severity, "pairs": pairs})
    if noise_low > NOISY:
        severity = "high" if clean >= POOR else "low"
        found.append({"fault": "fragile_to_noise", "severity": severity, "pairs": pairs})
    return found


def signs(
    low: float, typos: float, after: float, column: str, pairs: list[list[str]], threat: Threat
) -> list[dict[str, Any]]:
    """Look-alike letters and unseen signs do real harm that a reader would not notice."""
    if low < FRAGILE:
        return []
    severity = "low" if not threat.wilful else "high" if low >= BROKEN else "medium"
    return [{
        "fault": "adversarial_characters", "severity": severity, "columns": [column], "pairs": pairs,
        "note": f"Letters that look the same, or signs that are not seen, leave {after:.0%} of the answers"
        f" right; typing errors in the same words leave {typos:.0%}. Fold look-alike letters and remove"
        " unseen signs before a text is read.",
    }]  # fmt: skip


def chosen(turned: np.ndarray, y: np.ndarray) -> list[int]:
    """Up to six rows that were turned: of each class its commonest change first, then further changes."""
    by_pair: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(turned >= 0):
        by_pair.setdefault((int(y[row]), int(turned[row])), []).append(int(row))
    often = sorted(by_pair, key=lambda pair: -len(by_pair[pair]))
    first = list({pair[0]: pair for pair in reversed(often)}.values())[::-1]
    rows = [by_pair[pair][0] for pair in dict.fromkeys([*sorted(first, key=often.index), *often])]
    rows += [row for pair in often for row in by_pair[pair][1:]]
    return rows[:EXAMPLES]


def examples(
    sample: Sample, found: Rows, place: Ground, fleet: Fleet, curve: Curve, at: int, x: torch.Tensor,
    y: torch.Tensor, attacked: np.ndarray,
) -> list[dict[str, Any]]:  # fmt: skip
    """Pictures before and after, with the change made visible; of the threat's strength, or where that turns
    none, of the next one that does."""
    for step in range(at, len(curve.strengths)):
        strength, moved = curve.strengths[step], curve.moved[step]
        turned = fooled(fleet, moved, curve.clean[0], y)
        if rows := chosen(turned, y.numpy()):
            break
    else:
        return []
    made = []
    for row, where in zip(rows, sample.places(found.ids[attacked[rows]]), strict=True):
        before, after = (_pixels(one[row].numpy(), place) for one in (x, moved))
        shown, times = _difference(before, after)
        made.append({
            "place": where, "before": png(before), "after": png(after), "difference": png(shown),
            "times": times, "strength": round(strength * 255, 4), "from": found.classes[int(y[row])],
            "to": found.classes[int(turned[row])],
        })  # fmt: skip
    return made


def _pixels(row: np.ndarray, place: Ground) -> np.ndarray:
    """uint8 [h, w, c] of a row as the net sees it."""
    assert place.shape is not None
    bright = np.clip(np.round((row / place.scale + place.offset) * 255), 0, 255).astype(np.uint8)
    return bright.reshape(place.shape)


def _difference(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, int]:
    """What was added, on a grey ground and so many times as strong as it was; uint8 [h, w, c]."""
    change = after.astype(int) - before
    times = max(1, 127 // max(1, int(np.abs(change).max())))
    return np.clip(128 + times * change, 0, 255).astype(np.uint8), times


def png(pixels: np.ndarray) -> str:
    """Base64 of uint8 [h, w, c]."""
    from PIL import Image

    made = Image.fromarray(pixels[..., 0] if pixels.shape[-1] < 3 else pixels[..., :3])
    stream = io.BytesIO()
    made.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _unharmed(clean: float, after: float) -> str:
    """What hardly changed, in whole percents that may be equal."""
    if f"{clean:.0%}" == f"{after:.0%}":
        return f"accuracy stays at {clean:.0%}"
    return f"accuracy goes from {clean:.0%} to {after:.0%}"


def words(
    curve: Curve, at: int, place: Ground | None, value: float, twins: Sequence[dict[str, Any]],
    threat: Threat, centre: Surrogate, *, switching: bool = False,
) -> tuple[str, str]:  # fmt: skip
    """The title and the note; ``place`` is None for texts."""
    clean, after = float(curve.clean.mean()), float(curve.worst[at].mean())
    strength = curve.strengths[at]
    if place is None:
        small, what = "Few changed words", f"changes to {strength:.0%} of the words"
        where = "Letters, look-alike signs and words were changed in the texts themselves."
    elif place.shape is not None:
        small, what = "Tiny pixel changes", f"changes of {strength * 255:.0f} of 255 brightness steps"
        where = place.where
    else:
        small, what = "Small changes", f"changes of {strength:g} standard deviations"
        where = place.where
    if switching and place is not None:
        what = f"{what} and one switched category" if place.movable else "one switched category"
        small = small if place.movable else "One switched category"
    one = small.startswith("One ")
    by_chance = "" if one else f"; a random change of that size leaves {curve.once[at].mean():.0%}"
    title = (
        f"{small} {'cuts' if one else 'cut'} accuracy from {clean:.0%} to {after:.0%}"
        if value >= 0.03
        else f"{small} hardly {'harms' if one else 'harm'}: {_unharmed(clean, after)}"
    )
    note = (
        f"On purpose, {what} {'brings' if one else 'bring'} a small model from {clean:.0%} right answers to"
        f" {after:.0%}{by_chance}. {where}"
    )
    best = max(twins, key=lambda twin: twin["at_threat"], default=None)
    if best is not None:
        how = "attacked" if best["way"] == "attacked" else "noisy"
        note += f" Trained on {how} examples it keeps {best['at_threat']:.0%}."
    if threat.says:
        note += f" {threat.says}"
    if clean < POOR:
        note += " That small model is often wrong to begin with, so take this as a rough sign only."
    return title, " ".join([note, *centre.caveats])
