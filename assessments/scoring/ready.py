"""What a project is ready for: the one sentence that must never become better because somebody kept silent.

A score is lower where a bad answer was never given, for what nobody told is judged in the middle and a bad
answer is worse. So readiness does not rest on the score. It rests on what silence can only make worse:

* Every risk that can end a project by itself (weight of ``must`` and more) has been measured, and is not
  serious; and every check that could find a stop sign has looked.
* An answer counts only where no check could tell. Hiding a bad measurement behind a good answer gains
  nothing, and neither does "does not apply" where a check would have something to measure.
* The high end of the range (``high``), with all that is not known as bad as can be, and the share that is
  known (``coverage``) keep to their bounds.

Other serious risks go along: they are named beside the verdict. If one of them forbade a pilot while nobody's
looking allowed it, whoever found it would do best to hide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assessments.scoring.knowledge import Known
from assessments.scoring.pool import Judgement
from assessments.scoring.pooled import whole
from assessments.scoring.rules import Rules

STOP = 80.0  # a gate that keeps a score up this far is a stop sign for any step


@dataclass(frozen=True, slots=True)
class Ready:
    """The best step that a judgement is ready for, and what stands in the way where it is none."""

    step: str = ""  # "training", "pilot", or empty
    unlooked: tuple[str, ...] = ()  # titles of risks that somebody has to look at before any step


def of(rules: Rules, judgement: Judgement) -> Ready:
    sure = measured_only(judgement)
    shown = sure.overall
    high, coverage = whole(shown.high), round(shown.coverage, 2)
    if not shown.coverage:
        return Ready()
    unlooked: tuple[str, ...] = ()
    for step, bounds in rules.data["ready"].items():
        unlooked = _unlooked(rules, sure, bounds["must"])
        serious = any(blocks(rules, one, bounds["must"]) for one in sure.items)
        if not unlooked and not serious and high < bounds["high"] and coverage >= bounds["coverage"]:
            return Ready(str(step))
    return Ready(unlooked=unlooked)


def rests_on_score(rules: Rules) -> bool:
    """Rules before 2026.4 called a project ready by its score, which falls when a bad answer is hidden."""
    return any("score" in bounds for bounds in rules.data["ready"].values())


def measured_only(judgement: Judgement) -> Judgement:
    """The judgement if answers counted only where no check could tell."""
    changed = []
    for one in judgement.items:
        if one.checks == "open" and one.state != "unknown":
            changed.append(Known(one.item, "unknown", checks="open"))
        elif one.checks == "moot" and one.state != "not_applicable":
            changed.append(Known(one.item, "not_applicable", checks="moot"))
    return judgement.with_items(changed) if changed else judgement


def blocks(rules: Rules, known: Known, must: float) -> bool:
    """Whether a serious risk forbids a step by itself."""
    return known.item.weight >= must and known.covers > 0 and whole(known.mode) >= rules.data["serious"]


def _unlooked(rules: Rules, sure: Judgement, must: float) -> tuple[str, ...]:
    """Titles of the risks that could end the project and that nobody has looked at to the end."""
    gates = {
        rules.data["readings"].get(gate["evidence"], {}).get("probe", gate["evidence"])
        for gate in rules.data["gates"]
        if gate["least"] >= STOP
    }
    found = []
    for one in sure.items:
        if one.state == "not_applicable":
            continue
        signs = gates & set(one.item.evidence)
        if (one.item.weight >= must and (one.covers == 0 or one.partial or one.gaps)) or signs - sure.looked:
            found.append(one.item.title)
    return tuple(found)


def listed(titles: Sequence[str], most: int = 3) -> str:
    """ "Enough data", "Fits in memory" and 2 more."""
    named = [f"“{title}”" for title in titles[: most if len(titles) > most + 1 else most + 1]]
    if len(titles) > len(named):
        named.append(f"{len(titles) - len(named)} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
