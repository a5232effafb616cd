"""The figure of the model in use shows devices that could matter, and the one that is asked about."""

from __future__ import annotations

import math

from assessments.dashboards import figures, theme
from tests.assessments.dashboards import sample


def drawn(milliseconds, chosen):
    finding = sample.finding("hardware.serving")
    finding["facts"]["place"] |= {"milliseconds": milliseconds, "id": chosen}
    chart = figures.of(finding)[0]
    return finding["facts"]["devices"], chart


def times(chart):
    return [trace["x"][0] for trace in chart.wide["data"]]


def test_devices_far_from_the_time_allowed_are_in_the_table_alone():
    devices, chart = drawn(30.0, "phone-high")
    assert max(one["usual_ms"] for one in devices) > 3_000
    assert all(0.3 <= ms <= 3_000 for ms in times(chart))
    assert len(chart.table.rows) == len(devices)


def test_the_chosen_device_is_drawn_however_slow_it_is():
    devices, chart = drawn(30.0, "mcu-m7")
    slow = next(one["usual_ms"] for one in devices if one["id"] == "mcu-m7")
    assert slow > 3_000
    assert slow in times(chart)
    assert len(times(chart)) <= 9


def test_devices_of_one_kind_keep_their_own_names_and_ticks_do_not_touch():
    _, chart = drawn(10.0, "mcu-m7")
    for figure in (chart.wide, chart.narrow):
        names = figure["layout"]["yaxis"]["ticktext"]
        assert len(set(names)) == len(names)
        axis = figure["layout"]["xaxis"]
        margin, width = figure["layout"]["margin"], figure["layout"]["width"]
        px = (width - margin["l"] - margin["r"]) / (axis["range"][1] - axis["range"][0])
        at = [px * math.log10(value) for value in axis["tickvals"]]
        half = [theme.text_width(text) / 2 for text in axis["ticktext"]]
        for i in range(1, len(at)):
            assert at[i] - at[i - 1] > half[i] + half[i - 1]


def test_the_device_it_is_about_and_the_time_allowed_are_always_drawn():
    devices, _ = drawn(30.0, "phone-high")
    for one in devices:
        _, chart = drawn(500.0, one["id"])
        bold = [note for note in chart.wide["layout"]["annotations"] if note.get("font", {}).get("weight")]
        assert len(bold) == 1
        assert "Allowed: 500 ms" in str(chart.wide["layout"]["annotations"])


def test_without_a_limit_it_is_drawn_around_the_chosen_device():
    _, chart = drawn(None, "phone-high")
    assert "Allowed" not in str(chart.wide["layout"]["annotations"])
    assert times(chart)
