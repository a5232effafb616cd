# ruff: noqa: S608 - names that go into SQL are quoted
"""Columns that others give exactly: sums, differences, other units, up to how they are rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared.absent import typed
from workers.probes.words import listed
from workers.sql import quoted

if TYPE_CHECKING:
    from workers.probes.data.redundancy.collinear import Group

ROWS = 2_000
FILLED = 0.9
CLOSE = 1.5e-3  # unexplained share of the variance from which exactness is worth a look
FINE = 0.06  # of the spread: a column written more coarsely cannot be told to be exact
MOST_DECIMALS = 8
MATERIAL = (5e-3, 5e-4, 5e-5)  # of the spread: parts smaller than this are tried without


def search(sample: Sample, names: list[str], x: np.ndarray, rng: np.random.Generator) -> list[Group]:
    """Each column in turn joins a basis, unless the basis gives it already. ``x`` is float64 [n, p]."""
    from workers.probes.data.redundancy.collinear import Group

    known = np.isfinite(x)
    used = [j for j in range(x.shape[1]) if known[:, j].mean() >= FILLED] if len(x) else []
    rows = np.flatnonzero(known[:, used].all(axis=1)) if used else np.zeros(0, int)
    if len(used) < 2 or len(rows) < 20:
        return []
    if len(rows) > ROWS:
        rows = np.sort(rng.choice(rows, ROWS, replace=False))
    used = used[: max(2, len(rows) // 4)]  # many columns and few rows: everything would be a combination
    part = x[rows][:, used]
    centre, spread = part.mean(axis=0), part.std(axis=0)
    with np.errstate(all="ignore"):
        z = (part - centre) / np.where(spread > 0, spread, 1.0)
    binary = [bool(np.isin(part[:, k], (0.0, 1.0)).all()) for k in range(len(used))]
    fine = [_unit(part[:, k]) for k in range(len(used))]
    basis: list[int] = []
    q = np.zeros((len(rows), 0))
    found: list[Group] = []
    for k in range(len(used)):
        if not np.isfinite(z[:, k]).all() or spread[k] <= 0:
            continue
        rest = z[:, k] - q @ (q.T @ z[:, k])
        rest -= q @ (q.T @ rest)
        left = float((rest**2).mean())
        if basis and left < CLOSE:
            members, made = _members(z, part, k, basis, fine, spread)
            if made is not None:
                weights, constant, slack = made
                columns = [names[used[m]] for m in members] + [names[used[k]]]
                if _holds(sample, columns, weights, constant, slack):
                    dummies = binary[k] and all(binary[m] for m in members)
                    found.append(
                        Group(columns, "combination", 1.0, _note(columns, weights, constant), dummies)
                    )
                    continue
        if left > 1e-12:
            q = np.column_stack([q, rest / np.linalg.norm(rest)])
            basis.append(k)
    return found


def _unit(x: np.ndarray) -> float:
    """What the numbers are rounded to: 0.01 for two decimals; 0 where they are not."""
    for decimals in range(MOST_DECIMALS + 1):
        if np.abs(x - np.round(x, decimals)).max() <= 1e-9 * max(1.0, float(np.abs(x).max())):
            return float(10.0**-decimals)
    return 0.0


def _members(
    z: np.ndarray, part: np.ndarray, k: int, basis: list[int], fine: list[float], spread: np.ndarray
) -> tuple[list[int], tuple[np.ndarray, float, float] | None]:
    """The fewest basis columns that give column k exactly, with what _exact says of them."""
    weights = np.abs(np.linalg.lstsq(z[:, basis], z[:, k], rcond=1e-10)[0])
    tried: list[int] = []
    for least in MATERIAL:
        members = [b for b, w in zip(basis, weights, strict=True) if w > least]
        if not members or members == tried:
            continue
        tried = members
        made = _exact(part, k, members, fine, spread)
        if made is None:
            continue
        for name in sorted(members, key=lambda m: weights[basis.index(m)])[: len(members) - 1]:
            fewer = [m for m in members if m != name]
            if (without := _exact(part, k, fewer, fine, spread)) is None:
                break
            members, made = fewer, without
        return members, made
    return tried, None


def _exact(
    part: np.ndarray, k: int, members: list[int], fine: list[float], spread: np.ndarray
) -> tuple[np.ndarray, float, float] | None:
    """Weights, constant and the slack that rounding explains; None where more is left."""
    design = np.column_stack([part[:, members] / spread[members], np.ones(len(part))])
    solved = np.linalg.lstsq(design, part[:, k] / spread[k], rcond=1e-12)[0]
    weights, constant = solved[:-1] * spread[k] / spread[members], float(solved[-1] * spread[k])
    left = np.abs(part[:, k] - part[:, members] @ weights - constant).max()
    strict = 1e-7 * float(spread[k])
    if left <= strict:
        return weights, constant, strict
    slack = 0.55 * (fine[k] + float(np.abs(weights) @ np.array([fine[m] for m in members])))
    return (weights, constant, slack) if left <= slack <= FINE * spread[k] else None


def _holds(sample: Sample, columns: list[str], weights: np.ndarray, constant: float, slack: float) -> bool:
    """Whether all rows of the upload keep to it but one in a thousand."""
    *parts, whole = columns
    given = " + ".join(f"{float(w)!r} * {quoted(p)}" for w, p in zip(weights, parts, strict=True))
    with sample.table() as table:
        away = f"abs({quoted(whole)} - ({given}) - ({constant!r}))"
        query = (
            f"SELECT count(*) FILTER (off > {slack * 1.5!r}), count(off)"
            f" FROM (SELECT {away} AS off FROM {typed(table, columns)})"
        )
        row: Any = table.execute(query).fetchone()
    return bool(row[1]) and row[0] <= 0.001 * row[1]


def _note(columns: list[str], weights: np.ndarray, constant: float) -> str:
    *parts, whole = columns
    if len(parts) == 1:
        weight = float(weights[0])
        if abs(weight - 1) < 1e-6 and abs(constant) < 1e-6:
            return f"{whole} equals {parts[0]} in every row."
        plus = f" {'plus' if constant > 0 else 'minus'} {abs(constant):.4g}"
        if abs(constant) < 1e-4 * abs(weight):  # what rounding leaves is no part of the rule
            plus = ""
        return f"{whole} is {parts[0]} times {weight:.4g}{plus}."
    if all(abs(abs(float(w)) - 1) < 1e-3 for w in weights) and len(parts) <= 4:
        signed = " ".join(f"{'+' if w > 0 else '-'} {p}" for w, p in zip(weights, parts, strict=True))
        return f"{whole} is {signed.removeprefix('+ ')} in every row."
    return f"{whole} is a sum of multiples of {listed(parts, 4)} in every row."
