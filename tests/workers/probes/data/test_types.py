"""``data.types``: spellings, dates, words among numbers; what only looks odd stays quiet."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget, Sample
from workers.probes.data import types
from workers.probes.data.types import date_forms, spelling


def found(frame, *targets):
    return judge.finding("data.types", sets.csv(frame, *targets))


@pytest.mark.parametrize(
    "values",
    [
        {"male": 800, "Male": 3},
        {"male": 800, "male ": 3},
        {"green blue": 300, "Green-Blue": 5},
        {"green blue": 300, "greenblue": 3},
        {"<=50K": 700, ">50K": 300, "<=50K.": 40},
        {"yes": 50, "no": 40, "Y": 4},
        {"setosa": 50, "s\u0435tosa": 3},  # a Cyrillic e
        {"p\u0430ris": 4, "rome": 5},  # a Cyrillic a, and no right one beside it
        {"USA": 300, "United States": 20, "France": 4},
        {"virginica": 50, "virginca": 1},
        {"product": 300, "products": 4},
        {"München": 300, "Munchen": 4},
        {"Yes": 500, "yes": 500, "No": 300},
        {"O’Hare": 30, "O'Hare": 30},
        {"full\u00a0time": 30, "full time": 90},
        {"a\u200bctive": 3, "active": 90},
        {"U.S.": 30, "US": 90, "Canada": 4},
    ],
)
def test_one_category_in_several_ways_is_found(values):
    groups, _ = spelling.variants(values)
    assert len(groups) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"A1": 50, "A2": 60, "A11": 1},
        {"S": 50, "M": 50, "L": 40, "XL": 3, "XXL": 1},
        {"cat": 50, "car": 1},
        {"A+": 5, "A": 5, "A-": 9},
        {"C": 3, "C++": 5, "C#": 4},
        {"<=50K": 700, ">50K": 300},
        {"aa": 25, "Aa": 50, "AA": 25},
        {"Type I": 500, "Type II": 20, "Type III": 2},
        {"Zambia": 500, "Gambia": 2},
        {"typical": 500, "atypical": 3},
        {"married": 1000, "unmarried": 30},
        {"hypertension": 500, "hypotension": 5},
        {"Austria": 900, "Australia": 9},
        {"2001": 30, "2002": 30},
        {"K1A 0B1": 9, "K1A 0B2": 1},
        {"DE": 100, "US": 100, "GB": 3, "UK": 2},
        {"m": 30, "M": 40},  # metres and months
        {"мужской": 30, "женский": 40},
        {"+": 30, "-": 40, "+-": 2},
        {"vitamin c": 300, "vitamin d": 3},
        {"class_0": 300, "class_1": 3},
        {
            "Marten": 100,
            "Moreen": 80,
            "Martin": 60,
            "Morten": 2,
            "Alice": 90,
            "Bettina": 50,
            "Dorothy": 70,
            "Ludwig": 50,
            "Xaver": 30,
            "Yvonne": 40,
            "Wolfgang": 30,
            "Ursula": 30,
            "Theodor": 30,
            "Ferdinand": 30,
            "Sabrina": 30,
            "Roswitha": 30,
            "Rudolf": 30,
            "Pauline": 30,
            "Leopold": 30,
            "Henriette": 30,
            "Konrad": 30,
        },
    ],
)
def test_honest_categories_stay_apart(values):
    assert spelling.variants(values)[0] == []


def test_codes_near_to_each_other_are_no_typing_errors():
    rng = np.random.default_rng(0)
    common = {f"QX{a}{b}Z": 100 for a in "ABCD" for b in "ABCD"}
    rare = {f"QX{a}{b}Z": 1 for a in "ABCD" for b in "EFGH"}
    groups, null = spelling.variants({**common, **rare})
    assert groups == []
    assert null["near_words"] == 1
    mixed = {"".join(rng.choice(list("abcABC123"), 6)): 1 for _ in range(3000)}
    assert spelling.variants(mixed)[0] == []


TOWNS = {
    "Hamburg": 400, "Berlin": 160, "Leipzig": 90, "Dortmund": 60, "Bremen": 40, "Dresden": 18, "Hannover": 15,
    "Bochum": 9, "Augsburg": 7, "Wiesbaden": 5, "Chemnitz": 4, "Rostock": 3, "Potsdam": 2,
}  # fmt: skip


def test_misspelt_towns_are_found_among_rare_ones():
    groups, _ = spelling.variants(TOWNS | {"Berlni": 2, "Hambrug": 3, "Leipzg": 1})
    assert {group.kept: set(group.others) for group in groups} == {
        "Berlin": {"Berlni"}, "Hamburg": {"Hambrug"}, "Leipzig": {"Leipzg"},
    }  # fmt: skip


def test_names_of_people_near_to_each_other_are_no_typing_errors():
    common = {"Christian": 120, "Alexander": 90, "Sebastian": 80, "Gabriele": 60, "Thomas": 60}
    rare = dict.fromkeys(("Juliane", "Juliana", "Michael", "Michaela", "Stefan", "Stephan", "Kristin"), 4)
    rare |= dict.fromkeys(("Christina", "Christine", "Gabriela", "Andrea", "Andreas", "Danilo", "Danila"), 3)
    assert spelling.variants(common | rare)[0] == []


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2024-12-31", "2024-12-31"),
        ("2024-12-31T10:00:00Z", "2024-12-31"),
        ("31.12.2024", "31.12.2024"),
        ("1/2/24", "31/12/24"),
        ("31 Dec 2024", "31 Dec 2024"),
        ("December 31, 2024", "Dec 31, 2024"),
        ("hello", None),
        ("12.5", None),
    ],
)
def test_forms_of_dates(value, form):
    assert date_forms.form_of(value) == form


def test_two_orders_of_day_and_month_are_told_where_they_show():
    days = pd.Series(pd.date_range("2023-01-01", periods=300))
    written = np.where(np.arange(300) % 10 == 0, days.dt.strftime("%d/%m/%Y"), days.dt.strftime("%m/%d/%Y"))
    frame = pd.DataFrame({"x": np.arange(300) % 7, "day": written, "y": ["a", "b"] * 150})
    entry = judge.named(found(frame, "y"), "mixed_date_formats")[0]
    assert set(entry["rows"]) == {i for i in range(0, 300, 10) if days[i].day > 12}


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S"])
def test_dates_in_one_form_are_in_order(form):
    days = pd.Series(pd.date_range("2023-01-01", periods=300, freq="31h"))
    frame = pd.DataFrame({"x": np.arange(300) % 7, "day": days.dt.strftime(form), "y": ["a", "b"] * 150})
    assert judge.alarms(found(frame, "y")) == []


def test_amounts_with_units_should_be_numbers_and_codes_should_not():
    rng = np.random.default_rng(0)
    amounts = [
        f"{value:.1f} kg" if i % 3 == 0 else f"{value:.1f}" for i, value in enumerate(rng.gamma(4, 9, 300))
    ]
    houses = [
        f"{n}{letter}"
        for n, letter in zip(rng.integers(1, 200, 300), rng.choice(["", "", "a"], 300), strict=True)
    ]
    floors = rng.choice(["1", "2", "3", "G"], 300)
    frame = pd.DataFrame({"amount": amounts, "house": houses, "floor": floors, "y": ["a", "b"] * 150})
    seen = found(frame, "y")
    assert judge.places(judge.named(seen, "not_numeric"), "columns") == {"amount"}
    assert judge.named(seen, "not_numeric")[0]["severity"] == "high"
    assert seen.value == 1 / 4


def test_one_word_that_every_reader_knows_is_a_habit_and_two_are_a_fault():
    frame = sets.wine().astype({"ash": object})
    frame.loc[:9, "ash"] = "NA"
    assert judge.named(found(frame, "cultivar"), "missing_tokens")[0]["severity"] == "low"
    frame.loc[:4, "ash"] = "?"
    assert judge.named(found(frame, "cultivar"), "missing_tokens")[0]["severity"] == "medium"


def test_a_common_none_is_a_class_of_its_own():
    frame = sets.shop(400)
    frame["extra"] = np.where(np.arange(400) % 3 == 0, "none", "basic")
    assert found(frame, "returned").facts["faults"] == []


def test_the_target_may_be_rare_but_not_misspelt():
    frame = sets.shop(600)
    frame["returned"] = "no"
    frame.loc[:9, "returned"] = "yes"
    frame.loc[20:25, "returned"] = "No"
    seen = found(frame, "returned")
    assert judge.named(seen, "constant_columns") == []
    assert judge.named(seen, "category_variants")[0]["rows"] == list(range(20, 26))


def test_names_of_people_are_no_numbers_of_rows():
    frame = sets.shop(200)
    first = [f"{chr(65 + i // 20)}{'aeiou'[i % 5]}{chr(97 + i % 20)}o Miller" for i in range(200)]
    frame.insert(0, "name", first)
    frame.insert(0, "uuid", [f"{i * 2654435761 % 2**32:08x}-{i:04d}" for i in range(200)])
    assert judge.places(judge.named(found(frame, "returned"), "id_column"), "columns") == {"uuid"}


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [None] * 30, "y": ["u", "v"] * 15},
        {"a": ["1", None], "y": ["u", "v"]},
        {'"; DROP': ["x", "X ", None, "'"] * 20, "ä'": ["x", None] * 40},
        {"a": ["", " ", "\u200b", "."] * 20},
        {"a": ["x" * 5000, "y"] * 20},
    ],
)
def test_tables_that_are_hardly_tables_get_a_finding(tmp_path, columns):
    seen = types.run(prepared(tmp_path, columns), Budget())
    assert seen.state == "measured"
    json.dumps(seen.as_json(), allow_nan=False)


def test_without_data_it_is_skipped():
    assert types.run(Sample(), Budget()).state == "skipped"


@pytest.mark.parametrize("make", [sets.iris, sets.wine, sets.cancer, sets.diabetes, sets.shop, sets.series])
def test_clean_sets_are_quiet(make):
    frame = make()
    assert judge.alarms(found(frame, frame.columns[-1])) == []


def test_one_value_is_held_against_those_that_are_there(tmp_path):
    flags = ["0"] * 880 + ["5"] * 20 + [""] * 100  # 88 % of the rows and 98 % of what is filled in
    blank = [" "] * 880 + [str(i % 7) for i in range(120)]
    columns = {"sold": flags, "blank": blank, "label": [str(i % 2) for i in range(1_000)]}
    seen = types.run(prepared(tmp_path, columns, {"label": "binary"}), Budget())
    (fault,) = judge.named(seen, "constant_columns")
    assert (fault["columns"], fault["severity"]) == (["sold"], "low")
    assert "98" in fault["note"]


@pytest.mark.parametrize(("serious", "said"), [(1, "1 column of 12 needs"), (2, "2 columns of 12 need")])
def test_the_note_counts_columns_in_good_english(serious, said):
    assert types._note([{"severity": "medium", "note": "So."}], serious, 12) == f"{said} tidying. So."


@pytest.mark.parametrize(("names", "said"), [(["a"], "1 column holds"), (["a", "b"], "2 columns hold")])
def test_the_title_counts_columns_in_good_english(names, said):
    faults = [{"fault": "constant_column", "severity": "medium", "columns": names}]
    assert types._title(faults, 12) == f"{said} one value only"
