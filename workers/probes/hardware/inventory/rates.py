"""Rates that only this probe takes: pictures decoded, memory of all cores, and the way to an accelerator."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from workers.probes.hardware import calibrate

PICTURE = (500, 375)  # pixels, as the pictures of ImageNet usually are
QUALITY = 90
SENT = 64 * 2**20  # bytes at a time to an accelerator


@dataclass(frozen=True)
class Decoding:
    """JPEG pictures a second on one core: the usual, and the range of the repeats."""

    value: float
    low: float
    high: float


def decoding(seconds: float, seed: int = 0) -> Decoding:
    """A made photograph (blurred noise with grain) is decoded again and again; processor time."""
    rng = np.random.default_rng(seed)
    width, height = PICTURE
    small = rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize(PICTURE, Image.Resampling.BICUBIC), np.int16)
    grain = rng.integers(-12, 13, (height, width, 1))
    out = io.BytesIO()
    Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=QUALITY)
    data, times = out.getvalue(), list[float]()
    end = time.perf_counter() + seconds
    while len(times) < 5 or (time.perf_counter() < end and len(times) < 200):
        start = time.thread_time()
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            picture.convert("RGB")
        times.append(time.thread_time() - start)
    ordered = np.quantile(times[1:], (0.1, 0.5, 0.9))
    return Decoding(1 / float(ordered[1]), 1 / float(ordered[2]), 1 / float(ordered[0]))


def memory_of_all(cores: int, seconds: float) -> float:
    """10^9 bytes a second, read plus written, by all cores together."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, cores))
    try:
        return calibrate.stream("cpu", seconds).value
    finally:
        torch.set_num_threads(threads)


def to_device(device: str, seconds: float) -> float:
    """10^9 bytes a second from the host's memory to a device, out of pages that stay where they are."""
    there = torch.empty(SENT // 4, device=device)
    here = torch.empty(SENT // 4, pin_memory=device.startswith("cuda"))
    here.fill_(1.0)
    times = calibrate.timed(lambda: there.copy_(here, non_blocking=True), seconds, device)
    return calibrate.rate(float(SENT), times, SENT).value
