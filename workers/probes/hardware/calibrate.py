"""What this worker really does in a second: matrix products, memory, and the cost of starting anything.

Times are wall-clock; beside them stands the processor time, because a neighbour that takes the core
shows as wall time without processor time. Rates use the fastest fifth of the repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

DTYPES = {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.bfloat16, "fp16": torch.float16}
ON_CPU, ON_GPU = ("fp32", "bf16", "fp64"), ("fp32", "tf32", "bf16", "fp16")
NOISY = 1.5  # wall over processor time beyond which timings say little


@dataclass(frozen=True)
class Rate:
    """10^9 a second: the usual value, and the range of the repeats."""

    value: float
    low: float
    high: float
    size: int


@dataclass(frozen=True)
class Worker:
    """One thread of this worker, or its accelerator."""

    matmul: dict[str, Rate]  # by precision, 10^9 operations a second
    memory: Rate  # 10^9 bytes a second, read plus written
    start: float  # seconds to start one small operation
    wall_over_cpu: float

    @property
    def noisy(self) -> bool:
        return self.wall_over_cpu > NOISY


def timed(
    work: Callable[[], object], seconds: float, device: str, least: int = 3, most: int = 200
) -> list[float]:
    """Wall seconds of each repeat, after one that is thrown away."""
    gpu = device.startswith("cuda")
    work()
    if gpu:
        torch.cuda.synchronize()
    found: list[float] = []
    end = time.perf_counter() + seconds
    while len(found) < least or (time.perf_counter() < end and len(found) < most):
        start = time.perf_counter()
        work()
        if gpu:
            torch.cuda.synchronize()
        found.append(time.perf_counter() - start)
        if time.perf_counter() > end + 4 * seconds:
            break
    return found


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rate(amount: float, times: list[float], size: int) -> Rate:
    """``amount`` in each of ``times``, as 10^9 a second."""
    value, low, high = (amount / quantile(times, share) / 1e9 for share in (0.2, 0.9, 0.05))
    return Rate(value, low, high, size)


def matmul(precision: str, device: str, seconds: float) -> Rate | None:
    """The best rate over three sizes; None when the device does not have the precision."""
    sizes = (1024, 4096, 8192) if device.startswith("cuda") else (128, 384, 768)
    best: Rate | None = None
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    try:
        for size in sizes:
            a = torch.ones(size, size, dtype=DTYPES.get(precision, torch.float32), device=device)
            b, out = a.clone(), torch.empty_like(a)
            times = timed(partial(torch.mm, a, b, out=out), seconds / len(sizes), device)
            found = rate(2.0 * size**3, times, size)
            if best is None or found.value > best.value:
                best = found
    except RuntimeError:
        return best
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    return best


def stream(device: str, seconds: float) -> Rate:
    """Bytes read and written by a copy far larger than the caches."""
    count = 2**26 if device.startswith("cuda") else 2**24
    a = torch.ones(count, device=device)
    b = torch.empty_like(a)
    return rate(8.0 * count, timed(lambda: b.copy_(a), seconds, device), count * 4)


def start_cost(device: str, seconds: float) -> float:
    a = torch.ones(8, device=device)

    def work() -> None:
        for _ in range(50):
            a.add_(1.0)

    return quantile(timed(work, seconds, device), 0.2) / 50


_workers: dict[str, Worker] = {}


def worker(device: str = "cpu", seconds: float = 2.0) -> Worker:
    """Measures each device once in a process; about ``seconds`` long."""
    if device not in _workers:
        _workers[device] = _measure(device, seconds)
    return _workers[device]


def _measure(device: str, seconds: float) -> Worker:
    precisions = ON_GPU if device.startswith("cuda") else ON_CPU
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        with torch.no_grad():
            rates = {p: matmul(p, device, 0.7 * seconds / len(precisions)) for p in precisions}
            memory = stream(device, 0.2 * seconds)
            start = start_cost(device, 0.1 * seconds)
    finally:
        torch.set_num_threads(threads)
    spent = max(1e-6, time.process_time() - cpu)
    ratio = (time.perf_counter() - wall) / spent
    found = {name: value for name, value in rates.items() if value is not None}
    return Worker(found, memory, start, 1.0 if device.startswith("cuda") and ratio < 1 else max(1.0, ratio))
