"""A model file may be uploaded to be inspected: kept as bytes, read by one probe, opened by nothing."""

from __future__ import annotations

import io
import pickle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments import actions, intake
from assessments.models import Assessment, Job
from assessments.models.run import PREPARE
from tests.assessments import zips
from tests.factories import AssessmentFactory, UserFactory
from workers.probes import catalog

CSV = b"x,y\n1,a\n2,b\n"
MODEL = pickle.dumps({"weights": [1.0, 2.0]}, 4)
PROBE = "security.unsafe_files"


@pytest.fixture(autouse=True)
def unpublished(monkeypatch):
    monkeypatch.setattr(Job, "publish", lambda job: None)


def upload(data: bytes = MODEL, name: str = "model.pkl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


# -- the gate -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(intake.MODEL_NAMES))
def test_a_model_file_is_known_by_its_name(name):
    assert intake.check_artefact(io.BytesIO(b"anything"), f"net{name}") is intake.Kind.ARTEFACT


@pytest.mark.parametrize(
    "data",
    [
        MODEL,
        pickle.dumps([1], 0),
        b"\x89HDF\r\n\x1a\n",
        b"GGUF",
        b"\x93NUMPY",
        zips.honest(),
        b"\x1f\x8b\x08",
    ],
)
def test_a_model_file_is_known_by_its_first_bytes(data):
    stream = io.BytesIO(data)
    assert intake.check_artefact(stream, "upload") is intake.Kind.ARTEFACT
    assert stream.tell() == 0


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (CSV, "train.csv", "no model file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "a.png", "no model file"),
        (b"", "model.pkl", "empty"),
        (bytes(30), "model.pkl", "limit"),
        (b"x", "a\n\u202eb.txt", "no model file"),
    ],
)
def test_what_is_no_model_file_is_refused_in_one_sentence(data, name, word):
    with pytest.raises(intake.Unreadable) as refused:
        intake.check_artefact(io.BytesIO(data), name, limit=20 if word == "limit" else 10**6)
    sentence = str(refused.value)
    assert word in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "\u202e" not in sentence
    assert len(sentence) < 320


def test_a_model_file_among_the_data_is_told_where_it_belongs():
    for data, name in ((MODEL, "data.csv"), (b"\x89HDF\r\n\x1a\n" + bytes(60), "net.h5")):
        with pytest.raises(intake.Unreadable, match="Model files to inspect"):
            intake.check(io.BytesIO(data), name)


# -- rows ---------------------------------------------------------------------------------------------
@pytest.fixture
def assessment(db) -> Assessment:
    made = AssessmentFactory()
    actions.add_file(made, upload(CSV, "train.csv"), "train.csv")
    actions.add_file(made, upload(), "../../model.pkl", artefact=True)
    return made


def test_it_stands_beside_the_data_set_and_not_in_it(assessment):
    assert [file["name"] for file in assessment.files] == ["train.csv"]
    assert [(file["name"], file["kind"]) for file in assessment.artefacts] == [("model.pkl", "artefact")]
    # The same name twice takes the place of the artefact only.
    actions.add_file(assessment, upload(CSV, "x"), "model.pkl")
    actions.add_file(assessment, upload(MODEL + MODEL), "model.pkl", artefact=True)
    assert [file["name"] for file in assessment.files] == ["train.csv", "model.pkl"]
    assert [file["bytes"] for file in assessment.artefacts] == [2 * len(MODEL)]


def test_only_one_probe_is_handed_it(assessment, tmp_path):
    run = actions.start_run(assessment)
    handed = {job.probe: job.request(tmp_path) for job in run.jobs.all()}
    assert handed[PREPARE].names == ("train.csv",)
    assert handed[PREPARE].artefacts == 0
    assert handed[PROBE].names == ("train.csv", "model.pkl")
    assert handed[PROBE].artefacts == 1
    assert handed[PROBE].inputs[1].read_bytes() == MODEL
    raw = {spec.id for spec in catalog.SPECS if spec.raw}
    for probe, request in handed.items():
        if probe in raw - {PROBE}:
            assert (request.names, request.artefacts) == (("train.csv",), 0)
        elif probe not in (PREPARE, PROBE):
            assert (request.inputs, request.names, request.artefacts) == ((), (), 0)
    assert [spec.id for spec in catalog.SPECS if spec.artefacts] == [PROBE]


def test_it_does_not_change_what_was_prepared(assessment):
    before = actions.start_run(assessment).prepared_key
    actions.add_file(assessment, upload(MODEL * 2), "other.pkl", artefact=True)
    assert actions.start_run(assessment).prepared_key == before


def test_a_run_may_have_nothing_but_a_model_file(db, tmp_path):
    made = AssessmentFactory()
    with pytest.raises(actions.Refused, match="nothing to assess"):
        actions.start_run(made)
    actions.add_file(made, upload(), "model.pkl", artefact=True)
    run = actions.start_run(made)
    states = {job.probe: job.state for job in run.jobs.all()}
    assert PREPARE not in states
    assert states[PROBE] == "waiting"
    assert states["data.duplicates"] == "done"  # skipped: it needs data
    assert run.prepared_key is None
    request = run.jobs.get(probe=PROBE).request(tmp_path)
    assert (request.names, request.artefacts, request.prepared) == (("model.pkl",), 1, None)


def test_it_can_be_taken_out_again(assessment):
    sha256 = assessment.artefacts[0]["sha256"]
    with pytest.raises(actions.Refused, match="not in the data set"):
        actions.remove_file(assessment, sha256)
    actions.remove_file(assessment, sha256, artefact=True)
    assert assessment.artefacts == []
    assert len(assessment.files) == 1
    with pytest.raises(actions.Refused, match="not among the model files"):
        actions.remove_file(assessment, sha256, artefact=True)


def test_the_report_names_it_with_its_hash(assessment):
    from assessments.reporting import build

    run = actions.start_run(assessment, [PROBE])
    (told,) = build(run)["assessment"]["artefacts"]
    assert told == {key: assessment.artefacts[0][key] for key in ("name", "sha256", "bytes")}


# -- pages --------------------------------------------------------------------------------------------
@pytest.fixture
def owner(client, db):
    user = UserFactory()
    client.force_login(user)
    return user


def test_the_page_takes_shows_and_removes_model_files(client, owner):
    made = AssessmentFactory(created_by=owner)
    add = reverse("assessments:artefact-add", args=[made.pk])
    page = client.post(add, {"artefacts": [upload(), upload(CSV, "a.csv")]}, follow=True).content.decode()
    assert "model.pkl" in page
    assert "a.csv is no model file" in page
    assert "never opened" in page
    made.refresh_from_db()
    assert [file["name"] for file in made.artefacts] == ["model.pkl"]
    sent = {"sha256": made.artefacts[0]["sha256"], "artefact": "yes"}
    client.post(reverse("assessments:file-remove", args=[made.pk]), sent)
    made.refresh_from_db()
    assert made.artefacts == []


def test_somebody_elses_assessment_takes_none(client, owner):
    other = AssessmentFactory()
    add = reverse("assessments:artefact-add", args=[other.pk])
    assert client.post(add, {"artefacts": [upload()]}).status_code == 404
    assert other.artefacts == []


def test_a_name_is_text_on_the_page(client, owner):
    made = AssessmentFactory(created_by=owner)
    actions.add_file(made, upload(), "<img src=x onerror=alert(1)>.pkl", artefact=True)
    page = client.get(reverse("assessments:assessment-detail", args=[made.pk])).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


# -- API ----------------------------------------------------------------------------------------------
@pytest.fixture
def api(db):
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(UserFactory())
    return client


def test_the_api_takes_lists_and_removes_model_files(api):
    place = f"/api/v1/assessments/{api.post('/api/v1/assessments/', {'name': 'Nets'}).data['id']}/"
    assert api.get(place + "artefacts/").data["artefacts"] == []
    made = api.post(place + "artefacts/", {"file": upload()}, format="multipart")
    assert made.status_code == 201, made.data
    (file,) = made.data["artefacts"]
    assert (file["name"], file["kind"], made.data["files"]) == ("model.pkl", "artefact", [])
    assert api.get(place).data["artefacts"] == [file]
    wrong = api.post(place + "artefacts/", {"file": upload(CSV, "a.csv")}, format="multipart")
    assert (wrong.status_code, wrong.json()["detail"][:22]) == (400, "a.csv is no model file")
    assert api.post(place + "artefacts/", {}, format="multipart").status_code == 400
    assert api.delete(f"{place}files/{file['sha256']}/").status_code == 404
    assert api.delete(f"{place}artefacts/{file['sha256']}/").data["artefacts"] == []


def test_a_check_may_bring_nothing_but_a_model_file(api):
    made = api.post("/api/v1/checks/", {"artefact": [upload()]}, format="multipart")
    assert made.status_code == 202, made.data
    row = Assessment.objects.get(pk=made.data["assessment"])
    assert (row.name, [file["name"] for file in row.artefacts]) == ("model.pkl", ["model.pkl"])


def test_a_model_file_over_the_limit_is_413(api, settings):
    settings.MAX_UPLOAD = 10
    place = f"/api/v1/assessments/{api.post('/api/v1/assessments/', {'name': 'Nets'}).data['id']}/"
    big = api.post(place + "artefacts/", {"file": upload()}, format="multipart")
    assert big.status_code == 413
