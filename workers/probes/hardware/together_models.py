"""Models that see and read: a picture tower before a decoder, SigLIP; and Mamba, which keeps states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from workers.probes.base import Sample
from workers.probes.hardware import networks, picture_models
from workers.probes.hardware import shape as shapes
from workers.probes.hardware.described import Architecture, counted
from workers.probes.hardware.plain_models import without_classes
from workers.probes.hardware.text_models import over

USUAL_TEXT = 512  # words beside a picture, where nothing says how many [judgement]


def _own(group: Any) -> dict[str, Any]:
    return {key: value for key, value in (group or {}).items() if value is not None}


def sees_and_reads(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """LLaVA, Gemma 3, Qwen2-VL and their like."""
    without_classes(assumed)
    own, seen = _own(model.get("transformer")), _own(model.get("picture"))
    name = str(own.get("named") or "a model of pictures and words")
    row = picture_models.size(sample, {"input_size": 224, **model}, assumed)
    pictures = over(shapes.made({**seen, "causal": False, "output": "none"}), row)
    pictures = replace(pictures, positions=pictures.positions if seen.get("positions") else 0)
    merge = int(model.get("merge") or 1)
    squares = max(1, (pictures.sequence - pictures.extra_tokens) // merge**2)
    text = int(own.get("sequence") or min(USUAL_TEXT, own.get("longest") or USUAL_TEXT))
    if "sequence" not in own:
        assumed.append(f"Nothing says how many words stand beside a picture; {text:,} tokens are taken.")
    words = shapes.made({**own, "causal": True, "sequence": squares + text})
    words = replace(words, longest=max(words.longest, words.sequence))
    stacks, bridge = (pictures.layers, words.layers), str(model.get("bridge") or "two_layers")

    def build(*counts: int) -> nn.Module:
        counts = (*counts, *stacks[len(counts) :])
        return networks.SeesAndReads(pictures, words, counts[0], counts[1], bridge, merge, text)

    head = 0 if words.tied else words.width * words.vocabulary
    return Architecture(
        "vision_language", f"{name} with {pictures.layers:,} layers for pictures and {words.layers:,} for"
        " words",
        counted(build, stacks) + words.idle_parameters(), words.vocabulary, row, repeats=stacks[0],
        stacks=stacks, vary=(2, 3), head=head or words.vocabulary, idle=words.idle_parameters(),
        tokens=words.sequence, extra={"shape": words, "told": "sequence" in own}, build=build,
    )  # fmt: skip


def sigmoid_pairs(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """SigLIP (Zhai et al. 2023)."""
    without_classes(assumed)
    row = picture_models.size(sample, {"input_size": 224, **model}, assumed)
    left = over(shapes.made({**_own(model.get("transformer")), "causal": False, "output": "none"}), row)
    right = shapes.made({**_own(model.get("text")), "causal": False, "output": "none"})
    stacks = (left.layers, right.layers)

    def build(*counts: int) -> nn.Module:
        counts = (*counts, *stacks[len(counts) :])
        return networks.SigmoidTowers(left, right, counts[0], counts[1])

    return Architecture(
        "clip", f"SigLIP with {left.layers:,} and {right.layers:,} layers", counted(build, stacks),
        left.width, row, repeats=stacks[0], stacks=stacks, vary=(2, 3), head=(right.width + 1) * left.width,
        tokens=left.sequence, extra={"shape": left}, build=build,
    )  # fmt: skip


def states(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Mamba: each layer keeps a state instead of keys and values."""
    without_classes(assumed)
    own = _own(model.get("transformer"))
    layers, width = int(own.get("layers") or 24), int(own.get("width") or 768)
    inner, state = int(own.get("feed_forward") or 2 * width), int(own.get("state") or 16)
    rank, kernel = int(own.get("time_rank") or math.ceil(width / 16)), int(own.get("kernel") or 4)
    vocabulary, tied = int(own.get("vocabulary") or 50_280), bool(own.get("tied", True))
    sequence = int(own.get("sequence") or 0)
    if not sequence:
        sequence = shapes.USUAL_ROW
        assumed.append(f"Nothing says how long a row is; {sequence:,} tokens are taken.")
    if not {"layers", "width"} <= own.keys():
        assumed.append(
            f"The plan leaves Mamba's layers or width open; {layers} layers of width {width} are taken."
        )

    def build(count: int = layers) -> nn.Module:
        return networks.Mamba(count, width, inner, state, rank, kernel, vocabulary, tied)

    name = str(own.get("named") or "Mamba")
    return Architecture(
        "states", f"{name} with {layers:,} layers of width {width:,}", counted(build, (layers,)), vocabulary,
        (sequence,), repeats=layers, vary=(2, 3), head=vocabulary if tied else width * vocabulary,
        tokens=sequence, words=True, build=build,
    )  # fmt: skip
