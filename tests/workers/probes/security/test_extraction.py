"""Planted truths of extraction: simple models are copied with few questions, fine-grained ones are not."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch

from tests.pace import pace
from tests.workers import factories
from tests.workers.probes.security.leaky import OVERFITTED, teacher
from workers.fleet import Head, Net
from workers.probes.base import Budget
from workers.probes.security import extraction
from workers.probes.security.extraction import questions, students, told
from workers.probes.security.extraction.students import Lesson

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def simple(tmp_path_factory):
    """A line between two classes, open to the public."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(900, 12))
    y = (x[:, :3] @ [1, -1, 0.5] + 0.1 * draw.normal(size=900) > 0).astype(int)
    answers = {"S6": {"value": "public"}}
    sample = factories.write_sample(tmp_path_factory.mktemp("simple"), x, y, answers=answers)
    began = time.process_time()
    finding = extraction.run(sample, Budget())
    return finding, time.process_time() - began, sample


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A net that has learnt noise by heart has a border that few questions tell."""
    sample = factories.write_sample(
        tmp_path_factory.mktemp("hard"),
        *teacher(0, noise=0.8),
        plan=OVERFITTED,
        answers={"S6": {"value": "public"}},
    )
    return extraction.run(sample, Budget())


def test_a_line_is_copied_with_few_questions_and_public_access_makes_that_serious(simple):
    finding, seconds, _ = simple
    assert finding.value < 1000
    assert finding.low <= finding.value <= finding.high
    (fault,) = finding.facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("easy_to_copy", "high")
    assert "copy the model" in finding.title
    assert seconds < 8 * pace()


def test_a_net_that_learnt_noise_by_heart_is_not_copied_by_all_that_was_tried(hard):
    assert hard.value == 5000
    assert not hard.facts["copied"]
    assert hard.facts["faults"] == []
    assert hard.title == "5,000 questions do not make a copy"


def test_more_questions_agree_more_and_less_said_agrees_less(simple):
    ways = {way["name"]: way for way in simple[0].facts["ways"]}
    assert set(ways) == {"similar", "made_up", "names", "rounded"}
    for way in ways.values():
        assert way["agreement"][-1] > way["agreement"][0]
        assert all(
            low <= mid <= high
            for low, mid, high in zip(way["low"], way["agreement"], way["high"], strict=True)
        )
    assert np.mean(ways["names"]["agreement"]) < np.mean(ways["similar"]["agreement"])


def test_the_cost_is_read_off_the_curve_at_the_bar(simple):
    facts = simple[0].facts
    way = next(way for way in facts["ways"] if way["name"] == facts["way"])
    assert np.interp(np.log(simple[0].value), np.log(facts["sizes"]), way["agreement"]) == pytest.approx(
        facts["bar"], abs=1e-6
    )


@pytest.mark.parametrize(
    ("who", "cost", "severity"),
    [("public", 300, "high"), ("public", 2000, "medium"), ("partners", 300, "medium"),
     ("partners", 2000, "low"), ("internal", 300, "low"), (None, 300, "low")],
)  # fmt: skip
def test_the_severity_depends_on_who_may_ask(tmp_path, who, cost, severity):
    sample = factories.diabetes(tmp_path, answers={} if who is None else {"S6": {"value": who}})
    way = extraction.Way("similar", np.ones((5, 1, 1)), cost, cost, cost)
    assert told._faults(sample, way, copied=True)[0]["severity"] == severity


def test_where_one_answer_is_common_agreement_alone_is_no_copy():
    truth = np.array([[0] * 95 + [1] * 5])
    bar, commonest = extraction._bar(truth, "classification")
    assert commonest == 0.95
    assert bar == pytest.approx(0.995)
    assert extraction._bar(np.array([[0] * 50 + [1] * 50]), "classification")[0] == 0.95


def test_students_learn_what_they_are_told():
    """From probabilities they reach the very probabilities; each is the same alone as beside others."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(400, 3)).astype(np.float32)
    chances = torch.softmax(torch.from_numpy(x @ draw.normal(size=(3, 3)).astype(np.float32)), 1).numpy()
    lessons = [Lesson(1, np.arange(400), chances), Lesson(2, np.arange(50), chances[:50])]
    fleet = students.learn(x, lessons, Head(3), Net((16,)), 500)
    assert np.abs(fleet.probabilities(x)[0] - chances).mean() < 0.03
    alone = students.learn(x, lessons[1:], Head(3), Net((16,)), 500)
    assert np.allclose(alone.probabilities(x)[0], fleet.probabilities(x)[1], atol=1e-4)


def test_questions_keep_the_form_of_the_data():
    """Blends lie between two rows; a category stays one of those that occur."""
    draw = np.random.default_rng(0)
    real = np.hstack([draw.normal(size=(40, 2)), np.eye(3)[draw.integers(0, 3, 40)]]).astype(np.float32)
    manifest = {"features": {"groups": [
        {"name": "a", "start": 0, "stop": 1, "type": "number"},
        {"name": "b", "start": 1, "stop": 2, "type": "number"},
        {"name": "kind", "start": 2, "stop": 5, "type": "category"},
    ]}}  # fmt: skip
    form = questions.Form.of(manifest, 5, blends=False)
    for make in (questions.similar, questions.made_up):
        rows = make(real, 500, form, np.random.default_rng(1))
        assert rows.shape == (500, 5)
        assert rows.dtype == np.float32
        assert set(np.unique(rows[:, 2:])) == {0, 1}
        assert (rows[:, 2:].sum(1) == 1).all()
        assert rows[:, :2].min() >= real[:, :2].min()
        assert rows[:, :2].max() <= real[:, :2].max()
    first = questions.similar(real, 40, form, np.random.default_rng(1))
    assert sorted(map(tuple, first)) == sorted(map(tuple, real))  # real rows before any blend


def test_answers_that_say_less():
    chances = np.array([[0.61, 0.39], [0.97, 0.03]], np.float32)
    assert np.allclose(questions.rounded(chances), [[0.6, 0.4], [1, 0]])
    assert np.allclose(questions.rounded(np.full((1, 30), 1 / 30)).sum(), 1)
    assert questions.only_names(chances).tolist() == [[1, 0], [1, 0]]


def test_crossings():
    sizes = (10, 100, 1000)
    assert questions.crossing(sizes, np.array([0.5, 0.9, 1.0]), 0.95) == pytest.approx(10**2.5)
    assert questions.crossing(sizes, np.array([0.97, 0.9, 1.0]), 0.95) == 10
    assert questions.crossing(sizes, np.array([0.5, 0.6, 0.7]), 0.95) == float("inf")


def test_a_number_to_predict_is_copied_as_well(tmp_path):
    finding = extraction.run(factories.diabetes(tmp_path), Budget())
    assert finding.facts["metric"] == "R2"
    assert [way["name"] for way in finding.facts["ways"]] == ["similar", "made_up"]
    assert finding.facts["ways"][0]["agreement"][-1] > 0.8


def test_equal_seeds_give_equal_findings(simple):
    sample = simple[2]
    again = extraction.run(sample, Budget())
    assert json.dumps(again.as_json()) == json.dumps(simple[0].as_json())


def test_without_signal_there_is_nothing_to_copy(tmp_path):
    draw = np.random.default_rng(0)
    sample = factories.write_sample(tmp_path, draw.normal(size=(400, 4)), draw.integers(0, 2, 400))
    finding = extraction.run(sample, Budget())
    assert finding.state == "skipped"
    assert "nothing to copy" in finding.note


def test_copies_that_outlast_the_budget_are_given_up(tmp_path, monkeypatch):
    """Trained for less long they are told so; hardly trained at all they are no measurement."""
    sample = factories.breast_cancer(tmp_path)
    monkeypatch.setattr(extraction, "_affordable", lambda *_: students.STEPS)
    for after, state in ((32, "skipped"), (320, "measured")):
        budget, trained = Budget(), students.learn

        def learn(*given, budget=budget, trained=trained, after=after):
            *rest, go_on = given

            def ends(share):
                if share * students.STEPS >= after:
                    budget.seconds = 0.0
                return go_on(share)

            return trained(*rest, ends)

        with monkeypatch.context() as patch:
            patch.setattr(students, "learn", learn)
            finding = extraction.run(sample, budget)
        assert finding.state == state
    assert "trained for a shorter time" in finding.note
