"""A policy's text -> its conditions, or one sentence for each thing that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from assessments.scoring.gates import SEVERITIES
from workers import yaml_file
from workers.plan import documents
from workers.probes import catalog
from workers.probes.base import DIMENSIONS

FOLDER = Path(__file__).parent
LEVELS = ("minimal", "low", "moderate", "high", "critical")
PARTS = ("overall", *DIMENSIONS)
ANY = "any"  # stands for every fault
RANGE, SCORE = "range", "score"
MAX_BYTES = 32 * 1024
BEGIN = "extends: product-feature, or levels: {overall: moderate}"
LEFT_OUT = ("off", "no", "none")  # what takes a condition of the preset out again, beside null

# The presets, in the order in which they ask for more.
PRESETS = {
    "internal-tool": "Internal tool",
    "product-feature": "Product feature",
    "decision-about-people": "Decision about people",
    "safety": "Safety",
}


class PolicyError(ValueError):
    """What is wrong with a policy, one sentence each; every one names the key and says what to do."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        super().__init__(" ".join(sentences))


@dataclass(frozen=True)
class Policy:
    """Conditions, read and checked. A mapping without a name, and a None, ask for nothing."""

    name: str
    extends: str = ""  # a preset's id
    decide_by: str = RANGE  # whether a level is met by the whole range, or by the best estimate
    levels: Mapping[str, str] = field(default_factory=dict)  # part -> the highest level allowed
    faults: Mapping[str, str] = field(default_factory=dict)  # fault -> the severity from which it counts
    coverage: Mapping[str, float] = field(default_factory=dict)  # part -> share of its risks known, at least
    measured: tuple[str, ...] = ()  # probes that must have measured
    contradictions: int | None = None  # open ones, at most
    stop_signs: int | None = None  # closed gates, at most
    evidence_days: float | None = None  # age of the evidence, at most

    @property
    def of(self) -> int:
        """How many conditions there are."""
        single = (self.contradictions, self.stop_signs, self.evidence_days)
        many = (self.levels, self.faults, self.coverage, self.measured)
        return sum(map(len, many)) + sum(one is not None for one in single)


@cache
def fault_probes() -> Mapping[str, tuple[str, ...]]:
    """Fault -> the probes that can name it, in the order of the report."""
    found: dict[str, list[str]] = {}
    for probe, names in yaml_file.read(FOLDER / "faults.yaml").items():
        for name in names:
            found.setdefault(name, []).append(probe)
    return {name: tuple(probes) for name, probes in found.items()}


@cache
def preset(id: str) -> Policy:
    """One of ``PRESETS``; its file is read like everybody's policy."""
    return read(preset_text(id), f"{id}.yaml")


@cache
def preset_text(id: str) -> str:
    return (FOLDER / "presets" / f"{id}.yaml").read_text("utf-8")


def read(text: str | bytes, name: str = "policy.yaml") -> Policy:
    """The policy in a YAML or JSON text; raises PolicyError with a sentence for each thing that is wrong."""
    tree = _tree(text, name)
    wrong: list[str] = []
    where = f"{name}: " if "." in name else ""  # of a file; what stands in an editor needs no name
    found: dict[str, Any] = {}
    written: dict[str, str] = {}
    for key, value in tree.items():
        field = _plain(key)
        if field not in READERS:
            wrong.append(f"{where}{_unknown(key, 'key', READERS)}")
        elif field in found:
            wrong.append(f"{where}{written[field]} and {key} are the same key; keep one of them.")
        else:
            written[field] = key
            try:
                found[field] = READERS[field](key, value)
            except PolicyError as error:
                found[field] = None
                wrong += [f"{where}{sentence}" for sentence in error.sentences]
    if wrong:
        raise PolicyError(*wrong)
    policy = _merged(found)
    if not policy.of:
        raise PolicyError(f"{name} has no condition; add one, for example levels: {{overall: moderate}}.")
    return policy


def _tree(text: str | bytes, name: str) -> dict[str, Any]:
    size = len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    if size > MAX_BYTES:
        raise PolicyError(
            f"{name} is {size / 1024:,.0f} KB; a policy may have at most {MAX_BYTES // 1024} KB, "
            "so leave out what is no condition."
        )
    if not text.strip():
        raise PolicyError(f"{name} is empty; choose a preset, or begin like {BEGIN}.")
    try:
        tree: dict[str, Any] = documents.parse(text, name, BEGIN)
    except documents.DocumentError as error:
        raise PolicyError(str(error)) from None
    return tree


def _merged(found: Mapping[str, Any]) -> Policy:
    """The policy over the preset that it extends: what it names replaces, null takes a condition out."""
    base = preset(found["extends"]) if found.get("extends") else Policy("")
    values: dict[str, Any] = {}
    for key in ("levels", "faults", "coverage"):
        both = {**getattr(base, key), **(found.get(key) or {})}
        values[key] = {name: value for name, value in both.items() if value is not None}
        if key in found and found[key] is None:  # faults: null takes all of them out
            values[key] = {}
    for key in ("contradictions", "stop_signs", "evidence_days"):
        values[key] = found[key] if key in found else getattr(base, key)
    asked = found.get("measured") or () if "measured" in found else base.measured
    return Policy(
        name=found.get("name") or base.name or "Our own policy",
        extends=found.get("extends") or "",
        decide_by=found.get("decide_by") or base.decide_by,
        measured=tuple(asked),
        **values,
    )


# -- what each key takes ------------------------------------------------------------------------------
def _name(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(" ".join(value.split())) <= 80:
        raise PolicyError(f"{key} is {documents.shown(value)}; give a name of at most 80 characters.")
    return " ".join(value.split())


def _extends(key: str, value: Any) -> str | None:
    if value is None:
        return None
    id = str(value).strip().lower().replace(" ", "-").replace("_", "-")
    if not isinstance(value, str) or id not in PRESETS:
        raise PolicyError(_wrong(key, value, PRESETS))
    return id


def _decide_by(key: str, value: Any) -> str | None:
    if value is None:
        return None
    return _one(key, value, (RANGE, SCORE))


def _levels(key: str, value: Any) -> dict[str, str | None] | None:
    return _group(
        key, value, "part", PARTS, lambda at, one: _one(at, one, LEVELS), "{overall: moderate, data: low}"
    )


def _faults(key: str, value: Any) -> dict[str, str | None] | None:
    if isinstance(value, list):  # a bare list of names: from the lowest severity on
        wrong = [one for one in value if not isinstance(one, str)]
        if wrong:
            raise PolicyError(f"{key} holds {documents.shown(wrong[0])}; name faults, like secret: low.")
        value = dict.fromkeys(value, SEVERITIES[0])
    names = (ANY, *fault_probes())
    return _group(
        key, value, "fault", names, lambda at, one: _one(at, one, SEVERITIES), "{secret: low, pii: high}"
    )


def _coverage(key: str, value: Any) -> dict[str, float | None] | None:
    if isinstance(value, int | float | str) and not isinstance(value, bool) and not _is_left_out(value):
        return {"overall": _share(key, value)}
    return _group(key, value, "part", PARTS, _share, "{overall: 0.8}")


def _measured(key: str, value: Any) -> list[str] | None:
    """Ids of probes, or dimensions for all of theirs, those not in use any more left aside."""
    if _is_left_out(value):
        return None
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise PolicyError(f"{key} is {documents.shown(value)}; list probes, like [data.label_errors].")
    found: list[str] = []
    for one in given:
        if one in DIMENSIONS:
            found += [probe for probe in catalog.ACTIVE if probe.partition(".")[0] == one]
        elif one in catalog.ACTIVE:
            found.append(one)
        else:
            raise PolicyError(_unknown(str(one), "probe", (*DIMENSIONS, *catalog.ACTIVE), key))
    return list(dict.fromkeys(found))


def _at_most(key: str, value: Any) -> int | None:
    if _is_left_out(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise PolicyError(f"{key} is {documents.shown(value)}; give a whole number from 0 on.")
    return value


def _days(key: str, value: Any) -> float | None:
    if _is_left_out(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3650:
        raise PolicyError(f"{key} is {documents.shown(value)}; give the number of days, like 30.")
    return value


READERS: dict[str, Callable[[str, Any], Any]] = {
    "name": _name,
    "extends": _extends,
    "decide_by": _decide_by,
    "levels": _levels,
    "faults": _faults,
    "coverage": _coverage,
    "measured": _measured,
    "contradictions": _at_most,
    "stop_signs": _at_most,
    "evidence_days": _days,
}


# -- how they say no ----------------------------------------------------------------------------------
def _plain(key: str) -> str:
    return re.sub(r"[\s-]+", "_", str(key).strip().lower())


def _is_left_out(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str) and value.strip().lower() in LEFT_OUT)


def _group(
    key: str, value: Any, what: str, names: Iterable[str], reader: Callable[[str, Any], Any], like: str
) -> dict[str, Any] | None:
    """A mapping whose names are known and whose values ``reader`` takes; null takes a condition out."""
    if _is_left_out(value):
        return None
    if not isinstance(value, dict):
        raise PolicyError(f"{key} is {documents.shown(value)}; give a group, like {key}: {like}.")
    known, wrong, found = tuple(names), [], {}
    for given, one in value.items():
        name = _plain(given)
        if name not in known:
            wrong.append(_unknown(given, what, known, key))
            continue
        if name in found:
            wrong.append(f"{key} names {name} twice; keep one of them.")
            continue
        try:
            found[name] = None if _is_left_out(one) else reader(f"{key}.{given}", one)
        except PolicyError as error:
            wrong += error.sentences
    if wrong:
        raise PolicyError(*wrong)
    return found


def _one(key: str, value: Any, allowed: Iterable[str]) -> str:
    plain = str(value).strip().lower()
    if not isinstance(value, str) or plain not in allowed:
        raise PolicyError(_wrong(key, value, allowed))
    return plain


def _share(key: str, value: Any) -> float:
    """0.8, "80%" or "80 %"."""
    percent = isinstance(value, str) and re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value.strip())
    share = float(percent[1]) / 100 if percent else value
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise PolicyError(
            f"{key} is {documents.shown(value)}; give a share from 0 to 1, like 0.8, or a percentage: 80%."
        )
    return float(share)


def _wrong(key: str, value: Any, allowed: Iterable[str]) -> str:
    """ "levels.data is "hihg"; give minimal, low, moderate, high or critical. Did you mean high?" in one."""
    allowed = tuple(allowed)
    listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    near = get_close_matches(str(value).strip().lower(), allowed, 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{key} is {documents.shown(value)}, but takes {listed}{hint}"


def _unknown(key: str, what: str, known: Iterable[str], where: str = "") -> str:
    """A name that does not exist, with the nearest that do."""
    known, plain = tuple(known), _plain(key)
    near = get_close_matches(plain, known, 2, 0.7)
    near = near or [one for one in known if plain and (plain in one or one in plain)][:3]
    named = f"{where}: there is no {what}" if where else f"There is no {what}"
    said = f"{named} {documents.shown(str(key))}"
    if near:
        return f"{said}; did you mean {' or '.join(near)}?"
    if len(known) <= 12:
        return f"{said}; take it out, or write {', '.join(known[:-1])} or {known[-1]}."
    return f"{said}; take it out, or look up its name in the list."
