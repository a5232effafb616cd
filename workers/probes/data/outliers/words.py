"""What ``outliers`` says: notes of its faults, its title, in words for a project's owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from workers.probes.words import count, listed, one_in, percent

TITLES = {
    "unit_mix": "{columns} {is_} in two units",
    "impossible_values": "{columns} {holds} values that cannot be",
    "spikes": "{columns} {holds} spikes",
    "stuck_sensor": "{columns} got stuck on one value",
    "feature_noise": "{columns} {is_} overwritten by noise",
    "burst_of_entries": "Far more rows than usual came at once",
    "clipping": "Clips are cut off at full loudness",
    "silence": "Clips hold nothing but silence",
    "dc_offset": "Clips are shifted off their middle",
    "hum": "Clips hum",
}
SPANS = {1.0: "second", 60.0: "minute", 3600.0: "hour", 86_400.0: "day"}


def _verb(rows: int, one: str, many: str) -> str:
    return f"{count(rows, 'row')} {one if rows == 1 else many}"


def _by(predictors: Sequence[str]) -> str:
    names = [name for name in predictors if name]
    if names:
        return f"what {listed(names, 2)} {'says' if len(names) == 1 else 'say'}"
    return "the rows before and after" if predictors else "the column itself"


def unit(name: str, what: str, rows: int, predictors: Sequence[str]) -> str:
    return f"{_verb(rows, 'is', 'are')} in another unit ({what}), held against {_by(predictors)}."


def impossible(name: str, rows: int, why: str) -> str:
    return f"{_verb(rows, 'is', 'are')} {why}."


def contradicts(name: str, rows: int, predictors: Sequence[str]) -> str:
    return f"{_verb(rows, 'is', 'are')} far from {_by(predictors)}."


def overwritten(name: str, rows: int, predictors: Sequence[str]) -> str:
    return f"{_verb(rows, 'has', 'have')} a value that has nothing to do with {_by(predictors)}."


def looser(name: str, part: str, wider: float, predictors: Sequence[str]) -> str:
    return f"In the {part} part {name} is {wider:.1f} times as far from {_by(predictors)} as elsewhere."


def spikes(name: str, rows: int) -> str:
    return f"{_verb(rows, 'stands', 'stand')} alone, far from the rows just before and after."


def stuck(name: str, runs: Sequence[Any]) -> str:
    longest = max(runs, key=lambda run: run.length)
    more = f", and {count(len(runs) - 1, 'more run')} like it" if len(runs) > 1 else ""
    return f"The value {longest.value:g} is repeated {longest.length:,} times in a row{more}."


def burst(name: str, found: Any) -> str:
    when = datetime.fromtimestamp(found.stamp, UTC)
    said = f"{when:%Y-%m-%d}" if found.span >= 86_400 else f"{when:%Y-%m-%d %H:%M:%S}"
    return (
        f"{found.count:,} rows fall into one {SPANS[found.span]} ({said}), where about"
        f" {found.usual:,.0f} {'is' if found.usual == 1 else 'are'} usual."
    )


def heard(faults: Sequence[dict[str, Any]], files: int, total: int) -> tuple[str, str]:
    """Title and note for sounds."""
    serious = [one for one in faults if one["severity"] != "low"]
    if not serious:
        return "No clip is cut off, silent or humming", f"All {total:,} clips sound as clips should."
    title = TITLES.get(str(serious[0]["fault"]), "Clips sound wrong")
    told = " ".join(str(one.get("note", "")) for one in serious[:3]).strip()
    return title, told or f"{count(files, 'clip')} of {total:,} sound wrong."


def told(faults: Sequence[dict[str, Any]], rows: int, total: int, columns: int) -> tuple[str, str]:
    """Title and note for tables."""
    serious = [one for one in faults if one["severity"] != "low"]
    looked = f"every value of {count(columns, 'number column')}"
    if not serious:
        return "No value looks impossible", f"We looked at {looked} in {count(total, 'row')}."
    first = serious[0]
    names = list(
        dict.fromkeys(n for one in serious if one["fault"] == first["fault"] for n in one.get("columns", ()))
    )
    words = {
        "columns": listed(names) if names else "Some rows",
        "is_": "is" if len(names) == 1 else "are",
        "holds": "holds" if len(names) == 1 else "hold",
    }
    title = TITLES[first["fault"]].format(**words)
    parts = []
    for one in serious[:3]:
        where = f"{listed(one['columns'])}: " if one.get("columns") else ""
        parts.append(where + str(one["note"]))
    affected = f" Together {percent(rows / total)} of the rows ({one_in(rows / total)})." if rows > 1 else ""
    return title, " ".join(parts) + affected
