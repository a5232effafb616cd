"""What the plan wants to train: its kind, its sizes, its parameter count, and how to build it on meta.

Parameters come from formulas, so that a plan of 10^15 of them is answered at once; the network itself
is built only when something needs to be counted in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from workers.probes.base import Sample
from workers.probes.hardware import networks

MOST_PARAMETERS = 10**13  # ten times the largest models known; beyond it a plan has a slip of the pen
MOST_MODULES = 2_000  # layers that are built and walked through; more are counted from a few of them
KINDS = {
    "mlp": ("mlp", "multilayer_perceptron", "neural_network", "nn", "dense", "feedforward",
            "fully_connected", "dnn",
            "mlpclassifier", "mlpregressor", "tabular_mlp"),
    "linear": ("linear", "logistic_regression", "logreg", "logistic", "linear_regression", "ridge", "lasso",
               "elastic_net",
               "linear_svm", "svm", "sgd_classifier", "tfidf_logreg", "tfidf_logistic_regression", "softmax",
               "perceptron",
               "logisticregression", "naive_bayes"),
    "boosting": ("gradient_boosting", "boosting", "boosted_trees", "gbm", "gbdt", "xgboost", "xgb",
                 "lightgbm", "lgbm",
                 "catboost", "hist_gradient_boosting", "histgradientboosting", "random_forest", "extra_trees",
                 "decision_tree", "trees", "gradientboostingclassifier", "randomforestclassifier"),
    "cnn": ("cnn", "shared_cnn", "convnet", "conv", "conv2d", "small_cnn", "multi_task_cnn", "convolutional"),
    "resnet": ("resnet", "residual"),
    "lstm": ("lstm", "gru", "rnn", "bilstm", "recurrent"),
    "transformer": ("transformer", "encoder", "decoder", "encoder_decoder", "llm", "language_model",
                    "gpt_like"),
    "vit": ("vit", "vision_transformer"),
}  # fmt: skip
BY_NAME = {name: kind for kind, names in KINDS.items() for name in names}


class UnknownKindError(ValueError):
    """The plan names a model that nothing here can build; its text is one sentence."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A transformer's numbers, with the usual ones where the plan is silent."""

    layers: int = 6
    width: int = 512
    heads: int = 8
    kv_heads: int = 0
    head_width: int = 0
    feed_forward: int = 0
    gated: bool = False
    bias: bool = True
    causal: bool = False
    tied: bool = False
    sequence: int = 512
    positions: int = 0
    vocabulary: int = 32_000
    token_types: int = 0
    pooler: bool = False
    experts: int = 1
    active_experts: int = 1
    patch: int = 0

    def layer_parameters(self) -> int:
        """Weights of one block: attention, feed-forward (each expert's), router, two norms."""
        d, inner, keys = self.width, self.heads * self.head_width, self.kv_heads * self.head_width
        attention = 2 * d * inner + 2 * d * keys + (inner + 2 * keys + d) * self.bias
        ups = 1 + self.gated
        feed = (ups + 1) * d * self.feed_forward + (ups * self.feed_forward + d) * self.bias
        norms = 2 * d * (1 if self.gated else 2)
        return attention + self.experts * feed + (d * self.experts if self.experts > 1 else 0) + norms

    def idle_parameters(self) -> int:
        """Weights of the experts that a token does not meet."""
        feed = (2 + self.gated) * self.width * self.feed_forward
        return self.layers * (self.experts - self.active_experts) * feed


@dataclass(frozen=True)
class Architecture:
    """A model that can be counted, and in ``says`` and ``assumed`` what it rests on."""

    family: str  # a key of KINDS, or "numbers" when only a parameter count is known
    says: str  # "a network of 256, 256 and 256 units"
    parameters: int
    outputs: int
    row: tuple[int, ...]  # the shape of one input row
    assumed: tuple[str, ...] = ()
    repeats: int = 1  # equal layers or time steps
    vary: tuple[int, int] = (1, 1)  # two counts of repeats to analyse when all of them are too many
    build: Callable[[int], nn.Module] | None = None
    idle: int = 0  # parameters that one row does not meet
    head: int = 0  # parameters of the last layer, all that is trained by "head"
    tokens: int = 1  # tokens a row, for models that read text
    extra: Mapping[str, Any] = field(default_factory=dict)  # depth, trees, width ...

    def inputs(self, rows: int, repeats: int, device: str) -> Tensor:
        """A batch of empty or zero inputs; time series are as long as the repeats."""
        if self.family == "transformer":
            return torch.zeros(rows, *self.row, dtype=torch.long, device=device)
        row = (repeats, *self.row[1:]) if self.family == "lstm" else self.row
        return torch.zeros(rows, *row, device=device)


@cache
def _known() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("known_models.yaml").read_text("utf-8"))


def read(sample: Sample) -> Architecture:
    """The plan's model for the data at hand; ``UnknownKindError`` when it names something else."""
    model = sample.planned("model", {})
    named = str(model.get("kind") or "")
    family, known = _family(named, model)
    assumed: list[str] = []
    if family is None:
        family = "numbers" if model.get("parameters") else _suited(sample)
        if family != "numbers":
            assumed.append(
                f"The plan names no model, so {_plain(family)} suited to the data stands in for it."
            )
    classes = _outputs(sample, model, assumed)
    makers = {"mlp": _mlp, "linear": _mlp, "cnn": _cnn, "resnet": _resnet, "lstm": _lstm,
              "boosting": _boosting,
              "transformer": _transformer, "vit": _transformer, "numbers": _numbers}  # fmt: skip
    if (
        model.get("parameters")
        and family in ("transformer", "vit")
        and not model.get("transformer")
        and not known
    ):
        made = _numbers(sample, model, classes, assumed, family, known)
    else:
        made = makers[family](sample, model, classes, assumed, family, known)
    return replace(made, assumed=tuple(assumed))


def _family(named: str, model: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The family of a model's name, and its entry among the known models if it has one."""
    name = _dashed(named.rsplit("/", 1)[-1])
    table = _known()
    pretrained = str(model.get("pretrained") or "")
    for candidate in (_dashed(named), name, _dashed(pretrained), _dashed(pretrained.rsplit("/", 1)[-1])):
        known = table["aliases"].get(candidate, candidate)
        if known in table["transformer"]:
            return ("vit" if table["transformer"][known]["kind"] == "vit" else "transformer"), known
        if candidate.replace("-", "") in table["resnet"]:
            return "resnet", candidate.replace("-", "")
    plain = name.replace("-", "_")
    if plain in BY_NAME:
        return BY_NAME[plain], None
    for word, family in (("resnet", "resnet"), ("vit", "vit"), ("lstm", "lstm"), ("boost", "boosting"),
                         ("forest", "boosting"), ("logreg", "linear"),
                         ("regression", "linear"), ("mlp", "mlp"),
                         ("cnn", "cnn"), ("transformer", "transformer")):  # fmt: skip
        if word in plain:
            return family, None
    if not name:
        for key, family in (("transformer", "transformer"), ("trees", "boosting"), ("channels", "cnn"),
                            ("hidden", "mlp")):  # fmt: skip
            if model.get(key):
                return family, None
        return None, None
    if model.get("parameters"):
        return "numbers", None
    every = [*BY_NAME, *table["transformer"], *table["resnet"]]
    near = get_close_matches(plain, every, 3, 0.5) or ["mlp", "cnn", "transformer", "gradient_boosting"]
    raise UnknownKindError(
        f'model.kind is "{named[:60]}", which cannot be built here; the nearest kinds are {", ".join(near)}, '
        "or give model.parameters."
    )


def _dashed(name: str) -> str:
    return re.sub(r"[\s_/]+", "-", name.strip().lower())


def _plain(family: str) -> str:
    return {"mlp": "a small network", "cnn": "a small picture network"}.get(family, family)


def _suited(sample: Sample) -> str:
    return "cnn" if sample.kind == "images" else "mlp"


def _outputs(sample: Sample, model: Mapping[str, Any], assumed: list[str]) -> int:
    heads = model.get("heads")
    if isinstance(heads, Mapping) and heads:
        return sum(heads.values())
    if model.get("classes"):
        return int(model["classes"])
    if sample.targets:
        return sum(max(1, len(t.classes)) if t.task != "regression" else 1 for t in sample.targets)
    assumed.append("Neither plan nor data says how many classes there are; 10 are taken.")
    return 10


def _features(sample: Sample, assumed: list[str]) -> int:
    count = sample.manifest.get("features", {}).get("count")
    if count:
        return int(count)
    assumed.append("There is no data yet; 30 input columns are taken.")
    return 30


def _sizes(value: Any) -> list[int]:
    return [value] if isinstance(value, int) else list(value or ())


def _mlp(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    hidden = [] if family == "linear" else _sizes(model.get("hidden"))
    if family == "mlp" and not hidden:
        hidden = [64, 64] if sample.rows < 10_000 else [256, 256]
        assumed.append(f"The plan gives no hidden sizes; {hidden[0]} and {hidden[1]} are taken.")
    elif len(hidden) == 1 and model.get("layers"):
        hidden = hidden * min(model["layers"], MOST_MODULES)
    features = _features(sample, assumed) if not model.get("max_features") else int(model["max_features"])
    widths = [features, *hidden, outputs]
    count = sum((a + 1) * b for a, b in pairwise(widths))
    listed = ", ".join(f"{h:,}" for h in hidden[:5]) + (" ..." if len(hidden) > 5 else "")
    says = f"a network with layers of {listed} units" if hidden else f"a linear model on {features:,} inputs"
    return Architecture(
        family, says, count, outputs, (features,), head=(widths[-2] + 1) * outputs,
        extra={"sparse": bool(model.get("max_features"))},
        build=lambda _: networks.MLP(features, hidden, outputs, float(model.get("dropout") or 0)),
    )  # fmt: skip


def _picture(sample: Sample, model: Mapping[str, Any], assumed: list[str]) -> tuple[int, int, int]:
    """Channels, height, width of what the model sees."""
    channels, height, width = 3, 0, 0
    if sample.folder is not None and sample.kind == "images":
        from safetensors import safe_open

        with safe_open(sample.folder / "arrays.safetensors", "np") as arrays:
            if "images" in set(arrays.keys()):
                _, height, width, channels = arrays.get_slice("images").get_shape()
    size = _sizes(model.get("input_size"))
    if size:
        height, width = size[0], size[1] if len(size) > 1 else size[0]
    if not height:
        height = width = 224 if model.get("pretrained") else 32
        assumed.append(f"Nothing says how large the pictures are; {height} x {width} pixels are taken.")
    return (3 if model.get("pretrained") else channels), height, width


def _cnn(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    channels = _sizes(model.get("channels"))
    if not channels and model.get("pretrained"):
        assumed.append("The plan names a pretrained picture model but not which; ResNet-18 stands in for it.")
        return _resnet(sample, model, outputs, assumed, "resnet", "resnet18")
    if not channels:
        channels = [32, 64, 128]
        assumed.append("The plan gives no channels; 32, 64 and 128 are taken.")
    row = _picture(sample, model, assumed)
    count, before = 0, row[0]
    for width in channels:
        count, before = count + 9 * before * width + 2 * width, width
    head = (before + 1) * outputs
    return Architecture(
        "cnn", f"a picture network with {', '.join(map(str, channels[:6]))} channels", count + head, outputs,
        row,
        build=lambda _: networks.CNN(row[0], min(row[1:]), channels, outputs), head=head,
    )  # fmt: skip


def _resnet(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    name = known or "resnet18"
    if known is None:
        assumed.append("The plan names no size of ResNet; ResNet-18 is taken.")
    blocks, wide = _known()["resnet"][name]
    row = _picture(sample, model, assumed)
    with torch.device("meta"):
        count = sum(p.numel() for p in networks.ResNet(row[0], tuple(blocks), wide, outputs).parameters())
    return Architecture(
        "resnet", f"ResNet-{name[6:]}", count, outputs, row,
        build=lambda _: networks.ResNet(row[0], tuple(blocks), wide, outputs),
        head=(2049 if wide else 513) * outputs,
    )  # fmt: skip


def _lstm(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    hidden = (_sizes(model.get("hidden")) or [0])[0]
    layers = min(int(model.get("layers") or len(_sizes(model.get("hidden"))) or 1), 100)
    if not hidden:
        hidden = 128
        assumed.append("The plan gives no hidden size; 128 is taken.")
    both = bool(model.get("bidirectional")) or "bi" in str(model.get("kind"))
    steps = int((model.get("transformer") or {}).get("sequence") or 0)
    if not steps:
        steps = 32
        assumed.append("Nothing says how many time steps the model looks back; 32 are taken.")
    features, ways = _features(sample, assumed), 2 if both else 1
    widths = [features] + [hidden * ways] * (layers - 1)
    head = (hidden * ways + 1) * outputs
    count = sum(ways * 4 * hidden * (w + hidden + 2) for w in widths) + head
    return Architecture(
        "lstm", f"a recurrent network with {hidden:,} units over {steps:,} steps", count, outputs,
        (steps, features),
        repeats=steps, vary=(2, 3), head=head, tokens=steps,
        build=lambda _: networks.LSTM(features, hidden, layers, both, outputs),
    )  # fmt: skip


def _transformer(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    given = dict(_known()["transformer"][known]) if known else {}
    kind = str(given.pop("kind", None) or model.get("kind") or family).lower()
    own = {k: v for k, v in (model.get("transformer") or {}).items() if v is not None}
    if not known and not {"layers", "width"} <= own.keys():
        assumed.append(
            "The plan leaves the transformer's layers or width open; 6 layers of width 512 fill the gaps."
        )
    numbers = {k: v for k, v in {**given, **own}.items() if k in Shape.__dataclass_fields__}
    numbers.setdefault("causal", "decoder" in kind or "gpt" in kind or "llm" in kind or "language" in kind)
    shape = Shape(**numbers)
    shape = replace(
        shape,
        kv_heads=shape.kv_heads or shape.heads,
        head_width=shape.head_width or max(1, shape.width // shape.heads),
        feed_forward=shape.feed_forward or 4 * shape.width,
        bias=shape.bias if "bias" in numbers else not shape.gated,
        active_experts=min(shape.active_experts, shape.experts),
        positions=0 if family == "vit" else numbers.get("positions", 0 if shape.gated else shape.sequence),
        patch=(shape.patch or 16) if family == "vit" else 0,
    )
    if shape.heads % shape.kv_heads:
        raise UnknownKindError(
            f"model.transformer.heads is {shape.heads} and kv_heads is {shape.kv_heads};"
            " give heads that are a multiple of kv_heads."
        )
    if shape.causal:  # it predicts the next of its own tokens, so classes do not matter
        assumed[:] = [sentence for sentence in assumed if "classes" not in sentence]
    row, shape = _tokens(sample, model, shape, assumed)
    out = shape.vocabulary if shape.causal else outputs
    fixed = _outside_the_layers(shape, row, out)
    count = shape.layers * shape.layer_parameters() + fixed
    head = 0 if shape.causal and shape.tied else shape.width * out + (0 if shape.causal else out)
    return Architecture(
        "vit" if shape.patch else "transformer",
        f"{known or 'a transformer'} with {shape.layers:,} layers of width {shape.width:,}",
        count, out, row, repeats=shape.layers, vary=(1, 2), idle=shape.idle_parameters(), head=head or out,
        tokens=shape.sequence, extra={"shape": shape},
        build=lambda layers: networks.Transformer(shape, layers, out, row[0]),
    )  # fmt: skip


def _tokens(
    sample: Sample, model: Mapping[str, Any], shape: Shape, assumed: list[str]
) -> tuple[tuple[int, ...], Shape]:
    """The shape of one row, and of the transformer that reads it."""
    if not shape.patch:
        return (shape.sequence,), shape
    size = model if model.get("input_size") else {**model, "input_size": 224}
    row = _picture(sample, size, assumed)
    places = (row[1] // shape.patch) * (row[2] // shape.patch) + 1
    return row, replace(shape, sequence=places, positions=places)


def _outside_the_layers(shape: Shape, row: tuple[int, ...], outputs: int) -> int:
    d = shape.width
    first = shape.patch**2 * row[0] * d + 2 * d if shape.patch else shape.vocabulary * d
    norm = d * (1 if shape.gated else 2)
    head = 0 if shape.causal and shape.tied else d * outputs + (0 if shape.causal else outputs)
    return first + (shape.positions + shape.token_types) * d + norm + (d * d + d) * shape.pooler + head


def _boosting(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    trees, depth = int(model.get("trees") or 100), int(model.get("depth") or 6)
    for key, value in (("trees", trees), ("depth", depth)):
        if not model.get(key):
            assumed.append(f"The plan does not say model.{key}; {value} is taken.")
    features = _features(sample, assumed)
    per_round = outputs if outputs > 2 else 1
    leaves = min(2 ** min(depth, 40), max(2, (sample.rows or 10_000) // 20))
    return Architecture(
        "boosting", f"{trees:,} boosted trees of depth {depth}", trees * per_round * (2 * leaves - 1),
        outputs,
        (features,), extra={"trees": trees, "depth": depth, "per_round": per_round, "leaves": leaves},
    )  # fmt: skip


def _numbers(
    sample: Sample, model: Mapping[str, Any], outputs: int, assumed: list[str], family: str, known: str | None
) -> Architecture:
    """Only a parameter count: a transformer of the usual proportions, one layer for each 128 of width."""
    count = int(model["parameters"])
    width = max(64, round((count / (12 / 128)) ** (1 / 3) / 64) * 64)
    layers = max(1, round(count / (12 * width**2)))
    sequence = int((model.get("transformer") or {}).get("sequence") or 2048)
    assumed.append(
        "The plan gives only a number of parameters; a transformer of the usual proportions stands in."
    )
    assumed[:] = [sentence for sentence in assumed if "classes" not in sentence]
    shape = Shape(layers=layers, width=width, heads=max(1, width // 64), kv_heads=max(1, width // 64),
                  head_width=64,
                  feed_forward=4 * width, sequence=sequence, causal=True, tied=True,
                  vocabulary=2)  # fmt: skip
    return Architecture(
        "transformer", f"a model of {count:,} parameters", count, 2, (sequence,), repeats=layers, vary=(1, 2),
        tokens=sequence, extra={"shape": shape}, head=width,
        build=lambda n: networks.Transformer(shape, n, 2, 3),
    )  # fmt: skip
