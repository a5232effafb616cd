"""Which column is the clock, and what the calendar says."""

from __future__ import annotations

import numpy as np

from workers.inputs import series


def hours(count=300):
    return "".join(
        f"2024-{1 + i // 720:02}-{1 + i // 24 % 30:02}T{i % 24:02}:00:00Z,{i % 11},{'xy'[i % 2]}\n"
        for i in range(count)
    )


def test_a_column_by_which_rows_are_sorted_is_the_clock(ready):
    sample = ready({"s.csv": "when,v,label\n" + hours()})
    assert sample.kind == "series"
    assert {c.name: c.role for c in sample.columns}["when"] == "time"
    assert "when: hour (sine)" in sample.manifest["features"]["names"]


def test_birthdays_are_no_clock(ready):
    text = "born,v,label\n" + "".join(
        f"19{i * 37 % 90 + 10}-0{1 + i % 9}-{10 + i % 18},{i % 11},{'xy'[i % 2]}\n" for i in range(200)
    )
    sample = ready({"s.csv": text})
    assert sample.kind == "table"
    assert {c.name: c.role for c in sample.columns}["born"] == "ignored"


def test_the_plan_names_the_clock(ready):
    text = "born,v,label\n" + "".join(
        f"19{i * 37 % 90 + 10}-0{1 + i % 9}-{10 + i % 18},{i % 11},{'xy'[i % 2]}\n" for i in range(200)
    )
    sample = ready({"s.csv": text}, plan={"data": {"time": "born"}})
    assert sample.kind == "series"
    assert "The plan's time column" in " ".join(
        ready({"s.csv": text}, plan={"data": {"time": "bron"}}).manifest["notes"]
    )


def test_days_are_read_in_both_orders(ready):
    for order in ("{d:02}/{m:02}/2024", "{m:02}/{d:02}/2024", "{d:02}.{m:02}.2024"):
        days = [(1 + i // 28, 1 + i % 28) for i in range(168)]
        text = "when,v,label\n" + "".join(
            f"{order.format(d=d, m=m)},{i % 11},{'xy'[i % 2]}\n" for i, (m, d) in enumerate(days)
        )
        sample = ready({"s.csv": text})
        with sample.table() as con:
            found = con.execute('SELECT month("when"), day("when") FROM typed ORDER BY _id').fetchall()
        assert found == days


def test_a_calendar_is_points_on_circles():
    stamps = np.arange(0, 400 * 86_400, 3_600, dtype=np.float64)
    values, names = series.calendar(stamps)
    assert len(names) == values.shape[1] == 6
    assert np.allclose(values[:, 0::2] ** 2 + values[:, 1::2] ** 2, 1, atol=1e-5)
    noon = names.index("hour (cosine)")
    assert values[12, noon] < -0.99


def test_a_cycle_the_data_does_not_cover_is_left_out():
    daily = np.arange(0, 30 * 86_400, 86_400, dtype=np.float64)
    assert series.calendar(daily)[1] == ["weekday (sine)", "weekday (cosine)"]
    assert series.calendar(np.array([np.nan, 1.0]))[1] == []
