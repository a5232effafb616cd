"""Columns that say the same, their exactness, and the directions of the data."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import redundancy
from workers.probes.data.redundancy import two_nn


def found(tmp_path, columns, **more):
    """The finding on columns of numbers (floats) and words (text)."""
    types = {n: "number" if np.asarray(v).dtype.kind in "fiu" else "category" for n, v in columns.items()}
    text = {n: [None if str(v) == "nan" else str(v) for v in values] for n, values in columns.items()}
    numbers = [np.asarray(v, float) for n, v in columns.items() if types[n] == "number"]
    features = np.nan_to_num(np.stack(numbers, axis=1)) if numbers else None
    sample = prepared(tmp_path, text, types=types, features=features, **more)
    return redundancy.run(sample, Budget())


def named(finding):
    return [(fault["fault"], sorted(fault["columns"])) for fault in finding.facts["faults"]]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_independent_columns_say_something_of_their_own(tmp_path, rng):
    finding = found(tmp_path, {name: rng.normal(size=300).round(3) for name in "abcde"})
    assert finding.value == 0
    assert finding.facts["faults"] == []
    assert finding.facts["null"]["correlation"] < 0.3


def test_a_difference_is_exact_and_names_only_its_parts(tmp_path, rng):
    a, b, c = rng.normal(size=(3, 300)).round(3)
    finding = found(tmp_path, {"a": a, "other": c, "b": b, "change": (b - a).round(3)})
    assert named(finding) == [("perfectly_collinear", ["a", "b", "change"])]
    assert finding.facts["faults"][0]["note"] == "change is - a + b in every row."
    assert finding.value == 0.25


def test_the_levels_of_one_category_as_columns_are_only_a_remark(tmp_path, rng):
    level = rng.integers(0, 3, 300)
    columns = {f"is_{k}": (level == k).astype(int) for k in range(3)}
    finding = found(tmp_path, {**columns, "x": rng.normal(size=300)})
    assert [fault["severity"] for fault in finding.facts["faults"]] == ["low"]


def test_a_few_far_values_do_not_make_two_columns_alike(tmp_path, rng):
    a, b = rng.normal(size=(2, 400))
    a[:3] = b[:3] = 1e6
    assert named(found(tmp_path, {"a": a, "b": b, "c": rng.normal(size=400)})) == []


def test_gaps_are_left_out_of_the_comparison(tmp_path, rng):
    a = rng.normal(size=400)
    b = np.where(rng.random(400) < 0.3, np.nan, 2 * a + 0.1 * rng.normal(size=400))
    assert named(found(tmp_path, {"a": a, "b": b, "c": rng.normal(size=400)})) == [
        ("high_collinearity", ["a", "b"])
    ]


def test_a_code_and_its_word_are_one_to_one_and_quotes_in_names_do_no_harm(tmp_path, rng):
    level = rng.integers(0, 4, 300)
    words = np.array(["north", "south", "east", "west"])[level]
    finding = found(tmp_path, {'re"gion': words, "code": level * 7 + 3, "x": rng.normal(size=300)})
    assert named(finding) == [("perfectly_collinear", ["code", 're"gion'])]


def test_names_of_rows_are_no_recoding_of_each_other(tmp_path, rng):
    ids = [f"a{i}" for i in rng.permutation(200)]
    other = [f"b{i}" for i in rng.permutation(200)]
    assert (
        named(found(tmp_path, {"one": np.array(ids), "two": np.array(other), "x": rng.normal(size=200)}))
        == []
    )


def test_a_table_of_mostly_the_same_is_worth_more_than_a_remark(tmp_path, rng):
    base = rng.normal(size=300)
    columns = {f"c{k}": base + 0.05 * rng.normal(size=300) for k in range(6)}
    finding = found(tmp_path, columns)
    assert finding.facts["faults"][0]["severity"] == "medium"
    assert finding.value == pytest.approx(5 / 6)


def test_one_column_and_pictures_are_not_asked(tmp_path):
    one = found(tmp_path / "one", {"a": np.arange(50.0)})
    assert one.state == "skipped"
    assert one.facts["not_applicable"]
    pictures = found(
        tmp_path / "pictures", {"width": np.arange(50.0), "height": np.arange(50.0)}, kind="images"
    )
    assert pictures.facts["not_applicable"]


@pytest.mark.parametrize("d", [2, 5, 10])
def test_directions_of_a_cloud_in_fifty_columns_are_counted_within_a_fifth(rng, d):
    x = rng.normal(size=(1500, d)) @ rng.normal(size=(d, 50))
    value, low, high = two_nn.estimate(np.concatenate([x, x[:200]]))  # doubled rows have no distance
    assert abs(value / d - 1) <= 0.2
    assert low <= value <= high


def test_equal_points_have_no_directions():
    assert two_nn.estimate(np.ones((500, 3))) is None
