"""Networks of pictures: plain and residual convolutions, U-Net, VGG, MobileNetV2, EfficientNet-B0, DenseNet.

Counts equal the published models (see the tests).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class CNN(nn.Sequential):
    """3x3 convolution, batch norm, ReLU, and pooling while the picture allows; average; linear."""

    def __init__(self, inputs: int, size: int, channels: list[int], outputs: int) -> None:
        layers: list[nn.Module] = []
        for width in channels:
            layers += [nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            if size >= 4:
                layers.append(nn.MaxPool2d(2))
                size //= 2
            inputs = width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, outputs))


def normed(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution without bias, and its batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    """The block of ResNet-18 (two 3x3) or of ResNet-50 (1x1, 3x3, 1x1, four times wider at its end)."""

    def __init__(self, inputs: int, width: int, stride: int, wide: bool, times: int = 1) -> None:
        super().__init__()
        outputs = width * 4 if wide else width
        width *= times
        kernels = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)] if wide else [
            (inputs, width, 3, stride), (width, width, 3, 1)]  # fmt: skip
        self.steps = nn.ModuleList(normed(*kernel) for kernel in kernels)
        self.skip = normed(inputs, outputs, 1, stride) if stride > 1 or inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i, step in enumerate(self.steps):
            y = step(y)
            if i + 1 < len(self.steps):
                y = F.relu(y, inplace=not self.training)
        return F.relu(y + self.skip(x), inplace=not self.training)


class ResNet(nn.Sequential):
    """He et al. 2016: ``blocks`` a stage, ``wide`` from ResNet-50 on; inside, they are ``times`` as wide."""

    def __init__(
        self, inputs: int, blocks: tuple[int, ...], wide: bool, outputs: int, first: int = 64, times: int = 1
    ) -> None:
        layers: list[nn.Module] = [*normed(inputs, first, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels = first
        for stage, count in enumerate(blocks):
            for i in range(count):
                width = first * 2**stage
                layers.append(Residual(channels, width, 2 if stage and not i else 1, wide, times))
                channels = width * 4 if wide else width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs))


class Twice(nn.Sequential):
    """Two convolutions with batch norm and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(*normed(inputs, outputs), nn.ReLU(), *normed(outputs, outputs), nn.ReLU())


class UNet(nn.Module):
    """Ronneberger et al. 2015 with batch norm: down, and up again beside what was seen on the way; a class
    for every pixel."""

    def __init__(self, inputs: int, channels: list[int], outputs: int) -> None:
        super().__init__()
        pairs = list(zip([inputs, *channels[:-1]], channels, strict=True))
        self.down = nn.ModuleList(Twice(a, b) for a, b in pairs)
        back = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in back)
        self.join = nn.ModuleList(Twice(2 * b, b) for _, b in back)
        self.head = nn.Conv2d(channels[0], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for i, step in enumerate(self.down):
            x = step(F.max_pool2d(x, 2) if i else x)
            seen.append(x)
        for up, join, beside in zip(self.up, self.join, seen[-2::-1], strict=True):
            x = up(x)
            if x.shape != beside.shape:  # an odd number of pixels was halved on the way down
                x = F.pad(x, (0, beside.shape[-1] - x.shape[-1], 0, beside.shape[-2] - x.shape[-2]))
            x = join(torch.cat([beside, x], 1))
        return self.head(x).movedim(1, -1)


class VGG(nn.Sequential):
    """Simonyan and Zisserman 2015: ``blocks`` convolutions between poolings, then three linear layers."""

    def __init__(self, inputs: int, blocks: tuple[int, ...], outputs: int) -> None:
        layers: list[nn.Module] = []
        for count, width in zip(blocks, (64, 128, 256, 512, 512), strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        linear = [nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
                  nn.Dropout()]  # fmt: skip
        super().__init__(*layers, nn.AdaptiveAvgPool2d(7), nn.Flatten(), *linear, nn.Linear(4096, outputs))


class Inverted(nn.Module):
    """The block of MobileNetV2: wider, each channel alone, narrower; EfficientNet weighs the channels too."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, wider: int, kernel: int = 3, weighed: bool = False
    ) -> None:
        super().__init__()
        inner = inputs * wider
        self.act = F.silu if weighed else F.relu6
        self.up = normed(inputs, inner, 1) if wider > 1 else None
        self.each = normed(inner, inner, kernel, stride, inner)
        few = max(1, inputs // 4)
        self.squeeze = nn.Conv2d(inner, few, 1) if weighed else None
        self.weigh = nn.Conv2d(few, inner, 1) if weighed else None
        self.down = normed(inner, outputs, 1)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        alone = not self.training  # then nothing is kept of what was there before
        y = x if self.up is None else self.act(self.up(x), inplace=alone)
        y = self.act(self.each(y), inplace=alone)
        if self.squeeze is not None and self.weigh is not None:
            y = y * torch.sigmoid(self.weigh(F.silu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        y = self.down(y)
        return x + y if self.skips else y


MOBILE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
          (6, 320, 1, 1))  # fmt: skip  # wider, channels, blocks, stride (Sandler et al. 2018, table 2)
EFFICIENT = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
             (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))  # fmt: skip  # the same and the kernel (Tan and Le 2019)


class MobileNetV2(nn.Sequential):
    """Sandler et al. 2018."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = [normed(inputs, 32, 3, 2), nn.ReLU6()]
        channels = 32
        for wider, width, blocks, stride in MOBILE:
            for i in range(blocks):
                layers.append(Inverted(channels, width, 1 if i else stride, wider))
                channels = width
        last = [normed(320, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2)]
        super().__init__(*layers, *last, nn.Linear(1280, outputs))


class EfficientNetB0(nn.Sequential):
    """Tan and Le 2019."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = [normed(inputs, 32, 3, 2), nn.SiLU()]
        channels = 32
        for wider, width, blocks, stride, kernel in EFFICIENT:
            for i in range(blocks):
                layers.append(Inverted(channels, width, 1 if i else stride, wider, kernel, weighed=True))
                channels = width
        last = [normed(320, 1280, 1), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2)]
        super().__init__(*layers, *last, nn.Linear(1280, outputs))


class DenseLayer(nn.Module):
    """Adds 32 channels to all that stand there already."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(inputs), nn.BatchNorm2d(128)
        self.narrow = nn.Conv2d(inputs, 128, 1, bias=False)
        self.grow = nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.grow(F.relu(self.second(self.narrow(F.relu(self.first(x))))))], 1)


class DenseNet(nn.Sequential):
    """Huang et al. 2017, with 32 channels more a layer."""

    def __init__(self, inputs: int, blocks: tuple[int, ...], outputs: int) -> None:
        layers: list[nn.Module] = [*normed(inputs, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels = 64
        for place, count in enumerate(blocks):
            for _ in range(count):
                layers.append(DenseLayer(channels))
                channels += 32
            if place + 1 < len(blocks):
                half = channels // 2
                narrow = nn.Conv2d(channels, half, 1, bias=False)
                layers += [nn.BatchNorm2d(channels), nn.ReLU(), narrow, nn.AvgPool2d(2)]
                channels = half
        last = [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*layers, *last, nn.Linear(channels, outputs))
