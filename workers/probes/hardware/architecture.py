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

from workers import yaml_file
from workers.plan import huggingface
from workers.probes.base import Sample
from workers.probes.hardware import (
    diffusion_models,
    kinds,
    picture_models,
    plain_models,
    text_models,
    together_models,
)
from workers.probes.hardware.described import (
    MOST_MODULES,
    MOST_PARAMETERS,
    Architecture,
    UnknownKindError,
)
from workers.probes.hardware.kinds import BY_NAME, KINDS

Maker = Callable[[Sample, Mapping[str, Any], int, list[str], str], Architecture]
MAKERS: dict[str, Maker] = {
    "mlp": plain_models.mlp, "linear": plain_models.mlp, "table_resnet": plain_models.table_resnet,
    "boosting": plain_models.trees, "forest": plain_models.trees, "kernel": plain_models.kernel,
    "lstm": plain_models.recurrent, "cnn": picture_models.cnn, "resnet": picture_models.resnet,
    "unet": picture_models.unet, "published_cnn": picture_models.published,
    "latent": diffusion_models.latent,
    "transformer": text_models.transformer, "vit": text_models.pictures, "clip": text_models.pairs,
    "table_transformer": text_models.cells, "numbers": text_models.numbers,
    "siglip": together_models.sigmoid_pairs, "vision_language": together_models.sees_and_reads,
    "states": together_models.states,
}  # fmt: skip


@cache
def _known() -> dict[str, Any]:
    return yaml_file.read(Path(__file__).with_name("known_models.yaml"))


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
        told = kinds.other(stranger.replace("-", "_"))
        if told and "in its own way" not in told:  # layers of another kind than a transformer's
            raise UnknownKindError(f'model_type is "{stranger[:60]}", {told}')
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
    if model.get("words_beside"):
        named = str(model["kind"])[:60]
        assumed.insert(0, f'"{named}" is not known here as a whole, so {made.says} stands in for it.')
        made = replace(made, extra={**made.extra, "loose": True})
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
    plain = _dashed(named).replace("-", "_")
    if plain not in BY_NAME:  # "an ensemble of MLPs" is one of them, and a mixture of experts is a kind
        plain = plain.rsplit("_of_", 1)[-1]
    sized = bool({"layers", "width"} & own.keys())
    if model.get("parameters") and not sized and (plain not in BY_NAME or BY_NAME[plain] in TRANSFORMERS):
        return "numbers", model
    if plain in BY_NAME:
        return BY_NAME[plain], model
    if diffusion_models.edition(plain) is not None:
        return "latent", model
    size = SIZE.search(named.lower())
    if size is None and (told := kinds.other(plain)):
        raise UnknownKindError(f'model.kind is "{named[:60]}", {told}')
    found, others = kinds.within(plain)
    if found is not None and not others:
        return found, model
    if not named:
        for key, family in (("transformer", "transformer"), ("trees", "boosting"), ("channels", "cnn"),
                            ("hidden", "mlp")):  # fmt: skip
            if model.get(key):
                return family, model
        return None, model
    if size is not None:
        count = float(size[1]) * (10**9 if size[2] == "b" else 10**6)
        return "numbers", {**model, "parameters": max(1, round(count)), "sized_by_name": named,
                           "meant": _near_name(named)}  # fmt: skip
    if found is not None:  # with words beside it that may make it another network
        return found, {**model, "words_beside": others}
    every = [*BY_NAME, *_known()["models"], *_known()["aliases"], *huggingface.families()]
    near = ", ".join(kinds.near(plain, every))
    raise UnknownKindError(
        f'model.kind is "{named[:60]}", which cannot be built here; the nearest kinds are {near}, '
        "or give model.parameters."
    )


def _near_name(name: str) -> str:
    """A published model that is spelled nearly so; empty where there is none."""
    every = [*_known()["models"], *_known()["aliases"]]
    found = get_close_matches(_dashed(name.rsplit("/", 1)[-1]), every, 1, 0.85)
    return found[0] if found else ""


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
