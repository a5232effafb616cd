"""Rows about people are counted by what others may know; rows about things are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.security import reidentification


def townspeople(rows: int, seed: int = 0, towns: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    born = np.datetime64("1940-01-01") + rng.integers(0, 2_000, rows)
    return pd.DataFrame({
        "birth_date": born.astype(str), "sex": rng.choice(["f", "m"], rows),
        "zip": [f"{z:05d}" for z in 10_000 + 97 * rng.integers(0, towns, rows)],
        "spent": rng.lognormal(3, 1, rows).round(2).astype(str), "answer": rng.choice(["yes", "no"], rows),
    })  # fmt: skip


def run(folder, frame: pd.DataFrame, types=None):
    columns = {name: frame[name].astype(str).replace("nan", "").tolist() for name in frame}
    kinds = {"birth_date": "date", "spent": "number", "age": "number"} | (types or {})
    return reidentification.run(prepared(folder, columns, {"answer": "binary"}, types=kinds), Budget())


def k_of(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    return frame.groupby(columns)[columns[0]].transform("size")


@pytest.mark.parametrize("seed", range(3))
def test_the_worst_three_columns_are_counted_as_pandas_counts_them(tmp_path, seed):
    frame = townspeople(3000, seed)
    finding = run(tmp_path, frame)
    worst = finding.facts["worst"]
    assert set(worst["columns"]) == {"birth_date", "sex", "zip"}
    k = k_of(frame, worst["columns"])
    assert worst["unique"] == int((k == 1).sum())
    assert worst["below_5"] == int((k < 5).sum())
    assert finding.value == pytest.approx((k == 1).mean())
    (fault,) = finding.facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("quasi_identifiers", "medium")
    assert fault["share"] == finding.value


def test_coarser_columns_are_measured_again(tmp_path):
    frame = townspeople(3000)
    finding = run(tmp_path, frame)
    told = {one["do"]: one["unique_share"] for one in finding.facts["mitigations"]}
    frame["zip"] = frame["zip"].str[:3]
    by_zip = (k_of(frame, ["birth_date", "sex", "zip"]) == 1).mean()
    assert told["Keep only the first 3 digits of zip"] == pytest.approx(by_zip)
    frame["birth_date"] = frame["birth_date"].str[:4]
    both = (k_of(frame, ["birth_date", "sex", "zip"]) == 1).mean()
    assert min(told.values()) == pytest.approx(min(both, (k_of(frame, ["sex", "zip"]) == 1).mean()), abs=0.01)
    assert "Keep" in finding.note or "All" in finding.note


def test_people_who_come_back_are_counted_once(tmp_path):
    frame = pd.concat([townspeople(600)] * 4, ignore_index=True)
    frame.insert(0, "patient_id", [f"p{i % 600}" for i in range(len(frame))])
    finding = run(tmp_path, frame)
    assert finding.facts["person"] == "patient_id"
    assert finding.value > 0.9  # each of four rows of a person alone is as exposed as one


def test_large_groups_hide_everybody(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "sex": rng.choice(["f", "m"], 2000), "age_group": rng.choice(["18-35", "36-60", "60+"], 2000),
        "region": rng.choice(["north", "south"], 2000), "answer": rng.choice(["yes", "no"], 2000),
    })  # fmt: skip
    finding = run(tmp_path, frame)
    assert (finding.value, finding.facts["faults"]) == (0.0, [])
    assert finding.title.startswith("Nobody is alone")


def test_empty_cells_hide(tmp_path):
    frame = townspeople(400)
    frame.loc[:199, "zip"] = ""
    finding = run(tmp_path, frame)
    hidden = [one for one in finding.facts["combinations"]["3"] if "zip" in one["columns"]]
    assert all(one["unique"] <= 200 for one in hidden)


@pytest.mark.parametrize(
    "names",
    [("alcohol", "proline", "hue"), ("species", "sex", "age", "island"), ("temp", "humidity", "wind"),
     ("price", "carat", "color"), ("product", "city", "date"), ("mean_radius", "texture")],
)  # fmt: skip
def test_rows_about_things_are_skipped(tmp_path, names):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(20, 5, 300).round(2) for name in names})
    frame["answer"] = rng.choice(["a", "b"], 300)
    finding = run(tmp_path, frame)
    assert finding.state == "skipped"
    assert finding.facts.get("not_applicable")


def test_titanic_is_about_people_and_penguins_are_not(tmp_path, shared_data):
    ship = pd.read_csv(shared_data / "tabular" / "titanic.csv").rename(columns={"survived": "answer"})
    finding = run(tmp_path / "ship", ship)
    assert {"age", "sex"} <= set(finding.facts["worst"]["columns"])
    assert all(fault["severity"] == "low" for fault in finding.facts["faults"])
    birds = pd.read_csv(shared_data / "tabular" / "penguins_raw.csv").rename(columns={"Species": "answer"})
    columns = {name: birds[name].astype(str).tolist() for name in birds}
    skipped = reidentification.run(prepared(tmp_path / "birds", columns, {"answer": "multiclass"}), Budget())
    assert skipped.state == "skipped"
