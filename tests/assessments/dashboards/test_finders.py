"""Plotly's script comes from the installed package, alone."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders

from assessments.dashboards.finders import PlotlyFinder


def test_the_script_is_found_as_a_static_file():
    found = finders.find("plotly/plotly.min.js")
    assert Path(found).stat().st_size > 1_000_000


def test_nothing_else_of_the_package_is_served():
    assert finders.find("plotly/widgetbundle.js") is None
    assert [name for name, _ in PlotlyFinder().list(None)] == ["plotly.min.js"]
