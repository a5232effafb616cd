"""A whole run on a large table: every probe, those that train included, in seconds on the clock.

    python -m benchmarks.flights [folder ...]

The flights of 2013 (336,776 x 19, ``arr_delay`` to be predicted) are read from the folders named, by default
``../shared/data`` beside the project; they are there only when built large. The run is the one of
``manage.py assess``: prepare, then each probe in a sandbox of its own, as many at once as there are cores.
Other work on the machine counts against it, so the load at its start stands beside it, and the CPU seconds
that the run took of its own.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from workers import assess, sandbox

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULT = Path(__file__).parent / "results" / "flights.json"
TABLE, TARGET = "tabular/flights.csv.gz", "arr_delay"
BAR = 60.0  # seconds


def main() -> None:
    folders = [Path(name) for name in sys.argv[1:]] or [DATA]
    path = next((folder / TABLE for folder in folders if (folder / TABLE).exists()), None)
    if path is None:
        print(f"{TABLE} is in none of the folders; nothing was measured.")
        return
    load = os.getloadavg()[0]
    began = time.monotonic()
    run = assess.assess([path], targets=[TARGET])
    seconds = time.monotonic() - began
    sandbox.stop()  # only now does this process know what its children took
    spent = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    found = {probe: record.finding for probe, record in run.findings.items()}
    rows, columns = run.manifest["rows"], len(run.manifest["columns"])
    result = {
        "what": f"every probe on the flights table, {rows:,} x {columns}",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": assess.cores(), "python": platform.python_version()},
        "load_at_the_start": round(load, 1),
        "figures": [
            {
                "name": f"seconds on {assess.cores()} cores, load {load:.1f} at the start",
                "bar": f"<= {BAR:.0f}",
                "value": round(seconds, 1),
                "reached": seconds <= BAR,
            },
            {
                "name": f"CPU seconds of all its processes, imports included, over {assess.cores()} cores",
                "bar": f"<= {BAR:.0f}",
                "value": round(spent / assess.cores(), 1),
                "reached": spent <= BAR * assess.cores(),
            },
            {
                "name": "probes that failed",
                "bar": "<= 0",
                "value": sum(finding.state == "failed" for finding in found.values()),
                "reached": all(finding.state != "failed" for finding in found.values()),
            },
        ],
        "states": Counter(finding.state for finding in found.values()),
        "failed": {probe: finding.note for probe, finding in found.items() if finding.state == "failed"},
        "prepare_seconds": round(run.reading.seconds, 1) if run.reading else None,
        "each_seconds": {probe: round(record.seconds, 1) for probe, record in run.findings.items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
