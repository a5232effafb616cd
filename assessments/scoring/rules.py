"""The rules of one version, read once: every threshold, weight and cap that scoring uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from assessments.scoring import tables
from assessments.scoring.tables import Table
from workers import yaml_file

FOLDER = Path(__file__).parent
BESIDE = ("harms", "likelihoods")  # files beside rules.yaml, from 2026.4 on


class RulesError(LookupError):
    """A report names a version of the rules that this RiskBoard does not have."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Value -> score, in straight lines between the points and flat outside them."""

    points: tuple[tuple[float, float], ...]  # by rising value
    log: bool = False  # straight lines over the logarithm of the value

    def __call__(self, value: float) -> float:
        points = self.points
        if value <= points[0][0]:
            return points[0][1]
        if value >= points[-1][0]:
            return points[-1][1]
        for (x0, y0), (x1, y1) in pairwise(points):
            if value <= x1:
                share = (value - x0) / (x1 - x0)
                if self.log:
                    share = math.log(value / x0) / math.log(x1 / x0)
                return y0 + share * (y1 - y0)
        raise AssertionError("unreachable")

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Anchors:
        points = tuple((float(x), float(y)) for x, y in data["anchors"])
        if len(points) < 2 or any(a[0] >= b[0] for a, b in pairwise(points)):
            raise ValueError(f"Anchors need two points or more, by rising value: {data['anchors']}")
        log = data.get("scale", "linear") == "log"
        if log and points[0][0] <= 0:
            raise ValueError(f"Anchors over a logarithm need values above 0: {data['anchors']}")
        return cls(points, log)


@dataclass(frozen=True, slots=True)
class Item:
    """One risk of a dimension, and what can tell about it."""

    id: str
    dimension: str
    title: str
    weight: float
    evidence: tuple[str, ...]  # probe ids and names of readings
    questions: tuple[str, ...]
    fix: str = ""
    effort: str = ""

    def __hash__(self) -> int:  # looked up by the thousand; equal items have equal names
        return hash((self.dimension, self.id))


@dataclass(frozen=True, slots=True)
class Harm:
    """What can go wrong, as something of which one can tell later whether it did."""

    id: str
    dimension: str
    says: str
    group: str  # harms of one root cause
    prior: float  # share of first projects that have it
    weight: float  # how much of its dimension it would spoil
    probes: tuple[str, ...]
    questions: tuple[str, ...]
    any: bool = False  # each probe sees another way to it, so the worst counts in full
    gate: str = ""  # the stop sign that stands where it is found
    sure: bool = False  # that stop sign is a fact
    # probe -> its value from which the harm is there
    limits: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Rules:
    version: str
    data: Mapping[str, Any]  # the file, for what is used in one place only
    anchors: Mapping[str, Anchors]  # of probes and readings
    items: tuple[Item, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(self.data["items"])

    @property
    def strict(self) -> bool:
        """Whether worse evidence can lower no end of a range, and silence about the stakes widens it."""
        return bool(self.data["evidence"].get("strict"))

    @property
    def nested(self) -> bool:
        """Whether an answer or a measurement that is added can open no range."""
        return bool(self.data["evidence"].get("nested"))

    @property
    def keeps(self) -> bool:
        """Whether an answer that was judged and then taken back goes on counting."""
        return bool(self.data["evidence"].get("keeps"))

    @property
    def thorough(self) -> bool:
        """Whether each of two equally bad causes has its step, and words leave no risk out."""
        return bool(self.data.get("thorough"))

    @cached_property
    def apart(self) -> Mapping[str, Mapping[str, Any]]:
        """Probe -> the readings of it that score for other items, by name."""
        found: dict[str, dict[str, Any]] = {}
        for name, entry in self.data["readings"].items():
            if "apart" in entry:
                found.setdefault(entry["probe"], {})[name] = entry
        return found

    @cached_property
    def harms(self) -> tuple[Harm, ...]:
        """Every harm that has a chance of its own; none before 2026.4."""
        return tuple(
            Harm(
                dimension=dimension,
                **{**one, "probes": tuple(one["probes"]), "questions": tuple(one["questions"])},
            )
            for dimension, harms in self.data.get("harms", {}).get("harms", {}).items()
            for one in harms
        )

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """What the score of each probe says about its harms: measured, or from the cold start."""
        if "harms" not in self.data:
            return {}
        most = float(self.data["harms"]["pooling"]["one"])
        fitted = self.data.get("likelihoods", {}).get("probes", {})
        cold = tables.cold(self.data["harms"]["cold"], most)
        return {
            probe: tables.read(fitted[probe], most) if probe in fitted else cold
            for harm in self.harms
            for probe in harm.probes
        }

    @cached_property
    def log_odds(self) -> Anchors:
        """The score of an answer -> what it says about a harm."""
        return Anchors.read(self.data["harms"]["answers"])

    def of(self, dimension: str) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.dimension == dimension)

    def item_of(self, evidence: str) -> Item | None:
        """The item that a probe or reading tells about."""
        return next((item for item in self.items if evidence in item.evidence), None)

    def level(self, score: float | None) -> str:
        """The word for a score; "unknown" for none. A boundary belongs to the higher level."""
        if score is None:
            return "unknown"
        levels: Sequence[str] = self.data["levels"]
        return levels[min(len(levels) - 1, int(score * len(levels) // 100))]


@cache
def load(version: str | None = None) -> Rules:
    """The rules of a version, the newest without one; raises RulesError with what there is."""
    found = _files()
    wanted = newest() if version is None else version
    if wanted not in found:
        raise RulesError(f"There are no rules {str(wanted)[:40]!r}; known are {', '.join(sorted(found))}.")
    return _rules(found[wanted])


def newest() -> str:
    """The version by which new reports are judged."""
    return next(reversed(_files()))


def versions() -> tuple[str, ...]:
    """Every version that is here, the oldest first."""
    return tuple(sorted(_files(), key=lambda version: [int(part) for part in version.split(".")]))


@cache
def _files() -> dict[str, Mapping[str, Any]]:
    """Version -> what its file says; the newest is the last."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in [*sorted(FOLDER.glob("rules-*.yaml")), FOLDER / "rules.yaml"]:
        data = yaml_file.read(path)
        found[str(data["version"])] = {**data, **_beside(path, data["version"])}
    return found


def _beside(path: Path, version: str) -> Mapping[str, Any]:
    """What stands in files of its own: rules-2026.4.yaml has harms-2026.4.yaml beside it."""
    found: dict[str, Any] = {}
    for name in BESIDE:
        other = path.with_name(path.name.replace("rules", name, 1))
        if other.exists():
            found[name] = yaml_file.read(other)
            if found[name]["version"] != version:
                raise ValueError(f"{other.name} is of rules {found[name]['version']}, not {version}.")
    return found


def _rules(data: Mapping[str, Any]) -> Rules:
    anchors = {
        name: Anchors.read(entry)
        for name, entry in {**data["probes"], **data["readings"]}.items()
        if "anchors" in entry
    }
    items = tuple(
        Item(
            dimension=dimension,
            **{**item, "evidence": tuple(item["evidence"]), "questions": tuple(item["questions"])},
        )
        for dimension, items in data["items"].items()
        for item in items
    )
    return Rules(str(data["version"]), data, anchors, items)
