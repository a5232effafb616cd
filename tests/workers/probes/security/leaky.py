"""Data sets and plans from which a model leaks much or little, made from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

OVERFITTED: dict[str, Any] = {
    "model": {"kind": "mlp", "hidden": [64, 64]},
    "training": {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 64, "steps": 2000},
}
REGULARISED: dict[str, Any] = {
    "model": {"kind": "mlp", "hidden": [64, 64]},
    "training": {
        "optimizer": "adam", "learning_rate": 0.005, "batch_size": 64, "steps": 150, "weight_decay": 0.1,
        "dropout": 0.3,
    },
}  # fmt: skip


def teacher(
    seed: int, rows: int = 1500, inputs: int = 20, noise: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of a random two-layer net with noise on its outputs: features [rows, inputs], classes [rows]."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, inputs))
    outputs = np.tanh(x @ draw.normal(size=(inputs, 16))) @ draw.normal(size=(16, 2))
    outputs = (outputs - outputs.mean(0)) / outputs.std(0)
    return x.astype(np.float32), (outputs + noise * draw.gumbel(size=outputs.shape)).argmax(1)


def mislabelled(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The labels with a share of them changed to another class."""
    draw, classes = np.random.default_rng([seed, 1]), int(labels.max()) + 1
    wrong = draw.random(len(labels)) < share
    changed = labels.copy()
    changed[wrong] = (labels[wrong] + draw.integers(1, classes, int(wrong.sum()))) % classes
    return changed
