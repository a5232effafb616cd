"""The probe process: confines itself, measures one thing, and says it in JSON lines.

``python -m workers.host --serve SOCKET`` is the warm fork server (see ``workers/forkserver.py``),
``python -m workers.host --once OUT`` one probe without it, its job on standard input. A line is
{"kind": "ready"}, {"kind": "progress", "share", "sentence"}, {"kind": "finding", "finding"} or
{"kind": "unusable", "sentence"}. What goes to standard output and error is for the log only.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workers import confine, masking
from workers.confine import limits
from workers.probes import catalog
from workers.probes.base import Budget, Finding, Sample, Upload

BETWEEN_PROGRESS = 0.25  # seconds; a heartbeat and a progress bar need no more
OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "bad allocation")


class Channel:
    """The one pipe out of the sandbox."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor, self.limit, self.last = descriptor, limit, 0.0

    def send(self, kind: str, **body: Any) -> None:
        line = json.dumps({"kind": kind, **body}, allow_nan=False).encode() + b"\n"
        while line:
            line = line[os.write(self.descriptor, line) :]

    def progress(self, share: float, sentence: str) -> None:
        now = time.monotonic()
        if now - self.last >= BETWEEN_PROGRESS:
            self.last = now
            self.send("progress", share=float(share), sentence=masking.of_text(str(sentence)[:300]))

    def finding(self, finding: Finding, title: str) -> None:
        """The last line. A finding larger than the limit becomes one that says so."""
        body = plain(finding.as_json())
        size = len(json.dumps(body))
        if size > self.limit:
            said = f"{title} found more than a report can hold ({size / 1e6:.1f} MB of details)."
            body = Finding.failed(said).as_json()
        self.send("finding", finding=body)


def plain(value: Any) -> Any:
    """The same value in JSON's own types: numpy scalars and arrays unpacked, nan and inf as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def run(job: Mapping[str, Any], out: int, *, warm: bool) -> None:
    """Does one job in this process, which is of no other use afterwards."""
    channel = Channel(out, job["limit"])
    test_probe = _test_probe(job)
    settle(job)
    confine.apply(policy(job, warm=warm), paths=job["paths"])
    channel.send("ready")
    title = catalog.BY_ID[job["probe"]].named if job["probe"] in catalog.BY_ID else "Reading the data"
    try:
        finding = _prepare(job, channel) if job["probe"] == "prepare" else _measure(job, channel, test_probe)
    except BaseException as error:
        if _is_unusable(error):
            channel.send("unusable", sentence=masking.of_text(str(error)))
            return
        with contextlib.suppress(Exception):  # there may be no memory left for it
            frames = traceback.format_tb(error.__traceback__, limit=-12)
            print(*frames, masking.of_error(error), sep="", file=sys.stderr)  # an error may quote a cell
        finding = explained(error, title, job["memory"])
    channel.finding(finding, title)


def policy(job: Mapping[str, Any], *, warm: bool) -> confine.Policy:
    """What this one job may reach. A cold process still has its imports before it."""
    reads = [*job["inputs"], *([job["prepared"]] if job["prepared"] else [])]
    tests = (confine.PACKAGE.parent / "tests",) if job.get("targets") else ()
    return confine.Policy(
        reads=tuple(map(Path, reads)),
        scratch=Path(job["out"]),
        memory=job["memory"] + (0 if warm else job["imports"]),
        seconds=job["seconds"],
        file_bytes=job["file_bytes"],
        gpu=job["device"].startswith("cuda"),
        code=(confine.PACKAGE, *tests),
    )


def settle(job: Mapping[str, Any]) -> None:
    """Home, temporary files and caches lie in the scratch folder; nothing else of the worker's shows."""
    os.environ.update(HOME=job["out"], TMPDIR=job["out"], CUDA_CACHE_PATH=job["out"])
    tempfile.tempdir = None
    os.chdir(job["out"])
    sys.dont_write_bytecode = True


def explained(error: BaseException, title: str, memory: int) -> Finding:
    """What an error means for the project's owner. Its text stays in the log: it may quote data."""
    text = str(error)
    if "CUDA out of memory" in text:
        return Finding.skipped(
            f"{title} does not fit into the accelerator's memory;"
            " give the worker a larger one, or upload fewer rows.",
            cause="memory",
        )
    if isinstance(error, MemoryError) or any(phrase in text for phrase in OUT_OF_MEMORY):
        return Finding.skipped(
            f"{title} does not fit into the {memory / 2**30:.3g} GB of memory it was given; "
            "give the worker more memory or upload fewer rows.",
            cause="memory",
        )
    name = type(error).__name__
    return Finding.failed(f"{title} could not be measured: the probe ended with {name}; the log has more.")


def _measure(job: Mapping[str, Any], channel: Channel, test_probe: Callable | None) -> Finding:
    spec = catalog.BY_ID.get(job["probe"])
    if spec and "data" in spec.needs and not job["prepared"]:
        return Finding.skipped(f"{spec.named} needs a data set, and this assessment has none.")
    probe = test_probe or catalog.load(job["probe"])
    if spec:  # a test's own probes do without
        seed_everything(job["seed"])
    prepared = Path(job["prepared"]) if job["prepared"] else None
    sent = uploads(job) if spec and spec.raw else ()
    text = job["plan_text"] if spec and spec.plan_text else ""
    sample = Sample(prepared, job["plan"], job["answers"], sent, text)
    budget = Budget(job["budget"], job["seed"], job["device"], channel.progress)
    return masking.masked(probe(sample, budget), sample)


def uploads(job: Mapping[str, Any]) -> tuple[Upload, ...]:
    """The files as they were sent, the artefacts last."""
    data = len(job["inputs"]) - job["artefacts"]
    return tuple(
        Upload(Path(path), name, artefact=place >= data)
        for place, (path, name) in enumerate(zip(job["inputs"], job["names"], strict=True))
    )


def _prepare(job: Mapping[str, Any], channel: Channel) -> Finding:
    inputs = importlib.import_module("workers.inputs")
    manifest = inputs.prepare(
        [Path(name) for name in job["inputs"]],
        job["names"],
        Path(job["out"]),
        plan=job["plan"],
        targets=job["targets_named"],
        seed=job["seed"],
        progress=channel.progress,
    )
    prepared = Path(job["out"])
    masking.note(prepared)
    rows, columns = manifest.get("rows", 0), len(manifest.get("columns", ()))
    said = Finding(None, f"{rows:,} rows and {columns:,} columns were read.", manifest, sample=rows)
    return masking.masked(said, Sample(prepared))


def seed_everything(seed: int) -> None:
    """One seed for every generator, one thread for every sum: the same input gives the same finding."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def _is_unusable(error: BaseException) -> bool:
    inputs = sys.modules.get("workers.inputs")
    return inputs is not None and isinstance(error, getattr(inputs, "Unusable", ()))


def _test_probe(job: Mapping[str, Any]) -> Callable | None:
    """A probe of our own tests. Only a host started with ``--targets`` has any; no request can ask."""
    if not job.get("targets") or not job["probe"].startswith("test."):
        return None
    return getattr(importlib.import_module(job["targets"]), job["probe"].removeprefix("test."))


def main() -> None:
    """Started by ``workers/launch.py`` only."""
    parser = argparse.ArgumentParser(prog="workers.host")
    parser.add_argument("--serve", type=int, metavar="SOCKET")
    parser.add_argument("--once", type=int, metavar="OUT")
    parser.add_argument("--parent", type=int)
    parser.add_argument("--targets")
    given = parser.parse_args()
    if given.serve is not None:
        from workers import forkserver

        forkserver.serve(given.serve, given.targets)
        return
    if given.parent:
        limits.die_with_parent(given.parent)
    job = json.loads(sys.stdin.buffer.read())
    sys.stdin.close()
    with contextlib.suppress(BrokenPipeError):
        run({**job, "targets": given.targets}, given.once, warm=False)
    sys.stdout.flush()
    os._exit(0)  # no clean-up of ours is worth a hang


if __name__ == "__main__":
    main()
