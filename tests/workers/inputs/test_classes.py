"""A target's classes have one name each: spellings are joined, words for "no answer" are no label."""

from __future__ import annotations

import random

import pytest

from tests.workers.inputs.conftest import faults
from workers.probes.base import Budget
from workers.probes.data import missing, types


def upload(words, seed=0, rows=120):
    rng = random.Random(seed)
    return "x,label\n" + "".join(f"{rng.random():.3f},{words[i % len(words)]}\n" for i in range(rows))


def test_spellings_of_a_class_are_one_class_and_told_with_their_rows(ready):
    words = ["yes", "no", "yes", "no", "yes", "no", " yes", "NO", "YES", "no"]
    sample = ready({"data.csv": upload(words)}, targets=["label"])
    assert sample.target.classes == ("no", "yes")
    assert sample.counts() == {"no": 60, "yes": 60}
    assert sample.labels()[:10].tolist() == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert dict(sample.census["label"]["top"]) == {"no": 60, "yes": 60}
    found = types.run(sample, Budget())
    (fault,) = [one for one in found.facts["faults"] if one["fault"] == "category_variants"]
    assert fault["columns"] == ["label"]
    assert fault["severity"] == "high"
    assert fault["rows"] == [i for i in range(120) if i % 10 in (6, 7, 8)]
    assert "“ yes”" in fault["note"]
    assert "“NO”" in fault["note"]


def test_no_answer_is_no_class(ready):
    words = ["yes", "no", "yes", "no", "yes", "no", "yes", "?", "n/a", "-"]
    sample = ready({"data.csv": upload(words)}, targets=["label"])
    assert sample.counts() == {"yes": 48, "no": 36}
    assert (sample.labels() == -1).sum() == 36
    (fault,) = [
        one for one in types.run(sample, Budget()).facts["faults"] if one["fault"] == "missing_tokens"
    ]
    assert fault["words"] == {"-": 12, "?": 12, "n/a": 12}
    assert fault["count"] == 36
    told = {one["fault"]: one for one in missing.run(sample, Budget()).facts["faults"]}
    assert told["missing"]["columns"] == ["label"]
    assert told["missing"]["count"] == 36


@pytest.mark.parametrize(
    ("words", "classes"),
    [
        (["+", "-"], ("+", "-")),
        (["aa", "Aa", "AA"], ("AA", "Aa", "aa")),
        (["a", "A", "b", "B"], ("A", "B", "a", "b")),
        (["empty", "taken"], ("empty", "taken")),
        (["none", "mild"], ("mild", "none")),
        (["setosa", "virginica"], ("setosa", "virginica")),
        (["A", "A+", "A-"], ("A", "A+", "A-")),
    ],
)
def test_classes_that_differ_stay_apart_and_nothing_is_told(ready, words, classes):
    sample = ready({"data.csv": upload(words)}, targets=["label"])
    assert sample.target.classes == classes
    assert sample.manifest["faults"] == []
    serious = [one for one in types.run(sample, Budget()).facts["faults"] if one["severity"] != "low"]
    assert serious == []


def test_one_number_written_twice_is_one_class_and_a_remark(ready):
    sample = ready({"data.csv": upload(["0", "1", "0", "1.0"])}, targets=["label"])
    assert len(sample.target.classes) == 2
    assert faults(sample)["category_variants"]["severity"] == "low"
