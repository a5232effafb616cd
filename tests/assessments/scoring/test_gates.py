"""A closed gate keeps its dimension and the whole up, is told by itself, and opens with its cause."""

from dataclasses import replace

import pytest

from assessments.scoring import advice, gates, knowledge, pool, pooled, rules
from tests.assessments.scoring.evidence import finding, findings
from workers.probes import catalog

RULES = rules.load()
FINE = findings(
    security__adversarial=finding(0.0, 0.0, 0.01), data__label_errors=finding(0.0, 0.0, 0.001),
    flexibility__forgetting=finding(0.0, 0.0, 0.1),
)  # fmt: skip
PERSONAL = {"fault": "pii", "severity": "high", "columns": ["mail"], "kinds": ["email"]}


def undeclared(severity="high", value=0.0001):
    fault = {**PERSONAL, "severity": severity}
    return finding(value, 0.0, 0.0004, "One row holds personal data", {"faults": [fault]})


def test_a_gate_keeps_its_dimension_and_the_whole_up_whatever_else_is_fine():
    before = pool.judge(RULES, FINE, {})
    after = pool.judge(RULES, {**FINE, "security.personal_data": undeclared()}, {})
    assert before.overall.score < 50
    for one in (after.overall, after.dimensions["security"]):
        assert (one.score, one.low) >= (60, 60)
        assert RULES.level(pooled.whole(one.score)) == "high"
    assert after.dimensions["data"] == before.dimensions["data"]


def test_of_a_whole_that_only_a_gate_holds_milder_evidence_moves_nothing_and_worse_does():
    now = pool.judge(RULES, {**FINE, "security.personal_data": undeclared()}, {})
    assert now.overall.score == now.overall.floor == 60
    adversarial = next(one for one in now.items if "security.adversarial" in one.sources)
    gate = next(one for one in now.items if one.floors)
    for known, unmoved in (
        (adversarial.with_spread(0, (0.0, 0.0, 0.0)), True),
        (adversarial.with_spread(0, (0.0, 0.0, 100.0)), False),
        (adversarial.with_spread(0, (100.0, 100.0, 100.0)), False),
        (gate.with_spread(0, (0.0, 0.0, 0.0)), False),
    ):
        then = now.with_item(known)
        anew = [pooled.Dimension(RULES, now.draws, name, then.items) for name in RULES.dimensions]
        assert then.overall.unmoved == unmoved
        assert then.overall == pooled.Overall(RULES, anew, now.stakes)
    assert now.with_item(adversarial.with_spread(0, (100.0, 100.0, 100.0))).overall.score > 60


def test_a_fault_that_is_less_than_the_gate_asks_for_closes_nothing():
    assert gates.closed(RULES, {"security.personal_data": undeclared("medium")}) == ()


def test_a_gate_is_told_by_itself():
    (gate,) = gates.closed(RULES, {"security.personal_data": undeclared()})
    assert gate.as_json(RULES) == {
        "id": "undeclared", "dimension": "security", "probe": "security.personal_data", "level": "high",
        "says": "The data holds personal data that nobody declared",
    }  # fmt: skip


def test_what_deals_with_the_cause_opens_the_gate():
    found = {**FINE, "security.personal_data": undeclared(value=0.5)}
    now = pool.judge(RULES, found, {})
    (action,) = [one for one in advice.best(RULES, now, found) if one.source == "security.personal_data"]
    after = advice.done(now, [action])
    assert after.overall.score < 60 <= now.overall.score


def test_an_action_on_something_else_of_the_item_leaves_the_gate_closed():
    item = next(one for one in RULES.items if one.id == "personal")
    known = knowledge.Known(
        item, "measured", 1.0, ((70, 75, 80), (10, 20, 30)), open=False, sources=("a.one", "a.two"),
        floors=(("a.two", 80.0),),
    )  # fmt: skip
    assert known.worst == 1  # the gate makes it the worse one
    assert known.with_spread(0, (0, 0, 0)).floor == 80
    assert known.with_spread(1, (0, 0, 0)).floor == 0


@pytest.mark.parametrize(
    ("value", "low", "high", "shut"), [(1.2, 1.1, 1.4, True), (1.2, 0.9, 1.4, False), (0.5, 0.4, 0.6, False)]
)
def test_a_number_closes_a_gate_only_where_even_its_favourable_end_is_too_high(value, low, high, shut):
    closed = gates.closed(RULES, {"hardware.memory": finding(value, low, high)})
    assert [one.id for one in closed] == ["memory"] * shut


def test_a_split_that_riskboard_made_itself_closes_no_gate():
    fault = {"fault": "group_across_split", "severity": "high", "columns": ["person"]}
    found = {"data.split_overlap": finding(0.3, 0.2, 0.4, facts={"faults": [fault]})}
    assert [one.id for one in gates.closed(RULES, found, {"split": {"made_by": "files"}})] == [
        "shared_groups"
    ]
    assert gates.closed(RULES, found, {"split": {"made_by": "seed"}}) == ()


def test_a_fact_closes_a_gate():
    found = {"security.poisoning": finding(0.9, facts={"decision": "confirmed"})}
    assert [one.id for one in gates.closed(RULES, found)] == ["backdoor"]
    found = {"security.poisoning": finding(0.4, facts={"decision": "suspected"})}
    assert gates.closed(RULES, found) == ()
    skipped = {"security.poisoning": finding(state="skipped", facts={"decision": "confirmed"})}
    assert gates.closed(RULES, skipped) == ()


def test_rules_of_older_reports_know_no_gates():
    old = rules.load("2026.2")
    found = {**FINE, "security.personal_data": undeclared()}
    assert gates.closed(old, found) == ()
    assert pool.judge(old, found, {}).overall.floor == 0


def test_every_gate_names_evidence_that_can_exist():
    ahead = {"security.poisoning", "security.secrets", "security.unsafe_files"}
    known = {*catalog.BY_ID, *RULES.data["readings"], *ahead}
    assert {entry["evidence"] for entry in RULES.data["gates"]} <= known
    assert all(entry["least"] in (60, 80) for entry in RULES.data["gates"])


# -- what an answer makes of a measurement ------------------------------------------------------------
def changed(probe, **entry):
    probes = {**RULES.data["probes"], probe: {**RULES.data["probes"][probe], **entry}}
    return replace(RULES, data={**RULES.data, "probes": probes})


def test_what_hurts_nobody_is_no_worse_than_the_answer_makes_it():
    found = {"security.adversarial": finding(0.9, 0.8, 1.0)}
    mild = changed("security.adversarial", matters={"question": "S4", "most": {"no": 59}})

    def score(answers):
        items = pool.judge(mild, found, answers).items
        return next(one.mode for one in items if one.item.id == "evasion")

    assert score({"S4": {"value": "no"}}) == 59
    assert score({"S4": {"value": "lot"}}) > 80
    assert score({"S4": {"unknown": True}}) == score({}) > 80  # silence never lowers it


def test_a_probe_that_rules_nothing_out_leaves_the_risk_open_until_somebody_answers():
    beside = {"question": "S2", "options": {"team": 10, "public": 55}}
    open_ended = changed("security.personal_data", beside=beside)
    found = {"security.personal_data": finding(0.0, 0.0, 0.0001)}

    def item(answers):
        items = pool.judge(open_ended, found, answers).items
        return next(one for one in items if one.item.id == "personal")

    before = pool.judge(RULES, found, {})
    alone = next(one for one in before.items if one.item.id == "personal")
    assert item({}).partial
    assert item({}).covers < alone.covers
    trusted, anyone = item({"S2": {"value": "team"}}), item({"S2": {"value": "public"}})
    assert (trusted.mode, anyone.mode) == (10, 55)
    assert trusted.covers == anyone.covers == alone.covers
    assert item({"S2": {"not_applicable": "no"}}).covers == alone.covers
