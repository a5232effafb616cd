"""Answers that a report judged and that were then taken back: they go on counting until somebody says why.

Taken back is an answer that names a value and that was removed, or made an "I do not know" or a "does not
apply", after a report was made with it. In the score it counts as it stood (``pool.judge``); in the range it
is open. Changed to another value it is no longer taken back: that is a claim of its own, held against what is
measured. Who never answered is not touched by any of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Version:
    """All answers as they stood at one time."""

    values: Answers
    judged: bool  # a report was made with them
    on: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """A named person said why an answer that was taken back no longer holds."""

    question: str
    on: datetime
    by: str
    reason: str


def given(answer: Mapping[str, Any] | None) -> bool:
    return answer is not None and ("value" in answer or "roughly" in answer)


def found(versions: Iterable[Version], cleared: Iterable[Cleared]) -> list[dict[str, Any]]:
    """What stands taken back after the last of the versions, the oldest first in ``versions``.

    -> [{"id", "was", "on", "by", "cleared": None or {"by", "on", "reason"}}], dates as YYYY-MM-DD.
    """
    judged: dict[str, Mapping[str, Any]] = {}
    back: dict[str, Version] = {}
    standing: set[str] = set()
    for version in versions:
        now = {name for name, one in version.values.items() if given(one)}
        back |= dict.fromkeys(standing - now, version)
        if version.judged:
            judged |= {name: version.values[name] for name in now}
        standing = now
    newest = {one.question: one for one in sorted(cleared, key=lambda one: one.on)}
    return [
        {
            "id": name,
            "was": dict(judged[name]),
            "on": _day(back[name].on),
            "by": back[name].by,
            "cleared": _told(newest.get(name), back[name].on),
        }
        for name in sorted(judged.keys() - standing)
    ]


def _told(one: Cleared | None, since: datetime) -> dict[str, Any] | None:
    """A clearing holds for what was taken back before it."""
    return None if one is None or one.on < since else {"by": one.by, "on": _day(one.on), "reason": one.reason}


def _day(at: datetime) -> str:
    return at.date().isoformat()


def counting(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Question -> its answer as it stood, of those in a report that still count."""
    listed = (report.get("questions") or {}).get("withdrawn") or ()
    return {str(one["id"]): one["was"] for one in listed if not one["cleared"]}
