"""Readability reports what parsing saw; class balance counts every row of every target."""

from __future__ import annotations

import pytest

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import class_balance, readability


def labelled(folder, counts, plan=None, split=None, **more):
    labels = [name for name, rows in counts.items() for _ in range(rows)]
    return class_balance.run(
        prepared(folder, {"y": labels}, {"y": "multiclass"}, plan=plan, split=split, **more), Budget()
    )


def severities(finding):
    return {fault["fault"]: fault["severity"] for fault in finding.facts["faults"]}


def test_clean_files_read_without_a_fault(tmp_path):
    finding = readability.run(prepared(tmp_path, {"a": ["1"] * 50}), Budget())
    assert (finding.value, finding.facts["faults"]) == (0.0, [])
    assert finding.high > 0


def test_rows_of_several_faults_count_once(tmp_path):
    seen = [
        {"fault": "mojibake", "severity": "low", "rows": [1, 2]},
        {
            "fault": "ragged_lines",
            "severity": "medium",
            "rows": [2, 3],
            "note": "Lines 2 and 3 have a cell too many.",
        },
    ]
    finding = readability.run(prepared(tmp_path, {"a": ["1"] * 100}, faults=seen), Budget())
    assert finding.value == pytest.approx(0.03)
    assert finding.facts["faults"][0]["fault"] == "ragged_lines"  # the most serious first
    assert "cell too many" in finding.note


def test_pictures_that_do_not_open_count_though_they_are_no_rows(tmp_path):
    seen = [{"fault": "broken_files", "severity": "medium", "files": ["a/9.png"]}]
    names = [f"a/{i}.png" for i in range(9)]
    finding = readability.run(
        prepared(tmp_path, {"y": ["a"] * 9}, kind="images", files=names, faults=seen), Budget()
    )
    assert finding.value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"benign": 357, "malignant": 212}, {"few_rows": "low"}),
        ({str(k): 178 for k in range(10)}, {"few_rows": "low"}),
        ({"no": 900, "yes": 300}, {}),
        ({"no": 4000, "yes": 300}, {"class_imbalance": "medium"}),
        ({"no": 357, "yes": 17}, {"class_imbalance": "medium", "too_few_rows": "medium"}),
        ({"no": 2000, "yes": 5}, {"class_imbalance": "high", "too_few_rows": "high"}),
    ],
)
def test_imbalance_has_a_fitting_severity(tmp_path, counts, expected):
    assert severities(labelled(tmp_path, counts)) == expected


def test_ten_equal_classes_are_balanced(tmp_path):
    finding = labelled(tmp_path, {str(k): 50 for k in range(10)})
    assert finding.value == 0.5
    assert finding.facts["effective_classes"] == pytest.approx(10)


def test_accuracy_hides_a_rare_class(tmp_path):
    found = severities(
        labelled(tmp_path, {"no": 5000, "yes": 300}, plan={"evaluation": {"metric": "accuracy"}})
    )
    assert found["metric_hides_rare_classes"] == "medium"


def test_a_class_the_test_never_shows_is_named(tmp_path):
    split = ["train"] * 300 + ["test"] * 300 + ["train"] * 300
    finding = labelled(tmp_path, {"no": 600, "yes": 300}, split=split)
    assert severities(finding)["class_missing_in_test"] == "high"
    assert "no yes" in finding.note


def test_the_worst_of_several_targets_leads(tmp_path):
    columns = {"even": ["a", "b"] * 500, "odd": ["a"] * 990 + ["b"] * 10}
    finding = class_balance.run(prepared(tmp_path, columns, {"even": "binary", "odd": "binary"}), Budget())
    assert finding.facts["target"] == "odd"
    assert set(finding.facts["by_target"]) == {"even", "odd"}


def test_a_number_gets_a_histogram_and_no_score(tmp_path):
    finding = class_balance.run(
        prepared(tmp_path, {"price": [str(i) for i in range(100)]}, {"price": "regression"}), Budget()
    )
    assert (finding.state, finding.value) == ("skipped", None)
    assert sum(finding.facts["histogram"]["counts"]) == 100
    assert finding.facts["not_applicable"], "so that nobody waits for a balance that there cannot be"


def test_one_class_alone_is_not_a_question_that_does_not_apply(tmp_path):
    finding = class_balance.run(prepared(tmp_path, {"y": ["a"] * 50}, {"y": "binary"}), Budget())
    assert finding.state == "skipped"
    assert not finding.facts.get("not_applicable")
