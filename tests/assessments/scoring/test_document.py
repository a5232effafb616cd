"""The report is one document that carries its evidence, and every number in it can be recomputed."""

import contextlib
import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import questions
from assessments.scoring import document, whatif
from assessments.scoring import rules as rulebook
from tests.assessments.dashboards import sample
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, finding, findings, records
from workers.probes import catalog
from workers.probes.base import DIMENSIONS, Finding

PLAN = {"project": "tumours", "evaluation": {"metric": "accuracy", "target_value": 0.97}, "seed": 7}


def build(**changed):
    return document.build(
        **{
            "run": {"id": "r1", "seed": 0, "seconds": 41.5, "workers": 2, "hardware": {"cpu": "a"}},
            "assessment": {"name": "Tumours", "client": "Meridian"},
            "manifest": MANIFEST,
            "plan": PLAN,
            "plan_not_read": ["training.colour"],
            "answers": ANSWERS,
            "findings": records(),
            **changed,
        }
    )


REPORT = build()


def leaves(value, path=()):
    """(path, leaf) of every number, text, truth value and null."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path, value


LEAVES = [(path, leaf) for path, leaf in leaves(REPORT) if path[0] not in ("hashes",)]


def changed(path, value):
    report = copy.deepcopy(REPORT)
    place = report
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return report


def written(path):
    """("dimensions", 0, "score") as dimensions[0].score."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.lstrip(".")


def test_the_report_has_every_part_of_the_format():
    assert REPORT["format"] == "riskboard.report/1"
    assert REPORT["rules"] == "2026.5"
    assert [one["id"] for one in REPORT["dimensions"]] == list(DIMENSIONS)
    for one in (REPORT["overall"], *REPORT["dimensions"]):
        assert 0 <= one["low"] <= one["score"] <= one["high"] <= 100
        assert set(one["probability"]) == {"minimal", "low", "moderate", "high", "critical"}
        assert one["known"][0] <= one["known"][1]
    dataset = REPORT["assessment"]["dataset"]
    assert (dataset["modality"], dataset["rows"], dataset["sha256"]) == ("table", 569, "ab" * 32)
    assert REPORT["assessment"]["plan"] == PLAN
    assert REPORT["assessment"]["plan_not_read"] == ["training.colour"]
    assert REPORT["forecast"]["hours"] == {"p10": 0.01, "p50": 0.03, "p90": 0.05}
    assert REPORT["forecast"]["by_accelerator"][0]["id"] == "l4"
    assert REPORT["probes"] == {"measured": len(catalog.ACTIVE), "of": len(catalog.ACTIVE)}


def test_findings_come_most_serious_first_with_the_words_of_their_spec():
    scores = [one["score"] for one in REPORT["findings"]]
    assert scores == sorted(scores, reverse=True)
    worst = REPORT["findings"][0]
    spec = catalog.BY_ID["data.label_errors"]
    assert (worst["probe"], worst["dimension"]) == ("data.label_errors", "data")
    assert (worst["why"], worst["fix"], worst["unit"], worst["name"]) == (
        spec.why,
        spec.fix,
        spec.unit,
        spec.title,
    )
    assert worst["score_low"] <= worst["score"] <= worst["score_high"]
    assert (worst["level"], worst["sample"], worst["seconds"]) == ("high", 569, 1.25)


def test_what_measured_nothing_stands_last_without_a_score():
    seen = findings(
        data__label_errors=finding(state="skipped", note="No target."),
        hardware__memory=finding(state="failed", note="It ran out of time."),
        data__duplicates=finding(None, note="A number is missing."),
    )
    last = build(findings=records(seen))["findings"][-3:]
    assert {(one["probe"], one["state"], one["score"], one["level"]) for one in last} == {
        ("data.label_errors", "skipped", None, "unknown"),
        ("hardware.memory", "failed", None, "unknown"),
        ("data.duplicates", "skipped", None, "unknown"),
    }


def test_what_the_team_told_us_stands_in_words():
    told = {one["id"]: one for one in REPORT["questions"]["list"]}
    assert (REPORT["questions"]["answered"], REPORT["questions"]["of"]) == (10, 54)
    assert told["D3"]["answer"] == "Experts, and a second person checked"
    assert told["D3"]["note"] == "Two doctors."
    assert (told["S4"]["answer"], told["S4"]["known"]) == ("I do not know", False)
    assert REPORT["answers"] == ANSWERS


def test_the_verdict_counts_what_is_serious_and_the_summary_names_it():
    counted = (
        "Not ready: deal with 4 serious risks first",
        "Ready for a pilot once 4 things",
        "Ready for the large training run once 4 things",
    )
    assert REPORT["overall"]["verdict"].startswith(counted)
    assert "About 1 in 16 labels looks wrong." in REPORT["overall"]["summary"]
    assert "2 answers do not match what was measured." in REPORT["overall"]["summary"]
    reasons = {one["id"]: one["reason"] for one in REPORT["dimensions"]}
    assert reasons["data"] == "About 1 in 16 labels looks wrong"
    assert reasons["hardware"] == "No sign of trouble in 7 of 10 risks; nobody has looked at the other 3"


def test_the_summary_names_every_dimension_that_is_high_or_worse():
    seen = findings(
        data__label_errors=finding(0.3, 0.25, 0.35, "A third of the labels looks wrong"),
        hardware__memory=finding(2.0, 1.8, 2.2, "Training needs twice the memory"),
    )
    report = build(findings=records(seen))
    for one in report["dimensions"]:
        if one["level"] in ("high", "critical"):
            assert one["id"].capitalize() in report["overall"]["summary"]
    assert {one["id"] for one in report["dimensions"] if one["level"] == "critical"} >= {"hardware"}


def test_an_empty_assessment_is_not_low_risk():
    empty = document.build(run={}, assessment={"name": "Empty"})
    for one in (empty["overall"], *empty["dimensions"]):
        assert (one["score"], one["low"], one["high"]) == (None, 0, 100)
        assert (one["level"], one["coverage"]) == ("unknown", 0)
    assert empty["overall"]["verdict"].startswith("Not enough is known yet to say how risky this project is")
    assert {one["reason"] for one in empty["dimensions"]} == {"Nothing is known here yet"}
    assert (empty["actions"], empty["together"], empty["forecast"]) == ([], None, None)
    assert empty["next_evidence"]
    assert document.verify(empty) == []


def test_the_same_evidence_gives_the_same_document():
    assert build(findings=list(reversed(records()))) == REPORT
    assert json.loads(json.dumps(REPORT)) == REPORT


def test_two_runs_that_found_the_same_differ_only_in_their_times():
    later = build(
        run={"id": "r2", "seconds": 99.0},
        findings=[{**one, "seconds": 9.0} for one in records()],
    )
    assert later["evidence"] == REPORT["evidence"]
    assert later["content"] != REPORT["content"]
    assert later["overall"] == REPORT["overall"]
    assert build(findings=records(findings(data__duplicates=None)))["evidence"] != REPORT["evidence"]


def test_a_finding_object_and_numpy_numbers_are_taken_too():
    seen = Finding(
        np.float64(0.061), "n", {"rows": np.array([1, 2])}, low=np.float32(0.05), high=0.07, title="t"
    )
    report = build(findings=[{"probe": "data.label_errors", "finding": seen, "seconds": 1}])
    assert report["findings"][0]["facts"]["rows"] == [1, 2]
    assert document.verify(json.loads(json.dumps(report))) == []


def test_a_wrong_answer_is_not_built_into_a_report():
    with pytest.raises(questions.AnswerError):
        build(answers={"D1": {"value": "perhaps"}})


def test_an_old_report_may_name_a_probe_that_the_catalogue_forgot():
    report = build(findings=[*records(), {"probe": "data.oracle", "finding": finding(0.5), "seconds": 1}])
    assert report["findings"][-1]["probe"] == "data.oracle"
    assert report["findings"][-1]["level"] == "unknown"
    assert document.verify(report) == []


def test_a_report_holds_after_a_round_trip_through_json():
    assert document.verify(json.loads(json.dumps(REPORT))) == []
    assert document.verify(json.loads(json.dumps(REPORT, sort_keys=True, indent=2))) == []


@pytest.mark.parametrize(
    "path",
    [
        ("overall", "score"), ("overall", "low"), ("overall", "coverage"), ("overall", "probability", "high"),
        ("dimensions", 0, "score"), ("dimensions", 3, "high"), ("dimensions", 1, "items", 0, "covers"),
        ("findings", 2, "score"), ("findings", 2, "value"), ("findings", 0, "low"),
        ("findings", 1, "seconds"), ("findings", 1, "sample"), ("actions", 0, "to"), ("together", "to"),
        ("next_evidence", 0, "narrows_by"),
        ("forecast", "hours", "p90"), ("run", "seconds"), ("run", "seed"), ("probes", "measured"),
        ("assessment", "dataset"), ("answers", "D2"), ("questions", "answered"), ("overall", "stakes"),
    ],
)  # fmt: skip
def test_one_changed_number_is_named_by_its_path(path):
    wrong = document.verify(changed(path, 1234.5))
    assert written(path) in wrong


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("overall", "verdict"), "Ready for the large training run."),
        (("overall", "level"), "low"),
        (("findings", 0, "title"), "Fine"),
        (("findings", 0, "fix"), "Do nothing."),
        (("actions", 0, "title"), "Do nothing"),
        (("contradictions", 0, "measured"), "All is well"),
        (("assessment", "name"), "Another"),
        (("dimensions", 0, "reason"), "Fine"),
    ],
)
def test_one_changed_word_is_named_by_its_path(path, value):
    assert written(path) in document.verify(changed(path, value))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LEAVES), st.data())
def test_no_change_anywhere_goes_unnoticed(leaf, data):
    path, old = leaf
    number = isinstance(old, int | float) and not isinstance(old, bool)
    new = data.draw(st.just(old + 1) if number else st.sampled_from(["changed", 7, None, True]))
    if new == old:
        return
    report = changed(path, new)
    if path[0] in ("format", "rules"):
        with pytest.raises(document.BadReport):
            document.verify(report)
    else:
        assert document.verify(report)


@pytest.mark.parametrize("key", ["findings", "contradictions", "actions", "next_evidence", "dimensions"])
def test_a_part_left_out_is_noticed(key):
    report = copy.deepcopy(REPORT)
    report[key].pop()
    assert any(path.startswith(key) for path in document.verify(report))


def test_a_stop_sign_that_was_taken_away_or_softened_is_noticed():
    fault = {"fault": "pii", "severity": "high", "columns": ["mail"], "kinds": ["email"]}
    found = findings(security__personal_data=finding(0.4, 0.3, 0.5, facts={"faults": [fault]}))
    report = build(findings=records(found))
    assert [one["id"] for one in report["gates"]] == ["undeclared"]
    assert document.verify(report) == []
    assert document.verify({**report, "gates": []}) == ["gates"]
    assert document.verify({key: value for key, value in report.items() if key != "gates"})
    softer = [{**report["gates"][0], "says": "All is well"}]
    assert document.verify({**report, "gates": softer}) == ["gates[0].says"]


def test_how_likely_each_harm_is_stands_in_the_report_and_a_changed_chance_is_noticed():
    report = build()
    assert [one["id"] for one in report["harms"]] == [one.id for one in rulebook.load().harms]
    labels = next(one for one in report["harms"] if one["id"] == "label_noise")
    assert set(labels) == {"id", "dimension", "says", "chance", "low", "high", "steps", "tier"}
    assert labels["steps"][0] == {"from": "prior", "log_odds": -1.386, "chance_after": 0.2}
    assert labels["steps"][-1]["chance_after"] == labels["chance"] > 0.2
    place = report["harms"].index(labels)
    labels["chance"] = 0.01
    assert document.verify(report) == [f"harms[{place}].chance"]
    del report["harms"]
    assert document.verify(report) == ["harms"]


@pytest.mark.parametrize("version", ["2026.1", "2026.2", "2026.3"])
def test_older_rules_judge_as_they_did_and_tell_no_chances(version):
    report = build(rules=rulebook.load(version))
    assert "harms" not in report
    assert document.verify(report) == []
    report["harms"] = build()["harms"]
    assert document.verify(report) == ["harms"]


def test_another_order_of_findings_is_noticed():
    report = copy.deepcopy(REPORT)
    report["findings"].reverse()
    assert document.verify(report) == ["findings"]


def test_something_added_is_noticed():
    assert "approved" in document.verify({**REPORT, "approved": True})
    assert document.verify(changed(("findings", 0, "facts", "extra"), 1))
    assert document.verify(changed(("overall", "extra"), 1)) == ["overall.extra"]


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        ([], "is not a report"),
        ({"format": "other/1"}, "is not a report"),
        ({"format": document.FORMAT}, "not complete: it has no rules, run"),
        ({**REPORT, "rules": "1999.1"}, "There are no rules '1999.1'"),
        ({**REPORT, "run": {"seconds": float("nan")}}, "a number that is not finite"),
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(report, sentence):
    with pytest.raises(document.BadReport) as caught:
        document.verify(report)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("value", [10**400, -1, "x", [], ["x"], {"x": 1}, 5e-324, True], ids=range(8))
def test_facts_of_another_shape_are_no_crash(value):
    """A probe of another version may write them; what they would have said is left out."""
    odd = copy.deepcopy(sample.records())
    for one in odd:
        one["finding"]["facts"] = dict.fromkeys([*one["finding"]["facts"], "faults", "mitigations"], value)
    report = build(findings=odd)
    assert report["overall"]["score"] is not None
    assert document.verify(report) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("findings", 0, "facts"), []), (("answers", "D1"), "yes"), (("questions",), {}),
        (("answers", "D1"), {"value": "nonsense"}), (("answers", "D2"), {"roughly": []}),
        (("answers", "D2"), {"value": {"total": 10**400}}), (("findings", 0, "value"), 10**400),
        (("answers", "P3"), {"value": {"examples": 0, "parameters": 5}}),
        (("answers", "H1"), {"roughly": ""}),
    ],
)  # fmt: skip
def test_a_mangled_report_is_wrong_and_not_a_crash(path, value):
    mangled = changed(path, value)
    assert document.verify(mangled)
    with contextlib.suppress(document.BadReport):
        document.rejudged(rulebook.load(), mangled)
    with contextlib.suppress(whatif.CannotTell):
        whatif.judged(mangled, [1])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("findings", 0), 3), (("answers",), [1]), (("hashes",), 3), (("findings",), None),
        (("next_evidence", 0), 4), (("assessment",), "x"),
    ],
)  # fmt: skip
def test_a_report_without_its_parts_is_damaged_and_says_which(path, value):
    with pytest.raises(document.BadReport, match=f'damaged: "{path[0]}"'):
        document.verify(changed(path, value))


def test_a_finding_says_what_raised_its_score_where_its_title_sounds_harmless():
    seen = findings(flexibility__forgetting=finding(4.0, 0.0, 12.0, "Retraining hardly harms the old task"))
    found = {one["probe"]: one for one in build(findings=records(seen))["findings"]}
    says = found["flexibility.forgetting"]["says"]
    assert says == "Retraining hardly harms the old task; the range is too wide to tell"
    assert found["data.label_errors"]["says"] == "About 1 in 16 labels looks wrong"
