# ruff: noqa: E501 - tables read best with an entry a line
"""How personal data looks in a cell or a text: one regular expression a shape, and what confirms it.

``chance`` is how often something of that shape passes without being one: a check digit lets one number in
ten through, so order numbers pass it now and then and a column of cards always. ``alone`` says that one hit
in running text is proof enough; the others need a word before them, a telling header, or many of their
kind among few that are not (``scan.py`` and ``columns.py`` do that reckoning).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from workers.probes.security.personal_data import checksums, identifiers, phones

PASSING = 0.7  # share of a shape that must pass its check, where one slip is no exception yet
CAP = r"[A-ZÀ-ÖØ-ÞŠŽČŁŚŻ][\w.'’\-]*"
_EXTENSION = r"(?:\s?(?:x|ext\.?)\s?\d{1,5})?"
_INTERNATIONAL = (
    r"(?:" + phones.BRACKETED + r"|(?:\+|\b00|\b011[\s\-])(?!1?0)[1-9]\d{0,3}[\s.\-/]?"
    r"(?:\(\s?\d{1,5}\s?\)[\s.\-/]?)?\d(?:[\s.\-/]{0,2}\d){4,12})"
)
_NATIONAL = (
    r"(?:\(\s?\d{2,6}\s?\)[\s.\-/]?\d{2,8}(?:[\s.\-/]?\d{1,5}){0,3}"  # (area) number
    r"|\b(?:(?:001|1)[\-. ])?[2-9]\d{2}[\-. ]\d{3}[\-. ]\d{4}"  # 860-920-2543
    r"|\b(?:1[\-. ])?\([2-9]\d{2}\)\s?\d{3}-\d{4}"
    r"|\b0\d{1,5}[\s/\-]\s?\d{2,8}(?:[\s\-]\d{2,5}){0,4}"  # 0161 496 0960, 04362 06423
    r"|\b0[1-9](?:[ .]\d{2}){4}"  # 06 12 34 56 78
    r"|\b\d{3}[ ]\d{2}[ ]\d{2}[ ]\d{2}\b"  # 841 57 31 40
    r"|" + phones.TRUNK + r")"
)
_STREET = (
    r"(?:street|avenue|boulevard|crescent|terrace|drive|lane|road|court|place|square|way|blvd|ave|rd|st|dr|ln"
    r"|stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ring|ufer|damm|rue|chemin|impasse|quai"
    r"|calle|avenida|paseo|plaza|camino|via|viale|piazza|rua)"
)
_TOWN = r"[A-ZÀ-ÖØ-Þ][\w'’\-]*"  # no full stop: it may end the sentence
_POSTCODE = r"(?:[A-Z]{2},?\s\d{5}(?:-\d{4})?|\d{5}(?:\s" + _TOWN + r")?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})"
_MONTH = r"[A-Za-zäéûçãíáó]{3,10}"
CALLING = frozenset(
    """1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84
    86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237
    238 239 240 241 242 243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268
    269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383
    385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672
    673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962
    963 964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One shape of personal data."""

    kind: str
    regex: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    chance: float = 1e-4
    alone: bool = True
    cue: re.Pattern[str] | None = None  # a word before it that makes a weak one count in running text
    pooled: bool = True  # many of the kind in a column are proof
    # What a text must hold to be looked at: "at", "hidden", "code", "number", "either",
    # "year", "words", "colons".
    needs: str = "number"
    loose: re.Pattern[str] | None = None  # words before it that are said of other numbers, too
    passing: float = PASSING  # share of what has its shape that must pass its check
    behind: re.Pattern[str] | None = None  # a word right behind it that says what went before


# -- checks that are no checksums ---------------------------------------------------------------------
_DATE = re.compile(r"\d{4}([\-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([\-./ ])\d{1,2}\2(?:\d{2}|\d{4})")
_PAIRS = re.compile(r"0[1-9](?:([ .\-])\d{2})(?:\1\d{2}){3}")  # 06 12 34 56 78, which begins like a date
_PARTS = re.compile(r"\d{3}-\d{2}-\d{4}|\d{4}(?:\.\d{4}){3}")
_DECIMALS = re.compile(r"\+\d{4}\s\d{1,2}/|\d*\.\d+[\s\-]+\d+\.\d+$|[\-+]?\d+\.\d+$")


def is_phone(text: str) -> bool:
    """As many digits as numbers have, and no date, decimal number, ISBN or time in their place."""
    text = text.strip()
    number = checksums.digits(re.split(r"x|ext", text)[0])
    if _PAIRS.fullmatch(text):
        return len(set(number)) > 2
    if phones.HUNGARIAN.fullmatch(text):
        return True  # begins like a date, too
    if phones.COUNTED.fullmatch(text):
        return False
    if _PARTS.fullmatch(text):
        return False  # grouped like social security numbers and cards, or numbers of parts
    if _DATE.fullmatch(text) or _DATE.match(text[1:] if text[:1] == "(" else text) or _DECIMALS.match(text):
        return False
    if number[:3] in ("978", "979") and len(number) == 13 and "+" not in text:
        return False  # an ISBN
    if text[:1] == "(" and re.fullmatch(r"\(\d+\)\s?\d{1,3}", text):
        return False
    return 7 <= len(number) <= 16 and len(set(number)) > 2


def is_international(text: str) -> bool:
    """A country's calling code first; a bare row of digits with two zeros before it may be an article."""
    if text.strip().isdigit():
        return False
    number = re.sub(r"^(?:\(?\s?\+|00|011[\s\-])", "", text.strip())
    number = checksums.digits(re.split(r"x|ext", number)[0])
    if not any(number[:n] in CALLING for n in (1, 2, 3)):
        return False
    return 8 <= len(number) <= 15 + ("(0" in text) and is_phone(text)


def is_national(text: str) -> bool:
    if not is_phone(text):
        return False
    number = checksums.digits(re.split(r"x|ext", text)[0])
    if re.match(r"\(?0|\b0", text.strip()):
        return 8 <= len(number) <= 12
    return len(number) >= 9


def is_spoken(text: str) -> bool:
    """What is a number beside "call": 7 to 12 digits, and no amount in thousands."""
    if re.fullmatch(r"\d{1,2}(?:[ .]\d{3})+|\d{1,3}(?:\.\d{3})+", text.strip()):
        return False
    if phones.EIGHT.fullmatch(text):
        return len(set(checksums.digits(text))) > 2
    return is_phone(text) and len(checksums.digits(text)) <= 13


def is_ip(text: str) -> bool:
    if ":" in text:
        groups = text.split(":")
        if text.count("::") > 1 or len(groups) > 9 or all(len(g) <= 2 and not g.isalpha() for g in groups):
            return False  # a time
        return len(groups) == 8 or "::" in text
    parts = text.split(".")
    good = all(int(part) < 256 and (part == "0" or part[0] != "0") for part in parts)
    large = any(len(part) == 3 for part in parts)  # else it may be a version
    return good and int(parts[0]) > 0 and large


def is_email(text: str) -> bool:
    local, _, host = text.rpartition("@")
    if re.fullmatch(r"\d(?:\.\d)?x\.\w{3,4}", host):
        return False  # icon@2x.png
    return not local.endswith(".") and ".." not in text and not host.startswith("-")


def is_mac(text: str) -> bool:
    return len(set(re.sub(r"[:\-.]", "", text))) > 2


@cache
def _words(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.IGNORECASE)


def _p(kind: str, regex: str, check: Callable[[str], bool] | None = None, chance: float = 1e-4, alone: bool = True,
       cue: str = "", flags: int = 0, needs: str = "number", pooled: bool = True, loose: str = "",
       passing: float = PASSING, behind: re.Pattern[str] | None = None) -> Pattern:  # fmt: skip
    return Pattern(
        kind, re.compile(regex, flags), check, chance, alone, _words(cue) if cue else None, pooled, needs,
        _words(loose) if loose else None, passing, behind,
    )  # fmt: skip


def _accounts() -> str:
    """IBANs as people type them, not in capitals: in one, or in groups of four with one sign between them,
    and as long as the country has them, since words may follow."""
    by_length: dict[int, list[str]] = {}
    for country, length in checksums.IBAN_LENGTH.items():
        by_length.setdefault(length, []).append(country)
    spellings = []
    for length, countries in by_length.items():
        groups, rest = divmod(length - 8, 4)
        name = f"sign{length}"
        grouped = rf"(?P<{name}>[ .\-])[A-Z0-9]{{4}}(?:(?P={name})[A-Z0-9]{{4}}){{{groups}}}"
        end = rf"(?P={name})[A-Z0-9]{{{rest}}}" if rest else ""
        spellings.append(rf"(?:{'|'.join(countries)})\d{{2}}(?:[A-Z0-9]{{{length - 4}}}|{grouped}{end})")
    return rf"(?<![\w\-])(?:{'|'.join(spellings)})(?![\w\-])"


_CARD = r"card|カード|银行卡|信用卡|카드|карт|visa|master|amex|american express|discover|maestro|credit|debit|karte|tarjeta|carte|cart[ãa]o|\bcc\b|\bpan\b"
_PHONE = (
    r"\b(?:call|phone|tel|t[ée]l|telephone|telefon\w*|tel[ée]fono|t[ée]l[ée]phone|mobile|mobil|handy|m[óo]vil|cell|fax|ring|reach"
    r"|whatsapp|sms|text me|dial|contact|ph|puhelin|cellulare|celular|portable|telefone|telefoon|тел|телефон|позвоните"
    r"|هاتف|الهاتف|هاتفي|جوال|الجوال|جوالي|موبايل|تلفون|اتصل|تلفن|موبایل|تماس|फ़ोन|फोन|मोबाइल)\b|电话|電話|手机|手機|拨打|撥打|致电|致電|来电|联系|聯繫|微信|携帯|お電話|전화|휴대폰|연락처"
)
_PHONE += "|" + phones.CUE
_NUMBER = r"\b(?:numero|numéro|número|номер\w*|numer\w*|number|nummer|رقم|شماره|नंबर)\b"
_IDENTIFIERS = tuple(
    Pattern("national_id", re.compile(one.regex), one.check, one.chance, one.alone, identifiers.cue(one), one.pooled,
            "code" if re.search(r"\[A-|\[ST", one.regex) else "number", identifiers.loose_cue(one), one.passing)
    for one in identifiers.IDENTIFIERS
)  # fmt: skip
_STRONG = tuple(one for one in _IDENTIFIERS if one.alone)
_WEAK = tuple(one for one in _IDENTIFIERS if not one.alone)

PATTERNS: tuple[Pattern, ...] = (
    _p("email", r"(?<![\w.+%\-@])[\w][\w.%+\-']{0,63}@(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9\-]{2,40})(?![\w@])",
       is_email, 1e-6, needs="at"),
    _p("email", r"(?<![\w.+%\-@])\w[\w.%+\-']{0,63}\s?[(\[{]\s?at\s?[)\]}]\s?\w[\w\-]{0,61}(?:\s?(?:[(\[{]\s?(?:dot|punkt|punto|point)\s?[)\]}]|\.)\s?[a-z]\w{1,23}){1,3}(?!\w)",
       None, 1e-6, flags=re.IGNORECASE, needs="hidden"),
    _p("iban", r"(?<![\w\-])[A-Z]{2}\d{2}(?:[ .\-]?[A-Z0-9]{4}){2,7}(?:[ .\-]?[A-Z0-9]{1,4})?(?![\w])", checksums.iban, 1e-4, needs="code"),
    _p("iban", _accounts(), checksums.iban, 1e-4, flags=re.IGNORECASE, needs="code"),
    _p("card", r"(?<![\w.\-/])(?:\d{4}([ .\-])\d{4}\1\d{4}\1\d{4}|3\d{3}([ .\-])\d{6}\2\d{4,5})(?![\w\-]|\.\d)", checksums.card, 0.04),
    _p("mac", r"(?<![\w:\-])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![\w:\-])|(?<![\w:\-])(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}(?![\w:\-])|(?<![\w.])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![\w.])",
       is_mac, 1e-4, needs="code"),
    *_STRONG,
    _p("vin", r"(?<![\w\-])(?=[A-HJ-NPR-Z0-9]*[A-Z])(?=[A-HJ-NPR-Z0-9]*\d)[A-HJ-NPR-Z0-9]{17}(?![\w\-])", checksums.vin, 0.09, False,
       r"\bvin\b|chassis|vehicle|fahrgestell|bastidor|\bcar\b", needs="code"),
    _p("card", r"(?<![\w.\-/])\d(?:[ \-]?\d){11,18}(?![\w\-]|\.\d)", checksums.card, 0.025, True, _CARD),
    _p("ip", r"(?<![\w.\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\d)", is_ip, 0.02),
    _p("ip", r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){1,7}(?::?[0-9a-fA-F]{1,4}){0,7}(?![\w:.])", is_ip, 0.02, needs="colons"),
    _p("passport", r"(?<![\w\-])(?=[A-Z0-9]*\d{5})[A-Z]{0,3}\d{5,9}[A-Z]{0,2}\d?(?![\w\-])|(?<![\w\-])(?=(?:[A-Z]*\d){4})[A-Z][A-Z0-9]{7,8}(?![\w\-])", None, 0.9, False,
       r"passport|reisepass|passeport|pasaporte|passaporto|passaporte|paszport|护照|パスポート", pooled=False, needs="either"),
    *_WEAK,
    _p("birth_date", r"(?:born(?:\s+on)?|birth(?:\s?date|day)?|d\.?o\.?b\.?|geb(?:oren|\.)(?:\s+am)?|née?\s+le|nacid[oa]\s+el|nascid[oa] em)"
       r"(?:\s+is|\s+was)?\s*[:\-]?\s*(?:\d{1,4}[./\-]\d{1,2}[./\-]\d{1,4}|\d{1,2}(?:\.|st|nd|rd|th)?\s+(?:de\s)?" + _MONTH + r"\.?,?\s+(?:de\s)?\d{4}"
       r"|[A-Z][a-z]{2,8}\s+\d{1,2},?\s+\d{4})", flags=re.IGNORECASE, needs="year"),
    _p("name_street", r"(?:" + CAP + r"\s(?:(?:de|del|la|von|van|da|di)\s){0,2}){1,4}" + CAP
       + r",\s?[^,\n]{0,40}\d[^,\n]{0,40},\s?(?:[^,\n]{2,40},\s?){0,2}" + _POSTCODE + r"(?![\w\d])", needs="words"),
    _p("name_street", r"\b\d{1,5}\s(?:" + CAP + r"\s){1,3}" + _STREET + r"\b\.?(?:,?\s(?:Apt|Suite|Unit|Flat)\.?\s?\w+)?"
       r"(?:,\s?[^,\n]{2,30}){0,2},?\s" + _POSTCODE, flags=re.IGNORECASE, needs="words"),
    _p("plate", r"(?<![\w\-])(?:[A-ZÄÖÜ]{1,3}[\- ][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2}-\d{3}-[A-Z]{2}|\d{4} ?[B-DF-HJ-NP-TV-Z]{3}|[A-Z]{1,3}[ \-]?\d{3,4}[A-Z]{0,2})(?![\w\-])",
       None, 0.9, False, r"licen[cs]e plate|number plate|plate|kennzeichen|matr[íi]cula|immatriculation|targa\b|registration", needs="code", pooled=False),
    _p("phone", r"(?<![\w.,@/\-+])" + _INTERNATIONAL + _EXTENSION + r"(?![\w@]|[.\-]\d)", is_international, 1e-3, cue=_PHONE, loose=_NUMBER),
    _p("phone", r"(?<![\w.,@/\-+])(?<!\d )" + _NATIONAL + _EXTENSION + r"(?![\w@]|[.\-]\d)", is_national, 0.02, cue=_PHONE, loose=_NUMBER),
    _p("phone", phones.CHINESE, phones.of_china, 0.08, False, _PHONE, loose=_NUMBER, passing=0.97, behind=phones.BEHIND),
    _p("phone", r"(?<![\w.,@/\-+])\+?\d{3,5}[ \-./]?\d{2,4}(?:[ \-./]?\d{2,4}){1,3}" + _EXTENSION + r"(?![\w@]|[.\-]\d)", is_phone, 0.9, False,
       _PHONE, pooled=False, loose=_NUMBER, behind=phones.BEHIND),
    _p("phone", r"(?<![\w.,@/\-+])(?:" + phones.SPOKEN + r")" + _EXTENSION + r"(?![\w@]|[.\-/ ]{1,2}\d)", is_spoken, 0.9, False,
       _PHONE, pooled=False, behind=phones.BEHIND),
)  # fmt: skip

WHAT = {
    "email": "e-mail addresses", "iban": "bank account numbers (IBAN)", "card": "payment card numbers",
    "national_id": "national identity numbers", "ip": "network addresses (IP)", "birth_date": "dates of birth",
    "name_street": "names with street addresses", "phone": "phone numbers", "name": "names of people",
    "plate": "number plates", "address": "street addresses", "passport": "passport numbers",
    "mac": "device addresses (MAC)", "vin": "vehicle numbers (VIN)",
    "position": "GPS positions", "serial": "serial numbers of cameras",
}  # fmt: skip
PLATES = re.compile(
    r"[A-ZÄÖÜ]{1,3}[\- ][A-Z]{1,2}[\- ]?\d{1,4}[EH]?|\d{4}[\- ]?[B-DF-HJ-NP-TV-Z]{3}|[A-Z]{2}\d{2}\s?[A-Z]{3}"
    r"|[A-Z]{2}-\d{3}-[A-Z]{2}|[A-Z]{2}\s?\d{3}\s?[A-Z]{2}"
)


def whole(cell: str, pattern: Pattern) -> bool:
    """Whether a short cell is, as a whole, one of these."""
    match = pattern.regex.fullmatch(cell)
    return match is not None and (pattern.check is None or pattern.check(match.group()))


def masked(value: str, kind: str) -> str:
    """The shape of a value with nothing in it that names anyone: first letter at most."""
    first = value.strip()[:1]
    if kind == "email":
        return f"{first}***@***"
    if kind in ("name", "name_street", "address"):
        return " ".join(f"{word[:1]}***" for word in value.split()[:2] if word[:1].isalpha()) or "***"
    if kind == "iban":
        return f"{value.strip()[:2]}***"
    if kind == "secret":
        return "***"
    return re.sub(r"[^\W_]", "*", value.strip())[:24]
