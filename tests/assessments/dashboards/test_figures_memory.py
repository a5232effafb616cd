"""The figures of memory: what takes it, in words anyone reads, and what one change would save."""

from __future__ import annotations

import pytest

from assessments.dashboards import figures, theme
from assessments.dashboards.figures import hardware
from tests.assessments.dashboards import sample

GB = 2**30
PARTS = [("weights", 15), ("optimiser", 0.05), ("gradients", 0.02), ("16-bit copies", 0.01),
         ("kept activations", 60), ("working space", 16), ("runtime and reserve", 8)]  # fmt: skip


def finding(limit=80, **facts):
    found = sample.finding("hardware.memory")
    total = sum(size for _, size in PARTS)
    found["facts"] = {
        "breakdown": [{"part": part, "bytes": size * GB} for part, size in PARTS],
        "peak": {"low": 0.9 * total * GB, "mid": total * GB, "high": 1.2 * total * GB},
        "device": {"name": "NVIDIA A100", "bytes": limit * GB}, "largest_batch": 4,
        "what_if": [{"what": "half the batch", "bytes": 55 * GB},
                    {"what": "train small adapters only (LoRA)", "bytes": 90 * GB},
                    {"what": "8-bit optimiser", "bytes": 99 * GB}],
        **facts,
    }  # fmt: skip
    return found


def test_parts_too_small_to_see_are_drawn_together_and_told_one_by_one():
    chart, _ = figures.of(finding())
    names = chart.narrow["layout"]["yaxis"]["ticktext"]
    assert names == ["Weights", "Kept activations", "Working space", "Runtime and reserve",
                     "Everything else", "At the peak"]  # fmt: skip
    assert [row[0] for row in chart.table.rows] == [hardware._name(part) for part, _ in PARTS]
    assert all(row[3] for row in chart.table.rows)


def test_the_bars_end_where_the_sum_does():
    chart, _ = figures.of(finding())
    bars = chart.wide["data"][0]
    total = sum(size for _, size in PARTS) * GB
    assert bars["base"][-2] + bars["x"][-2] == pytest.approx(total)
    assert bars["x"][-1] == pytest.approx(total)


def test_changes_that_save_are_listed_and_how_many_are_enough():
    _, changes = figures.of(finding())
    assert changes.title == "1 change would make it fit"
    assert [row[0] for row in changes.table.rows] == ["Half the batch", "Train small adapters only (LoRA)"]
    assert [row[3] for row in changes.table.rows] == ["yes", "no"]
    _, none = figures.of(finding(limit=40))
    assert none.title == "No single change makes it fit"
    _, saved = figures.of(finding(limit=120))
    assert saved.title == "What one change would save"


def test_a_training_with_room_to_spare_gets_no_advice():
    assert len(figures.of(finding(limit=1000))) == 1
    assert len(figures.of(finding(what_if=[]))) == 1


def test_names_and_values_stay_inside_the_narrow_figure():
    chart, _ = figures.of(finding())
    layout = chart.narrow["layout"]
    longest = max(theme.text_width(name) for name in layout["yaxis"]["ticktext"])
    assert longest < layout["margin"]["l"]
    assert layout["margin"]["l"] + layout["margin"]["r"] < 0.65 * layout["width"]
