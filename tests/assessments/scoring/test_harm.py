"""How likely a harm is: the way from prior to chance, one piece of evidence at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from assessments.scoring import harm
from assessments.scoring import rules as rulebook
from tests.assessments.scoring import evidence

RULES = rulebook.load()
LABELS = {  # the table of the worked example in probes.md 7.12
    "edges": [20, 40, 60, 80],
    "log_ratio": [-1.6, -0.4, 0.5, 1.9, 2.8],
    "auc": 0.95,
    "harm": 120,
    "calm": 180,
    "bases": 9,
}
WORST = {"D3": {"value": "none"}}


def with_tables(**tables):
    """The rules with these tables and no others measured."""
    fitted = {name.replace("__", "."): {**LABELS, **table} for name, table in tables.items()}
    return replace(RULES, data={**RULES.data, "likelihoods": {"version": "2026.4", "probes": fitted}})


EXAMPLE = with_tables(data__label_errors={})


def at(score, state="measured", **facts):
    """A finding of label errors that scores exactly so."""
    points = RULES.anchors["data.label_errors"].points
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 <= score <= y1:
            value = x0 + (score - y0) / (y1 - y0) * (x1 - x0)
            return evidence.finding(value, value, value, state=state, facts=facts)
    raise AssertionError(score)


def chance(name, findings=(), answers=None, rules=EXAMPLE, dataset=None):
    found = harm.chances(rules, dict(findings), answers or {}, dataset)
    return next(one for one in found if one.harm.id == name)


def test_the_worked_example_of_the_design():
    found = chance("label_noise", {"data.label_errors": at(70)}, WORST)
    assert [round(step.log_odds, 2) for step in found.steps] == [-1.39, 1.9, 0.55]
    assert [step.source for step in found.steps] == ["prior", "data.label_errors", "D3"]
    assert sum(step.log_odds for step in found.steps) == pytest.approx(1.06, abs=0.005)
    assert round(found.chance, 2) == 0.74
    assert found.worth == pytest.approx(38.4)
    assert (round(found.low, 2), round(found.high, 2)) == (0.62, 0.85)
    mended = chance("label_noise", {"data.label_errors": at(10)}, WORST)
    assert round(mended.chance, 2) == 0.08


def test_without_evidence_a_chance_is_its_prior_with_a_wide_range():
    for one in harm.chances(EXAMPLE, {}, {}):
        assert one.chance == pytest.approx(one.harm.prior)
        assert (one.worth, one.tier) == (4, "none")
        assert [step.source for step in one.steps] == ["prior"]
    found = chance("label_noise")
    assert found.high - found.low > 0.5


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_a_check_that_told_nothing_adds_nothing(state):
    found = chance("label_noise", {"data.label_errors": at(90, state=state)})
    assert found == chance("label_noise")


def test_the_check_that_tells_best_counts_in_full_and_the_other_a_quarter():
    rules = with_tables(data__label_errors={"auc": 0.8}, data__label_conflicts={"auc": 0.9})
    findings = {
        "data.label_errors": at(70),
        "data.label_conflicts": evidence.finding(0.4, 0.4, 0.4),
    }
    steps = chance("label_noise", findings, rules=rules).steps
    assert [round(step.log_odds, 3) for step in steps[1:]] == [round(1.9 / 4, 3), 2.8]


def test_where_each_check_sees_another_way_to_the_harm_the_worst_counts_in_full():
    rules = with_tables(data__types={"auc": 0.99}, data__missing={"auc": 0.7})
    clean, bad = evidence.finding(0.0, 0.0, 0.0), evidence.finding(0.9, 0.9, 0.9)
    steps = chance("broken_columns", {"data.types": clean, "data.missing": bad}, rules=rules).steps
    assert [round(step.log_odds, 3) for step in steps[1:]] == [-0.4, 2.8]


def test_all_checks_together_say_no_more_than_150_to_1():
    tables = {"log_ratio": [-3, 0, 1, 2, 3]}
    names = ("types", "missing", "outliers", "readability")
    rules = with_tables(**{f"data__{name}": tables for name in names})
    rules.data["harms"]["pooling"]["beside"], kept = 1.0, rules.data["harms"]["pooling"]["beside"]
    try:
        bad = {f"data.{name}": evidence.finding(1.0, 1.0, 1.0) for name in names}
        steps = chance("broken_columns", bad, rules=rules).steps
    finally:
        rules.data["harms"]["pooling"]["beside"] = kept
    assert sum(step.log_odds for step in steps[1:]) == pytest.approx(5)


@pytest.mark.parametrize(
    ("given", "adds"),
    [
        ({"value": "none"}, 0.55),
        ({"value": "none", "document": "labels.pdf"}, 0.88),
        ({"value": "experts_double"}, -0.35),
        ({"value": "experts_double", "document": "labels.pdf"}, -0.56),
        ({"not_applicable": "no labels"}, None),
    ],
)
def test_an_answer_counts_half_and_with_a_document_four_fifths(given, adds):
    steps = chance("label_noise", {"data.label_errors": at(50)}, {"D3": given}).steps
    assert [round(step.log_odds, 2) for step in steps if step.source == "D3"] == [adds] * (adds is not None)


def test_an_i_do_not_know_is_never_safer_than_the_middle_answer_and_narrows_nothing():
    unsure = chance("label_noise", answers={"D3": {"unknown": True}})
    middle = chance("label_noise", answers={"D3": {"value": "crowd"}})
    assert unsure.chance >= middle.chance > chance("label_noise").chance
    assert (unsure.worth, unsure.tier, middle.worth, middle.tier) == (4, "none", 6, "declared")
    assert harm.says(EXAMPLE, "S6", {"S6": {"unknown": True}}) == 0.3


def test_answers_fade_as_the_checks_grow_sure_and_are_told_as_nothing():
    rules = with_tables(data__label_errors={"log_ratio": [-3, -2, 0, 2.5, 3]})
    for score, share in ((50, 1.0), (70, 0.5), (90, 0.0), (10, 0.0)):
        steps = chance("label_noise", {"data.label_errors": at(score)}, WORST, rules).steps
        assert steps[-1].log_odds == pytest.approx(0.55 * share), score


LIMITS = [(one, probe, limit) for one in RULES.harms for probe, limit in one.limits.items()]


@pytest.mark.parametrize(("one", "probe", "limit"), LIMITS, ids=lambda value: getattr(value, "id", None))
def test_a_chance_lies_on_the_side_of_one_half_on_which_the_whole_measured_range_lies(one, probe, limit):
    falls = RULES.anchors[probe].points[0][1] > RULES.anchors[probe].points[-1][1]
    chances = []
    for times in (0.5, 0.7, 0.9, 1.1, 1.5, 3):
        value = limit / times if falls else limit * times
        found = {probe: evidence.finding(value, 0.97 * value, 1.03 * value)}
        chances.append(chance(one.id, found, rules=RULES).chance)
    assert chances == sorted(chances)
    assert chances[2] < 0.5 < chances[3]


def test_a_range_across_the_limit_leaves_more_to_the_table():
    rules = with_tables(data__label_errors={"log_ratio": [3, 3, 3, 3, 3]})
    short, across, beyond = (
        chance("label_noise", {"data.label_errors": evidence.finding(value, low, high)}, rules=rules)
        for value, low, high in ((0.03, 0.02, 0.04), (0.04, 0.03, 0.06), (0.06, 0.052, 0.07))
    )
    assert [round(one.steps[1].log_odds, 2) for one in (short, beyond)] == [-1.5, 3]
    assert -1.5 < across.steps[1].log_odds < 3
    untold = chance("label_noise", {"data.label_errors": evidence.finding(0.03)}, rules=rules)
    assert untold.steps[1].log_odds == 3  # a value without a range is held to nothing


def test_a_fact_makes_a_harm_all_but_certain():
    finding = evidence.finding(
        3.0, 3.0, 3.0, facts={"faults": [{"fault": "executable_content", "severity": "high"}]}
    )
    found = chance("unsafe_file", {"security.unsafe_files": finding}, {"S3": {"value": "kept"}})
    assert found.chance == pytest.approx(0.99)
    assert found.low > 0.9
    assert [step.source for step in found.steps] == [
        "prior", "security.unsafe_files", "S3", "security.unsafe_files"
    ]  # fmt: skip
    assert sum(step.log_odds for step in found.steps) == pytest.approx(harm.logit(0.99))


def test_a_fact_of_a_check_that_speaks_of_no_other_score_is_told_as_its_own_step():
    fault = {"fault": "test_used_for_selection", "severity": "high"}
    finding = evidence.finding(1.0, 1.0, 1.0, facts={"faults": [fault]})
    found = chance("tuned_on_test", {"hyperparameters.plan_review": finding})
    assert (found.chance, found.tier) == (pytest.approx(0.99), "measured")
    assert [step.source for step in found.steps] == ["prior", "hyperparameters.plan_review"]


def test_what_does_not_apply_has_no_chance():
    beside = evidence.finding(state="skipped", facts={"not_applicable": True})
    names = [one.harm.id for one in harm.chances(EXAMPLE, {"flexibility.interference": beside}, {})]
    assert "tasks_collide" not in names
    told = harm.chances(EXAMPLE, {"flexibility.interference": beside}, {"F1": {"value": 4}})
    assert "tasks_collide" in [one.harm.id for one in told]
    no_memory = harm.chances(EXAMPLE, {}, {"H2": {"not_applicable": "it is rented"}})
    assert "does_not_fit" not in [one.harm.id for one in no_memory]


def test_whether_a_harm_would_matter_here_does_not_change_how_likely_it_is():
    """That nobody gains by fooling the model caps its score; the model is as easy to fool."""
    finding = {"security.adversarial": evidence.finding(0.9, 0.9, 0.9)}
    first, second = (
        chance("evasion", finding, {"S4": {"value": value}}).steps[1].log_odds for value in ("no", "lot")
    )
    assert first == second > 2


def test_older_rules_know_no_harms():
    for version in ("2026.1", "2026.2", "2026.3"):
        rules = rulebook.load(version)
        assert rules.harms == ()
        assert harm.chances(rules, evidence.findings(), evidence.ANSWERS) == ()
