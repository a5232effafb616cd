"""How many examples one loader worker gets ready in a second, on one core of this machine.

PyTorch's own loader is run without workers, which is what one worker does: read, decode, change, put into
batches. Times are processor seconds of its thread, so that a busy neighbour does not count as slow decoding;
how long the machine makes one wait stands beside them. What is told is drawn from repeated passes and from
the batches in them, for both differ: moments by what else the machine does, batches by what is in them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset

DRAWS = 2_000
PASSES = (3, 9)  # least and most, after one to warm up
GROUP = 8  # files in a batch that is timed
Stage = tuple[str, Callable[[Any], Any]]


class Staged(Dataset[tuple[Tensor, int]]):
    """Files that go through stages; ``spent`` sums up the processor seconds of each."""

    def __init__(self, items: Sequence[Any], stages: Sequence[Stage]) -> None:
        self.items, self.stages = items, stages
        self.spent = {name: 0.0 for name, _ in stages}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        made = self.items[place]
        before = time.thread_time()
        for name, work in self.stages:
            made = work(made)
            now = time.thread_time()
            self.spent[name] += now - before
            before = now
        return made, 0


@dataclass(frozen=True)
class Loaded:
    """Measured seconds an example: ``times`` [passes, batches], ``sizes`` [batches] in examples."""

    times: np.ndarray
    sizes: np.ndarray
    stages: Mapping[str, float]  # seconds an example by what they go to
    wall_over_cpu: float
    waiting: float = 0.0  # seconds an example that the disk makes one wait

    @property
    def seconds(self) -> float:
        """Processor seconds of one example, the usual."""
        return float(np.median((self.times * self.sizes).sum(1) / self.sizes.sum()))

    def rates(self, seed: int) -> np.ndarray:
        """Examples a second of one worker, [DRAWS]: a pass by chance, its batches drawn again."""
        rng = np.random.default_rng(seed)
        passes, batches = self.times.shape
        row = rng.integers(passes, size=DRAWS)
        drawn = rng.integers(batches, size=(DRAWS, batches))
        weights = self.sizes[drawn]
        means = (self.times[row[:, None], drawn] * weights).sum(1) / weights.sum(1)
        return 1 / (means + self.waiting)


def timed(loader: DataLoader[Any], sizes: Sequence[int], seconds: float) -> tuple[np.ndarray, float]:
    """Processor seconds of each batch in repeated passes, [passes, batches]; and wall over processor time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _pass(loader)
        found: list[list[float]] = []
        wall, cpu = time.perf_counter(), time.thread_time()
        while len(found) < PASSES[0] or (
            len(found) < PASSES[1] and time.perf_counter() - wall < seconds * len(found) / (len(found) + 1)
        ):
            found.append(_pass(loader))
            if time.perf_counter() - wall > 2 * seconds:
                break
        spent = max(1e-6, time.thread_time() - cpu)
        return np.array(found) / np.array(sizes), max(1.0, (time.perf_counter() - wall) / spent)
    finally:
        torch.set_num_threads(threads)


def _pass(loader: DataLoader[Any]) -> list[float]:
    times = []
    batches = iter(loader)
    before = time.thread_time()
    for _ in batches:
        now = time.thread_time()
        times.append(now - before)
        before = now
    return times


def files(items: Sequence[Any], stages: Sequence[Stage], seconds: float, waiting: float = 0.0) -> Loaded:
    """Times of files through their stages; fewer of them where they are slow."""
    trial = Staged(items[:2], stages)
    _pass(DataLoader(trial, batch_size=1))
    one = max(_pass(DataLoader(trial, batch_size=1)))
    few = int(seconds / (PASSES[0] + 1) / max(one, 1e-6))
    items = items[: max(3, min(len(items), few))]
    group = min(GROUP, max(1, len(items) // 4))
    data = Staged(items, stages)
    sizes = [min(group, len(items) - start) for start in range(0, len(items), group)]
    times, ratio = timed(DataLoader(data, batch_size=group), sizes, seconds)
    passes = len(times) + 1
    parts = {name: spent / passes / len(items) for name, spent in data.spent.items()}
    made = Loaded(times, np.array(sizes), parts, ratio, waiting)
    parts["put into batches"] = max(0.0, made.seconds - sum(parts.values()))
    if waiting:
        parts["wait for the disk"] = waiting
    return made


def rows(data: Dataset[Any], batch: int, seconds: float, whole: bool = False) -> Loaded:
    """Times of rows that are gathered one by one, as PyTorch does it, or (``whole``) a batch at once."""
    count = min(len(data), 20 * batch)  # type: ignore[arg-type]
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0)).tolist()
    batches = list(BatchSampler(order, batch, drop_last=count >= batch))
    loader: DataLoader[Any] = (
        DataLoader(data, sampler=batches, batch_size=None)
        if whole
        else DataLoader(data, batch_sampler=batches)
    )
    sizes = [len(one) for one in batches]
    times, ratio = timed(loader, sizes, seconds)
    made = Loaded(times, np.array(sizes), {}, ratio)
    return Loaded(times, made.sizes, {"gather rows": made.seconds}, ratio)
