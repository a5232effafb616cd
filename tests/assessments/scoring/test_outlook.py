"""What to find out next names what would narrow the range, and nothing that does not apply."""

from itertools import pairwise

from assessments.scoring import outlook, pool, rules
from tests.assessments.scoring import carried_out
from tests.assessments.scoring.evidence import ANSWERS, finding, findings
from workers.probes import catalog

RULES = rules.load()


def by_source(found):
    return {one.get("probe") or one["question"]: one for one in found}


def test_with_nothing_known_every_probe_is_named():
    found = outlook.next_evidence(RULES, pool.judge(RULES, {}, {}), {})
    assert {one.get("probe") for one in found} >= set(catalog.ACTIVE)


def test_a_probe_that_does_not_apply_is_not_asked_for_even_beside_an_answer():
    seen = findings(security__adversarial=finding(state="skipped", facts={"not_applicable": True}))
    answers = {"S4": {"value": "lot"}}
    found = outlook.next_evidence(RULES, pool.judge(RULES, seen, answers), answers, seen)
    assert "security.adversarial" not in by_source(found)


def test_next_evidence_leaves_out_what_is_measured_or_answered():
    answers = {"D6": {"value": "no"}, "D9": {"unknown": True}, "H6": {"not_applicable": "batch"}}
    none = finding(state="skipped")
    skipped = findings(hardware__memory=none, data__drift=none, data__time_order=none)
    found = outlook.next_evidence(RULES, pool.judge(RULES, skipped, answers), answers)
    sources = [one.get("probe") or one["question"] for one in found]
    assert "hardware.memory" in sources
    assert "D9" in sources, "what nobody knew yet may be found out"
    assert {"D6", "H6", "D3", "data.label_errors"}.isdisjoint(sources)


def test_next_evidence_is_ordered_by_how_much_it_narrows_for_a_minute():
    minutes = {name: outlook._minutes(RULES, "question", name) for name in RULES.data["answers"]}
    assert (minutes["D2"], minutes["D1"]) == (2, 1), "an answer in parts takes longer"
    for seen, answers in (({}, {}), (findings(), ANSWERS), ({}, ANSWERS)):
        found = outlook.next_evidence(RULES, pool.judge(RULES, seen, answers), answers, seen)
        worth = [one["narrows_by"] / minutes.get(one.get("question"), 1) for one in found]
        assert len(worth) > 3
        assert all(before >= after - 0.5 for before, after in pairwise(worth)), "but for what is rounded"
        assert all(one["narrows_by"] >= 1 for one in found)


def test_a_long_question_comes_after_a_short_one_that_narrows_as_much():
    """Of its two questions one takes twice the minutes; as evidence they are worth the same."""
    found = outlook.next_evidence(RULES, pool.judge(RULES, {}, {}), {})
    order = [one.get("probe") or one["question"] for one in found]
    assert by_source(found)["S8"]["narrows_by"] == by_source(found)["S7"]["narrows_by"]
    assert order.index("S8") < order.index("S7")


def test_the_first_suggestion_narrows_the_overall_range_at_least_as_much_as_the_last():
    """One result each, as likely as the judgement holds it, on 100 projects."""
    pairs = [pair for case in range(100) if (pair := carried_out.narrowed(case)) is not None]
    assert len(pairs) >= 95
    held = sum(first >= last for first, last in pairs)
    assert held >= 0.9 * len(pairs), f"{held} of {len(pairs)}"


def test_in_the_mean_of_its_results_the_first_narrows_more_than_the_last():
    held = []
    for case in range(10):
        pairs = [pair for repeat in range(6) if (pair := carried_out.narrowed(case, repeat)) is not None]
        if pairs:
            held.append(sum(first - last for first, last in pairs) >= 0)
    assert sum(held) >= 0.95 * len(held)


def test_where_a_check_could_measure_it_narrows_and_the_answer_to_the_same_question_does_not():
    found = by_source(outlook.next_evidence(RULES, pool.judge(RULES, {}, {}), {}))
    assert found["data.label_errors"]["narrows_by"] >= 1
    assert "D3" not in found
    moot = {name: finding(state="skipped", facts={"not_applicable": True}) for name in catalog.ACTIVE}
    judgement = pool.judge(RULES, moot, {"D3": {"unknown": True}})
    assert "D3" in by_source(outlook.next_evidence(RULES, judgement, {"D3": {"unknown": True}}, moot))


def test_a_probe_that_could_not_tell_is_named_though_others_tell_about_the_same_item():
    skipped = findings(data__types=finding(state="skipped"))
    found = outlook.next_evidence(RULES, pool.judge(RULES, skipped, ANSWERS), ANSWERS, skipped)
    assert by_source(found)["data.types"]["narrows_by"] >= 1
    assert {"D4", "data.missing"}.isdisjoint(by_source(found))


def test_a_question_that_does_not_arise_is_not_named_beside_one_that_could_not_be_measured():
    none, beside = finding(state="skipped"), finding(state="skipped", facts={"not_applicable": True})
    skipped = findings(data__types=none, data__missing=beside)
    found = by_source(outlook.next_evidence(RULES, pool.judge(RULES, skipped, {}), {}, skipped))
    assert "data.types" in found
    assert "data.missing" not in found
