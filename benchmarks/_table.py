"""Writes ``docs/measured.md`` from the results: what was asked of each method, and what it reached.

python -m benchmarks._table
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "measured.md"
HEAD = """# What was measured

Written by `make bench` from `benchmarks/results/`; nothing here is typed by hand. A figure that misses its
bar stays in the table. Times are ratios within one run, because machines are noisy.
"""


def main() -> None:
    parts = [HEAD]
    results = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    for name, result in results.items():
        if "figures" in result:
            parts.append(figures(name, result))
        if name == "memory":
            parts.append(memory(result))
        if name == "published":
            parts.append(published(result))
    if "planted" in results:
        parts.append(planted(results["planted"]))
    if "faulty" in results:
        parts.append(faulty(results["faulty"]))
    PAGE.write_text("\n".join(parts), "utf-8")
    print(f"Wrote {PAGE.name}")


def figures(name: str, result: Mapping[str, Any]) -> str:
    rows = [
        [one["name"], one["bar"], _value(one["value"]), "yes" if one["reached"] else "**no**"]
        for one in result["figures"]
    ]
    return _section(f"{result.get('what', name)}", result) + _table(
        ["Figure", "Bar", "Measured", "Reached"], rows
    )


def memory(result: Mapping[str, Any]) -> str:
    rows = [
        [one["what"], one["published_gb"], f"{one['low']} to {one['high']}", one["mid"], one["rule_gb"],
         one["source"]]
        for one in result["published"]
    ]  # fmt: skip
    head = ["Training", "Published, GB", "Forecast, GB", "Middle", "Rule of bytes a parameter", "Source"]
    return "\n" + _table(head, rows)


def published(result: Mapping[str, Any]) -> str:
    groups = [
        [
            name,
            one["runs"],
            one["families"],
            f"{one['inside']:.0%}",
            one["faster"],
            one["slower"],
            f"{one['geometric_mean']:.2f}",
            f"{one['within_factor']:.0%}",
        ]
        for name, one in result["groups"].items()
    ]
    runs = [
        [one["name"], one["family"], "held out" if one["held_out"] else "fitted", one["devices"],
         f"{one['published']:,.0f}", f"{one['p50']:,.0f}", f"{one['ratio']:.2f}",
         f"{one['p10']:,.0f} to {one['p90']:,.0f}", "yes" if one["inside"] else "**no**", one["says"],
         one["source"]]
        for one in result["runs"]
    ]  # fmt: skip
    return (
        "\nThe level and the spread of the forecast are fitted to every second model family in alphabetical"
        " order; the others are held out. Last, each family is forecast by what all others teach:\n\n"
        + _table(["Runs", "Number", "Families", "Inside 10 to 90 %", "Faster", "Slower",
                  "Forecast over published, geometric mean", "Within a factor of 1.6"], groups)
        + "\nDevice hours of each, forecast from its plan:\n\n"
        + _table(["Run", "Family", "Level", "Devices", "Published hours", "Forecast", "Ratio", "10 to 90 %",
                  "Inside", "What is known", "Source"], runs)
    )  # fmt: skip


def planted(result: Mapping[str, Any]) -> str:
    rows = [
        [
            f"`{one['probe']}`",
            one["fault"],
            one["sets"],
            f"{one['found']} of {one['of']}",
            "; ".join(one["missed"]),
        ]
        for one in result["faults"]
    ]
    clean = [
        [f"`{probe}`", f"{one['false_alarms']} of {one['of']}"]
        for probe, one in sorted(result["clean"].items())
    ]
    return (
        _section("Faults planted into clean sets, over several seeds", result)
        + _table(["Probe", "Fault", "Sets", "Found", "Missed"], rows)
        + "\n"
        + _table(["Probe", "False alarms on the clean twins"], clean)
    )


def faulty(result: Mapping[str, Any]) -> str:
    rows = [
        [one["set"], one["fault"], "yes" if one["found"] else "**no**", _value(one.get("recall", "")),
         _value(one.get("precision", "")), one["why"]]
        for one in result["planted"]
    ]  # fmt: skip
    named = [
        [
            one["set"],
            one["fault"],
            one["severity"],
            ", ".join(map(str, one.get("columns", one.get("classes", ())))),
        ]
        for one in result["named_in_clean_sets"]
    ]
    return (
        _section("Whole sets with faults of known place", result)
        + _table(["Set", "Fault", "Found", "Recall", "Precision", ""], rows)
        + "\nNamed in the sets without planted faults; most of them have these by nature:\n\n"
        + _table(["Set", "Fault", "Severity", "Where"], named)
    )


def _section(title: str, result: Mapping[str, Any]) -> str:
    return f"\n## {title[:1].upper()}{title[1:]}\n\nMeasured {result['measured'][:10]}.\n\n"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |\n" for line in lines)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
