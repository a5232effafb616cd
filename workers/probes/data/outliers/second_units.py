"""Finds rows in another unit, names them, and puts them right for every test that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from workers.probes.data.outliers import converted, mixed_units, sensors, strange_rows
from workers.probes.data.outliers import words as outlier_words
from workers.probes.data.outliers.relations import Relation, logs, relate
from workers.probes.data.outliers.seen_values import Seen, show
from workers.probes.data.shared.whole_columns import WholeColumns

ROUNDS = 6  # second units looked for, one after the other


def repaired(
    columns: WholeColumns,
    drawn: dict[str, np.ndarray],
    around: dict[str, np.ndarray],
    related: dict[str, Relation],
    seen: Seen,
    at: np.ndarray,
) -> dict[str, Relation]:
    """Rows in another unit, the clearest column first; what is found is put right before the next look."""
    if _by_digits(columns, drawn, around, seen, at):
        related = relate(drawn, around)
    found: list[tuple[str, mixed_units.Mix]] = []
    for _ in range(ROUNDS):
        best: tuple[float, str, mixed_units.Mix, np.ndarray] | None = None
        for name, x in drawn.items():
            if name not in related:
                continue
            residual = _residual(related[name], drawn, around, name)
            mix = mixed_units.mixed(residual, x, len(drawn))
            if mix is None:
                continue
            rows = mixed_units.members(mix, residual)
            if rows.sum() < mixed_units.FEWEST or _another_kind(mix, rows, drawn, name):
                continue
            if mixed_units.plain(mix, residual, x, len(drawn)):
                continue
            if related[name].log and related[name].predictors:
                told = related[name].scaled(_given(related[name], drawn, around))
                if strange_rows.alone(residual, rows, told).sum() < 0.5 * rows.sum():
                    continue
            size = logs(np.abs(x))
            usual = np.isfinite(size) & ~rows
            # Where two columns contradict each other, the one that is unlike itself there is wrong.
            own = abs(np.nanmedian(size[rows]) - np.median(size[usual])) / max(related[name].alone, 1e-3)
            score = abs(mix.shift) / mix.spread * float(np.clip(own, 0.05, 3.0)) * np.sqrt(rows.sum())
            if best is None or score > best[0]:
                best = score, name, mix, rows
        if best is None:
            break
        _, name, mix, rows = best
        found.append((name, mix))
        drawn[name] = np.where(rows, mix.undo(drawn[name]), drawn[name])
        if around:
            around[name] = _mended(around[name], drawn[name], rows, mix)
        related = relate(drawn, around)
    for name, mix in found:
        _tell_units(columns, name, mix, related, drawn, around, seen)
    _temperatures(columns, drawn, around, related, seen, at)
    return related


def _by_digits(
    columns: WholeColumns,
    drawn: dict[str, np.ndarray],
    around: dict[str, np.ndarray],
    seen: Seen,
    at: np.ndarray,
) -> bool:
    """Names what the digits of a column say (``converted``), and puts it right; whether there was any."""
    some = False
    for name in drawn:
        x = columns.column(name)
        found = converted.found(x)
        if found is None:
            continue
        factor, rows = found
        mended = np.where(rows, x / factor, x)
        what = mixed_units.times(factor)
        told = outlier_words.unit(name, what, int(rows.sum()), ())
        seen.add("unit_mix", "high", name, columns.ids[rows], told, factor=factor)
        show(seen, name, x, rows, columns, mended)
        seen.mitigation = f"Put {name} into one unit", int(rows.sum())
        columns.replace(name, mended)
        drawn[name] = mended[at]
        if around:
            around[name] = sensors.beside(mended, columns.starts)[at]
        some = True
    return some


def _residual(
    relation: Relation, drawn: Mapping[str, np.ndarray], around: Mapping[str, np.ndarray], name: str
) -> np.ndarray:
    """Log residuals of a drawn column; of one that is often negative, the log of its size."""
    if not relation.log:
        size = mixed_units.log_size(drawn[name])
        return size - float(np.nanmedian(size)) if np.isfinite(size).any() else size
    return logs(drawn[name]) - relation.predicted(_given(relation, drawn, around))


def _given(
    relation: Relation, drawn: Mapping[str, np.ndarray], around: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The drawn columns that a relation predicts from."""
    return {key: around[relation.name] if not key else drawn[key] for key in relation.predictors}


def _mended(beside: np.ndarray, x: np.ndarray, rows: np.ndarray, mix: mixed_units.Mix) -> np.ndarray:
    """Neighbours' medians that are themselves in the other unit, put right."""
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.abs(logs(np.abs(beside)) - logs(np.abs(x)))
        other = np.abs(away - abs(mix.shift)) < away
    return np.where(other & ~rows, mix.undo(beside), beside)


def _another_kind(mix: mixed_units.Mix, rows: np.ndarray, drawn: Mapping[str, np.ndarray], name: str) -> bool:
    """A weak case for a unit, and the rows are another kind of thing in the other columns as well."""
    if mix.known and abs(mix.shift) > 12 * mix.spread:
        return False
    others = [x for key, x in list(drawn.items())[:60] if key != name]
    return bool(others) and strange_rows.kind_of_its_own(rows, np.column_stack(others))


def _tell_units(
    columns: WholeColumns,
    name: str,
    mix: mixed_units.Mix,
    related: Mapping[str, Relation],
    drawn: Mapping[str, np.ndarray],
    around: Mapping[str, np.ndarray],
    seen: Seen,
) -> None:
    """Applies a second unit to the whole column: names its rows, puts them right."""
    x = columns.column(name)
    relation = related.get(name)
    if relation is None:
        return
    if relation.log:
        residual = logs(x) - relation.predicted(needed(relation, columns, x))
        usual = _residual(relation, drawn, around, name)
        middle, spread = mixed_units.bulk(usual[np.isfinite(usual)])
        mix = replace(mix, middle=middle, spread=max(spread, 1e-4), wide=max(spread, mix.wide))
    else:
        size = mixed_units.log_size(x)
        residual = size - float(np.nanmedian(size))
    rows = mixed_units.members(mix, residual)
    if not rows.any():
        return
    severity = "high" if mix.known else "medium"
    told = outlier_words.unit(name, mix.what, int(rows.sum()), relation.predictors)
    seen.add("unit_mix", severity, name, columns.ids[rows], told, factor=mix.factor)
    mended = np.where(rows, mix.undo(x), x)
    show(seen, name, x, rows, columns, mended)
    seen.mitigation = f"Put {name} into one unit", int(rows.sum())
    columns.replace(name, mended)


def _temperatures(
    columns: WholeColumns,
    drawn: dict[str, np.ndarray],
    around: Mapping[str, np.ndarray],
    related: Mapping[str, Relation],
    seen: Seen,
    at: np.ndarray,
) -> None:
    for name, relation in related.items():
        if not mixed_units.TEMPERATURES.search(name.lower()) and relation.explained < 0.8:
            continue
        predicted = relation.predicted(_given(relation, drawn, around))
        found = mixed_units.moved(name, drawn[name], partial(relation.distance, predicted=predicted))
        if found is None:
            continue
        undo = mixed_units.MOVES[found[0]][0]
        x = columns.column(name)
        expected = relation.predicted(needed(relation, columns, x))
        here, back = np.abs(relation.distance(x, expected)), np.abs(relation.distance(undo(x), expected))
        rows = np.isfinite(here) & (here > 4) & (back < 0.5 * here) & (back < 6)
        told = outlier_words.unit(name, found[0], int(rows.sum()), relation.predictors)
        seen.add("unit_mix", "high", name, columns.ids[rows], told)
        mended = np.where(rows, undo(x), x)
        show(seen, name, x, rows, columns, mended)
        columns.replace(name, mended)
        drawn[name] = mended[at]


def needed(relation: Relation, columns: WholeColumns, x: np.ndarray) -> Mapping[str, np.ndarray]:
    """The whole columns that a relation predicts from; "" is what stands beside in time."""
    return {
        name: sensors.beside(x, columns.starts) if not name else columns.column(name)
        for name in relation.predictors
    }
