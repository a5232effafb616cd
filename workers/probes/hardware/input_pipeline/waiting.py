"""Who waits for whom: the share of the time in which a device has nothing to compute on.

With loader workers, batches are made while the device computes, so it waits where they come too slowly:
1 - loader rate / device rate. Without any (PyTorch's default) loading and computing take turns. Handing a
batch from one process to another takes time as well, in both of them; for rows of a table that is the most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.hardware.input_pipeline.device import Consumer
from workers.probes.hardware.input_pipeline.telling import PROCESSOR

ENOUGH = 0.05  # of the time; less waiting is as good as none
SURE = 0.9  # of the draws
# Seconds of processor time to take a batch from a worker: PyTorch 2.13, two tensors through shared memory,
# measured as 0.32 to 0.41 ms on one core of an EPYC server. The worker is taken to need as much.
HANDOVER = 3e-4
MOST_WORKERS = 512  # beyond them more workers are no advice
QUANTILES = (("p05", 0.05), ("p10", 0.1), ("p50", 0.5), ("p90", 0.9), ("p95", 0.95))


@dataclass(frozen=True)
class Waiting:
    """The draws of one loader and one device, [draws]: examples a second of one worker, rows a second."""

    loads: np.ndarray
    consumer: Consumer
    batch: int  # rows at once on one device

    def share(self, workers: int, cores: int | None = None) -> np.ndarray:
        """Share of the time waited, [draws]; workers beyond the cores bring nothing."""
        takes, loads = self._together(workers, cores)
        if workers == 0:
            return takes / (loads + takes)
        busy = workers if cores is None else min(workers, cores)
        each = 1 / (1 / loads + HANDOVER / self.batch)
        return np.maximum(0.0, 1 - np.minimum(busy * each, self.batch / HANDOVER) / takes)

    def _together(self, workers: int, cores: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Device and loader rates, drawn independently; a processor computes on the cores that are left."""
        own = self.consumer
        left = own.cores or 1
        if own.kind == PROCESSOR and workers:
            left = max(1, left - min(workers, cores or left))
        takes = own.rows(left)
        count = min(len(takes), len(self.loads))
        return takes[:count], self.loads[:count]

    def needed(self, share: float = 0.5) -> int | None:
        """The fewest workers that end the waiting in this share of the draws; None where none do."""
        low, high = 1, 2

        def ends(workers: int) -> bool:
            return float(np.quantile(self.share(workers), share)) <= ENOUGH

        if self.consumer.kind == PROCESSOR:  # more workers leave fewer cores to compute on
            return next((n for n in range(1, self.consumer.cores or 1) if ends(n)), None)
        if ends(1):
            return 1
        while not ends(high):
            low, high = high, high * 2
            if high > 2 * MOST_WORKERS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if ends(middle) else (middle, high)
        return high

    def by_workers(self, most: int) -> list[dict[str, Any]]:
        """Waiting for each number of workers, for a figure; beyond the cores it would need more of them."""
        return [{"workers": n} | quantiles(self.share(n)) for n in counts(most)]


def counts(most: int) -> list[int]:
    """0 to 16 one by one, then wider apart: enough for a curve."""
    found = [*range(17)]
    while found[-1] < most:
        found.append(max(found[-1] + 1, round(found[-1] * 1.25)))
    return [n for n in found if n <= max(2, most)]


def quantiles(values: np.ndarray, which: Sequence[tuple[str, float]] = QUANTILES) -> dict[str, float]:
    return {name: float(np.quantile(values, q)) for name, q in which}
