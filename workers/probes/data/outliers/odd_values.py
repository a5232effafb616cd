"""The tests of ``outliers`` on every number column, one after the other, each on what is left."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data.outliers import bounds, rivals, sensors, strange_rows
from workers.probes.data.outliers import words as outlier_words
from workers.probes.data.outliers.relations import Relation, relate
from workers.probes.data.outliers.second_units import needed, repaired
from workers.probes.data.outliers.seen_values import Seen, show
from workers.probes.data.shared.whole_columns import WholeColumns

RELATED = 0.9  # rank correlation with what is predicted, for a contradiction with it to count
NOISY = 0.5  # the same where some of the rows may be noise
FEW_VALUES, MOST_OF_ONE = 15, 0.25  # columns of fewer values, or mostly of one, follow no line
WIDEST = 1_500  # columns; of wider tables the first are judged
WIDEST_RETURNS = 100  # columns looked at for the same rows below 0
CELLS = 4_000_000  # of larger tables, a draw of rows is first held against the other columns


def judged(sample: Sample, columns: WholeColumns, budget: Budget) -> Seen:
    """Every test on every column."""
    seen = Seen()
    columns.names = columns.names[:WIDEST]
    if not columns.names or len(columns) < 3:
        return seen
    series = columns.order == "time" and len(columns) >= 100
    regular = series and columns.regular
    at = columns.drawn(budget.seed)
    drawn: dict[str, np.ndarray] = {}
    around: dict[str, np.ndarray] = {}
    for name, x in columns.each():
        kept = _stuck(name, x, columns, seen)
        drawn[name] = kept[at].copy()
        if series:
            around[name] = sensors.beside(kept, columns.starts)[at]
    budget.progress(0.4, "Looking for mixed units")
    related = repaired(columns, drawn, around, relate(drawn, around), seen, at)
    budget.progress(0.6, "Looking for impossible values")
    across = relate(drawn) if series else related
    contradicting: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    noise: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    split = _parts(sample, columns, at)
    large = len(columns) * len(columns.names) > CELLS
    for name, x in columns.each():
        relation = across.get(name)
        follows = _follows(relation, drawn) if relation is not None else 0.0
        left = _alone(name, x, columns, regular, seen, follows > RELATED)
        if relation is None or relation.explained < 0.6 or follows < NOISY:
            continue
        distance = relation.distance(left[at], relation.predicted(drawn))
        if split is not None and (worst := strange_rows.looser(distance, split[0])) is not None:
            rows = columns.ids[at][split[0] == worst[0]]
            said = outlier_words.looser(name, split[1][worst[0]], worst[1], relation.predictors)
            seen.add("feature_noise", "medium", name, rows, said, score=worst[1], whole=True)
            continue
        told = relation.scaled(drawn)
        found = _against(distance, left[at], relation, drawn, told, follows, len(columns.names))
        if found is None and large:
            continue
        if len(at) < len(columns):
            given = needed(relation, columns, x)
            distance = relation.distance(left, relation.predicted(given))
            found = _against(
                distance, left, relation, given, relation.scaled(given), follows, len(columns.names)
            )
        if found is not None:
            wrong, noisy = found
            if wrong is not None:
                contradicting[name] = wrong, distance, relation.predicted(needed(relation, columns, x))
            if noisy is not None:
                noise[name] = noisy, np.abs(distance)
    _contradictions(contradicting, across, columns, seen)
    _noise(noise, across, columns, seen)
    return seen


def _against(
    distance: np.ndarray,
    x: np.ndarray,
    relation: Relation,
    given: Mapping[str, np.ndarray],
    told: np.ndarray,
    follows: float,
    columns: int,
) -> tuple[np.ndarray | None, np.ndarray | None] | None:
    """Rows bool [n] that contradict the other columns, and rows that are noise; None without either."""
    wrong: np.ndarray | None = None
    if follows > RELATED:
        wrong = bounds.by_relation(distance, columns)
        if wrong is not None:
            wrong = strange_rows.alone(distance, wrong, told)
            wrong = wrong if wrong.any() else None
        if wrong is not None:
            distance = np.where(wrong, np.nan, distance)
    noisy = strange_rows.overwritten(x, relation.predicted(given), distance, relation.explained)
    if noisy is not None:
        noisy = strange_rows.alone(distance, noisy, told)
        noisy = noisy if noisy.sum() >= 5 else None
    return None if wrong is None and noisy is None else (wrong, noisy)


def _follows(relation: Relation, drawn: Mapping[str, np.ndarray]) -> float:
    """Rank correlation of a drawn column with its prediction; 0 for one of few values."""
    x = drawn[relation.name]
    if not relation.predictors:
        return 0.0
    predicted = relation.predicted(drawn)
    known = np.isfinite(x) & np.isfinite(predicted)
    kinds, counts = np.unique(x[known], return_counts=True)
    if len(kinds) < FEW_VALUES or counts.max() > MOST_OF_ONE * known.sum():
        return 0.0
    return strange_rows.together(x[known], predicted[known])


def _parts(sample: Sample, columns: WholeColumns, at: np.ndarray) -> tuple[np.ndarray, list[str]] | None:
    """Which part of an upload that came split each drawn row belongs to; None where we made the split."""
    if sample.manifest.get("split", {}).get("made_by") not in ("files", "folders", "column"):
        return None
    found = columns.table.execute("SELECT _id, _split FROM rows").fetchnumpy()
    order = np.argsort(found["_id"], kind="stable")
    ids = np.asarray(found["_id"])[order]
    names = np.asarray(np.ma.filled(found["_split"], "")).astype(str)[order]
    here = names[np.searchsorted(ids, columns.ids[at])]
    kinds, codes = np.unique(here, return_inverse=True)
    return codes.reshape(-1), [str(kind) for kind in kinds]


# -- one column alone ---------------------------------------------------------------------------------
def _stuck(name: str, x: np.ndarray, columns: WholeColumns, seen: Seen) -> np.ndarray:
    """The column without its stuck runs, which are named."""
    runs = sensors.stuck(x, columns.starts, len(columns.names))
    if not runs:
        return x
    rows = np.zeros(len(x), bool)
    for run in runs:
        rows[run.first : run.last + 1] = True
    severity = "medium" if rows.mean() < 0.02 else "high"
    told = outlier_words.stuck(name, runs)
    seen.add("stuck_sensor", severity, name, columns.ids[rows], told, runs=len(runs))
    show(seen, name, x, rows, columns)
    left = np.where(rows, np.nan, x)
    columns.replace(name, left)
    return left


def _alone(
    name: str, x: np.ndarray, columns: WholeColumns, regular: bool, seen: Seen, follows: bool
) -> np.ndarray:
    """Tests that need no other column; what they name is absent in the array that comes back."""
    width = len(columns.names)
    left = x
    if regular and (isolated := sensors.spikes(left, columns.starts, width)) is not None:
        count = int(isolated.sum())
        if count > 1:
            severity = "high" if count > 0.001 * len(x) and count >= 5 else "medium"
            seen.add(
                "spikes", severity, name, columns.ids[isolated], outlier_words.spikes(name, count)
            )  # fmt: skip
            show(seen, name, x, isolated, columns)
            left = np.where(isolated, np.nan, left)
    found: list[bounds.Bound] = []
    for asked in (bounds.by_name, bounds.by_sign, partial(bounds.by_zero, follows=follows)):
        one = asked(name, left)
        if one is not None:
            found.append(one)
            left = np.where(one.rows, np.nan, left)
    tail = bounds.by_tail(left, width)
    if tail is not None and not _honest_kind(tail.rows, columns, name):
        found.append(tail)
        left = np.where(tail.rows, np.nan, left)
    apart = bounds.by_size(left, width)
    if apart is not None and not _honest_kind(apart.rows, columns, name):
        found.append(apart)
        left = np.where(apart.rows, np.nan, left)
    for one in found:
        count = int(one.rows.sum())
        many = count > 0.001 * len(x) and count >= (2 if one.sure else 10)
        severity, why = "high" if many else "medium", one.why
        if (x[one.rows] < 0).all() and _given_back(name, x, one.rows, columns):
            severity, why = "low", "below 0, as goods are that came back: make sure that these are returns"
        seen.add(
            "impossible_values", severity, name, columns.ids[one.rows],
            outlier_words.impossible(name, count, why),
        )  # fmt: skip
        show(seen, name, x, one.rows, columns)
    return left


def _given_back(name: str, x: np.ndarray, rows: np.ndarray, columns: WholeColumns) -> bool:
    """Whether negatives are returns: counts as goods come back, or another column is below 0 just there."""
    if bounds.returned(name, x, rows):
        return True
    for other in columns.names[:WIDEST_RETURNS]:
        y = columns.column(other) if other != name else None
        if y is not None and rows.sum() >= 2 and np.array_equal(y[np.isfinite(x)] < 0, rows[np.isfinite(x)]):
            return True
    return False


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
        mine = rows & (np.abs(distance) >= 0.7 * worst)
        count = int(mine.sum())
        if not count:
            continue
        share = count / len(columns)
        severity = "high" if share > 0.001 and count >= 10 else "medium"
        told = outlier_words.contradicts(name, count, related[name].predictors)
        seen.add("impossible_values", severity, name, columns.ids[mine], told)
        x = columns.column(name)
        expected = np.exp(np.clip(predicted, -700, 700)) if related[name].log else predicted
        show(seen, name, x, mine, columns, expected)


def _noise(
    found: Mapping[str, tuple[np.ndarray, np.ndarray]],
    related: Mapping[str, Relation],
    columns: WholeColumns,
    seen: Seen,
) -> None:
    """Columns overwritten by noise. Two that are off in the same rows may as well be two kinds of rows.

    Then one is named only where it is much farther off, or where the rest tells which one it is.
    """
    told: dict[str, tuple[np.ndarray, list[str]]] = {}
    for name, (rows, distance) in found.items():
        equals = False
        for other, (theirs, far) in found.items():
            both = rows & theirs
            if other != name and both.sum() >= 0.3 * rows.sum():
                equals |= float(np.median(distance[both])) < 2.0 * float(np.median(far[both]))
        verdict = _verdict(name, related, columns, rows)
        if verdict.other_kind or (verdict.blamed is None and (equals or name in verdict.cleared)):
            continue
        blamed = verdict.blamed or name
        if blamed == name or blamed not in told:
            told[blamed] = rows, [key for key in (name, *related[name].predictors) if key != blamed]
    for name, (rows, others) in told.items():
        said = outlier_words.overwritten(name, int(rows.sum()), others)
        seen.add("feature_noise", "medium", name, columns.ids[rows], said)
        show(seen, name, columns.column(name), rows, columns)


def _verdict(
    name: str, related: Mapping[str, Relation], columns: WholeColumns, rows: np.ndarray
) -> rivals.Verdict:
    """Which column is noise in these rows, judged by the bonds of this one and those that it follows."""
    together = {name, *related[name].predictors} - {""}
    values = {key: columns.column(key) for key in sorted(together)}
    around = {}
    if columns.order == "time":
        around = {key: sensors.beside(values[key], columns.starts) for key in values}
    return rivals.judge(values, around, rows)
