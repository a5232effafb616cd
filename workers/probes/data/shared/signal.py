"""Does anything beat guessing? Four unlike scores against the same scores on shuffled labels.

Each score is the agreement between labels and what is said of rows that were not learnt from, so that rare
classes count and no threshold hides them. All four are shuffled together and the largest counts, which
corrects for looking four times. ``Signal.chance`` weighs the two explanations: as high as chance goes, or
anything up to what this many rows could show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_ROWS, SHUFFLES, NEIGHBOURS, BINS = 1_000, 60, 10, 8
RIDGE, STEPS, ALPHA = 30.0, 150, 0.05
BEFORE = 0.5  # chance before looking that there is nothing, where accuracy alone does not tell
MOST_COLUMNS = 400


@dataclass(frozen=True)
class Signal:
    """``z``: the largest score in standard deviations of shuffled ones; ``null`` float [shuffles] of it."""

    z: float
    null: np.ndarray
    p: float
    chance: float  # that the inputs say nothing about the answer
    scores: dict[str, float]


def drawn(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST_ROWS rows at random, of class codes as many of each class as there are or as fit.

    All of a rare class, and fewer of the commonest, show what the inputs say of it; shuffled answers are
    those of the same rows, so that the comparison stays fair.
    """
    if len(y) <= MOST_ROWS:
        return x, y
    rng = np.random.default_rng([seed, 29])
    if y.dtype.kind == "f":
        kept = rng.choice(len(y), MOST_ROWS, replace=False)
    else:
        names, counts = np.unique(y, return_counts=True)
        most = _level(counts, MOST_ROWS)
        kept = np.concatenate([
            rng.choice(found, min(len(found), most), replace=False)
            for found in (np.flatnonzero(y == name) for name in names)
        ])  # fmt: skip
    kept = np.sort(kept)
    return x[kept], y[kept]


def _level(counts: np.ndarray, rows: int) -> int:
    """The most of a class at which all classes together are no more than ``rows``."""
    low, high = 1, int(counts.max())
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= rows else (low, middle - 1)
    return low


def absent(x: np.ndarray, y: np.ndarray, classes: bool, seed: int, device: str = "cpu") -> bool:
    """Whether nothing beats guessing: the largest score is one that shuffled labels give as well."""
    return look(x, y, classes, seed, device).p > ALPHA


def look(x: np.ndarray, y: np.ndarray, classes: bool, seed: int, device: str = "cpu") -> Signal:
    """x float32 [n, d] scaled, y int codes or float [n]."""
    rng = np.random.default_rng([seed, 31])
    orders = np.stack([np.arange(len(y)), *(rng.permutation(len(y)) for _ in range(SHUFFLES))])
    if not classes:  # ranks: one huge number must not be the whole story
        y = np.argsort(np.argsort(y, kind="stable"), kind="stable").astype(float)
    hot = (np.eye(int(y.max()) + 1)[y] if classes else y[:, None]).astype(float)
    hot = (hot - hot.mean(axis=0)) / np.maximum(hot.std(axis=0), 1e-9)
    hot = hot[:, hot.std(axis=0) > 0.5][:, :20]  # a class that nobody has
    part = rng.permutation(len(y)) % 2 == 0
    answers = hot[orders]  # [1 + shuffles, n, outputs]
    scores = {
        "linear": _linear(x, answers, part),
        "neighbours": _neighbours(x, answers),
        "single columns": _columns(x, answers),
        "network": _network(x, y, orders, part, classes, answers, seed, device),
    }
    z = {}
    for name, found in scores.items():
        spread = max(float(found[1:].std()), 1e-9)
        z[name] = (found - found[1:].mean()) / spread
    largest = np.max(list(z.values()), axis=0)
    null = largest[1:]
    p = float((1 + (null >= largest[0]).sum()) / (1 + SHUFFLES))
    return Signal(float(largest[0]), null, p, _chance(float(largest[0]), null, len(y)),
                  {name: float(found[0]) for name, found in z.items()})  # fmt: skip


def _chance(z: float, null: np.ndarray, rows: int) -> float:
    """Posterior that z is one of the null's, a Gumbel through them; else it is anything up to what n show."""
    scale = max(float(null.std()) * 6**0.5 / np.pi, 0.05)
    place = float(null.mean()) - 0.5772 * scale
    t = float(np.clip((z - place) / scale, -30, 60))
    nothing = np.exp(-t - np.exp(-t)) / scale
    widest = max(10.0, 0.5 * rows**0.5)
    something = 1 / widest if z > place - scale else 0.2 / widest
    return float(BEFORE * nothing / (BEFORE * nothing + (1 - BEFORE) * something)) if t > -3 else BEFORE


def _agreement(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """float [shuffles]: mean correlation over outputs of [shuffles, n, outputs] each."""
    said = said - said.mean(axis=1, keepdims=True)
    return ((said * true).mean(axis=1) / np.maximum(said.std(axis=1), 1e-9)).mean(axis=1)


def _linear(x: np.ndarray, answers: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Ridge regression, each half judged by the other; all shuffles are right-hand sides of one system."""
    said = np.empty_like(answers)
    for shown in (part, ~part):
        a = x[shown].astype(float) - x[shown].mean(axis=0)
        b = x[~shown].astype(float) - x[shown].mean(axis=0)
        right = answers[:, shown].transpose(1, 0, 2).reshape(len(a), -1)
        if a.shape[1] <= len(a):
            out = b @ np.linalg.solve(a.T @ a + RIDGE * np.eye(a.shape[1]), a.T @ right)
        else:
            out = (b @ a.T) @ np.linalg.solve(a @ a.T + RIDGE * np.eye(len(a)), right)
        said[:, ~shown] = out.reshape(len(b), len(answers), -1).transpose(1, 0, 2)
    return _agreement(said, answers)


def _neighbours(x: np.ndarray, answers: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(x) - 1)).fit(x)
    near = index.kneighbors(return_distance=False)
    return _agreement(np.mean([answers[:, near[:, k]] for k in range(near.shape[1])], axis=0), answers)


def _columns(x: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The largest share of the answers' spread that the bins of one column hold."""
    best = np.zeros(len(answers))
    flat = answers.transpose(1, 0, 2).reshape(len(x), -1)
    for column in x.T[:MOST_COLUMNS]:
        edges = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, column, side="right")
        member = np.eye(BINS)[bins]
        rows = member.sum(axis=0)[:, None]
        held = ((member.T @ flat) ** 2 / np.maximum(rows, 1)).sum(axis=0) / len(x)
        best = np.maximum(best, held.reshape(len(answers), -1).mean(axis=1))
    return best


def _network(
    x: np.ndarray, y: np.ndarray, orders: np.ndarray, part: np.ndarray, classes: bool, answers: np.ndarray,
    seed: int, device: str,
) -> np.ndarray:  # fmt: skip
    from workers.fleet import Head, Member, Net, train

    number = int(y.max()) + 1 if classes else 0
    if number > 20:
        return np.zeros(len(answers))
    labels = y if classes else (y / max(float(y.std()), 1e-9)).astype(np.float32)
    members = [
        Member(seed=seed, rows=np.flatnonzero(part), weight_decay=0.1, labels=labels[order])
        for order in orders
    ]  # the same seed, so that only the labels differ  # fmt: skip
    fleet = train(
        x, labels, members, net=Net(hidden=(16,), start="normal"), steps=STEPS, optimizer="adamw",
        device=device, heads=(Head(number),) if classes else (Head(1, "regression"),),
    )  # fmt: skip
    held = x[~part]
    true = answers[:, ~part]
    if not classes:
        return _agreement(np.nan_to_num(fleet.predict(held))[:, :, None], true)
    chances = fleet.probabilities(held)[:, :, [c for c in range(number) if (y == c).any()]]
    return _agreement(chances[:, :, : true.shape[2]], true)
