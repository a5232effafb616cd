"""The way through as a program goes it: token, assessment, files, plan, answers, run, report, link."""

from __future__ import annotations

import io
import json

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from assessments.models import Assessment, Job, Run, ShareLink
from tests.models.conftest import FOUND
from workers.probes import catalog

CSV = (
    b"size,colour,kind\n"
    + b"\n".join(b"%d,red,%s" % (i, b"ab"[i % 2 : i % 2 + 1]) for i in range(40))
    + b"\n"
)


def upload(data: bytes = CSV, name: str = "train.csv") -> dict:
    file = io.BytesIO(data)
    file.name = name
    return {"file": file}


@pytest.fixture
def place(api) -> str:
    made = api.post("/api/v1/assessments/", {"name": "Loans", "targets": ["kind"]})
    assert made.status_code == 201, made.data
    return f"/api/v1/assessments/{made.data['id']}/"


@pytest.fixture
def done(api, place) -> str:
    """The address of a run that is complete."""
    api.put(place + "answers/", {"D1": "yes"})
    run = api.post(place + "runs/", {"probes": ["hardware.memory"]}).data
    Job.objects.claim(run["jobs"][0]["id"]).finish(FOUND)
    return f"/api/v1/runs/{run['id']}/"


def test_a_name_and_a_password_give_a_token_that_works_and_that_no_row_holds(user):
    from knox.models import AuthToken

    client = APIClient()
    made = client.post("/api/v1/token/", {"username": "ada", "password": "correct horse battery"})
    assert made.status_code == 201
    assert made.data["token"].startswith("rbk_")
    assert made.data["token"] not in str(AuthToken.objects.values())
    client.credentials(HTTP_AUTHORIZATION=f"Token {made.data['token']}")
    assert client.get("/api/v1/assessments/").status_code == 200
    assert client.delete("/api/v1/token/").status_code == 204
    assert client.get("/api/v1/assessments/").status_code == 401


def test_a_wrong_token_and_no_token_get_one_sentence(user):
    client = APIClient()
    assert client.get("/api/v1/assessments/").json()["detail"].startswith("Sign in")
    client.credentials(HTTP_AUTHORIZATION="Token rbk_wrong")
    wrong = client.get("/api/v1/assessments/")
    assert wrong.status_code == 401
    assert "not valid" in wrong.json()["detail"]


def test_guessing_passwords_ends_after_ten_tries(user):
    cache.clear()
    client = APIClient()
    guess = {"username": "ada", "password": "wrong"}
    codes = [client.post("/api/v1/token/", guess).status_code for _ in range(12)]
    assert codes[:9] == [403] * 9
    assert codes[-1] == 429
    right = {"username": "ada", "password": "correct horse battery"}
    assert client.post("/api/v1/token/", right).status_code == 429


def test_a_file_is_stored_by_its_content_and_listed_under_its_name(api, place):
    made = api.post(place + "files/", upload(name="../../etc/train.csv"), format="multipart")
    assert made.status_code == 201, made.data
    (file,) = made.data["files"]
    assert (file["name"], file["bytes"], file["kind"]) == ("train.csv", len(CSV), "csv")
    assert api.get(place).data["files"] == [file]
    again = api.post(place + "files/", upload(), format="multipart")
    assert len(again.data["files"]) == 1
    assert api.delete(f"{place}files/{file['sha256']}/").data["files"] == []
    assert api.delete(f"{place}files/{file['sha256']}/").status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "train.csv", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "train.csv", "PNG"),
        (b"MZ" + b"\0" * 100, "train.csv", "Windows"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_not_kept(api, place, data, name, words):
    answer = api.post(place + "files/", upload(data, name), format="multipart")
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert api.get(place).data["files"] == []


def test_an_upload_over_the_limit_is_413_before_it_is_stored(api, place, settings):
    settings.MAX_UPLOAD = 1000
    big = api.post(place + "files/", upload(b"a,b\n" + b"1,2\n" * 400_000), format="multipart")
    assert big.status_code == 413
    assert "larger than" in big.json()["detail"]
    bit = api.post(place + "files/", upload(b"a,b\n" + b"1,2\n" * 500), format="multipart")
    assert bit.status_code == 413  # within the room for form fields, and still over the limit
    assert list(settings.FILE_UPLOAD_TEMP_DIR.glob("*.part")) == []


def test_a_full_disk_is_507_and_leaves_nothing_behind(api, place, settings):
    settings.DISK_FREE_BYTES = 10**18
    full = api.post(place + "files/", upload(), format="multipart")
    assert full.status_code == 507
    assert "too little room" in full.json()["detail"]


def test_a_plan_is_read_from_json_and_yaml_and_its_mistakes_are_named(api, place):
    assert api.get(place + "plan/").status_code == 404
    made = api.put(place + "plan/", {"training": {"epochs": 3}, "colour": "blue"})
    assert made.status_code == 200, made.data
    assert made.data["document"]["training"]["epochs"] == 3
    assert made.data["not_read"] == ["colour"]
    yaml = api.generic("PUT", place + "plan/", "training:\n  epochs: 4\n", "application/yaml")
    assert yaml.data["document"]["training"]["epochs"] == 4
    assert yaml.data["version"] == 2
    wrong = api.put(place + "plan/", {"training": {"learning_rate": "fast"}})
    assert wrong.status_code == 400
    assert "learning_rate" in wrong.json()["detail"]
    assert "fast" in wrong.json()["detail"]
    assert api.get(place + "plan/").data["version"] == 2


def test_answers_are_added_replaced_and_taken_back(api, place):
    assert api.put(place + "answers/", {"D1": {"value": "yes"}, "C1": {"unknown": True}}).status_code == 200
    assert set(api.patch(place + "answers/", {"D3": "none", "C1": None}).data) == {"D1", "D3"}
    wrong = api.patch(place + "answers/", {"D1": "perhaps", "Z9": "yes"})
    assert wrong.status_code == 400
    assert "Z9" in wrong.json()["detail"]
    assert "D1" in wrong.json()["detail"]
    assert set(api.get(place + "answers/").data) == {"D1", "D3"}


def test_a_run_starts_with_prepare_and_freezes_what_it_measures(api, place, published):
    api.post(place + "files/", upload(), format="multipart")
    run = api.post(place + "runs/", {"probes": ["data.class_balance", "hardware"], "seed": 5})
    assert run.status_code == 202, run.data
    assert [job["probe"] for job in run.data["jobs"]][:2] == ["prepare", "data.class_balance"]
    assert published == [run.data["jobs"][0]["id"]]
    api.post(place + "files/", upload(CSV + b"1,red,a\n"), format="multipart")
    row = Run.objects.get()
    assert row.dataset.version == 1
    assert Assessment.objects.get().dataset.version == 2


def test_a_run_of_nothing_and_of_an_unknown_probe_is_refused(api, place):
    empty = api.post(place + "runs/", {})
    assert empty.status_code == 409
    assert "nothing to assess" in empty.json()["detail"]
    api.put(place + "answers/", {"D1": "yes"})
    unknown = api.post(place + "runs/", {"probes": ["data.label_error"]})
    assert unknown.status_code == 400
    assert "data.label_errors" in unknown.json()["detail"]


def test_the_report_comes_when_the_run_is_complete(api, place, done):
    assert api.get(done).data["state"] == "done"
    report = api.get(done + "report/").data
    assert report["format"] == "riskboard.report/1"
    assert report["assessment"]["name"] == "Loans"
    waiting = api.post(place + "runs/", {"probes": ["hardware.memory"]}).data["id"]
    early = api.get(f"/api/v1/runs/{waiting}/report/")
    assert early.status_code == 409
    assert "waiting" in early.json()["detail"]
    assert api.post(f"/api/v1/runs/{waiting}/cancel/").data["state"] == "cancelled"
    assert api.post(f"/api/v1/runs/{waiting}/cancel/").status_code == 409


def test_what_stopped_can_be_tried_again_and_what_did_not_cannot(api, place):
    api.put(place + "answers/", {"D1": "yes"})
    run = api.post(place + "runs/", {"probes": ["hardware.memory"]}).data
    address = f"/api/v1/runs/{run['id']}/"
    Job.objects.claim(run["jobs"][0]["id"]).fail("It crashed.", again=False)
    assert api.get(address + "report/").status_code == 200
    again = api.post(address + "retry/hardware.memory/")
    assert again.status_code == 202
    assert again.data["state"] == "running"
    assert api.post(address + "retry/").status_code == 409
    Job.objects.claim(run["jobs"][0]["id"]).finish(FOUND)
    assert api.get(address + "report/").data["findings"][0]["state"] == "measured"


def test_a_share_link_opens_the_report_until_it_is_turned_off(api, done):
    made = api.post(done + "links/", {"label": "For the client", "show_samples": True})
    assert made.status_code == 201
    assert made.data["url"].endswith(f"/s/{made.data['token']}/")
    client = APIClient()
    data = f"/s/{made.data['token']}.json"
    shared = client.get(data)
    assert shared.status_code == 200
    assert shared.json()["assessment"]["name"] == "Loans"
    assert shared["X-Robots-Tag"].startswith("noindex")
    assert "no-store" in shared["Cache-Control"]
    assert shared["Referrer-Policy"] == "no-referrer"
    assert [client.generic(verb, data).status_code for verb in ("POST", "PUT", "DELETE")] == [405] * 3
    assert "token" not in api.get("/api/v1/links/").data["results"][0]
    assert ShareLink.objects.get().opens == 1
    assert api.delete(f"/api/v1/links/{made.data['id']}/").data["ended"]
    ended, unknown = client.get(data), client.get("/s/" + "x" * 43 + ".json")
    assert (ended.status_code, unknown.status_code) == (410, 404)
    assert ended.content == unknown.content
    assert b"Loans" not in ended.content


def test_a_link_with_a_password_says_nothing_before_it(api, done):
    made = api.post(done + "links/", {"password": "correct horse battery"}).data
    locked = APIClient().get(f"/s/{made['token']}.json")
    assert locked.status_code == 401
    assert b"Loans" not in locked.content


def test_questions_and_probes_are_listed(api):
    sections = api.get("/api/v1/questions/").data
    assert sum(len(section["questions"]) for section in sections) == 54
    assert [one["id"] for one in api.get("/api/v1/probes/").data] == list(catalog.ACTIVE)


@pytest.mark.parametrize(
    "body",
    ["{", '{"name": NaN}', "[" * 100_000, '"x"', "null", '{"name": "\\ud800"}', '{"name": "a\\u0000b"}'],
)
def test_a_body_that_is_no_json_object_is_a_sentence_with_400(api, body):
    answer = api.generic("POST", "/api/v1/assessments/", body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_list_costs_as_many_queries_for_many_as_for_one(api, place, django_assert_max_num_queries):
    for _ in range(5):
        api.post("/api/v1/assessments/", {"name": "More"})
        api.put(place + "answers/", {"D1": "yes"})
    with django_assert_max_num_queries(4):
        assert len(json.loads(api.get("/api/v1/assessments/").content)["results"]) == 6


def test_a_link_made_from_a_form_has_the_same_defaults_as_one_from_json(api, done):
    shown = ("snapshot", "show_recommendations", "show_samples", "show_answers", "show_pdf")
    made = [api.post(done + "links/", {"label": "x"}, format=kind).data for kind in ("json", "multipart")]
    assert [made[0][name] for name in shown] == [made[1][name] for name in shown]
    assert made[1]["snapshot"] is True


def test_a_chunked_body_is_refused_and_not_read_as_empty(api, place):
    api.put(place + "answers/", {"D1": "yes"})
    answer = api.put(place + "answers/", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert "Content-Length" in answer.json()["detail"]
    assert api.get(place + "answers/").data == {"D1": {"value": "yes"}}
