"""The verdict says no more than is known, and a reason never contradicts its score."""

from dataclasses import replace

import pytest

from assessments.scoring import advice, outlook, pool, rules, words
from tests.assessments.scoring.evidence import finding, findings
from workers.probes import catalog

RULES = rules.load()
GOOD = {
    probe: finding(entry["good"], entry["good"], entry["good"], "Fine")
    for probe, entry in RULES.data["probes"].items()
} | {"hyperparameters.sensitivity": finding(0.1, 0.0, 0.2, "Fine", {"seed_sd": 0.1})}
LIGHT = {"hardware.serving", "hyperparameters.tuning_gap", "hyperparameters.importance",
         "hyperparameters.seed_noise"}  # fmt: skip
UNSEEN = {f"flexibility.{name}" for name in ("interference", "reuse", "site_gap", "input_loss")}


def best(question, rule):
    """The best answer to a question with options or numbers, backed by a document."""
    if "options" in rule:
        value = min(rule["options"], key=rule["options"].get)
        return {"value": [value] if question in ("S1", "P4") else value, "document": "a.pdf"}
    return {"value": min(rule["anchors"], key=lambda point: point[1])[0], "document": "a.pdf"}


ANSWERED = {
    name: best(name, rule)
    for name, rule in {**RULES.data["answers"], **RULES.data["stakes"]}.items()
    if name != "limits" and ("options" in rule or ("anchors" in rule and "ratio" not in rule))
}


def verdict(found, answers=None):
    found = {probe: {**one, "probe": probe} for probe, one in found.items()}
    now = pool.judge(RULES, found, answers or {})
    ranked = advice.best(RULES, now, found)
    later = outlook.next_evidence(RULES, now, answers or {}, found)
    return words.verdict(RULES, now, advice.settled(RULES, now, ranked), later)


def reason(dimension, found, answers=None):
    found = {probe: {**one, "probe": probe} for probe, one in found.items()}
    return words.reason(RULES, pool.judge(RULES, found, answers or {}), dimension, found)


def test_one_good_check_alone_says_that_not_enough_is_known_and_what_would_tell():
    said = verdict({"data.class_balance": finding(0.4, 0.38, 0.42, "Balanced")})
    assert said.startswith("Not enough is known to say if this project is ready: 1% of its risks")
    assert f" {len(catalog.ACTIVE) - 1} checks and" in said
    assert said.endswith("tell most.")


@pytest.mark.parametrize("count", range(1, 24))
def test_nothing_is_ready_of_which_too_little_is_known(count):
    assert not verdict(dict(list(GOOD.items())[:count])).startswith("Ready")


def test_good_checks_without_answers_are_not_ready_while_the_range_reaches_critical():
    some = {probe: one for probe, one in GOOD.items() if not probe.startswith("flexibility.")}
    assert pool.judge(RULES, some, {}).overall.high >= RULES.data["ready"]["pilot"]["high"]
    assert verdict(some).startswith(
        "Nothing serious was found, but nobody has measured “Keeps what it knows”"
    )
    kept = {**some, "flexibility.forgetting": GOOD["flexibility.forgetting"]}
    kept = {name: one for name, one in kept.items() if name not in LIGHT}
    assert pool.judge(RULES, kept, {}).overall.high >= RULES.data["ready"]["pilot"]["high"]
    assert verdict(kept).startswith(
        "Nothing serious was found, but with what is still open the risk may be as"
    )


def test_good_checks_and_good_answers_are_ready():
    declared = {
        name: {key: one for key, one in given.items() if key != "document"}
        for name, given in ANSWERED.items()
    }
    fewer = {name: given for name, given in declared.items() if name[0] not in "FHPS"}
    seen = {name: one for name, one in GOOD.items() if name not in UNSEEN}
    assert verdict(seen, fewer) == "Ready for a pilot, not yet for the large training run."
    assert verdict(GOOD, ANSWERED) == "Ready for the large training run."


def test_one_bad_thing_that_has_a_fix_is_ready_once_it_is_fixed():
    wrong = {**GOOD, "data.label_errors": finding(0.09, 0.08, 0.1, "Wrong", {"listed": 9, "target": "y"})}
    assert verdict(wrong, ANSWERED) == "Ready for the large training run once 1 thing is fixed."
    some = {probe: one for probe, one in wrong.items() if not probe.startswith("flexibility.")}
    assert verdict(some) == "Not ready: deal with 1 serious risk first."


def test_a_serious_risk_that_ends_no_project_by_itself_goes_along_and_is_named():
    dear = {**GOOD, "flexibility.reuse": finding(0.9, 0.85, 0.95, "A new task needs 90% of the training")}
    assert verdict(dear, ANSWERED) == (
        "Ready for the large training run; deal with 1 serious risk on the way."
    )


def test_bad_news_is_told_however_little_is_known():
    said = verdict({"data.label_errors": finding(0.09, 0.08, 0.1, "Wrong labels")})
    assert said.startswith("Not ready: deal with 1 serious risk first, and find out about the rest.")


def test_a_small_high_end_does_not_make_up_for_too_little_coverage():
    bounds = {"ready": {"pilot": {"must": 2, "high": 101, "coverage": 0.5}}}
    lenient = replace(RULES, data={**RULES.data, **bounds})
    few, many = pool.judge(RULES, dict(list(GOOD.items())[:6]), {}), pool.judge(RULES, GOOD, {})
    assert words.verdict(lenient, few).startswith("Not enough is known")
    assert words.verdict(lenient, many).startswith("Ready for a pilot")


def test_nothing_known_says_so():
    assert verdict({}).startswith("Not enough is known yet to say how risky this project is")


def test_a_reason_names_a_range_too_wide_to_tell():
    wide = findings(flexibility__forgetting=finding(4.0, 0.0, 12.0, "Retraining hardly harms the old task"))
    assert (
        reason("flexibility", wide) == "Retraining hardly harms the old task; the range is too wide to tell"
    )
    sure = findings(flexibility__forgetting=finding(4.0, 3.0, 5.0, "Retraining costs 4 points"))
    assert reason("flexibility", sure) == "Retraining costs 4 points"


def test_a_harmless_title_is_no_reason_for_a_score_that_comes_from_what_nobody_looked_at():
    calm = findings(flexibility__forgetting=finding(0.0, 0.0, 0.5, "Retraining hardly harms the old task"))
    calm = {name: one for name, one in calm.items() if name not in UNSEEN}
    assert reason("flexibility", calm) == (
        "No sign of trouble in 1 of 7 risks; nobody has looked at the other 6"
    )
    assert reason("flexibility", {}, {"F7": {"value": "no"}}) == (
        "You told us about 1 of 7 risks; nothing was measured"
    )


def test_no_sign_of_trouble_is_said_only_where_no_risk_shows_any():
    """Room to grow weighs so little that it pulls less than the memory, which is fine."""
    far = next(value for value, score in RULES.anchors["hardware.scaling"].points if score == 100)
    assert 30 < RULES.anchors["hardware.memory"](0.6) < 40
    found = {"hardware.memory": finding(0.6), "hardware.scaling": finding(far, title="It stops here")}
    assert reason("hardware", found) == "It stops here"
    older = rules.load("2026.4")
    said = words.reason(older, pool.judge(older, found, {}), "hardware", found)
    assert said.startswith("No sign of trouble"), "reports under older rules still hold"
    del found["hardware.scaling"]
    assert reason("hardware", found).startswith("No sign of trouble")


def test_an_answer_that_two_claims_speak_against_is_counted_once():
    judgement = pool.judge(RULES, findings(), {})
    against = [{"question": "D3"}, {"question": "D3"}, {"question": "P4"}]
    assert "2 answers do not match what was measured." in words.summary(RULES, judgement, findings(), against)
    older = rules.load("2026.4")
    then = pool.judge(older, findings(), {})
    assert "3 answers do not match" in words.summary(older, then, findings(), against)


def test_a_fault_that_the_title_does_not_speak_of_is_said():
    faults = [{"fault": "class_missing_in_test", "severity": "high"}]
    seen = {"data.class_balance": finding(0.4, 0.39, 0.41, "The classes are balanced", {"faults": faults})}
    assert reason("data", seen) == "The classes are balanced, but the test part never shows one class"


def test_a_machine_without_a_forecast_says_what_is_missing():
    seen = {"hardware.inventory": finding(5.0, 4.0, 6.0, "1 core, no accelerator")}
    assert reason("hardware", seen) == "1 core, no accelerator; what the plan needs is not known"


def test_the_summary_says_how_much_is_known():
    some = dict(list(GOOD.items())[:20])
    now = pool.judge(RULES, some, {})
    assert "% of the risks are known" in words.summary(RULES, now, some, [])
