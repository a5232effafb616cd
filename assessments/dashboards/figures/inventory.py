"""The machine at hand: what it has in a strip of numbers, and what it reaches of what was promised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Stat, Strip, Table

Facts = Mapping[str, Any]
PRECISIONS = {"fp64": "64-bit", "fp32": "32-bit", "tf32": "TF32"}  # others as they are called
ROW = 34  # px a bar


def inventory(facts: Facts, finding: Facts) -> list[Part]:
    """The worker in three to five numbers, and its measured rates."""
    return [*_strip(facts, finding), *_rates(facts, finding)]


def _strip(facts: Facts, finding: Facts) -> list[Part]:
    gpus = facts.get("gpus") or []
    names = [str(gpu.get("name", gpu)) if isinstance(gpu, Mapping) else str(gpu) for gpu in gpus]
    cores, items = facts.get("cores"), []
    if cores:
        items.append(Stat("Processor", words.count(cores, "core", "cores"), str(facts.get("cpu", ""))))
    if facts.get("memory_gb"):
        items.append(Stat("Memory", f"{words.short(facts['memory_gb'])} GB"))
    driver = gpus[0].get("driver") if gpus and isinstance(gpus[0], Mapping) else None
    said = ", ".join([*names[:2], *([f"driver {driver}"] if driver else [])])
    items.append(Stat("Accelerator", f"{len(names)} found" if names else "None", said))
    best = max(facts.get("matmul") or [], key=lambda one: one.get("gflops") or 0, default=None)
    if best:
        said = ", ".join(filter(None, ("billion operations a second", str(best.get("precision") or ""))))
        items.append(Stat("Measured speed", words.short(best["gflops"]), said))
    if facts.get("disk_free_gb"):
        items.append(Stat("Free disk", f"{words.short(facts['disk_free_gb'])} GB", _disk(facts)))
    elif facts.get("memory_gbs"):
        items.append(Stat("Memory speed", f"{words.short(facts['memory_gbs'])} GB/s"))
    return [Strip(finding.get("title") or "The machine at hand", items=items[:5])]


def _disk(facts: Facts) -> str:
    """How fast the disk writes, in a few words."""
    found = facts.get("disk") or {}
    return f"written at {_bytes(found['write'])}" if found.get("write") else ""


def _bytes(megabytes: float) -> str:
    """10^6 bytes a second: "1.4 GB/s"."""
    return f"{words.file_size(megabytes * 1e6)}/s"


def _rates(facts: Facts, finding: Facts) -> list[Part]:
    """Bars of what is reached; everything that was measured stands in the table."""
    shares = [one for one in facts.get("shares") or [] if one.get("measured")]
    table = Table(("What", "Measured", "Promised", "Reached"), [*map(_row, shares), *_others(facts)],
                  frozenset({1, 2, 3}))  # fmt: skip
    if not shares:
        return []
    promised = [one for one in shares if one.get("share")]
    card = facts.get("device") not in (None, "cpu")
    note = _note(facts, card)
    title = "What this machine reaches of what its data sheet promises"
    if not promised:
        return [Listing(title="What this machine reaches", note=note, table=table)]
    return [
        Chart(
            title=title if card else "What this machine reaches of what its clock promises",
            subtitle="Measured rate as a share of the promised one",
            note=note, wide=_bars(promised, theme.WIDTHS["half"]),
            narrow=_bars(promised, theme.WIDTHS["narrow"]), says=finding.get("note", ""), table=table,
        )
    ]  # fmt: skip


def _note(facts: Facts, card: bool) -> str:
    told = [str(facts[key]).rstrip(".") for key in ("throttling", "neighbours") if facts.get(key)]
    if any((one.get("share") or 0) > 1 for one in facts.get("shares") or []):
        told.append("above 100% it runs faster than its clock says")
    if told:
        return words.first_up("; ".join(told))
    if card:
        return "Data sheets give rates that no program reaches; 60 to 90% is usual"
    return "One core, against its clock times what it does in a cycle; it may run faster than its clock says"


def _name(what: str) -> str:
    """ "matrix products, bf16" -> "bf16 arithmetic"."""
    kind, _, precision = what.partition(", ")
    if kind == "matrix products":
        return f"{PRECISIONS.get(precision, precision)} arithmetic"
    return words.first_up(what)


def _rate(value: float, unit: str) -> str:
    if unit == "GFLOP/s" and value >= 1000:
        return f"{words.short(value / 1000)} TFLOP/s"
    return f"{words.short(value)} {unit}"


def _percent(share: float) -> str:
    return words.percent(share, 0) if share >= 0.1 or not share else words.percent(share)


def _row(one: Facts) -> tuple[str, ...]:
    unit, sheet, share = str(one["unit"]), one.get("sheet"), one.get("share")
    return (_name(one["what"]), _rate(one["measured"], unit), _rate(sheet, unit) if sheet else "not known",
            _percent(share) if share else "")  # fmt: skip


def _others(facts: Facts) -> list[tuple[str, ...]]:
    """What no data sheet promises."""
    rows: list[tuple[str, ...]] = []
    disk, decode = facts.get("disk") or {}, facts.get("decode") or {}
    if disk.get("write"):
        rows.append(("Disk, writing", _bytes(disk["write"]), "", ""))
        read = _bytes(disk["read"]) if disk.get("read") else "a cache answered"
        rows.append(("Disk, reading", read, "", ""))
    if decode.get("value"):
        rows.append(("JPEG pictures decoded, one core", f"{words.short(decode['value'])} a second", "", ""))
    if facts.get("start_microseconds"):
        rows.append(("Starting one operation", words.hours(facts["start_microseconds"] / 3.6e9), "", ""))
    return rows


def _bars(shares: Sequence[Facts], width: int) -> dict[str, Any]:
    """A bar for each promise, the share written behind it; the rule stands at all of it."""
    names = [_name(one["what"]) for one in shares]
    left = math.ceil(min(max(theme.text_width(name) for name in names) + 16, width * 0.48))
    texts = [_percent(one["share"]) for one in shares]
    room = max(map(theme.text_width, texts)) + 16
    most = max(1.0, *(one["share"] for one in shares))
    right = most * (1 + room / max(80.0, width - left - 14 - room))
    places = [len(shares) - 1 - k for k in range(len(shares))]
    per_px = right / max(80.0, width - left - 14)
    notes = [
        theme.text(one["share"], place, text, xshift=theme.clear_of(one["share"], text, 1.0, per_px, 6),
                   font={"color": theme.INK})
        for one, place, text in zip(shares, places, texts, strict=True)
    ]  # fmt: skip
    step = min(1.0, max(0.25, theme.nice_step(right, max(2, int((width - left) / 64)))))
    ticks = [step * place for place in range(int(right / step) + 1)]
    return {
        "data": [{
            "type": "bar", "orientation": "h", "x": [one["share"] for one in shares], "y": places,
            "width": 0.5, "marker": {"color": [theme.S1] * len(shares)},
            "hovertext": [_rate(one["measured"], one["unit"]) for one in shares],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }],
        "layout": theme.layout(
            width, ROW * len(shares) + 62, margin={"l": left, "r": 14, "t": 12, "b": 34},
            xaxis=theme.axis(0, right, ticks, _percent, grid=True),
            yaxis=theme.axis(
                -0.6, len(shares) - 0.4, places, [theme.fit(name, left - 16) for name in names]
            ),
            shapes=[theme.rule(1, 0, 1, 1, theme.S2, dash="dash", width=1.5, yref="paper")],
            annotations=notes,
        ),
    }  # fmt: skip
