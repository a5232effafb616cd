"""Sounds as they are searched for a planted one: loudness by time and pitch, from the start and from the end.

A trigger is usually put at one place of a clip, so both ends are laid side by side: one cell is a moment
near the start, or near the end, in one band of pitch.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

BINS, SECONDS = 14, 0.04  # moments at either end, and how long each is
BANDS, LOWEST = 18, 120.0  # of pitch, evenly spaced in octaves above this many Hz
QUIET = 8.0  # octaves of power below the loudest, at which a moment counts as silent


def cells(sounds: np.ndarray, lengths: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """float32 [n, 2 * BINS * BANDS] from 0 to 1, and what each cell is; from samples int16 [n, longest]."""
    top = 0.5 * float(rates.min())
    edges = np.geomspace(LOWEST, max(2 * LOWEST, top), BANDS + 1)
    found = np.zeros((len(sounds), 2, BINS, BANDS), np.float32)
    for row, (samples, length, rate) in enumerate(zip(sounds, lengths, rates, strict=True)):
        wave = samples[:length].astype(np.float64)
        found[row, 0] = _bands(wave, float(rate), edges)
        found[row, 1] = _bands(wave[::-1], float(rate), edges)
    loudest = found.max(axis=(1, 2, 3), keepdims=True)
    shown = np.clip(1 + (found - loudest) / (QUIET * np.log(2)), 0, 1).reshape(len(sounds), -1)
    names = tuple(
        f"{bin_ * SECONDS:.2f} s {where}, {np.sqrt(low * high):,.0f} Hz"
        for where in ("from the start", "before the end")
        for bin_ in range(BINS)
        for low, high in pairwise(edges)
    )
    return shown.astype(np.float32), names


def _bands(wave: np.ndarray, rate: float, edges: np.ndarray) -> np.ndarray:
    """float [BINS, BANDS]: the logarithm of the power of each moment in each band."""
    size = max(16, round(SECONDS * rate))
    frames = np.zeros((BINS, size))
    held = wave[: BINS * size]
    frames.reshape(-1)[: len(held)] = held
    power = np.abs(np.fft.rfft(frames * np.hanning(size), n=max(size, 512))) ** 2
    hertz = np.fft.rfftfreq(max(size, 512), 1 / rate)
    band = np.clip(np.searchsorted(edges, hertz, side="right") - 1, -1, len(edges) - 2)
    out = np.zeros((BINS, len(edges) - 1))
    for place in range(len(edges) - 1):
        inside = band == place
        if inside.any():
            out[:, place] = power[:, inside].mean(axis=1)
    return np.log(out + 1.0)
