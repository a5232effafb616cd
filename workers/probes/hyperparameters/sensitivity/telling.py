"""A verdict on sensitivity in words: a title, and what stands below it."""

from __future__ import annotations

from typing import Any

from workers.probes.hyperparameters.classical import Classical
from workers.probes.hyperparameters.footing import LONGER
from workers.probes.hyperparameters.sensitivity.trainings import LABELS, SEEDS, exact, settings, trained
from workers.probes.surrogate import Surrogate

SHOWN = 0.05  # points; less is written as 0.0
WIDE = 3.0  # points; a loss that may be as high is not called none
TIMES = {
    0.003: "A three-hundredth of",
    0.03: "A thirtieth of",
    0.125: "An eighth of",
    0.5: "Half",
    0.8: "Four fifths of",
    1.25: "A quarter more than",
    2.0: "Twice",
    8.0: "Eight times",
    30.0: "Thirty times",
    300.0: "Three hundred times",
}


def _unfinished(
    short: dict[str, dict[str, float]], unit: str, centre: Surrogate | Classical
) -> tuple[str, str]:
    """What to do about a training that ends before it has learnt; open where the plan trains longer."""
    assert isinstance(centre, Surrogate)
    name, best = max(short.items(), key=lambda pair: pair[1]["points"])
    key = "training.learning_rate" if name == "learning_rate" else "training.epochs or training.steps"
    gains = f"twice the {LABELS[name].lower()} gains {best['points']:.1f} {unit} after {centre.steps:,} steps"
    if centre.cut >= LONGER:
        title = f"Open: the training may end before it has learnt, by up to {best['high']:.1f} points"
        note = (
            f"Here {gains}, and the plan trains {centre.cut:.0f} times longer, which makes up for some or all"
            " of it: look whether the validation score still rises when the full training ends."
        )
    else:
        title = f"Training ends before it has learnt: at least {best['points']:.1f} points are left"
        note = (
            f"{gains[:1].upper()}{gains[1:]}: raise {key}. Until then the runs differ by how far each has"
            " come, which is no luck. How much the best rate gains, the probe of learning rates tells."
        )
    return title, note


def _instead(centre: Surrogate | Classical, name: str, factor: float) -> str:
    """A whole number that was moved by another factor, by its values."""
    return f"{trained(centre, name, factor):g} instead of {settings(centre)[name]:g}"


def words(
    measured: dict[str, float],
    fragile: list[dict[str, Any]],
    short: dict[str, dict[str, float]],
    seed_sd: float,
    metric: str,
    seeds: int,
    centre: Surrogate | Classical,
    hidden: float,
    gaining: list[dict[str, Any]],
) -> tuple[str, str]:
    """``hidden``: points of loss that luck may hide, where the result is a matter of luck; else 0."""
    unit = "points of " + metric
    luck = "another random start" if isinstance(centre, Surrogate) else "learning from other rows"
    if gaining and (not fragile or gaining[0]["gain"] > fragile[0]["loss"]):
        best = gaining[0]
        name = best["label"].lower()
        times = f"{TIMES[best['factor']]} the {name}"
        value = trained(centre, best["parameter"], best["factor"])
        what = f"{TIMES[best['factor']].lower()} the planned one ({value:.3g})"
        if not exact(centre, best["parameter"], best["factor"]):
            what = _instead(centre, best["parameter"], best["factor"])
            times = f"{best['label']}: {what}"
        title = f"{times} gains {best['gain']:.1f} points"
        note = (
            f"The {name} is far from its best value: {what} gains {best['gain']:.1f} {unit}, so search for it"
            " first."
        )
        if not fragile and exact(centre, best["parameter"], 1.25):
            note += f" A quarter more or less of it changes {measured['low']:.1f} to {measured['high']:.1f}."
    elif short and all(bar["parameter"] in short and bar["down"] <= bar["up"] for bar in fragile):
        title, note = _unfinished(short, unit, centre)
    elif fragile:
        worst = fragile[0]
        factor = 1.25 if worst["up"] < worst["down"] else 0.8
        way, part = ("higher", "a quarter") if factor > 1 else ("lower", "a fifth")
        loses = f"loses {worst['loss']:.1f} {unit}, {worst['signal_to_noise']:.0f} times what {luck} changes."
        if exact(centre, worst["parameter"], factor):
            named = f"A {way} {worst['label'].lower()}"
            title = f"{named} costs {worst['loss']:.1f} points"
            note = f"A {worst['label'].lower()} {part} {way} than planned {loses}"
            if worst["parameter"] == "steps":
                named = "A longer training" if factor > 1 else "A shorter training"
                title = f"{named} costs {worst['loss']:.1f} points"
                note = f"{named}, by {part}, {loses}"
        else:
            what = f"{worst['label']}: {_instead(centre, worst['parameter'], factor)}"
            title, note = f"{what} costs {worst['loss']:.1f} points", f"{what} {loses}"
    else:
        low, high = measured["low"], measured["high"]
        title = "Small changes of the settings do no harm"
        if low >= 1:
            title = f"Small changes cost {low:.1f} points or more"
        elif high >= WIDE:
            title = f"Too wide to tell: small changes cost {low:.0f} to {high:.0f} points"
        note = (
            f"No single setting within a quarter of the plan loses more than chance explains: between"
            f" {low:.1f} and {high:.1f} {unit}, where {luck} changes {seed_sd:.1f}."
        )
        if high < SHOWN:
            note = (
                "No single setting within a quarter of the plan loses anything that could be measured;"
                f" {luck} changes {seed_sd:.1f} {unit}."
            )
        elif low < 1 and high >= WIDE:
            note = (
                f"No single setting within a quarter of the plan surely loses more than {luck} explains"
                f" ({seed_sd:.1f}), but up to {high:.1f} {unit} cannot be ruled out."
            )
        if hidden:
            title = f"Cannot tell losses below {hidden:.1f} points from luck"
            note = (
                f"{luck.capitalize()} alone changes {seed_sd:.1f} {unit}, so whether a setting within a"
                f" quarter of the plan loses less than {hidden:.1f} cannot be told; none loses more. Steady"
                " the training first."
            )
    if short and not (isinstance(centre, Surrogate) and centre.cut >= LONGER):
        growing = " or the ".join(LABELS[name].lower() for name in short)
        note += f" Twice the {growing} gains more than 3 points: the training is too short."
    if seeds < SEEDS:
        draws = "random starts" if isinstance(centre, Surrogate) else "draws of rows"
        note += f" Measured with {seeds} of {SEEDS} {draws}, as the time allowed."
    return title, " ".join([note, *centre.caveats])
