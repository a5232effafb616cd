"""The installation's keys: made once, agreed on by all processes, kept private, and never lost."""

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse

from assessments import actions, signing
from assessments.scoring import document, signature
from assessments.scoring.signature import State
from riskboard import env
from tests.assessments.dashboards import sample
from tests.assessments.signed import public
from tests.conftest import ROOT
from tests.factories import AssessmentFactory, RunFactory

SEED = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "signing"
    with override_settings(SIGNING_FOLDER=path):
        yield path


def state(report):
    return signature.check(report, signing.keyring()).state


def test_the_first_signature_makes_the_key_for_its_owner_only(folder):
    assert signing.keyring().keys == ()
    assert state(signing.signed(sample.document())) is State.KNOWN
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_many_at_once_agree_on_one_key(folder):
    with ThreadPoolExecutor(16) as pool:
        made = {ring.keys for ring in pool.map(lambda _: signing.published(), range(64))}
    assert len(made) == 1
    assert len(list(folder.iterdir())) == 1


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    code = (
        "import time, django; from django.conf import settings;"
        f"settings.configure(SIGNING_FOLDER={str(tmp_path / 'signing')!r}, SIGNING_KEY='',"
        "OLD_SIGNING_KEYS=[], LOGGING_CONFIG=None);"
        "from assessments import signing; from assessments.scoring import signature;"
        "from cryptography.hazmat.primitives.asymmetric import ed25519;"
        "print('ready', flush=True); input(); print(signing.published().installation)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdin=-1, stdout=-1)
        for _ in range(4)
    ]
    for one in started:
        assert one.stdout.readline() == "ready\n"
    for one in started:
        one.stdin.write("\n")
        one.stdin.flush()
    assert len({one.communicate()[0] for one in started}) == 1
    assert [one.returncode for one in started] == [0] * 4
    assert [path.name for path in (tmp_path / "signing").iterdir()] == ["0001.pem"]


def test_a_rotation_keeps_what_was_signed_before(folder):
    before = signing.signed(sample.document())
    ring = signing.rotate()
    after = signing.signed(sample.document())
    assert before["signature"]["key"] != after["signature"]["key"]
    assert before["signature"]["installation"] == after["signature"]["installation"] == ring.installation
    assert state(before) is state(after) is State.KNOWN
    assert [path.name for path in sorted(folder.glob("[0-9]*"))] == ["0001.pub", "0002.pem"]
    assert [key.id for key in signing.rotate().keys][:2] == [key.id for key in ring.keys]


def test_a_rotation_that_died_half_way_loses_no_key(folder):
    before = signing.signed(sample.document())
    private = (folder / "0001.pem").read_bytes()
    signing.rotate()
    (folder / "0001.pem").write_bytes(private)  # it died before it took the old one away
    assert len(signing.keyring().keys) == 2
    assert state(before) is State.KNOWN


def test_a_lost_private_key_gets_a_new_number_beside_the_old_public_one(folder):
    signing.rotate()
    (folder / "0002.pem").unlink()
    assert [path.name for path in sorted(folder.glob("[0-9]*"))] == ["0001.pub"]
    assert len(signing.published().keys) == 2


def test_rotations_at_once_and_signatures_between_them_never_meet_a_gap(folder):
    signing.published()

    def turn(place):
        try:
            return signing.rotate() if place % 3 == 0 else signing.signed(sample.document())
        except signing.NotRotated:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(turn, range(24)))
    reports = [one for one in found if isinstance(one, dict)]
    assert len(reports) == 16
    assert {state(one) for one in reports} == {State.KNOWN}
    assert len(list(folder.glob("*.pem"))) == 1


def test_a_key_from_the_environment_takes_the_place_of_the_file(folder):
    old = [public(7).text]
    with override_settings(SIGNING_KEY=SEED, OLD_SIGNING_KEYS=old):
        report = signing.signed(sample.document())
        assert report["signature"]["installation"] == public(7).id
        assert state(report) is State.KNOWN
        with pytest.raises(signing.NotRotated, match="RISKBOARD_OLD_SIGNING_KEYS"):
            signing.rotate()
    assert not folder.exists()


@pytest.mark.parametrize("value", ["abc", "AAAA", "A" * 43 + "=", SEED[:-4]])
def test_a_bad_key_in_the_environment_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("RISKBOARD_SIGNING_KEY", value)
    with pytest.raises(SystemExit, match="RISKBOARD_SIGNING_KEY is no key"):
        env.seed("RISKBOARD_SIGNING_KEY")


def test_good_keys_in_the_environment_are_taken(monkeypatch):
    monkeypatch.setenv("ONE", SEED)
    monkeypatch.setenv("OLD", f"{public(7).text}, {public(8).text}")
    assert env.seed("ONE") == SEED
    assert env.public_keys("OLD") == [public(7).text, public(8).text]
    monkeypatch.setenv("OLD", "abc")
    with pytest.raises(SystemExit, match="no public key"):
        env.public_keys("OLD")


def test_where_no_key_can_be_made_the_report_is_not_lost(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    with override_settings(SIGNING_FOLDER=tmp_path / "file"):
        report = signing.signed(sample.document())
    assert "signature" not in report
    assert document.verify(report) == []
    assert "could not be signed" in caplog.text


def test_the_command_prints_what_the_address_says(folder, client, capsys):
    call_command("signing_key")
    printed = json.loads(capsys.readouterr().out)
    answer = client.get("/.well-known/riskboard-key.json")
    assert answer.json() == printed
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert signature.read_keys(answer.content.decode()) == signing.keyring()
    call_command("signing_key", "--rotate")
    turned = json.loads(capsys.readouterr().out)["keys"]
    assert [one["signs"] for one in turned] == [False, True]
    assert turned[0]["key"] == printed["keys"][0]["key"]
    assert "PRIVATE" not in answer.content.decode()


def test_the_command_says_why_it_makes_no_key(folder):
    with override_settings(SIGNING_KEY=SEED), pytest.raises(CommandError, match="RISKBOARD_SIGNING_KEY"):
        call_command("signing_key", "--rotate")


# -- what people see of it -----------------------------------------------------------------------------
@pytest.fixture
def run(db, folder):
    return RunFactory(assessment=AssessmentFactory(), report=signing.signed(sample.document()))


def page_of(client, run):
    client.force_login(run.assessment.created_by)
    return client.get(reverse("assessments:run-report", args=[run.pk])).content.decode()


def test_the_report_says_who_signed_it_and_how_to_check_that(client, run):
    page = page_of(client, run)
    assert "Signed by this installation, verify with" in page
    assert reverse("signing-keys") in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda report: report.pop("signature"), "Not signed"),
        (lambda report: report.update(content="0" * 64), "The signature of this report does not fit"),
        (lambda report: report["signature"].update(value="x"), "The signature of this report does not fit"),
    ],
)
def test_a_report_without_a_good_signature_opens_and_says_so(client, run, change, sentence):
    change(run.report)
    run.save()
    assert sentence in page_of(client, run)


def test_a_report_of_another_installation_says_so(client, run, tmp_path):
    with override_settings(SIGNING_FOLDER=tmp_path / "other"):
        assert "Signed by another installation, with key" in page_of(client, run)


def test_where_the_keys_cannot_be_read_pages_open_and_nothing_is_signed(client, run, folder, caplog):
    _, token = actions.make_share_link(run)
    (folder / "0001.pem").write_text("no key")
    assert "cannot be read, so nobody compared it" in page_of(client, run)
    assert client.get(reverse("signing-keys")).status_code == 503
    answer = client.get(reverse("shared-report-data", args=[token]))
    assert answer.status_code == 200
    assert "signature" not in answer.json()
    assert "the signing keys cannot be read" in caplog.text


@pytest.mark.parametrize("samples", [True, False])
def test_what_a_link_shows_is_signed_whether_whole_or_an_excerpt(client, run, tmp_path, capsys, samples):
    _, token = actions.make_share_link(run, show_samples=samples)
    page = client.get(reverse("assessments:shared-report", args=[token])).content.decode()
    first = "Signed by this" if samples else "The data behind this link is signed by this"
    assert f"{first} installation, verify with" in page
    answer = client.get(reverse("shared-report-data", args=[token]))
    assert state(answer.json()) is State.KNOWN
    (tmp_path / "report.json").write_bytes(answer.content)
    (tmp_path / "key.json").write_bytes(client.get(reverse("signing-keys")).content)
    call_command("verify", str(tmp_path / "report.json"), "--key", str(tmp_path / "key.json"))
    said = capsys.readouterr().out
    assert ("holds: every score follows" if samples else "without: samples of the data.") in said
    assert "not changed since" in said


def test_an_excerpt_of_a_report_that_was_changed_in_the_database_is_not_signed(client, run):
    run.report["overall"]["score"] = 1
    run.save()
    _, token = actions.make_share_link(run)
    shown = client.get(reverse("shared-report-data", args=[token])).json()
    assert shown["overall"]["score"] == 1
    assert not {"signature", "content", "excerpt"} & set(shown)


def test_an_excerpt_of_a_report_that_was_never_signed_is_not_signed_either(client, run):
    del run.report["signature"]
    run.save()
    _, token = actions.make_share_link(run)
    assert "Not signed" in client.get(reverse("assessments:shared-report", args=[token])).content.decode()
    assert not {"signature", "excerpt"} & set(client.get(reverse("shared-report-data", args=[token])).json())
