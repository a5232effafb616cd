"""The questionnaire in the browser."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assessments import questions
from tests.factories import AssessmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessment(client):
    user = UserFactory()
    client.force_login(user)
    return AssessmentFactory(created_by=user)


def address(assessment, id):
    question = questions.question(id)
    return reverse("assessments:question", args=[assessment.pk, question.section, question.number])


def answers(assessment):
    assessment.refresh_from_db()
    return assessment.answer_values


@pytest.mark.parametrize("question", questions.ALL, ids=lambda q: q.id)
def test_every_question_has_a_page_and_takes_i_do_not_know(client, assessment, question):
    page = client.get(address(assessment, question.id))
    assert page.status_code == 200
    sent = client.post(address(assessment, question.id), {"pick": "unknown"})
    assert sent.status_code == 302
    assert answers(assessment) == {question.id: {"unknown": True}}


@pytest.mark.parametrize("question", [q for q in questions.ALL if q.type == "choice"], ids=lambda q: q.id)
def test_every_option_can_be_chosen_and_is_still_chosen_after(client, assessment, question):
    option = question.options[-1]
    client.post(address(assessment, question.id), {"pick": f"option:{option.value}"})
    assert answers(assessment)[question.id] == {"value": option.value}
    page = client.get(address(assessment, question.id)).content.decode()
    assert page.count('" checked>') == 1


@pytest.mark.parametrize("question", [q for q in questions.ALL if q.ranges], ids=lambda q: q.id)
def test_a_rough_answer_is_one_of_the_ranges(client, assessment, question):
    low, high = question.ranges[-1]
    client.post(address(assessment, question.id), {"pick": "roughly", "range": f"{low}-{high}"})
    assert answers(assessment)[question.id] == {"roughly": [low, high]}
    wrong = client.post(address(assessment, question.id), {"pick": "roughly"})
    assert wrong.status_code == 422
    assert "Choose one of the ranges" in wrong.content.decode()


@pytest.mark.parametrize("question", [q for q in questions.ALL if q.parts], ids=lambda q: q.id)
def test_fields_take_their_own_examples(client, assessment, question):
    parts = {f"part_{p.name}": p.options[0].value if p.options else p.like for p in question.parts}
    sent = client.post(address(assessment, question.id), {"pick": "known", **parts})
    assert sent.status_code == 302, sent.content.decode()
    assert "value" in answers(assessment)[question.id]


def test_a_number_that_is_none_is_told_on_top_and_at_its_field(client, assessment):
    answer = client.post(address(assessment, "C2"), {"pick": "known", "part_value": "about 18k"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("as a whole number, like") == 2
    assert 'value="about 18k"' in page
    assert "<title>Error:" in page
    assert answers(assessment) == {}


def test_several_choices_are_kept_together(client, assessment):
    several = next(q for q in questions.ALL if q.type == "choices")
    chosen = [option.value for option in several.options if option.value != several.exclusive][:2]
    client.post(address(assessment, several.id), {"pick": "known", "several": chosen})
    assert answers(assessment)[several.id] == {"value": chosen}


def test_an_answer_that_does_not_apply_needs_a_reason(client, assessment):
    assert client.post(address(assessment, "D3"), {"pick": "not_applicable"}).status_code == 422
    client.post(address(assessment, "D3"), {"pick": "not_applicable", "reason": "No labels are used"})
    assert answers(assessment)["D3"] == {"not_applicable": "No labels are used"}


def test_no_choice_at_all_is_told(client, assessment):
    answer = client.post(address(assessment, "D3"), {})
    assert answer.status_code == 422
    assert "Choose one of the answers" in answer.content.decode()


def test_saving_leads_to_the_next_question_and_from_the_last_one_back(client, assessment):
    data = questions.by_section()["data"]
    onward = client.post(address(assessment, data[0].id), {"pick": "unknown"})
    assert onward.url == address(assessment, data[1].id)
    home = reverse("assessments:assessment-detail", args=[assessment.pk])
    assert client.post(address(assessment, data[-1].id), {"pick": "unknown"}).url == home
    assert client.post(address(assessment, data[0].id), {"pick": "unknown", "later": "1"}).url == home


def test_a_question_that_is_none_is_not_found(client, assessment):
    for section, number in [("data", 0), ("data", 99), ("weather", 1)]:
        page = reverse("assessments:question", args=[assessment.pk, section, number])
        assert client.get(page).status_code == 404


def test_the_check_page_shows_every_question_with_its_answer(client, assessment):
    client.post(address(assessment, "D3"), {"pick": "unknown"})
    page = client.get(reverse("assessments:answers-check", args=[assessment.pk])).content.decode()
    assert page.count("Not answered") == len(questions.ALL) - 1
    assert "I do not know" in page
    assert "1 of 54 questions are answered" in page
