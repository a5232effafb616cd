"""A run in the terminal: progress on standard error, the result as tables on standard output.

Titles, names and notes may come from an upload, so they are printed as plain text: no markup of rich,
and no control characters, with which a file could move the cursor or rename the window.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from assessments.scoring.advice import AFTER_OTHERS, HARDLY_MOVES
from assessments.scoring.policy import Verdict
from workers.assess import PREPARE, Event
from workers.probes import catalog

NAMED = 5  # steps that are shown; the report has them all
STYLES = {"minimal": "green", "low": "green", "moderate": "yellow", "high": "red", "critical": "bold red"}
MARKS = {"measured": "done", "skipped": "skipped", "failed": "failed", "running": ""}


def plain(text: object, style: str = "") -> Text:
    """Text as it is, without what a terminal would obey."""
    shown = "".join(c if c == " " or unicodedata.category(c)[0] != "C" else " " for c in str(text))
    return Text(shown, style=style)


def number(value: object) -> str:
    """A score as people read it; "?" when nothing is known."""
    return f"{value:.0f}" if isinstance(value, (int, float)) else "?"


class Bars:
    """One progress bar a probe, on standard error."""

    def __init__(self, console: Console, probes: Iterable[str], *, reading: bool) -> None:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[said]}", markup=False),
            TimeElapsedColumn(),
            console=console,
        )
        self.tasks: dict[str, TaskID] = {}
        self.started: set[str] = set()
        for probe in [PREPARE, *probes] if reading else [*probes]:
            title = catalog.BY_ID[probe].title if probe in catalog.BY_ID else "Reading the data"
            self.tasks[probe] = self.progress.add_task(f"{title:<27}", total=1.0, start=False, said="")

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, error: object, *_: object) -> None:
        self.progress.live.transient = error is not None  # then one sentence stands there, and no bars
        self.progress.stop()

    def __call__(self, event: Event) -> None:
        task = self.tasks[event.probe]
        if event.probe not in self.started:
            self.started.add(event.probe)
            self.progress.start_task(task)
        said = plain(event.sentence).plain if event.state == "running" else MARKS[event.state]
        self.progress.update(task, completed=event.share, said=said[:44])
        if event.state != "running":
            self.progress.stop_task(task)


def show(console: Console, report: Mapping[str, Any]) -> None:
    """The report in tables: dimensions, findings, what was contradicted, what to do first."""
    overall = report["overall"]
    console.print(_headline("Overall risk", overall))
    if overall.get("verdict"):
        console.print(plain(overall["verdict"]))
    console.print(_dimensions(report["dimensions"]))
    if report["findings"]:
        console.print(_findings(report["findings"]))
    if report.get("contradictions"):
        console.print(_contradictions(report["contradictions"]))
    if actions := report.get("actions"):
        console.print(_actions(actions[:NAMED]))
        if (more := len(actions) - NAMED) > 0:
            console.print(plain(f"{more} more {'step is' if more == 1 else 'steps are'} in the report."))


RESULTS = {"pass": "met", "fail": "not met", "inconclusive": "cannot be told"}
RESULT_STYLES = {"pass": "green", "fail": "bold red", "inconclusive": "yellow"}


def show_policy(console: Console, verdict: Verdict) -> None:
    """A policy's result, and below it every condition with its reason, those not met first."""
    said = f"Policy: {verdict.policy.name}: {verdict.result}, {verdict.says}"
    console.print(plain(said, RESULT_STYLES[verdict.result]))
    table = _table("Condition", "Is", "Why")
    for result in ("fail", "inconclusive", "pass"):
        for one in verdict.of(result):
            table.add_row(plain(one.says), plain(RESULTS[result], RESULT_STYLES[result]), plain(one.reason))
    console.print(table)


def _headline(name: str, part: Mapping[str, Any]) -> Text:
    style = STYLES.get(part["level"], "")
    known = f"{part['coverage']:.0%} known"
    said = f"{name}: {number(part['score'])} of 100"
    return plain(
        f"{said}, {part['level']} (from {number(part['low'])} to {number(part['high'])}, {known})", style
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in ("Score", "Range", "Known") else "left")
    return table


def _dimensions(dimensions: Iterable[Mapping[str, Any]]) -> Table:
    table = _table("Dimension", "Score", "Range", "Known", "Level")
    for one in dimensions:
        table.add_row(
            plain(one["id"].capitalize()),
            number(one["score"]),
            f"{number(one['low'])}–{number(one['high'])}",
            f"{one['coverage']:.0%}",
            plain(one["level"], STYLES.get(one["level"], "")),
        )
    return table


def _findings(findings: Iterable[Mapping[str, Any]]) -> Table:
    table = _table("Probe", "Score", "Level", "What it saw")
    for one in findings:
        level = one.get("level") or one["state"]
        what = one["title"] if one["state"] == "measured" else one["note"]
        table.add_row(
            plain(one["probe"]), number(one["score"]), plain(level, STYLES.get(level, "dim")), plain(what)
        )
    return table


def _contradictions(found: Iterable[Mapping[str, Any]]) -> Table:
    table = _table("Question", "You told us", "What was measured")
    for one in found:
        table.add_row(plain(one["question"]), plain(one["declared"]), plain(one["measured"]))
    return table


def _actions(actions: Iterable[Mapping[str, Any]]) -> Table:
    table = _table("What to do first", "Dimension", "From", "To")
    for one in actions:
        note = str(one.get("note") or "")
        title = one["title"]
        if note.startswith(AFTER_OTHERS):
            title, note = f"{title} (counted once the others are done)", note.removeprefix(AFTER_OTHERS)
        if HARDLY_MOVES in note:
            title = f"{title} ({note.partition(HARDLY_MOVES)[0].strip(' .')})"
        table.add_row(plain(title), plain(one["dimension"]), number(one["from"]), number(one["to"]))
    return table
