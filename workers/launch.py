"""Two ways to start a probe process, with one face: forked from the warm server, or cold.

The server belongs to the process that started it and to its children: its socket's folder stands in
RISKBOARD_FORKSERVER, which children inherit, so the prefork children of a Celery worker share one.
Whoever finds it dead starts another on the same socket, one at a time under a file lock. No server
is needed: where there is none to be had, each probe is a fresh Python (about two seconds).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from workers import bubblewrap, forkserver

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "RISKBOARD_FORKSERVER"
FIRST_ANSWER = 60.0  # seconds; a server that has just been started still imports
# Our own tests' module of misbehaving probes. It is no setting: only tests/workers/conftest.py sets it.
TEST_TARGETS: str | None = None

KEPT = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "TZ")
FIXED = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip


class ServerLost(Exception):  # noqa: N818 - it is what happened
    """The fork server ended while a probe of its ran; the probe ended with it."""


def environment() -> dict[str, str]:
    """All that a probe sees of ours: no secret, no address, nothing that changes a sum."""
    return FIXED | {name: os.environ[name] for name in KEPT if name in os.environ}


class Forked:
    """A probe forked from the warm server."""

    def __init__(self, connection: socket.socket, pid: int, output: int, log: int) -> None:
        self.connection, self.pid, self.output, self.log = connection, pid, output, log
        connection.setblocking(False)
        self.waits_on = connection.fileno()

    def ended(self) -> int | None:
        """The exit code (minus the signal's number), or None while it runs."""
        try:
            said = self.connection.recv(4096)
        except BlockingIOError:
            return None
        except OSError:
            said = b""
        if not said:
            raise ServerLost
        return json.loads(said)["exit"]

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(bytes([number]))

    def close(self) -> None:
        self.connection.close()
        os.close(self.output)
        os.close(self.log)


class Spawned:
    """A probe in a Python of its own."""

    def __init__(self, job: dict[str, Any], *, inside: list[str]) -> None:
        self.output, out = os.pipe()
        self.log, log = os.pipe()
        command = [*inside, sys.executable, "-m", "workers.host", "--once", str(out)]
        command += [] if inside else ["--parent", str(os.getpid())]
        command += ["--targets", TEST_TARGETS] if TEST_TARGETS else []
        try:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=log, stderr=log,
                pass_fds=(out,), start_new_session=True,
            )  # fmt: skip
        except OSError:
            os.close(self.output)
            os.close(self.log)
            raise
        finally:
            os.close(out)
            os.close(log)
        self.pid = self.process.pid
        self.waits_on = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else self.output
        with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:  # type: ignore[union-attr]
            pipe.write(json.dumps(job).encode())

    def ended(self) -> int | None:
        return self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def close(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()
        if self.waits_on != self.output:
            os.close(self.waits_on)
        os.close(self.output)
        os.close(self.log)


Process = Forked | Spawned


# -- the server ---------------------------------------------------------------------------------
_guard = threading.Lock()
_owned: dict[str, Any] = {}  # "folder", "server" and "lifeline" of the server that this process started


def start() -> None:
    """Makes sure that a fork server is there; it goes on importing in the background."""
    with contextlib.suppress(OSError):
        _connect().close()
        return
    _start()


def stop() -> None:
    """Ends the fork server, and its probes, if this process started it."""
    with _guard:
        if _owned.get("pid") != os.getpid():
            return
        if server := _owned.get("server"):
            server.terminate()
            server.wait()
            os.close(_owned["lifeline"])
        if folder := _owned.get("folder"):
            shutil.rmtree(folder, ignore_errors=True)
            if os.environ.get(VARIABLE) == folder:
                del os.environ[VARIABLE]
        _owned.clear()


atexit.register(stop)


def fork(job: dict[str, Any]) -> Forked:
    """A probe from the warm server, which is started or replaced if need be. OSError: there is none."""
    for last in (False, True):
        try:
            connection = _connect()
        except OSError:
            _start()
            connection = _connect()
        output, out = os.pipe()
        log, log_in = os.pipe()
        try:
            connection.settimeout(FIRST_ANSWER)
            forkserver.send(connection, job, [out, log_in])
            return Forked(connection, json.loads(_line(connection))["pid"], output, log)
        except (OSError, ValueError) as error:  # it died under our hands
            for thing in (output, log):
                os.close(thing)
            connection.close()
            if last:
                raise OSError("The fork server does not start.") from error
        finally:
            os.close(out)
            os.close(log_in)
    raise AssertionError


def _line(connection: socket.socket) -> bytes:
    """One line and not a byte of the next, which Forked.ended will want."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise OSError("The fork server went away.")
        line += byte
    return line


def _connect() -> socket.socket:
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise OSError("No fork server has been started.")
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(f"{folder}/socket")
    except OSError:
        connection.close()
        raise
    return connection


def _start() -> None:
    with _guard:
        if _owned.get("pid") != os.getpid():
            _owned.clear()  # inherited by a fork: what our parent owns is not ours to stop
        folder = os.environ.get(VARIABLE)
        if not folder or not Path(folder).is_dir():
            folder = tempfile.mkdtemp(prefix="riskboard-")  # mode 700: its socket is for us alone
            _owned.update(pid=os.getpid(), folder=folder)
            os.environ[VARIABLE] = folder
        with Path(folder, "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(OSError):
                _connect().close()
                return  # somebody else was faster
            _spawn(Path(folder, "socket"))


def _spawn(path: Path) -> None:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(128)
    # Only forks of this process inherit the writing end: when the last of them is gone, so is the server.
    ours, lifeline = os.pipe()
    command = [sys.executable, "-m", "workers.host", "--serve", str(listener.fileno())]
    command += ["--targets", TEST_TARGETS] if TEST_TARGETS else []
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=ours, stdout=subprocess.DEVNULL,
        pass_fds=(listener.fileno(),), start_new_session=True,
    )  # fmt: skip
    listener.close()
    os.close(ours)
    if "lifeline" in _owned:
        os.close(_owned["lifeline"])
        _owned["server"].wait(timeout=5)
    _owned.update(pid=os.getpid(), server=server, lifeline=lifeline)


def run(job: dict[str, Any], layer: str) -> Process:
    """Starts one probe by the best way there is."""
    if layer == "bubblewrap":
        return Spawned(job, inside=bubblewrap.command(job, ROOT, tests=bool(TEST_TARGETS)))
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return fork(job)
    return Spawned(job, inside=[])
