"""Values of another shape than ours: unfolded where they say what we know, else left unread and not refused.

A wrong word or number is a slip that its owner wants to hear of; ``optimizer: {name: adamw, lr: 1e-3}`` or
``layers: [{type: conv}]`` is another way of writing, which other parts of RiskBoard may understand.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Any

from workers.plan.fields import ANY_SHAPE
from workers.plan.schema import Group

ROWS = 10  # a part of at least so many is told in rows
BESIDE = ("lr", "learning_rate", "learningRate", "weight_decay", "weightDecay", "momentum")
INNER = ("init_args", "params", "kwargs", "args", "config", "options")
FILE = re.compile(r"/|\\|\.\w{2,8}$")
GROUPED = re.compile(r"(?i)group|leave.?one|\bby[_ ]?\w+|subject|patient|speaker|site|user")
TIMED = re.compile(r"(?i)time|date|chronolog|walk|rolling|expanding|sequential|forward|ordered|last|newest")
UNSET = ("none", "null", "auto", "default", "n/a", "tbd")
DEPTHS = ("max_depth", "depth", "maxdepth")
EPOCHS = ("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs")
STEPS = ("steps", "max_steps", "iterations", "total_steps")
PROTOCOL = re.compile(
    r"(?i)\b(cv|(k[\s-]*)?folds?|cross[\s-]?validat\w*|origins?|rolling|back[\s-]?test\w*|walk|hold[\s-]?out|"
    r"leave|split|bootstrap\w*|nested|repeated|time[\s-]?series|last|test set|validation set)\b|\d[\s-]*fold"
)
MOST_OF_A_METRIC = 4  # words: "area under the curve"
NAMES = ("name", "kind", "type", "class", "class_path", "_target_", "optimizer")
WORD_VECTORS = re.compile(r"(?i)fast[_ -]?text|embedding[_ -]?bag|word[_ -]?(embeddings|vectors)")
KINDS_OF_MODELS = ("kind", "type", "name", "architecture", "arch", "model")
# How plans call the numbers of a word's vector; "dim" is fastText's own, among its training's arguments.
VECTOR_WIDTHS = ("dim", "embedding_dim", "embedding_size", "embed_dim", "embed_size", "emb_dim", "word_dim",
                 "vector_size", "embedding_dimension")  # fmt: skip


def unfolded(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with an optimiser that is a group as a name beside its settings, and parts as shares."""
    tree = {key: dict(value) if isinstance(value, dict) else value for key, value in tree.items()}
    for group in (tree, *(value for value in tree.values() if isinstance(value, dict))):
        for key in ("optimizer", "optimiser", "optim"):
            if isinstance(group.get(key), dict):
                _optimiser(group, key)
        for key in ("split", "splits"):
            if isinstance(group.get(key), dict):
                group[key] = _shares(group[key])
            elif isinstance(group.get(key), str):
                group[key] = _kind(group[key])
                if re.search(r"\d\s*[/:-]\s*\d", group[key]):  # "70/15/15" alone
                    group[f"{key} (as written)"] = group.pop(key)
    _vectors_of_words(tree)
    for inner in (tree, tree.get("model"), tree.get("training")):
        if isinstance(inner, dict):
            _without_limits(inner)
            _columns_of_a_split(inner)
    for key in ("evaluation", "eval"):
        if isinstance(tree.get(key), str):
            _protocol(tree, key)
    for part in ("train", "validation", "val", "test"):
        if isinstance(tree.get(part), str) and FILE.search(tree[part]):  # its file
            tree[f"{part}_file"] = tree.pop(part)
    if "dataset" in tree and "data" not in tree:  # or a split beside it would make a second group
        told = tree.pop("dataset")
        tree["data"] = {"path": told} if isinstance(told, str) else told
    return tree


def _without_limits(group: dict[str, Any]) -> None:
    """Drops what stands for "no limit" in other tools: a depth of 0 or -1, -1 epochs beside steps."""
    for key in [key for key in group if str(key).lower() in DEPTHS]:
        if not isinstance(group[key], bool) and group[key] in (0, -1, "0", "-1"):
            del group[key]
    for unset, other in ((EPOCHS, STEPS), (STEPS, EPOCHS)):
        counted = [key for key in group if str(key).lower() in other and _positive(group[key])]
        for key in [key for key in group if str(key).lower() in unset and group[key] in (-1, "-1")]:
            if counted:
                del group[key]


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _vectors_of_words(tree: dict[str, Any]) -> None:
    """Of a model of word vectors their width goes under one key, wherever it is told; others may mean another
    thing by the same key, and one that differs from it stays as it is."""
    model = tree.get("model") or {}
    own = {"kind": model} if isinstance(model, str) else model
    if not isinstance(own, dict):
        return
    told = [(own or tree).get(key) for key in KINDS_OF_MODELS]
    if not any(isinstance(one, str) and WORD_VECTORS.fullmatch(one.strip()) for one in told):
        return
    tree["model"], training = own, tree.get("training")
    for group in (own, training if isinstance(training, dict) else {}, tree):
        for key in [key for key in group if str(key).lower().replace("-", "_") in VECTOR_WIDTHS]:
            if own.setdefault("embedding_width", group[key]) == group[key]:
                del group[key]


def _columns_of_a_split(group: dict[str, Any]) -> None:
    """Of a forest's ``max_features`` a share goes under its own key; "sqrt" is what forests take anyway."""
    told = group.get("max_features")
    if isinstance(told, float) and 0 < told <= 1:
        group.setdefault("feature_share", group.pop("max_features"))
    elif isinstance(told, str) and told.strip().lower() in ("sqrt", "log2", "auto"):
        group["max_features (as written)"] = group.pop("max_features")


def _protocol(tree: dict[str, Any], key: str) -> None:
    """A text on how results are judged is no metric: "5-fold CV", "rolling origin, 24 origins"."""
    said = tree[key]
    if not PROTOCOL.search(said) and len(said.split()) <= MOST_OF_A_METRIC:
        return
    folds = re.search(r"(?i)\b(\d{1,3})[\s-]*folds?\b|\bfolds?\s*[=:]\s*(\d{1,3})", said)
    tree[f"{key} (as written)"] = tree.pop(key)
    if folds:
        tree["evaluation"] = {"folds": int(folds[1] or folds[2])}


def _kind(said: str) -> str:
    """The kind in other words: "60/20/20 stratified" -> "stratified"; others stay for their sentence."""
    if re.fullmatch(r"(?i)random|stratified|group|time|column|given|none", said):
        return said
    for kind, pattern in (
        ("stratified", r"(?i)stratif"),
        ("time", TIMED),
        ("group", GROUPED),
        ("random", r"(?i)random|shuffl"),
    ):
        if re.search(pattern, said):
            return kind
    return said


def _optimiser(group: dict[str, Any], key: str) -> None:
    told = group.pop(key)
    for inner in INNER:
        if isinstance(told.get(inner), dict):
            told = {**told, **told[inner]}
    named = next((told[name] for name in NAMES if isinstance(told.get(name), str)), None)
    if (
        named is None and len(told) == 1 and isinstance(next(iter(told.values())), dict)
    ):  # {"adam": {"lr": 1e-3}}
        named, told = next(iter(told.items()))
    if named is not None:
        group[key] = named.rpartition(".")[2] if re.fullmatch(r"[\w.]+", named) else named
    for name in BESIDE:
        if name in told and not isinstance(told[name], (dict, list)):
            plain = {"learningRate": "learning_rate", "weightDecay": "weight_decay"}.get(name, name)
            if not {"lr", "learning_rate", "learningRate", "eta"} & group.keys() or plain not in (
                "lr",
                "learning_rate",
            ):
                group.setdefault(plain, told[name])


def _shares(split: dict[str, Any]) -> dict[str, Any]:
    """Parts in percent ("10%", or 80, 10 and 10) as shares; those in rows or dates are for others to read."""
    parts = {
        key: value
        for key, value in split.items()
        if re.match(r"(train|test|val|valid|validation|dev)(_size)?$", key.lower())
    }
    numbers = {
        key: float(value)
        for key, value in parts.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    hundred = len(numbers) > 1 and 99 <= sum(numbers.values()) <= 101
    made = dict(split)
    for key in ("kind", "type", "method", "strategy"):
        if isinstance(made.get(key), str):
            made[key] = _kind(made[key])
    for key, value in parts.items():
        percent = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
        if percent:
            made[key] = float(percent[1]) / 100
        elif hundred and key in numbers:
            made[key] = numbers[key] / 100
        elif (key in numbers and numbers[key] >= ROWS) or (
            isinstance(value, str) and not re.match(r"\s*[\d.]+\s*$", value)
        ):
            made[f"{key} (as written)"] = made.pop(key)
    return made


def held(cls: type[Group], name: str, value: Any) -> bool:
    """Whether a field can hold a value of this shape at all: groups and lists only where it takes some."""
    if value is False and cls.model_fields[name].annotation is not None:  # a group that is switched off
        takes = _takes(cls.model_fields[name].annotation)
        return takes != {"group"} or "enabled" in _keys(cls.model_fields[name].annotation)
    if not isinstance(value, (Mapping, list)):
        return True
    takes = _takes(cls.model_fields[name].annotation)
    if isinstance(value, Mapping):
        return "group" in takes
    if len(value) == 1 and isinstance(value[0], (int, float)):
        return True  # one number in brackets is a slip: a size left unread would give another model's costs
    inside = any(isinstance(one, (Mapping, list)) for one in value)
    return "list" in takes and (not inside or "anything" in takes)


def silent(cls: type[Group], name: str, value: Any) -> bool:
    """Whether a word says that a number is not set: ``seed: none``, ``batch_size: auto``."""
    if not isinstance(value, str) or value.strip().lower() not in UNSET:
        return False
    takes = _takes(cls.model_fields[name].annotation)
    return not takes & {"text", "group", value.strip().lower()}


def _keys(annotation: Any) -> set[str]:
    """The keys of the group that a field holds."""
    if isinstance(annotation, type) and issubclass(annotation, Group):
        return set(annotation.model_fields)
    return set().union(*(_keys(inner) for inner in typing.get_args(annotation)))


def _takes(annotation: Any) -> set[str]:
    """What shapes a field's type allows besides plain values."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        if ANY_SHAPE in typing.get_args(annotation):
            return {"group", "list", "text", "anything"}
        return _takes(typing.get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, Group):
        return {"group"}
    if annotation is str:
        return {"text"}
    if origin is typing.Literal:
        return {str(word) for word in typing.get_args(annotation)}
    if origin is dict or annotation is dict:
        return {"group"}
    if origin is list or annotation is list:
        return {"list", "anything"} if typing.Any in typing.get_args(annotation) else {"list"}
    found: set[str] = set()
    for inner in typing.get_args(annotation):
        found |= _takes(inner)
    return found
