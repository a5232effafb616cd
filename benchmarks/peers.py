"""RiskBoard's table probes beside DuckDB's SUMMARIZE, Evidently and ydata-profiling: one file, one run.

    python -m benchmarks.peers [ROWS]

The table has 20 columns and eleven planted defects; every tool reads the same CSV in a fresh process with
its default settings, one after the other. Counted are seconds (imports included), peak memory, and which of
the planted defects the tool itself calls out (an alert, a failed test, a fault with its column), not what a
careful reader could see in its statistics. RiskBoard and SUMMARIZE take turns three times, since other work
on the machine shows: each ratio is the median of three, between a run and the SUMMARIZE before and after it.
The peers are installed into environments of their own under
var/bench at the first call; where that cannot be done they are left out and the result says so.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

ROWS, ROUNDS = 1_000_000, 3
ROOT = Path(__file__).parent.parent
HOMES = ROOT / "var" / "bench"
RESULT = Path(__file__).parent / "results" / "peers.json"
PEERS = {
    "evidently": ["evidently==0.7.23", "pandas<3"],
    "ydata": ["ydata-profiling==4.18.4", "setuptools<81"],
}
SEVEN = ("readability", "types", "missing", "outliers", "redundancy", "class_balance", "duplicates")
BESIDE = ("data.label_errors", "security.personal_data")  # name two of the defects; not counted in the time
DEFECTS = (
    "missing", "constant", "zeros", "outliers", "near_copy", "repeated_rows", "repeated_id",
    "spelling_variant", "word_among_numbers", "emails", "flipped_labels",
)  # fmt: skip
WORDS = (
    "risk", "model", "data", "train", "batch", "label", "image", "sensor", "vendor", "invoice", "order",
    "ship", "cargo", "delay", "price", "stock", "user", "agent", "river", "stone", "metal", "paper",
)  # fmt: skip


def table(path: Path, rows: int, seed: int = 7) -> None:
    """20 columns, 5 % of the cells of 17 of them missing, and the planted defects."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(50, 10, rows)
    label = (normal + rng.normal(0, 5, rows) > 58).astype(int)
    label = np.where(rng.random(rows) < 0.03, 1 - label, label)
    words = np.array(WORDS)
    days = rng.integers(0, 2000, rows).astype("timedelta64[D]")
    stamps = rng.integers(0, 10**8, rows).astype("timedelta64[s]")
    columns: dict[str, Any] = {
        "id": np.arange(rows),
        "num_normal": normal.round(3),
        "num_lognormal": rng.lognormal(3, 1, rows).round(2),
        "num_uniform": rng.random(rows).round(5),
        "num_corr": (2 * normal + rng.normal(0, 1, rows)).round(3),
        "num_outliers": np.where(rng.random(rows) < 0.002, 1e6, rng.normal(0, 1, rows)).round(3),
        "int_small": rng.integers(0, 10, rows),
        "int_big": rng.integers(0, 10**9, rows),
        "constant": np.ones(rows, int),
        "mostly_zero": np.where(rng.random(rows) < 0.97, 0, rng.integers(1, 100, rows)),
        "bool_flag": np.where(rng.random(rows) < 0.3, "True", "False"),
        "cat_low": rng.choice(["red", "green", "blue", "Red "], rows, p=[0.5, 0.3, 0.195, 0.005]),
        "cat_mid": np.char.add("shop_", rng.integers(0, 200, rows).astype(str)),
        "cat_high": np.char.add("sku-", rng.integers(0, rows // 5, rows).astype(str)),
        "date": np.datetime64("2020-01-01") + days,
        "timestamp": (np.datetime64("2021-01-01T00:00:00") + stamps).astype(str),
        "text": _texts(rng, words, rows),
        "email": np.char.add(np.char.add("user", rng.integers(0, rows, rows).astype(str)), "@example.com"),
        "mixed": np.where(rng.random(rows) < 0.01, "n/a", rng.integers(0, 1000, rows).astype(str)),
        "label": label,
    }
    cells = {}
    for name, values in columns.items():
        whole = name in ("id", "constant", "label")
        gone = np.zeros(rows, bool) if whole else rng.random(rows) < 0.05
        cells[name] = np.where(gone, "", np.asarray(values).astype(str))
    again = rows // 200  # half a per cent of the rows come twice, over the last ones
    with path.open("w", encoding="utf-8") as out:
        out.write(",".join(cells) + "\n")
        for start in range(0, rows, 50_000):
            at = np.arange(start, min(rows, start + 50_000))
            at = np.where(at >= rows - again, at - (rows - again), at)
            out.writelines(",".join(row) + "\n" for row in zip(*(c[at] for c in cells.values()), strict=True))


def _texts(rng: np.random.Generator, words: np.ndarray, rows: int) -> np.ndarray:
    text = words[rng.integers(0, len(words), rows)]
    for _ in range(7):
        text = np.char.add(np.char.add(text, " "), words[rng.integers(0, len(words), rows)])
    return text


# -- one tool a process -------------------------------------------------------------------------------
def summarize(path: Path) -> dict[str, Any]:
    import duckdb

    with duckdb.connect(config={"threads": len(os.sched_getaffinity(0))}) as con:
        con.execute("SUMMARIZE SELECT * FROM read_csv(?)", [str(path)]).fetchall()
    return {"named": []}


def riskboard(path: Path) -> dict[str, Any]:
    """Prepare and the seven probes, timed one by one; then the two that name what is left."""
    from workers import host
    from workers.inputs import prepare
    from workers.probes import catalog
    from workers.probes.base import Budget, Sample

    seconds: dict[str, float] = {}
    spent: dict[str, float] = {}
    faults: list[dict[str, Any]] = []
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        began, busy = time.perf_counter(), time.process_time()
        prepare([path], ["table.csv"], Path(folder), targets=["label"])
        seconds["prepare"], spent["prepare"] = time.perf_counter() - began, time.process_time() - busy
        sample = Sample(Path(folder))
        for probe in (*(f"data.{name}" for name in SEVEN), *BESIDE):
            host.seed_everything(0)
            began, busy = time.perf_counter(), time.process_time()
            found = catalog.load(probe)(sample, Budget(60, 0))
            seconds[probe], spent[probe] = time.perf_counter() - began, time.process_time() - busy
            faults += [{**fault, "probe": probe} for fault in found.facts.get("faults", ())]
            if probe == f"data.{SEVEN[-1]}":
                peak = _peak()
    counted = sum(taken for probe, taken in seconds.items() if probe not in BESIDE)
    return {
        "named": named_by_us(faults),
        "counted_seconds": round(counted, 2),
        "counted_cpu_seconds": round(sum(used for probe, used in spent.items() if probe not in BESIDE), 2),
        "probe_seconds": round(counted - seconds["prepare"], 2),
        "each_seconds": {probe: round(taken, 2) for probe, taken in seconds.items()},
        "each_cpu_seconds": {probe: round(used, 2) for probe, used in spent.items()},
        "counted_peak_mb": round(peak),
    }


def named_by_us(faults: list[dict[str, Any]]) -> list[str]:
    """The planted defects among the faults: the right name and the right column."""

    def told(column: str, *names: str) -> bool:
        return any(
            fault["fault"] in names and (not column or column in str(fault.get("columns")))
            for fault in faults
        )

    said = {
        "missing": told("num_normal", "missing"),
        "constant": told("constant", "constant_columns"),
        "zeros": told("mostly_zero", "sentinel_missing", "constant_columns"),
        "outliers": told("num_outliers", "impossible_values", "spikes", "unit_mix", "sentinel_missing"),
        "near_copy": told("num_corr", "high_collinearity", "perfectly_collinear"),
        "repeated_rows": told("", "duplicates"),
        "repeated_id": told("id", "repeated_identifiers"),
        "spelling_variant": told("cat_low", "category_variants"),
        "word_among_numbers": told("mixed", "missing_tokens", "not_numeric", "sentinel_missing"),
        "emails": told("email", "pii"),
        "flipped_labels": told("", "label_errors"),
    }
    return [defect for defect in DEFECTS if said[defect]]


PEER_CODE = {
    "evidently": """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import Report
from evidently.presets import DataSummaryPreset
run = Report([DataSummaryPreset()], include_tests=True).run(pd.read_csv(sys.argv[1], low_memory=False), None)
run.get_html_str(as_iframe=False)
tests = run.dict().get("tests", [])
failed = [str(t.get("name", "")) for t in tests if "SUCCESS" not in str(t.get("status"))]
print()
print(json.dumps(failed))
""",
    "ydata": """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
report = ProfileReport(pd.read_csv(sys.argv[1], low_memory=False), progress_bar=False)
report.to_html()
print()
print(json.dumps([f"{a.alert_type.name} {a.column_name}" for a in report.get_description().alerts]))
""",
}


def named_by_evidently(said: list[str]) -> list[str]:
    text = [name.lower() for name in said if not name.startswith("Column ")]
    columns = [name.lower() for name in said if name.startswith("Column ")]

    def told(*words: str) -> bool:
        return any(all(word in name for word in words) for name in text)

    return [
        defect
        for defect, hit in {
            "missing": any("'num_normal' missing" in name for name in columns),
            "constant": told("constant columns"),
            "zeros": told("almost constant"),
            "outliers": told("outlier"),
            "near_copy": told("correlat"),
            "repeated_rows": told("duplicate", "row"),
        }.items()
        if hit
    ]


def named_by_ydata(said: list[str]) -> list[str]:
    alerts = {tuple(one.split(" ", 1)) for one in said}

    def told(kind: str, column: str | None = None) -> bool:
        return any(k == kind and column in (None, c) for k, c in alerts)

    return [
        defect
        for defect, hit in {
            "missing": told("MISSING", "num_normal"),
            "constant": told("CONSTANT", "constant"),
            "zeros": told("ZEROS", "mostly_zero"),
            "outliers": told("SKEWED", "num_outliers"),
            "near_copy": told("HIGH_CORRELATION", "num_corr"),
            "repeated_rows": told("DUPLICATES"),
        }.items()
        if hit
    ]


def installed(peer: str) -> Path | None:
    """The peer's own Python, made at the first call; None when it cannot be installed."""
    python = HOMES / peer / "bin" / "python"
    if not python.exists():
        HOMES.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
    if subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS[peer]], check=False).returncode:
        return None
    return python


def beside(peer: str, python: Path, path: Path) -> dict[str, Any]:
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([str(python), "-c", PEER_CODE[peer], str(path)], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        out.seek(0)
        lines = out.read().strip().splitlines()
    if status:
        return {"seconds": round(seconds, 2), "failed": True, "named": []}
    said = json.loads(lines[-1])
    named = (named_by_evidently if peer == "evidently" else named_by_ydata)(said)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024),
        "named": named,
        "said": sorted(said)[:60],
    }


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(work: Any, path: Path, answer: Any) -> None:
    began = time.perf_counter()
    found = work(path)
    seconds = time.perf_counter() - began
    found |= {"seconds": round(seconds, 2), "cpu_seconds": round(time.process_time(), 2)}
    answer.put(found | {"peak_mb": round(_peak())})


def measured(work: Any, path: Path) -> dict[str, Any]:
    """What one of ours says, from a fresh process."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_measured, args=(work, path, answer))
    with mock.patch.dict(os.environ, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}):
        process.start()  # as workers are started; DuckDB keeps its own count of threads
    found = answer.get(timeout=900)
    process.join()
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        # In a process of its own: what is started from here begins with this process's peak of memory.
        writer = multiprocessing.get_context("spawn").Process(target=table, args=(path, rows))
        writer.start()
        writer.join()
        size = path.stat().st_size
        quick, runs = [measured(summarize, path)], []
        for _ in range(ROUNDS):
            runs.append(measured(riskboard, path))
            quick.append(measured(summarize, path))
        tools: dict[str, Any] = {
            "summarize": {**_median(quick, "cpu_seconds"), "each_cpu": [one["cpu_seconds"] for one in quick]},
            "riskboard": {
                **_median(runs, "counted_cpu_seconds"),
                "each_cpu": [one["counted_cpu_seconds"] for one in runs],
            },
        }
        for peer in PEERS:
            python = installed(peer)
            tools[peer] = {"failed": True, "named": []} if python is None else beside(peer, python, path)
    ours = tools["riskboard"]
    counted, alone = ours["counted_seconds"], ours["probe_seconds"]

    def times(mine: str, its: str) -> float:
        """Median over the rounds of ours against the SUMMARIZE before and after it."""
        pairs = zip(runs, itertools.pairwise(quick), strict=True)
        return statistics.median(2 * run[mine] / (first[its] + then[its]) for run, (first, then) in pairs)

    # Processor time tells more than the clock on a machine that does other work, too.
    figures = [
        _figure(f"{what}, times SUMMARIZE{unit}", 3, times(mine, its), most=True)
        for what, mine, its, unit in (
            ("prepare + 7 probes", "counted_cpu_seconds", "cpu_seconds", ", CPU"),
            ("prepare + 7 probes", "counted_seconds", "seconds", ""),
            ("7 probes alone", "probe_seconds", "seconds", ""),
        )
    ]
    for peer in PEERS:
        if "peak_mb" in tools[peer]:
            cpu = tools[peer]["cpu_seconds"] / ours["counted_cpu_seconds"]
            figures.append(_figure(f"{peer}, times prepare + 7 probes, CPU", 20, cpu))
            figures.append(_figure(f"{peer}, times prepare + 7 probes", 20, tools[peer]["seconds"] / counted))
            figures.append(_figure(f"{peer}, times 7 probes alone", 20, tools[peer]["seconds"] / alone))
    figures.append(_figure("peak memory, MB", 1000, max(run["counted_peak_mb"] for run in runs), most=True))
    figures.append(_figure("planted defects named, of 11", 10, len(ours["named"])))
    result = {
        "what": f"a CSV of {rows:,} x 20, {size / 1e6:.0f} MB, with {len(DEFECTS)} planted defects",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": multiprocessing.cpu_count(), "python": platform.python_version()},
        "load_at_the_end": round(os.getloadavg()[0], 1),
        "figures": figures,
        "tools": tools,
        "not_named": [defect for defect in DEFECTS if defect not in ours["named"]],
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def _median(runs: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """The run in the middle."""
    return sorted(runs, key=lambda run: run[key])[(len(runs) - 1) // 2]


def _figure(name: str, bar: float, value: float, *, most: bool = False) -> dict[str, Any]:
    reached = value <= bar if most else value >= bar
    return {
        "name": name,
        "bar": f"{'<=' if most else '>='} {bar}",
        "value": round(value, 2),
        "reached": reached,
    }


if __name__ == "__main__":
    main()
