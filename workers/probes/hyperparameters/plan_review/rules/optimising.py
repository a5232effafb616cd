"""Learning rate, stopping, clipping, seed: settings of the training itself, judged by what is usual for
its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.steps import TEST
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, is_nothing, truth

# (too low, low, high, too high): below or above the outer ones nothing is learned or training diverges,
# between the
# inner ones it is usual. Sources: Goodfellow and others, "Deep Learning" (2016), ch. 11.4.1; Godbole and
# others, "Deep
# learning tuning playbook" (2023); the defaults and tuning guides of PyTorch, transformers, XGBoost and
# LightGBM.
RANGES: dict[str, tuple[float, float, float, float]] = {
    "adam": (1e-7, 3e-6, 0.03, 0.1),
    "adam transformer": (1e-7, 1e-6, 5e-3, 0.02),
    "sgd": (1e-6, 5e-5, 1.0, 2.0),
    "momentum": (1e-7, 5e-6, 0.5, 1.0),
    "adagrad": (1e-6, 1e-4, 0.5, 2.0),
    "adadelta": (1e-4, 1e-3, 5.0, 20.0),
    "adafactor": (1e-7, 1e-6, 0.02, 0.1),
    "lion": (1e-8, 1e-7, 2e-3, 0.01),
    "muon": (1e-5, 1e-4, 0.1, 0.5),
    "lars": (1e-5, 1e-3, 10.0, 40.0),
    "fine-tuning": (1e-9, 5e-8, 5e-4, 1e-3),
    "": (1e-9, 5e-7, 1.0, 2.0),  # an optimiser that the plan does not name
    "adapter": (1e-7, 1e-6, 2e-3, 1e-2),
    "pretrained pictures": (1e-8, 5e-7, 5e-3, 0.02),
    "boosting": (1e-5, 1e-4, 0.5, 1.0),
}
GROUPS = {
    "adamw": "adam",
    "adam": "adam",
    "nadam": "adam",
    "radam": "adam",
    "adamax": "adam",
    "rmsprop": "adam",
    "lamb": "adam",
    "sgd": "sgd",
    "momentum": "momentum",
    "nesterov": "momentum",
    "adagrad": "adagrad",
    "adadelta": "adadelta",
    "adafactor": "adafactor",
    "lion": "lion",
    "muon": "muon",
    "lars": "lars",
}
OWN_RATE = ("prodigy", "dadapt", "d adapt", "lbfgs", "other")
LONG = 50  # epochs of training from scratch
LONG_TUNING = 10  # epochs of fine-tuning
SHRUNK = 0.3  # trees times learning rate, below which boosting hardly leaves the mean


def rate(plan: View, data: Known) -> Iterator[Risk]:
    """Too high diverges or forgets what was pretrained; too low learns nothing within the budget."""
    one = plan.learning_rate
    if one is None or one.number is None or any(word in plan.optimizer for word in OWN_RATE):
        return
    value = one.number
    if value <= 0:
        yield _low(one, "high", "With a learning rate of 0 nothing is learned.", "1e-3")
        return
    name, factor = _range(plan, data)
    too_low, low, high, too_high = (
        bound * factor if place > 1 else bound for place, bound in enumerate(RANGES[name])
    )
    what = _what(name, plan)
    if value > high:
        severity = "high" if value > too_high or value >= 5 * high else "medium"
        yield Risk(
            "learning_rate_too_high",
            severity,
            one.key,
            f"A learning rate of {value:g} is far above what is usual for {what} (at most {high:g}): "
            + (
                "training will most likely jump around or diverge."
                if name not in ("fine-tuning", "pretrained pictures", "adapter")
                else "it will most likely undo what the model was pretrained for."
            ),
            f"Begin with {_usual(name)} and look at the loss of the first hundred steps: set {one.key} "
            f"to {_usual(name)}.",
        )
    elif value < low:
        yield _low(
            one,
            "high" if value < too_low else "medium",
            f"A learning rate of {value:g} is far below what is usual for {what} (at least "
            f"{low:g}): the training hardly moves.",
            _usual(name),
        )
    elif name == "boosting":
        yield from _shrunk(plan, one, value)


def _shrunk(plan: View, one: Setting, value: float) -> Iterator[Risk]:
    """So few and so small steps leave boosting at the mean it began with (Friedman, 2001)."""
    trees = plan.trees.number if plan.trees is not None else None
    if trees and trees * value < SHRUNK:
        yield _low(
            one,
            "high" if trees * value < SHRUNK / 3 else "medium",
            f"{trees:,.0f} trees at a learning rate of {value:g} hardly move away from the mean.",
            f"{max(0.03, 5 / trees):.2g}",
        )


def _low(one: Setting, severity: str, reason: str, usual: str) -> Risk:
    return Risk(
        "learning_rate_too_low", severity, one.key, reason, f"Begin with {usual}: set {one.key} to {usual}."
    )


def _range(plan: View, data: Known) -> tuple[str, float]:
    """The row of RANGES for a plan, and by how much large batches or a cycle stretch its upper end."""
    group = GROUPS.get(plan.optimizer, "")
    batch = plan.batch or 0
    stretch = max(1.0, batch / 256)
    momentum = plan.written.number(r"\bmomentum$")
    if plan.family == "boosting":
        return "boosting", 1.0
    if plan.pretrained is not None and plan.neural:
        if plan.adapted == "adapter":
            return "adapter", 1.0
        if plan.adapted != "head" and group not in ("sgd", "momentum", "lars", "adafactor"):
            reads = plan.family == "transformer" and not re.search(r"\b(vit|deit|swin)\w*", plan.model.value)
            return ("fine-tuning" if reads and data.modality != "images" else "pretrained pictures"), 1.0
    if group == "sgd" or (group == "momentum"):
        moves = group == "momentum" or (momentum is not None and (momentum.number or 0) >= 0.5)
        return ("momentum" if moves else "sgd"), stretch
    if group == "adam":
        return ("adam transformer" if plan.family == "transformer" else "adam"), stretch**0.5
    if group:
        return group, 1.0
    return ("adam transformer" if plan.family == "transformer" else ""), stretch


def _what(name: str, plan: View) -> str:
    named = {
        "adam": "Adam",
        "adam transformer": "Adam and transformers",
        "sgd": "gradient descent",
        "momentum": "gradient descent with momentum",
        "fine-tuning": "fine-tuning a pretrained transformer",
        "pretrained pictures": "fine-tuning a pretrained network",
        "adapter": "training an adapter",
        "boosting": "boosted trees",
    }
    return named.get(name, plan.optimizer.capitalize() or "training")


def _usual(name: str) -> str:
    return {
        "": "0.001",
        "adam": "0.001",
        "adam transformer": "3e-4",
        "sgd": "0.01",
        "momentum": "0.01",
        "fine-tuning": "2e-5",
        "pretrained pictures": "1e-4",
        "adapter": "2e-4",
        "boosting": "0.05",
        "adagrad": "0.01",
        "adadelta": "1.0",
        "adafactor": "1e-3",
        "lion": "1e-4",
        "muon": "0.02",
        "lars": "1.0",
    }[name]


def no_early_stopping(plan: View, data: Known) -> Iterator[Risk]:
    """Long training without looking at a validation part learns the training part by heart (Prechelt,
    1998).
    """
    if plan.stops_early or plan.written.first(
        r"\b(save best\w*|keep best|best checkpoint|restore best\w*|checkpoint( metric| monitor| best)?|"
        r"use best model|model checkpoint)\b"
    ):
        return
    off = plan.early_stopping
    if plan.family == "boosting":
        trees = (plan.trees.number or 0) if plan.trees is not None else 0
        rate_ = plan.learning_rate.number if plan.learning_rate is not None else None
        if trees >= 1000 or (off is not None and trees >= 200):
            work = trees * (rate_ or 0.1)
            yield _never_stops(
                off.key if off is not None else plan.trees.key if plan.trees is not None else "",
                f"{trees:,.0f} trees are grown",
                "medium" if work >= 100 or off is not None else "low",
                "early_stopping_rounds: 50",
            )
        return
    if plan.epochs is None or not (plan.neural or plan.optimizer) or plan.epochs.number is None:
        return
    epochs = plan.epochs.number
    tuned = plan.pretrained is not None
    least = LONG_TUNING if tuned and plan.family == "transformer" else LONG
    if epochs > least or (off is not None and epochs >= LONG_TUNING):
        scheduled = plan.written.first(r"\b(sched\w*|lr sched\w*|cosine|decay|swa|ema)\b")
        held = scheduled is not None and not scheduled.nothing and plan.penalised
        serious = off is not None or (epochs >= 4 * least and not held)
        yield _never_stops(
            off.key if off is not None else plan.epochs.key,
            f"{epochs:g} epochs are trained",
            "medium" if serious else "low",
            "early_stopping: {monitor: validation_loss, patience: 10}",
        )


def _never_stops(key: str, what: str, severity: str, write: str) -> Risk:
    return Risk(
        "no_early_stopping",
        severity,
        key,
        f"{what} and nothing stops before the model begins to learn its examples by heart.",
        f"Stop when the validation part gets worse, or keep the best checkpoint: {write}.",
    )


def no_clipping(plan: View, data: Known) -> Iterator[Risk]:
    """Gradients through many steps explode now and then, and one such step ruins a run (Pascanu and
    others, 2013).
    """
    one = plan.written.first(
        r"\b((gradient|grad|global) (clip\w*|norm clip\w*|clip (val|norm|value))|clip\w* (grad\w*|norm|"
        r"value|global norm)|max grad norm|clip ?norm|clip ?value|grad norm|gradient clip( validation)?|"
        r"clip)\b"
    )
    if one is not None and not (one.nothing or truth(one.value) is False or one.number == 0):
        return
    deep = plan.family == "recurrent" or plan.family == "transformer"
    if one is not None and plan.family in ("recurrent", "transformer"):
        yield _unclipped(one.key, "medium")
    elif (
        one is None
        and deep
        and not plan.trainer
        and plan.pretrained is None
        and (plan.optimizer or plan.learning_rate is not None)
    ):
        yield _unclipped(plan.model.key, "low")


def _unclipped(key: str, severity: str) -> Risk:
    return Risk(
        "no_gradient_clipping",
        severity,
        key,
        "Gradients are not limited, and in this kind of network a single huge step now and then ruins "
        "days of training.",
        "Limit the gradient: training.gradient_clipping: 1.0.",
    )


def no_seed(plan: View, data: Known) -> Iterator[Risk]:
    """Without a seed nobody can repeat the result, or tell a better idea from better luck (Henderson and
    others, 2018).
    """
    seeds = list(
        plan.written.all(
            r"\b(seeds?|random ?state|random ?seed|manual seed|rng|rng seed|seed everything|np random "
            r"seed|torch manual seed)$"
        )
    )
    own = [one for one in seeds if not is_nothing(one.value) or one.value == 0]
    own = [
        one for one in own if truth(one.value) is not False or (one.number == 0 and one.value is not False)
    ]
    if own or plan.trainer:
        return
    key = seeds[0].key if seeds else ""
    yield Risk(
        "no_seed",
        "medium" if seeds else "low",
        key,
        "No random seed is fixed, so nobody can repeat the result, nor tell a better idea from better luck.",
        f"Fix the seed: set {key or 'seed'} to 7.",
    )


def monitored_on_test(one: Setting | None) -> bool:
    """Whether early stopping looks at the test part, and so holds nothing back."""
    return one is not None and bool(TEST.search(one.said))


RULES = (rate, no_early_stopping, no_clipping, no_seed)
