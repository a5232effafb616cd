"""Kinds of models that scikit-learn trains: what a plan's words mean there, and what a search may turn.

Plans of XGBoost, LightGBM and CatBoost are tried with scikit-learn's histogram trees, which are grown the
same way; their own defaults stand where the plan says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.hyperparameters.search.knobs import Knob, Setting

BOOSTING, FOREST, KERNEL, LINEAR, NEAREST = "boosting", "forest", "kernel", "linear", "nearest"
BAYES = "bayes"
NAMES = {
    BOOSTING: "boosted trees",
    FOREST: "random forest",
    KERNEL: "support vector machine",
    LINEAR: "linear model",
    NEAREST: "nearest neighbours",
    BAYES: "naive Bayes model",
}
NAIVE = ("naive_bayes", "gaussian_nb", "gaussiannb", "multinomialnb", "multinomial_nb", "bernoullinb",
         "bernoulli_nb", "complementnb", "complement_nb", "categoricalnb", "nb")  # fmt: skip
NEIGHBOURS = ("knn", "k_nn", "k_nearest_neighbors", "k_nearest_neighbours", "nearest_neighbors",
              "nearest_neighbours", "kneighborsclassifier", "kneighborsregressor", "nearest",
              "neighbours")  # fmt: skip
OTHER_NAIVE = ("multinomial", "bernoulli", "complement", "categorical")
DEEPEST = 64.0  # a depth that no tree of some hundred rows reaches: no limit
ALL_TREES = 400.0  # of a boosted model, of all classes together
MOST_TREES = 100.0  # of a trial; more trees of a forest only take away luck


@dataclass(frozen=True)
class Family:
    """What a kind of model is made of: its knobs, the plan's setting, and how it is built."""

    name: str
    knobs: tuple[Knob, ...]
    default: Setting
    build: Callable[[Setting, bool, int], Any]  # setting, whether it predicts classes, seed
    lucky: bool  # whether the same rows can give another model
    caveat: str = ""  # what of the plan was made smaller


def of_kind(kind: str) -> str | None:
    """The family of a plan's model.kind; None for what is none of them."""
    from workers.probes.hardware.kinds import BY_NAME, WITHIN

    plain = kind.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in NEIGHBOURS:
        return NEAREST
    if plain in NAIVE or "naive_bayes" in plain:
        return BAYES
    family = BY_NAME.get(plain) or next((found for word, found in WITHIN if word in plain), None)
    if family is None and ("svm" in plain or "svc" in plain):
        family = KERNEL
    if plain in ("linear_svm", "linear_svc", "linearsvc"):
        return KERNEL
    return family if family in (BOOSTING, FOREST, KERNEL, LINEAR) else None


def read(sample: Sample, family: str, spread: float, columns: int, classes: int) -> Family:
    """The family with the plan's setting; ``spread`` is the variance of all features together."""
    model, training = sample.planned("model", {}), sample.planned("training", {})
    kind = str(model.get("kind", "")).lower()
    made = {FOREST: _forest, NEAREST: _nearest, LINEAR: _linear, BAYES: _naive}
    if family == KERNEL:
        return _kernel(model, kind, spread, columns)
    if family == BOOSTING:
        return _boosting(model, training, kind, classes)
    return made[family](model, training, kind)


def _given(group: Mapping[str, Any], key: str, usual: float) -> float:
    value = group.get(key)
    return usual if value is None else float(value)


def _boosting(model: Mapping[str, Any], training: Mapping[str, Any], kind: str, classes: int) -> Family:
    """Trees grow for each class, so many classes get fewer, which learn as much faster."""
    xgboost = "xgb" in kind
    most = max(20.0, ALL_TREES // (classes if classes > 2 else 1))
    default = {
        "learning_rate": _given(training, "learning_rate", 0.3 if xgboost else 0.1),
        "trees": _given(model, "trees", 100.0),
        "leaves": _given(model, "leaves", 64.0 if xgboost else 31.0),
        "depth": _given(model, "depth", 6.0 if xgboost else DEEPEST),
        "min_leaf": _given(model, "min_leaf", 1.0 if xgboost else 20.0),
        "l2": _given(model, "l2", 1.0 if xgboost else 0.0),
    }
    caveat = ""
    if default["trees"] > most:
        rate = min(0.3, default["learning_rate"] * default["trees"] / most)
        rate = max(rate, default["learning_rate"])
        caveat = (
            f"Tried with {most:.0f} trees at a learning rate of {rate:.2g} in place of"
            f" {default['trees']:,.0f} at {default['learning_rate']:.2g}."
        )
        default |= {"trees": most, "learning_rate": rate}
    size = Knob("leaves", "Leaves of a tree", "model.leaves", 4, 48, log=True, whole=True)
    if default["depth"] < DEEPEST:  # trees grown level by level, as the plan limits them
        size = Knob("depth", "Depth of a tree", "model.depth", 2, 10, log=True, whole=True)
    knobs = (
        Knob("learning_rate", "Learning rate", "training.learning_rate", 0.02, 0.4, log=True),
        Knob("trees", "Number of trees", "model.trees", 10, min(most, MOST_TREES), log=True, whole=True),
        size,
        Knob("min_leaf", "Least rows in a leaf", "model.min_leaf", 2, 40, log=True, whole=True),
        Knob("l2", "Shrinkage of leaf values", "model.l2", 0.01, 10.0, log=True),
    )

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        depth = setting.get("depth", DEEPEST)
        own = {
            "learning_rate": setting["learning_rate"], "max_iter": max(1, round(setting["trees"])),
            "max_leaf_nodes": max(2, round(setting["leaves"])),
            "max_depth": None if depth >= DEEPEST else max(1, round(depth)),
            "min_samples_leaf": max(1, round(setting["min_leaf"])), "l2_regularization": setting["l2"],
            "early_stopping": False, "random_state": seed,
        }  # fmt: skip
        return HistGradientBoostingClassifier(**own) if classes else HistGradientBoostingRegressor(**own)

    return Family(BOOSTING, knobs, default, build, lucky=False, caveat=caveat)


def _forest(model: Mapping[str, Any], training: Mapping[str, Any], kind: str) -> Family:
    single = "decision" in kind
    extra = "extra" in kind
    default = {
        "trees": 1.0 if single else _given(model, "trees", 100.0),
        "depth": _given(model, "depth", DEEPEST),
        "min_leaf": _given(model, "min_leaf", 1.0),
        "feature_share": _given(model, "feature_share", 1.0 if single else 0.0),  # 0: scikit-learn's own
    }
    knobs = [
        Knob("depth", "Depth of a tree", "model.depth", 2, 20, log=True, whole=True),
        Knob("min_leaf", "Least rows in a leaf", "model.min_leaf", 1, 20, log=True, whole=True),
        Knob("feature_share", "Share of columns for a split", "model.feature_share", 0.1, 1.0),
    ]
    if not single:
        knobs.insert(0, Knob("trees", "Number of trees", "model.trees", 10, MOST_TREES, log=True, whole=True))

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.ensemble import (
            ExtraTreesClassifier,
            ExtraTreesRegressor,
            RandomForestClassifier,
            RandomForestRegressor,
        )
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        depth, share = setting["depth"], setting["feature_share"]
        own: dict[str, Any] = {
            "max_depth": None if depth >= DEEPEST else max(1, round(depth)),
            "min_samples_leaf": max(1, round(setting["min_leaf"])), "random_state": seed,
            "max_features": ("sqrt" if classes else 1.0) if share <= 0 else min(1.0, share),
        }  # fmt: skip
        if single:
            return DecisionTreeClassifier(**own) if classes else DecisionTreeRegressor(**own)
        own["n_estimators"] = max(1, round(setting["trees"]))
        if extra:
            return ExtraTreesClassifier(**own) if classes else ExtraTreesRegressor(**own)
        return RandomForestClassifier(**own) if classes else RandomForestRegressor(**own)

    return Family(FOREST, tuple(knobs), default, build, lucky=not single)


def _kernel(model: Mapping[str, Any], kind: str, spread: float, columns: int) -> Family:
    shape = str(model.get("kernel") or ("linear" if "linear" in kind else "rbf")).lower()
    shape = shape if shape in ("linear", "rbf", "poly", "sigmoid") else "rbf"
    usual = 1 / max(1e-9, columns * spread)  # scikit-learn's "scale"
    default = {"C": _given(model, "C", 1.0)}
    knobs = [Knob("C", "C (the price of an error)", "model.C", 0.05, 100.0, log=True)]
    if shape != "linear":
        default["gamma"] = _number(model.get("gamma"), usual, 1 / max(1, columns))
        knobs.append(
            Knob(
                "gamma",
                "Gamma (how near a row must be to count)",
                "model.gamma",
                usual / 30,
                usual * 30,
                log=True,
            )
        )

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.svm import SVC, SVR

        own = {"C": setting["C"], "kernel": shape, "gamma": setting.get("gamma", usual), "max_iter": 20_000}
        return SVC(**own, random_state=seed) if classes else SVR(**own)

    return Family(KERNEL, tuple(knobs), default, build, lucky=False)


def _number(value: Any, usual: float, auto: float) -> float:
    if value is None or str(value).strip().lower() == "scale":
        return usual
    try:
        found = float(value)
    except (TypeError, ValueError):
        return auto if str(value).strip().lower() == "auto" else usual
    return found if np.isfinite(found) and found > 0 else usual


def _linear(model: Mapping[str, Any], training: Mapping[str, Any], kind: str) -> Family:
    default = {"C": _given(model, "C", 1.0), "max_iter": _given(training, "max_iter", 100.0)}
    knobs = (
        Knob("C", "C (the freedom of the weights)", "model.C", 1e-3, 100.0, log=True),
        Knob("max_iter", "Passes of the solver", "training.max_iter", 20, 500, log=True, whole=True),
    )
    weights = training.get("class_weight")
    weights = weights if weights == "balanced" else None

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.linear_model import LogisticRegression, Ridge

        rounds = max(1, round(setting["max_iter"]))
        if not classes:
            return Ridge(alpha=1 / setting["C"], max_iter=rounds)
        return LogisticRegression(C=setting["C"], max_iter=rounds, class_weight=weights, random_state=seed)

    return Family(LINEAR, knobs, default, build, lucky=False)


def _nearest(model: Mapping[str, Any], training: Mapping[str, Any], kind: str) -> Family:
    default = {"neighbours": _given(model, "neighbours", 5.0)}
    knobs = (Knob("neighbours", "Number of neighbours", "model.neighbours", 1, 60, log=True, whole=True),)

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        count = max(1, round(setting["neighbours"]))
        return KNeighborsClassifier(count) if classes else KNeighborsRegressor(count)

    return Family(NEAREST, knobs, default, build, lucky=False)


def _naive(model: Mapping[str, Any], training: Mapping[str, Any], kind: str) -> Family:
    """Gaussian for every kind, since features are centred; there is none for numbers to predict."""
    default = {"smoothing": _given(model, "smoothing", 1e-9)}
    knobs = (Knob("smoothing", "Smoothing of the variances", "model.smoothing", 1e-9, 1.0, log=True),)
    other = next((word for word in OTHER_NAIVE if word in kind), "")
    caveat = f"Tried as a Gaussian naive Bayes model in place of the planned {other} one." if other else ""

    def build(setting: Setting, classes: bool, seed: int) -> Any:
        from sklearn.naive_bayes import GaussianNB

        return GaussianNB(var_smoothing=max(1e-12, setting["smoothing"]))

    return Family(BAYES, knobs, default, build, lucky=False, caveat=caveat)
