"""One run without rows: files, plan and answers in, findings out, through the same sandbox as a worker.

No Django and no torch. The same input and seed give the same findings but for times, so what a probe
may spend depends on the total alone and never on how fast the others were.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workers import launch, sandbox
from workers.probes import catalog
from workers.probes.base import DIMENSIONS, Finding

PREPARE = "prepare"
SHARE_OF_PREPARE = 0.3  # of all seconds
LEAST, MOST_MEMORY = 5.0, 6 * 2**30  # seconds and bytes for one probe
DEFAULT_SECONDS = 150.0
LOG = "; the log has more"  # true of a worker; here there is one only when somebody asks


@dataclass(frozen=True)
class FindingRecord:
    """A finding with its times: when it began, in seconds of the run, and how long it took."""

    finding: Finding
    seconds: float
    started: float


@dataclass(frozen=True)
class Event:
    """What a progress bar shows of one probe; ``state`` is "running" or how it ended."""

    probe: str
    state: str
    share: float
    sentence: str


@dataclass(frozen=True)
class Measured:
    """Everything a run measured; what that means is for scoring."""

    manifest: dict[str, Any]
    findings: dict[str, FindingRecord]  # by probe, in the order of the catalogue
    reading: FindingRecord | None  # how prepare went; None without files
    hardware: dict[str, Any]  # the facts of hardware.inventory
    seconds: float
    seed: int
    parallel: int
    device: str = "cpu"


class Unknown(ValueError):  # noqa: N818
    """A name that is no probe and no dimension; the sentence has the near ones."""


def chosen(only: Iterable[str]) -> tuple[str, ...]:
    """The probes that names of probes and dimensions stand for, in the order of the catalogue."""
    wanted: set[str] = set()
    for name in only:
        some = {probe for probe in catalog.ACTIVE if name in (probe, probe.partition(".")[0])}
        if not some:
            known = [*DIMENSIONS, *catalog.ACTIVE, *(probe.partition(".")[2] for probe in catalog.ACTIVE)]
            near = difflib.get_close_matches(name, known, 2, cutoff=0.65)
            full = [next((p for p in catalog.ACTIVE if p.endswith(f".{word}")), word) for word in near]
            hint = f"did you mean {' or '.join(dict.fromkeys(full))}?" if near else "see `manage.py probes`."
            raise Unknown(f'There is no probe or dimension "{name}"; {hint}')
        wanted |= some
    return tuple(probe for probe in catalog.ACTIVE if not wanted or probe in wanted)


def seconds_for(probes: Sequence[str], total: float, parallel: int) -> dict[str, float]:
    """Wall seconds for each probe: its share, by what it typically takes, of the time beside prepare."""
    weights = {probe: catalog.BY_ID[probe].seconds for probe in probes}
    rest, slots = total * (1 - SHARE_OF_PREPARE), min(parallel, len(weights) or 1)
    return {
        probe: max(LEAST, min(rest, rest * slots * weight / sum(weights.values())))
        for probe, weight in weights.items()
    }


def cores() -> int:
    """Processors that this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_for(parallel: int) -> int:
    """Bytes for one probe: its part of what this machine has free, 6 GB at most, 1 GB at least."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return MOST_MEMORY
    return int(max(2**30, min(MOST_MEMORY, 0.8 * free / parallel)))


def warm() -> None:
    """Starts the fork server and waits for it: its imports are not taken off the time of the run."""
    sandbox.start()
    with contextlib.suppress(OSError), launch._connect() as connection:
        connection.settimeout(launch.FIRST_ANSWER)
        connection.shutdown(socket.SHUT_WR)  # as one who only looks: it closes as soon as it serves
        connection.recv(1)


@dataclass
class _Run:
    """One run while it lasts."""

    folder: Path
    plan: Mapping[str, Any]
    answers: Mapping[str, Any]
    targets: tuple[str, ...]
    seed: int
    total: float
    parallel: int
    device: str
    on_event: Callable[[Event], None]
    sent: tuple[tuple[Path, str], ...] = ()  # every file and its name, as it was sent, the artefacts last
    artefacts: int = 0
    plan_text: str = ""  # as it was written
    began: float = field(default_factory=time.monotonic)
    telling: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def tell(self, probe: str, state: str, share: float, sentence: str) -> None:
        with self.telling:
            self.on_event(Event(probe, state, share, sentence))

    def out_of_time(self) -> bool:
        return self.ended.is_set() or time.monotonic() - self.began > self.total

    def one(self, probe: str, seconds: float, **what: Any) -> FindingRecord:
        """One probe in its sandbox; what stops it becomes a failed finding with the reason.

        It plans with its own part of the time. On a busy machine it may take more, up to the run's end:
        a measurement that comes late is worth more than one that was thrown away.
        """
        started = time.monotonic()
        if probe != PREPARE and catalog.BY_ID[probe].raw:
            artefacts = self.artefacts if catalog.BY_ID[probe].artefacts else 0
            sent = self.sent[: len(self.sent) - self.artefacts + artefacts]  # the artefacts stand last
            what |= {
                "inputs": tuple(path for path, _ in sent),
                "names": tuple(name for _, name in sent),
                "artefacts": artefacts,
            }
        if probe != PREPARE and catalog.BY_ID[probe].plan_text:
            what["plan_text"] = self.plan_text
        request = sandbox.Request(
            probe, self.folder / probe, plan=self.plan, answers=self.answers, targets=self.targets,
            seed=self.seed, seconds=max(seconds, self.total), told=seconds,
            memory=memory_for(self.parallel), device=self.device, **what,
        )  # fmt: skip
        if self.out_of_time():
            finding = Finding.failed(f"{request.title} was not reached within {self.total:.3g} seconds.")
        else:
            self.tell(probe, "running", 0.0, "Started")
            try:
                finding = sandbox.measure(
                    request, lambda share, said: self.tell(probe, "running", share, said), self.out_of_time
                )
            except sandbox.Stopped as stopped:
                finding = Finding.failed(self.told(request, stopped))
        finding = replace(finding, note=finding.note.replace(LOG, ""))
        self.tell(probe, finding.state, 1.0, finding.title or finding.note)
        return FindingRecord(finding, time.monotonic() - started, started - self.began)

    def told(self, request: sandbox.Request, stopped: sandbox.Stopped) -> str:
        """Why there is no finding, for somebody who can change the time and the data."""
        if request.probe == PREPARE and stopped.cause in ("cancelled", "deadline"):
            return (
                f"{', '.join(request.names)} could not be read within {self.total:.3g} seconds; "
                f"use --seconds {max(DEFAULT_SECONDS, 4 * self.total):.0f} or a smaller sample."
            )
        if stopped.cause == "cancelled":
            return f"{request.title} was stopped: the {self.total:.3g} seconds for the run were over."
        return stopped.reason

    def skip(self, probe: str) -> FindingRecord:
        """For a probe whose data nobody could read."""
        title = catalog.BY_ID[probe].named
        finding = Finding.skipped(f"{title} was not measured because the files could not be read.")
        self.tell(probe, finding.state, 1.0, finding.note)
        return FindingRecord(finding, 0.0, time.monotonic() - self.began)


def assess(
    files: Sequence[Path] = (),
    names: Sequence[str] = (),
    artefacts: Sequence[Path] = (),
    plan: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    targets: Sequence[str] = (),
    only: Iterable[str] = (),
    seed: int = 0,
    seconds: float = DEFAULT_SECONDS,
    parallel: int | None = None,
    device: str = "cpu",
    on_event: Callable[[Event], None] = lambda event: None,
    plan_text: str = "",
) -> Measured:
    """Measures everything that applies; ``artefacts`` are model files that are only inspected.

    ``plan`` holds what is read of a plan, ``plan_text`` every word of it, which is searched for secrets.

    Raises Unknown for a name in ``only``, sandbox.Unusable for data.
    """
    probes = chosen(only)
    parallel = parallel or cores()
    names = names or [file.name for file in files]
    sent = (*zip(files, names, strict=True), *((path, path.name) for path in artefacts))
    warm()
    with tempfile.TemporaryDirectory(prefix="riskboard-run-") as folder:
        run = _Run(
            Path(folder), dict(plan or {}), dict(answers or {}), tuple(targets), seed, seconds, parallel,
            device, on_event, sent, len(artefacts), plan_text,
        )  # fmt: skip
        allowed = seconds_for(probes, seconds, parallel)
        with ThreadPoolExecutor(parallel) as pool:
            try:
                reading, found = _measure(run, pool, probes, allowed, files, names)
            finally:
                run.ended.set()  # an error or Ctrl-C ends what still runs
    inventory = found.get("hardware.inventory")
    return Measured(
        manifest=reading.finding.facts if reading else {},
        findings={probe: found[probe] for probe in probes},
        reading=reading,
        hardware=inventory.finding.facts if inventory else {},
        seconds=time.monotonic() - run.began,
        seed=seed,
        parallel=parallel,
        device=device,
    )


def _measure(
    run: _Run,
    pool: ThreadPoolExecutor,
    probes: Sequence[str],
    allowed: Mapping[str, float],
    files: Sequence[Path],
    names: Sequence[str],
) -> tuple[FindingRecord | None, dict[str, FindingRecord]]:
    """Prepare beside the probes that look at no data; then the rest, the longest first."""
    specs = (catalog.BY_ID[probe] for probe in probes)
    early = [spec.id for spec in specs if not (spec.needs or spec.uses or spec.raw)]
    waiting: dict[str, Future[FindingRecord]] = {}
    reading = prepared = None
    if files:
        preparing = pool.submit(
            run.one, PREPARE, run.total * SHARE_OF_PREPARE, inputs=tuple(files), names=tuple(names)
        )
        waiting |= {probe: pool.submit(run.one, probe, allowed[probe]) for probe in early}
        reading = preparing.result()
        prepared = run.folder / PREPARE if reading.finding.state == "measured" else None
    late = sorted((p for p in probes if p not in waiting), key=lambda p: -catalog.BY_ID[p].seconds)
    if reading and not prepared:
        unread = [probe for probe in late if "data" in catalog.BY_ID[probe].needs]
        late = [probe for probe in late if probe not in unread]
        waiting |= {probe: pool.submit(run.skip, probe) for probe in unread}
    waiting |= {probe: pool.submit(run.one, probe, allowed[probe], prepared=prepared) for probe in late}
    return reading, {probe: future.result() for probe, future in waiting.items()}
