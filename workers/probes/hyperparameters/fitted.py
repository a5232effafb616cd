"""What overfitting, luck and repetition stand on where scikit-learn trains the planned model itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import classical, footing
from workers.probes.hyperparameters.classical import Classical, families
from workers.probes.hyperparameters.footing import Footing, Ground
from workers.probes.hyperparameters.search.engines import Tell
from workers.probes.hyperparameters.search.knobs import Setting
from workers.probes.surrogate import Rows, rows

SPOKEN = {
    families.BOOSTING: "the training of boosted trees that draw no rows or columns",
    families.KERNEL: "the training of a support vector machine",
    families.LINEAR: "the training of a linear model",
    families.NEAREST: "looking up nearest neighbours",
    families.BAYES: "the training of a naive Bayes model",
    families.FOREST: "the training of a single tree",
}


@dataclass(frozen=True)
class Fitted(Ground):
    """Rows, the planned model and the budget of one probe."""

    found: Rows
    engine: Classical
    budget: Budget

    @property
    def planned(self) -> bool:
        return self.engine.planned

    @property
    def subject(self) -> str:
        return f"the planned {self.engine.named}"

    @property
    def reaches(self) -> str:
        return "reach" if self.many else "reaches"

    @property
    def caveats(self) -> tuple[str, ...]:
        return self.engine.caveats

    def described(self) -> dict[str, Any]:
        return self.engine.described()

    @property
    def many(self) -> bool:
        """Whether its name is a plural: boosted trees reach, a forest reaches."""
        return self.engine.many

    @cached_property
    def lucky(self) -> bool:
        """Whether the same rows can give another model; a single tree tosses a coin between equal splits."""
        if self.engine.family.lucky or self.engine.family.name != families.FOREST:
            return self.engine.family.lucky
        one, other = self.models([self.engine.default], [0, 1], lambda _: None)[0]
        return bool((one.predict(self.found.x) != other.predict(self.found.x)).any())

    @cached_property
    def train(self) -> np.ndarray:
        """The places that every fit learns from, all or a draw of them."""
        return self.engine.learnt(self.found.train, 0)

    def models(
        self, settings: Sequence[Setting], seeds: Sequence[int], tell: Tell, y: np.ndarray | None = None,
        unseen: bool = False,
    ) -> list[list[Any]]:  # fmt: skip
        """[settings][seeds] fitted models; ``y`` and ``unseen`` as ``Classical.fit`` has them."""
        out: list[list[Any]] = [[None] * len(seeds) for _ in settings]
        train = self.train

        def one(job: tuple[int, int]) -> None:
            place, at = job
            out[place][at] = self.engine.fit(settings[place], train, seeds[at], y, unseen)

        jobs = [(place, at) for place in range(len(settings)) for at in range(len(seeds))]
        classical.in_turn(one, jobs, tell)
        return out

    def scores(self, models: Sequence[Any]) -> np.ndarray:
        """float64 [models, test rows]."""
        return np.stack([self.engine.row_scores(model, self.found.test) for model in models])

    def missed(self, models: Sequence[Any]) -> np.ndarray | None:
        """float64 [models, test rows]: how far probabilities are off, in parts of what the shares of classes
        miss by (Brier 1950): at 1 they say no more than those do. None for numbers, and without any."""
        if not self.found.classes or not all(hasattr(model, "predict_proba") for model in models):
            return None
        x, every = self.found.x[self.found.test], len(self.found.classes)
        chances = np.zeros((len(models), len(x), every))
        for place, model in enumerate(models):
            chances[place][:, model.classes_] = model.predict_proba(x)
        found = self.found
        truth = np.eye(every)[found.y[found.test]]
        shares = np.bincount(found.y[found.train], minlength=every) / len(found.train)
        without = float(np.square(shares - truth).sum(-1).mean())
        return np.square(chances - truth).sum(-1) / max(1e-12, without)

    def own_scores(self, models: Sequence[Any]) -> np.ndarray:
        """float64 [models, rows learnt from].

        A tree of a forest knows its rows by heart, which is how forests work and says nothing: the rows are
        asked of the trees that were grown without them.
        """
        found = []
        for model in models:
            out = out_of_bag(model)
            if out is None:
                found.append(self.engine.row_scores(model, self.train))
            else:
                found.append(self._unseen(model, out, self.train))
        return np.stack(found)

    def _unseen(self, model: Any, said: np.ndarray, places: np.ndarray) -> np.ndarray:
        asked = self.found.y[places]
        if self.found.classes:
            known = ~np.isnan(said).any(axis=1) & (said.sum(axis=1) > 0)
            right = model.classes_[np.nan_to_num(said).argmax(axis=1)] == asked
            scores = right.astype(np.float64)
        else:
            known = np.isfinite(said)
            scores = 1 - (np.nan_to_num(said) - asked) ** 2 / max(1e-12, float(np.var(asked)))
        scores[~known] = scores[known].mean() if known.any() else 0.0  # a row that every tree has seen
        return scores


def out_of_bag(model: Any) -> np.ndarray | None:
    """What a forest says of each row by the trees without it; None where there is no such thing."""
    for name in ("oob_decision_function_", "oob_prediction_"):
        if hasattr(model, name):
            return getattr(model, name)
    return None


def of(sample: Sample, budget: Budget) -> Fitted | str | None:
    """The ground for a plan of scikit-learn's kinds; why there is none; or None for networks and no plan."""
    if not sample.planned("model.kind"):
        return None
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return found
    engine = classical.planned(sample, found, budget)
    return None if engine is None else Fitted(found, engine, budget)


def or_network(sample: Sample, budget: Budget) -> Fitted | Footing | str:
    """The planned model itself where scikit-learn trains it, else the network that stands in; or why not."""
    real = of(sample, budget)
    return footing.of(sample, budget) if real is None else real
