"""Would made-up examples help, and would they leak real ones?

Four makers (``makers``) learn from the training rows and make as many. Small networks then learn from real
rows, from made rows alone (judged on real ones), and from both, with the same seeds and steps; gains are
paired over seeds and test rows, and each maker's 90 % interval is as wide as looking at four of them asks
(Bonferroni). Value: points gained by the best maker, where its interval is above 0; else what the best
gained, and never more than 0. Recommended is only what gains a point or more for sure and repeats no real
rows (``copies``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.shared import goal
from workers.probes.data.shared.out_of_fold import WIDEST
from workers.probes.data.synthetic import copies, makers
from workers.probes.surrogate import Rows, row_scores, rows
from workers.probes.words import count

MOST_ROWS, SEEDS, DRAWS = 1_000, 8, 400
COMPONENTS, SMALL_PICTURE = 40, 32 * 32
WORTH = 1.0  # points, below which made rows are not recommended
MOST_CLASSES = 100


@dataclass(frozen=True)
class Space:
    """What rows are made in: all of them float32 [n, d], one-hot groups, and what the space is called."""

    x: np.ndarray
    groups: tuple[tuple[int, int], ...]
    name: str


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.kind == "text":
        return Finding.skipped("Not made: made-up texts need a language model.", not_applicable=True)
    found = rows(sample, budget.seed, MOST_ROWS)
    if isinstance(found, str):
        return Finding.skipped(found)
    if len(found.classes) > MOST_CLASSES:
        return Finding.skipped(f"{len(found.classes)} classes are too many to make rows for each.")
    space = _space(sample, found, budget.seed)
    wanted = goal.of(sample, sample.targets[0])
    balanced = wanted.metric in ("balanced accuracy", "macro F1")
    y, classes = found.y[found.train], len(found.classes)
    centre, scale = (0.0, 1.0) if classes else (float(y.mean()), max(float(y.std()), 1e-9))
    answers = makers.Answers(y if classes else (y - centre) / scale, classes)
    shown, unseen = space.x[found.train], space.x[found.test]
    snap = makers.Snapped(shown, space.groups)
    rng = np.random.default_rng([budget.seed, 47])
    made: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, maker in makers.MAKERS.items():
        if made and budget.left < 6:
            break
        budget.progress(0.1 + 0.12 * len(made), f"Making rows: {name}")
        asked = answers.wanted(2 * len(shown), rng, balanced)
        x, said = maker(shown, answers, asked, budget.seed)
        made[name] = snap(x), said if classes else said * scale + centre
    budget.progress(0.6, "Learning from real and made rows")
    methods, score = _gains(found, space.x, made, balanced, budget)
    for one, (x, _) in zip(methods, made.values(), strict=True):
        seen = copies.look(x, shown, unseen)
        one |= {
            "copies": seen.share, "copies_expected": seen.expected, "leaks": bool(seen.leaks),
            "leaked_rows": len(seen.rows), "distance": round(seen.ratio, 3),
            "places": sample.places(found.ids[found.train[seen.rows[:50]]]) if seen.leaks else [],
        }  # fmt: skip
    return _finding(found, space, methods, score, "balanced accuracy" if balanced else wanted.metric)


# -- what rows are made in ------------------------------------------------------------------------------
def _space(sample: Sample, found: Rows, seed: int) -> Space:
    """Pixels of small pictures, else features; main components of what is wide, fitted on training rows."""
    x, groups, name = found.x, [], "columns"
    pictures = sample.arrays.get("images")
    if pictures is not None and pictures.shape[1] * pictures.shape[2] <= SMALL_PICTURE:
        at = np.searchsorted(sample.arrays["ids"], found.ids)
        x = (pictures[at].astype(np.float32) / 255).reshape(len(at), -1)
        name = "pixels"
    wide = x.shape[1] > (COMPONENTS if name == "pixels" else WIDEST)
    if not wide and name == "columns" and sample.kind not in ("images", "audio"):
        listed = sample.manifest.get("features", {}).get("groups") or ()
        groups = [
            (int(one["start"]), int(one["stop"])) for one in listed
            if one.get("type") == "category" and int(one["stop"]) <= x.shape[1]
        ]  # fmt: skip
    if wide:
        from sklearn.decomposition import PCA

        number = min(COMPONENTS, len(found.train) - 1)
        x = PCA(number, random_state=seed, svd_solver="randomized").fit(x[found.train]).transform(x)
        x, name = x / max(float(x[found.train].std(axis=0).max()), 1e-9), f"{name}, {number} main components"
    return Space(np.ascontiguousarray(x, np.float32), tuple(groups), name)


# -- what it gains --------------------------------------------------------------------------------------
def _gains(
    found: Rows, x: np.ndarray, made: dict[str, tuple[np.ndarray, np.ndarray]], balanced: bool, budget: Budget
) -> tuple[list[dict[str, Any]], float]:
    """One entry a maker, and the score of real rows alone; points of the metric."""
    from workers.fleet import Member, Net, train

    n, real = len(found.train), x[found.train]
    every = np.concatenate([real, *(rows_ for rows_, _ in made.values())])
    labels = np.concatenate([found.y[found.train], *(said for _, said in made.values())]).astype(
        found.y.dtype
    )
    rng = np.random.default_rng([budget.seed, 53])
    steps = int(np.clip(25 * n / 64, 150, 500))
    members = [Member(seed=budget.seed + s, rows=np.arange(n), weight_decay=0.02) for s in range(SEEDS)]
    for k in range(len(made)):
        first = n + 2 * n * k
        for s in range(SEEDS):
            own = first + rng.permutation(2 * n)[:n]
            both = np.concatenate([np.arange(n), own])
            members.append(Member(seed=budget.seed + s, rows=both, weight_decay=0.02))
            members.append(Member(seed=budget.seed + s, rows=own, weight_decay=0.02))
    fleet = train(
        every, labels, members, net=Net(hidden=(32,), start="normal"), heads=found.heads, steps=steps,
        optimizer="adamw", device=budget.device,
        progress=lambda share, text: budget.progress(0.6 + 0.35 * share, text),
    )  # fmt: skip
    truth = found.y[found.test]
    scores = row_scores(fleet, x[found.test], truth)
    if balanced:
        counts = np.bincount(truth)
        scores = scores * (len(truth) / (counts > 0).sum() / counts[truth])
    plain = scores[:SEEDS]
    entries = []
    for k, name in enumerate(made):
        part = scores[SEEDS * (1 + 2 * k) : SEEDS * (3 + 2 * k)]
        gain, low, high = _interval(100 * (part[0::2] - plain), 0.1 / len(made), budget.seed)
        entries.append({
            "method": name, "gain": gain, "low": low, "high": high,
            "score_both": float(part[0::2].mean()), "score_made": float(part[1::2].mean()),
        })  # fmt: skip
    return entries, float(plain.mean())


def _interval(gains: np.ndarray, alpha: float, seed: int) -> tuple[float, float, float]:
    """Mean of gains [seeds, rows] and its interval, seeds and rows both drawn again."""
    rng = np.random.default_rng([seed, 59])
    seeds, n = gains.shape
    by_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), DRAWS) / seeds
    by_row = rng.multinomial(n, np.full(n, 1 / n), DRAWS) / n
    means = ((by_seed @ gains) * by_row).sum(axis=1)
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    return float(gains.mean()), float(low), float(high)


# -- words --------------------------------------------------------------------------------------------
def _finding(found: Rows, space: Space, methods: list[dict[str, Any]], score: float, metric: str) -> Finding:
    best = max(methods, key=lambda one: (one["low"] > 0, one["gain"]))
    helps = best["low"] > 0
    value = best["gain"] if helps else min(0.0, best["gain"])
    for one in methods:
        one["recommended"] = one["low"] > 0 and one["gain"] >= WORTH and not one["leaks"]
    chosen = max((m for m in methods if m["recommended"]), key=lambda m: m["gain"], default=None)
    leaking = [one for one in methods if one["leaks"]]
    facts: dict[str, Any] = {
        "metric": metric, "methods": methods, "score_real": score, "real_rows": len(found.train),
        "space": space.name, "recommended": chosen["method"] if chosen else None, "faults": [],
        "null": {"share": max(m["copies_expected"] for m in methods),
                 "how": "share of unseen real rows as close to a training row as a copy would be"},
        "model": "networks of 32 hidden units, as many steps with made rows as without",
        "mitigations": [],
    }  # fmt: skip
    if chosen:
        facts["mitigations"] = [{
            "title": f"Add made rows ({chosen['method']})", "value": 0.0, "low": 0.0,
            "high": max(0.0, chosen["high"] - chosen["low"]), "effort": "2 days, one engineer",
            "basis": "measured",
            "note": f"Brought {chosen['gain']:+.1f} points of {metric} on real rows; none of the real rows "
            "are repeated.",
        }]  # fmt: skip
    return Finding(
        value, _note(chosen, best, leaking, metric), facts, low=min(best["low"], value),
        high=max(best["high"], value), sample=len(found.train) + len(found.test),
        title=_title(chosen, best, leaking),
    )  # fmt: skip


def _title(chosen: dict[str, Any] | None, best: dict[str, Any], leaking: list[dict[str, Any]]) -> str:
    if chosen:
        return f"Made rows ({chosen['method']}) bring {chosen['gain']:.1f} points"
    if leaking:
        worst = max(leaking, key=lambda one: one["leaked_rows"])
        rows = count(worst["leaked_rows"], "real row")
        return f"Do not share made rows ({worst['method']}): they repeat {rows}"
    if best["low"] > 0:
        return f"Made rows bring {best['gain']:.1f} points, too little to use them"
    return "Made rows do not help here"


def _between(one: dict[str, Any]) -> str:
    """−1.1 to +1.2; nothing is "0", whatever its sign was before it was rounded."""
    ends = [round(one[key], 1) for key in ("low", "high")]
    return " to ".join(f"{end:+.1f}".replace("-", "−") if end else "0" for end in ends)


def _note(
    chosen: dict[str, Any] | None, best: dict[str, Any], leaking: list[dict[str, Any]], metric: str
) -> str:
    span = _between(best)
    if chosen:
        text = (
            f"As many made rows as real ones ({chosen['method']}) brought {_between(chosen)} "
            f"points of {metric}."
        )
    else:
        text = (
            f"The best of four makers, {best['method']}, brought {span} points of {metric}: "
            "collect real rows."
        )
    if leaking:
        said = ", ".join(f"{one['method']} leaks {count(one['leaked_rows'], 'real row')}" for one in leaking)
        text += f" Do not share made rows: {said}."
    return text
