"""Signing in, and tokens."""

from __future__ import annotations

import pytest
from knox.models import AuthToken

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_wrong_password_and_an_unknown_name_read_the_same(client):
    UserFactory(username="ines").set_password("correct horse battery")
    pages = []
    for name in ("ines", "nobody"):
        answer = client.post("/sign-in/", {"username": name, "password": "wrong"})
        pages.append(answer.content.decode().replace(name, "NAME").split("<h1>")[0].split("<main")[1])
    assert pages[0] == pages[1]
    assert "do not belong together" in pages[0]


def test_the_right_password_opens_the_list(client):
    user = UserFactory(username="ines")
    user.set_password("correct horse battery")
    user.save()
    answer = client.post("/sign-in/", {"username": "ines", "password": "correct horse battery"})
    assert (answer.status_code, answer.url) == (302, "/")


def test_a_token_is_shown_once_and_only_its_hash_is_kept(client):
    client.force_login(user := UserFactory())
    page = client.post("/settings/api/").content.decode()
    kept = AuthToken.objects.get(user=user)
    token = next(part for part in page.split('"') if part.startswith("rbk_"))
    assert token.startswith(kept.token_key)
    assert token not in (kept.digest, kept.token_key)
    assert token not in client.get("/settings/api/").content.decode()


def test_a_token_can_be_turned_off_by_its_owner_only(client):
    kept = AuthToken.objects.create(user=UserFactory())[0]
    client.force_login(UserFactory())
    client.post(f"/settings/api/{kept.token_key}/off/")
    assert AuthToken.objects.exists()
    client.force_login(kept.user)
    client.post(f"/settings/api/{kept.token_key}/off/")
    assert not AuthToken.objects.exists()
