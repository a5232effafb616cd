"""Time: what is regular, what is a gap, what is only an event table."""

import numpy as np
import pytest

from tests.planting import judge, sets
from tests.planting import time_order as planted
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import time_order
from workers.probes.data.time_order import clock

HOUR = 3_600.0


def one(stamps):
    return clock.read(np.asarray(stamps, float), np.zeros(len(stamps), int))


def test_weekends_and_nights_that_come_back_are_no_gaps():
    days = np.arange(0, 600)
    work = days[days % 7 < 5] * 24 * HOUR
    assert one(work).gaps == []
    holed = np.delete(work, slice(200, 215))
    found = one(holed)
    assert [gap.row for gap in found.gaps] == [200]
    assert found.regular


def calendars():
    hours = np.arange(3000)
    day, hour = hours // 24, hours % 24
    days = np.arange("2020-01-01", "2022-09-01", dtype="datetime64[D]")
    work = days[np.is_busday(days)]
    month = (days - days.astype("datetime64[M]")).astype(int)
    rng = np.random.default_rng(0)
    holidays = np.unique((work.astype("datetime64[M]")[::22] + 1).astype("datetime64[D]"))
    return {
        "opening hours": hours[(hour >= 9) & (hour < 18) & (day % 7 < 6)] * HOUR,
        "lunch": hours[(hour >= 8) & (hour < 18) & (hour != 12) & (day % 7 < 5)] * HOUR,
        "three days a week": days[np.isin(days.astype(int) % 7, (0, 2, 4))],
        "first twenty days": days[month < 20],
        "holidays": work[~np.isin(work, holidays)],
        "every fourth left out": hours[hours % 4 != 3] * HOUR,
        "written when it changes": hours[rng.random(3000) < 0.6] * HOUR,
    }


@pytest.mark.parametrize("name", list(calendars()))
def test_habits_of_a_calendar_are_no_gaps(name):
    stamps = calendars()[name]
    if stamps.dtype.kind == "M":
        stamps = stamps.astype("datetime64[s]").astype(float)
    assert one(stamps).gaps == []


@pytest.mark.parametrize("share", [0.03, 0.1])
def test_hours_lost_by_chance_are_gaps_though_their_length_comes_back(share):
    kept = np.random.default_rng(4).random(4000) >= share
    kept[[0, -1]] = True
    found = one(np.arange(4000)[kept] * HOUR)
    assert found.scattered
    assert sum(gap.missing for gap in found.gaps) == (~kept).sum()


def test_months_are_regular():
    months = np.arange("2000-01", "2012-01", dtype="datetime64[M]").astype("datetime64[s]").astype(float)
    found = one(months)
    assert found.regular
    assert found.gaps == []
    assert len(one(np.delete(months, [40, 41, 42])).gaps) == 1


@pytest.mark.parametrize("seed", range(5))
def test_events_at_random_have_no_gaps(seed):
    found = one(np.cumsum(np.random.default_rng(seed).exponential(300, 3_000)))
    assert not found.regular
    assert found.gaps == []


def test_a_long_silence_of_events_is_one():
    stamps = np.cumsum(np.random.default_rng(1).exponential(300, 3_000))
    stamps[1_500:] += 30 * 24 * HOUR
    assert [gap.row for gap in one(stamps).gaps] == [1_500]


def test_the_newest_row_may_come_first():
    stamps = np.arange(500)[::-1] * HOUR
    found = one(stamps)
    assert found.falling
    assert len(found.misplaced) == 0
    assert found.gaps == []


def test_the_fewest_misplaced_rows_are_named():
    stamps = np.arange(300) * HOUR
    stamps[[50, 200]] = stamps[[200, 50]]
    assert one(stamps).misplaced.tolist() == [50, 200]
    stamps = np.arange(300) * HOUR
    stamps[[100, 101]] = stamps[[101, 100]]
    assert one(stamps).misplaced.tolist() == [100, 101]


def test_hours_shuffled_within_days_are_no_unsorted_file():
    rng = np.random.default_rng(4)
    days = [rng.permutation(np.arange(24) * HOUR) + day * 24 * HOUR for day in range(30)]
    assert one(np.concatenate(days)).mixed_days == 30
    assert one(rng.permutation(np.concatenate(days))).mixed_days == 0
    assert one(np.concatenate([np.sort(day)[::-1] for day in days])).mixed_days == 0
    assert one(np.sort(np.concatenate(days))).mixed_days == 0


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_clock_is_known_by_its_days_where_their_hours_are_shuffled(share):
    frame, _ = planted._shuffled_hours(sets.series(), "time", share, np.random.default_rng(5))
    found = judge.finding("data.time_order", sets.csv(frame, "power"))
    (fault,) = judge.named(found, "out_of_order")
    assert fault["severity"] == "high"
    mixed = sets.series().sample(frac=1, random_state=1)
    assert judge.finding("data.time_order", sets.csv(mixed, "power")).state == "skipped"


@pytest.mark.parametrize("seed", range(10))
def test_orders_that_fall_into_one_minute_by_chance_are_not_doubled(seed):
    rng = np.random.default_rng(seed)
    busy = np.repeat([1.0, 6.0], 400)  # evenings bring six times as many
    stamps = np.floor(np.cumsum(rng.exponential(1_200 / busy)) / 60) * 60
    assert (np.diff(stamps) == 0).sum() > 20
    assert len(one(stamps).doubled) == 0


@pytest.mark.parametrize("seed", range(10))
def test_events_sent_twice_are_doubled_beyond_chance(seed):
    rng = np.random.default_rng(seed)
    stamps = np.floor(np.cumsum(rng.exponential(6_000, 800)) / 60) * 60
    twice = np.sort(np.r_[stamps, stamps[rng.choice(800, 30, replace=False)]])
    assert len(one(twice).doubled) >= 30


def test_events_of_one_second_are_not_doubled():
    stamps = np.sort(np.random.default_rng(2).integers(0, 400, 2_000)) * 1.0
    assert len(one(stamps).doubled) == 0


def sample(folder, stamps, **more):
    columns = {"when": stamps, "x": [str(i % 7) for i in range(len(stamps))]}
    columns |= more.pop("columns", {})
    made = prepared(folder, columns, types={"when": "number", "x": "number"}, kind="series", **more)
    made.manifest["columns"][0]["role"] = "time"
    return made


def test_a_time_without_dates_is_judged_too(tmp_path):
    stamps = [str(i) for i in range(400) if not 100 <= i < 120]
    found = time_order.run(sample(tmp_path, stamps), Budget())
    assert found.facts["faults"][0]["fault"] == "time_gap"
    assert found.facts["faults"][0]["rows"] == [100]
    assert found.value == pytest.approx(20 / 400)
    assert found.low <= found.value <= found.high


def test_without_time_the_question_does_not_arise(tmp_path):
    found = time_order.run(prepared(tmp_path, {"x": ["1", "2"]}), Budget())
    assert found.state == "skipped"
    assert found.facts["not_applicable"] is True


@pytest.mark.parametrize("stamps", [["1", "2"], [None] * 30, ["5"] * 30, ["1e308", "-1e308"] * 20])
def test_odd_times_do_no_harm(tmp_path, stamps):
    found = time_order.run(sample(tmp_path, stamps), Budget())
    assert found.state in ("measured", "skipped")
