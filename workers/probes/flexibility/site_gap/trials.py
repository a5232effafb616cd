"""Leaving out one source at a time: scores on its rows by networks that know it, and that do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.fleet import Head, Member, train
from workers.probes.base import Budget
from workers.probes.flexibility import balance
from workers.probes.surrogate import Surrogate, row_scores

DRAWS = 400
SURELY = 3.5  # standard errors under luck: 1 part in 4,000 by chance, as several are looked at
CLEARLY = 0.1  # above luck, where the other parts have to be for one to contradict them [judgement]
FEWEST_ROWS = 10  # judged rows of a part
KNOWN = 5  # rows of a class elsewhere, without which leaving a source out leaves the class out
KEPT = 0.6  # share of a part's rows that must be of classes known elsewhere


@dataclass(frozen=True, eq=False)
class Scores:
    """float64 [seeds, n], of rows known and unknown; ``tested`` says how much they count."""

    seen: np.ndarray
    unseen: np.ndarray
    tested: np.ndarray


def judged(part: np.ndarray, y: np.ndarray, head: Head, parts: int) -> np.ndarray:
    """bool [n]: rows that can be judged when their part is left out."""
    able = part >= 0
    for place in range(parts):
        own = part == place
        if head.task == "classification":
            elsewhere = np.bincount(y[~own], minlength=head.outputs) >= KNOWN
            if elsewhere.sum() < 2:
                able &= ~own
                continue
            able &= ~own | elsewhere[y]
        if (able & own).sum() < max(FEWEST_ROWS, KEPT * own.sum()):
            able &= ~own
    return able


def run(
    x: np.ndarray, y: np.ndarray, head: Head, part: np.ndarray, able: np.ndarray, centre: Surrogate,
    budget: Budget, seeds: int, salt: int = 0,
) -> Scores:  # fmt: skip
    """Each seed halves each part: on one half of it those are judged that saw the other half, or none.

    Both have equally many rows of each class, so that only what the rows are from differs.
    """
    left = np.unique(part[able])
    spread = float(np.var(y)) if head.task == "regression" else None
    every = np.arange(len(y))
    learnt = balance.learnt(y, every, head.task)
    counted = balance.counted(y, every, every, head.task)
    members: list[Member] = []
    tests: list[np.ndarray] = []
    for seed in range(seeds):
        draw = np.random.default_rng([budget.seed, 61 + salt, seed])
        half = np.zeros(len(x), bool)
        half[draw.permutation(len(x))[::2]] = True
        order = draw.permutation(len(x))
        for place in left:
            own = part == place
            others, beside = order[~own[order]], order[(own & half)[order]]
            mixed = _mixed(others, beside, y if head.task == "classification" else None)
            members += [
                centre.member(1000 * budget.seed + seed, rows=rows, weights=learnt)
                for rows in (mixed, others)
            ]
            tests.append(np.flatnonzero(own & ~half & able))
    fleet = train(
        x, y, members, net=centre.net, heads=(head,), steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, device=budget.device,
    )  # fmt: skip
    seen, unseen = np.zeros((seeds, len(x))), np.zeros((seeds, len(x)))
    tested = np.zeros((seeds, len(x)))
    for place, rows in enumerate(tests):
        if not len(rows):
            continue
        seed = place // len(left)
        pair = row_scores(fleet.take([2 * place, 2 * place + 1]), x[rows], y[rows], 0, spread)
        seen[seed, rows], unseen[seed, rows] = pair
        tested[seed, rows] = counted[rows]
    return Scores(seen, unseen, tested)


def _mixed(others: np.ndarray, beside: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    """As many rows of each class as ``others``, of both kinds in the shares in which there are such."""
    chosen = []
    for label in [None] if y is None else np.unique(y[others]):
        far = others if label is None else others[y[others] == label]  # type: ignore[index]
        near = beside if label is None else beside[y[beside] == label]  # type: ignore[index]
        keep = round(len(far) ** 2 / (len(far) + len(near)))
        chosen += [far[:keep], near[: len(far) - keep]]
    return np.concatenate(chosen)


@dataclass(frozen=True, eq=False)
class Gaps:
    """Points lost when a source is unknown: the mean over parts and each part's own, with draws."""

    mean: float
    low: float
    high: float
    parts: np.ndarray  # [parts]; NaN where a part was not judged
    part_draws: np.ndarray  # [draws, parts]
    seen: np.ndarray  # [parts], points
    unseen: np.ndarray


def gaps(scores: Scores, part: np.ndarray, parts: int, seed: int) -> Gaps:
    """Rows, seeds and parts are drawn again: the next site is one more of them."""
    draw = np.random.default_rng([seed, 67])
    seeds, n = scores.seen.shape
    member = np.zeros((n, parts))
    inside = part >= 0
    member[inside, part[inside]] = 1.0
    by_rows = draw.poisson(1.0, (DRAWS, n)).astype(np.float64)
    by_rows[0] = 1.0
    by_seeds = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=DRAWS)
    by_seeds[0] = 1

    def per_part(values: np.ndarray) -> np.ndarray:
        """[DRAWS, parts]: the mean over tested rows and seeds."""
        total = np.zeros((DRAWS, parts))
        for place in range(seeds):
            total += by_seeds[:, place, None] * ((by_rows * values[place]) @ member)
        return total

    rows = per_part(scores.tested)
    with np.errstate(invalid="ignore"):
        lost = (
            100 * per_part((scores.seen - scores.unseen) * scores.tested) / np.where(rows > 0, rows, np.nan)
        )
        seen = 100 * per_part(scores.seen * scores.tested)[0] / rows[0]
        unseen = 100 * per_part(scores.unseen * scores.tested)[0] / rows[0]
    judged_parts = np.flatnonzero(np.isfinite(lost[0]))
    chosen = judged_parts[draw.integers(len(judged_parts), size=(DRAWS, len(judged_parts)))]
    means = np.nanmean(np.take_along_axis(lost, chosen, 1), 1)
    mean = float(np.nanmean(lost[0]))
    low, high = np.nanquantile(means, [0.05, 0.95])
    return Gaps(mean, min(float(low), mean), max(float(high), mean), lost[0], lost, seen, unseen)


def contrary(found: Gaps, part: np.ndarray, y: np.ndarray, able: np.ndarray, parts: int) -> list[int]:
    """Parts whose classes are surely hit less often than by luck, while the others' are hit far more often.

    Whether such a part was seen in training makes no difference: its answers contradict the same inputs
    elsewhere. Luck is to say each class as often as it occurs there.
    """
    # The better of the two: a part that is learnt once it was seen differs, and contradicts nobody.
    out, scores = [], np.maximum(found.seen, found.unseen) / 100
    every = np.arange(len(y))
    counted = balance.counted(y, every, every, "classification")
    for place in np.flatnonzero(np.isfinite(scores)):
        here = (part == place) & able
        shares = np.bincount(y[here]) / here.sum()
        luck = float((shares * np.bincount(y[here], counted[here])).sum() / counted[here].sum())
        rows = counted[here].sum() ** 2 / (counted[here] ** 2).sum()  # as many as would count alike
        error = np.sqrt(max(scores[place] * (1 - scores[place]), 1 / rows) / rows)
        others = float(np.nanmean(np.delete(scores, place)))
        if scores[place] + SURELY * error < luck and others > luck + CLEARLY:
            out.append(int(place))
    return out


def guess(y: np.ndarray, part: np.ndarray, able: np.ndarray, head: Head, judged_parts: np.ndarray) -> float:
    """The score, 0 to 1, of saying the commonest answer everywhere, a part counting as much as another."""
    if head.task == "regression":
        return 0.0
    every = np.arange(len(y))
    counted = balance.counted(y, every, every, head.task) * able
    usual = np.bincount(y, counted).argmax()
    own = [counted * (part == place) for place in judged_parts]
    return float(np.mean([one[y == usual].sum() / max(1e-9, one.sum()) for one in own]))
