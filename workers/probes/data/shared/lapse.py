"""Wrong labels told apart from classes that overlap: a lapse rate, as in psychophysics.

A model disagrees with a label for two reasons. Where classes overlap it is unsure, and its error fades as
its confidence grows; a wrong label stays wrong however sure the model is. So, with s the model's margin
(log odds of its best class against the second, out of sample),

    P(disagree | s) = rho + (1 - 2 rho) / (1 + exp(a + b (s - top)))

and rho is the share of wrong labels: the floor that confidence does not lower (Wichmann and Hill 2001 for
the curve; it extends the anchor points of Liu and Tao 2016). Each predicted class has its own rho, so that
"dogs called cats" is seen where cats are right; a and b are shared. Fitted by maximum posterior with
log b ~ N(0.4, 0.5): a calibrated margin has b = 1, an averaged one is too modest; and with the assumption
that makes noise identifiable at all: some rows are sure. At ``top``, the margin of the surest tenth, overlap
costs at most about one row in a hundred (a below 4.6 is paid for, with a standard deviation of 0.7) [J].

With more than two classes it also counts which class a label names: overlap names the classes that the
model holds for likely next, wrong labels name any, or mostly one where a class is systematically called
another. That share of each class is learnt with the rows' own chances of being wrong (four rows of prior).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FEW = 25  # predictions of a class; classes with fewer share one rho
LEARNT = 0.5  # share of a class's labels that the models must get right before a label of it can look wrong
ALSO = 0.3, 0.85  # or this share, where predictions of the class hold at least so often
PRIOR, TURNS = (
    4.0,
    15,
)  # rows that say "any other class alike"; rounds of learning who is called what
SURE, SPREAD = 4.6, 0.7  # log odds that overlap leaves at the top margin, and how firmly that is held
SUPPORTED = 2.71  # of ``support``: chance makes as much of overlap in one case of twenty
NAMED = 14.0  # of ``support`` for named classes, by models that are surer than they ought to be [J]
STARTS = tuple((rho, slope) for rho in (-5.0, -2.0, -0.4) for slope in (0.0, 1.0))


@dataclass(frozen=True)
class Lapses:
    """rate, low, high: share of wrong labels with its 90 % interval; wrong float [n]: how surely each is."""

    rate: float
    low: float
    high: float
    wrong: np.ndarray
    slope: float
    floor: np.ndarray = field(default_factory=lambda: np.zeros(0))  # float [n]: rho of the predicted class


def fit(chances: np.ndarray, y: np.ndarray) -> Lapses:
    """Lapses from out-of-fold probabilities float [n, classes] and the labels given int [n]."""
    from scipy.optimize import minimize
    from scipy.special import expit

    logs = np.log(np.clip(chances, 1e-6, 1))
    best = chances.argmax(axis=1)
    two = np.sort(logs, axis=1)[:, -2:]
    margin, disagrees = two[:, 1] - two[:, 0], (best != y).astype(float)
    margin = margin - np.quantile(margin, 0.9)
    group, groups = _groups(best)

    def loss(t: np.ndarray) -> tuple[float, np.ndarray]:
        each = expit(t[2:]) / 2
        rho, slope = each[group], np.exp(t[1])
        hard = expit(-(t[0] + slope * margin))
        p = np.clip(rho + (1 - 2 * rho) * hard, 1e-7, 1 - 1e-7)
        value = -(disagrees * np.log(p) + (1 - disagrees) * np.log(1 - p)).sum()
        by_p = (1 - disagrees) / (1 - p) - disagrees / p
        by_hard = by_p * (1 - 2 * rho) * hard * (1 - hard)
        by_rho = np.bincount(group, by_p * (1 - 2 * hard), groups) * each * (1 - 2 * each)
        unsure = max(0.0, SURE - t[0]) / SPREAD
        value += unsure**2 / 2 + (t[1] - 0.4) ** 2 / 0.5
        ahead = (-by_hard.sum() - unsure / SPREAD, -(by_hard * slope * margin).sum() + (t[1] - 0.4) / 0.25)
        return value, np.concatenate([ahead, by_rho])

    bounds = [(0, 12), (-1.5, 2.5)] + [(-9, 6)] * groups
    fits = [
        minimize(loss, np.r_[SURE, slope, np.full(groups, rho)], jac=True, method="L-BFGS-B", bounds=bounds)
        for rho, slope in STARTS
    ]
    t = min(fits, key=lambda found: found.fun).x
    rho = (expit(t[2:]) / 2)[group]
    hard = expit(-(t[0] + np.exp(t[1]) * margin))
    rate = float(rho.mean())
    rate = rate if rate > 2e-4 else 0.0  # the floor of the bounds, not a finding
    low, high = interval(rate, hard)
    wrong = _posterior(chances, y, rho, hard) * _learnt(best, y)[y]
    return Lapses(rate, low, high, wrong, float(np.exp(t[1])), rho)


def interval(rate: float, hard: np.ndarray) -> tuple[float, float]:
    """90 % interval of the lapse rate: Clopper-Pearson's, over as many rows as the margins are worth.

    A row that the model finds hard tells little about rho; Fisher's information gives its weight.
    """
    from scipy.stats import beta

    floor = max(rate, 0.5 / len(hard))
    p = np.clip(floor + (1 - 2 * floor) * hard, 1e-9, 1 - 1e-9)
    trials = max(1.0, float(((1 - 2 * hard) ** 2 * floor * (1 - floor) / (p * (1 - p))).sum()))
    hits = min(rate * trials, trials)
    low = 0.0 if hits < 0.3 else float(beta.ppf(0.05, hits, trials - hits + 1))
    high = 1.0 if trials - hits < 1e-6 else float(beta.ppf(0.95, hits + 1, trials - hits))
    return min(low, rate), max(high, rate)


def _groups(best: np.ndarray) -> tuple[np.ndarray, int]:
    """int [n], and how many: the predicted class of each row, rare ones together."""
    names, rows = np.unique(best, return_counts=True)
    common = names[rows >= FEW]
    place = np.full(int(names.max()) + 1, len(common))
    place[common] = np.arange(len(common))
    used, group = np.unique(place[best], return_inverse=True)
    return group.reshape(-1), len(used)


def _posterior(chances: np.ndarray, y: np.ndarray, rho: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """float [n]: how surely each label is wrong and the row not merely hard, by its margin and its class."""
    n, classes = chances.shape
    best = chances.argmax(axis=1)
    disagrees = best != y
    likely = chances[np.arange(n), y] / np.maximum(1 - chances.max(axis=1), 1e-9)
    by_overlap = (1 - 2 * rho) * hard * (np.clip(likely, 1e-4, 1) if classes > 2 else 1.0)
    called = np.full((classes, classes), 1 / max(classes - 1, 1))
    wrong = np.zeros(n)
    for _ in range(TURNS if classes > 2 else 1):
        by_noise = rho * called[best, y]
        wrong = disagrees * by_noise / (by_noise + by_overlap + 1e-12)
        seen = np.zeros((classes, classes))
        np.add.at(seen, (best, y), wrong)
        called = (seen + PRIOR / max(classes - 1, 1)) / (seen.sum(axis=1, keepdims=True) + PRIOR)
    return wrong


def _learnt(best: np.ndarray, y: np.ndarray) -> np.ndarray:
    """bool a class: whether the models know it; what nobody can predict is hard, not mislabelled."""
    size = int(max(best.max(), y.max())) + 1
    right = np.bincount(y, best == y, size)
    recall = right / np.maximum(np.bincount(y, minlength=size), 1)
    precision = right / np.maximum(np.bincount(best, minlength=size), 1)
    return (recall >= LEARNT) | ((recall >= ALSO[0]) & (precision >= ALSO[1]))


def confident_region(chances: np.ndarray, y: np.ndarray, share: float = 0.3) -> tuple[int, int]:
    """Labels that differ from the prediction among the surest rows of each class; and how many those are."""
    best, sure = chances.argmax(axis=1), chances.max(axis=1)
    kept = np.zeros(len(y), bool)
    for label in np.unique(best):
        mine = np.flatnonzero(best == label)
        kept[mine[np.argsort(-sure[mine], kind="stable")[: int(np.ceil(share * len(mine)))]]] = True
    return int((best != y)[kept].sum()), int(kept.sum())


def support(views: Sequence[np.ndarray], y: np.ndarray, *, named: bool = False) -> float:
    """How much better wrong labels explain the labels that are missed than classes that overlap do.

    Twice the difference of two log-likelihoods of the labels int [n]: by the views' chances, float
    [n, classes] each, pooled with a power for each, which is what calibrated models make of overlap
    (Genest and Zidek 1986, logarithmic pool; Guo et al. 2017, temperature); and by the same where a share of
    rows names a class however sure the models are: any class alike, or with ``named`` a share of each
    predicted class, and the classes that its labels name. Shares lie on their bound without wrong labels, so
    that for one model and one share this is 0 in half the cases and follows chi-squared with one degree of
    freedom in the others (Self and Liang 1987).

    Views that learnt from every row have learnt which class is called which, and are unsure where one is;
    those that learnt only from rows they believe are surer than they ought to be. So the first are asked for
    labels that name any class, and the others for those that are ``named``.
    """
    from scipy.optimize import minimize
    from scipy.special import expit, softmax

    logs = np.log(np.clip(np.stack(views), 1e-6, 1)).astype(float)
    rows, classes, many = np.arange(len(y)), logs.shape[2], len(logs)
    own, group, called = logs[:, rows, y], np.zeros(len(y), int), np.full(len(y), 1 / classes)
    if named:
        group = np.mean(views, axis=0).argmax(axis=1)
        other = 1 - np.eye(classes)
        seen = PRIOR * other / max(classes - 1, 1)
        np.add.at(seen, (group, y), other[group, y])
        called = (seen / seen.sum(axis=1, keepdims=True))[group, y]
    shares = classes if named else 1

    def loss(t: np.ndarray) -> tuple[float, np.ndarray]:
        powers, blind = np.exp(t[:many]), expit(t[many:])[group] if len(t) > many else np.zeros(len(y))
        chances = softmax(np.tensordot(powers, logs, 1), axis=1)
        said = chances[rows, y]
        p = np.maximum((1 - blind) * said + blind * called, 1e-12)
        by_power = powers * (((1 - blind) * said / p) * (own - (chances * logs).sum(2))).sum(1)
        by_blind = np.bincount(group, (called - said) / p * blind * (1 - blind), shares)
        return float(-np.log(p).sum()), -np.append(by_power, by_blind)[: len(t)]

    def best(*starts: np.ndarray) -> Any:
        fits = [
            minimize(loss, one, jac=True, method="L-BFGS-B",
                     bounds=[(-8.0, 8.0)] * many + [(-12.0, 12.0)] * (len(one) - many))
            for one in starts
        ]  # fmt: skip
        return min(fits, key=lambda fit: fit.fun)

    even = np.full(many, -np.log(many))
    overlap = best(even, even - 1.5)
    starts = [(powers, share) for powers in (overlap.x, even, even + 1) for share in (-2.0, 0.5)]
    lapses = best(*(np.append(powers, np.full(shares, share)) for powers, share in starts))
    return max(0.0, 2 * (overlap.fun - lapses.fun))
