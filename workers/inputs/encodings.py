"""Which encoding of the days before UTF-8 a text is in, from the bytes of the lines that are not ASCII.

No dictionary and no model: each candidate must decode without an error, and what comes out must look like
the script it was made for. Western texts have single letters beyond ASCII between plain ones; Cyrillic and
Greek ones have runs of them; of the East Asian encodings each has its commonest signs in rows of its own.
"""

from __future__ import annotations

import re

RUN = re.compile(rb"[\x80-\xff]+")
# The letters of Central Europe that are signs (superscripts, fractions) in the Western table, inside words.
POLISH = re.compile(rb"[A-Za-z\xc0-\xff][\xb3\xb9\xbe\xbf][a-z\xc0-\xff]|\xa3[a-z\xf3]")
ENOUGH = 0.6  # share of the signs beyond ASCII that must be of the script
UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"


def legacy(sample: bytes) -> str:
    """A codec's name for lines that are no UTF-8; "cp1252" (or "latin-1") where nothing speaks against it."""
    western = "latin-1" if any(byte in UNDEFINED_IN_CP1252 for byte in sample) else "cp1252"
    if len(POLISH.findall(sample)) > 1:
        western = "cp1250"
    runs = RUN.findall(sample)
    beyond = sum(map(len, runs))
    if not beyond:
        return western
    for codec, low, high in (("shift_jis", 0x3041, 0x30FF), ("euc_jp", 0x3041, 0x30FF)):
        # Japanese is half kana; the half-width ones of Shift-JIS are single bytes and look like Western ones.
        if _share(sample, codec, low, high) >= 0.3 and _share(sample, codec, 0xFF61, 0xFF9F) < 0.3:
            return codec
    best = max(("cp1251", "koi8_r", "cp866", "cp1253"), key=lambda codec: _words(sample, codec))
    score = _words(sample, best) if beyond >= 2.5 * len(runs) else 0.0
    if score >= 0.95:
        return best
    if sum(len(run) % 2 == 0 for run in runs) > 0.9 * len(runs):
        leads = [byte for run in runs for byte in run[::2]]
        if _share(sample, "euc_kr", 0xAC00, 0xD7A3) >= 0.9 and _within(leads, 0xB0, 0xC8) > 0.95:
            return "euc_kr"
        if _share(sample, "gb18030", 0x4E00, 0x9FFF) >= ENOUGH and _within(leads, 0xB0, 0xD7) >= ENOUGH:
            return "gb18030"
    if _share(sample, "big5", 0x4E00, 0x9FFF) >= 0.9 and _within(list(sample), 0xA4, 0xC6) > 0.2:
        trailing = sum(1 for run in runs if len(run) % 2)
        if trailing > 0.2 * len(runs):  # every second byte of Big5 may be ASCII, of accented letters none is
            return "big5"
    return best if score >= 0.8 else western


def wide(head: bytes) -> str | None:
    """ "utf-16-le" or "utf-16-be" for two bytes a sign without a mark; None for anything else."""
    sample = head[: 4096 & ~1]
    if len(sample) < 16 or len(sample) % 2:
        sample = sample[: len(sample) & ~1]
    even, odd = (half.count(0) / max(1, len(half)) for half in (sample[0::2], sample[1::2]))
    for codec, zeros, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 0.6 and other < 0.05:
            return codec
        if zeros > 0.1 and other < zeros / 4:  # delimiters, digits and line ends among letters beyond Latin
            try:
                text = sample.decode(codec)
            except UnicodeDecodeError:
                continue
            if sum(sign.isprintable() or sign in "\r\n\t" for sign in text) > 0.99 * len(text):
                return codec
    return None


def _share(sample: bytes, codec: str, low: int, high: int) -> float:
    """Share of the signs beyond ASCII between two code points; 0 where the bytes do not decode."""
    try:
        signs = [ord(sign) for sign in sample.decode(codec) if ord(sign) > 127]
    except UnicodeDecodeError:
        return 0.0
    return sum(low <= sign <= high for sign in signs) / max(1, len(signs))


def _within(values: list[int], low: int, high: int) -> float:
    beyond = [value for value in values if value > 127]
    return sum(low <= value <= high for value in beyond) / max(1, len(beyond))


def _words(sample: bytes, codec: str) -> float:
    """Share of letters beyond ASCII that stand as in words: small, or a capital at the beginning."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        return 0.0
    good = beyond = 0
    before = " "
    for sign in text:
        if ord(sign) > 127:
            beyond += 1
            script = "\u0370" <= sign <= "\u03ff" or "\u0400" <= sign <= "\u04ff"
            good += script and (sign.islower() or not before.isalpha() or before.isupper())
        before = sign
    # Small letters are far commoner: of two codecs that swap the cases, the one with more of them.
    small = sum(sign.islower() for sign in text if ord(sign) > 127) / max(1, beyond)
    return good / max(1, beyond) * (0.8 + 0.2 * small)
