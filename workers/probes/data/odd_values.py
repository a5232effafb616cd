"""The tests of ``outliers`` on every number column, one after the other, each on what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data import bounds, mixed_units, outlier_words, sensors, strange_rows
from workers.probes.data.relations import Relation, logs, relate
from workers.probes.data.whole_columns import WholeColumns

ROUNDS = 6  # second units looked for, one after the other
RELATED = 0.9  # rank correlation with what is predicted, for a contradiction with it to count
NOISY = 0.5  # the same where some of the rows may be noise
FEW_VALUES, MOST_OF_ONE = 15, 0.25  # columns of fewer values, or mostly of one, follow no line
WIDEST = 1_500  # columns; of wider tables the first are judged, and the note says so
DRAWN = 400


@dataclass
class Seen:
    """What was found: faults with the rows' _id, what the figures need."""

    faults: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)
    picture: dict[str, Any] | None = None
    strange: float | None = None
    mitigation: tuple[str, int] | None = None

    def add(
        self, fault: str, severity: str, column: str | None, ids: np.ndarray, note: str, **more: Any
    ) -> None:
        whole = bool(more.pop("whole", False))
        self.faults.append(
            {
                "fault": fault, "severity": severity, "column": column, "ids": ids, "note": note,
                "whole": whole, "more": {key: _plain(value) for key, value in more.items()},
            }
        )  # fmt: skip


def _plain(value: Any) -> Any:
    return round(float(value), 6) if isinstance(value, (float, np.floating)) else value


def judged(sample: Sample, columns: WholeColumns, budget: Budget) -> Seen:
    """Every test on every column."""
    seen = Seen()
    columns.names = columns.names[:WIDEST]
    if not columns.names or len(columns) < 3:
        return seen
    series = columns.order == "time" and len(columns) >= 100
    at = columns.drawn(budget.seed)
    drawn: dict[str, np.ndarray] = {}
    around: dict[str, np.ndarray] = {}
    for name, x in columns.each():
        drawn[name] = x[at].copy()
        if series:
            around[name] = sensors.beside(x, columns.starts)[at]
    related = relate(drawn, around)
    budget.progress(0.4, "Looking for mixed units")
    related = _units(columns, drawn, around, related, seen, at)
    budget.progress(0.6, "Looking for impossible values")
    across = relate(drawn) if series else related
    contradicting: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    noise: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    split = _parts(sample, columns, at)
    for name, x in columns.each():
        relation = across.get(name)
        follows = relation is not None and _follows(relation, drawn) > RELATED
        left = _alone(name, x, columns, series, seen, follows)
        if relation is None or not relation.predictors or relation.explained < 0.6:
            continue
        if _follows(relation, drawn) < NOISY:
            continue
        needed = _needed(relation, columns, x)
        told = relation.scaled(needed)
        predicted = relation.predicted(needed)
        distance = relation.distance(left, predicted)
        if follows:
            rows = bounds.by_relation(distance, len(columns.names))
            if rows is not None:
                rows = strange_rows.alone(np.where(rows, distance, np.clip(distance, -1e3, 1e3)), rows, told)
            if rows is not None and rows.any():
                contradicting[name] = rows, distance, predicted
                distance = np.where(rows, np.nan, distance)
        noisy = strange_rows.overwritten(left, predicted, distance, relation.explained)
        if noisy is not None and (noisy := strange_rows.alone(distance, noisy, told)).sum() >= 5:
            noise[name] = noisy, np.abs(distance)
        elif split is not None and (worst := strange_rows.looser(distance[at], split[0])) is not None:
            part = split[1][worst[0]]
            rows = columns.ids[at][split[0] == worst[0]]
            said = outlier_words.looser(name, part, worst[1], relation.predictors)
            seen.add("feature_noise", "medium", name, rows, said, score=worst[1], whole=True)
    _contradictions(contradicting, across, columns, seen)
    _noise(noise, across, columns, seen)
    return seen


def _follows(relation: Relation, drawn: Mapping[str, np.ndarray]) -> float:
    """Rank correlation of a drawn column with its prediction; 0 for one of few values."""
    x = drawn[relation.name]
    known = np.isfinite(x)
    kinds, counts = np.unique(x[known], return_counts=True)
    if not relation.predictors or len(kinds) < FEW_VALUES or counts.max() > MOST_OF_ONE * known.sum():
        return 0.0
    return strange_rows.together(x[known], relation.predicted(drawn)[known])


def _needed(relation: Relation, columns: WholeColumns, x: np.ndarray) -> Mapping[str, np.ndarray]:
    """The whole columns that a relation predicts from; "" is what stands beside in time."""
    return {
        name: sensors.beside(x, columns.starts) if not name else columns.column(name)
        for name in relation.predictors
    }


def _parts(sample: Sample, columns: WholeColumns, at: np.ndarray) -> tuple[np.ndarray, list[str]] | None:
    """Which part of an upload that came split each drawn row belongs to; None where we made the split."""
    if sample.manifest.get("split", {}).get("made_by") not in ("files", "folders", "column"):
        return None
    found = columns.table.execute("SELECT _id, _split FROM typed").fetchnumpy()
    order = np.argsort(found["_id"], kind="stable")
    ids = np.asarray(found["_id"])[order]
    names = np.asarray(np.ma.filled(found["_split"], "")).astype(str)[order]
    here = names[np.searchsorted(ids, columns.ids[at])]
    kinds, codes = np.unique(here, return_inverse=True)
    return codes.reshape(-1), [str(kind) for kind in kinds]


# -- units --------------------------------------------------------------------------------------------
def _units(
    columns: WholeColumns,
    drawn: dict[str, np.ndarray],
    around: dict[str, np.ndarray],
    related: dict[str, Relation],
    seen: Seen,
    at: np.ndarray,
) -> dict[str, Relation]:
    """Rows in another unit, the clearest column first; what is found is put right before the next look."""
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
        residual = logs(x) - relation.predicted(_needed(relation, columns, x))
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
    _show(seen, name, x, rows, columns, mended)
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
        expected = relation.predicted(_needed(relation, columns, x))
        here, back = np.abs(relation.distance(x, expected)), np.abs(relation.distance(undo(x), expected))
        rows = np.isfinite(here) & (here > 4) & (back < 0.5 * here) & (back < 6)
        told = outlier_words.unit(name, found[0], int(rows.sum()), relation.predictors)
        seen.add("unit_mix", "high", name, columns.ids[rows], told)
        mended = np.where(rows, undo(x), x)
        _show(seen, name, x, rows, columns, mended)
        columns.replace(name, mended)
        drawn[name] = mended[at]


# -- one column alone ---------------------------------------------------------------------------------
def _alone(
    name: str, x: np.ndarray, columns: WholeColumns, series: bool, seen: Seen, follows: bool
) -> np.ndarray:
    """Tests that need no other column; what they name is absent in the array that comes back."""
    width = len(columns.names)
    left = x
    runs = sensors.stuck(x, columns.starts, width)
    if runs:
        rows = np.zeros(len(x), bool)
        for run in runs:
            rows[run.first : run.last + 1] = True
        severity = "medium" if rows.mean() < 0.02 else "high"
        told = outlier_words.stuck(name, runs)
        seen.add("stuck_sensor", severity, name, columns.ids[rows], told, runs=len(runs))
        _show(seen, name, x, rows, columns)
        left = np.where(rows, np.nan, left)
    if series and (isolated := sensors.spikes(left, columns.starts, width)) is not None:
        count = int(isolated.sum())
        if count > 1:
            severity = "high" if count > 0.001 * len(x) and count >= 5 else "medium"
            seen.add(
                "spikes", severity, name, columns.ids[isolated], outlier_words.spikes(name, count)
            )  # fmt: skip
            _show(seen, name, x, isolated, columns)
            left = np.where(isolated, np.nan, left)
    meant = (bounds.by_name(name, left), bounds.by_sign(name, left), bounds.by_zero(name, left, follows))
    found = [b for b in meant if b is not None]
    for one in found:
        left = np.where(one.rows, np.nan, left)
    tail = bounds.by_tail(left, width)
    if tail is not None and not _honest_kind(tail.rows, columns, name):
        found.append(tail)
        left = np.where(tail.rows, np.nan, left)
    for one in found:
        count = int(one.rows.sum())
        many = count > 0.001 * len(x) and count >= (2 if one.sure else 10)
        seen.add(
            "impossible_values", "high" if many else "medium", name, columns.ids[one.rows],
            outlier_words.impossible(name, count, one.why),
        )  # fmt: skip
        _show(seen, name, x, one.rows, columns)
    return left


def _honest_kind(rows: np.ndarray, columns: WholeColumns, name: str) -> bool:
    """Whether far values are a kind of their own, which the other columns show, too."""
    if rows.sum() < 5:
        return False
    rng = np.random.default_rng(5)
    few = np.flatnonzero(rows)[:500]
    rest = np.flatnonzero(~rows)
    rest = rng.choice(rest, min(len(rest), 2_000), replace=False)
    at = np.concatenate([few, rest])
    others = [key for key in columns.names if key != name][:30]
    if not others:
        return False
    matrix = np.column_stack([columns.column(key)[at] for key in others])
    return strange_rows.kind_of_its_own(np.arange(len(at)) < len(few), matrix)


# -- against the others -------------------------------------------------------------------------------
def _contradictions(
    found: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    related: Mapping[str, Relation],
    columns: WholeColumns,
    seen: Seen,
) -> None:
    """Of the columns that contradict one another in a row, the one that is farther off is named."""
    if not found:
        return
    worst = np.zeros(len(columns))
    for rows, distance, _ in found.values():
        worst = np.maximum(worst, np.where(rows, np.abs(distance), 0.0))
    for name, (rows, distance, predicted) in found.items():
        mine = rows & (np.abs(distance) >= 0.5 * worst)
        count = int(mine.sum())
        if not count:
            continue
        share = count / len(columns)
        severity = "high" if share > 0.001 and count >= 10 else "medium"
        told = outlier_words.contradicts(name, count, related[name].predictors)
        seen.add("impossible_values", severity, name, columns.ids[mine], told)
        x = columns.column(name)
        expected = np.exp(np.clip(predicted, -700, 700)) if related[name].log else predicted
        _show(seen, name, x, mine, columns, expected)


def _noise(
    found: Mapping[str, tuple[np.ndarray, np.ndarray]],
    related: Mapping[str, Relation],
    columns: WholeColumns,
    seen: Seen,
) -> None:
    """Columns overwritten by noise. Two that are off in the same rows may as well be two kinds of rows."""
    for name, (rows, distance) in found.items():
        severity = "medium"
        for other, (theirs, far) in found.items():
            both = rows & theirs
            if other == name or both.sum() < 0.3 * rows.sum():
                continue
            mine, others = float(np.median(distance[both])), float(np.median(far[both]))
            if mine < 2.0 * others:
                severity = "low" if 2.0 * mine > others else "none"
        if severity != "none":
            told = outlier_words.overwritten(name, int(rows.sum()), related[name].predictors)
            seen.add("feature_noise", severity, name, columns.ids[rows], told)
            _show(seen, name, columns.column(name), rows, columns)


# -- what the figures need ----------------------------------------------------------------------------
def _show(
    seen: Seen,
    name: str,
    x: np.ndarray,
    rows: np.ndarray,
    columns: WholeColumns,
    expected: np.ndarray | None = None,
) -> None:
    usual = x[np.isfinite(x) & ~rows]
    if not len(usual):
        return
    low, middle, high = (float(v) for v in np.quantile(usual, [0.01, 0.5, 0.99]))
    bad = np.flatnonzero(rows)
    far = bad[np.argsort(-np.abs(x[bad] - middle), kind="stable")]
    seen.columns.append(
        {
            "column": name, "low": low, "median": middle, "high": high, "rows": len(bad),
            "worst": float(x[far[0]]), "fault": seen.faults[-1]["fault"],
        }
    )  # fmt: skip
    for i in far[:3]:
        one = {"id": int(columns.ids[i]), "column": name, "value": float(x[i])}
        if expected is not None and np.isfinite(expected[i]):
            one["expected"] = float(expected[i])
        seen.examples.append(one)
    if seen.picture is None:
        rng = np.random.default_rng(3)
        good = np.flatnonzero(np.isfinite(x) & ~rows)
        good = np.sort(rng.choice(good, min(DRAWN, len(good)), replace=False))
        shown = np.sort(far[:120])
        seen.picture = {
            "column": name, "fault": seen.faults[-1]["fault"], "rows": len(x),
            "x": good.tolist(), "y": [float(f"{v:.6g}") for v in x[good]],
            "bad_x": shown.tolist(), "bad_y": [float(f"{v:.6g}") for v in x[shown]],
        }  # fmt: skip
