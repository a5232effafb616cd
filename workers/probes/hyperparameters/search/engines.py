"""What trains settings: the fleet for networks; ``classical`` has the same for trees and kernels."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from workers.fleet import Member, train
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters.search.knobs import Knob, Setting, plain
from workers.probes.hyperparameters.search.parts import Part
from workers.probes.surrogate import Rows, Surrogate, epoch_steps, network, row_scores

Tell = Callable[[float], None]
LONGEST = 4000  # steps of the planned setting; the search's own trainings are shorter
SEARCHED = 500  # steps of the longest training that a search tries
USUAL_RATE = {"adam": 0.005, "adamw": 0.005, "sgd": 0.05}
RATES = {"adam": (3e-4, 0.05), "adamw": (3e-4, 0.05), "sgd": (3e-3, 1.0)}


@dataclass(frozen=True)
class Scores:
    """What settings score: ``chosen`` [settings, parts] on the rows chosen by, ``judged`` a part [settings,
    its test rows], as ``row_scores`` has them."""

    chosen: np.ndarray
    judged: list[np.ndarray]

    def fold(self, parts: Sequence[Part], fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Of one fold: chosen [settings] over its parts, judged [settings, parts, test rows]."""
        own = [k for k, part in enumerate(parts) if part.fold == fold]
        return self.chosen[:, own].mean(1), np.stack([self.judged[k] for k in own], 1)

    def joined(self, other: Scores) -> Scores:
        return Scores(
            np.concatenate([self.chosen, other.chosen]),
            [np.concatenate(pair) for pair in zip(self.judged, other.judged, strict=True)],
        )


class Engine(Protocol):
    """One kind of model with its settings. ``default`` is the planned one, or what a library would take."""

    @property
    def knobs(self) -> tuple[Knob, ...]: ...
    @property
    def default(self) -> Setting: ...
    @property
    def planned(self) -> bool: ...
    @property
    def caveats(self) -> tuple[str, ...]: ...
    @property
    def named(self) -> str: ...
    @property
    def subject(self) -> str: ...

    @property
    def slow(self) -> bool:
        """Whether one training of a setting a fold is all there is time for."""
        ...

    def described(self) -> dict[str, Any]: ...

    def keys(self, setting: Setting) -> dict[str, Any]:
        """A setting under the plan's own keys."""
        ...

    def scores(self, settings: Sequence[Setting], parts: Sequence[Part], tell: Tell) -> Scores: ...


@dataclass(frozen=True)
class Networks:
    """Small networks, all settings of one batch size and width trained as one fleet."""

    found: Rows
    centre: Surrogate
    budget: Budget
    epochs: bool = False  # whether the plan's word for how long is epochs, and not steps
    hidden: tuple[int, ...] = ()  # the planned widths, where they were scaled down
    caveats: tuple[str, ...] = ()
    slow: bool = False
    first: int = 0  # the number of the first start and batch order

    @property
    def named(self) -> str:
        return "network"

    @property
    def subject(self) -> str:
        return "a small network" if self.centre.net.front is None else "the planned network"

    @property
    def planned(self) -> bool:
        return self.centre.planned

    def described(self) -> dict[str, Any]:
        return {**self.centre.described(), "caveats": list(self.caveats)}

    def keys(self, setting: Setting) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for knob in self.knobs:
            if knob.name == "steps" and self.epochs:
                batch, drop_last = int(setting["batch_size"]), self.centre.drop_last
                passes = setting["steps"] / epoch_steps(len(self.found.train), batch, drop_last)
                told["training.epochs"] = plain(max(1.0, float(round(passes))))
            elif knob.name == "width":
                share = setting["width"] / self.centre.net.hidden[0]
                told[knob.key] = [
                    max(1, round(wide * share)) for wide in self.hidden or self.centre.net.hidden
                ]
            else:
                told[knob.key] = plain(setting[knob.name])
        return told

    @property
    def knobs(self) -> tuple[Knob, ...]:
        low, high = RATES[self.centre.optimizer]
        knobs = [Knob("learning_rate", "Learning rate", "training.learning_rate", low, high, log=True)]
        if self.centre.optimizer == "sgd":
            knobs.append(Knob("momentum", "Momentum", "training.momentum", 0.0, 0.95))
        knobs += [
            Knob("steps", "Training steps", "training.steps", 60, SEARCHED, log=True, whole=True),
            Knob("weight_decay", "Weight decay", "training.weight_decay", 1e-5, 0.1, log=True),
            Knob("batch_size", "Batch size", "training.batch_size", steps=(16, 32, 64, 128)),
        ]
        if self.centre.net.hidden:
            wide = self.centre.net.hidden[0]
            widths = tuple(sorted({float(max(4, min(64, round(wide * f)))) for f in (0.5, 1, 2)}))
            knobs += [
                Knob("dropout", "Dropout", "training.dropout", 0.0, 0.5),
                Knob("width", "Width", "model.hidden", steps=widths),
            ]
        return tuple(knobs)

    @property
    def default(self) -> Setting:
        own = {
            "learning_rate": self.centre.learning_rate,
            "momentum": self.centre.momentum,
            "steps": float(self.centre.steps),
            "weight_decay": self.centre.weight_decay,
            "batch_size": float(self.centre.batch),
            "dropout": self.centre.dropout,
            "width": float(self.centre.net.hidden[0]) if self.centre.net.hidden else 0.0,
        }
        return {knob.name: own[knob.name] for knob in self.knobs}

    def scores(self, settings: Sequence[Setting], parts: Sequence[Part], tell: Tell) -> Scores:
        together: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
        for place, setting in enumerate(settings):
            together[int(setting["batch_size"]), self._hidden(setting)].append(place)
        chosen = np.zeros((len(settings), len(parts)))
        judged = [np.zeros((len(settings), len(part.test))) for part in parts]
        done = 0
        for (batch, hidden), places in together.items():
            own = [settings[k] for k in places]
            self._group(own, parts, batch, hidden, places, chosen, judged)
            done += len(places)
            tell(done / len(settings))
        return Scores(chosen, judged)

    def _hidden(self, setting: Setting) -> tuple[int, ...]:
        """The planned shape, as wide as the setting says."""
        planned = self.centre.net.hidden
        return tuple(max(1, round(setting["width"] * wide / planned[0])) for wide in planned)

    def _group(
        self, settings: list[Setting], parts: Sequence[Part], batch: int, hidden: tuple[int, ...],
        places: list[int], chosen: np.ndarray, judged: list[np.ndarray],
    ) -> None:  # fmt: skip
        found = self.found
        members = [self._member(one, part, k) for k, part in enumerate(parts) for one in settings]
        fleet = train(
            found.x, found.y, members, net=dataclasses.replace(self.centre.net, hidden=hidden),
            heads=found.heads, steps=int(max(one["steps"] for one in settings)), device=self.budget.device,
            **{**self.centre.pacing, "batch": batch},
        )  # fmt: skip
        for k, part in enumerate(parts):
            own = fleet.take(range(k * len(settings), (k + 1) * len(settings)))
            chosen[places, k] = row_scores(own, found.x[part.choose], found.y[part.choose]).mean(1)
            judged[k][places] = row_scores(own, found.x[part.test], found.y[part.test])

    def _member(self, setting: Setting, part: Part, seed: int) -> Member:
        return Member(
            seed=self.budget.seed * 1000 + self.first + seed, rows=part.train,
            learning_rate=setting["learning_rate"],
            weight_decay=setting["weight_decay"], dropout=setting.get("dropout", 0.0),
            momentum=setting.get("momentum", self.centre.momentum), steps=max(1, int(setting["steps"])),
        )  # fmt: skip


def networks(sample: Sample, found: Rows, budget: Budget) -> Networks:
    """The plan's own settings as the centre, trained as long as the plan says, up to LONGEST steps."""
    found, whole = network(sample, found, most_steps=10**12)
    epochs = sample.planned("training.steps") is None and sample.planned("training.epochs") is not None
    hidden = sample.planned("model.hidden") or ()
    hidden = (hidden,) if isinstance(hidden, int) else tuple(int(wide) for wide in hidden)
    caveats = list(whole.caveats)
    centre = whole
    if whole.steps > LONGEST:
        # Few steps at a rate meant for many end half-way: the rate is raised with what the steps were cut.
        usual = USUAL_RATE[whole.optimizer]
        rate = max(whole.learning_rate, min(usual, whole.learning_rate * whole.steps / LONGEST))
        centre = dataclasses.replace(whole, steps=LONGEST, learning_rate=rate)
        caveats.append(
            f"The planned setting was tried for {LONGEST:,} of its {whole.steps:,} steps"
            + (
                f", with a learning rate of {rate:.2g} to make up for it."
                if rate > whole.learning_rate
                else "."
            )
        )
    slow = centre.net.front is not None
    return Networks(found, centre, budget, epochs, hidden, tuple(caveats), slow)
