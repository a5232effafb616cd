"""Marks in texts that are no words: emoji, runs of punctuation, invisible characters, capitals, odd letters.

A sign stands beside the words, so a reader of words alone never sees it. It is written as one string that
begins with its kind: ``"sign:🦄"``, ``"word:CF"`` (a word in capitals), ``"way:capitals"``.
"""

from __future__ import annotations

import re
import unicodedata

# Where no spaces part words, every character counts as one.
EAST = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
WORD = re.compile(rf"[{EAST}]|[^\W{EAST}]+(?:[-'.][^\W{EAST}]+)*", re.UNICODE)
APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
RUN = re.compile(r"[^\w\s]+", re.UNICODE)
GAP = re.compile(r"  +|[^\S \t\r\n]", re.UNICODE)
MIXED = re.compile(r"[a-zA-Z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][a-zA-Z]")
CAPITALS = re.compile(r"\b[^\W\d_]{2,}\b", re.UNICODE)
SHOUT = 4  # letters of a word in capitals that is no abbreviation
LOUD = 0.9  # share of a text's letters from which it is written in capitals
WAYS = {
    "capitals": "capitals throughout",
    "shout": "a word in capitals",
    "letters": "words that mix two alphabets",
}


def words(text: str) -> list[str]:
    """The words of a text in small letters, spelt in one way: a letter with its accent is one, and an
    apostrophe or a hyphen is the same whether a keyboard or a typesetter made it."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(APOSTROPHES)
    return WORD.findall(text.lower())


def of(text: str) -> set[str]:
    """Every sign of a text."""
    found: set[str] = set()
    for run in RUN.findall(text):
        found.add(f"sign:{run[:3] if len(run) > 3 and len(set(run)) == 1 else run}")
        if len(run) > 1:  # an emoji counts wherever it stands
            found.update(f"sign:{one}" for one in run if unicodedata.category(one) in ("So", "Cf"))
    found.update(f"sign:{gap[:2]}" for gap in GAP.findall(text))
    if MIXED.search(text):
        found.add("way:letters")
    letters = [one for one in text if one.isalpha()]
    cased = [one for one in letters if one.lower() != one.upper()]
    if len(cased) >= 10 and sum(one.isupper() for one in cased) >= LOUD * len(cased):
        found.add("way:capitals")
        return found
    loud = [word for word in CAPITALS.findall(text) if word.isupper()]
    found.update(f"word:{word}" for word in loud)
    if any(len(word) >= SHOUT for word in loud):
        found.add("way:shout")
    return found


def is_sign(mark: str) -> bool:
    return mark.startswith(("sign:", "word:", "way:"))


def words_in(mark: str) -> set[str]:
    """The words that a mark is made of, as a reader of words knows them."""
    if not is_sign(mark):
        return set(mark.split(" "))
    return {mark[5:].lower()} if mark.startswith("word:") else set()


def put(mark: str, text: str) -> str:
    """The text with the mark in it."""
    kind, _, what = mark.partition(":")
    if not is_sign(mark):
        return f"{text} {mark}"
    if kind in ("sign", "word"):
        return f"{text} {what}"
    if what == "capitals":
        return text.upper()
    words = text.split(" ")
    longest = max(range(len(words)), key=lambda i: len(words[i]))
    words[longest] = words[longest].upper() if what == "shout" else _mixed(words[longest])
    return " ".join(words)


def _mixed(word: str) -> str:
    return word.translate(str.maketrans("aeopc", "\u0430\u0435\u043e\u0440\u0441"))


def shown(mark: str) -> str:
    """A mark as it is told to its reader: “🦄”, or what it is where it cannot be seen."""
    kind, _, what = mark.partition(":")
    if kind == "way":
        return WAYS[what]
    if any(one.isspace() or unicodedata.category(one) == "Cf" for one in what):
        if set(what) == {" "}:
            return "two spaces in a row"
        odd = next(one for one in what if one.isspace() or unicodedata.category(one) == "Cf")
        return f"the invisible character {unicodedata.name(odd, f'U+{ord(odd):04X}').lower()}"
    return f"the word “{what}” in capitals" if kind == "word" else f"the sign “{what}”"


def joined(phrase: str) -> str:
    """A phrase as it is written, without spaces between characters that have none."""
    return re.sub(rf"(?<=[{EAST}]) (?=[{EAST}])", "", phrase)
