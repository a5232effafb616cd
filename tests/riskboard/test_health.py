"""/healthz says alive; /readyz names the part that is away."""

from __future__ import annotations

import pytest
from django.db import connection

from riskboard import health

pytestmark = pytest.mark.django_db


def test_alive_needs_no_other_part(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_names_what_is_away_and_nothing_more(client):
    """No broker and no worker runs beside this test."""
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "away",
        "database": "ready",
        "broker": "away",
        "storage": "ready",
        "workers": "away",
    }


def test_ready_is_200_when_all_four_answer(client, monkeypatch):
    monkeypatch.setattr(health, "broker", lambda: True)
    monkeypatch.setattr(health, "workers", lambda: True)
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "files", lambda: False)
    assert client.get("/readyz").json()["storage"] == "away"


def test_every_page_says_what_it_may_load(client):
    rules = client.get("/sign-in/")["Content-Security-Policy"]
    assert "default-src 'none'" in rules
    assert "script-src 'self'" in rules
    assert "style-src 'self'" in rules
    assert "unsafe" not in rules
    assert "http" not in rules


def test_an_upload_over_the_limit_is_refused_before_its_body_is_read(client, settings):
    settings.MAX_UPLOAD = 1000

    class Body:
        def read(self, *args):
            raise AssertionError("the body was read")

        readline = read

    for path, type_ in (("/api/v1/assessments/", "application/json"), ("/assessments/new/", "text/plain")):
        answer = client.generic("POST", path, CONTENT_LENGTH="5000000", **{"wsgi.input": Body()})
        assert answer.status_code == 413
        assert answer["Content-Type"].startswith(type_)
        assert "larger than the 0.001 MB" in answer.content.decode()


def test_the_database_of_this_test_is_the_one_that_was_asked(settings):
    assert connection.vendor in settings.DATABASES["default"]["ENGINE"]
