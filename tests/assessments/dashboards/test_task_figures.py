"""Figures of several tasks, of re-use, of unseen sites and of lost inputs."""

from __future__ import annotations

import pytest

from assessments.dashboards import figures
from tests.assessments.dashboards import sample


def of(name):
    finding = sample.finding(f"flexibility.{name}")
    return finding, figures.of(finding)


def test_three_tasks_have_a_table_of_who_hurts_whom_and_two_have_not():
    finding, parts = of("interference")
    assert [part.wide["data"][-1]["type"] for part in parts] == ["scatter", "heatmap"]
    assert parts[1].table.rows[0][1] == ""  # a task beside itself
    facts = finding["facts"]
    facts["tasks"], facts["effects"] = facts["tasks"][:2], [row[:2] for row in facts["effects"][:2]]
    assert len(figures.of(finding)) == 1


def test_a_task_that_cannot_be_learnt_is_told_beside_its_name():
    finding, _ = of("interference")
    finding["facts"]["tasks"][0]["learnable"] = False
    chart = figures.of(finding)[0]
    names = [note["text"] for note in chart.wide["layout"]["annotations"]]
    assert "character (cannot be learnt)" in names
    assert "no" in chart.table.rows[0]


def test_a_task_that_the_planned_network_is_too_small_for_is_told_under_the_figure():
    finding, parts = of("interference")
    assert "larger network" not in parts[0].note
    finding["facts"]["tasks"][0]["learnt_by"] = "large"
    assert "Alone, character had a larger network than the planned one" in figures.of(finding)[0].note


def test_a_way_of_re_use_that_does_not_get_there_says_how_far_it_comes():
    finding, parts = of("reuse")
    assert len(parts) == len(finding["facts"]["scenarios"]) == 2
    texts = [note["text"] for note in parts[0].wide["layout"]["annotations"]]
    worst = next(one for one in finding["facts"]["scenarios"] if one["id"] == finding["facts"]["worst"])
    never = [one for one in worst["options"] if one["computing"] is None]
    assert sum(text.startswith("only ") and text.endswith(" points") for text in texts) == len(never) > 0
    assert "the cheapest re-use" in parts[1].says or "no way of re-use gets there" in parts[1].says
    assert ["not reached" in row for row in parts[0].table.rows].count(True) == len(never)


def test_the_worst_source_stands_first():
    finding, (chart,) = of("site_gap")
    assert chart.table.rows[0][0] == finding["facts"]["worst"]
    assert "shuffled" in chart.note


def test_parts_of_pictures_are_drawn_where_they_are():
    finding, parts = of("input_loss")
    grid = parts[1].table.rows
    assert [row[0] for row in grid] == ["Top", "Middle", "Bottom"]
    centre = next(one for one in finding["facts"]["inputs"] if one["name"] == "the centre")
    assert grid[1][2] == f"−{centre['filled']:.1f}"
    finding["facts"]["inputs"] = [dict(one, kind="column") for one in finding["facts"]["inputs"]]
    assert len(figures.of(finding)) == 1


@pytest.mark.parametrize("name", ["interference", "reuse", "site_gap", "input_loss"])
def test_missing_facts_mean_one_figure_less(name):
    finding, _ = of(name)
    finding["facts"] = {"faults": []}
    assert figures.of(finding) == []


def test_scores_that_count_rare_answers_for_more_are_told_as_such():
    finding, (chart, *_) = of("forgetting")
    assert "Rare answers" not in chart.note
    finding["facts"] |= {"metric": ["accuracy", "balanced accuracy"], "surrogate": {"caveats": []}}
    assert "Rare answers count as much as common ones." in figures.of(finding)[0].note
