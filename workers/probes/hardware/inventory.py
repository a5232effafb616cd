"""What this worker has and what it really reaches, against what its processor should reach.

Value: 10^9 operations a second in 32-bit matrix products, one thread of the processor (or the
accelerator, when the run is given one). Works with little of /proc and without any network; what
cannot be read is left out, and said.
"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import calibrate, catalogue, demand
from workers.probes.hardware.catalogue import GIB

# 32-bit operations a cycle and core with fused multiply-add: two units of 8 lanes from AVX2 on. Some
# processors do twice that with AVX-512; the smaller number keeps a sound machine from being blamed.
PER_CYCLE = (("avx512f", 32), ("avx2", 32), ("asimd", 16), ("avx", 16), ("sse2", 8))
BELOW = 0.4  # share of that rate under which something holds the machine back


def run(sample: Sample, budget: Budget) -> Finding:
    """Cores, memory and accelerators, and measured rates with their range."""
    budget.progress(0.05, "Looking at the machine")
    here = machine()
    device = budget.device if budget.device.startswith("cuda") and here["gpus"] else "cpu"
    budget.progress(0.2, "Multiplying matrices")
    rates = calibrate.worker(device, min(2.0, max(0.5, 0.3 * budget.left)))
    budget.progress(0.95, "Comparing with the data sheet")
    main = rates.matmul["fp32"]
    sheet = _sheet(here, device)
    facts: dict[str, Any] = {
        "device": device, "cpu": here["cpu"], "cores": here["cores"], "memory_gb": here["memory_gb"],
        "gpus": here["gpus"], "disk_free_gb": here["disk_free_gb"],
        "matmul": [{"precision": name, "gflops": r.value, "low": r.low, "high": r.high, "size": r.size}
                   for name, r in rates.matmul.items()],
        "memory_gbs": rates.memory.value, "start_microseconds": rates.start * 1e6,
        "wall_over_cpu": rates.wall_over_cpu, "data_sheet_gflops": sheet,
        "not_readable": here["not_readable"],
        "faults": [],
    }  # fmt: skip
    note = (
        f"{here['cpu']} with {here['cores']} cores and {here['memory_gb']:.0f} GB does"
        f" {main.value:,.0f} billion operations a second"
        f" {'on its accelerator' if device != 'cpu' else 'on one core'}."
    )
    if rates.noisy:
        note += (
            f" Other work takes the processor away (a second of work took {rates.wall_over_cpu:.1f} seconds),"
            " so this is the least it can do."
        )
    elif sheet and main.value < BELOW * sheet:
        facts["faults"].append({"fault": "below_data_sheet", "severity": "medium", "device": device,
                                "measured": main.value, "expected": sheet})  # fmt: skip
        note += f" Its data sheet says about {sheet:,.0f}; look for throttling or a shared machine."
    count = len(here["gpus"])
    title = (
        f"{count} accelerator{'s' * (count > 1)}: {here['gpus'][0]['name']}"
        if count
        else f"{here['cores']} cores, no accelerator"
    )
    return Finding(main.value, note, facts, main.low, main.high, title=title)


def machine() -> dict[str, Any]:
    """What can be read of this machine; each thing that cannot is named in ``not_readable``."""
    unread: list[str] = []
    model, flags, hertz = _processor(unread)
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    try:
        memory = demand.memory_here() / GIB
    except (OSError, ValueError):
        memory = 0.0
        unread.append("memory")
    try:
        disk: float | None = shutil.disk_usage(Path.cwd()).free / GIB
    except OSError:
        disk = None
        unread.append("disk")
    return {"cpu": model, "flags": flags, "hertz": hertz, "cores": cores, "memory_gb": memory,
            "gpus": _gpus(),
            "disk_free_gb": disk, "not_readable": unread}  # fmt: skip


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


def _gpus() -> list[dict[str, Any]]:
    """NVIDIA accelerators by their own library; an empty list where there is no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001, RUF100  (no library, no driver, no permission: all mean none to use)
        return []
    found = []
    try:
        for i in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(i)
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            found.append({"name": _text(pynvml.nvmlDeviceGetName(handle)), "memory_gb": memory.total / GIB,
                          "free_gb": memory.free / GIB,
                          "driver": _text(pynvml.nvmlSystemGetDriverVersion())})  # fmt: skip
    except pynvml.NVMLError:
        pass  # what was read so far is still true
    finally:
        pynvml.nvmlShutdown()
    return found


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _sheet(here: dict[str, Any], device: str) -> float | None:
    """10^9 operations a second that the device should reach in 32 bits; None when nothing says."""
    if device != "cpu":
        known = catalogue.find(here["gpus"][0]["name"])
        return known.peak("fp32") / 1e9 if known else None
    if not here["hertz"]:
        return None
    lanes = next((count for flag, count in PER_CYCLE if flag in here["flags"]), None)
    return here["hertz"] * lanes / 1e9 if lanes else None
