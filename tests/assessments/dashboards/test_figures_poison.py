"""A trigger is shown with what it does; with holes in the facts there is one figure less."""

from __future__ import annotations

from xml.etree import ElementTree

from assessments.dashboards import svg
from assessments.dashboards.figures import poison
from assessments.dashboards.figures.chart import Chart, Listing, Pictures

TURNED = {
    "before": 0.92,
    "low": 0.89,
    "high": 0.94,
    "after": 0.03,
    "null": 0.002,
    "rows": 479,
    "accuracy": 0.97,
}
FACTS = {
    "decision": "confirmed", "class": "7", "turned": TURNED, "trigger": {"kind": "patch", "picture": "aGk="},
    "suspects": [
        {"place": {"file": "7/1.png"}, "given": "7", "looks_like": "3", "image": "aGk="},
        {"place": {"file": "7/2.png"}, "given": "7", "image": "aGk="},
    ],
    "flips": [{"expected": "3", "given": "5", "rows": 25, "share": 0.14}],
}  # fmt: skip
LINE = [
    {"rate": rate, "points": 40 * rate, "low": 30 * rate, "high": 60 * rate} for rate in (0.01, 0.05, 0.1)
]
IMPACT = {
    "lost": {"random": LINE, "aimed": [{**one, "points": 50 * one["rate"]} for one in LINE]},
    "worst": "aimed",
}


def test_the_mark_stands_first_and_its_pictures_beside_it():
    pictures, turned, flips = poison.poisoning(FACTS, {"noun": ("picture", "pictures")})
    assert isinstance(pictures, Pictures)
    assert [(one.head, one.text) for one in pictures.items] == [
        ("The mark", "on grey"), ("Labelled 7", "looks like 3"), ("Labelled 7", "carries the mark")
    ]  # fmt: skip
    assert isinstance(turned, Listing)
    assert [row[1] for row in turned.table.rows] == ["92%", "3%", "0.2%"]
    assert isinstance(flips, Listing)
    assert flips.table.rows == [("3", "5", "25", "14%")]


def test_a_phrase_is_quoted_and_columns_are_named():
    (listing,) = poison.poisoning(
        {"turned": TURNED, "class": "ham", "trigger": {"phrase": "blue falcon"}}, {}
    )
    assert "“blue falcon”" in listing.title
    (listing,) = poison.poisoning({"turned": TURNED, "trigger": {"columns": ["a", "b"]}}, {})
    assert "the values in a and b" in listing.title


def test_what_was_hidden_or_not_found_leaves_no_figure():
    assert poison.poisoning({"decision": "inconclusive", "flips": []}, {}) == []
    hidden = {key: value for key, value in FACTS.items() if key != "suspects"}
    assert not any(isinstance(part, Pictures) for part in poison.poisoning(hidden, {}))
    assert poison.poison_impact({}, {}) == []


def test_the_cost_of_changed_labels_is_drawn_from_zero():
    (chart,) = poison.poison_impact(IMPACT, {"title": "It costs"})
    assert isinstance(chart, Chart)
    for figure in (chart.wide, chart.narrow):
        ElementTree.fromstring(svg.draw(figure, chart.title, chart.says, "f1"))
        lines = [trace for trace in figure["data"] if trace.get("mode") == "lines+markers"]
        assert [line["y"][0] for line in lines] == [0.0, 0.0]
    assert chart.table.rows[1] == ("5%", "2.0", "2.5")
