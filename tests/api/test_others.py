"""Other people's things do not exist: every route of the API answers 404 to a stranger, 401 to nobody."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from assessments import actions
from assessments.models import Job
from tests.factories import AssessmentFactory
from tests.models.conftest import FOUND

TOKEN = "/api/v1/token/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPEN = {TOKEN, "/api/v1/questions/", "/api/v1/probes/", "/api/schema/", "/api/docs/"}


def routes(resolver=None, prefix: str = "") -> list[str]:
    """Every address pattern under /api/, so that a new route is tested without anybody thinking of it."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += routes(entry, path)
        elif isinstance(entry, URLPattern) and path.startswith("api/"):
            found.append(path.replace("^", "").replace("$", "").replace(r"\Z", ""))
    return found


@pytest.fixture
def addresses(user) -> list[str]:
    """Each route with the ids of real rows of somebody."""
    assessment = AssessmentFactory(created_by=user)
    actions.save_answers(assessment, {"D1": "yes"})
    run = actions.start_run(assessment, ["hardware.memory"])
    Job.objects.claim(run.jobs.get().pk).finish(FOUND)
    run.refresh_from_db()
    link, _ = actions.make_share_link(run)
    ids = {"assessments": assessment.pk, "runs": run.pk, "links": link.pk}
    made = []
    for route in routes():
        noun = route.removeprefix("api/v1/").partition("/")[0]
        path = route.replace("(?P<pk>[0-9a-f-]{36})", str(ids.get(noun, "")))
        path = path.replace("(?P<sha256>[0-9a-f]{64})", "a" * 64)
        made.append("/" + path.replace("(?P<probe>[a-z_.]+)", "hardware.memory"))
    assert all("(?P" not in path for path in made)
    return made


def test_there_are_routes_to_test(addresses):
    assert len(addresses) >= 20
    assert set(addresses) >= OPEN


def test_a_stranger_finds_nothing_and_nobody_is_asked_to_sign_in(addresses, stranger, user):
    leaks = []
    for path in set(addresses) - {TOKEN}:  # which would end the stranger's own
        for method in METHODS:
            for client, allowed in ((stranger, {404, 405}), (APIClient(), {401, 403, 405})):
                answer = client.generic(method, path, "{}", "application/json")
                own = path.count("/") == 4 or path in OPEN  # a list of one's own things, or of nobody's
                if answer.status_code >= 500 or (not own and answer.status_code not in allowed):
                    leaks.append((method, path, answer.status_code))
    assert leaks == []
    for noun in ("assessments", "runs", "links"):
        assert stranger.get(f"/api/v1/{noun}/").data["count"] == 0


def test_nobody_sees_a_list(addresses):
    for noun in ("assessments", "runs", "links"):
        assert APIClient().get(f"/api/v1/{noun}/").status_code == 401
