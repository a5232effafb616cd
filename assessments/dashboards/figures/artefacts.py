"""The figure of unsafe files: which file, what it is, what it would run, and where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.figures.chart import Listing, Part, Table

Facts = Mapping[str, Any]

MOST = 12  # rows
ITSELF = "the file itself"


def unsafe_files(facts: Facts, finding: Facts) -> list[Part]:
    """What was found, the most dangerous first; without any, what each model file is."""
    found = facts.get("found") or []
    formulas = facts.get("formulas") or {}
    rows = [_row(one) for one in found[:MOST]]
    columns = {**(formulas.get("columns") or {}), **dict.fromkeys(formulas.get("headers") or (), 1)}
    rows += [_formulas(name, cells, formulas) for name, cells in list(columns.items())[: MOST - len(rows)]]
    hidden = int(facts.get("found_in_all") or len(found)) + len(columns) - len(rows)
    if not rows:
        return _inspected(facts, finding)
    return [
        Listing(
            finding.get("title") or "What the files would run",
            "Each file with what it is and what opening it would run",
            "Read byte by byte; nothing was opened or run",
            width="most",
            table=Table(("File", "What it is", "What it would run", "Where"), rows),
            more=f"and {words.number(hidden)} more" if hidden > 0 else "",
        )
    ]


def _row(one: Facts) -> tuple[str, str, str, str]:
    says = str(one.get("runs", ""))
    if one.get("fault") == "executable_content" and not one.get("known", True) and one.get("grade") == 3:
        says += ", unknown here"
    return str(one["file"]), _up(str(one.get("what", ""))), _up_words(says), str(one.get("inside") or ITSELF)


def _formulas(name: str, cells: int, formulas: Facts) -> tuple[str, str, str, str]:
    functions = ", ".join(formulas.get("functions") or ())
    return (
        "The data set",
        words.count(int(cells), "formula cell", "formula cells"),
        f"A spreadsheet formula{f' ({functions})' if functions else ''}",
        f"column {name}",
    )


def _inspected(facts: Facts, finding: Facts) -> list[Part]:
    """Model files that are fine, each with what it is."""
    fine = [one for one in facts.get("looked") or [] if one.get("artefact")]
    if not fine:
        return []
    rows = [(str(one["file"]), _up(str(one["what"])), "Nothing") for one in fine[:MOST]]
    return [
        Listing(
            finding.get("title") or "What the model files are",
            "Each model file with what it is and what opening it would run",
            "Read byte by byte; nothing was opened or run",
            width="most",
            table=Table(("File", "What it is", "What it would run"), rows),
            more=f"and {len(fine) - MOST} more" if len(fine) > MOST else "",
        )
    ]


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _up_words(text: str) -> str:
    """Sentence case for words; a name such as os.system stays as it is written."""
    first = text.partition(" ")[0]
    return text if "." in first else _up(text)
