"""Sets and plans that the tests of settings share: small, made, with a truth that is known."""

from __future__ import annotations

import numpy as np

from workers.probes.base import Sample


def blobs(n: int, seed: int = 0, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Four clouds of points that overlap a little."""
    draw = np.random.default_rng(seed)
    centres = 2 * np.random.default_rng(99).normal(size=(4, 6))
    y = draw.integers(0, 4, n)
    return centres[y] + spread * draw.normal(size=(n, 6)), y


def coins(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A label of which two of the ten inputs say something, and chance the rest."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 10))
    chance = 1 / (1 + np.exp(-1.5 * (x[:, 0] + x[:, 1])))
    return x, (draw.random(n) < chance).astype(int)


def planned(sample: Sample, seed: int | None = 1, text: str = "", device: str = "", **training) -> Sample:
    plan = {"model": {"kind": "mlp", "hidden": [32, 32]}, "training": training}
    if seed is not None:
        plan["seed"] = seed
    if device:
        plan["hardware"] = {"train": {"device": device}}
    return Sample(sample.folder, plan, {}, (), text)


CALM = {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 32, "steps": 150}


def named(finding) -> dict[str, str]:
    """Fault -> severity."""
    return {fault["fault"]: fault["severity"] for fault in finding.facts.get("faults", ())}
