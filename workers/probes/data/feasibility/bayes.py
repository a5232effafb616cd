"""How well can anything do here? Bounds of the error that the inputs leave to every model.

Classes: the leave-one-out error R of the nearest neighbour lies between the Bayes error and about twice it,
so that Cover and Hart's inequality (1967) gives a lower bound out of R. It holds for an infinite sample; with
few rows R is too high, in a poor view more so, and therefore the smallest bound over several views counts
(Snoopy: Renggli et al. 2023) and never more than the best model's error. Numbers: the noise variance by the
Gamma test (Evans and Jones 2002), the intercept of half the squared differences of neighbours over distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.probes.data.shared.out_of_fold import folds

NEIGHBOURS, COMPONENTS, FOLDS, NETS = 10, 50, 5, 2
PAIRS = 4  # nearest rows compared with each row; several vary less than one and are hardly farther
SPLITS = 10
BOOTSTRAP = 500
WIDEST_LDA = 200  # components; beyond it a linear discriminant fits noise


@dataclass(frozen=True)
class Bounds:
    """Draws float [bootstrap] of both ends of the smallest possible error, as shares.

    ``views`` are the point estimates of the lower bound, ``models`` the errors of cross-validated models.
    For numbers an error is the share of the variance that is left.
    """

    lower: np.ndarray
    upper: np.ndarray
    views: dict[str, float]
    models: dict[str, float]
    said: np.ndarray  # [n], the best model's predictions of rows it had not seen
    low: float  # the point estimate


def cover_hart(error: np.ndarray | float, classes: int) -> np.ndarray:
    """The lower bound of the Bayes error that a nearest neighbour's error allows."""
    most = (classes - 1) / classes
    return most * (1 - np.sqrt(np.maximum(0.0, 1 - np.asarray(error) / most)))


def distinct(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Places of the rows kept: a copy of a row and its label would be its own nearest neighbour.

    Where columns have few values rows repeat by nature; then repeats are evidence and stay.
    """
    _, first = np.unique(np.column_stack([x, y.astype(np.float64)]), axis=0, return_index=True)
    fine = max((len(np.unique(column)) for column in x.T), default=0) > 0.3 * len(first)
    return np.sort(first) if fine else np.arange(len(y))


def of_classes(
    x: np.ndarray, y: np.ndarray, seed: int, device: str = "cpu", progress: Callable[..., None] | None = None
) -> Bounds:
    """x float32 [n, d] scaled, y int codes [n]."""
    _, y = np.unique(y, return_inverse=True)
    classes, fold = int(y.max()) + 1, folds(x, y, seed)
    wrong, models = {}, {}
    for name, view in _plain_views(x, seed).items():
        near = _nearest(view, PAIRS)[1]
        wrong[name] = (y[near] != y[:, None]).mean(axis=1)
    hidden, said = _network(x, y, classes, fold, seed, device, progress)
    models["network"] = said
    wrong["network's last layer"] = _crossed(hidden, y, fold)
    spaces, said = _discriminant(x, y, fold, seed)
    if spaces:
        models["linear discriminant"] = said
        wrong["linear discriminant"] = _crossed(spaces, y, fold)
    weight = _weights(len(y), seed)
    rates = np.stack([weight @ w for w in wrong.values()], axis=1)
    missed = np.stack([weight @ (s != y) for s in models.values()], axis=1)
    views = {name: float(cover_hart(w.mean(), classes)) for name, w in wrong.items()}
    rate = _smallest(np.stack(list(wrong.values()), axis=1), seed)
    smallest = rates.min(axis=1)
    smallest += rate - smallest.mean()
    errors = {name: float((s != y).mean()) for name, s in models.items()}
    upper = np.minimum(smallest, missed.min(axis=1))
    lower = np.minimum(cover_hart(smallest, classes), upper)
    best = min(errors, key=lambda name: errors[name])
    low = min(float(cover_hart(rate, classes)), *errors.values())
    return Bounds(lower, upper, views, errors, models[best], low)


def _smallest(wrong: np.ndarray, seed: int) -> float:
    """The error of the best view, float [n, views], chosen on one half of the rows and judged on the other.

    The smallest of several noisy errors is too small by itself, most of all near pure guessing.
    """
    rng = np.random.default_rng([seed, 61])
    found = []
    for _ in range(SPLITS):
        half = rng.permutation(len(wrong)) % 2 == 0
        for chosen, judged in ((half, ~half), (~half, half)):
            found.append(wrong[judged, wrong[chosen].mean(axis=0).argmin()].mean())
    return float(np.mean(found))


def of_numbers(
    x: np.ndarray, y: np.ndarray, seed: int, device: str = "cpu", progress: Callable[..., None] | None = None
) -> Bounds:
    """x float32 [n, d] scaled, y float [n]; errors are shares of the variance."""
    z = (y - y.mean()) / max(float(y.std()), 1e-12)
    fold = folds(x, np.zeros(len(y), int), seed)
    weight, views, draws = _weights(len(y), seed), {}, []
    for name, view in _plain_views(x, seed).items():
        distance, near = _nearest(view, NEIGHBOURS)
        half = 0.5 * (z[near] - z[:, None]) ** 2
        views[name] = float(_gamma(distance**2, half, np.full((1, len(z)), 1 / len(z)))[0])
        draws.append(_gamma(distance**2, half, weight))
    hidden, said = _network(x, z.astype(np.float32), 0, fold, seed, device, progress)
    models = {"network": said, "linear": _ridge(x, z, fold)}
    half, squares = np.full((len(z), NEIGHBOURS), np.nan), np.full((len(z), NEIGHBOURS), np.nan)
    for f, space in enumerate(hidden):
        held, shown = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
        if len(held) and len(shown) > NEIGHBOURS:
            distance, near = _nearest(space[shown], NEIGHBOURS, space[held])
            squares[held] = distance**2
            half[held] = 0.5 * (z[shown][near] - z[held][:, None]) ** 2
    known = np.isfinite(half).all(axis=1)
    # the layer was fitted to the neighbours' numbers, so its intercept is no bound; their spread is
    views["network's last layer"] = float(half[known].mean())
    draws.append((weight[:, known] @ half[known].mean(axis=1)) / weight[:, known].sum(axis=1))
    errors = {name: float(((s - z) ** 2).mean()) for name, s in models.items()}
    upper = np.stack([weight @ (s - z) ** 2 for s in models.values()], axis=1).min(axis=1)
    lower = np.minimum(np.stack(draws, axis=1).min(axis=1), upper)
    best = min(errors, key=lambda name: errors[name])
    low = min(*views.values(), *errors.values())
    return Bounds(lower, upper, views, errors, models[best] * y.std() + y.mean(), low)


def _gamma(squares: np.ndarray, half: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Intercepts float [draws]: mean half squared difference over mean squared distance of the k nearest."""
    d, g = weight @ squares, weight @ half  # [draws, k]
    flat = d - d.mean(axis=1, keepdims=True)
    slope = (flat * g).sum(axis=1) / np.maximum((flat**2).sum(axis=1), 1e-12)
    return np.clip(g.mean(axis=1) - np.maximum(slope, 0) * d.mean(axis=1), 0.0, None)


def _weights(n: int, seed: int) -> np.ndarray:
    """Row weights float [bootstrap, n] of rows drawn with replacement, each draw's sum 1."""
    rng = np.random.default_rng([seed, 23])
    return rng.multinomial(n, np.full(n, 1 / n), size=BOOTSTRAP) / n


def _plain_views(x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    views = {"columns": x}
    if x.shape[1] > COMPONENTS:
        views["main components"] = _components(x, COMPONENTS, seed)
    return views


def _components(x: np.ndarray, number: int, seed: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    number = min(number, len(x) - 1, x.shape[1])
    return PCA(number, random_state=seed, svd_solver="randomized").fit_transform(x).astype(np.float32)


def _nearest(x: np.ndarray, k: int, asked: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Distances and places [asked, k] of the nearest rows; of the nearest others where nobody else asks."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=min(k, len(x) - (asked is None))).fit(x)
    return index.kneighbors(asked)


def _crossed(spaces: list[np.ndarray], y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """float [n]: the share of the nearest rows of the other folds, in their space, with another label."""
    wrong = np.zeros(len(y))
    for f, space in enumerate(spaces):
        held, shown = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
        if len(held) and len(shown):
            near = _nearest(space[shown], PAIRS, space[held])[1]
            wrong[held] = (y[shown][near] != y[held][:, None]).mean(axis=1)
    return wrong


def _network(
    x: np.ndarray, y: np.ndarray, classes: int, fold: np.ndarray, seed: int, device: str,
    progress: Callable[..., None] | None,
) -> tuple[list[np.ndarray], np.ndarray]:  # fmt: skip
    """The last hidden layer of each fold's network on all rows, and what two of them say of held rows."""
    from workers.fleet import Head, Member, Net, train

    steps = int(np.clip(20 * len(x) / 64, 200, 600))
    members = [
        Member(seed=seed + 71 * s + f, rows=np.flatnonzero(fold != f), weight_decay=0.1)
        for s in range(NETS) for f in range(FOLDS)
    ]  # fmt: skip
    fleet = train(
        x, y, members, net=Net(hidden=(32,), start="normal"),
        heads=(Head(classes),) if classes else (Head(1, "regression"),), steps=steps, optimizer="adamw",
        device=device, progress=progress,
    )  # fmt: skip
    layer = fleet.take(range(FOLDS)).hidden(x)[-1].detach().cpu().numpy()
    if classes:
        chances = fleet.probabilities(x).reshape(NETS, FOLDS, len(x), classes).mean(axis=0)
        return list(layer), chances[fold, np.arange(len(x))].argmax(axis=-1)
    said = np.nan_to_num(fleet.predict(x)).reshape(NETS, FOLDS, len(x)).mean(axis=0)
    return list(layer), said[fold, np.arange(len(x))]


def _discriminant(
    x: np.ndarray, y: np.ndarray, fold: np.ndarray, seed: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Each fold's linear discriminants on all rows, shrunk by Ledoit and Wolf, and what they predict."""
    import warnings

    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    base = x if x.shape[1] <= WIDEST_LDA else _components(x, WIDEST_LDA // 2, seed)
    spaces, said = [], np.zeros(len(y), y.dtype)
    for f in range(FOLDS):
        shown, held = fold != f, fold == f
        if len(np.unique(y[shown])) < 2 or not held.any():
            return [], said
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # classes of one row
                model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
                model.fit(base[shown], y[shown])
            spaces.append(np.asarray(model.transform(base), np.float32))
        except (np.linalg.LinAlgError, ValueError):
            return [], said
        said[held] = model.predict(base[held])
    return spaces, said


def _ridge(x: np.ndarray, z: np.ndarray, fold: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import Ridge

    said = np.zeros(len(z))
    for f in range(FOLDS):
        if (fold == f).any():
            said[fold == f] = Ridge(10.0).fit(x[fold != f], z[fold != f]).predict(x[fold == f])
    return said
