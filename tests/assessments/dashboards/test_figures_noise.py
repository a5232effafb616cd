"""What ordinary noise and attacks on words leave, as figures."""

import pytest

from assessments.dashboards import svg
from assessments.dashboards.figures import Chart, Pictures, noise, security

KINDS = [
    {"kind": "blur", "title": "Blur", "amounts": ["a little", "some", "much"], "score": [0.9, 0.7, 0.4],
     "low": [0.88, 0.66, 0.35], "high": [0.92, 0.74, 0.45], "lost": [0.06, 0.27, 0.58]},
    {"kind": "jpeg", "title": "Strong compression", "amounts": ["40", "20", "10"],
     "score": [0.95, 0.94, 0.9], "low": [0.9, 0.9, 0.9], "high": [0.96, 0.95, 0.92],
     "lost": [0.01, 0.02, 0.06]},
]  # fmt: skip
EXAMPLES = [{"kind": "", "strength": -1, "png": "AAAA"}] + [
    {"kind": kind, "strength": at, "png": f"{kind}{at}"} for kind in ("blur", "jpeg") for at in range(3)
]
FACTS = {
    "measure": "accuracy", "clean": 0.96, "disturbances": KINDS, "worst": "blur", "examples": EXAMPLES,
    "where": "The pictures themselves were spoilt.", "surrogate": {"caveats": []},
}  # fmt: skip
FINDING = {"title": "Blur cuts accuracy from 96% to 70%", "note": "Blur does most harm.", "sample": 300,
           "noun": ("picture", "pictures")}  # fmt: skip


def test_a_row_a_kind_the_worst_on_top_with_a_dot_a_strength():
    chart = noise.noise(FACTS, FINDING)[0]
    assert isinstance(chart, Chart)
    assert chart.wide["layout"]["yaxis"]["ticktext"] == ["Blur", "Strong compression"]
    dots = [one for one in chart.wide["data"] if one["mode"] == "markers"]
    assert [(one["x"][0], one["y"][0]) for one in dots[:3]] == [(0.9, 1), (0.7, 1), (0.4, 1)]
    assert len({one["marker"]["symbol"] for one in dots}) == 3
    assert [note["text"] for note in chart.wide["layout"]["annotations"]] == ["70%", "94%", "Undisturbed 96%"]
    assert chart.table.rows[0] == ("Blur", "90% (a little)", "70% (some)", "40% (much)")
    assert chart.note == "300 test pictures. A small model stood in for the planned one"
    for side in (chart.wide, chart.narrow):
        assert "<svg" in svg.draw(side, chart.title, chart.says, "n")


def test_the_worst_kind_is_shown_in_every_strength_and_the_next_beside_it():
    pictures = noise.noise(FACTS, FINDING)[-1]
    assert isinstance(pictures, Pictures)
    assert [one.png for one in pictures.items] == ["AAAA", "blur0", "blur1", "blur2", "jpeg1"]
    assert pictures.items[0].head == "Untouched"


def test_pictures_that_a_link_hides_take_nothing_else_with_them():
    parts = noise.noise({key: value for key, value in FACTS.items() if key != "examples"}, FINDING)
    assert [part.kind for part in parts] == ["chart"]


def test_a_number_to_predict_is_said_to_be_explained():
    chart = noise.noise({**FACTS, "measure": "variance explained"}, FINDING)[0]
    assert "explained" in chart.wide["layout"]["xaxis"]["title"]["text"]


@pytest.mark.parametrize(
    "missing", [{}, {"disturbances": []}, {"disturbances": [{"title": "Blur", "score": [1]}]}]
)
def test_facts_that_are_missing_make_one_figure_less(missing):
    assert noise.noise(missing, {}) == []


def test_attacks_on_words_are_drawn_over_the_share_of_words():
    facts = {
        "unit": "share of words", "strength": [0.05, 0.1, 0.2], "clean": 0.98, "threat": 0.1,
        "at_threat": 0.5, "random": [0.97, 0.97, 0.95], "typos": [0.95, 0.9, 0.8],
        "signs": [0.9, 0.8, 0.6], "words": [0.8, 0.5, 0.1], "worst": [0.8, 0.5, 0.1],
    }  # fmt: skip
    (chart,) = security.adversarial(facts, {"title": "x", "note": "y"})
    named = [note["text"] for note in chart.wide["layout"]["annotations"]]
    assert {"Worst random noise", "Typing errors", "Look-alike letters", "Worst case"} <= set(named)
    assert "Added words" not in named, "it is the worst case everywhere"
    assert "10%" in chart.wide["layout"]["xaxis"]["ticktext"]
    assert chart.table.rows[1][0] == "5%"
