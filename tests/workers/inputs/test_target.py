"""The target is the one named; a guess is told as a guess, and a wrong name is answered with the columns."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.inputs.conftest import table


def test_a_named_target_is_taken(ready):
    sample = ready({"data.csv": table()}, targets=["colour"])
    assert sample.target.name == "colour"
    assert not sample.target.guessed
    assert sample.target.classes == ("blue", "red")
    assert sample.manifest["notes"] == []


def test_the_caller_comes_before_the_plan_and_the_plan_before_the_guess(ready):
    plan = {"data": {"target": "colour"}}
    assert ready({"data.csv": table()}, plan=plan, targets=["size"]).target.name == "size"
    assert ready({"data.csv": table()}, plan=plan).target.name == "colour"
    guessed = ready({"data.csv": table()})
    assert guessed.target.name == "label"
    assert guessed.target.guessed
    assert "Target guessed: label" in guessed.manifest["notes"][0]


def test_several_targets_are_several_tasks(ready):
    sample = ready({"data.csv": table()}, targets=["label", "size", "colour"])
    assert [(t.name, t.task) for t in sample.targets] == [
        ("label", "binary"),
        ("size", "regression"),
        ("colour", "binary"),
    ]
    assert {f"y{i}" for i in range(3)} <= set(sample.arrays)
    assert sample.arrays["y1"].dtype.name == "float32"


def test_a_target_that_is_no_column_lists_them_nearest_first(refused):
    told = refused({"data.csv": table()}, targets=["lable"])
    assert told == "The target 'lable' is no column; the columns are label, size, colour."
    assert "The plan's target 'zzz'" in refused({"data.csv": table()}, plan={"data": {"target": "zzz"}})


def test_case_does_not_matter(ready):
    assert ready({"data.csv": table()}, targets=["LABEL"]).target.name == "label"


def test_classes_stand_in_order_and_codes_are_their_places(ready):
    text = "v,label\n" + "".join(f"{i},{i % 11}\n" for i in range(110)) + "5,\n6,n/a\n"
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.target.task == "multiclass"
    assert sample.target.classes == tuple(str(i) for i in range(11))
    assert sample.labels().tolist() == [i % 11 for i in range(110)] + [-1, -1]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["0", "1"], "binary"),
        (["0.0", "1.0"], "binary"),
        (["low", "mid", "high"], "multiclass"),
        ([str(i) for i in range(50)], "regression"),
        (["0.1", "0.2", "0.3"], "regression"),
        (["1,5", "2,5", "3,75"], "regression"),
    ],
)
def test_the_task_follows_from_the_values(ready, values, task):
    text = "v;label\n" + "".join(f"{i % 7};{values[i % len(values)]}\n" for i in range(200))
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.target.task == task
    if task == "regression":
        assert abs(float(sample.labels()[1]) - float(values[1].replace(",", "."))) < 1e-6


@pytest.mark.parametrize(
    ("column", "word"),
    [("empty", "no value"), ("same", "nothing to tell apart"), ("name", "different text")],
)
def test_a_target_that_cannot_be_learnt_is_refused(refused, column, word):
    text = "v,empty,same,name,label\n" + "".join(f"{i},,1,person {i},{'ab'[i % 2]}\n" for i in range(60))
    assert word in refused({"data.csv": text}, targets=[column])


def test_nothing_to_guess_is_said(ready):
    text = "name,day\n" + "".join(f"person {i},2024-01-{1 + i % 28:02}\n" for i in range(60))
    sample = ready({"data.csv": text})
    assert sample.target is None
    assert any("name the one to predict" in note for note in sample.manifest["notes"])


def test_the_known_sets_are_guessed_right(ready, shared_data):
    for name, target in {
        "tabular/breast_cancer.csv": "diagnosis",
        "tabular/titanic.csv": "survived",
        "tabular/penguins_raw.csv": "Species",
        "tabular/diamonds.csv.gz": "price",
        "text/spam.jsonl": "label",
    }.items():
        assert ready({name.split("/")[1]: shared_data / name}).target.name == target


def poisson(rows=2_000):
    rng = np.random.default_rng(5)
    x = rng.normal(size=rows)
    return x, rng.poisson(np.exp(0.4 + 0.5 * x))


def test_counts_are_amounts_and_numbered_classes_are_classes(ready):
    x, visits = poisson()
    x = [f"{v:.3f}" for v in x]
    tens = [i % 10 for i in range(len(x))]
    long_tail = [min(9, int(v)) for v in np.random.default_rng(6).exponential(1.5, len(x))]
    lines = ["x,visits,digits,label"]
    lines += [",".join(map(str, row)) for row in zip(x, visits, tens, long_tail, strict=True)]
    sample = ready({"t.csv": "\n".join(lines) + "\n"}, targets=["visits", "digits", "label"])
    assert [target.task for target in sample.targets] == ["regression", "multiclass", "multiclass"]
    assert any("visits is read as an amount" in note for note in sample.manifest["notes"])


def counted(top: int = 6) -> str:
    """A count from 0 up, its sizes in no hill, as a promotion makes it: nothing in the column tells."""
    draw = np.random.default_rng(0)
    sizes = draw.choice(np.arange(top), 300, p=np.full(top, 1 / top))
    return "\n".join(["x,sold", *(f"{draw.normal():.3f},{n}" for n in sizes)])


@pytest.mark.parametrize(
    "plan",
    [
        {"data": {"task": "regression"}},
        {"evaluation": {"metric": "mae"}},
        {"evaluation": {"metric": ["RMSE", "R2"]}},
        {"evaluation": {"metric": {"sold": "mape"}}},
        {"training": {"loss": "poisson"}},
        {"model": {"kind": "RandomForestRegressor"}},
    ],
)
def test_a_plan_that_predicts_numbers_makes_whole_numbers_amounts(ready, plan):
    assert ready({"data.csv": counted()}, targets=["sold"]).target.task == "multiclass"
    sample = ready({"data.csv": counted()}, targets=["sold"], plan=plan)
    assert sample.target.task == "regression"
    assert not any("amount to predict" in note for note in sample.manifest["notes"])


def test_a_plan_that_predicts_classes_makes_whole_numbers_classes(ready):
    draw = np.random.default_rng(0)
    hill = "\n".join(["x,stars", *(f"{draw.normal():.3f},{n}" for n in draw.poisson(2, 600))])
    assert ready({"data.csv": hill}, targets=["stars"]).target.task == "regression"
    plan = {"evaluation": {"metric": "f1_macro"}}
    assert ready({"data.csv": hill}, targets=["stars"], plan=plan).target.task == "multiclass"


def test_two_values_are_classes_whatever_the_metric_and_mixed_words_say_nothing(ready):
    plan = {"evaluation": {"metric": "mse"}}
    assert ready({"data.csv": counted(2)}, targets=["sold"], plan=plan).target.task == "binary"
    plan = {"data": {"task": "regression"}}
    assert ready({"data.csv": counted(2)}, targets=["sold"], plan=plan).target.task == "regression"
    plan = {"evaluation": {"metric": ["accuracy", "mae"]}}
    assert ready({"data.csv": counted()}, targets=["sold"], plan=plan).target.task == "multiclass"
