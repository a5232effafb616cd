# ruff: noqa: E501 - tables read best with an entry a line
"""Made-up people: tables and texts with personal data and secrets at known places, in many countries' forms."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from faker import Faker

# country -> Faker's locale and method; each gives a number with a right check digit
IDENTIFIERS = {
    "US": ("en_US", "ssn"), "ES": ("es_ES", "nif"), "ES2": ("es_ES", "nie"), "IT": ("it_IT", "ssn"),
    "FR": ("fr_FR", "ssn"), "PL": ("pl_PL", "pesel"), "BR": ("pt_BR", "cpf"), "SE": ("sv_SE", "ssn"),
    "FI": ("fi_FI", "ssn"), "NO": ("no_NO", "ssn"), "NL": ("nl_NL", "ssn"), "BE": ("nl_BE", "ssn"),
    "RO": ("ro_RO", "ssn"), "HR": ("hr_HR", "ssn"), "CZ": ("cs_CZ", "birth_number"), "EE": ("et_EE", "ssn"),
    "CA": ("en_CA", "ssn"), "TR": ("tr_TR", "ssn"), "DE": ("de_DE", "rvnr"), "CH": ("de_CH", "ssn"),
    "AT": ("de_AT", "ssn"), "CN": ("zh_CN", "ssn"), "MX": ("es_MX", "curp"),
    "CL": ("es_CL", "rut"), "TW": ("zh_TW", "ssn"), "TH": ("th_TH", "ssn"), "GR": ("el_GR", "ssn"),
}  # fmt: skip
PEOPLE = ("en_US", "en_GB", "de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "sv_SE", "pt_BR")
SAID = {
    "email": ("You can write to me at {} any time.", "Contact: {}", "Kontakt über {}, danke."),
    "phone": ("Call me on {} after six.", "Telefon: {}", "My phone number is {}, thanks.", "Tel. {}"),
    "iban": ("Please pay into {}.", "Das Konto ist {}.", "IBAN: {}"),
    "card": ("My card is {}.", "Charge the card {} please.", "Kreditkarte {}"),
    "national_id": ("My national id is {}.", "Identity number: {}", "The tax number {} is on file."),
}
LETTERS = string.ascii_letters + string.digits
WORDS = [
    "order",
    "item",
    "late",
    "box",
    "shop",
    "parcel",
    "door",
    "blue",
    "small",
    "return",
    "refund",
    "broken",
    "fits",
    "well",
    "colour",
    "price",
    "paid",
    "again",
    "week",
    "store",
    "staff",
    "kind",
    "slow",
    "fast",
    "good",
    "poor",
    "light",
    "heavy",
    "sound",
    "screen",
    "cable",
    "handle",
    "wheel",
    "cover",
    "size",
    "exchange",
]


@dataclass
class Texts:
    """Texts of one column, and where personal data stands in them: (row, start, end, kind)."""

    texts: list[str]
    spans: set[tuple[int, int, int, str]] = field(default_factory=set)


class People:
    """Values of made-up people by kind; equal seeds make equal people."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.fakes = {loc: Faker(loc) for loc in {*PEOPLE, *(loc for loc, _ in IDENTIFIERS.values())}}
        for i, loc in enumerate(sorted(self.fakes)):
            self.fakes[loc].seed_instance(1000 * seed + i)

    def one_of(self, items: tuple | list) -> str:
        return items[int(self.rng.integers(len(items)))]

    def value(self, kind: str) -> str:
        if kind == "national_id":
            loc, method = IDENTIFIERS[self.one_of(list(IDENTIFIERS))]
            return str(getattr(self.fakes[loc], method)())
        fake = self.fakes[self.one_of(PEOPLE)]
        if kind == "phone":
            return self.fakes[self.one_of(PEOPLE[:4])].phone_number()
        made: dict[str, Callable[[], str]] = {
            "email": fake.email, "iban": fake.iban, "name": fake.name,
            "card": lambda: fake.credit_card_number(self.one_of(("visa16", "mastercard", "amex"))),
            "birth_date": lambda: fake.date_of_birth(minimum_age=18, maximum_age=90).isoformat(),
            "address": lambda: fake.address().replace("\n", ", "),
        }  # fmt: skip
        return made[kind]()

    def texts(self, rows: int, share: float, kinds: tuple[str, ...] = tuple(SAID)) -> Texts:
        """Sentences of a shop, with orders, dates and prices, and personal data in a share of them."""
        made = Texts([self.sentence() for _ in range(rows)])
        for row in self.rng.choice(rows, max(1, round(share * rows)), replace=False).tolist():
            kind = self.one_of(kinds)
            value, said = self.value(kind), self.one_of(SAID[kind])
            before = made.texts[row] + " " + said[: said.index("{}")]
            made.texts[row] = before + value + said[said.index("{}") + 2 :]
            made.spans.add((row, len(before), len(before) + len(value), kind))
        return made

    def sentence(self) -> str:
        words = [self.one_of(WORDS) for _ in range(int(self.rng.integers(6, 16)))]
        extra = (
            f"order {self.rng.integers(10**5, 10**9)}", f"on 2023-0{self.rng.integers(1, 10)}-1{self.rng.integers(10)}",
            f"for {self.rng.lognormal(3, 1):.2f} EUR", f"ref {self.rng.bytes(6).hex()}", f"at {self.rng.integers(24)}:05",
        )  # fmt: skip
        words.insert(int(self.rng.integers(len(words))), self.one_of(extra))
        return " ".join(words).capitalize() + "."

    def drawn(self, letters: str, length: int) -> str:
        return "".join(self.one_of(letters) for _ in range(length))

    def secret(self) -> tuple[str, str]:
        """A secret, and a text that it may stand in."""
        hexes, capitals = "0123456789abcdef", string.ascii_uppercase + string.digits
        value, text = self.one_of((
            (lambda: "AKIA" + self.drawn(capitals, 16), "{}"),
            (lambda: "ghp_" + self.drawn(LETTERS, 36), "git clone with {}"),
            (lambda: "glpat-" + self.drawn(LETTERS, 20), "{}"),
            (lambda: f"xoxb-{self.drawn('123456789', 12)}-{self.drawn('123456789', 12)}-{self.drawn(LETTERS, 24)}", "{}"),
            (lambda: "sk_live_" + self.drawn(LETTERS, 24), "stripe {}"),
            (lambda: "sk-proj-" + self.drawn(LETTERS, 48), "{}"),
            (lambda: "SK" + self.drawn(hexes, 32), "twilio {}"),
            (lambda: f"SG.{self.drawn(LETTERS, 22)}.{self.drawn(LETTERS, 43)}", "{}"),
            (lambda: "npm_" + self.drawn(LETTERS, 36), "//registry/:_authToken {}"),
            (lambda: "pypi-" + self.drawn(LETTERS, 100), "{}"),
            (lambda: "AIza" + self.drawn(LETTERS, 35), "key {}"),
            (lambda: self.drawn(LETTERS, 9) + "7q", "postgres://shop:{}@db.example.org/orders"),
            (lambda: self.drawn(LETTERS, 9) + "7q", "password={}"),
            (lambda: self.drawn(LETTERS, 9) + "7q", "Server=db1;Database=x;User Id=sa;Password={};"),
            (lambda: self.drawn(LETTERS, 22) + "7q", 'api_key: "{}"'),
            (lambda: self.drawn(LETTERS, 38) + "7q", "aws_secret_access_key = {}"),
        ))  # fmt: skip
        made = value()
        return made, text.format(made)


def clean_columns(rng: np.random.Generator, rows: int) -> dict[str, list[str]]:
    """56 columns of numbers, codes, times and hashes, none of which is anybody's."""
    day = np.datetime64("2020-01-01T00:00:00")
    pick = lambda low, high: rng.integers(low, high, rows)  # noqa: E731

    def ean(prefix: str, length: int) -> str:
        body = prefix + "".join(map(str, rng.integers(0, 10, length - 1 - len(prefix))))
        total = sum(int(c) * (3 if (length - 1 - i) % 2 else 1) for i, c in enumerate(body))
        return body + str(-total % 10)

    columns: dict[str, list[str]] = {
        f"float_{i}": [f"{v:.{i % 9 + 1}f}" for v in rng.normal(0, 10 ** (i % 9), rows)] for i in range(12)
    }
    columns |= {f"whole_{i}": [str(v) for v in pick(10**i, 10 ** (i + 1))] for i in range(18)}
    columns |= {
        "epoch_ms": [str(1_700_000_000_000 + int(v)) for v in pick(0, 10**9)],
        "epoch": [str(1_600_000_000 + int(v)) for v in pick(0, 10**8)],
        "serial": [str(100_000_000 + i) for i in range(rows)],
        "order_no": [str(4_000_000_000_000_000 + 7 * i) for i in range(rows)],
        "ean": [ean("40", 13) for _ in range(rows)], "upc": [ean("0", 12) for _ in range(rows)],
        "isbn": [ean("978", 13) for _ in range(rows)], "isbn_dashed": [f"978-3-16-{v}-0" for v in pick(100000, 999999)],
        "like_phone": [f"{v:.6f}" for v in rng.uniform(200, 999, rows)],
        "like_phone_2": [f"{v:.1f}" for v in rng.uniform(2e9, 9e9, rows)],
        "place": [f"{a:.6f}, {b:.6f}" for a, b in zip(rng.uniform(-90, 90, rows), rng.uniform(-180, 180, rows), strict=True)],
        "price": [f"${v:,.2f}" for v in rng.lognormal(8, 3, rows)],
        "grouped": [f"{v:,}".replace(",", " ") for v in pick(10**8, 10**9)],
        "dated_no": [f"2023{m:02d}{i % 28 + 1:02d}-{i:04d}" for i, m in enumerate(pick(1, 13))],
        "code": [f"{rng.integers(10**7, 10**8)}{c}" for c in rng.choice(list("ABCDEFGHJKLMNPRSTVWXYZ"), rows)],
        "code_2": [f"AB{v}{c}" for v, c in zip(pick(10**5, 10**6), rng.choice(list("ABCD"), rows), strict=True)],
        "part": [f"{a}-{b}-{c}" for a, b, c in zip(pick(100, 999), pick(1000, 9999), pick(10, 99), strict=True)],
        "hash": [rng.bytes(16).hex() for _ in range(rows)], "commit": [rng.bytes(20).hex() for _ in range(rows)],
        "version": [".".join(map(str, v)) for v in rng.integers(0, 20, (rows, 3))],
        "version_4": [".".join(map(str, v)) for v in rng.integers(0, 40, (rows, 4))],
        "stamp": [str(day + int(v)) for v in pick(0, 10**8)],
        "clock": [f"{a:02d}:{b:02d}:{b:02d}" for a, b in zip(pick(0, 24), pick(0, 60), strict=True)],
        "range": [f"{a}-{a + 100}" for a in pick(100, 900)],
        "odd_large": [str(v) if i % 100 else str(rng.integers(10**11, 10**16)) for i, v in enumerate(pick(0, 50))],
        "scientific": [f"{v:.6e}" for v in rng.lognormal(0, 20, rows)],
    }  # fmt: skip
    return columns
