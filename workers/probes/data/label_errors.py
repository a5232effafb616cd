"""How many labels look wrong, which ones, and what correcting them would buy.

Three unlike models judge rows they were not shown (``out_of_fold``). Value: the share of wrong labels as
the rate at which labels contradict the models however sure those are (``lapse``), so that classes which
merely overlap are not called noise. Beside it stand the two usual figures: disagreement among the surest
30 % of rows (Clopper-Pearson interval), and confident learning (Northcutt 2021, by cleanlab), which counts
noise and overlap together. Listed are the rows whose label is more likely wrong than the row is hard,
in the order of their mean rank over the margins of every view and the margin that networks which saw the
row had on average over training.
Where inputs do not decide the outcome, no method can tell a wrong label from an unlucky case: when the
models miss more than one unsuspected label in ten, or a quarter of the rows have an equal twin, the rate is
an upper bound. Then the value is the share that the surest rows alone support, the interval starts at 0, the
fault is never more than low, and where no row is listed nothing is measured: the finding is inconclusive.
The null is a fault-free twin: the same rows with the labels that the models agree on.
Rows are judged in groups of at most 2,000, each with its own models, as many groups as time allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from workers.probes.base import NOTHING_TO_LEARN_FROM, SPLITS, Budget, Finding, Sample, Target
from workers.probes.data import lapse
from workers.probes.data.out_of_fold import Views, folds, look, margins, narrowed
from workers.probes.intervals import clopper_pearson
from workers.probes.thumbnails import png
from workers.probes.words import count, listed, one_in, percent, pieces

GROUP = 2_000
FEWEST = 30  # labelled rows, below which nothing can be said
MOST_LISTED = 1_000
MOST_SUSPECTS = 60
PICTURES = 12
OVERLAP, TWINS = 0.10, 0.25  # shares above which a wrong label cannot be told from a hard row [J]
LEAST = 0.001  # share of wrong labels below which a bounded rate supports none
MEDIUM, HIGH = 0.01, 0.03  # of the low end of the interval; probes.md D3 [J]


@dataclass
class Judged:
    """One target's labels as the views see them; arrays over the rows judged."""

    target: Target
    at: np.ndarray  # places in the sample's arrays
    y: np.ndarray
    classes: tuple[str, ...]
    chances: np.ndarray
    rank: np.ndarray  # 0 most suspicious
    votes: np.ndarray  # views that disagree with the label
    lapses: lapse.Lapses
    groups: list[np.ndarray]
    twins: float  # share of rows whose features another row has as well

    @property
    def overlap(self) -> float:
        """Share of rows that the models get wrong although their label is not suspected."""
        return float(((self.chances.argmax(axis=1) != self.y) & (self.lapses.wrong <= 0.5)).mean())

    @property
    def bounded(self) -> bool:
        """Whether the rate is only an upper bound, because inputs do not decide the outcome."""
        return self.overlap > OVERLAP or self.twins > TWINS

    @property
    def value(self) -> float:
        return self.supported if self.bounded else self.lapses.rate

    @property
    def supported(self) -> float:
        """Labels that the surest rows contradict, at least, as a share of all rows."""
        hits, sure = lapse.confident_region(self.chances, self.y)
        return min(self.lapses.rate, clopper_pearson(hits, sure)[0] * sure / len(self.y))

    @property
    def conclusive(self) -> bool:
        if self.bounded:
            return self.learnt and bool(len(self.listed)) and self.supported >= LEAST
        return self.learnt or self.lapses.rate < 0.005

    @property
    def learnt(self) -> bool:
        """Whether the models beat guessing; those that do not cannot contradict a label."""
        right = int((self.chances.argmax(axis=1) == self.y).sum())
        return clopper_pearson(right, len(self.y))[0] > np.bincount(self.y).max() / len(self.y)

    @property
    def low(self) -> float:
        return 0.0 if self.bounded else self.lapses.low

    @property
    def listed(self) -> np.ndarray:
        """Rows more likely wrong than hard, most suspicious first."""
        found = np.flatnonzero(self.lapses.wrong > 0.5)
        return found[np.argsort(self.rank[found], kind="stable")]


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.targets:
        return Finding.skipped("No target column is named, so there are no labels to check.")
    classified = [(i, target) for i, target in enumerate(sample.targets) if target.task != "regression"]
    if not classified:
        return Finding.skipped(
            "The target is a number; wrong labels are looked for among classes only.", not_applicable=True
        )
    if not sample.features.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    judged: list[Judged] = []
    skipped: list[str] = []
    for turn, (i, target) in enumerate(classified):
        if judged and budget.left < 2:
            skipped.append(f"{target.name}: time ran out.")
            continue
        seconds = (budget.left - 1) / (len(classified) - turn)
        seen = _judge(sample, budget, i, target, seconds * 0.6)
        if isinstance(seen, str):
            skipped.append(seen)
        else:
            judged.append(seen)
    if not judged:
        return Finding.skipped(" ".join(skipped))
    worst = max(judged, key=lambda one: (one.conclusive, one.value))
    facts = _facts(sample, worst) | {"not_judged": skipped}
    facts["by_target"] = {one.target.name: _short(one) for one in judged}
    for one in judged:
        if one is not worst:
            facts["faults"] += _faults(sample, one)
    if not worst.conclusive:
        return Finding.skipped(_inconclusive(sample, worst), **facts)
    facts |= _what_if(sample, worst, budget)
    return Finding(
        worst.value,
        _note(sample, worst),
        facts,
        low=worst.low,
        high=worst.lapses.high,
        sample=len(worst.y),
        title=_title(worst),
    )


# -- judging ------------------------------------------------------------------------------------------
def _judge(sample: Sample, budget: Budget, i: int, target: Target, seconds: float) -> Judged | str:
    """A target's labels, or a sentence that says why they cannot be judged."""
    labels = sample.labels(i)
    codes, rows = np.unique(labels[labels >= 0], return_counts=True)
    kept = codes[rows >= 3]  # a class of two rows leaves nothing to learn it from
    at = np.flatnonzero(np.isin(labels, kept))
    if len(kept) < 2 or len(at) < FEWEST:
        return f"{target.name} has too few labelled rows to check ({count(len(at), 'row')})."
    if not np.ptp(sample.features[at], axis=0).any():
        return f"The rows do not differ in any column but {target.name}, so nothing tells its labels apart."
    y = np.searchsorted(kept, labels[at])
    groups = _grouped(y, budget.seed)
    parts: list[tuple[np.ndarray, Views]] = []
    twins = 0
    start = budget.left
    for turn, group in enumerate(groups):
        spent = start - budget.left
        if turn and spent + spent / turn > seconds:
            break
        budget.progress(0.6 * turn / len(groups), f"Checking the labels of {target.name}")
        x = narrowed(sample.features[at[group]], budget.seed)
        twins += _twins(x)
        parts.append((group, look(x, y[group], len(kept), budget.seed + turn, device=budget.device)))
    seen = np.concatenate([group for group, _ in parts])
    chances = np.concatenate([views.mean for _, views in parts])
    each = [
        np.concatenate([margins(views.each[k], y[group]) for group, views in parts]) for k in range(3)
    ] + [np.concatenate([views.in_sample for _, views in parts])]
    rank = np.mean([np.argsort(np.argsort(one, kind="stable"), kind="stable") for one in each], axis=0)
    sizes = np.cumsum([0] + [len(group) for group, _ in parts])
    return Judged(
        target, at[seen], y[seen], tuple(target.classes[c] for c in kept), chances, rank,
        np.sum([one < 0 for one in each], axis=0), lapse.fit(chances, y[seen]),
        [np.arange(a, b) for a, b in pairwise(sizes)], twins / len(seen),
    )  # fmt: skip


def _twins(x: np.ndarray) -> int:
    """Rows whose features another row has as well."""
    _, copies = np.unique(x, axis=0, return_counts=True)
    return int(copies[copies > 1].sum())


def _grouped(y: np.ndarray, seed: int) -> list[np.ndarray]:
    """Row places in groups of at most GROUP, every class spread evenly over them."""
    number = -(-len(y) // GROUP)
    if number == 1:
        return [np.arange(len(y))]
    order = np.random.default_rng(seed).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    return [np.sort(order[k::number]) for k in range(number)]


# -- what if the listed rows were corrected -------------------------------------------------------------
def _what_if(sample: Sample, one: Judged, budget: Budget) -> dict[str, Any]:
    """The null, the rate that is left without the listed rows, and the accuracy gained; on one group."""
    facts: dict[str, Any] = {"null": None, "gain": None, "mitigations": []}
    group = one.groups[0]
    x = narrowed(sample.features[one.at[group]], budget.seed)
    y, number = one.y[group], len(one.classes)
    if budget.left < 2:
        return facts
    budget.progress(0.7, "Comparing with a twin without wrong labels")
    agreed = one.chances[group].argmax(axis=1)
    if len(np.unique(agreed)) > 1:
        twin = lapse.fit(look(x, agreed, number, budget.seed + 1, device=budget.device).mean, agreed)
        facts["null"] = {
            "rate": twin.rate, "high": twin.high, "flagged": float((twin.wrong > 0.5).mean()),
            "how": "the same rows with the labels that the models agree on",
        }  # fmt: skip
    suspect = np.zeros(len(one.y), bool)
    suspect[one.listed] = True
    clean = ~suspect[group]
    left = np.bincount(y[clean], minlength=number)
    if not suspect[group].any() or left.min() < 3 or budget.left < 2:
        return facts
    budget.progress(0.8, "Measuring what re-checking would change")
    after = lapse.fit(look(x[clean], y[clean], number, budget.seed + 2, device=budget.device).mean, y[clean])
    facts["gain"] = _gain(x, y, clean, number, budget)
    hours = suspect.sum() * 2 * 0.5 / 60  # two people, half a minute a label
    effort = (
        f"{max(1, round(hours))} {'hour' if hours < 1.5 else 'hours'}, two people"
        if hours < 8
        else (f"{round(hours / 8)} {'day' if hours < 12 else 'days'}, two people")
    )
    facts["mitigations"] = [{
        "title": f"Re-check {count(int(suspect.sum()), 'suspect label')}",
        "value": min(after.rate, one.value), "low": min(after.low, one.value), "high": after.high,
        "effort": effort, "basis": "measured",
        "note": "Measured again on the rows that are not listed."
        + (f" Accuracy on them changes by {facts['gain']['points']:+.1f} points." if facts["gain"] else ""),
    }]  # fmt: skip
    return facts


def _gain(
    x: np.ndarray, y: np.ndarray, clean: np.ndarray, classes: int, budget: Budget
) -> dict[str, Any] | None:
    """Points of accuracy on unsuspected rows when the listed ones leave the training part; paired."""
    from workers.fleet import Head, Member, Net, train

    if budget.left < 3:
        return None
    fold, seeds = folds(x, y, budget.seed + 3), 3
    both = [
        Member(seed=budget.seed + 31 * s + f, rows=np.flatnonzero((fold != f) & keep), weight_decay=0.01)
        for keep in (np.ones(len(y), bool), clean)
        for s in range(seeds)
        for f in range(5)
    ]
    fleet = train(
        x, y, both, net=Net((32,)), heads=(Head(classes),), steps=250, optimizer="adamw", device=budget.device
    )
    right = fleet.predict(x) == y
    gains = []
    for k in range(seeds * 5):
        held = (fold == k % 5) & clean
        if held.any():
            gains.append(100 * (right[seeds * 5 + k, held].mean() - right[k, held].mean()))
    gained = np.array(gains)
    # Folds share training rows: Nadeau and Bengio's correction keeps the interval from being too narrow.
    spread = gained.std(ddof=1) * np.sqrt(1 / len(gained) + 0.25)
    return {
        "points": float(gained.mean()), "low": float(gained.mean() - 1.645 * spread),
        "high": float(gained.mean() + 1.645 * spread), "metric": "accuracy",
        "on": "rows that are not suspect",
    }  # fmt: skip


# -- facts and words --------------------------------------------------------------------------------------
def _facts(sample: Sample, one: Judged) -> dict[str, Any]:
    from cleanlab.filter import find_label_issues

    found = one.listed[:MOST_LISTED]
    places = sample.places(sample.arrays["ids"][one.at[found]])
    suspects = []
    best = one.chances.argmax(axis=1)
    for i, place in list(zip(found, places, strict=True))[:MOST_SUSPECTS]:
        suspects.append({
            "place": place, "given": one.classes[one.y[i]], "expected": one.classes[best[i]],
            "sure": round(float(one.lapses.wrong[i]), 3), "votes": int(one.votes[i]),
        })  # fmt: skip
        if sample.kind == "images" and len(suspects) <= PICTURES and "images" in sample.arrays:
            suspects[-1]["image"] = png(sample.arrays["images"][one.at[i]])
    hits, sure = lapse.confident_region(one.chances, one.y)
    region = clopper_pearson(hits, sure)
    by_cleanlab = find_label_issues(one.y, one.chances, n_jobs=1)
    split = sample.split[one.at]
    return _places(places) | {
        "suspects": suspects,
        "target": one.target.name,
        "listed": len(one.listed),
        "rate_confident": hits / max(sure, 1),
        "rate_confident_low": region[0],
        "rate_confident_high": region[1],
        "rate_overlap": float(by_cleanlab.mean()),
        "disagreement": float((best != one.y).mean()),
        "upper_bound": one.bounded,
        "by_split": {
            name: {"rows": int((split == s).sum()), "listed": int((split[one.listed] == s).sum())}
            for s, name in enumerate(SPLITS) if (split == s).any()
        },
        "rows_judged": len(one.y),
        "faults": _faults(sample, one),
    }  # fmt: skip


def _places(places: list[dict[str, Any]]) -> dict[str, list]:
    """{"files": [...]} or {"rows": [...]}, with "splits" beside them where rows alone are not enough."""
    if places and "file" in places[0]:
        return {"files": [place["file"] for place in places]}
    found: dict[str, list] = {"rows": [place["row"] for place in places]}
    if places and "split" in places[0]:
        found["splits"] = [place["split"] for place in places]
    return found


def _short(one: Judged) -> dict[str, Any]:
    return {
        "value": one.value, "low": one.low, "high": one.lapses.high, "listed": len(one.listed),
        "rows_judged": len(one.y), "upper_bound": one.bounded,
    }  # fmt: skip


def _faults(sample: Sample, one: Judged) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = []
    if len(one.listed):
        low = one.low
        severity = "high" if low >= HIGH else "medium" if low >= MEDIUM else "low"
        places = sample.places(sample.arrays["ids"][one.at[one.listed[:MOST_LISTED]]])
        faults.append(
            {"fault": "label_errors", "severity": severity, **_places(places), "columns": [one.target.name]}
        )
    for first, second in _ambiguous(one)[:5]:
        faults.append({
            "fault": "ambiguous_classes", "severity": "low",
            "classes": [one.classes[first], one.classes[second]], "columns": [one.target.name],
        })  # fmt: skip
    return faults


def _ambiguous(one: Judged) -> list[tuple[int, int]]:
    """Pairs of classes that the models take for each other where no label is suspected, worst first."""
    best, fine = one.chances.argmax(axis=1), one.lapses.wrong <= 0.5
    mixed = np.zeros((len(one.classes),) * 2)
    np.add.at(mixed, (one.y[fine], best[fine]), 1)
    size = np.maximum(mixed.sum(axis=1), 1)
    pairs = [
        ((mixed[a, b] + mixed[b, a]) / (size[a] + size[b]), a, b)
        for a in range(len(size)) for b in range(a) if mixed[a, b] + mixed[b, a] >= 10
    ]  # fmt: skip
    return [(a, b) for share, a, b in sorted(pairs, reverse=True) if share > 0.1]


def _title(one: Judged) -> str:
    """Says no more and no less than the value and its interval do."""
    found, value = len(one.listed), one.value
    if one.bounded:
        return f"{count(found, 'label')} may be wrong, or the columns do not decide"
    if value < 0.005:
        return "Hardly any label looks wrong" if found else "No label looks wrong"
    if one.low < 0.005:
        return f"Up to {_labels(one.lapses.high)} may be wrong"
    are = "look" if value > 0.4 else "looks"
    return f"About {_labels(value)} {are} wrong" + ("" if found else ", but none stands out")


def _labels(share: float) -> str:
    """0.1 -> "1 in 10 labels", 0.5 -> "50% of the labels"."""
    return f"{one_in(share)} of the labels" if share > 0.4 else f"{one_in(share)} labels"


def _of(sample: Sample, one: Judged) -> str:
    unit = pieces(sample.kind)
    return (
        f"{len(one.y):,} {unit}" if len(one.y) == sample.rows else f"{len(one.y):,} of {sample.rows:,} {unit}"
    )


def _inconclusive(sample: Sample, one: Judged) -> str:
    found = f"; {count(len(one.listed), 'label')} would be worth a look" if len(one.listed) else ""
    return (
        f"Inconclusive: in {_of(sample, one)} the columns do not decide {one.target.name}, "
        f"so a wrong label cannot be told from an unlucky case (at most {percent(one.lapses.high)} "
        f"are wrong{found})."
    )


def _note(sample: Sample, one: Judged) -> str:
    of = _of(sample, one)
    low, high = percent(one.low), percent(one.lapses.high)
    between = f"{low} to {high}" if one.low >= 0.0005 else f"at most {high}"
    if not len(one.listed):
        return (
            f"In {of}, no label of {one.target.name} is more likely wrong than the row is hard; "
            f"{between} of them could still be wrong."
        )
    best = one.chances.argmax(axis=1)[one.listed]
    kinds, rows = np.unique(np.stack([one.y[one.listed], best], axis=1), axis=0, return_counts=True)
    common = [
        f"{one.classes[kinds[k][0]]} that looks like {one.classes[kinds[k][1]]}"
        for k in np.argsort(-rows)[:2]
    ]
    if one.bounded:
        return (
            f"{count(len(one.listed), 'label')} of {one.target.name} in {of} may be wrong "
            f"(most often {listed(common)}), "
            "or the columns do not decide the outcome: re-check a few, or add columns that explain it. "
            f"At most {high} of the labels are wrong."
        )
    return (
        f"Let two people look at {count(len(one.listed), 'label')} of {one.target.name} "
        f"(most often {listed(common)}); {between} of {of} are likely labelled wrongly."
    )
