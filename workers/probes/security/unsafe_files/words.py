"""The sentences and the faults of what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.probes.base import Upload
from workers.probes.security.unsafe_files import loose
from workers.probes.security.unsafe_files.cells import Cells
from workers.probes.security.unsafe_files.look import BOMB, ESCAPE, EXECUTABLE, FORMULAS, RUNS, Hit
from workers.probes.words import count, listed

_NAMED = {*loose.NAMED.values(), *loose.RECIPES.values()}
LOOSE = {*_NAMED, *(name for _, name in loose.PROGRAMS), "script", "Python code"}
SAFER = "Ask its maker for a safetensors file, or make the weights anew from code that you trust."


def title(hits: Sequence[Hit], formulas: Cells, artefacts: Sequence[str], *, unknown: bool = False) -> str:
    """The takeaway: the worst that was found. ``unknown``: some file is of no kind that can be read here."""
    runs = _files(hit for hit in hits if hit.fault == EXECUTABLE and hit.grade == RUNS)
    sure = _files(hit for hit in hits if hit.fault == EXECUTABLE and hit.grade == RUNS and hit.known)
    loose_ones = _files(hit for hit in hits if hit.grade == RUNS and hit.what in LOOSE)
    if sure and set(sure) <= set(loose_ones):
        return f"{_named(sure)} {'holds' if len(sure) == 1 else 'hold'} a program"
    if sure:
        return f"{_named(sure)} would run a program when opened"
    if runs and set(runs) <= set(loose_ones):
        return f"{_named(runs)} {'brings' if len(runs) == 1 else 'bring'} code along that nobody here knows"
    if runs:
        return f"{_named(runs)} would run code that nobody here knows"
    for fault, says in (
        (EXECUTABLE, "cannot be read to the end"),
        (BOMB, "cannot be opened safely"),
        (ESCAPE, "reaches outside of its folder|reach outside of their folder"),
        (FORMULAS, "holds formulas that a spreadsheet would run|hold formulas that a spreadsheet would run"),
    ):
        if found := _files(hit for hit in hits if hit.fault == fault):
            one, _, many = says.partition("|")
            return f"{_named(found)} {many if many and len(found) > 1 else one}"
    if formulas.count or formulas.headers:
        number = formulas.count + len(formulas.headers)
        return f"{count(number, 'cell is a formula', 'cells are formulas')} that a spreadsheet would run"
    if unknown:
        return "Nothing was found that runs, but not every file could be read"
    if len(artefacts) == 1:
        return f"Nothing in {artefacts[0]} runs when it is opened"
    if artefacts:
        return f"Nothing in {len(artefacts):,} model files runs when they are opened"
    return "No model file was shown, and nothing in the data runs when it is opened"


def note(
    hits: Sequence[Hit],
    formulas: Cells,
    artefacts: Sequence[Upload],
    notes: Sequence[str],
    *,
    unknown: bool = False,
) -> str:
    """What it means, and what to do."""
    told = []
    running = [hit for hit in hits if hit.fault == EXECUTABLE and hit.grade == RUNS]
    unread = [hit for hit in hits if hit.fault == EXECUTABLE and hit.grade != RUNS]
    if running:
        does = _some(list(dict.fromkeys(hit.runs for hit in running)), "other thing")
        told.append(f"Do not open {_some(_files(running), 'other file')}, which would run {does}.")
    if left := [hit for hit in unread if hit.where.file not in _files(running)]:
        files = _some(_files(left), "other file")
        told.append(f"Do not open {files}: {_why(left)}, so nobody can say what would run.")
    if running or unread:
        told.append(SAFER)
    if tables := _files(hit for hit in hits if hit.fault == FORMULAS):
        told.append(
            f"Open {_some(tables, 'other file')} as text and in no spreadsheet, or remove the formulas."
        )
    if others := [hit for hit in hits if hit.fault in (BOMB, ESCAPE)]:
        firsts = list({hit.where.file: hit for hit in reversed(others)}.values())[::-1]
        told.append(f"Do not open {_some([_with_reason(hit) for hit in firsts], 'other file')}.")
    if formulas.count or formulas.headers:
        where = listed([*formulas.columns, *formulas.headers])
        told.append(
            f"Put an apostrophe before the formulas in {where}, or remove them, before the table is opened."
        )
    if not told and not unknown and artefacts:
        told.append(
            f"What is in {'it' if len(artefacts) == 1 else 'them'} only rebuilds numbers and plain data."
        )
    if not artefacts:
        told.append("No model file was shown; add those that come from outside to have them inspected.")
    return " ".join([*told, *notes])


def unknown_kinds(files: Sequence[str]) -> str:
    """The sentence about files that nothing here can read."""
    kind = "is of a kind that is" if len(files) == 1 else "are of kinds that are"
    them = "it" if len(files) == 1 else "them"
    return f"{_some(files, 'other file')} {kind} not known here, so little can be said of {them}."


def _why(unread: Sequence[Hit]) -> str:
    """Why files cannot be followed to their end; the reason itself where there is one alone."""
    if len({hit.runs for hit in unread}) == len(_files(unread)) == 1:
        return unread[0].runs
    return f"{'it' if len(_files(unread)) == 1 else 'they'} cannot be read to the end"


def _some(names: Sequence[str], one: str) -> str:
    """The first few, and how many others of which kind: "a.pt, b.pt, c.pt and 7 other files"."""
    if len(names) <= 3:
        return listed(names)
    return f"{', '.join(names[:3])} and {count(len(names) - 3, one)}"


def _with_reason(hit: Hit) -> str:
    """ "zeros.zip (unpacks to 1,028 times its size)", with the part that does so, if it is one."""
    return f"{hit.where.file} ({f'{hit.where.path}: ' if hit.where.path else ''}{hit.runs})"


def faults(hits: Sequence[Hit], formulas: Cells, places: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The faults by name, each with its files, the most dangerous first."""
    found: list[dict[str, Any]] = []
    for fault in (EXECUTABLE, BOMB, ESCAPE):
        mine = [hit for hit in hits if hit.fault == fault]
        if mine:
            found.append({
                "fault": fault, "severity": "high", "files": _files(mine), "count": len(mine),
                "places": [" > ".join(filter(None, (hit.where.file, hit.where.path))) for hit in mine[:50]],
                "runs": list(dict.fromkeys(hit.runs for hit in mine))[:20],
            })  # fmt: skip
    if tables := _files(hit for hit in hits if hit.fault == FORMULAS):
        found.append({"fault": FORMULAS, "severity": "medium", "files": tables, "count": len(tables)})
    if formulas.count or formulas.headers:
        rows = [place["row"] for place in places if "row" in place]
        files = list(dict.fromkeys(place["file"] for place in places if "file" in place))
        found.append({
            "fault": "formula_cells", "severity": "medium", "rows": rows, "files": files,
            "columns": list(dict.fromkeys([*formulas.columns, *formulas.headers])),
            "count": formulas.count + len(formulas.headers),
        })  # fmt: skip
    return found


def _files(hits: Any) -> list[str]:
    return list(dict.fromkeys(hit.where.file for hit in hits))


def _named(files: Sequence[str]) -> str:
    return files[0] if len(files) == 1 else f"{len(files):,} files"
