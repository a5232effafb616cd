"""How a learning rate changes over a member's own steps."""

from __future__ import annotations

import numpy as np

SCHEDULES = ("constant", "linear", "cosine")


def factors(schedule: str, warmup: float, step: int, steps: np.ndarray) -> np.ndarray:
    """float64 [K]: what the rates are multiplied by in a step (from 0) of members that train ``steps`` [K].

    ``warmup`` is the share of the steps over which rates rise from 0 (Goyal et al. 2017); "cosine" falls to 0
    as Loshchilov and Hutter (2017) have it, without restarts, and "linear" in a line.
    """
    rising = warmup * np.maximum(steps, 1)
    begun = (step + 1) / np.maximum(rising, 1e-9)
    done = np.clip((step - rising) / np.maximum(steps - rising, 1e-9), 0, 1)
    falling = {
        "constant": np.ones_like(done), "linear": 1 - done, "cosine": 0.5 * (1 + np.cos(np.pi * done))
    }[schedule]  # fmt: skip
    return np.where(begun < 1, begun, falling)
