"""Actions name what to do first and what it changes; next evidence names what would narrow the range."""

from itertools import pairwise

from assessments.scoring import advice, pool, rules
from tests.assessments.scoring.evidence import ANSWERS, finding, findings
from workers.probes import catalog

RULES = rules.load()
FIXES = {spec.id: spec.fix for spec in catalog.SPECS}


def advised(found=None, answers=None):
    found = findings() if found is None else found
    found = {probe: {**one, "fix": FIXES[probe]} for probe, one in found.items()}
    return advice.actions(RULES, pool.judge(RULES, found, answers or {}), found)


def by_source(actions):
    return {one.get("probe") or one["question"]: one for one in actions}


def test_what_a_probe_tried_becomes_a_measured_action_with_its_own_effort():
    one = by_source(advised()[0])["data.label_errors"]
    assert one["title"] == "Re-check 46 suspect labels"
    assert (one["basis"], one["effort"]) == ("measured", "1 day, one person")
    assert one["to"] < one["from"]
    assert one["why"] == "About 1 in 16 labels looks wrong"


def test_from_and_to_are_the_scores_of_the_dimension_before_and_after():
    one = by_source(advised()[0])["data.label_errors"]
    after = findings(data__label_errors=finding(0.006, 0.002, 0.012))
    now, then = (
        pool.judge(RULES, found, {}).dimensions["data"].as_json(RULES) for found in (findings(), after)
    )
    assert (one["from"], one["to"]) == (now["score"], then["score"])


def test_without_a_trial_the_usual_fix_is_an_estimate():
    one = by_source(advised()[0])["flexibility.forgetting"]
    assert one["basis"] == "estimated"
    assert one["title"] == FIXES["flexibility.forgetting"].rstrip(".")
    assert one["effort"] == RULES.data["probes"]["flexibility.forgetting"]["effort"]


def test_the_best_of_several_trials_is_taken_and_one_that_harms_is_not():
    trials = [
        {"title": "Worse", "value": 0.5},
        {"title": "Good", "value": 0.02, "low": 0.01, "high": 0.03},
        {"title": "Best", "value": 0.001, "low": 0.0, "high": 0.002, "basis": "estimated"},
        {"title": "Nothing known"},
        "not a trial",
    ]
    seen = findings(data__label_errors=finding(0.1, 0.08, 0.12, "Many", {"mitigations": trials}))
    assert by_source(advised(seen)[0])["data.label_errors"]["title"] == "Best"
    assert by_source(advised(seen)[0])["data.label_errors"]["basis"] == "estimated"
    only_worse = findings(data__label_errors=finding(0.1, 0.08, 0.12, "Many", {"mitigations": trials[:1]}))
    assert "data.label_errors" not in by_source(advised(only_worse)[0])


def test_what_is_fine_needs_no_action():
    assert {"data.readability", "hardware.memory"}.isdisjoint(by_source(advised()[0]))


def test_a_bad_answer_asks_for_its_own_action():
    one = by_source(advised(answers={"S9": {"value": "nobody"}})[0])["S9"]
    assert one["title"] == "Name a person who can switch the model off within hours"
    assert (one["dimension"], one["basis"]) == ("security", "estimated")


def test_the_action_with_most_effect_on_the_whole_comes_first():
    actions, _ = advised(answers=ANSWERS)
    assert len(actions) >= 3
    effects = [one["overall_from"] - one["overall_to"] for one in actions]
    assert all(first >= second - 1 for first, second in pairwise(effects))


def test_the_top_three_together_do_more_than_the_first_alone():
    actions, together = advised(answers=ANSWERS)
    assert together["count"] == 3
    assert together["from"] == actions[0]["overall_from"]
    assert together["to"] <= min(one["overall_to"] for one in actions[:3])


def test_nothing_known_asks_for_evidence_and_not_for_action():
    assert advised({}) == ([], None)
    found = advice.next_evidence(RULES, pool.judge(RULES, {}, {}), {})
    assert {one.get("probe") for one in found} >= set(catalog.ACTIVE)


def test_next_evidence_leaves_out_what_is_measured_or_answered():
    answers = {"D6": {"value": "no"}, "D5": {"unknown": True}, "H6": {"not_applicable": "batch"}}
    skipped = findings(hardware__memory=finding(state="skipped"))
    found = advice.next_evidence(RULES, pool.judge(RULES, skipped, answers), answers)
    sources = [one.get("probe") or one["question"] for one in found]
    assert "hardware.memory" in sources
    assert "D5" in sources, "what nobody knew yet may be found out"
    assert {"D6", "H6", "D3", "data.label_errors"}.isdisjoint(sources)


def test_next_evidence_is_ordered_by_how_much_it_narrows():
    found = advice.next_evidence(RULES, pool.judge(RULES, findings(), ANSWERS), ANSWERS)
    narrows = [one["narrows_by"] for one in found]
    assert narrows == sorted(narrows, reverse=True)
    assert all(one >= 1 for one in narrows)


def test_a_measurement_narrows_more_than_an_answer_to_the_same_question():
    found = by_source(advice.next_evidence(RULES, pool.judge(RULES, {}, {}), {}))
    assert found["data.label_errors"]["narrows_by"] > found["D3"]["narrows_by"]
