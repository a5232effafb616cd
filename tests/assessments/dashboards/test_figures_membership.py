"""What leaks from a model: drawn from whole facts, and never broken by missing ones."""

from __future__ import annotations

import copy
import itertools

import pytest

from assessments.dashboards import figures, svg
from tests.assessments.dashboards import sample

LEAK = {**sample.finding("security.membership"), "noun": ("picture", "pictures")}
COPY = {**sample.finding("security.extraction"), "noun": ("picture", "pictures")}


@pytest.mark.parametrize("finding", [LEAK, COPY])
def test_every_chart_is_drawn_and_stays_small(finding):
    charts = [part for part in figures.of(finding) if part.kind == "chart"]
    assert len(charts) == (2 if finding is LEAK else 1)
    for chart, side in itertools.product(charts, ("wide", "narrow")):
        drawn = svg.draw(getattr(chart, side), chart.title, chart.says, "f")
        assert len(drawn.encode()) < 10_000


@pytest.mark.parametrize("finding", [LEAK, COPY])
def test_missing_facts_never_break_the_page(finding):
    for fact, instead in itertools.product(finding["facts"], ("gone", None)):
        holed = copy.deepcopy(finding)
        if instead is None:
            holed["facts"][fact] = None
        else:
            del holed["facts"][fact]
        for part in figures.of(holed):
            if part.kind == "chart":
                assert svg.draw(part.wide, part.title, part.says, "f")


def test_the_curve_shows_the_value_at_one_percent():
    curve = figures.of(LEAK)[0]
    said = [note["text"] for note in curve.wide["layout"]["annotations"]]
    assert f"{LEAK['value']:.1%}" in said
    assert "1% wrong" in said
    assert ("1%", f"{LEAK['value']:.1%}") in curve.table.rows


def test_what_would_help_never_hides_its_price():
    """The title names what is worth its price, with the score that is left; nothing where nothing is."""
    helps = figures.of(LEAK)[1]
    fair = LEAK["facts"]["mitigations"][0]["value"]
    assert f"{fair:.1%}" in helps.title
    assert "accuracy" in helps.title
    assert helps.table.rows[0][0] == "As planned"
    assert len(helps.table.rows) == 1 + len(LEAK["facts"]["what_ifs"])
    dear = copy.deepcopy(LEAK)
    dear["facts"]["mitigations"] = []
    assert "helps little or costs much" in figures.of(dear)[1].title
    del dear["facts"]["mitigations"]
    assert "little" not in figures.of(dear)[1].title


def test_exposed_rows_are_named_by_place_alone():
    places = next(part for part in figures.of(LEAK) if part.kind == "listing" and "given away" in part.title)
    wanted = [example["place"]["file"] for example in LEAK["facts"]["examples"]][:8]
    assert [row[0] for row in places.table.rows] == wanted


def test_the_cost_of_a_copy_stands_in_the_table_and_the_bar_in_the_chart():
    (chart,) = figures.of(COPY)
    assert chart.table.rows[0][-1] == "over 5,000"
    assert any("A copy: 95%" in note["text"] for note in chart.wide["layout"]["annotations"])
    assert len(chart.wide["data"]) == 1 + len(COPY["facts"]["ways"])
