"""How the tasks pull at the weights they share: do their gradients oppose, does a step for one help another?

The cosine of two tasks' gradients, and the affinity of TAG (Fifty et al. 2021): the share by which a step
for task i alone lowers task j's loss on the same rows. Both say where to look; neither is a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from workers.fleet import Head, Net
from workers.fleet.passes import forward, head_slices

EVERY = 7  # steps between two looks; they cost about as much as the training between them


class Conflicts:
    """Watches the training of a fleet that learns all tasks at once."""

    def __init__(self, tasks: int, rate: float, net: Net, heads: Sequence[Head]) -> None:
        self.tasks, self.rate, self.net, self.heads = tasks, rate, net, heads
        self.slices = head_slices(heads)
        self.opposed = np.zeros((tasks, tasks))
        self.gained = np.zeros((tasks, tasks))
        self.looks = 0  # of one member at one step: groups of members may differ in size

    def __call__(
        self,
        step: int,
        parameters: Sequence[torch.Tensor],
        batch: torch.Tensor,
        targets: Sequence[torch.Tensor],
        weights: Sequence[torch.Tensor | None],
    ) -> None:
        if step % EVERY:
            return
        with torch.enable_grad():
            trunk = [view.detach().clone().requires_grad_() for view in parameters[:-2]]
            heads = [view.detach() for view in parameters[-2:]]
            losses = self._losses([*trunk, *heads], batch, targets, weights)
            pulls = [
                torch.autograd.grad(losses[task].sum(), trunk, retain_graph=task + 1 < self.tasks)
                for task in range(self.tasks)
            ]
        before = torch.stack([loss.detach() for loss in losses])  # [tasks, members]
        flat = torch.stack(
            [torch.cat([g.flatten(1) for g in pull], 1) for pull in pulls]
        )  # [tasks, members, weights]
        length = flat.norm(dim=2).clamp_min(1e-12)
        cosines = torch.einsum("ikp,jkp->ijk", flat, flat) / (length[:, None] * length[None])
        self.opposed += (cosines < 0).float().sum(2).cpu().numpy()
        usual = (
            self.rate * flat.shape[2] ** 0.5
        )  # the length of a step in which each weight moves by the rate
        for task, pull in enumerate(pulls):
            scale = (usual / length[task]).view(-1, 1, 1)
            moved = [view.detach() - scale * g for view, g in zip(trunk, pull, strict=True)]
            after = torch.stack(self._losses([*moved, *heads], batch, targets, weights))
            change = (1 - after / before.clamp_min(1e-6)).clamp(-1, 1)
            self.gained[task] += torch.nan_to_num(change).sum(1).cpu().numpy()
        self.looks += flat.shape[1]

    def _losses(
        self,
        parameters: Sequence[torch.Tensor],
        batch: torch.Tensor,
        targets: Sequence[torch.Tensor],
        weights: Sequence[torch.Tensor | None],
    ) -> list[torch.Tensor]:
        """Each task's loss [members] on the batch."""
        outputs = forward(parameters, batch, self.net)
        found = []
        for place, head, target, weight in zip(self.slices, self.heads, targets, weights, strict=True):
            part = outputs[:, place]
            if head.task == "classification":
                each = -torch.log_softmax(part, 1).gather(1, target[:, None]).squeeze(1)
            else:
                each = 0.5 * (part[:, 0] - target) ** 2
            some = torch.ones_like(each) if weight is None else weight
            found.append((each * some).sum(1) / some.sum(1).clamp_min(1e-12))
        return found

    @property
    def share(self) -> list[list[float]]:
        """[tasks][tasks]: share of looks at which two tasks' gradients point apart."""
        return (self.opposed / max(1, self.looks)).round(4).tolist()

    @property
    def affinity(self) -> list[list[float]]:
        """[tasks][tasks]: how much a step for one task (row) lowers the loss of another (column)."""
        return (self.gained / max(1, self.looks)).round(4).tolist()
