"""Models made of transformers: of words, pictures, sound, table columns, or both words and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from workers.probes.base import Sample
from workers.probes.hardware import networks, picture_models
from workers.probes.hardware import shape as shapes
from workers.probes.hardware.described import Architecture, UnknownKindError, counted
from workers.probes.hardware.plain_models import features, without_classes
from workers.probes.hardware.shape import Shape

USUAL_LAYERS = 6
USUAL = "The plan leaves the transformer's layers or width open; 6 layers of width 512 fill the gaps."


def transformer(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Of words or sound: an encoder, a decoder, or both."""
    own = {k: v for k, v in (model.get("transformer") or {}).items() if v is not None}
    if not {"layers", "width"} <= own.keys():
        assumed.append(USUAL)
    name, kind = str(own.get("named") or "a transformer"), kind.lower()
    left = own.get("left_out")
    if left:
        assumed.append(f"{left} is not known here and left out, so the model is larger than what is counted.")
    loose = own.get("unknown_type") is not None or bool(left)
    both = "encoder_decoder" in kind
    own.setdefault("causal", not both and any(word in kind for word in ("decoder", "gpt", "llm", "language",
                                                                        "moe", "mixture")))  # fmt: skip
    if both:
        own.setdefault("decoder_layers", own.get("layers", USUAL_LAYERS))
    if kind in ("moe", "mixture_of_experts") and "experts" not in own:
        own |= {"experts": 8, "active_experts": 2}
        assumed.append("The plan names no experts; 8, of which 2 are used at a time, are taken.")
    own.setdefault("dropout", model.get("dropout"))
    told = "sequence" in own or _by_the_texts(sample, own, assumed)
    shape = shapes.made(own)
    if not told and shape.longest > shape.sequence:
        assumed.append(
            f"Nothing says how long a row is; {shape.sequence:,} tokens are taken, and the model can read"
            f" {shape.longest:,}."
        )
    if shape.reads_words and 0 < shape.positions < shape.sequence:
        assumed.insert(0, f"Rows have {shape.sequence:,} tokens and the model knows {shape.positions:,}"
                          f" places, so rows are counted as cut to {shape.positions:,}.")  # fmt: skip
        shape = replace(shape, sequence=shape.positions)
    if "positions" not in own and shape.norm != "rms":
        shape = replace(shape, positions=shape.sequence)
    if shape.decoder_layers:
        return _both(shape, assumed, name, loose)
    if sample.targets and shape.output in ("masked_token", "none"):
        shape = replace(shape, output="class", tied=False)
    return _one(shape, classes, assumed, name, loose, told)


def _by_the_texts(sample: Sample, own: dict[str, Any], assumed: list[str]) -> bool:
    """Takes rows as long as the data's texts are, at four characters a token; False without any."""
    texts = [column.name for column in sample.columns if column.role == "text"]
    lengths = [sample.census[name]["length"] for name in texts if name in sample.census]
    if not lengths or not all(length.get("max") for length in lengths):
        return False
    characters = sum(
        min(length["max"], 4 * length["mean"]) for length in lengths
    )  # a few longer ones are cut
    tokens = max(8, math.ceil(characters / 4))
    own["sequence"] = min(tokens, own.get("longest") or tokens)
    assumed.append(
        f"Nothing says how long a row is; {own['sequence']:,} tokens are taken; the data's texts have up to"
        f" {max(length['max'] for length in lengths):,} characters."
    )
    return True


def _one(shape: Shape, classes: int, assumed: list[str], name: str, loose: bool, told: bool) -> Architecture:
    """An encoder or a decoder of words."""
    out = classes
    if shape.output in ("next_token", "masked_token"):  # of its own tokens, so classes do not matter
        out = shape.vocabulary
    if shape.output not in ("class", "token_class"):
        without_classes(assumed)
    stacks: tuple[int, ...] = (shape.layers,)
    if shape.experts > 1 and shape.dense_layers:
        stacks = (shape.dense_layers, shape.layers - shape.dense_layers)

    def build(*counts: int) -> nn.Module:
        counts = (*counts, *stacks[len(counts) :])
        dense = counts[0] if len(stacks) > 1 else 0
        return networks.Transformer(shape, counts[-1], out, 3, dense)

    head = 0 if shape.tied else shape.width * out + (0 if shape.output == "next_token" else out)
    return Architecture(
        "transformer", f"{name} with {shape.layers:,} layers of width {shape.width:,}",
        counted(build, stacks) + shape.idle_parameters(), out, (shape.sequence,), repeats=stacks[0],
        vary=(2, 3), head=head or out,
        stacks=stacks if len(stacks) > 1 else (), idle=shape.idle_parameters(), tokens=shape.sequence,
        extra={"shape": shape, "loose": loose, "told": told}, words=True, build=build,
    )  # fmt: skip


def _both(shape: Shape, assumed: list[str], name: str, loose: bool) -> Architecture:
    """An encoder with a decoder that predicts the next of its own tokens."""
    without_classes(assumed)
    shape = replace(shape, target_sequence=shape.target_sequence or shape.sequence)
    stacks = (shape.layers, shape.decoder_layers)

    def build(*counts: int) -> nn.Module:
        counts = (*counts, *stacks[len(counts) :])
        return networks.EncoderDecoder(shape, counts[0], counts[1], shape.vocabulary)

    row = (shape.mels, 2 * shape.sequence) if shape.mels else (shape.sequence,)
    head = 0 if shape.tied else shape.width * shape.vocabulary
    return Architecture(
        "transformer",
        f"{name} with {shape.layers:,} and {shape.decoder_layers:,} layers of width {shape.width:,}",
        counted(build, stacks), shape.vocabulary, row, repeats=stacks[0], stacks=stacks, vary=(2, 3),
        head=head or shape.vocabulary, tokens=shape.sequence, words=not shape.mels,
        extra={"shape": shape, "loose": loose}, build=build,
    )  # fmt: skip


def pictures(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Of the squares of a picture (Dosovitskiy et al. 2021)."""
    own = {k: v for k, v in (model.get("transformer") or {}).items() if v is not None}
    if not {"layers", "width"} <= own.keys():
        assumed.append(USUAL)
    own.setdefault("dropout", model.get("dropout"))
    shape = shapes.made({"patch": 16, **own, "causal": False})
    row = picture_models.size(sample, {"input_size": 224, **model}, assumed)
    if shape.output == "none":
        without_classes(assumed)
    shape = over(shape, row)

    def build(layers: int = shape.layers) -> nn.Module:
        return networks.Transformer(shape, layers, classes, row[0])

    name = str(own.get("named") or "a picture transformer")
    return Architecture(
        "vit", f"{name} with {shape.layers:,} layers of width {shape.width:,}",
        counted(build, (shape.layers,)), classes, row, repeats=shape.layers, vary=(2, 3),
        head=(shape.width + 1) * classes, tokens=shape.sequence, extra={"shape": shape}, build=build,
    )  # fmt: skip


def over(shape: Shape, row: tuple[int, int, int]) -> Shape:
    """With a place for each square of the picture; stored places of another size are fitted to it."""
    if min(row[1:]) < shape.patch:
        raise UnknownKindError(
            f"The pictures have {row[1]:,} x {row[2]:,} pixels and the model cuts squares of {shape.patch:,}"
            " pixels; give larger pictures in model.input_size, or a smaller model.transformer.patch."
        )
    places = max(1, row[1] // shape.patch) * max(1, row[2] // shape.patch) + shape.extra_tokens
    return replace(shape, sequence=places, positions=max(places, shape.positions))


def pairs(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """CLIP: pictures and words side by side; what the plan leaves open is that of ViT-B/32."""
    without_classes(assumed)
    own, words = dict(model.get("transformer") or {}), dict(model.get("text") or {})
    usual = {"layers": 12, "width": 768, "heads": 12, "patch": 32, "first_norm": True, "patch_bias": False}
    left = shapes.made({**usual, **{k: v for k, v in own.items() if v is not None}, "causal": False})
    usual = {"layers": 12, "width": 512, "heads": 8, "sequence": 77, "positions": 77, "vocabulary": 49408}
    right = shapes.made({**usual, **{k: v for k, v in words.items() if v is not None}, "causal": True})
    row = picture_models.size(sample, {"input_size": 224, **model}, assumed)
    left = over(left, row)
    stacks, width = (left.layers, right.layers), int(model.get("projection") or 512)

    def build(*counts: int) -> nn.Module:
        counts = (*counts, *stacks[len(counts) :])
        return networks.TwoTowers(left, right, counts[0], counts[1], width)

    return Architecture(
        "clip", f"CLIP with {left.layers:,} and {right.layers:,} layers", counted(build, stacks), width, row,
        repeats=stacks[0], stacks=stacks, vary=(2, 3), head=(left.width + right.width) * width,
        tokens=left.sequence, extra={"shape": left}, build=build,
    )  # fmt: skip


def cells(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """FT-Transformer (Gorishniy et al. 2021): each column of a table is a token; their usual sizes."""
    columns = features(sample, assumed)
    usual = {"layers": 3, "width": 192, "heads": 8, "feed_forward": 256, "gated": True, "relu": True,
             "norm": "layer", "bias": True}  # fmt: skip
    own = {k: v for k, v in (model.get("transformer") or {}).items() if v is not None}
    shape = shapes.made({**usual, **own, "causal": False, "output": "class"})
    shape = replace(shape, cells=columns, sequence=columns + 1)

    def build(layers: int = shape.layers) -> nn.Module:
        return networks.Transformer(shape, layers, classes)

    return Architecture(
        "table_transformer", f"a transformer of {columns:,} columns with {shape.layers:,} layers",
        counted(build, (shape.layers,)), classes, (columns,), repeats=shape.layers, vary=(2, 3),
        head=(shape.width + 1) * classes, tokens=shape.sequence, extra={"shape": shape}, build=build,
    )  # fmt: skip


def numbers(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Only a parameter count: a transformer of the usual proportions, one layer for each 128 of width."""
    count = int(model["parameters"])
    width = max(64, round((count / (12 / 128)) ** (1 / 3) / 64) * 64)
    layers = max(1, round(count / (12 * width**2)))
    sequence = int((model.get("transformer") or {}).get("sequence") or 2048)
    named, stands = model.get("sized_by_name"), "a transformer of the usual proportions stands in."
    if named:
        meant = f"; is {model['meant']} meant? W" if model.get("meant") else "; w"
        assumed.append(f'"{str(named)[:60]}" is not known here{meant}ith the size in its name, {stands}')
    else:
        assumed.append(f"The plan gives only a number of parameters; {stands}")
    without_classes(assumed)
    shape = shapes.made(
        {"layers": layers, "width": width, "heads": max(1, width // 64), "head_width": 64,
         "sequence": sequence, "causal": True, "tied": True, "vocabulary": 2}
    )  # fmt: skip

    def build(layers: int = layers) -> nn.Module:
        return networks.Transformer(shape, layers, 2)

    return Architecture(
        "transformer", f"a model of {count:,} parameters", count, 2, (sequence,), repeats=layers, vary=(2, 3),
        tokens=sequence, extra={"shape": shape, "loose": True}, head=width, words=True, build=build,
    )  # fmt: skip
