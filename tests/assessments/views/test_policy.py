"""The policy's page, the panel on a report, and the form that closes a contradiction; none needs a script."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from assessments import actions, policies
from assessments.models import Closing, PolicyVersion
from assessments.scoring import policy
from tests import disputed
from tests.assessments.dashboards import sample
from tests.disputed import WHY
from tests.factories import AssessmentFactory, RunFactory, UserFactory

PAGE = "/settings/policy/"


@pytest.fixture
def owner(db):
    return disputed.ines()


@pytest.fixture
def run(owner):
    return disputed.reported(owner)


@pytest.fixture
def team(client, owner):
    client.force_login(owner)
    return client


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def editor(response) -> str:
    return text_of(response).partition('name="text"')[2].partition(">")[2].partition("</textarea>")[0].strip()


def report_of(team, run) -> str:
    return text_of(team.get(reverse("assessments:run-report", args=[run.pk])))


# -- the editor ---------------------------------------------------------------------------------------
def test_it_opens_with_the_policy_that_counts_held_against_the_newest_report(team, run):
    page = team.get(PAGE)
    assert editor(page) == policy.preset_text("product-feature").strip()
    assert "Nobody has saved a policy yet" in text_of(page)
    assert "Fail" in text_of(page)
    assert "No stop sign" in text_of(page)


def test_without_a_report_the_conditions_are_counted(team):
    assert "15 conditions. Once this workspace has a report" in text_of(team.get(PAGE))


def test_a_saved_policy_is_a_version_in_the_name_of_who_saved_it(team, owner):
    done = team.post(PAGE, {"text": "extends: safety\r\nname: Ours", "base": "0", "save": "yes"}, follow=True)
    assert "The policy is saved as version 1." in text_of(done)
    assert "saved by Ines Marchetti on" in text_of(done)
    (row,) = PolicyVersion.objects.all()
    assert (row.text, row.name, row.created_by) == ("extends: safety\nname: Ours\n", "Ours", owner)


def test_a_text_that_is_no_policy_comes_back_as_it_was_typed_and_the_saved_one_counts(team, owner, run):
    policies.save(run.assessment.workspace, "coverage: 50%", owner)
    typed = "levls: {overall: low}\nfaults: {secrt: low}"
    page = team.post(PAGE, {"text": typed, "base": "1", "save": "yes"})
    assert page.status_code == 422
    assert editor(page) == typed
    assert 'There is no key "levls"; did you mean levels?' in text_of(page)
    assert 'faults: there is no fault "secrt"; did you mean secret?' in text_of(page)
    assert "<title>Error: Policy" in text_of(page)
    assert policies.text_of(run.assessment.workspace) == "coverage: 50%\n"


@pytest.mark.parametrize("id", policy.PRESETS)
def test_a_preset_fills_the_editor_and_saves_nothing(team, id):
    page = team.post(PAGE, {"text": policy.preset_text("safety"), "preset": id})
    assert editor(page) == policy.preset_text(id).strip()
    assert "It counts once you save it" in text_of(page)
    assert not PolicyVersion.objects.exists()


def test_what_stood_in_the_editor_before_a_preset_can_be_taken_back(team):
    page = team.post(PAGE, {"text": "coverage: 12%", "preset": "safety"})
    assert "Your text before" in text_of(page)
    back = team.post(PAGE, {"text": "x", "before": "coverage: 12%", "take": "before"})
    assert editor(back) == "coverage: 12%"
    assert "Your text before" not in text_of(team.post(PAGE, {"text": "", "preset": "safety"}))
    assert editor(team.post(PAGE, {"text": "coverage: 12%", "preset": "nothing"})) == "coverage: 12%"


def test_an_older_version_can_be_put_back_into_the_editor(team, owner, run):
    workspace = run.assessment.workspace
    policies.save(workspace, "coverage: 50%", owner)
    policies.save(workspace, "coverage: 60%", owner)
    page = team.post(PAGE, {"text": "coverage: 60%", "version": "1"})
    assert editor(page) == "coverage: 50%"
    assert policies.text_of(workspace) == "coverage: 60%\n"
    assert team.post(PAGE, {"text": "", "version": "9"}).status_code == 404
    assert team.post(PAGE, {"text": "", "version": "x"}).status_code == 404


def test_who_saves_over_somebody_else_sees_both_texts(team, owner, run):
    other = UserFactory(username="ada", workspace=run.assessment.workspace)
    other.memberships.update(role="owner")
    policies.save(run.assessment.workspace, "coverage: 50%", other)
    page = team.post(PAGE, {"text": "coverage: 90%", "base": "0", "save": "yes"})
    assert page.status_code == 409
    assert editor(page) == "coverage: 90%"
    assert "ada saved version 1 meanwhile" in text_of(page)
    assert "coverage: 50%" in text_of(page)
    assert PolicyVersion.objects.count() == 1
    again = team.post(PAGE, {"text": "coverage: 90%", "base": "1", "save": "yes"})
    assert again.status_code == 302


def test_checking_tells_the_result_on_the_chosen_report_and_saves_nothing(team, run):
    other = RunFactory(
        assessment=AssessmentFactory(created_by=run.assessment.created_by),
        report=sample.document(findings=[]),
    )
    said = {}
    for one in (run, other):
        fields = {"text": "faults: {backdoor: high}", "run": str(one.pk)}
        said[one] = text_of(team.post(PAGE + "check/", fields))
        page = text_of(team.post(PAGE, {**fields, "check": "yes"}))
        assert said[one].partition("<ul")[2] in page
    assert "Fail." in said[run]
    assert "“Planted triggers” found it" in said[run]
    assert "Inconclusive." in said[other]
    assert "This cannot be saved yet." in text_of(team.post(PAGE + "check/", {"text": "levls: {}"}))
    assert not PolicyVersion.objects.exists()


def test_a_policy_is_for_its_team_alone(client, run, owner):
    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE + "check/", {"text": "coverage: 1%"}).status_code == 302
    policies.save(run.assessment.workspace, "name: Ours alone\ncoverage: 50%", owner)
    client.force_login(UserFactory())
    assert "Ours alone" not in text_of(client.get(PAGE))
    checked = text_of(client.post(PAGE + "check/", {"text": "coverage: 1%", "run": str(run.pk)}))
    assert "1 condition. Once this workspace has a report" in checked
    choose = reverse("assessments:policy-choose", args=[run.assessment_id])
    assert client.post(choose, {"policy": "safety"}).status_code == 404


def test_words_of_a_policy_cannot_become_markup(team):
    page = team.post(
        PAGE, {"text": "name: '</textarea><script>alert(1)</script>'\ncoverage: 1%", "save": "yes"}
    )
    assert page.status_code == 302
    for response in (team.get(PAGE), team.post(PAGE, {"text": "</textarea><script>alert(1)", "save": "yes"})):
        assert "<script>alert" not in response.content.decode()


# -- an assessment's choice, and the panel on its report ----------------------------------------------
def test_an_assessment_is_held_against_the_preset_that_is_chosen_for_it(team, run):
    assert "Policy: product feature, " in report_of(team, run)
    choose = reverse("assessments:policy-choose", args=[run.assessment_id])
    page = text_of(team.post(choose, {"policy": "decision-about-people"}, follow=True))
    assert '<option value="decision-about-people" selected>' in page
    report = report_of(team, run)
    assert "Policy: decision about people, " in report
    assert "A preset that was chosen for this assessment." in report
    refused = text_of(team.post(choose, {"policy": "anything"}, follow=True))
    assert 'There is no preset "anything"' in refused


def test_the_panel_counts_what_is_met_and_gives_a_reason_for_each(team, run, owner):
    policies.save(
        run.assessment.workspace,
        "name: Ours\ncoverage: 50%\nfaults: {backdoor: high, mojibake: low}\n"
        "evidence_days: 3650\nstop_signs: 0",
        owner,
    )
    report = report_of(team, run)
    assert "Policy: Ours, 3 of 5 conditions met" in report
    assert "The check “Planted triggers” found it, of high severity." in report
    assert "89% of the risks are known." in report
    assert "3 conditions met</summary>" in report


def test_a_policy_that_cannot_be_read_any_more_is_told_on_the_report(team, run):
    PolicyVersion.objects.create(
        workspace=run.assessment.workspace, version=1, text="faults: {gone: low}", name="a"
    )
    assert 'there is no fault "gone"' in report_of(team, run)
    assert team.get(PAGE).status_code == 200
    assert team.get(reverse("assessments:assessment-detail", args=[run.assessment_id])).status_code == 200


def test_readers_of_a_link_see_no_policy(team, run):
    _, token = actions.make_share_link(run)
    page = text_of(team.get(reverse("assessments:shared-report", args=[token])))
    assert "conditions met" not in page
    assert 'id="policy"' not in page


# -- contradictions -----------------------------------------------------------------------------------
def closing(run, **changes):
    fields = {"question": "D3", "against": "data.label_errors", "reason": WHY, **changes}
    return reverse("assessments:contradiction-close", args=[run.pk]), fields


def test_a_member_closes_a_contradiction_with_name_date_and_reason(team, run):
    report = report_of(team, run)
    assert report.count('name="against"') == 4
    done = text_of(team.post(*closing(run), follow=True))
    (row,) = Closing.objects.all()
    assert f"Closed by Ines Marchetti on {row.created_at:%-d %B %Y}:" in done
    assert WHY in done
    assert done.count('name="against"') == 4
    assert done.count("Why do they differ?") == 3
    assert done.count("Why must it be explained again?") == 1


def test_a_reason_that_says_nothing_comes_back_as_it_was_typed(team, run):
    page = team.post(*closing(run, reason="ok!"))
    assert page.status_code == 422
    assert ">ok!</textarea>" in text_of(page)
    assert text_of(page).count("Say in a sentence why the answer and the measurement differ.") == 2
    assert "<title>Error: " in text_of(page)
    assert not Closing.objects.exists()


def test_what_is_no_contradiction_or_closed_already_is_said(team, run):
    gone = text_of(team.post(*closing(run, question="Z9"), follow=True))
    assert "This report has no contradiction of Z9" in gone
    team.post(*closing(run))
    assert "Ines Marchetti has closed this contradiction already." in text_of(
        team.post(*closing(run), follow=True)
    )
    assert Closing.objects.count() == 1


def test_what_is_closed_is_no_longer_counted_in_the_summary(team, run, owner):
    """Two of the four speak against one answer, which is counted once, and as long as one of them is open."""
    assert [one["question"] for one in run.report["contradictions"]] == ["S1", "S1", "D3", "D5"]
    assert "3 answers do not match what was measured." in report_of(team, run)
    policies.close(run, "S1", "security.secrets", WHY, owner)
    assert "3 answers do not match what was measured." in report_of(team, run)
    policies.close(run, "D3", "data.label_errors", WHY, owner)
    page = report_of(team, run)
    assert "2 answers do not match what was measured." in page
    assert "3 answers do not match" not in page


def reopening(run, **changes):
    return reverse("assessments:contradiction-reopen", args=[run.pk]), closing(run, **changes)[1]


def test_an_owner_opens_it_again_and_the_page_tells_both_reasons(team, run, owner):
    policies.close(run, "D3", "data.label_errors", WHY, owner)
    empty = team.post(*reopening(run, reason="no"))
    assert empty.status_code == 422
    assert "Say in a sentence why this has to be explained again." in text_of(empty)
    done = text_of(team.post(*reopening(run, reason="It was another delivery."), follow=True))
    assert "Open again, because Ines Marchetti took that back: It was another delivery." in done
    assert WHY in done
    assert done.count("Why do they differ?") == 4
    assert "is open already" in text_of(team.post(*reopening(run), follow=True))


def test_who_is_no_owner_sees_no_form_and_opens_nothing(client, run, owner):
    policies.close(run, "D3", "data.label_errors", WHY, owner)
    client.force_login(UserFactory(workspace=run.assessment.workspace))
    assert "Why must it be explained again?" not in report_of(client, run)
    assert "Only an owner of the workspace" in text_of(client.post(*reopening(run), follow=True))
    assert "Closed by Ines Marchetti" in report_of(client, run)


def test_who_is_no_owner_may_try_a_policy_and_not_save_it(client, run):
    client.force_login(UserFactory(workspace=run.assessment.workspace))
    page = text_of(client.get(PAGE))
    assert "Save the policy" not in page
    assert "Only an owner of the workspace can save it" in page
    said = client.post(PAGE, {"text": "coverage: 50%", "base": "0", "save": "yes"})
    assert said.status_code == 403
    assert editor(said) == "coverage: 50%"
    detail = reverse("assessments:assessment-detail", args=[run.assessment_id])
    assert "Only an owner of the workspace can change this" in text_of(client.get(detail))
    choose = reverse("assessments:policy-choose", args=[run.assessment_id])
    assert "Only an owner" in text_of(client.post(choose, {"policy": "internal-tool"}, follow=True))
    assert not PolicyVersion.objects.exists()
    run.assessment.refresh_from_db()
    assert run.assessment.policy == ""


def test_opening_the_forms_address_leads_to_the_report(team, run, owner):
    address, _ = closing(run)
    assert team.get(address).url == reverse("assessments:run-report", args=[run.pk])
    waiting = RunFactory(assessment=run.assessment)
    assert team.post(*closing(waiting)).url == reverse("assessments:run-detail", args=[waiting.pk])


def test_worse_evidence_shows_it_open_again_with_what_was_said_before(team, run, owner):
    made = policies.close(run, "D3", "data.label_errors", WHY, owner)
    made.seen["measured"]["data.label_errors"]["value"] /= 10
    made.save()
    report = report_of(team, run)
    assert "Open again, because the measurement is worse than it was then." in report
    assert WHY in report


def test_strangers_close_nothing(client, run):
    assert client.post(*closing(run)).status_code == 302
    client.force_login(UserFactory())
    assert client.post(*closing(run)).status_code == 404
    assert not Closing.objects.exists()


def test_a_link_shows_who_closed_it_and_no_form(team, run, owner):
    policies.close(run, "D3", "data.label_errors", WHY, owner)
    _, token = actions.make_share_link(run)
    page = text_of(team.get(reverse("assessments:shared-report", args=[token])))
    assert "Closed by Ines Marchetti" in page
    assert 'name="reason"' not in page


def test_a_reason_cannot_become_markup(team, run):
    team.post(*closing(run, reason="<script>alert(1)</script> is why it differs"))
    raw = team.get(reverse("assessments:run-report", args=[run.pk])).content.decode()
    assert "alert(1)" in raw
    assert "<script>alert" not in raw
