# ruff: noqa: E501 - texts read best a line each
"""The last step before a finding leaves its process: every kind of value, everywhere in it, is masked."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.workers.probes.tables import prepared
from workers import masking
from workers.probes.base import Finding, Sample
from workers.probes.security.personal_data.patterns import PATTERNS
from workers.probes.security.secrets.patterns import SHAPES

# kind -> a text, and what of it nobody may see again
PERSONAL = {
    "email": ("write to anna.kolb@example.org today", "anna.kolb"),
    "iban": ("pay into DE89 3704 0044 0532 0130 00 today", "0532 0130"),
    "card": ("the card 4539 5787 6362 1486 is charged", "5787 6362"),
    "mac": ("the device 00:1b:44:11:3a:b7 was seen", "44:11:3a"),
    "national_id": ("the number 123-45-6789 is on file", "45-6789"),
    "vin": ("the car with VIN 1HGCM82633A004352 was sold", "82633A004"),
    "ip": ("it came from 192.168.113.45 at night", "113.45"),
    "passport": ("her passport number is C01X00T47 she says", "01X00T47"),
    "birth_date": ("she was born on 7 March 1962 in the north", "March 1962"),
    "name_street": ("send it to Kristy Morton, 12 Hill Road, Leeds, LS1 4AB now", "Morton"),
    "plate": ("the car with the number plate B-MW 1234 left", "MW 1234"),
    "phone": ("call her on 0161 496 0960 after six", "496 0960"),
    "name": ("the parcel for Anna Schmidt was lost again", "Schmidt"),
    "address": ("she lives at Hauptstraße 5, 12345 Berlin now", "Hauptstraße"),
}
SECRETS = {
    "private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAabc\n-----END RSA PRIVATE KEY-----",
    "aws": "AKIAQ3EGRT7YHUJ5K2LM", "google": "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "azure": "AccountKey=a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8m9N0==",
    "github": "ghp_abcDEFghijklmnop1234567890ABCDEFghij", "gitlab": "glpat-abcdefGHIJKL12345678",
    "slack": "xoxb-123456789012-123456789012-abcdefGHIJKL123456789012", "stripe": "sk_live_a1B2c3D4e5F6g7H8i9J0k1L2",
    "openai": "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6", "huggingface": "hf_abcdefGHIJKLmnopqrSTUVwxyzABcdefg",
    "sendgrid": "SG.a1B2c3D4e5F6g7H8i9J0k1.a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V",
    "npm": "npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "databricks": "dapi0123456789abcdef0123456789abcdef",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJlLW9mLWl0",
    "url_login": "postgres://shop:Tr0ub4dor9@db.example.org/orders", "password": "password=Tr0ub4dor9zq",
    "connection": "Server=db1;Database=x;User Id=sa;Password=Tr0ub4dor9;",
}  # fmt: skip


def tokens(secret: str) -> list[str]:
    """Parts of a secret that must be gone: its longest row of letters and digits."""
    words = (
        secret.replace("=", " ")
        .replace(":", " ")
        .replace("@", " ")
        .replace("-", " ")
        .replace(".", " ")
        .replace("_", " ")
        .replace(";", " ")
        .split()
    )
    random = [word for word in words if any(map(str.isdigit, word)) and len(word) > 5]
    return random or [max(words, key=len)]


def test_every_kind_that_there_is_stands_in_this_test():
    assert {pattern.kind for pattern in PATTERNS} | {"name", "address"} == set(PERSONAL)
    assert set(SECRETS) <= {shape.kind for shape in SHAPES}


@pytest.mark.parametrize("kind", PERSONAL)
def test_personal_data_of_every_kind_is_masked_and_the_rest_of_the_text_stays(kind):
    text, value = PERSONAL[kind]
    said = masking.of_text(text)
    assert value not in said
    assert said.split()[0] == text.split()[0]
    assert said.split()[-1] == text.split()[-1]
    assert "*" in said


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_of_every_kind_are_masked(kind):
    said = masking.of_text(f"the old one was {SECRETS[kind]} and it works")
    assert [part for part in tokens(SECRETS[kind]) if part in said] == []
    assert "***" in said


@pytest.mark.parametrize(
    "text",
    [
        "1 in 16 labels looks wrong", "1,313 rows between 2023-01-15 and 2024-02-29", "R2 falls from 0.91 to 0.42",
        "order 4711 of store 12", "accuracy 97.25 % at 10.5 ms", "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "The password column holds words", "Keep age in steps of 5 years and only the first 3 digits of zip",
        "The check “Planted triggers” needs a data set, and this assessment has none.", "icon@2x.png",
    ],
)  # fmt: skip
def test_words_of_our_own_and_plain_numbers_stay_as_they_are(text):
    assert masking.of_text(text) == text


def test_it_goes_into_every_part_of_a_finding():
    mail, name = "anna.kolb@example.org", "Anna Schmidt"
    told = f"the parcel for {name} was lost, says {mail} there"
    finding = Finding(
        0.5, told, title=f"{mail} stands in a row",
        facts={
            "examples": [{"text": told, "parts": (told, [told, {"deep": {"deeper": [mail]}}])}],
            f"class {mail}": {mail: 3}, "set": {mail}, "counts": {"a": 1}, "none": None, "flag": True, "share": 0.25,
            "figure": {"data": [{"x": [mail, "b"], "text": [told]}], "layout": {"title": {"text": told}}},
            "picture": "data:image/png;base64,AAAA",
        },
    )  # fmt: skip
    masked = masking.masked(finding, Sample())
    said = json.dumps(masked.as_json(), ensure_ascii=False)
    assert "anna.kolb" not in said
    assert "Schmidt" not in said
    assert masked.facts["picture"] == "data:image/png;base64,AAAA"
    assert (masked.facts["counts"], masked.facts["none"], masked.facts["flag"], masked.facts["share"]) == (
        {"a": 1},
        None,
        True,
        0.25,
    )
    assert (masked.value, masked.state, masked.basis) == (0.5, "measured", "measured")
    assert json.loads(json.dumps(masked.as_json())) == masked.as_json()


def test_cells_of_columns_of_personal_data_are_known_word_for_word(tmp_path):
    names = [f"Xq{chr(97 + i % 26)}lo Vr{chr(97 + i // 26)}dan" for i in range(60)]
    passwords = [f"pw{i}Kz!{i * 7}" for i in range(60)]
    numbers = [str(490_301_000_000 + 7919 * i) for i in range(60)]
    sample = prepared(
        tmp_path,
        {"last_name": names, "phone": numbers, "password": passwords, "amount": [str(i) for i in range(60)]},
    )
    assert masking.note(tmp_path) == {"last_name": "name", "phone": "phone", "password": "secret"} | {
        name: kind
        for name, kind in masking.noted(sample).items()
        if name not in ("last_name", "phone", "password")
    }
    finding = Finding(
        1.0, f"The commonest is “{names[3]}”, then ({names[4]}).",
        {"values": {names[5]: 2, "7": 1}, "odd": [int(numbers[6]), 12345678.0, 7], "cut": passwords[7], "amount": ["7"]},
        title=f"{names[8]} comes twice",
    )  # fmt: skip
    masked = masking.masked(finding, sample)
    said = json.dumps(masked.as_json(), ensure_ascii=False)
    assert [one for one in (*names[3:9], numbers[6], passwords[7]) if one in said] == []
    assert masked.facts["odd"][1:] == [12345678.0, 7]
    assert masked.facts["amount"] == ["7"]


def test_numbers_of_seven_digits_keep_their_size_and_lose_their_digits(tmp_path):
    cards = [
        "4539578763621486",
        "5425233430109903",
        "4916338506082832",
        "4024007103939509",
        "5555555555554444",
    ] * 8
    sample = prepared(tmp_path, {"card": cards})
    masked = masking.masked(Finding(None, "", {"high": int(cards[0]), "np": np.int64(int(cards[1]))}), sample)
    assert masked.facts["high"] == pytest.approx(int(cards[0]), rel=0.05)
    assert not [card for card in cards if card in json.dumps(masked.as_json(), default=str)]


def test_documents_lose_what_their_keys_say_is_secret():
    plan = {
        "project": "ask anna.kolb@example.org about it", "db": {"password": "hunter2!Q", "port": 5432, "deep": [{"pw": "S0mmer99"}]},
        "ghp_abcDEFghijklmnop1234567890ABCDEFghij": 1, "eos_token": "</s>", "training": {"epochs": 3, "note": None},
    }  # fmt: skip
    said = masking.of_document(plan)
    assert said["db"] == {"password": "***", "port": 5432, "deep": [{"pw": "***"}]}
    assert (said["eos_token"], said["training"], said["***"]) == ("</s>", {"epochs": 3, "note": None}, 1)
    assert "anna.kolb" not in said["project"]


def test_an_error_for_the_log_quotes_nothing():
    error = ValueError("could not convert string to float: 'anna.kolb@example.org' near 4539578763621486")
    said = masking.of_error(error)
    assert said.startswith("ValueError: could not convert string to float: '***'")
    assert "4539" not in said


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("Anna_Schmidt_export", "A***_S***_export"), ("anna-schmidt", "a***-s***"), ("AnnaSchmidt2024", "A***S***2024"),
        ("SCHMIDT, ANNA (2)", "S***, A*** (2)"), ("orders anna.schmidt", "orders a***.s***"),
        ("Anna_Vrudan_train", "A***_V***_train"), ("anna.kolb@example.org_train", "a***@***_train"),
    ],
)  # fmt: skip
def test_the_name_of_an_upload_names_nobody(stem, said):
    assert masking.of_file_name(stem) == said


@pytest.mark.parametrize(
    "stem",
    [
        "train", "boston_housing", "iris", "wine-quality", "adult_census_2020", "Iris_Data", "Anna_Corpus", "will_they_churn",
        "breast_cancer_wisconsin", "Paris_Housing", "Florence_Museum", "rose_leaves", "max_pooling", "sales_march_april",
        "mnist-test", "House_Prices", "Virginia_Water", "mercedes_benz_greener", "horses_zebras", "cats.and.dogs", "v1.2",
    ],
)  # fmt: skip
def test_names_of_data_sets_stay_as_they_are(stem):
    assert masking.of_file_name(stem) == stem
