"""Can opening a file of the project run somebody else's program? Read statically; nothing is ever loaded.

Model files that were sent to be inspected ("artefacts") are looked at whole: pickles opcode by opcode against
an allow-list of what they import (``allowed.py``), archives for what lies in them and where it would be
unpacked, Keras, ONNX, GGUF, safetensors and NumPy files by their headers. Of the data set: formula cells,
scripts in pictures, programs in archives, pickled column types in Parquet. (probes.md, S5.)

Value: a grade of danger, 0 to 3: nothing; formula cells; cannot be trusted (a bomb, a path that leads out, a
pickle that cannot be read to its end); runs code. What is found is certain, so the interval is the value
itself, but for what was not looked at: no time, or no model file that anybody showed.

picklescan is no second opinion here: on the corpus of ``benchmarks/artefacts.py`` it names no file that this
misses, and a list of dangerous names cannot be complete.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.probes.base import Budget, Finding, Sample, Upload
from workers.probes.security.unsafe_files import cells, packages
from workers.probes.security.unsafe_files.kinds import inspect
from workers.probes.security.unsafe_files.look import CELLS, EXECUTABLE, RUNS, Exhausted, Hit, Look, Where
from workers.probes.security.unsafe_files.words import faults, note, title, unknown_kinds

HEAD = 64 * 1024  # bytes of a table: its cells are looked at in the prepared data
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"PAR1")
LISTED = 200  # findings that a report holds


def run(sample: Sample, budget: Budget) -> Finding:
    bad = packages.in_plan(sample.plan)
    if not sample.uploads and sample.folder is None and not bad:
        return Finding.skipped("There is no file in this run, so none was looked into.")
    look = Look(deadline=time.monotonic() + max(0.5, 0.8 * budget.left))
    for package in bad:
        look.hit(Where("training plan"), EXECUTABLE, "list of packages", f"an install of {package}")
    kinds, complete = _files(look, sample.uploads, budget)
    if look.strange:
        look.notes.insert(0, unknown_kinds(list(look.strange)))
    formulas = cells.search(sample, budget)
    artefacts = [one for one in sample.uploads if one.artefact]
    grade = max([hit.grade for hit in look.hits] + [CELLS if formulas.count or formulas.headers else 0])
    high = RUNS if look.open or not complete else max(grade, 0 if artefacts else CELLS)
    hits = sorted(look.hits, key=lambda hit: (-hit.grade, not hit.known))
    return Finding(
        float(grade),
        note(hits, formulas, artefacts, look.notes, unknown=look.open),
        _facts(sample, look, hits, formulas, kinds),
        low=float(grade),
        high=float(high),
        title=title(hits, formulas, [one.name for one in artefacts], unknown=look.open),
    )


def _files(look: Look, uploads: tuple[Upload, ...], budget: Budget) -> tuple[list[dict[str, Any]], bool]:
    """What each file is; False when the time was over before the last."""
    kinds: list[dict[str, Any]] = []
    for place, upload in enumerate(sorted(uploads, key=lambda one: not one.artefact)):
        budget.progress(0.5 * place / len(uploads), f"Looking into {upload.name}")
        where = Where(upload.name, artefact=upload.artefact)
        try:
            with mapped(upload.path) as data:
                look.size, look.declared = len(data), 0
                table = not upload.artefact and not bytes(data[:4]).startswith(ARCHIVES)
                what = inspect(look, data[:HEAD] if table else data, where, whole=not table)
        except Exhausted:
            left = len(uploads) - place
            look.note(f"Time ran out while {upload.name} was read; {left} of {len(uploads)} files are open.")
            return kinds, False
        kinds.append({"file": upload.name, "what": what, "artefact": upload.artefact})
    return kinds, True


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """The file's bytes, read only and by the page, however large it is."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            yield memoryview(b"")
            return
        # Views of it live on in tracebacks and generators, so it is left to the collector to close.
        yield memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _facts(
    sample: Sample, look: Look, hits: list[Hit], formulas: cells.Cells, kinds: list[dict[str, Any]]
) -> dict[str, Any]:
    places = sample.places(formulas.ids)
    return {
        "files": list(dict.fromkeys(hit.where.file for hit in hits)),
        "looked": kinds,
        "parts": look.parts,
        "found": [
            {
                "file": hit.where.file,
                "inside": hit.where.path,
                "what": hit.what,
                "runs": hit.runs,
                "fault": hit.fault,
                "grade": hit.grade,
                "known": hit.known,
            }
            for hit in hits[:LISTED]
        ],
        "found_in_all": len(hits) + look.more,
        "formulas": {
            "cells": formulas.count,
            "columns": formulas.columns,
            "headers": formulas.headers,
            "functions": formulas.functions,
        },
        "rows": [place["row"] for place in places if "row" in place],
        "artefacts": sum(1 for one in sample.uploads if one.artefact),
        "notes": look.notes,
        "faults": faults(hits, formulas, places),
    }
