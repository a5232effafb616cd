"""Every way of looking for a mark, one after the other: what is found, and how its rows read without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from workers.probes.security.poisoning import (
    blends,
    confirm,
    content,
    faint,
    pairs,
    pixels,
    repeats,
    roaming,
    suspects,
    values,
)
from workers.probes.security.poisoning.content import Read
from workers.probes.security.poisoning.ground import Ground, near_space
from workers.probes.security.poisoning.suspects import Shared

SAME = 0.3  # share of a mark's rows that may be another's before both count as one


def search(found: Ground, seed: int, ruled: Callable[[Shared], bool] = lambda one: False) -> Iterator[Shared]:
    """Marks whose rows are of one class and read like others without them; ``ruled`` tells which to skip."""
    kept = []
    for one in (*values.search(found, seed), *pixels.search(found, seed)):
        if not ruled(one):
            kept.append(one)
            yield one
    known = np.concatenate([one.rows for one in kept] or [np.empty(0, int)])
    for one in (*roaming.search(found, known, seed), *faint.search(found, known, seed)):
        kept.append(one)
        yield one
    for one in suspects.search(found, seed):
        if not suspects.sure(one) or ruled(one):
            continue
        if any(np.isin(one.rows, other.rows).mean() > SAME for other in kept):
            continue
        away = confirm.contradicted(found, one)
        if away is None:
            continue  # without the mark they still look like their class: it belongs to the class
        if not found.whole and _a_rule(found, one, seed):
            continue
        kept.append(one)
        yield replace(one, look=Read(away, confirm.instead(found, one), one.p))


def few(found: Ground, seed: int) -> list[Shared]:
    """Marks on too few rows to be counted, or told from their class by no look at the rest; the surest first.

    Their p is that of a rank or of a label, over every one that was asked, and may be large.
    """
    told = [*pairs.search(found, seed), *repeats.search(found, seed), *blends.search(found, seed)]
    kept: list[Shared] = []
    for one in sorted(told, key=lambda one: one.p):
        if not any(np.isin(one.rows, other.rows).mean() > SAME for other in kept):
            kept.append(one)
    return kept


def _a_rule(found: Ground, one: Shared, seed: int) -> bool:
    """Whether the mark's rows are of any class without it, as where a rule gives them all one label."""
    seen = ~np.isin(found.columns, found.columns[one.mark.columns])
    x = near_space(found.x, False)
    carriers = one.mark.carried(x, x)
    return bool(seen.any()) and (
        content.read(x[:, seen], found.y, one.label, carriers, 1, False, seed) is None
    )
