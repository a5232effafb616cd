"""Page routes, named noun-verb."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from assessments.views import (
    account,
    assessment,
    history,
    method,
    outcome,
    policy,
    question,
    report,
    run,
    share,
)

app_name = "assessments"

urlpatterns = [
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("settings/api/", account.tokens, name="token-list"),
    path("settings/api/<str:key>/off/", account.token_off, name="token-off"),
    path("settings/policy/", policy.edit, name="policy"),
    path("settings/policy/check/", policy.check, name="policy-check"),
    path("", assessment.listing, name="assessment-list"),
    path("assessments/new/", assessment.new, name="assessment-new"),
    path("assessments/<uuid:pk>/", assessment.detail, name="assessment-detail"),
    path("assessments/<uuid:pk>/files/", assessment.file_add, name="file-add"),
    path("assessments/<uuid:pk>/artefacts/", assessment.artefact_add, name="artefact-add"),
    path("assessments/<uuid:pk>/files/remove/", assessment.file_remove, name="file-remove"),
    path("assessments/<uuid:pk>/plan/", assessment.plan_save, name="plan-save"),
    path("assessments/<uuid:pk>/policy/", policy.choose, name="policy-choose"),
    path("assessments/<uuid:pk>/check/", question.check, name="answers-check"),
    path("assessments/<uuid:pk>/questions/<str:section>/<int:number>/", question.question, name="question"),
    path(
        "assessments/<uuid:pk>/questions/<str:section>/<int:number>/clear/",
        question.clear,
        name="answer-clear",
    ),
    path("assessments/<uuid:pk>/runs/", run.start, name="run-start"),
    path("assessments/<uuid:pk>/compare/", history.compare, name="run-compare"),
    path("assessments/<uuid:pk>/compare/anew/", history.judge_anew, name="judge-anew"),
    path("assessments/<uuid:pk>/close/", outcome.close, name="outcome-close"),
    path("assessments/<uuid:pk>/reopen/", outcome.reopen, name="outcome-reopen"),
    path("outcomes/", outcome.listing, name="outcome-list"),
    path("runs/<uuid:pk>/", run.detail, name="run-detail"),
    path("runs/<uuid:pk>/progress/", run.progress, name="run-progress"),
    path("runs/<uuid:pk>/report/", report.report, name="run-report"),
    path("runs/<uuid:pk>/report.json", report.report_json, name="run-report-data"),
    path("runs/<uuid:pk>/figures.json", report.figures, name="run-figures"),
    path("runs/<uuid:pk>/figures/<slug:dimension>/", report.more, name="run-more"),
    path("runs/<uuid:pk>/what-if/", report.what_if, name="what-if"),
    path("runs/<uuid:pk>/frameworks/", report.frameworks, name="run-frameworks"),
    path("runs/<uuid:pk>/contradictions/", report.close, name="contradiction-close"),
    path("runs/<uuid:pk>/contradictions/reopen/", report.reopen, name="contradiction-reopen"),
    path("runs/<uuid:pk>/share/", share.create, name="share-create"),
    path("runs/<uuid:pk>/cancel/", run.cancel, name="run-cancel"),
    path("jobs/<uuid:pk>/retry/", run.job_retry, name="job-retry"),
    path("links/", share.listing, name="share-list"),
    path("links/<uuid:pk>/off/", share.off, name="share-off"),
    path("s/<str:token>/", share.shared, name="shared-report"),
    path("s/<str:token>/figures.json", share.figures, name="shared-figures"),
    path("s/<str:token>/figures/<slug:dimension>/", share.more, name="shared-more"),
    path("s/<str:token>/frameworks/", share.frameworks, name="shared-frameworks"),
    path("method/", method.method, name="method"),
    path("method/<str:version>/", method.method, name="method-version"),
]
