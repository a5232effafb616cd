# ruff: noqa: E501 - tables read best with an entry a line
"""Rows about people are counted by what others may know; rows about things are left alone."""

from __future__ import annotations

from itertools import combinations

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


HEADERS = {
    "fr": ("date_de_naissance", "sexe", "code_postal", "métier"),
    "es": ("fecha_de_nacimiento", "sexo", "código_postal", "ocupación"),
    "it": ("data_di_nascita", "sesso", "CAP", "professione"),
    "nl": ("geboortedatum", "geslacht", "postcode", "beroep"),
    "pt": ("data_de_nascimento", "sexo", "código_postal", "profissão"),
    "pl": ("data_urodzenia", "płeć", "kod_pocztowy", "zawód"),
    "sv": ("födelsedatum", "kön", "postnummer", "yrke"),
    "tr": ("doğum_tarihi", "cinsiyet", "posta_kodu", "meslek"),
    "none": ("v1", "v2", "v3", "v4"),
}


@pytest.mark.parametrize("language", HEADERS)
def test_what_others_know_is_recognised_in_eight_more_languages_and_by_content(tmp_path, language):
    birth, sex, code, job = HEADERS[language]
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        birth: (np.datetime64("1940-01-01") + rng.integers(0, 22_000, 800)).astype(str),
        sex: rng.choice(["erkek", "kadın"] if language == "tr" else ["m", "f"], 800), code: [f"{z:05}" for z in rng.integers(1000, 99_000, 800)],
        job: rng.choice([f"job {i}" for i in range(30)], 800), "answer": rng.choice(["yes", "no"], 800),
    })  # fmt: skip
    finding = run(tmp_path, frame, {birth: "date"})
    whats = {one["name"]: one["what"] for one in finding.facts["columns"]}
    assert (whats[birth], whats[sex], whats[code]) == ("birth", "sex", "zip")
    assert whats[job] == ("other" if language == "none" else "job")
    assert [fault["severity"] for fault in finding.facts["faults"]] == ["medium"]


def test_ages_beside_words_for_men_and_women_are_people_by_content(tmp_path):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "v1": rng.integers(18, 90, 600), "v2": rng.choice(["male", "female"], 600),
        "v3": rng.choice(["France", "Spain", "Italy", "Germany"], 600), "answer": rng.choice(["a", "b"], 600),
    })  # fmt: skip
    finding = run(tmp_path, frame, {"v1": "number"})
    assert set(finding.facts["worst"]["columns"]) == {"v1", "v2", "v3"}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_and_codes_without_people_are_skipped(tmp_path, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "v1": rng.integers(0, 101, 500), "v2": rng.choice(["a", "b", "c"], 500), "v3": rng.integers(10_000, 99_999, 500),
        "job": [f"job{i}" for i in range(500)], "birth": rng.integers(0, 9, 500), "eta": rng.normal(0, 1, 500).round(3),
        "kind": rng.choice(["x", "y"], 500), "answer": rng.choice(["a", "b"], 500),
    })  # fmt: skip
    numbers = dict.fromkeys(("v1", "v3", "birth", "eta"), "number")
    assert run(tmp_path, frame, numbers | {"job": "identifier"}).state == "skipped"


def test_advice_holds_with_every_other_column_still_there(tmp_path):
    frame = townspeople(2000)
    frame["zip_2"], frame["born"] = frame["zip"] + "0", frame["birth_date"].str[:4]
    finding = run(tmp_path, frame, {"born": "number"})
    best = finding.facts["mitigations"][0]
    assert best["do"] in finding.note
    assert "zip" not in best["do"] or "zip_2" in best["do"]
    after = frame.copy()
    if "birth_date" in best["do"]:
        kept = 3 if "decade" in best["do"] else 4
        after["birth_date"], after["born"] = after["birth_date"].str[:kept], after["born"].str[:kept]
        if "eave out" in best["do"] and "birth_date" in best["do"].split("eave out")[1]:
            after = after.drop(columns=["birth_date", "born"])
    for name in ("zip", "zip_2"):
        if name in best["do"]:
            after[name] = after[name].str[: 3 if "first 3" in best["do"] else 2]
    known = [name for name in after if name not in ("spent", "answer")]
    alone = max((k_of(after, list(some)) == 1).mean() for some in combinations(known, min(3, len(known))))
    assert best["unique_share"] == pytest.approx(alone, abs=0.002)
    assert best["unique_share"] < 0.5 * finding.value


def test_a_diagnosis_is_no_day(tmp_path):
    frame = townspeople(600).assign(diagnosis=[f"d{i % 29}" for i in range(600)], patient_id=range(600))
    finding = run(tmp_path, frame)
    assert not any("diagnosis" in one["do"] and "month" in one["do"] for one in finding.facts["mitigations"])
    assert {one["what"] for one in finding.facts["columns"] if one["name"] == "diagnosis"} == {"other"}
