"""The SVG drawer puts data where the axes say, and refuses what it does not know."""

from __future__ import annotations

import re

import pytest

from assessments.dashboards import svg, theme


def figure(*traces: dict, **layout) -> dict:
    axes = {"xaxis": theme.axis(0, 10), "yaxis": theme.axis(0, 1)}
    margin = {"l": 50, "r": 50, "t": 10, "b": 40}
    return {"data": list(traces), "layout": theme.layout(300, 150, margin=margin, **{**axes, **layout})}


def drawn(*traces: dict, **layout) -> str:
    return svg.draw(figure(*traces, **layout), "Title", "Sentence", "f")


def line(**parts) -> dict:
    return {"type": "scatter", "mode": "lines", "x": [0, 10], "y": [0, 1], **parts}


def test_a_line_runs_from_corner_to_corner():
    assert 'd="M50 110L250 10"' in drawn(line())


def test_a_log_axis_puts_ten_halfway_between_one_and_a_hundred():
    text = drawn(line(x=[1, 10, 100], y=[0, 0, 0]), xaxis=theme.axis(1, 100, log=True))
    assert 'd="M50 110L150 110L250 110"' in text


def test_a_bar_reaches_from_its_base_to_its_end():
    bar = {"type": "bar", "orientation": "h", "x": [5], "y": [0.5], "base": [2], "width": 0.5}
    text = drawn(bar | {"marker": {"color": theme.S1}})
    assert f'<rect x="90" y="35" width="100" height="50" fill="{theme.S1}"/>' in text


def test_every_cell_of_a_matrix_takes_the_colour_of_its_step():
    steps = [[edge, colour] for place, colour in enumerate("abc") for edge in (place / 3, (place + 1) / 3)]
    cells = {"type": "heatmap", "x": [2, 4, 6], "y": [0.5], "z": [[0, 1, None]], "zmin": -0.5, "zmax": 2.5}
    text = drawn(cells | {"colorscale": steps})
    assert re.findall(r'fill="([abc])"', text) == ["a", "b"]


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "pie", "values": [1]},
        line(fill="tozeroy"),
        line(mode="lines+text"),
        line(line={"dash": "wavy"}),
        line(mode="markers", marker={"symbol": "star"}),
    ],
)
def test_what_it_does_not_know_it_refuses(trace):
    with pytest.raises(svg.Undrawable):
        drawn(trace)


def test_axes_without_a_range_and_titles_along_the_left_are_refused():
    with pytest.raises(svg.Undrawable, match="range"):
        drawn(line(), xaxis={"type": "linear"})
    with pytest.raises(svg.Undrawable, match="vertical"):
        drawn(line(), yaxis=theme.axis(0, 1, title="Accuracy"))


def test_words_from_the_data_cannot_become_markup():
    note = theme.text(1, 0.5, "<script>alert(1)</script>")
    text = svg.draw(figure(line(), annotations=[note]), "<b>", "&", "f")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<b>" not in text


def test_ticks_are_round_and_lie_inside():
    assert theme.nice_ticks(0, 1, 4) == [0, 0.25, 0.5, 0.75, 1]
    assert theme.nice_ticks(0.83, 0.99) == [0.85, 0.9, 0.95]
    assert theme.log_ticks(900, 80_000) == [1000, 2000, 5000, 10_000, 20_000, 50_000]
    assert theme.log_ticks(1, 1e9)[0] == 1
    assert len(theme.log_ticks(1, 1e9)) <= 6


def test_labels_are_moved_apart_by_as_little_as_it_takes():
    assert theme.apart([0.5, 0.2], 0.1, 0, 1) == [0.5, 0.2]
    moved = theme.apart([0.5, 0.52, 0.99], 0.1, 0, 1)
    assert moved == pytest.approx([0.5, 0.6, 0.99])
    crowded = theme.apart([1.0, 0.99, 0.98], 0.1, 0, 1)
    assert crowded == pytest.approx([1.0, 0.9, 0.8])


def test_a_label_goes_behind_a_rule_that_would_cross_it():
    assert theme.clear_of(1.0, "4.4 h", None, 0.1) == 9
    assert theme.clear_of(1.0, "4.4 h", 50.0, 0.1) == 9
    assert theme.clear_of(1.0, "4.4 h", 3.0, 0.1) == pytest.approx(26)


def test_a_name_is_cut_in_its_middle_so_that_alike_names_stay_apart():
    names = [f"months_since_the_first_contract_was_{end}" for end in ("signed", "ended")]
    cut = [theme.fit(name, 160) for name in names]
    assert cut[0] != cut[1]
    assert all(name.startswith("months_") and "…" in name for name in cut)
    assert all(theme.text_width(name) <= 160 for name in cut)
    assert theme.fit("short", 160) == "short"
    assert theme.fit("giraffe", 32).startswith("gi")
    assert theme.fit("giraffe", 32).endswith("…")


def test_letters_as_wide_as_they_are_high_take_that_room():
    assert theme.text_width("列名", 10) == 20


def test_an_axis_has_two_ticks_at_least():
    assert len(theme.nice_ticks(-0.31, 0.44, 2)) >= 2
    assert len(theme.nice_ticks(0, 700, 1)) >= 2
    assert theme.nice_ticks(3, 3) == [3]
