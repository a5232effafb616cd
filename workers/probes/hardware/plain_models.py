"""Models of tables and sequences: layers, linear models, trees, recurrent networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.hardware import networks
from workers.probes.hardware.described import Architecture, counted

FEW_TREES, MOST_GROWN = 3, 20_000  # trees, and rows, that are grown to count the nodes of a forest
FEW = 64  # equal layers that are simply built; more are counted from a few


def outputs(sample: Sample, model: Mapping[str, Any], assumed: list[str]) -> int:
    """How many numbers the model gives for a row: classes, or one for each number to predict."""
    heads = model.get("heads")
    if isinstance(heads, Mapping) and heads:
        return sum(heads.values())
    if model.get("classes"):
        return int(model["classes"])
    if sample.targets:
        return sum(max(1, len(t.classes)) if t.task != "regression" else 1 for t in sample.targets)
    assumed.append("Neither plan nor data says how many classes there are; 10 are taken.")
    return 10


def without_classes(assumed: list[str]) -> None:
    """Takes back the sentence about classes, for a model that predicts none."""
    assumed[:] = [sentence for sentence in assumed if "classes" not in sentence]


def features(sample: Sample, assumed: list[str]) -> int:
    count = sample.manifest.get("features", {}).get("count")
    if count:
        return int(count)
    assumed.append("There is no data yet; 30 input columns are taken.")
    return 30


def sizes(value: Any) -> list[int]:
    return [value] if isinstance(value, int) else list(value or ())


def mlp(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    family = "mlp" if model.get("hidden") or _deep(kind) else "linear"
    hidden = sizes(model.get("hidden")) if family == "mlp" else []
    if family == "mlp" and not hidden:
        hidden = [64, 64] if sample.rows < 10_000 else [256, 256]
        assumed.append(f"The plan gives no hidden sizes; {hidden[0]} and {hidden[1]} are taken.")
    layers = int(model["layers"]) if len(hidden) == 1 and model.get("layers") else len(hidden)
    columns = int(model["max_features"]) if model.get("max_features") else features(sample, assumed)
    dropout = float(model.get("dropout") or 0)
    extra = {"sparse": bool(model.get("max_features"))}
    if layers > FEW and len(set(hidden)) == 1:
        width = hidden[0]

        def deep(count: int = layers) -> networks.MLP:
            return networks.MLP(columns, [width] * count, classes, dropout)

        return Architecture(
            family, f"a network with {layers:,} layers of {width:,} units", counted(deep, (layers,)), classes,
            (columns,), head=(width + 1) * classes, extra=extra, repeats=layers, vary=(2, 3), build=deep,
        )  # fmt: skip
    hidden = hidden * layers if len(hidden) == 1 else hidden

    def build(_: int = 1) -> networks.MLP:
        return networks.MLP(columns, hidden, classes, dropout)

    listed = ", ".join(f"{h:,}" for h in hidden[:5]) + (" ..." if len(hidden) > 5 else "")
    says = f"a network with layers of {listed} units" if hidden else f"a linear model on {columns:,} inputs"
    last = hidden[-1] if hidden else columns
    return Architecture(
        family, says, counted(build), classes, (columns,), head=(last + 1) * classes, extra=extra, build=build
    )


def _deep(kind: str) -> bool:
    from workers.probes.hardware.kinds import BY_NAME

    plain = kind.strip().lower().replace("-", "_").replace(" ", "_")
    return BY_NAME.get(plain) != "linear" and "logreg" not in plain and "regression" not in plain


def table_resnet(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Usual sizes: Gorishniy et al. 2021, default of their table."""
    width = (sizes(model.get("hidden")) or [192])[0]
    layers, columns = int(model.get("layers") or 3), features(sample, assumed)
    if not model.get("hidden"):
        assumed.append(f"The plan gives no hidden size; {width} is taken.")

    def build(count: int = layers) -> networks.TableResNet:
        return networks.TableResNet(columns, width, 2 * width, count, classes)

    return Architecture(
        "mlp", f"a residual network for tables with {layers:,} blocks of width {width:,}",
        counted(build, (layers,)), classes, (columns,), repeats=layers, vary=(2, 3), build=build,
        head=(width + 1) * classes,
    )  # fmt: skip


def recurrent(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """LSTM, GRU or plain; reads columns over time, or words where the plan gives a vocabulary."""
    kind = kind.lower()
    cell = "gru" if "gru" in kind else "rnn" if kind == "rnn" else "lstm"
    hidden = (sizes(model.get("hidden")) or [0])[0]
    layers = min(int(model.get("layers") or len(sizes(model.get("hidden"))) or 1), 100)
    if not hidden:
        hidden = 128
        assumed.append("The plan gives no hidden size; 128 is taken.")
    both = bool(model.get("bidirectional")) or "bi" in kind
    shape = model.get("transformer") or {}
    steps, words = int(shape.get("sequence") or 0), int(shape.get("vocabulary") or 0)
    if not steps:
        steps = 32
        assumed.append("Nothing says how many time steps the model looks back; 32 are taken.")
    columns = int(shape.get("width") or hidden) if words else features(sample, assumed)

    def build(_: int = 1) -> networks.Recurrent:
        return networks.Recurrent(cell, columns, hidden, layers, both, classes, words)

    return Architecture(
        "lstm", f"a recurrent network with {hidden:,} units over {steps:,} steps", counted(build), classes,
        (steps,) if words else (steps, columns), repeats=steps, vary=(2, 3), tokens=steps, words=bool(words),
        head=(hidden * (2 if both else 1) + 1) * classes, build=build,
    )  # fmt: skip


def trees(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Boosted trees or a forest of them."""
    forest = any(word in kind.lower() for word in ("forest", "extra", "decision", "trees")) and not any(
        word in kind.lower() for word in ("boost", "gbm")
    )
    count, depth = int(model.get("trees") or 100), int(model.get("depth") or (20 if forest else 6))
    if "decision" in kind.lower():
        count = 1
    for key, value in (("trees", count), ("depth", depth)):
        if not model.get(key) and not (key == "trees" and "decision" in kind.lower()):
            assumed.append(f"The plan does not say model.{key}; {value} is taken.")
    columns = features(sample, assumed)
    per_round = classes if classes > 2 and not forest else 1
    least = int(model.get("min_leaf") or (1 if forest else 20))
    known = int((sample.split == 0).sum()) if sample.folder is not None else 0
    rows = known or sample.rows or 10_000
    most = max(2, rows // (max(2, least) if forest else least))
    leaves = min(2 ** min(depth, 40), most, int(model.get("leaves") or most))
    grown = _grown(sample, model, kind, depth, least) if forest else None
    if grown is not None:
        leaves = round((grown + 1) / 2)
    says = f"{count:,} {'trees of a forest' if forest else 'boosted trees'} of depth {depth}"
    return Architecture(
        "boosting", says, count * per_round * (2 * leaves - 1), classes, (columns,),
        extra={"trees": count, "depth": depth, "per_round": per_round, "leaves": leaves, "forest": forest},
    )  # fmt: skip


def _grown(sample: Sample, model: Mapping[str, Any], kind: str, depth: int, least: int) -> float | None:
    """Nodes of a tree as scikit-learn grows it on the training rows; None where there are none.

    How far a tree grows depends on how soon its leaves are pure, which no formula of the rows tells. Beyond
    MOST_GROWN rows it is taken to grow on as it did from half of them.
    """
    if sample.folder is None or not sample.targets or not sample.features.shape[1]:
        return None
    from sklearn import ensemble, tree

    regression = sample.targets[0].task == "regression"
    y = sample.labels(0)
    rows = np.flatnonzero((sample.split == 0) & (np.isfinite(y) if regression else y >= 0))
    if len(rows) < 2:
        return None
    base = "Decision" if "decision" in kind.lower() else "Extra" if "extra" in kind.lower() else "Random"
    name = {"Decision": "DecisionTree", "Extra": "ExtraTrees", "Random": "RandomForest"}[base]
    make = getattr(
        tree if base == "Decision" else ensemble, name + ("Regressor" if regression else "Classifier")
    )
    most = int(model["leaves"]) if model.get("leaves") else None
    limits = {"max_depth": depth, "min_samples_leaf": least, "max_leaf_nodes": most, "random_state": 0}
    if base != "Decision":
        limits["n_estimators"] = FEW_TREES
    taken = np.random.default_rng(0).permutation(rows)[:MOST_GROWN]

    def nodes(some: np.ndarray) -> float:
        fitted = make(**limits).fit(np.nan_to_num(sample.features[some]), y[some])
        trees = [fitted] if base == "Decision" else fitted.estimators_
        return float(np.mean([one.tree_.node_count for one in trees]))

    found = nodes(taken)
    if len(rows) == len(taken):
        return found
    power = min(1.0, max(0.0, np.log2(found / nodes(taken[: len(taken) // 2]))))
    return float(found * (len(rows) / len(taken)) ** power)


def kernel(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """A support vector machine with a kernel: its cost grows with the square of the rows."""
    columns = features(sample, assumed)
    rows = sample.rows or 10_000
    return Architecture(
        "linear", f"a support vector machine on {columns:,} inputs", (columns + 1) * max(1, rows // 2),
        classes, (columns,), extra={"kernel": True},
    )  # fmt: skip
