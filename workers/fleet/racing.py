"""Many settings of which only the best need be trained to the end: successive halving, as one fleet.

Jamieson and Talwalkar (2016), "Non-stochastic best arm identification"; with a third kept at each rung as in
Li and others (2018), "Hyperband". All members train a rung's steps, are scored, and the worse ones leave; the
rest go on where they are, with their moments, batch order and dropout. So who stays to the end is, to 1e-5,
what the same member trained alone would have become.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from workers.fleet.draws import BLOCK
from workers.fleet.members import Head, Member, Net, as_heads, guess_heads
from workers.fleet.result import Fleet
from workers.fleet.training import Recipe, Training, group_size

KEPT = 3  # one in so many goes on after a rung
FEWEST = 4  # go on, however few there were


def race(
    x: Any,
    targets: Any,
    members: Sequence[Member],
    score: Callable[[Fleet], np.ndarray],
    *,
    net: Net | None = None,
    heads: Sequence[Head] | None = None,
    steps: int = 300,
    batch: int = 64,
    optimizer: str = "adam",
    kept: int = KEPT,
    device: str = "cpu",
    schedule: str = "constant",
    warmup: float = 0.0,
) -> tuple[Fleet, np.ndarray]:
    """The members that reached the end, best first, and their places in ``members``.

    ``score`` gets a fleet as it is at a rung and says float [K] how good each is; higher is better. Rungs
    stand after 32, 64, 128 ... steps, and all who stay train ``steps``, over which a schedule of rates runs.
    ``x`` is [n, d], for all members; nobody stops early.
    """
    if not members:
        raise ValueError("A race needs at least one member.")
    torch.set_flush_denormal(True)
    shared = as_heads(targets)
    recipe = Recipe(
        net or Net(), tuple(heads) if heads else guess_heads(shared, members), int(steps), int(batch),
        optimizer, 0, 1, None, None, None, device, schedule, warmup,
    )  # fmt: skip
    data = torch.as_tensor(np.asarray(x, np.float32)).to(device)
    size = group_size(recipe, data)
    groups = [
        Training(
            data,
            shared,
            list(members[first : first + size]),
            recipe,
            None,
            None,
            numbers(first, size, members),
        )
        for first in range(0, len(members), size)
    ]
    for rung in rungs(steps):
        for group in groups:
            group.advance(rung)
        if rung < steps:
            groups = _closed_up(_best(groups, score, kept), data, shared, recipe, size)
    fleet = Fleet.join([group.now() for group in groups])
    ids = np.concatenate([group.which.numpy() for group in groups])
    order = np.argsort(-score(fleet), kind="stable")
    return fleet.take(order.tolist()), ids[order]


def rungs(steps: int) -> list[int]:
    """After how many steps the worse leave; the last is the end."""
    found, at = [], BLOCK
    while at < steps:
        found.append(at)
        at *= 2
    return [*found, steps]


def numbers(first: int, size: int, members: Sequence[Member]) -> torch.Tensor:
    return torch.arange(first, min(first + size, len(members)))


def _best(
    groups: list[Training], score: Callable[[Fleet], np.ndarray], kept: int
) -> list[tuple[Training, np.ndarray]]:
    """Each group, and the places in it of those that are among the best of all."""
    scores = [np.nan_to_num(score(group.now()), nan=-np.inf) for group in groups]
    many = sum(map(len, scores))
    wanted = min(many, max(FEWEST, -(-many // kept)))
    stay = np.zeros(many, bool)
    stay[np.argsort(-np.concatenate(scores), kind="stable")[:wanted]] = True
    parts = np.split(stay, np.cumsum([len(one) for one in scores])[:-1])
    return [(group, np.flatnonzero(part)) for group, part in zip(groups, parts, strict=True) if part.any()]


def _closed_up(
    staying: list[tuple[Training, np.ndarray]],
    data: torch.Tensor,
    shared: list[np.ndarray],
    recipe: Recipe,
    size: int,
) -> list[Training]:
    """Those that stay in as few groups as hold them: small groups cost as many operations as full ones."""
    groups: list[list[tuple[Training, np.ndarray]]] = [[]]
    room = size
    for one in staying:
        if len(one[1]) > room and groups[-1]:
            groups.append([])
            room = size
        groups[-1].append(one)
        room -= len(one[1])
    return [Training.resumed(parts, data, shared, recipe) for parts in groups]
