"""Columns that hold the future of another column: centred windows, and values shifted back in time.

In the order of time each number column is explained by another one's past and present, and then also by its
future (least squares over LAGS steps on either side). An honest column needs no future. A centred window
needs as much of it as of the past, and is smoother than what it was made from, which tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data.shared.column_values import ranks
from workers.sql import quoted

LAGS = {"series": 26, "table": 10}  # steps on either side: a centred day of hours fits in
MOST_ROWS = {"series": 10_000, "table": 4_000}
FEWEST, MOST_COLUMNS = 120, 24
# R² with the future, and the share of the unexplained part that may then be left. A calm quantity that a
# noisy one follows is known better with the future, too, but by no more than half of that part (smoothing
# against filtering), and not when almost nothing is unexplained.
FULL = ((0.95, 0.4), (0.99, 0.6))
SORTED = 0.85  # share of steps in one direction, from which a column itself orders the rows
PART = 0.12  # of the weights that must lie in the future
WINDOW = 3  # steps that make a window of the future alone
CERTAIN = 8.0  # standard errors of that part


@dataclass(frozen=True)
class Ahead:
    name: str
    source: str
    steps: int  # how far it looks ahead
    full: float  # R² with the future
    past: float  # and without
    of_target: bool
    severity: str = ""  # as below where it is not said

    @property
    def share(self) -> float:
        return float(np.clip(self.full, 0, 1))

    def as_fault(self) -> dict[str, Any]:
        what = f"{self.steps} {'step' if self.steps == 1 else 'steps'}"
        return {
            "fault": "look_ahead",
            "severity": self.severity or ("high" if self.of_target else "medium"),
            "columns": [self.name],
            "score": round(self.full, 4),
            "source": self.source,
            "steps": self.steps,
            "note": f"{self.name} is made from {self.source} up to {what} later: "
            f"{self.past:.1%} of it follow from the past, {self.full:.1%} with the future.",
        }


def search(sample: Sample, budget: Budget) -> list[Ahead]:
    """Every column that looks ahead; none where rows are too few."""
    if sample.kind not in ("table", "series") or sample.rows < FEWEST or budget.left < 2:
        return []
    aims = {target.name for target in sample.targets if target.task == "regression"}
    kept = [c.name for c in sample.columns if c.type == "number" and (c.role == "feature" or c.name in aims)]
    if len(kept) < 2:
        return []
    x = in_order(sample, kept)[0]
    used = [j for j in range(x.shape[1]) if _usable(x[:, j], sample.kind)][:MOST_COLUMNS]
    names = [kept[j] for j in used]
    if len(used) < 2:
        return []
    found: list[Ahead] = []
    filled = np.stack([_filled(x[:, j]) for j in used], axis=1)
    known = np.isfinite(x[:, used])
    rough = np.array([_roughness(column) for column in filled.T])
    lags = min(LAGS[sample.kind], len(x) // 12)
    for s in range(len(used)):
        others = [
            c for c in range(len(used)) if c != s and names[c] not in aims and rough[c] < rough[s] * 0.98
        ]
        if others:
            found += _against(filled, known, names, s, others, lags, aims)
    best: dict[str, Ahead] = {}
    suspects = {one.name for one in found}
    for one in found:
        c = names.index(one.name)
        others = [s for s in range(len(used)) if names[s] not in suspects | {one.source}]
        # A trailing mean needs the future of a lagged column, and only the past of the column itself.
        if max((_from_past(filled, known, s, c, lags) for s in others), default=0.0) >= 1 - 2 * (
            1 - one.full
        ):
            continue
        if one.name not in best or one.full > best[one.name].full:
            best[one.name] = one
    return list(best.values())


def in_order(sample: Sample, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The newest few thousand neighbouring rows, by group and time where there are such.

    Columns as float64 [n, p], and bool [n]: whether the row is the first of its group.
    """
    cells = ", ".join(f"{quoted(name)} AS c{i}" for i, name in enumerate(names))
    group = next((quoted(c.name) for c in sample.columns if c.role == "group"), "0")
    query = f"SELECT hash({group}) AS g, {cells} FROM typed {_newest(sample)}"  # noqa: S608  # quoted
    with sample.table() as table:
        got = table.execute(query).fetchnumpy()
    back = [np.ma.filled(np.ma.asarray(got[f"c{i}"]).astype(float), np.nan) for i in range(len(names))]
    groups = np.ma.filled(np.ma.asarray(got["g"]), 0)[::-1]
    return np.stack(back, axis=1)[::-1], np.append(True, groups[1:] != groups[:-1])


def order_of(sample: Sample) -> np.ndarray:
    """_id of the same rows, in their order."""
    with sample.table() as table:
        got = table.execute(f"SELECT _id FROM typed {_newest(sample)}").fetchnumpy()  # noqa: S608  # quoted
    return np.asarray(got["_id"], np.int64)[::-1]


def _newest(sample: Sample) -> str:
    """The end of a statement that reads those rows, the last one first."""
    order = [quoted(c.name) for role in ("group", "time") for c in sample.columns if c.role == role]
    if sample.kind != "series":
        return f"WHERE _id < {MOST_ROWS[sample.kind]} ORDER BY _id DESC"
    last_first = ", ".join(f"{part} DESC NULLS LAST" for part in [*order, "_id"])
    return f"ORDER BY {last_first} LIMIT {MOST_ROWS[sample.kind]}"


def _usable(x: np.ndarray, kind: str) -> bool:
    known = x[np.isfinite(x) & (np.abs(x) < 1e30)]
    if len(known) < 0.7 * len(x) or len(np.unique(known)) <= 10:
        return False
    if kind == "table" and abs(np.corrcoef(ranks(known), np.arange(len(known)))[0, 1]) > 0.8:
        return False
    steps = np.sign(np.diff(known))
    moved = max(1.0, float(np.abs(steps).sum()))
    return max((steps > 0).sum(), (steps < 0).sum()) <= SORTED * moved  # else its neighbours say what it is


def _filled(x: np.ndarray) -> np.ndarray:
    """Scaled to unit spread, with gaps bridged by straight lines."""
    known = np.isfinite(x) & (np.abs(x) < 1e30)
    at = np.arange(len(x))
    y = np.interp(at, at[known], x[known])
    spread = y.std()
    return (y - y.mean()) / (spread if spread > 0 else 1.0)


def _roughness(x: np.ndarray) -> float:
    """How much neighbours differ, against what unordered rows would."""
    return float(np.sqrt((np.diff(x) ** 2).mean() / max(1e-300, 2 * x.var())))


def _from_past(x: np.ndarray, known: np.ndarray, s: int, c: int, lags: int) -> float:
    """R² of column c from column s's past and present."""
    rows = np.arange(lags, len(x) - lags)
    design = np.column_stack([x[rows - k, s] for k in range(lags + 1)] + [np.ones(len(rows))])
    gram = design.T @ design + 1e-9 * len(rows) * np.eye(design.shape[1])
    y = x[rows, c]
    left = (y - design @ np.linalg.solve(gram, design.T @ y))[known[rows, c]]
    return 1 - float((left**2).sum()) / max(1e-300, float(((y - y.mean()) ** 2).sum()))


def _against(
    x: np.ndarray,
    known: np.ndarray,
    names: list[str],
    s: int,
    others: list[int],
    lags: int,
    aims: set[str],
) -> list[Ahead]:
    """Which of ``others`` hold the future of column s."""
    n = len(x)
    rows = np.arange(lags, n - lags)
    shifts = np.arange(-lags, lags + 1)
    design = np.column_stack([x[rows + k, s] for k in shifts] + [np.ones(len(rows))])
    past = np.flatnonzero(np.append(shifts <= 0, True))
    ridge = 1e-9 * len(rows)
    gram = design.T @ design + ridge * np.eye(design.shape[1])
    inverse = np.linalg.inv(gram)
    past_inverse = np.linalg.inv(gram[np.ix_(past, past)])
    found = []
    for c in others:
        y = x[rows, c]
        moment = design.T @ y
        weights = inverse @ moment
        whole = max(1e-300, float(((y - y.mean()) ** 2).sum()))
        use = known[rows, c]
        off = float(((y - design @ weights)[use] ** 2).sum())
        off_past = float(((y - design[:, past] @ (past_inverse @ moment[past]))[use] ** 2).sum())
        full, before = 1 - off / whole, 1 - off_past / whole
        if not any(full >= least and 1 - full <= left * (1 - before) for least, left in FULL):
            continue
        ahead = np.append(shifts > 0, False)
        total = float(weights[:-1].sum())
        part = float(weights[ahead].sum())
        error = np.sqrt(off / max(1, len(rows) - design.shape[1]) * float(ahead @ inverse @ ahead))
        if abs(total) < 0.05 or part / total < PART or abs(part) < CERTAIN * error:
            continue
        heavy = np.flatnonzero(np.abs(weights[ahead]) > 0.2 * np.abs(weights[:-1]).max())
        if not len(heavy):
            continue
        # Weights that do not end where we stop looking are no window, but a calm quantity seen through noise.
        if heavy.max() + 1 >= lags and 1 - full > FULL[0][1] * (1 - before):
            continue
        # A step or two of the future alone are no window: a cause that acts later looks like that.
        if part / total > 1 - PART and len(heavy) < WINDOW:
            continue
        found.append(Ahead(names[c], names[s], int(heavy.max()) + 1, full, before, names[s] in aims))
    return found
