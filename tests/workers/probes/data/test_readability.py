"""What reading saw, as a share of rows, with its places along the file."""

from tests.planting import judge, readability, sets
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget, Sample
from workers.probes.data.readability import run


def test_rows_of_several_faults_are_counted_once(tmp_path):
    faults = [
        {"fault": "ragged_lines", "severity": "medium", "rows": [1, 2, 3], "note": "3 lines do not fit."},
        {"fault": "odd_encodings", "severity": "medium", "rows": [3, 99], "note": ""},
    ]
    sample = prepared(tmp_path, {"a": ["1"] * 100, "y": ["a", "b"] * 50}, {"y": "binary"}, faults=faults)
    found = run(sample, Budget())
    assert found.value == 0.04
    assert found.low < 0.04 < found.high
    assert found.facts["along"]["step"] == 3
    assert sum(found.facts["along"]["counts"]) == 4
    assert found.facts["null"]["share"] == 0.0


def test_a_total_below_the_last_row_has_its_stretch(tmp_path):
    faults = [{"fault": "total_row", "severity": "low", "rows": [100], "note": "A total."}]
    sample = prepared(tmp_path, {"a": ["1"] * 100, "y": ["a", "b"] * 50}, {"y": "binary"}, faults=faults)
    assert sum(run(sample, Budget()).facts["along"]["counts"]) == 1


def test_clean_tables_read_without_a_problem():
    for frame, target in ((sets.shop(), "returned"), (sets.diabetes(), "progress")):
        found = judge.finding("data.readability", sets.csv(frame, target))
        assert found.value == 0
        assert found.facts["faults"] == []
        assert "without a problem" in found.note


def test_without_data_there_is_nothing_to_read():
    assert run(Sample(None), Budget()).state == "skipped"


def test_every_fault_of_a_table_is_planted():
    assert {case.fault for case in readability.CASES} == {
        "encoding", "delimiter_or_decimal", "title_lines", "total_row", "ragged_lines", "odd_encodings",
        "truncated", "mojibake",
    }  # fmt: skip
