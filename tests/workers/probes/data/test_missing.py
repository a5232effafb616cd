"""``data.missing``: what counts as a gap, what is honest, and tables that are hardly tables."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.planting import Data, judge, sets
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget, Sample
from workers.probes.data import missing
from workers.probes.data.missing import missingness, sentinels


def found(frame, *targets, **more):
    return judge.finding("data.missing", sets.csv(frame, *targets, **more))


def honest(seed=0, rows=1500):
    """Columns whose zeros, ends and odd numbers are true."""
    rng = np.random.default_rng(seed)
    zero = rng.random(rows)
    return pd.DataFrame(
        {
            "visits": rng.negative_binomial(1, 0.3, rows),
            "gain": np.where(zero < 0.9, 0, rng.lognormal(7, 0.5, rows).round()),
            "rating": rng.integers(1, 6, rows),
            "percent": rng.normal(60, 35, rows).clip(0, 100).round(1),
            "year": rng.integers(1980, 2024, rows),
            "celsius": rng.normal(0, 6, rows).round().astype(int),
            "age": rng.normal(40, 20, rows).clip(0, 99).round(),
            "hours": np.where(zero < 0.5, 40, rng.normal(40, 12, rows).clip(1, 99).round()),
            "vote": rng.integers(-1, 2, rows),
            "offer": rng.choice([9, 19, 49, 99, 199, 499, 999], rows),
            "longitude": rng.normal(-99, 3, rows).round(4),
            "heavy": rng.standard_t(1.5, rows).round(3),
            "siblings": rng.choice(
                [0, 1, 2, 3, 4, 5, 8], rows, p=[0.68, 0.235, 0.03, 0.02, 0.02, 0.005, 0.01]
            ),
            "y": rng.choice(["yes", "no"], rows),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_honest_zeros_ends_and_spikes_are_no_gaps(seed):
    seen = found(honest(seed), "y")
    assert judge.alarms(seen) == []
    assert seen.value == 0


@pytest.mark.parametrize(
    ("value", "known"),
    [(-1, True), (-999, True), (9999, True), (99, True), (999.9, True), (-88, True), (9, False), (5, False)],
)
def test_numbers_that_people_write_for_nothing_are_known(value, known):
    assert sentinels.typical(value) == known


def scales(seed, rows=1200):
    """Counts, codes of categories, and answers that are honest however far they lie from the others."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            **{f"tickets_{month}": rng.poisson(0.9, rows) for month in range(6)},
            **{f"gene_{k}": rng.choice([-1, 0, 1, 2], rows, p=[0.2, 0.6, 0.15, 0.05]) for k in range(5)},
            "region": rng.choice([1, 2, 3, 4, 9], rows),
            "seats": rng.choice([1, 2, 3, 4, 5, 7, 9], rows, p=[0.02, 0.2, 0.05, 0.2, 0.4, 0.1, 0.03]),
            "power": rng.normal(100, 15, rows).round(1),
            "y": rng.choice(["yes", "no"], rows),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_counts_codes_and_whole_scales_hold_no_code_for_no_answer(seed):
    assert judge.alarms(found(scales(seed), "y")) == []
    for low, high in ((1, 5), (0, 10), (-2, 2)):
        assert judge.alarms(found(sets.survey(seed=seed, low=low, high=high), "recommends")) == []


def test_an_answer_far_up_that_goes_with_the_others_is_honest():
    frame = sets.survey(2000)
    for column in ("q01", "q02", "q03", "q04"):
        frame[column] = frame[column].replace({5: 9})
    assert judge.named(found(frame, "recommends"), "sentinel_missing") == []


def test_a_code_of_every_question_is_told_in_one_title():
    frame = sets.survey()
    for place, column in enumerate(["q01", "q02", "q03", "q04"]):
        frame.loc[place * 60 : place * 60 + 40, column] = 9
    assert found(frame, "recommends").title == "9 stands for nothing in q01, q02 and 2 more"


def test_a_disguised_gap_counts_and_its_range_tells_what_is_plain():
    frame = sets.wine()
    frame.loc[:19, "proline"] = -1
    seen = found(frame, "cultivar")
    assert seen.value == pytest.approx(20 / (178 * 14))
    assert seen.low == 0
    assert seen.high == seen.value
    assert seen.facts["disguised"] == 20


def test_two_disguises_in_one_column_are_both_told():
    frame = sets.cancer()
    frame.loc[:29, "mean_radius"] = -999
    frame.loc[30:59, "mean_radius"] = 9999
    entries = judge.named(found(frame, "diagnosis"), "sentinel_missing")
    assert {entry["value"] for entry in entries} == {"-999", "9999"}


def test_words_for_nothing_count_as_missing_and_doubtful_ones_widen_the_range():
    frame = sets.shop(400)
    frame.loc[:39, "colour"] = "keine Angabe"
    frame.loc[40:59, "colour"] = "unknown"
    seen = found(frame, "returned")
    cells = seen.facts["cells"]
    assert seen.facts["missing"] == 40
    assert seen.high == pytest.approx(60 / cells)


def test_a_country_code_is_not_missing_among_codes():
    rng = np.random.default_rng(0)
    codes = rng.choice(["ND", "DE", "FR", "US", "GB", "IT", "ES", "NL"], 400)
    frame = pd.DataFrame({"state": codes, "x": rng.normal(size=400), "y": rng.choice(["a", "b"], 400)})
    assert found(frame, "y").value == 0


def test_a_column_that_is_mostly_empty_is_high_and_leaving_it_out_is_measured():
    frame = sets.wine()
    frame.loc[:150, "ash"] = None
    seen = found(frame, "cultivar")
    assert judge.named(seen, "missing")[0]["severity"] == "high"
    assert seen.facts["mitigations"][0]["value"] == 0


def test_a_field_for_remarks_may_be_empty():
    frame = sets.wine()
    frame["remarks"] = None
    frame.loc[frame.index[::18], "remarks"] = [
        f"The bottle number {i} was opened too early, and is left out." for i in range(10)
    ]
    assert judge.alarms(found(frame, "cultivar")) == []


def test_gaps_by_chance_go_with_nothing():
    alarms = 0
    for seed in range(5):
        frame, rng = sets.cancer(), np.random.default_rng(seed)
        for column in list(frame.columns[:10]):
            frame.loc[rng.random(len(frame)) < 0.15, column] = None
        named = {entry["fault"] for entry in found(frame, "diagnosis").facts["faults"]}
        alarms += named != {"missing"}
    assert alarms == 0


def test_which_side_is_missing_is_told():
    frame = sets.cancer()
    frame.loc[frame["mean_radius"].rank(pct=True) > 0.8, "mean_radius"] = None
    entry = judge.named(found(frame, "diagnosis"), "missing_depends_on_value")[0]
    assert entry["side"] == "high"
    assert "worst_radius" not in entry["columns"]


def test_classes_of_a_number_target_are_written_as_in_the_upload():
    frame = sets.shop(800)
    frame["returned"] = (frame["returned"] == "yes").astype(int)
    frame.loc[frame["returned"] == 1, "price"] = None
    entry = judge.named(found(frame, "returned"), "missing_depends_on_target")[0]
    assert entry["classes"] == ["1"]
    assert entry["severity"] == "high"


def test_the_longest_gap_of_a_sensor_is_told():
    frame = sets.series(800)
    frame.loc[300:379, "load"] = None
    seen = found(frame, "power")
    column = next(c for c in seen.facts["columns"] if c["name"] == "load")
    assert column["longest"] == {"row": 300, "rows": 80}


def test_rows_of_two_files_say_which_side_they_are_on():
    train, test = sets.wine().iloc[:120], sets.wine().iloc[120:].reset_index(drop=True).copy()
    test.loc[:29, "ash"] = None
    seen = judge.finding("data.missing", sets.split_csv(train, test, "cultivar"))
    entry = judge.named(seen, "missing")[0]
    assert entry["rows"] == list(range(30))
    assert set(entry["splits"]) == {"test"}
    assert judge.named(seen, "missing_differs_by_split")[0]["severity"] == "high"


def test_benjamini_and_hochberg_keep_the_rate():
    rng = np.random.default_rng(0)
    hits = sum(
        bool(missingness.benjamini_hochberg(dict(enumerate(rng.random(50))), 0.01)) for _ in range(300)
    )
    assert hits <= 12
    assert missingness.benjamini_hochberg({"a": 1e-9, "b": 0.5}, 0.01) == ["a"]


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        ({"a": [None] * 30, "y": ["u", "v"] * 15}, {"y": "binary"}),
        ({"a": ["1", None], "y": ["u", "v"]}, {"y": "binary"}),
        ({"a": ["1", "2", None] * 20, "y": ["u"] * 60}, {"y": "binary"}),
        ({'"; DROP': ["1e308", "-1e308", None, "5"] * 20, "ä'": ["x", None] * 40}, None),
        ({"a": ["7", None] * 30, "y": [str(i) for i in range(60)]}, {"y": "regression"}),
        ({"a": ["7", None] * 30, "y": ["3"] * 60}, {"y": "regression"}),
    ],
)
def test_tables_that_are_hardly_tables_get_a_finding(tmp_path, columns, targets):
    types = {name: "number" for name in columns if name != "y"}
    if targets and targets.get("y") == "regression":
        types["y"] = "number"
    seen = missing.run(prepared(tmp_path, columns, targets, types=types), Budget())
    assert seen.state == "measured"
    assert 0 <= seen.low <= seen.value <= seen.high <= 1
    json.dumps(seen.as_json(), allow_nan=False)


def test_without_data_or_table_it_is_skipped(tmp_path):
    assert missing.run(Sample(), Budget()).state == "skipped"
    pictures, labels = sets.shapes(4)
    seen = judge.finding("data.missing", sets.picture_zip(pictures, labels))
    assert seen.state == "measured"
    assert seen.value == 0


def test_thousands_of_columns_are_judged():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 1500)).round(3)
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(1500)])
    frame.iloc[:30, :700] = np.nan
    frame["y"] = ["a", "b"] * 30
    seen = found(frame, "y")
    assert seen.facts["columns_with_gaps"] == 700
    assert sum(len(entry["columns"]) for entry in judge.named(seen, "missing")) == 700
    assert isinstance(sets.csv(frame, "y"), Data)


def test_a_price_of_99_is_a_price():
    rng = np.random.default_rng(3)
    usual = rng.choice([99, 99, 49.9, 59.9, 79.9], 500)
    price = np.where(rng.random(500) < 0.6, usual, rng.uniform(10, 90, 500)).round(2)
    frame = pd.DataFrame({"value": price, "b": rng.normal(size=500), "y": rng.choice(["yes", "no"], 500)})
    for name in ("value", "list_price"):
        finding = found(frame.rename(columns={"value": name}), "y")
        assert finding.title == "Nothing is missing"
        assert finding.facts["faults"] == []


def test_a_number_that_may_stand_for_nothing_is_in_the_title_where_nothing_else_is_missing():
    doubt = {
        "fault": "sentinel_missing",
        "severity": "low",
        "columns": ["dose"],
        "value": "99",
        "note": "Oh.",
    }
    assert missing._title([doubt], 0.0, []) == "99 in dose may stand for nothing"
    assert missing._title([], 0.0, []) == "Nothing is missing"
    assert "Every one of the 10 cells in use holds something. Oh." in missing._note(None, [doubt], 0, 10, 5)


@pytest.mark.parametrize(("by_sex", "severities"), [(True, {"low"}), (False, {"medium", "high"})])
def test_gaps_that_another_column_explains_are_a_remark_that_names_it(by_sex, severities):
    rng = np.random.default_rng(8)
    sex = rng.choice(["f", "m"], 1500)
    outcome = np.where(rng.random(1500) < np.where(sex == "f", 0.7, 0.3), "ill", "well")
    gone = (
        (sex == "m") | (rng.random(1500) < 0.05) if by_sex else rng.random(1500) < (outcome == "well") * 0.5
    )
    frame = pd.DataFrame({"sex": sex, "age": rng.integers(20, 80, 1500), "outcome": outcome})
    frame["births"] = np.where(gone, np.nan, rng.integers(0, 4, 1500))
    told = judge.named(found(frame, "outcome"), "missing_depends_on_target")
    assert {one["columns"][0] for one in told} == {"births"}
    assert {one["severity"] for one in told} <= severities
    assert ("because of sex" in told[0]["note"]) == by_sex
