"""Share links: made once, read without an account, ended for good."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments import actions
from assessments.models import ShareLink
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

SECRET = "Cap-seal"


@pytest.fixture
def owner(db):
    return UserFactory()


@pytest.fixture
def run(owner):
    assessment = AssessmentFactory(created_by=owner, name="Cap-seal defect inspection")
    return RunFactory(assessment=assessment, report=sample.document(), finished_at=timezone.now())


def shared(token):
    return reverse("assessments:shared-report", args=[token])


def test_a_link_is_made_shown_once_and_opens_the_report_without_an_account(client, owner, run):
    client.force_login(owner)
    made = client.post(
        reverse("assessments:share-create", args=[run.pk]),
        {"label": "Steering group", "days": 30, "shows": "snapshot", "password": "", "show_answers": "on"},
    ).content.decode()
    (address,) = re.findall(r'value="http://testserver(/s/[\w-]+/)"', made)
    link = ShareLink.objects.get()
    assert link.label == "Steering group"
    assert (link.show_answers, link.show_recommendations, link.show_samples) == (True, False, False)
    client.logout()
    page = client.get(address)
    assert page.status_code == 200
    assert SECRET in page.content.decode()
    assert "Do these first" not in page.content.decode()
    link.refresh_from_db()
    assert link.opens == 1
    listed = client.get(reverse("assessments:share-list"))
    assert listed.status_code == 302


def test_the_page_is_not_kept_indexed_or_told_to_others_and_sets_no_cookie(client, run):
    _, token = actions.make_share_link(run)
    page = client.get(shared(token))
    assert page["Cache-Control"] == "no-store, private"
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "no-referrer"
    assert not page.cookies
    text = page.content.decode()
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+"', text) == []
    assert "sign-out" not in text


def test_figures_come_for_a_link_that_opens_as_its_readers_may_see_them(client, run):
    link, token = actions.make_share_link(run, password="sesame-sesame")
    address = reverse("assessments:shared-figures", args=[token])
    more = reverse("assessments:shared-more", args=[token, "data"])
    locked = client.get(address)
    assert (locked.status_code, locked.json()) == (404, {})
    assert client.get(more).status_code == 404
    client.post(shared(token), {"password": "sesame-sesame"})
    page, figures = client.get(shared(token)).content.decode(), client.get(address)
    assert f'data-figures="{address}"' in page
    assert more in re.findall(r'data-more="([^"]+)"', page)
    unfolded = [client.get(one) for one in re.findall(r'data-more="([^"]+)"', page)]
    assert {one["Cache-Control"] for one in unfolded} == {"no-store, private"}
    pages = page + "".join(one.content.decode() for one in unfolded)
    assert "caps/9000.png" not in pages
    assert set(re.findall(r'data-figure="([^"]+)"', pages)) == figures.json().keys()
    assert figures["Cache-Control"] == "no-store, private"
    assert "caps/9000.png" not in figures.content.decode()
    link.refresh_from_db()
    assert link.opens == 1  # of the page
    actions.revoke_link(link)
    for gone in (address, more, reverse("assessments:shared-figures", args=["x" * 43])):
        assert client.get(gone).status_code == 404


def test_samples_are_hidden_unless_the_link_shows_them(client, run):
    for samples in (False, True):
        _, token = actions.make_share_link(run, show_samples=samples)
        page = client.get(shared(token)).content.decode()
        folded = (client.get(one).content.decode() for one in re.findall(r'data-more="([^"]+)"', page))
        page = "".join([page, *folded]).replace("<wbr>", "")
        assert ("data:image/png" in page) is samples
        assert ("caps/9000.png" in page) is samples


def test_an_ended_link_and_one_that_never_was_look_the_same(client, run):
    ended, token = actions.make_share_link(run)
    ShareLink.objects.filter(pk=ended.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, other = actions.make_share_link(run)
    actions.revoke_link(revoked)
    gone, off, never = (client.get(shared(one)) for one in (token, other, "x" * 43))
    assert [gone.status_code, off.status_code, never.status_code] == [410, 410, 404]
    assert gone.content == off.content == never.content
    assert "This link has stopped working" in gone.content.decode()
    assert SECRET not in gone.content.decode()


def test_a_password_is_asked_before_anything_is_told(client, run):
    _, token = actions.make_share_link(run, password="sesame-sesame")
    asked = client.get(shared(token))
    assert asked.status_code == 200
    assert SECRET not in asked.content.decode()
    assert asked["Cache-Control"] == "no-store, private"
    wrong = client.post(shared(token), {"password": "open"})
    assert wrong.status_code == 403
    assert "This is not the password" in wrong.content.decode()
    assert client.post(shared(token), {"password": ""}).status_code == 400
    right = client.post(shared(token), {"password": "sesame-sesame"})
    assert right.url == shared(token)
    assert SECRET in client.get(shared(token)).content.decode()


def test_too_many_passwords_have_to_wait(client, run):
    _, token = actions.make_share_link(run, password="sesame-sesame")
    codes = [client.post(shared(token), {"password": f"guess {n}"}).status_code for n in range(6)]
    assert codes == [403] * 5 + [429]
    assert client.post(shared(token), {"password": "sesame-sesame"}).status_code == 429


def test_a_short_password_is_refused_in_words(client, owner, run):
    client.force_login(owner)
    form = {"days": 30, "shows": "snapshot", "password": "short"}
    page = client.post(reverse("assessments:share-create", args=[run.pk]), form)
    assert page.status_code == 400
    assert page.content.decode().count("Enter a password of at least 8 characters, or none") == 2
    assert not ShareLink.objects.exists()


def test_a_snapshot_stays_and_a_latest_link_follows(client, run):
    _, kept = actions.make_share_link(run, snapshot=True)
    _, follows = actions.make_share_link(run, snapshot=False)
    newer = sample.document(assessment={"name": "The newer one", "client": ""})
    later = timezone.now() + timedelta(minutes=1)
    RunFactory(assessment=run.assessment, report=newer, finished_at=later)
    assert "The newer one" not in client.get(shared(kept)).content.decode()
    assert "The newer one" in client.get(shared(follows)).content.decode()


def test_turning_off_is_for_the_team_alone(client, owner, run):
    link, token = actions.make_share_link(run, label="Board")
    off = reverse("assessments:share-off", args=[link.pk])
    client.force_login(UserFactory())
    assert client.post(off).status_code == 404
    assert client.get(shared(token)).status_code == 200
    client.force_login(owner)
    assert client.get(off).status_code == 405
    assert "Board is turned off" in client.post(off, follow=True).content.decode()
    assert client.get(shared(token)).status_code == 410


def test_the_list_costs_the_same_queries_however_many_links(client, owner, run, django_assert_num_queries):
    for n in range(4):
        actions.make_share_link(run, label=f"Group {n}")
    client.force_login(owner)
    with django_assert_num_queries(3):  # session, person, links
        page = client.get(reverse("assessments:share-list")).content.decode()
    assert all(f"Group {n}" in page for n in range(4))


def test_others_make_no_link(client, run):
    client.force_login(UserFactory())
    assert client.post(reverse("assessments:share-create", args=[run.pk]), {}).status_code == 404
