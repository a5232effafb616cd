"""What each version of the rules changed against the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.method.judging import TIERS
from assessments.scoring import rules as rulebook
from assessments.scoring.rules import Rules
from workers.probes import catalog

NAMED_MOST = 6  # names in one line of the version history


def history(version: str) -> list[tuple[str, list[str]]]:
    """What each version changed against the one before it, the newest first, up to this one."""
    every = rulebook.versions()
    known = every[: every.index(version) + 1]
    told = [(known[0], [_first(rulebook.load(known[0]))])]
    told += [(new, changes(rulebook.load(old), rulebook.load(new))) for old, new in pairwise(known)]
    return told[::-1]


def _first(rules: Rules) -> str:
    return f"The first version: {len(rules.data['probes'])} checks and {len(rules.items)} risks."


def changes(old: Rules, new: Rules) -> list[str]:
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


def _splits(rules: Rules) -> Sequence[str]:
    """Who may have made a split, for copies across it to be held against an answer."""
    found: Sequence[str] = rules.data["readings"].get("copies_across_split", {}).get("split", ())
    return found


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
    if new.harms and not old.harms:
        yield f"How likely each of {len(new.harms)} harms is stands beside the score."
    draws = [rules.data["simulation"]["draws"] for rules in (old, new)]
    if draws[0] != draws[1]:
        yield f"{draws[1]:,} simulations instead of {draws[0]:,}."
    if new.strict and not old.strict:
        yield (
            "A named fault also holds up the low end of a range, and an open question on the stakes, or "
            "beside one that is answered, opens the range."
        )
    if new.nested and not old.nested:
        yield "An answer in whose place a check could still measure no longer ends a range."
    if new.keeps and not old.keeps:
        yield "An answer that was judged and then taken back goes on counting in the score."
    own = [rules.data["advice"].get("own") for rules in (old, new)]
    if own[1] is not None and own[0] is None:
        yield (
            "A serious risk whose step hardly moves its dimension has a step all the same, told by what it "
            "does to the risk."
        )
    if new.thorough and not old.thorough:
        yield "Where a risk has two equally bad causes, a step is looked for on each."
        yield "A step that lowers two risks is listed once, with all that it does."
    planned = ["plan" in _splits(rules) for rules in (old, new)]
    if planned[1] and not planned[0]:
        yield "Copies across a split as planned contradict the answer that the test is kept apart."
    others = [
        {**rules.data["evidence"], **dict.fromkeys(("strict", "nested", "keeps"))} for rules in (old, new)
    ]
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
