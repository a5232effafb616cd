"""Chip, pips and rail say the level without colour, and an unknown score without a number."""

from __future__ import annotations

import pytest

from assessments.templatetags import marks


@pytest.mark.parametrize(("level", "lit"), [(level, n + 1) for n, level in enumerate(marks.LEVELS)])
def test_a_chip_has_the_word_and_as_many_pips_as_the_level(level, lit):
    html = marks.chip(level)
    assert level.capitalize() in html
    assert f"#pips-{lit}" in html


@pytest.mark.parametrize("level", ["unknown", "", "nonsense"])
def test_what_is_unknown_says_so(level):
    assert "Not enough to say" in marks.chip(level)
    assert "#pips-0" in marks.chip(level)


def test_a_rail_shows_range_and_point():
    html = marks.rail(53, 45, 61, "moderate")
    assert 'x="45%" width="16%"' in html
    assert 'cx="53%"' in html
    assert "moderate" in html


def test_a_rail_without_a_score_is_hatched_whole():
    html = marks.rail(None, 0, 100, "unknown")
    assert "url(#hatch)" in html
    assert 'class="point"' not in html


def test_a_move_goes_from_before_to_after():
    html = marks.move(71, 52, "moderate")
    assert 'class="was" cx="71%"' in html
    assert 'class="point" cx="52%"' in html


def test_marks_are_silent_and_free_of_inline_style():
    for html in (marks.rail(1, 0, 2, "low"), marks.pips("low"), marks.move(2, 1, "low")):
        assert 'aria-hidden="true"' in html
        assert "style=" not in html


def test_a_source_is_named():
    assert "Answered" in marks.source("answered")
    assert "#source-estimated" in marks.source("nonsense")


def test_names_break_after_their_joints_and_stay_escaped():
    assert marks.breakable("sensor_temp") == "sensor_<wbr>temp"
    assert marks.breakable("0/<b>.png") == "0/<wbr>&lt;b&gt;.png"


def test_an_amount_breaks_only_before_its_range():
    told = marks.amount("3.84 s (3.46 s to 4.2 s)")
    assert told.split(" ") == ["3.84\N{NO-BREAK SPACE}s", "(3.46\N{NO-BREAK SPACE}s\N{NO-BREAK SPACE}to"
                               "\N{NO-BREAK SPACE}4.2\N{NO-BREAK SPACE}s)"]  # fmt: skip
    sentence = "a cell that is a sentence and not a number, which may break anywhere"
    assert marks.amount(sentence) == sentence
