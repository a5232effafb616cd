"""The chances of harm as a report shows them: the likeliest first, each with its way."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from assessments.dashboards import harms, report
from tests.assessments.dashboards import sample


def one(name, chance, steps=(), tier="measured", prior=0.2):
    first = {"from": "prior", "log_odds": -1.386, "chance_after": prior}
    return {
        "id": name, "dimension": "data", "says": f"What {name} is", "chance": chance, "low": chance / 2,
        "high": chance, "steps": [first, *steps], "tier": tier,
    }  # fmt: skip


def step(source, log_odds, after):
    return {"from": source, "log_odds": log_odds, "chance_after": after}


def test_the_likeliest_come_first_and_three_stand_open():
    document = {"harms": [one(str(place), place / 10) for place in range(1, 8)]}
    found = harms.harms_of("data", document)
    assert [row.says for row in found.shown] == ["70", "60", "50"]
    assert [row.says for row in found.folded] == ["40", "30", "20", "10"]
    assert found.more == "4 harms that are less likely"


def test_a_report_from_before_has_none():
    assert harms.harms_of("data", {}) is None
    assert harms.harms_of("security", {"harms": [one("a", 0.5)]}) is None


def test_the_way_is_told_in_words():
    steps = [step("data.label_errors", 1.9, 0.627), step("D3", -0.35, 0.54), step("D4", 0.001, 0.541)]
    row = harms.harms_of("data", {"harms": [one("noise", 0.541, [*steps, step("D5", 0.0, 0.541)])]}).shown[0]
    assert row.usual == "Usual for first projects: 20 in 100"
    assert [f"{way.title} {way.says}" for way in row.steps] == [
        "The check “Label errors” raises it to 63 in 100",
        "The answer to “Who made the labels, and did anyone check them twice?” lowers it to 54 in 100",
        "The answer to “How complete and tidy is the data?” leaves it at 54 in 100",
        "The answer to “Does the data look like the place where the model will be used?” changes nothing",
    ]
    assert [(round(way.before), round(way.after)) for way in row.steps] == [
        (20, 63), (63, 54), (54, 54), (54, 54)
    ]  # fmt: skip
    assert (row.basis, row.range) == ("measured", "27 to 54")


@pytest.mark.parametrize(
    ("percent", "text"),
    [(0.2, "fewer than 1"), (0.6, "1"), (43.4, "43"), (99.4, "99"), (99.8, "more than 99")],
)
def test_no_chance_is_told_as_none_or_certain(percent, text):
    assert harms.of_hundred(percent) == text


def test_the_page_shows_every_harm_of_the_report_with_its_chance():
    document = sample.document()
    page = report.build(document)
    text = "".join(
        render_to_string("report/_more.html", {"title": dimension.title, "harms": dimension.harms})
        for dimension in page.dimensions
    )
    assert len(document["harms"]) == 34
    assert text.count('<details class="harm">') == 34
    assert all(f'<span class="t">{harm["says"]}</span>' in text for harm in document["harms"])


def test_what_nobody_looked_at_says_so():
    found = harms.harms_of("data", {"harms": [one("a", 0.2, tier="none")]})
    text = render_to_string("report/_more.html", {"title": "Data", "harms": found})
    assert "Nobody has looked:" in text
    assert "Nothing was measured or answered about it, so it stays there" in text
