"""Findings as the page lists them: a folded row, and inside it what it means, its facts, what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.page import Fact, FindingRow
from workers.probes import catalog
from workers.probes.base import DIMENSIONS

Finding = Mapping[str, Any]

TITLES = {name: name.capitalize() for name in DIMENSIONS}
STATES = {"skipped": "Not measured", "failed": "Stopped"}


def finding_rows(found: Sequence[Finding], assessment: Mapping[str, Any]) -> list[FindingRow]:
    """One row a finding, in their order; what was skipped for one and the same reason is one row.

    Questions that do not arise with this data are one row, the last: they are no gap in what is known.
    """
    rows, done = [], set()
    beside = [one for one in found if not_applicable(one)]
    for one in found:
        if len(beside) > 1 and one in beside:
            continue
        reason = _skipped_because(one)
        alike = [other for other in found if reason and _skipped_because(other) == reason]
        if len(alike) < 2:
            rows.append(_row(one, assessment))
        elif reason not in done:
            done.add(reason)
            rows.append(_together(alike, reason))
    return rows + ([_beside(beside)] if len(beside) > 1 else [])


def not_applicable(one: Finding) -> bool:
    """Whether a check found that its question makes no sense for this data."""
    facts = one.get("facts")
    return one.get("state") == "skipped" and isinstance(facts, Mapping) and bool(facts.get("not_applicable"))


def _beside(found: Sequence[Finding]) -> FindingRow:
    dimensions = {one.get("dimension") for one in found}
    only = dimensions.pop() if len(dimensions) == 1 else None
    return FindingRow(
        probe=found[0]["probe"],
        anchor=anchor(found[0]),
        dimension=TITLES.get(only or "", "Several"),
        title=f"{len(found)} checks do not apply to this data",
        level="unknown",
        state="skipped",
        word="Not needed",
        basis="measured",
        paragraphs=[f"{_name(one)}: {one.get('note') or 'does not apply.'}" for one in found],
        facts=(),
        fix="",
    )


def _name(one: Finding) -> str:
    spec = catalog.BY_ID.get(one.get("probe") or "")
    return spec.title if spec else str(one.get("probe") or "")


def _skipped_because(one: Finding) -> str:
    """The reason without the probe's own name in front: "needs a data set, ..."; empty when there is none."""
    note, name = str(one.get("note") or ""), _name(one)
    for subject in (f"The check “{name}” ", f"{name} "):  # the second in reports of before
        if one.get("state") == "skipped" and name and note.startswith(subject):
            return note.removeprefix(subject)
    return ""


def _together(alike: Sequence[Finding], reason: str) -> FindingRow:
    dimensions = {one.get("dimension") for one in alike}
    only = dimensions.pop() if len(dimensions) == 1 else None
    return FindingRow(
        probe=alike[0]["probe"],
        anchor=anchor(alike[0]),
        dimension=TITLES.get(only or "", "Several"),
        title=f"{len(alike)} checks were not made",
        level="unknown",
        state="skipped",
        word=STATES["skipped"],
        basis="measured",
        paragraphs=[f"{words.and_list(map(_name, alike))}: each {reason}"],
        facts=(),
        fix="",
    )


def anchor(one: Finding) -> str:
    """The id of a finding's row on the page."""
    probe = one.get("probe") or ""
    return f"finding-{probe.replace('.', '-').replace('_', '-') or one.get('question', '')}"


def _row(one: Finding, assessment: Mapping[str, Any]) -> FindingRow:
    probe = one.get("probe") or ""
    spec = catalog.BY_ID.get(probe)
    state, dimension = one.get("state", "measured"), one.get("dimension") or probe.partition(".")[0]
    measured = state == "measured"
    level = (one.get("level") or "unknown") if measured else "unknown"
    why = one.get("why") or (spec.why if spec else "")
    return FindingRow(
        probe=probe,
        anchor=anchor(one),
        dimension=TITLES.get(dimension, dimension),
        title=_title(one, measured=measured),
        level=level,
        state=state,
        word="" if measured else STATES.get(state, "Not measured"),
        basis=one.get("basis") or "measured",
        paragraphs=[text for text in (one.get("note"), why if measured else "") if text],
        facts=_facts(one, assessment) if measured else (),
        # Nobody needs a cure for what is well.
        fix=(one.get("fix") or "") if measured and level != "minimal" else "",
    )


def _title(one: Finding, *, measured: bool) -> str:
    """A skipped probe's title is its own name, which reads as if it had been measured."""
    title, name = one.get("title") or "", _name(one)
    if measured or title not in ("", name):
        return title or name
    return f"{name}: {'stopped' if one.get('state') == 'failed' else 'not measured'}"


def _facts(one: Finding, assessment: Mapping[str, Any]) -> list[Fact]:
    """Value, sample and score: each with its range or its unit."""
    unit, value, facts = one.get("unit") or "", one.get("value"), []
    if value is not None:
        form = _form(unit)
        low, high = one.get("low"), one.get("high")
        facts.append(Fact(words.first_up(unit) or "Value", form(value), _range(low, high, form)))
    if one.get("sample") is not None:
        spec = catalog.BY_ID.get(str(one.get("probe")))
        if spec is not None and spec.needs == ("plan",):
            facts.append(Fact("Looked at", words.count(one["sample"], "setting", "settings"), "of the plan"))
        else:
            facts.append(_sample(one["sample"], assessment.get("dataset") or {}))
    elif one.get("basis") == "estimated":
        planned = bool(assessment.get("plan"))
        facts.append(Fact("Based on", "The plan" if planned else "Usual settings", "no row was needed"))
    if one.get("score") is not None:
        facts.append(
            Fact("Risk from this alone", f"{words.number(one['score'])} of 100", "higher is riskier")
        )
    return facts


def _range(low: float | None, high: float | None, form: Callable[[float], str]) -> str:
    """The range beside a value; nothing where both ends are written alike, for that is no range."""
    if low is None or high is None or form(low) == form(high):
        return ""
    return f"90% range {words.span(low, high, form, ' to ' if min(low, high) < 0 else '–')}"


def _sample(sample: float, dataset: Mapping[str, Any]) -> Fact:
    rows = dataset.get("rows") or 0
    of = f"of {words.number(rows)}" if rows > sample else "all there are" if rows == sample else ""
    return Fact("Measured on", words.count(sample, *words.noun(dataset.get("modality"))), of)


def _points(value: float) -> str:
    return words.number(value, 1).removesuffix(".0")


def _form(unit: str) -> Callable[[float], str]:
    if unit.startswith(("share", "chance")):
        return words.percent
    if unit.startswith("points"):
        return _points
    return words.short
