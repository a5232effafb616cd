"""Past calls held against what became of the projects: Brier score, reliability by level, base rates; pure.

A call is the report that stood when a project was closed, as it was judged then. Its scores are read as
chances of trouble by the anchors under ``outcomes`` in the rules file. What is not known of a project counts
neither as trouble nor as none: it is left out and counted apart. Below ``least`` projects nothing is said.

Brier score: mean of (chance - what happened)^2 (Brier, 1950), 0 best; beside it that of one who says the
same share for every project, and the skill 1 - Brier / that. Ranges of shares: Wilson (1927). Base rates:
Beta-Binomial with the rules' prior (Gelman and others, Bayesian Data Analysis, 2.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from assessments.scoring.rules import Anchors, Rules

FORMAT = "riskboard.calibration/1"
Z = 1.6449  # of a 90 % range, both sides together


@dataclass(frozen=True, slots=True)
class Case:
    """A closed project: what happened, and the call that was made before."""

    happened: Mapping[str, bool | None]  # by event of the rules; None: not known
    scores: Mapping[str, float | None] = field(default_factory=dict)  # "overall" and dimensions, 0 to 100

    def trouble(self, events: Iterable[str]) -> bool | None:
        """Whether any of the events happened; None while one of them is not known.

        Where being dropped is one of them, a dropped project needs no more: nothing is left that could be
        late. One with some trouble and something unknown is left out too, else trouble would count more
        often than none.
        """
        events = list(events)
        if "dropped" in events and self.happened.get("dropped"):
            return True
        known = [self.happened.get(event) for event in events]
        return None if None in known else any(known)


def calibrate(rules: Rules, cases: Sequence[Case]) -> dict[str, Any]:
    """What the closed projects of one workspace say about its calls."""
    entry = rules.data["outcomes"]
    events: Mapping[str, Mapping[str, Any]] = entry["events"]
    dimensions = {
        name: [event for event, one in events.items() if one.get("dimension") == name]
        for name in rules.dimensions
    }
    return {
        "format": FORMAT,
        "rules": rules.version,
        "closed": len(cases),
        "least": entry["least"],
        "overall": {"id": "overall", "events": list(events), **_held(rules, cases, "overall", list(events))},
        "dimensions": [
            {"id": name, "events": mine, **_held(rules, cases, name, mine)}
            for name, mine in dimensions.items()
        ],
        "rates": [_rate(entry, event, one, cases) for event, one in events.items()],
    }


def _held(rules: Rules, cases: Sequence[Case], name: str, events: Sequence[str]) -> dict[str, Any]:
    """The calls of one score against the events that speak to it."""
    entry = rules.data["outcomes"]
    if not events:
        return {"count": 0, "missing": None, "brier": None, "levels": []}
    reads = Anchors.read(entry["reads"])
    pairs = []
    for case in cases:
        score, trouble = case.scores.get(name), case.trouble(events)
        if score is not None and trouble is not None:
            pairs.append((float(score), reads(float(score)) / 100, float(trouble)))
    missing = max(0, entry["least"] - len(pairs))
    found: dict[str, Any] = {"count": len(pairs), "missing": missing, "brier": None, "levels": []}
    if missing:
        return found
    levels = [
        (level, [pair for pair in pairs if rules.level(pair[0]) == level]) for level in rules.data["levels"]
    ]
    return {
        **found,
        "brier": _brier(pairs),
        "levels": [_band(level, mine) for level, mine in levels if mine],
    }


Pair = tuple[float, float, float]  # score, chance, what happened (0 or 1)


def _brier(pairs: Sequence[Pair]) -> dict[str, float | None]:
    errors = [(chance - happened) ** 2 for _, chance, happened in pairs]
    count = len(errors)
    mean = sum(errors) / count
    spread = sqrt(sum((one - mean) ** 2 for one in errors) / (count - 1) / count)
    share = sum(happened for _, _, happened in pairs) / count
    same = share * (1 - share)
    return {
        "score": round(mean, 4),
        "low": round(max(0.0, mean - Z * spread), 4),
        "high": round(min(1.0, mean + Z * spread), 4),
        "same_for_all": round(same, 4),
        "skill": round(1 - mean / same, 4) if same else None,
        "expected": round(sum(chance for _, chance, _ in pairs) / count, 4),
        "happened": round(share, 4),
    }


def _band(level: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    count, trouble = len(pairs), sum(happened for _, _, happened in pairs)
    low, high = wilson(int(trouble), count)
    said = sum(chance for _, chance, _ in pairs) / count
    return {
        "level": level,
        "count": count,
        "trouble": int(trouble),
        "said": round(said, 4),
        "happened": round(trouble / count, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "fits": low <= said <= high,
    }


def wilson(events: int, of: int) -> tuple[float, float]:
    """The 90 % range of a share of which ``events`` of ``of`` were seen (Wilson, 1927)."""
    if not of:
        return 0.0, 1.0
    share, square = events / of, Z * Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, centre - half), min(1.0, centre + half)


def _rate(
    entry: Mapping[str, Any], event: str, one: Mapping[str, Any], cases: Sequence[Case]
) -> dict[str, Any]:
    """How often an event happened and, where the rules have a prior of it, the prior updated by that."""
    known = [bool(case.happened[event]) for case in cases if case.happened.get(event) is not None]
    low, high = wilson(sum(known), len(known))
    found = {
        "event": event,
        "says": one["says"],
        "dimension": one.get("dimension"),
        "item": one.get("item"),
        "happened": sum(known),
        "known": len(known),
        "low": round(low, 4),
        "high": round(high, 4),
        "prior": one.get("prior"),
        "weight": entry["weight"],
        "updated": None,
    }
    if "prior" not in one:
        return found
    return {**found, "updated": updated(one["prior"], entry["weight"], sum(known), len(known))}


def updated(prior: float, weight: float, events: int, of: int) -> dict[str, float]:
    """A share expected to be ``prior``, worth ``weight`` projects, after ``events`` of ``of`` were seen."""
    from scipy.special import betaincinv  # a quarter of a second to import, for this page alone

    a, b = prior * weight + events, (1 - prior) * weight + of - events
    low, high = (float(betaincinv(a, b, share)) for share in (0.05, 0.95))
    return {"share": round(a / (a + b), 4), "low": round(low, 4), "high": round(high, 4)}
