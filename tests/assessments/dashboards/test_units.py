"""A column is read in one unit, whatever its smallest and its largest number are."""

from __future__ import annotations

import re

import pytest

from assessments.dashboards import figures, units
from tests.assessments.dashboards import sample


@pytest.mark.parametrize(
    ("measure", "values", "told"),
    [("hours", [0.5, 30, 4000], ["0.5", "30", "4,000"]), ("hours", [0.01, 0.02, 0.5], ["36", "72", "1,800"]),
     ("hours", [50, 240, 2400], ["2.08", "10", "100"]),
     ("ms", [0.0001, 3, 5e6], ["under 0.01", "3", "5,000,000"]),
     ("kwh", [0.0, 0.5, 2000], ["0", "0.5", "2,000"]), ("bytes", [2**18, 3 * 2**20], ["256", "3,072"]),
     ("kg_co2", [1e30], ["over 1 billion"])],
)  # fmt: skip
def test_numbers_of_a_column_are_in_the_unit_of_its_middle(measure, values, told):
    unit = units.of(measure, values)
    assert [unit.bare(value) for value in values] == told


@pytest.mark.parametrize("probe", ["hardware.training_cost", "hardware.serving", "hardware.scaling"])
def test_a_table_names_each_unit_once_in_its_head(probe):
    table = figures.of(sample.finding(probe))[0].table
    for place, head in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        if head.endswith(")"):
            assert re.search(r"\((ms|s|min|h|days|years|µs|Wh|kWh|MWh|g|kg|t|kB|MB|GB)\)$", head)
            own = re.compile(r"\d ?(ms|s|min|h|days|kWh|Wh|kg|g|t|MB|GB)\b")
            assert not [cell for cell in cells if own.search(cell)]


@pytest.mark.parametrize("probe", ["hardware.training_cost", "hardware.serving"])
def test_labels_beside_the_dots_of_one_measure_share_a_unit(probe):
    chart = figures.of(sample.finding(probe))[0]
    for figure in (chart.wide, chart.narrow):
        found: dict[str, set[str]] = {}
        for note in figure["layout"]["annotations"]:
            said = re.fullmatch(r"(?:under )?[\d.,]+ (ms|s|min|h|days|µs|Wh|kWh)", str(note.get("text")))
            if said:
                found.setdefault(str(note.get("xref")), set()).add(said[1])
        assert found
        assert all(len(names) == 1 for names in found.values())


def test_the_axis_of_answers_can_be_read():
    finding = sample.finding("hardware.serving")
    for milliseconds in (0.5, 10.0, 400.0, 20_000.0):
        finding["facts"]["place"] |= {"milliseconds": milliseconds}
        chart = figures.of(finding)[0]
        for figure, least in ((chart.wide, 3), (chart.narrow, 2)):
            ticks = figure["layout"]["xaxis"]["ticktext"]
            assert len(ticks) >= least
            assert all(re.fullmatch(r"1[0,]* (µs|ms|s)", tick) for tick in ticks)
