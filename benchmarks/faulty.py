"""Data sets with faults of known place: is each named, where it is, and are the clean sets left in peace?

    python -m benchmarks.faulty [name ...]

Reads the sets beside the project (``../shared/data``) and says so when they are not there. Every data probe
runs on every set; a fault counts as found when one of the names that mean it is given with its place
(columns and classes equal; rows and files with recall and precision of .8). Clean sets are listed with every
fault above low, so that a false alarm cannot hide.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workers import host
from workers.inputs import prepare
from workers.probes import catalog
from workers.probes.base import Budget, Finding, Sample

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULT = Path(__file__).parent / "results" / "faulty.json"
ENOUGH = 0.8

TARGETS = {
    "bc": "diagnosis", "breast": "diagnosis", "titanic": "survived", "spam": "label", "weather": "temp",
    "penguins": "Species", "diamonds": "price", "solar": "m-class-flares", "glyphs": "character",
}  # fmt: skip
MEANS = {  # the truth's word -> the names that mean it
    "label_flip_symmetric": ("label_errors",),
    "label_flip_asymmetric": ("label_errors",),
    "duplicate_across_split": ("duplicates_across_split", "near_duplicates_across_split"),
    "missing_not_at_random": ("missing_depends_on_target", "missing_depends_on_value"),
    "id_column": ("identifier_leak", "id_column"),
    "csv_ragged": ("ragged_lines",),
    "near_duplicate_images": ("near_duplicates", "duplicates"),
    "near_duplicate_text": ("near_duplicates", "duplicates"),
    "corrupt_files": ("broken_files",),
    "audio_clipping": ("clipping",),
    "audio_silence": ("silence",),
}
OTHERS = {"backdoor_patch", "backdoor_phrase", "pii_text", "pii_columns"}  # found by probes on security
BY_NATURE = {"near_duplicate_text", "time_gap"}  # the clean sets have more of them: precision says nothing
KINDS = ("columns", "classes", "rows", "files")


def findings(files: Iterable[Path], target: str | None, seed: int = 0) -> dict[str, Finding]:
    """What every data probe says about an upload."""
    files = list(files)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "prepared"
        prepare(files, [file.name for file in files], out, targets=[target] if target else [], seed=seed)
        found = {}
        for probe in catalog.ACTIVE:
            if probe.startswith("data."):
                host.seed_everything(seed)
                found[probe] = catalog.load(probe)(Sample(out), Budget(60, seed))
        return found


def named(found: Mapping[str, Finding], names: Iterable[str]) -> list[dict[str, Any]]:
    faults = [fault for one in found.values() for fault in one.facts.get("faults", ())]
    return [fault for fault in faults if fault["fault"] in names]


def judged(truth: Mapping[str, Any], found: Mapping[str, Finding]) -> dict[str, Any]:
    """Whether a planted fault was named with its place, and how well."""
    entries = named(found, MEANS.get(truth["fault"], (truth["fault"],)))
    if not entries:
        return {"found": False, "why": "not named"}
    problems, scores = [], {}
    columns = _some(truth, "column") | _some(truth, "columns")
    if columns and columns != _places(entries, "columns"):
        problems.append(f"columns {sorted(_places(entries, 'columns'))}, true {sorted(columns)}")
    classes = _some(truth, "minority") | _some(truth, "label")
    if classes and classes != _places(entries, "classes"):
        problems.append(f"classes {sorted(_places(entries, 'classes'))}, true {sorted(classes)}")
    true = _rows(truth)
    if true:
        said = _places(entries, "rows") or {Path(name).stem for name in _places(entries, "files")}
        if any(isinstance(place, str) for place in true) and not any(isinstance(one, str) for one in said):
            said = {Path(name).stem for name in _places(entries, "files")}
        pairs = {place for pair in truth.get("pairs", ()) for place in pair}
        right = 1.0 if truth["fault"] in BY_NATURE else len(said & (pairs or true)) / max(1, len(said))
        recall = len(true & said) / len(true)
        scores = {"recall": round(recall, 3), "precision": round(right, 3)}
        if min(recall, right) < ENOUGH:
            problems.append(f"{len(said)} places, recall {recall:.2f}, precision {right:.2f}")
    severity = [entry["severity"] for entry in entries]
    return {"found": not problems, "why": "; ".join(problems), "severity": severity[0], **scores}


def _some(truth: Mapping[str, Any], key: str) -> set[str]:
    value = truth.get(key)
    return {value} if isinstance(value, str) else set(value or ())


def _places(entries: Iterable[Mapping[str, Any]], kind: str) -> set[Any]:
    return {place for entry in entries for place in entry.get(kind, ())}


def _rows(truth: Mapping[str, Any]) -> set[Any]:
    """The rows, or the names of files, that a fault stands in."""
    if truth["fault"] in ("class_imbalance", "look_ahead", "id_column", "missing_not_at_random"):
        return set()  # a column or a class as a whole
    if "first" in truth:
        rows = range(truth["first"], truth.get("last", truth["first"]) + 1)
        return set(rows)
    if "pairs" in truth:
        return {pair[1] for pair in truth["pairs"]}
    if "files" in truth:
        return {Path(name).stem for name in truth["files"]}
    if "lines" in truth:
        return {line - 1 for line in truth["lines"]}  # the header is line 0
    return set(truth.get("test_rows") or truth.get("names") or truth.get("rows") or ())


def main() -> int:
    if not DATA.is_dir():
        print("The sets with known faults are not here; nothing to measure.")
        return 0
    only = sys.argv[1:]
    began, table, alarms = time.perf_counter(), [], []
    for folder in sorted((DATA / "faulty").iterdir()):
        if only and folder.name not in only:
            continue
        files = sorted(file for file in folder.iterdir() if file.name != "truth.json")
        found = findings(files, TARGETS.get(folder.name.split("_")[0]))
        for truth in json.loads((folder / "truth.json").read_text()):
            if truth["fault"] not in OTHERS:
                table.append({"set": folder.name, "fault": truth["fault"], **judged(truth, found)})
                print(table[-1], flush=True)
        for probe, one in found.items():
            if one.state == "failed":
                print(f"  {folder.name}: {probe} failed: {one.note}")
    kinds = ("tabular", "images", "text", "audio", "timeseries")
    for file in sorted(path for kind in kinds for path in (DATA / kind).iterdir()):
        name = file.name.split(".")[0]
        if only and name not in only:
            continue
        found = findings([file], TARGETS.get(name.split("_")[0]))
        for probe, one in found.items():
            for fault in one.facts.get("faults", ()):
                if fault["severity"] != "low":
                    places = {
                        k: list(fault[k])[:4] for k in ("columns", "classes", "rows", "files") if k in fault
                    }
                    alarms.append(
                        {
                            "set": name,
                            "probe": probe,
                            **{k: fault[k] for k in ("fault", "severity")},
                            **places,
                        }
                    )
                    print(alarms[-1], flush=True)
    reached = sum(row["found"] for row in table)
    print(f"{reached} of {len(table)} planted faults found; {len(alarms)} faults named in clean sets")
    if not only:
        result = {
            "what": "planted faults of the sets with known truth, and all that is named in clean ones",
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"python": platform.python_version(), "system": platform.machine()},
            "seconds": round(time.perf_counter() - began, 1),
            "found": f"{reached} of {len(table)}",
            "planted": table,
            "named_in_clean_sets": alarms,
        }
        RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
