"""One request that takes the whole way, as a CI job would send it."""

from __future__ import annotations

import io

from assessments.models import Assessment, Run
from tests.api.test_way import CSV


def named(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def send(api, **parts):
    return api.post("/api/v1/checks/", parts, format="multipart")


def test_files_plan_answers_and_targets_become_a_run(api, published):
    made = send(
        api,
        file=[named(CSV, "train.csv"), named(CSV, "test.csv")],
        plan=named(b"training: {epochs: 3}", "plan.yaml"),
        answers=named(b'{"D1": "yes"}', "answers.json"),
        target=["kind"],
    )
    assert made.status_code == 202, made.data
    run = Run.objects.select_related("assessment__plan", "assessment__answers").get(pk=made.data["run"])
    assert run.assessment.name == "train.csv"
    assert [file["name"] for file in run.assessment.files] == ["train.csv", "test.csv"]
    assert run.targets == ["kind"]
    assert run.assessment.plan.document["training"] == {"epochs": 3}
    assert run.assessment.answer_values == {"D1": {"value": "yes"}}
    assert published  # its first job is on the way
    assert made.data["page"].endswith(f"/runs/{run.pk}/")


def test_no_address_that_a_file_is_called_after_is_kept(api, published):
    first, second = "rolf.kern@posteo-mail.net.csv", "rita.kurz@posteo-mail.net.csv"
    made = send(api, file=[named(CSV, first), named(CSV + b"1,2,a\n", second)])
    assert made.status_code == 202, made.data
    run = Run.objects.select_related("assessment").get(pk=made.data["run"])
    assert run.assessment.name == "r***@***.csv"
    assert [file["name"] for file in run.assessment.files] == ["r***@***.csv"] * 2


def test_a_wrong_part_is_one_sentence_and_nothing_is_kept(api):
    wrong = {
        "learning_rate": {"plan": named(b"training: {learning_rate: fast}", "plan.yaml")},
        "picture.csv": {"file": named(b"\x89PNG\r\n\x1a\n" + bytes(64), "picture.csv")},
        "D99": {"answers": named(b'{"D99": "yes"}', "answers.json")},
        "data.weather": {"probes": ["data.weather"]},
    }
    for word, parts in wrong.items():
        answer = send(api, **{"file": named(CSV, "train.csv"), **parts})
        assert answer.status_code == 400, (word, answer.data)
        assert word in answer.data["detail"]
    assert not Assessment.objects.exists()


def test_nothing_at_all_is_refused(api):
    answer = send(api, name="Empty")
    assert answer.status_code == 409
    assert "nothing to assess" in answer.data["detail"]
    assert not Assessment.objects.exists()


def test_without_a_token_nothing_is_taken(api):
    api.credentials()
    assert send(api, file=named(CSV, "train.csv")).status_code == 401
