"""The faults that gaps make: what ``data.missing`` saw of each column, put into the words of the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workers.probes.base import Column, Sample
from workers.probes.data.missing import explained, missingness, sentinels, witnesses
from workers.probes.data.missing.missingness import GREAT, Tie
from workers.probes.data.shared.absent import places, typed
from workers.probes.words import count, percent

if TYPE_CHECKING:
    import duckdb

USED = ("feature", "target", "text", "time", "group")
MEDIUM, HIGH = 0.20, 0.60  # share of a used column that is missing
SPLIT_HIGH = 0.20  # difference of two sides of the split
MOST_LISTED, MOST_PLACED = 60, 25  # columns in the facts; columns whose rows are listed
REMARK = 20  # mean characters of a field for remarks, which is empty where there is nothing to say
ORDER = {"high": 0, "medium": 1, "low": 2}


@dataclass
class Seen:
    """One column: how much of it is missing, and as what."""

    column: Column
    condition: str  # SQL over ``typed``: this value is missing
    rows: int
    missing: int = 0
    plain: int = 0  # empty, or does not fit its column
    doubtful: int = 0
    open: bool = True  # the census does not say that every value is there
    words: dict[str, int] = field(default_factory=dict)
    sentinels: list[sentinels.Sentinel] = field(default_factory=list)

    @property
    def used(self) -> bool:
        return self.column.role in USED

    @property
    def share(self) -> float:
        return self.missing / max(1, self.rows)


@dataclass
class Ties:
    target: list[Tie]
    value: list[Tie]
    split: list[Tie]


def faults(
    con: duckdb.DuckDBPyConnection, sample: Sample, seen: dict[str, Seen], ties: Ties
) -> list[dict[str, Any]]:
    found = [_missing(sample, one) for one in seen.values() if one.missing]
    found.sort(key=lambda fault: (ORDER[fault["severity"]], -fault["count"]))
    for fault in found[:MOST_PLACED]:
        name = fault["columns"][0]
        fault |= places(con, sample, seen[name].condition, typed(con, [name], written=True), fault["count"])
    rest = [f for f in found[MOST_LISTED:] if f["severity"] == "low"]
    found = found[:MOST_LISTED] + [f for f in found[MOST_LISTED:] if f["severity"] != "low"]
    if rest:
        named = [fault["columns"][0] for fault in rest]
        told = f"{count(len(named), 'more column')} have fewer gaps than these."
        found.append({"fault": "missing", "severity": "low", "columns": named, "note": told})
    for one in seen.values():
        for sentinel in one.sentinels:
            found.append(
                {
                    "fault": "sentinel_missing",
                    "severity": sentinel.severity,
                    "columns": [sentinel.column],
                    "value": sentinel.said,
                    "score": round(min(sentinel.gap, 1e6), 3),
                    "note": sentinel.note,
                    **places(con, sample, sentinel.condition, typed(con, [sentinel.column]), sentinel.rows),
                }
            )
    for tie in ties.target:
        found += _on_target(con, sample, seen, tie)
    for tie in ties.value:
        found.append(_on_value(con, sample, seen, tie))
    found += [entry for tie in ties.split if (entry := _on_split(sample, tie))]
    found.sort(key=lambda fault: ORDER[fault["severity"]])
    return found


def _missing(sample: Sample, one: Seen) -> dict[str, Any]:
    """The share of one column; of a column that nobody uses, a remark at most."""
    share, name = one.share, one.column.name
    severity = "high" if share > HIGH else "medium" if share > MEDIUM else "low"
    remark = (sample.census[name].get("length") or {}).get("mean") or 0.0
    if one.column.type == "empty":
        severity = "medium"
    elif not one.used or (one.column.type in ("text", "category") and remark >= REMARK):
        severity = "low"
    told = f"{percent(share)} of {name} is missing ({count(one.missing, 'row')})."
    if one.column.type == "empty":
        told = f"{name} holds nothing at all."
    return {
        "fault": "missing",
        "severity": severity,
        "columns": [name],
        "count": one.missing,
        "score": round(share, 6),
        "note": told,
    }


def _on_target(
    con: duckdb.DuckDBPyConnection, sample: Sample, seen: dict[str, Seen], tie: Tie
) -> list[dict[str, Any]]:
    if tie.difference < missingness.HINT or tie.difference < 1.5 * tie.expected:
        return []
    target = next(t for t in sample.targets if t.name == tie.by)
    severity = "low" if tie.difference < missingness.TOLD else "medium"
    if tie.difference >= GREAT and not target.guessed:
        severity = "high"
    most = max(tie.rates, key=lambda side: tie.rates[side])
    least = min(tie.rates, key=lambda side: tie.rates[side])
    told = (
        f"{tie.column} is missing in {percent(tie.rates[most])} of the rows where {tie.by} is {most}, and in"
        f" {percent(tie.rates[least])} where it is {least}."
    )
    reason = explained.by_column(con, sample, target, tie, seen[tie.column].condition)
    if reason is not None:
        severity = "low"
        told += f" That is because of {reason}: within each value of it, the gaps do not go with {tie.by}."
    where = f"({seen[tie.column].condition}) AND {missingness.condition(sample, target, tie.worst)}"
    return [
        {
            "fault": "missing_depends_on_target",
            "severity": severity,
            "columns": [tie.column],
            "target": tie.by,
            "classes": list(tie.worst) if target.task != "regression" else [],
            "score": round(tie.difference, 4),
            "expected": round(tie.expected, 4),
            "note": told,
            **places(con, sample, where, typed(con, [tie.column, tie.by], written=True)),
        }
    ]


def _on_value(
    con: duckdb.DuckDBPyConnection, sample: Sample, seen: dict[str, Seen], tie: Tie
) -> dict[str, Any]:
    one = seen[tie.column]
    by = f"{tie.by}, which goes with it, differs" if tie.by else "the other columns, taken together, differ"
    told = f"{tie.column} seems to be missing where it would be {tie.direction}: {by} there."
    sure = abs(tie.difference) >= witnesses.SHOUTS and one.missing >= witnesses.MANY_GAPS
    return {
        "fault": "missing_depends_on_value",
        "severity": "medium" if sure else "low",
        "columns": [tie.column],
        "side": tie.direction,
        "witness": tie.by or "the other columns together",
        "score": round(abs(tie.difference), 4),
        "expected": round(tie.expected, 4),
        "note": told,
        **places(con, sample, one.condition, typed(con, [tie.column], written=True), one.missing),
    }


def _on_split(sample: Sample, tie: Tie) -> dict[str, Any] | None:
    if tie.difference < missingness.TOLD:
        return None
    ours = sample.manifest.get("split", {}).get("made_by") in (None, "riskboard")
    severity = "low" if ours else "high" if tie.difference > SPLIT_HIGH else "medium"
    rates = " and ".join(f"{percent(rate)} of {side}" for side, rate in tie.rates.items())
    return {
        "fault": "missing_differs_by_split",
        "severity": severity,
        "columns": [tie.column],
        "score": round(tie.difference, 4),
        "expected": round(tie.expected, 4),
        "note": f"{tie.column} is missing in {rates}.",
    }
