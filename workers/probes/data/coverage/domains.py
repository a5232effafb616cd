# ruff: noqa: S608 - names that go into SQL are quoted
"""Data that were put together from two sources: grey and colour, two sizes, two languages, two regimes.

A model learns the source where it is easier than the question, and fails on a third one.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.words import listed, percent, pieces
from workers.sql import quoted

LEAST, FEWEST, KINDS = 0.05, 20, 4  # share and pieces of the smaller source; sizes that count as sources
GREY = {"1", "L", "LA", "I", "I;16", "F"}
APART, VALLEY, MOST_COLUMNS = 4.0, 0.1, 0.5  # Ashman's D; density between; share of columns that differ
DIFFER, KNOWN, ROWS = 0.8, 0.8, 4_000
TEXTS = 2_000
# The commonest small words of each language that are not words of the others.
SMALL = {
    "English": "the and is of to that with was this are you have for not it",
    "German": "der und das ist nicht mit ein eine auf für von dem sich auch wir sind",
    "French": "le les est une pas dans que pour qui sur avec nous vous sont",
    "Spanish": "el los las por una con para como más pero está muy del",
    "Italian": "il che di per non sono della gli anche questo come più nel",
    "Dutch": "het een niet van voor zijn dat ook wordt naar bij maar",
    "Portuguese": "os uma não para com mais foi são pelo você ao dos",
    "Polish": "jest nie się na że do jak ale tym przez dla czy",
    "Turkish": "bir ve bu için ile çok daha olarak var ama gibi",
    "Swedish": "och att det som är inte på jag med för har ett",
}
SCRIPTS = {
    "Cyrillic": r"[\u0400-\u04ff]", "Greek": r"[\u0370-\u03ff]", "Arabic": r"[\u0600-\u06ff]",
    "Hebrew": r"[\u0590-\u05ff]", "Chinese or Japanese": r"[\u3040-\u30ff\u4e00-\u9fff]",
    "Korean": r"[\uac00-\ud7af]", "Devanagari": r"[\u0900-\u097f]",
}  # fmt: skip


def faults(sample: Sample) -> list[dict[str, Any]]:
    """One fault for each way in which the data fall in two."""
    found: list[dict[str, Any]] = []
    if sample.kind == "images":
        found += _pictures(sample)
    elif sample.kind == "audio":
        found += _sounds(sample)
    else:
        for column in sample.columns:
            if column.type == "text" and column.role != "target" and len(found) < 3:
                found += _languages(sample, column)
    if sample.kind in ("table", "series"):
        found += _regimes(sample)
    return found


def _counts(sample: Sample, expression: str) -> list[tuple[str, int]]:
    query = (
        f"SELECT CAST({expression} AS VARCHAR), count(*) FROM rows WHERE {expression} IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200"
    )
    with sample.table() as table:
        return [(str(value), int(rows)) for value, rows in table.execute(query).fetchall()]


def _fault(
    columns: list[str], sources: list[tuple[str, int]], says: str, severity: str, **more: Any
) -> dict[str, Any]:
    return {
        "fault": "mixed_domains", "severity": severity, "columns": columns,
        "sources": dict(sources), "count": sources[-1][1], "note": says, **more,
    }  # fmt: skip


def _mixed(sources: list[tuple[str, int]]) -> bool:
    """Whether a handful of sources makes up nearly all, and the second is no exception."""
    total = sum(rows for _, rows in sources)
    main = [rows for _, rows in sources if rows >= LEAST * total]
    return (
        len(sources) > 1
        and 2 <= len(main) <= KINDS
        and sum(main) >= 0.9 * total
        and sorted(main)[-2] >= FEWEST
    )


def _pictures(sample: Sample) -> list[dict[str, Any]]:
    have = {column.name for column in sample.columns}
    found = []
    if "mode" in have:
        modes = _counts(sample, quoted("mode"))
        grey = sum(rows for mode, rows in modes if mode in GREY)
        colour = sum(rows for mode, rows in modes if mode not in GREY)
        sources = sorted([("grey", grey), ("colour", colour)], key=lambda one: -one[1])
        if grey and colour and _mixed(sources):
            share = percent(sources[1][1] / (grey + colour))
            says = f"{share} of the pictures are {sources[1][0]}, the rest {sources[0][0]}."
            found.append(_fault(["mode"], sources, says, "medium", **_files(sample, "mode", sources[1][0])))
    if {"width", "height"} <= have:
        # Upright and lying pictures of one camera are one size.
        w, h = (f"try_cast({quoted(name)} AS INTEGER)" for name in ("width", "height"))
        sizes = _counts(sample, f"greatest({w}, {h}) || ' x ' || least({w}, {h})")
        if _mixed(sizes):
            main = [one for one in sizes if one[1] >= LEAST * sum(rows for _, rows in sizes)]
            names = listed([f"{name} ({rows:,})" for name, rows in main])
            says = f"The pictures have {len(main)} sizes: {names}."
            found.append(_fault(["width", "height"], main, says, "medium"))
    return found


def _files(sample: Sample, column: str, source: str) -> dict[str, Any]:
    """The files of the smaller source, where they are few enough to be worth a list."""
    grey = ", ".join(f"'{mode}'" for mode in sorted(GREY))
    inside = "" if source == "grey" else "NOT "
    query = f"SELECT _file FROM rows WHERE {quoted(column)} {inside}IN ({grey}) ORDER BY _id LIMIT 2000"
    with sample.table() as table:
        return {"files": [file for (file,) in table.execute(query).fetchall()]}


def _sounds(sample: Sample) -> list[dict[str, Any]]:
    have = {column.name for column in sample.columns}
    found = []
    for name, unit in (("rate", "samples a second"), ("channels", "channels"), ("bits", "bits")):
        if name not in have:
            continue
        sources = _counts(sample, quoted(name))
        if _mixed(sources):
            says = listed([f"{rows:,} {pieces('audio')} with {value} {unit}" for value, rows in sources])
            found.append(_fault([name], sources, f"The clips come in kinds: {says}.", "medium"))
    return found


def _languages(sample: Sample, column: Column) -> list[dict[str, Any]]:
    """Texts in two languages or scripts, told by their small words and letters."""
    name = quoted(column.name)
    step = max(1, sample.rows // TEXTS)
    query = (
        f"SELECT left({name}, 2000) FROM rows WHERE {name} IS NOT NULL AND _id % {step} = 0 LIMIT {TEXTS * 2}"
    )
    with sample.table() as table:
        texts = [str(text).lower() for (text,) in table.execute(query).fetchall()]
    small = {language: set(words.split()) for language, words in SMALL.items()}
    scripts = {script: re.compile(letters) for script, letters in SCRIPTS.items()}
    told: dict[str, int] = {}
    for text in texts:
        letters = max(1, sum(letter.isalpha() for letter in text))
        script = next((s for s, found in scripts.items() if len(found.findall(text)) > 0.3 * letters), "")
        words = re.findall(r"[^\W\d_]+", text)
        scores = sorted(
            ((sum(word in own for word in words), lang) for lang, own in small.items()), reverse=True
        )
        if script:
            told[script] = told.get(script, 0) + 1
        elif scores[0][0] >= 2 and scores[0][0] > 1.5 * scores[1][0]:
            told[scores[0][1]] = told.get(scores[0][1], 0) + 1
    sources = sorted(told.items(), key=lambda one: (-one[1], one[0]))
    if not _mixed(sources):
        return []
    total = sum(told.values())
    main = [one for one in sources if one[1] >= LEAST * total]
    says = (
        f"{column.name} is written in {listed([f'{lang} ({percent(rows / total)})' for lang, rows in main])}."
    )
    return [_fault([column.name], main, says, "medium")]


def _regimes(sample: Sample) -> list[dict[str, Any]]:
    """Rows that fall in two heaps, far apart in most number columns, which no class or category explains."""
    groups = [g for g in sample.manifest.get("features", {}).get("groups", ()) if g["type"] == "number"]
    groups = [g for g in groups if g["stop"] <= sample.features.shape[1] and g["name"] != "all columns"]
    if len(groups) < 4 or len(sample.features) < 100:
        return []
    names = [g["name"] for g in groups]
    draw = np.random.default_rng(47)
    rows = np.arange(len(sample.features))
    if len(rows) > ROWS:
        rows = np.sort(draw.choice(rows, ROWS, replace=False))
    x = sample.features[np.ix_(rows, [g["start"] for g in groups])].astype(np.float64)
    inner = x.copy()
    for i, target in enumerate(sample.targets):
        y = sample.labels(i)[rows]
        if target.task == "regression":
            continue
        for label in np.unique(y):
            if (y == label).sum() >= 10:
                inner[y == label] -= np.median(inner[y == label], axis=0)
        break
    inner -= inner.mean(axis=0)
    _, _, ways = np.linalg.svd(inner / np.sqrt(len(inner)), full_matrices=False)
    for way in ways[:3]:
        heap = _two(inner @ way)
        if heap is None:
            continue
        second = heap if heap.sum() * 2 <= len(heap) else ~heap
        if second.mean() < LEAST or second.sum() < FEWEST:
            continue
        spread = np.sqrt((inner[second].var(axis=0) + inner[~second].var(axis=0)) / 2) + 1e-9
        apart = np.abs(inner[second].mean(axis=0) - inner[~second].mean(axis=0)) / spread
        if (apart >= DIFFER).mean() < MOST_COLUMNS:
            continue
        column = _explained(sample, rows, second)
        main = [names[k] for k in np.argsort(-apart, kind="stable") if apart[k] >= DIFFER]
        says = (
            f"{percent(float(second.mean()))} of the rows lie far from the others in {len(main)} of "
            f"{len(names)} number columns, most in {listed(main)}"
        )
        says += f", as {column} says." if column else ", and no column says why."
        sources = [("one", int((~second).sum())), ("other", int(second.sum()))]
        places = sample.places(sample.arrays["ids"][rows[second]][:2000])
        listing = {"rows": [place["row"] for place in places]} if "row" in places[0] else {}
        return [_fault(main, sources, says, "low" if column else "medium", **listing)]
    return []


def _two(values: np.ndarray) -> np.ndarray | None:
    """bool [n]: the upper of two heaps far apart (Ashman's D), with next to nothing between; or None."""
    order = np.sort(values)
    n = len(order)
    sums, squares = np.cumsum(order), np.cumsum(order**2)
    k = np.arange(max(FEWEST, n // 50), n - max(FEWEST, n // 50))
    if not len(k):
        return None
    low = squares[k - 1] - sums[k - 1] ** 2 / k
    high = (squares[-1] - squares[k - 1]) - (sums[-1] - sums[k - 1]) ** 2 / (n - k)
    cut = int(k[np.argmin(low + high)])
    a, b = order[:cut], order[cut:]
    gap = b.mean() - a.mean()
    if gap <= APART * np.sqrt((a.var() + b.var()) / 2):
        return None
    between = ((order > a.mean() + 0.35 * gap) & (order < b.mean() - 0.35 * gap)).mean()
    if between > VALLEY * min(len(a), len(b)) / n:
        return None
    return values >= order[cut]


def _explained(sample: Sample, rows: np.ndarray, heap: np.ndarray) -> str:
    """A category or a class that says which heap a row is in; empty for none."""
    import contextlib

    ids = sample.arrays["ids"][rows]
    asked = [c.name for c in sample.columns if c.type == "category" or c.role in ("target", "group")][:50]
    for name in asked:
        with contextlib.suppress(Exception):
            levels, codes = np.unique(sample.cells(name, ids), return_inverse=True)
            if not 2 <= len(levels) <= 50:
                continue
            inside, size = np.bincount(codes, heap), np.bincount(codes)
            # Each level in the heap that most of its rows are in: how much better than one guess for all?
            missed = np.minimum(inside, size - inside).sum() / max(1, min(heap.sum(), (~heap).sum()))
            if 1 - missed >= KNOWN:
                return name
    return ""
