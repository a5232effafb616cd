"""Rows of a table, of texts cut into tokens, or windows of a series, as they lie in memory in training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from workers.probes.base import Sample
from workers.probes.hardware.described import Architecture

MOST_ROWS = 20_000
MOST_NUMBERS = 2**25  # that are kept for it: 128 MB


class Rows(Dataset[tuple[Tensor, Tensor]]):
    """Row by row, or a list of rows at once; a window is as many rows in order as the model reads."""

    def __init__(self, values: Tensor, window: int = 1) -> None:
        self.values, self.window = values, window
        self.labels = torch.zeros(len(values), dtype=torch.long)

    def __len__(self) -> int:
        return max(1, len(self.values) - self.window + 1)

    def __getitem__(self, place: int | list[int]) -> tuple[Tensor, Tensor]:
        if isinstance(place, list):
            at = torch.tensor(place)
            if self.window > 1:
                return self.values[at[:, None] + torch.arange(self.window)], self.labels[at]
            return self.values[at], self.labels[at]
        if self.window > 1:
            return self.values[place : place + self.window], self.labels[place]
        return self.values[place], self.labels[place]


def of(sample: Sample, model: Architecture) -> Rows:
    """The prepared rows as the plan's model takes them."""
    count = max(2, min(MOST_ROWS, sample.rows))
    if model.words:  # tokens of the planned length: only their size matters here
        count = max(2, min(count, MOST_NUMBERS // max(1, model.row[0])))
        return Rows(torch.zeros(count, model.row[0], dtype=torch.long))
    features = sample.features
    count = max(1, min(len(features), MOST_NUMBERS // max(1, features.shape[1])))
    values = torch.from_numpy(np.ascontiguousarray(features[:count]))
    window = min(model.repeats, max(1, count // 2)) if model.family == "lstm" else 1
    return Rows(values, window)
