"""Numbers as a project's owner says them: "1 in 16", "3 %", "1,313 rows"."""

from __future__ import annotations

from collections.abc import Sequence


def one_in(share: float) -> str:
    """A share in plain words: 0.0625 -> "1 in 16", 0.63 -> "63%", 0 -> "none"."""
    if share <= 0:
        return "none"
    if share > 0.4:
        return f"{share:.0%}"
    if share < 0.00005:
        return "fewer than 1 in 20,000"
    return f"1 in {round(1 / share):,}"


def percent(share: float) -> str:
    """0.0432 -> "4.3%", 0.43 -> "43%", 0.0004 -> "0.04%", 0.00001 -> "less than 0.01%"."""
    if 0 < share < 0.00005:
        return "less than 0.01%"
    if share == 0 or share >= 0.1:
        return f"{share:.0%}"
    return f"{share:.1%}" if share >= 0.001 else f"{share:.2%}"


def count(number: int, one: str, many: str = "") -> str:
    """1, "row" -> "1 row"; 1313, "row" -> "1,313 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[object], most: int = 3) -> str:
    """The first few items: "a, b and c" or "a, b, c and 4 more"."""
    names = [str(item) for item in items[:most]]
    if len(items) > most:
        return ", ".join(names) + f" and {len(items) - most:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def pieces(kind: str, number: int = 2) -> str:
    """What one row of the data is: "files" for images and audio, "rows" for everything else."""
    one = {"images": "picture", "audio": "clip"}.get(kind, "row")
    return one if number == 1 else one + "s"
