"""The rules of one version -> the page that explains them. Pure; every number on it is read from the rules.

Text and code cannot disagree: nothing here knows a threshold, a weight or a cap by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil
from typing import Any

from assessments import questions
from assessments.dashboards import words
from assessments.scoring import rules as rulebook
from assessments.scoring.rules import Anchors, Item, Rules
from workers.probes import catalog

GLOSS = {
    "data": "Is the data enough, correct and like the place of use?",
    "security": "Can somebody fool the model, poison it, copy it or draw people out of it?",
    "hardware": "Does it fit, in time and in money?",
    "flexibility": "What happens when tasks, places or inputs change?",
    "hyperparameters": "Are the training settings steady, tuned and tested fairly?",
}
TIERS = (
    ("roughly", "Answered roughly", "answered", "A range instead of a number"),
    ("declared", "Answered", "answered", "The team says so"),
    ("document", "Answered with a document", "answered", "A paper backs the answer"),
)
READINGS = {
    "copies_across_split": "copies on both sides",
    "seed_spread": "spread over random starts",
    "labelled_rows": "labelled examples",
    "rarest_rows": "examples of the rarest outcome",
    "unreachable": "forecasts in which the target stays out of reach",
    "money_p90": "money in 1 of 10 cases",
    "hours_p90": "hours in 1 of 10 cases",
    "kwh_p90": "energy in 1 of 10 cases",
    "targets": "columns to predict",
}
COUNTED = ("secrets", "danger from 0 to 3")  # units that come in whole numbers
HIGH = 60  # the score from which a level is called high
ROOM = 12  # percent of a scale's width that the words of a tick take
NAMED_MOST = 6  # names in one line of the version history


@dataclass(frozen=True, slots=True)
class Tick:
    at: float  # percent of the scale's width
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """What a measured value means: the five levels, with the value at each of their ends."""

    unit: str
    ticks: Sequence[Tick]
    start: float  # the lowest and the highest score it can give
    end: float
    aim: float | None  # where the value stands that its fix aims at
    says: str  # the same in a sentence


@dataclass(frozen=True, slots=True)
class Probe:
    id: str
    title: str
    asks: str
    scale: Scale
    notes: Sequence[str]
    source: str


@dataclass(frozen=True, slots=True)
class Risk:
    """One item of a dimension."""

    id: str
    title: str
    share: float  # of its dimension's weight, percent
    probes: Sequence[Probe]
    questions: Sequence[str]

    @property
    def counts(self) -> str:
        parts = [words.count(len(self.probes), "check", "checks")] if self.probes else []
        parts += [words.count(len(self.questions), "question", "questions")] if self.questions else []
        return words.and_list(parts)


@dataclass(frozen=True, slots=True)
class Dimension:
    id: str
    title: str
    gloss: str
    risks: Sequence[Risk]

    @property
    def counts(self) -> str:
        probes = {probe.id for risk in self.risks for probe in risk.probes}
        asked = sum(len(risk.questions) for risk in self.risks)
        return words.and_list(
            [
                words.count(len(self.risks), "risk", "risks"),
                words.count(len(probes), "check", "checks"),
                words.count(asked, "question", "questions"),
            ]
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


@dataclass(frozen=True, slots=True)
class Page:
    version: str
    newest: str
    levels: Sequence[tuple[str, str]]
    steps: Sequence[tuple[str, str]]
    tiers: Sequence[Tier]
    dimensions: Sequence[Dimension]
    gates: Sequence[tuple[str, str, str]]  # level, what it says, the check that closes it
    contradictions: Sequence[Contradiction]
    stakes: Sequence[tuple[str, str, str]]  # question, lightest, heaviest
    stakes_note: str
    ready: Sequence[tuple[str, str]]
    history: Sequence[tuple[str, Sequence[str]]]  # version, what changed

    @property
    def counts(self) -> str:
        every = {probe.id for one in self.dimensions for risk in one.risks for probe in risk.probes}
        probes = every & set(catalog.BY_ID)
        risks = sum(len(one.risks) for one in self.dimensions)
        return f"{len(self.dimensions)} dimensions, {risks} risks, {len(probes)} checks"


@cache
def build(version: str | None = None) -> Page:
    """The page of a version, the newest without one; raises RulesError for one that is not known."""
    rules = rulebook.load(version)
    return Page(
        version=rules.version,
        newest=rulebook.load().version,
        levels=_levels(rules),
        steps=_steps(rules),
        tiers=_tiers(rules),
        dimensions=[_dimension(rules, name) for name in rules.dimensions],
        gates=[_gate(rules, entry) for entry in rules.data.get("gates", ())],
        contradictions=_contradictions(rules),
        stakes=_stakes(rules),
        stakes_note=_stakes_note(rules),
        ready=_ready(rules),
        history=_history(rules.version),
    )


# -- scales -------------------------------------------------------------------------------------------
def scale(anchors: Anchors, unit: str, good: float | None) -> Scale:
    """The scale of a probe, minimal risk to the left whichever way its values run."""
    points = anchors.points if anchors.points[-1][1] >= anchors.points[0][1] else anchors.points[::-1]
    ticks = _apart([Tick(score, value(number, unit)) for number, score in points])
    aim = anchors(good) if good is not None else None
    return Scale(unit, ticks, points[0][1], points[-1][1], aim, _in_words(anchors, unit, good))


def _in_words(anchors: Anchors, unit: str, good: float | None) -> str:
    points = anchors.points
    rising = points[-1][1] >= points[0][1]
    most = max(score for _, score in points)
    if most < HIGH:
        text = f"never above {most:.0f} of 100"
    else:
        serious = _inverse(points, HIGH, log=anchors.log)
        if unit in COUNTED:
            serious = ceil(serious)
        text = f"high from {value(serious, unit)}" if rising else f"high at {value(serious, unit)} or less"
    text = f"{words.first_up(_subject(unit))}: {text}"
    if good is None:
        return f"{text}."
    nothing = rising and good <= points[0][0]
    return f"{text}; aim {value(good, unit)}{'' if nothing else ' or less' if rising else ' or more'}."


def _subject(unit: str) -> str:
    """A unit as the start of a sentence."""
    if unit.startswith("%"):
        return f"percent{unit[1:]}"
    return f"share {unit}" if unit.startswith("of ") else unit


def _inverse(points: Sequence[tuple[float, float]], score: float, *, log: bool) -> float:
    """The value at which the scale reaches a score between its ends."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if min(y0, y1) <= score <= max(y0, y1) and y0 != y1:
            share = (score - y0) / (y1 - y0)
            return x0 * (x1 / x0) ** share if log else x0 + share * (x1 - x0)
    raise ValueError(f"The scale does not reach {score}.")


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """Those between the ends that leave room for their words."""
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if tick.at - kept[-1].at >= ROOM and ticks[-1].at - tick.at >= ROOM:
            kept.append(tick)
    return [*kept, ticks[-1]]


def value(number: float, unit: str) -> str:
    """A value of a probe as people read it."""
    if unit.startswith(("share", "chance", "of what")):
        return f"{_plain(number * 100)}%"
    if unit.startswith("%"):
        return f"{_plain(number)}%"
    return f"{_plain(number)}×" if unit.startswith("times") else _plain(number)


def _plain(number: float) -> str:
    text = words.number(number, 0 if abs(number) >= 10 else 2 if abs(number) >= 1 else 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- dimensions ---------------------------------------------------------------------------------------
def _dimension(rules: Rules, name: str) -> Dimension:
    items = rules.of(name)
    total = sum(item.weight for item in items)
    risks = [_risk(rules, item, total) for item in sorted(items, key=lambda item: -item.weight)]
    return Dimension(name, name.capitalize(), GLOSS.get(name, ""), risks)


def _risk(rules: Rules, item: Item, total: float) -> Risk:
    return Risk(
        id=item.id,
        title=item.title,
        share=round(100 * item.weight / total, 1),
        probes=[_probe(rules, name) for name in item.evidence if name in rules.anchors],
        questions=[_ask(name) for name in item.questions],
    )


def _probe(rules: Rules, name: str) -> Probe:
    entry = rules.data["probes"].get(name) or rules.data["readings"][name]
    spec = catalog.BY_ID.get(entry.get("probe", name))
    unit = spec.unit if spec and name in rules.data["probes"] else _unit_of_reading(entry)
    title = spec.title if spec else name
    if name in rules.data["readings"]:
        title = f"{title}: {_humane(name)}"
    return Probe(
        id=name,
        title=title,
        asks=spec.asks if spec and name in rules.data["probes"] else "",
        scale=scale(rules.anchors[name], unit, entry.get("good")),
        notes=list(_notes(entry)),
        source=_source(str(entry.get("source", ""))),
    )


def _source(text: str) -> str:
    """What stands behind a scale; nothing where that is our own judgement alone."""
    kept = [part.strip() for part in re.split(r";|, (?=famous)", text)]
    named = [part for part in kept if part not in ("", "judgement") and "probes.md" not in part]
    return words.first_up("; ".join(named))


def _unit_of_reading(entry: Mapping[str, Any]) -> str:
    return "share of test rows" if "per" in entry else "points"


def _humane(name: str) -> str:
    """A reading in words."""
    return READINGS.get(name) or name.replace("_", " ")


def _notes(entry: Mapping[str, Any]) -> Iterable[str]:
    if matters := entry.get("matters"):
        for option, most in matters["most"].items():
            yield (
                f"At most {most} where “{_ask(matters['question'])}” is answered "
                f"“{_option(matters['question'], option)}”."
            )
    if beside := entry.get("beside"):
        yield f"It can be found, but never ruled out, so “{_ask(beside['question'])}” counts beside it."
    if "needs" in entry:
        yield "Never worse than what the plan needs of it."
    if "worth" in entry:
        yield "Never worse than the training it slows is long."


def _ask(name: str) -> str:
    try:
        return questions.question(name).ask
    except questions.AnswerError:
        return name


def _option(name: str, option: str) -> str:
    try:
        options = {one.value: one.label for one in questions.question(name).options}
    except questions.AnswerError:
        return option
    return options.get(str(option), str(option))


# -- the way from a value to a score --------------------------------------------------------------------
def _levels(rules: Rules) -> list[tuple[str, str]]:
    names: Sequence[str] = rules.data["levels"]
    step = 100 // len(names)
    return [
        (name, f"{place * step}–{100 if place == len(names) - 1 else (place + 1) * step - 1}")
        for place, name in enumerate(names)
    ]


def _steps(rules: Rules) -> list[tuple[str, str]]:
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
            f"it. No score is more than {rules.data['notch']} points below the worst part of it.",
        ),
        (
            "What is not known widens the range",
            f"{simulation['draws']:,} simulations give the range from the {low}% to the {high}% end. What "
            "nobody has looked at may be anything, so it opens the range and never lowers the score.",
        ),
    ]


def _tiers(rules: Rules) -> list[Tier]:
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


def _gate(rules: Rules, entry: Mapping[str, Any]) -> tuple[str, str, str]:
    source = entry["evidence"]
    probe = rules.data["readings"].get(source, {}).get("probe", source)
    spec = catalog.BY_ID.get(probe)
    return rules.level(entry["least"]), entry["says"], spec.title if spec else probe


def _contradictions(rules: Rules) -> list[Contradiction]:
    """The claims of each question, each with every measurement that contradicts it."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry in rules.data["claims"]:
        options = [f"“{_option(entry['question'], one)}”" for one in entry.get("claims", ())]
        claim = " or ".join(options) or "The number given"
        found.setdefault(entry["question"], {}).setdefault(claim, []).append(_against(rules, entry))
    return [
        Contradiction(_ask(name), [(claim, "; or ".join(against)) for claim, against in claims.items()])
        for name, claims in found.items()
    ]


def _against(rules: Rules, entry: Mapping[str, Any]) -> str:
    """What contradicts a claim: "“Label errors” finds over 1% of labels"."""
    name = entry["evidence"]
    reading = name in rules.data["readings"]
    spec = catalog.BY_ID.get(name)
    unit = "" if reading or not spec else spec.unit
    subject = f"the figure for {_humane(name)} is" if reading else f"“{spec.title if spec else name}” finds"
    if "above_claim" in entry:
        return f"{subject} over it"
    if "below_claim" in entry:
        return f"{subject} under {words.percent(entry['below_claim'])} of it"
    if entry.get("above") == 0:
        return f"{subject} any"
    end, word = (entry["above"], "over") if "above" in entry else (entry["below"], "under")
    of = unit.removeprefix("share") if unit.startswith("share") else f" {unit}" if unit[:5] == "point" else ""
    return f"{subject} {word} {value(float(end), 'share' if reading else unit)}{of}"


def _stakes(rules: Rules) -> list[tuple[str, str, str]]:
    found = []
    for name, entry in rules.data["stakes"].items():
        if name == "limits":
            continue
        if "options" in entry:
            ordered = sorted(entry["options"].items(), key=lambda pair: pair[1])
            ends = [
                f"“{_option(name, option)}”: {_bend(share)}" for option, share in (ordered[0], ordered[-1])
            ]
        else:
            points = entry["anchors"]
            ends = [f"{words.number(x)}: {_bend(share)}" for x, share in (points[0], points[-1])]
        found.append((_ask(name), ends[0], ends[1]))
    return found


def _stakes_note(rules: Rules) -> str:
    low, high = rules.data["stakes"]["limits"]
    text = (
        f"The overall score is bent by the sum of these, to {_plain(low)} times at least and {_plain(high)} "
    )
    text += "times at most."
    if rules.strict:
        text += " An open question counts with its best answer at the low end and its worst at the high end."
    return text


def _bend(share: float) -> str:
    sign = "+" if share > 0 else ""
    return f"{sign}{_plain(share * 100)}%"


def _ready(rules: Rules) -> list[tuple[str, str]]:
    names = {"training": "Ready for the large training run", "pilot": "Ready for a pilot"}
    return [
        (names.get(name, name), _bounds(entry)) for name, entry in (rules.data.get("ready") or {}).items()
    ]


def _bounds(entry: Mapping[str, Any]) -> str:
    ends = f"high end of the range below {entry['high']}"
    known = f"at least {words.percent(entry['coverage'])} of the risks known"
    if "must" not in entry:  # rules before 2026.4
        return f"Score below {entry['score']}, {ends}, and {known}."
    return (
        f"Every risk of weight {_plain(entry['must'])} or more is measured and not serious, every check for "
        f"a stop sign has looked, the {ends}, and {known}. Answers count only where no check could tell, so "
        "nobody gets there by hiding one."
    )


# -- history ------------------------------------------------------------------------------------------
def _history(version: str) -> list[tuple[str, list[str]]]:
    """What each version changed against the one before it, the newest first, up to this one."""
    every = rulebook.versions()
    known = every[: every.index(version) + 1]
    told = [(known[0], [_first(rulebook.load(known[0]))])]
    told += [(new, _changes(rulebook.load(old), rulebook.load(new))) for old, new in pairwise(known)]
    return told[::-1]


def _first(rules: Rules) -> str:
    return f"The first version: {len(rules.data['probes'])} checks and {len(rules.items)} risks."


def _changes(old: Rules, new: Rules) -> list[str]:
    lines = []
    before, after = old.data["probes"], new.data["probes"]
    added, gone = (
        [name for name in after if name not in before],
        [name for name in before if name not in after],
    )
    moved = [name for name in after if name in before and _scoring(after[name]) != _scoring(before[name])]
    for names, one, many in (
        (added, "new check", "new checks"),
        (gone, "check taken out", "checks taken out"),
        (moved, "check scored differently", "checks scored differently"),
    ):
        if names:
            lines.append(f"{words.first_up(words.count(len(names), one, many))}: {_named(names)}.")
    lines += _changed_entries(old, new)
    return lines or ["Words only."]


def _scoring(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of an entry changes a score."""
    return {key: one for key, one in entry.items() if key not in ("source", "effort", "good")}


def _named(names: Sequence[str]) -> str:
    titles = [catalog.BY_ID[name].title if name in catalog.BY_ID else name for name in names]
    if len(titles) > NAMED_MOST:
        return f"{', '.join(titles[:NAMED_MOST])} and {len(titles) - NAMED_MOST} more"
    return words.and_list(titles)


def _changed_entries(old: Rules, new: Rules) -> Iterable[str]:
    gates = len(new.data.get("gates", ())), len(old.data.get("gates", ()))
    if gates[0] != gates[1]:
        yield f"{words.count(gates[0], 'stop sign', 'stop signs')} instead of {gates[1] or 'none'}."
    claims = len(new.data["claims"]), len(old.data["claims"])
    if claims[0] != claims[1]:
        yield f"{claims[0]} claims are held against measurements instead of {claims[1]}."
    weights = [{(item.dimension, item.id): item.weight for item in rules.items} for rules in (old, new)]
    heavier = [key for key, weight in weights[1].items() if weights[0].get(key, weight) != weight]
    fresh = [key for key in weights[1] if key not in weights[0]]
    if fresh:
        yield f"{words.count(len(fresh), 'new risk', 'new risks')}."
    if heavier:
        yield f"{words.count(len(heavier), 'risk weighs', 'risks weigh')} differently."
    draws = [rules.data["simulation"]["draws"] for rules in (old, new)]
    if draws[0] != draws[1]:
        yield f"{draws[1]:,} simulations instead of {draws[0]:,}."
    if new.strict and not old.strict:
        yield (
            "A named fault also holds up the low end of a range, and an open question on the stakes, or "
            "beside one that is answered, opens the range."
        )
    others = [{**rules.data["evidence"], "strict": None} for rules in (old, new)]
    worth = [{name: rules.data["evidence"].get(name) for name, *_ in TIERS} for rules in (old, new)]
    if worth[0] != worth[1]:
        yield "What an answer is worth was set anew."
    elif others[0] != others[1]:
        yield "Which faults raise which risk was set anew."
    for key, what in (
        ("answers", "What some answers mean was set anew."),
        ("stakes", "What is at stake weighs differently."),
        ("ready", "When a project is called ready was set anew."),
        ("notch", "How far a score may lie below its worst part was set anew."),
    ):
        if old.data.get(key) != new.data.get(key):
            yield what
