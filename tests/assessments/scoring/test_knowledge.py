"""What counts as known of an item: checks that do not apply, readings, several pieces of evidence."""

from __future__ import annotations

import pytest

from assessments.scoring import draws, pool
from tests.assessments.scoring.evidence import finding, findings
from tests.assessments.scoring.test_pool import RULES, measured


def skipped(**facts):
    return finding(state="skipped", note="The target is a number.", facts=facts)


def unbalanced(one):
    """Both probes of the item "balance" with the same finding."""
    return {"data__class_balance": one, "data__coverage": one}


def test_a_probe_that_does_not_apply_leaves_the_coverage_and_a_skipped_one_does_not():
    open_ = pool.judge(RULES, findings(**unbalanced(skipped())), {})
    beside = pool.judge(RULES, findings(**unbalanced(skipped(not_applicable=True))), {})
    assert beside.dimensions["data"].coverage > open_.dimensions["data"].coverage
    assert beside.dimensions["data"].known == (6, 7)
    assert open_.dimensions["data"].known == (6, 8)
    assert beside.dimensions["data"].high < open_.dimensions["data"].high


@pytest.mark.parametrize("state", ["measured", "failed"])
def test_only_a_skipped_probe_can_say_that_it_does_not_apply(state):
    seen = findings(**unbalanced(finding(None, state=state, facts={"not_applicable": True})))
    assert (
        next(one for one in pool.judge(RULES, seen, {}).items if one.item.id == "balance").state == "unknown"
    )


def test_an_answer_keeps_an_item_alive_whose_probe_does_not_apply():
    seen = findings(**unbalanced(skipped(not_applicable=True)))
    told = pool.judge(RULES, seen, {"D7": {"value": "no"}})
    assert next(one for one in told.items if one.item.id == "balance").state == "answered"


def test_a_lottery_of_seeds_raises_the_seeds_and_not_the_settings():
    faults = [{"fault": "seed_lottery", "severity": "high"}]
    seen = findings(
        hyperparameters__sensitivity=finding(0.0, 0.0, 0.4, "Steady", {"seed_sd": 17.5, "faults": faults})
    )
    modes = {one.item.id: one.mode for one in pool.judge(RULES, seen, {}).items}
    assert modes["stability"] < 20 < 90 < modes["seeds"]


def _planned(capacity, **beside):
    named = [{"fault": "model_too_large_for_data", "severity": "high"}]
    review = finding(1.0, 1.0, 1.0, facts={"faults": named, "capacity": capacity} if capacity else {})
    seen = {"hyperparameters.plan_review": review, **beside}
    known = pool.judge(RULES, seen, {}).items
    return {one.item.id: one for one in known if one.item.dimension == "hyperparameters"}


def test_a_plan_too_large_for_its_rows_raises_overfitting_and_not_the_split():
    probe = "hyperparameters.overfitting"
    beside = {probe: measured(probe, 0.1)}
    large, other = _planned(1.0, **beside), _planned(0, **beside)
    assert (large["split"].mode, large["overfitting"].mode) == (0, 60)
    assert other["split"].mode == 60 > other["overfitting"].mode


def test_where_overfitting_was_not_measured_the_plan_review_keeps_all_of_its_risks():
    alone = _planned(1.0)
    assert (alone["split"].mode, alone["overfitting"].state) == (60, "unknown")


def test_copies_across_the_split_raise_the_split_and_the_copies():
    faults = [{"fault": "duplicates_across_split", "severity": "high"}]
    seen = findings(
        data__split_overlap=finding(0.2, 0.15, 0.25, "Copies", {"across_split": 34, "faults": faults})
    )
    judged = pool.judge(RULES, seen, {}, {"split": {"made_by": "column"}})
    modes = {one.item.id: one.mode for one in judged.items}
    assert min(modes["copies"], modes["split"]) > 90


def cost(p90, fits=True, chosen="this-worker"):
    device = {"id": "this-worker", "name": "This worker", "fits": fits, "hours": {"p50": p90, "p90": p90}}
    facts = {"by_accelerator": [device], "chosen": chosen, "deadline_hours": 168.0}
    return finding(0.0, 0.0, 0.01, "Quick", facts)


def machine(**changed):
    seen = findings(hardware__inventory=finding(60.0, 55.0, 66.0, "2 cores, no accelerator"), **changed)
    return next(one for one in pool.judge(RULES, seen, {}).items if one.item.id == "machine")


def test_a_machine_is_only_as_bad_as_the_plan_makes_it():
    quick, slow = machine(hardware__training_cost=cost(0.01)), machine(hardware__training_cost=cost(400))
    assert quick.mode <= 5, "seconds of training need no accelerator"
    assert slow.mode > 20
    assert machine(hardware__training_cost=cost(0.01, fits=False)).mode == slow.mode
    modes = [machine(hardware__training_cost=cost(hours)).mode for hours in (1, 20, 80, 150, 300)]
    assert modes == sorted(modes)


def test_without_a_forecast_the_machine_may_be_enough_or_not():
    (low, _, high), *_ = machine(hardware__training_cost=None).spreads
    assert low == 0
    for hours in (0.01, 50, 1000):
        (least, _, most), *_ = machine(hardware__training_cost=cost(hours)).spreads
        assert low <= least
        assert high >= most


# -- several probes about one thing ---------------------------------------------------------------------
def tidiness(**changed):
    judged = pool.judge(RULES, findings(**changed), {})
    return judged.dimensions["data"], next(one for one in judged.items if one.item.id == "tidiness")


def test_a_probe_that_could_not_tell_leaves_its_item_open_beside_one_that_could():
    whole, all_five = tidiness()
    less, four = tidiness(data__missing=skipped())
    assert (all_five.covers, all_five.partial, four.covers, four.partial) == (1.0, False, 0.8, True)
    assert less.coverage < whole.coverage
    assert less.high >= 80 > whole.high, "it might have been critical"
    assert less.low <= whole.low


def test_a_probe_whose_question_does_not_arise_leaves_nothing_open():
    _, four = tidiness(data__missing=skipped(not_applicable=True))
    assert (four.covers, four.partial) == (1.0, False)


def test_what_one_probe_saw_counts_in_full_though_another_could_not_tell():
    bad = measured("data.readability", 1.0)
    whole, _ = tidiness(data__readability=bad)
    less, _ = tidiness(data__readability=bad, data__missing=skipped())
    assert less.low == whole.low


def test_many_numbers_are_the_numbers_one_by_one():
    u = draws.grid(500).tolist()
    for spread in ((0.0, 0.0, 0.0), (10.0, 10.0, 50.0), (3.0, 41.5, 41.5), (35.0, 50.0, 85.0)):
        assert draws.quantiles(spread, 500).tolist() == [draws.quantile(spread, one) for one in u]


def test_a_fault_holds_up_the_low_end_also_where_the_value_is_as_bad():
    """A worse value once let the low end fall: below the fault's score it was held up, above it was not."""
    faults = [{"fault": "no_signal", "severity": "high"}]
    low = [
        pool.judge(
            RULES, {"data.synthetic": finding(value, 5.0, high, facts={"faults": faults})}, {}
        ).dimensions["data"].low
        for value, high in ((19.0, 30.0), (31.0, 45.0))
    ]  # fmt: skip
    assert low[1] >= low[0] > 0


def test_silence_about_the_stakes_widens_the_whole_at_both_ends():
    told = {"C1": {"value": "rights"}, "C3": {"value": "no"}, "C4": {"value": "never"}}
    silent, grave = (pool.judge(RULES, findings(), answers).overall for answers in ({}, told))
    mild = pool.judge(RULES, findings(), {"C1": {"value": "nuisance"}, "C3": {"value": "always"}}).overall
    assert silent.high >= grave.high
    assert silent.low <= mild.low
    assert mild.score < silent.score < grave.score


def test_of_two_questions_the_open_one_may_be_as_bad_as_can_be():
    bad, fine = {"S8": {"value": "no"}}, {"S7": {"value": {"place": "x", "months": 24, "encrypted": "yes"}}}
    both, one = (pool.judge(RULES, {}, answers).dimensions["security"] for answers in (fine | bad, fine))
    assert one.high >= both.high
    assert one.coverage < both.coverage
