# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""What is to be predicted: named by the caller, else by the plan, else guessed, and then said."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from workers.inputs import classes, task
from workers.inputs.base import Loaded, Unusable, kept_as, split_of
from workers.inputs.columns import MISSING, Profile
from workers.sql import literal, quoted

MAX_CLASSES = 1_000
STEPS, THIN = 7, 0.1  # whole numbers from which they may be counts; rows at their thin end against the hill
CLASS_WORDS = {
    "label", "labels", "class", "classes", "category", "type", "kind", "group", "target", "y", "species",
    "digit", "cluster", "segment", "code", "id",
}  # fmt: skip
FEW_NUMBERS = 20  # whole numbers with at most so many values are classes, not amounts
# How much a name sounds like a target; a guess also likes the last column and few classes.
SOUNDS = {
    **dict.fromkeys(("target", "label", "labels"), 10),
    **dict.fromkeys(
        ("outcome", "survived", "diagnosis", "churn", "default", "response", "fraud", "is_spam"), 8
    ),
    **dict.fromkeys(("species", "price", "sentiment", "spam", "result", "digit"), 5),
    **dict.fromkeys(("class", "category", "y", "quality", "type", "income"), 4),
}


def chosen(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    profiles: list[Profile],
    named: Sequence[str],
    planned: Sequence[str],
    taken: set[str],
    plan: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The targets as in the manifest; sets each one's role. May be empty when nothing can be guessed.

    What the plan predicts, a number or a class, comes before what the column looks like.
    """
    by_name = {p.name: p for p in profiles}
    wanted, guessed = list(dict.fromkeys(named or planned)), False
    if wanted:
        for i, name in enumerate(wanted):
            wanted[i] = _existing(name, by_name, loaded, "The plan's target" if not named else "The target")
    elif loaded.offered and loaded.offered_is_rule:
        wanted = list(loaded.offered)
    else:
        guess = _guess(profiles, loaded, taken)
        wanted, guessed = ([guess] if guess else []), True
        if guess:
            loaded.notes.append(f"Target guessed: {guess}. Name another one if that is not what you predict.")
        else:
            loaded.notes.append("No column looks like a target; name the one to predict.")
    targets = []
    for name in wanted:
        _in_every_file(name, loaded, guessed)
        told = task.planned(plan or {}, name)
        target = _described(con, by_name[name], guessed, told, strict=not guessed)
        classed = target and target["classes"] and loaded.kind == "table"
        if classed and classes.mended(con, loaded, by_name[name]):
            loaded.mended.add(name)
            target = _described(con, by_name[name], guessed, told, strict=not guessed)
        if target:
            by_name[name].role = "target"
            targets.append(target)
            if (
                target["task"] == "regression"
                and by_name[name].whole
                and by_name[name].distinct <= FEW_NUMBERS
                and not told
            ):
                loaded.notes.append(
                    f"{name} is read as an amount to predict; if its numbers are names of classes, write them"
                    " as words."
                )
            if sum(re.fullmatch(r"\[.*\]", value) is not None for value in target["classes"][:20]) > 1:
                loaded.notes.append(f"{name} holds lists of labels: each different list counts as one class.")
    return targets


def _in_every_file(name: str, loaded: Loaded, guessed: bool) -> None:
    """A test file may come without answers. One with another column in their place is a mistake."""
    for file, columns in loaded.columns.items():
        others = set().union(*(other for one, other in loaded.columns.items() if one != file))
        if name not in columns and (columns - others or split_of(file) == "train"):
            said = "which was guessed as the target" if guessed else "the target"
            raise Unusable(f"{file} has no column {name}, {said}; rename its column, or leave {file} out.")


def _existing(name: str, by_name: Mapping[str, Profile], loaded: Loaded, what: str) -> str:
    name = kept_as(name, by_name)
    if name in by_name:
        return name
    for other in by_name:
        if other.casefold() == name.strip().casefold():
            return other
    columns = [p for p in by_name if p not in loaded.facts]
    raise Unusable(f"{what} {name!r} is no column; the columns are {nearest(name, columns)}.")


def nearest(name: str, columns: Sequence[str]) -> str:
    """The columns there are, those that read like ``name`` first."""
    folded = {column.casefold(): column for column in columns}
    close = [folded[c] for c in difflib.get_close_matches(name.casefold(), list(folded), n=5, cutoff=0.4)]
    ordered = [*close, *(column for column in columns if column not in close)]
    listed = ", ".join(ordered[:30])
    return f"{listed} and {len(ordered) - 30} more" if len(ordered) > 30 else listed


def _guess(profiles: list[Profile], loaded: Loaded, taken: set[str]) -> str | None:
    fit = [
        p
        for p in profiles
        if p.type in ("number", "category")
        and not p.constant
        and p.name not in taken
        and p.name not in loaded.facts
        and (p.type == "number" or p.distinct <= min(MAX_CLASSES, p.filled / 2))
    ]
    if loaded.columns:  # what the training file has; one that another file lacks is told afterwards
        first = next(
            (file for file in loaded.columns if split_of(file) == "train"), next(iter(loaded.columns))
        )
        fit = [p for p in fit if p.name in loaded.columns[first]]
    if loaded.offered:
        fit = [p for p in fit if p.name in loaded.offered]
    if not fit:
        return None

    def score(p: Profile) -> float:
        words = [w for w in re.split(r"[^a-z]+", p.name.casefold()) if w]
        sound = SOUNDS.get(p.name.casefold(), max((SOUNDS.get(w, 0) - 1 for w in words), default=0))
        first = 3 * (p is fit[0]) if loaded.offered else 4 * (p is fit[-1])
        return sound + first + (p.distinct <= FEW_NUMBERS)

    return max(fit, key=score).name


def _described(
    con: duckdb.DuckDBPyConnection,
    made: Profile,
    guessed: bool,
    told: tuple[str, bool] | None,
    *,
    strict: bool,
) -> dict[str, Any] | None:
    """The task of one target, over all rows; ``Unusable`` when nothing can be learnt for it."""
    column = quoted(made.name)
    words = ", ".join(literal(word) for word in MISSING)
    values = con.execute(
        f"WITH counted AS (SELECT {column} AS v, count(*) AS n FROM rows GROUP BY 1) SELECT v, n FROM counted"
        f" WHERE lower(trim(v)) NOT IN ({words}) OR (v = '-' AND EXISTS (FROM counted WHERE v = '+'))"
        f" ORDER BY n DESC, v LIMIT {MAX_CLASSES + 1}"
    ).fetchall()
    problem = ""
    if not values:
        problem = "has no value in any row; fill it in, or name another column"
    elif len(values) == 1:
        problem = f"has the one value {values[0][0]!r} in every row, so there is nothing to tell apart"
    if made.type == "number" and not problem:
        whole = made.whole and len(values) <= FEW_NUMBERS and len(values) <= max(2, made.filled / 3)
        if not whole or _numbers(made.name, values, told):
            return {"name": made.name, "task": "regression", "classes": [], "guessed": guessed}
    elif not problem and (len(values) > MAX_CLASSES or len(values) > 0.5 * sum(v[1] for v in values) > 10):
        problem = "has a different text in almost every row; name a column with classes or numbers"
    if problem:
        if strict:
            raise Unusable(f"The target {made.name!r} {problem}.")
        return None
    found = sorted((value for value, _ in values), key=_order)
    kind = "binary" if len(found) == 2 else "multiclass"
    return {"name": made.name, "task": kind, "classes": found, "guessed": guessed}


def _numbers(name: str, values: Sequence[tuple[str, int]], told: tuple[str, bool] | None) -> bool:
    """Whether few whole numbers are amounts: the plan says so, else they look like it.

    Two values are classes whatever the metric (a Brier score is one of squares), unless the plan's task says
    otherwise in so many words.
    """
    if told is None or (told[0] == "regression" and not told[1] and len(values) <= 2):
        return _amounts(name, values)
    return told[0] == "regression"


def _amounts(name: str, values: Sequence[tuple[str, int]]) -> bool:
    """Whether whole numbers are counts or scores: many steps, one hill over them, and a thin far end.

    Classes that somebody numbered have no order in how common they are; where their sizes fall off along
    their numbers all the same, a name such as "label" tells.
    """
    steps = sorted((_order(value)[1], n) for value, n in values if _order(value)[0] == 0)
    if len(steps) < STEPS or set(re.split(r"[^a-z]+", name.casefold())) & CLASS_WORDS:
        return False
    rows = [n for _, n in steps]
    top = rows.index(max(rows))
    sides = (rows[: top + 1], rows[top:][::-1])
    hill = all(n <= more + 2 * more**0.5 + 1 for side in sides for n, more in itertools.pairwise(side))
    gaps = steps[-1][0] - steps[0][0] + 1 - len(steps)
    return hill and gaps <= len(steps) / 3 and min(rows[0], rows[-1]) < THIN * max(rows)


def _order(value: str) -> tuple[int, float, str]:
    """Numbers by size, then words by letter."""
    try:
        return 0, float(value), value
    except ValueError:
        return 1, 0.0, value
