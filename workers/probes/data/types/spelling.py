"""One category written in several ways: case, blanks, dots, accents, look-alike letters, typing errors.

Values that become equal when case, blanks and punctuation are set aside are one category; what is set aside
must not carry meaning, so signs such as + - < > # stay, and so do digits. A typing error is only claimed with
statistical care: the rare word must be one edit (optimal string alignment) from one at least twenty times as
common, in a word of at least five letters, not in its first letter and not in a digit; and neither the
common words nor the rare ones may be so near to each other themselves, as codes and names of people are.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RARE = 0.05  # of the common word's rows, at most, for a typing error
COMMON = 20  # rows of a word before others can be its misspelling
WORD = 5  # letters of a word in which an error is told
NEAR, CROWD = 0.1, 50  # share of words near to another one, above which they are like codes; words compared
SHORT, SHORT_RARE = 2, 0.25  # "m" beside "M": only where the one is rare
ACCENT_RARE = 0.5
MOST_WORDS = 20_000  # different values looked at

# Cyrillic and Greek letters that look like Latin ones; from the shapes, after Unicode's TR 39.
_LOOKS = dict(
    zip(
        "авсеһіјкмнорѕтухѵԁԛԝАВСЕНІЈКМОРЅТУХԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρυκαι",
        "abcehijkmhopstyxvdqwABCEHIJKMOPSTYXQWABEZHIKMNOPTYXovpukai",
        strict=True,
    )
)
LOOKS = str.maketrans(_LOOKS)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]")
QUOTES = re.compile("[\"'`´‘’“”«»„]")
BETWEEN = re.compile(r"(?<=[^\W\d_])[-_/‐-―](?=\w)|(?<=[\d,])[-_/‐-―](?=[^\W\d_])|(?<=,)[-_](?=\d)")
DOTS = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_]|\s|$)")
ENDING = re.compile(r"[.,;:!]+$")
YES = "yes y true t 1 ja j oui o si sim s da on", "no n false f 0 nein non nao nej off"
SEX = (
    "m male man men masculine masculin mannlich homme hombre maschio h",
    "f female woman women feminine feminin weiblich w femme mujer femmina frau",
)
PAIRS = [tuple(frozenset(side.split()) for side in pair) for pair in (YES, SEX)]
COUNTRIES = [
    frozenset(("us", "usa", "united states", "united states of america", "america")),
    frozenset(("uk", "gb", "united kingdom", "great britain", "gbr")),
    frozenset(("germany", "deutschland", "de", "deu")),
    frozenset(("uae", "united arab emirates")),
    frozenset(("south korea", "korea republic of", "republic of korea")),
]
LONG = 5  # letters of a country's name: "de" and "us" alone are anything


@dataclass
class Group:
    """One category and the other ways in which it is written."""

    kept: str  # the commonest way
    rows: int  # of the commonest way
    others: dict[str, int] = field(default_factory=dict)
    kind: str = "spelling"  # "spelling", "letters", "typing", "words"

    @property
    def wrong(self) -> int:
        return sum(self.others.values())


def key(text: str) -> str:
    """What remains of a value without case, blanks, accents and punctuation; never without its signs."""
    plain = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).translate(LOOKS).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if unicodedata.category(c) != "Mn")
    plain = QUOTES.sub("", plain)
    if not any(c.isalpha() for c in plain):
        return " ".join(plain.split())
    plain = DOTS.sub("", BETWEEN.sub(" ", plain.strip()))
    return " ".join(ENDING.sub("", plain).split())


def variants(values: Mapping[str, int]) -> tuple[list[Group], dict[str, float]]:
    """The categories of a column that are written in several ways, and how near its own words are.

    ``values`` is value -> rows. The second answer is the null: the share of the common words that have
    another common word one edit away.
    """
    words = dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))[:MOST_WORDS])
    keyed: dict[str, dict[str, int]] = defaultdict(dict)
    case = not _codes(words)
    for value, rows in words.items():
        found = key(value)
        keyed[found if case else f"{found}\x00{_as_cased(value)}"][value] = rows
    groups = [group for found, ways in keyed.items() if found and (group := _group(ways))]
    totals = {found: sum(ways.values()) for found, ways in keyed.items() if found}
    first = {found: max(ways, key=lambda way: ways[way]) for found, ways in keyed.items() if found}
    typos, near = _typos(totals)
    for rare, common in typos:
        groups.append(Group(first[common], totals[common], dict(keyed[rare]), "typing"))
    groups += _same_meaning(totals, first, keyed)
    groups += _mixed_letters(words, groups)
    return _merged(groups), {"near_words": round(near, 4)}


def _as_cased(value: str) -> str:
    return "".join(value.split())


def _codes(words: Mapping[str, int]) -> bool:
    """Random codes such as aB3x: there, case carries meaning."""
    coded = sum(bool(re.search(r"\d", w) and re.search("[a-z]", w) and re.search("[A-Z]", w)) for w in words)
    return len(words) >= 20 and coded >= 0.3 * len(words)


def _group(ways: Mapping[str, int]) -> Group | None:
    if len(ways) < 2:
        return None
    kept = max(ways, key=lambda way: (ways[way], way.strip() == way))
    group = Group(kept, ways[kept])
    for way, rows in ways.items():
        if way == kept:
            continue
        if way.strip() != kept.strip():
            letters = sum(c.isalpha() for c in kept)
            cased = way.strip().casefold() == kept.strip().casefold()
            if cased and letters <= SHORT and rows > SHORT_RARE * ways[kept]:
                continue
            if _accents(way) != _accents(kept) and rows > ACCENT_RARE * ways[kept]:
                continue
        group.others[way] = rows
        if (way.translate(LOOKS) != way) != (kept.translate(LOOKS) != kept):
            group.kind = "letters"
    return group if group.others else None


def _accents(text: str) -> str:
    """The accents of a word, in their order."""
    found = unicodedata.normalize("NFD", text)
    return "".join(c for c in found if unicodedata.category(c) == "Mn")


# -- typing errors ------------------------------------------------------------------------------------
def _typos(totals: Mapping[str, int]) -> tuple[list[tuple[str, str]], float]:
    """(rare, common) pairs one edit apart, and the share of common words so near to another one."""
    common = [word for word, rows in totals.items() if rows >= COMMON and len(word) >= WORD]
    if not common:
        return [], 0.0
    index: dict[str, list[str]] = defaultdict(list)
    for word in common:
        for shape in _deletions(word):
            index[shape].append(word)
    near = sum(
        any(other != word and _one_edit(word, other) for s in _deletions(word) for other in index[s])
        for word in common
    ) / len(common)
    found = []
    if near <= NEAR or len(common) < 5:
        for word, rows in totals.items():
            if len(word) < WORD:
                continue
            nearby = {other for shape in _deletions(word) for other in index.get(shape, ())}
            nearby = {o for o in nearby if o != word and rows <= RARE * totals[o] and _slip(word, o)}
            if len(nearby) == 1:  # of two, nobody knows which was meant
                found.append((word, nearby.pop()))
    return (found if _apart(totals, {rare for rare, _ in found}) else []), near


def _apart(totals: Mapping[str, int], claimed: set[str]) -> bool:
    """Whether the other rare words are not near to each other, as names of people are."""
    rare = [w for w, rows in totals.items() if rows < COMMON and len(w) >= WORD and w not in claimed]
    shapes: dict[str, list[str]] = defaultdict(list)
    for word in rare:
        for shape in _deletions(word):
            shapes[shape].append(word)
    near = {
        word for words in shapes.values() if 1 < len(words) <= CROWD
        for word in words if any(_slip(word, other) for other in words if other != word)
    }  # fmt: skip
    return len(near) <= max(NEAR * len(rare), 2)


def _deletions(word: str) -> set[str]:
    """The word and what one letter less makes of it: words one edit apart share one of these."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_edit(a: str, b: str) -> bool:
    """One letter more, less or other, or two neighbours swapped."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    if len(a) > len(b):
        a, b = b, a
    i = 0
    while i < len(a) and a[i] == b[i]:
        i += 1
    if len(a) < len(b):
        return a[i:] == b[i + 1 :]
    return a[i + 1 :] == b[i + 1 :] or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])


def _slip(rare: str, common: str) -> bool:
    """Whether the one edit can be a slip: inside a long word, not its first letter, no digit."""
    if not _one_edit(rare, common) or rare.endswith(common) or common.endswith(rare):
        return False
    left, right = rare.split(), common.split()
    if len(left) != len(right):
        return True  # a blank too many or too few
    odd = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if len(odd) != 1:
        return False
    a, b = odd[0]
    digits = sorted(c for c in a if c.isdigit()) != sorted(c for c in b if c.isdigit())
    roman = re.fullmatch("[ivx]+", a) and re.fullmatch("[ivx]+", b)
    signs = any(c in a + b and a.count(c) != b.count(c) for c in "+-<>=#*")
    return min(len(a), len(b)) >= WORD - 1 and a[0] == b[0] and not digits and not roman and not signs


# -- words of the same meaning ------------------------------------------------------------------------
def _same_meaning(
    totals: Mapping[str, int], first: Mapping[str, str], keyed: Mapping[str, Mapping[str, int]]
) -> list[Group]:
    """ "yes", "Y" and "true" in one column; "USA" beside "United States"."""
    families: Sequence[frozenset[str]] = ()
    rows = sum(totals.values())
    for pair in PAIRS:
        inside = sum(n for word, n in totals.items() if word in pair[0] | pair[1])
        if inside >= 0.95 * rows:
            families = pair
            break
    else:
        families = [c for c in COUNTRIES if sum(w in c for w in totals if len(w) >= LONG)]
    groups = []
    for family in families:
        here = sorted((word for word in totals if word in family), key=lambda word: -totals[word])
        if len(here) < 2:
            continue
        group = Group(first[here[0]], totals[here[0]], kind="words")
        for word in here[1:]:
            group.others |= keyed[word]
        groups.append(group)
    return groups


def _mixed_letters(words: Mapping[str, int], groups: Sequence[Group]) -> list[Group]:
    """Latin words with a Cyrillic or Greek letter that looks Latin, also where the right word is absent."""
    told = {way for group in groups for way in group.others} | {group.kept for group in groups}
    found = []
    for value, rows in words.items():
        if value in told or value.isascii():
            continue
        for token in re.findall(r"[^\W\d_]+", value):
            foreign = [c for c in token if c in _LOOKS]
            latin = [c for c in token if c.isascii()]
            if foreign and len(latin) >= 2 and len(foreign) + len(latin) == len(token):
                found.append(Group(value.translate(LOOKS), 0, {value: rows}, "letters"))
                break
    return found


def _merged(groups: Sequence[Group]) -> list[Group]:
    """One group for each kept way, the largest first."""
    found: dict[str, Group] = {}
    for group in groups:
        if group.kept in found:
            found[group.kept].others |= group.others
        else:
            found[group.kept] = group
    return sorted(found.values(), key=lambda group: (-group.wrong, group.kept))
