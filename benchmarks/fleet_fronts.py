"""Fleets of convolutions and of word vectors against a plain loop over the same networks.

    python -m benchmarks.fleet_fronts

One thread; the processor's seconds, the median of rounds that alternate. The loop is what one writes without
a fleet: an nn.Sequential a member, cross_entropy, backward, a torch.optim.Adam step, the batch taken by
indexing. Both learn from the same start and batches, and labels that can be learnt; the loop is timed on a
few nets and scaled.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.fleet import machine
from workers.fleet import Convolution, Fleet, Member, Net, WordVectors, train
from workers.fleet.draws import BLOCK, Orders

MEMBERS, LOOPED, BATCH, STEPS, ROUNDS = 32, 6, 64, 64, 3
RATE, ROWS = 0.005, 1_500
RESULT = Path(__file__).parent / "results" / "fleet_fronts.json"
PICTURES = Net((32,), front=Convolution((1, 12, 12), (8, 16)))
SMALL = Net((16,), front=Convolution((1, 8, 8), (8, 8)))
TEXTS = Net((), front=WordVectors(2_000, 32, 16))


def convolutions(net: Net, outputs: int) -> nn.Sequential:
    front = net.front
    assert isinstance(front, Convolution)
    layers: list[nn.Module] = []
    for below, above in zip((front.shape[0], *front.channels), front.channels, strict=False):
        layers += [nn.Conv2d(below, above, 3, padding=1), nn.MaxPool2d(2, ceil_mode=True), nn.ReLU()]
    wide = net.hidden[0]
    top = [nn.Flatten(), nn.Linear(front.features, wide), nn.ReLU(), nn.Linear(wide, outputs)]
    return nn.Sequential(nn.Unflatten(1, front.shape), *layers, *top)


def words(net: Net, outputs: int) -> nn.Sequential:
    front = net.front
    assert isinstance(front, WordVectors)
    return nn.Sequential(
        nn.EmbeddingBag(front.words + 1, front.width, mode="mean", padding_idx=0),
        nn.Linear(front.width, outputs),
    )


def started(made: Callable[[Net, int], nn.Sequential], net: Net, start: Fleet, k: int, outputs: int) -> Any:
    """The k-th member's start as a module."""
    model, values = made(net, outputs), [view[k] for view in start.parameters]
    above = values[net.below :]
    for layer in range(len(net.hidden)):
        above[2 * layer : 2 * layer + 2] = [above[2 * layer].T, above[2 * layer + 1][0]]
    above[-1] = above[-1][:, 0]
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), [*values[: net.below], *above], strict=True):
            parameter.copy_(value)
    return model


def loop(
    made: Callable[[Net, int], nn.Sequential], net: Net, x: np.ndarray, y: np.ndarray, members: list[Member]
) -> tuple[float, np.ndarray]:
    """Seconds for one net after the other, and the logits [K, n, classes] they end with."""
    outputs = int(y.max()) + 1
    start = train(x, y, members, net=net, steps=0)
    began = time.process_time()
    orders = Orders(members, [np.arange(len(x))] * len(members), BATCH)
    batches = torch.from_numpy(np.concatenate([orders.block() for _ in range(STEPS // BLOCK)]))
    xs = torch.from_numpy(x).long() if isinstance(net.front, WordVectors) else torch.from_numpy(x)
    ys, models = torch.from_numpy(y), []
    for k in range(len(members)):
        model = started(made, net, start, k, outputs)
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        for step in range(STEPS):
            rows = batches[step, k]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(xs[rows]), ys[rows]).backward()
            optimizer.step()
        models.append(model)
    seconds = time.process_time() - began
    with torch.no_grad():
        return seconds, np.stack([model(xs).numpy() for model in models])


def compared(made: Callable[[Net, int], nn.Sequential], net: Net, x: np.ndarray) -> dict[str, Any]:
    known = np.random.default_rng(1).normal(
        size=(2_001 if isinstance(net.front, WordVectors) else x.shape[1], 5)
    )
    said = known[x.astype(int)].sum(1) if isinstance(net.front, WordVectors) else x @ known
    y = said.argmax(1)
    members = [Member(seed=seed, learning_rate=RATE) for seed in range(MEMBERS)]
    loop(made, net, x, y, members[:1]), train(x, y, members[:2], net=net, steps=2)  # what loads lazily
    ratios, alike = [], 1.0
    for _ in range(ROUNDS):
        looped, wanted = loop(made, net, x, y, members[:LOOPED])
        began = time.process_time()
        fleet = train(x, y, members, net=net, steps=STEPS, batch=BATCH)
        ratios.append(looped * MEMBERS / LOOPED / (time.process_time() - began))
        got = fleet.take(range(LOOPED)).logits(x).detach().numpy()
        alike = min(alike, float((got.argmax(-1) == wanted.argmax(-1)).mean()))
    return {"ratio": round(statistics.median(ratios), 2), "rounds": [round(one, 2) for one in ratios],
            "same_class_share": round(alike, 5)}  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    draw = np.random.default_rng(0)
    pixels = draw.normal(size=(ROWS, 144)).astype(np.float32)
    few = draw.normal(size=(ROWS, 64)).astype(np.float32)
    texts = draw.integers(0, 2_001, (ROWS, 32)).astype(np.float32)
    parts = {
        "convolutions of 8 and 16 channels on 12 x 12": compared(convolutions, PICTURES, pixels),
        "convolutions of 8 and 8 channels on 8 x 8": compared(convolutions, SMALL, few),
        "vectors of 2,000 words": compared(words, TEXTS, texts),
    }
    figures = [
        {"name": f"{name}, times as fast as the loop", "bar": ">= 1", "value": one["ratio"],
         "reached": one["ratio"] >= 1}
        for name, one in parts.items()
    ]  # fmt: skip
    alike = min(one["same_class_share"] for one in parts.values())
    figures.append({"name": "share of rows given the class that the loop's nets give", "bar": ">= 0.99",
                    "value": alike, "reached": alike >= 0.99})  # fmt: skip
    result = {
        "what": f"fleets of {MEMBERS} nets with convolutions or word vectors",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": figures,
        "parts": parts,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for figure in figures:
        print(f"{figure['name']}: {figure['value']} ({figure['bar']})")


if __name__ == "__main__":
    main()
