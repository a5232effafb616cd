"""Can the classes be told apart by something that has nothing to do with them?

Frame, background, tint and texture of pictures; hum, loudness and length of sounds; length and phrases of
texts; and whatever says how a row was collected. ``shortcut_search`` says when such a property is a
shortcut and not a natural difference. Geirhos et al. 2020, "Shortcut learning in deep neural networks".
Value: 2 AUC - 1 of the worst shortcut, that is how far a class is given away by it alone; 0 without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample, Target
from workers.probes.data.shortcut import evidence, marks, properties
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut import words as shortcut_words
from workers.probes.data.shortcut.beneath import Listener
from workers.probes.data.shortcut.beside import Viewer
from workers.probes.data.shortcut.doubt import SURE, Doubt
from workers.probes.data.shortcut.properties import OTHER
from workers.probes.data.shortcut.search import FEWEST, Property, Searched
from workers.probes.intervals import clopper_pearson
from workers.probes.surrogate import stratified
from workers.probes.words import listed, percent, pieces

MOST = 4_000  # rows looked at
MOST_LISTED = 2_000
TARGETS = 4
HIGH = 0.8  # 2 AUC - 1 from which a class is as good as given away
COVERS = 0.2  # share of a class with a phrase from which that is more than a habit
PHRASE, COLUMN = "phrase", "column"
NOTHING = "Nothing beside the point gives a class away"
Judge = Callable[[shortcut_search.Found], Doubt | None]
TRIED = {
    "images": "frame, background, tint, texture, size and format",
    "audio": "length, loudness, silence, hum and noise",
}


@dataclass(frozen=True)
class Shortcut:
    """One way to tell a class without looking at the thing."""

    fault: str
    target: Target
    classes: tuple[int, ...]
    says: str  # "the outermost frame"
    name: str  # of the property
    value: float  # 2 AUC - 1
    low: float
    high: float
    share: float  # of the classes' rows that have it
    carriers: np.ndarray  # places in Looked
    columns: tuple[str, ...] = ()
    values: np.ndarray | None = None  # what was measured, for the figure
    unit: str = ""
    sign: int = 1
    detail: str = ""
    kind: str = "measure"
    doubt: Doubt = SURE  # that it is a shortcut

    @property
    def severity(self) -> str:
        if self.kind == PHRASE:
            return "high" if self.share >= 0.5 else "medium" if self.share >= COVERS else "low"
        return self.doubt.capped("high" if self.value >= HIGH else "medium")


@dataclass
class Looked:
    """The rows of one target that were looked at, and what gives its classes away."""

    target: Target
    place: int  # of the target
    at: np.ndarray  # places in the sample's arrays
    y: np.ndarray
    found: list[Shortcut] = field(default_factory=list)
    searched: Searched | None = None
    measured: list[Property] = field(default_factory=list)
    null: float = 0.0


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.targets:
        return Finding.skipped("No target column is named, so there are no classes to tell apart.")
    classified = [(i, t) for i, t in enumerate(sample.targets) if t.task != "regression"]
    if not classified:
        return Finding.skipped(
            "The target is a number; shortcuts are looked for among classes only.", not_applicable=True
        )
    looked = []
    for turn, (i, target) in enumerate(classified[:TARGETS]):
        budget.progress(
            0.8 * turn / min(TARGETS, len(classified)), f"Looking for what gives {target.name} away"
        )
        one = _look(sample, i, target, budget.seed)
        if one is not None:
            looked.append(one)
    if not looked:
        return Finding.skipped(f"There are not two classes of {FEWEST} rows or more to tell apart.")
    tested = sum(len(one.measured) for one in looked) + len(properties.attributes(sample))
    if not tested:
        return Finding.skipped(
            "Nothing in this data says how its rows were collected, so there is no shortcut to look for.",
            not_applicable=True,
        )
    budget.progress(0.8, "Gathering the evidence")
    found = sorted(
        ((one, hit) for one in looked for hit in one.found),
        key=lambda pair: (pair[1].severity != "high", pair[1].severity == "low", -pair[1].value),
    )
    serious = [hit for _, hit in found if hit.severity != "low"]
    facts = _facts(sample, looked, found, budget)
    rows = max(len(one.y) for one in looked)
    if not serious:
        smallest = min(int(n) for one in looked for n in np.bincount(one.y[one.y >= 0]) if n >= FEWEST)
        # What nobody of the smallest class was seen with may still be there for a few of it.
        high = min(0.5, clopper_pearson(0, smallest)[1])
        doubtful = next((hit for _, hit in found if hit.doubt.says), None)
        note = _unsure(doubtful) if doubtful else _nothing(sample, looked, rows)
        title = "What sets a class apart may be what it is" if doubtful else NOTHING
        return Finding(0.0, note, facts, low=0.0, high=high, sample=rows, title=title)
    worst = max(serious, key=lambda hit: hit.value)
    return Finding(
        worst.value, _note(sample, serious, worst), facts, low=worst.low, high=worst.high, sample=rows,
        title=_title(worst),
    )  # fmt: skip


# -- looking ------------------------------------------------------------------------------------------
def _look(sample: Sample, place: int, target: Target, seed: int) -> Looked | None:
    y = sample.labels(place)
    known = np.flatnonzero(y >= 0)
    if not len(known) or (np.bincount(y[known]) >= FEWEST).sum() < 2:
        return None
    at = stratified(y, known, MOST, np.random.default_rng([seed, 17]))
    one = Looked(target, place, at, y[at])
    ids = sample.arrays["ids"][at]
    facts = {name: values[at] for name, values in properties.named(sample).items()}
    if sample.kind == "images":
        one.measured = properties.pictures(facts)
        if "images" in sample.arrays:
            one.measured += marks.found(sample.arrays["images"][at], one.y, properties.BORDER)
    elif sample.kind == "audio":
        one.measured = properties.sounds(facts, one.y)
    texts = properties.texts(sample, ids)
    one.measured += [p for p in texts if np.isfinite(p.values).any()]
    classes = len(target.classes)
    one.searched = shortcut_search.search(one.measured, one.y, classes, spikes=sample.kind == "images")
    shuffled = np.random.default_rng([seed, 23]).permutation(one.y)
    one.null = shortcut_search.search(one.measured, shuffled, classes, spikes=False).strongest
    one.found = _sorted_out(one, facts, _judge(sample, one, facts))
    for column, levels in properties.levels(sample, properties.attributes(sample), ids).items():
        for given in shortcut_words.by_levels(column, levels, one.y, classes):
            detail = f"only it has {column} {listed([f'“{level}”' for level in given.phrases])}"
            one.found.append(_given(given, target, f"{column}", detail, COLUMN))
    for column, words in properties.contents(sample, ids).items():
        for given in shortcut_words.by_phrases(column, words, one.y, classes):
            detail = f"only its texts hold {listed([f'“{phrase}”' for phrase in given.phrases])}"
            one.found.append(_given(given, target, f"phrases in {column}", detail, PHRASE))
    _merge_columns(one)
    stored = {c for hit in one.found if hit.kind == COLUMN and hit.name == "format" for c in hit.classes}
    one.found = [
        hit for hit in one.found if hit.name not in ("quality", "metadata") or not stored & {*hit.classes}
    ]
    return one


def _given(given: shortcut_words.Given, target: Target, says: str, detail: str, kind: str) -> Shortcut:
    return Shortcut(
        OTHER, target, given.classes, says, given.column, max(0.0, 2 * given.auc - 1),
        max(0.0, 2 * given.low - 1), max(0.0, 2 * given.high - 1), given.share, given.carriers,
        (given.column,), None, "", 1, detail, kind,
    )  # fmt: skip


def _merge_columns(one: Looked) -> None:
    """A column that gives several classes away is one shortcut of all of them."""
    columns = [hit for hit in one.found if hit.kind == COLUMN]
    rest = [hit for hit in one.found if hit.kind != COLUMN]
    for column in dict.fromkeys(hit.name for hit in columns):
        same = sorted((hit for hit in columns if hit.name == column), key=lambda hit: -hit.value)
        first = same[0]
        if len(same) > 1:
            first = Shortcut(
                first.fault, first.target, tuple(sorted(c for hit in same for c in hit.classes)), first.says,
                first.name, first.value, first.low, first.high, min(hit.share for hit in same),
                np.concatenate([hit.carriers for hit in same]), first.columns, None, "", 1,
                f"{len(same)} classes have values of {column} of their own", COLUMN,
            )  # fmt: skip
        rest.append(first)
    one.found = rest


def _judge(sample: Sample, one: Looked, facts: dict[str, np.ndarray]) -> Judge:
    """Says of a find what speaks against its being beside the point; None where it is the thing itself."""
    if sample.kind == "audio":
        return Listener(sample, one.at, one.y, facts).judged
    if sample.kind == "images" and facts:
        stack = sample.arrays["images"][one.at] if "images" in sample.arrays else None
        return Viewer(stack, one.y, facts).judged
    return lambda hit: SURE


def _sorted_out(one: Looked, facts: dict[str, np.ndarray], judge: Judge) -> list[Shortcut]:
    """The strongest property of each fault and class, less those that only follow from another one."""
    assert one.searched is not None
    kept: list[tuple[shortcut_search.Found, Doubt]] = []
    unsure: list[tuple[shortcut_search.Found, Doubt]] = []

    def new(hit: shortcut_search.Found) -> bool:
        same = (k for k, _ in kept if k.property.fault == hit.property.fault)
        return not any(set(k.classes) & set(hit.classes) for k in same)

    for hit in one.searched.found:
        if evidence.follows(hit, one.searched.found, facts, one.y) or not new(hit):
            continue
        doubt = judge(hit)
        if doubt is not None:
            (unsure if doubt.says else kept).append((hit, doubt))
    for hit, doubt in unsure:
        if new(hit):
            kept.append((hit, doubt))
    named = {c for hit, _ in kept if hit.property.fault != OTHER for c in hit.classes}
    sized = {c for hit, _ in kept if hit.property.name in evidence.SIZES for c in hit.classes}
    found = []
    for hit, doubt in kept:
        own = set(hit.classes)
        if hit.property.fault == OTHER and hit.property.name not in evidence.STORED and own & named:
            continue  # a frame makes a picture brighter; that is no second shortcut
        follows_size = hit.property.fault == properties.TEXTURE
        follows_size |= hit.property.fault == properties.BACKGROUND and hit.spike
        if follows_size and own & sized:
            continue  # so does another size with its texture, and with the width of its rim
        found.append(
            Shortcut(
                hit.property.fault, one.target, hit.classes, hit.property.says, hit.property.name,
                2 * hit.auc - 1, max(0.0, 2 * hit.low - 1), 2 * hit.high - 1, hit.share, hit.carriers,
                hit.property.columns, hit.property.plain, hit.property.unit, hit.sign,
                evidence.compared(hit, one.y), doubt=doubt,
            )
        )  # fmt: skip
    return found


# -- facts and words --------------------------------------------------------------------------------------
def _facts(
    sample: Sample, looked: list[Looked], found: list[tuple[Looked, Shortcut]], budget: Budget
) -> dict[str, Any]:
    shown = [(one, hit) for one, hit in found if hit.severity != "low"][:3]
    doubtful = [(one, hit) for one, hit in found if hit.doubt.says][:2]
    attributes = properties.attributes(sample)
    facts: dict[str, Any] = {
        "faults": [_fault(sample, one, hit) for one, hit in found],
        "null": {
            "value": max(one.null for one in looked),
            "strongest": max(one.searched.strongest for one in looked if one.searched),
            "how": "the same properties with the labels shuffled: the strongest of them on any class",
        },
        "tested": sum(one.searched.tried for one in looked if one.searched),
        "properties": sorted({p.says for one in looked for p in one.measured} | {*attributes}),
        "evidence": [evidence.shown(sample, one, hit) for one, hit in shown or doubtful],
        "mitigations": [],
    }
    if shown and budget.left > 6:
        facts["alone"] = evidence.alone(sample, *shown[0], seed=budget.seed)
    if shown and budget.left > 4:
        facts["mitigations"] = evidence.mitigations(sample, shown, budget)
    return facts


def _fault(sample: Sample, one: Looked, hit: Shortcut) -> dict[str, Any]:
    names = [one.target.classes[c] for c in hit.classes]
    places = sample.places(sample.arrays["ids"][one.at[hit.carriers[:MOST_LISTED]]])
    entry: dict[str, Any] = {
        "fault": hit.fault, "severity": hit.severity, "classes": names,
        "note": _told(hit, names),
        "score": round(hit.value, 4), "count": len(hit.carriers),
    }  # fmt: skip
    if hit.columns:
        entry["columns"] = list(hit.columns)
    if hit.kind == COLUMN:
        return entry  # the column is the place: every row of it would be named
    if places and "file" in places[0]:
        entry["files"] = [place["file"] for place in places]
    elif places:
        entry["rows"] = [place["row"] for place in places]
        splits = {place.get("split") for place in places}
        if splits != {None}:
            entry["splits"] = [place.get("split") for place in places]
    return entry


def _told(hit: Shortcut, names: list[str]) -> str:
    told = f"{_of(names)} {_are(names)} given away by {hit.says}: {hit.detail}"
    return f"{told}; but {hit.doubt.says}." if hit.doubt.says else f"{told}."


def _of(names: list[str]) -> str:
    return listed([f"“{name}”" for name in names])


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _title(worst: Shortcut) -> str:
    names = [worst.target.classes[c] for c in worst.classes]
    says = worst.says[:1].upper() + worst.says[1:]
    give = "give" if worst.kind == PHRASE else "gives"
    return f"{says} {give} {_of(names)} away"


def _note(sample: Sample, serious: list[Shortcut], worst: Shortcut) -> str:
    names = [worst.target.classes[c] for c in worst.classes]
    more = len(serious) - 1
    also = f" {more} more such {'property was' if more == 1 else 'properties were'} found." if more else ""
    unit = pieces(sample.kind)
    return (
        f"{percent(worst.share)} of the {unit} of {_of(names)} can be told by {worst.says} alone "
        f"({worst.detail}); a model will learn that, and fail where it is absent.{also}"
    )


def _unsure(hit: Shortcut) -> str:
    names = [hit.target.classes[c] for c in hit.classes]
    verb = "stands" if len(names) == 1 else "stand"
    return (
        f"{_of(names)} {verb} apart by {hit.says} ({hit.detail}), but {hit.doubt.says}; "
        "look at some of them and decide whether a model may use it."
    )


def _nothing(sample: Sample, looked: list[Looked], rows: int) -> str:
    tried = sum(one.searched.tried for one in looked if one.searched)
    kinds = TRIED.get(sample.kind, "length, wording and origin")
    tests = f", {tried:,} comparisons" if tried else ""
    return f"No class of {rows:,} {pieces(sample.kind)} stands apart by {kinds}{tests}."
