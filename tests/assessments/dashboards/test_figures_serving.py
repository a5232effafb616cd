"""The figure of the model in use shows devices that could matter, and the one that is asked about."""

from __future__ import annotations

from assessments.dashboards import figures
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


def test_without_a_limit_it_is_drawn_around_the_chosen_device():
    _, chart = drawn(None, "phone-high")
    assert "Allowed" not in str(chart.wide["layout"]["annotations"])
    assert times(chart)
