"""Rows without holes."""

from __future__ import annotations

from assessments.dashboards import arrange
from assessments.dashboards.figures.chart import Chart, Listing, Strip
from assessments.dashboards.page import Dimension, Drawn, Row, Told


def part(width: str, kind=Chart) -> Drawn:
    return Drawn(kind("Title", width=width), "id")


def test_figures_stand_in_pairs_and_answers_fill_the_gap():
    strip, most, halves = part("full", Strip), part("most"), [part("half") for _ in range(3)]
    rows = arrange.rows_of([halves[0], most, halves[1], strip, halves[2]], told=True)
    assert [[*row.items] for row in rows] == [[strip], [most], halves[:2], halves[2:]]
    assert [row.told for row in rows] == [False, True, False, False]
    rows = arrange.rows_of(halves, told=True)
    assert [row.told for row in rows] == [False, True]


def test_what_stands_alone_fills_its_row():
    (row,) = arrange.rows_of([part("half", Listing)], told=False)
    assert row.css == ""
    for width in ("half", "most"):
        (row,) = arrange.rows_of([part(width)], told=False)
        assert row.spread


def test_charts_pair_with_charts_and_tables_with_tables():
    one, two, table, other = part("half"), part("half"), part("half", Listing), part("half", Listing)
    rows = arrange.rows_of([table, one, other, two], told=False)
    assert [[*row.items] for row in rows] == [[table, other], [one, two]]
    rows = arrange.rows_of([one, table], told=False)
    assert [[*row.items] for row in rows] == [[one, table]]


def test_two_small_sections_share_a_line_and_others_do_not():
    small = [
        Dimension(40, 20, 60, "moderate", id=n, rows=arrange.rows_of([part("half")], told=False))
        for n in "ab"
    ]
    large = Dimension(40, 20, 60, "moderate", id="c", rows=arrange.rows_of([part("full")], told=False))
    assert arrange.sections_of([large, *small, large]) == [[large], small, [large]]
    told = Dimension(
        40, 20, 60, "moderate", id="d", rows=[Row([part("half")], "grid two", told=True)], told=Told([], 0, 3)
    )
    assert arrange.sections_of([small[0], told]) == [[small[0]], [told]]
    assert arrange.sections_of([*small, small[0]]) == [small, [small[0]]]


def test_what_says_nothing_is_wrong_is_folded_behind_what_does():
    def findings(wrong, well):
        levels = ["high"] * wrong + ["minimal"] * well
        return [{"state": "measured", "level": level} for level in levels]

    assert arrange.shown_of(findings(0, 10)) == arrange.SHOWN_LEAST
    assert arrange.shown_of(findings(arrange.SHOWN_LEAST + 1, 10)) == arrange.SHOWN_LEAST + 1
    assert arrange.shown_of(findings(20, 0)) == arrange.SHOWN_MOST
    assert arrange.shown_of([{"state": "skipped", "level": "unknown"}] * 20) == arrange.SHOWN_LEAST
