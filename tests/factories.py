"""Rows for tests, as people would have made them."""

from __future__ import annotations

import factory
from django.contrib.auth import get_user_model

from assessments.models import Assessment, Membership, Run, State, Workspace


class WorkspaceFactory(factory.django.DjangoModelFactory):
    name = factory.Sequence("Workspace {}".format)

    class Meta:
        model = Workspace


class UserFactory(factory.django.DjangoModelFactory):
    """A person who owns a workspace, or who is a member of ``workspace``."""

    username = factory.Sequence("person{}".format)

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    @factory.post_generation
    def workspace(self, create, extracted, **kwargs):
        role = Membership.Role.EDITOR if extracted else Membership.Role.OWNER
        Membership.objects.create(workspace=extracted or WorkspaceFactory(), user=self, role=role)


class AssessmentFactory(factory.django.DjangoModelFactory):
    name = factory.Sequence("Assessment {}".format)
    created_by = factory.SubFactory(UserFactory)
    workspace = factory.LazyAttribute(lambda a: Workspace.objects.of(a.created_by))

    class Meta:
        model = Assessment


class RunFactory(factory.django.DjangoModelFactory):
    assessment = factory.SubFactory(AssessmentFactory)
    state = State.DONE

    class Meta:
        model = Run
