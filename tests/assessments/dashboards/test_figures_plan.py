"""The figure of the plan's review: the most serious first, each with its place and its repair."""

from assessments.dashboards import figures
from tests.assessments.dashboards import sample


def test_each_risk_has_its_place_its_reason_and_its_repair():
    finding = sample.finding("hyperparameters.plan_review")
    (listing,) = figures.of(finding)
    levels = [row[0] for row in listing.table.rows]
    assert levels == sorted(levels, key=["Serious", "Moderate", "Remark"].index)
    assert listing.table.rows[0][1] == "data.augment_before_split"
    assert all(cell for row in listing.table.rows for cell in row)
    assert "rules" in listing.note


def test_a_missing_key_and_many_places_are_told():
    finding = sample.finding("hyperparameters.plan_review")
    faults = [
        {"fault": "no_seed", "severity": "low", "key": "", "note": "No seed.", "repair": "Fix it."},
        {"fault": "a", "severity": "high", "key": "x", "keys": ["x", "y", "z"], "note": "N.", "repair": "R."},
    ]
    finding["facts"]["faults"] = faults
    (listing,) = figures.of(finding)
    assert [row[1] for row in listing.table.rows] == ["x and 2 more", "not in the plan"]


def test_a_sound_plan_has_no_figure_and_a_long_list_says_how_much_is_left():
    finding = sample.finding("hyperparameters.plan_review")
    one = finding["facts"]["faults"][0]
    finding["facts"]["faults"] = [one] * 20
    assert figures.of(finding)[0].more == "and 6 more in the report's data"
    finding["facts"]["faults"] = []
    assert figures.of(finding) == []
