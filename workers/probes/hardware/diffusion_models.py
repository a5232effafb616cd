"""Stable Diffusion and its like: a U-Net that takes noise away in the space of an autoencoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.probes.base import Sample
from workers.probes.hardware import networks, picture_models
from workers.probes.hardware.described import Architecture, UnknownKindError, counted
from workers.probes.hardware.networks.diffusion import Plan
from workers.probes.hardware.plain_models import sizes, without_classes

ENCODER = 34_163_664  # parameters of the frozen encoder of pictures
PASSES = 100  # of the U-Net for one picture: 50 steps, each with the text and without [judgement]
MOST_LEVELS = 6


@dataclass(frozen=True)
class Edition:
    """A published U-Net: its name, sizes, parameters of its encoders of texts, side of its pictures."""

    name: str
    plan: Plan
    texts: int
    side: int


FIRST = Edition("Stable Diffusion v1", Plan((320, 640, 1280, 1280), (1, 1, 1, 0), 768, 77, 8, linear=False),
                123_060_480, 512)  # fmt: skip
SECOND = Edition("Stable Diffusion v2", Plan((320, 640, 1280, 1280), (1, 1, 1, 0), 1024, 77),
                 340_387_840, 768)  # fmt: skip
LARGE = Edition("Stable Diffusion XL", Plan((320, 640, 1280), (0, 2, 10), 2048, 77, beside=2816),
                817_720_320, 1024)  # fmt: skip
NAMES = (
    (re.compile(r"(^|_)(sdxl|stable_diffusion_xl|sd_xl)(_|$)"), LARGE),
    (re.compile(r"(^|_)(stable_diffusion|sd)_?v?2(_[01])?(_base)?(_|$)"), SECOND),
    (re.compile(r"(^|_)((stable_diffusion|sd)(_?v?1(_?[0-5])?)?|latent_diffusion)(_|$)"), FIRST),
)
# Editions of another form: of transformers, of more inputs, or of two networks.
OTHERS = re.compile(
    r"(^|_)(v?3(_5)?(_medium|_large)?|refiner|controlnet|inpaint\w*|upscal\w*|cascade|video)(_|$)"
)


def edition(name: str) -> Edition | None:
    """The published U-Net that a name with underscores means; None for any other."""
    if OTHERS.search(name):
        return None
    return next((found for pattern, found in NAMES if pattern.search(name)), None)


def latent(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Rombach et al. 2022; Podell et al. 2023 for the large one; or with the plan's own channels."""
    without_classes(assumed)
    known = edition(re.sub(r"[^a-z0-9]+", "_", kind.strip().lower())) or FIRST
    channels, plan, name = sizes(model.get("channels")), known.plan, known.name
    if not channels and re.search("latent", kind, re.IGNORECASE):
        assumed.append(f"The plan gives no channels; those of {known.name} are taken.")
    if channels:
        if len(channels) > MOST_LEVELS or any(width % 32 for width in channels):
            raise UnknownKindError(
                f"model.channels is {', '.join(f'{width:,}' for width in channels[:8])}; give one to"
                f" {MOST_LEVELS} levels whose channels are multiples of 32, like 320, 640 and 1280."
            )
        depths = tuple(int(place + 1 < len(channels) or len(channels) == 1) for place in range(len(channels)))
        plan = replace(plan, channels=tuple(channels), depths=depths, heads=0)
        name = "a latent diffusion model"
    words = model.get("text") or {}
    plan = replace(plan, text_width=int(words.get("width") or plan.text_width),
                   text_length=int(words.get("sequence") or plan.text_length))  # fmt: skip
    row = picture_models.size(sample, {"input_size": known.side, **model}, assumed)
    least = 8 * 2 ** (len(plan.channels) - 1)
    if any(side % 8 for side in row[1:]) or min(row[1:]) < least:
        raise UnknownKindError(
            f"The pictures have {row[1]:,} x {row[2]:,} pixels; a latent diffusion model with"
            f" {len(plan.channels)} levels takes multiples of 8 from {least} on; change model.input_size."
        )

    def build(_: int = 1) -> networks.LatentDiffusion:
        return networks.LatentDiffusion(plan, row[0])

    assumed.append("The U-Net is trained; the encoders of pictures and texts are frozen. Pictures are encoded"
                   " anew in each step, and texts once before.")  # fmt: skip
    wide = ", ".join(f"{width:,}" for width in plan.channels)
    says = f"{name}, a U-Net of {wide} channels over pictures made eight times smaller"
    head = (9 * plan.channels[0] + 1) * 4
    return Architecture(
        "latent", says, counted(build) - ENCODER, 4, row, head=head, build=build,
        extra={"frozen": ENCODER + known.texts, "passes": PASSES},
    )  # fmt: skip
