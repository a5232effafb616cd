# ruff: noqa: E501 - tables read best with an entry a line
"""How personal data looks in a cell or a text: one regular expression a kind, and what confirms it.

``chance`` is how often a cell of that shape passes without being one: a checksum of one digit lets
one number in ten through, so a column of order numbers passes it now and then and a column of cards
always. ``alone`` says that one hit in running text is proof enough; the others need a whole column
or a word before them that says what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workers.probes.security import checksums

CAP = r"[A-ZÀ-ÖØ-Þ][\w.'’\-]*"
_EXTENSION = r"(?:\s?(?:x|ext\.?)\s?\d{1,5})?"
_PHONE = (
    r"(?:(?:\+|\b00)[1-9]\d{0,2}[\s.\-/]?(?:\(\s?\d{1,5}\s?\)[\s.\-/]?)?\d(?:[\s.\-/]?\d){5,12}"  # international
    r"|\(\s?\d{2,5}\s?\)[\s.\-/]?\d{2,5}(?:[\s.\-/]?\d{2,5}){1,2}"  # (area) number
    r"|\b(?:(?:001|1)[\-. ])?[2-9]\d{2}[\-. ]\d{3}[\-. ]\d{4}"  # 860-920-2543
    r"|\b0\d{1,4}[\s/\-]\d{3,8}(?:[\s\-]\d{2,5}){0,3}"  # 0161 496 0960, 04362 06423
    r"|\b\d{3}[\s]\d{2}[\s]\d{2}[\s]\d{2}\b|\b\d{3}[\s]\d{3}[\s]\d{3}\b)"  # 841 57 31 40
)
_STREET = (
    r"(?:street|avenue|boulevard|crescent|terrace|drive|lane|road|court|place|square|way|blvd|ave|rd|st|dr|ln"
    r"|stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ring|ufer|damm|rue|chemin|impasse|quai"
    r"|calle|avenida|paseo|plaza|camino|via|viale|piazza|rua)"
)
_TOWN = r"[A-ZÀ-ÖØ-Þ][\w'’\-]*"  # no full stop: it may end the sentence
_POSTCODE = r"(?:[A-Z]{2},?\s\d{5}(?:-\d{4})?|\d{5}(?:\s" + _TOWN + r")?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape of personal data."""

    kind: str
    what: str  # in a sentence: "e-mail addresses"
    regex: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    chance: float = 1e-4
    alone: bool = True
    cue: re.Pattern[str] | None = None  # a word before it that makes a weak one count in running text


def _p(kind: str, what: str, regex: str, check=None, chance=1e-4, alone=True, cue="", flags=0) -> Pattern:
    near = re.compile(cue, re.IGNORECASE) if cue else None
    return Pattern(kind, what, re.compile(regex, flags), check, chance, alone, near)


def _is_phone(text: str) -> bool:
    number = checksums.digits(re.split(r"x|ext", text)[0])
    if re.fullmatch(r"\d{4}[\-./ ]\d{1,2}[\-./ ]\d{1,2}|\d{1,2}[\-./]\d{1,2}[\-./]\d{2,4}", text.strip()):
        return False  # a date
    if re.match(r"\+\d{4}\s\d{1,2}/|\d*\.\d+\s\d+\.\d+$", text.strip()):
        return False  # a time zone before a date; two decimal numbers
    if number[:3] in ("978", "979") and len(number) == 13 and "-" in text:
        return False  # an ISBN
    return 7 <= len(number) <= 16 and len(set(number)) > 2


def _is_ip(text: str) -> bool:
    if ":" in text:
        return text.count(":") == 7 or ("::" in text and 2 <= text.count(":") <= 7 and len(text) > 6)
    parts = text.split(".")
    return all(int(part) < 256 and (part == "0" or part[0] != "0") for part in parts) and int(parts[0]) > 0


ID = "national identity numbers"
PATTERNS: tuple[Pattern, ...] = (
    _p("email", "e-mail addresses", r"(?<![\w.+-])[\w.%+\-]{1,64}@(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,24}\b", chance=1e-6),
    _p("iban", "bank account numbers (IBAN)", r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b",
       checksums.iban, 1e-4),
    _p("card", "payment card numbers", r"(?<![\w.\-])\d(?:[ \-]?\d){11,18}(?![\w\-]|\.\d)", checksums.card, 0.04),
    _p("national_id", ID, r"\b(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b", checksums.us_ssn, 1e-3),
    _p("national_id", ID, r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]\b",
       checksums.uk_nino, 1e-3),
    _p("national_id", ID, r"\b(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]\b", checksums.es_dni, 0.04),
    _p("national_id", ID, r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", checksums.it_fiscal, 1e-3),
    _p("national_id", ID, r"\b[12]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}\b",
       checksums.fr_nir, 0.01),
    _p("national_id", ID, r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", checksums.br_cpf, 1e-3),
    _p("national_id", ID, r"\b\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b",
       checksums.cn_resident, 0.01),
    _p("national_id", ID, r"\b(?:19|20)?\d{6}[\-+]\d{4}\b", checksums.se_person, 0.01),
    _p("national_id", ID, r"\b\d{2}\s?\d{3}\s?\d{3}\s?\d{3}\b", checksums.de_tax, 0.09, False,
       r"steuer|tax|\bidnr|\btin\b"),
    _p("national_id", ID, r"\b\d{11}\b", checksums.pl_pesel, 0.02, False, r"pesel"),
    _p("national_id", ID, r"\b\d{9}\b", checksums.nl_bsn, 0.1, False, r"\bbsn\b|burgerservice|sofi"),
    _p("national_id", ID, r"\b[2-9]\d{3}\s?\d{4}\s?\d{4}\b", checksums.in_aadhaar, 0.1, False, r"aadhaar|uidai"),
    _p("ip", "network addresses (IP)", r"(?<![\w.\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\d)", _is_ip, 1e-3),
    _p("ip", "network addresses (IP)", r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4})(?![\w:])",
       lambda text: text.count(":") == 7, 1e-3),
    _p("birth_date", "dates of birth",
       r"(?:born(?:\s+on)?|birth(?:\s?date|day)?|d\.?o\.?b\.?|geb(?:oren|\.)(?:\s+am)?|née?\s+le|nacid[oa]\s+el)"
       r"\s*[:\-]?\s*(?:\d{1,4}[./\-]\d{1,2}[./\-]\d{1,4}|\d{1,2}\.?\s+[A-Za-zäé]{3,10}\.?,?\s+\d{4}"
       r"|[A-Z][a-z]{2,8}\s+\d{1,2},?\s+\d{4})", flags=re.IGNORECASE),
    _p("name_street", "names with street addresses",
       r"(?:" + CAP + r"\s(?:(?:de|del|la|von|van|da|di)\s){0,2}){1,4}" + CAP
       + r",\s?[^,\n]{0,40}\d[^,\n]{0,40},\s?(?:[^,\n]{2,40},\s?){0,2}" + _POSTCODE + r"(?![\w\d])"),
    _p("name_street", "street addresses",
       r"\b\d{1,5}\s(?:" + CAP + r"\s){1,3}" + _STREET + r"\b\.?(?:,?\s(?:Apt|Suite|Unit|Flat)\.?\s?\w+)?"
       r"(?:,\s?[^,\n]{2,30}){0,2},?\s" + _POSTCODE, flags=re.IGNORECASE),
    _p("phone", "phone numbers", r"(?<![\w.,@/\-])" + _PHONE + _EXTENSION + r"(?![\w@]|[.\-]\d)", _is_phone, 0.02),
    _p("phone", "phone numbers", r"(?<![\w.,@/\-])\d{9,11}" + _EXTENSION + r"(?![\w@]|[.\-]\d)", _is_phone, 0.9, False,
       r"\b(?:call|phone|tel|telephone|telefon|mobile|cell|fax|ring|reach|whatsapp|sms)\b"),
)  # fmt: skip

WHAT = {pattern.kind: pattern.what for pattern in reversed(PATTERNS)} | {
    "name_street": "names with street addresses", "name": "names of people", "plate": "number plates",
    "address": "street addresses",
}  # fmt: skip
PLATES = re.compile(
    r"[A-ZÄÖÜ]{1,3}[\- ][A-Z]{1,2}[\- ]?\d{1,4}[EH]?|\d{4}[\- ]?[B-DF-HJ-NP-TV-Z]{3}|[A-Z]{2}\d{2}\s?[A-Z]{3}"
    r"|[A-Z]{2}-\d{3}-[A-Z]{2}|[A-Z]{2}\s?\d{3}\s?[A-Z]{2}"
)


def found(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of what one running text holds; a place is named once, the surest kind first."""
    taken: list[tuple[int, int]] = []
    for pattern in PATTERNS:
        if pattern.kind == "email" and "@" not in text:
            continue
        for match in pattern.regex.finditer(text):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if pattern.check is not None and not pattern.check(match.group()):
                continue
            if not pattern.alone and not (
                pattern.cue and pattern.cue.search(text, max(0, start - 25), start)
            ):
                continue
            taken.append((start, end))
            yield start, end, pattern.kind


def whole(cell: str, pattern: Pattern) -> bool:
    """Whether a short cell is, as a whole, one of these."""
    if pattern.kind != "email" and not any(c.isdigit() for c in cell):
        return False
    match = pattern.regex.fullmatch(cell.strip())
    return match is not None and (pattern.check is None or pattern.check(match.group()))


def masked(value: str, kind: str) -> str:
    """The shape of a value with nothing in it that names anyone: first letter at most."""
    first = value.strip()[:1]
    if kind == "email":
        return f"{first}***@***"
    if kind in ("name", "name_street", "address"):
        return " ".join(f"{word[:1]}***" for word in value.split()[:2] if word[:1].isalpha()) or "***"
    if kind in ("phone", "birth_date", "card", "national_id", "ip"):
        return re.sub(r"[^\W_]", "*", value.strip())[:24]
    return f"{value.strip()[:2]}***"
