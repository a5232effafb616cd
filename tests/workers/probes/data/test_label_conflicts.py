"""Equal inputs with different labels are found; where inputs are equal by nature, noise is no fault."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import label_conflicts


def numbers(rows, seed=0, width=5):
    x = np.random.default_rng(seed).normal(size=(rows, width))
    return x, {f"x{j}": [repr(float(v)) for v in column] for j, column in enumerate(x.T)}


def run(sample):
    return label_conflicts.run(sample, Budget())


def test_the_ceiling_and_the_pairs_of_contradicting_rows(tmp_path):
    x, _ = numbers(100)
    x = np.concatenate([x, x[:4]])
    columns = {f"x{j}": [repr(float(v)) for v in column] for j, column in enumerate(x.T)}
    columns["y"] = ["a", "b"] * 50 + ["b", "b", "b", "b"]
    finding = run(prepared(tmp_path, columns, {"y": "binary"}, features=x))
    (fault,) = finding.facts["faults"]
    assert finding.facts["ceiling"] == pytest.approx(1 - 2 / 104)
    assert sorted(fault["rows"]) == [0, 2, 100, 102]
    assert [{p["row"] for p in pair} for pair in fault["pairs"]] == [{0, 100}, {2, 102}]
    assert {tuple(one["labels"]) for one in finding.facts["examples"]} == {("a", "b")}
    assert (fault["severity"], fault["columns"]) == ("medium", ["y"])
    assert finding.low <= finding.value <= finding.high


def test_identifiers_do_not_tell_inputs_apart(tmp_path):
    x, columns = numbers(60)
    columns = {name: values + values[:5] for name, values in columns.items()}
    columns |= {"id": [f"K{i}" for i in range(65)], "y": ["a", "b"] * 30 + ["b", "a", "b", "a", "b"]}
    sample = prepared(tmp_path, columns, {"y": "binary"}, features=np.concatenate([x, x[:5]]),
                      types={"id": "identifier"})  # fmt: skip
    assert run(sample).facts["against"] == 5


def test_different_outcomes_of_equal_answers_are_the_outcomes_own_noise(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 3, (800, 4))
    y = np.where(rng.random(800) < 1 / (1 + np.exp(2 - 1.0 * x[:, 0] - x[:, 1])), "yes", "no")
    columns = {f"q{j}": [str(v) for v in column] for j, column in enumerate(x.T)} | {"y": list(y)}
    finding = run(prepared(tmp_path, columns, {"y": "binary"}, features=x.astype(float)))
    assert finding.facts["against"] > 100
    assert finding.facts["null"]["against"] == pytest.approx(finding.facts["against"], rel=0.15)
    assert {fault["severity"] for fault in finding.facts["faults"]} == {"low"}


def test_numbers_conflict_beyond_rounding(tmp_path):
    x, _ = numbers(100, 2)
    y = 3 * x[:, 0] + 10
    both = np.concatenate([x, x[:6]])
    told = np.concatenate([y, y[:3] + 0.01, y[3:6] + 5])
    columns = {f"x{j}": [repr(float(v)) for v in column] for j, column in enumerate(both.T)}
    columns["y"] = [f"{v:.4f}" for v in told]
    types = dict.fromkeys(columns, "number")
    finding = run(prepared(tmp_path, columns, {"y": "regression"}, features=both, types=types))
    assert sorted(finding.facts["faults"][0]["rows"]) == [3, 4, 5, 103, 104, 105]


def test_each_target_is_judged_on_its_own(tmp_path):
    x, columns = numbers(80, 3)
    columns = {name: values + values[:8] for name, values in columns.items()}
    columns["fine"] = ["a", "b"] * 40 + ["a", "b"] * 4
    columns["torn"] = ["u", "v"] * 40 + ["v", "u"] * 4
    targets = {"fine": "binary", "torn": "binary"}
    finding = run(prepared(tmp_path, columns, targets, features=np.concatenate([x, x[:8]])))
    assert [fault["columns"] for fault in finding.facts["faults"]] == [["torn"]]
    assert finding.facts["by_target"]["fine"]["against"] == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"x": ["1", "1"], "y": ["a", "b"]},
        {"x": ["1"] * 30, "y": ["a"] * 30},
        {"x": [""] * 30, "y": [None] * 30},
        {'o"dd': ["1", "2"] * 20, "y": ["a", "b"] * 19 + ["c", None]},
    ],
)
def test_odd_tables_are_no_trouble(tmp_path, columns):
    features = np.zeros((len(columns["y"]), 0))
    for task in ("binary", "regression"):
        if task == "regression" and any(v and not v.isdigit() for v in columns["y"]):
            columns = columns | {"y": [str(i % 3) for i, _ in enumerate(columns["y"])]}
        types = {"y": "number"} if task == "regression" else {}
        sample = prepared(tmp_path / task, columns, {"y": task}, features=features, types=types)
        assert run(sample).state == "measured"
    assert run(prepared(tmp_path / "none", columns)).state == "skipped"
    assert run(prepared(tmp_path / "bare", {"y": columns["y"]}, {"y": "binary"})).state == "skipped"
