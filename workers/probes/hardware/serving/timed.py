"""How long one answer takes here: real answers of the planned network or trees, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from workers.probes.hardware.architecture import Architecture
from workers.probes.hardware.ledger import Cost

MOST_PARAMETERS = 2 * 10**8  # of a network that is built here to be timed
RUNS = 500
FEWEST = 20
WARM = 3  # answers that are thrown away
STEPS = 256  # of a recurrent network that are timed; more take in proportion
RATE = 3e10  # sums a second that one thread surely does not miss by far; a slower answer is not waited for
MOST_ALIVE = 2**31  # bytes
TREES = (20, 60)  # two sizes of forest, from which any other follows on a line
MOST_CLASSES = 10  # that they tell apart; more take in proportion
FITTED_ROWS = 400  # made-up rows that a forest of those sizes learns


@dataclass(frozen=True)
class Latency:
    """Seconds of one answer: the median, 95 of 100, and that figure's 90 % interval."""

    p50: float
    p95: float
    p95_low: float
    p95_high: float
    runs: int
    wall_over_cpu: float

    def plus(self, other: Latency, times: float) -> Latency:
        """This answer and ``times`` the other after it."""
        return replace(
            self, p50=self.p50 + times * other.p50, p95=self.p95 + times * other.p95,
            p95_low=self.p95_low + times * other.p95_low, p95_high=self.p95_high + times * other.p95_high,
            wall_over_cpu=max(self.wall_over_cpu, other.wall_over_cpu),
        )  # fmt: skip


def network(
    model: Architecture, rows: int, seconds: float, device: str = "cpu", cost: Cost | None = None,
    writes: int = 1,
) -> Latency | None:  # fmt: skip
    """The planned network with random weights, and for each token that is written after the first one more
    answer of one token; None where it is too large, or too slow by its ``cost``, to be tried here."""
    if model.build is None or model.parameters > MOST_PARAMETERS:
        return None
    steps = min(model.counts[0], STEPS) if model.family == "lstm" else model.counts[0]
    share = steps / model.counts[0] if model.family == "lstm" else 1.0
    if cost is not None and (share * cost.flops > 2 * seconds * RATE or share * cost.alive > MOST_ALIVE):
        return None
    torch.manual_seed(0)
    built = model.build(*model.counts).eval().to(device)
    inputs = model.inputs(rows, steps, device)

    def answer(given: torch.Tensor) -> None:
        built(given)
        if device != "cpu":
            torch.cuda.synchronize()

    # On a processor the thread's own seconds count, so that a neighbour who takes the core away costs
    # nothing; those of a card pass while the thread waits.
    clock = time.thread_time if device == "cpu" else time.perf_counter
    with torch.inference_mode():
        found = timed(partial(answer, inputs), seconds, clock)
        found = found.plus(found, model.extra.get("passes", 1) / share - 1)
        if writes > 1 and model.words and model.family == "transformer":
            found = found.plus(timed(partial(answer, inputs[:, :1]), seconds / 2, clock), writes - 1)
    return found


def table(model: Architecture, rows: int, seconds: float) -> Latency | None:
    """scikit-learn's own model, fitted to made-up rows of the plan's width: its answers do not depend on
    what it learnt, but on how many trees, columns and kept rows there are."""
    kind = "forest" if model.extra.get("forest") else "kernel" if model.extra.get("kernel") else model.family
    sizes = TREES if kind in ("boosting", "forest") else (1,)
    found = []
    draw = np.random.default_rng(0)
    width = max(1, int(np.prod(model.row)))
    x = draw.normal(size=(FITTED_ROWS, width)).astype(np.float32)
    classes = max(2, min(model.outputs, MOST_CLASSES))
    y = draw.permutation(np.arange(FITTED_ROWS) % classes)
    for size in sizes:
        fitted = _estimator(kind, model, size)
        if fitted is None:
            return None
        fitted.fit(x, y)
        found.append(timed(partial(fitted.predict, x[:rows]), seconds / len(sizes)))
    if len(found) == 1:
        return found[0]
    few, more = found
    trees = float(model.extra.get("trees") or TREES[1])
    trees *= model.extra.get("per_round", 1) / (classes if kind == "boosting" and classes > 2 else 1)
    share = (trees - TREES[0]) / (TREES[1] - TREES[0])
    # The median on its line; the spread around it is that of the larger forest.
    p50 = max(1e-7, min(few.p50, more.p50), few.p50 + share * (more.p50 - few.p50))
    ratio = max(few.wall_over_cpu, more.wall_over_cpu)
    return replace(more.plus(more, p50 / max(1e-9, more.p50) - 1), wall_over_cpu=ratio)


def _estimator(kind: str, model: Architecture, trees: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    makers: dict[str, Callable[[], Any]] = {
        "boosting": lambda: HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=max(2, min(255, int(model.extra.get("leaves") or 31)))
        ),
        "forest": lambda: RandomForestClassifier(trees, random_state=0),
        "kernel": SVC,
        "linear": lambda: LogisticRegression(max_iter=50),
    }
    made = makers.get(kind)
    return made() if made is not None else None


def timed(
    answer: Callable[[], object], seconds: float, clock: Callable[[], float] = time.thread_time
) -> Latency:
    """Seconds of up to RUNS answers by the ``clock``, after a few that are thrown away; of slow ones, two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        begun = time.perf_counter()
        for warm in range(WARM):
            if not warm or time.perf_counter() - begun < seconds / 2:
                answer()
        times: list[float] = []
        end, cpu, wall = time.perf_counter() + seconds, time.process_time(), time.perf_counter()
        while len(times) < RUNS and (len(times) < FEWEST or time.perf_counter() < end):
            start = clock()
            answer()
            times.append(clock() - start)
            if time.perf_counter() > end + 2 * seconds and len(times) >= 2:
                break
        spent = max(1e-6, time.process_time() - cpu)
        ratio = max(1.0, (time.perf_counter() - wall) / spent)
    finally:
        torch.set_num_threads(threads)
    found = np.array(times)
    draw = np.random.default_rng(0)
    again = np.quantile(found[draw.integers(len(found), size=(200, len(found)))], 0.95, axis=1)
    p95 = float(np.quantile(found, 0.95))
    low, high = (float(np.quantile(again, share)) for share in (0.05, 0.95))
    return Latency(float(np.median(found)), p95, min(low, p95), max(high, p95), len(found), ratio)
