"""How much of the upload could not be read as it stands: what parsing saw, as a share.

Parsing happens once, in ``workers.inputs``; what it saw lies in the manifest. Nothing is parsed here,
so this probe costs nothing and looks at every row and file, not at a sample.
Value: rows (or, for pictures and clips, files) named by at least one fault, over all of them.
"""

from __future__ import annotations

from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, listed, percent, pieces

STRETCHES = 40  # of a file, for the figure
ORDER = {"high": 0, "medium": 1, "low": 2}
PLAIN = {
    "ragged_lines": "lines with too many or too few cells",
    "broken_files": "files that do not open",
    "empty_files": "empty files",
    "odd_encodings": "characters in another encoding",
    "encoding": "an unusual text encoding",
    "delimiter_or_decimal": "an unusual delimiter or decimal mark",
    "title_lines": "title lines above the header",
    "total_row": "a total among the rows",
    "repeated_header": "the header among the rows",
    "header_names": "columns without a name of their own",
    "truncated": "files that end too early",
    "mojibake": "garbled characters",
    "another_set_of_columns": "files with other columns",
    "wrong_sample_rate": "clips with another sample rate",
    "poor_pictures": "pictures too dark, too bright or blurred",
}
ELSEWHERE = (  # what ``prepare`` saw and other probes name: in sounds, in cells with a unit, in the target
    "clipping", "silence", "dc_offset", "hum", "unit_mix", "category_variants", "missing_tokens",
)  # fmt: skip


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run, so no file was read.")
    manifest = sample.manifest
    told = [fault for fault in manifest.get("faults", ()) if fault.get("fault") not in ELSEWHERE]
    faults = sorted(told, key=lambda fault: ORDER.get(fault.get("severity"), 3))
    files = [
        {"name": file["name"], "rows": file.get("rows"), "problem": file.get("problem")}
        for file in manifest.get("files", ())
    ]
    facts: dict[str, Any] = {"files": files, "faults": faults, "dialect": manifest.get("dialect")}
    unreadable = [file["name"] for file in files if file["problem"]]
    if sample.kind in ("images", "audio"):
        hit, total = _files(sample, faults, unreadable)
    else:
        hit, total = _rows(faults), sample.rows + _lines_lost(faults)
        if unreadable and len(files) > 1:  # a whole part of the upload is missing: its share of the files
            hit += round(total * len(unreadable) / len(files))
            total += round(total * len(unreadable) / len(files))
    hit, total = min(hit, total), max(total, 1)
    facts |= {"affected": hit, "of": total, "along": _along(sample, faults)}
    # Parsing counts, it does not estimate: of a file written as it should be nothing is named.
    facts["null"] = {"share": 0.0, "how": "exact: the same rows written plainly read without a fault"}
    share = hit / total
    low, high = clopper_pearson(hit, total)
    unit = pieces(sample.kind)
    return Finding(
        share,
        _note(sample, faults, unreadable, hit, total),
        facts,
        low=low,
        high=high,
        sample=total,
        title=f"{percent(share)} of the {unit} read badly" if hit else _title(sample, faults, total),
    )


def _title(sample: Sample, faults: list[dict[str, Any]], total: int) -> str:
    """Where no row is bad."""
    if any(fault["fault"] == "another_set_of_columns" for fault in faults):
        return "The files have different columns"
    one = pieces(sample.kind, 1)
    return f"All {total:,} {pieces(sample.kind)} can be read" if total > 1 else f"The only {one} can be read"


def _rows(faults: list[dict[str, Any]]) -> int:
    """Rows named by at least one fault, each counted once; ``count`` where the list was cut."""
    named: set[tuple[str, int]] = set()
    uncounted = 0
    for fault in faults:
        rows = fault.get("rows") or ()
        file = str(fault.get("split") or next(iter(fault.get("files") or ()), ""))
        named.update((file, int(row)) for row in rows)
        uncounted += max(0, int(fault.get("count") or 0) - len(rows))
    return len(named) + uncounted


def _along(sample: Sample, faults: list[dict[str, Any]]) -> dict[str, Any]:
    """Bad rows in equal stretches of a single file: {"step": rows a stretch, "counts": [...]}."""
    if sample.kind in ("images", "audio") or len(sample.manifest.get("files", ())) != 1 or not sample.rows:
        return {}
    rows = {int(row) for fault in faults for row in fault.get("rows") or ()}
    step = max(1, -(-max(sample.rows, *rows, 1) // STRETCHES)) if rows else 0
    if not step:
        return {}
    counts = [0] * (max(sample.rows - 1, *rows) // step + 1)
    for row in rows:
        counts[row // step] += 1
    return {"step": step, "counts": counts}


def _lines_lost(faults: list[dict[str, Any]]) -> int:
    """Lines that never became rows, so that the share is over what was uploaded."""
    return sum(int(fault.get("lost") or 0) for fault in faults)


def _files(sample: Sample, faults: list[dict[str, Any]], unreadable: list[str]) -> tuple[int, int]:
    """Bad files and all files of a zip; a broken one is not among the rows."""
    bad = {str(name) for fault in faults for name in fault.get("files") or ()}
    inside = {file["name"] for file in sample.manifest.get("files", ())}
    bad |= {name for name in unreadable if not name.endswith(".zip")}
    with sample.table() as table:
        read = {row[0] for row in table.execute("SELECT DISTINCT _file FROM rows").fetchall()}
    missing = bad - read
    lost = sum(1 for name in missing if name in inside or not name.endswith(".zip"))
    return len(bad), len(read) + lost


def _note(sample: Sample, faults: list, unreadable: list[str], hit: int, total: int) -> str:
    if unreadable and sample.kind not in ("images", "audio"):
        return f"{listed(unreadable)} could not be read; upload a repaired copy."
    if not faults:
        what = count(total, pieces(sample.kind, 1))
        files = count(len(sample.manifest.get("files", ())) or 1, "file")
        return f"{what} in {files} read without a problem."
    seen = list(dict.fromkeys(PLAIN.get(f["fault"], f["fault"].replace("_", " ")) for f in faults))
    own = next((fault["note"] for fault in faults if fault.get("note")), "")
    start = (
        f"{hit:,} of {total:,} {pieces(sample.kind)} show "
        if hit
        else "Every row was read, but the upload has "
    )
    if own.startswith(f"{hit:,} of {total:,} ") and len(seen) <= 2:
        return own  # it says how many and what; twice would be once too often
    return f"{start}{listed(seen)}." + (f" {own}" if own else "")
