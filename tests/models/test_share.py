"""A share link opens one report, for a time, and its token is nowhere in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assessments import actions
from assessments.models import ShareLink
from tests.factories import RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def report() -> dict:
    return {
        "format": "riskboard.report/1",
        "assessment": {"name": "A", "dataset": {"rows": 3, "files": [{"name": "x.csv"}]}},
        "actions": [{"title": "Do this"}],
        "findings": [{"probe": "data.label_errors", "facts": {"rows": [4], "suspects": [{"given": "cat"}]}}],
        "contradictions": [{"question": "D3"}],
        "answers": {"D3": {"value": "no"}},
        "questions": {"answered": 1, "list": [{"id": "D3"}]},
        "hashes": {"D3": "aa"},
        "created_by": "somebody",
    }


@pytest.fixture
def shared(report):
    run = RunFactory(report=report)
    return lambda **options: actions.make_share_link(run, **options)


def test_a_link_is_found_by_its_token_and_by_nothing_else(shared):
    link, token = shared()
    assert len(token) >= 43
    assert ShareLink.objects.by_token(token) == link
    for wrong in ("", token[:-1], token.swapcase(), str(link.pk), link.token_hash, ":key"):
        assert ShareLink.objects.by_token(wrong) is None


def test_no_column_holds_a_token_or_a_password(shared):
    _, token = shared(password="correct horse battery")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM assessments_sharelink")
        row = " ".join(map(str, cursor.fetchone()))
    assert token not in row
    assert "correct horse" not in row
    assert "argon2" in row


def test_a_link_always_ends(shared):
    link, _ = shared()
    assert timedelta(days=29) < link.expires_at - timezone.now() <= timedelta(days=30)
    for when in ({"days": 0}, {"days": 400}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        with pytest.raises(actions.Refused):
            shared(**when)


def test_a_revoked_and_an_expired_link_have_ended(shared):
    link, _ = shared()
    assert not link.ended
    assert actions.revoke_link(link).ended
    other, _ = shared()
    ShareLink.objects.filter(pk=other.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    other.refresh_from_db()
    assert other.ended
    assert not ShareLink.objects.live().exists()


def test_there_is_no_link_to_a_report_that_is_not_there():
    with pytest.raises(actions.Refused, match="no report to share yet"):
        actions.make_share_link(RunFactory(report=None))


def test_samples_are_hidden_unless_shown(shared):
    plain = shared()[0].shown()
    assert plain["findings"][0]["facts"] == {}
    assert "files" not in plain["assessment"]["dataset"]
    full = shared(show_samples=True)[0].shown()
    assert full["findings"][0]["facts"]["rows"] == [4]


def test_answers_and_advice_go_when_they_are_not_shown(shared):
    seen = shared(show_answers=False, show_recommendations=False)[0].shown()
    assert seen["actions"] == []
    assert seen["contradictions"] == []
    assert seen["answers"] == {}
    assert seen["questions"] == {"answered": 1, "list": []}
    assert "D3" not in str(seen)


def test_proofs_go_along_with_a_whole_report_only(shared):
    assert "hashes" in shared(show_samples=True)[0].shown()
    assert "hashes" not in shared()[0].shown()


def test_fields_that_nobody_allowed_are_not_shown(shared):
    assert "created_by" not in shared(show_samples=True)[0].shown()


def test_a_snapshot_stays_and_a_latest_link_follows(shared, report):
    snapshot, latest = shared()[0], shared(snapshot=False)[0]
    newer = {**report, "rules": "newer"}
    RunFactory(assessment=snapshot.run.assessment, report=newer, finished_at=timezone.now())
    assert "rules" not in snapshot.shown()
    assert latest.shown()["rules"] == "newer"


def test_five_wrong_passwords_make_an_address_wait_and_nobody_else(shared):
    link, _ = shared(password="correct horse battery")
    assert [link.unlocks("wrong", "1.1.1.1") for _ in range(6)] == [False] * 5 + [None]
    assert link.unlocks("correct horse battery", "1.1.1.1") is None
    assert link.unlocks("correct horse battery", "2.2.2.2") is True


def test_opens_are_counted(shared):
    link, _ = shared()
    for _ in range(3):
        link.count_open()
    link.refresh_from_db()
    assert link.opens == 3
    assert link.last_opened_at
