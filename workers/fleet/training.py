"""Training K networks as one; see the package's docstring for what ``train`` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import draws
from workers.fleet.members import OPTIMIZERS, Head, Member, Net, as_heads, guess_heads, indices
from workers.fleet.passes import Passes, forward, head_slices, losses
from workers.fleet.result import Fleet, Results
from workers.fleet.schedules import SCHEDULES, factors
from workers.fleet.stacks import Optimiser, Stack

PRECISIONS = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16}
Perturb = Callable[[torch.Tensor, Callable[[torch.Tensor], torch.Tensor], torch.Tensor], torch.Tensor]
Tensors = Sequence[torch.Tensor]
Watch = Callable[[int, Tensors, torch.Tensor, Tensors, Sequence[torch.Tensor | None]], None]
# Buffers of one group of members; larger fleets train group by group. What a core computes must stay in its
# cache from one operation to the next; an accelerator is to be filled.
CPU_BYTES, ACCELERATOR_BYTES = 4 * 2**20, 512 * 2**20
FRONT_BYTES = 8 * 2**20  # of a front: its operations are many, and take less each beside more members


@dataclass(frozen=True)
class Recipe:
    """What all members of a fleet share."""

    net: Net
    heads: tuple[Head, ...]
    steps: int
    batch: int
    optimizer: str
    patience: int
    every: int
    average_from: float | None
    perturb: Perturb | None
    watch: Watch | None
    device: str
    schedule: str = "constant"
    warmup: float = 0.0  # share of a member's steps
    last: int = 0  # rows of the last batch of a pass; 0: batches run on into the next pass
    precision: str = "float32"  # of the passes; parameters and moments have 32 bits or more


def train(
    x: Any,
    targets: Any,
    members: Sequence[Member],
    *,
    net: Net | None = None,
    heads: Sequence[Head] | None = None,
    steps: int = 300,
    batch: int = 64,
    optimizer: str = "adam",
    validation: Any = None,
    patience: int = 8,
    every: int = 25,
    average_from: float | None = None,
    start: Fleet | None = None,
    perturb: Perturb | None = None,
    watch: Watch | None = None,
    progress: Callable[[float, str], None] | None = None,
    device: str = "cpu",
    schedule: str = "constant",
    warmup: float = 0.0,
    last: int = 0,
    precision: str = "float32",
) -> Fleet:
    """Trains every member and returns them as one Fleet.

    ``perturb(batch, gradient, which)`` gets rows [k, B, d], a function from such rows to the gradient of
    their loss, and the places int64 [k] of the members still training; it returns the rows to learn from.

    ``last``: each pass over a member's rows ends in a batch of so many, as an epoch of torch's loader does.

    ``watch(step, parameters, batch, targets, weights)`` is called before each step of a group of members
    with what they learn from: rows [k, B, d], and a target and a weight [k, B] a
    head. Nothing it gets is a copy: look, and change nothing.
    """
    if not members:
        raise ValueError("A fleet needs at least one member.")
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"The optimizer is one of {', '.join(OPTIMIZERS)}, not {optimizer}.")
    if schedule not in SCHEDULES:
        raise ValueError(f"The schedule is one of {', '.join(SCHEDULES)}, not {schedule}.")
    if precision not in PRECISIONS:
        raise ValueError(f"The precision is one of {', '.join(PRECISIONS)}, not {precision}.")
    torch.set_flush_denormal(True)
    shared = as_heads(targets)
    recipe = Recipe(
        net or Net(), tuple(heads) if heads else guess_heads(shared, members), int(steps), int(batch),
        optimizer, patience, every, average_from, perturb, watch, device, schedule, warmup, last, precision,
    )  # fmt: skip
    held = torch.promote_types(PRECISIONS[precision], torch.float32)
    data = (x if torch.is_tensor(x) else torch.from_numpy(np.asarray(x, np.float32))).to(device, held)
    size = group_size(recipe, data)
    parts = []
    for first in range(0, len(members), size):
        group = range(first, min(first + size, len(members)))

        def tell(share: float, done: int = first, now: int = len(group)) -> None:
            if progress is not None:
                progress((done + share * now) / len(members), f"Training {len(members)} small models")

        parts.append(
            Training(
                data if data.ndim == 2 else data[list(group)],
                shared,
                [members[k] for k in group],
                recipe,
                indices(validation, data.shape[-2]) if validation is not None else None,
                None if start is None else start.take(group),
                torch.tensor(list(group)),
            ).run(tell)
        )
    return parts[0] if len(parts) == 1 else Fleet.join(parts)


def group_size(recipe: Recipe, data: torch.Tensor) -> int:
    """How many members train side by side."""
    front, above = recipe.net.front, 3 * sum(recipe.net.hidden) + sum(head.outputs for head in recipe.heads)
    wide = above + (data.shape[-1] if front is None else front.cells)
    room = CPU_BYTES if front is None else FRONT_BYTES
    if data.device.type != "cpu":
        room = ACCELERATOR_BYTES
    return max(1, room // (data.itemsize * wide * recipe.batch))


class Training:
    """A group of members on their way. Members that have ended leave, and the rest go on in less room."""

    def __init__(
        self,
        x: torch.Tensor,
        targets: list[np.ndarray],
        members: list[Member],
        recipe: Recipe,
        validation: np.ndarray | None,
        start: Fleet | None,
        which: torch.Tensor,
    ) -> None:
        self.x, self.members, self.recipe, self.which = x, members, recipe, which
        self.n, self.inputs = x.shape[-2:]
        self._fitting(recipe)
        self.rows = [self._learnt_from(member) for member in members]
        self.limits = np.array([recipe.steps if m.steps is None else int(m.steps) for m in members])
        self.own = torch.arange(len(members))  # which member each place of the stacks holds
        self.start = start
        self._targets(targets)
        self.orders = draws.Orders(members, self.rows, recipe.batch, recipe.last)
        self.dropouts = draws.Dropouts(members, recipe.batch, recipe.net.hidden)
        outputs = sum(head.outputs for head in recipe.heads)
        if start is None:
            firsts = [draws.start(m, recipe.net, self.inputs, outputs) for m in members]
            views = [torch.from_numpy(np.stack(layer)).to(x) for layer in zip(*firsts, strict=True)]
        else:
            views = [view.detach().to(x) for view in start.parameters]
        self.parameters = Stack(views)
        self.gradients = self.parameters.zeros()
        self.optimiser = Optimiser(recipe.optimizer, *self._rates(), self._vector("momentum"))
        self.held = self._validation(validation)
        self.best = torch.full((len(members),), float("inf"), device=x.device, dtype=x.dtype)
        self.best_parameters = Stack(self.parameters.views) if self.held else None
        self.since = np.zeros(len(members), int)
        self.results = Results(
            [view.clone() for view in views], np.zeros(len(members), int), np.full(len(members), np.nan)
        )
        if recipe.average_from is not None:
            self.results.averaged = torch.zeros(len(members), self.n, outputs, device=x.device, dtype=x.dtype)
            self.results.averages = np.zeros(len(members), int)
        self._room()

    # -- what the members bring -----------------------------------------------------------------
    def _fitting(self, recipe: Recipe) -> None:
        front = recipe.net.front
        if front is None:
            return
        if front.inputs != self.inputs:
            raise ValueError(f"The fleet's front takes rows of {front.inputs} numbers, not of {self.inputs}.")
        if any(member.inputs is not None for member in self.members):
            raise ValueError("Which features a member looks at can be said of nets without a front only.")
        if recipe.perturb is not None and not front.differentiable:
            raise ValueError("Numbers of words have no gradient by which a batch could be changed.")

    def _learnt_from(self, member: Member) -> np.ndarray:
        rows = indices(member.rows, self.n)
        if member.weights is not None:
            rows = rows[np.any(np.atleast_2d(member.weights)[:, rows] > 0, axis=0)]
        if not len(rows):
            raise ValueError("A member of the fleet has no rows to learn from.")
        return rows

    def _vector(self, name: str) -> torch.Tensor:
        values = [float(getattr(member, name)) for member in self.members]
        return torch.tensor(values, device=self.x.device, dtype=self.x.dtype)

    def _targets(self, shared: list[np.ndarray]) -> None:
        """Targets and weights as tensors [n] for all or [K, n] each; regression standardised a member."""
        device, members = self.x.device, self.members
        self.targets, self.weights = [], []
        self.centre = np.zeros((len(members), len(self.recipe.heads)), np.float32)
        self.scale = np.ones_like(self.centre)
        labels = [shared if m.labels is None else as_heads(m.labels) for m in members]
        apart = any(m.labels is not None for m in members)
        for place, head in enumerate(self.recipe.heads):
            stacked = np.stack([own[place] for own in labels]) if apart else shared[place][None]
            present = stacked >= 0 if head.task == "classification" else np.isfinite(stacked)
            if head.task == "regression" and self.start is not None:
                # What the parameters mean in the target's unit must not change under them.
                self.centre[:, place] = self.start.centre[:, place]
                self.scale[:, place] = self.start.scale[:, place]
                stacked = (stacked - self.centre[:, place, None]) / self.scale[:, place, None]
            elif head.task == "regression":
                for k, rows in enumerate(self.rows):
                    y = stacked[k if apart else 0][rows]
                    y = y[np.isfinite(y)]
                    if len(y):
                        self.centre[k, place], self.scale[k, place] = y.mean(), y.std() or 1.0
                stacked = (stacked - self.centre[:, place, None]) / self.scale[:, place, None]
            elif stacked.max(initial=0) >= head.outputs:
                raise ValueError(f"A label is {stacked.max()}, but its head has {head.outputs} classes.")
            stacked = np.where(present, stacked, 0)
            kind = np.int64 if head.task == "classification" else np.float32
            self.targets.append(torch.from_numpy(stacked.astype(kind)).to(device))
            self.weights.append(self._row_weights(place, present))

    def _row_weights(self, place: int, present: np.ndarray) -> torch.Tensor | None:
        """float32 [K or 1, n]: row weight times task weight where there is a label; None for 1 everywhere."""
        own = any(m.weights is not None or m.task_weights is not None for m in self.members)
        if not own and present.all():
            return None
        weights = np.ones((len(self.members) if own else len(present), self.n), np.float32)
        if own:
            for k, member in enumerate(self.members):
                if member.weights is not None:
                    given = np.atleast_2d(np.asarray(member.weights, np.float32))
                    given = given[place if len(given) > 1 else 0]
                    weights[k] = given / given[self.rows[k]].mean()
                if member.task_weights is not None:
                    weights[k] *= member.task_weights[place]
        return torch.from_numpy(weights * present).to(self.x.device)

    def _rates(self) -> tuple[Stack, Stack]:
        """Learning rates and decays, a number a weight: 0 where a weight must not move."""
        rates = [torch.zeros_like(view) for view in self.parameters.views]
        decays = [torch.zeros_like(view) for view in self.parameters.views]
        net = self.recipe.net
        for k, member in enumerate(self.members):
            inputs = self.inputs if net.front is None else net.front.features
            for place, moves in enumerate([] if net.front is None else net.front.moving()):
                moving = torch.from_numpy(moves).to(self.x.device)
                if not member.freeze_trunk:
                    rates[place][k] = moving * member.learning_rate
                if rates[place].ndim > 2:
                    decays[place][k] = moving * member.weight_decay  # weights decay, offsets do not
            for layer in range(len(net.hidden)):
                on = torch.from_numpy(draws.mask(member, net, layer, inputs)).to(self.x.device)
                at = net.below + 2 * layer
                if not member.freeze_trunk:
                    rates[at][k] = on * member.learning_rate
                    rates[at + 1][k] = on.any(0) * member.learning_rate
                decays[at][k] = on * member.weight_decay
                inputs = net.hidden[layer]
            used = torch.from_numpy(draws.seen(member, net, inputs)).to(self.x.device)
            for place, columns in enumerate(head_slices(self.recipe.heads)):
                if member.task_weights is not None and member.task_weights[place] == 0:
                    continue
                rates[-2][k, columns] = used * member.learning_rate
                rates[-1][k, columns] = member.learning_rate
                decays[-2][k, columns] = used * member.weight_decay
        return Stack(rates), Stack(decays)

    def _validation(self, shared: np.ndarray | None) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Rows that anybody validates on, and float32 [K, those rows]: who does; None when nobody does."""
        own = [shared if m.validation is None else indices(m.validation, self.n) for m in self.members]
        if all(rows is None for rows in own):
            return None
        union = np.unique(np.concatenate([rows for rows in own if rows is not None]))
        used = np.zeros((len(own), len(union)), np.float32)
        for k, rows in enumerate(own):
            if rows is not None:
                used[k] = np.isin(union, rows)
        return torch.from_numpy(union).to(self.x.device), torch.from_numpy(used).to(self.x.device)

    def _room(self) -> None:
        k, recipe = len(self.own), self.recipe
        kind = PRECISIONS[recipe.precision]
        self.passes = Passes(recipe.net, recipe.heads, k, recipe.batch, self.inputs, str(self.x.device), kind)
        # What passes compute with and give back: the parameters themselves, or copies of fewer bits
        # (Micikevicius et al. 2018; bfloat16 needs no scaling of the loss).
        self.used, self.given = self.parameters, self.gradients
        if kind != self.x.dtype:
            self.used = Stack([view.to(kind) for view in self.parameters.views])
            self.given = self.used.zeros()
        self.flat_x = (self.x if self.x.ndim == 2 else self.x.reshape(-1, self.inputs)).to(
            self.passes.x.dtype
        )
        self.offsets = (self.own.to(self.x.device) * self.n)[:, None]
        self.cuts = torch.from_numpy(self.dropouts.thresholds()).to(self.x.device)
        self.scales = torch.from_numpy(self.dropouts.scales()).to(self.x.device)

    # -- the loop ---------------------------------------------------------------------------------
    @torch.no_grad()
    def run(self, tell: Callable[[float], None]) -> Fleet:
        longest, step = int(self.limits.max()), 0
        self._leave(self.limits <= 0, 0)
        while len(self.own):
            order = torch.from_numpy(self.orders.block()).to(self.x.device)
            for within in range(draws.BLOCK):
                self._step(order[within])
                step += 1
                stop = step >= self.limits[self.own.numpy()]
                if self.held and (step % self.recipe.every == 0 or stop.any()):
                    stop |= self._check(stop | (step % self.recipe.every == 0))
                if self.results.averaged is not None:
                    self._average(step)
                if stop.any():
                    kept = self._leave(stop, step)
                    if not len(self.own):
                        break
                    order = order[:, kept]
            tell(min(1.0, step / longest))
        results = self.results
        return Fleet(
            self.recipe.net, self.recipe.heads, self.members, results.parameters, self.centre, self.scale,
            results.steps, results.validation, results.averaged,
        )  # fmt: skip

    # -- a race: some steps, a look, fewer members ------------------------------------------------
    @torch.no_grad()
    def advance(self, until: int) -> None:
        """Trains all members up to this step. A call that ends within a block must be the last one."""
        while self.optimiser.step_count < until:
            order = torch.from_numpy(self.orders.block()).to(self.x.device)
            for within in range(min(draws.BLOCK, until - self.optimiser.step_count)):
                self._step(order[within])

    def now(self) -> Fleet:
        """The members as they are, sharing their parameters with the training that goes on."""
        count = np.full(len(self.own), self.optimiser.step_count)
        return Fleet(
            self.recipe.net, self.recipe.heads, self.members, self.parameters.views, self.centre, self.scale,
            count, np.full(len(self.own), np.nan),
        )  # fmt: skip

    @classmethod
    def resumed(
        cls, parts: Sequence[tuple[Training, np.ndarray]], x: torch.Tensor, targets: list[np.ndarray],
        recipe: Recipe,
    ) -> Training:  # fmt: skip
        """One group of the members at these places of others, each going on where it was."""
        start = Fleet.join([one.now().take(kept.tolist()) for one, kept in parts])
        which = torch.cat([one.which[kept] for one, kept in parts])
        new = cls(x, targets, list(start.members), recipe, None, start, which)
        kept_of = [(one, torch.from_numpy(kept).to(x.device), kept.tolist()) for one, kept in parts]
        for one, there, places in kept_of:
            one.optimiser.keep(there)
            one.orders.keep(places)
            one.dropouts.keep(places)
        olds = [one for one, _ in parts]
        new.optimiser.take_up([one.optimiser for one in olds])
        new.orders.draws = [draw for one in olds for draw in one.orders.draws]
        new.orders.rest = [rest for one in olds for rest in one.orders.rest]
        new.dropouts.draws = [draw for one in olds for draw in one.dropouts.draws]
        return new

    def _step(self, order: torch.Tensor) -> None:
        if self.used is not self.parameters:
            self.used.flat.copy_(self.parameters.flat)
        parameters, passes = self.used.views, self.passes
        there = order >= 0 if self.recipe.last else None
        order = order if there is None else order.clamp_min(0)
        places = order + self.offsets
        torch.index_select(
            self.flat_x, 0, (order if self.x.ndim == 2 else places).reshape(-1),
            out=passes.x.view(-1, self.inputs),
        )  # fmt: skip
        targets = [y.view(-1)[order if len(y) == 1 else places] for y in self.targets]
        weights = [None if w is None else w.view(-1)[order if len(w) == 1 else places] for w in self.weights]
        if there is not None and not bool(there.all()):
            mean = there * (self.recipe.batch / there.sum(1, keepdim=True))  # of the rows that are there
            weights = [mean if w is None else w * mean for w in weights]
        if self.recipe.watch is not None:
            self.recipe.watch(self.optimiser.step_count, parameters, passes.x, targets, weights)
        masks = self._masks() if self.dropouts.wanted else None
        batch = passes.x
        if self.recipe.perturb is not None:

            def gradient(rows: torch.Tensor) -> torch.Tensor:
                passes.forward(parameters, rows, None, to_x=True)
                passes.errors(targets, weights)
                return passes.backward(parameters, None)

            batch = self.recipe.perturb(batch, gradient, self.which[self.own])
        passes.forward(parameters, batch, masks)
        passes.errors(targets, weights)
        passes.backward(parameters, self.given.views)
        if self.given is not self.gradients:
            self.gradients.flat.copy_(self.given.flat)
        at, limits = self.optimiser.step_count, self.limits[self.own.numpy()]
        self.optimiser.step(
            self.parameters, self.gradients, factors(self.recipe.schedule, self.recipe.warmup, at, limits)
        )

    def _masks(self) -> list[torch.Tensor]:
        bits = torch.from_numpy(self.dropouts.step()).to(self.x.device)
        kept = (torch.ge(bits, self.cuts) * self.scales).to(self.passes.out.dtype)
        masks, offset = [], 0
        for wide in self.recipe.net.hidden:
            cells = self.recipe.batch * wide
            masks.append(kept[:, offset : offset + cells].view(-1, self.recipe.batch, wide))
            offset += cells
        return masks

    def _check(self, due: np.ndarray) -> np.ndarray:
        """Takes the validation loss of those due, keeps the best parameters, says who has waited enough.

        Only those due: a check that a neighbour's end brings about must not change anyone else's course.
        """
        if self.held is None or self.best_parameters is None:
            return np.zeros(len(due), bool)
        rows, used = self.held
        x = self.x[rows] if self.x.ndim == 2 else self.x[self.own][:, rows]
        outputs = forward(self.parameters.views, x, self.recipe.net)
        targets = [y[:, rows] if len(y) == 1 else y[self.own][:, rows] for y in self.targets]
        weights = [
            used if w is None else used * (w[:, rows] if len(w) == 1 else w[self.own][:, rows])
            for w in self.weights
        ]
        loss = losses(outputs, self.recipe.heads, targets, weights)
        watched = (used.sum(1) > 0).cpu().numpy()
        better = ((loss < self.best).cpu().numpy() | ~watched) & due
        self.since = np.where(better, 0, self.since + due)
        if better.any():
            chosen = torch.from_numpy(np.flatnonzero(better)).to(self.x.device)
            self.best[chosen] = loss[chosen]
            for best, now in zip(self.best_parameters.views, self.parameters.views, strict=True):
                best[chosen] = now[chosen]
        return self.since >= self.recipe.patience

    def _average(self, step: int) -> None:
        """Adds the logits on all rows for members that have just ended a pass over their data."""
        averaged, begin = self.results.averaged, self.recipe.average_from or 0.0
        if averaged is None:
            return
        for place, k in enumerate(self.own.tolist()):
            a_pass = max(1, round(len(self.rows[k]) / self.recipe.batch))
            late = step >= begin * self.limits[k]
            if (step % a_pass == 0 and late) or (step == self.limits[k] and not self.results.averages[k]):
                own = [view[place : place + 1] for view in self.parameters.views]
                x = self.x if self.x.ndim == 2 else self.x[k]
                averaged[k] += forward(own, x, self.recipe.net)[0].T
                self.results.averages[k] += 1

    def _leave(self, stop: np.ndarray, step: int) -> torch.Tensor:
        """Writes down the members that end here, and closes the ranks; returns the places kept."""
        final = self.parameters if self.best_parameters is None or step == 0 else self.best_parameters
        results = self.results
        for place in np.flatnonzero(stop):
            k = int(self.own[place])
            for out, view in zip(results.parameters, final.views, strict=True):
                out[k] = view[place]
            results.steps[k] = step
            if self.held and step and self.held[1][place].any():
                results.validation[k] = float(self.best[place])
            if results.averaged is not None:
                results.averaged[k] /= max(1, results.averages[k])
        kept = torch.from_numpy(np.flatnonzero(~stop))
        if stop.any() and len(kept):
            self._close_ranks(kept)
        elif stop.any():
            self.own = self.own[kept]
        return kept

    def _close_ranks(self, kept: torch.Tensor) -> None:
        there = kept.to(self.x.device)
        places = kept.tolist()
        self.own, self.since = self.own[kept], self.since[places]
        self.parameters, self.gradients = self.parameters.keep(there), self.gradients.keep(there)
        self.optimiser.keep(there)
        self.orders.keep(places)
        self.dropouts.keep(places)
        self.best = self.best[there]
        if self.held is not None and self.best_parameters is not None:
            self.held = (self.held[0], self.held[1][there])
            self.best_parameters = self.best_parameters.keep(there)
        self._room()
