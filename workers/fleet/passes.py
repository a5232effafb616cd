"""Forward and backward through all members at once.

Two forms: ``forward`` is plain torch and differentiable; ``Passes`` is what training runs, written by hand
into buffers made once. Hidden activations are [K, rows, units]; outputs are [K, outputs, rows], because a
softmax over a short last axis is twenty times slower on CPU than over a middle one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from workers.fleet.members import Head, Net

Parameters = Sequence[torch.Tensor]


def hidden(parameters: Parameters, x: torch.Tensor, net: Net) -> list[torch.Tensor]:
    """The activations of each hidden layer, [K, n, units], of rows [n, d] or [K, n, d]."""
    layers = []
    x, parameters = above_front(parameters, x, net)
    for layer in range(len(net.hidden)):
        x = torch.matmul(x, parameters[2 * layer]) + parameters[2 * layer + 1]
        x = torch.relu(x) if net.activation == "relu" else torch.tanh(x)
        layers.append(x)
    return layers


def above_front(parameters: Parameters, x: torch.Tensor, net: Net) -> tuple[torch.Tensor, Parameters]:
    """What the hidden layers see of rows, and the parameters from there on."""
    if net.front is None:
        return x, parameters
    return net.front(parameters[: net.below], x), parameters[net.below :]


def forward(parameters: Parameters, x: torch.Tensor, net: Net) -> torch.Tensor:
    """Outputs [K, outputs, n] of rows [n, d] or [K, n, d]; differentiable."""
    last = hidden(parameters, x, net)[-1] if net.hidden else above_front(parameters, x, net)[0]
    return torch.matmul(parameters[-2], last.transpose(-1, -2)) + parameters[-1]


def head_slices(heads: Sequence[Head]) -> list[slice]:
    """Where each head's outputs stand among all outputs."""
    slices, offset = [], 0
    for head in heads:
        slices.append(slice(offset, offset + head.outputs))
        offset += head.outputs
    return slices


def losses(
    outputs: torch.Tensor,
    heads: Sequence[Head],
    targets: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
) -> torch.Tensor:
    """Each member's loss [K]: per head the weighted mean over rows (weights [K, n]), summed over heads.

    Cross-entropy for classes, half the squared error for standardised values, so that the gradient with
    respect to the output is "predicted minus wanted" for both.
    """
    total = outputs.new_zeros(outputs.shape[0])
    for place, head, target, weight in zip(head_slices(heads), heads, targets, weights, strict=True):
        part = outputs[:, place]
        if head.task == "classification":
            logs = torch.log_softmax(part, 1)
            each = -logs.gather(1, target.expand(len(part), -1)[:, None]).squeeze(1)
        else:
            each = 0.5 * (part[:, 0] - target) ** 2
        total = total + (each * weight).sum(1) / weight.sum(1).clamp_min(1e-12)
    return total


class Passes:
    """The forward and backward pass of one training step, in place, for K members and batches of B rows."""

    def __init__(
        self,
        net: Net,
        heads: Sequence[Head],
        members: int,
        batch: int,
        inputs: int,
        device: str,
        kind: torch.dtype = torch.float32,
    ) -> None:
        self.net, self.heads, self.slices = net, heads, head_slices(heads)
        outputs = sum(head.outputs for head in heads)
        held = torch.promote_types(kind, torch.float32)

        def room(*shape: int) -> torch.Tensor:
            return torch.empty(members, *shape, device=device, dtype=kind)

        self.x = room(batch, inputs)
        if net.front is not None and not net.front.differentiable:  # numbers of words need all their digits
            self.x = self.x.to(held)
        self.leaves: list[torch.Tensor] = []  # of the front's graph: its parameters, and rows if asked for
        self.active = [room(batch, wide) for wide in net.hidden]
        self.kept = [room(batch, wide) for wide in net.hidden]  # after dropout
        self.back = [room(batch, wide) for wide in net.hidden]
        self.out = room(outputs, batch)
        self.minus_one = torch.full((members, 1, batch), -1.0, device=device, dtype=held)
        self.exact = torch.empty(members, outputs, batch, device=device) if kind != held else self.out

    def forward(
        self,
        parameters: Parameters,
        x: torch.Tensor,
        masks: Sequence[torch.Tensor] | None,
        to_x: bool = False,
    ) -> torch.Tensor:
        """Outputs [K, outputs, B]; ``masks`` are dropout's, [K, B, units] a hidden layer.

        ``to_x``: ``backward`` will be asked for the gradient of the rows.
        """
        if self.net.front is not None:
            with torch.enable_grad():
                own = [one.detach().requires_grad_() for one in parameters[: self.net.below]]
                rows = x.detach().requires_grad_(to_x)
                self.features = self.net.front(own, rows)
            self.leaves = [rows] if to_x else own
            x, parameters = self.features.detach(), parameters[self.net.below :]
        self.last_input, self.masks, self.above = x, masks, x
        for layer in range(len(self.net.hidden)):
            active = self.active[layer]
            torch.baddbmm(parameters[2 * layer + 1], self.above, parameters[2 * layer], out=active)
            active.clamp_min_(0) if self.net.activation == "relu" else active.tanh_()
            self.above = active if masks is None else torch.mul(active, masks[layer], out=self.kept[layer])
        return torch.bmm(parameters[-2], self.above.transpose(1, 2), out=self.out).add_(parameters[-1])

    def errors(self, targets: Sequence[torch.Tensor], weights: Sequence[torch.Tensor | None]) -> torch.Tensor:
        """Turns the outputs into the loss's gradient with respect to them, [K, outputs, B].

        A head's weights are [K, B] (row, task and "has a label" in one), or None for 1 everywhere.
        """
        batch = self.out.shape[2]
        exact = self.exact  # in 32 bits where the passes have fewer
        if exact is not self.out:
            exact.copy_(self.out)
        for place, head, target, weight in zip(self.slices, self.heads, targets, weights, strict=True):
            part = exact[:, place]
            if head.task == "classification":
                part.copy_(torch.softmax(part, 1))
                part.scatter_add_(1, target[:, None], self.minus_one)
            else:
                part.sub_(target[:, None])
            part.div_(batch) if weight is None else part.mul_(weight[:, None] / batch)
        if exact is not self.out:
            self.out.copy_(exact)
        return self.out

    def backward(self, parameters: Parameters, gradients: Parameters | None) -> torch.Tensor:
        """Fills ``gradients``, stacked like ``parameters``; without them returns the one for x, [K, B, d]."""
        if self.net.front is None:
            return self._backward(parameters, gradients, gradients is None)
        below = self.net.below
        delta = self._backward(
            parameters[below:], None if gradients is None else gradients[below:], True
        )  # of the features
        found = torch.autograd.grad(self.features, self.leaves, delta)
        if gradients is None:
            return found[0]
        for out, one in zip(gradients[:below], found, strict=True):
            out.copy_(one)
        return delta

    def _backward(self, parameters: Parameters, gradients: Parameters | None, to_input: bool) -> torch.Tensor:
        """The layers above a front: fills ``gradients``, and goes on to what they look at where wanted."""
        depth = len(self.net.hidden)
        delta = self.out
        if gradients is not None:
            torch.bmm(delta, self.above, out=gradients[-2])
            torch.sum(delta, 2, keepdim=True, out=gradients[-1])
        if depth == 0:
            return torch.bmm(delta.transpose(1, 2), parameters[-2]) if to_input else delta
        torch.bmm(delta.transpose(1, 2), parameters[-2], out=self.back[-1])
        for layer in reversed(range(depth)):
            delta = self.back[layer]
            if self.masks is not None:
                delta.mul_(self.masks[layer])
            active = self.active[layer]
            if self.net.activation == "relu":
                torch.ops.aten.threshold_backward.grad_input(delta, active, 0, grad_input=delta)
            else:
                torch.ops.aten.tanh_backward.grad_input(delta, active, grad_input=delta)
            if gradients is not None:
                below = (
                    self.last_input
                    if layer == 0
                    else (self.active if self.masks is None else self.kept)[layer - 1]
                )
                torch.bmm(below.transpose(1, 2), delta, out=gradients[2 * layer])
                torch.sum(delta, 1, keepdim=True, out=gradients[2 * layer + 1])
            if layer > 0:
                torch.bmm(delta, parameters[2 * layer].transpose(1, 2), out=self.back[layer - 1])
        return torch.bmm(delta, parameters[0].transpose(1, 2)) if to_input else delta
