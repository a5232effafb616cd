# ruff: noqa: E501 - texts read best a line each
"""Names and addresses in running text: told by the words around them; songs, towns and products stay quiet."""

from __future__ import annotations

import json
import random

import pytest
from faker import Faker

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.security import personal_data
from workers.probes.security.personal_data import lists, running, scan

TOLD = [
    ("Dear Mr Smith, your order has shipped today.", "Mr Smith", "name"),
    (
        "Sehr geehrte Frau Müller-Lüdenscheidt, vielen Dank für die Bestellung",
        "Frau Müller-Lüdenscheidt",
        "name",
    ),
    ("Estimado Sr. Azorín, gracias por su mensaje de ayer", "Sr. Azorín", "name"),
    (
        "I am not happy at all. Kind regards, Zbigniew Brzęczyszczykiewicz",
        "Zbigniew Brzęczyszczykiewicz",
        "name",
    ),
    ("Signed by María García on the first day", "María García", "name"),
    ("mijn naam is Bart van Luinenburg en ik wil mijn geld terug", "Bart van Luinenburg", "name"),
    ("le client Jean-Luc Moreau a appelé hier soir", "Jean-Luc Moreau", "name"),
    ("the customer Naksh Chowdhury phoned about the invoice", "Naksh Chowdhury", "name"),
    ("Иванов Иван Иванович просит вернуть деньги", "Иванов Иван Иванович", "name"),
    ("ich wohne in der Hauptstraße 5, 12345 Berlin und warte", "Hauptstraße 5, 12345 Berlin", "address"),
    (
        "send it to 12 rue de la République, 75001 Paris please",
        "12 rue de la République, 75001 Paris",
        "address",
    ),
    ("he lives at 221B Baker Street, London NW1 6XE now", "221B Baker Street, London NW1 6XE", "address"),
    ("Envíe el paquete a Calle Mayor 5, 28013 Madrid", "Calle Mayor 5, 28013 Madrid", "address"),
    ("Abito in Via Giuseppe Garibaldi 12, 00184 Roma", "Via Giuseppe Garibaldi 12, 00184 Roma", "address"),
    ("stuur het naar Keizersgracht 12, 1015 CJ Amsterdam", "Keizersgracht 12, 1015 CJ Amsterdam", "address"),
    ("moro na Rua Augusta, 1200, 01304-001 São Paulo", "Rua Augusta, 1200, 01304-001 São Paulo", "address"),
    ("we moved to Springfield, IL 62704 last year", "Springfield, IL 62704", "address"),
]
QUIET = """\
I love Jack Daniels and a Victoria Sponge with tea, it was good
we stayed near Victoria Station and Madison Square Garden and were happy
the city of San Jose and Santa Maria are warm when it is summer
The Adventures of Tom Sawyer
Harry Potter and the Chamber of Secrets
The Strange Case of Dr. Jekyll and Mr. Hyde
Mrs. Robinson
Dear Mr. President
Dear John
Hello, Dolly
Billie Jean
Tommy Hilfiger Men's Slim Jeans 32/34 in blue
Dr. Oetker Pizza Ristorante 355 g, frozen
I bought Dr. Martens boots and a Mr. Coffee machine and they are both good
wir haben 10000 Euro bezahlt und sind 20000 Kilometer gefahren
der Parkplatz 5 ist frei und Monitoring 3 auch
We shipped 12345 Items and it was a default of 1000 Maximum
Dear Customer, thank you for the order, your Support Team
Kind regards, Customer Service
Florence Italy is lovely in June 2020 and so is April in Paris
Via Email 3 times I asked them to refund me
San Jose, Costa Rica
the hotel is near Oxford Street in London, which was nice""".splitlines()


@pytest.mark.parametrize(("text", "value", "kind"), TOLD)
def test_who_and_where_is_told_to_the_letter(text, value, kind):
    assert [(text[f.start : f.end], f.kind, f.told) for f in running.found(text)] == [(value, kind, True)]


@pytest.mark.parametrize("text", QUIET)
def test_songs_towns_and_products_are_nobody(text):
    assert running.found(text) == []


def test_a_name_in_prose_is_a_name_but_may_be_an_actors():
    (found,) = running.found("the part of the sister was played by Natalie Portman")
    assert (found.kind, found.told) == ("name", False)


def texts(seed: int, rows: int, planted: int, said: str) -> tuple[list[str], set[int]]:
    draw, fake = random.Random(seed), Faker(["en_GB", "de_DE", "fr_FR", "it_IT"])
    fake.seed_instance(seed)
    said_often = "the parcel was late and we asked about it again please reply soon thank you box return"
    words = said_often.split()
    made = [" ".join(draw.choice(words) for _ in range(12)) for _ in range(rows)]
    places = set(draw.sample(range(rows), planted))
    for row in places:
        made[row] += " " + said.format(name=f"{fake.first_name()} {fake.last_name()}")
    return made, places


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "said", ["Kind regards, {name}", "My name is {name}", "The customer {name} called us"]
)
def test_planted_names_are_found_in_their_rows(tmp_path, seed, said):
    made, places = texts(seed, 600, 30, said)
    facts = personal_data.run(prepared(tmp_path, {"note": made}, types={"note": "text"}), Budget()).facts
    (fault,) = facts["faults"]
    assert (fault["kinds"], fault["severity"]) == (["name"], "medium")
    found = {span["row"] for span in fault["spans"]}
    assert len(found & places) >= 0.9 * len(places)
    assert found <= places


def test_names_of_actors_are_a_remark_and_no_risk(tmp_path):
    fake = Faker("en_US")
    fake.seed_instance(2)
    names = [f"{first} Xaverson" for first in sorted(lists.SURE_FIRST)[:200]]
    made = [f"a slow film, but {name} was good in it and I was moved" for name in names]
    finding = personal_data.run(
        prepared(
            tmp_path,
            {"review": [text.title() if i % 9 == 0 else text for i, text in enumerate(made)]},
            types={"review": "text"},
        ),
        Budget(),
    )
    assert finding.value == 0
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}
    assert "Xaverson" not in json.dumps(finding.as_json())


def test_the_hero_of_a_book_is_not_counted(tmp_path):
    made = [f"I liked how Natalie Xaverson was torn in chapter {i}" for i in range(200)]
    assert (
        personal_data.run(prepared(tmp_path, {"review": made}, types={"review": "text"}), Budget()).facts[
            "faults"
        ]
        == []
    )


def test_a_column_of_streets_is_named_whatever_it_is_called(tmp_path):
    fake = Faker(["de_DE", "fr_FR", "it_IT"])
    fake.seed_instance(1)
    cells = [f"{name}straße {i % 90 + 1}" for i, name in enumerate(fake.last_name() for _ in range(100))]
    facts = personal_data.run(prepared(tmp_path, {"c3": cells}), Budget()).facts
    assert [(e["column"], e["kind"]) for e in facts["by_column"]] == [("c3", "address")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("pay into FR76\u00a03000\u00a06000\u00a00112\u00a03456\u00a07890\u00a0189 now", "iban"),
        ("pay into DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00 now", "iban"),
        ("pay into DE89.3704.0044.0532.0130.00 now", "iban"),
        ("call +49\u00a030\u00a01234567 now", "phone"), ("call 06.12.34.56.78 now", "phone"),
        ("call 06\u202f12\u202f34\u202f56\u202f78 now", "phone"), ("call +٩٦٦ ٥٥ ١٢٣٤٥٦٧ now", "phone"),
        ("the card ４５３９５７８７６３６２１４８６ is mine", "card"), ("write to anna(at)web(dot)de", "email"),
        ("born on 7 March 1962", "birth_date"), ("NINO AB 12 34 56 C", "national_id"),
        ("passport number C01X00T47", "passport"),
    ],
)  # fmt: skip
def test_other_blanks_digits_and_dots_hide_nothing(tmp_path, text, kind):
    (found,) = scan.found(text)
    assert found[2] == kind
    cells = [text if i % 50 == 7 else "the parcel was late and we asked about it" for i in range(400)]
    facts = personal_data.run(prepared(tmp_path, {"note": cells}, types={"note": "text"}), Budget()).facts
    assert {(span["row"] % 50, span["kind"]) for span in facts["spans"]} == {(7, kind)}


def test_names_of_files_are_read_and_not_repeated(tmp_path):
    names = [f"cats/IMG_20230115_{i:06}.jpg" for i in range(60)] + ["dogs/icon@2x.png"]
    blank = {"label": ["cat"] * 60 + ["dog"]}
    quiet = personal_data.run(prepared(tmp_path / "a", blank, files=names, kind="images"), Budget())
    assert quiet.facts["faults"] == []
    names[7] = "cats/anna.schmidt@example.org_01.jpg"
    names[8] = "cats/DE89370400440532013000.jpg"
    finding = personal_data.run(prepared(tmp_path / "b", blank, files=names, kind="images"), Budget())
    (fault,) = finding.facts["faults"]
    assert (fault["columns"], sorted(fault["kinds"])) == (["file names"], ["email", "iban"])
    assert fault["files"] == ["file 8", "file 9"]
    assert not [one for one in ("anna", "0532013000") if one in json.dumps(finding.as_json())]


def test_files_called_after_people_are_named(tmp_path):
    fake = Faker("en_GB")
    fake.seed_instance(4)
    names = [f"staff/{fake.first_name()}_{fake.last_name()}-{i}.jpg" for i in range(80)]
    finding = personal_data.run(
        prepared(tmp_path, {"label": ["a"] * 80}, files=names, kind="images"), Budget()
    )
    assert [fault["kinds"] for fault in finding.facts["faults"]] == [["name"]]
