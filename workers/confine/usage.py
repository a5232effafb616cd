"""What a process uses now, seen from outside."""

from __future__ import annotations

import os
from pathlib import Path

ENTRIES = 20_000  # files in a scratch folder


def used(pid: int) -> tuple[int, int]:
    """Bytes that a process and its children hold for themselves, and their threads."""
    memory = threads = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:")):
                memory += int(line.split()[1]) * 1024
            elif line.startswith("Threads:"):
                threads += int(line.split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (OSError, ValueError):
        return memory, threads
    for child in children:
        more = used(int(child))
        memory, threads = memory + more[0], threads + more[1]
    return memory, threads


def over(folder: Path, limit: int) -> bool:
    """Whether a folder holds more than ``limit`` bytes or 20,000 entries; stops counting there."""
    size = entries = 0
    for parent, _, files in os.walk(folder):
        entries += 1 + len(files)
        for name in files:
            try:
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - for speed
            except OSError:
                continue
        if size > limit or entries > ENTRIES:
            return True
    return False
