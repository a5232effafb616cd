"""What gives a class away is drawn as strips, spectra, pictures or a list; with holes there is one less."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from assessments.dashboards import svg
from assessments.dashboards.figures import shortcuts
from assessments.dashboards.figures.chart import Chart, Listing, Pictures

STRIP = {
    "says": "the outermost frame", "property": "frame step", "unit": "grey levels", "classes": ["bird"],
    "share": 0.95, "value": 0.94, "detail": "frame step 40 grey levels against 2 grey levels in the middle",
    "by_class": [
        {"class": "bird", "given_away": True, "rows": 80, "quantiles": [1, 39, 40, 41, 43]},
        {"class": "a cat with a very long name that does not fit", "given_away": False, "rows": 80,
         "quantiles": [-1, 0, 1, 2, 3]},
    ],
    "examples": [
        {"image": "aGk=", "class": "bird", "has": True}, {"image": "aGk=", "class": "cat", "has": False},
    ],
}  # fmt: skip
HUM = {
    "says": "a steady tone at 50 Hz",
    "property": "line at 50 Hz",
    "unit": "dB",
    "classes": ["3"],
    "share": 1.0,
    "spectrum": {"hertz": [20.0, 30, 40, 50, 60], "given_away": [0, 1, 5, 30, 4], "others": [0, 1, 0, 1, 2]},
}
COLUMN = {"says": "group", "classes": ["ham", "spam"], "detail": "only it has group “easy”", "kind": "column"}


def drawn(chart):
    for figure in (chart.wide, chart.narrow):
        ElementTree.fromstring(svg.draw(figure, chart.title, chart.says, "f1"))


def test_a_frame_is_shown_by_strips_and_pictures():
    strips, pictures = shortcuts.shortcut({"evidence": [STRIP]}, {})
    assert isinstance(strips, Chart)
    assert strips.title == "The outermost frame gives “bird” away"
    drawn(strips)
    assert isinstance(pictures, Pictures)
    assert [item.text for item in pictures.items] == ["given away", "not given away"]


def test_a_hum_is_shown_over_frequency():
    (chart,) = shortcuts.shortcut({"evidence": [HUM]}, {})
    assert "50 Hz" in chart.wide["layout"]["annotations"][0]["text"]
    drawn(chart)


def test_a_column_is_a_line_of_a_list():
    (listing,) = shortcuts.shortcut({"evidence": [COLUMN]}, {"title": "Group gives ham away"})
    assert isinstance(listing, Listing)
    assert listing.table.rows[0][:2] == ("ham and spam", "group")


def test_without_a_shortcut_it_is_told_what_was_tried():
    facts = {"properties": ["length", "loudness"], "tested": 12, "null": {"value": 0.3, "strongest": 0.8}}
    (listing,) = shortcuts.shortcut(facts, {})
    assert "80%" in listing.note
    assert [row[0] for row in listing.table.rows] == ["length", "loudness"]


def test_where_nothing_could_be_tried_nothing_is_listed():
    assert shortcuts.shortcut({"properties": ["site"], "tested": 0}, {}) == []


@pytest.mark.parametrize("hole", ["by_class", "examples", "unit", "share", "detail", "property"])
def test_holes_break_nothing(hole):
    shown = {key: value for key, value in STRIP.items() if key != hole}
    for part in shortcuts.shortcut({"evidence": [shown]}, {}):
        if isinstance(part, Chart):
            drawn(part)


def test_no_facts_no_figure():
    assert shortcuts.shortcut({}, {}) == []
