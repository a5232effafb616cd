"""What changed between two reports, and whose doing it is: the rules' or the project's."""

from __future__ import annotations

import copy
import json
import random

import pytest

from assessments import questions
from assessments.scoring import canonical, document, rules
from assessments.scoring.history import changes, compare, ruler, telling
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, finding, findings, records

NEWEST = rules.load()
PLAN = {"model": {"hidden": [128, 64]}, "training": {"epochs": 30, "learning_rate": 0.01}}


def report(version=None, plan=PLAN, answers=ANSWERS, manifest=MANIFEST, seed=0, run="r1", **changed):
    return document.build(
        run={"id": run, "seed": seed, "started": "2026-11-12T09:30:00+00:00"},
        assessment={"name": "Tumours"},
        manifest=manifest,
        plan=plan,
        answers=answers,
        findings=records(findings(**changed)),
        rules=rules.load(version),
    )


def compared(old, new):
    newer = rules.load(new["rules"])
    anew = old if old["rules"] == new["rules"] else document.rejudged(newer, old)
    return compare(old, new, anew)


NOISY = finding(
    0.15, 0.12, 0.18, "About 1 in 7 labels looks wrong",
    {"faults": [{"fault": "label_noise", "severity": "high", "classes": ["b"]}]},
)  # fmt: skip


def parts(found):
    return [found["overall"], *found["dimensions"]]


def test_a_report_held_against_itself_has_no_change():
    one = report()
    found = compared(one, copy.deepcopy(one))
    assert found["same_input"]
    assert found["evidence"] == found["data"] == found["plan"] == found["answers"] == []
    assert all((part["change"], part["rules"], part["project"]) == (0, 0, 0) for part in parts(found))
    score = one["overall"]["score"]
    assert found["says"] == [
        f"The overall risk stayed at {score} of 100.",
        "Data, plan and answers are the same.",
    ]


def test_the_same_evidence_under_newer_rules_is_the_rules_doing_alone():
    old, new = report("2026.1"), report()
    found = compared(old, new)
    assert found["rules"]["changed"]
    assert any(part["rules"] for part in parts(found)), "or this test says nothing"
    assert all(part["project"] == 0 and part["rules"] == part["change"] for part in parts(found))
    assert all(not one["project"] for one in found["evidence"])
    assert "all of it is the new rules" in found["says"][0]


def test_other_evidence_under_the_same_rules_is_the_projects_doing_alone():
    found = compared(report(), report(data__label_errors=NOISY))
    data = found["dimensions"][0]
    assert data["project"] == data["change"] > 0
    assert data["real"]
    assert all(part["rules"] == 0 for part in parts(found))
    (one,) = found["evidence"]
    assert one["probe"] == "data.label_errors"
    assert one["clear"]
    assert found["says"][1] == (
        f"Data changed most, by +{data['project']} points: About 1 in 7 labels looks wrong."
    )
    assert [part for part in found["dimensions"][1:] if part["real"]] == []


def test_a_finding_that_stayed_in_its_range_is_no_cause_of_what_changed_most():
    """A wobble beside an answer that moved the dimension."""
    found = compared(report(), report(data__label_errors=NOISY))
    (one,) = found["evidence"]
    wobble = {**one, "clear": False, "appeared": [], "gone": []}
    points = found["dimensions"][0]["project"]
    assert telling.sentences({**found, "evidence": [wobble]})[1] == f"Data changed most, by +{points} points."
    assert telling.sentences({**found, "evidence": [{**wobble, "appeared": ["x"]}]})[1] == found["says"][1]


def test_both_at_once_are_told_apart_and_add_up():
    old, new = report("2026.1"), report(data__label_errors=NOISY)
    found = compared(old, new)
    anew = document.rejudged(NEWEST, old)
    assert all(part["rules"] + part["project"] == part["change"] for part in parts(found))
    assert found["overall"]["rules"] == anew["overall"]["score"] - old["overall"]["score"]
    assert found["overall"]["project"] == new["overall"]["score"] - anew["overall"]["score"]
    assert {part["id"]: part["project"] for part in found["dimensions"]}["security"] == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_two_parts_add_up_whatever_changed(seed):
    rng = random.Random(seed)

    def one(version):
        kept = {name: one for name, one in findings().items() if rng.random() < 0.7}
        told = {key: value for key, value in ANSWERS.items() if rng.random() < 0.7}
        return document.build(
            run={"seed": seed},
            assessment={"name": "Any"},
            manifest=MANIFEST if rng.random() < 0.7 else None,
            answers=told,
            findings=records(kept),
            rules=rules.load(version),
        )

    old, new = one(rng.choice(("2026.1", "2026.2", "2026.3"))), one(rng.choice(("2026.3", None)))
    frozen = canonical.dumps([old, new])
    found = compared(old, new)
    for part in parts(found):
        if None not in (part["change"], part["rules"], part["project"]):
            assert part["rules"] + part["project"] == part["change"]
    assert canonical.dumps([old, new]) == frozen, "neither report is touched"
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(isinstance(text, str) and text.endswith((".", "?")) for text in found["says"])


def test_a_small_move_within_the_range_may_be_chance():
    before = finding(0.0608, 0.048, 0.075, "About 1 in 16 labels looks wrong")
    after = finding(0.0700, 0.055, 0.085, "About 1 in 14 labels looks wrong")
    found = compared(report(data__label_errors=before), report(data__label_errors=after, seed=1))
    data = found["dimensions"][0]
    assert data["project"], "or this test says nothing"
    assert not data["real"]
    assert not found["overall"]["real"]
    assert "random numbers differently" in found["says"][-1]


def test_a_change_of_the_whole_that_may_be_chance_says_so():
    found = compared(report(), report())
    found["overall"] |= {"from": {"score": 50}, "to": {"score": 52}, "change": 2, "project": 2}
    assert "may not really have changed" in telling.sentences(found)[0]
    found["overall"]["real"] = True
    assert "may not really have changed" not in telling.sentences(found)[0]


def test_rows_target_columns_and_files_of_the_data_are_told():
    other = {
        **MANIFEST,
        "rows": 1200,
        "targets": [{"name": "z", "task": "regression"}],
        "files": [{"name": "b.csv", "sha256": "cd" * 32}],
    }
    found = {one["what"]: one for one in changes.data(report(), report(manifest=other))}
    assert (found["rows"]["from"], found["rows"]["to"]) == (569, 1200)
    assert (found["targets"]["from"], found["targets"]["to"]) == (["y (binary)"], ["z (regression)"])
    assert found["sha256"]["to"] == "cd" * 32
    files = [one for one in changes.data(report(), report(manifest=other)) if one["what"] == "file"]
    assert [(one["name"], bool(one["from"]), bool(one["to"])) for one in files] == [
        ("a.csv", True, False),
        ("b.csv", False, True),
    ]
    assert compared(report(), report(manifest=other))["says"][-1] == (
        "What went in changed: the data (569 to 1,200 rows)."
    )


def test_data_that_comes_or_goes_is_told():
    found = changes.data(report(manifest=None), report())
    assert {one["what"] for one in found} >= {"rows", "sha256", "file"}
    assert all(one["from"] is None for one in found)


def test_keys_of_the_plan_are_told_by_their_dotted_names():
    plan = {
        "model": {"hidden": [64]},
        "training": {"epochs": 30, "early_stopping": {"monitor": "validation"}},
    }
    assert changes.plan(report(), report(plan=plan)) == [
        {"key": "model.hidden", "from": [128, 64], "to": [64]},
        {"key": "training.learning_rate", "from": 0.01, "to": None},
        {"key": "training.early_stopping.monitor", "from": None, "to": "validation"},
    ]


def test_answers_are_told_in_words_and_a_note_alone_as_a_note():
    told = {**ANSWERS, "D3": {"value": "experts_double", "note": "Three doctors."}, "P8": {"value": "done"}}
    del told["P2"]
    found = {one["question"]: one for one in changes.answers(report(), report(answers=told))}
    assert set(found) == {"D3", "P2", "P8"}
    assert found["D3"]["only_note"]
    assert found["P2"]["to"] is None
    assert found["P8"]["from"] == questions.in_words("P8", {"value": "no"})
    assert found["P8"]["section"] == "hyperparameters"
    compared_ = compared(report(), report(answers=told))
    assert "3 answers" in compared_["says"][-1]


def test_an_answer_is_a_real_change_of_its_dimension():
    told = {**ANSWERS, "S1": {"value": ["health"]}}
    found = compared(report(), report(answers=told))
    assert {part["id"] for part in found["dimensions"] if part["real"]} == {"security"}


def test_faults_come_and_go_by_name_and_place():
    def with_faults(*faults):
        return finding(0.0, 0.0, 0.02, "Every column is of one kind", {"faults": list(faults)})

    units = {"fault": "mixed_units", "severity": "medium", "columns": ["price", "weight"]}
    dates = {"fault": "mixed_dates", "severity": "low", "columns": ["born"]}
    moved = {**units, "columns": ["weight", "height"]}
    old, new = report(data__types=with_faults(units, dates)), report(data__types=with_faults(moved))
    one = next(one for one in compared(old, new)["evidence"] if one["probe"] == "data.types")
    assert one["appeared"] == [{"fault": "mixed_units", "severity": "medium", "where": ["height"]}]
    assert one["gone"] == [
        {"fault": "mixed_units", "severity": "medium", "where": ["price"]},
        {"fault": "mixed_dates", "severity": "low", "where": ["born"]},
    ]


def test_stop_signs_and_contradictions_come_and_go_under_one_ruler():
    bad = finding(
        0.2, 0.1, 0.3, "Names stand in the data", {"faults": [{"fault": "pii", "severity": "high"}]}
    )
    old, new = report("2026.1"), report(security__personal_data=bad)
    found = {(one["kind"], one["appeared"]): one for one in compared(old, new)["warnings"]}
    assert found["gate", True]["id"] == "undeclared"
    assert found["contradiction", True]["id"].startswith("S1 security.personal_data")
    assert not any(one["appeared"] for one in changes.warnings(new, document.rejudged(NEWEST, old)))
    assert compared(old, report())["warnings"] == [], "what only the new rules tell is not the project's"
    closed = copy.deepcopy(new)
    for one in closed["contradictions"]:
        one["closed"] = "Agreed with the owner"
    gone = changes.warnings(new, closed)
    assert {(one["kind"], one["appeared"]) for one in gone} == {("contradiction", False)}


def test_a_probe_that_measured_no_more_is_a_real_change_without_points():
    gone = finding(None, state="skipped", note="No second part.")
    found = compared(report(), report(data__drift=gone))
    one = next(one for one in found["evidence"] if one["probe"] == "data.drift")
    assert (one["from"]["state"], one["to"]["state"], one["project"]) == ("measured", "skipped", None)
    assert found["dimensions"][0]["real"]


def test_where_new_rules_cannot_judge_the_old_evidence_nothing_is_split_and_it_says_why():
    found = compare(report("2026.1"), report(), None, "Rules 2026.4 cannot judge this report: it is damaged.")
    assert not found["rules"]["split"]
    assert found["overall"]["change"] is not None
    assert found["overall"]["project"] is found["overall"]["rules"] is None
    assert found["says"][0].endswith("Rules 2026.4 cannot judge this report: it is damaged.")


def test_a_report_without_a_score_can_be_compared_too():
    empty = document.build(run={}, assessment={"name": "Empty"})
    assert compared(empty, report())["overall"]["change"] is None
    assert "knew too little for a score" in compared(empty, report())["says"][0]
    assert "knows too little for a score" in compared(report(), empty)["says"][0]
    assert compared(empty, empty)["says"][0] == "Neither report knows enough for a score."
    bare = {"overall": {"score": 50, "low": 40, "high": 60}, "rules": "2026.4"}
    assert compare(bare, bare, bare)["overall"]["change"] == 0


def test_what_differs_between_two_versions_of_the_rules_is_named():
    found = {one["part"]: one for one in ruler.changes("2026.2", "2026.3")}
    assert "memory" in found["gates"]["new"]
    assert ruler.changes("2026.3", "2026.3") == []
    assert ruler.changes("1999.1", "2026.3") == []
    assert ruler.changes("2026.3", "2026.2")[0]["part"] == next(iter(found))
    ruler.changes("2026.2", "2026.3")[0]["new"] = ["spoilt"]
    assert {one["part"]: one for one in ruler.changes("2026.2", "2026.3")} == found
