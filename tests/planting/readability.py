"""Exports as they come: other encodings and delimiters, titles, totals, ragged, cut and garbled lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.readability"
Tables = dict[str, tuple[Callable[[], pd.DataFrame], str]]
TABLES: Tables = {
    "shop": (sets.shop, "returned"),
    "iris": (sets.iris, "species"),
    "diabetes": (sets.diabetes, "progress"),
}
ACCENTS = {"north": "Norrköping", "south": "Málaga", "east": "Łódź", "west": "Brüssel", "red": "größe"}
CYRILLIC = {"north": "Москва", "south": "Казань", "east": "Нижний", "west": "Город", "red": "красный"}
FLOWERS = {"setosa": "Zürich", "versicolor": "Málaga", "virginica": "Ærø"}
KANA = {"setosa": "アヤメひおうぎ", "versicolor": "カキツバタのはな", "virginica": "ハナショウブさく"}


def _lines(frame: pd.DataFrame, **how) -> list[str]:
    return frame.to_csv(index=False, lineterminator="\n", **how).splitlines()


def _data(lines: list[str], target: str, end: str = "\n") -> Data:
    return Data({"data.csv": ("\n".join(lines) + end).encode()}, (target,))


def _places(rows: int, strength: float, seed: int) -> list[int]:
    """Rows to spoil, never the first ones, from which the dialect is told."""
    count = max(1, round(strength * rows))
    rng = np.random.default_rng([seed, 77])
    return sorted(int(row) for row in rng.choice(np.arange(3, rows - 1), count, replace=False))


def _encoded(frame: pd.DataFrame, words: dict[str, str], strength: float, seed: int) -> list[str]:
    """The table with a share of some words replaced by words beyond ASCII."""
    rng = np.random.default_rng([seed, 78])
    frame = frame.copy()
    for name in frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]]:
        hit = frame[name].isin(list(words)) & (rng.random(len(frame)) < strength)
        frame.loc[hit, name] = frame.loc[hit, name].map(words)
    return _lines(frame)


def _encoding(name: str, codec: str, words: dict[str, str]):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        lines = _encoded(make(), words, strength, seed)
        return Data({"data.csv": ("\n".join(lines) + "\n").encode(codec, "replace")}, (target,)), Truth()

    return plant


def _delimiter(name: str, delimiter: str, decimal: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        frame = make()
        columns = ()
        if decimal == ",":
            columns = tuple(c for c in frame.columns if frame[c].dtype.kind == "f")
        return _data(_lines(frame, sep=delimiter, decimal=decimal), target), Truth(columns=columns)

    return plant


def _titles(name: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        titles = [f"Report {i + 1} of the year" for i in range(round(strength))]
        return _data([*titles, "", *_lines(make())], target), Truth()

    return plant


def _total(name: str, word: str, middle: bool):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        frame = make()
        lines = _lines(frame)
        at = [len(frame)]
        if middle:
            step = len(frame) // (round(strength) + 1)
            at = [step * (i + 1) for i in range(round(strength))]
        for i, place in enumerate(at):
            part = frame.iloc[(at[i - 1] if middle and i else 0) : place]
            # As a spreadsheet writes it: the word first, then sums, and blanks where there is nothing to sum.
            sums = [
                f"{part[c].sum():.2f}" if pd.api.types.is_numeric_dtype(part[c]) else "" for c in part.columns
            ]
            lines.insert(1 + place + i, ",".join([word, *sums[1:]]))
        return _data(lines, target), Truth(rows=tuple(place + i for i, place in enumerate(at)))

    return plant


def _ragged(name: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        lines = _lines(make())
        places = _places(len(lines) - 1, strength, seed)
        for i, row in enumerate(places):
            cells = lines[row + 1].split(",")
            lines[row + 1] = ",".join([*cells, "7"] if i % 2 else cells[: len(cells) // 2])
        return _data(lines, target), Truth(rows=tuple(places))

    return plant


def _odd(name: str, word: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        frame = make()
        frame["note"] = word  # UTF-8 everywhere, but on a few lines
        lines = [line.encode() for line in _lines(frame)]
        places = _places(len(frame), strength, seed)
        for row in places:
            lines[row + 1] = lines[row + 1].decode().encode("latin-1")
        return Data({"data.csv": b"\n".join(lines) + b"\n"}, (target,)), Truth(rows=tuple(places))

    return plant


def _noted(name: str, word: str):
    def clean(seed: int) -> Data:
        make, target = TABLES[name]
        frame = make()
        frame["note"] = word
        return _data(_lines(frame), target)

    return clean


def _truncated(name: str, lines_of: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        frame = make()
        kept = max(10, round(len(frame) * (1 - strength)))
        if lines_of == "jsonl":
            lines = frame.head(kept).to_json(orient="records", lines=True).splitlines()
            text = "\n".join([*lines[:-1], lines[-1][: len(lines[-1]) // 2]])
            return Data({"data.jsonl": text.encode()}, (target,)), Truth(rows=(kept - 1,))
        lines = _lines(frame.head(kept))
        cells = lines[-1].split(",")
        lines[-1] = ",".join(cells[:2])[:-1]
        return _data(lines, target, end=""), Truth(rows=(kept - 1,))

    return plant


def _mojibake(name: str, word: str):
    make, target = TABLES[name]

    def plant(strength: float, seed: int):
        frame = make()
        places = _places(len(frame), strength, seed)
        words = [word] * len(frame)
        for row in places:
            words[row] = word.encode().decode("cp1252", "replace")
        frame["note"] = [f"{w} {i % 7}" for i, w in enumerate(words)]
        return _data(_lines(frame), target), Truth(columns=("note",), rows=tuple(places))

    return plant


def _clean(name: str):
    make, target = TABLES[name]
    return lambda seed: _data(_lines(make()), target)


def _cases(fault: str, name: str, plant, strengths: tuple[float, float], clean=None) -> list[Case]:
    return [Case(PROBE, fault, name, s, plant, clean or _clean(name)) for s in strengths]


CASES = [
    *_cases("encoding", "shop", _encoding("shop", "cp1252", ACCENTS), (1.0, 0.1)),
    *_cases("encoding", "iris", _encoding("iris", "latin-1", FLOWERS), (1.0, 0.2)),
    *_cases("encoding", "diabetes", _encoding("diabetes", "utf-16", {}), (1.0, 0.5)),
    *_cases("encoding", "shop", _encoding("shop", "cp1251", CYRILLIC), (0.9, 0.3)),
    *_cases("encoding", "iris", _encoding("iris", "shift_jis", KANA), (0.9, 0.3)),
    *_cases("delimiter_or_decimal", "diabetes", _delimiter("diabetes", ";", ","), (1.0, 0.5)),
    *_cases("delimiter_or_decimal", "iris", _delimiter("iris", "|", "."), (1.0, 0.5)),
    *_cases("title_lines", "shop", _titles("shop"), (4, 1)),
    *_cases("title_lines", "diabetes", _titles("diabetes"), (3, 2)),
    *_cases("total_row", "shop", _total("shop", "Grand total", False), (1.0, 0.5)),
    *_cases("total_row", "shop", _total("shop", "Summe", True), (5, 2)),
    *_cases("total_row", "iris", _total("iris", "Sum", True), (4, 3)),
    *_cases("ragged_lines", "shop", _ragged("shop"), (0.05, 0.005)),
    *_cases("ragged_lines", "iris", _ragged("iris"), (0.1, 0.02)),
    *_cases("odd_encodings", "shop", _odd("shop", "Größe"), (0.1, 0.01), _noted("shop", "Größe")),
    *_cases("odd_encodings", "iris", _odd("iris", "café"), (0.2, 0.02), _noted("iris", "café")),
    *_cases("truncated", "shop", _truncated("shop", "csv"), (0.5, 0.01)),
    *_cases("truncated", "iris", _truncated("iris", "jsonl"), (0.5, 0.1)),
    *_cases("mojibake", "shop", _mojibake("shop", "Málaga"), (0.2, 0.01), _noted("shop", "Málaga")),
    *_cases(
        "mojibake", "diabetes", _mojibake("diabetes", "Привет"), (0.3, 0.02), _noted("diabetes", "Привет")
    ),
]
