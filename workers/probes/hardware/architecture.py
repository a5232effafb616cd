"""What the plan wants to train: its kind, its sizes, its parameter count, and how to build it on meta.

Parameters are counted in a network of one or two layers of each kind, so that a plan of 10^15 of them
is answered at once; more is built only when something needs to be counted in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workers.plan import huggingface
from workers.probes.base import Sample
from workers.probes.hardware import picture_models, plain_models, text_models, together_models
from workers.probes.hardware.described import (
    MOST_MODULES,
    MOST_PARAMETERS,
    Architecture,
    UnknownKindError,
)

KINDS = {
    "mlp": ("mlp", "multilayer_perceptron", "neural_network", "nn", "dense", "feedforward",
            "fully_connected", "dnn", "mlpclassifier", "mlpregressor", "tabular_mlp"),
    "table_resnet": ("table_resnet", "tabular_resnet"),
    "linear": ("linear", "logistic_regression", "logreg", "logistic", "linear_regression", "ridge", "lasso",
               "elastic_net", "linear_svm", "linear_svc", "linearsvc", "sgd_classifier", "tfidf_logreg",
               "tfidf_logistic_regression", "softmax", "perceptron", "logisticregression", "naive_bayes",
               "ridgeclassifier", "linearregression"),
    "boosting": ("gradient_boosting", "boosting", "boosted_trees", "gbm", "gbdt", "xgboost", "xgb",
                 "lightgbm", "lgbm", "catboost", "hist_gradient_boosting", "histgradientboosting",
                 "gradientboostingclassifier", "gradientboostingregressor", "xgbclassifier",
                 "lgbmclassifier"),
    "forest": ("random_forest", "extra_trees", "decision_tree", "trees", "forest", "randomforestclassifier",
               "randomforestregressor", "extratreesclassifier", "decisiontreeclassifier"),
    "kernel": ("svm", "svc", "svr", "rbf_svm", "kernel_svm", "support_vector_machine", "rbf_svc"),
    "cnn": ("cnn", "shared_cnn", "convnet", "conv", "conv2d", "small_cnn", "multi_task_cnn", "convolutional"),
    "resnet": ("resnet", "residual"),
    "unet": ("unet", "u_net", "segmentation_unet"),
    "published_cnn": tuple(picture_models.PUBLISHED),
    "lstm": ("lstm", "gru", "rnn", "bilstm", "bigru", "recurrent"),
    "transformer": ("transformer", "encoder", "decoder", "encoder_decoder", "llm", "language_model",
                    "gpt_like", "mixture_of_experts", "moe"),
    "vit": ("vit", "vision_transformer"),
    "clip": ("clip",),
    "siglip": ("siglip",),
    "vision_language": ("vision_language", "vlm"),
    "states": ("mamba", "state_space"),
    "table_transformer": ("ft_transformer", "table_transformer", "tabular_transformer", "fttransformer"),
}  # fmt: skip
BY_NAME = {name: kind for kind, names in KINDS.items() for name in names}
WITHIN = (("resnet", "resnet"), ("unet", "unet"), ("ft_transformer", "table_transformer"),
          ("vit", "vit"), ("lstm", "lstm"), ("gru", "lstm"), ("boost", "boosting"), ("forest", "forest"),
          ("logreg", "linear"), ("regression", "linear"), ("mlp", "mlp"), ("cnn", "cnn"),
          ("transformer", "transformer"))  # fmt: skip  # words inside longer names

Maker = Callable[[Sample, Mapping[str, Any], int, list[str], str], Architecture]
MAKERS: dict[str, Maker] = {
    "mlp": plain_models.mlp, "linear": plain_models.mlp, "table_resnet": plain_models.table_resnet,
    "boosting": plain_models.trees, "forest": plain_models.trees, "kernel": plain_models.kernel,
    "lstm": plain_models.recurrent, "cnn": picture_models.cnn, "resnet": picture_models.resnet,
    "unet": picture_models.unet, "published_cnn": picture_models.published,
    "transformer": text_models.transformer, "vit": text_models.pictures, "clip": text_models.pairs,
    "table_transformer": text_models.cells, "numbers": text_models.numbers,
    "siglip": together_models.sigmoid_pairs, "vision_language": together_models.sees_and_reads,
    "states": together_models.states,
}  # fmt: skip


@cache
def _known() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("known_models.yaml").read_text("utf-8"))


def read(sample: Sample) -> Architecture:
    """The plan's model for the data at hand; ``UnknownKindError`` when it names something else."""
    model = sample.planned("model", {})
    family, model = _family(model)
    assumed: list[str] = []
    if family is None:
        family = "cnn" if sample.kind == "images" else "mlp"
        name = "a small picture network" if family == "cnn" else "a small network"
        assumed.append(f"The plan names no model, so {name} suited to the data stands in for it.")
    stranger = (model.get("transformer") or {}).get("unknown_type")
    if stranger:
        near = ", ".join(huggingface.near(stranger))
        if not {"layers", "width"} <= (model.get("transformer") or {}).keys():
            raise UnknownKindError(
                f'model_type is "{stranger[:60]}", which is not known here; near ones are {near}.'
                " Give num_hidden_layers and hidden_size, or model.parameters."
            )
        assumed.append(
            f'The model type "{stranger[:60]}" is not known here (near ones are {near});'
            " its sizes are counted as those of a plain transformer."
        )
    outputs = plain_models.outputs(sample, model, assumed)
    made = MAKERS[family](sample, model, outputs, assumed, str(model.get("kind") or family))
    return replace(made, assumed=tuple(dict.fromkeys(assumed)))


def _family(model: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """The family of the plan's model, and its numbers with those of a published model beneath."""
    named, pretrained = str(model.get("kind") or ""), model.get("pretrained")
    own = model.get("transformer") or {}
    for text in (named, pretrained if isinstance(pretrained, str) else ""):
        config = known(text)
        if config is not None and not {"layers", "width"} <= own.keys():
            given = huggingface.model(config)
            shape = {**(given.get("transformer") or {}), **{k: v for k, v in own.items() if v is not None}}
            merged = {**given, **{k: v for k, v in model.items() if v is not None}, "kind": given["kind"]}
            if shape:
                merged["transformer"] = {**shape, "named": _dashed(text)}
            return BY_NAME.get(given["kind"], "transformer"), merged
    plain = _dashed(named).rsplit("-of-", 1)[-1].replace("-", "_")
    sized = bool({"layers", "width"} & own.keys())
    if model.get("parameters") and not sized and (plain not in BY_NAME or BY_NAME[plain] in TRANSFORMERS):
        return "numbers", model
    if plain in BY_NAME:
        return BY_NAME[plain], model
    for word, family in WITHIN:
        if word in plain:
            return family, model
    if not named:
        for key, family in (("transformer", "transformer"), ("trees", "boosting"), ("channels", "cnn"),
                            ("hidden", "mlp")):  # fmt: skip
            if model.get(key):
                return family, model
        return None, model
    size = SIZE.search(named.lower())
    if size is not None:
        count = float(size[1]) * (10**9 if size[2] == "b" else 10**6)
        return "numbers", {**model, "parameters": max(1, round(count)), "sized_by_name": named}
    every = [*BY_NAME, *_known()["models"], *_known()["aliases"], *huggingface.families()]
    near = list(dict.fromkeys(get_close_matches(plain, every, 3, 0.5)))
    near = near or ["mlp", "cnn", "transformer", "gradient_boosting"]
    raise UnknownKindError(
        f'model.kind is "{named[:60]}", which cannot be built here; the nearest kinds are {", ".join(near)}, '
        "or give model.parameters."
    )


TRANSFORMERS = ("transformer", "vit")
EDITION = re.compile(r"(-(instruct|chat|it|hf|base|uncased|cased|v\d+(-\d+)?|\d{4}|preview|finetuned))+$")
SIZE = re.compile(r"(?:^|[-_/ ])(\d+(?:\.\d+)?)(b|m)(?:[-_ ]|$)")  # "qwen2.5-14b-instruct" has 14 billion


def known(name: str) -> dict[str, Any] | None:
    """The published config of a model that somebody means by "google/vit-base" or "Llama 2 7B"."""
    models, aliases = _known()["models"], _known()["aliases"]
    whole, bare = _dashed(name), _dashed(name.rsplit("/", 1)[-1])
    for candidate in dict.fromkeys((whole, bare, EDITION.sub("", bare))):
        found = aliases.get(candidate, candidate)
        for spelled in (found, found.replace("-", ""), aliases.get(found.replace("-", ""), "")):
            if spelled in models:
                return models[spelled]
    return None


def _dashed(name: str) -> str:
    return re.sub(r"[\s_/.]+", "-", name.strip().lower())


__all__ = ["KINDS", "MOST_MODULES", "MOST_PARAMETERS", "Architecture", "UnknownKindError", "known", "read"]
