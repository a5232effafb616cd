"""A client with a token, and the published ids instead of a broker."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from assessments import actions
from assessments.models import Job
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def published(monkeypatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(Job, "publish", lambda job: sent.append(str(job.pk)))
    return sent


@pytest.fixture
def user(transactional_db):
    user = UserFactory(username="ada")
    user.set_password("correct horse battery")
    user.save()
    return user


def client_of(user) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {actions.make_token(user)[1]}")
    return client


@pytest.fixture
def api(user) -> APIClient:
    return client_of(user)


@pytest.fixture
def stranger(transactional_db) -> APIClient:
    return client_of(UserFactory())
