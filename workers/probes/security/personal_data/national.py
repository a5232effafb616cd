"""Identity numbers of people, a function a country: whether the check digits (or the date in them) hold.

Each takes the number as it is written, with its blanks and dashes.
"""

from __future__ import annotations

import re
from collections import Counter

from workers.probes.security.personal_data.checksums import (
    code,
    day,
    digits,
    luhn,
    mod_11_10,
    of_length,
    short_day,
    two,
    weighted,
)


def us_ssn(text: str) -> bool:
    """Social security number, or the tax number of people without one (ITIN)."""
    number = digits(text)
    if len(number) != 9 or len(set(number)) == 1:
        return False
    area, group, serial = number[:3], number[3:5], number[5:]
    if area[0] == "9":
        return "50" <= group <= "65" or "70" <= group <= "88" or group in ("90", "91", "92", "94", "95")
    return area not in ("000", "666") and group != "00" and serial != "0000"


def uk_nino(text: str) -> bool:
    head = text[:2].upper()
    return (
        text.strip()[-1].upper() in "ABCD"
        and head not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
        and head[0] not in "DFIQUV"
        and head[1] not in "DFIOQUV"
    )


def uk_nhs(text: str) -> bool:
    numbers = of_length(text, 10)
    return bool(numbers) and (11 - weighted(numbers[:9], range(10, 1, -1)) % 11) % 11 == numbers[9]


def es_dni(text: str) -> bool:
    number = code(text)
    number = {"X": "0", "Y": "1", "Z": "2"}.get(number[0], number[0]) + number[1:]
    return number[:-1].isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number[:-1]) % 23] == number[-1]


IT_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def it_fiscal(text: str) -> bool:
    fiscal = text.strip().upper()
    total = 0
    for i, c in enumerate(fiscal[:15]):
        at = int(c) if c.isdigit() else ord(c) - 65
        if not 0 <= at < 26:
            return False
        total += at if i % 2 else IT_ODD[at]
    return len(fiscal) == 16 and chr(65 + total % 26) == fiscal[15]


def fr_nir(text: str) -> bool:
    number = code(text).replace("2A", "19").replace("2B", "18")
    return number.isdigit() and len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:])


def de_tax(text: str) -> bool:
    number = digits(text)
    if len(number) != 11 or number[0] == "0":
        return False
    repeated = sorted(Counter(number[:10]).values(), reverse=True)
    if repeated[0] not in (2, 3) or repeated[1] != 1:
        return False  # exactly one digit comes twice or three times
    return mod_11_10([int(c) for c in number])


def de_social(text: str) -> bool:
    number = code(text)
    if len(number) != 12 or not number[8].isalpha() or not (number[:8] + number[9:]).isdigit():
        return False
    spelt = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(c) * w, 10)) for c, w in zip(spelt, weights, strict=True))
    return 1 <= int(number[4:6]) <= 12 and total % 10 == int(number[11])


def nl_bsn(text: str) -> bool:
    numbers = of_length(text, 9)
    return bool(numbers) and weighted(numbers, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers or two(numbers, 2) % 20 > 12 or two(numbers, 4) > 31:
        return False
    number = digits(text)
    return any(97 - int(head + number[:9]) % 97 == int(number[9:]) for head in ("", "2"))


def pl_pesel(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers or weighted(numbers, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10:
        return False
    month, century = two(numbers, 2) % 20, {0: 1900, 1: 2000, 4: 1800}.get(two(numbers, 2) // 20, 2100)
    return day(century + two(numbers, 0), month, two(numbers, 4))


def se_person(text: str) -> bool:
    number = digits(text)[-10:]
    if len(number) != 10 or not luhn(number):
        return False
    date = int(number[4:6])
    return short_day(int(number[:2]), int(number[2:4]), date - 60 if date > 60 else date)


def no_birth(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers:
        return False
    date, month = two(numbers, 0), two(numbers, 2)
    first = (11 - weighted(numbers, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11) % 11
    second = (11 - weighted(numbers, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11
    in_time = short_day(two(numbers, 4), month % 40, date - 40 if date > 40 else date)
    return in_time and [first, second] == numbers[9:]


def dk_cpr(text: str) -> bool:
    """A date only: numbers given since 2007 have no check digit."""
    numbers = of_length(text, 10)
    return bool(numbers) and short_day(two(numbers, 4), two(numbers, 2), two(numbers, 0))


def fi_person(text: str) -> bool:
    number = text.strip().upper()
    if len(number) != 11 or not (number[:6] + number[7:10]).isdigit():
        return False
    known = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(number[:6] + number[7:10]) % 31] == number[10]
    return known and short_day(int(number[4:6]), int(number[2:4]), int(number[:2]))


def is_kennitala(text: str) -> bool:
    numbers = of_length(text, 10)
    if not numbers or numbers[9] not in (0, 8, 9):
        return False
    known = (11 - weighted(numbers, (3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 == numbers[8]
    return known and short_day(two(numbers, 4), two(numbers, 2), two(numbers, 0) % 40)


def pt_nif(text: str) -> bool:
    numbers = of_length(text, 9)
    if not numbers or not (numbers[0] in (1, 2, 3) or numbers[:2] == [4, 5]):
        return False
    rest = weighted(numbers, range(9, 1, -1)) % 11
    return (0 if rest < 2 else 11 - rest) == numbers[8]


def ch_ahv(text: str) -> bool:
    numbers = of_length(text, 13)
    return bool(numbers) and numbers[:3] == [7, 5, 6] and weighted(numbers, (1, 3) * 6 + (1,)) % 10 == 0


def at_social(text: str) -> bool:
    numbers = of_length(text, 10)
    if not numbers or not numbers[0]:
        return False
    total = weighted(numbers, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6))
    return total % 11 == numbers[3] and short_day(two(numbers, 8), two(numbers, 6), two(numbers, 4))


def ie_pps(text: str) -> bool:
    number = code(text)
    if not re.fullmatch(r"\d{7}[A-W][A-IW]?", number):
        return False
    extra = 0 if len(number) == 8 or number[8] == "W" else 9 * (ord(number[8]) - 64)
    total = weighted([int(c) for c in number[:7]], range(8, 1, -1)) + extra
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == number[7]


def br_cpf(text: str) -> bool:
    numbers = of_length(text, 11)
    return bool(numbers) and all(
        weighted(numbers[:n], range(n + 1, 1, -1)) * 10 % 11 % 10 == numbers[n] for n in (9, 10)
    )


def br_cnpj(text: str) -> bool:
    numbers = of_length(text, 14)
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    if not numbers:
        return False
    for n in (12, 13):
        rest = weighted(numbers[:n], weights[13 - n :]) % 11
        if (0 if rest < 2 else 11 - rest) != numbers[n]:
            return False
    return True


def cn_resident(text: str) -> bool:
    number = text.strip().upper()
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = weighted([int(c) for c in number[:17]], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    known = "10X98765432"[total % 11] == number[17]
    return known and day(int(number[6:10]), int(number[10:12]), int(number[12:14]))


TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
TURNS: list[list[int]] = [list(range(10))]
for _ in range(7):
    TURNS.append([TURNS[-1][TURN[i]] for i in range(10)])


def in_aadhaar(text: str) -> bool:
    """Verhoeff's digit over the group of the pentagon."""
    check = 0
    for i, c in enumerate(reversed(digits(text))):
        check = _dihedral(check, TURNS[i % 8][int(c)])
    return check == 0


def _dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - b - 5) % 5 if b < 5 else (a - b) % 5


def in_pan(text: str) -> bool:
    """No check digit is published; the fourth letter says that the holder is a person."""
    return text.strip().upper()[3] == "P"


def jp_number(text: str) -> bool:
    numbers = of_length(text, 12)
    if not numbers:
        return False
    rest = weighted(numbers, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest < 2 else 11 - rest) == numbers[11]


def kr_rrn(text: str) -> bool:
    numbers = of_length(text, 13)
    if not numbers or numbers[6] not in range(1, 9):
        return False
    known = (11 - weighted(numbers, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == numbers[12]
    return known and short_day(two(numbers, 0), two(numbers, 2), two(numbers, 4))


def kr_date(text: str) -> bool:
    """With its hyphen: a date and a sex; numbers given since 2020 have no check digit."""
    numbers = of_length(text, 13)
    return bool(numbers) and short_day(two(numbers, 0), two(numbers, 2), two(numbers, 4))


def au_tfn(text: str) -> bool:
    numbers = of_length(text, 9)
    return bool(numbers) and weighted(numbers, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(text: str) -> bool:
    found = digits(text)
    numbers = [int(c) for c in found]
    if len(found) not in (10, 11) or len(set(found)) == 1 or numbers[0] not in range(2, 7):
        return False
    return weighted(numbers, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == numbers[8] and numbers[9] > 0


def au_abn(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers or not numbers[0]:
        return False
    numbers[0] -= 1
    return weighted(numbers, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) % 89 == 0


def ca_sin(text: str) -> bool:
    numbers = of_length(text, 9)
    return bool(numbers) and numbers[0] not in (0, 8) and luhn(text)


MX_ORDER = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ")}


def mx_curp(text: str) -> bool:
    curp = text.strip().upper()
    if len(curp) != 18 or any(c not in MX_ORDER for c in curp) or not curp[17].isdigit():
        return False
    total = weighted([MX_ORDER[c] for c in curp[:17]], range(18, 1, -1))
    return -total % 10 == int(curp[17])


def ar_cuit(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers or two(numbers, 0) not in (20, 23, 24, 25, 26, 27, 30, 33, 34):
        return False
    return -weighted(numbers, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11 % 10 == numbers[10]


def cl_rut(text: str) -> bool:
    number = code(text)
    if not number[:-1].isdigit() or not 8 <= len(number) <= 9:
        return False
    total = weighted([int(c) for c in reversed(number[:-1])], (2, 3, 4, 5, 6, 7, 2, 3))
    return "0123456789K"[-total % 11] == number[-1]


def za_id(text: str) -> bool:
    numbers = of_length(text, 13)
    if not numbers or numbers[10] not in (0, 1) or not luhn(text):
        return False
    return short_day(two(numbers, 0), two(numbers, 2), two(numbers, 4))


def tr_tckn(text: str) -> bool:
    numbers = of_length(text, 11)
    if not numbers or not numbers[0]:
        return False
    tenth = (7 * sum(numbers[0:9:2]) - sum(numbers[1:8:2])) % 10
    return [tenth, sum(numbers[:10]) % 10] == numbers[9:]


def ro_cnp(text: str) -> bool:
    numbers = of_length(text, 13)
    if not numbers or not numbers[0] or not 1 <= two(numbers, 7) <= 52:
        return False
    rest = weighted(numbers, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return (1 if rest == 10 else rest) == numbers[12] and short_day(
        two(numbers, 1), two(numbers, 3), two(numbers, 5)
    )


def bg_egn(text: str) -> bool:
    numbers = of_length(text, 10)
    if not numbers or weighted(numbers, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 != numbers[9]:
        return False
    month, year = two(numbers, 2), two(numbers, 0)
    century, month = (2000, month - 40) if month > 40 else (1800, month - 20) if month > 20 else (1900, month)
    return day(century + year, month, two(numbers, 4))


def cz_birth(text: str) -> bool:
    """Born before 1954: nine digits without a check; later: ten, divisible by 11."""
    found = digits(text)
    if len(found) not in (9, 10):
        return False
    year, month, date = int(found[:2]), int(found[2:4]), int(found[4:6])
    month -= 70 if month > 70 else 50 if month > 50 else 20 if month > 20 else 0
    if not short_day(year, month, date):
        return False
    return year < 54 if len(found) == 9 else int(found) % 11 == 0 or int(found[:9]) % 11 % 10 == int(found[9])


def hr_oib(text: str) -> bool:
    numbers = of_length(text, 11)
    return bool(numbers) and mod_11_10(numbers)


def sg_nric(text: str) -> bool:
    number = text.strip().upper()
    total = weighted([int(c) for c in number[1:8]], (2, 7, 6, 5, 4, 3, 2))
    total += {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(number[0], "XWUTRQPNMLK")
    return letters[total % 11] == number[8]


def baltic(text: str) -> bool:
    """Estonia and Lithuania."""
    numbers = of_length(text, 11)
    if not numbers or not 1 <= numbers[0] <= 6:
        return False
    rest = weighted(numbers, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if rest == 10:
        rest = weighted(numbers, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    year = 1800 + 100 * ((numbers[0] - 1) // 2) + two(numbers, 1)
    return rest == numbers[10] and day(year, two(numbers, 3), two(numbers, 5))


def balkan(text: str) -> bool:
    """JMBG and EMŠO, the number of the states of former Yugoslavia."""
    numbers = of_length(text, 13)
    if not numbers:
        return False
    year = 100 * numbers[4] + two(numbers, 5)
    year += 2000 if year < 800 else 1000
    rest = 11 - weighted(numbers, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest > 9 else rest) == numbers[12] and day(year, two(numbers, 2), two(numbers, 0))


def gr_amka(text: str) -> bool:
    numbers = of_length(text, 11)
    return bool(numbers) and luhn(text) and short_day(two(numbers, 4), two(numbers, 2), two(numbers, 0))


def il_id(text: str) -> bool:
    return bool(of_length(text, 9)) and luhn(text)


TW_LETTER = {c: i for i, c in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}


def tw_id(text: str) -> bool:
    number = text.strip().upper()
    head = TW_LETTER.get(number[0], 0)
    total = head // 10 + 9 * (head % 10)
    return (total + weighted([int(c) for c in number[1:]], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def hk_id(text: str) -> bool:
    number = re.sub(r"[()\s]", "", text.upper())
    body, check = number[:-1].rjust(8), number[-1]
    total = sum(w * (36 if c == " " else int(c, 36)) for c, w in zip(body, range(9, 1, -1), strict=True))
    return "0123456789A"[-total % 11] == check


def th_id(text: str) -> bool:
    numbers = of_length(text, 13)
    return bool(numbers) and (11 - weighted(numbers, range(13, 1, -1)) % 11) % 10 == numbers[12]


def my_nric(text: str) -> bool:
    """A date only; the number has no check digit."""
    numbers = of_length(text, 12)
    return bool(numbers) and short_day(two(numbers, 0), two(numbers, 2), two(numbers, 4))


def ru_inn(text: str) -> bool:
    """The tax number of a person, of twelve digits; those of firms have ten."""
    numbers = of_length(text, 12)
    if not numbers:
        return False
    tenth = weighted(numbers, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    last = weighted(numbers, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return numbers[10:] == [tenth, last]


def ru_snils(text: str) -> bool:
    """The number of the pension insurance; its last two digits are a sum modulo 101."""
    numbers = of_length(text, 11)
    return bool(numbers) and weighted(numbers[:9], range(9, 0, -1)) % 101 % 100 == two(numbers, 9)


def ua_tax(text: str) -> bool:
    """The number of a taxpayer, which begins with the days from 1900 to the birth."""
    numbers = of_length(text, 10)
    return bool(numbers) and weighted(numbers, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == numbers[9]
