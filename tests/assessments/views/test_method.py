"""The method is open to everybody, under every version that ever judged, and quick."""

import time

import pytest
from django.urls import reverse

from assessments.scoring import rules
from assessments.views import method
from tests.factories import UserFactory


@pytest.mark.django_db
def test_anybody_reads_it_without_an_account_and_without_a_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/method/")
    assert page.status_code == 200
    text = page.content.decode()
    assert f"Method, rules {rules.newest()}" in text
    assert not page.cookies
    assert 'class="nav"' not in text


@pytest.mark.django_db
def test_a_member_keeps_the_way_back(client):
    client.force_login(UserFactory())
    assert 'class="nav"' in client.get(reverse("assessments:method")).content.decode()


@pytest.mark.parametrize("version", rules.versions())
@pytest.mark.django_db
def test_older_reports_find_their_own_rules(client, version):
    text = client.get(reverse("assessments:method-version", args=[version])).content.decode()
    assert f"Method, rules {version}" in text
    assert ("These are the rules of older reports" in text) == (version != rules.newest())


@pytest.mark.django_db
def test_rules_that_never_were_are_not_found(client):
    assert client.get("/method/1999.1/").status_code == 404
    assert client.get("/method/..%2Fsettings/").status_code == 404


@pytest.mark.django_db
def test_it_is_written_out_once_a_version(client):
    client.get("/method/")
    before = method._body.cache_info().misses
    began = time.process_time()
    for _ in range(20):
        client.get("/method/")
    assert method._body.cache_info().misses == before
    assert (time.process_time() - began) / 20 < 0.05
