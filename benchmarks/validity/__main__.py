"""Runs what is missing and writes the page; see the package."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.validity import check, page, runs, tables

RESULT = Path(__file__).parents[1] / "results" / "validity.json"
PAGE = Path(__file__).parents[2] / "docs" / "validity.md"


def main() -> int:
    reader = argparse.ArgumentParser(prog="benchmarks.validity")
    reader.add_argument("only", nargs="*", help="tables, check, page, or names of faults or probes")
    reader.add_argument("--minutes", type=float, default=60)
    reader.add_argument("--seeds", type=int, default=5)
    reader.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    reader.add_argument("--again", action="store_true", help="measure what is there already, too")
    reader.add_argument("--record", action="store_true", help="with check: write what is expected")
    asked = reader.parse_args()
    if asked.only == ["check"]:
        return check.check(asked.processes, asked.record)
    if asked.only in (["tables"], ["page"]) and not runs.done():
        sys.exit("No run is measured yet, so there is nothing to fit or to show: run the benchmark first.")
    if asked.only == ["tables"]:
        for probe, table in tables.write(runs.done().values()).items():
            print(f"{probe:<32} AUC {table.auc:.2f}  {list(table.edges)}  {list(table.log_ratio)}")
        return 0
    seeds = range(asked.seeds)
    if asked.only in ([], ["page"]):
        wanted = [*runs.jobs([0]), *runs.clean([0]), *runs.crossed(0), *runs.jobs(seeds), *runs.clean(seeds)]
    else:
        wanted = runs.jobs(seeds, asked.only)
    if asked.only != ["page"]:
        carried = runs.carry_out(wanted, asked.minutes, asked.processes, asked.again)
        for count, run in enumerate(carried, 1):
            if count % 50 == 0 or run["state"] == "failed":
                print(f"{count} {run['id']} {run['state']} {run.get('score')} {run['note'][:80]}", flush=True)
    runs.keep()
    result = page.report(list(runs.done().values()), len(set(wanted)))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    PAGE.write_text(page.page(result), "utf-8")
    for one in result["figures"]:
        print(f"{one['name']:<70} {one['bar']:>8} {one['value']!s:>8} {'' if one['reached'] else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
