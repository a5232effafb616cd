"""Any subset of the actions, judged again by the report's own evidence and rules."""

import pytest

from assessments.scoring import document, rules, whatif
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, finding, records

REPORT = document.build(
    run={}, assessment={"name": "A"}, manifest=MANIFEST, answers=ANSWERS, findings=records()
)


def test_nothing_chosen_is_the_report_itself():
    found = whatif.judged(REPORT, [])
    assert found["overall"]["before"] == found["overall"]["after"]
    shown = {key: REPORT["overall"][key] for key in found["overall"]["before"]}
    assert found["overall"]["before"] == shown
    assert found["verdict"].split(".")[0] == REPORT["overall"]["verdict"].split(".")[0]


def test_one_action_does_what_the_report_says_of_it():
    for place, action in enumerate(REPORT["actions"], 1):
        if action["note"].startswith("Counted with"):
            continue
        found = whatif.judged(REPORT, [place])
        moved = next(one for one in found["dimensions"] if one["id"] == action["dimension"])
        assert (moved["before"]["score"], moved["after"]["score"]) == (action["from"], action["to"])
        assert found["overall"]["after"]["score"] == action["overall_to"]


def test_the_top_ones_together_are_what_the_report_says():
    together = REPORT["together"]
    found = whatif.judged(REPORT, range(1, together["count"] + 1))
    assert found["overall"]["after"]["score"] == together["to"]


def test_each_further_action_can_only_help():
    scores = [whatif.judged(REPORT, range(1, n + 1))["overall"]["after"]["score"] for n in range(6)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < scores[0]


def test_places_that_are_no_actions_are_left_out():
    assert whatif.judged(REPORT, [0, -3, 1, 1, 999])["chosen"] == [1]


def test_it_is_judged_by_the_rules_of_the_report():
    old = {**REPORT, "rules": "2026.3"}
    assert whatif.judged(old, [])["overall"]["before"] != whatif.judged(REPORT, [])["overall"]["before"]
    with pytest.raises(whatif.CannotTell, match="cannot be judged again here"):
        whatif.judged({**REPORT, "rules": "1999.1"}, [])
    with pytest.raises(whatif.CannotTell, match="cannot be judged again"):
        whatif.judged({"rules": "2026.3"}, [1])


COPIES = {
    "data.split_overlap": finding(0.3, 0.25, 0.35, "3 in 10 test rows are copies", {"across_split": 30})
}


def test_equal_words_are_one_thing_to_do():
    """Copies on both sides of the split are two risks, in two dimensions, and one piece of work."""
    made = document.build(run={}, assessment={"name": "A"}, findings=records(COPIES), manifest=MANIFEST)
    (action,) = (one for one in made["actions"] if one["probe"] == "data.split_overlap")
    assert "It also lowers the risk" in action["note"]
    found = whatif.judged(made, [1 + made["actions"].index(action)])
    assert found["overall"]["after"]["score"] == action["overall_to"]
    moved = {one["id"] for one in found["dimensions"] if one["before"] != one["after"]}
    assert len(moved) == 2
    assert action["dimension"] in moved


def test_older_rules_list_equal_words_for_each_risk():
    made = document.build(
        run={},
        assessment={"name": "A"},
        findings=records(COPIES),
        manifest=MANIFEST,
        rules=rules.load("2026.4"),
    )
    titles = [one["title"] for one in made["actions"]]
    assert len(titles) == 2
    assert len(set(titles)) == 1
    assert whatif.judged(made, [2])["chosen"] == whatif.judged(made, [1])["chosen"] == [1, 2]
