"""What the label probe says: its title, its note, and which class is called which."""

from __future__ import annotations

import math

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared.judged import Judged
from workers.probes.words import count, listed, one_in, percent, pieces

SYSTEMATIC, FEWEST = 0.01, 4  # chance of such a count without a system, over all pairs; and rows, at least


def title(one: Judged) -> str:
    """Says no more and no less than the value and its interval do."""
    found, value = len(one.listed), one.value
    if one.bounded:
        return f"{count(_most(one), 'label')} may be wrong, or the columns do not decide"
    if value < 0.005:
        return "Hardly any label looks wrong" if found else "No label looks wrong"
    if one.low < 0.005:
        return f"Up to {_labels(one.lapses.high)} may be wrong"
    are = "look" if value > 0.4 else "looks"
    return f"About {_labels(value)} {are} wrong" + ("" if found else ", but none stands out")


def _most(one: Judged) -> int:
    """Labels worth a look: no more than the interval says may be wrong, though more rows look doubtful."""
    return max(1, min(len(one.listed), math.floor(one.high * len(one.y)))) if len(one.listed) else 0


def _labels(share: float) -> str:
    """0.1 -> "1 in 10 labels", 0.5 -> "50% of the labels"."""
    return f"{one_in(share)} of the labels" if share > 0.4 else f"{one_in(share)} labels"


def of(sample: Sample, rows: int) -> str:
    """How many of the sample's rows were judged: "500 rows", "500 of 900 rows"."""
    unit = pieces(sample.kind)
    return f"{rows:,} {unit}" if rows == sample.rows else f"{rows:,} of {sample.rows:,} {unit}"


def inconclusive(sample: Sample, one: Judged) -> str:
    found = f"; {count(_most(one), 'label')} would be worth a look" if len(one.listed) else ""
    return (
        f"Inconclusive: in {of(sample, len(one.y))} the columns do not decide {one.target.name}, "
        f"so a wrong label cannot be told from an unlucky case (at most {percent(one.lapses.high)} "
        f"are wrong{found})."
    )


def note(sample: Sample, one: Judged) -> str:
    rows = of(sample, len(one.y))
    low, high = percent(one.low), percent(one.lapses.high)
    between = f"{low} to {high}" if one.low >= 0.0005 else f"at most {high}"
    if not len(one.listed):
        return (
            f"In {rows}, no label{_of(one)} is more likely wrong than the row is hard; "
            f"{between} of them could still be wrong."
        )
    best = one.chances.argmax(axis=1)[one.listed]
    kinds, times = np.unique(np.stack([one.y[one.listed], best], axis=1), axis=0, return_counts=True)
    common = [
        f"{one.classes[kinds[k][0]]} that looks like {one.classes[kinds[k][1]]}"
        for k in np.argsort(-times)[:2]
    ]
    often = f"{'most often ' if len(one.listed) > 1 else ''}{listed(common)}"
    if one.bounded:
        return (
            f"{count(_most(one), 'label')}{_of(one)} in {rows} may be wrong ({often}), "
            "or the columns do not decide the outcome: re-check a few, or add columns that explain it. "
            f"At most {high} of the labels are wrong."
        )
    return (
        f"Let two people look at {count(_most(one), 'label')}{_of(one)} "
        f"({often}); {between} of {len(one.y):,} {pieces(sample.kind)} are likely labelled wrongly."
    )


def _of(one: Judged) -> str:
    """What to put behind "label": nothing where the column's name says no more than "label" does."""
    plain = one.target.name.casefold() in ("label", "labels", "class", "target", "y")
    return "" if plain else f" of {one.target.name}"


def systematic(one: Judged) -> list[dict[str, str | int]]:
    """Classes that are called another one more often than wrong labels without a system would be.

    Without a system, wrong labels fall on classes as rows do and name any other class alike (binomial,
    Bonferroni over all pairs).
    """
    from scipy.stats import binom

    found, classes = one.listed, len(one.classes)
    best = one.chances.argmax(axis=1)
    share = np.bincount(best, minlength=classes) / len(best)
    counted = np.zeros((classes, classes), int)
    np.add.at(counted, (best[found], one.y[found]), 1)
    pairs = classes * (classes - 1)
    told = [
        (int(counted[a, b]), a, b)
        for a in range(classes)
        for b in range(classes)
        if counted[a, b] >= FEWEST
        and binom.sf(counted[a, b] - 1, len(found), share[a] / (classes - 1)) * pairs < SYSTEMATIC
    ]
    return [
        {"expected": one.classes[a], "given": one.classes[b], "count": times}
        for times, a, b in sorted(told, reverse=True)
    ]


def ambiguous(one: Judged) -> list[tuple[int, int]]:
    """Pairs of classes that the models take for each other where no label is suspected, worst first."""
    best, fine = one.chances.argmax(axis=1), one.lapses.wrong <= 0.5
    mixed = np.zeros((len(one.classes),) * 2)
    np.add.at(mixed, (one.y[fine], best[fine]), 1)
    size = np.maximum(mixed.sum(axis=1), 1)
    pairs = [
        ((mixed[a, b] + mixed[b, a]) / (size[a] + size[b]), a, b)
        for a in range(len(size)) for b in range(a) if mixed[a, b] + mixed[b, a] >= 10
    ]  # fmt: skip
    return [(a, b) for share, a, b in sorted(pairs, reverse=True) if share > 0.1]
