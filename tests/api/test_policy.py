"""Policies and contradictions over the API, as a CI job and as a script of the team meet them."""

from __future__ import annotations

import pytest

from assessments import policies
from assessments.models import Closing, PolicyVersion
from tests import disputed
from tests.disputed import WHY
from tests.factories import AssessmentFactory, RunFactory, UserFactory

LENIENT = "levels: {overall: critical}\nevidence_days: 3650\n"


@pytest.fixture
def run(user):
    return disputed.reported(user)


@pytest.fixture
def place(run) -> str:
    return f"/api/v1/runs/{run.pk}/"


def sent(api, method, path, text, kind="application/yaml"):
    return api.generic(method, path, text, kind)


def test_a_run_has_a_verdict_under_the_policy_of_its_workspace(api, place, user, run):
    found = api.get(place + "policy/")
    assert found.status_code == 200
    assert (found.data["result"], found.data["policy"]) == ("fail", "Product feature")
    assert all(one["reason"].endswith(".") for one in found.data["conditions"])
    policies.save(run.assessment.workspace, LENIENT, user)
    assert api.get(place + "policy/").data["result"] == "pass"


def test_a_policy_sent_along_judges_and_is_not_kept(api, place):
    found = sent(api, "POST", place + "policy/", LENIENT)
    assert (found.status_code, found.data["result"], found.data["of"]) == (200, "pass", 2)
    assert sent(api, "POST", place + "policy/", "extends: safety").data["policy"] == "Safety"
    asked = sent(api, "POST", place + "policy/", '{"coverage": 0.99}', "application/json")
    assert asked.data["result"] == "inconclusive"
    assert not PolicyVersion.objects.exists()


def test_what_curl_sends_without_a_type_is_read_too(api, place):
    found = sent(api, "POST", place + "policy/", LENIENT, "application/x-www-form-urlencoded")
    assert found.data["result"] == "pass"


def test_a_shell_script_finds_the_result_at_the_beginning(api, place):
    for text, result in ((LENIENT, "pass"), ("extends: safety", "fail"), ("coverage: 99%", "inconclusive")):
        answer = sent(api, "POST", place + "policy/", text).content.decode()
        assert answer.startswith(f'{{"result":"{result}"')


@pytest.mark.parametrize(
    ("text", "named"), [("levls: {}", "did you mean levels?"), ("", "empty"), ("a: [", "not valid YAML")]
)
def test_a_policy_that_cannot_be_read_is_one_sentence(api, place, text, named):
    answer = sent(api, "POST", place + "policy/", text)
    assert answer.status_code == 400
    assert named in answer.data["detail"]
    assert sent(api, "PUT", "/api/v1/policy/", text).status_code == 400
    assert not PolicyVersion.objects.exists()


def test_before_the_report_is_there_everything_waits(api, user):
    place = f"/api/v1/runs/{RunFactory(assessment__created_by=user).pk}/"
    assert api.get(place + "policy/").status_code == 409
    assert sent(api, "POST", place + "policy/", LENIENT).status_code == 409
    assert api.get(place + "contradictions/").status_code == 409
    closing = {"question": "D3", "probe": "data.label_errors", "reason": WHY}
    assert api.post(place + "contradictions/", closing, format="json").status_code == 409


def test_the_workspaces_policy_is_read_saved_and_kept_in_versions(api, user):
    first = api.get("/api/v1/policy/").data
    assert (first["version"], first["name"], first["by"]) == (0, "Product feature", None)
    assert [one["id"] for one in first["presets"]] == [
        "internal-tool", "product-feature", "decision-about-people", "safety"
    ]  # fmt: skip
    assert sent(api, "PUT", "/api/v1/policy/", LENIENT).data["version"] == 1
    second = sent(api, "PUT", "/api/v1/policy/", first["presets"][3]["text"]).data
    assert (second["version"], second["name"], second["by"]) == (2, "Safety", "ada")
    assert [(one["version"], one["name"]) for one in second["history"]] == [
        (2, "Safety"),
        (1, "Our own policy"),
    ]
    broken = sent(api, "PUT", "/api/v1/policy/", b"\xff\xfe\x00x")
    assert (broken.status_code, PolicyVersion.objects.count()) == (400, 2)


def test_an_assessment_chooses_a_preset(api, run, place):
    row = f"/api/v1/assessments/{run.assessment_id}/"
    assert api.get(row).data["policy"] == ""
    assert api.patch(row, {"policy": "safety"}, format="json").data["policy"] == "safety"
    assert api.get(place + "policy/").data["policy"] == "Safety"
    wrong = api.patch(row, {"policy": "none", "name": "Changed"}, format="json")
    assert (wrong.status_code, "internal-tool" in wrong.data["detail"]) == (400, True)
    assert api.get(row).data["name"] == run.assessment.name  # nothing of it was taken
    made = api.post("/api/v1/assessments/", {"name": "New", "policy": "internal-tool"}, format="json")
    assert made.data["policy"] == "internal-tool"


def test_a_contradiction_is_closed_with_a_reason_in_ones_own_name(api, place):
    assert len(api.get(place + "contradictions/").data) == 4
    closing = {"question": "D3", "probe": "data.label_errors", "reason": WHY}
    made = api.post(place + "contradictions/", closing, format="json")
    assert made.status_code == 201
    assert made.data[-1]["closed"]["by"] == "ada"
    assert made.data[-1]["closed"]["reason"] == WHY
    assert api.post(place + "contradictions/", closing, format="json").status_code == 409
    for wrong in ({**closing, "reason": ""}, {**closing, "reason": "?"}, {**closing, "probe": "data.types"}):
        answer = api.post(place + "contradictions/", wrong, format="json")
        assert (answer.status_code, type(answer.data["detail"])) == (400, str)
    assert Closing.objects.count() == 1
    failed = sent(api, "POST", place + "policy/", "contradictions: 2").data["conditions"][0]
    assert failed["reason"] == "3 contradictions are still to be explained, about S1 and D5."


def test_a_workspace_never_sees_anothers_policy(api, stranger, run, user):
    sent(api, "PUT", "/api/v1/policy/", LENIENT)
    assert stranger.get("/api/v1/policy/").data["version"] == 0
    assert stranger.get(f"/api/v1/runs/{run.pk}/policy/").status_code == 404
    closing = {"question": "D3", "probe": "data.label_errors", "reason": WHY}
    assert stranger.post(f"/api/v1/runs/{run.pk}/contradictions/", closing).status_code == 404
    assert not Closing.objects.exists()


def test_an_owner_opens_a_contradiction_again_and_an_editor_does_not(api, place, run, user):
    asked = {"question": "D3", "probe": "data.label_errors", "reason": WHY}
    assert api.post(place + "contradictions/", asked, format="json").status_code == 201
    user.memberships.update(role="editor")
    other = UserFactory(workspace=run.assessment.workspace)
    other.memberships.update(role="owner")
    refused = api.post(place + "contradictions/reopen/", asked, format="json")
    assert (refused.status_code, refused.data["detail"][:13]) == (403, "Only an owner")
    policy_refused = sent(api, "PUT", "/api/v1/policy/", LENIENT)
    assert policy_refused.status_code == 403
    user.memberships.update(role="owner")
    done = api.post(place + "contradictions/reopen/", asked, format="json")
    assert done.status_code == 201
    assert disputed.contradiction({"contradictions": done.data})["closed"] is None


def test_an_answer_that_was_taken_back_is_listed_and_cleared_with_a_reason(api, stranger, user):
    assessment = AssessmentFactory(created_by=user)
    place = f"/api/v1/assessments/{assessment.pk}/"
    assert api.get(place + "withdrawn/").data == []
    api.patch(place + "answers/", {"S9": "nobody"}, format="json")
    assessment.refresh_from_db()
    RunFactory(assessment=assessment, answers=assessment.answers, report={"rules": "2026.5"})
    api.patch(place + "answers/", {"S9": None}, format="json")
    (one,) = api.get(place + "withdrawn/").data
    assert (one["id"], one["was"], one["by"], one["cleared"]) == ("S9", {"value": "nobody"}, "ada", None)
    assert api.post(place + "withdrawn/", {"question": "S9", "reason": "-"}, format="json").status_code == 400
    assert (
        stranger.post(place + "withdrawn/", {"question": "S9", "reason": WHY}, format="json").status_code
        == 404
    )
    done = api.post(place + "withdrawn/", {"question": "S9", "reason": WHY}, format="json")
    assert (done.status_code, done.data[0]["cleared"]["by"]) == (201, "ada")
    assert api.post(place + "withdrawn/", {"question": "S9", "reason": WHY}, format="json").status_code == 409
