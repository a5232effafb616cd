"""Who belongs to no workspace sees nothing; whoever runs the installation comes in by asking."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError

from assessments import actions
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


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ({"h100": -1}, "hardware.prices"),
        ({"A1000": 2.0}, "near ones are a100-80"),
        ({"l4": "cheap"}, "prices"),
    ],
)
def test_prices_that_cannot_be_used_are_said(prices, said):
    with pytest.raises(ValidationError, match=said):
        Workspace(name="Mine", prices=prices).full_clean()
    Workspace(name="Mine", prices={"h100": 2.1, "l4": [0.4, 0.5, 0.8]}).full_clean()


def test_a_workspaces_prices_stand_in_its_plans_where_they_name_none():
    owner = User.objects.create_superuser("root")
    workspace = Workspace.objects.of(owner)
    workspace.prices = {"h100": 2.1, "l4": 0.5}
    workspace.save()
    assessment = workspace.assessments.create(name="Caps", created_by=owner)
    mine = actions.save_plan(assessment, {"hardware": {"prices": {"l4": 0.4}}})
    assert mine.document["hardware"]["prices"] == {"h100": 2.1, "l4": 0.4}
    euros = actions.save_plan(assessment, {"hardware": {"budget": {"money": 5, "currency": "EUR"}}})
    assert "prices" not in euros.document["hardware"]
    workspace.prices = {}
    workspace.save()
    assessment.refresh_from_db()
    assert "hardware" not in actions.save_plan(assessment, {"model": {"kind": "mlp"}}).document
