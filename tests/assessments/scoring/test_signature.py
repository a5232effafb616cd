"""Signatures: a report that anybody changed, re-hashed or signed anew is told from the one that was made."""

import base64
import copy
import json
import subprocess

import pytest

from assessments.scoring import canonical, document, signature
from assessments.scoring.signature import State
from tests.assessments.scoring.test_document import REPORT
from tests.assessments.signed import private, public, ring, signed

SIGNED = signed(REPORT)


def check(report, known=None):
    return signature.check(report, known or ring(1)).state


def rehashed(report):
    """Everything computed anew, as somebody would who knows this code and has no key."""
    report["hashes"] = document.hashes(report)
    report["content"] = canonical.digest({k: v for k, v in report.items() if k not in signature.OUTSIDE})
    return report


def test_a_signature_is_known_by_its_key_and_leaves_the_report_holding():
    assert check(SIGNED) is State.KNOWN
    assert document.verify(SIGNED) == []
    assert SIGNED["content"] == REPORT["content"]


def test_signing_twice_gives_the_same_and_replaces_what_stood_there():
    assert signed(SIGNED) == SIGNED
    assert check(signed(SIGNED, number=2), ring(1, 2)) is State.KNOWN


def test_the_order_and_form_of_the_json_do_not_matter():
    assert check(json.loads(json.dumps(SIGNED, sort_keys=True, indent=3))) is State.KNOWN


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report["findings"][0].update(note="All is well."),
        lambda report: report["overall"].update(score=1),
        lambda report: report["run"].update(seed=7),
        lambda report: report.update(extra=1),
        lambda report: report.pop("forecast"),
    ],
)
@pytest.mark.parametrize("anew", [False, True])
def test_any_change_breaks_it_however_well_the_hashes_are_mended(change, anew):
    report = copy.deepcopy(SIGNED)
    change(report)
    if anew:
        rehashed(report)
    found = signature.check(report, ring(1))
    assert found.broken
    assert ("computed anew" in found.says) == anew


@pytest.mark.parametrize("field", ["algorithm", "installation", "key", "public", "value"])
def test_no_field_of_the_signature_can_be_changed(field):
    report = copy.deepcopy(SIGNED)
    text = report["signature"][field]
    report["signature"][field] = ("0" if text[0] != "0" else "1") + text[1:]
    assert signature.check(report, ring(1)).broken


@pytest.mark.parametrize("value", [None, 5, [], {}, {"value": "x"}, {**SIGNED["signature"], "more": "x"}])
def test_what_is_no_signature_is_broken_and_none_is_none(value):
    found = check({**SIGNED, "signature": value})
    assert found is (State.NONE if value is None else State.BROKEN)


def test_somebody_elses_signature_is_another_installation():
    forged = signed(rehashed({**copy.deepcopy(REPORT), "forecast": None}), number=9, installation=9)
    assert check(forged) is State.OTHER
    assert check(forged, ring(9)) is State.KNOWN


def test_who_claims_to_be_this_installation_has_an_unknown_key():
    assert check(signed(REPORT, number=9, installation=1)) is State.UNKNOWN


def test_an_old_key_stays_good_after_a_rotation():
    assert check(SIGNED, ring(1, 2)) is State.KNOWN
    assert check(signed(REPORT, number=2, installation=1), ring(1, 2)) is State.KNOWN
    assert check(signed(REPORT, number=2, installation=1), ring(1)) is State.UNKNOWN


def test_without_keys_a_sound_signature_is_told_from_a_broken_one():
    assert signature.check(SIGNED).state is State.UNCOMPARED
    assert signature.check({**SIGNED, "forecast": "none"}).broken


def test_a_quick_look_trusts_the_content_hash_and_nothing_else():
    assert signature.check({**SIGNED, "forecast": 1}, ring(1), whole=False).state is State.KNOWN
    assert signature.check({**SIGNED, "content": "0" * 64}, ring(1), whole=False).broken


def test_keys_are_read_in_every_form_in_which_people_have_them():
    key = public(1)
    for text in (key.text, key.raw.hex(), key.pem, json.dumps(ring(3, 1).as_json())):
        assert signature.read_keys(f" {text}\n").keys[-1] == key
    assert signature.read_keys(json.dumps(ring(3, 1).as_json())) == ring(3, 1)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "é", "{}", "{", '{"format": "riskboard.keys/1", "keys": [5]}', "0" * 63, public(1).text[:-8],
     "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAAAAA\n-----END PUBLIC KEY-----", json.dumps([1])],
)  # fmt: skip
def test_what_is_no_key_is_refused_in_a_sentence(text):
    with pytest.raises(signature.BadKey, match=r"\.$"):
        signature.read_keys(text)


def test_a_private_key_is_refused_and_told_to_be_kept():
    with pytest.raises(signature.BadKey, match="Keep this secret"):
        signature.read_keys("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----")


def test_openssl_agrees(tmp_path):
    """Another program checks the signature from what the report and the published key say."""
    head = {name: SIGNED["signature"][name] for name in signature.HEAD}
    said = {"format": SIGNED["format"], "content": SIGNED["content"], **head}
    (tmp_path / "message").write_bytes(canonical.dumps(said).encode())
    (tmp_path / "value").write_bytes(base64.b64decode(SIGNED["signature"]["value"]))
    (tmp_path / "key.pem").write_text(public(1).pem)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile value"
    try:
        done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("There is no openssl on this machine.")
    assert done.returncode == 0, done.stderr
    assert private(1).public_key().public_bytes_raw() == public(1).raw
