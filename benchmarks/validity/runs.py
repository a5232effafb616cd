"""The runs of the benchmark: every fault in every base it fits, in five doses, over seeds; resumable.

A run is one probe on one upload and what the rules make of its finding: a line of JSON, written to
``var/validity/runs.jsonl`` as it ends. With the page all go into ``results/validity_runs.jsonl.gz``, from
which anyone can fit and judge again. What is in either is measured again only when asked.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.validity.bases import BASES, Base
from benchmarks.validity.fault import Fault, Sent
from benchmarks.validity.faults import BY_NAME, FAULTS
from benchmarks.validity.judged import CLEAN
from tests.planting import Data
from workers.probes import catalog
from workers.probes.base import Budget, Finding, Sample, Upload

FOLDER = Path(__file__).parents[2] / "var" / "validity"
RUNS = FOLDER / "runs.jsonl"
KEPT = Path(__file__).parents[1] / "results" / "validity_runs.jsonl.gz"
SECONDS = 60.0  # budget of a probe, of the processor: a busy machine changes no finding
SLOW = {"security.adversarial", "hyperparameters.tuning_gap"}  # left out where every probe sees every fault
COMMON = ("classes", "outcome", "number", "text", "pictures", "groups", "tasks")
# What a clean set cannot have. What a model would do with it (over-fit, be fooled, forget) is no false alarm.
LOOKING = (
    "data.readability", "data.class_balance", "data.label_errors", "data.duplicates", "data.types",
    "data.missing", "data.outliers", "data.coverage", "data.label_conflicts", "data.split_overlap",
    "data.target_leak", "data.drift", "data.shortcut", "data.time_order", "security.poisoning",
    "security.personal_data", "security.secrets", "security.unsafe_files",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One probe on one upload; a ``dose`` of None is the clean twin."""

    fault: str
    base: str
    dose: float | None
    seed: int
    probe: str

    @property
    def id(self) -> str:
        dose = "clean" if self.dose is None else f"{self.dose:g}"
        return f"{self.fault}|{self.base}|{dose}|{self.seed}|{self.probe}"


def fits(fault: Fault, base: Base) -> bool:
    return fault.fits(base)


def jobs(seeds: Iterable[int], only: Iterable[str] = ()) -> list[Job]:
    """Every run that is asked for, seed by seed, in an order by hash: what is done after any time is a fair
    sample of each fault. Runs of quick probes tend to come first, so that there are many of them soon."""
    named = set(only)
    found = [
        Job(fault.name, base.name, dose, seed, fault.probe)
        for fault in FAULTS
        if not named or fault.name in named or fault.probe in named
        for base in BASES
        if fits(fault, base)
        for seed in seeds
        for dose in (None, *fault.doses)
    ]
    return sorted(found, key=lambda job: (job.seed, _drawn(job) * catalog.BY_ID[job.probe].seconds))


def _drawn(job: Job) -> float:
    return int.from_bytes(hashlib.blake2b(job.id.encode(), digest_size=6).digest(), "big") / 2**48


def crossed(seed: int) -> list[Job]:
    """Each fault in its strongest dose, and its clean twin, seen by the probes of all faults."""
    probes = {fault.probe for fault in FAULTS} - SLOW
    found = []
    for fault in FAULTS:
        base = next(base for base in BASES if fits(fault, base))
        for probe in sorted({*probes, fault.probe}):
            found += [Job(fault.name, base.name, dose, seed, probe) for dose in (None, fault.doses[-1])]
    return sorted(found, key=_drawn)


def clean(seeds: Iterable[int]) -> list[Job]:
    """Each clean set, as it is, seen by every probe that looks for something wrong with the data."""
    bases = [base for base in BASES if base.kind in COMMON]
    found = [
        Job(CLEAN, base.name, None, seed, probe) for seed in seeds for base in bases for probe in LOOKING
    ]
    return sorted(found, key=lambda job: (job.seed, job.base))


def measure(job: Job) -> dict[str, Any]:
    """The finding of one run, judged under the present rules."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import warnings

    import torch

    from assessments.scoring import risk, rules

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    base = next(one for one in BASES if one.name == job.base)
    began = time.process_time()
    if job.fault == CLEAN:
        data = base.data(job.seed)
    else:
        fault = BY_NAME[job.fault]
        data = fault.data(base, fault.calm if job.dose is None else job.dose, job.seed)
    try:
        finding = found(job.probe, data, job.seed)
    except Exception as error:  # a run that breaks is counted, and told
        return {**asdict(job), "id": job.id, "state": "failed", "note": f"{type(error).__name__}: {error}"}
    book, told = rules.load(), finding.as_json()
    scored = risk.measured(book, told, job.probe, {job.probe: told}, {})
    return {
        **asdict(job), "id": job.id, "state": finding.state, "value": finding.value, "low": finding.low,
        "high": finding.high, "score": None if scored is None else round(scored.score, 2),
        "level": book.level(None if scored is None else scored.score),
        "faults": sorted({(one["fault"], one["severity"]) for one in finding.facts.get("faults", ())}),
        "note": finding.note[:200], "seconds": round(time.process_time() - began, 2),
    }  # fmt: skip


def found(probe: str, data: Data, seed: int) -> Finding:
    """The probe's finding; of an upload with model files, on those as well."""
    from tests.planting import judge

    if not isinstance(data, Sent):
        return judge.finding(probe, data, seed, SECONDS, time.process_time)
    with tempfile.TemporaryDirectory(prefix="validity-") as folder:
        uploads = []
        for place, (name, content) in enumerate(data.artefacts.items()):
            path = Path(folder) / f"{place}.bin"
            path.write_bytes(content)
            uploads.append(Upload(path, name, artefact=True))
        return catalog.load(probe)(
            Sample(uploads=tuple(uploads)), Budget(SECONDS, seed, clock=time.process_time)
        )


def done() -> dict[str, dict[str, Any]]:
    """The runs that are measured, by id; of those measured twice the later."""
    kept = gzip.decompress(KEPT.read_bytes()).decode().splitlines() if KEPT.exists() else []
    new = RUNS.read_text("utf-8").splitlines() if RUNS.exists() else []
    return {one["id"]: one for one in map(json.loads, filter(str.strip, [*kept, *new]))}


def keep() -> None:
    """Puts every run that is measured into the file that is kept with the code."""
    measured = done()
    lines = "".join(json.dumps(measured[name]) + "\n" for name in sorted(measured))
    KEPT.write_bytes(gzip.compress(lines.encode(), mtime=0))


def carry_out(
    wanted: list[Job], minutes: float, processes: int, again: bool = False
) -> Iterator[dict[str, Any]]:
    """Measures what is not there yet (``again``: everything) until the minutes are over; yields each run."""
    known, ends = {} if again else done(), time.monotonic() + 60 * minutes
    left = [job for job in dict.fromkeys(wanted) if job.id not in known]
    FOLDER.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool, RUNS.open("a", encoding="utf-8") as log:
        running = {pool.submit(measure, job) for job in left[: 2 * processes]}
        following = iter(left[2 * processes :])
        while running:
            finished = next(as_completed(running))
            running.discard(finished)
            record = finished.result()
            log.write(json.dumps(record) + "\n")
            log.flush()
            yield record
            job = next(following, None) if time.monotonic() < ends else None
            if job is not None:
                running.add(pool.submit(measure, job))
