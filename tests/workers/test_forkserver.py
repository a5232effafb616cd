"""What the fork server does when several things happen to one probe in one turn of its loop."""

from __future__ import annotations

import os
import selectors
import socket
import time

from workers import forkserver
from workers.forkserver import Running, Server


def test_a_probe_that_ends_as_its_client_leaves_stops_nothing(monkeypatch):
    # The standard input of a test run may be a file, which epoll refuses.
    monkeypatch.setattr(forkserver.selectors, "DefaultSelector", selectors.SelectSelector)
    listener, client, far = socket.socket(), *socket.socketpair()
    server = Server(listener, None)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    run = Running(client, pid, os.pidfd_open(pid), time.monotonic() + 5)
    server.running[pid] = run
    for descriptor in (client, run.watch):
        server.ready.register(descriptor, selectors.EVENT_READ)
    far.close()
    server.reap(run)  # the end of the probe comes first ...
    server.hear(run)  # ... and the end of its client in the same turn
    assert not server.running
    listener.close()
    server.ready.close()
