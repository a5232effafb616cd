"""The small stand-in for a project's model, and the rows it learns from and is judged on.

Probes that train do so on a net of at most two hidden layers and at most 2,000 rows. What was scaled down
is written into the finding: a stand-in's figure is never printed as the project's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from workers.fleet import Fleet, Head, Member, Net, train
from workers.fleet.schedules import SCHEDULES
from workers.probes import copies, fronts
from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Sample
from workers.probes.words import count

MOST_ROWS = 2000  # probes.md section 0: for training probes on a CPU
TRAFFIC = 6e7  # numbers moved in a training of a planned network, at most: a fifth of a second on one core
LONGEST = 25_000  # steps beyond which a plan is not trained in full, however small its network
TRIED, TRIAL = 8, 50  # trainings and their steps that tell how long all of them take
SHARE = 0.6  # of the time left that trainings may take
ENOUGH_TIME = 15.0  # seconds that a probe may take for more repeats than it must
USUAL_STEPS = 300  # of training, where the plan does not say
FEWEST = 20  # rows on either side below which nothing is said
PLAIN_KINDS = {"mlp", "dnn", "neural_network", "feedforward", "linear", "logistic_regression", "logistic", ""}
MOST_BATCH = 128  # rows a step
LEFT_OUT = ("augmentation", "class_weight", "loss", "gradient_clipping")  # of a plan's trainings
STEADY = ("constant", "none", "fixed")  # words of schedules that leave the rate as it is
LINEAR_KINDS = {"linear", "logistic_regression", "logistic"}


@dataclass(frozen=True)
class Rows:
    """What a probe learns from: features float32 [n, d], targets [n], and which rows are which."""

    x: np.ndarray
    y: np.ndarray  # int64 codes, or float32
    train: np.ndarray  # int64, places in x
    test: np.ndarray  # validation and test rows alike: nothing is chosen on them
    ids: np.ndarray  # of the upload, for Sample.places
    classes: tuple[str, ...]  # empty for regression
    part: np.ndarray | None = None  # uint8 [n], the place in SPLITS; with no copy of a row in another part
    together: np.ndarray | None = None  # int [n], the same number for copies
    moved: float = 0.0  # share of the rows that went to another part, to stay beside their copies

    @property
    def heads(self) -> tuple[Head, ...]:
        return (Head(len(self.classes)),) if self.classes else (Head(1, "regression"),)


def rows(sample: Sample, seed: int, most: int = MOST_ROWS, target: int = 0) -> Rows | str:
    """A stratified draw of labelled rows, or the sentence that says why there is nothing to learn from.

    Of a split made here, copies of a row are all learnt from, or one is judged on.
    """
    if sample.folder is None:
        return "This run has no data."
    if len(sample.targets) <= target:
        return "The upload names no column to predict."
    if not sample.features.shape[1]:
        return NOTHING_TO_LEARN_FROM
    goal, y = sample.targets[target], sample.labels(target)
    known = np.isfinite(y) if goal.task == "regression" else y >= 0
    draw = np.random.default_rng([seed, 7])
    parts: list[np.ndarray] = []
    for wanted in (sample.split == 0, sample.split > 0):
        found = np.flatnonzero(known & wanted)
        if len(found) < FEWEST and (large := _too_large(sample, target)):
            return large
        if len(found) < FEWEST:
            side, use = ("training", "to train on") if not parts else ("test", "to judge a model on")
            some = count(len(found), f"labelled {side} row")
            return f"{some} {'is' if len(found) == 1 else 'are'} too few {use}; {FEWEST} are the least."
        if goal.task != "regression" and len(np.unique(y[found])) < 2:
            return f"All of these rows have the same {goal.name}, so there is nothing to learn."
        parts.append(stratified(y if goal.task != "regression" else None, found, most, draw))
    chosen = np.concatenate(parts)
    part, together = copies.split_apart(sample, chosen, seed)
    moved = float((part != sample.split[chosen]).mean())
    learnt, judged = np.flatnonzero(part == 0), np.flatnonzero(part > 0)
    order = np.concatenate([learnt, copies.one_each(judged, together, FEWEST)])
    chosen, part, together = chosen[order], part[order], together[order]
    return Rows(
        sample.features[chosen].astype(np.float32), y[chosen], np.arange(len(learnt)),
        np.arange(len(learnt), len(chosen)), sample.arrays["ids"][chosen],
        () if goal.task == "regression" else goal.classes, part, together, moved,
    )  # fmt: skip


def _too_large(sample: Sample, target: int) -> str | None:
    """Why numbers to predict cannot be used that no 32-bit number holds; None where they can."""
    name = sample.targets[target].name
    highest = max((abs(sample.census[name].get(end) or 0.0) for end in ("low", "high")), default=0.0)
    if sample.targets[target].task != "regression" or highest <= np.finfo(np.float32).max:
        return None
    return (
        f"The numbers in {name} reach {highest:.0e}, which is too large to compute with:"
        f" divide {name} by a power of ten, or correct the values that cannot be."
    )


def stratified(y: np.ndarray | None, found: np.ndarray, most: int, draw: np.random.Generator) -> np.ndarray:
    """At most ``most`` of these places, each class with its share and at least two rows; sorted."""
    if len(found) <= most:
        return found
    if y is None:
        return np.sort(draw.choice(found, most, replace=False))
    kept = []
    for label in np.unique(y[found]):
        own = found[y[found] == label]
        share = max(2, round(most * len(own) / len(found)))
        kept.append(draw.choice(own, min(len(own), share), replace=False))
    return np.sort(np.concatenate(kept))


@dataclass(frozen=True)
class Surrogate:
    """The stand-in's shape and settings, and what of it differs from the plan."""

    net: Net
    optimizer: str
    learning_rate: float
    weight_decay: float
    dropout: float
    momentum: float
    batch: int
    steps: int
    planned: bool  # whether any setting came from the plan
    caveats: tuple[str, ...] = field(default=())
    cut: float = 1.0  # the plan's steps over the stand-in's, where the plan trains longer
    own_rate: bool = True  # whether the plan names the learning rate
    own_steps: bool = True  # whether the plan names how long it trains
    schedule: str = "constant"
    warmup: float = 0.0  # share of the steps
    last: int = 0  # rows of an epoch's last batch, where that is to be a short one
    drop_last: bool = False  # whether the plan leaves out an epoch's last, short batch

    @property
    def pacing(self) -> dict[str, Any]:
        """How a fleet goes about it: its batch, optimiser and schedule of rates."""
        return {"batch": self.batch, "optimizer": self.optimizer, "schedule": self.schedule,
                "warmup": self.warmup, "last": self.last}  # fmt: skip

    @property
    def subject(self) -> str:
        """What is trained, inside a sentence."""
        return "a small model" if self.net.front is None else "the planned network"

    def member(self, seed: int, **changed: Any) -> Member:
        own = {
            "learning_rate": self.learning_rate, "weight_decay": self.weight_decay,
            "dropout": self.dropout, "momentum": self.momentum,
        }  # fmt: skip
        return Member(seed=seed, **{**own, **changed})

    def described(self) -> dict[str, Any]:
        """JSON-ready, for a finding's facts."""
        own = {"model": "network"} if self.net.front is not None else {}
        return own | {
            "hidden": list(self.net.hidden), "optimizer": self.optimizer, "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay, "dropout": self.dropout, "batch_size": self.batch,
            "steps": self.steps, "schedule": self.schedule, "from_plan": self.planned,
            "caveats": list(self.caveats),
        }  # fmt: skip


def surrogate(
    sample: Sample, train_rows: int, *, layers: int = 2, widest: int = 64, usual: int = 32,
    most_steps: int = 500, front: fronts.Front | None = None,
) -> Surrogate:  # fmt: skip
    """The plan's own settings as far as a small net can take them, else defaults that are told.

    ``usual`` are the units of a hidden layer where the plan names none. ``front``: it stands on what the
    planned network sees, as ``network`` has it, and not on the features.
    """
    model, training = sample.planned("model", {}), sample.planned("training", {})
    kind = str(model.get("kind", "")).lower()
    plain = kind in PLAIN_KINDS or front is not None
    caveats: list[str] = []
    if not plain:
        caveats.append(f"Measured on a small network with settings of its own, not on the planned {kind}.")
    use = training if plain else {}
    if front is not None:
        layers = len(model.get("hidden") or ())  # and none where the plan names none
    hidden = _hidden(model if plain else {}, kind, layers, widest, usual, caveats)
    net = Net(hidden, "tanh" if str(model.get("activation", "")).lower() == "tanh" else "relu", front=front)
    if front is not None:
        caveats = fronts.told(net, sample)
    name = str(use.get("optimizer", "adam")).lower()
    optimizer = {"sgd": "sgd", "momentum": "sgd", "adamw": "adamw", "adam": "adam"}.get(name)
    if optimizer is None:
        caveats.append(f"{name} was replaced by adam.")
        optimizer = "adam"
    rate = float(use.get("learning_rate", 0.05 if optimizer == "sgd" else 0.005))
    batch = int(min(MOST_BATCH, max(1, use.get("batch_size", 64)), max(4, train_rows)))
    wanted = planned_steps(use, train_rows, batch)
    steps = _steps(wanted, most_steps, caveats)
    if not wanted and plain and _in_steps(model, use, kind):
        caveats.append(
            f"The plan names neither epochs nor steps: {steps} training steps were assumed."
            " Name training.epochs."
        )
    schedule, warmup = _schedule(use, wanted or steps, caveats)
    caveats += _left_out(model if plain else {}, use, batch, bool(hidden))
    bare = not use  # a plan that names no dropout has none; without a plan the defaults are told
    return Surrogate(
        net,
        optimizer, rate,
        float(use.get("weight_decay", 0.001 if bare else 0.0)),
        min(0.9, float(use.get("dropout", model.get("dropout", 0.1 if bare else 0.0)))) if hidden else 0.0,
        float(use.get("momentum", 0.9 if name == "momentum" or bare else 0.0)),
        batch, steps, bool(use) or bool(plain and model), tuple(caveats),
        max(1.0, wanted / steps), "learning_rate" in use, wanted > 0, schedule, warmup, 0,
        bool(use.get("drop_last")),
    )  # fmt: skip


def planned_front(sample: Sample) -> fronts.Front | None:
    """The front of the planned network where that is small enough to be trained some 400 times, else None."""
    front = fronts.planned(sample)
    if front is None:
        return None
    rows = min(MOST_ROWS, int((sample.split == 0).sum()))
    planned = surrogate(sample, rows, front=front)
    return front if front.traffic(planned.batch) * planned.steps <= TRAFFIC else None


def network(sample: Sample, found: Rows, **how: Any) -> tuple[Rows, Surrogate]:
    """What is trained for the plan, and the rows as it sees them: the planned convolutions or word vectors
    where they are small enough, else dense layers on the features. ``how`` is as ``surrogate`` has it.
    """
    front = planned_front(sample)
    if front is not None:
        x, front = fronts.seen(sample, found.ids, found.x, found.train, front)
        found = replace(found, x=x)
    return found, surrogate(sample, len(found.train), front=front, **how)


def not_trainable(sample: Sample) -> str | None:
    """Why the planned network's own settings mean nothing to what is trained here; None where they do."""
    kind = str(sample.planned("model.kind", "")).lower()
    if kind in PLAIN_KINDS or planned_front(sample) is not None:
        return None
    named = kind.replace("_", " ")
    if kind in fronts.CONVOLUTIONS:
        return (
            f"The planned {named} cannot be trained many times here (too large, pretrained or without"
            " model.channels), and its settings mean nothing to a smaller network."
        )
    return f"The settings of the planned {named} mean nothing to the small networks this is measured on."


def _left_out(model: Mapping[str, Any], use: Mapping[str, Any], batch: int, dense: bool) -> list[str]:
    """What a plan's own settings say that its trainings here do without, in sentences."""
    said = []
    gone = [key for key in LEFT_OUT if use.get(key) not in (None, False, "none", "")]
    if not dense and use.get("dropout", model.get("dropout")):
        gone.append("dropout")
    if gone:
        said.append(f"Trained without the planned {' and '.join(key.replace('_', ' ') for key in gone)}.")
    activation = str(model.get("activation", "relu")).lower()
    if dense and activation not in ("relu", "tanh"):
        said.append(f"Trained with ReLU instead of {activation}.")
    planned = use.get("batch_size")
    if planned and batch == MOST_BATCH < planned:
        said.append(f"Trained in batches of {batch} instead of {planned:,.0f} rows.")
    return said


def _schedule(use: Mapping[str, Any], steps: float, caveats: list[str]) -> tuple[str, float]:
    """The planned schedule of rates by the fleet's name, and its warm-up as a share of the planned steps."""
    planned = str(use.get("schedule") or "constant").lower()
    name = next((name for name in SCHEDULES if name in planned), "constant")
    if name == "constant" and not any(word in planned for word in STEADY):
        caveats.append(f"The planned schedule of the learning rate ({planned}) was left out.")
    warmup = float(use.get("warmup") or 0.0)
    return name, min(0.5, warmup if warmup < 1 else warmup / max(1.0, steps))


def stops_early(sample: Sample) -> bool:
    """Whether the planned training can stop early: it is to, and some rows are kept to stop by."""
    stopping = sample.planned("training.early_stopping")
    if stopping is None or (isinstance(stopping, Mapping) and stopping.get("enabled") is False):
        return False
    nothing_kept = sample.planned("data.split.validation") == 0
    return not nothing_kept or bool(sample.planned("data.split.folds"))


def _hidden(
    model: Mapping[str, Any], kind: str, layers: int, widest: int, usual: int, caveats: list[str]
) -> tuple[int, ...]:
    if kind in LINEAR_KINDS and layers > 1:
        return ()
    planned = tuple(int(width) for width in model.get("hidden", ()) or ())
    hidden = tuple(min(widest, width) for width in planned[:layers]) or (usual,) * layers
    if planned and planned != hidden:
        small = " and ".join(map(str, hidden))
        caveats.append(f"The planned {len(planned)} hidden layers were scaled down to {small} units.")
    return hidden


def _in_steps(model: Mapping[str, Any], use: Mapping[str, Any], kind: str) -> bool:
    """Whether the plan's model learns step by step; a library solves a linear one that names no steps."""
    if kind in LINEAR_KINDS:
        return any(key in use for key in ("optimizer", "learning_rate", "batch_size"))
    return bool(model) or bool(use)


def _steps(wanted: float, most: int, caveats: list[str]) -> int:
    if not wanted:
        return min(most, USUAL_STEPS)
    if wanted > most:
        caveats.append(f"The stand-in stopped after {most} steps; the plan names {wanted:,.0f}.")
    return int(min(most, max(20, wanted)))


def planned_steps(use: Mapping[str, Any], train_rows: int, batch: int) -> float:
    """0 where the plan's ``training`` names neither steps nor epochs."""
    if use.get("steps") is not None:
        return float(use["steps"])
    return float(use.get("epochs") or 0.0) * epoch_steps(train_rows, batch, bool(use.get("drop_last")))


def epoch_steps(train_rows: int, batch: int, drop_last: bool) -> int:
    """Batches of an epoch; a loader keeps the last, short one, unless it is told to drop it."""
    return max(1, train_rows // batch if drop_last else -(-train_rows // batch))


def answered(sample: Sample, question: str) -> str | None:
    """An answer's plain value, in lower case; None where the question is open or nobody knows."""
    answer = sample.answers.get(question)
    if isinstance(answer, Mapping):
        answer = answer.get("value")
    return None if answer is None or isinstance(answer, (list, dict)) else str(answer).strip().lower()


def row_scores(fleet: Fleet, x: Any, y: np.ndarray, head: int = 0, spread: float | None = None) -> np.ndarray:
    """float64 [K, n], whose mean over rows is a member's score.

    Accuracy for classes: 1 where right, and chance for a member that diverged. For a number, each row's
    part of the explained variance R²; a member worse than guessing the mean counts as 0, so that one that
    diverged is useless and not infinitely bad. ``spread`` is the variance to explain, by default that of y.
    """
    finite = fleet.finite()[:, None]
    if fleet.heads[head].task == "classification":
        right = (fleet.predict(x, head) == y).astype(np.float64)
        return np.where(finite, right, 1 / fleet.heads[head].outputs)
    guess = np.nan_to_num(fleet.predict(x, head), nan=0.0, posinf=0.0, neginf=0.0)
    parts = 1 - (guess.astype(np.float64) - y) ** 2 / max(1e-12, spread or float(np.var(y)))
    useless = ~finite | (parts.mean(1, keepdims=True) < 0)
    return np.where(useless, 0.0, parts)


def interval(scores: np.ndarray, seed: int = 0, draws: int = 400, tail: float = 0.05) -> tuple[float, float]:
    """The 90 % interval of the mean of [seeds, rows], both drawn again (Bouthillier et al. 2021).

    ``tail`` is the share beyond either end.
    """
    draw = np.random.default_rng([seed, 11])
    members, n = scores.shape
    means = np.empty(draws)
    for i in range(draws):
        # Poisson-like row weights by drawing rows with replacement; seeds likewise
        chosen = scores[draw.integers(members, size=members)]
        means[i] = chosen[:, draw.integers(n, size=n)].mean()
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def as_long(
    sample: Sample, found: Rows, centre: Surrogate, budget: Budget, runs: float, seconds: float = math.inf,
    **how: Any,
) -> Surrogate:  # fmt: skip
    """The same stand-in, trained for more of the planned steps: as many as ``runs`` trainings may take.

    In all that is at most ``seconds``, and a share of the time left. The steps are doubled, so that the pace
    of the machine seldom decides; at best all that are planned. ``how`` is as ``surrogate`` has it.
    """
    if centre.cut <= 1:
        return centre
    whole = surrogate(sample, len(found.train), most_steps=LONGEST, front=centre.net.front, **how)
    each = seconds_each(found, centre, budget) / centre.steps
    most = min(seconds, SHARE * budget.left) / (runs * each)
    if whole.steps <= most:
        return replace(whole, cut=1.0) if whole.cut < 1.01 else whole  # the rest is less than a step
    doubled = centre.steps * 2 ** int(math.log2(max(1.0, most / centre.steps)))
    if doubled <= centre.steps:
        return centre
    return surrogate(sample, len(found.train), most_steps=doubled, front=centre.net.front, **how)


def seconds_each(found: Rows, centre: Surrogate, budget: Budget) -> float:
    """Seconds of one training among several side by side, told by the first steps of a few."""
    pilot, left = [centre.member(seed) for seed in range(TRIED)], budget.left
    steps = min(TRIAL, centre.steps)
    train(
        found.x, found.y, pilot, net=centre.net, heads=found.heads, steps=steps, device=budget.device,
        **centre.pacing,
    )  # fmt: skip
    return max(1e-6, left - budget.left) * centre.steps / (TRIED * steps)


def affordable(
    budget: Budget, wanted: int, fewest: int, seconds_each: float, seconds: float = math.inf
) -> int:
    """How many repeats the time left allows, from ``fewest`` to ``wanted``, in at most so many seconds."""
    return int(max(fewest, min(wanted, min(seconds, SHARE * budget.left) // max(1e-6, seconds_each))))
