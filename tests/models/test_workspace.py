"""Who belongs to no workspace sees nothing; whoever runs the installation comes in by asking."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from assessments.models import Membership, Workspace
from assessments.models.workspace import NoWorkspace

pytestmark = pytest.mark.django_db


def test_a_superuser_comes_into_the_default_workspace_once():
    owner = User.objects.create_superuser("root")
    assert Workspace.objects.of(owner) == Workspace.objects.of(owner) == Workspace.objects.get()
    assert Membership.objects.get().role == Membership.Role.OWNER


@pytest.mark.parametrize("known", [True, False])
def test_others_are_told_whom_to_ask_and_join_nothing(known):
    person = User.objects.create_user("ada") if known else AnonymousUser()
    with pytest.raises(NoWorkspace, match="ask its owner"):
        Workspace.objects.of(person)
    assert not Membership.objects.exists()


def test_a_member_keeps_the_workspace_they_have():
    person = User.objects.create_superuser("root")
    Workspace.objects.create(name="Older")
    mine = Workspace.objects.create(name="Mine")
    mine.memberships.create(user=person)
    assert Workspace.objects.of(person) == mine
