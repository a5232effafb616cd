"""The mapping onto frameworks is whole, and says of a run neither more nor less than it has."""

import copy

import pytest

from assessments import frameworks, questions, sharing
from tests.assessments.dashboards import sample
from tests.conftest import ROOT
from workers.probes import catalog

ALL = frameworks.load()
IDS = [one.id for one in ALL]


def view(document, framework="ai-act"):
    return next(one for one in frameworks.views(document) if one.framework.id == framework)


def clause(document, name, framework="ai-act"):
    return next(one for one in view(document, framework).clauses if one.clause.id == name)


@pytest.mark.parametrize("framework", ALL, ids=IDS)
def test_every_probe_and_question_has_a_place_in_each_framework(framework):
    placed = {name for one in framework.clauses for name in (*one.probes, *one.questions)}
    every = {*catalog.ACTIVE, *(one.id for one in questions.ALL)}
    assert every - placed - set(framework.apart) == set()
    assert placed - every == set()
    assert placed & set(framework.apart) == set()
    assert all(reason.endswith(".") for reason in framework.apart.values())


@pytest.mark.parametrize("framework", ALL, ids=IDS)
def test_every_clause_has_evidence_or_a_reason_why_not(framework):
    assert len({one.id for one in framework.clauses}) == len(framework.clauses)
    for one in framework.clauses:
        assert bool(one.probes or one.questions) != bool(one.outside), one.id
        assert one.asks.endswith(".")
        assert not one.title.endswith(".")


def test_faults_are_those_that_probes_can_name():
    told = (ROOT / "docs/faults.md").read_text("utf-8")
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "workers/probes").rglob("*.py"))
    for name in {fault for framework in ALL for one in framework.clauses for fault in one.faults}:
        assert f'"{name}"' in source or name in told, name


def test_a_measurement_comes_before_an_answer_and_an_answer_before_nothing():
    document = sample.document()
    assert clause(document, "Art. 10(2)(c)").state == "measured"
    assert clause(document, "MAP 4.2", "nist-ai-rmf").state == "answered"
    assert clause(document, "Art. 9(5)").state == "open"
    assert clause(document, "Art. 12").state == "outside"


def test_a_clause_shows_the_worst_finding_first_and_what_is_still_open():
    told = clause(sample.document(), "Art. 10(2)(c)")
    levels = [frameworks.LEVELS.index(one.level) for one in told.evidence if one.basis == "measured"]
    assert levels == sorted(levels, reverse=True)
    assert told.level == told.evidence[0].level
    assert [one.of for one in told.gaps] == ["D4"]
    assert [one.of for one in told.evidence if one.basis == "answered"] == ["D3"]


def test_every_clause_is_counted_once():
    for one in frameworks.views(sample.document()):
        assert sum(one.counts.values()) == len(one.clauses)


def test_an_empty_run_has_nothing_to_show_and_every_gap():
    document = {"findings": [], "questions": {"answered": 0, "of": 54, "list": []}}
    for one in frameworks.views(document):
        assert {told.state for told in one.clauses} == {"open", "outside"}
    gaps = {one.gap.of for one in frameworks.missing(frameworks.views(document))}
    placed = {name for f in ALL for one in f.clauses for name in (*one.probes, *one.questions)}
    assert gaps == placed


def test_gaps_come_once_with_their_clauses_those_first_that_speak_to_most():
    found = frameworks.missing(frameworks.views(sample.document()))
    assert len({one.gap for one in found}) == len(found)
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    wanted = next(one for one in found if one.gap.of == "C6")
    assert "Art. 9(8)" in wanted.clauses["EU AI Act"]
    assert wanted.gap.why == "not answered"


def test_i_do_not_know_is_a_gap_and_no_evidence():
    told = clause(sample.document(), "Art. 15(5), confidentiality")
    assert ("S5", "answered with “I do not know”") in [(one.of, one.why) for one in told.gaps]
    assert "S5" not in [one.of for one in told.evidence]


def without(probe, state, **facts):
    document = copy.deepcopy(sample.document())
    finding = next(one for one in document["findings"] if one["probe"] == probe)
    finding.update(state=state, facts=facts, level="unknown")
    return document


def test_what_was_not_measured_is_a_gap_and_what_does_not_apply_is_none():
    name = "Art. 15(5), evasion"
    stopped = clause(without("security.adversarial", "failed"), name)
    assert (stopped.state, stopped.level) == ("open", "")
    assert ("security.adversarial", "not measured") in [(one.of, one.why) for one in stopped.gaps]
    beside = clause(without("security.adversarial", "skipped", not_applicable=True), name)
    assert "security.adversarial" not in [one.of for one in beside.gaps]


def test_a_clause_is_beside_the_point_only_when_nothing_of_it_is_open():
    document = without("security.adversarial", "skipped", not_applicable=True)
    document["questions"]["list"] = []
    document["questions"]["answered"] = 0
    assert clause(document, "Art. 15(5), evasion").state == "open"
    only = frameworks.Clause("x", "x", "x.", probes=("security.adversarial",))
    assert frameworks._told(only, document).state == "beside"


def test_answers_that_a_link_hides_are_neither_shown_nor_called_open():
    hidden = sharing.shown(sample.document(), recommendations=True, samples=True, answers=False)
    told = clause(hidden, "MAP 4.2", "nist-ai-rmf")
    assert (told.state, told.evidence, told.gaps) == ("hidden", [], [])
    shown = str(frameworks.as_json(hidden))
    assert "Experts, and a second person checked" not in shown


def test_faults_are_named_where_a_finding_tells_them():
    document = sample.document()
    finding = next(one for one in document["findings"] if one["probe"] == "data.coverage")
    finding["facts"]["faults"] = [{"fault": "weak_slice"}, {"fault": "other"}, "junk"]
    assert clause(document, "Art. 10(2)(f) and (g)").faults == ["weak slice"]


def test_odd_reports_of_before_are_shown_all_the_same():
    frameworks.views({})
    frameworks.views({"findings": [{"probe": "data.gone", "state": "measured", "facts": None}]})


def test_no_claim_is_made():
    """Words that would say more than which evidence there is."""
    text = frameworks.FILE.read_text("utf-8").lower()
    for word in ("compliant", "complies", "certified", "fulfilled", "conforms"):
        assert word not in text
    assert "no legal advice and no claim of conformity" in frameworks.LIMITS
