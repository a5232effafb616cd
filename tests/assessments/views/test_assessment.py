"""The pages of an assessment: a list, a new one, its files and its plan."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.models import Assessment
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

TABLE = b"x,y,label\n1,2,a\n3,4,b\n"


@pytest.fixture
def owner(client):
    user = UserFactory()
    client.force_login(user)
    return user


def csv(name="train.csv", content=TABLE):
    return SimpleUploadedFile(name, content, "text/csv")


def test_the_list_shows_each_assessment_with_level_and_range(client, owner):
    overall = {"score": 53, "low": 45, "high": 61, "level": "moderate"}
    RunFactory(assessment__created_by=owner, assessment__name="Cap seals", report={"overall": overall})
    AssessmentFactory(created_by=owner, name="Spare parts")
    page = client.get("/").content.decode()
    for words in ("Cap seals", "Moderate", "45 to 61", "Spare parts", "Not started"):
        assert words in page


def test_the_list_costs_the_same_queries_however_long(client, owner, django_assert_max_num_queries):
    RunFactory.create_batch(8, assessment__created_by=owner)
    with django_assert_max_num_queries(5):  # session, user, assessments, runs; no more with more rows
        assert client.get("/").status_code == 200


def test_the_empty_list_offers_the_first_step(client, owner):
    assert "Start the first assessment" in client.get("/").content.decode()


def test_an_assessment_of_somebody_else_does_not_exist(client, owner):
    other = AssessmentFactory()
    assert client.get(reverse("assessments:assessment-detail", args=[other.pk])).status_code == 404
    assert client.post(reverse("assessments:file-add", args=[other.pk])).status_code == 404
    assert client.post(reverse("assessments:run-start", args=[other.pk])).status_code == 404


def test_without_a_sign_in_every_page_leads_there(client):
    assessment = AssessmentFactory()
    for name, args in [("assessment-list", []), ("assessment-detail", [assessment.pk]), ("token-list", [])]:
        answer = client.get(reverse(f"assessments:{name}", args=args))
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/")


def test_a_new_assessment_keeps_files_target_and_plan(client, owner):
    plan = SimpleUploadedFile("plan.yaml", b"training:\n  epochs: 3\n  mystery: 1\n")
    sent = {"name": "Cap seals", "targets": "label, y", "files": [csv(), csv("test.csv")], "plan": plan}
    page = client.post("/assessments/new/", sent, follow=True).content.decode()
    made = Assessment.objects.get()
    assert [file["name"] for file in made.files] == ["train.csv", "test.csv"]
    assert made.targets == ["label", "y"]
    assert made.plan.document["training"] == {"epochs": 3}
    assert "training.mystery" in page


def test_a_new_assessment_without_a_name_says_so_on_top_and_at_the_field(client, owner):
    answer = client.post("/assessments/new/", {"name": " "})
    assert answer.status_code == 422
    assert answer.content.decode().count("Enter a name for the project") == 2
    assert not Assessment.objects.exists()


def test_a_file_that_cannot_be_used_is_told_and_the_others_are_kept(client, owner):
    picture = csv("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64))
    sent = {"name": "Cap seals", "files": [csv(), picture, csv("empty.csv", b"")]}
    page = client.post("/assessments/new/", sent, follow=True).content.decode()
    assert [file["name"] for file in Assessment.objects.get().files] == ["train.csv"]
    assert "picture.csv" in page
    assert "empty.csv" in page


def test_a_file_can_be_added_and_removed(client, owner):
    made = AssessmentFactory(created_by=owner)
    client.post(reverse("assessments:file-add", args=[made.pk]), {"files": [csv()], "targets": "label"})
    made.refresh_from_db()
    assert made.targets == ["label"]
    client.post(
        reverse("assessments:file-remove", args=[made.pk]), {"sha256": made.dataset.files[0]["sha256"]}
    )
    made.refresh_from_db()
    assert made.files == []


def test_a_wrong_plan_stays_in_its_field_with_the_sentence(client, owner):
    made = AssessmentFactory(created_by=owner)
    source = "training:\n  learning_rate: fast\n"
    answer = client.post(reverse("assessments:plan-save", args=[made.pk]), {"source": source})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "training.learning_rate" in page
    assert "learning_rate: fast" in page
    made.refresh_from_db()
    assert made.plan is None


def test_hostile_names_are_text_on_the_page(client, owner):
    made = AssessmentFactory(created_by=owner, name="<script>alert(1)</script>")
    page = client.get(reverse("assessments:assessment-detail", args=[made.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_an_address_that_takes_forms_leads_to_its_page_when_it_is_only_opened(client, owner):
    made = AssessmentFactory(created_by=owner)
    home = reverse("assessments:assessment-detail", args=[made.pk])
    for name in ("plan-save", "file-add", "file-remove", "run-start"):
        assert client.get(reverse(f"assessments:{name}", args=[made.pk])).url == home


def test_a_file_over_the_limit_is_one_sentence_on_the_page(client, owner, settings):
    settings.MAX_UPLOAD = 1000
    made = AssessmentFactory(created_by=owner)
    sent = {"files": [csv(content=TABLE * 100)]}
    page = client.post(reverse("assessments:file-add", args=[made.pk]), sent, follow=True).content.decode()
    assert "larger than the 0.001 MB" in page
