"""What reading saw, as a share of rows, with its places along the file."""

from tests.planting import Data, judge, readability, sets
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


def test_a_header_that_names_one_column_only_is_a_header_and_says_so():
    frame = sets.shop()[["price", "delivery_days", "returned"]]
    written = frame.to_csv(index=False).replace("price,delivery_days,returned", ",,y", 1)
    found = judge.finding("data.readability", Data({"data.csv": written.encode()}, ("y",)))
    assert "2 columns have no name in the header and are called column_1 and column_2" in found.note
    (fault,) = found.facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("header_names", "low")
    assert fault["columns"] == ["column_1", "column_2"]
    assert found.value == 0


def test_files_with_different_columns_are_told_in_the_title():
    frame = sets.shop()
    train, test = frame.iloc[:900], frame.iloc[900:].drop(columns="weight_g").assign(calls=3)
    upload = sets.split_csv(train, test, "returned")
    assert judge.finding("data.readability", upload).title == "The files have different columns"
    drift = judge.finding("data.drift", upload)
    (fault,) = judge.named(drift, "drift")
    assert set(fault["columns"]) == {"weight_g", "calls"}
    assert "the test part lacks weight_g and the train part lacks calls" in fault["note"]


def test_what_follows_from_ragged_lines_is_told_once():
    lines = sets.shop()[["price", "delivery_days", "place", "weight_g", "returned"]].to_csv(index=False)
    lines = lines.splitlines()
    for row in range(40, 1_400, 100):
        lines[row] = lines[row].replace(",", ",x,", 1) if row % 200 else lines[row].rpartition(",")[0]
    upload = Data({"data.csv": "\n".join(lines).encode()}, ("returned",))
    assert judge.named(judge.finding("data.readability", upload), "ragged_lines")
    for probe in ("data.types", "data.class_balance", "data.outliers"):
        assert judge.alarms(judge.finding(probe, upload)) == [], probe
