"""The course of each way of re-using a model: its score after few and many steps, on few and many rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, Member, train
from workers.probes.base import Budget
from workers.probes.flexibility.reuse.scenarios import Scenario
from workers.probes.surrogate import Surrogate, row_scores

SHARES = (0.1, 0.3, 1.0)  # of the new task's rows
PARTS = (0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)  # of the steps after which all are looked at
FEWEST = 10  # rows of the smallest share
WITHIN = 0.01  # of the score from scratch with all rows: from here on a model counts as as good
DRAWS = 300
# An output alone is a convex problem: it takes larger steps than a whole network, whatever the plan has.
HEAD_OPTIMIZER, HEAD_RATE = "adam", 0.02
HEAD_PART = 1 / 4  # of the steps on the output alone, before the whole model goes on (Kumar et al. 2022)


@dataclass(frozen=True)
class Option:
    """One way with one share of the rows, and what it computes as shares of the first training's."""

    way: str
    share: float
    rows: int
    begin: float = 0.0  # before the first step
    step: float = 1.0  # a step, against one of the first training


@dataclass(frozen=True, eq=False)
class Courses:
    """Scores [options, looks, seeds, test rows]; option 0 is from scratch with all rows."""

    options: tuple[Option, ...]
    steps: np.ndarray  # [looks]
    scores: np.ndarray
    weights: np.ndarray  # [seeds, test rows]
    guess: float  # score of always saying the same


@dataclass(frozen=True)
class Cost:
    """What re-use computes as a share of the first training, and where each option ends."""

    ratio: float  # of the cheapest way, which may be to start anew
    low: float
    high: float
    scratch: float  # the same of a model from scratch that gets as far
    cheapest: float  # of the ways of re-use alone, infinite where none gets there
    wanted: float  # the score to reach
    each: tuple[float, ...]  # an option: its ratio, infinite where it does not get there
    best: int | None  # the cheapest option of re-use
    fewest: int | None  # the option with the fewest rows that gets there


def run(scenario: Scenario, centre: Surrogate, budget: Budget) -> Courses:
    """Every option on every seed."""
    seeds = len(scenario.old)
    looks = np.unique([round(part * centre.steps) for part in PARTS])
    first = [
        centre.member(
            1000 * budget.seed + s,
            rows=rows,
            task_weights=scenario.task_weights(0),
            weights=scenario.learnt[0],
        )
        for s, rows in enumerate(scenario.old)
    ]
    old = _train(scenario, centre, budget, first)[-1]
    orders = [_order(scenario, budget.seed, seed) for seed in range(seeds)]
    sizes = [max(min(FEWEST, len(scenario.new)), round(share * len(scenario.new))) for share in SHARES]

    def members(size: int, **changed: Any) -> list[Member]:
        weights = scenario.task_weights(scenario.head)
        return [
            dataclasses.replace(
                centre.member(
                    1000 * budget.seed
                    + s,  # that of the old model: what differs is what it knows, not its luck
                    rows=orders[s][:size],
                    task_weights=weights,
                    weights=scenario.learnt[scenario.head],
                ),
                **changed,
            )
            for s in range(seeds)
        ]

    scratch = _train(scenario, centre, budget, members(sizes[-1]), looks=looks)
    outputs = [
        member
        for size in sizes
        for member in members(size, freeze_trunk=True, learning_rate=HEAD_RATE, dropout=0.0)
    ]
    start = Fleet.join([old] * len(sizes))
    probes = _train(scenario, centre, budget, outputs, start, looks, HEAD_OPTIMIZER)
    if scenario.fresh:  # an output that knows nothing would first undo what the layers below it know
        start = probes[int(np.argmin(np.abs(looks - HEAD_PART * centre.steps)))]
    tuned = [member for size in sizes for member in members(size)]
    went = [scratch, probes, _train(scenario, centre, budget, tuned, start, looks)]
    options = [Option("scratch", 1.0, sizes[-1]), *_options(scenario, centre, sizes)]
    x, y = scenario.x[scenario.test], scenario.target[scenario.test]
    number = scenario.heads[scenario.head].task == "regression"
    spread = float(np.var(y)) if number else None
    scored = [
        np.stack([row_scores(fleet, x, y, scenario.head, spread) for fleet in fleets]).reshape(
            len(looks), -1, seeds, len(y)
        )
        for fleets in went
    ]
    guess = 0.0 if number else _guess(y, scenario.weights)
    scores = np.concatenate(scored, 1).transpose(1, 0, 2, 3)
    return Courses(tuple(options), looks, scores, scenario.weights, guess)


def _options(scenario: Scenario, centre: Surrogate, sizes: Sequence[int]) -> list[Option]:
    """The ways of re-use with each share of the rows, in the order in which they are trained.

    What frozen layers make of a row is computed once, forward only; then a step is of the output alone. What
    a step computes goes with the weights it passes through.
    """
    wide = centre.net.hidden
    trunk = sum(a * b for a, b in zip((scenario.x.shape[1], *wide[:-1]), wide, strict=True))
    output = wide[-1] * scenario.heads[scenario.head].outputs
    step = output / (trunk + output)
    ways = []
    for way in ("probe", "fine_tune"):
        for share, size in zip(SHARES, sizes, strict=True):
            seen = (
                size * trunk / (3 * centre.steps * centre.batch * (trunk + output))
            )  # a third: forward only
            if way == "probe":
                ways.append(Option(way, share, size, seen, step))
            else:
                ways.append(Option(way, share, size, seen + HEAD_PART * step if scenario.fresh else 0.0))
    return ways


def _train(
    scenario: Scenario, centre: Surrogate, budget: Budget, members: list[Member], start: Fleet | None = None,
    looks: Sequence[int] | np.ndarray = (), optimizer: str = "",
) -> list[Fleet]:  # fmt: skip
    """The fleet after each of these steps; after the last one where none are named."""
    seen: dict[int, list[list[torch.Tensor]]] = {}

    def watch(step: int, parameters: Any, *_: Any) -> None:
        if step in looks:
            seen.setdefault(step, []).append([view.clone() for view in parameters])

    last = train(
        scenario.x, list(scenario.y), members, net=centre.net, heads=scenario.heads, steps=centre.steps,
        batch=centre.batch, optimizer=optimizer or centre.optimizer, start=start, watch=watch,
        device=budget.device,
    )  # fmt: skip
    before = [
        dataclasses.replace(last, parameters=[torch.cat(views) for views in zip(*seen[step], strict=True)])
        for step in looks
        if step < centre.steps
    ]
    return [*before, last]


def _order(scenario: Scenario, seed: int, member: int) -> np.ndarray:
    """The new task's rows in the order in which they come, every class among the first of them."""
    drawn = np.random.default_rng([seed, member, 53]).permutation(scenario.new)
    if scenario.heads[scenario.head].task == "regression":
        return drawn
    firsts = np.unique(scenario.target[drawn], return_index=True)[1]
    return np.concatenate([drawn[firsts], np.delete(drawn, firsts)])


def _guess(y: np.ndarray, weights: np.ndarray) -> float:
    codes = y - y.min()
    return float(max(np.bincount(codes, row).max() / row.sum() for row in weights))


# -- from courses to a price --------------------------------------------------------------------------------
def cost(courses: Courses, seed: int, of: int = 1) -> Cost:
    """What the cheapest way takes to come within a point of scratch; seeds and rows are drawn again.

    The interval holds for the worst of ``of`` scenarios (90 %, Bonferroni). A model from scratch
    that gets as far is one of the ways: nobody re-uses one at a higher price.
    """
    draw = np.random.default_rng([seed, 59])
    seeds, tested = courses.scores.shape[2:]
    by_rows = draw.multinomial(tested, np.full(tested, 1 / tested), size=DRAWS)
    by_seeds = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=DRAWS)
    by_rows[0], by_seeds[0] = 1, 1  # the first draw is what was measured
    parts = (courses.scores * courses.weights) @ by_rows.T / np.maximum(1e-9, courses.weights @ by_rows.T)
    curves = np.einsum("olsd,ds->dol", parts, by_seeds) / seeds
    found = [_costs(courses, curve) for curve in curves]
    each, wanted, scratch = found[0]
    ratios = [min(1.0, one[2], *one[0]) for one in found]
    best = int(np.argmin(each)) if min(each) < 1 else None
    there = [place for place, ratio in enumerate(each) if np.isfinite(ratio)]
    fewest = min(there, key=lambda place: (courses.options[1 + place].rows, each[place]), default=None)
    low, high = np.quantile(ratios, [0.05 / of, 1 - 0.05 / of])
    return Cost(
        ratios[0],
        min(float(low), ratios[0]),
        max(float(high), ratios[0]),
        scratch,
        min(each),
        wanted,
        each,
        best,
        fewest,
    )


def _costs(courses: Courses, curve: np.ndarray) -> tuple[tuple[float, ...], float, float]:
    """Each option's computing as a share of a full training, [options - 1]; the score; and scratch's."""
    wanted = float(curve[0, -1]) - WITHIN
    shares = [
        _computed(option, needed(courses.steps, one, wanted) / courses.steps[-1])
        for one, option in zip(curve, courses.options, strict=True)
    ]
    return tuple(map(float, shares[1:])), wanted, float(shares[0])


def _computed(option: Option, part: float) -> float:
    """What so many of the steps compute; nothing where the old model is as good as it stands."""
    return 0.0 if part == 0 and option.way == "probe" else option.begin + part * option.step


def needed(steps: np.ndarray, curve: np.ndarray, wanted: float) -> float:
    """Steps after which a course reaches what is wanted, on a line between looks; infinite where never."""
    reached = np.flatnonzero(curve >= wanted - 1e-12)
    if not len(reached):
        return float("inf")
    at = int(reached[0])
    if at == 0:
        return float(steps[0])
    part = (wanted - curve[at - 1]) / (curve[at] - curve[at - 1])
    return float(steps[at - 1] + part * (steps[at] - steps[at - 1]))
