"""Diffusion in the space of an autoencoder, as Stable Diffusion does it (Rombach et al. 2022, section 3).

A frozen encoder makes a picture eight times smaller each way; a U-Net whose levels look at a text learns to
take noise away from that. Counts equal the published U-Nets (see the tests).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from workers.probes.hardware.networks.transformer import Tower, plainly
from workers.probes.hardware.shape import made as shaped

GROUPS = 32  # of channels that are normed together
LATENT = 4  # channels of a picture made small
SMALLER = 8  # times, each way
ENCODER = (128, 256, 512, 512)  # channels of the frozen encoder's levels (Rombach et al. 2022, f = 8)


@dataclass(frozen=True)
class Plan:
    """Sizes of the U-Net; ``depths`` are transformer blocks of each level, 0 for a level without."""

    channels: tuple[int, ...]
    depths: tuple[int, ...]
    text_width: int
    text_length: int
    heads: int = 0  # of each level; 0 for heads of 64 numbers
    linear: bool = True  # in and out of the transformer blocks; else 1x1 convolutions, of as many weights
    beside: int = 0  # numbers about the picture's size and the whole text that join the time (SDXL)
    blocks: int = 2


def normed(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(min(GROUPS, channels), channels)


class Step(nn.Module):
    """Two convolutions beside a skip; the time of the noise is added between them where there is one."""

    def __init__(self, inputs: int, outputs: int, times: int = 0) -> None:
        super().__init__()
        self.first, self.second = normed(inputs), normed(outputs)
        self.up = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.down = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(times, outputs) if times else None
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        y = self.up(F.silu(self.first(x)))
        if self.time is not None and time is not None:
            y = y + self.time(F.silu(time))[..., None, None]
        return self.skip(x) + self.down(F.silu(self.second(y)))


class Look(nn.Module):
    """Transformer blocks over the pixels, which look at one another and at the text."""

    def __init__(self, plan: Plan, channels: int, depth: int) -> None:
        super().__init__()
        heads = plan.heads or max(1, channels // 64)
        shape = shaped({"layers": depth, "width": channels, "heads": heads, "bias": True, "qkv_bias": False,
                        "gated": True, "norm": "layer", "last_norm": False, "output": "none"})  # fmt: skip
        self.norm = normed(channels)
        self.tower = Tower(shape, depth, cross=True)
        for block in self.tower.stack:
            for name in ("k", "v"):
                setattr(block.cross, name, nn.Linear(plan.text_width, channels, bias=False))
        self.enter, self.leave = (
            nn.Linear(channels, channels) if plan.linear else nn.Conv2d(channels, channels, 1)
            for _ in range(2)
        )

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        y, high = self.norm(x), x.shape[-2]
        if isinstance(self.enter, nn.Conv2d):
            y = self.leave(_picture(self.tower(_tokens(self.enter(y)), text), high))
        else:
            y = _picture(self.leave(self.tower(self.enter(_tokens(y)), text)), high)
        return x + y


def _tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def _picture(x: Tensor, high: int) -> Tensor:
    return x.transpose(1, 2).unflatten(2, (high, -1))


class Level(nn.Module):
    """Convolutions and, where the level has any, blocks that look at the text."""

    def __init__(self, plan: Plan, inputs: int, outputs: int, depth: int, times: int) -> None:
        super().__init__()
        self.step = Step(inputs, outputs, times)
        self.look = Look(plan, outputs, depth) if depth else None
        self.run: Callable[..., Tensor] = plainly

    def forward(self, x: Tensor, time: Tensor, text: Tensor) -> Tensor:
        x = self.run(self.step, x, time)
        return x if self.look is None else self.look(x, text)


class Encoder(nn.Sequential):
    """The frozen encoder: pictures [rows, 3, high, wide] -> means and spreads of LATENT channels."""

    def __init__(self, channels: int) -> None:
        inputs = ENCODER[0]
        layers: list[nn.Module] = [nn.Conv2d(channels, inputs, 3, padding=1)]
        for place, width in enumerate(ENCODER):
            layers += [Step(inputs, width), Step(width, width)]
            inputs = width
            if place + 1 < len(ENCODER):
                layers.append(nn.Conv2d(width, width, 3, 2, 1))
        ends = [normed(inputs), nn.SiLU(), nn.Conv2d(inputs, 2 * LATENT, 3, padding=1),
                nn.Conv2d(2 * LATENT, 2 * LATENT, 1)]  # fmt: skip
        super().__init__(*layers, Step(inputs, inputs), Among(inputs), Step(inputs, inputs), *ends)


class Among(nn.Module):
    """Every pixel looks at every other, with a single head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = normed(channels)
        self.q, self.k, self.v, self.o = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        tokens, high = _tokens(self.norm(x)), x.shape[-2]
        scores = self.q(tokens) @ self.k(tokens).transpose(1, 2)
        return x + _picture(self.o(scores.softmax(-1) @ self.v(tokens)), high)


class LatentDiffusion(nn.Module):
    """Trained on pictures; in use one pass takes a little of the noise away, without the encoder.

    The text arrives as the numbers that a frozen encoder of texts makes of it, [rows, length, width].
    """

    def __init__(self, plan: Plan, inputs: int) -> None:
        super().__init__()
        self.plan, first = plan, plan.channels[0]
        times = 4 * first
        self.encoder = Encoder(inputs)
        self.encoder.requires_grad_(False)
        self.time = nn.Sequential(nn.Linear(first, times), nn.SiLU(), nn.Linear(times, times))
        more = (nn.Linear(plan.beside, times), nn.SiLU(), nn.Linear(times, times)) if plan.beside else ()
        self.beside = nn.Sequential(*more)
        self.enter = nn.Conv2d(LATENT, first, 3, padding=1)
        self.down, self.narrow, kept = nn.ModuleList(), nn.ModuleList(), [first]
        channels = first
        for place, (width, depth) in enumerate(zip(plan.channels, plan.depths, strict=True)):
            for _ in range(plan.blocks):
                self.down.append(Level(plan, channels, width, depth, times))
                channels = width
                kept.append(width)
            if place + 1 < len(plan.channels):
                self.narrow.append(nn.Conv2d(width, width, 3, 2, 1))
                kept.append(width)
        deepest = max(1, *plan.depths)
        self.middle = Level(plan, channels, channels, deepest, times)
        self.last = Step(channels, channels, times)
        self.up, self.wide = nn.ModuleList(), nn.ModuleList()
        for place, (width, depth) in reversed(list(enumerate(zip(plan.channels, plan.depths, strict=True)))):
            for _ in range(plan.blocks + 1):
                self.up.append(Level(plan, channels + kept.pop(), width, depth, times))
                channels = width
            if place:
                self.wide.append(nn.Conv2d(width, width, 3, padding=1))
        self.norm, self.head = normed(first), nn.Conv2d(first, LATENT, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        plan, rows = self.plan, x.shape[0]
        if self.training:
            with torch.no_grad():
                x = self.encoder(x)[:, :LATENT]
        else:
            x = x.new_zeros(rows, LATENT, x.shape[-2] // SMALLER, x.shape[-1] // SMALLER)
        text = x.new_zeros(rows, plan.text_length, plan.text_width)
        time = self.time(x.new_zeros(rows, plan.channels[0]))
        if plan.beside:
            time = time + self.beside(x.new_zeros(rows, plan.beside))
        x = self.enter(x)
        kept, place = [x], 0
        for number, level in enumerate(self.down):
            x = level(x, time, text)
            kept.append(x)
            if (number + 1) % plan.blocks == 0 and place < len(self.narrow):
                x = self.narrow[place](x)
                kept.append(x)
                place += 1
        x = self.last(self.middle(x, time, text), time)
        for number, level in enumerate(self.up):
            x = level(torch.cat([x, kept.pop()], 1), time, text)
            turn = (number + 1) // (plan.blocks + 1)
            if (number + 1) % (plan.blocks + 1) == 0 and turn <= len(self.wide):
                x = F.interpolate(x, size=kept[-1].shape[-2:], mode="nearest")
                x = self.wide[turn - 1](x)
        return self.head(F.silu(self.norm(x))).movedim(1, -1)


__all__ = ["LATENT", "SMALLER", "Encoder", "LatentDiffusion", "Level", "Plan"]
