"""Copies are drawn as pairs, overlap as bars, contradicting labels as a table; no facts, no figure."""

from __future__ import annotations

import pytest

from assessments.dashboards import figures
from assessments.dashboards.figures import copies

FINDING = {"title": "T", "note": "N", "noun": ("row", "rows")}
PAIRS = [[{"row": 3}, {"row": 103}], [{"row": 3}, {"row": 104}], [{"row": 5}, {"row": 105}]]


def test_copies_are_listed_beside_their_first():
    (listing,) = copies.duplicates({"pairs": PAIRS, "exact": 3, "expected_by_chance": 2.0}, FINDING)
    assert [len(row) for row in listing.table.rows] == [2, 2]
    assert "103" in listing.table.rows[0][1]
    assert "104" in listing.table.rows[0][1]
    assert listing.subtitle == "3 exact copies"
    assert "2 expected by chance" in listing.note


def test_pictures_stand_beside_their_copies():
    twins = [{"how": "mirrored", "places": [{"file": "a.png"}, {"file": "b.png"}], "images": ["x", "y"]}]
    pictures, _ = copies.duplicates({"pairs": PAIRS, "near": 1, "twins": twins}, FINDING)
    assert [(item.png, item.text) for item in pictures.items] == [("x", "this one"), ("y", "mirrored")]


def test_overlap_is_a_bar_for_each_way_and_says_what_it_is_worth():
    overlaps = [
        {"fault": "group_across_split", "rows": 80, "share": 0.8, "severity": "high", "columns": ["patient"],
         "how_to": "Split by patient"},
        {"fault": "duplicates_across_split", "rows": 5, "share": 0.05, "severity": "low", "columns": []},
    ]  # fmt: skip
    facts = {
        "overlaps": overlaps, "tested": 100, "held": "test", "split": "plan", "pairs": PAIRS,
        "impact": {"metric": "accuracy", "all": 0.9, "without": 0.7, "difference": 0.2},
    }  # fmt: skip
    chart, listing = copies.split_overlap(facts, FINDING)
    assert chart.wide["data"][0]["x"] == [0.8, 0.05]
    assert chart.table.rows[0] == ("The same patient", "80", "80%", "Split by patient")
    assert "70%" in chart.note
    assert len(listing.table.rows) == 3
    for drawn in (chart.wide, chart.narrow):
        assert drawn["layout"]["height"] > 60


def test_contradictions_show_both_labels():
    examples = [{"places": PAIRS[0], "labels": ["yes", "no"]}]
    facts = {"examples": examples, "against": 9, "ceiling": 0.95, "task": "binary", "target": "sold"}
    (listing,) = copies.label_conflicts(facts, FINDING)
    assert listing.table.rows[0][1::2] == ("yes", "no")
    assert "95%" in listing.note
    assert listing.more.startswith("and 8 more")


@pytest.mark.parametrize("probe", ["data.duplicates", "data.split_overlap", "data.label_conflicts"])
def test_without_facts_there_is_no_figure(probe):
    assert figures.BUILDERS[probe]({"faults": []}, FINDING) == []
