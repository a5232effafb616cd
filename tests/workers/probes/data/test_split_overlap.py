"""What looks like a tie between the parts of a split and is none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.planting import judge, sets

PROBE = "data.split_overlap"


def bookings(rows=2400, seed=3):
    """Small whole numbers side by side, and ages in bins: nothing here ties one row to another."""
    rng = np.random.default_rng(seed)
    lead = rng.gamma(0.8, 90, rows).round()
    return pd.DataFrame(
        {
            "lead_time_days": lead.astype(int),
            "nights": 1 + rng.poisson(2.1, rows),
            "adults": rng.choice([1, 2, 3, 4], rows, p=[0.2, 0.65, 0.1, 0.05]),
            "children": rng.choice([0, 1, 2], rows, p=[0.88, 0.08, 0.04]),
            "price": (70 + rng.gamma(4, 8, rows)).round(2),
            "age_group": rng.choice(["18-29", "30-44", "45-59", "60+"], rows),
            "cancelled": np.where(0.009 * lead + rng.logistic(-1, 1, rows) > 0, "yes", "no"),
        }
    )


def test_small_numbers_side_by_side_are_no_windows_and_bins_of_age_no_group():
    frame = bookings()
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:1700], frame.iloc[1700:], "cancelled"))
    assert judge.alarms(finding) == []


def test_windows_are_still_found():
    series = np.cumsum(np.random.default_rng(4).normal(size=1200)).round(4)
    frame = pd.DataFrame({f"lag{k}": series[k : 1000 + k] for k in range(6)})
    frame["up"] = np.where(series[6:1006] > series[5:1005], "yes", "no")
    frame = frame.sample(frac=1, random_state=1)
    finding = judge.finding(PROBE, sets.split_csv(frame.iloc[:700], frame.iloc[700:], "up"))
    assert judge.named(finding, "overlapping_windows_random_split")
