"""How fast the work folder's disk writes and reads 64 MB in one go, past the caches of this machine.

With direct access where the file system allows it; else the file is written out (fsync), the kernel is asked
to forget it, and it is read again. Where parts of it are still in memory (a read that may not wait would get
them), the cache would answer and no rate is told. Caches of a host under this machine, or inside the disk,
cannot be passed by anybody.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SIZE, BLOCK = 64 * 2**20, 4 * 2**20
PATIENCE = 0.8  # seconds for writing and as much for reading; a slow disk has shown itself by then
LOOKS = 16  # places of the file at which is asked whether they are in memory


@dataclass(frozen=True)
class Disk:
    """10^6 bytes a second; ``read`` is None where a cache answered. ``how`` is "direct" or "synced"."""

    write: float
    read: float | None
    how: str
    bytes: int


def measured(folder: Path | None = None) -> Disk | None:
    """Rates of the disk under a folder, by default the one for temporary files; None where it is full."""
    try:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            status = os.statvfs(name)
            if status.f_bavail * status.f_frsize < 4 * SIZE:
                return None
            path = Path(name) / "rate"
            return _direct(path) or _synced(path)
    except OSError:
        return None


def _direct(path: Path) -> Disk | None:
    """Past the kernel's cache; None where the file system does not do it."""
    direct = getattr(os, "O_DIRECT", None)
    if direct is None:
        return None
    with mmap.mmap(-1, BLOCK) as block:  # direct access wants memory that begins at a page
        block.write(os.urandom(BLOCK))
        try:
            size, wrote = _through(path, os.O_WRONLY | os.O_CREAT | direct, lambda to: os.write(to, block))
            _, took = _through(path, os.O_RDONLY | direct, lambda file: os.readv(file, [block]), size)
        except OSError:
            return None
        finally:
            path.unlink(missing_ok=True)
    return Disk(size / wrote / 1e6, size / took / 1e6, "direct", size)


def _synced(path: Path) -> Disk:
    data = os.urandom(BLOCK)
    size, wrote = _through(path, os.O_WRONLY | os.O_CREAT, lambda file: os.write(file, data))
    forget(path)
    if in_memory(path, size):
        return Disk(size / wrote / 1e6, None, "synced", size)
    _, took = _through(path, os.O_RDONLY, lambda file: len(os.read(file, BLOCK)), size)
    return Disk(size / wrote / 1e6, size / took / 1e6, "synced", size)


def in_memory(path: Path, size: int) -> bool:
    """Whether a cache holds parts of a file, also where nobody can tell (preadv2(2), RWF_NOWAIT)."""
    nowait = getattr(os, "RWF_NOWAIT", None)
    if nowait is None:
        return True
    file, page = os.open(path, os.O_RDONLY), bytearray(4096)
    try:
        for place in range(LOOKS):
            try:
                os.preadv(file, [page], place * size // LOOKS // 4096 * 4096, nowait)
            except BlockingIOError:
                continue
            except OSError:
                return True
            return True
        return False
    finally:
        os.close(file)


def _through(path: Path, flags: int, step: Callable[[int], int], size: int = SIZE) -> tuple[int, float]:
    """Bytes that went through in blocks until ``size`` or out of patience, and the seconds they took."""
    file = os.open(path, flags, 0o600)
    try:
        done, start = 0, time.perf_counter()
        while done < size:
            moved = step(file)
            if not moved:
                break
            done += moved
            if time.perf_counter() - start > PATIENCE:
                break
        if flags & os.O_WRONLY:
            os.fsync(file)
        return done, max(1e-6, time.perf_counter() - start)
    finally:
        os.close(file)


def forget(path: Path) -> None:
    """Writes a file out and asks the kernel to drop it from its cache."""
    if not hasattr(os, "posix_fadvise"):
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
