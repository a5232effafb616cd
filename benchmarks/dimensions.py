"""Each dimension on the clock: all its probes, on a set the size of the demo's, as a run does them.

    python -m benchmarks.dimensions

Scikit-learn's digits as 1,797 pictures with a plan, through ``workers.assess``: prepare,
then each probe in a sandbox of its own, as many at once as there are cores; one dimension after the other.
Flexibility and hyperparameters run three times more, together: with a network of convolutions so small that
it is trained as it is planned, with word vectors on 2,000 texts, and on a table of 2,000 rows of twelve sites
with two targets, where each of their probes has something to measure. The hardware dimension also runs from
the plan alone, on one core. Other work on the machine counts against it, so the load at the start stands
beside it.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from sklearn import datasets

from workers import assess, sandbox

RESULT = Path(__file__).parent / "results" / "dimensions.json"
ROWS, COLUMNS, SITES, WORDS = 2_000, 20, 12, 8_000
PLAN = {
    "model": {"kind": "cnn", "channels": [16, 32]},
    "training": {"epochs": 20, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001},
    "hardware": {"train": {"device": "L4"}},
}
SMALL_PLAN = {**PLAN, "model": {"kind": "cnn", "channels": [8, 16]}}
TEXT_PLAN = {
    "model": {"kind": "fasttext"},
    "training": {"epochs": 20, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.005},
    "data": {"target": "label", "text": "text"},
}
TABLE_PLAN = {
    "model": {"kind": "mlp", "hidden": [64, 64]},
    "training": {"epochs": 30, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001},
    "data": {"group": "site"},
}


def main() -> None:
    load = os.getloadavg()[0]
    seconds: dict[str, float] = {}
    each: dict[str, float] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pictures(Path(folder))
        for dimension in ("data", "security", "hardware", "flexibility", "hyperparameters"):
            seconds[dimension] = timed(dimension, [path], each, failed)
        small: dict[str, float] = {}
        trained = timed(("flexibility", "hyperparameters"), [path], small, failed, SMALL_PLAN)
        words: dict[str, float] = {}
        read = timed(("flexibility", "hyperparameters"), [texts(Path(folder))], words, failed, TEXT_PLAN)
        tasks: dict[str, float] = {}
        skipped: dict[str, str] = {}
        both = timed(
            ("flexibility", "hyperparameters"), [table(Path(folder))], tasks, failed, TABLE_PLAN,
            targets=("kind", "amount"), skipped=skipped,
        )  # fmt: skip
    alone: dict[str, float] = {}
    plan_alone = timed("hardware", [], alone, failed, parallel=1)
    sandbox.stop()
    cores = assess.cores()
    figures: list[dict[str, Any]] = [
        figure(f"all security probes, seconds on {cores} cores", seconds["security"], 60),
        figure(f"all flexibility and hyperparameters probes on the pictures, seconds on {cores} cores",
               seconds["flexibility"] + seconds["hyperparameters"], 60),
        figure(f"both, with planned convolutions that are trained as they are, seconds on {cores} cores",
               trained, 60),
        figure(f"both, with planned word vectors on {ROWS:,} texts, seconds on {cores} cores", read, 60),
        figure(f"both, on a table of {ROWS:,} rows with two targets, seconds on {cores} cores", both, 60),
        figure("probes of both that had nothing to measure there", len(skipped), 0),
        figure("all hardware probes of a plan alone, seconds on one core", plan_alone, 20),
        figure("probes that failed", len(failed), 0),
    ]  # fmt: skip
    result = {
        "what": "each dimension on the clock, 1,797 pictures of digits",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": cores, "python": platform.python_version()},
        "load_at_the_start": round(load, 1),
        "figures": figures,
        "dimension_seconds": seconds,
        "each_seconds": each,
        "small_seconds": small,
        "text_seconds": words,
        "table_seconds": tasks,
        "table_skipped": skipped,
        "plan_alone_seconds": alone,
        "failed": failed,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def figure(name: str, value: float, bar: float) -> dict[str, Any]:
    return {"name": name, "bar": f"<= {bar:.0f}", "value": round(value, 1), "reached": value <= bar}


def timed(
    dimensions: str | tuple[str, ...], files: list[Path], each: dict[str, float], failed: dict[str, str],
    plan: dict[str, Any] = PLAN, *, parallel: int | None = None, targets: tuple[str, ...] = (),
    skipped: dict[str, str] | None = None,
) -> float:  # fmt: skip
    """Seconds of the dimensions' probes on the clock, without preparing the data."""
    only = [dimensions] if isinstance(dimensions, str) else dimensions
    began = time.monotonic()
    run = assess.assess(files, plan=plan, only=only, parallel=parallel, targets=targets)
    seconds = time.monotonic() - began - (run.reading.seconds if run.reading else 0.0)
    for probe, record in run.findings.items():
        each[probe] = round(record.seconds, 1)
        if record.finding.state == "failed":
            failed[probe] = record.finding.note
        if skipped is not None and record.finding.state == "skipped":
            skipped[probe] = record.finding.note
    return round(seconds, 1)


def table(folder: Path) -> Path:
    """A table of columns of numbers, with a kind of three and an amount to be learned, from twelve sites."""
    rng, path = np.random.default_rng(3), folder / "sites.csv"
    x = rng.normal(size=(ROWS, COLUMNS))
    score = np.tanh(x @ rng.normal(size=(COLUMNS, 8))) @ rng.normal(size=(8, 3)) + rng.normal(
        0, 0.5, (ROWS, 3)
    )
    made = pd.DataFrame(x, columns=[f"measure_{i}" for i in range(COLUMNS)])
    made["site"] = [f"site {i}" for i in rng.integers(0, SITES, ROWS)]
    made["kind"] = np.array(["low", "middle", "high"])[score.argmax(1)]
    made["amount"] = x[:, :5].sum(1) + np.abs(x[:, 5]) + rng.normal(0, 0.3, ROWS)
    made.to_csv(path, index=False)
    return path


def texts(folder: Path) -> Path:
    """Texts of 20 to 160 of 8,000 words, each word a little more likely in one of two kinds."""
    rng, path = np.random.default_rng(0), folder / "texts.jsonl"
    common, tilt = 1 / np.arange(1, WORDS + 1) ** 1.05, rng.normal(0, 0.3, WORDS)
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            kind = number % 2
            chances = common * np.exp(tilt if kind else -tilt)
            said = rng.choice(WORDS, int(rng.integers(20, 160)), p=chances / chances.sum())
            text = " ".join(f"word{word}" for word in said)
            file.write(json.dumps({"text": text, "label": ("no", "yes")[kind]}) + "\n")
    return path


def pictures(folder: Path) -> Path:
    """The digits as a zip of PNG files, a folder a class."""
    digits, path = datasets.load_digits(), folder / "digits.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for place, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            held = BytesIO()
            Image.fromarray((pixels * 15).astype("uint8")).save(held, "PNG")
            packed.writestr(f"{label}/{place}.png", held.getvalue())
    return path


if __name__ == "__main__":
    main()
