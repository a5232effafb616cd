"""Actions name what to do first and what it changes; next evidence names what would narrow the range."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from assessments.scoring import advice, pool, pooled, rules
from tests.assessments.scoring import projects
from tests.assessments.scoring.evidence import ANSWERS, finding, findings
from workers.probes import catalog

RULES = rules.load()
FIXES = {spec.id: spec.fix for spec in catalog.SPECS}


def advised(found=None, answers=None):
    found = findings() if found is None else found
    found = {probe: {**one, "probe": probe, "fix": FIXES[probe]} for probe, one in found.items()}
    return advice.actions(RULES, pool.judge(RULES, found, answers or {}), found, {"S9": "Nobody"})


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
    assert one["title"] == RULES.data["steps"]["flexibility.forgetting"][-1]["say"]
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
    usual = by_source(advised(only_worse)[0])["data.label_errors"]
    assert (usual["title"], usual["basis"]) == (
        "Let two people check 200 labels drawn at random",
        "estimated",
    )


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


def test_nothing_known_asks_for_no_action():
    assert advised({}) == ([], None)


def test_an_action_is_worth_the_least_that_the_rules_ask_for():
    seen = findings(hyperparameters__sensitivity=finding(0.1, 0.0, 0.3, "Steady", {"seed_sd": 0.52}))
    known = next(one for one in pool.judge(RULES, seen, {}).items if one.item.id == "seeds")
    assert known.mode >= RULES.data["advice"]["from_score"], "it asks for an action, which gains a point"
    actions, _ = advised(seen, ANSWERS)
    assert "hyperparameters.sensitivity" not in by_source(actions)
    assert all(one["from"] - one["to"] >= RULES.data["advice"]["least"] for one in actions)


def test_a_serious_risk_that_hardly_moves_its_dimension_has_an_action_with_its_own_points():
    seen = {"hardware.scaling": finding(0.3, 0.27, 0.33, "Grows faster than the data")}
    now = pool.judge(RULES, seen, {})
    growth = next(one for one in now.items if one.item.id == "growth")
    assert advice.is_serious(RULES, growth)

    one = by_source(advised(seen)[0])["hardware.scaling"]
    assert 0 <= one["from"] - one["to"] < RULES.data["advice"]["least"]
    assert one["note"].startswith(f"Room to grow: from {pooled.whole(growth.mode)} to ")

    before = rules.load("2026.4")
    assert advice.actions(before, pool.judge(before, seen, {}), seen) == ([], None)


@pytest.mark.parametrize("case", range(8))
def test_all_steps_done_but_one_are_the_other_steps_done(case):
    seen, answers, dataset = projects.project(random.Random(case))
    now = pool.judge(RULES, seen, answers, dataset)
    ranked = advice.best(RULES, now, seen)
    every = advice.done(now, ranked)
    left = [advice._left(now, action, ranked) for action in ranked]
    every.foresee(left)
    for action, known in zip(ranked, left, strict=True):
        others = advice.done(now, [one for one in ranked if one is not action])
        assert every.with_item(known) == others


def test_of_two_things_equally_bad_both_are_named():
    """Alone, neither moves the dimension much: the other one still holds it up."""
    seen = findings(
        data__label_errors=finding(0.4, 0.38, 0.42, "Wrong labels", {"listed": 200, "target": "y"}),
        data__readability=finding(0.6, 0.58, 0.62, "Unreadable", {"affected": 60}),
    )
    named = by_source(advised(seen)[0])
    assert {"data.label_errors", "data.readability"} <= set(named)
    assert (
        "with the other steps done" in named["data.label_errors"]["note"] + named["data.readability"]["note"]
    )


def test_an_answer_is_quoted_and_asks_for_what_its_own_question_is_about():
    one = by_source(advised(answers={"S9": {"value": "nobody"}})[0])["S9"]
    assert one["why"] == "You told us: Nobody"
    seen = findings(data__learning_curve=None, data__feasibility=None, data__synthetic=None)
    few = by_source(advised(seen, {"D1": {"value": "yes"}, "D2": {"value": {"total": 50, "rarest": 4}}})[0])
    assert few["D2"]["title"] == "Collect and label more examples, the rarest outcome first"


def test_a_reading_says_itself_why_and_what_to_do():
    seen = findings(hyperparameters__sensitivity=finding(0.1, 0.0, 0.3, "Steady", {"seed_sd": 17.5}))
    one = by_source(advised(seen)[0])["hyperparameters.sensitivity"]
    assert one["why"] == "Another random start moves the result by 17.5 points"
    assert "mean of five random starts" in one["title"]


def test_what_settles_everything_serious_is_known_only_if_each_thing_has_an_action():
    seen = {probe: {**one, "probe": probe} for probe, one in findings().items()}
    now = pool.judge(RULES, seen, {})
    ranked = advice.best(RULES, now, seen)
    after = advice.settled(RULES, now, ranked)
    assert not any(advice.is_serious(RULES, one) for one in after.items)
    assert advice.settled(RULES, now, ranked[:1]) is None


SECRET = {"fault": "secret", "severity": "high", "columns": ["note"]}
PERSONAL = {"fault": "pii", "severity": "high", "columns": ["mail"]}


def stopped():
    """A key and personal data, which one item is about, stop the project; labels are as bad as can be."""
    return findings(
        data__label_errors=finding(0.4, 0.38, 0.42, "Wrong labels", {"listed": 200, "target": "y"}),
        security__secrets=finding(0.001, 0.0005, 0.002, "A key", {"faults": [SECRET]}),
        security__personal_data=finding(0.001, 0.0005, 0.002, "Mail", {"faults": [PERSONAL]}),
    )


def test_every_cause_of_an_item_has_an_action_of_its_own():
    named = by_source(advised(stopped(), ANSWERS)[0])
    assert {"security.secrets", "security.personal_data"} <= set(named)


def test_what_opens_a_gate_comes_first_once_the_gate_is_all_that_holds_the_score():
    actions, together = advised(stopped(), ANSWERS)
    order = [one.get("probe") or one["question"] for one in actions]
    assert order[0] == "security.secrets"
    assert "security.personal_data" in order[1:3]
    assert together["to"] < 60
    assert not together["held"]


def test_a_score_that_a_gate_holds_is_told():
    seen = stopped()
    now = pool.judge(RULES, seen, {})
    ranked = [one for one in advice.best(RULES, now, seen) if one.source != "security.personal_data"]
    _, together = advice.shown(RULES, now, ranked)
    assert (together["to"], together["held"]) == (60, True)


def test_two_actions_on_one_item_add_up_in_any_order():
    seen = stopped()
    now = pool.judge(RULES, seen, ANSWERS)
    both = [one for one in advice.best(RULES, now, seen) if one.source.startswith("security.")][:2]
    scores = [advice.done(now, some).dimensions["security"].score for some in (both, both[::-1], both[:1])]
    assert scores[0] == scores[1] < scores[2]


GOAL = {"faults": [{"fault": "target_not_reachable", "severity": "high"}]}


def test_two_causes_of_one_item_that_are_equally_bad_both_have_an_action():
    """A fault holds both at 60, so that taking one away leaves the item as bad as it was."""
    seen = {
        "data.learning_curve": {**finding(1, facts=GOAL), "probe": "data.learning_curve"},
        "data.feasibility": {**finding(0.1, facts=GOAL), "probe": "data.feasibility"},
    }
    now = pool.judge(RULES, seen, {})
    volume = next(one for one in now.items if one.item.id == "volume")
    assert [spread[1] for spread in volume.spreads] == [60, 60]
    todo, _ = advice.actions(RULES, now, seen)
    assert {one["probe"] for one in todo} == set(seen)
    assert all(one["from"] > one["to"] for one in todo)
    ranked = advice.best(RULES, now, seen)
    assert advice.settled(RULES, now, ranked) is not None
    gains = [
        now.dimensions["data"].score - advice.done(now, [one]).dimensions["data"].score for one in ranked
    ]
    assert gains == sorted(gains, reverse=True), "neither is held back by the other"
    assert advice.actions(rules.load("2026.4"), pool.judge(rules.load("2026.4"), seen, {}), seen)[0] == []


def test_what_the_top_steps_do_together_counts_the_same_words_under_another_dimension():
    now = pool.judge(RULES, findings(), ANSWERS)
    ranked = advice.best(RULES, now, findings())
    kept = [one for (one,), _ in advice.worth_naming(RULES, now, ranked)]
    assert len(kept) > 3
    twice = [replace(one, title=kept[0].title) if one in (kept[0], kept[-1]) else one for one in ranked]
    _, together = advice.shown(RULES, now, twice)
    assert together["count"] == 3
    expected = advice.done(now, [*kept[:3], kept[-1]]).overall.score
    assert together["to"] == pooled.whole(expected)
    assert pooled.whole(advice.done(now, kept[:3]).overall.score) > together["to"], "so that it shows"
