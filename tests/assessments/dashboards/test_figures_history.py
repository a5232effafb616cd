"""Scores over time, and said beside happened: whole, inside their frame, and honest about what is missing."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from assessments.dashboards import svg, theme
from assessments.dashboards.figures import outcomes
from assessments.dashboards.figures.history import PANELS, trend

NEWEST = "2026.5"


def points(count, changed=0, judged=True, days=9):
    """Reports, the first ``changed`` of them under older rules; one dimension of the second has no score."""
    rng, found = random.Random(count), []
    for at in range(count):
        scores = {}
        for name in PANELS:
            score = rng.randint(5, 95)
            low, high = max(0, score - rng.randint(2, 20)), min(100, score + rng.randint(2, 20))
            scores[name] = {"score": score, "low": low, "high": high}
        if at == 1:
            scores["flexibility"] = {"score": None, "low": 0, "high": 100}
        old = at < changed
        anew = {name: {**one, "score": one["score"] and one["score"] // 2} for name, one in scores.items()}
        found.append(
            SimpleNamespace(
                at=datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(days=days * at),
                rules="2026.3" if old else NEWEST,
                scores=scores,
                anew=(anew if judged else None) if old else scores,
            )
        )
    return found


CASES = [(2, 0), (3, 1), (5, 5), (13, 6), (20, 16)]
DRAWN = [
    pytest.param(getattr(chart, side), id=f"{count}-{changed}-{width}-{side}")
    for count, changed in CASES
    for width in ("main", "full")
    for chart in [trend(points(count, changed), NEWEST, theme.WIDTHS[width])]
    for side in ("wide", "narrow")
]
BANDS = [
    {
        "level": level, "count": 7 * place + 1, "trouble": place, "said": said,
        "happened": place / (7 * place + 1), "low": 0.0, "high": 0.6, "fits": place != 2,
    }
    for place, (level, said) in enumerate(
        [("minimal", 0.03), ("low", 0.12), ("moderate", 0.9), ("high", 0.45), ("critical", 0.8)]
    )
]  # fmt: skip
CHART = outcomes.reliability(BANDS, "Title", "there was trouble")
DRAWN += [pytest.param(getattr(CHART, side), id=f"reliability-{side}") for side in ("wide", "narrow")]


@pytest.mark.parametrize("figure", DRAWN)
def test_it_is_drawn_whole_with_labels_inside_and_off_each_other(figure):
    text = svg.draw(figure, "Title", "Sentence", "f", "wide-only")
    ElementTree.fromstring(text)
    assert len(text) < 20_000
    layout = figure["layout"]
    frame = svg.Frame(layout)
    boxes = [(note["text"], svg.text_box(note, frame)) for note in layout["annotations"]]
    for said, (left, top, right, bottom) in boxes:
        assert left >= -1
        assert right <= layout["width"] + 1, said
        assert top >= -1
        assert bottom <= layout["height"] + 1, said
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert across <= 1 or down <= 4, f"{one!r} lies on {other!r}"
    for key, axis in layout.items():
        if key.startswith("xaxis"):
            places = [frame.at(key, tick) for tick in axis["tickvals"]]
            halves = [theme.text_width(said) / 2 for said in axis["ticktext"]]
            for at in range(1, len(places)):
                assert places[at] - places[at - 1] > halves[at] + halves[at - 1] + 2, axis["ticktext"]


def test_one_report_is_no_trend():
    assert trend(points(1), NEWEST) is None
    assert trend([], NEWEST) is None


def lines(chart, colour):
    return [one for one in chart.wide["data"] if one.get("line", {}).get("color") == colour]


def test_under_one_set_of_rules_nothing_is_dashed_and_no_rule_is_dotted():
    chart = trend(points(4), NEWEST)
    assert lines(chart, theme.S2) == []
    assert chart.wide["layout"]["shapes"] == []
    assert "rules" not in chart.title + chart.subtitle


def test_a_change_of_rules_is_marked_in_every_panel_and_told_with_its_day():
    chart = trend(points(5, 3), NEWEST)
    assert len(chart.wide["layout"]["shapes"]) == len(PANELS)
    assert {shape["x0"] for shape in chart.wide["layout"]["shapes"]} == {2.5}
    assert "from 2026.3 to 2026.5 on 29 November 2026" in chart.note
    assert len(lines(chart, theme.S2)) == len(PANELS) + 1, "one broken line where a score is missing"


def test_the_title_compares_under_one_ruler():
    found = points(3, 2)
    first, last = found[0].anew["overall"]["score"], found[-1].scores["overall"]["score"]
    assert trend(found, NEWEST).title == (
        f"Under the rules of today (2026.5), overall risk {'fell' if last < first else 'rose'} "
        f"from {first} to {last} over 3 reports"
    )


def test_reports_not_judged_anew_are_counted_and_nothing_is_drawn_for_them():
    chart = trend(points(4, 3, judged=False), NEWEST)
    assert "3 reports are not judged under rules 2026.5 yet" in chart.note
    assert lines(chart, theme.S2) == []
    assert chart.title == "4 reports so far"


def test_a_missing_score_leaves_its_range_open_and_breaks_the_line():
    chart = trend(points(3), NEWEST)
    place = PANELS.index("flexibility") + 1
    mine = [one for one in chart.wide["data"] if one.get("xaxis") == f"x{place}"]
    band = next(one for one in mine if one.get("fill"))
    assert {(0.5, 100.0), (1.5, 0.0)} <= set(zip(band["x"], band["y"], strict=True))
    assert [one["x"] for one in mine if one["mode"] == "lines" and not one.get("fill")] == [
        [-0.5, 0.5],
        [1.5, 2.5],
    ]
    assert chart.table.rows[1][PANELS.index("flexibility") + 1] == "no score"


def test_reports_of_one_day_are_told_apart_by_the_clock():
    axis = trend(points(3, days=0.01), NEWEST).wide["layout"]["xaxis"]
    assert axis["ticktext"][0] == "09:00"


def test_what_does_not_fit_is_in_bold():
    notes = CHART.wide["layout"]["annotations"]
    assert [bool(note["font"].get("weight")) for note in notes] == [
        not one["fits"] for one in reversed(BANDS)
    ]
    assert CHART.table.rows[0][0] == "Critical"
