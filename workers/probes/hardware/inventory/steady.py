"""Whether the machine does the same work in the same time: neighbours, quotas, clocks and heat.

A small product of matrices is repeated all along the run. That it takes longer by the clock on the wall means
others take the core away; longer by processor time, that caches or the clock are shared or turned down. The
kernel's own counts stand beside it: time stolen by the host, time held back by a quota, thermal events.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

SIDE, TIMES = 192, 12  # of the product, and how often a beat repeats it: a few milliseconds
SPREAD = 1.5  # of the slowest tenth over the fastest, from which on the machine is not steady
STOLEN = 0.05  # share of time taken by the host, or held back by a quota, that is told
SLOWER = 0.8  # of the clock at the start, under which it was turned down


@dataclass(frozen=True)
class Counts:
    """What the kernel has counted so far; None where it does not tell."""

    stolen: float | None = None  # ticks of all cores
    ticks: float | None = None
    held_back: float | None = None  # microseconds of this group of processes
    hot: int | None = None  # thermal events of all cores
    mhz: float | None = None


def counts() -> Counts:
    return Counts(*_ticks(), _held_back(), _hot(), _mhz())


def _ticks() -> tuple[float | None, float | None]:
    """Stolen and all ticks from the first line of /proc/stat (proc(5))."""
    line = _read("/proc/stat").partition("\n")[0].split()
    if len(line) < 9 or line[0] != "cpu":
        return None, None
    values = [float(value) for value in line[1:9]]
    return values[7], sum(values)


def _held_back() -> float | None:
    for line in _read("/sys/fs/cgroup/cpu.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "throttled_usec":
            return float(value)
    return None


def _hot() -> int | None:
    paths = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    values = [text.strip() for text in map(_read, map(str, paths)) if text.strip().isdigit()]
    return sum(map(int, values)) if values else None


def _mhz() -> float | None:
    """The fastest core's clock now, which is the one at work."""
    found = [
        float(value)
        for name, _, value in (line.partition(":") for line in _read("/proc/cpuinfo").splitlines())
        if name.strip() == "cpu MHz"
    ]
    return max(found, default=None)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:  # not there, or closed to this process
        return ""


@dataclass
class Beats:
    """The same small work, timed again and again."""

    before: Counts = field(default_factory=counts)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    start: float = field(default_factory=time.perf_counter)

    def beat(self, times: int = 3) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        a, out = torch.ones(SIDE, SIDE), torch.empty(SIDE, SIDE)
        torch.mm(a, a, out=out)
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.thread_time()
            for _ in range(TIMES):
                torch.mm(a, a, out=out)
            self.cpu.append(time.thread_time() - cpu)
            self.wall.append(time.perf_counter() - wall)
        torch.set_num_threads(threads)

    def told(self) -> dict[str, Any]:
        """spread and cpu_spread (slowest over fastest tenth), and what the kernel counted meanwhile."""
        return compared(self.before, counts(), time.perf_counter() - self.start) | {
            "spread": _spread(self.wall), "cpu_spread": _spread(self.cpu), "beats": len(self.wall),
        }  # fmt: skip


def compared(before: Counts, after: Counts, seconds: float) -> dict[str, Any]:
    """What happened between two looks at the kernel's counts."""
    stolen = held = hot = None
    if before.stolen is not None and after.stolen is not None and before.ticks and after.ticks:
        passed = after.ticks - before.ticks
        stolen = max(0.0, (after.stolen - before.stolen) / passed) if passed > 0 else 0.0
    if before.held_back is not None and after.held_back is not None:
        held = max(0.0, (after.held_back - before.held_back) / 1e6 / max(1e-6, seconds))
    if before.hot is not None and after.hot is not None:
        hot = max(0, after.hot - before.hot)
    return {
        "stolen": stolen,
        "held_back": held,
        "hot": hot,
        "clock_start": before.mhz,
        "clock_load": after.mhz,
    }


def _spread(times: list[float]) -> float:
    if len(times) < 3:
        return 1.0
    low, high = np.quantile(times, (0.1, 0.9))
    return float(high / max(low, 1e-9))


def shared(told: dict[str, Any], wall_over_cpu: float, noisy: float) -> str:
    """A sentence on what others take away; "" where nothing was noticed."""
    if wall_over_cpu > noisy:
        return (
            "Other work takes the processor away (a second of work took"
            f" {wall_over_cpu:.1f} seconds), so this is the least it can do."
        )
    if (told.get("stolen") or 0) > STOLEN:
        share = f"{told['stolen']:.0%}"
        return f"The host takes {share} of the processor's time away, so this is the least it can do."
    if (told.get("held_back") or 0) > STOLEN:
        return f"A quota holds this worker back {told['held_back']:.0%} of the time."
    if told["spread"] > SPREAD:
        return f"The same work took up to {told['spread']:.1f} times as long, so others share this machine."
    return ""


def slowed(told: dict[str, Any], card: dict[str, Any]) -> str:
    """A sentence on clocks that were turned down, of the card or else of the processor; "" without."""
    reasons = [reason for reason in card.get("reasons") or () if reason != "its power limit"]
    if reasons:
        heat = f" at {card['celsius_load']} °C" if card.get("celsius_load") else ""
        return f"The accelerator slowed itself down{heat}, because of {' and '.join(reasons)}."
    if told.get("hot"):
        return "The processor slowed itself down because of heat."
    start, load = told.get("clock_start"), told.get("clock_load")
    if start and load and load < SLOWER * start:
        return f"The processor's clock fell from {start / 1000:.1f} to {load / 1000:.1f} GHz under load."
    return ""
