"""Numbers on the page."""

from __future__ import annotations

import re

import pytest

from assessments.dashboards import words
from workers.probes.hardware import words as hardware_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0609, "6.1%"),
        (0.31, "31%"),
        (0.946, "94.6%"),
        (0.97, "97%"),
        (0, "0%"),
        (1, "100%"),
        (0.0002, "0.02%"),
        (0.000016, "0%"),
        (0.9002, "90%"),
    ],
)
def test_shares_are_percentages_with_as_many_digits_as_they_need(value, text):
    assert words.percent(value) == text


def test_minus_is_a_minus_sign_and_nothing_is_minus_nought():
    assert words.number(-3.14, 1) == "−3.1"
    assert words.number(-0.01, 1) == "0.0"
    assert words.signed(-4.9) == "−4.9"
    assert words.signed(0.6) == "+0.6"
    assert words.signed(-0.01) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (18_400, "18.4k"),
        (2_000_000, "2M"),
        (61, "61"),
        (0.001, "0.001"),
        (0, "0"),
        (999_999, "1M"),
        (512, "512"),
    ],
)
def test_short_numbers_keep_three_figures(value, text):
    assert words.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.55, "33 min"),
        (0.0367, "2.2 min"),
        (0.05, "3 min"),
        (4.4, "4.4 h"),
        (100, "4.2 days"),
        (180, "7.5 days"),
        (400, "17 days"),
        (20_000, "2.3 years"),
        (1e12, "over 10,000 years"),
        (0.00001, "36 ms"),
        (0.01, "36 s"),
    ],
)
def test_times_have_the_unit_people_would_choose(value, text):
    assert words.hours(value) == text


@pytest.mark.parametrize("value", [49, 180, 239, 400, 5000, 20_000])
def test_a_title_and_its_labels_tell_one_time_alike(value):
    probe = re.sub(r"\.0\b", "", hardware_words.hours(value))
    assert words.hours(value) == probe


def test_what_nobody_can_read_is_told_as_over_something():
    assert words.memory(2.0**70) == "over 1,000 PB"
    assert words.energy(1e15) == "over 1,000 TWh"
    assert [words.carbon(kg) for kg in (0.0001, 0.34, 12, 4100)] == ["under 1 g", "340 g", "12 kg", "4.1 t"]


def test_money_bytes_ranges_and_places():
    assert words.money(3.6) == "$3.60"
    assert words.money(25) == "$25"
    assert words.money(400, "CHF") == "400 CHF"
    assert words.money(0.00002) == "under $0.01"
    assert words.memory(14.6 * 2**30) == "14.6 GB"
    assert words.memory(12) == "12 B"
    assert words.energy(0.38) == "0.38 kWh"
    assert words.energy(0.002) == "2 Wh"
    assert words.energy(1e-9) == "under 0.1 Wh"
    assert words.span(45, 61) == "45 to 61"
    assert words.span(45, 45.2) == "45"
    assert words.place({"row": 12, "split": "train"}) == "row 12 (train)"
    assert words.place({"file": "a/1.png"}) == "a/1.png"
    assert words.and_list(["Data", "Security", "Hardware"]) == "Data, Security and Hardware"
    assert words.and_list([]) == ""
    assert words.about(38_509) == "38,509"
    assert words.about(16_777_215) == "16.8 million"
    assert words.count(1, *words.noun("audio")) == "1 clip"
    assert words.noun(None) == ("row", "rows")
    assert words.first_up("R2 of price") == "R2 of price"
