"""Closing a project, reopening it, and the page that says how right the reports were."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments import outcomes
from assessments.models import Outcome, Run
from assessments.scoring import rules
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

RULES = rules.load()
TOLD = {"ended": "shipped", "late": "yes", "over_cost": "no", "accuracy_reached": "yes", "harm": ""}


@pytest.fixture
def owner(client):
    user = UserFactory(first_name="Ines", last_name="Marchetti")
    client.force_login(user)
    return user


@pytest.fixture
def assessment(owner):
    return AssessmentFactory(created_by=owner, name="Cap seals <b>")


def address(assessment, name="outcome-close"):
    return reverse(f"assessments:{name}", args=[assessment.pk])


def ended(owner, score=50, name="Project", **told):
    """A closed project whose report said ``score`` in everything."""
    assessment = AssessmentFactory(created_by=owner, name=name)
    said = {
        "score": score,
        "low": max(0, score - 9),
        "high": min(100, score + 9),
        "level": RULES.level(score),
    }
    report = {"rules": "2026.3", "overall": said, "dimensions": [{"id": d, **said} for d in RULES.dimensions]}
    run = RunFactory(assessment=assessment, report=report)
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=9))
    fine = {"shipped": True, "late": False, "over_cost": False, "accuracy_reached": True, "harm": False}
    return outcomes.close(assessment, happened_on=timezone.localdate(), user=owner, **{**fine, **told})


def test_a_project_is_closed_by_the_form_and_its_page_says_so(client, owner, assessment):
    sent = {**TOLD, "happened_on": str(timezone.localdate()), "note": "Late by <i>a week</i>"}
    page = client.post(address(assessment), sent, follow=True).content.decode()
    outcome = Outcome.objects.get()
    assert (outcome.shipped, outcome.late, outcome.over_cost, outcome.harm) == (True, True, False, None)
    assert outcome.created_by == owner
    for words in ("Closed: in use", "Late: yes", "Harm, leak or attack: not known", "Ines Marchetti"):
        assert words in page
    assert "&lt;i&gt;a week" in page
    assert "No report was made by that day" in page
    assert "Close this project" not in page
    assert "in use since" in page
    listed = client.get("/").content.decode()
    assert "in use since" in listed


def test_it_is_reopened_and_can_be_closed_again(client, owner, assessment):
    outcomes.close(assessment, shipped=False, happened_on=timezone.localdate())
    page = client.post(address(assessment, "outcome-reopen"), follow=True).content.decode()
    assert "is open again" in page
    assert "Close this project" in page
    page = client.post(address(assessment, "outcome-reopen"), follow=True).content.decode()
    assert "This project is not closed" in page
    assert client.get(address(assessment, "outcome-reopen")).url == address(assessment, "assessment-detail")


def test_closing_twice_is_told(client, owner, assessment):
    outcomes.close(assessment, shipped=False, happened_on=timezone.localdate())
    sent = {**TOLD, "happened_on": str(timezone.localdate())}
    assert "closed already" in client.post(address(assessment), sent, follow=True).content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence", "field"),
    [
        ({"ended": ""}, "Say whether the project is in use or was dropped", "id_ended"),
        ({"happened_on": "last week"}, "Enter the day as a date, like 2026-11-28", "id_happened_on"),
        ({"happened_on": ""}, "Enter the day on which the project ended", "id_happened_on"),
        ({"happened_on": "2999-01-01"}, "Enter a day that is not in the future", "id_happened_on"),
        ({"late": "perhaps"}, "Select a valid choice", "id_late"),
    ],
)
def test_what_is_wrong_is_said_on_top_and_at_its_field(client, assessment, sent, sentence, field):
    whole = {**TOLD, "happened_on": str(timezone.localdate()), **sent}
    answer = client.post(address(assessment), whole)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(sentence) == 2
    assert f'href="#{field}"' in page
    assert f'id="{field}"' in page
    assert "<title>Error: " in page
    assert not Outcome.objects.exists()


def test_what_nobody_chose_is_not_known(client, assessment):
    page = client.get(address(assessment)).content.decode()
    assert page.count("checked") == 4
    client.post(address(assessment), {"ended": "dropped", "happened_on": str(timezone.localdate())})
    outcome = Outcome.objects.get()
    assert outcome.shipped is False
    assert outcome.late is outcome.over_cost is outcome.accuracy_reached is outcome.harm is None


def test_for_others_it_does_not_exist(client, assessment):
    client.force_login(UserFactory())
    for name in ("outcome-close", "outcome-reopen"):
        assert client.post(address(assessment, name)).status_code == 404
    client.logout()
    assert client.get(reverse("assessments:outcome-list")).url.startswith("/sign-in/")


def test_without_closed_projects_it_says_what_will_be_here(client, owner):
    page = client.get(reverse("assessments:outcome-list")).content.decode()
    assert "No project is closed yet" in page
    assert "Brier" not in page


def test_below_twenty_it_says_how_many_are_missing_and_no_score(client, owner):
    for place in range(7):
        ended(owner, late=place < 3, name=f"<i>Project {place}</i>")
    ended(UserFactory())  # of somebody else
    page = client.get(reverse("assessments:outcome-list")).content.decode().replace("\xa0", " ")
    assert "7 projects are closed" in page
    assert "it takes 20 to say how right the reports were, so 13 more are needed" in page
    assert "Too few: 7 of 20, 13 missing" in page
    assert "<dt>Brier score" not in page
    assert "<i>Project" not in page
    assert "3 of 7" in page
    assert "38% (16%–63%)" in page, "30% before, worth 4 projects, and 3 of 7"
    assert "these change no score" in page


def test_from_twenty_it_tells_brier_score_and_every_level(client, owner):
    rng = random.Random(2)
    for _ in range(24):
        score = rng.choice((30, 50, 70))
        ended(owner, score, accuracy_reached=rng.random() > score / 130)
    answer = client.get(reverse("assessments:outcome-list"))
    page = answer.content.decode()
    found = answer.context["page"]
    assert [held.title for held in found.dimensions if held.chart] == ["Data", "Security", "Hardware"]
    assert page.count("<dt>Brier score") == 4
    assert found.overall.stats[0].value == "24"
    assert "No outcome that is told speaks to it" in page
    assert ' style="' not in page
    assert page.count('<svg class="narrow"') == 4


def test_the_page_costs_the_same_queries_however_many_projects(client, owner, django_assert_num_queries):
    for _ in range(3):
        ended(owner)
    with django_assert_num_queries(4):  # session, person, workspaces, outcomes
        client.get(reverse("assessments:outcome-list"))


def test_a_person_of_two_workspaces_may_choose(client, owner):
    other = AssessmentFactory()
    other.workspace.memberships.create(user=owner)
    outcomes.close(other, shipped=True, happened_on=timezone.localdate())
    page = client.get(reverse("assessments:outcome-list"), {"workspace": str(other.workspace_id)})
    assert other.name in page.content.decode()
    assert "No project is closed yet" in client.get(reverse("assessments:outcome-list")).content.decode()
