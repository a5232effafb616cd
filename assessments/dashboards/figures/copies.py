"""The figures of copies: what is there twice, what the test shares with training, labels that contradict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Picture, Pictures, Table, noun

Facts = Mapping[str, Any]
ROWS_SHOWN = 8
CHANGED = {"alike": "nearly the same", "equal": "the same", "mirrored": "mirrored", "turned": "turned",
           "cut out": "a part of it"}  # fmt: skip
SHARES = {
    "duplicates_across_split": "Equal {rows}",
    "near_duplicates_across_split": "Nearly equal {rows}",
    "items_across_split": "The same {columns}",
    "group_across_split": "The same {columns}",
    "time_across_split": "Older than training",
    "overlapping_windows_random_split": "Windows that overlap",
    "neighbouring_samples": "Neighbours in the file",
}


def duplicates(facts: Facts, finding: Facts) -> list[Part]:
    """Rows or files that are there more than once; pairs of pictures as pictures."""
    pairs = facts.get("pairs") or []
    if not pairs:
        return []
    parts = [_twins(facts)] if facts.get("twins") else []
    groups: dict[str, list[str]] = {}
    for first, *others in pairs:
        groups.setdefault(words.place(first), []).extend(words.place(other) for other in others)
    shown = list(groups.items())[:ROWS_SHOWN]
    counted = [
        (words.count(facts.get("exact") or 0, "exact copy", "exact copies"), "exact"),
        (words.count(facts.get("near") or 0, "near copy", "near copies"), "near"),
    ]
    note = "The whole upload, compared after trimming and rounding"
    if (facts.get("expected_by_chance") or 0) >= 0.05:
        note += f"; {words.number(facts['expected_by_chance'])} expected by chance"
    listing = Listing(
        finding.get("title") or "These are there more than once",
        words.and_list(text for text, key in counted if facts.get(key)),
        note,
        table=Table(("This one", "is also here"), [(place, _several(others)) for place, others in shown]),
        more=_more(len(groups), len(shown)),
    )
    return [*parts, listing]


def _twins(facts: Facts) -> Part:
    items = []
    for pair in facts["twins"][:3]:
        first, second = pair["images"]
        places = [words.place(place) for place in pair.get("places") or ("", "")]
        items.append(Picture(first, places[0], "this one"))
        items.append(Picture(second, places[1], CHANGED.get(pair.get("how"), str(pair.get("how")))))
    total = (facts.get("exact") or 0) + (facts.get("near") or 0)
    shown = len(items) // 2
    subtitle = "Each beside its copy" if total <= shown else f"{shown} pairs of {words.number(total)}"
    note = "Compared at full stored size, also mirrored, turned and cut; copies are closer than neighbours"
    return Pictures("These pictures are the same", subtitle, note, items=items)


def split_overlap(facts: Facts, finding: Facts) -> list[Part]:
    """Share of the test part that training knows, by how; and the pairs of rows."""
    overlaps = [one for one in facts.get("overlaps") or [] if one.get("fault") in SHARES]
    if not overlaps:
        return []
    _, rows = noun(finding)
    names = [_overlap(one, rows) for one in overlaps]
    held = facts.get("held") or "test"
    note = f"{words.number(facts.get('tested') or 0)} {held} {rows}"
    note += "; a split made here at random" if facts.get("split") == "ours" else "; the split as it came"
    impact = facts.get("impact") or {}
    if impact.get("difference") is not None:
        metric = str(impact.get("metric") or "score")
        note += (
            f". A nearest neighbour reaches {words.metric(impact['all'], metric)} with the {rows} that they"
            f" share, {words.metric(impact['without'], metric)} without"
        )
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or f"What the {held} part shares with training",
            subtitle=f"Share of {held} {rows} that training knows",
            note=note,
            wide=_bars(overlaps, names, theme.WIDTHS["half"]),
            narrow=_bars(overlaps, names, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("What is shared", words.first_up(rows), "Share", "What to do"),
                [
                    (
                        name,
                        words.number(one["rows"]),
                        words.percent(one["share"]),
                        str(one.get("how_to") or ""),
                    )
                    for name, one in zip(names, overlaps, strict=True)
                ],
                frozenset({1, 2}),
            ),
        )
    ]
    pairs = facts.get("pairs") or []
    if pairs:
        shown = [(words.place(a), words.place(b)) for a, b in pairs[:ROWS_SHOWN]]
        parts.append(Listing(
            f"These {held} {rows} stand in the training part", "", "Compared after trimming and rounding",
            table=Table((words.first_up(f"{held} part"), "Training part"), [(b, a) for a, b in shown]),
            more=_more(len(pairs), len(shown)),
        ))  # fmt: skip
    return parts


def _overlap(one: Facts, rows: str) -> str:
    columns = ", ".join(map(str, (one.get("columns") or [])[:2])) or "item"
    return SHARES[one["fault"]].format(rows=rows, columns=columns)


def _bars(overlaps: list[Facts], names: list[str], width: int) -> dict[str, Any]:
    names = [theme.fit(name, width * 0.4) for name in names]
    room = max(theme.text_width(name) for name in names) + 18
    places = [len(names) - 1 - i for i in range(len(names))]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [one["share"] for one in overlaps],
        "y": places,
        "width": 0.56,
        "marker": {"color": [theme.S5 if one.get("severity") == "low" else theme.S1 for one in overlaps]},
        "hovertemplate": "%{x:.1%}<extra></extra>",
    }
    notes = [
        theme.text(one["share"], place, words.percent(one["share"]), xshift=6)
        for one, place in zip(overlaps, places, strict=True)
    ]
    return {
        "data": [bars],
        "layout": theme.layout(
            width,
            44 * len(names) + 24,
            margin={"l": round(min(room, width * 0.46)), "r": 54, "t": 8, "b": 16},
            xaxis=theme.axis(0, max([*(one["share"] for one in overlaps), 1e-6]), [], []),
            yaxis=theme.axis(-0.6, len(names) - 0.4, places, names),
            annotations=notes,
        ),
    }


def label_conflicts(facts: Facts, finding: Facts) -> list[Part]:
    """Pairs of equal inputs with the labels that they carry."""
    examples = facts.get("examples") or []
    if not examples:
        return []
    _, rows = noun(finding)
    shown = examples[:ROWS_SHOWN]
    note = f"{words.number(facts.get('equal_inputs') or 0)} {rows} have an equal one"
    expected = (facts.get("null") or {}).get("against") or 0
    if expected >= 1:
        note += f"; about {words.number(expected)} contradictions are chance where inputs are few"
    if facts.get("ceiling") is not None and facts.get("task") != "regression":
        note += f"; no model can be right more often than {words.percent(facts['ceiling'])} here"
    return [
        Listing(
            finding.get("title") or "Equal inputs are labelled differently",
            f"Equal {rows} and their {facts.get('target') or 'label'}",
            note,
            table=Table(
                ("This one", "is labelled", "Its equal", "is labelled"),
                [
                    (words.place(one["places"][0]), str(one["labels"][0]),
                     words.place(one["places"][1]), str(one["labels"][1]))
                    for one in shown
                ],
            ),
            more=_more(int(facts.get("against") or len(examples)), len(shown)),
        )
    ]  # fmt: skip


def _several(places: list[str]) -> str:
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more


def _more(total: int, shown: int) -> str:
    return f"and {words.number(total - shown)} more in the report's data" if total > shown else ""
