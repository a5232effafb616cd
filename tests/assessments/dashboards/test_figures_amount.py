"""The goal against what is possible, and what made rows gain: drawn, cut to size, and whole with holes."""

from __future__ import annotations

import copy
import itertools

import pytest

from assessments.dashboards import figures, svg, theme
from assessments.dashboards.figures import amount


def ends(low, middle, high):
    return {"p05": low, "p50": middle, "p95": high}


FEASIBLE = {
    "probe": "data.feasibility", "state": "measured", "title": "97.0% accuracy is out of reach",
    "note": "It is so.",
    "facts": {
        "metric": "accuracy", "target": 0.97,
        "lower": ends(0.07, 0.088, 0.1), "upper": ends(0.15, 0.18, 0.2),
        "models": {"network": 0.18, "linear discriminant": 0.21},
        "approximate": False, "rows": 1313,
    },
}  # fmt: skip
MADE = {
    "probe": "data.synthetic", "state": "measured", "title": "Made rows do not help here",
    "note": "It is so.",
    "facts": {
        "metric": "accuracy", "score_real": 0.81,
        "methods": [
            {"method": "between neighbours", "gain": -0.4, "low": -0.9, "high": 0.1, "score_made": 0.8,
             "leaks": True, "leaked_rows": 40},
            {"method": "Gaussian copula", "gain": 0.4, "low": -0.3, "high": 1.1, "score_made": 0.79,
             "leaks": False, "leaked_rows": 0},
            {"method": "GAN", "gain": -2.0, "low": -3.0, "high": -1.0, "score_made": 0.6, "leaks": False,
             "leaked_rows": 0},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("finding", [FEASIBLE, MADE])
@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_it_is_drawn_and_stays_small(finding, side):
    (chart,) = figures.of(finding)
    drawn = svg.draw(getattr(chart, side), chart.title, chart.says, "f")
    assert len(drawn.encode()) < 10_000
    assert chart.title == finding["title"]


@pytest.mark.parametrize("finding", [FEASIBLE, MADE])
def test_missing_facts_never_break_the_page(finding):
    for fact, instead in itertools.product(finding["facts"], ("gone", None)):
        holed = copy.deepcopy(finding)
        if instead is None:
            holed["facts"][fact] = None
        else:
            del holed["facts"][fact]
        for part in figures.of(holed):
            assert svg.draw(part.wide, part.title, part.says, "f")


def test_the_goal_stands_among_what_is_possible():
    (chart,) = figures.of(FEASIBLE)
    (rule,) = chart.wide["layout"]["shapes"]
    assert rule["x0"] == 0.97
    assert ("The goal", "97.0%", "") in chart.table.rows
    assert any("Goal 97%" in note["text"] for note in chart.wide["layout"]["annotations"])


def test_the_goal_stands_where_wrong_labels_leave_it():
    finding = copy.deepcopy(FEASIBLE)
    finding["facts"]["label_noise"] = {"rate": 0.2, "low": 0.18, "high": 0.22, "goal": 0.78}
    (chart,) = figures.of(finding)
    assert chart.wide["layout"]["shapes"][0]["x0"] == 0.78
    assert ("The goal, against these labels", "78.0%", "") in chart.table.rows
    assert any("78%, against" in note["text"] for note in chart.wide["layout"]["annotations"])


@pytest.mark.parametrize("goal", [0.55, 0.78, 0.9, 0.99])
def test_a_long_goal_is_not_cut_off(goal):
    finding = copy.deepcopy(FEASIBLE)
    finding["facts"]["label_noise"] = {"rate": 0.2, "low": 0.18, "high": 0.22, "goal": goal}
    (chart,) = figures.of(finding)
    for made in (chart.wide, chart.narrow):
        layout = made["layout"]
        note = next(one for one in layout["annotations"] if ", against" in one["text"])
        low, high = layout["xaxis"]["range"]
        left, right = layout["margin"]["l"], layout["margin"]["r"]
        at = left + (note["x"] - low) / (high - low) * (layout["width"] - left - right) + note["xshift"]
        takes = theme.text_width(note["text"])
        start = at - takes * {"left": 0, "center": 0.5, "right": 1}[note["xanchor"]]
        assert start >= -0.01
        assert start + takes <= layout["width"] + 0.01


def test_a_maker_that_leaks_is_marked_and_told():
    (chart,) = figures.of(MADE)
    assert [note["text"] for note in chart.wide["layout"]["annotations"]].count("−0.4, leaks") == 1
    colours = {trace["marker"]["color"] for trace in chart.wide["data"] if "marker" in trace}
    assert len(colours) == 2
    assert [row[-1] for row in chart.table.rows] == ["none", "40", "none"]


def test_numbers_of_r2_are_no_percentages():
    finding = copy.deepcopy(FEASIBLE)
    finding["facts"] |= {"metric": "R2", "target": 0.9}
    (chart,) = figures.of(finding)
    assert all("%" not in text for text in chart.wide["layout"]["xaxis"]["ticktext"])


def test_ticks_have_the_same_digits():
    assert amount._ticks([0.8, 0.85, 0.9], "accuracy") == ["80%", "85%", "90%"]
    assert amount._ticks([0.0, 0.5], "points") == ["0", "+0.5"]
