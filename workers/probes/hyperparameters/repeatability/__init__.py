"""Would the planned training give the same answers again?

Measured: the same training once more with the same seed, on another number of threads, alone instead of
beside other runs, and with questions asked a few at a time; each is held against the first to the last bit.
Also measured: what another seed changes, and what a change by one part in ten million does, as an accelerator
brings about that adds numbers in another order each time. Read from the plan: whether it fixes a seed, asks
for deterministic operations and pins its versions. Together: what a repetition of this plan would change.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import catalogue
from workers.probes.hyperparameters import fitted, footing
from workers.probes.hyperparameters.fitted import Fitted
from workers.probes.hyperparameters.footing import Footing, Ground
from workers.probes.words import percent

SEEDS, AGAIN, TWINS = 8, 3, 4  # runs with other seeds, repeated, and nudged
BRIEF = 30  # steps on another number of threads, which wait for each other on a busy machine
ROUNDING = 1e-7  # relative, of sums in float32 taken in another order
MOVED = 0.0625  # of a number's variance: an answer that moved by a quarter of its spread
FEW = 0.01  # of the answers, which change for sure
DETERMINISTIC = re.compile(
    r"[\"']?[\w.]*determinis\w*[\"']?\s*[:=(]\s*[\"']?(true|yes|on|1)\b", re.IGNORECASE
)  # use_deterministic_algorithms(True), cudnn.deterministic = True, "deterministic": true
EXACT = re.compile(r"(==|===|@)\s*\S+")


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of answers that change when the training is repeated as the plan has it."""
    if not sample.plan:
        return Finding.skipped(
            "There is no plan, so nothing says whether a repetition would use the same seed."
        )
    stand = fitted.or_network(sample, budget)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    if isinstance(stand, Fitted):
        from workers.probes.hyperparameters.repeatability import planned_model

        return planned_model.run(sample, stand)
    budget.progress(0.1, "Training the same once more")
    base = stand.train([stand.member(seed) for seed in range(SEEDS)])
    if reason := stand.nothing_learnt(stand.scores(base), "repeated"):
        return Finding.skipped(reason)
    return report(stand, asked(sample), conditions(stand, base), base)


# -- what the plan says ----------------------------------------------------------------------------
def asked(sample: Sample) -> dict[str, Any]:
    """What the plan does for repetitions: its seed, deterministic operations, pinned versions, the device."""
    packages = [str(one) for one in sample.planned("requirements") or []]
    device = str(sample.planned("hardware.train.device") or "")
    known = catalogue.find(device) if device else None
    return {
        "seed": sample.planned("seed"),
        "deterministic": bool(DETERMINISTIC.search(sample.plan_text)),
        "packages": len(packages),
        "pinned": sum(bool(EXACT.search(one)) for one in packages),
        "device": device,
        "accelerator": known is not None and known.kind == "gpu",  # others add in a fixed order
    }


# -- the same training under other conditions ------------------------------------------------------
def conditions(stand: Footing, base: Fleet) -> list[dict[str, Any]]:
    """What changes against the first training under each condition."""
    found, members = stand.found, list(base.members)
    few = members[:AGAIN]
    first, again = stand.train(few), stand.train(few)
    stand.budget.progress(0.4, "Training on another number of threads")
    threads, brief = torch.get_num_threads(), min(stand.centre.steps, BRIEF)
    single = stand.train(members[:1], steps=brief)
    try:
        torch.set_num_threads(2 if threads == 1 else 1)
        threaded = stand.train(members[:1], steps=brief)
    finally:
        torch.set_num_threads(threads)
    stand.budget.progress(0.6, "Training one at a time")
    alone = Fleet.join([stand.train([member]) for member in members[:2]])
    x = found.x[found.test]
    parts = np.concatenate([base.predict(part) for part in np.array_split(x, max(1, len(x) // 7))], axis=1)
    start = stand.begin(members[:TWINS])
    # both sides through the same way, so that only the change differs
    plain = stand.train(members[:TWINS], start=start)
    moved = stand.train(members[:TWINS], start=footing.nudged(start, ROUNDING, stand.budget.seed))
    return [
        _condition("again", "The same once more", stand, first, again),
        _condition("threads", "Another number of threads", stand, single, threaded),
        _condition("alone", "Alone instead of beside other runs", stand, base.take([0, 1]), alone),
        {
            "condition": "chunks", "label": "Questions asked a few at a time",
            "equal": bool(np.array_equal(parts, base.predict(x))), "weights": 0.0,
            "changed": float(_differ(base, parts, base.predict(x)).mean()),
        },
        _condition("rounding", "Sums rounded another way, as accelerators do", stand, plain, moved),
    ]  # fmt: skip


def _condition(name: str, label: str, stand: Footing, first: Fleet, second: Fleet) -> dict[str, Any]:
    apart = max(
        float(torch.nan_to_num((a - b).abs()).max())
        for a, b in zip(first.parameters, second.parameters, strict=True)
    )
    x = stand.found.x[stand.found.test]
    rows = _differ(first, first.predict(x), second.predict(x))
    return {
        "condition": name, "label": label, "equal": apart == 0.0, "weights": apart,
        "changed": float(rows.mean()), "low": max(0.0, interval_of(rows, stand.budget.seed)[0]),
        "high": interval_of(rows, stand.budget.seed)[1],
    }  # fmt: skip


def _differ(fleet: Fleet, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """bool [runs, rows]: which answers are others; of numbers, those that moved by a quarter of their sd."""
    if fleet.heads[0].task == "classification":
        return first != second
    spread = np.maximum(1e-12, np.square(fleet.scale[: len(first), :1].astype(np.float64)))
    moved = np.square(np.nan_to_num(first.astype(np.float64)) - np.nan_to_num(second)) / spread
    return moved > MOVED


def interval_of(rows: np.ndarray, seed: int) -> tuple[float, float]:
    from workers.probes.surrogate import interval

    return interval(rows.astype(np.float64), seed) if rows.any() else (0.0, 0.0)


# -- from conditions to a finding ------------------------------------------------------------------
def report(stand: Footing, plan: dict[str, Any], tried: list[dict[str, Any]], base: Fleet) -> Finding:
    """The condition that a repetition of this plan meets, and what the others would have changed."""
    x = stand.found.x[stand.found.test]
    said = base.predict(x)
    pairs = [(a, b) for a in range(len(base)) for b in range(a)]
    rows = np.stack([_differ(base, said[[a]], said[[b]])[0] for a, b in pairs])
    low, high = interval_of(rows, stand.budget.seed)
    tried = [*tried, {
        "condition": "seed", "label": "Another seed", "equal": False, "weights": None,
        "changed": float(rows.mean()), "low": low, "high": high,
    }]  # fmt: skip
    return told(stand, plan, tried, _met(plan))


def told(
    stand: Ground, plan: dict[str, Any], tried: list[dict[str, Any]], met: tuple[str, ...], certain: str = ""
) -> Finding:
    """The worst of the conditions ``met``; ``certain`` says why nothing can change."""
    by_name = {one["condition"]: one for one in tried}
    worst = max((by_name[name] for name in met), key=lambda one: one["changed"])
    value, low, high = (
        worst["changed"],
        worst.get("low", worst["changed"]),
        worst.get("high", worst["changed"]),
    )
    faults = [] if certain else _faults(stand, plan, worst, low)
    facts = {
        "plan": plan,
        "conditions": tried,
        "met": list(met),
        "null": {"expected": by_name["again"]["changed"], "kind": "exact", "of": "the same once more"},
        "surrogate": stand.described(),
        "faults": faults,
        "mitigations": _mitigations(plan, by_name, worst),
    }  # fmt: skip
    title, note = _words(plan, by_name, worst, stand)
    if certain and not worst["changed"]:
        title = "The same rows give the same model"
        note = " ".join([f"{certain}{_loose(plan)}", *stand.caveats])
    used = len(stand.found.train) + len(stand.found.test)
    return Finding(value, note, facts, low, high, used, title)


def _met(plan: dict[str, Any]) -> tuple[str, ...]:
    """The conditions under which a repetition of this plan would run."""
    if plan["seed"] is None:
        return ("seed",)
    same = ("again", "threads", "alone", "chunks")
    return (*same, "rounding") if plan["accelerator"] and not plan["deterministic"] else same


def _faults(stand: Ground, plan: dict[str, Any], worst: dict[str, Any], low: float) -> list[dict[str, Any]]:
    """Answers that change for sure; a plan with no seed of which nothing changes is a remark."""
    if low < FEW and plan["seed"] is not None:
        return []
    severity = "low" if low < FEW else "medium"
    cause = "seed" if worst["condition"] == "seed" else "deterministic"
    return [{"fault": "not_repeatable", "severity": severity, "parameters": [cause]}]


def _mitigations(
    plan: dict[str, Any], by_name: dict[str, dict[str, Any]], worst: dict[str, Any]
) -> list[dict[str, Any]]:
    if worst["changed"] <= 0:
        return []
    if plan["seed"] is None:
        rounded = plan["accelerator"] and not plan["deterministic"] and "rounding" in by_name
        then = by_name["rounding" if rounded else "again"]
        title, note = "Fix a seed in the plan", "Measured: the same training once more with the same seed."
    else:
        then = by_name["again"]
        title, note = "Ask for deterministic operations", "Measured: the same training with the same sums."
    return [{
        "title": title, "value": then["changed"], "low": then["low"], "high": then["high"],
        "effort": "1 hour, one engineer", "basis": "measured", "note": note,
    }]  # fmt: skip


def _words(
    plan: dict[str, Any], by_name: dict[str, dict[str, Any]], worst: dict[str, Any], stand: Ground
) -> tuple[str, str]:
    answers = "of the answers" if stand.found.classes else "of the predictions by a quarter of their spread"
    verb = "changes" if stand.found.classes else "moves"
    changed = percent(worst["changed"])
    if plan["seed"] is None:
        title = f"Repeated, {changed} of the answers come out differently"
        note = f"The plan fixes no seed, and another seed {verb} {changed} {answers} of {stand.subject}."
        note += " Add a seed to the plan."
    elif worst["changed"] > 0 and worst["condition"] == "rounding":
        title = f"On an accelerator {changed} of the answers may change"
        note = (
            f"The plan fixes a seed, but not the order in which {plan['device']} adds numbers: such a"
            f" difference {verb} {changed} {answers}. Ask for deterministic operations."
        )
    elif worst["changed"] > 0:
        title = f"With the same seed {changed} of the answers still change"
        note = f"{worst['label']} {verb} {changed} {answers} although the seed is the same."
    else:
        title = "The same seed gives the same answers"
        note = f"Repeated with one seed, {stand.subject} answers the same"
        if "seed" in by_name:  # what nothing is random in has no other seed
            note += f"; another seed {verb} {percent(by_name['seed']['changed'])} {answers}"
        note += "."
    return title, " ".join([f"{note}{_loose(plan)}", *stand.caveats])


def _loose(plan: dict[str, Any]) -> str:
    """What packages without an exact version may change."""
    loose = plan["packages"] - plan["pinned"]
    if loose <= 0:
        return ""
    have = "has" if loose == 1 else "have"
    return f" {loose} of {plan['packages']} packages {have} no exact version, which may change results too."
