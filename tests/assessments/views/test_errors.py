"""Pages for what goes wrong: one sentence, one way out, our own look."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_has_a_page_with_a_way_out(client):
    page = client.get("/nothing/here/")
    assert page.status_code == 404
    assert "There is no such page" in page.content.decode()
    assert f'href="{reverse("assessments:assessment-list")}"' in page.content.decode()


def test_a_failure_says_what_is_safe_and_shows_nothing_of_itself(monkeypatch):
    def broken(request, **kwargs):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("assessments.views.assessment.render", broken)
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory())
    page = client.get(reverse("assessments:assessment-list"))
    text = page.content.decode()
    assert page.status_code == 500
    assert "What you saved before is safe" in text
    assert "the secret inside" not in text


def test_a_form_from_a_page_that_is_too_old_says_that_nothing_was_changed():
    client = Client(enforce_csrf_checks=True)
    page = client.post(reverse("assessments:sign-in"), {"username": "a", "password": "b"})
    assert page.status_code == 403
    assert "This page was open for too long" in page.content.decode()
