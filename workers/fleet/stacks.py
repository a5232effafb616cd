"""Parameters of all members in one flat buffer, and the optimisers that update it in place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

ONE = np.ones(1)
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Kingma & Ba 2015


class Stack:
    """One flat buffer, and views of it: one tensor [K, ...] a parameter, each contiguous.

    Flat, because an optimiser step is then a few passes over one array, whatever K and the layers are.
    """

    def __init__(self, views: Sequence[torch.Tensor]) -> None:
        self.flat = torch.cat([view.reshape(-1) for view in views])
        self.views: list[torch.Tensor] = []
        offset = 0
        for view in views:
            self.views.append(self.flat[offset : offset + view.numel()].view(view.shape))
            offset += view.numel()

    def zeros(self) -> Stack:
        return Stack([torch.zeros_like(view) for view in self.views])

    def keep(self, kept: torch.Tensor) -> Stack:
        return Stack([view[kept] for view in self.views])


class Optimiser:
    """SGD with momentum, Adam or AdamW, with each member's own learning rate, decay and momentum.

    ``rates`` and ``decays`` are full stacks, so that a weight that must not move has rate 0 there.
    """

    def __init__(self, kind: str, rates: Stack, decays: Stack, momenta: torch.Tensor) -> None:
        self.kind, self.rates, self.decays, self.momenta = kind, rates, decays, momenta
        self.first = rates.zeros()  # of momentum, or Adam's first moment
        self.second = rates.zeros() if kind != "sgd" else self.first  # Adam's second moment
        self.step_count = 0
        self.steps = torch.zeros((), device=rates.flat.device)  # the same, where Adam looks for it
        self._prepare()

    def _prepare(self) -> None:
        self.decayed = bool((self.decays.flat != 0).any())
        self.moved = torch.zeros_like(self.rates.flat)
        if self.kind == "adamw" and self.decayed:
            self.shrinks = self.rates.flat * self.decays.flat
        if self.kind == "sgd":
            shaped = [
                self.momenta.view(-1, *(1,) * (view.ndim - 1)).expand_as(view) for view in self.rates.views
            ]
            self.momentum = Stack(shaped).flat

    def keep(self, kept: torch.Tensor) -> None:
        self.rates, self.decays = self.rates.keep(kept), self.decays.keep(kept)
        self.momenta, self.first = self.momenta[kept], self.first.keep(kept)
        self.second = self.second.keep(kept) if self.kind != "sgd" else self.first
        self._prepare()

    def take_up(self, olds: Sequence[Optimiser]) -> None:
        """Goes on from the moments of others, whose members stand one after the other here."""
        self.first = Stack([torch.cat(v) for v in zip(*(old.first.views for old in olds), strict=True)])
        if self.kind != "sgd":
            self.second = Stack([torch.cat(v) for v in zip(*(old.second.views for old in olds), strict=True)])
        else:
            self.second = self.first
        self.step_count = olds[0].step_count
        self.steps.fill_(float(olds[0].step_count))

    def step(self, parameters: Stack, gradients: Stack, factors: np.ndarray = ONE) -> None:
        """One update in place, rates times ``factors`` [K]; ``gradients`` may be overwritten."""
        p, g = parameters.flat, gradients.flat
        self.step_count += 1
        rates, factor = self.rates.flat, float(factors[0])
        if (factors != factor).any():
            own = torch.from_numpy(factors).to(p.device, p.dtype)
            shaped = [view * own.view(-1, *(1,) * (view.ndim - 1)) for view in self.rates.views]
            rates, factor = Stack(shaped).flat, 1.0
        if self.decayed and self.kind == "adamw":
            shrinks = self.shrinks if rates is self.rates.flat else rates * self.decays.flat
            p.addcmul_(p, shrinks, value=-factor)
        elif self.decayed:
            g.addcmul_(self.decays.flat, p)
        first = self.first.flat
        if self.kind == "sgd":
            first.mul_(self.momentum).add_(g)
            p.addcmul_(first, rates, value=-factor)
            return
        # torch's own kernel is one pass in place of six, but takes one rate for all: what it moves at a rate
        # of 1 is scaled by each weight's. (torch.optim.Adam adds as much time around it as it saves.)
        torch._fused_adam_(
            [self.moved], [g], [first], [self.second.flat], [], [self.steps.add_(1)], lr=1.0, beta1=BETA1,
            beta2=BETA2, weight_decay=0.0, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip
        p.addcmul_(self.moved, rates, value=factor)
        self.moved.zero_()
