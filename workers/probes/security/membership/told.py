"""What the membership finding says: title and note, faults, exposed rows, and what was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.security.membership import accountant
from workers.probes.security.membership.attacks import FALSE_ALARMS
from workers.probes.security.membership.shadows import MODELS, Ground
from workers.probes.security.membership.strength import POINTS, Strength
from workers.probes.security.membership.what_ifs import WhatIf
from workers.probes.surrogate import answered
from workers.probes.words import count, one_in, percent, pieces

FEW_ROWS = 1000  # below it 1 % of the rows outside is fewer than five rows
LEARNT_BY_HEART = 0.10  # of the score, between rows that were learnt and rows that were not
MOST_LISTED = 50
MOST_CLASSES = 20
MOST_LOST = 5.0  # points of the score beyond which a training with privacy is no advice
LEAK, STRONG = 0.02, 0.05  # share of members found: probes.md S3
PERSONAL = {"personal", "financial", "health", "secret"}
SPECIAL = {"health", "secret"}


def severity(sample: Sample, surely: float, by_heart: bool) -> str:
    """How much a leak matters of which ``surely``, the low end of the interval, is found.

    Little where no fact about a person and no secret is among the data.
    """
    hurts, kinds = answered(sample, "S5"), {*sample.chosen("S1")}
    if hurts == "no" or not (hurts in ("some", "yes") or kinds & PERSONAL):
        return "low"
    level = (surely >= LEAK) + (surely >= STRONG) + bool(kinds & SPECIAL)
    return ("low", "medium", "high")[min(2, max(level, int(by_heart)))]


def faults(
    sample: Sample, found: Strength, null: Mapping[str, Any], exposed: Mapping[str, Any], by_heart: bool
) -> list[dict[str, Any]]:
    """The leak, where it is beyond chance for sure."""
    if found.value < LEAK or found.low <= null["p95"]:
        return []
    places = {key: exposed[key] for key in ("rows", "files", "splits") if key in exposed}
    return [
        {
            "fault": "membership_leak", "severity": severity(sample, found.low, by_heart), **places,
            "count": exposed["count"],
        }
    ]  # fmt: skip


def exposed(sample: Sample, place: Ground, found: Strength, inside: np.ndarray) -> dict[str, Any]:
    """The rows that most models give away which learnt them; row numbers or file names, never values."""
    hits = (found.named() & inside).sum(0)
    held = inside.sum(0)
    share = hits / np.maximum(1, held)
    order = np.lexsort((-hits, -share))
    listed = [int(at) for at in order if share[at] >= 0.5 and held[at] >= 3]
    ids = place.ids[place.asked]
    places = sample.places(ids[listed[:MOST_LISTED]])
    told: dict[str, Any] = {"count": len(listed)}
    if places and "file" in places[0]:
        told["files"] = [one["file"] for one in places]
    elif places:
        told["rows"] = [one["row"] for one in places]
        if "split" in places[0]:
            told["splits"] = [one["split"] for one in places]
    top = zip(places, listed, strict=False)
    told["examples"] = [{"place": one, "found": int(hits[at]), "of": int(held[at])} for one, at in top]
    return told


def by_class(place: Ground, found: Strength, inside: np.ndarray) -> list[dict[str, Any]]:
    """Class -> share of its members that is found, the most exposed first."""
    if not place.classes:
        return []
    named, y = found.named() & inside, place.y[place.asked]
    shares = []
    for code, name in enumerate(place.classes):
        own = y == code
        if held := int(inside[:, own].sum()):
            shares.append((float(named[:, own].sum() / held), name, int(own.sum())))
    shares.sort(key=lambda one: -one[0])
    return [{"class": name, "rows": rows, "found": share} for share, name, rows in shares[:MOST_CLASSES]]


def curve(found: Strength) -> dict[str, Any]:
    return {"alarms": list(POINTS), "found": found.curve}


# -- what was tried ---------------------------------------------------------------------------------------
def label(one: WhatIf) -> str:
    if one.name == "private":
        return f"With privacy, epsilon {one.settings['epsilon']:g}"
    return "Held back from learning by heart"


def tried(one: WhatIf) -> dict[str, Any]:
    """JSON-ready, for the figure."""
    entry = {
        "name": one.name, "label": label(one), "found": one.strength.value, "low": one.strength.low,
        "high": one.strength.high, "auc": one.strength.area, "score": float(one.unseen.mean()),
        "lost": one.lost, "lost_low": one.lost_low, "lost_high": one.lost_high, "settings": one.settings,
    }  # fmt: skip
    if one.name == "private":
        spent = one.settings["epsilon"], one.settings["delta"]
        entry["at_most"] = accountant.most_found(*spent, FALSE_ALARMS)
    return entry


def mitigations(found: Strength, every: Sequence[WhatIf], metric: str) -> list[dict[str, Any]]:
    """What helps for sure and is worth its price: the twin, and the strictest privacy that is."""
    helped = [one for one in every if one.strength.high < found.value and one.lost <= MOST_LOST]
    twins = [one for one in helped if one.name == "regularised"]
    private = sorted(
        (one for one in helped if one.name == "private"), key=lambda one: one.settings["epsilon"]
    )
    return [_advice(one, metric) for one in (*twins, *private[:1])]


def _advice(one: WhatIf, metric: str) -> dict[str, Any]:
    settings = one.settings
    if one.name == "private":
        title, effort = "Train with differential privacy", "2 weeks, one engineer"
        how = f"Noise is added in training (epsilon {settings['epsilon']:g}, smaller is stricter)"
    else:
        title, effort = "Keep the model from learning examples by heart", "2 days, one engineer"
        dropout = f", {settings['dropout']:.0%} dropout" if settings["dropout"] else ""
        how = f"Tried with weight decay {settings['weight_decay']:g}{dropout}, {settings['steps']:,} steps"
    note = f"{how}: {percent(one.strength.value)} are found then, and {_price(one, metric)}."
    return {
        "title": title, "value": one.strength.value, "low": one.strength.low, "high": one.strength.high,
        "effort": effort, "basis": "measured", "note": note,
    }  # fmt: skip


def _price(one: WhatIf, metric: str) -> str:
    metric = "the share of the differences explained" if metric == "R2" else metric
    if one.lost_low <= 0 <= one.lost_high or abs(one.lost) < 0.05:
        return f"{metric} stays as it is"
    points = f"{abs(one.lost):.1f} points"
    return f"{metric} {'falls' if one.lost > 0 else 'rises'} by {points}"


# -- words -------------------------------------------------------------------------------------------------
def words(
    sample: Sample, place: Ground, found: Strength, null: Mapping[str, Any], scores: tuple[float, float],
    advice: Sequence[Mapping[str, Any]], left_out: Sequence[str],
) -> tuple[str, str]:  # fmt: skip
    """The title, and the note with what to do; ``left_out`` names what the time did not allow to try."""
    many = pieces(sample.kind)
    learnt, unseen = scores
    leaks = found.value >= LEAK and found.low > null["p95"]
    if leaks:
        share = one_in(found.value)
        of = "" if " in " in share else "of the "
        title = f"{share} {of}training {many} can be recognised"
        said = [
            f"Whoever can ask the model often and has similar data recognises {percent(found.value)} of the"
            f" {many} it learnt from, and is wrong about 1 in 100 others; guessing would find 1%."
            f" Measured on small models that learnt half of the {many} each."
        ]
    else:
        title = f"Training {many} can hardly be recognised"
        said = [
            f"Attacks on small models recognise {percent(found.value)} of the {many} that these learnt from,"
            " and are wrong about 1 in 100 others; guessing would find 1%."
        ]
    if learnt - unseen > LEARNT_BY_HEART:
        said.append(_gap(learnt, unseen, many, bool(place.classes)))
    if leaks:
        said.append(_advised(advice, left_out))
    if place.rows < FEW_ROWS:
        said.append(f"With only {count(place.rows, pieces(sample.kind, 1))} this is a rough figure.")
    if found.models < MODELS:
        said.append(f"Measured on {found.models} of {MODELS} models, as the time allowed.")
    return title, " ".join([*said, *place.centre.caveats])


def _gap(learnt: float, unseen: float, many: str, classes: bool) -> str:
    if classes:
        return (
            f"The model learns by heart: it is right in {learnt:.0%} of the {many} it learnt and in"
            f" {unseen:.0%} of the others."
        )
    return (
        f"The model learns by heart: it explains {learnt:.0%} of the differences among {many} it learnt and"
        f" {max(0.0, unseen):.0%} among the others."
    )


def _advised(advice: Sequence[Mapping[str, Any]], left_out: Sequence[str]) -> str:
    if advice:
        return f"{advice[0]['title']}: that brings it down to {percent(advice[0]['value'])}."
    if left_out:
        return "Limit who may ask the model and how often; the time did not allow to try what would help."
    return "Limit who may ask the model and how often: nothing that was tried helps at a fair price."
