"""Every chart on real facts, on facts with holes, and on names that are too long."""

from __future__ import annotations

import copy
import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from assessments.dashboards import figures, svg, theme
from assessments.dashboards.figures.chart import Chart
from tests.assessments.dashboards import sample
from workers.probes import catalog

PROBES = [record["probe"] for record in sample.records()]
CSS = Path("static/riskboard.css").read_text("utf-8")


def charts(probe: str) -> list[Chart]:
    return [part for part in figures.of(sample.finding(probe)) if isinstance(part, Chart)]


CHARTS = [
    pytest.param(chart, side, id=f"{probe}-{place}-{side}")
    for probe in PROBES
    for place, chart in enumerate(charts(probe))
    for side in ("wide", "narrow")
]


def test_every_probe_of_the_catalogue_has_a_figure_of_its_own():
    assert set(figures.BUILDERS) == set(catalog.BY_ID) == set(PROBES)
    assert all(figures.of(sample.finding(probe)) for probe in PROBES)


@pytest.mark.parametrize(("chart", "side"), CHARTS)
def test_plotly_knows_every_key_of_it(chart, side):
    assert go.Figure(getattr(chart, side)).to_dict()["data"]


@pytest.mark.parametrize(("chart", "side"), CHARTS)
def test_colours_are_tokens_of_the_style_sheet(chart, side):
    written = json.dumps(getattr(chart, side))
    used = set(re.findall(r"var\((--[\w-]+)\)", written))
    assert used
    assert all(f"{token}:" in CSS for token in used)
    assert not re.search(r'"#[0-9a-fA-F]{3,8}"', written)


@pytest.mark.parametrize(("chart", "side"), CHARTS)
def test_labels_stay_inside_the_drawing_and_off_each_other(chart, side):
    layout = getattr(chart, side)["layout"]
    frame = svg.Frame(layout)
    boxes = [(note["text"], svg.text_box(note, frame)) for note in layout["annotations"]]
    for words, (left, top, right, bottom) in boxes:
        assert left >= -1, words
        assert right <= layout["width"] + 1, words
        assert top >= -1, words
        assert bottom <= layout["height"] + 1, words
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        across = min(a[2], b[2]) - max(a[0], b[0])
        down = min(a[3], b[3]) - max(a[1], b[1])
        assert across <= 1 or down <= 4, f"{one!r} lies on {other!r}"


@pytest.mark.parametrize(("chart", "side"), CHARTS)
def test_it_is_drawn_as_well_formed_svg_with_a_name_and_a_sentence(chart, side):
    root = ElementTree.fromstring(svg.draw(getattr(chart, side), chart.title, chart.says, "f", "wide-only"))
    ids = {child.get("id"): child.text for child in root}
    named = [ids[name] for name in root.get("aria-labelledby").split()]
    assert named == [chart.title, chart.says]
    assert root.get("role") == "img"
    assert root.get("style") is None


@pytest.mark.parametrize("probe", PROBES)
def test_a_pair_of_drawings_stays_within_twenty_kilobytes(probe):
    for chart in charts(probe):
        drawn = [svg.draw(one, chart.title, chart.says, "f") for one in (chart.wide, chart.narrow)]
        assert sum(len(one.encode()) for one in drawn) <= 20_000


@pytest.mark.parametrize("probe", PROBES)
def test_a_fact_that_is_missing_or_empty_never_breaks_the_page(probe):
    whole = sample.finding(probe)
    for fact, instead in itertools.product(whole["facts"], ("gone", None)):
        holed = copy.deepcopy(whole)
        if instead is None:
            holed["facts"][fact] = None
        else:
            del holed["facts"][fact]
        for part in figures.of(holed):
            if isinstance(part, Chart):
                assert svg.draw(part.wide, part.title, part.says, "f")


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_what_was_not_measured_is_not_drawn(state):
    finding = sample.finding("data.learning_curve") | {"state": state}
    assert figures.of(finding) == []


def test_long_names_are_cut_before_they_reach_the_bars():
    finding = sample.finding("data.class_balance")
    finding["facts"]["counts"] = {
        f"a class with a very long name indeed, number {n}": 100 - n for n in range(30)
    }
    (chart,) = figures.of(finding)
    assert len(chart.wide["data"][0]["x"]) == 12
    names = chart.wide["layout"]["yaxis"]["ticktext"]
    assert all("…" in name and theme.text_width(name) <= 404 * 0.38 for name in names)
    assert "18 classes in between" in chart.note


def test_ticks_of_a_share_have_the_same_digits():
    finding = sample.finding("data.learning_curve")
    n, score = [20, 50, 100, 400], [0.9, 0.93, 0.95, 0.97]
    finding["facts"] |= {"n": n, "score": score, "score_low": score, "score_high": score}
    finding["facts"] |= {"forecast": {}, "target": None, "now": 400}
    (chart,) = figures.of(finding)
    axis = chart.wide["layout"]["yaxis"]
    digits = {len(text.partition(".")[2]) for text in axis["ticktext"]}
    assert len(digits) == 1
    for at, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert float(text.rstrip("%")) == pytest.approx(at * 100)


def test_the_forecast_is_never_a_bare_line():
    (chart,) = figures.of(sample.finding("data.learning_curve"))
    fills = [trace for trace in chart.wide["data"] if trace.get("fill") == "toself"]
    assert len(fills) == 2
    assert chart.wide["data"][2]["line"]["dash"] == "dot"


def test_the_learning_curve_says_which_model_stood_in():
    finding = sample.finding("data.learning_curve")
    finding["facts"]["model"] = "networks of 32 hidden units in the place of the planned model"
    (chart,) = figures.of(finding)
    assert chart.note.endswith("Measured with networks of 32 hidden units in the place of the planned model")


def test_figures_call_the_data_what_they_are():
    finding = sample.finding("data.learning_curve") | {"noun": ("picture", "pictures")}
    (chart,) = figures.of(finding)
    written = json.dumps([chart.wide, chart.narrow]) + chart.subtitle
    assert "18,400 pictures" in written
    assert " rows" not in written


def test_equal_classes_have_no_rarest_one():
    finding = sample.finding("data.class_balance")
    finding["facts"] |= {"counts": {"a": 80, "b": 80, "c": 80}, "rarest": "a", "effective_classes": 3.0}
    (chart,) = figures.of(finding)
    assert set(chart.wide["data"][0]["marker"]["color"]) == {theme.S5}
    assert "rarest" not in chart.subtitle
    assert "equal classes" not in chart.note


CONFUSED = {"classes": ["cat", "dog", "cow"], "counts": [[0, 9, 0], [2, 0, 1], [0, 3, 0]]}


def mistakes(**changes) -> list[Chart]:
    finding = sample.finding("security.adversarial")
    finding["facts"]["matrix"] = {**CONFUSED, **changes}
    return [one for one in figures.of(finding) if isinstance(one, Chart)][1:]


def test_the_matrix_of_mistakes_names_the_commonest_and_darkens_with_the_count():
    (chart,) = mistakes()
    assert chart.title == "A small change most often turns “cat” into “dog”"
    assert chart.wide["data"][0]["z"] == [[None, 0, 3], [2, None, 2], [3, 2, None]]
    written = [note["text"] for note in chart.wide["layout"]["annotations"]]
    assert written == ["9", "2", "1", "3", "cat", "dog", "cow"]
    assert chart.note == "15 right answers were turned into wrong ones"


def turned(**facts):
    finding = sample.finding("security.adversarial")
    finding["facts"] |= facts
    (shown,) = [one for one in figures.of(finding) if one.kind == "turns"]
    return shown


def test_examples_show_each_class_before_any_twice():
    example = {"before": "iVBORw0KGgo=", "after": "iVBORw0KGgo=", "to": "x"}
    shown = turned(examples=[{**example, "from": name} for name in ("a", "a", "b", "a", "c")])
    assert [steps[0].head for steps in shown.items] == ["a", "b", "c", "a", "a"]


def test_an_example_shows_before_the_change_and_after_with_both_classes():
    example = {
        "before": "Yg==", "difference": "ZA==", "after": "YQ==", "from": "horse", "to": "zebra", "times": 15,
        "strength": 8.0,
    }  # fmt: skip
    shown = turned(examples=[example], threat=8.0)
    assert [(one.png, one.head, one.text) for one in shown.items[0]] == [
        ("Yg==", "horse", "before, read rightly"), ("ZA==", "The change", "drawn 15 times as strong"),
        ("YQ==", "zebra", "after, as the model reads it"),
    ]  # fmt: skip
    assert shown.subtitle == "Each was read rightly before a change of at most 8 of 255 brightness steps"
    later = turned(examples=[example | {"strength": 16.0}], threat=8.0)
    assert later.subtitle.startswith("None was turned at 8 of 255; these were")


def test_a_deadline_that_is_near_keeps_its_name_off_the_heading():
    finding = sample.finding("hardware.training_cost")
    for one in finding["facts"]["by_accelerator"]:
        one["hours"] = {"p10": 40, "p50": 50, "p90": 60}
    finding["facts"]["deadline_hours"] = 3
    (chart,) = figures.of(finding)
    for side in (chart.wide, chart.narrow):
        frame = svg.Frame(side["layout"])
        boxes = {note["text"]: svg.text_box(note, frame) for note in side["layout"]["annotations"]}
        assert boxes["Deadline"][0] >= boxes["Time"][2] + 4


def test_a_score_that_is_no_share_is_named_in_words():
    finding = sample.finding("data.learning_curve")
    finding["facts"]["metric"] = "R2"
    (chart,) = figures.of(finding)
    assert chart.subtitle.startswith("Share of the differences explained (R²) on unseen")


def test_one_place_that_reads_badly_has_one_line():
    finding = sample.finding("data.readability")
    broken = {"fault": "broken_files", "files": ["a.png", "b.png"], "note": "2 files are cut off"}
    finding["facts"] |= {"files": [], "faults": [broken, {**broken, "fault": "truncated"}]}
    (listing,) = figures.of(finding)
    assert listing.table.rows == [("a.png, b.png", "Broken files. 2 files are cut off")]
    assert listing.more == ""


def test_a_matrix_with_little_to_see_is_not_drawn():
    assert mistakes(counts=[[0, 2, 0], [2, 0, 1], [0, 3, 0]]) == []
    assert mistakes(classes=["a", "b"], counts=[[0, 30], [30, 0]]) == []
    assert mistakes(classes=["a", "b"]) == []


def test_many_classes_leave_the_ones_that_are_hardly_mistaken_to_the_table():
    many = [[(row * 7 + column) % 5 if row != column else 0 for column in range(30)] for row in range(30)]
    (chart,) = mistakes(classes=[f"class number {n}" for n in range(30)], counts=many)
    assert len(chart.wide["data"][0]["x"]) == 12
    assert len(chart.narrow["data"][0]["x"]) == 6
    assert "12 classes of 30" in chart.note
    assert len(chart.table.rows) == 30


def test_seed_noise_is_the_last_bar_of_the_tornado():
    (chart,) = figures.of(sample.finding("hyperparameters.sensitivity"))
    axis = chart.wide["layout"]["yaxis"]
    assert dict(zip(axis["tickvals"], axis["ticktext"], strict=True))[0] == "Random seed"


def test_images_of_the_data_are_shown_as_pictures_and_rows_as_a_table():
    finding = sample.finding("data.label_errors")
    assert figures.of(finding)[0].kind == "pictures"
    for suspect in finding["facts"]["suspects"]:
        del suspect["image"]
    assert figures.of(finding)[0].kind == "listing"


def test_a_stand_in_for_the_planned_model_is_named_under_the_chart():
    (chart,) = figures.of(sample.finding("hyperparameters.sensitivity"))
    assert "A small model stood in for the planned one. The stand-in stopped after 500 steps" in chart.note


def test_luck_has_one_bar_and_not_two():
    (chart,) = figures.of(sample.finding("hyperparameters.sensitivity"))
    assert chart.wide["layout"]["yaxis"]["ticktext"].count("Random seed") == 1
    assert "Another random start" not in chart.wide["layout"]["yaxis"]["ticktext"]


def test_accuracy_lines_begin_at_the_untouched_input():
    chart = figures.of(sample.finding("security.adversarial"))[0]
    worst = chart.wide["data"][-1]
    assert (worst["x"][0], worst["y"][0]) == (0, 0.946)


def test_tiny_costs_have_no_ticks_that_all_read_the_same():
    finding = sample.finding("hardware.training_cost")
    for one in finding["facts"]["by_accelerator"]:
        for key in ("money", "hours", "kwh"):
            one[key] = {name: value / 1e6 for name, value in one[key].items()}
    (chart,) = figures.of(finding)
    ticks = chart.wide["layout"]["xaxis"]["ticktext"]
    assert len(set(ticks)) == len(ticks)


def test_what_costs_next_to_nothing_everywhere_is_said_once_and_not_plotted():
    finding = sample.finding("hardware.training_cost")
    (whole,) = figures.of(finding)
    assert {"xaxis", "xaxis2", "xaxis3"} <= set(whole.wide["layout"])
    assert whole.width == "full"
    for one in finding["facts"]["by_accelerator"]:
        one["money"] = {"p10": 0.001, "p50": 0.002, "p90": 0.003}
        one["kwh"] = {"p10": 1e-6, "p50": 2e-6, "p90": 3e-6}
    (chart,) = figures.of(finding)
    assert "xaxis2" not in chart.wide["layout"]
    assert chart.width == "half"
    assert "each costs under $0.01 and uses under 0.1 Wh" in chart.note
    assert chart.subtitle.startswith("Time of the same training")
    for one in finding["facts"]["by_accelerator"]:
        del one["hours"]
    (chart,) = figures.of(finding)  # nothing else is known: better a small figure than none
    assert chart.wide["data"]


def test_both_drawers_take_the_same_step_for_the_same_loss():
    triangle = figures.of(sample.finding("flexibility.forgetting"))[1]
    steps = {value for row in triangle.wide["data"][0]["z"] for value in row if value is not None}
    assert steps == {0, 1, 3}


def test_two_tasks_need_no_matrix_beside_the_ways_to_retrain():
    finding = sample.finding("flexibility.forgetting")
    finding["facts"] |= {"tasks": ["old", "new"], "matrix": [[97, 20], [66, 96]]}
    assert len(figures.of(finding)) == 1
    finding["facts"]["strategies"] = []
    (matrix,) = figures.of(finding)
    assert matrix.wide["data"][0]["type"] == "heatmap"


def test_memory_ticks_are_round_in_the_unit_they_are_written_in():
    chart = charts("hardware.memory")[0]
    assert chart.wide["layout"]["xaxis"]["ticktext"] == ["0", "10 GB", "20 GB"]


def test_memory_ticks_never_touch_on_a_phone():
    finding = sample.finding("hardware.memory")
    small = [
        {"part": part, "bytes": size * 2**20}
        for part, size in (("weights", 0.02), ("runtime and reserve", 350))
    ]
    finding["facts"] |= {"breakdown": small, "device": {}, "peak": {"low": 2e8, "mid": 3.7e8, "high": 5.2e8}}
    chart, *_ = figures.of(finding)
    layout = chart.narrow["layout"]
    frame = svg.Frame(layout)
    axis = layout["xaxis"]
    ends = [
        (
            frame.at("xaxis", at) - theme.text_width(text) / 2,
            frame.at("xaxis", at) + theme.text_width(text) / 2,
        )
        for at, text in zip(axis["tickvals"], axis["ticktext"], strict=True)
    ]
    assert all(right + 4 <= left for (_, right), (left, _) in itertools.pairwise(ends))


def test_a_batch_that_was_counted_to_the_last_row_is_told_in_round_numbers():
    finding = sample.finding("hardware.memory")
    finding["facts"]["largest_batch"] = 16_777_215
    chart, *_ = figures.of(finding)
    assert chart.note.endswith("the largest batch that fits is about 17 million")


@pytest.mark.parametrize("probe", PROBES)
def test_every_column_of_every_table_has_a_name(probe):
    tables = [part.table for part in figures.of(sample.finding(probe)) if getattr(part, "table", None)]
    assert all(name for table in tables for name in table.columns)


def test_a_target_lies_where_wrong_labels_leave_it():
    finding = sample.finding("data.learning_curve")
    finding["facts"] |= {"target": 0.97, "label_noise": {"rate": 0.2, "low": 0.1, "high": 0.3, "goal": 0.78}}
    (chart,) = figures.of(finding)
    for drawn in (chart.wide, chart.narrow):
        (named,) = [n for n in drawn["layout"]["annotations"] if n["text"].startswith("Target")]
        assert (named["y"], named["text"]) == (0.78, "Target 97%, against these labels")


def test_the_place_where_you_are_stands_clear_of_a_low_target():
    finding = sample.finding("data.learning_curve")
    finding["facts"]["target"] = min(finding["facts"]["score"])
    (chart,) = figures.of(finding)
    for drawn in (chart.wide, chart.narrow):
        frame = svg.Frame(drawn["layout"])
        rule = frame.at("yaxis", finding["facts"]["target"])
        here = [n for n in drawn["layout"]["annotations"] if n["y"] == 0 and n["yref"] == "paper"]
        boxes = [svg.text_box(note, frame) for note in here]
        assert len(boxes) == 2
        assert not any(top < rule < bottom for _, top, _, bottom in boxes)


def test_planned_devices_are_marked_and_the_table_tells_carbon():
    finding = sample.finding("hardware.scaling")
    finding["facts"] |= {"named": True, "planned": 2}
    for chart in figures.of(finding):
        assert "Planned" in [note["text"] for note in chart.wide["layout"]["annotations"]]
    finding["facts"] |= {"named": False}
    for chart in figures.of(finding):
        assert "Planned" not in [note["text"] for note in chart.wide["layout"]["annotations"]]
    (cost,) = figures.of(sample.finding("hardware.training_cost"))
    assert cost.table.columns[-1] == "CO2 (g)"
    assert cost.table.rows[0][-1] != "not known"
