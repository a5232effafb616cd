# ruff: noqa: E501 - tables read best with an entry a line
"""Forty values that nobody may see again: planted in data, plan and answers, measured, and looked for everywhere."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil

import pytest
from django.apps import apps
from django.urls import reverse

from assessments import actions, storage
from assessments.models import Answers, Job, Plan
from tests.factories import AssessmentFactory
from tests.planting.people import People
from workers import tasks
from workers.probes import catalog

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 200
HEAD = (
    "full_name",
    "mail",
    "phone",
    "ref",
    "account",
    "home_address",
    "remark",
    "amount",
    "shop",
    "password",
    "answer",
)


TOLD = {  # what the owner wrote, which only the owner may read again
    "anna.plan@example.org", "Tr0ub4dor&9zq", "ghp_planPLANplan1234567890PLANplan123456", "GB29NWBK60161331926819",
    "ghp_keyKEYkey1234567890KEYkeyKEYkeyKEY12", "xK9plan-answer!7", "anna.answer@example.org", "4111 1111 1111 1111",
}  # fmt: skip
FILE = "Katharina_Lindqvist k.lindqvist@example.org export"  # what the owner called the upload
PLAN = {
    "project": "Churn, ask anna.plan@example.org about it",
    "data": {"path": "postgres://shop:Tr0ub4dor&9zq@db.example.org/orders"},
    "model": {"options": {"api_key": "ghp_planPLANplan1234567890PLANplan123456"}},
    "billing": {"account": "GB29NWBK60161331926819"},
    "ghp_keyKEYkey1234567890KEYkeyKEYkeyKEY12": {"deep": {"password": "Tr0ub4dor&9zq"}},
}
ANSWERS = {
    "D1": {"unknown": True, "note": "The password is xK9plan-answer!7, or write to anna.answer@example.org."},
    "D2": {"not_applicable": "Paid with the card 4111 1111 1111 1111 by the shop."},
}


@pytest.fixture
def canaries() -> tuple[bytes, set[str]]:
    """A table in which every probe has a reason to show a cell, and forty cells of it that must not be shown."""
    people = People(3)
    made = {kind: [people.value(kind) for _ in range(ROWS)] for kind in ("name", "email", "iban", "address")}
    ssn = [people.fakes["en_US"].ssn() for _ in range(ROWS)]
    phones = [people.fakes["de_DE"].phone_number() for _ in range(ROWS)]
    names = list(made["name"])
    names[10], names[12] = names[11] + " ", names[13].upper()  # spelling variants
    remarks = [people.sentence() for _ in range(ROWS)]
    secrets = []
    for row in range(0, 80, 10):
        secret, text = people.secret()
        secrets.append(secret)
        remarks[row] += f" {text}"
    remarks[5] += f" Write to {made['email'][5]} or pay into {made['iban'][5]}."
    amounts = [f"{value:.2f}" for value in people.rng.normal(50, 9, ROWS)]
    amounts[7], amounts[8], amounts[9] = made["email"][7], ssn[8], made["iban"][9]  # words among numbers
    shops = [("North", "South", "West")[row % 3] for row in range(ROWS)]
    shops[15] = made["email"][15]  # a rare category
    passwords = [people.drawn("abcdefghkmnp", 6) + f"R{row}!" for row in range(ROWS)]
    answers = ["yes" if row * 7 % 5 < 2 else "no" for row in range(ROWS)]
    rows = list(zip(names, made["email"], phones, ssn, made["iban"], made["address"], remarks, amounts, shops,
                    passwords, answers, strict=True))  # fmt: skip
    rows += rows[:10] + [
        (*row[:-1], "no" if row[-1] == "yes" else "yes") for row in rows[5:25]
    ]  # copies, conflicts
    out = io.StringIO()
    csv.writer(out).writerows([HEAD, *rows])
    planted = {
        *names[10:14], *made["name"][10:14], *made["email"][5:18], *made["iban"][5:10], *ssn[5:10], *phones[5:9],
        *made["address"][5:9], *passwords[5:9], *secrets,
    }  # fmt: skip
    assert len(planted) >= 40
    return out.getvalue().encode(), {one.strip() for one in planted}


def hits(canaries: set[str], text: str) -> list[str]:
    return sorted(one for one in canaries if one in text or json.dumps(one)[1:-1] in text)


def test_no_planted_value_is_in_the_database_the_logs_or_the_report(
    canaries, client, monkeypatch, caplog, capfd
):
    data, planted = canaries
    secret = next(
        one
        for one in planted
        if one.startswith(("ghp_", "sk_", "AKIA", "glpat", "SG.", "npm_", "sk-", "xox"))
    )
    caplog.set_level(logging.DEBUG)
    sent: list[str] = []
    monkeypatch.setattr(Job, "publish", lambda job: sent.append(str(job.pk)))
    assessment = AssessmentFactory(targets=["answer"])
    actions.add_file(assessment, io.BytesIO(data), f"{FILE}.csv")
    plan = actions.save_plan(assessment, PLAN)
    answers = actions.save_answers(assessment, ANSWERS)
    planted |= TOLD | {"Katharina", "Lindqvist", "k.lindqvist@example.org"}
    assert len(planted) >= 43
    # Time enough for whatever shows a cell; searches over settings of a model stop there.
    run = actions.start_run(assessment, catalog.ACTIVE, seconds_a_probe=6.0)
    while sent:
        tasks.run_job(sent.pop(0))
    run.refresh_from_db()
    assert run.report is not None
    found = {one["probe"]: one for one in run.report["findings"]}
    assert {"email", "name", "iban"} <= {
        e["kind"] for e in found["security.personal_data"]["facts"]["by_column"]
    }
    assert found["security.secrets"]["value"] >= 12
    elsewhere = {(one["where"], one["key"]) for one in found["security.secrets"]["facts"]["elsewhere"]}
    assert elsewhere == {
        ("plan", "data.path"), ("plan", "model.options.api_key"), ("plan", "ghp_***"),
        ("plan", "ghp_***.deep.password"), ("answers", "D1.note"),
    }  # fmt: skip
    _, token = actions.make_share_link(run, show_samples=True, show_answers=True)
    _, latest = actions.make_share_link(run, snapshot=False, show_samples=True, show_answers=True)
    assert all(hits(TOLD, str(kept)) for kept in (plan.source, answers.values))  # their owner may change them
    assert hits(planted, json.dumps(plan.not_read)) == []
    rows = [
        str(row)
        for model in apps.get_app_config("assessments").get_models()
        if model not in (Plan, Answers)
        for row in model.objects.values()
    ]
    assert hits(planted, "\n".join(rows)) == []
    for one in (token, latest):
        for name in ("assessments:shared-report", "shared-report-data"):
            page = client.get(reverse(name, args=[one]))
            assert page.status_code == 200, name
            assert hits(planted, page.content.decode()) == [], name
    client.force_login(assessment.created_by)
    for name in ("run-report", "run-report-data", "run-detail"):
        page = client.get(reverse(f"assessments:{name}", args=[run.pk]))
        assert page.status_code == 200, name
        assert hits(planted, page.content.decode()) == [], name
    printed = capfd.readouterr()
    assert hits(planted, caplog.text + printed.out + printed.err) == []
    assert secret in data.decode()
    shutil.rmtree(storage.prepared(run.prepared_key), ignore_errors=True)
