"""The most memory that this process has held, counted from a moment on.

``ru_maxrss`` cannot tell: a process that is started inherits the peak of the one that started it, so beside a
test process of 1.2 GB every child seems to have held as much, and a rise below that is never seen.
"""

from __future__ import annotations

from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KB = 1024


def mb() -> float:
    """The peak of the resident memory in MB since the start of the program or the last ``reset``."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if "VmHWM" in line) / KB


def reset() -> float:
    """Count from here; what is held now in MB."""
    CLEAR.write_text("5")
    return mb()
