"""What looks like a tie between the parts of a split and is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.planting import split_overlap as planted
from workers.probes.data import split_overlap

PROBE = "data.split_overlap"


def bookings(rows=2400, seed=3):
    """Small whole numbers side by side, and ages in bins: nothing here ties one row to another."""
    rng = np.random.default_rng(seed)
    lead = rng.gamma(0.8, 90, rows).round()
    return pd.DataFrame(
        {
            "lead_time_days": lead.astype(int),
            "nights": 1 + rng.poisson(2.1, rows),
            "adults": rng.choice([1, 2, 3, 4], rows, p=[0.2, 0.65, 0.1, 0.05]),
            "children": rng.choice([0, 1, 2], rows, p=[0.88, 0.08, 0.04]),
            "price": (70 + rng.gamma(4, 8, rows)).round(2),
            "age_group": rng.choice(["18-29", "30-44", "45-59", "60+"], rows),
            "cancelled": np.where(0.009 * lead + rng.logistic(-1, 1, rows) > 0, "yes", "no"),
        }
    )


def test_small_numbers_side_by_side_are_no_windows_and_bins_of_age_no_group():
    frame = bookings()
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:1700], frame.iloc[1700:], "cancelled"))
    assert judge.alarms(finding) == []


def test_windows_are_still_found():
    series = np.cumsum(np.random.default_rng(4).normal(size=1200)).round(4)
    frame = pd.DataFrame({f"lag{k}": series[k : 1000 + k] for k in range(6)})
    frame["up"] = np.where(series[6:1006] > series[5:1005], "yes", "no")
    frame = frame.sample(frac=1, random_state=1)
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:700], frame.iloc[700:], "up"))
    assert judge.named(finding, "overlapping_windows_random_split")


def test_the_speaker_in_file_names_is_told_with_the_clips_of_the_test():
    files = planted.voices(1.0, 2)
    sides = np.random.default_rng(1).random(len(files)) < 0.75
    split = {f"{'train' if s else 'test'}/{n}": c for s, (n, c) in zip(sides, files.items(), strict=True)}
    (fault,) = judge.named(judge.finding(PROBE, sets.zipped(split)), "group_across_split")
    assert (fault["columns"], fault["severity"]) == (["file name, part 1"], "high")
    assert set(fault["files"]) <= {name for name in split if name.startswith("test/")}


def test_a_group_that_a_split_made_here_would_tear_is_told_and_never_more_than_moderate():
    readings = planted.houses(0.8, 3)
    told = judge.finding(PROBE, sets.csv(readings, "moved"))
    (fault,) = judge.named(told, "group_across_split")
    assert (fault["columns"], fault["severity"]) == (["ref"], "medium")
    assert told.value == split_overlap.OURS
    asked = judge.finding(PROBE, sets.csv(readings, "moved", plan=planted.RANDOM))
    assert asked.value > 0.9


@pytest.mark.parametrize(
    "name",
    [
        "{label}/{i:05d}.png",
        "{label}/{label}_{i}.png",
        "{label}/b{part}_{i:05d}.png",
        "{label}/{kind}-{i}.png",
    ],
)
def test_names_that_count_or_that_name_a_kind_of_the_class_tell_no_source(name):
    pictures, labels = sets.shapes(60)
    files = {}
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        kind = label + "abcdef"[i % 6]  # of one class each, as breeds are
        shade = (picture // 2 + 20 * (i % 6)).astype(np.uint8) if "{kind}" in name else picture
        files[name.format(label=label, i=i, part=i % 9, kind=kind)] = sets.png(shade)
    assert judge.alarms(judge.finding(PROBE, sets.zipped(files, plan=planted.RANDOM))) == []


def test_one_of_many_people_on_both_sides_of_a_given_split_is_told():
    rng = np.random.default_rng(9)
    who = np.repeat(np.arange(100), 10)
    x = rng.normal(size=(100, 6))[who] + 0.3 * rng.normal(size=(1000, 6))
    frame = pd.DataFrame(x.round(3), columns=[f"m{i}" for i in range(6)])
    frame.insert(0, "patient_id", [f"P{number:03d}" for number in who])
    frame["kind"] = np.where(x[:, 0] > 0, "yes", "no")
    held = who >= 70
    held[np.flatnonzero(held)[:7]] = False  # seven of the ten rows of one patient are learnt from
    for moved, faults in ((held, {"group_across_split"}), (who >= 70, set())):
        finding = judge.finding("data.split_overlap", sets.split_csv(frame[~moved], frame[moved], "kind"), 1)
        assert {one["fault"] for one in finding.facts["faults"]} == faults
        assert (finding.value > 0) == bool(faults)


def called(rows, cases, seed=0):
    """Rows with a `contact` that half of them share, unlike each other; `cases` of the test are copies."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 6)).round(4), columns=list("abcdef"))
    named = pd.Series([f"person{i}@example.org" for i in range(rows)])
    frame["contact"] = named.where(np.arange(rows) % 2 == 0, "call")
    frame["label"] = np.where(frame["a"] + rng.normal(0, 0.5, rows) > 0, "yes", "no")
    cut = int(0.75 * rows)
    train, test = frame.iloc[:cut], frame.iloc[cut:].reset_index(drop=True)
    test.iloc[:cases] = train.iloc[:cases].to_numpy()
    return train, test


def test_a_repeated_contact_on_rows_that_are_not_alike_is_a_remark_and_counts_for_nothing():
    finding = judge.finding(PROBE, sets.split_csv(*called(1000, 0), "label"))
    (fault,) = judge.named(finding, "items_across_split")
    assert (fault["severity"], fault["columns"]) == ("low", ["contact"])
    assert (finding.value, finding.low) == (0.0, 0.0)
    assert finding.high < 0.02
    assert finding.title == "contact repeats in both parts, on rows that are not copies"
    assert not {"impact", "mitigations"} & set(finding.facts)


def test_title_value_and_interval_tell_of_the_same_rows():
    finding = judge.finding(PROBE, sets.split_csv(*called(1000, 32), "label"))
    assert judge.named(finding, "items_across_split")[0]["score"] > 0.3
    assert finding.value == pytest.approx(0.128)
    assert finding.low < finding.value < finding.high < 0.2
    assert finding.title == "13% of the test rows are copies of training rows"


def test_the_way_that_ties_most_rows_leads_and_a_worse_one_stands_beside_it(monkeypatch):
    where = {"columns": ["g"]}
    many = split_overlap.Overlap("group_across_split", 150, 0.6, "medium", "Many share.", True, where)
    monkeypatch.setattr(split_overlap, "_time", lambda *_: [many])
    finding = judge.finding(PROBE, sets.split_csv(*called(1000, 32), "label"))
    assert finding.value == 0.6
    assert finding.title == "60% of the test rows share their g with training rows"
    assert "Many share." in finding.note
    assert "32 test rows are equal to training rows." in finding.note


def test_what_copies_are_worth_is_measured_without_all_of_them():
    """Each row of the test stands three times in training, and one of these is as good as three."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(rng.normal(size=(160, 6)).round(4), columns=list("abcdef"))
    rows["kind"] = rng.choice(["yes", "no"], len(rows))
    finding = judge.finding(PROBE, sets.split_csv(pd.concat([rows] * 3, ignore_index=True), rows, "kind"))
    impact = finding.facts["impact"]
    assert impact["all"] == 1.0
    assert 0.35 < impact["without"] < 0.65
