"""Personal data in other spellings and places: each kind as people write it, and twins that are nobody's."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from faker import Faker

from tests.workers.probes.security.test_personal_data import kinds, searched
from tests.workers.probes.tables import prepared
from workers import masking
from workers.probes.base import Budget, Finding
from workers.probes.security import personal_data
from workers.probes.security.personal_data import scan

ROWS = 120
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


@pytest.fixture
def draw() -> random.Random:
    return random.Random(5)


@pytest.fixture
def made_up() -> Faker:
    fake = Faker("de_DE")
    fake.seed_instance(5)
    return fake


def grouped(number: str, sign: str) -> str:
    """In groups as on a card: four by four, or 4-6-5."""
    cuts = (0, 4, 10, 15) if len(number) == 15 else range(0, len(number) + 1, 4)
    return sign.join(number[a:b] for a, b in zip(cuts, list(cuts)[1:], strict=False))


def nhs(draw: random.Random, sign: str) -> str:
    """Ten digits of which the last is the NHS's check digit."""
    while True:
        body = [draw.randint(0, 9) for _ in range(9)]
        check = -sum(digit * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            number = "".join(map(str, [*body, check]))
            return sign.join((number[:3], number[3:6], number[6:]))


def part(draw: random.Random) -> str:
    return f"{draw.randint(0, 999):03}-{draw.randint(0, 99):02}-{draw.randint(0, 9999):04}"


@pytest.mark.parametrize("sign", [".", "-", "–"])
@pytest.mark.parametrize("kind", ["visa16", "amex"])
def test_cards_are_cards_with_any_sign_between_their_groups(tmp_path, made_up, sign, kind):
    cards = [grouped(made_up.credit_card_number(kind), sign) for _ in range(ROWS)]
    assert kinds(searched(tmp_path, {"c": cards})) == {"c": "card"}
    ((start, end, found),) = scan.found(f"I paid with {cards[0]} on Monday.")
    assert (start, end, found) == (12, 12 + len(cards[0]), "card")


def test_groups_with_dots_whose_check_digit_is_chance_are_no_cards(tmp_path, draw):
    cells = [".".join(f"{draw.randint(0, 9999):04}" for _ in range(4)) for _ in range(400)]
    assert kinds(searched(tmp_path, {"c": cells})) == {}


@pytest.mark.parametrize("digits", [ARABIC, BENGALI])
def test_phone_numbers_are_read_in_the_digits_of_any_script(tmp_path, draw, digits):
    numbers = [f"+9665{draw.randint(10**7, 10**8 - 1)}".translate(digits) for _ in range(ROWS)]
    assert kinds(searched(tmp_path, {"c": numbers})) == {"c": "phone"}
    text = f"please call {numbers[0]} today"
    assert list(scan.found(text)) == [(12, 12 + len(numbers[0]), "phone")]
    some = ["the parcel was late and we asked about it again"] * ROWS
    some[40] = text
    spans = searched(tmp_path / "b", {"note": some}, types={"note": "text"}).facts["spans"]
    assert [(s["row"], s["start"], s["kind"]) for s in spans] == [(40, 12, "phone")]


def test_an_arabic_word_says_that_a_phone_number_follows():
    assert [kind for *_, kind in scan.found("اتصل بي على ٠٥٠ ٩٨٥ ١٧٣٧ من فضلك")] == ["phone"]


@pytest.mark.parametrize("spelt", [str.lower, str.capitalize, str.upper])
def test_accounts_are_accounts_in_small_letters_and_in_groups(tmp_path, made_up, spelt):
    accounts = [grouped(spelt(made_up.iban()) + "  ", " ").strip() for _ in range(ROWS)]
    assert kinds(searched(tmp_path, {"c": accounts})) == {"c": "iban"}
    account = grouped(spelt("AT611904300234573201"), " ")
    ((start, end, kind),) = scan.found(f"pay into {account} bitte sehr")
    assert (start, end, kind) == (9, 9 + len(account), "iban")


def test_words_and_hashes_after_a_country_are_no_failed_accounts():
    texts = ["be5126ea6863 door", "ee2175065baf door late", "pay into GB96LBHO03950384291604 please"]
    reader = scan.Reader()
    for i, text in enumerate(texts):
        reader.read(i, i, text)
    assert [span.kind for span in reader.believed()] == ["iban"]


@pytest.mark.parametrize(
    "said", ["Patient NHS number {} was seen today.", "NHS no {}: seen today.", "Seen today: {} at noon."]
)
@pytest.mark.parametrize("sign", [" ", "-"])
def test_numbers_of_the_nhs_are_no_phones(tmp_path, draw, said, sign):
    texts = [said.format(nhs(draw, sign)) for _ in range(ROWS)]
    finding = searched(tmp_path, {"note": texts}, types={"note": "text"})
    assert {entry["kind"] for entry in finding.facts["by_column"]} == {"national_id"}


def test_phones_stay_phones_beside_the_nhs():
    text = "NHS number 943 476 5919, tel. 0161 496 0960. Call 718 555 0134 too."
    assert [kind for *_, kind in scan.found(text)] == ["national_id", "phone", "phone"]
    assert [kind for *_, kind in scan.found("My phone number is +34873391728, thanks.")] == ["phone"]


@pytest.mark.parametrize("header", ["part", "Item code", "component_id", "c1"])
def test_numbers_of_parts_are_nobodys(tmp_path, draw, header):
    parts = list(dict.fromkeys(part(draw) for _ in range(ROWS)))
    assert kinds(searched(tmp_path, {header: parts})) == {}
    texts = [f"We have replaced {one} in the pump and tested it for an hour." for one in parts]
    assert kinds(searched(tmp_path / "b", {"note": texts}, types={"note": "text"})) == {}


def test_social_security_numbers_stay_so_with_fillers_and_a_slip(tmp_path):
    fake = Faker("en_US")
    fake.seed_instance(6)
    numbers = [fake.ssn() for _ in range(ROWS)] + ["000-00-0000", "999-99-9999", "666-12-3456"]
    assert kinds(searched(tmp_path, {"c1": numbers})) == {"c1": "national_id"}


def test_an_address_in_a_columns_name_is_told_and_not_repeated(tmp_path):
    columns = {"rating by anna.kolb@example.org": ["1", "2", "3"] * 20, "rating@home": ["1", "2", "3"] * 20}
    sample = prepared(tmp_path, columns)
    finding = masking.masked(personal_data.run(sample, Budget()), sample)
    (fault,) = finding.facts["faults"]
    assert (fault["where"], fault["severity"], fault["kinds"]) == ("column names", "medium", ["email"])
    assert finding.title == "An e-mail address stands in the column names"
    assert finding.value == 0
    assert "anna" not in json.dumps(finding.as_json())


PLAN = """\
training: {epochs: 3}
notify:
  mail: anna.kolb@example.org
data:
  url: postgres://me:s3cret@db.example.org/x
  code: git@github.com:shop/model.git
# ask ben.ott@example.org
"""


def test_an_address_in_the_plan_is_told_and_not_repeated(tmp_path):
    sample = prepared(tmp_path, {"a": ["1", "2", "3"] * 20})
    sample.plan_text = PLAN
    finding = personal_data.run(sample, Budget())
    (fault,) = finding.facts["faults"]
    assert (fault["where"], fault["severity"]) == ("plan", "low")
    assert fault["keys"] == ["notify.mail", "comment"]
    assert finding.note == "Take e-mail addresses out of the plan (notify.mail and comment)."
    assert not [one for one in ("anna", "ben") if one in json.dumps(finding.as_json())]
    sample.plan_text = PLAN.replace("anna.kolb@", "/").replace("ben.ott@", "@")
    assert personal_data.run(sample, Budget()).facts["faults"] == []


def pictures(folder: Path, names: list[str]):
    return prepared(folder, {"label": ["a", "b"] * (len(names) // 2)}, files=names, kind="images")


def test_files_called_after_people_with_their_births_are_told_and_masked_everywhere(tmp_path, made_up, draw):
    names = []
    for i in range(60):
        first, last = (
            draw.choice(["anna", "peter", "maria", "lukas"]),
            draw.choice(["schmidt", "weber", "müller"]),
        )
        day = f"{draw.randint(1935, 2004)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        names.append(f"faces/{first}_{last}_{day}.jpg" if i % 2 else f"faces/{last}-{first}_{day}_{i}.jpg")
    sample = pictures(tmp_path, names)
    finding = personal_data.run(sample, Budget())
    assert {kind for fault in finding.facts["faults"] for kind in fault["kinds"]} == {"name", "birth_date"}
    assert finding.title.startswith("Every file name holds ")
    other = Finding(
        1.0, f"Look at {names[3]}.", {"files": names[:4], "pairs": [{"file": names[5].split("/")[1]}]}
    )
    told = json.dumps(masking.masked(other, sample).as_json()) + json.dumps(finding.as_json())
    assert not [
        word for word in ("anna", "peter", "maria", "lukas", "schmidt", "weber", "-0", "-1") if word in told
    ]
    assert ".jpg" in told


def test_a_name_on_no_list_is_masked_among_files_called_after_people_and_so_is_an_account(tmp_path):
    names = [f"faces/{first}_weber_{i}.jpg" for i, first in enumerate(["anna", "peter", "maria"] * 8)]
    names += ["faces/Ludovica_Quaresimo_7.jpg", "faces/DE89370400440532013000_8.jpg"]
    finding = Finding(1.0, f"Look at {names[-2]} first.", {"files": names[-2:]})
    told = json.dumps(masking.masked(finding, pictures(tmp_path, names)).as_json())
    assert not [word for word in ("Ludovica", "Quaresimo", "DE89370400440532013000") if word in told]
    kept = masking.masked(finding, pictures(tmp_path / "b", ["faces/sunny_meadow_1.jpg"] * 4)).note
    assert "Ludovica_Quaresimo_7.jpg" in kept  # one such name alone is no habit


def test_files_called_after_breeds_plants_and_days_are_nobodys(tmp_path, draw):
    things = (
        "jack_russell",
        "german_shepherd",
        "rosa_canina",
        "iris_setosa",
        "max_pool",
        "mark_down",
        "grey_wolf",
    )
    names = [
        f"pets/{draw.choice(things)}_{draw.randint(1, 99)}_2019-06-{i % 28 + 1:02}.jpg" for i in range(80)
    ]
    sample = pictures(tmp_path, names)
    assert personal_data.run(sample, Budget()).facts["faults"] == []
    other = Finding(1.0, "Look.", {"files": names[:4]})
    assert masking.masked(other, sample).facts["files"] == names[:4]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("请拨打13812345678联系我", "13812345678", "phone"),
        ("電話番号は03-1234-5678です", "03-1234-5678", "phone"),
        ("전화번호는 010-1234-5678입니다", "010-1234-5678", "phone"),
        ("身份证号11010519491231002X请核对", "11010519491231002X", "national_id"),
        ("邮箱wangwei88@163.com谢谢", "wangwei88@163.com", "email"),
    ],
)
def test_words_without_blanks_are_no_part_of_what_stands_beside_them(text, value, kind):
    reader = scan.Reader()
    reader.read(0, 0, text)
    assert [(text[one.start : one.end], one.kind) for one in reader.believed()] == [(value, kind)]
