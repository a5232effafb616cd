"""The figure of the plan's review: each risk with its place, its reason and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.figures.chart import Listing, Part, Table

Facts = Mapping[str, Any]

LISTED = 14  # risks on the page; the rest stands in the report's data
LEVELS = {"high": "Serious", "medium": "Moderate", "low": "Remark"}


def plan_review(facts: Facts, finding: Facts) -> list[Part]:
    """The risks, the most serious first; nothing where the plan is sound."""
    faults = [one for one in facts.get("faults") or [] if one.get("note")]
    if not faults:
        return []
    ranked = sorted(faults, key=lambda one: [*LEVELS].index(str(one.get("severity", "low"))))
    rows = [
        (LEVELS[str(one.get("severity", "low"))], _place(one), str(one["note"]), str(one.get("repair", "")))
        for one in ranked[:LISTED]
    ]
    more = len(ranked) - LISTED
    return [
        Listing(
            finding.get("title") or "Risks in the plan",
            "Each risk, where it stands in the plan, why it matters and what to write instead",
            _how(facts),
            width="full",
            table=Table(("Risk", "In the plan", "Why it matters", "What to do"), rows, stacks=True),
            more=f"and {words.number(more)} more in the report's data" if more > 0 else "",
        )
    ]


def _place(one: Facts) -> str:
    """The key as its owner wrote it; what is missing stands nowhere."""
    keys = [str(key) for key in one.get("keys") or [one.get("key")] if key]
    if not keys:
        return "not in the plan"
    return keys[0] + (f" and {len(keys) - 1} more" if len(keys) > 1 else "")


def _how(facts: Facts) -> str:
    settings, rules = facts.get("settings"), facts.get("rules")
    if not settings or not rules:
        return ""
    beside = " and the data" if facts.get("with_data") else ""
    looked, against = words.count(settings, "setting", "settings"), words.count(rules, "rule", "rules")
    return f"{looked}{beside} held against {against}."
