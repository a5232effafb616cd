"""Values that cannot be: honest extremes stay quiet, odd tables do no harm."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.planting.outliers import machine
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import outliers
from workers.probes.data.outliers import (
    bounds,
    converted,
    mixed_units,
    odd_values,
    rivals,
    sensors,
    strange_rows,
    words,
)
from workers.probes.data.shared import far_off

SERIOUS = ("medium", "high")


def judged(folder, columns, targets=None, **more):
    types = dict.fromkeys(columns, "number") | more.pop("types", {})
    texts = {n: [None if v is None or v != v else str(v) for v in values] for n, values in columns.items()}
    return outliers.run(prepared(folder, texts, targets, types=types, **more), Budget())


def serious(finding):
    return [(f["fault"], f.get("columns")) for f in finding.facts["faults"] if f["severity"] in SERIOUS]


@pytest.mark.parametrize("seed", range(4))
def test_honest_heavy_tails_stay_quiet(tmp_path, seed):
    rng, n = np.random.default_rng(seed), 1_500
    income = rng.lognormal(8, 1.4, n)
    columns = {
        "income": income.round(2),
        "wealth": (rng.pareto(0.9, n) * 1_000).round(2),
        "calls": rng.negative_binomial(1, 0.05, n),
        "waiting": rng.gamma(0.3, 10, n).round(4),
        "change": rng.standard_t(2, n).round(4),
        "paid": (income * rng.lognormal(-2, 0.8, n)).round(2),
        "rain": np.where(rng.random(n) < 0.9, 0.0, rng.exponential(3, n)).round(1),
        "flag": rng.integers(0, 2, n),
    }
    assert serious(judged(tmp_path, columns)) == []


@pytest.mark.parametrize(("kind", "rows", "wide", "seed"), [
    ("bell", 200, 400, 277), ("bell", 120, 600, 2), ("box", 60, 400, 60), ("low bell", 200, 400, 200),
    ("around 0", 40, 300, 9041), ("around 0", 40, 300, 9565),
])  # fmt: skip
def test_the_low_end_of_a_wide_plain_table_is_no_other_unit(tmp_path, kind, rows, wide, seed):
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 8)) @ rng.normal(size=(8, wide)) * 0.7 + rng.normal(size=(rows, wide))
    made = {
        "bell": hidden + 8,
        "low bell": hidden / 2 + 3,
        "around 0": hidden,
        "box": rng.uniform(0, 1, (rows, wide)),
    }[kind]
    found = judged(tmp_path, {f"g{i}": made[:, i].round(3) for i in range(wide)})
    assert "unit_mix" not in [fault for fault, _ in serious(found)]


def test_a_smaller_unit_in_a_wide_plain_table_is_still_found(tmp_path):
    rng = np.random.default_rng(5)
    made = rng.normal(170, 9, (300, 60))
    made[::20, 7] /= 2.54
    found = judged(tmp_path, {f"g{i}": made[:, i].round(2) for i in range(60)})
    assert serious(found) == [("unit_mix", ["g7"])]
    assert found.facts["faults"][0]["rows"] == list(range(0, 300, 20))


def test_a_rare_kind_of_its_own_is_no_impossible_value(tmp_path):
    rng, n = np.random.default_rng(1), 2_000
    lorry = rng.random(n) < 0.03
    columns = {
        "cargo": np.where(lorry, rng.normal(20_000, 2_000, n), rng.normal(400, 60, n)).round(),
        "wheels_cm": np.where(lorry, rng.normal(105, 4, n), rng.normal(62, 4, n)).round(1),
        "seats": rng.integers(2, 8, n),
    }
    assert serious(judged(tmp_path, columns)) == []


def test_a_word_for_missing_is_not_another_unit(tmp_path):
    rng, n = np.random.default_rng(2), 800
    x = rng.normal(100, 8, n).round(1)
    x[:40] = 9_999.0
    found = judged(tmp_path, {"x": x, "z": rng.normal(0, 1, n).round(3)})
    assert "unit_mix" not in [fault for fault, _ in serious(found)]


def test_a_zero_among_sizes_that_follow_from_others_cannot_be(tmp_path):
    rng, n = np.random.default_rng(3), 3_000
    long = rng.lognormal(1.6, 0.2, n)
    wide, weight = long * rng.normal(0.62, 0.01, n), 0.0036 * long**3 * rng.normal(1, 0.02, n)
    wide[[10, 700]] = 0.0
    weight[20] = weight[20] * 40
    found = judged(tmp_path, {"a": long.round(3), "b": wide.round(3), "c": weight.round(5)})
    rows = {row for one in found.facts["faults"] for row in one["rows"]}
    assert {10, 20, 700} <= rows
    assert len(rows) <= 4
    assert found.value == pytest.approx(len(rows) / n)
    assert {"place", "column", "value"} <= set(found.facts["examples"][0])


def test_ranges_by_name_need_most_rows_to_keep_to_them(tmp_path):
    rng, n = np.random.default_rng(4), 500
    age = rng.integers(18, 80, n).astype(float)
    age[[3, 4]] = [-7, 212]
    delta_pct = rng.normal(0, 60, n).round(1)  # a change in percent may well be negative
    found = judged(tmp_path, {"customerAge": age, "pct_change": delta_pct})
    assert serious(found) == [("impossible_values", ["customerAge"])]
    assert found.facts["faults"][0]["rows"] == [3, 4]


def test_rows_are_counted_within_their_file(tmp_path):
    rng = np.random.default_rng(5)
    weight = rng.normal(70, 9, 400).round(1)
    weight[310] = 70_000.0
    files = ["train.csv"] * 300 + ["test.csv"] * 100
    split = ["train"] * 300 + ["test"] * 100
    found = judged(tmp_path, {"w": weight, "v": rng.normal(0, 1, 400)}, files=files, split=split)
    assert found.facts["faults"][0]["rows"] == [10]
    assert found.facts["faults"][0]["split"] == "test"


def test_noise_in_one_part_is_told(tmp_path):
    rng, n = np.random.default_rng(6), 900
    a = rng.normal(50, 10, n)
    b = 2 * a + rng.normal(0, 1, n)
    c = a - 30 + rng.normal(0, 1, n)
    c[600:] += rng.normal(0, 8, 300)
    files, split = ["train.csv"] * 600 + ["test.csv"] * 300, ["train"] * 600 + ["test"] * 300
    found = judged(tmp_path, {"a": a, "b": b, "c": c}, files=files, split=split)
    assert ("feature_noise", ["c"]) in serious(found)


@pytest.mark.parametrize("seed", range(3))
def test_of_columns_that_contradict_each_other_the_one_that_lost_its_bonds_is_named(seed):
    rng = np.random.default_rng([14, seed])
    frame = machine(seed)
    rows = rng.random(len(frame)) < 0.15
    for column in ("flow", "output"):  # output is heat and flow, so each of them looks wrong
        noisy = frame.copy()
        noisy.loc[rows, column] = rng.permutation(frame[column].to_numpy())[: rows.sum()]
        found = judge.finding("data.outliers", sets.csv(noisy, "worn"), seed)
        assert judge.places(judge.named(found, "feature_noise"), "columns") == {column}


@pytest.mark.parametrize("kind", ["turned", "product", "all other"])
def test_rows_of_another_kind_are_no_overwritten_column(tmp_path, kind):
    rng, n = np.random.default_rng(15), 1_200
    b, c = rng.normal(50, 8, n), rng.gamma(4, 5, n)
    a = b + c + rng.normal(0, 0.3, n)
    odd = rng.random(n) < 0.15
    if kind == "turned":
        a[odd] = (b - c)[odd] + rng.normal(0, 0.3, odd.sum())
    elif kind == "product":
        a[odd] = (b * c / 20)[odd]
    else:
        a[odd], b[odd], c[odd] = rng.normal(30, 9, (3, odd.sum()))
    found = judged(tmp_path, {"a": a.round(3), "b": b.round(3), "c": c.round(3)})
    assert "feature_noise" not in [fault for fault, _ in serious(found)]


def test_bonds_clear_what_keeps_them_and_blame_what_lost_them():
    rng, n = np.random.default_rng(16), 900
    b, c = rng.normal(size=(2, n))
    columns = {"a": b + c, "b": b, "c": c, "d": c + 0.5 * rng.normal(size=n)}
    rows = np.arange(n) % 9 == 0
    assert rivals.judge(columns, {}, rows) == rivals.Verdict(None, frozenset("abcd"))
    for name in "ac":
        noisy = {key: x.copy() for key, x in columns.items()}
        noisy[name][rows] = rng.permutation(noisy[name][rows])
        assert rivals.judge(noisy, {}, rows).blamed == name
    moved = {key: x + 3 * rows for key, x in columns.items()}
    assert rivals.judge(moved, {}, rows).other_kind


@pytest.mark.parametrize(
    "columns",
    [
        {"x": [1.0, 2.0]},
        {"x": [None] * 50},
        {"x": [3.0] * 200},
        {"x": [1e308] * 30 + [-1e308] * 30 + [0.5] * 60, 'odd "name"; ü': list(range(120))},
        {"x": [0.0] * 99 + [5.0]},
        {f"c{i}": list(np.arange(40) * (i % 7) % 11) for i in range(900)},
    ],
    ids=["two rows", "all missing", "constant", "huge", "nearly constant", "wide"],
)
def test_odd_tables_do_no_harm(tmp_path, columns):
    found = judged(tmp_path, columns)
    assert found.state in ("measured", "skipped")


def test_no_numbers_do_not_apply(tmp_path):
    found = judged(tmp_path, {"word": ["a", "b"] * 20}, types={"word": "category"})
    assert found.state == "skipped"
    assert found.facts["not_applicable"] is True


def test_what_prepare_heard_in_clips_is_told(tmp_path):
    heard = [
        {
            "fault": "clipping",
            "severity": "high",
            "note": "2 are cut off.",
            "files": ["a.wav", "b.wav"],
        },
        {"fault": "wrong_sample_rate", "severity": "high", "note": "Another rate.", "files": ["c.wav"]},
    ]
    files = [f"{letter}.wav" for letter in "abcdefgh"]
    sample = prepared(tmp_path, {"class": list("xyxyxyxy")}, kind="audio", files=files, faults=heard)
    found = outliers.run(sample, Budget())
    assert [one["fault"] for one in found.facts["faults"]] == ["clipping"]
    assert found.value == 0.25
    assert "cut off" in found.title


# -- parts --------------------------------------------------------------------------------------------
def test_a_gap_is_cut_and_a_pareto_tail_is_not():
    rng = np.random.default_rng(7)
    plain = np.abs(rng.normal(0, 1, 5_000))
    gap = far_off.cut(np.append(plain, [40.0, 55.0]))
    assert gap is not None
    assert gap.count == 2
    assert gap.log_p < -16
    heavy = [far_off.cut(rng.pareto(1.0, 3_000)) for _ in range(40)]
    assert all(one is None or one.log_p > -16 for one in heavy)


def test_neighbours_do_not_cross_series():
    x = np.array([1.0, 1.0, 1.0, 9.0, 9.0, 9.0])
    starts = np.array([True, False, False, True, False, False])
    assert sensors.beside(x, starts).tolist() == [1, 1, 1, 9, 9, 9]


@pytest.mark.parametrize("rounded", [0, 1])
def test_runs_that_chance_and_rounding_give_are_not_stuck(rounded):
    rng = np.random.default_rng(8)
    slow = np.cumsum(rng.normal(0, 0.2, 4_000)).round(rounded)
    assert sensors.stuck(slow, np.eye(1, 4_000, dtype=bool)[0], 5) == []
    dry = np.repeat(rng.random(300) < 0.5, rng.integers(1, 40, 300)) * rng.exponential(2, 1)[0]
    assert sensors.stuck(dry.astype(float), np.eye(1, len(dry), dtype=bool)[0], 5) == []


def test_a_smooth_tail_is_no_second_unit():
    rng = np.random.default_rng(9)
    for draw in (rng.lognormal(0, 1, 4_000), rng.gamma(0.5, 1, 4_000), rng.pareto(1.1, 4_000) + 1):
        logs = np.log(draw)
        assert mixed_units.mixed(logs - np.median(logs), draw, 10) is None


def test_strange_rows_are_those_that_both_ways_set_apart():
    rng = np.random.default_rng(10)
    x = rng.normal(0, 1, (800, 8)).astype(np.float32)
    share, places = strange_rows.agreed(x, 0)
    assert share < 0.01
    x[:20] *= 8
    share, places = strange_rows.agreed(x, 0)
    assert share > 0.015
    assert set(places.tolist()) <= set(range(20))


def test_columns_of_a_wide_table_that_nobody_looked_at_are_told(monkeypatch):
    monkeypatch.setattr(outliers, "WIDEST", 4)
    monkeypatch.setattr(odd_values, "WIDEST", 4)
    finding = judge.finding("data.outliers", sets.csv(sets.cancer(), "diagnosis"))
    assert finding.facts["looked_at"]["columns"] == 4
    assert finding.facts["looked_at"]["columns_not_looked_at"] == 26
    assert "other 26 number columns" in finding.note


def test_a_sensor_stuck_in_a_log_of_several_devices_is_found_by_device():
    rng = np.random.default_rng(12)
    rows, devices = 400, ["pump a", "pump b", "pump c"]
    frame = pd.DataFrame(
        {
            "time": np.repeat(pd.date_range("2025-01-01", periods=rows, freq="10min"), 3).astype(str),
            "device": devices * rows,
            "pressure": rng.normal(4, 0.4, 3 * rows).round(3),
            "load": rng.normal(50, 9, 3 * rows).round(1),
        }
    )
    assert judge.alarms(judge.finding("data.outliers", sets.csv(frame, "load"))) == []
    stuck = frame.index[frame["device"] == "pump b"][100:150]
    frame.loc[stuck, "pressure"] = 3.857
    finding = judge.finding("data.outliers", sets.csv(frame, "load"))
    named = judge.named(finding, "stuck_sensor")
    assert judge.places(named, "columns") == {"pressure"}
    assert judge.places(named, "rows") == set(stuck)


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_is_looked_for_wherever_the_farthest_value_may_be_beyond_one(seed):
    rng = np.random.default_rng(seed)
    y = np.abs(rng.standard_t(3, 4_000))
    y[rng.random(4_000) < 0.1] = np.nan
    assert far_off.cut(y) is None
    y[:3] = 40 * np.nanmax(y)
    found = far_off.cut(y)
    assert found is not None
    assert found.count == 3
    y[: 4_000 // 3] = np.nanmax(y)  # a third of all is no tail
    assert far_off.cut(y) is None


@pytest.mark.parametrize(
    ("runs", "more"), [(1, ""), (2, ", and 1 more run like it"), (3, ", and 2 more runs like it")]
)
def test_runs_of_a_stuck_sensor_are_counted_in_good_english(runs, more):
    found = [SimpleNamespace(value=3.5, length=40 - i) for i in range(runs)]
    assert words.stuck("level", found) == f"The value 3.5 is repeated 40 times in a row{more}."


@pytest.mark.parametrize("change", [lambda x: x * 1.8 + 32, lambda x: x + 273.15, lambda x: x * 1000])
@pytest.mark.parametrize("back", [None, 460])
def test_where_a_unit_changes_nothing_is_a_spike(change, back):
    rng = np.random.default_rng(2)
    hours = np.arange(900)
    warm = 15 + 8 * np.sin(hours * np.pi / 12) + rng.normal(0, 0.15, 900).cumsum() + rng.normal(0, 0.5, 900)
    temperature = np.where((hours >= 400) & (hours < (back or 900)), change(warm), warm)
    stamps = pd.date_range("2022-01-01", periods=900, freq="h").strftime("%Y-%m-%d %H:%M")
    frame = pd.DataFrame(
        {"time": stamps, "temperature": temperature, "load": 30 + warm + rng.normal(0, 2, 900)}
    )
    finding = judge.finding("data.outliers", sets.csv(frame, "load"))
    spikes = [row for one in judge.named(finding, "spikes") for row in one["rows"]]
    assert not {398, 399, 400, 401, 459, 460} & set(spikes) or set(range(400, 460)) <= set(spikes)


@pytest.mark.parametrize(("column", "severities"), [("quantity", {"low"}), ("rooms", {"high"})])
def test_goods_that_came_back_are_a_remark(column, severities):
    rng = np.random.default_rng(4)
    count = rng.choice([1, 1, 2, 3, 4, 6, 12], 600)
    count[::50] = -rng.choice([1, 2], 12)
    frame = pd.DataFrame(
        {column: count, "size": rng.lognormal(3, 0.4, 600), "y": rng.choice(["a", "b"], 600)}
    )
    told = judge.named(judge.finding("data.outliers", sets.csv(frame, "y")), "impossible_values")
    assert {one["severity"] for one in told} == severities
    assert told[0]["rows"] == list(range(0, 600, 50))


def test_negatives_that_another_column_shares_are_returns():
    rng = np.random.default_rng(4)
    price = rng.lognormal(3, 0.4, 600).round(2)
    price[::50] *= -1
    frame = pd.DataFrame({"price": price, "y": rng.choice(["a", "b"], 600)})
    alone = judge.named(judge.finding("data.outliers", sets.csv(frame, "y")), "impossible_values")
    assert [one["severity"] for one in alone] == ["high"]
    both = frame.assign(tax=(price * rng.choice([0.07, 0.19], 600)).round(2))
    told = judge.named(judge.finding("data.outliers", sets.csv(both, "y")), "impossible_values")
    assert {one["severity"] for one in told} <= {"low"}


@pytest.mark.parametrize("inside", [False, True])
def test_digits_tell_a_second_unit_in_a_wide_column_and_not_what_was_rightly_converted(inside):
    rng = np.random.default_rng(3)
    grams = np.exp(rng.normal(5, 0.6, 600)).round(1)
    rows = rng.choice(600, 30, replace=False)
    x = grams.copy()
    # Either noted in ounces and taken for grams, or noted in ounces and rightly made grams.
    x[rows] = np.round(grams[rows] / 28.349523, 1) * 28.349523 if inside else grams[rows] / 28.349523
    found = converted.found(x)
    if inside:
        assert found is None
    else:
        assert found is not None
        assert found[0] == pytest.approx(1 / 28.349523)
        assert set(np.flatnonzero(found[1])) <= set(rows)
        assert found[1].sum() >= 27


def test_prices_of_which_some_are_finer_are_in_one_unit():
    rng = np.random.default_rng(4)
    for step in (0.5, 0.25, 0.125):
        x = np.exp(rng.normal(3, 0.6, 500)).round()
        x[:60] = np.round(x[:60] / 8 / step) * step
        assert converted.found(x) is None


def test_two_rows_a_thousand_times_smaller_are_named_and_a_density_down_to_0_is_not(tmp_path):
    rng = np.random.default_rng(5)
    weight = np.exp(rng.normal(7, 0.25, 150))
    weight[[3, 77]] /= 1000
    assert serious(judged(tmp_path, {"w": weight.round(3), "other": rng.normal(size=150).round(3)})) == [
        ("impossible_values", ["w"])
    ]
    for x in (rng.exponential(1, 500), np.abs(rng.normal(size=500)), np.exp(2 * rng.normal(size=500))):
        assert bounds.by_size(x, 10) is None
