"""An answer that was judged and taken back goes on counting, until somebody says why it no longer holds."""

from datetime import UTC, datetime, timedelta

import pytest

from assessments.scoring import document, harm, pool, rules, whatif, withdrawn
from assessments.scoring.withdrawn import Cleared, Version
from tests.assessments.scoring.evidence import MANIFEST, finding, findings, records

RULES = rules.load()
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
BAD, GOOD = {"value": "nobody"}, {"value": "minutes"}
WAYS = ({}, {"S9": {"unknown": True}}, {"S9": {"not_applicable": "not here"}})


def day(number):
    return START + timedelta(days=number)


def found(*versions, cleared=()):
    """``versions`` are (values, judged), one a day, each by another person."""
    made = [
        Version(values, judged, day(place), f"P{place}") for place, (values, judged) in enumerate(versions)
    ]
    return withdrawn.found(made, [Cleared(*one) for one in cleared])


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_a_report_was_made_with_stands_taken_back_with_who_and_when(way):
    (one,) = found(({"S9": BAD}, True), ({"S9": BAD, "D9": GOOD}, False), (way, False), ({**way}, False))
    assert one == {"id": "S9", "was": BAD, "on": "2026-11-04", "by": "P2", "cleared": None}


def test_what_no_report_was_made_with_may_be_corrected_freely():
    assert found(({"S9": BAD}, False), ({}, False)) == []
    (one,) = found(({"S9": BAD}, True), ({"S9": GOOD}, False), ({}, False))
    assert one["was"] == BAD, "what was never judged takes no place"


def test_another_value_is_a_claim_of_its_own_and_not_taken_back():
    assert found(({"S9": BAD}, True), ({"S9": GOOD}, False)) == []
    assert found(({"S9": {"unknown": True}}, True), ({}, False)) == [], "nothing was claimed"
    (one,) = found(({"S9": BAD}, True), ({"S9": GOOD}, True), ({}, False))
    assert one["was"] == GOOD


def test_a_clearing_holds_for_what_was_taken_back_before_it():
    reason = ("S9", day(2), "Ann", "It was about another project.")
    versions = [({"S9": BAD}, True), ({}, False)]
    (one,) = found(*versions, cleared=[reason])
    assert one["cleared"] == {"by": "Ann", "on": "2026-11-04", "reason": "It was about another project."}
    (again,) = found(*versions, ({}, False), ({"S9": BAD}, True), ({}, False), cleared=[reason])
    assert again["cleared"] is None


# -- in the judgement -----------------------------------------------------------------------------------
@pytest.mark.parametrize("way", WAYS)
def test_in_the_score_it_counts_as_it_stood_and_in_the_range_it_is_open(way):
    told = pool.judge(RULES, findings(), {"S9": BAD})
    hidden = pool.judge(RULES, findings(), way, None, {"S9": BAD})
    silent = pool.judge(RULES, findings(), {})
    for name in ("security", "overall"):
        one, held, open_ = (
            judged.overall if name == "overall" else judged.dimensions[name]
            for judged in (told, hidden, silent)
        )
        assert held.score >= one.score
        assert (held.low, held.high, held.coverage) == (open_.low, open_.high, open_.coverage)
    if not way:
        assert hidden.dimensions["security"].score == told.dimensions["security"].score


def test_a_good_answer_taken_back_is_never_better_than_silence():
    silent = pool.judge(RULES, findings(), {"S9": {"unknown": True}}).dimensions["security"]
    hidden = pool.judge(RULES, findings(), {"S9": {"unknown": True}}, None, {"S9": GOOD})
    assert hidden.dimensions["security"].score >= silent.score


def test_a_measurement_takes_the_place_of_what_was_taken_back():
    plain, held = (pool.judge(RULES, findings(), {}, None, one) for one in (None, {"D3": {"value": "none"}}))
    assert held.dimensions == plain.dimensions


def test_stakes_that_were_taken_back_go_on_bending_the_score():
    told = pool.judge(RULES, findings(), {"C1": {"value": "rights"}})
    hidden = pool.judge(RULES, findings(), {}, None, {"C1": {"value": "rights"}})
    assert hidden.overall.score == told.overall.score
    assert hidden.stakes[0] == pool.judge(RULES, findings(), {}).stakes[0]


def test_where_all_that_was_told_is_taken_back_the_score_stays_and_the_range_is_all_of_it():
    told = pool.judge(RULES, {}, {"S9": BAD}).dimensions["security"]
    held = pool.judge(RULES, {}, {}, None, {"S9": BAD}).dimensions["security"]
    assert (held.score, held.low, held.high, held.coverage) == (told.score, 0, 100, 0)


def test_what_a_check_found_beside_the_point_goes_on_counting_where_it_was_told():
    moot = findings(hardware__memory=finding(state="skipped", facts={"not_applicable": True}))
    told = pool.judge(RULES, moot, {"H2": {"value": "no"}}).dimensions["hardware"]
    held = pool.judge(RULES, moot, {}, None, {"H2": {"value": "no"}}).dimensions["hardware"]
    assert held.score == told.score > pool.judge(RULES, moot, {}).dimensions["hardware"].score
    assert held.low <= held.score <= held.high


def test_older_rules_know_of_nothing_taken_back():
    old = rules.load("2026.4")
    plain, held = (pool.judge(old, findings(), {}, None, one) for one in (None, {"S9": BAD}))
    assert held == plain
    worst = {"D3": {"value": "none"}}
    assert harm.chances(old, {}, {}, withdrawn=worst) == harm.chances(old, {}, {})
    assert harm.chances(RULES, {}, {}, withdrawn=worst) != harm.chances(RULES, {}, {})


# -- in the report --------------------------------------------------------------------------------------
def report(cleared=None, answers=None):
    back = {"id": "S9", "was": BAD, "on": "2026-11-04", "by": "Ann", "cleared": cleared}
    return document.build(
        run={},
        assessment={"name": "A"},
        manifest=MANIFEST,
        findings=records(),
        answers=answers,
        taken_back=[back],
    )


@pytest.mark.parametrize("way", WAYS)
def test_the_report_holds_it_and_can_be_recomputed(way):
    made = report(answers=way)
    (one,) = made["questions"]["withdrawn"]
    assert (one["was"], one["answer"], one["by"], one["on"]) == (BAD, "Nobody", "Ann", "2026-11-04")
    assert document.verify(made) == []
    assert "1 answer was taken back and goes on counting" in made["overall"]["summary"]
    told = document.build(
        run={}, assessment={"name": "A"}, manifest=MANIFEST, findings=records(), answers={"S9": BAD}
    )
    assert made["overall"]["score"] >= told["overall"]["score"]
    stop = next(one for one in made["dimensions"][1]["items"] if one["id"] == "stop")
    assert (stop["state"], stop["score"]) == ("unknown", 90)
    assert [one["title"] for one in made["actions"]] == [one["title"] for one in told["actions"]]
    assert whatif.judged(made, [])["overall"]["before"] == {
        key: made["overall"][key] for key in whatif.judged(made, [])["overall"]["before"]
    }


def test_what_is_changed_about_it_is_found():
    for change in ({"was": GOOD}, {"by": "Bob"}, {"cleared": {"by": "x", "on": "2026-11-05", "reason": "y"}}):
        made = report()
        made["questions"]["withdrawn"][0] |= change
        assert "questions.withdrawn" in " ".join(document.verify(made))
    assert (
        report()["evidence"]
        != document.build(run={}, assessment={"name": "A"}, manifest=MANIFEST, findings=records())["evidence"]
    )


def test_a_cleared_one_stands_in_the_report_and_counts_no_longer():
    made = report(cleared={"by": "Ann", "on": "2026-11-05", "reason": "It was about another project."})
    plain = document.build(run={}, assessment={"name": "A"}, manifest=MANIFEST, findings=records())
    assert made["overall"] == plain["overall"]
    assert made["questions"]["withdrawn"][0]["cleared"]["by"] == "Ann"
    assert document.verify(made) == []


def test_a_report_in_which_nothing_was_taken_back_says_nothing_of_it():
    plain = document.build(run={}, assessment={"name": "A"}, answers={"S9": BAD})
    assert "withdrawn" not in plain["questions"]
