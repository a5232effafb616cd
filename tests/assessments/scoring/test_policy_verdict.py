"""A policy on a stored report: met, not met or impossible to tell, each with its reason in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assessments.scoring import policy
from assessments.scoring.policy import PRESETS
from tests.assessments.dashboards import sample
from tests.assessments.scoring.evidence import finding
from workers.probes import catalog

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def part(score, low, high, coverage=0.9, id="data"):
    return {"id": id, "score": score, "low": low, "high": high, "coverage": coverage}


def seen(probe, *faults, state="measured", **facts):
    """A finding that names faults, each as (name, severity)."""
    named = [{"fault": name, "severity": severity} for name, severity in faults]
    value = 0.1 if state == "measured" else None
    return {"probe": probe, **finding(value, facts={"faults": named, **facts}, state=state)}


def report(**changes):
    """A report of which only what a policy looks at is there."""
    return {
        "overall": part(50, 40, 55),
        "dimensions": [part(50, 40, 55)],
        "findings": [seen("data.drift")],
        "contradictions": [],
        "gates": [],
        "run": {"started": (NOW - timedelta(days=3)).isoformat()},
        **changes,
    }


def every(*but):
    """A measured finding without a fault of each check, but for some."""
    return [seen(probe) for probe in catalog.ACTIVE if probe not in but]


def only(text, **changes):
    """The one condition of a policy, on a report."""
    options = {key: changes.pop(key) for key in ("changed", "measured_at") if key in changes}
    verdict = policy.evaluate(policy.read(text), report(**changes), now=NOW, **options)
    (condition,) = verdict.conditions
    assert verdict.result == condition.result
    return condition


@pytest.mark.parametrize(
    ("overall", "by_range", "by_score"),
    [
        (part(50, 40, 55), "pass", "pass"),
        (part(50, 40, 59), "pass", "pass"),
        (part(50, 40, 60), "inconclusive", "pass"),  # a boundary belongs to the higher level
        (part(62, 55, 70), "inconclusive", "fail"),
        (part(60, 60, 60), "fail", "fail"),
        (part(72, 62, 80), "fail", "fail"),
        (part(None, 0, 100, 0.0), "inconclusive", "inconclusive"),
        ({}, "inconclusive", "inconclusive"),
    ],
)
def test_a_level_is_met_by_the_whole_range_or_by_the_best_estimate(overall, by_range, by_score):
    found = only("levels: {overall: moderate}", overall=overall)
    assert found.result == by_range
    assert only("levels: {overall: moderate}\ndecide_by: score", overall=overall).result == by_score
    assert found.says == "Overall risk: Moderate at most"
    assert found.reason.endswith(".")


def test_a_dimension_has_its_own_level_and_one_that_the_report_lacks_is_never_met():
    dimensions = [part(80, 75, 90), part(10, 5, 15, id="hardware")]
    assert only("levels: {data: high}", dimensions=dimensions).result == "inconclusive"
    assert only("levels: {data: moderate}", dimensions=dimensions).result == "fail"
    assert only("levels: {hardware: minimal}", dimensions=dimensions).result == "pass"
    assert only("levels: {security: critical}", dimensions=dimensions).result == "inconclusive"
    assert only("levels: {data: critical}", dimensions=dimensions).result == "pass"


def test_the_reason_tells_score_range_and_limit():
    found = only("levels: {overall: moderate}", overall=part(52, 40, 67))
    assert found.reason == (
        "The overall risk is likely between 40 and 67 and must stay below 60: measure or answer more to tell."
    )


@pytest.mark.parametrize(
    ("findings", "result"),
    [
        ([seen("security.secrets")], "pass"),
        ([seen("security.secrets", ("secret", "low"))], "pass"),
        ([seen("security.secrets", ("secret", "medium"))], "fail"),
        ([seen("security.secrets", ("secret", "low"), ("secret", "high"))], "fail"),
        ([seen("security.secrets", ("pii", "high"))], "pass"),
        ([seen("security.secrets", state="skipped")], "inconclusive"),
        ([seen("security.secrets", state="failed")], "inconclusive"),
        ([seen("security.secrets", state="skipped", not_applicable=True)], "pass"),
        ([], "inconclusive"),
    ],
)
def test_a_fault_must_not_occur_from_its_severity_on_and_somebody_must_have_looked(findings, result):
    assert only("faults: {secret: medium}", findings=findings).result == result


def test_a_fault_of_a_check_that_measured_nothing_is_not_believed():
    """What a stopped probe noted before it stopped is no evidence."""
    stopped = seen("security.secrets", ("secret", "high"), state="failed")
    assert only("faults: {secret: low}", findings=[stopped]).result == "inconclusive"


def test_one_of_two_checks_that_looked_is_enough_to_find_and_to_clear():
    pair = [seen("security.adversarial", state="skipped"), seen("security.noise")]
    assert only("faults: {fragile_to_noise: medium}", findings=pair).result == "pass"
    pair[1] = seen("security.noise", ("fragile_to_noise", "high"))
    found = only("faults: {fragile_to_noise: medium}", findings=pair)
    assert found.reason == "The check “Resistance to ordinary noise” found it, of high severity."


def test_any_stands_for_every_fault():
    calm = [*every("data.drift"), seen("data.drift", ("drift", "medium"))]
    assert only("faults: {any: high}", findings=calm).result == "pass"
    loud = [*calm, seen("data.types", ("id_column", "high"), ("not_numeric", "high"))]
    found = only("faults: {any: high}", findings=loud)
    assert (found.result, found.reason) == ("fail", "2 faults found: id column and not numeric.")
    assert only("faults: {any: high}", findings=[]).result == "inconclusive"
    stopped = [*every("data.types"), seen("data.types", state="failed")]
    assert "stopped before its end" in only("faults: {any: high}", findings=stopped).reason
    found = only("faults: {any: high}", findings=every("data.types"))
    assert (found.result, found.reason) == (
        "inconclusive",
        "The check “Column types” did not run; run it too.",
    )


def test_a_fault_that_two_checks_look_for_is_ruled_out_by_both():
    both = [seen("data.feasibility"), seen("data.learning_curve")]
    assert only("faults: {target_not_reachable: high}", findings=both).result == "pass"
    for half in (both[:1], both[1:], [both[0], seen("data.learning_curve", state="failed")]):
        assert only("faults: {target_not_reachable: high}", findings=half).result == "inconclusive"


def test_coverage_too_low_is_inconclusive_and_never_a_failure():
    assert only("coverage: 90%").result == "pass"
    found = only("coverage: 91%")
    assert (found.result, found.reason) == (
        "inconclusive",
        "Only 90% of the risks are known; measure or answer more.",
    )
    assert only("coverage: {hardware: 0.1}").reason == (
        "None of the risks of Hardware is known; measure or answer more."
    )


def test_a_check_that_must_have_measured():
    assert only("measured: [data.drift]").result == "pass"
    assert only("measured: [data.types]").result == "inconclusive"
    beside = [seen("data.types", state="skipped", not_applicable=True)]
    assert only("measured: [data.types]", findings=beside).result == "pass"
    skipped = [{**seen("data.types", state="skipped"), "note": "There is no data in this run."}]
    assert only("measured: [data.types]", findings=skipped).reason == "There is no data in this run."


def test_only_open_contradictions_count():
    pair = [{"question": "S1", "closed": None}, {"question": "D3", "closed": {"by": "Ines"}}]
    assert only("contradictions: 1", contradictions=pair).result == "pass"
    found = only("contradictions: 0", contradictions=pair)
    assert (found.result, found.reason) == ("fail", "1 contradiction is still to be explained, about S1.")
    assert only("contradictions: 0", contradictions=pair[1:]).result == "pass"
    assert only("contradictions: 0").result == "pass"
    assert only("contradictions: 0", findings=[]).result == "inconclusive"


def test_stop_signs_are_counted_and_old_rules_that_know_none_are_not_trusted():
    shut = [{"id": "secret", "says": "A password stands in the data"}]
    assert only("stop_signs: 0", findings=every()).result == "pass"
    assert only("stop_signs: 0", findings=every("data.types")).result == "pass", "it closes none"
    unseen = only("stop_signs: 0", findings=every("security.secrets"))
    assert (unseen.result, "did not run" in unseen.reason) == ("inconclusive", True)
    found = only("stop_signs: 0", gates=shut)
    assert (found.result, found.reason) == ("fail", "A password stands in the data.")
    assert only("stop_signs: 1", gates=shut, findings=every()).result == "pass"
    assert only("stop_signs: 0", findings=[]).result == "inconclusive"
    old = report()
    del old["gates"]
    (one,) = policy.evaluate(policy.read("stop_signs: 0"), old, now=NOW).conditions
    assert one.result == "inconclusive"


def test_old_and_changed_evidence_is_inconclusive():
    assert only("evidence_days: 3").result == "pass"
    assert only("evidence_days: 2").reason == "It was measured 3 days ago; run the probes again."
    assert only("evidence_days: 2", measured_at=NOW).result == "pass"
    assert only("evidence_days: 30", run={}).result == "inconclusive"
    found = only("evidence_days: 30", changed=["the data set", "the plan"])
    assert (found.result, found.reason) == (
        "inconclusive",
        "Since it was measured, the data set and the plan changed; run the probes again.",
    )


def test_one_failure_fails_the_whole_and_one_open_condition_leaves_it_open():
    text = "levels: {overall: moderate}\ncoverage: 95%\ncontradictions: 0"
    open_ = policy.evaluate(policy.read(text), report(), now=NOW)
    assert (open_.result, open_.says) == ("inconclusive", "2 of 3 conditions met")
    failed = policy.evaluate(
        policy.read(text), report(contradictions=[{"question": "S1", "closed": None}]), now=NOW
    )
    assert (failed.result, failed.met) == ("fail", 1)
    passed = policy.evaluate(policy.read("coverage: 50%"), report(), now=NOW)
    assert (passed.result, passed.says) == ("pass", "1 of 1 condition met")


@pytest.mark.parametrize("id", PRESETS)
def test_every_condition_of_every_preset_has_a_reason_on_a_real_report(id):
    verdict = policy.evaluate(policy.preset(id), sample.document(), now=NOW)
    assert len(verdict.conditions) == policy.preset(id).of
    for one in verdict.conditions:
        assert one.reason[0].isupper() or one.reason[0].isdigit()
        assert one.reason.endswith(".")
        assert one.reason.count(". ") == 0, one.reason
    assert verdict.result == "fail"  # its data holds a trigger


def test_the_document_begins_with_its_result_and_holds_every_reason():
    document = policy.evaluate(policy.preset("safety"), sample.document(), now=NOW).as_json()
    assert next(iter(document)) == "result"
    assert document["of"] == len(document["conditions"])
    assert document["met"] == sum(one["result"] == "pass" for one in document["conditions"])
    assert document["policy"] == "Safety"


def test_an_empty_report_passes_nothing_that_asks_for_evidence():
    empty = sample.document(findings=[], answers={}, manifest=None, plan={})
    for id in PRESETS:
        verdict = policy.evaluate(policy.preset(id), empty, now=NOW)
        assert verdict.result == "inconclusive"
        assert {one.id for one in verdict.of("pass")} <= {"contradictions", "evidence_days"}
