"""The planned model itself where it is none of the fleet's: trees, kernels, linear models, neighbours.

scikit-learn trains it on the project's rows, two fits at a time. They are threads, for a confined probe
starts no process; scikit-learn leaves the interpreter while it fits trees and kernels.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters.classical import families
from workers.probes.hyperparameters.classical.families import Family
from workers.probes.hyperparameters.search.engines import Scores, Tell
from workers.probes.hyperparameters.search.knobs import Knob, Setting, plain
from workers.probes.hyperparameters.search.parts import Part
from workers.probes.surrogate import Rows, affordable, stratified
from workers.probes.words import count

AT_ONCE = 2
GRADIENT = ("learning_rate", "epochs", "steps", "optimizer", "batch_size")  # words of a net's training
SLOW = 1 / 300  # of the budget: a fit that takes longer learns from fewer rows
TIMED = 3  # fits, of which the quickest says how long one takes
FEW_ROWS = 300
FEWEST_ROWS = 150  # learnt from where a budget is short
FEWEST_TREES = 20  # likewise
FEWEST_DRAWS = 4
MOST_OF_THE_TIME = 0.5  # of what is left
LEARNT_FROM = "Each model learnt from"
LEFT_OUT = 0.1  # share of the rows that a run of a model without luck of its own leaves out


@dataclass(frozen=True)
class Classical:
    """A planned model of scikit-learn: an engine of ``search``, and the centre of ``sensitivity``."""

    found: Rows
    family: Family
    budget: Budget
    planned: bool
    most: int  # rows that a fit learns from
    caveats: tuple[str, ...] = ()
    slow: bool = True

    @property
    def named(self) -> str:
        single = self.family.name == families.FOREST and not self.family.lucky
        return "decision tree" if single else families.NAMES[self.family.name]

    @property
    def subject(self) -> str:
        return f"the planned {self.named}"

    @property
    def many(self) -> bool:
        """Whether its name is a plural: boosted trees reach, a forest reaches."""
        return self.family.name in (families.BOOSTING, families.NEAREST)

    @property
    def knobs(self) -> tuple[Knob, ...]:
        return self.family.knobs

    @property
    def default(self) -> Setting:
        return dict(self.family.default)

    def described(self) -> dict[str, Any]:
        """JSON-ready, for a finding's facts."""
        setting = {name: value for name, value in self.default.items() if value < 1e9}
        return {"model": self.named, **setting, "from_plan": self.planned, "caveats": list(self.caveats)}

    def keys(self, setting: Setting) -> dict[str, Any]:
        left = {"depth": families.DEEPEST, "feature_share": 0.0}  # what stands for "no such limit"
        return {
            knob.key: plain(setting[knob.name])
            for knob in self.knobs
            if left.get(knob.name) != setting[knob.name]
        }

    def learnt(self, train: np.ndarray, seed: int) -> np.ndarray:
        """The places that a fit learns from: those beyond ``most`` left out, class by class."""
        labels = self.found.y[train] if self.found.classes else None
        draw = np.random.default_rng([self.budget.seed, seed, 47])
        return train[stratified(labels, np.arange(len(train)), self.most, draw)]

    def fit(
        self, setting: Setting, train: np.ndarray, seed: int, y: np.ndarray | None = None,
        unseen: bool = False,
    ) -> Any:  # fmt: skip
        """The fitted model; ``y`` [rows of found] are other labels than the rows' own.

        With ``unseen`` a forest keeps what each row is told by the trees that were grown without it.
        """
        found = self.found
        rows = self.learnt(train, seed)
        setting = {**self.family.default, **setting}  # what a search leaves alone stays as planned
        model = self.family.build(setting, bool(found.classes), self.budget.seed * 1000 + seed)
        if "neighbours" in setting:
            model.set_params(n_neighbors=min(model.n_neighbors, len(rows)))
        if unseen and "oob_score" in model.get_params():
            model.set_params(bootstrap=True, oob_score=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a solver that runs out of rounds is what is being measured
            return model.fit(found.x[rows], (found.y if y is None else y)[rows])

    def row_scores(self, model: Any, places: np.ndarray) -> np.ndarray:
        """float64 [rows], as ``surrogate.row_scores`` has them."""
        asked = self.found.y[places]
        said = model.predict(self.found.x[places])
        if self.found.classes:
            return (said == asked).astype(np.float64)
        parts = 1 - (said.astype(np.float64) - asked) ** 2 / max(1e-12, float(np.var(asked)))
        return parts if parts.mean() >= 0 else np.zeros(len(asked))

    def scores(self, settings: Sequence[Setting], parts: Sequence[Part], tell: Tell) -> Scores:
        chosen = np.zeros((len(settings), len(parts)))
        judged = [np.zeros((len(settings), len(part.test))) for part in parts]

        def one(job: tuple[int, int]) -> None:
            place, k = job
            model = self.fit(settings[place], parts[k].train, k)
            chosen[place, k] = self.row_scores(model, parts[k].choose).mean()
            judged[k][place] = self.row_scores(model, parts[k].test)

        in_turn(one, [(place, k) for place in range(len(settings)) for k in range(len(parts))], tell)
        return Scores(chosen, judged)

    def varied(self) -> Setting:
        """The settings of the plan that multiplying changes, with their planned values."""
        left = {"depth": families.DEEPEST, "feature_share": 0.0, "l2": 0.0}
        own = {knob.name: self.default[knob.name] for knob in self.knobs}
        return {name: value for name, value in own.items() if value > 0 and value != left.get(name)}

    def multiplied(
        self, pairs: Sequence[tuple[str, float]], seeds: int
    ) -> dict[tuple[str, float], np.ndarray]:
        """(setting, factor) -> scores [seeds, test rows], as ``sensitivity.measure`` gives them.

        Factors that come to the same value share its trainings.
        """
        moved = {(name, factor): (name, self.moved(name, factor)) for name, factor in pairs}
        values = list(dict.fromkeys(moved.values()))
        seeds = affordable(self.budget, seeds, FEWEST_DRAWS, self._seconds_each() * (len(values) + 1))
        base = self.repeats([self.default], range(seeds), lambda _: None)[0]

        def tell(share: float) -> None:
            told = f"Training {self.named} {len(values) * seeds} times"
            self.budget.progress(0.1 + 0.8 * share, told)

        scores = self.repeats([{**self.default, name: value} for name, value in values], range(seeds), tell)
        by_value = dict(zip(values, scores, strict=True))
        return {("", 1.0): base, **{pair: by_value[moved[pair]] for pair in pairs}}

    def within(self, fits: int) -> Classical:
        """The engine, with so few rows, then trees, that so many fits keep to the budget; both are told.

        On a busy machine a fit takes longer than the processor says, so the clock on the wall counts.
        """
        engine = self
        while engine._seconds_each() * fits > MOST_OF_THE_TIME * self.budget.left:
            trees = engine.default.get("trees", 0.0)
            if engine.most // 2 >= FEWEST_ROWS:
                engine = replace(engine, most=engine.most // 2)
            elif trees // 2 >= FEWEST_TREES:
                engine = replace(engine, family=_fewer_trees(engine.family, trees // 2))
            else:
                break
        told = list(self.caveats)
        if engine.most != self.most:
            told = [one for one in told if not one.startswith(LEARNT_FROM)]
            told.append(f"{LEARNT_FROM} {count(engine.most, 'row')}, as the time allowed.")
        if engine.default != self.default:
            told.append(f"Tried with {engine.default['trees']:.0f} trees, as the time allowed.")
        return replace(engine, caveats=tuple(told)) if engine is not self else self

    def _seconds_each(self) -> float:
        began = time.perf_counter()
        self.repeats([self.default], range(AT_ONCE), lambda _: None)
        return (time.perf_counter() - began) / AT_ONCE

    def moved(self, name: str, factor: float) -> float:
        """The value that is trained for a factor.

        A whole number is moved by one at least: four fifths of five neighbours are four, of one none.
        """
        knob = next(knob for knob in self.knobs if knob.name == name)
        value = self.default[name]
        moved = value * factor
        if knob.whole:
            moved = min(round(moved), value - 1) if factor < 1 else max(round(moved), value + 1)
            return max(1.0, float(moved))
        return min(1.0, moved) if name == "feature_share" else moved

    def repeats(self, settings: Sequence[Setting], seeds: Sequence[int], tell: Tell) -> np.ndarray:
        """float64 [settings, seeds, test rows], each seed with the same rows to learn from in all settings.

        A model without luck of its own (a kernel, one tree, neighbours) is only as lucky as its rows: every
        seed leaves out another tenth of them.
        """
        out = np.zeros((len(settings), len(seeds), len(self.found.test)))

        def one(job: tuple[int, int]) -> None:
            place, at = job
            train = self.found.train
            draw = np.random.default_rng([self.budget.seed, seeds[at], 53])
            kept = draw.permutation(len(train))[: round(len(train) * (1 - LEFT_OUT))]
            model = self.fit(settings[place], train[np.sort(kept)], seeds[at])
            out[place, at] = self.row_scores(model, self.found.test)

        in_turn(one, [(place, at) for place in range(len(settings)) for at in range(len(seeds))], tell)
        return out


def _fewer_trees(family: Family, trees: float) -> Family:
    """The family with so many trees; boosted ones learn as much faster."""
    changed = {**family.default, "trees": trees}
    if family.name == families.BOOSTING:
        faster = family.default["learning_rate"] * family.default["trees"] / trees
        changed["learning_rate"] = max(family.default["learning_rate"], min(0.3, faster))
    return replace(family, default=changed)


def in_turn(one: Callable[[Any], None], jobs: Sequence[Any], tell: Tell) -> None:
    """All jobs, AT_ONCE at a time, one thread each; what one raises is raised here."""
    from threadpoolctl import threadpool_limits

    def alone(job: Any) -> None:
        with threadpool_limits(1):
            one(job)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(alone, jobs), start=1):
            if done % 8 == 0 or done == len(jobs):
                tell(done / len(jobs))


def planned(sample: Sample, found: Rows, budget: Budget) -> Classical | None:
    """The plan's model where scikit-learn trains it; None for networks and for no plan.

    A linear model with a learning rate, steps or an optimiser is a network without hidden layers.
    """
    kind = str(sample.planned("model.kind", ""))
    family = families.of_kind(kind) if kind else None
    if family is None or (family == families.BAYES and not found.classes):
        return None
    if family == families.LINEAR and not without_steps(sample):
        return None
    x = found.x[found.train]
    made = families.read(sample, family, float(x.var()), x.shape[1], len(found.classes))
    engine = Classical(found, made, budget, True, len(found.train))
    return _quick(engine)


def without_steps(sample: Sample) -> bool:
    """Whether a plan's linear model is solved by a library, and not trained as a network is."""
    kind = str(sample.planned("model.kind", ""))
    training = sample.planned("training", {})
    return families.of_kind(kind) == families.LINEAR and not any(key in training for key in GRADIENT)


def _quick(engine: Classical) -> Classical:
    """The engine, with so few rows and trees that a fit is over soon; what was left out is told."""
    caveats = [engine.family.caveat] if engine.family.caveat else []
    trees = engine.family.default.get("trees", 0)
    if engine.family.name == families.FOREST and trees > 3 * families.MOST_TREES:
        few = {**engine.family.default, "trees": 3 * families.MOST_TREES}
        engine = replace(engine, family=replace(engine.family, default=few))
        caveats.append(f"Tried with {few['trees']:.0f} of the planned {trees:,.0f} trees.")
    while engine.most // 2 >= FEW_ROWS and _slow(engine):
        engine = replace(engine, most=engine.most // 2)
    if engine.most < len(engine.found.train):
        caveats.append(f"{LEARNT_FROM} {count(engine.most, 'row')}, since it is slow to train.")
    return replace(engine, caveats=tuple(caveats))


def _slow(engine: Classical) -> bool:
    """Whether a fit takes too much of the budget, by the quickest of a few.

    The first of a process also imports its library, and any may be held up by what else the machine does.
    """
    for _ in range(TIMED):
        began = time.thread_time()
        engine.fit(engine.default, engine.found.train, 0)
        if time.thread_time() - began <= SLOW * engine.budget.seconds:
            return False
    return True
