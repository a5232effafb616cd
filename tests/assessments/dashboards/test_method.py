"""The method page says what the rules say: every number on it comes from them."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from assessments.dashboards import method
from assessments.dashboards.method import harms as method_harms
from assessments.dashboards.method import scales as scaling
from assessments.dashboards.method import versions
from assessments.scoring import rules as rulebook
from assessments.scoring.rules import Anchors
from assessments.templatetags import scales
from workers.probes import catalog

VERSIONS = rulebook.versions()


def probes(page):
    return {probe.id: probe for one in page.dimensions for risk in one.risks for probe in risk.probes}


def linear(*points, log=False):
    return Anchors(tuple((float(x), float(y)) for x, y in points), log)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_can_be_read(version):
    page = method.build(version)
    rules = rulebook.load(version)
    assert page.version == version
    assert page.newest == rulebook.newest()
    evidence = {name for item in rules.items for name in item.evidence}
    assert set(probes(page)) == evidence & set(rules.anchors)
    assert sum(len(one.risks) for one in page.dimensions) == len(rules.items)
    assert len(page.gates) == len(rules.data.get("gates", ()))
    claims = sum(text.count("; or ") + 1 for one in page.contradictions for _, text in one.claims)
    assert claims == len(rules.data["claims"])


def test_every_active_probe_is_on_the_page_with_its_words():
    shown = probes(method.build())
    for name in catalog.ACTIVE:
        assert shown[name].title == catalog.BY_ID[name].title
        assert shown[name].scale.says[0].isupper()
        assert "probes.md" not in shown[name].source


@pytest.mark.parametrize("version", VERSIONS)
def test_the_weights_of_a_dimension_are_the_whole(version):
    for one in method.build(version).dimensions:
        assert sum(risk.share for risk in one.risks) == pytest.approx(100, abs=0.5)
        assert [risk.share for risk in one.risks] == sorted((risk.share for risk in one.risks), reverse=True)


def test_ticks_stand_where_the_anchors_are_and_ends_are_always_there():
    for name, probe in probes(method.build()).items():
        points = {score: number for number, score in rulebook.load().anchors[name].points}
        ticks = probe.scale.ticks
        assert {ticks[0].at, ticks[-1].at} == {min(points), max(points)}
        for tick in ticks:
            assert tick.text == scaling.value(points[tick.at], probe.scale.unit)
        assert all(b.at - a.at >= scaling.ROOM for a, b in pairwise(ticks[:-1]))


def test_a_falling_scale_has_its_best_value_to_the_left():
    made = scaling.scale(linear((1, 100), (2, 60), (8, 20), (30, 0)), "times below the edge", 8)
    assert [(tick.at, tick.text) for tick in made.ticks] == [(0, "30×"), (20, "8×"), (60, "2×"), (100, "1×")]
    assert made.says == "Times below the edge: high at 2× or less; aim 8× or more."
    assert made.aim == 20


def test_a_scale_that_never_gets_high_says_so_and_leaves_the_rest_empty():
    made = scaling.scale(linear((0, 5), (1, 35)), "share of rows", 0.5)
    assert made.says == "Share of rows: never above 35 of 100; aim 50% or less."
    assert scales.bands(made) == [(1, 5, 14.6), (2, 20, 15)]
    assert scales.scale(made).count("<rect") == 2


def test_where_high_begins_is_worked_out_between_the_anchors():
    assert "high from 5;" in scaling.scale(linear((0, 0), (10, 120)), "points", 0).says
    logs = scaling.scale(linear((1, 20), (100, 100), log=True), "points", None)
    assert logs.says == "Points: high from 10."
    assert "high from 1;" in scaling.scale(linear((0, 0), (1, 80), (100, 100)), "secrets", 0).says


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.0025, "share of rows", "0.25%"),
        (0.07, "share of rows", "7%"),
        (10, "share of the limit", "1,000%"),
        (0.3, "chance of it", "30%"),
        (1.25, "times below", "1.25×"),
        (8, "% of their scores lost", "8%"),
        (-10, "points", "−10"),
        (0, "points", "0"),
        (0.525, "how well parts can be told apart (0.5 to 1)", "0.525"),
    ],
)
def test_values_are_written_as_people_read_them(number, unit, text):
    assert scaling.value(number, unit) == text


def test_numbers_in_the_text_are_those_of_the_rules():
    rules, page = rulebook.load(), method.build()
    text = " ".join(words for _, words in page.steps)
    assert f"more than {rules.data['notch']} points" in text
    assert f"{rules.data['simulation']['draws']:,} simulations" in text
    assert str(rules.data["evidence"]["faults"]["high"]) in text
    caps = {tier.title: tier.cap for tier in page.tiers}
    assert caps["Answered"] == str(rules.data["evidence"]["declared"]["cap"])
    assert caps["Answered with a document"] == str(rules.data["evidence"]["document"]["cap"])
    ready = dict(page.ready)["Ready for a pilot"]
    assert f"high end of the range below {rules.data['ready']['pilot']['high']}," in ready
    assert f"weight {rules.data['ready']['pilot']['must']} or more is measured" in ready
    old = rulebook.load("2026.3")
    earlier = dict(method.build("2026.3").ready)["Ready for a pilot"]
    assert earlier.startswith(f"Score below {old.data['ready']['pilot']['score']},")


def test_contradictions_say_what_the_claims_say():
    told = {one.ask: dict(one.claims) for one in method.build().contradictions}
    labels = told["Who made the labels, and did anyone check them twice?"]
    assert labels["“Experts, once”"] == "“Label errors” finds over 3% of labels"
    assert (
        "any" in told["Does the data contain personal, health, financial or secret facts?"]["“None of these”"]
    )
    tasks = told["How many different tasks must the model serve within a year?"]
    assert tasks["The number given"] == "the figure for columns to predict is over it"


def test_how_far_stakes_bend_is_told():
    page, (low, high) = method.build(), rulebook.load().data["stakes"]["limits"]
    assert f"to {low:g} times at least and {high:g} times at most" in page.stakes_note
    assert ("An open question counts" in page.stakes_note) == rulebook.load().strict
    assert "An open question counts" not in method.build("2026.3").stakes_note


def test_every_harm_is_on_the_page_with_its_prior_and_what_is_judgement_says_so():
    harms = method.build().harms
    rows = [row for _, some in harms.dimensions for row in some]
    rules = rulebook.load()
    assert [(row.says, row.prior) for row in rows] == [
        (one.says, round(100 * one.prior)) for one in rules.harms
    ]
    fitted = {name for name, table in rules.tables.items() if table.fitted}
    assert len(harms.fitted) + len(harms.others) == len(fitted)
    assert harms.cold.source == "Judgement"
    assert all(catalog.BY_ID[name].title in harms.cold_names for name in set(rules.tables) - fitted)
    assert ("I do not know", "× 1.2") in next(one for one in harms.answers if "fooling" in one.ask).options


def test_a_fitted_table_stands_apart_with_what_it_was_fitted_on():
    rules = rulebook.load()
    table = {"log_ratio": [-2.1, -0.4, 0.02, 2.2, 3.0], "auc": 0.97, "harm": 1200, "calm": 180, "bases": 1}
    probes = {
        "data.label_errors": {**table, "edges": [20, 40, 60, 80]},
        "data.types": {**table, "edges": [10, 40, 60, 80]},
    }
    rules = replace(rules, data={**rules.data, "likelihoods": {"version": rules.version, "probes": probes}})
    harms = method_harms.section(rules)
    assert harms.counts == "34 harms, 38 tables, 2 of them measured"
    (labels,), (types,) = harms.fitted, harms.others
    assert labels.cells == ["÷ 8.2", "÷ 1.5", "as before", "× 9.0", "× 20"]
    assert labels.source == "1,200 with the fault, 180 without, from 1 data set; AUC 0.97"
    assert types.cells[0] == "0–10: ÷ 8.2"
    assert "Label errors" not in harms.cold_names


def test_the_page_of_older_rules_has_no_harms():
    assert method.build("2026.3").harms is None


def test_levels_cover_the_scale_without_a_gap():
    spans = [tuple(map(int, span.split("–"))) for _, span in method.build().levels]
    assert spans[0][0] == 0
    assert spans[-1][1] == 100
    assert all(b[0] == a[1] + 1 for a, b in pairwise(spans))


def test_what_caps_a_score_is_told_in_the_words_of_the_questionnaire():
    notes = " ".join(probes(method.build())["security.adversarial"].notes)
    assert notes == "At most 45 where “Would anyone gain by fooling the model?” is answered “No”."


def test_the_history_is_what_differs_between_the_files():
    page = method.build()
    told = dict(page.history)
    assert list(told) == list(reversed(VERSIONS))
    assert told[VERSIONS[0]][0].startswith("The first version")
    for old, new in pairwise(VERSIONS):
        before, after = (set(rulebook.load(one).data["probes"]) for one in (old, new))
        lines = [one for one in told[new] if "new check" in one]
        assert [int(re.match(r"\d+", line)[0]) for line in lines] == [len(after - before)] * bool(
            after - before
        )
    assert told["2026.5"] == [
        "1 check scored differently: Label errors.",
        "34 claims are held against measurements instead of 33.",
        "An answer in whose place a check could still measure no longer ends a range.",
        "An answer that was judged and then taken back goes on counting in the score.",
        "A serious risk whose step hardly moves its dimension has a step all the same, told by what it "
        "does to the risk.",
        "Where a risk has two equally bad causes, a step is looked for on each.",
        "A step that lowers two risks is listed once, with all that it does.",
        "Copies across a split as planned contradict the answer that the test is kept apart.",
    ]
    assert list(dict(method.build(VERSIONS[1]).history)) == list(reversed(VERSIONS[:2]))


def test_a_changed_scale_weight_and_gate_are_told(monkeypatch):
    old = rulebook.load("2026.3")
    data = {**old.data, "notch": 7, "gates": []}
    data["probes"] = {**old.data["probes"], "data.drift": {"anchors": [[0, 0], [1, 100]]}}
    data["items"] = {**old.data["items"], "hardware": [{**old.data["items"]["hardware"][0], "weight": 9}]}
    lines = versions.changes(old, rulebook._rules(data))
    assert "1 check scored differently: Drift." in lines
    assert "0 stop signs instead of 9." in lines
    assert "1 risk weighs differently." in lines
    assert "How far a score may lie below its worst part was set anew." in lines
    more = {**old.data, "simulation": {**old.data["simulation"], "draws": 9000}}
    assert "9,000 simulations instead of 1,000." in versions.changes(old, rulebook._rules(more))
    same = {**old.data, "verdicts": {}}
    assert versions.changes(old, rulebook._rules(same)) == ["Words only."]


def test_the_score_is_called_a_best_estimate_that_may_be_lower_where_a_bad_answer_was_never_given():
    told = dict(method.build(rulebook.newest()).steps)["What is not known widens the range"]
    assert "never lowers its high end and never makes a project ready" in told
    assert "it may be lower where a bad answer was never given" in told
    assert "ends the range nowhere" not in told
    assert "never lowers the score" not in told


def test_that_nothing_added_opens_a_range_is_a_step_of_the_rules_that_hold_it():
    steps = dict(method.build(rulebook.newest()).steps)
    told = steps["What is added opens no range"]
    assert told.endswith("an answer moves the score and ends the range nowhere.")
    assert "What is added opens no range" not in dict(method.build("2026.4").steps)
