"""The warm fork server: everything imported and nothing used, so that a probe starts at once.

One for a worker and its children. A client connects to its unix socket (in a folder of mode 700)
once for each probe, hands over the job and two pipes, and is told the probe's process id and, at the
end, its exit status. The connection is the probe's life line: when it closes, also because the
client was killed, the probe dies. Standard input is the server's own: once its owner is gone it
takes no more work and ends with its last probe. The server itself is single-threaded and never
trains, opens a device or parses anything, so a fork of it is as good as a fresh process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any

from workers.confine import limits
from workers.probes import catalog

# What the first training step would otherwise import lazily counts too (torch._dynamo: a second).
PRELOAD = (
    "numpy", "torch", "torch.func", "torch._dynamo", "duckdb", "safetensors.numpy", "scipy.stats",
    "scipy.sparse", "sklearn.linear_model", "sklearn.neighbors", "sklearn.model_selection",
    "sklearn.ensemble", "sklearn.metrics", "sklearn.decomposition", "sklearn.feature_extraction.text",
    "PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin", "psutil", "workers.inputs", "workers.fleet",
    "workers.plan",
)  # fmt: skip
GRACE = 30.0  # seconds after which the server ends a probe whose client no longer looks at the clock
LONGEST_JOB = 16 * 2**20  # bytes of a request; plan and answers are far smaller


@dataclass
class Running:
    """One probe and the client that waits for it."""

    client: socket.socket
    pid: int
    watch: int  # a pidfd: readable once the probe has ended
    until: float


def preload(targets: str | None) -> None:
    """Imports what probes import. What is not there yet fails again, and is told, in the probe itself."""
    probes = (f"workers.probes.{probe}" for probe in catalog.ACTIVE)
    for name in (*PRELOAD, *probes, *([targets] if targets else ())):
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"The fork server could not import {name}: {error}", file=sys.stderr)


def serve(descriptor: int, targets: str | None = None) -> None:
    """Serves until its owner and every client are gone."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the probes follow: they die with their parent
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    preload(targets)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, what forks share
    Server(socket.socket(fileno=descriptor), targets).loop()


class Server:
    def __init__(self, listener: socket.socket, targets: str | None) -> None:
        self.listener, self.targets, self.open = listener, targets, True
        self.pid = os.getpid()
        self.running: dict[int, Running] = {}
        self.ready = selectors.DefaultSelector()
        listener.setblocking(False)
        self.ready.register(listener, selectors.EVENT_READ, self.accept)
        self.ready.register(0, selectors.EVENT_READ, self.retire)

    def loop(self) -> None:
        while self.open or self.running:
            for key, _ in self.ready.select(timeout=1.0):
                key.data()
            now = time.monotonic()
            for run in self.running.values():
                if now > run.until:
                    self.kill(run, signal.SIGKILL)

    def retire(self) -> None:
        """The owner is gone: no more work is taken, what runs may end."""
        self.ready.unregister(0)
        self.ready.unregister(self.listener)
        self.listener.close()
        self.open = False

    def accept(self) -> None:
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        pipes: list[int] = []
        try:
            client.settimeout(5.0)
            job = receive(client, pipes)
            if job is None:  # somebody only looked whether we are here
                client.close()
            else:
                self.start(client, job, *pipes)
        except (OSError, ValueError):
            traceback.print_exc(limit=-2)
            client.close()
        finally:
            for pipe in pipes:
                os.close(pipe)

    def start(self, client: socket.socket, job: dict[str, Any], out: int, log: int) -> None:
        pid = os.fork()
        if pid == 0:
            self.become_probe(job, out, log)
        watch = os.pidfd_open(pid)
        run = Running(client, pid, watch, time.monotonic() + job["seconds"] + GRACE)
        self.running[pid] = run
        client.setblocking(False)
        self.tell(run, {"pid": pid})
        self.ready.register(client, selectors.EVENT_READ, lambda: self.hear(run))
        self.ready.register(watch, selectors.EVENT_READ, lambda: self.reap(run))

    def become_probe(self, job: dict[str, Any], out: int, log: int) -> None:
        """In the fork: a session of its own, three descriptors and the pipe, and no way back."""
        status = 1
        try:
            limits.die_with_parent(self.pid)
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.dup2(nothing, 0)
            os.dup2(out, 3, inheritable=False)
            os.closerange(4, 65536)
            from workers import host

            host.run({**job, "targets": self.targets}, 3, warm=True)
            status = 0
        except BaseException:
            traceback.print_exc(limit=-5)
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def hear(self, run: Running) -> None:
        """One byte is a signal's number; the end of the connection is SIGKILL."""
        if run.client.fileno() < 0:  # reaped in the same turn of the loop
            return
        try:
            said = run.client.recv(16)
        except OSError:
            said = b""
        if not said:
            self.ready.unregister(run.client)
            run.client.close()
        for number in said or bytes([signal.SIGKILL]):
            self.kill(run, number)

    def kill(self, run: Running, number: int) -> None:
        """The whole session; the probe is not reaped yet, so its number is still its own."""
        for kill in (os.killpg, os.kill):  # it has no group in the moment before setsid
            with contextlib.suppress(ProcessLookupError):
                kill(run.pid, number)

    def reap(self, run: Running) -> None:
        self.kill(run, signal.SIGKILL)  # whoever is left of its session
        _, status = os.waitpid(run.pid, 0)
        self.ready.unregister(run.watch)
        os.close(run.watch)
        del self.running[run.pid]
        if run.client.fileno() >= 0:
            self.ready.unregister(run.client)
            self.tell(run, {"exit": os.waitstatus_to_exitcode(status)})
            run.client.close()

    def tell(self, run: Running, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            run.client.sendall(json.dumps(message).encode() + b"\n")


def send(connection: socket.socket, job: dict[str, Any], pipes: list[int]) -> None:
    """The client's half: a length, the job, and the pipes beside the first byte."""
    body = json.dumps(job).encode()
    socket.send_fds(connection, [len(body).to_bytes(4, "big")], pipes)
    connection.sendall(body)


def receive(connection: socket.socket, pipes: list[int]) -> dict[str, Any] | None:
    """The server's half; ``pipes`` is filled at once, so that whatever happens they can be closed."""
    head, received, _, _ = socket.recv_fds(connection, 4, 2)
    pipes += received
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) != 4 or len(pipes) != 2 or length > LONGEST_JOB:
        raise ValueError("A client sent something that is no job.")
    body = bytearray()
    while len(body) < length:
        part = connection.recv(min(65536, length - len(body)))
        if not part:
            raise ValueError("A client went away while it sent its job.")
        body += part
    return json.loads(body)
