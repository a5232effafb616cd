"""The report document as the page shows it."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.template.loader import render_to_string

from assessments.dashboards import report
from assessments.sharing import shown
from tests.assessments.dashboards import sample
from workers.probes import catalog
from workers.probes.base import DIMENSIONS


def test_dimensions_stand_in_their_fixed_order_with_range_and_level():
    page = report.build(sample.document())
    assert tuple(one.id for one in page.dimensions) == DIMENSIONS
    assert all(one.low <= one.score <= one.high and one.level != "unknown" for one in page.dimensions)


def test_every_dimension_that_is_high_or_worse_is_named_beside_the_overall_score():
    document = sample.document()
    page = report.build(document)
    serious = [one for one in page.dimensions if one.level in ("high", "critical")]
    assert serious
    assert all(one.title in page.pulls for one in serious)
    assert not any(one.title in page.pulls for one in page.dimensions if one not in serious)


@pytest.mark.parametrize(
    ("chances", "text"),
    [
        (
            {"moderate": 0.91, "high": 0.08, "low": 0.01},
            "Moderate in about 9 of 10 simulations, High in the rest.",
        ),
        ({"moderate": 0.99, "high": 0.01}, "Moderate in nearly all simulations."),
        (
            {"high": 0.6, "critical": 0.14, "low": 0.13, "minimal": 0.13},
            "High in about 6 of 10 simulations, Critical in about 1, Low in about 1.",
        ),
        # The level of the score comes first, also where another one is as likely.
        (
            {"low": 0.289, "moderate": 0.251, "high": 0.23, "critical": 0.13, "minimal": 0.1},
            "Moderate in about 3 of 10 simulations, Low in about 3, High in about 2.",
        ),
        ({}, ""),
    ],
)
def test_odds_are_told_in_counts(chances, text):
    document = sample.document()
    document["overall"] |= {"low": 0, "high": 100}
    document["overall"] |= {"probability": chances, "level": text.partition(" ")[0].lower() or "moderate"}
    assert report.build(document).odds == text


def test_odds_name_no_level_outside_the_range_beside_them():
    document = sample.document()
    chances = {"minimal": 0.07, "low": 0.07, "moderate": 0.07, "high": 0.72, "critical": 0.07}
    document["overall"] |= {"probability": chances, "level": "high", "score": 64, "low": 64, "high": 83}
    said = "High in about 7 of 10 simulations, Critical in about 1; the rest is open."
    assert report.build(document).odds == said


def test_nothing_known_has_no_score_and_no_odds():
    page = report.build(sample.document(findings=[], answers={}, manifest=None))
    assert page.overall.score is None
    assert (page.overall.low, page.overall.high) == (0, 100)
    assert page.odds == ""
    assert page.findings == []
    assert {one.level for one in page.dimensions} == {"unknown"}


def test_what_was_not_measured_says_so_instead_of_a_level():
    records = sample.records()
    records[0]["finding"] |= {
        "state": "failed",
        "value": None,
        "facts": {},
        "title": "",
        "note": "It ran out of time.",
    }
    page = report.build(sample.document(findings=records))
    (row,) = [row for row in page.findings if row.probe == records[0]["probe"]]
    assert row.word == "Stopped"
    assert row.level == "unknown"
    assert row.facts == ()
    assert row.paragraphs == ["It ran out of time."]
    assert (
        "Not measured in this run: Resistance to small changes" in dict(page.method)["What it does not cover"]
    )


def test_a_contradiction_marks_the_answer_it_contradicts():
    page = report.build(sample.document())
    assert [one["declared"] for one in page.contradictions]
    data = next(one for one in page.dimensions if one.id == "data")
    assert data.told.answers[0].warn
    answers = [one for dimension in page.dimensions if dimension.told for one in dimension.told.answers]
    doubted = {one["asks"] for one in page.contradictions}
    assert {one.asks for one in answers if one.warn} == doubted
    assert any(not one.warn for one in answers)


def test_answers_that_a_link_hides_are_not_shown_as_unanswered():
    hidden = shown(sample.document(), recommendations=True, samples=True, answers=False)
    page = report.build(hidden)
    assert all(one.told is None for one in page.dimensions)
    assert page.contradictions == []


def test_a_link_that_hides_answers_tells_no_chance_that_an_answer_moved():
    whole = sample.document()
    told = {one["id"]: [step["from"] for step in one["steps"]] for one in whole["harms"]}
    assert "D3" in told["label_noise"]
    assert "evasion" in told
    document = shown(whole, recommendations=True, samples=True, answers=False)
    left = [one["id"] for one in document["harms"]]
    assert "label_noise" not in left
    assert "evasion" in left
    assert report.build(document).dimensions[0].harms is not None


def test_samples_that_a_link_hides_leave_no_figure_behind():
    hidden = shown(sample.document(), recommendations=True, samples=False, answers=True)
    page = report.build(hidden)
    kinds = [one.part.kind for dimension in page.dimensions for row in dimension.rows for one in row.items]
    assert "pictures" not in kinds
    assert "chart" in kinds


def test_at_most_three_actions_stand_on_top_and_the_rest_in_a_list():
    document = sample.document()
    page = report.build(document)
    assert [one.title for one in page.actions] == [one["title"] for one in document["actions"][:3]]
    assert page.more_actions
    assert page.together["count"] == 3


def test_a_value_stands_with_range_sample_and_score():
    page = report.build(sample.document())
    row = next(row for row in page.findings if row.probe == "data.label_errors")
    assert [(fact.label, fact.value) for fact in row.facts][:2] == [
        ("Share of labels", "6.1%"),
        ("Measured on", "18,400 pictures"),
    ]
    assert row.facts[1].note == "all there are"
    assert row.facts[0].note == "90% range 4.8%–7.5%"


def test_what_looked_at_a_plan_names_its_settings_and_no_rows():
    document = sample.document()
    one = next(f for f in document["findings"] if f["probe"] == "hyperparameters.plan_review")
    one |= {"state": "measured", "value": 1.0, "sample": 21}
    row = next(row for row in report.build(document).findings if row.probe == one["probe"])
    told = [(fact.value, fact.note) for fact in row.facts if fact.label in ("Looked at", "Measured on")]
    assert told == [("21 settings", "of the plan")]


def test_what_is_written_alike_at_both_ends_is_no_range():
    document = sample.document()
    one = next(f for f in document["findings"] if f["probe"] == "data.label_errors")
    one |= {"value": 0.0, "low": 0.0, "high": 0.0}
    row = next(row for row in report.build(document).findings if row.probe == "data.label_errors")
    assert (row.facts[0].value, row.facts[0].note) == ("0%", "")


def test_what_is_well_needs_no_cure():
    rows = report.build(sample.document()).findings
    assert [row.probe for row in rows if row.level == "minimal"]
    assert all(not row.fix for row in rows if row.level == "minimal")
    assert any(row.fix for row in rows)


def test_probes_skipped_for_one_reason_are_told_once():
    records = sample.records()
    for record in records[:3]:
        spec = catalog.BY_ID[record["probe"]]
        name = spec.title
        record["finding"] |= {
            "state": "skipped", "value": None, "facts": {}, "title": name,
            "note": f"{spec.named} needs a data set, and this assessment has none.",
        }  # fmt: skip
    page = report.build(sample.document(findings=records))
    skipped = [row for row in page.findings if row.state == "skipped"]
    assert [row.title for row in skipped] == ["3 checks were not made"]
    assert skipped[0].paragraphs[0].endswith(": each needs a data set, and this assessment has none.")
    assert all(catalog.BY_ID[record["probe"]].title in skipped[0].paragraphs[0] for record in records[:3])
    assert len(page.findings) == len(records) - 2


def test_a_dimension_that_nobody_answered_says_so_in_a_sentence_and_keeps_its_room():
    page = report.build(sample.document(answers={}))
    assert all(one.told is None and one.asked.startswith("None of its ") for one in page.dimensions)
    page = report.build(sample.document())
    data = next(one for one in page.dimensions if one.id == "data")
    assert data.told.answers
    assert data.asked == ""


def test_the_number_of_known_risks_is_said_once():
    document = sample.document()
    document["dimensions"][0] |= {"reason": "No sign of trouble in 5 of 8 risks", "known": [5, 8]}
    document["dimensions"][1] |= {"reason": "Anybody can add pictures", "known": [2, 8]}
    first, second = report.build(document).dimensions[:2]
    assert "risks are known" not in first.summary
    assert second.summary.startswith("2 of 8 risks are known.")
    document["dimensions"][1] |= {"known": [8, 8], "coverage": 1.0}
    assert report.build(document).dimensions[1].summary.startswith("All 8 of its risks are known.")
    document["dimensions"][1] |= {"coverage": 0.86}
    said = report.build(document).dimensions[1].summary
    assert said.startswith("All 8 of its risks are known at least in part.")


def test_the_same_document_gives_the_same_page():
    assert report.build(sample.document()) == report.build(sample.document())


def test_the_date_is_the_runs_when_nobody_gives_another():
    assert report.build(sample.document()).date == datetime.fromisoformat("2026-11-12T09:30:00+00:00")


def test_an_old_report_opens_with_one_figure_less(caplog):
    document = sample.document()
    for one in document["findings"]:
        if one["probe"] == "data.learning_curve":
            one["facts"]["n"] = ["not", "numbers", "at", "all", "any", "more"]
    page = report.build(document)
    data = next(one for one in page.dimensions if one.id == "data")
    ids = [one.id for row in data.rows for one in row.items]
    assert ids
    assert "figure-data-learning-curve-0" not in ids
    assert "data.learning_curve cannot be drawn" in caplog.text
    plots = report.plots(document)
    assert "figure-data-learning-curve-0" not in plots
    assert len(plots) > 15


@pytest.mark.parametrize("kind", ["images", "table"])
def test_nothing_on_the_page_is_called_rows_when_it_is_pictures(kind):
    document = sample.document()
    document["assessment"]["dataset"]["modality"] = kind
    page = report.build(document)
    rows = [row for d in page.dimensions for row in (*d.rows, *report.more(document, d.id)[1])]
    titles = " ".join(one.part.subtitle for row in rows for one in row.items)
    assert ("unseen pictures" in titles) == (kind == "images")
    assert page.coverage[-1][1] == ("18,400 pictures" if kind == "images" else "18,400 rows")


def test_figures_of_findings_that_matter_less_are_folded(monkeypatch):
    document = sample.document()
    data = next(one for one in report.build(document).dimensions if one.id == "data")
    monkeypatch.setattr("assessments.dashboards.arrange.SHOWN_MOST", 1)
    folded = next(one for one in report.build(document).dimensions if one.id == "data")
    count = sum(len(row.items) for row in data.rows)
    assert 0 < sum(len(row.items) for row in folded.rows) < count
    assert sum(len(row.items) for row in folded.rows) + folded.more == count + data.more
    title, rows = report.more(document, "data")
    assert title == "Data"
    assert sum(len(row.items) for row in rows) == folded.more
    assert folded.more_title.endswith(("more figure", "more figures"))


def test_checks_that_do_not_apply_are_one_row_and_no_gap():
    document = sample.document()
    beside = {"state": "skipped", "note": "No time orders these rows.", "facts": {"not_applicable": True}}
    of = document["probes"]["of"]
    for one in document["findings"][-3:]:
        one.update(beside)
    page = report.build(document)
    *_, last = page.findings
    assert (last.title, last.word) == ("3 checks do not apply to this data", "Not needed")
    assert len(last.paragraphs) == 3
    assert f"of {of - 3} probes measured" in dict(page.coverage)["gauge"]
    limits = dict(page.method)["What it does not cover"]
    assert "Not measured in this run" not in limits
    document["findings"][-1]["facts"] = {}
    assert "Not measured in this run" in dict(report.build(document).method)["What it does not cover"]


def test_a_closed_gate_stands_by_itself_and_leads_to_its_finding():
    document = sample.document()
    document["gates"] = [
        {
            "id": "x",
            "dimension": "security",
            "probe": "security.personal_data",
            "level": "high",
            "says": "Too open",
        }
    ]
    page = report.build(document)
    (gate,) = page.gates
    assert (gate["level"], gate["says"], gate["dimension"]) == ("high", "Too open", "Security")
    assert gate["anchor"] in {one.anchor for one in page.findings}
    shown = render_to_string("report/_body.html", {"page": page})
    assert "Stop signs" in shown
    assert f'href="#{gate["anchor"]}"' in shown
    del document["gates"]  # as in a report of older rules
    assert report.build(document).gates == []


def test_a_report_does_not_claim_that_silence_leaves_the_score():
    told = dict(report.build(sample.document()).method)["How the score is made"]
    assert "What is unknown widens the range; it never lowers its high end." in told
    assert "it may be lower where a bad answer was never given" in told
