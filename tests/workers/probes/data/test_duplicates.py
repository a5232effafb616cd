"""Copies are found where they were planted; what repeats by chance or by nature is no fault."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import duplicates, near_copies


def standard(x):
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def table_of(x):
    return {f"x{j}": [repr(float(v)) for v in column] for j, column in enumerate(x.T)}


def faults(finding):
    return {fault["fault"]: fault for fault in finding.facts["faults"]}


def test_clean_numbers_hold_no_copies(tmp_path):
    x = load_breast_cancer().data
    finding = duplicates.run(prepared(tmp_path, table_of(x), features=standard(x)), Budget())
    assert (finding.value, finding.facts["faults"]) == (0.0, [])


def test_equal_rows_are_found_however_they_are_written(tmp_path):
    x = load_breast_cancer().data[:300]
    columns = table_of(np.concatenate([x, x[:20]]))
    columns["x0"][300:] = [f" {float(v):.6e} " for v in columns["x0"][300:]]
    finding = duplicates.run(
        prepared(tmp_path, columns, features=standard(np.concatenate([x, x[:20]]))), Budget()
    )
    assert finding.facts["exact"] == 20
    assert faults(finding)["duplicates"]["pairs"][3] == [{"row": 3}, {"row": 303}]
    assert finding.value == pytest.approx(20 / 320)
    assert finding.low < finding.value < finding.high


def test_noisy_copies_of_rows_are_found(tmp_path):
    x = standard(load_breast_cancer().data)
    noisy = x[:30] + np.random.default_rng(0).normal(0, 0.01, (30, 30))
    both = np.concatenate([x, noisy])
    finding = duplicates.run(prepared(tmp_path, table_of(both), features=both), Budget())
    found = {tuple(place["row"] for place in pair) for pair in faults(finding)["near_duplicates"]["pairs"]}
    planted = {(i, 569 + i) for i in range(30)}
    assert len(found & planted) >= 28
    assert len(found - planted) <= 2


def test_rows_that_repeat_because_values_are_few_are_no_fault(tmp_path):
    rng = np.random.default_rng(1)
    columns = {name: [str(v) for v in rng.integers(0, 3, 600)] for name in "abcd"}
    finding = duplicates.run(prepared(tmp_path, columns), Budget())
    assert finding.facts["exact"] > 400
    assert finding.facts["expected_by_chance"] == pytest.approx(finding.facts["exact"], rel=0.1)
    assert finding.value < 0.02
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


@pytest.mark.parametrize(("made_by", "named"), [("files", True), ("riskboard", False)])
def test_copies_across_a_given_split_are_a_fault(tmp_path, made_by, named):
    x = load_breast_cancer().data
    both = np.concatenate([x, x[:10]])
    sample = prepared(
        tmp_path, table_of(both), features=standard(both), split=["train"] * 469 + ["test"] * 110,
        files=["train.csv"] * 469 + ["test.csv"] * 110,
    )  # fmt: skip
    sample.manifest["split"] = {"made_by": made_by}
    finding = duplicates.run(sample, Budget())
    assert finding.facts["across_split"] == 10
    assert ("duplicates_across_split" in faults(finding)) is named
    if named:
        pair = faults(finding)["duplicates_across_split"]["pairs"][0]
        assert pair == [{"row": 0, "split": "train"}, {"row": 100, "split": "test"}]


def test_identifiers_that_come_back_are_named(tmp_path):
    x = load_breast_cancer().data[:100]
    columns = {"case": [f"A{i % 90}" for i in range(100)], **table_of(x)}
    finding = duplicates.run(
        prepared(tmp_path, columns, features=standard(x), types={"case": "identifier"}), Budget()
    )
    assert faults(finding)["repeated_identifiers"]["columns"] == ["case"]
    assert finding.facts["repeated_identifiers"] == {"case": 10}
    assert finding.title.startswith("case comes back in 10 rows")


def test_moved_and_lightened_pictures_are_copies_and_others_are_not():
    rng = np.random.default_rng(2)
    pictures = (load_digits().images[:700] * 15).astype(np.uint8)
    copies = []
    for i in range(40):
        moved = np.roll(pictures[i], tuple(rng.integers(-1, 2, 2)), (0, 1)).astype(float)
        copies.append(np.clip(moved * rng.uniform(0.85, 1.15) + rng.normal(0, 3, moved.shape), 0, 255))
    both = np.concatenate([pictures, np.array(copies)]).astype(np.uint8)[..., None]
    found = {tuple(pair) for pair in near_copies.pictures(both).tolist()}
    planted = {(i, 700 + i) for i in range(40)}
    assert len(found & planted) >= 38
    assert len(found - planted) <= 3


def test_edited_texts_are_copies_and_unlike_ones_are_not():
    rng = np.random.default_rng(3)
    words = [f"word{i}" for i in range(400)]
    cells = [" ".join(rng.choice(words, 80)) for _ in range(200)]
    edited = [cell.replace(" ", "  ", 3)[:1].upper() + cell[1:-5] + " ..." for cell in cells[:25]]
    found = near_copies.texts(cells + edited, seed=0)
    assert [tuple(pair) for pair in found] == [(i, 200 + i) for i in range(25)]


def test_files_without_content_are_no_copies_of_each_other(tmp_path):
    names = [f"{i}.wav" for i in range(6)]
    columns = {
        "sha256": ["a", "a", "b", "b", "c", "c"], "peak": ["0", "0", "0.5", "0.5", "", ""],
    }  # fmt: skip
    broken = {"fault": "broken_files", "severity": "medium", "files": names[4:]}
    sample = prepared(tmp_path, columns, kind="audio", files=names, faults=[broken])
    finding = duplicates.run(sample, Budget())
    assert finding.facts["pairs"] == [[{"file": "2.wav"}, {"file": "3.wav"}]]


def test_rows_without_features_one_picture_and_many_columns_are_no_trouble(tmp_path):
    bare = prepared(tmp_path / "a", {"y": ["0", "1"] * 30}, features=np.empty((60, 0), np.float32))
    assert duplicates.run(bare, Budget()).state == "measured"
    assert near_copies.pictures(np.zeros((1, 8, 8, 3), np.uint8)).shape == (0, 2)
    x = np.random.default_rng(0).normal(size=(60, 450))
    x[59] = x[0]
    wide = duplicates.run(prepared(tmp_path / "b", table_of(x), features=standard(x)), Budget())
    assert wide.facts["exact"] == 1
