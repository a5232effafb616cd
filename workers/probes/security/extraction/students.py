"""Copies of a model, learnt from its answers: many students at once, each on its own questions.

Students learn from probabilities as well as from names (Hinton et al. 2015; Tramer et al. 2016), which is
why they do not go through ``fleet.train``: its targets are names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workers.fleet import Fleet, Head, Member, Net, draws
from workers.fleet.passes import forward
from workers.fleet.stacks import Optimiser, Stack

STEPS = 1200
BATCH = 64
RATE = 0.005  # Adam's
DECAY = 1e-3


MOST_INPUTS = 128  # directions of the questions that students look at; more cost time and teach little


def directions(asked: np.ndarray) -> np.ndarray:
    """float32 [d, at most MOST_INPUTS]: the main directions of the questions, through which students see.

    A copy may look at its inputs as it likes; what questions hardly vary in, their answers hardly tell about.
    """
    if asked.shape[1] <= MOST_INPUTS:
        return np.eye(asked.shape[1], dtype=np.float32)
    _, vectors = np.linalg.eigh(np.cov(asked, rowvar=False))
    return np.ascontiguousarray(vectors[:, ::-1][:, :MOST_INPUTS], np.float32)


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one student learns from."""

    seed: int
    rows: np.ndarray  # int64: places of its questions
    answers: np.ndarray  # float32 [rows, outputs]: probabilities, or one standardised number


def learn(
    x: np.ndarray, lessons: Sequence[Lesson], head: Head, net: Net, steps: int = STEPS,
    go_on: Callable[[float], bool] | None = None,
) -> Fleet:  # fmt: skip
    """One student a lesson; ``x`` float32 [n, d] are all questions.

    ``go_on`` hears which share of the steps is done, and ends the training early where it says no.
    """
    members = [Member(lesson.seed) for lesson in lessons]
    firsts = [draws.start(member, net, x.shape[1], head.outputs) for member in members]
    parameters = Stack([torch.from_numpy(np.stack(layer)) for layer in zip(*firsts, strict=True)])
    for view in parameters.views:
        view.requires_grad_(True)
    gradients = parameters.zeros()
    decays = [torch.full_like(view, DECAY * (view.shape[1] > 1 < view.shape[2])) for view in gradients.views]
    rates = Stack([torch.full_like(view, RATE) for view in gradients.views])
    optimiser = Optimiser("adam", rates, Stack(decays), torch.zeros(len(lessons)))
    questions = torch.from_numpy(x)
    wide = max(len(lesson.rows) for lesson in lessons)
    answers = torch.zeros(len(lessons), wide, head.outputs)
    for k, lesson in enumerate(lessons):
        answers[k, : len(lesson.rows)] = torch.from_numpy(lesson.answers)
    orders = draws.Orders(members, [np.arange(len(lesson.rows)) for lesson in lessons], BATCH)
    which = torch.arange(len(lessons))[:, None]
    rows = np.zeros((len(lessons), wide), np.int64)
    for k, lesson in enumerate(lessons):
        rows[k, : len(lesson.rows)] = lesson.rows
    places = torch.from_numpy(rows)
    for step in range(steps):
        if step % draws.BLOCK == 0:
            if go_on is not None and not go_on(step / steps):
                steps = step
                break
            block = torch.from_numpy(orders.block())
        order = block[step % draws.BLOCK]
        out = forward(parameters.views, questions[places[which, order]], net)  # [K, outputs, B]
        wanted = answers[which, order].transpose(1, 2)
        if head.task == "classification":
            loss = -(wanted * torch.log_softmax(out, 1)).sum(1).mean(1)
        else:
            loss = 0.5 * (out - wanted).square().sum(1).mean(1)
        found = torch.autograd.grad(loss.sum(), parameters.views)
        with torch.no_grad():
            for gradient, own in zip(gradients.views, found, strict=True):
                gradient.copy_(own)
            optimiser.step(parameters, gradients)
    shape = (len(lessons), 1)
    return Fleet(
        net, (head,), members, [view.detach() for view in parameters.views], np.zeros(shape, np.float32),
        np.ones(shape, np.float32), np.full(len(lessons), steps), np.full(len(lessons), np.nan),
    )  # fmt: skip
