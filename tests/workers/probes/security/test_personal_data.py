"""Personal data: what is planted is found, what is clean stays quiet, and no value leaves the probe."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from faker import Faker

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.security import personal_data
from workers.probes.security.personal_data import checksums, names, national, scan

TRUTH_KINDS = {"credit_card": "card", "name_address": "name_street"}


def searched(folder: Path, columns: dict, **more):
    return personal_data.run(prepared(folder, columns, **more), Budget())


def kinds(finding) -> dict[str, str]:
    return {entry["column"]: entry["kind"] for entry in finding.facts["by_column"]}


@pytest.fixture
def made_up() -> Faker:
    Faker.seed(7)
    return Faker(["en_US", "en_GB", "de_DE", "es_ES"])


def test_planted_columns_are_named_whatever_they_are_called(tmp_path, made_up):
    rows = 300
    makers = {
        "c1": ("email", made_up.safe_email),
        "c2": ("phone", made_up.phone_number),
        "c3": ("iban", made_up.iban),
        "c4": ("card", lambda: made_up["en_US"].credit_card_number("visa16")),
        "c5": ("name", made_up.name),
        "c6": ("birth_date", lambda: made_up.date_of_birth(minimum_age=18, maximum_age=90).isoformat()),
        "c7": ("national_id", made_up["en_US"].ssn),
        "c8": ("national_id", Faker("es_ES").nif),
        "c9": ("ip", made_up.ipv4),
    }
    columns = {name: [str(make()) for _ in range(rows)] for name, (_, make) in makers.items()}
    finding = searched(tmp_path, columns)
    assert kinds(finding) == {name: kind for name, (kind, _) in makers.items()}
    assert finding.value == 1.0
    assert all(entry["share"] > 0.95 for entry in finding.facts["by_column"])


@pytest.mark.parametrize("share", [0.001, 0.01])
def test_rare_hits_with_a_checksum_are_all_found(tmp_path, made_up, share):
    rows = 4000
    rng = np.random.default_rng(3)
    cells = [f"order {n} was packed" for n in rng.integers(100, 999, rows)]
    planted = rng.choice(rows, int(share * rows), replace=False)
    for row in planted:
        cells[row] = [made_up.iban(), made_up.safe_email()][row % 2]
    finding = searched(tmp_path, {"remark": cells})
    found = {span["row"] for span in finding.facts["spans"]}
    assert found == set(planted.tolist())
    assert finding.value == pytest.approx(share)
    assert finding.low < share < finding.high


def test_fifty_clean_numeric_columns_hold_at_most_one_false_alarm(tmp_path):
    rng = np.random.default_rng(1)
    columns = {}
    for i in range(20):
        columns[f"float_{i}"] = [f"{v:.{i % 9 + 1}f}" for v in rng.normal(0, 10 ** (i % 8), 200)]
    for i in range(20):
        columns[f"whole_{i}"] = [str(v) for v in rng.integers(10 ** (i % 17), 10 ** (i % 17 + 1), 200)]
    columns["epoch_ms"] = [str(1_700_000_000_000 + int(v)) for v in rng.integers(0, 10**9, 200)]
    columns["order_no"] = [str(4_000_000_000_000_000 + i) for i in range(200)]
    columns["serial"] = [str(100_000_000 + i) for i in range(200)]
    columns["isbn"] = [f"978-3-16-{v}-0" for v in rng.integers(100000, 999999, 200)]
    columns["stamp"] = [f"2013-01-{d:02d}T06:00:00Z" for d in rng.integers(1, 29, 200)]
    columns["day"] = [f"2013-{m:02d}-11" for m in rng.integers(1, 13, 200)]
    columns["version"] = [f"{a}.{b}.{c}" for a, b, c in rng.integers(0, 20, (200, 3))]
    columns["range"] = [f"{a}-{a + 100}" for a in rng.integers(100, 900, 200)]
    columns["money"] = [f"1,{a}.{b}" for a, b in rng.integers(100, 999, (200, 2))]
    columns["coordinate"] = [f"{v:.6f}" for v in rng.uniform(-180, 180, 200)]
    finding = searched(tmp_path, columns)
    assert len(columns) >= 50
    assert len(finding.facts["columns"]) <= 1, finding.facts["by_column"]


def test_things_that_are_not_people_are_not_names(tmp_path):
    rng = np.random.default_rng(2)
    pick = lambda words: [words[i] + f" {words[-i]}" for i in rng.integers(0, len(words), 200)]  # noqa: E731
    columns = {
        "species": pick(["Adelie Penguin", "Gentoo Penguin", "Chinstrap Penguin"]),
        "product_name": pick(
            ["Oak Table", "Steel Lamp", "Glass Bowl", "Linen Sofa", "Wool Rug", "Pine Shelf"] * 3
        ),
        "city": pick(["Madrid", "Berlin", "Oslo", "Paris", "Lima", "Quito", "Porto", "Milan"]),
    }
    assert searched(tmp_path, columns).facts["columns"] == []


def test_no_value_leaves_the_probe(tmp_path, made_up):
    columns = {
        "mail": [made_up.unique.safe_email() for _ in range(50)],
        "phone": [made_up.unique.phone_number() for _ in range(50)],
        "name": [made_up.unique.name() for _ in range(50)],
        "text": [
            f"Please pay the sum that is still open into {made_up.unique.iban()} by Friday."
            for _ in range(50)
        ],
    }
    finding = searched(tmp_path, columns, types={"text": "text"})
    assert set(kinds(finding).values()) == {"email", "phone", "name", "iban"}
    told = json.dumps(finding.as_json(), ensure_ascii=False)
    for column in ("mail", "phone", "name"):
        assert not [value for value in columns[column] if value in told]
    assert not [text for text in columns["text"] if text.split("into ")[1].split(" by")[0] in told]


def test_addresses_in_the_answers_are_told_and_masked(tmp_path):
    sample = prepared(tmp_path, {"shop": ["North", "South"] * 20})
    sample.answers = {"D1": {"unknown": True, "note": "Write to rolf.kern@posteo-mail.net, please."}}
    finding = personal_data.run(sample, Budget())
    (fault,) = finding.facts["faults"]
    assert (fault["where"], fault["keys"], fault["severity"]) == ("answers", ["D1.note"], "low")
    assert finding.title == "An e-mail address stands in the answers"
    assert finding.note == "Take e-mail addresses out of the answers (D1.note)."
    assert "rolf" not in json.dumps(finding.as_json())


def test_declared_data_is_a_smaller_fault(tmp_path, made_up):
    columns = {"mail": [made_up.safe_email() for _ in range(50)]}
    sample = prepared(tmp_path, columns)
    undeclared = personal_data.run(sample, Budget()).facts["faults"][0]["severity"]
    sample.answers = {"S1": {"value": ["personal"]}}
    assert (undeclared, personal_data.run(sample, Budget()).facts["faults"][0]["severity"]) == (
        "high",
        "medium",
    )


def test_without_time_it_says_what_was_not_searched(tmp_path):
    finding = personal_data.run(prepared(tmp_path, {"a": ["x"], "b": ["y"]}), Budget(seconds=0))
    assert "2 columns not searched" in finding.note


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (checksums.iban, "DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 01"),
        (checksums.luhn, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (checksums.card, "378282246310005", "178282246310005"),
        (national.es_dni, "12345678Z", "12345678A"),
        (national.it_fiscal, "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
        (national.fr_nir, "255081416802538", "255081416802539"),
        (national.de_tax, "86095742719", "86095742718"),
        (national.br_cpf, "111.444.777-35", "111.444.777-36"),
        (national.pl_pesel, "44051401359", "44051401358"),
        (national.nl_bsn, "111222333", "111222334"),
        (national.se_person, "811218-9876", "811218-9875"),
        (national.cn_resident, "11010519491231002X", "110105194912310021"),
        (national.in_aadhaar, "2363", "2364"),
        (national.uk_nino, "AB123456C", "BG123456C"),
        (national.us_ssn, "123-45-6789", "666-45-6789"),
    ],
)
def test_a_checksum_tells_one_digit(check, right, wrong):
    assert check(right)
    assert not check(wrong)


def test_a_number_in_text_needs_a_word_before_it():
    assert [kind for *_, kind in scan.found("Call me on 9417614527 today")] == ["phone"]
    assert list(scan.found("Invoice 9417614527 is paid")) == []


@pytest.mark.parametrize(
    ("header", "kind"),
    [("Date of birth", "birth_date"), ("phoneNumber", "phone"), ("product_name", None), ("mean_radius", None),
     ("customer_email", "email"), ("LastName", "name"), ("file_name", None), ("shipping", None)],
)  # fmt: skip
def test_headers_promise_kinds(header, kind):
    assert names.header_kind(header) == kind


def test_spans_in_mails_match_the_truth(tmp_path, shared_data):
    folder = shared_data / "faulty" / "spam_pii_backdoor"
    texts = [json.loads(line)["text"] for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    truth = json.loads((folder / "truth.json").read_text("utf-8"))[0]["items"]
    spans = searched(tmp_path, {"text": texts}, types={"text": "text"}, kind="text").facts["spans"]

    def matches(item):
        kind = TRUTH_KINDS.get(item["kind"], item["kind"])
        return [
            s
            for s in spans
            if (s["row"], s["start"], s["end"], s["kind"]) == (item["row"], item["start"], item["end"], kind)
        ]

    assert sum(bool(matches(item)) for item in truth) >= 0.95 * len(truth)
    assert len(spans) <= 1.25 * len(truth)


def test_days_of_films_and_numbers_of_books_are_nobodys(tmp_path):
    draw = random.Random(4)
    days = [
        f"{draw.randint(1940, 1999)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}" for _ in range(400)
    ]
    books = [f"{draw.randint(0, 10**9):09}{draw.randint(0, 9)}" for _ in range(400)]
    parcels = [f"{draw.randint(10**12, 10**13 - 1)}" for _ in range(400)]
    versions = [
        f"{draw.randint(1, 9)}.{draw.randint(0, 20)}.{draw.randint(0, 9)}.{draw.randint(0, 99)}" for _ in days
    ]
    columns = {"release_date": days, "isbn": books, "ean": parcels, "version": versions}
    assert kinds(searched(tmp_path, columns)) == {}
    mails = [f"person{i}@example.org" for i in range(400)]
    beside = kinds(searched(tmp_path / "b", {"day": days, "mail": mails}))
    assert beside == {"day": "birth_date", "mail": "email"}


def test_cells_that_speak_of_a_birth_end_no_search(tmp_path):
    cells = [f"born on {1 + i % 28} March {1950 + i % 40}" for i in range(60)]
    assert searched(tmp_path, {"born": cells}).state == "measured"
