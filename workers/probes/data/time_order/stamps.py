"""Stamps and spans of time as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from workers.probes.words import count

DAY = 86_400.0  # seconds


def told(stamp: float, dated: bool) -> str:
    """A stamp as people write it."""
    if not dated:
        return f"{stamp:g}"
    try:
        when = datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{stamp:.0f} s"
    return f"{when:%Y-%m-%d}" if stamp % DAY == 0 else f"{when:%Y-%m-%d %H:%M}"


def length(seconds: float) -> str:
    """A span of time in the largest unit that fits: 7,200 -> "2 hours"."""
    for unit, name in ((365.25 * DAY, "year"), (DAY, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= 2 * unit or (seconds >= unit and abs(seconds / unit - 1) < 0.01):
            return count(round(seconds / unit), name)
    return f"{seconds:g} seconds" if seconds != 1 else "1 second"
