"""Models of pictures that are built of convolutions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from workers.probes.base import Sample
from workers.probes.hardware import networks
from workers.probes.hardware.described import Architecture, UnknownKindError, counted
from workers.probes.hardware.plain_models import sizes

WIDE = {"50": 2, "101": 2}  # times as wide inside (Zagoruyko and Komodakis 2016)
RESNETS = {"18": ((2, 2, 2, 2), False), "34": ((3, 4, 6, 3), False), "50": ((3, 4, 6, 3), True),
           "101": ((3, 4, 23, 3), True), "152": ((3, 8, 36, 3), True)}  # fmt: skip
# name -> what builds it from channels and outputs, and the inputs of its last layer
PUBLISHED: dict[str, tuple[Callable[[int, int], nn.Module], int]] = {
    "vgg11": (lambda c, n: networks.VGG(c, (1, 1, 2, 2, 2), n), 4096),
    "vgg16": (lambda c, n: networks.VGG(c, (2, 2, 3, 3, 3), n), 4096),
    "vgg19": (lambda c, n: networks.VGG(c, (2, 2, 4, 4, 4), n), 4096),
    "mobilenet_v2": (networks.MobileNetV2, 1280),
    "mobilenetv2": (networks.MobileNetV2, 1280),
    "mobilenet": (networks.MobileNetV2, 1280),
    "efficientnet_b0": (networks.EfficientNetB0, 1280),
    "efficientnet": (networks.EfficientNetB0, 1280),
    "densenet121": (lambda c, n: networks.DenseNet(c, (6, 12, 24, 16), n), 1024),
    "densenet169": (lambda c, n: networks.DenseNet(c, (6, 12, 32, 32), n), 1664),
    "densenet": (lambda c, n: networks.DenseNet(c, (6, 12, 24, 16), n), 1024),
}
LEAST_PIXELS = 32
MOST_PIXELS = 32_768  # a side that a network sees at once; slides of microscopes are cut into far less
MOST_BLOCKS = 256  # of a residual network; the deepest published ones for pictures of this kind have 50
PLAIN = {"mobilenet": "MobileNetV2", "mobilenetv2": "MobileNetV2", "mobilenet_v2": "MobileNetV2",
         "efficientnet": "EfficientNet-B0", "efficientnet_b0": "EfficientNet-B0",
         "densenet": "DenseNet-121"}  # fmt: skip


def size(
    sample: Sample, model: Mapping[str, Any], assumed: list[str], usual: int = 32
) -> tuple[int, int, int]:
    """Channels, height, width of what the model sees; ``usual`` where neither pictures nor plan say."""
    channels, height, width = 3, 0, 0
    if sample.folder is not None and sample.kind == "images":
        from safetensors import safe_open

        with safe_open(sample.folder / "arrays.safetensors", "np") as arrays:
            if "images" in set(arrays.keys()):
                _, height, width, channels = arrays.get_slice("images").get_shape()
    given = sizes(model.get("input_size"))
    if given:
        height, width = given[0], given[1] if len(given) > 1 else given[0]
    if not height:
        height = width = 224 if model.get("pretrained") else usual
        assumed.append(f"Nothing says how large the pictures are; {height} x {width} pixels are taken.")
    if max(height, width) > MOST_PIXELS:
        raise UnknownKindError(
            f"model.input_size is {max(height, width):,} pixels; give at most {MOST_PIXELS:,}, the size of"
            " the pieces that large pictures are cut into."
        )
    return (3 if model.get("pretrained") else channels), height, width


def cnn(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    channels = sizes(model.get("channels"))
    if not channels and model.get("pretrained"):
        assumed.append("The plan names a pretrained picture model but not which; ResNet-18 stands in for it.")
        return resnet(sample, model, classes, assumed, "resnet18")
    if not channels:
        channels = [32, 64, 128]
        assumed.append("The plan gives no channels; 32, 64 and 128 are taken.")
    row = size(sample, model, assumed)

    def build(_: int = 1) -> networks.CNN:
        return networks.CNN(row[0], min(row[1:]), channels, classes)

    says = f"a picture network with {', '.join(map(str, channels[:6]))} channels"
    head = (channels[-1] + 1) * classes
    return Architecture("cnn", says, counted(build), classes, row, build=build, head=head)


def resnet(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """He et al. 2016, of a published size or with the plan's own stages."""
    digits = (re.search(r"\d+", kind) or [""])[0]
    times = WIDE.get(digits, 1) if "wide" in kind.lower() else 1
    stages, given = sizes(model.get("stages")), sizes(model.get("channels"))
    first = given[0] if given else 64
    name = f"Wide ResNet-{digits}-{times}" if times > 1 else f"ResNet-{digits}"
    if sum(stages) > MOST_BLOCKS:
        raise UnknownKindError(
            f"model.stages has {sum(stages):,} blocks; give at most {MOST_BLOCKS:,}, or the parameters."
        )
    if stages:
        blocks, wide = tuple(stages), bool(model.get("bottleneck", True))
        name = f"a residual network of {sum(blocks):,} blocks"
    else:
        if digits not in RESNETS:
            of = f"ResNet-{digits} is not known here" if digits else "The plan names no size of ResNet"
            assumed.append(f"{of}; ResNet-18 is taken.")
            name = "ResNet-18"
        blocks, wide = RESNETS.get(digits, RESNETS["18"])
    row = size(sample, model, assumed, 224)

    def build(_: int = 1) -> networks.ResNet:
        return networks.ResNet(row[0], blocks, wide, classes, first, times)

    last = first * 2 ** (len(blocks) - 1) * (4 if wide else 1)
    return Architecture("resnet", name, counted(build), classes, row, build=build, head=(last + 1) * classes)


def unet(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """Ronneberger et al. 2015: a class for every pixel."""
    channels = sizes(model.get("channels"))
    if len(channels) < 2:
        channels = [64, 128, 256, 512, 1024]
        assumed.append("The plan gives no channels; 64, 128, 256, 512 and 1,024 are taken.")
    row = size(sample, {"input_size": 256, **model}, assumed)
    if min(row[1:]) < 2 ** (len(channels) - 1):
        raise UnknownKindError(
            f"The pictures have {row[1]:,} x {row[2]:,} pixels, and a U-Net that halves them"
            f" {len(channels) - 1} times needs at least {2 ** (len(channels) - 1):,}; give larger pictures in"
            " model.input_size, or fewer model.channels."
        )

    def build(_: int = 1) -> networks.UNet:
        return networks.UNet(row[0], channels, classes)

    says = f"a U-Net of {', '.join(f'{c:,}' for c in channels[:6])} channels"
    head = (channels[0] + 1) * classes
    return Architecture("unet", says, counted(build), classes, row, build=build, head=head)


def published(
    sample: Sample, model: Mapping[str, Any], classes: int, assumed: list[str], kind: str
) -> Architecture:
    """A network of a fixed form that people name."""
    key = kind.strip().lower().replace("-", "_").replace(" ", "_")
    make, last = PUBLISHED[key]
    row = size(sample, {"input_size": 224, **model}, assumed)
    if min(row[1:]) < LEAST_PIXELS and key.startswith(("vgg", "densenet")):
        raise UnknownKindError(
            f"The pictures have {row[1]:,} x {row[2]:,} pixels, and {kind} halves them five times, so it"
            f" needs at least {LEAST_PIXELS}; give larger pictures in model.input_size, or model.kind: cnn."
        )

    def build(_: int = 1) -> nn.Module:
        return make(row[0], classes)

    name = PLAIN.get(key, key.upper() if key.startswith("vgg") else key.capitalize())
    return Architecture("cnn", name, counted(build), classes, row, build=build, head=(last + 1) * classes)
