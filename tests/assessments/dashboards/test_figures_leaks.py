"""Figures of leaks, drift and repeated columns: on whole facts, and on facts with holes."""

from __future__ import annotations

import copy
import itertools
from xml.etree import ElementTree

import pytest

from assessments.dashboards import figures, svg, theme
from assessments.dashboards.figures.chart import Chart, Listing

LEAK = {
    "metric": "AUC",
    "null": {"value": 0.04},
    "columns": [
        {"name": "boat_code", "score": 1.0, "suspect": True},
        {"name": "a column with a very long name that nobody can read in one line", "score": 0.74},
        {"name": "age", "score": 0.5, "suspect": False},
    ],
    "refit": {"with": 1.0, "without": 0.82, "metric": "accuracy", "columns": ["boat_code"]},
}
DRIFT = {
    "parts": ["train", "test"],
    "auc": 0.98,
    "columns": [
        {"name": "mean_radius", "distance": 0.53, "alarm": True},
        {"name": "mean_area", "distance": 0.05, "alarm": False},
    ],
}
STEPS = {
    "faults": [
        {"fault": "unit_change", "columns": ["load"], "from_row": 1769, "from_time": "2024-05-13 17:00",
         "note": "From row 1,769 on load is times 10."},
    ],
}  # fmt: skip
REDUNDANT = {
    "groups": [{"columns": ["a", "b", "c", "d", "e"], "how": "correlated", "score": 0.99}] * 10,
    "compared": 14,
    "intrinsic_dimension": {"value": 4.2, "low": 3.9, "high": 4.6},
}
FACTS = [
    ("data.target_leak", LEAK),
    ("data.drift", DRIFT),
    ("data.drift", STEPS),
    ("data.redundancy", REDUNDANT),
]


def shown(probe, facts):
    return figures.of(
        {"probe": probe, "state": "measured", "facts": facts, "note": "A note.", "title": "A takeaway"}
    )


@pytest.mark.parametrize(("probe", "facts"), FACTS)
def test_each_has_a_figure_with_the_takeaway_on_top(probe, facts):
    parts = shown(probe, facts)
    assert parts
    assert parts[0].title == "A takeaway"


@pytest.mark.parametrize(("probe", "facts"), FACTS)
def test_facts_that_are_missing_or_empty_never_break_the_page(probe, facts):
    for fact, instead in itertools.product(facts, ("gone", None)):
        holed = copy.deepcopy(facts)
        if instead is None:
            holed[fact] = None
        else:
            del holed[fact]
        shown(probe, holed)
    assert shown(probe, {"faults": []}) == []


@pytest.mark.parametrize(("probe", "facts"), FACTS[:2])
def test_bars_are_drawn_inside_their_place_and_suspects_are_blue(probe, facts):
    chart = shown(probe, facts)[0]
    assert isinstance(chart, Chart)
    for one in (chart.wide, chart.narrow):
        ElementTree.fromstring(svg.draw(one, chart.title, chart.says, "f"))
        frame = svg.Frame(one["layout"])
        for note in one["layout"]["annotations"]:
            left, _, right, _ = svg.text_box(note, frame)
            assert 0 <= left < right <= one["layout"]["width"] + 1
    assert chart.wide["data"][0]["marker"]["color"][:2] == [theme.S1, theme.S5]


def test_what_is_left_without_the_suspects_is_told():
    _, table = shown("data.target_leak", LEAK)
    assert isinstance(table, Listing)
    assert table.table.rows == [("All, with boat_code", "100%"), ("Without", "82%")]


def test_long_lists_of_groups_are_cut():
    (listing,) = shown("data.redundancy", REDUNDANT)
    assert len(listing.table.rows) == 8
    assert listing.more == "and 2 more groups"
    assert "3.9 to 4.6 directions" in listing.note


def test_one_column_that_gives_nothing_away_is_no_figure():
    facts = {"metric": "AUC", "columns": [{"name": "id", "score": 0.5, "suspect": False}]}
    assert shown("data.target_leak", facts) == []


def test_a_suspect_whose_bar_says_nothing_is_explained():
    facts = {
        "metric": "R2",
        "null": {"value": 0.0},
        "columns": [{"name": "smooth", "score": 0.0, "suspect": True}, {"name": "age", "score": 0.7}],
    }
    (chart,) = shown("data.target_leak", facts)
    assert "a suspect with a short bar was found by how it is made" in chart.note
