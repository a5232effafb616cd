"""The figures of tuning: the curve, the settings that matter, the simple models."""

from __future__ import annotations

import pytest

from assessments.dashboards import figures
from tests.assessments.dashboards import sample

PROBES = ("tuning_gap", "importance", "baseline")


@pytest.mark.parametrize("name", PROBES)
def test_every_figure_is_drawn_for_wide_and_narrow(name):
    finding = sample.finding(f"hyperparameters.{name}")
    chart = figures.of(finding)[0]
    assert chart.wide["layout"]["width"] > chart.narrow["layout"]["width"]
    assert chart.title == finding["title"]
    assert chart.table.rows


@pytest.mark.parametrize("name", PROBES)
def test_missing_facts_leave_a_figure_out(name):
    finding = sample.finding(f"hyperparameters.{name}")
    assert figures.of({**finding, "facts": {"metric": "accuracy"}}) == []


def test_the_curve_shows_the_planned_setting_and_what_is_worth_it():
    finding = sample.finding("hyperparameters.tuning_gap")
    chart, listing = figures.of(finding)
    said = [note["text"] for note in chart.wide["layout"]["annotations"]]
    assert any(text.startswith("Your setting") for text in said)
    assert any(text == f"Worth it: {finding['facts']['worth']}" for text in said)
    assert [row[0] for row in listing.table.rows] == list(finding["facts"]["best"])


def test_a_setting_as_good_as_tuned_needs_no_listing():
    finding = sample.finding("hyperparameters.tuning_gap")
    facts = {**finding["facts"], "verdict": "as_good"}
    assert len(figures.of({**finding, "facts": facts})) == 1


def test_settings_that_chance_explains_are_grey():
    finding = sample.finding("hyperparameters.importance")
    colours = figures.of(finding)[0].wide["data"][0]["marker"]["color"]
    trusted = [one["trusted"] for one in finding["facts"]["settings"]][: len(colours)]
    assert [colour == colours[trusted.index(True)] for colour in colours] == trusted


def test_the_plan_stands_first_among_the_models():
    chart = figures.of(sample.finding("hyperparameters.baseline"))[0]
    assert chart.table.rows[0][0] == "Planned network"
