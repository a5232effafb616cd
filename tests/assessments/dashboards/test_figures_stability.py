"""Figures of steadiness: few test rows have a row, what learnt nothing has no ratio, the plan is marked."""

from __future__ import annotations

import pytest

from assessments.dashboards import figures
from tests.assessments.dashboards import sample


def parts(name):
    return figures.of(sample.finding(f"hyperparameters.{name}"))


def words_of(drawing):
    return [note["text"] for note in drawing["layout"]["annotations"]]


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_luck_of_few_test_rows_stands_below_what_was_measured(side):
    chart, strip = parts("seed_noise")
    said = words_of(getattr(chart, side))
    assert said[0] == "Everything new, same split"
    assert said[-2] == "What few test rows alone bring about"
    assert [one.label for one in strip.items][:2] == ["Tried once each", "Tried 3 times each"]
    points = [float(one.value) for one in strip.items]
    assert points == sorted(points, reverse=True)


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_a_rate_at_which_nothing_is_learnt_has_no_ratio(side):
    finding = sample.finding("hyperparameters.butterfly")
    rates = finding["facts"]["rates"]
    assert not rates[-1]["learnt"]
    chart = parts("butterfly")[0]
    assert len(getattr(chart, side)["data"][0]["x"]) == sum(one["learnt"] for one in rates)
    assert chart.table.rows[-1][2] == "nothing learnt"
    assert "left out" in chart.note
    assert any(text.startswith("Yours, 0.08") for text in words_of(getattr(chart, side)))


def test_a_change_that_grows_is_told_with_its_size():
    finding = sample.finding("hyperparameters.butterfly")
    finding["facts"]["growth"] = {"steps": [0, 10, 100], "times": [1, 40, 5000]}
    assert figures.of(finding)[1].title == "The change grows 5,000 times while training"


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_the_planned_rate_the_good_ones_and_the_edge_are_marked(side):
    (chart,) = parts("learning_rate")
    drawing = getattr(chart, side)
    assert {"Breaks", "Yours, 0.08"} <= set(words_of(drawing))
    assert [shape["type"] for shape in drawing["layout"]["shapes"]] == ["rect", "line", "line"]
    finding = sample.finding("hyperparameters.learning_rate")
    finding["facts"]["edge"] = None
    (calm,) = figures.of(finding)
    assert "Breaks" not in words_of(getattr(calm, side))


@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_own_and_new_rows_are_lines_over_the_width(side):
    chart, tried, counts = parts("overfitting")
    drawing = getattr(chart, side)
    assert [line["line"]["dash"] for line in drawing["data"]] == ["dash", "solid"]
    assert {"Own rows", "New rows", "Yours"} <= set(words_of(drawing))
    assert tried.table.rows[0][0] == "As planned"
    assert counts.items[0].label == "Parameters of the model"


def test_every_condition_of_a_repetition_is_a_row():
    (listing,) = parts("repeatability")
    assert listing.table.rows[0][:3] == ("The same once more", "Yes", "0%")
    assert listing.table.rows[-1][3] == "No"  # the plan fixes a seed
