"""Reading a large table against DuckDB's own SUMMARIZE of the same file, in the same run.

    python -m benchmarks.prepare

A table of 1,000,000 x 20 with missing cells, words among numbers and free text. `prepare` reads it text
first, keeps every cell, finds its faults and makes the sample that probes learn from; SUMMARIZE only
counts. Peak memory is of the process that did the work.
"""

from __future__ import annotations

import json
import multiprocessing
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROWS, ROUNDS = 1_000_000, 3
RESULT = Path(__file__).parent / "results" / "prepare.json"


def table(path: Path) -> None:
    """Writes the table, the same at every call."""
    import duckdb

    numbers = ", ".join(
        f"CASE WHEN hash(i, {c}) % 20 = 0 THEN '' ELSE (hash(i, {c}) % 100000 / 100.0)::VARCHAR END AS n{c}"
        for c in range(12)
    )
    words = ", ".join(f"'level ' || (hash(i, 20 + {c}) % {5 + 3 * c}) AS c{c}" for c in range(5))
    duckdb.sql(
        f"COPY (SELECT i AS id, {numbers}, {words}, 'note ' || md5(i::VARCHAR) AS text,"
        f" CASE WHEN hash(i, 99) % 3 = 0 THEN 'yes' ELSE 'no' END AS target FROM range({ROWS}) t(i))"
        f" TO '{path}' (HEADER)"
    )


def prepare(path: Path) -> None:
    from workers.inputs import prepare

    with tempfile.TemporaryDirectory() as out:
        prepare([path], ["table.csv"], Path(out), plan={}, targets=["target"], seed=0, progress=None)


def summarize(path: Path) -> None:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.sql(f"SUMMARIZE SELECT * FROM read_csv('{path}')").fetchall()


def _measured(work: Callable[[Path], None], path: Path, answer: Any) -> None:
    began = time.perf_counter()
    work(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.put((time.perf_counter() - began, peak))


def measured(work: Callable[[Path], None], path: Path) -> tuple[float, float]:
    """Seconds and peak MB of a fresh process, imports included."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_measured, args=(work, path, answer))
    process.start()
    found = answer.get(timeout=600)
    process.join()
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table(path)
        rounds = [(measured(prepare, path), measured(summarize, path)) for _ in range(ROUNDS)]
        size = path.stat().st_size
    ours, peers = zip(*rounds, strict=True)
    result = {
        "what": f"prepare of a CSV of {ROWS:,} x 20, {size / 1e6:.0f} MB",
        "against": "DuckDB's SUMMARIZE of the same file, one thread",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": multiprocessing.cpu_count(), "python": platform.python_version()},
        "prepare_seconds": [round(seconds, 2) for seconds, _ in ours],
        "summarize_seconds": [round(seconds, 2) for seconds, _ in peers],
        "ratio": round(statistics.median(a[0] / b[0] for a, b in rounds), 2),
        "prepare_peak_mb": round(max(peak for _, peak in ours)),
        "summarize_peak_mb": round(max(peak for _, peak in peers)),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
