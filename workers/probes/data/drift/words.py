"""What the comparison of parts found, as faults, facts, a value and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from workers.probes.base import Finding, Sample, Target
from workers.probes.data.drift import domain, moved, share_in_order, units
from workers.probes.data.drift.steps_in_order import Step
from workers.probes.words import count, listed, percent

MOST_PLACES, SHOWN = 2_000, 12  # rows listed in a fault, columns in the facts
BEYOND_CHANCE = 3.0  # spreads of shuffled names, from which parts surely differ, be it little
TOGETHER_MEDIUM, TOGETHER_HIGH = 0.6, 0.75  # lower end of the AUC when no single column moved
SERIOUS = ("high", "medium")


@dataclass
class Told:
    """Gathered while the parts are compared."""

    sample: Sample
    parts: tuple[str, str] = ("train", "test")
    sizes: tuple[int, int] = (0, 0)
    random: bool = False  # the parts were drawn here
    apart: domain.Apart | None = None
    blocks: list[domain.Apart] = field(default_factory=list)
    moved: list[moved.Moved] = field(default_factory=list)
    follow: dict[str, list[str]] = field(default_factory=dict)  # column or target -> what moves with it
    faults: list[dict[str, Any]] = field(default_factory=list)
    found: list[Step] = field(default_factory=list)
    trends: list[share_in_order.Trend] = field(default_factory=list)  # of classes, along the file
    absent: dict[str, list[str]] = field(default_factory=dict)  # "newer", "older" -> columns it lacks
    keys: list[str] = field(default_factory=list)  # columns that the file is sorted by
    mixed: bool = False
    harm: dict[str, float] | None = None
    stamps: np.ndarray | None = None
    compared: int = 0  # columns
    left_out: int = 0  # columns beyond what is compared

    def columns(self, names: list[str], usual: dict[str, float]) -> None:
        """Faults of columns that differ between given parts; ``usual`` is how far they wander anyway."""
        by_name = {one.name: one for one in self.moved}
        drifted: dict[str, list[str]] = {}
        for name in names:
            one = by_name[name]
            severity = one.severity
            if one.distance <= usual.get(name, 0.0) and not (one.unit and one.unit.sure):
                severity = "low"
            if one.unit is not None:
                self.faults.append({
                    "fault": "unit_change", "severity": one.severity if one.unit.sure else severity,
                    "columns": [name], "split": self.parts[1], "factor": float(f"{one.unit.factor:.6g}"),
                    "note": f"In the {self.parts[1]} part {name} {_is(one.unit)}.",
                })  # fmt: skip
            if one.unit is None or not one.unit.sure:
                drifted.setdefault(severity, []).append(name)
        for severity, group in drifted.items():
            self.faults.append({
                "fault": "drift", "severity": severity, "columns": group, "split": self.parts[1],
                "score": round(max(by_name[name].distance for name in group), 4),
                "note": _moved_note([by_name[name] for name in group], self.parts),
            })  # fmt: skip

    def moved_together(self) -> None:
        """Parts that can be told apart although no single column moved."""
        if self.apart is None or any(f["fault"] in ("drift", "unit_change") for f in self.faults):
            return
        if self.follow:
            return
        clearly = self.apart.low > max(self.apart.null, TOGETHER_MEDIUM)
        if not clearly and self.apart.beyond < BEYOND_CHANCE:
            return
        high, before = self.apart.low >= TOGETHER_HIGH, self.parts[0]
        told = f"(AUC {self.apart.auc:.2f}){self._why_apart()}."
        much = f"can be told from the {before} part {told}"
        little = f"differs a little from the {before} part in several columns together {told}"
        self.faults.append({
            "fault": "drift", "severity": "high" if high else "medium" if clearly else "low",
            "columns": [name for names in self.absent.values() for name in names],
            "split": self.parts[1], "score": round(self.apart.auc, 4),
            "note": f"The {self.parts[1]} part {much if clearly else little}",
        })  # fmt: skip

    def _why_apart(self) -> str:
        """By which columns, where one part hardly has them."""
        parts = zip(("newer", "older"), reversed(self.parts), strict=True)
        lacks = [
            f"the {part} part lacks {listed(self.absent[side])}"
            for side, part in parts
            if self.absent.get(side)
        ]
        return f": {' and '.join(lacks)}" if lacks else ", though no single column moved"

    def steps(self, found: list[Step], ids: np.ndarray) -> None:
        """Faults of columns that change from some row on; ``ids`` are in the order that was followed."""
        self.found = found
        targets = {target.name: target.task for target in self.sample.targets}
        for step in found:
            after = ids[step.at :]
            places = self.sample.places(after[:MOST_PLACES])
            rows = [place["row"] for place in places if "row" in place]
            place = {
                "rows": rows,
                "count": self._rows_after(step, ids),
                "from_row": rows[0] if rows else None,
            }
            when = self._when(step.at)
            fault = "drift"
            if step.unit is not None:
                fault = "unit_change"
            elif targets.get(step.name, "regression") != "regression":
                fault = "class_shift"
            severity = step.severity
            if self.mixed and fault != "unit_change":
                severity = "low"
            self.faults.append({
                "fault": fault, "severity": severity, "columns": [step.name],
                **({"classes": [step.level]} if fault == "class_shift" else {}),
                **place, **({"from_time": when} if when else {}),
                **({"factor": float(f"{step.unit.factor:.6g}")} if step.unit else {}),
                "score": round(step.apart, 4),
                "note": _step_note(step, rows[0] if rows else step.at, when),
            })  # fmt: skip

    def share(self, target: Target, trend: share_in_order.Trend, collected: bool) -> None:
        """The fault of a target whose classes' shares change little by little along the file."""
        label, severity = target.classes[trend.label], trend.severity if collected else "low"
        if severity != "low":
            self.trends.append(trend)
        way = "rises" if trend.last > trend.first else "falls"
        what = "Ask what changed meanwhile" if collected else "Shuffle the rows"
        self.faults.append({
            "fault": "class_shift", "severity": severity, "columns": [target.name], "classes": [label],
            "score": round(trend.distance, 4),
            "note": f"The share of {label} in {target.name} {way} along the file: {percent(trend.first)} in "
            f"the first fifth, {percent(trend.last)} in the last. {what} before you cut it in this order.",
        })  # fmt: skip

    def _rows_after(self, step: Step, ids: np.ndarray) -> int:
        return round(self.sample.rows * (1 - step.at / max(1, len(ids))))

    def _when(self, at: int) -> str:
        if self.stamps is None or not np.isfinite(self.stamps[at]):
            return ""
        try:
            return datetime.fromtimestamp(float(self.stamps[at]), UTC).strftime("%Y-%m-%d %H:%M")
        except (OverflowError, ValueError, OSError):
            return ""


def _moved_note(group: list[moved.Moved], parts: tuple[str, str]) -> str:
    first = group[0]
    others = f", and so {'is' if len(group) == 2 else 'are'} {listed([g.name for g in group[1:]])}"
    if first.shift is None:
        return (
            f"{percent(first.distance)} of the rows have another {first.name} in the {parts[1]} part than "
            f"in the {parts[0]} part{others if len(group) > 1 else ''}."
        )
    way = "higher" if first.shift > 0 else "lower"
    much = (
        f"{way} by {abs(first.shift):.2g} times its usual spread"
        if abs(first.shift) >= 0.05
        else "spread otherwise"
    )
    return f"{first.name} is {much} in the {parts[1]} part{others if len(group) > 1 else ''}."


def _is(unit: units.Unit) -> str:
    """ "is times 3.6, as from m/s to km/h", "goes from Celsius to Fahrenheit"."""
    return f"{'goes' if unit.words.startswith('from') else 'is'} {unit.words}"


def _step_note(step: Step, row: int, when: str) -> str:
    place = f"row {row:,}" + (f" ({when})" if when else "")
    if step.unit is not None:
        return f"From {place} on {step.name} {_is(step.unit)}."
    if step.level:
        shares = f"{step.after or 0:.0%} of {step.name}, before {step.before or 0:.0%}"
        return f"From {place} on {step.level} makes up {shares}."
    way = "higher" if (step.shift or 0) > 0 else "lower"
    return f"From {place} on {step.name} is {way} by {abs(step.shift or 0):.2g} times its usual spread."


def finding(told: Told) -> Finding:
    faults = sorted(told.faults, key=lambda fault: ("high", "medium", "low").index(fault["severity"]))
    serious = [fault for fault in faults if fault["severity"] in SERIOUS]
    value, low, high, null = _value(told)
    rows = told.apart.rows if told.apart else sum(told.sizes) or told.sample.rows
    facts: dict[str, Any] = {
        "faults": faults,
        "parts": list(told.parts),
        "random": told.random,
        "auc": round(told.apart.auc, 4) if told.apart else None,
        "beyond": round(told.apart.beyond, 2) if told.apart else None,
        "columns": [
            {
                "name": one.name, "distance": round(one.distance, 4), "psi": round(one.psi, 4),
                "shift": None if one.shift is None else round(one.shift, 3), "alarm": one.alarm,
                "before": one.before, "after": one.after,
            }
            for one in told.moved[:SHOWN]
        ],
        "steps": [
            {
                "name": step.name, "share": round(step.at / max(1, len(told.sample.arrays["ids"])), 4),
                "before": step.before, "after": step.after, "score": round(step.apart, 4),
            }
            for step in sorted(told.found, key=lambda s: -s.apart)[:SHOWN]
        ],
        "follow": told.follow,
        "sorted_by": told.keys,
        "harm": told.harm,
        "null": null,
    }  # fmt: skip
    if value is None:
        facts["not_applicable"] = not told.sample.features.shape[1]
        return Finding.skipped("The parts have too little in them to be compared.", **facts)
    return Finding(
        value,
        _note(told, serious, faults, value),
        facts,
        low=min(low, value),
        high=max(high, value),
        sample=rows,
        title=_title(told, serious),
    )


def _value(told: Told) -> tuple[float | None, float, float, dict[str, Any]]:
    serious = [s for s in told.found if s.severity in SERIOUS and not told.mixed]
    if serious:
        worst = max(serious, key=lambda step: step.apart)
        n = len(told.sample.arrays["ids"])
        error = 1.645 * domain.spread(worst.apart, max(1, n - worst.at), max(1, worst.at))
        how = {"value": 0.5, "how": "rows before and after a change that means nothing"}
        return worst.apart, max(0.5, worst.apart - error), min(1.0, worst.apart + error), how
    if told.trends:
        gone = max(told.trends, key=lambda one: one.sure)
        apart = 0.5 + gone.distance / 2
        error = 1.645 * domain.spread(apart, gone.rows, gone.rows)
        how = {"value": 0.5, "how": "the first and the last fifth of a shuffled file"}
        return apart, max(0.5, apart - error), min(1.0, apart + error), how
    if told.blocks:
        newest, others = told.blocks[-1], sorted(one.auc for one in told.blocks[:-1])
        usual = max(0.5, float(np.median(others)))
        how = {"value": round(usual, 4), "how": "each other fifth of the time against the rest"}
        beyond = [0.5 + max(0.0, auc - usual) for auc in (newest.auc, newest.low, newest.high)]
        return beyond[0], beyond[1], beyond[2], how
    if told.apart is None:
        return None, 0.5, 1.0, {}
    if told.random:
        how = {"value": round(told.apart.null, 4), "how": "the same scores with the parts' names shuffled"}
        inside = told.apart.auc <= max(told.apart.null, 0.55)
        value = max(0.5, told.apart.auc if not inside else 0.5)
        return min(value, 0.55), 0.5, max(0.5, min(told.apart.high, 0.56)), how
    how = {"value": round(told.apart.null, 4), "how": "the same scores with the parts' names shuffled"}
    return max(0.5, told.apart.auc), max(0.5, told.apart.low), max(0.5, told.apart.high), how


def _title(told: Told, serious: list[dict[str, Any]]) -> str:
    if not serious:
        if told.parts[1] == "newest":
            return "The newest data looks like the older"
        gradual = [f for f in told.faults if f["fault"] == "class_shift" and "from_row" not in f]
        if told.random and gradual:
            return f"The share of {gradual[0]['classes'][0]} changes along the file"
        return "Nothing changes along the rows" if told.random else "The parts look alike"
    first = serious[0]
    names = listed(first["columns"], 2)
    if first["fault"] == "unit_change":
        return f"{names} changes its unit"
    if first["fault"] == "class_shift":
        return f"The share of {listed(first['classes'], 2)} changes"
    if first["note"].endswith(told._why_apart() + ".") and names:
        return f"The {told.parts[1]} part has other columns filled"
    if not names:
        return f"The {told.parts[1]} part is another kind of data"
    part = f" in the {told.parts[1]} part" if "split" in first else f" from row {first['from_row']:,} on"
    return f"{names} {'moved' if len(first['columns']) > 1 else 'moves'}{part}"


def _note(told: Told, serious: list[dict[str, Any]], faults: list[dict[str, Any]], value: float) -> str:
    if serious:
        note = " ".join(fault["note"] for fault in serious[:2])
        if told.harm:
            change = told.harm["drop"]
            cost = (
                f"costs about {percent(change)} of the score"
                if change > 2 * told.harm["error"]
                else "does not cost a small model anything that could be measured"
            )
            note += f" That {cost}."
        return note
    if told.mixed:
        return "Two parts seem to stand one after the other in the file: many columns change at one place."
    if told.keys and told.random:
        return (
            f"The rows are sorted by {listed(told.keys)}, which is no drift; "
            "within its values nothing changes along the file."
        )
    if faults and faults[0]["fault"] == "class_shift" and "from_row" not in faults[0] and told.random:
        return str(faults[0]["note"])
    if faults:
        return f"{faults[0]['note']} That is within what such data does anyway, or little."
    how = "in the order of the file" if told.random else f"between {told.parts[0]} and {told.parts[1]} rows"
    some = ""
    if told.left_out:
        columns = told.compared + told.left_out
        some = f" {told.compared} of {columns:,} columns were compared, taken from all over the table."
    return f"No column changes {how} by more than chance ({count(told.sample.rows, 'row')}).{some}"
