"""Networks of tables and of sequences: layers, residual layers for tables, recurrent cells."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

CELLS = {"lstm": (nn.LSTMCell, 4), "gru": (nn.GRUCell, 3), "rnn": (nn.RNNCell, 1)}  # and their gates


class MLP(nn.Sequential):
    """Linear layers with ReLU between; no hidden layer is a linear model."""

    def __init__(self, features: int, hidden: list[int], outputs: int, dropout: float = 0.0) -> None:
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(features, width), nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            features = width
        super().__init__(*layers, nn.Linear(features, outputs))


class TableBlock(nn.Module):
    """Gorishniy et al. 2021: norm, wide layer, ReLU, narrow layer, beside a skip."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(F.relu(self.up(self.norm(x))))


class TableResNet(nn.Sequential):
    """A residual network for tables (Gorishniy et al. 2021)."""

    def __init__(self, features: int, width: int, inner: int, layers: int, outputs: int) -> None:
        blocks = [TableBlock(width, inner) for _ in range(layers)]
        last = [nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, outputs)]
        super().__init__(nn.Linear(features, width), *blocks, *last)


class Recurrent(nn.Module):
    """Hochreiter and Schmidhuber 1997 and its relatives, unrolled, so that each time step is counted."""

    def __init__(
        self, cell: str, features: int, hidden: int, layers: int, both_ways: bool, outputs: int,
        vocabulary: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        ways, kind = (2 if both_ways else 1), CELLS[cell][0]
        widths = [features] + [hidden * ways] * (layers - 1)
        self.words = nn.Embedding(vocabulary, features) if vocabulary else None
        self.cells = nn.ModuleList(nn.ModuleList(kind(w, hidden) for _ in range(ways)) for w in widths)
        self.head = nn.Linear(hidden * ways, outputs)

    def forward(self, x: Tensor) -> Tensor:
        steps = list((x if self.words is None else self.words(x)).unbind(1))
        for layer in self.cells:
            runs = []
            for way, cell in enumerate(layer):  # type: ignore[arg-type, var-annotated]
                state, seen = None, []
                for step in steps if not way else steps[::-1]:
                    state = cell(step, state)
                    seen.append(state[0] if isinstance(state, tuple) else state)
                runs.append(seen if not way else seen[::-1])
            steps = [
                torch.cat(parts, -1) if len(parts) > 1 else parts[0] for parts in zip(*runs, strict=True)
            ]
        return self.head(steps[-1])
