"""Why a property may be what a class is rather than a shortcut to it."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("low", "medium", "high")


@dataclass(frozen=True)
class Doubt:
    """A sentence for the owner, without its full stop, and the severity that it leaves at most."""

    says: str = ""
    most: str = "high"

    def capped(self, severity: str) -> str:
        return min(severity, self.most, key=LEVELS.index)


SURE = Doubt()
