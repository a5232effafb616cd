"""The way from a value to a score: levels, steps, what evidence is worth, stop signs, claims and stakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.method import names
from assessments.dashboards.method.scales import plain, value
from assessments.scoring.rules import Rules
from workers.probes import catalog

TIERS = (
    ("roughly", "Answered roughly", "answered", "A range instead of a number"),
    ("declared", "Answered", "answered", "The team says so"),
    ("document", "Answered with a document", "answered", "A paper backs the answer"),
)
NESTED = (
    "What is added opens no range",
    "No answer and no measurement that is added makes the range of its own risk wider. Where a check could "
    "still measure, an answer moves the score and ends the range nowhere.",
)
KEPT = (
    "What was taken back goes on counting",
    "An answer that a report was made with and that is then removed, or made “I do not know” or “does not "
    "apply”, counts on as it stood, until somebody says in their own name why it no longer holds or a check "
    "measures. So hiding an answer never lowers a score; who never answered loses nothing.",
)


@dataclass(frozen=True, slots=True)
class Tier:
    title: str
    basis: str  # for its mark
    note: str
    covers: str
    cap: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    ask: str
    claims: Sequence[tuple[str, str]]  # an answer, and what contradicts it


def levels(rules: Rules) -> list[tuple[str, str]]:
    names: Sequence[str] = rules.data["levels"]
    step = 100 // len(names)
    return [
        (name, f"{place * step}–{100 if place == len(names) - 1 else (place + 1) * step - 1}")
        for place, name in enumerate(names)
    ]


def steps(rules: Rules) -> list[tuple[str, str]]:
    evidence, simulation = rules.data["evidence"], rules.data["simulation"]
    floors = evidence.get("faults", {})
    low, high = (round(100 * end) for end in simulation["quantiles"])
    return [
        (
            "A check measures, or the team answers",
            "Checks run on the data and the plan themselves. Where a thing was measured, the measurement "
            "counts; where not, the answer does.",
        ),
        (
            "A scale turns the value into a risk",
            "Each check has its own scale, drawn below, from 0 (no risk) to 100. A named fault of middle "
            f"severity scores at least {floors.get('medium', 0)}, a severe one at least "
            f"{floors.get('high', 0)}. Where no source is named, a scale is our own judgement.",
        ),
        (
            "The worst evidence of a risk counts",
            "Good news from one check never makes up for bad news from another about the same risk.",
        ),
        (
            "Risks become dimensions, dimensions the whole",
            "Weights say how much each risk counts, and a serious one pulls far more than an average lets "
            f"it. No dimension is more than {rules.data['notch']} points below its worst risk, taken times "
            "its weight where that is below 1, nor the whole below its worst dimension.",
        ),
        (
            "What is not known widens the range",
            f"{simulation['draws']:,} simulations give the range from the {low}% to the {high}% end. What "
            "nobody has looked at may be anything: it opens the range, never lowers its high end and never "
            "makes a project ready. The score is a best estimate: it may be lower where a bad answer was "
            "never given.",
        ),
        *([NESTED] if rules.nested else ()),
        *([KEPT] if rules.keeps else ()),
    ]


def tiers(rules: Rules) -> list[Tier]:
    evidence = rules.data["evidence"]
    known = [
        Tier(title, basis, note, words.percent(evidence[name]["covers"]), f"{evidence[name]['cap']}")
        for name, title, basis, note in TIERS
        if name in evidence
    ]
    middle = evidence.get("middle", 50)
    return [
        Tier("Nothing", "estimated", "Nobody measured or answered", "0%", "–"),
        Tier("“I do not know”", "estimated", f"Counts as {middle} at least, or the middle answer", "0%", "–"),
        *known,
        Tier("Measured", "measured", "A check saw it in the data or the plan", "100%", "0"),
    ]


def gate(rules: Rules, entry: Mapping[str, Any]) -> tuple[str, str, str]:
    source = entry["evidence"]
    probe = rules.data["readings"].get(source, {}).get("probe", source)
    spec = catalog.BY_ID.get(probe)
    return rules.level(entry["least"]), entry["says"], spec.title if spec else probe


def contradictions(rules: Rules) -> list[Contradiction]:
    """The claims of each question, each with every measurement that contradicts it."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry in rules.data["claims"]:
        options = [f"“{names.option(entry['question'], one)}”" for one in entry.get("claims", ())]
        claim = " or ".join(options) or "The number given"
        found.setdefault(entry["question"], {}).setdefault(claim, []).append(_against(rules, entry))
    return [
        Contradiction(names.ask(name), [(claim, "; or ".join(against)) for claim, against in claims.items()])
        for name, claims in found.items()
    ]


def _against(rules: Rules, entry: Mapping[str, Any]) -> str:
    """What contradicts a claim: "“Label errors” finds over 1% of labels"."""
    name = entry["evidence"]
    reading = name in rules.data["readings"]
    spec = catalog.BY_ID.get(name)
    unit = "" if reading or not spec else spec.unit
    title = spec.title if spec else name
    subject = f"the figure for {names.humane(name)} is" if reading else f"“{title}” finds"
    if "above_claim" in entry:
        return f"{subject} over it"
    if "below_claim" in entry:
        return f"{subject} under {words.percent(entry['below_claim'])} of it"
    if entry.get("above") == 0:
        return f"{subject} any"
    end, word = (entry["above"], "over") if "above" in entry else (entry["below"], "under")
    of = unit.removeprefix("share") if unit.startswith("share") else f" {unit}" if unit[:5] == "point" else ""
    return f"{subject} {word} {value(float(end), 'share' if reading else unit)}{of}"


def stakes(rules: Rules) -> list[tuple[str, str, str]]:
    found = []
    for name, entry in rules.data["stakes"].items():
        if name == "limits":
            continue
        if "options" in entry:
            ordered = sorted(entry["options"].items(), key=lambda pair: pair[1])
            ends = [
                f"“{names.option(name, one)}”: {_bend(share)}" for one, share in (ordered[0], ordered[-1])
            ]
        else:
            points = entry["anchors"]
            ends = [f"{words.number(x)}: {_bend(share)}" for x, share in (points[0], points[-1])]
        found.append((names.ask(name), ends[0], ends[1]))
    return found


def stakes_note(rules: Rules) -> str:
    low, high = rules.data["stakes"]["limits"]
    text = (
        f"The overall score is bent by the sum of these, to {plain(low)} times at least and {plain(high)} "
        "times at most."
    )
    if rules.strict:
        text += " An open question counts with its best answer at the low end and its worst at the high end."
    return text


def _bend(share: float) -> str:
    sign = "+" if share > 0 else ""
    return f"{sign}{plain(share * 100)}%"


def ready(rules: Rules) -> list[tuple[str, str]]:
    titles = {"training": "Ready for the large training run", "pilot": "Ready for a pilot"}
    return [
        (titles.get(name, name), _bounds(entry)) for name, entry in (rules.data.get("ready") or {}).items()
    ]


def _bounds(entry: Mapping[str, Any]) -> str:
    ends = f"high end of the range below {entry['high']}"
    known = f"at least {words.percent(entry['coverage'])} of the risks known"
    if "must" not in entry:  # rules before 2026.4
        return f"Score below {entry['score']}, {ends}, and {known}."
    return (
        f"Every risk of weight {plain(entry['must'])} or more is measured and not serious, every check for a "
        f"stop sign has looked, the {ends}, and {known}. Answers count only where no check could tell, so "
        "nobody gets there by hiding one."
    )
