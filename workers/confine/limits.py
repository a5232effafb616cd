"""What a process may use: limits, capabilities, and that it dies with its parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_CAP_AMBIENT = 1, 38, 24, 47
CAPSET = {"x86_64": 126, "aarch64": 91}
OPEN_FILES = 512  # DuckDB and torch hold a few dozen


def die_with_parent(parent: int | None = None) -> None:
    """SIGKILL for this process when the thread that made it ends.

    ``parent`` is who that was: it may have ended before this call, and then this process ends now.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def no_new_privileges() -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "This process may still gain privileges")


def drop_capabilities() -> None:
    """Root without its powers: limits hold, other users' files and processes are out of reach."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where it is not ours, which is as good
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.syscall(CAPSET[os.uname().machine], header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "This process keeps capabilities")


def data_bytes() -> int:
    """Private memory that this process has mapped by now, as RLIMIT_DATA counts it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def apply(*, memory: int | None, cpu_seconds: int, file_bytes: int) -> None:
    """Hard limits. ``memory`` counts from what the process holds now; None on a GPU, whose driver
    maps far more than it uses (there the watchdog alone counts what is really resident)."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_MSGQUEUE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    if memory is not None:
        _limit(resource.RLIMIT_DATA, data_bytes() + memory)


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(ValueError):
        resource.setrlimit(what, (value, value))
