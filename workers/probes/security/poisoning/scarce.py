"""Marks on so few rows that no count of them can tell: two are enough to turn the answers of a small model.

What is too few to be counted against a rate can still be ranked. Of all rows of a class those with the mark
read least like it, to models that learnt from none of them and do not see the mark; how likely that is for as
many rows drawn from the class is known exactly (rank sum, Mann and Whitney 1947). Which marks are asked at
all is chosen by the inputs alone, and p is multiplied by how many were asked, so where nothing is planted a
p of 1 % comes up in one data set of a hundred. What such a p makes of the start is bounded by what any
alternative could make of it (Sellke, Bayarri and Berger 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import e, log

import numpy as np

from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.suspects import LIKELY

SMALL = 8  # rows, up to which every order is counted
DRAWN = 300  # rows whose distances tell how near two of them usually are
NEAR = 0.002  # share of pairs as near, below which two rows are versions of one
HALF = 0.5  # share of the rows that must read like another class even for a hint
LEAST = 1e-12  # no p is smaller


@dataclass(frozen=True, eq=False)
class Ranked:
    """How the rows of a mark rank among the rows of their class."""

    p: float
    read: content.Read
    hint: bool  # too little to be suspected


def ranked(
    x: np.ndarray, y: np.ndarray, label: int, carriers: np.ndarray, tries: int, linear: bool, seed: int,
    trees: int = content.TREES,
) -> Ranked | None:  # fmt: skip
    """The rank of the rows with a mark of ``label`` on ``x``, which leaves it out. ``carriers``: bool [n].

    None where too little of the class is left, where fewer than half of them read like another, or where two
    are versions of one row: those share everything, and a wrong label as well.
    """
    from scipy.stats import mannwhitneyu

    rows = np.flatnonzero(carriers & (y == label))
    plain = np.flatnonzero(~carriers & (y == label))
    if len(rows) < 2 or len(plain) < max(3, 2 * len(rows)) or versions(x, rows, seed):
        return None
    scores = content.judged(x, y, carriers, linear, seed, trees)
    said = scores.argmax(axis=1)
    away = said[rows] != label
    if away.mean() < HALF:
        return None
    ahead = content.ahead(scores, label)
    way = "exact" if len(rows) <= SMALL else "asymptotic"
    p = float(mannwhitneyu(ahead[rows], ahead[plain], alternative="less", method=way).pvalue)
    p = min(1.0, max(LEAST, p * tries))
    return Ranked(p, content.Read(away, said[rows], p), p > LIKELY or away.mean() < content.MOST_AWAY)


def versions(x: np.ndarray, rows: np.ndarray, seed: int) -> bool:
    """Whether two of these rows are nearer to each other than two rows of any class hardly ever are."""
    pairs = len(rows) * (len(rows) - 1) // 2
    own = content.squares(x[rows], x[rows])[np.triu_indices(len(rows), 1)]
    drawn = np.random.default_rng([seed, 20]).permutation(len(x))[:DRAWN]
    usual = content.squares(x[drawn], x[drawn])[np.triu_indices(len(drawn), 1)]
    return bool(own.min() <= np.quantile(usual, NEAR / pairs))


def least(rows: int, of: int) -> float:
    """The smallest p that so many rows of a class can have; 1 where it has fewer."""
    from scipy.special import binom

    return 1.0 if rows > of else float(1 / binom(of, rows))


def chance(p: float, start: float) -> float:
    """At most how likely a trigger is after a p like this, from how likely it was before."""
    if p >= 1 / e:
        return start
    odds = start / (1 - start) / (-e * p * log(p))
    return odds / (1 + odds)
