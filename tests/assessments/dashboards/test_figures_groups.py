"""Slices are drawn with intervals against all rows; the figure copes with facts that are missing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from assessments.dashboards import figures, svg
from assessments.dashboards.figures import groups
from assessments.dashboards.figures.chart import Chart, Listing


def one(name, error, *, weak=False, rows=120):
    return {
        "slice": name, "columns": ["site"], "rows": rows, "judged": rows, "error": error, "low": error * 0.7,
        "high": min(1, error * 1.4 + 0.02), "expected": 0.06, "weak": weak, "found": weak,
    }  # fmt: skip


FACTS = {
    "slices": [
        one("site is Essen and age above 47.5 and device is a very long name indeed", 0.35, weak=True),
        *(one(f"site is {k}", 0.03 + 0.01 * k) for k in range(12)),
    ],
    "average": 0.08,
    "rows_judged": 1500,
    "null": {"rate": 0.0},
    "faults": [
        {"fault": "weak_slice", "severity": "high", "columns": ["site"], "note": "Weak."},
        {
            "fault": "rare_group",
            "severity": "low",
            "columns": ["class"],
            "note": "Too few rows to judge class *.",
        },
    ],
}
FINDING = {
    "probe": "data.coverage",
    "state": "measured",
    "title": "Where site is Essen: 4 times",
    "facts": FACTS,
}


def test_weak_slices_are_drawn_first_and_told_with_their_rows():
    chart, listing = figures.of(FINDING)
    assert isinstance(chart, Chart)
    assert isinstance(listing, Listing)
    assert chart.table.rows[0][0].startswith("site is Essen")
    assert len(chart.table.rows) == 13
    assert len(chart.wide["data"]) == groups.SHOWN
    assert [row[1] for row in listing.table.rows] == ["Too few to judge"]


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_it_is_drawn_at_both_widths(side):
    chart, _ = groups.coverage(FACTS, FINDING)
    drawn = svg.draw(getattr(chart, side), chart.title, chart.says, "slices")
    root = ElementTree.fromstring(str(drawn))
    assert "120 rows" in "".join(root.itertext())


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_no_rule_runs_through_the_names(side):
    chart, _ = groups.coverage(FACTS, FINDING)
    layout = getattr(chart, side)["layout"]
    frame = svg.Frame(layout)
    names = [note for note in layout["annotations"] if str(note["text"]).startswith("site")]
    boxes = [svg.text_box(note, frame) for note in names]
    assert len(boxes) == groups.SHOWN
    for shape in layout["shapes"]:
        top, bottom = sorted(frame.place("y", shape[end]) for end in ("y0", "y1"))
        assert not any(top < box[3] and bottom > box[1] for box in boxes)


def test_blue_is_only_told_of_where_a_group_is_weak():
    assert "weak groups in blue" in figures.of(FINDING)[0].subtitle
    strong = [{**slice_, "weak": False} for slice_ in FACTS["slices"]]
    assert "blue" not in figures.of({**FINDING, "facts": {**FACTS, "slices": strong}})[0].subtitle


@pytest.mark.parametrize("gone", [*FACTS, "all"])
def test_missing_facts_are_one_figure_less(gone):
    facts = {} if gone == "all" else {key: value for key, value in FACTS.items() if key != gone}
    for part in groups.coverage(facts, {}):
        assert part.title
