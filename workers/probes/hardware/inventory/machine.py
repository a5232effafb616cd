"""What can be read of this machine: processor, memory, disk, accelerators."""

from __future__ import annotations

import platform
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workers.probes.hardware import demand
from workers.probes.hardware.catalogue import GIB
from workers.probes.hardware.inventory import nvml


def machine() -> dict[str, Any]:
    """What can be read of this machine; each thing that cannot is named in ``not_readable``."""
    unread: list[str] = []
    model, flags, hertz = _processor(unread)
    try:
        memory = demand.memory_here() / GIB
    except (OSError, ValueError):
        memory = 0.0
        unread.append("memory")
    try:
        disk: float | None = shutil.disk_usage(tempfile.gettempdir()).free / GIB
    except OSError:
        disk = None
        unread.append("disk")
    return {"cpu": model, "flags": flags, "hertz": hertz, "cores": demand.cores_here(), "memory_gb": memory,
            "gpus": [asdict(card) for card in nvml.cards()], "disk_free_gb": disk,
            "not_readable": unread}  # fmt: skip


def _processor(unread: list[str]) -> tuple[str, set[str], float | None]:
    """The processor's name, what it can do, and its cycles a second."""
    model = platform.processor() or platform.machine() or "processor"
    flags: set[str] = set()
    hertz: float | None = None
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        unread.append("processor")
        return model, flags, hertz
    for line in lines:
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "model name":
            model = value
        elif key in ("flags", "Features"):
            flags = set(value.split())
        elif key == "cpu MHz" and hertz is None:
            hertz = float(value) * 1e6
        elif not key and model:
            break  # the other cores are the same
    return model, flags, hertz
