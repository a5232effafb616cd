"""What would it cost if somebody changed 1, 5 or 10 % of the training labels? (probes.md S1)

Small nets learn from the labels as they are and from labels of which a share was changed: drawn at random, as
a careless or spiteful labeller would, and aimed, all in one class and to the class it is most taken for, as
somebody would who wants just that class to fail. Every net has a twin with the same start and batch order
and unchanged labels, so that only the labels differ. Judged is on rows that nobody touched.
Value: points of accuracy lost at 5 %, the worse of the two ways; for a number, points of explained variance
when labels are shuffled. Interval: over nets and rows (Bouthillier et al. 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from workers.fleet import train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.surrogate import Rows, answered, interval, row_scores, rows, surrogate
from workers.probes.words import percent

RATES = (0.01, 0.05, 0.10)
AT = 0.05  # the share that the value is about
SEEDS = 4
WAYS = ("random", "aimed")
WIDER = {"partners": "partners or suppliers", "public": "the public", "staff": "other staff"}


def run(sample: Sample, budget: Budget) -> Finding:
    """Points lost when 5 % of the training labels are changed by somebody."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    torch.set_num_threads(1)
    seeds = SEEDS if budget.left > 12 else 2
    centre = surrogate(sample, len(found.train))
    ways = WAYS if found.classes else WAYS[:1]
    budget.progress(0.1, "Training models on labels that somebody changed")
    base = train(
        found.x, found.y, [centre.member(budget.seed * 1000 + s, rows=found.train) for s in range(seeds)],
        net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch, optimizer=centre.optimizer,
    )  # fmt: skip
    clean = row_scores(base, found.x[found.test], found.y[found.test])
    guessing = float(np.bincount(found.y[found.test]).max() / len(found.test)) if found.classes else 0.0
    if interval(clean, budget.seed)[0] < guessing + 0.02:
        return Finding.skipped(
            "Inconclusive: a small model learns nothing from this data, so changed labels could not harm it."
        )
    aim = _aim(found, base.predict(found.x[found.train])) if found.classes else (0, 0)
    members, kinds = [], []
    for way in ways:
        for rate in RATES:
            for s in range(seeds):
                labels = _changed(found, way, rate, aim, np.random.default_rng([budget.seed, 31, s]))
                members.append(centre.member(budget.seed * 1000 + s, rows=found.train, labels=labels))
                kinds.append((way, rate))
    budget.progress(0.3, "Training models on labels that somebody changed")
    fleet = train(
        found.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer,
    )  # fmt: skip
    spread = None if found.classes else float(np.var(found.y[found.test]))
    scores = row_scores(fleet, found.x[found.test], found.y[found.test], spread=spread)
    lost: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for way in ways:
        for rate in RATES:
            mine = scores[[k for k, kind in enumerate(kinds) if kind == (way, rate)]]
            lost[way].append({"rate": rate, **_points(clean - mine, budget.seed)})
    at = RATES.index(AT)
    worst = max(ways, key=lambda way: lost[way][at]["points"])
    one = lost[worst][at]
    facts: dict[str, Any] = {
        "clean": float(clean.mean()),
        "metric": "accuracy" if found.classes else "explained variance",
        "lost": lost,
        "worst": worst,
        "aim": [found.classes[aim[0]], found.classes[aim[1]]] if found.classes else [],
        "class_lost": _class_lost(found, base, fleet, kinds, aim) if found.classes else None,
        "seeds": seeds,
        "surrogate": centre.described(),
        "faults": [],
        "mitigations": [],
    }
    note = " ".join([_note(sample, facts, lost), *centre.caveats])
    title = _title(one["points"], worst, facts)
    return Finding(one["points"], note, facts, one["low"], one["high"], len(found.test), title)


def _aim(found: Rows, said: np.ndarray) -> tuple[int, int]:
    """The class and the class it is most taken for: where changed labels are hardest to see."""
    y, classes = found.y[found.train], len(found.classes)
    mixed = np.zeros((classes, classes))
    for one in said:
        np.add.at(mixed, (y, one), 1.0)
    mixed /= np.maximum(mixed.sum(axis=1, keepdims=True), 1)
    # Only a class with enough rows can take all the changed labels.
    size = np.bincount(y, minlength=classes) / len(y)
    mixed[size < 1.2 * max(RATES) / 2] *= 0.1
    np.fill_diagonal(mixed, -1)
    own, other = divmod(int(mixed.argmax()), classes)
    if mixed[own, other] <= 0:  # nothing is ever mistaken: the two largest classes
        own, other = (int(c) for c in np.argsort(-size)[:2])
    return own, other


def _changed(
    found: Rows, way: str, rate: float, aim: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """The labels with ``rate`` of the training rows changed."""
    y = found.y.copy()
    number = max(1, round(rate * len(found.train)))
    if not found.classes:
        chosen = rng.choice(found.train, max(2, number), replace=False)
        y[chosen] = rng.permutation(y[rng.choice(found.train, len(chosen))])
        return y
    if way == "random":
        chosen = rng.choice(found.train, number, replace=False)
        y[chosen] = (y[chosen] + rng.integers(1, len(found.classes), len(chosen))) % len(found.classes)
        return y
    own = found.train[found.y[found.train] == aim[0]]
    chosen = rng.choice(own, min(number, len(own)), replace=False)
    y[chosen] = aim[1]
    return y


def _points(apart: np.ndarray, seed: int) -> dict[str, float]:
    """Mean of paired differences [K, n] in points, with its 90 % interval over nets and rows."""
    draw = np.random.default_rng([seed, 33])
    members, n = apart.shape
    means = [
        apart[draw.integers(members, size=members)][:, draw.integers(n, size=n)].mean() for _ in range(300)
    ]
    low, high = np.quantile(means, [0.05, 0.95])
    value = float(apart.mean())
    return {
        "points": 100 * value, "low": 100 * min(float(low), value), "high": 100 * max(float(high), value),
    }  # fmt: skip


def _class_lost(found: Rows, base: Any, fleet: Any, kinds: list[tuple[str, float]], aim: tuple[int, int]):
    """Share of the aimed-at class that is right without and with 5 % aimed changes."""
    own = found.test[found.y[found.test] == aim[0]]
    if not len(own):
        return None
    aimed = [k for k, kind in enumerate(kinds) if kind == ("aimed", AT)]
    return {
        "class": found.classes[aim[0]],
        "before": float((base.predict(found.x[own]) == aim[0]).mean()),
        "after": float((fleet.take(aimed).predict(found.x[own]) == aim[0]).mean()),
    }


def _title(points: float, worst: str, facts: dict[str, Any]) -> str:
    if points < 0.5:
        return "A few changed labels would hardly harm"
    how = f" of class {facts['aim'][0]}" if worst == "aimed" else ""
    return f"Changing 5% of the labels{', all' + how + ',' if how else ''} would cost {points:.1f} points"


def _note(sample: Sample, facts: dict[str, Any], lost: dict[str, list[dict[str, float]]]) -> str:
    """A sentence an attack, and what to do."""
    first, last = (f"{rate:.0%}" for rate in (RATES[0], RATES[-1]))
    small, large = _ends(lost["random"])
    told = [
        f"Changed at random, {first} of the training labels cost a small model {small} points of"
        f" {facts['metric']} and {last} cost {large}."
    ]
    if "aimed" in lost:
        own, other = facts["aim"]
        small, large = _ends(lost["aimed"])
        hurt = facts["class_lost"]
        harm = ""
        if hurt and hurt["before"] - hurt["after"] >= 0.03:
            harm = (
                f", and {AT:.0%} bring {own} itself from {percent(hurt['before'])} right to"
                f" {percent(hurt['after'])}"
            )
        told.append(
            f"All changed from {own} to {other}, {first} cost {small} points and {last} cost {large}{harm}."
        )
    who = WIDER.get(answered(sample, "S2") or "")
    told.append(
        f"You told us that {who} can add examples: check new labels before they are learnt from."
        if who
        else "Write down who may add or change examples, and check new labels before they are learnt from."
    )
    return " ".join(told)


def _ends(line: list[dict[str, float]]) -> tuple[str, str]:
    """Points lost at the smallest and the largest share, as they are said."""
    small, large = (f"{max(0.0, one['points']):.1f}" for one in (line[0], line[-1]))
    return small, large
