"""How long each kind of operation takes on one thread of this worker, from a few dozen small trials.

Times are processor seconds of this thread, so that a neighbour who takes the core away costs nothing; what
a neighbour does to the caches still shows, therefore trials take turns over several rounds and the fastest
quarter counts. Each kind gets a short law with coefficients that cannot be negative (least squares on
relative errors; Lawson and Hanson 1974), in what is known to take time: starting, sums, and bytes by how
far back they were last used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch
from scipy.optimize import nnls

from workers.probes.hardware.operations import Operation

LEAST_TRIAL = 1.5e-4  # seconds of one trial: far above the clock's own cost
PATIENCE = 4.0  # on a busy machine trials end after this many times their processor time
REACHES = (14, 17, 19, 21, 23, 25, 27)  # log2 of the bytes that one trial of the memory touches
# Sizes of the trials: products (batch, m, k, n); convolutions (rows, channels in, out, side, kernel, stride).
PRODUCTS = (
    (1, 32, 32, 32), (1, 64, 64, 64), (1, 128, 128, 128), (1, 256, 256, 256), (1, 512, 512, 512),
    (1, 16, 512, 512), (1, 512, 16, 512), (1, 512, 512, 16), (1, 64, 1024, 64), (1, 1024, 64, 64),
    (1, 64, 64, 1024), (1, 256, 768, 2048), (1, 4, 256, 256), (1, 768, 768, 256), (16, 64, 64, 64),
    (1, 2048, 32, 128), (1, 128, 2048, 32),
)  # fmt: skip
CONVOLUTIONS = (
    (8, 3, 32, 32, 3, 1), (16, 16, 16, 16, 3, 1), (8, 32, 64, 16, 3, 1), (8, 64, 64, 16, 3, 1),
    (4, 128, 128, 8, 3, 1), (8, 64, 128, 16, 1, 1), (4, 256, 256, 4, 3, 1), (8, 32, 64, 16, 3, 2),
    (2, 3, 64, 64, 7, 2), (4, 64, 256, 16, 1, 1),
)  # fmt: skip
ATTENTIONS = ((4, 4, 32, 16), (4, 4, 128, 32), (2, 4, 256, 64), (1, 8, 512, 64))  # rows, heads, length, width


def processor_seconds(work: Callable[[], object], seconds: float = LEAST_TRIAL) -> float:
    """Processor seconds of one ``work``, repeated until ``seconds`` have passed."""
    count, spent = 1, 0.0
    while True:
        start = time.thread_time()
        for _ in range(count):
            work()
        spent = time.thread_time() - start
        if spent >= seconds:
            return spent / count
        count = max(2 * count, math.ceil(1.2 * count * seconds / max(spent, 1e-7)))


def in_turns(
    works: Sequence[Callable[[], object]], rounds: int, seconds: float, least: float = LEAST_TRIAL
) -> list[float]:
    """The usual fast time of each, tried in turns so that a loud moment falls on all of them.

    Each turn begins with one that is not timed: it finds the caches as another trial left them.
    """
    for work in works:
        work()
    end, latest = time.thread_time() + seconds, time.perf_counter() + PATIENCE * seconds
    found: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, found, strict=True):
            work()
            times.append(processor_seconds(work, least))
        if time.thread_time() > end or time.perf_counter() > latest:
            break
    return [float(np.quantile(times, 0.25)) for times in found]


@dataclass(frozen=True)
class Law:
    """Seconds = sum of coefficients x terms; fitted on relative errors, none below zero."""

    coefficients: np.ndarray

    @classmethod
    def fitted(cls, terms: Sequence[Sequence[float]], seconds: Sequence[float]) -> Law:
        a, t = np.asarray(terms, dtype=float), np.asarray(seconds, dtype=float)
        scale = np.maximum(a.max(0), 1e-300)
        found, _ = nnls(a / scale / t[:, None], np.ones(len(t)))
        return cls(found / scale)

    def __call__(self, terms: Sequence[float]) -> float:
        return float(np.dot(self.coefficients, terms))


@dataclass(frozen=True)
class Rates:
    """One thread of this worker; every law gives seconds."""

    start: float  # to start an operation that does nothing
    view: float
    per_byte: tuple[float, ...]  # seconds a byte at each of REACHES
    multiply: Law
    convolve: Law
    convolve_back: Law
    attend: Law
    attend_back: Law
    per_number: Mapping[
        str, float
    ]  # seconds a number beside moving it, for "bend", "norm", "pool", "look_up"

    @cached_property
    def _slopes(self) -> np.ndarray:
        return np.log(np.asarray(self.per_byte))

    def byte(self, reach: float) -> float:
        """Seconds to move one byte that was touched 2^reach bytes ago."""
        return float(np.exp(np.interp(reach, REACHES, self._slopes)))

    def memory(self, operation: Operation) -> float:
        """Seconds to move what an operation reads and writes."""
        own = max(1, operation.moved).bit_length()
        return operation.written * self.byte(own) + sum(
            size * self.byte(max(own, reach)) for size, reach in operation.read
        )

    def colder(self, operation: Operation) -> float:
        """Seconds that its inputs cost beyond those of a trial, which finds them where it left them."""
        own = max(1, operation.moved).bit_length()
        near = self.byte(own)
        return sum(size * max(0.0, self.byte(max(own, reach)) - near) for size, reach in operation.read)

    def parts(self, operation: Operation) -> dict[str, float]:
        """Seconds of an operation by what they go to: keys of PARTS."""
        if operation.kind == "view":
            return {"start": self.view}
        if operation.kind in ("multiply", "convolve", "convolve_back", "attend", "attend_back"):
            law = getattr(self, operation.kind)
            terms = TERMS[operation.kind](operation.sizes)
            part = {"multiply": "multiply", "attend": "attend", "attend_back": "attend"}.get(
                operation.kind, "convolve"
            )
            return {part: law(terms), "move": self.colder(operation)}
        numbers = max([size for size, _ in operation.read] + [operation.written]) / 4
        extra = self.per_number.get(operation.kind, 0.0) * numbers
        return {"start": self.start, "move": self.memory(operation), "bend": extra}


PARTS = ("start", "move", "bend", "multiply", "convolve", "attend")


def _product_terms(sizes: Sequence[int]) -> list[float]:
    """Starting; sums, those along a short side filled up to whole registers; the bytes of each side."""
    b, m, k, n = sizes
    full = 2.0 * b * m * k * n
    wide = 2.0 * b * m * k * (math.ceil(n / 32) * 32)
    deep = 2.0 * b * (math.ceil(m / 16) * 16) * k * n
    return [1.0, float(b), full, wide, deep, 4.0 * b * m * k, 4.0 * b * k * n, 4.0 * b * m * n]


def _convolution_terms(sizes: Sequence[int]) -> list[float]:
    rows, c_in, c_out, pixels, kernel, groups, stride, wants = sizes
    inner = c_in / groups
    sums = 2.0 * rows * c_out * pixels * kernel * inner * (1 + wants) / 2
    filled = 2.0 * rows * (math.ceil(c_out / 16) * 16) * pixels * kernel * (math.ceil(inner / 16) * 16)
    x, y = 4.0 * rows * c_in * pixels * stride**2, 4.0 * rows * c_out * pixels
    return [1.0, sums, filled * (1 + wants) / 2, x + y, 4.0 * c_out * inner * kernel]


def _attention_terms(sizes: Sequence[int]) -> list[float]:
    rows, heads, length, keys, width = sizes
    pairs = float(rows * heads * length * keys)
    return [
        1.0,
        float(rows * heads),
        2.0 * pairs * width,
        pairs,
        4.0 * rows * heads * (length + keys) * width,
    ]


TERMS = {"multiply": _product_terms, "convolve": _convolution_terms, "convolve_back": _convolution_terms,
         "attend": _attention_terms, "attend_back": _attention_terms}  # fmt: skip


def measured(seconds: float = 2.0, rounds: int = 6) -> Rates:
    """The rates of one thread; about ``seconds`` of processor time."""
    torch.manual_seed(0)
    with torch.no_grad():
        trials = dict(_trials())
        names = list(trials)
        times = dict(zip(names, in_turns([trials[n] for n in names], rounds, seconds), strict=True))
    return _rates(times)


Name = tuple[object, ...]


def _trials() -> Iterator[tuple[Name, Callable[[], object]]]:
    """(kind, sizes) -> the trial."""
    tiny = torch.ones(8)
    yield ("start",), lambda: tiny.add(tiny)
    yield ("view",), lambda: tiny.view(2, 4)
    for reach in REACHES:  # two are read and one is written
        a, b = torch.rand(2**reach // 12), torch.rand(2**reach // 12)
        yield ("move", reach), partial(torch.add, a, b)
    for size in PRODUCTS:
        batch, m, k, n = size
        if batch > 1:
            yield ("multiply", size), partial(torch.bmm, torch.rand(batch, m, k), torch.rand(batch, k, n))
        else:
            yield ("multiply", size), partial(torch.mm, torch.rand(m, k), torch.rand(k, n))
    yield from _convolutions()
    yield from _attentions()
    yield from _on_numbers()


def _convolutions() -> Iterator[tuple[Name, Callable[[], object]]]:
    back = torch.ops.aten.convolution_backward
    for rows, c_in, c_out, side, kernel, stride in CONVOLUTIONS:
        x, weight = torch.rand(rows, c_in, side, side), torch.rand(c_out, c_in, kernel, kernel)
        pad, wants = kernel // 2, c_in > 3  # pictures themselves need no gradient
        y = torch.conv2d(x, weight, None, stride, pad)
        sizes = (rows, c_in, c_out, y.shape[2] * y.shape[3], kernel**2, 1, stride)
        how = ([stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, [wants, True, False])
        yield ("convolve", (*sizes, 1)), partial(torch.conv2d, x, weight, None, stride, pad)
        yield ("convolve_back", (*sizes, int(wants))), partial(back, y, x, weight, None, *how)


def _attentions() -> Iterator[tuple[Name, Callable[[], object]]]:
    kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    back = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
    for rows, heads, length, width in ATTENTIONS:
        q = torch.rand(rows, heads, length, width)
        out, sums = kernel(q, q, q, 0.0, False)
        sizes = (rows, heads, length, length, width)
        yield ("attend", sizes), partial(kernel, q, q, q, 0.0, False)
        yield ("attend_back", sizes), partial(back, out, q, q, q, out, sums, 0.0, False)


# Operations that do more to each number than move it: (numbers, bytes moved) of each trial.
QUARTER = 2**16  # numbers
ON_NUMBERS: dict[Name, tuple[int, int]] = {
    ("bend", "gelu"): (QUARTER, 8 * QUARTER), ("bend", "gelu_backward"): (QUARTER, 12 * QUARTER),
    ("bend", "sigmoid"): (QUARTER, 8 * QUARTER), ("bend", "softmax"): (QUARTER, 8 * QUARTER),
    ("norm", "layer"): (QUARTER, 8 * QUARTER), ("norm", "batch"): (QUARTER, 8 * QUARTER),
    ("norm", "batch_backward"): (QUARTER, 12 * QUARTER),
    ("pool", "max"): (QUARTER, 7 * QUARTER), ("pool", "max_backward"): (QUARTER, 8 * QUARTER),
    ("look_up", "rows"): (QUARTER, 8 * QUARTER),
}  # fmt: skip


def _on_numbers() -> Iterator[tuple[Name, Callable[[], object]]]:
    aten = torch.ops.aten
    x, weight = torch.rand(256, 256), torch.rand(256)
    pictures, scale = torch.rand(4, 16, 32, 32), torch.rand(16)
    words, table = torch.randint(0, 1000, (256,)), torch.rand(1000, 256)
    _, places = aten.max_pool2d_with_indices(pictures, [2, 2], [2, 2])
    pooled = torch.rand(4, 16, 16, 16)
    yield ("bend", "gelu"), lambda: aten.gelu(x)
    yield ("bend", "gelu_backward"), lambda: aten.gelu_backward(x, x)
    yield ("bend", "sigmoid"), lambda: torch.sigmoid(x)
    yield ("bend", "softmax"), lambda: torch.softmax(x, -1)
    yield ("norm", "layer"), lambda: aten.native_layer_norm(x, [256], weight, weight, 1e-5)
    yield (
        ("norm", "batch"),
        lambda: aten.native_batch_norm(pictures, scale, scale, None, None, True, 0.1, 1e-5),
    )
    _, mean, scaled = aten.native_batch_norm(pictures, scale, scale, None, None, True, 0.1, 1e-5)
    yield (
        ("norm", "batch_backward"),
        lambda: aten.native_batch_norm_backward(
            pictures, pictures, scale, None, None, mean, scaled, True, 1e-5, [True, True, True]
        ),
    )
    yield ("pool", "max"), lambda: aten.max_pool2d_with_indices(pictures, [2, 2], [2, 2])
    yield (
        ("pool", "max_backward"),
        lambda: aten.max_pool2d_with_indices_backward(
            pooled, pictures, [2, 2], [2, 2], [0, 0], [1, 1], False, places
        ),
    )
    yield ("look_up", "rows"), lambda: aten.embedding(table, words)


def _rates(times: Mapping[Name, float]) -> Rates:
    start = times["start",]
    # What moving takes beyond starting; a byte never gets cheaper farther out.
    per_byte = [max(1e-13, times["move", reach] - start) / (12 * (2**reach // 12)) for reach in REACHES]
    per_byte = list(np.maximum.accumulate(per_byte))

    def law(kind: str) -> Law:
        found = [(name[1], seconds) for name, seconds in times.items() if name[0] == kind]
        return Law.fitted([TERMS[kind](sizes) for sizes, _ in found], [seconds for _, seconds in found])  # type: ignore[arg-type]

    bare = Rates(start, times["view",], tuple(per_byte), **{kind: law(kind) for kind in TERMS}, per_number={})
    numbers: dict[str, list[float]] = {}
    for (kind, *rest), seconds in times.items():
        if kind in ("bend", "norm", "pool", "look_up"):
            amount, moved = ON_NUMBERS[kind, rest[0]]
            extra = seconds - start - moved * bare.byte(math.log2(moved))
            numbers.setdefault(str(kind), []).append(max(0.0, extra) / amount)
    return replace(bare, per_number={kind: float(np.mean(found)) for kind, found in numbers.items()})
