"""The figures of reading: on whole facts, and on facts with holes."""

from __future__ import annotations

from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from assessments.dashboards import figures, svg, theme
from assessments.dashboards.figures.chart import Chart, Listing

RAGGED = {"fault": "ragged_lines", "severity": "medium", "rows": [3, 70, 71], "note": "3 lines do not fit."}


def parts(**facts):
    return figures.of(
        {"probe": "data.readability", "state": "measured", "facts": facts, "title": "3 rows", "note": "Mend."}
    )


def test_bad_rows_are_drawn_along_the_file():
    chart, listing = parts(faults=[RAGGED], along={"step": 10, "counts": [1, 0, 0, 0, 0, 0, 0, 2]})
    assert isinstance(chart, Chart)
    assert isinstance(listing, Listing)
    assert chart.title == "3 rows"
    assert chart.table.rows == [("0", "1"), ("70", "2")]
    for drawn, place in ((chart.wide, "half"), (chart.narrow, "narrow")):
        go.Figure(drawn)
        ElementTree.fromstring(svg.draw(drawn, chart.title, chart.says, "f"))
        assert drawn["layout"]["width"] == theme.WIDTHS[place]


@pytest.mark.parametrize(
    "along", [None, {}, {"step": 0, "counts": [9]}, {"step": 5}, {"step": 5, "counts": [1]}]
)
def test_without_a_pattern_only_the_list_is_shown(along):
    assert [type(part) for part in parts(faults=[RAGGED], along=along)] == [Listing]
    assert parts(faults=[], along=along) == []
