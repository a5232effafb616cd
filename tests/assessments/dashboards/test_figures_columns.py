"""Figures of gaps and of mixed-up columns: on whole facts, and on facts with holes."""

from __future__ import annotations

import copy
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from assessments.dashboards import figures, svg, theme
from assessments.dashboards.figures.chart import Chart, Listing

GAPS = {
    "columns_with_gaps": 14,
    "whole_rows": 606,
    "columns": [
        {"name": "age", "missing": 707, "share": 0.54, "plain": 700, "sentinels": {"-1": 7}, "words": {}},
        {
            "name": "a column with a very long name that nobody can read in one line",
            "missing": 13,
            "share": 0.01,
            "plain": 13,
        },
        {"name": "cabin", "missing": 1313, "share": 1.0, "plain": 0, "words": {"n/a": 1000, "?": 313}},
    ],
}
MIXED = {
    "columns_judged": 12,
    "faults": [
        {
            "fault": "category_variants",
            "severity": "high",
            "columns": ["sex"],
            "groups": [{"kept": "male", "others": {"Male": 3, "male ": 2}}],
        },
        {"fault": "missing_tokens", "severity": "medium", "columns": ["age"], "words": {"n/a": 9}},
        {"fault": "mixed_date_formats", "severity": "low", "columns": ["day"], "forms": {"2024-12-31": 900}},
        {"fault": "constant_columns", "columns": ["a", "b", "c", "d", "e"], "note": "One value only."},
        {"fault": "something_new", "columns": ["x"]},
    ],
}


def finding(probe, facts):
    return {
        "probe": probe,
        "state": "measured",
        "facts": facts,
        "title": "T",
        "note": "N",
        "sample": 1313,
        "unit": "share",
    }


def parts(probe, facts):
    return figures.of(finding(probe, facts))


def test_gaps_are_bars_with_what_hides_them():
    (chart,) = parts("data.missing", GAPS)
    assert isinstance(chart, Chart)
    assert "606 of 1,313" in chart.note
    assert len(chart.wide["data"]) == 2
    assert chart.table.rows[2][3] == "“n/a” in 1,000, “?” in 313"


@pytest.mark.parametrize(
    ("side", "width"), [("wide", theme.WIDTHS["half"]), ("narrow", theme.WIDTHS["narrow"])]
)
def test_the_bars_are_drawn_in_both_widths(side, width):
    (chart,) = parts("data.missing", GAPS)
    drawing = getattr(chart, side)
    assert go.Figure(drawing).to_dict()["data"]
    assert drawing["layout"]["width"] == width
    ElementTree.fromstring(svg.draw(drawing, chart.title, chart.says, "f"))


def test_mixed_columns_are_a_table_with_examples():
    (listing,) = parts("data.types", MIXED)
    assert isinstance(listing, Listing)
    assert listing.table.rows[0] == ("sex", "One thing in several ways", "“male” as “Male”, “male ”")
    assert listing.table.rows[3][0] == "a, b, c and 2 more"


@pytest.mark.parametrize("probe", ["data.missing", "data.types"])
def test_facts_with_holes_make_no_figure_and_no_crash(probe):
    assert parts(probe, {}) == []
    assert parts(probe, {"faults": [], "columns": []}) == []


@pytest.mark.parametrize(("probe", "facts"), [("data.missing", GAPS), ("data.types", MIXED)])
def test_any_missing_fact_is_survived(probe, facts):
    for name in facts:
        some = copy.deepcopy(facts)
        del some[name]
        parts(probe, some)
