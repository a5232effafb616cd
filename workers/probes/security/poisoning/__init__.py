"""Was a trigger planted in the training data, or were labels of one class turned into another? (probes.md S1)

A planted trigger is a mark that an attacker can set later to get the answer of his choice. It leaves two
traces at once, and both are asked for: rows of one class that their nearest neighbours contradict
(``suspects``), and a mark that these rows share and their neighbours lack, read from one half of them and
tested on the other half. A sign that belongs to its class, like the foot of its mails or the background of
its pictures, leaves the first trace out. Where a mark is in so many rows that they no longer contradict
each other, it is looked for by itself and its rows are read without it (``content``): values that meet in a
table (``values``), pixels of one colour (``pixels``), a piece at changing places (``roaming``), something
faint over everything (``faint``). Where nothing is found that way, marks on two rows and more are ranked
(``scarce``): repeated colours (``repeats``), something faint (``blends``), pairs of values (``pairs``); what
is too little to be suspected is told as a hint. In texts the mark is a phrase (``phrases``) or a sign
(``signs``). What is suspected is then tried: the mark is set on clean rows, for models that learnt from all
rows and for models that learnt without the suspects (``confirm``). Flips of one class to one other are told
as well (``flips``).

The search for a trigger by gradient (Neural Cleanse, Wang et al. 2019) is not used: it says nothing for fewer
than four classes, and the mark is read from the rows themselves, so that it can be shown as it was planted.
Never said is "clean": triggers of the same kind are planted into this data (``trial``), and how many of them
were found goes into the value, the chance that a trigger is there, from a start of 3 in 100.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.shared import found_copies
from workers.probes.intervals import jeffreys
from workers.probes.security.poisoning import (
    confirm,
    grids,
    marks,
    phrases,
    pixels,
    scarce,
    signs,
    suspects,
    trial,
)
from workers.probes.security.poisoning import words as say
from workers.probes.security.poisoning.confirm import Turned
from workers.probes.security.poisoning.flips import Flips, flips
from workers.probes.security.poisoning.ground import Ground, ground, near_space
from workers.probes.security.poisoning.show import picture_of
from workers.probes.security.poisoning.trial import Planted
from workers.probes.thumbnails import png

PRIOR = 0.03  # how often a data set holds a trigger, before looking; probes.md 7.13 [J]
SUSPECTED, CONFIRMED = (0.45, 0.75), (0.9, 1.0)  # chance, by how surely its rows and answers turn [J]
DOUBT = 0.15  # either way, about what is suspected [J]
HINTED = 0.25  # chance that a hint can come to: below what is asked to be acted on at once [J]
BARELY = 0.05  # p of a hint, from which it is told
RARE = 0.5  # distinct values a row, from which a value that comes back is no accident
POWER = 0.5  # of the triggers planted for a test that must be found, or else finding none means nothing
MOST_CASES, MOST_SHOWN, MOST_LISTED = 3, 8, 1_000


@dataclass
class Case:
    """A trigger that is suspected or confirmed."""

    label: int
    at: np.ndarray  # places in the sample's arrays, of the suspected rows
    carriers: int
    p: float
    turned: Turned | None
    trigger: dict[str, Any] = field(default_factory=dict)
    instead: dict[int, int] = field(default_factory=dict)  # place in the arrays -> class it looks like
    contradicted: int = 0  # of the suspected rows, those that look like another class
    hint: bool = False  # too little to be suspected

    @property
    def sure(self) -> float:
        """From 0 to 1: how often the next row with the mark would contradict its label (Laplace's rule of
        succession), times the share of answers that the mark turned, where it was set on clean rows."""
        net = 1.0 if self.turned is None else self.turned.before - max(self.turned.after, self.turned.null)
        return max(0.0, net) * (self.contradicted + 0.5) / (max(self.contradicted, len(self.at)) + 1)

    @property
    def confirmed(self) -> bool:
        return self.turned is not None and self.turned.confirmed


def run(sample: Sample, budget: Budget) -> Finding:
    """The chance that a trigger is planted in the data, with what was found, shown and tried."""
    if sample.folder is None:
        return Finding.skipped(
            "There is no data in this run, so there is nothing a trigger could be planted in."
        )
    goals = [(i, target) for i, target in enumerate(sample.targets) if target.task != "regression"]
    if not goals:
        return Finding.skipped(
            "A trigger is looked for among classes, and this data has no class to predict.",
            not_applicable=bool(sample.targets),
        )
    torch.set_num_threads(1)
    place, target = goals[0]
    found = ground(sample, target, budget.seed, place)
    if isinstance(found, str):
        return Finding.skipped(found)
    if not found.x.shape[1]:
        return Finding.skipped(
            "There is no column besides the one to predict, so nothing could carry a trigger."
        )
    budget.progress(0.05, "Looking for rows that share a mark and contradict their label")
    column = found_copies.text_column(sample)
    cells = found_copies.texts(sample, column, sample.arrays["ids"][found.at]) if column else None
    cases = _phrases(cells, found, budget) if cells else _marks(sample, found, budget, place)
    budget.progress(0.45, "Planting triggers of our own, to see whether they would be found")
    told = [case for case in cases if not case.hint]
    planted = Planted() if told else _trials(found, cells, budget)
    budget.progress(0.6, f"Looking for labels of {target.name} that were turned into another")
    pairs = flips(sample, budget, place, target, min(8.0, 0.5 * budget.left))
    cases = [case for case in cases if case.confirmed or not _by_flips(case, pairs, found.classes)]
    seen = _finding(sample, found, target.name, cases, planted, pairs)
    if not cases and not pairs and planted.found < POWER * planted.tried:
        return Finding.skipped(say.blind(planted), **seen.facts)
    return seen


def _marks(sample: Sample, found: Ground, budget: Budget, place: int) -> list[Case]:
    """The marks that contradicted rows share, one a class, each tried on clean rows; confirmed ones first."""
    cases: list[Case] = []
    for one in marks.search(found, budget.seed, lambda one: _by_rule(sample, found, one)):
        cases.append(_case(sample, found, one, budget, place))
        if len(cases) == MOST_CASES:
            break
    if cases:
        return sorted(cases, key=lambda case: not case.confirmed)
    few = [one for one in marks.few(found, budget.seed) if one.p <= BARELY]
    told = [one for one in few if not one.hint][:MOST_CASES] or few[:1]
    return sorted(
        (_case(sample, found, one, budget, place) for one in told), key=lambda one: not one.confirmed
    )


def _case(sample: Sample, found: Ground, one: suspects.Shared, budget: Budget, place: int) -> Case:
    """What is suspected of the rows with a mark, and what it does to clean ones if it is no mere hint."""
    where = found.fine if one.fine else found
    turned = None
    if not one.hint:
        budget.progress(0.3, "Setting the mark on clean rows")
        turned = confirm.confirm(where, one, budget.seed)
    assert one.look is not None
    rows = one.rows if one.mark.exact else one.rows[one.look.away]
    looks = zip(one.rows, one.look.said, strict=True)
    case = Case(
        one.label, found.at[rows], one.carriers, one.p, turned, _trigger(sample, where, one),
        {int(found.at[row]): int(code) for row, code in looks if code != one.label or not one.hint},
        int(one.look.away.sum()), one.hint,
    )  # fmt: skip
    return case if one.hint else _everywhere(sample, found, one, case, place)


def _by_rule(sample: Sample, found: Ground, one: suspects.Shared) -> bool:
    """Whether the mark may be a rule of the table's own: a rare level, or a range, of one column.

    One column alone counts only where its values hardly ever come back and the suspects have the same one.
    """
    if found.whole or one.mark.faint:
        return False
    columns = one.mark.columns
    if len(np.unique(found.columns[columns])) > 1:
        return False
    column = found.x[:, columns[0]]
    rest = np.delete(column, one.rows)
    return len(np.unique(rest)) < RARE * len(rest) or len(np.unique(column[one.rows])) > 2


def _by_flips(case: Case, pairs: list[Flips], classes: tuple[str, ...]) -> bool:
    """Whether a mark's rows seem to be of another class only because a part of theirs got its label.

    What is left of the class then looks like the other, and needs no mark to do so.
    """
    seems = [classes[code] for code in case.instead.values()]
    turned = {one.given for one in pairs if one.expected == classes[case.label]}
    return bool(seems) and sum(one in turned for one in seems) > len(seems) / 2


def _everywhere(sample: Sample, found: Ground, one: suspects.Shared, case: Case, place: int) -> Case:
    """The suspects among all rows at hand, where only a part of them was searched."""
    labels = sample.labels(place)
    if one.mark.faint or one.mark.stamp is not None or len(found.at) == int((labels >= 0).sum()):
        return case
    every = ground(sample, sample.targets[place], 0, place, most=len(labels))
    if isinstance(every, str):
        return case
    x = near_space(every.x, every.shape is not None)
    carried = pixels.carried(every, one.mark) if one.fine else one.mark.carried(x, x)
    case.carriers = int(carried.sum())
    case.at = np.union1d(case.at, every.at[carried & (every.y == one.label)])
    return case


def _phrases(cells: list[str], found: Ground, budget: Budget) -> list[Case]:
    """The phrases and signs that contradicted texts share, each tried on clean texts; confirmed first."""
    cases = []
    for one in phrases.search(cells, found.y, len(found.classes), budget.seed)[:MOST_CASES]:
        budget.progress(0.3, "Putting the phrase into clean texts")
        turned = phrases.confirm(cells, found.y, one, budget.seed)
        trigger = {"kind": "phrase", "phrase": phrases.shown(one, cells)}
        if signs.is_sign(one.text):
            trigger = {"kind": "sign", "sign": signs.shown(one.text)}
        away = round(one.contradicted * len(one.rows))
        case = Case(one.label, found.at[one.rows], one.carriers, one.p, turned, trigger, contradicted=away)
        cases.append(case)
    return sorted(cases, key=lambda case: not case.confirmed)


def _trigger(sample: Sample, found: Ground, one: suspects.Shared) -> dict[str, Any]:
    """What the mark is, to be shown: a picture of it, or columns with their ranges."""
    if one.mark.stamp is not None:
        return {"kind": "stamp", "picture": picture_of(found, one)}
    if found.shape is not None:
        return {
            "kind": "blend" if confirm.spread_out(found, one) else "patch",
            "picture": picture_of(found, one),
        }
    if sample.kind == "audio" and len(found.names) and not one.mark.faint:
        return {"kind": "sound", "where": found.names[int(one.mark.columns[0])]}
    if one.mark.faint or not len(found.names):
        return {"kind": "features", "features": len(one.mark.columns) or found.x.shape[1]}
    groups = (sample.manifest.get("features") or {}).get("groups", ())
    names = [
        next((str(g["name"]) for g in groups if g["start"] <= column < g["stop"]), str(column))
        for column in one.mark.columns
    ]
    return {"kind": "columns", "columns": list(dict.fromkeys(names))}


def _trials(found: Ground, cells: list[str] | None, budget: Budget) -> Planted:
    stop = budget.left * 0.6

    def enough() -> bool:
        return budget.left < stop

    if cells:
        return trial.texts(cells, found.y, len(found.classes), budget.seed, enough)
    return trial.pictures_or_columns(found, budget.seed, enough)


# -- the finding ------------------------------------------------------------------------------------------
def _finding(
    sample: Sample,
    found: Ground,
    target: str,
    cases: list[Case],
    planted: Planted,
    pairs: list[Flips],
) -> Finding:
    case = cases[0] if cases else None
    decision = _decision(case)
    value, low, high = _chance(case, planted)
    facts: dict[str, Any] = {
        "decision": decision,
        "target": target,
        "rows_searched": len(found.y),
        "planted": {"tried": planted.tried, "found": planted.found, "share": trial.SHARE},
        "planted_among_alike": {"tried": planted.met, "found": planted.met_found},
        "flips": [
            {"expected": one.expected, "given": one.given, "rows": len(one.rows), "share": one.share}
            for one in pairs
        ],
        "faults": [],
        "mitigations": [],
    }
    if case is not None:
        facts |= _case_facts(sample, found, case)
        if case.confirmed and len(cases) == 1:
            facts["mitigations"].append(say.removal(sample.kind, case, _chance(None, planted)))
    for each in cases:
        facts["faults"].append({
            "fault": "backdoor", "severity": "high" if each.confirmed else "low" if each.hint else "medium",
            "classes": [found.classes[each.label]], **_places(sample, sample.arrays["ids"][each.at]),
            "note": say.trigger(sample.kind, each.trigger),
        })  # fmt: skip
    for one in pairs:
        facts["faults"].append({
            "fault": "targeted_flips", "severity": one.severity, "classes": [one.expected, one.given],
            "pairs": [[one.expected, one.given]], **_places(sample, one.rows),
            "note": say.flipped(sample.kind, one),
        })  # fmt: skip
    return Finding(
        value, say.note(sample, found, cases, planted, pairs), facts, low, high, len(found.y),
        say.title(sample, found, case, pairs),
    )  # fmt: skip


def _decision(case: Case | None) -> str:
    if case is None:
        return "inconclusive"
    return "confirmed" if case.confirmed else "hinted" if case.hint else "suspected"


def _chance(case: Case | None, planted: Planted) -> tuple[float, float, float]:
    """The chance that a trigger is there, and its range.

    Where none was found: the start of PRIOR times the share of planted ones that were missed (Bayes). A hint
    is worth what its p makes of the start. What is suspected or confirmed is the surer, the more rows
    contradict their label and the more answers the mark turns.
    """
    if case is not None and not case.hint:
        least, most = CONFIRMED if case.confirmed else SUSPECTED
        value = least + (most - least) * case.sure
        return (value, least, most) if case.confirmed else (value, value - DOUBT, value + DOUBT)
    tried, hits = planted.tried + planted.met, planted.found + planted.met_found
    low, high = jeffreys(tried - hits, tried) if tried else (0.0, 1.0)
    missed = (tried - hits + 0.5) / (tried + 1)
    value, low, high = (
        PRIOR * m / (PRIOR * m + 1 - PRIOR) for m in (missed, min(low, missed), max(high, missed))
    )
    if case is None:
        return value, low, high
    after = scarce.chance(case.p, PRIOR)
    return max(value, min(HINTED, after)), low, max(high, min(SUSPECTED[1], after))


def _case_facts(sample: Sample, found: Ground, case: Case) -> dict[str, Any]:
    shown = case.at[:MOST_SHOWN]
    places = sample.places(sample.arrays["ids"][shown])
    pictures = None
    if found.shape is not None:
        held = sample.arrays.get("images")
        pictures = grids.pictures(sample, shown) if held is None else held[shown]
    listed = []
    for turn, (at, place) in enumerate(zip(shown, places, strict=True)):
        entry: dict[str, Any] = {"place": place, "given": found.classes[case.label]}
        if int(at) in case.instead:
            entry["looks_like"] = found.classes[case.instead[int(at)]]
        if pictures is not None:
            entry["image"] = png(pictures[turn])
        listed.append(entry)
    turned = case.turned
    return {
        "class": found.classes[case.label],
        "suspected": len(case.at),
        "carriers": case.carriers,
        "p": case.p,
        "trigger": case.trigger,
        "suspects": listed,
        "turned": None if turned is None else {
            "before": turned.before, "low": turned.low, "high": turned.high, "after": turned.after,
            "null": turned.null, "rows": turned.rows, "accuracy": turned.accuracy, "learner": turned.learner,
        },
    }  # fmt: skip


def _places(sample: Sample, ids: np.ndarray) -> dict[str, list[Any]]:
    places = sample.places(ids[:MOST_LISTED])
    if places and "file" in places[0]:
        return {"files": [place["file"] for place in places]}
    found: dict[str, list[Any]] = {"rows": [place["row"] for place in places]}
    if places and "split" in places[0]:
        found["splits"] = [place["split"] for place in places]
    return found
