"""Each dimension on the clock: all its probes, on a set the size of the demo's, as a run does them.

    python -m benchmarks.dimensions

Scikit-learn's digits as 1,797 pictures with a plan, through ``workers.assess``: prepare,
then each probe in a sandbox of its own, as many at once as there are cores; one dimension after the other.
The hardware dimension runs once more from the plan alone, on one core. Other work on the machine counts
against it, so the load at the start stands beside it.
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

from PIL import Image
from sklearn import datasets

from workers import assess, sandbox

RESULT = Path(__file__).parent / "results" / "dimensions.json"
PLAN = {
    "model": {"kind": "cnn", "channels": [16, 32]},
    "training": {"epochs": 20, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001},
    "hardware": {"train": {"device": "L4"}},
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
    alone: dict[str, float] = {}
    plan_alone = timed("hardware", [], alone, failed, parallel=1)
    sandbox.stop()
    cores = assess.cores()
    figures: list[dict[str, Any]] = [
        figure(f"all security probes, seconds on {cores} cores", seconds["security"], 60),
        figure(f"all flexibility and hyperparameters probes, seconds on {cores} cores",
               seconds["flexibility"] + seconds["hyperparameters"], 60),
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
        "plan_alone_seconds": alone,
        "failed": failed,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def figure(name: str, value: float, bar: float) -> dict[str, Any]:
    return {"name": name, "bar": f"<= {bar:.0f}", "value": round(value, 1), "reached": value <= bar}


def timed(
    dimension: str, files: list[Path], each: dict[str, float], failed: dict[str, str],
    parallel: int | None = None,
) -> float:  # fmt: skip
    """Seconds of a dimension's probes on the clock, without preparing the data."""
    began = time.monotonic()
    run = assess.assess(files, plan=PLAN, only=[dimension], parallel=parallel)
    seconds = time.monotonic() - began - (run.reading.seconds if run.reading else 0.0)
    for probe, record in run.findings.items():
        each[probe] = round(record.seconds, 1)
        if record.finding.state == "failed":
            failed[probe] = record.finding.note
    return round(seconds, 1)


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
