# ruff: noqa: E501 - tables read best with an entry a line
"""Check digits of numbers that name a person, a card, a car or an account; each takes the text as found.

Sources: ISO 13616 (IBAN), ISO/IEC 7812 (Luhn), ISO 7064 (MOD 11,10), ISO 3779 (VIN) and the rules that each
country publishes for its number. A function answers False for whatever has not the right length.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18,
    "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22,
    "VG": 24, "XK": 20,
}  # fmt: skip
NO_DIGIT = re.compile(r"\D")
NO_CODE = re.compile(r"[\s.\-/]")


# -- small parts --------------------------------------------------------------------------------------
def digits(text: str) -> str:
    return NO_DIGIT.sub("", text)


def code(text: str) -> str:
    """Letters and digits alone, in capitals."""
    return NO_CODE.sub("", text).upper()


def of_length(text: str, length: int) -> list[int]:
    """The digits as numbers; empty where there are more or fewer, or only one kind of digit."""
    found = digits(text)
    return [int(c) for c in found] if len(found) == length and len(set(found)) > 1 else []


def weighted(numbers: Sequence[int], weights: Sequence[int]) -> int:
    """The sum of the first numbers times their weights."""
    return sum(n * w for n, w in zip(numbers, weights, strict=False))


def day(year: int, month: int, date: int) -> bool:
    """Whether such a day exists and somebody alive, or lately dead, may be born on it."""
    try:
        born = datetime.date(year, month, date)
    except ValueError:
        return False
    return year >= 1880 and born <= datetime.date.today()


def short_day(year: int, month: int, date: int) -> bool:
    """The same with a year of two digits."""
    return day(1900 + year, month, date) or day(2000 + year, month, date)


def two(numbers: Sequence[int], at: int) -> int:
    return 10 * numbers[at] + numbers[at + 1]


def luhn(text: str) -> bool:
    numbers = [int(c) for c in digits(text)][::-1]
    doubled = sum(sum(divmod(2 * n, 10)) for n in numbers[1::2])
    return len(numbers) > 1 and (sum(numbers[::2]) + doubled) % 10 == 0


def mod_11_10(numbers: Sequence[int]) -> bool:
    """ISO 7064, MOD 11,10: the last digit against the others."""
    product = 10
    for n in numbers[:-1]:
        product = ((n + product) % 10 or 10) * 2 % 11
    return bool(numbers) and (11 - product) % 10 == numbers[-1]


# -- cards, accounts, cars ------------------------------------------------------------------------------
def iban(text: str) -> bool:
    account = code(text)
    if IBAN_LENGTH.get(account[:2]) != len(account) or not account[2:4].isdigit():
        return False
    return int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97 == 1


def card(text: str) -> bool:
    """An issuer's prefix, a length that issuer uses, and Luhn's digit."""
    number = digits(text)
    head, length = number[:2], len(number)
    known = (
        (number[:1] == "4" and length in (13, 16, 19))
        or ("51" <= head <= "55" and length == 16)
        or ("2221" <= number[:4] <= "2720" and length == 16)
        or (head in ("34", "37") and length == 15)
        or (head in ("36", "38", "39", "30") and length in (14, 16, 19))
        or (head == "35" and length == 16)
        or ((number[:4] == "6011" or "64" <= head <= "65") and length in (16, 19))
        or (head in ("62", "81") and 16 <= length <= 19)
        or ((head in ("50", "56", "57", "58") or head == "60" or head in ("63", "67")) and 12 <= length <= 19)
        or (number[:4] in ("2131", "1800") and length == 15)
    )
    return known and len(set(number)) > 2 and luhn(number)


VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
                      strict=True))  # fmt: skip


def vin(text: str) -> bool:
    """A vehicle's number with the check digit that North America and China demand."""
    number = text.strip().upper()
    if len(number) != 17 or number.isalpha() or number.isdigit():
        return False
    total = 0
    for c, weight in zip(number, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2), strict=True):
        value = int(c) if c.isdigit() else VIN_VALUES.get(c)
        if value is None:
            return False
        total += value * weight
    return "0123456789X"[total % 11] == number[8]
