"""Odd values and gaps in time as figures."""

import pytest

from assessments.dashboards.figures import BUILDERS, Chart, Listing, values

OUTLIERS = {
    "columns": [
        {"column": "area", "low": 200.0, "median": 550.0, "high": 1900.0, "rows": 17, "worst": 4.2,
         "fault": "unit_mix"}
    ],
    "picture": {
        "column": "area", "fault": "unit_mix", "rows": 500,
        "x": [1, 2, 3, 400], "y": [400.0, 700.0, 300.0, 900.0], "bad_x": [50, 60], "bad_y": [4.2, 7.0],
    },
}  # fmt: skip
TIME = {
    "column": "time",
    "regular": True,
    "step_words": "1 hour",
    "gaps": [{"after": "2024-01-01", "until": "2024-01-04", "missing": 71, "long": "3 days"}],
    "timeline": {"starts": ["2024-01-01", "2024-01-02", "2024-01-03"], "rows": [24, 0, 24], "expected": 24.0},
}
FINDING = {"title": "area is in two units", "note": "17 rows."}


def test_the_worst_column_is_drawn_and_every_column_told():
    chart, listing = values.outliers(OUTLIERS, FINDING)
    assert isinstance(chart, Chart)
    assert isinstance(listing, Listing)
    assert chart.title == "area is in two units"
    assert chart.wide["data"][1]["y"] == [4.2, 7.0]
    assert chart.narrow["layout"]["width"] < chart.wide["layout"]["width"]
    assert listing.table.rows[0][0] == "area"
    assert listing.table.rows[0][4] == "in another unit"


def test_values_of_very_different_size_stand_on_a_log_axis():
    picture = {**OUTLIERS["picture"], "bad_y": [4e5, 7e5]}
    chart = values.outliers({"picture": picture}, FINDING)[0]
    assert chart.wide["layout"]["yaxis"]["type"] == "log"
    negative = {**picture, "bad_y": [-4e5, 7e5]}
    assert values.outliers({"picture": negative}, FINDING)[0].wide["layout"]["yaxis"]["type"] == "linear"


def test_spans_of_time_with_too_few_rows_are_marked():
    chart, listing = values.time_order(TIME, FINDING)
    colours = chart.wide["data"][0]["marker"]["color"]
    assert colours[1] != colours[0] == colours[2]
    assert listing.table.rows == [("2024-01-01", "2024-01-04", "3 days")]
    assert "1 hour" in listing.note


@pytest.mark.parametrize("facts", [{}, {"columns": [], "picture": None}, {"timeline": {}, "gaps": []}])
def test_missing_facts_are_a_figure_less(facts):
    assert values.outliers(facts, {}) == []
    assert values.time_order(facts, {}) == []


def test_both_are_registered():
    assert BUILDERS["data.outliers"] is values.outliers
    assert BUILDERS["data.time_order"] is values.time_order


def test_gaps_whose_times_are_hidden_take_no_bars_with_them():
    facts = {
        "timeline": {"rows": [8, 2, 8], "starts": ["2024-01-01", "2024-01-02", "2024-01-03"], "expected": 8},
        "gaps": [{"steps": 6}],
    }
    (chart,) = values.time_order(facts, {})
    assert chart.kind == "chart"
