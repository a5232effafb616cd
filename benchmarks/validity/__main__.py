"""Runs what is missing and writes the page; see the package.

``python -m benchmarks.validity tables`` runs nothing and writes the likelihood tables of the score from the
runs that are there. ``python -m benchmarks.validity check`` is the subset that fails where the score has
become worse; with ``--record`` it writes what is expected from now on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.validity import check, judged, runs, tables
from benchmarks.validity.bases import BASES
from benchmarks.validity.faults import FAULTS

RESULT = Path(__file__).parents[1] / "results" / "validity.json"
PAGE = Path(__file__).parents[2] / "docs" / "validity.md"
BARS = {
    "auc": (">=", 0.9), "auc_left_out": (">=", 0.85), "clean_high": ("<=", 0.05), "rises": (">=", 0.8),
    "ece": ("<=", 0.1), "brier_skill": (">=", 0.3), "below": (">=", 0.95),
}  # fmt: skip
HEADS = {
    "auc": "found at harm", "auc_left_out": "base left out", "clean_high": "clean called high",
    "rises": "rises with dose", "ece": "calibration error", "brier_skill": "skill over prior",
    "below": "mended below faulty",
}  # fmt: skip


def main() -> int:
    reader = argparse.ArgumentParser(prog="benchmarks.validity")
    reader.add_argument("only", nargs="*", help="names of faults or probes")
    reader.add_argument("--minutes", type=float, default=60)
    reader.add_argument("--seeds", type=int, default=5)
    reader.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    reader.add_argument("--record", action="store_true", help="with check: write what is expected")
    asked = reader.parse_args()
    if asked.only == ["check"]:
        return check.check(asked.processes, asked.record)
    if asked.only == ["tables"]:
        for probe, one in tables.write(runs.done().values()).items():
            print(f"{probe:<32} AUC {one['auc']:.2f}  {one['log_ratio']}")
        return 0
    wanted = runs.jobs(range(asked.seeds), asked.only)
    if not asked.only:
        wanted += runs.crossed(0)
    for count, run in enumerate(runs.carry_out(wanted, asked.minutes, asked.processes), 1):
        if count % 50 == 0 or run["state"] == "failed":
            print(f"{count} {run['id']} {run['state']} {run.get('score')} {run['note'][:80]}", flush=True)
    result = report(list(runs.done().values()), len(set(wanted)))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(result), "utf-8")
    for one in result["figures"]:
        print(f"{one['name']:<70} {one['bar']:>8} {one['value']!s:>8} {'' if one['reached'] else 'missed'}")
    return 0


def report(found: list[dict[str, Any]], wanted: int) -> dict[str, Any]:
    grouped = judged.by_fault(found)
    scored = tables.own(found)
    faults = [
        judged.of_fault(fault, grouped[fault.name], [run for run in scored if run["probe"] == fault.probe])
        for fault in FAULTS
        if grouped.get(fault.name)
    ]
    crossed = judged.crossed(found)
    right = [one["right"] for one in crossed.values()]
    figures = [
        {
            "name": f"faults of {len(told)} with {HEADS[key]} {way} {bar}",
            "bar": f">= {len(told)}",
            "value": sum(reached(key, one) for one in told),
            "reached": all(reached(key, one) for one in told),
        }
        for key, (way, bar) in BARS.items()
        if (told := [one for one in faults if one[key] is not None])
    ]
    if right:
        share = round(float(np.mean(right)), 3)
        figures.append({
            "name": f"faults of {len(right)} that raise their own probe most", "bar": ">= 0.8",
            "value": share, "reached": share >= 0.8,
        })  # fmt: skip
    return {
        "what": f"{len(found):,} runs of {wanted:,} wanted: {len(FAULTS)} faults in {len(BASES)} clean sets",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version()},
        "figures": figures,
        "faults": faults,
        "crossed": crossed,
    }


def reached(key: str, told: dict[str, Any]) -> bool:
    way, bar = BARS[key]
    return bool(told[key] >= bar if way == ">=" else told[key] <= bar)


def page(result: dict[str, Any]) -> str:
    """The tables as a page, what is missed marked."""
    lines = [
        "# Whether to believe the score",
        "",
        f"Faults planted in clean sets in known doses, measured and scored as a run would: {result['what']}.",
        "Written by `python -m benchmarks.validity`; a figure that misses its bar stands in **bold**.",
        "",
        "| Fault | Probe | Runs | " + " | ".join(HEADS.values()) + " |",
        "| --- | --- | ---: | " + " | ".join("---:" for _ in HEADS) + " |",
        "| Bar | | | " + " | ".join(f"{way} {bar}" for way, bar in BARS.values()) + " |",
    ]
    for one in result["faults"]:
        cells = [
            "" if one[key] is None else f"{one[key]:.2f}" if reached(key, one) else f"**{one[key]:.2f}**"
            for key in HEADS
        ]
        lines.append(f"| {one['fault']} | `{one['probe']}` | {one['runs']} | {' | '.join(cells)} |")
    lines += [
        "",
        "Found at harm: area under the ROC curve of the score, the mildest dose that does harm against clean",
        "twins. Base left out: the same for the probability of harm learnt from all other bases. Clean",
        "called high: clean twins with the level high or critical. Rises with dose: Spearman's correlation",
        "within a base. Calibration error and skill (Brier, over the share of harm): with the base left out,",
        "by the likelihood tables of the score.",
        "Mended below faulty: pairs in which the clean twin scores lower.",
    ]
    wrong = {name: one for name, one in result["crossed"].items() if not one["right"]}
    if result["crossed"]:
        lines += ["", "## What else a fault raises", ""]
        right = len(result["crossed"]) - len(wrong)
        lines.append(f"{right} of {len(result['crossed'])} faults raise their own probe most.")
        lines += [
            f"- {name}: `{one['most']}` by {one['by']:.0f} points, its own by {one['own']:.0f}."
            for name, one in wrong.items()
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
