"""What ``outliers`` has found so far: faults with their rows, and what its figures need of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.probes.data.shared.whole_columns import WholeColumns

DRAWN = 400  # points of the figure


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


def show(
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
