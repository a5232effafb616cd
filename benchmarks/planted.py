"""Every fault that data probes name, planted over several seeds: how often it is found, how often wrongly.

    python -m benchmarks.planted [probe ...]

The cases are those of the tests (``tests/planting``), where one seed must pass; here more seeds show how
close to the edge each stands. Recall: runs in which the fault was named with its place. False alarms: runs
on the clean twin in which the probe named any fault above low.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import planting
from tests.planting import judge

SEEDS = (11, 12, 13)
RESULT = Path(__file__).parent / "results" / "planted.json"


def main() -> int:
    only = set(sys.argv[1:])
    cases = [case for case in planting.cases() if not only or case.probe in only]
    table: dict[tuple[str, str], dict[str, Any]] = {}
    runs: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in cases:
        found = []
        for seed in SEEDS[:1] if case.slow else SEEDS:
            data, truth = case.plant(case.strength, seed)
            found.append(not judge.wrong(case, judge.finding(case.probe, data, seed), truth))
        runs[case.probe, case.fault] += found
        entry = table.setdefault((case.probe, case.fault), {"sets": set(), "missed": []})
        entry["sets"].add(case.set)
        if not all(found):
            entry["missed"].append(f"{case.set} at {case.strength:g}: {sum(found)} of {len(found)}")
        print(f"{sum(found)}/{len(found)}  {case.id}", flush=True)
    quiet: dict[str, list[bool]] = defaultdict(list)
    for probe, clean in sorted({(case.probe, case.clean): case for case in cases}, key=str):
        for seed in SEEDS[:2]:
            alarms = judge.alarms(judge.finding(probe, clean(seed), seed))
            quiet[probe].append(not alarms)
            if alarms:
                print(f"{probe}: {alarms} on a clean set", flush=True)
    result = {
        "what": "planted faults, named with their place, and the clean twins",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version(), "system": platform.machine()},
        "faults": [
            {
                "probe": probe,
                "fault": fault,
                "sets": len(entry["sets"]),
                "found": sum(runs[probe, fault]),
                "of": len(runs[probe, fault]),
                "missed": entry["missed"],
            }
            for (probe, fault), entry in sorted(table.items())
        ],
        "clean": {
            probe: {"false_alarms": len(seen) - sum(seen), "of": len(seen)} for probe, seen in quiet.items()
        },
    }
    if not only:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    found, of = sum(map(sum, runs.values())), sum(map(len, runs.values()))
    print(f"{found} of {of} planted faults named with their place")
    return 0


if __name__ == "__main__":
    sys.exit(main())
