# ruff: noqa: E501 - one table a line reads better here
"""Odd tables through every data probe: a finding or "skipped" with the reason, never an exception."""

from __future__ import annotations

import json
import math
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.planting import sets
from workers import host
from workers.inputs import prepare
from workers.probes import catalog
from workers.probes.base import STATES, Budget, Sample

PROBES = [spec.id for spec in catalog.SPECS if spec.dimension == "data"]
SECONDS = 6.0


def _shop(rows: int = 90) -> pd.DataFrame:
    return sets.shop(rows)


def _wide(columns: int = 700, rows: int = 60) -> pd.DataFrame:
    values = np.random.default_rng(3).normal(size=(rows, columns)).round(3)
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(columns)])
    return frame.assign(label=np.where(values[:, 0] > 0, "a", "b"))


def _named(*names: str) -> pd.DataFrame:
    frame = _shop()
    frame.columns = [*names, *frame.columns[len(names) :]]
    return frame


def _numbers(*odd: float) -> pd.DataFrame:
    frame = _shop()
    frame["price"] = [odd[i % len(odd)] for i in range(len(frame))]
    return frame


TABLES = {
    "class_of_one_row": (lambda: _shop().assign(returned=["rare"] + ["yes", "no"] * 44 + ["no"]), ["returned"]),
    "one_class": (lambda: _shop().assign(returned="yes"), []),
    "all_missing": (lambda: _shop().assign(price=np.nan, place=None, colour=""), ["returned"]),
    "nothing_but_missing": (lambda: pd.DataFrame({"a": [""] * 40, "b": ["?"] * 40, "c": ["n/a"] * 40}), []),
    "constant_target": (lambda: _shop().assign(returned=5), []),
    "constant_columns": (lambda: _shop()[["returned"]].assign(a=1, b="x"), ["returned"]),
    "only_a_target": (lambda: _shop()[["returned"]], ["returned"]),
    "two_rows": (lambda: _shop(30).drop_duplicates("returned").head(2), ["returned"]),
    "odd_names": (lambda: _named("größe", "日本 語", 'quo"te', "semi;colon", "it's", "_id", " "), ["returned"]),
    "twin_names": (lambda: _named("a", "a", "A", "a_2", "", ""), ["returned"]),
    "huge_numbers": (lambda: _numbers(1e308, -1e308, 1e-300, 0.0, 7.5), ["returned"]),
    "huge_target": (lambda: _numbers(1e308, 5.0, -1e307, 2.5, 8.25, 1.5, 4.75), ["price"]),
    "number_target": (lambda: _shop(), ["price"]),
    "several_targets": (lambda: _shop(), ["returned", "price", "colour"]),
    "several_labels": (lambda: _shop().assign(**{f"y{i}": np.arange(90) // (i + 1) % 2 for i in range(4)}), ["y0", "y1", "y2", "y3"]),
    "a_class_a_row": (lambda: _shop().assign(kind=[f"k{i // 2}" for i in range(90)]), ["kind"]),
    "equal_rows": (lambda: pd.concat([_shop(1)] * 60).assign(label=["a", "b"] * 30), ["label"]),
    "infinite_dates": (lambda: _shop().assign(ordered=["0001-01-01", "9999-12-31", "infinity"] * 30), ["returned"]),
    "wide": (_wide, ["label"]),
}  # fmt: skip
HEAVY = {"very_wide": (lambda: _wide(2_999, 80), ["label"])}


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="hostile-")


@cache
def _sample(name: str) -> Sample:
    make, targets = (TABLES | HEAVY)[name]
    folder = Path(_folder().name) / name
    folder.mkdir()
    path = folder / "data.csv"
    make().to_csv(path, index=False)
    prepare([path], ["data.csv"], folder / "out", targets=targets)
    return Sample(folder / "out")


def _judged(probe: str, name: str, seconds: float = SECONDS) -> None:
    host.seed_everything(0)
    sample = _sample(name)
    found = catalog.load(probe)(Sample(sample.folder), Budget(seconds, 0))
    assert found.state in STATES
    assert found.state != "failed", found.note
    assert found.note
    assert len(found.note) < 1_000
    json.dumps(found.facts, allow_nan=False)
    if found.state == "measured":
        assert found.value is not None
        assert math.isfinite(found.value)
    for fault in found.facts.get("faults", ()):
        assert fault["severity"] in ("low", "medium", "high")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("probe", PROBES)
def test_an_odd_table_gets_a_finding_or_a_reason(probe, name):
    _judged(probe, name)


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES)
def test_three_thousand_columns_get_a_finding_or_a_reason(probe):
    _judged(probe, "very_wide", 60.0)
