"""Nets that hide their gradient without being any harder to fool: what an attack must not fall for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from workers.fleet import Fleet

Forward = Callable[[torch.Tensor], torch.Tensor]


def _one_hot(x: torch.Tensor, net: Forward) -> torch.Tensor:
    out = net(x)
    return torch.nn.functional.one_hot(out.argmax(-1), out.shape[-1]).float()


MASKS: dict[str, Callable[[torch.Tensor, Forward], torch.Tensor]] = {
    "saturated": lambda x, net: 1000 * net(x),  # the softmax is sure of everything
    "narrow clamp": lambda x, net: net(x).clamp(-1, 1),
    "input clamp": lambda x, net: net(x.clamp(-0.6, 1.5)),
    "rounded input": lambda x, net: net(torch.round(x * 64) / 64),
    "thermometer": lambda x, net: net((x > 0).float() * 2 - 1),
    "labels only": _one_hot,
    "rounded output": lambda x, net: torch.round(net(x) * 4) / 4,
    "saturated tanh": lambda x, net: torch.tanh(20 * net(x)),
    "shattered": lambda x, net: net(x + 0.3 * torch.sin(300 * x)),
    "wide clamp": lambda x, net: net(x).clamp(-5, 5),
}
HIDDEN = tuple(name for name in MASKS if name != "wide clamp")


def behind(mask: str, trained: Callable[..., Fleet]) -> Callable[..., Fleet]:
    """``trained``, whose nets then answer through the mask."""

    class Masked(Fleet):
        def logits(self, x, head=0):
            return MASKS[mask](self._rows(x), lambda rows: super(Masked, self).logits(rows, head))

    def made(*args, **how):
        fleet = trained(*args, **how)
        return Masked(**{one.name: getattr(fleet, one.name) for one in dataclasses.fields(fleet)})

    return made
