"""What is drift, what only follows from something else, and what is no drift at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from workers.probes.base import Column
from workers.probes.data.drift import conversion_in_order, conversions, domain, moved, share_in_order, units
from workers.probes.data.shared.column_values import Values

PROBE = "data.drift"


def numbers(values, name="x"):
    return Values(Column(name, "number"), numbers=np.asarray(values, float))


def halves(frame, seed=1):
    order = np.random.default_rng(seed).permutation(len(frame))
    cut = int(0.6 * len(frame))
    return frame.iloc[order[:cut]], frame.iloc[order[cut:]].reset_index(drop=True)


@pytest.mark.parametrize(
    ("frame", "target"),
    [
        (sets.iris(), "species"),
        (sets.wine(), "cultivar"),
        (sets.cancer().sort_values("diagnosis"), "diagnosis"),
        (sets.cancer().sort_values("mean_radius"), "diagnosis"),
        (sets.shop().sort_values("place"), "returned"),
        (sets.shop().sort_values("ordered"), "returned"),
        (sets.series(), "power"),
    ],
)
def test_a_sorted_file_and_a_calm_series_are_no_drift(frame, target):
    finding = judge.finding(PROBE, sets.csv(frame, target))
    assert judge.alarms(finding) == []
    assert finding.value < 0.6
    assert finding.low <= finding.value <= finding.high


def test_a_sorted_file_says_by_what():
    finding = judge.finding(PROBE, sets.csv(sets.iris(), "species"))
    assert "species" in finding.facts["sorted_by"]
    assert "sorted by" in finding.note


@pytest.mark.parametrize("seed", range(4))
def test_a_random_split_of_the_owner_is_quiet(seed):
    finding = judge.finding(PROBE, sets.split_csv(*halves(sets.cancer(), seed), "diagnosis"))
    assert judge.alarms(finding) == []


def test_columns_that_follow_the_classes_are_not_named():
    train, test = halves(sets.cancer())
    gone = (test["diagnosis"] == "malignant") & (np.random.default_rng(1).random(len(test)) < 0.9)
    finding = judge.finding(PROBE, sets.split_csv(train, test[~gone], "diagnosis"))
    assert judge.places(judge.named(finding, "class_shift"), "classes") == {"malignant"}
    assert judge.named(finding, "drift") == []
    assert "mean_radius" in finding.facts["follow"]["diagnosis"]


def test_what_drift_costs_is_measured():
    train, test = halves(sets.cancer())
    test = test.assign(**{name: test[name] + 2 * test[name].std() for name in test.columns[20:30]})
    finding = judge.finding(PROBE, sets.split_csv(train, test, "diagnosis"))
    harm = finding.facts["harm"]
    assert harm["drop"] > 0.05
    assert harm["train"] > 0.9
    assert finding.value > 0.9


@pytest.mark.parametrize(("frame", "target"), [(sets.wine(), "cultivar"), (sets.diabetes(), "progress")])
def test_drift_that_a_model_does_not_mind_costs_nothing(frame, target):
    train, test = halves(frame.assign(unused=np.random.default_rng(13).normal(size=len(frame)).round(4)))
    finding = judge.finding(PROBE, sets.split_csv(train, test.assign(unused=test["unused"] + 5), target))
    harm = finding.facts["harm"]
    assert abs(harm["drop"]) < 3 * harm["error"] + 0.02
    assert harm["other"] > 0.9 or target == "progress"
    assert "does not cost" in finding.note


def test_a_running_number_does_not_tell_parts_apart():
    frame = sets.wine().sample(frac=1, random_state=1).reset_index(drop=True)
    frame["visit"] = np.arange(len(frame)) * 3
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:110], frame.iloc[110:], "cultivar"))
    assert judge.alarms(finding) == []


def test_the_row_of_a_new_unit_is_named():
    frame = sets.shop()
    frame["weight_g"] = frame["weight_g"].astype(float)
    frame.loc[700:, "weight_g"] /= 1000
    (fault,) = judge.named(judge.finding(PROBE, sets.csv(frame, "returned")), "unit_change")
    assert fault["from_row"] == 700
    assert fault["factor"] == pytest.approx(0.001, rel=0.1)
    assert fault["count"] == 800


def test_a_series_names_the_time_as_well():
    frame = sets.series()
    frame.loc[900:, "load"] *= 60
    (fault,) = judge.named(judge.finding(PROBE, sets.csv(frame, "power")), "unit_change")
    assert fault["from_time"] == frame["time"][fault["from_row"]][:16]


def test_units_are_known_and_plain_stretches_are_not():
    rng = np.random.default_rng(7)
    before, after = rng.lognormal(3, 0.5, (2, 800))
    assert units.change(before, after) is None
    assert units.change(before, 1.2 * after) is None
    assert units.change(before, 1000 * after).words == "times 1,000"
    assert units.change(before, after / 2.54).words == "divided by 2.54"
    celsius = rng.normal(15, 8, (2, 800))
    assert units.change(celsius[0], 1.8 * celsius[1] + 32).words == "from Celsius to Fahrenheit"
    assert units.change(celsius[0], celsius[1] + 273.15).words == "from Celsius to Kelvin"


def waves(seed, rows=3000):
    """Columns of sensors that change in all the ways in which no unit changes."""
    rng = np.random.default_rng(seed)
    hour, noise = np.arange(rows), rng.normal(size=(6, rows))
    calm = np.abs(noise[0]).clip(0.2)
    for i in range(1, rows):
        calm[i] = 0.98 * calm[i - 1] + 0.02 * calm[i]
        noise[1, i] += 0.95 * noise[1, i - 1]
    return {
        "walk": np.cumsum(noise[2]),
        "price": 100 * np.exp(np.cumsum(0.01 * noise[3])),
        "storms_ms": calm * noise[4],
        "temp_c": 10 - 9 * np.cos(2 * np.pi * hour / 3000) + noise[1],
        "load_kg": 60 + 0.02 * hour + noise[5],
        "pressure_hpa": 1013 + noise[1],
    }


@pytest.mark.parametrize("seed", range(6))
def test_seasons_walks_storms_and_jumps_of_the_level_are_no_change_of_unit(seed):
    for name, x in waves(seed).items():
        assert conversion_in_order.change(x, name) is None, name
        for size in (1.0, 4.0):
            jumped = x + size * x.std() * (np.arange(len(x)) >= 1700)
            assert conversion_in_order.change(jumped, name) is None, (name, size)


def test_a_change_of_unit_in_all_columns_but_one_is_another_source():
    frame = sets.station(3000)
    for column in ("temp_c", "wind_ms", "energy"):
        frame.loc[1500:, column] += 8 * frame[column].std()
    frame.loc[1500:, "pressure_hpa"] *= 0.750062
    entries = judge.named(judge.finding(PROBE, sets.csv(frame.round(2), "energy")), "unit_change")
    assert [one["severity"] for one in entries] == ["low"]


def test_units_of_two_columns_change_between_the_parts():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "weight_kg": rng.normal(72, 14, 1600).round(1),
            "pressure_hpa": rng.normal(1013, 8, 1600).round(1),
            "depth": rng.gamma(3.0, 2.0, 1600).round(2),
            "y": rng.choice(["a", "b"], 1600),
        }
    )
    train, test = frame.iloc[:1000], frame.iloc[1000:].copy()
    test["pressure_hpa"] = (test["pressure_hpa"] * 0.750062).round(1)
    test["weight_kg"] = (test["weight_kg"] * 2.204623).round(1)
    entries = judge.named(judge.finding(PROBE, sets.split_csv(train, test, "y")), "unit_change")
    assert judge.places(entries, "columns") == {"weight_kg", "pressure_hpa"}
    assert any("from hPa to mmHg" in one["note"] for one in entries)
    test["pressure_hpa"] = (frame["pressure_hpa"] - 260).round(1)
    test["weight_kg"] = frame["weight_kg"]
    assert judge.named(judge.finding(PROBE, sets.split_csv(train, test, "y")), "unit_change") == []


@pytest.mark.parametrize(
    ("name", "unit"),
    [("pressure_hpa", "hPa"), ("windMs", "m/s"), ("dist_km", "km"), ("area_m2", "m²"), ("x", ""), ("kg", "")],
)
def test_the_unit_is_read_from_a_columns_name(name, unit):
    assert conversions.unit(name) == unit


def test_a_factor_beside_a_known_one_is_told_as_measured():
    rng = np.random.default_rng(7)
    before, after = rng.lognormal(3, 0.2, (2, 3000))
    assert units.change(before, 10.76391 * after).words == "times 10.76"
    assert units.change(before, 90 * after).words.startswith("times 9")


def rising(frame, target, label, seed=2):
    late = 0.4 * (frame[target] == label) + np.random.default_rng(seed).random(len(frame))
    return frame.iloc[np.argsort(late, kind="stable")].reset_index(drop=True)


def test_a_class_that_comes_later_is_serious_where_the_file_is_in_order_of_collection():
    frame = rising(sets.reviews(), "verdict", "good")
    unordered = judge.finding(PROBE, sets.csv(frame, "verdict"))
    assert [one["severity"] for one in judge.named(unordered, "class_shift")] == ["low"]
    assert unordered.value == 0.5
    frame.insert(0, "order_no", np.arange(len(frame)) + 5_001)
    numbered = judge.finding(PROBE, sets.csv(frame, "verdict"))
    assert [one["severity"] for one in judge.named(numbered, "class_shift")] == ["high"]
    assert numbered.value > 0.6


def test_a_file_sorted_by_class_is_said_to_be_sorted_and_has_no_trend():
    found = judge.finding(PROBE, sets.csv(sets.reviews().sort_values("verdict"), "verdict"))
    assert judge.named(found, "class_shift") == []
    assert found.note.startswith("The rows are sorted by verdict, which is no drift")


@pytest.mark.parametrize("times", [1, 5])
def test_shares_of_shuffled_rows_and_of_clumps_have_no_trend(times):
    rng = np.random.default_rng(9)
    found = [
        share_in_order.trend(np.repeat(rng.choice(4, 600, p=[0.6, 0.2, 0.15, 0.05]), times), 1)
        for _ in range(200)
    ]
    assert sum(one is not None for one in found) <= 2


def test_a_selected_column_explains_those_that_go_with_it():
    rng = np.random.default_rng(8)
    root = rng.normal(size=3000)
    child = root + 0.5 * rng.normal(size=3000)
    newer = rng.random(3000) < 1 / (1 + np.exp(-2 * root))
    values = {"root": numbers(root), "child": numbers(child)}
    assert moved.follows(values, newer, values["root"], ["child"])
    assert not moved.follows(values, newer, values["child"], ["root"])


def test_classes_that_changed_are_told_from_those_that_only_gained():
    assert moved.shifted_classes(np.array([[300, 300, 300], [100, 15, 100]]))[0] == [1]
    assert moved.shifted_classes(np.array([[300, 300, 300], [101, 99, 100]]))[0] == []


def test_parts_of_one_kind_cannot_be_told_apart():
    covered = 0
    for seed in range(10):
        rng = np.random.default_rng([9, seed])
        x, newer = rng.normal(size=(600, 8)), rng.random(600) < 0.5
        alike = domain.apart(x, newer, trees=20)
        covered += alike.low <= 0.5 <= alike.high
    assert covered >= 7  # of a 90 % interval; 6 or fewer has a chance of 1 %
    other = domain.apart(x + 1.5 * newer[:, None] * (np.arange(8) < 2), newer)
    assert other.low > 0.75


@pytest.mark.parametrize("seed", range(3))
def test_a_small_shift_of_a_column_that_goes_with_others_is_seen(seed):
    rng = np.random.default_rng([10, seed])
    size, newer = rng.normal(size=(500, 1)), rng.random(500) < 0.5
    x = size + 0.15 * rng.normal(size=(500, 6))
    assert domain.apart(x, newer).beyond < 3
    x[newer, 2] += 0.25
    shifted = domain.apart(x, newer)
    assert shifted.low > 0.71  # trees alone: 0.64 to 0.70
    assert shifted.beyond > 4


def test_several_columns_that_move_a_little_are_told_as_low():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(rng.normal(size=(1600, 12)).round(3), columns=[f"c{k}" for k in range(12)])
    frame["y"] = np.where(rng.random(1600) < 0.5, "yes", "no")
    train, test = frame.iloc[:900], frame.iloc[900:].copy()
    assert judge.finding(PROBE, sets.split_csv(train, test, "y")).facts["faults"] == []
    test.iloc[:, :12] += 0.11
    (fault,) = judge.finding(PROBE, sets.split_csv(train, test, "y")).facts["faults"]
    assert (fault["severity"], fault["columns"]) == ("low", [])
    assert "differs a little" in fault["note"]


@pytest.mark.parametrize("shape", [(80, 300), (61, 1)])
def test_wide_and_narrow_parts_are_compared(shape):
    rng = np.random.default_rng(12)
    x, newer = rng.normal(size=shape), np.arange(shape[0]) % 2 == 0
    x[:, 0] = np.round(x[:, 0] > 2)
    assert 0 <= domain.apart(x, newer, trees=5).low <= 0.6
    assert domain.apart(np.ones(shape), newer, trees=5).auc == pytest.approx(0.5, abs=0.05)


def test_few_rows_are_told_and_pictures_are_not_asked():
    frame = pd.concat([sets.wine(), sets.wine().head(4)])
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:170], frame.iloc[170:], "cultivar"))
    assert finding.state == "skipped"
    pictures, labels = sets.digits()
    finding = judge.finding(PROBE, sets.picture_zip(pictures[:200], labels[:200]))
    assert finding.facts["not_applicable"]


def reviews(rows=1200, seed=3):
    """Texts of many words and a category of many levels, all drawn alike."""
    rng = np.random.default_rng(seed)
    words = np.array([f"word{i}" for i in range(400)])
    return pd.DataFrame(
        {
            "review": [" ".join(rng.choice(words, 14)) for _ in range(rows)],
            "town": [f"town {i}" for i in rng.integers(0, 300, rows)],
            "price": rng.gamma(3, 20, rows).round(2),
            "good": rng.choice(["yes", "no"], rows),
        }
    )


def test_texts_and_rare_levels_of_a_random_split_do_not_tell_the_parts_apart():
    finding = judge.finding(PROBE, sets.split_csv(*halves(reviews()), "good"))
    assert judge.alarms(finding) == []
    assert finding.value < 0.56
    levels = reviews(3000).drop(columns="review").assign(weight=np.random.default_rng(4).normal(size=3000))
    assert judge.finding(PROBE, sets.csv(levels, "good")).value < 0.52


def test_texts_of_another_kind_are_drift():
    train, test = halves(reviews())
    test["review"] = test["review"].str.replace("word1", "thing")
    finding = judge.finding(PROBE, sets.split_csv(train, test, "good"))
    assert [one["severity"] for one in judge.named(finding, "drift")] == ["high"]
    assert finding.value > 0.8


def test_a_very_wide_table_is_compared_all_over_and_says_so():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(400, 700)).round(3), columns=[f"g{i}" for i in range(700)])
    frame["y"] = rng.choice(["a", "b"], 400)
    train, test = halves(frame)
    quiet = judge.finding(PROBE, sets.split_csv(train, test, "y"))
    assert judge.alarms(quiet) == []
    assert "of 701 columns" in quiet.note
    test.iloc[:, 400:700] += 2
    assert judge.finding(PROBE, sets.split_csv(train, test, "y")).value > 0.9


def test_a_class_that_the_training_part_lacks_is_serious_however_small_the_parts():
    train, test = halves(sets.wine())
    train = train[train["cultivar"] != "class_0"]
    finding = judge.finding(PROBE, sets.split_csv(train, test, "cultivar"))
    fault = judge.named(finding, "class_shift")[0]
    assert (fault["classes"][0], fault["severity"]) == ("class_0", "high")


def test_numbers_beyond_float32_are_judged_like_their_ranks():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=400), "y": rng.normal(size=400)})
    frame["label"] = np.where(frame["x"] > 0, "a", "b")
    train, test = halves(frame)
    test["x"] += 3.0
    found = []
    for scale in (1.0, 1e200):
        parts = [part.assign(x=part["x"] * scale) for part in (train, test)]
        found.append(judge.finding(PROBE, sets.split_csv(*parts, "label")))
    assert [one.state for one in found] == ["measured", "measured"]
    assert found[1].value == pytest.approx(found[0].value, abs=0.02)
    assert found[1].value > 0.9
