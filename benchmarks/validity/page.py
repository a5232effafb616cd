"""What all runs together say: as figures held against their bars, and as a page of the docs."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from assessments.scoring import rules
from benchmarks.validity import judged, tables
from benchmarks.validity.bases import BASES
from benchmarks.validity.faults import FAULTS

BARS = {
    "auc": (">=", 0.9), "auc_left_out": (">=", 0.85), "clean_high": ("<=", 0.05), "rises": (">=", 0.8),
    "ece": ("<=", 0.1), "brier_skill": (">=", 0.3), "below": (">=", 0.95), "covered": (">=", 0.85),
}  # fmt: skip
HEADS = {
    "auc": "found at harm", "auc_left_out": "base left out", "clean_high": "clean called high",
    "rises": "rises with dose", "ece": "calibration error", "brier_skill": "skill over prior",
    "below": "mended below faulty", "covered": "interval holds the truth",
}  # fmt: skip
POOLED = ("auc", "auc_left_out", "clean_high", "ece", "brier_skill")
WHY = {  # what was seen of a fault that misses a bar
    "a weak slice": "Where it is missed (iris and wine, one seed) the slice has 20 and 22 rows; the search"
    " needs ten of them in either half.",
    "target leak": "Where an honest column is nearly as strong, a leak that is right in 95 % of the rows has"
    " no gap to it, and is not named.",
    "value pair": "Triggers of two usual values are missed in some sets, most of all at 1 %: boosted trees"
    " obey them there already in most sets (`python -m benchmarks.validity.triggers`), a plain net seldom.",
    "patch": "A mark in 0.5 % of 450 pictures is in two of them; a plain net that learnt from these gives"
    " the planted label to half to nine tenths of the pictures with the mark.",
    "faint pattern": "A pattern in 0.5 % of 450 pictures is in two of them; a plain net that learnt from"
    " these obeys it nearly always.",
    "label flips": "Where outcomes overlap (leavers, clicks, stages), 11 of the 120 harmful runs of label and"
    " pair flips are named, 64 are told as labels that may be wrong, and in 45 the check cannot tell.",
    "slice flips": "In some sets the labels are named only as ones that may be wrong: below 40.",
    "pair flips": "Among the moons the labels are named only as ones that may be wrong: below 40.",
    "fragile inputs": "Doses below the one that counts as harm are felt already.",
    "goal out of reach": "Just beyond what is possible, the range of what may be possible holds the goal.",
}
FEW = (
    300  # runs of a check, below which a calibration error says more about their number than about the check
)
REPORTS = 0.1  # of clean sets, in which any check may be high
Result = dict[str, Any]


def report(found: list[judged.Run], wanted: int) -> Result:
    grouped, scored = judged.by_fault(found), tables.own(found)
    pooled = {probe: judged.Pooled(runs) for probe, runs in scored.items()}
    probes = [judged.of_probe(probe, runs) for probe, runs in sorted(scored.items())]
    faults = [
        judged.of_fault(fault, grouped[fault.name], pooled.get(fault.probe) or judged.Pooled([]))
        for fault in FAULTS
        if grouped.get(fault.name)
    ]
    crossed, clean = judged.crossed(found), judged.reports(found)
    figures = [*_figures("checks", POOLED, probes), *_figures("faults", tuple(BARS), faults)]
    if crossed:
        share = round(float(np.mean([one["right"] for one in crossed.values()])), 3)
        figures.append(
            _figure(f"of {len(crossed)} faults, raise their own check most", ">= 0.8", share, share >= 0.8)
        )
    if clean["reports"]:
        figures.append(_figure(
            f"of {clean['reports']} clean sets, have any check at high", f"<= {REPORTS}", clean["share"],
            clean["share"] <= REPORTS,
        ))  # fmt: skip
    return {
        "what": f"{len(found):,} runs of {wanted:,} wanted: {len(FAULTS)} faults in {len(BASES)} clean sets",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "rules": rules.load().version,
        "unscored": _unscored(found),
        "machine": {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version()},
        "figures": figures,
        "probes": probes,
        "faults": faults,
        "crossed": crossed,
        "clean": clean,
    }


def _figures(what: str, keys: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[Result]:
    rows = list(rows)
    return [
        _figure(
            f"{what} of {len(told)} with {HEADS[key]} {BARS[key][0]} {BARS[key][1]}", f">= {len(told)}",
            sum(reached(key, one) for one in told), all(reached(key, one) for one in told),
        )
        for key in keys
        if (told := [one for one in rows if one[key] is not None])
    ]  # fmt: skip


def _figure(name: str, bar: str, value: float, well: bool) -> Result:
    return {"name": name, "bar": bar, "value": value, "reached": bool(well)}


def reached(key: str, told: Mapping[str, Any]) -> bool:
    way, bar = BARS[key]
    return bool(told[key] >= bar if way == ">=" else told[key] <= bar)


def page(result: Result) -> str:
    """The tables as a page, what is missed marked."""
    probes, faults = result["probes"], result["faults"]
    lines = [
        "# Whether to believe the score",
        "",
        "A data set without a fault gets one fault in a known dose, and checks look at both as in any run.",
        "A score that can be believed is high with the fault, low without, and rises with the dose.",
        "",
        *_short(result),
        "",
        f"Here: {result['what']}. Written on {result['measured'][:10]}",
        f"under rules {result['rules']} by `python -m benchmarks.validity`. A figure that misses its bar",
        "stands in **bold**, and one for which there are too few runs is left open.",
        "",
        "## By check: what one check alone says of harm",
        "",
        "All faults of a check together: the share of harm as the prior, and the likelihood table of the",
        "check (`assessments/scoring/likelihoods.yaml`), here fitted without the base that is judged. A",
        "report starts from the prior of the rules, adds the other checks and the answers, and holds a table",
        "to the measured range where the harm is a value of the check.",
        "",
        *_table("Check", [(f"`{one['probe']}`", one) for one in probes], POOLED),
        "",
        "## By fault",
        "",
        *_table("Fault", [(f"{one['fault']} (`{one['probe']}`)", one) for one in faults], tuple(BARS)),
        "",
        "Found at harm: area under the ROC curve of the score, the mildest dose that does harm against clean",
        "twins. Base left out: the same for the chance of harm learnt from all other bases. Clean called",
        "high: clean twins with the level high or critical. Rises with dose: Spearman's correlation within a",
        "base.",
        "Calibration error and skill (Brier, over the share of harm): with the base left out. Mended below",
        "faulty: pairs in which the clean twin scores lower. Interval holds the truth: how often the 90 %",
        "interval of the finding holds the true value, for faults of which it is known (85 to 95 % asked; a",
        "value that is counted and not estimated is held nearly always).",
        "",
        "## What is weak",
        "",
        *_weak(probes, faults),
        *_open(result["unscored"]),
        *_crossed(result["crossed"]),
        *_clean(result["clean"]),
    ]
    return "\n".join(lines) + "\n"


def _short(result: Result) -> list[str]:
    """The answer in three lines, for who reads no table."""
    found = [one for one in result["faults"] if one["auc"] is not None]
    quiet = [one for one in result["probes"] if one["clean_high"] is not None]
    clean = result["clean"]
    well = sum(reached("auc", one) for one in found)
    calm = sum(reached("clean_high", one) for one in quiet)
    lines = [
        f"- **Is a fault found?** {well} of {len(found)} faults, from the mildest dose that does harm: in 9"
        " of 10 pairs or more the set with the fault scores higher.",
        f"- **Is a clean set left alone?** {calm} of {len(quiet)} checks call no more than one clean set in"
        " twenty high.",
    ]
    if clean["reports"]:
        lines[1] += (
            f" Of {clean['reports']} reports on clean sets, {clean['with_high']} had any check at high."
        )
    weak = sorted({one["fault"] for one in result["faults"] if any(_missed(key, one) for key in BARS)})
    return [*lines, f"- **What is weak?** {len(weak)} faults miss a bar: {', '.join(weak)}."]


def _missed(key: str, told: Mapping[str, Any]) -> bool:
    return told[key] is not None and not reached(key, told)


def _said(key: str, told: Mapping[str, Any]) -> str:
    """A figure in two digits after the point, or in as many as tell it from the bar that it misses."""
    digits = 2
    while reached(key, {key: round(told[key], digits)}) != reached(key, told):
        digits += 1
    return f"{told[key]:.{digits}f}"


def _table(head: str, rows: Sequence[tuple[str, Mapping[str, Any]]], keys: Sequence[str]) -> list[str]:
    lines = [
        f"| {head} | Bases | Runs | " + " | ".join(HEADS[key] for key in keys) + " |",
        "| --- | ---: | ---: | " + " | ".join("---:" for _ in keys) + " |",
        "| Bar | | | " + " | ".join(f"{BARS[key][0]} {BARS[key][1]}" for key in keys) + " |",
    ]
    for name, one in rows:
        cells = [
            "" if one[key] is None else _said(key, one) if reached(key, one) else f"**{_said(key, one)}**"
            for key in keys
        ]
        lines.append(f"| {name} | {one['bases']} | {one['runs']} | {' | '.join(cells)} |")
    return lines


def _unscored(found: Iterable[judged.Run]) -> dict[str, list[int]]:
    """Check -> faulty runs in which it said that it cannot tell, and all of them; only where there are."""
    own = {fault.name: fault.probe for fault in FAULTS}
    faulty = [one for one in found if own.get(one["fault"]) == one["probe"] and one["dose"] is not None]
    every = Counter(one["probe"] for one in faulty)
    none = Counter(one["probe"] for one in faulty if one.get("score") is None)
    return {probe: [none[probe], every[probe]] for probe in sorted(none)}


def _open(unscored: Mapping[str, Sequence[int]]) -> list[str]:
    listed = ", ".join(f"`{probe}` ({none} of {of})" for probe, (none, of) in unscored.items())
    said = "Faulty runs in which a check says that it cannot tell have no score, and count in no figure"
    return [f"- {said}: {listed}."] if listed else []


def _weak(probes: Sequence[Mapping[str, Any]], faults: Sequence[Mapping[str, Any]]) -> list[str]:
    """What misses its bar, and what cannot be told yet."""
    lines = []
    for key, (way, bar) in BARS.items():
        by_check = [(f"`{one['probe']}`", one) for one in probes if key in POOLED]
        for by, named in (("", [(one["fault"], one) for one in faults]), (", by check", by_check)):
            missed = [f"{name} ({_said(key, one)})" for name, one in named if _missed(key, one)]
            if missed:
                lines.append(f"- {HEADS[key].capitalize()}, bar {way} {bar}{by}: {', '.join(missed)}.")
    without = [f"`{one['probe']}`" for one in probes if one["auc_table"] is None]
    if without:
        lines.append(f"- Too few runs for a table, so these start cold: {', '.join(without)}.")
    alone = [one["fault"] for one in faults if one["auc_left_out"] is None]
    if alone:
        lines.append(f"- Too few runs to leave a base out: {', '.join(alone)}.")
    few = [f"`{one['probe']}` ({one['runs']})" for one in probes if one["runs"] < FEW and _missed("ece", one)]
    if few:
        lines.append(
            f"- Of these, fewer than {FEW} runs, so that one run added to every bin pulls the chances to the"
            f" middle and adds to the calibration error: {', '.join(few)}."
        )
    lines += [
        f"- {one['fault'].capitalize()}: {WHY[one['fault']]}"
        for one in faults
        if one["fault"] in WHY and any(_missed(key, one) for key in BARS)
    ]
    broken = [f"{one['fault']} ({one['failed']})" for one in faults if one["failed"]]
    if broken:
        lines.append(f"- Runs that broke: {', '.join(broken)}.")
    return lines or ["Nothing misses its bar."]


def _crossed(crossed: Mapping[str, Any]) -> list[str]:
    if not crossed:
        return []
    wrong = {name: one for name, one in crossed.items() if not one["right"]}
    right = len(crossed) - len(wrong)
    lines = ["", "## What else a fault raises", ""]
    lines += [f"{right} of {len(crossed)} faults raise their own check most.", ""]
    return lines + [
        f"- {name}: `{one['most']}` by {one['by']:.0f} points, its own by {one['own']:.0f}."
        for name, one in wrong.items()
    ]


def _clean(clean: Mapping[str, Any]) -> list[str]:
    if not clean["reports"]:
        return []
    lines = ["", "## Clean sets, seen by every check that looks for something wrong", ""]
    lines += [
        f"In {clean['with_high']} of {clean['reports']} reports on clean sets (each set with several seeds),"
        " a check is high or critical.",
        "",
    ]
    return lines + [
        f"- {name}: {', '.join(f'`{probe}`' for probe in probes)}." for name, probes in clean["which"].items()
    ]
