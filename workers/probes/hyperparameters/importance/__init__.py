"""Which settings deserve to be tuned? (probes.md P3)

A search of its own over evenly drawn settings, for a search that follows its finds tells nothing reliable
about the rest of the range. PED-ANOVA says which settings the best trials agree on, and a forest checks it.
Below 60 trials nothing is called established (``peers.md``: from there on a forest over even trials gives
1 % to settings that do nothing).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import search
from workers.probes.hyperparameters.importance import measures
from workers.probes.hyperparameters.search import Stand, Trials
from workers.probes.surrogate import interval
from workers.probes.words import listed, percent

TRIALS, FEWEST = 96, 24
ESTABLISHED = 60  # trials
DESERVE = 2
LIKELY = 0.05
FLAT = 1.0  # points between settings below which there is nothing to tell apart


def run(sample: Sample, budget: Budget) -> Finding:
    """Points between a middling and a good choice of the two settings that matter most."""
    budget.progress(0.02, "Drawing settings")
    stand = search.of(sample, budget)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    if len(stand.engine.knobs) < 2:
        only = stand.engine.knobs[0].spoken
        return Finding.skipped(f"There is one setting to tune, and so the one that matters: {only}.")
    one_each = {part.fold: part for part in stand.parts}  # many settings say more here than many trainings
    stand = search.Stand(stand.found, list(one_each.values()), stand.engine, budget)
    trials = search.run(stand, TRIALS, FEWEST, default=False)
    if reason := _nothing_learnt(stand, trials):
        return Finding.skipped(reason)
    return report(stand, trials)


def _nothing_learnt(stand: Stand, trials: Trials) -> str | None:
    """Why nothing can matter: even the best setting, judged on rows it was not chosen by, only guesses."""
    found, ahead = stand.found, []
    scores, guesses = [], []
    for k, part in enumerate(stand.parts):
        asked, learnt = found.y[part.test], found.y[part.train]
        guess = np.zeros(len(asked))
        if found.classes:
            guess = (asked == np.bincount(learnt).argmax()).astype(np.float64)
        judged = trials.scores.judged[k][int(trials.scores.chosen[:, k].argmax())]
        ahead.append(judged - guess)
        scores.append(judged.mean())
        guesses.append(guess.mean())
    if interval(np.concatenate(ahead)[None], stand.budget.seed)[0] > 0:
        return None
    return (
        f"Inconclusive: with the best of {len(trials.settings)} settings {stand.engine.subject} reaches"
        f" {100 * float(np.mean(scores)):.0f} points, and always saying the same"
        f" {100 * float(np.mean(guesses)):.0f}. While nothing is learnt, no setting matters."
    )


def report(stand: Stand, trials: Trials) -> Finding:
    """Both measures over the mean of all rows that a trial was not trained on."""
    knobs, seed = stand.engine.knobs, stand.budget.seed
    scores = 100 * _outside(stand, trials)
    budget = stand.budget
    budget.progress(0.88, "Asking which settings the best trials share")
    levels = [knob.levels for knob in knobs]
    ped, again, p_values = measures.ped_anova(trials.places, scores, levels, seed)
    budget.progress(0.94, "Checking it with a forest")
    forest, forests = measures.fanova(trials.places, scores, seed)
    order = np.argsort(-ped, kind="stable")
    lows, highs = np.quantile(again, [0.05, 0.95], axis=0)
    f_lows, f_highs = np.quantile(forests, [0.05, 0.95], axis=0)
    rows = [
        {
            "parameter": knobs[k].name, "label": knobs[k].label, "spoken": knobs[k].spoken,
            "key": knobs[k].key,
            "share": float(ped[k]), "low": float(min(lows[k], ped[k])), "high": float(max(highs[k], ped[k])),
            "p": float(p_values[k]), "forest": float(forest[k]), "forest_low": float(f_lows[k]),
            "forest_high": float(f_highs[k]), "trusted": bool(p_values[k] < LIKELY),
        }
        for k in order
    ]  # fmt: skip
    pair = tuple(int(k) for k in order[:DESERVE])
    stakes = measures.at_stake(trials.places, scores, pair, seed)
    value = float(stakes.mean())
    low, high = (float(end) for end in np.quantile(stakes, [0.05, 0.95]))
    known = [row for row in rows[:DESERVE] if row["trusted"]]
    second = {rows[k]["parameter"] for k in np.argsort([-row["forest"] for row in rows])[:DESERVE]}
    facts: dict[str, Any] = {
        "metric": stand.metric,
        "model": stand.engine.named,
        "trials": len(scores),
        "settings": rows,
        "deserve": [row["parameter"] for row in known],
        "agree": {row["parameter"] for row in rows[:DESERVE]} == second,
        "established": len(scores) >= ESTABLISHED and bool(known),
        "spread": float(np.quantile(scores, 0.9) - np.quantile(scores, 0.5)),
        "null": {"expected": 1 / len(rows), "kind": "sampled", "of": "the trials with scores dealt anew"},
        "surrogate": stand.engine.described(),
        "faults": [],
        "mitigations": [],
    }  # fmt: skip
    title, note = _words(facts, rows, known, value, stand)
    seen = len(np.unique(np.concatenate([np.r_[part.choose, part.test] for part in stand.parts])))
    return Finding(value, note, facts, min(low, value), max(high, value), seen, title)


def _outside(stand: Stand, trials: Trials) -> np.ndarray:
    """float64 [trials]: nothing is chosen here, so rows to choose by and to judge on speak alike."""
    total, rows = np.zeros(len(trials.settings)), 0
    for k, part in enumerate(stand.parts):
        total += trials.scores.chosen[:, k] * len(part.choose) + trials.scores.judged[k].sum(1)
        rows += len(part.choose) + len(part.test)
    return total / rows


def _words(
    facts: dict[str, Any], rows: list[dict[str, Any]], known: list[dict[str, Any]], value: float, stand: Stand
) -> tuple[str, str]:
    tried = facts["trials"]
    names = [row["spoken"] for row in known]
    if not known or facts["spread"] < FLAT / 2:
        title = "No setting stands out"
        note = (
            f"Over {tried} trials no setting matters more than chance explains:"
            " tune all of them a little, or none."
        )
    else:
        title = f"{_upper(listed(names))} {'deserves' if len(names) == 1 else 'deserve'} the tuning"
        share = sum(row["share"] for row in known)
        note = (
            f"{_upper(listed(names))} {'decides' if len(names) == 1 else 'decide'} {percent(share)} of what"
            f" makes a setting good; a middling choice of {'it' if len(names) == 1 else 'both'} costs about"
            f" {value:.1f} points of {stand.metric}."
        )
        other = sorted(rows, key=lambda row: -row["forest"])[: len(names)]
        missed = [row["spoken"] for row in other if row["spoken"] not in names]
        if missed:
            note += f" A second method points to {listed(missed)} as well."
    if tried < ESTABLISHED:
        note += f" With {tried} trials, this is a first hint."
    return title, " ".join([note, *stand.engine.caveats])


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
