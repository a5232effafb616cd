"""Policies and closings as rows: versions are added and kept, and names outlive accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from assessments import actions, policies
from assessments.models import Assessment, Closing, Membership, PolicyVersion
from assessments.scoring import policy
from assessments.scoring.policy import PolicyError
from tests import disputed
from tests.assessments.dashboards import sample
from tests.disputed import WHY
from tests.factories import AssessmentFactory, RunFactory, UserFactory

STRICT = "extends: safety\nname: Ours\n"


@pytest.fixture
def owner(transactional_db):
    return disputed.ines()


@pytest.fixture
def reported(owner):
    return disputed.reported(owner)


def test_until_somebody_saves_one_a_preset_counts(owner, reported):
    found = policies.chosen(reported.assessment)
    assert (found.policy, found.source) == (policy.preset("product-feature"), "default")
    assert policies.text_of(reported.assessment.workspace) == policy.preset_text("product-feature")


def test_every_version_is_kept_with_who_saved_it_and_when(owner, reported):
    workspace = reported.assessment.workspace
    other = UserFactory(username="ada", workspace=workspace)
    workspace.memberships.update(role=Membership.Role.OWNER)
    policies.save(workspace, STRICT, owner)
    policies.save(workspace, "coverage: 90%", other)
    rows = [(one.version, one.name, one.by, one.text) for one in workspace.policies.all()]
    assert rows == [
        (2, "Our own policy", "ada", "coverage: 90%\n"),
        (1, "Ours", "Ines Marchetti", STRICT),
    ]
    owner.delete()
    assert workspace.policies.get(version=1).by == "Ines Marchetti"
    assert policies.chosen(reported.assessment).version == 2


def test_the_same_text_is_no_new_version(owner, reported):
    workspace = reported.assessment.workspace
    policies.save(workspace, STRICT, owner)
    assert policies.save(workspace, STRICT.replace("\n", "\r\n"), owner).version == 1
    assert workspace.policies.count() == 1


def test_a_text_that_is_no_policy_changes_nothing(owner, reported):
    workspace = reported.assessment.workspace
    policies.save(workspace, STRICT, owner)
    with pytest.raises(PolicyError, match="levels"):
        policies.save(workspace, "levls: {}", owner)
    assert policies.text_of(workspace) == STRICT


def test_whoever_saves_over_another_version_is_told_of_it(owner, reported):
    workspace = reported.assessment.workspace
    policies.save(workspace, STRICT, owner, base=0)
    with pytest.raises(actions.Refused, match="Ines Marchetti saved version 1 meanwhile"):
        policies.save(workspace, "coverage: 90%", owner, base=0)
    assert policies.save(workspace, "coverage: 90%", owner, base=1).version == 2


def test_two_versions_never_share_a_number(owner, reported):
    workspace = reported.assessment.workspace
    PolicyVersion.objects.create(workspace=workspace, version=1, text=STRICT, name="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.create(workspace=workspace, version=1, text=STRICT, name="b")


def test_an_assessment_may_be_held_against_a_preset_and_go_back(owner, reported):
    row = reported.assessment
    policies.save(row.workspace, STRICT, owner)
    policies.choose(row, "Internal tool", owner)
    row.refresh_from_db()
    assert policies.chosen(row).policy == policy.preset("internal-tool")
    policies.choose(row, "", owner)
    assert policies.chosen(row).policy.name == "Ours"
    with pytest.raises(actions.Unknown, match="internal-tool"):
        policies.choose(row, "anything goes", owner)


def test_a_stored_policy_that_cannot_be_read_any_more_is_told(owner, reported):
    workspace = reported.assessment.workspace
    PolicyVersion.objects.create(workspace=workspace, version=1, text="faults: {gone: low}", name="a")
    found = policies.chosen(reported.assessment)
    assert found.policy is None
    assert "gone" in found.problem


def test_what_changed_since_the_run_makes_its_evidence_old(owner, reported):
    by = policy.read("evidence_days: 3650")
    assert policies.verdict(reported, by).result == "pass"
    actions.save_answers(reported.assessment, {"D1": "yes"})
    verdict = policies.verdict(reported, by)
    assert verdict.result == "inconclusive"
    assert verdict.conditions[0].reason.startswith("Since it was measured, the answers changed")


def test_a_run_without_a_report_has_no_verdict(owner):
    with pytest.raises(actions.Refused, match="no report yet"):
        policies.verdict(RunFactory(assessment__created_by=owner), policy.preset("safety"))


def contradiction(run):
    return disputed.contradiction(policies.standing(run))


def test_only_an_owner_changes_what_projects_are_held_against(owner, reported):
    workspace = reported.assessment.workspace
    editor, stranger = UserFactory(workspace=workspace), UserFactory()
    for person in (editor, stranger):
        with pytest.raises(policies.Forbidden, match="Only an owner"):
            policies.save(workspace, STRICT, person)
        with pytest.raises(policies.Forbidden, match="Only an owner"):
            policies.choose(reported.assessment, "internal-tool", person)
    assert policies.chosen(reported.assessment).source == "default"
    assert policies.save(workspace, STRICT, UserFactory(is_superuser=True)).version == 1


def test_a_workspace_without_an_owner_is_not_locked_out(owner, reported):
    workspace = reported.assessment.workspace
    workspace.memberships.update(role=Membership.Role.EDITOR)
    assert policies.save(workspace, STRICT, owner).version == 1
    assert not policies.may_decide(workspace, UserFactory())


def test_an_owner_takes_a_closing_back_and_both_stay_in_the_record(owner, reported):
    workspace = reported.assessment.workspace
    editor = UserFactory(username="ada", workspace=workspace)
    policies.close(reported, "D3", "data.label_errors", WHY, editor)
    with pytest.raises(policies.Forbidden, match="Only an owner"):
        policies.reopen(reported, "D3", "data.label_errors", "It was another delivery.", editor)
    policies.reopen(reported, "D3", "data.label_errors", "It was another delivery.", owner)
    found = contradiction(reported)
    assert found["closed"] is None
    assert (found["reopened"]["by"], found["reopened"]["reason"]) == ("ada", WHY)
    assert found["reopened"]["because"] == "Ines Marchetti took that back: It was another delivery"
    assert policies.verdict(reported, policy.read("contradictions: 3")).result == "fail"
    with pytest.raises(actions.Refused, match="open already"):
        policies.reopen(reported, "D3", "data.label_errors", "It was another delivery.", owner)
    policies.close(reported, "D3", "data.label_errors", "Now it is explained.", editor)
    assert contradiction(reported)["closed"]["reason"] == "Now it is explained."
    assert [row.opens for row in Closing.objects.order_by("created_at")] == [False, True, False]


@pytest.mark.parametrize("reason", [" ", "no.", "why " * 400])
def test_taking_a_closing_back_needs_a_reason(owner, reported, reason):
    policies.close(reported, "D3", "data.label_errors", WHY, owner)
    with pytest.raises(actions.Unknown):
        policies.reopen(reported, "D3", "data.label_errors", reason, owner)
    assert contradiction(reported)["closed"]


def test_a_contradiction_is_closed_by_name_and_counts_no_more(owner, reported):
    by = policy.read("contradictions: 3")
    assert policies.verdict(reported, by).result == "fail"
    made = policies.close(reported, "D3", "data.label_errors", f"  {WHY}\n", owner)
    assert (made.by, made.reason, made.run) == ("Ines Marchetti", WHY, reported)
    assert contradiction(reported)["closed"]["by"] == "Ines Marchetti"
    assert policies.verdict(reported, by).result == "pass"
    reported.refresh_from_db()
    assert reported.report == sample.document()  # the report itself is as it was judged


def test_it_stays_closed_in_the_next_run_until_the_evidence_is_worse(owner, reported):
    policies.close(reported, "D3", "data.label_errors", WHY, owner)
    again = RunFactory(assessment=reported.assessment, report=sample.document())
    assert contradiction(again)["closed"]
    worse = sample.records()
    labels = next(one for one in worse if one["probe"] == "data.label_errors")["finding"]
    labels.update(value=0.2, low=0.18, high=0.22)
    later = RunFactory(assessment=reported.assessment, report=sample.document(findings=worse))
    assert contradiction(later)["reopened"]["reason"] == WHY
    policies.close(later, "D3", "data.label_errors", "We know, and relabel in May.", owner)
    assert contradiction(later)["closed"]["reason"] == "We know, and relabel in May."
    assert Closing.objects.count() == 2


def test_another_assessments_closing_closes_nothing_here(owner, reported):
    other = RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())
    policies.close(other, "D3", "data.label_errors", WHY, owner)
    assert contradiction(reported)["closed"] is None


@pytest.mark.parametrize(
    ("question", "probe", "reason", "said"),
    [
        ("D3", "data.label_errors", " ", "Say in a sentence"),
        ("D3", "data.label_errors", "ok.", "Say in a sentence"),
        ("D3", "data.label_errors", "why " * 400, "within 1,000"),
        ("D3", "data.drift", WHY, "no contradiction of D3"),
        ("Z1", "data.label_errors", WHY, "no contradiction of Z1"),
    ],
)
def test_a_closing_needs_a_reason_and_a_contradiction(owner, reported, question, probe, reason, said):
    with pytest.raises(actions.Unknown, match=said):
        policies.close(reported, question, probe, reason, owner)
    assert not Closing.objects.exists()


def test_what_is_closed_is_not_closed_twice(owner, reported):
    policies.close(reported, "D3", "data.label_errors", WHY, owner)
    with pytest.raises(actions.Refused, match="Ines Marchetti has closed"):
        policies.close(reported, "D3", "data.label_errors", WHY, owner)


def test_a_password_in_a_reason_is_masked(owner, reported):
    secret = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3kM5"
    policies.close(reported, "D3", "data.label_errors", f"See the export made with {secret}", owner)
    assert secret not in str(Closing.objects.values())


def test_a_snapshot_link_shows_what_was_closed_when_it_was_made(owner, reported):
    policies.close(reported, "D3", "data.label_errors", WHY, owner)
    snapshot, _ = actions.make_share_link(reported)
    latest, _ = actions.make_share_link(reported, snapshot=False)
    later = timezone.now() + timedelta(seconds=5)
    Closing.objects.filter(pk=policies.close(reported, "D5", "data.drift", WHY, owner).pk).update(
        created_at=later
    )

    def closed(link):
        shown = policies.as_shared(link, link.shown())
        return {one["question"] for one in shown["contradictions"] if one["closed"]}

    assert closed(snapshot) == {"D3"}
    assert closed(latest) == {"D3", "D5"}
    hidden, _ = actions.make_share_link(reported, show_answers=False)
    assert policies.as_shared(hidden, hidden.shown())["contradictions"] == []


def test_the_migration_keeps_every_assessment_and_goes_back(owner, reported):
    executor = MigrationExecutor(connection)
    mine = ("assessments", "0004_policies")
    before = [node.key for node in executor.loader.graph.node_map[mine].parents]
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "assessments"]
    try:
        executor.migrate([one for one in before if one[0] == "assessments"])
        tables = connection.introspection.table_names()
        assert not {"assessments_policyversion", "assessments_closing"} & set(tables)
    finally:
        executor.loader.build_graph()
        executor.migrate(newest)
    assert Assessment.objects.get().policy == ""
    assert policies.chosen(reported.assessment).source == "default"
