"""What a probe says about planted data, held against the truth."""

from __future__ import annotations

import copy
import hashlib
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from tests.planting import Case, Data, Truth
from workers import host
from workers.inputs import audio_facts, image_facts, prepare
from workers.probes import catalog
from workers.probes.base import Budget, Finding, Sample

SERIOUS = ("medium", "high")
KEPT = 64  # uploads whose prepared folders are kept for the next probe


def finding(
    probe: str, data: Data, seed: int = 0, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
) -> Finding:
    """The probe's finding on this upload."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        out = Path(folder) / "prepared"
        shutil.copytree(_prepared(data, seed), out)  # a copy: no probe sees what another left there
        host.seed_everything(seed)
        sample = Sample(out, data.plan, data.answers)
        return catalog.load(probe)(sample, Budget(seconds, seed, clock=clock))


def _prepared(data: Data, seed: int) -> Path:
    """The prepared folder of an upload, made once for all probes that look at it one after the other."""
    root, known = _kept()
    key = f"{data.digest()}-{seed}"
    if key not in known:
        with tempfile.TemporaryDirectory(prefix="upload-", dir=root.name) as folder:
            paths = []
            for content in data.files.values():
                paths.append(Path(folder) / f"{len(paths)}.bin")
                paths[-1].write_bytes(content)
            out = Path(folder) / "prepared"
            with (
                mock.patch.object(image_facts, "measured", _once(image_facts.measured)),
                mock.patch.object(audio_facts, "measured", _once(audio_facts.measured)),
            ):
                prepare(paths, list(data.files), out, plan=data.plan, targets=data.targets, seed=seed)
            known[key] = out.rename(Path(root.name) / key)
        if len(known) > KEPT:
            shutil.rmtree(known.popitem(last=False)[1])
    known.move_to_end(key)
    return known[key]


@cache
def _once(measured: Callable[..., Any]) -> Callable[..., Any]:
    """The same, measured once of equal pictures or sounds: most of a set are in its twin too."""
    known: dict[tuple[bytes, str], Any] = {}

    def measured_once(array: np.ndarray, *more: Any) -> Any:
        key = hashlib.sha256(np.ascontiguousarray(array)).digest(), repr((array.shape, more))
        if key not in known:
            known[key] = measured(array, *more)
        return copy.deepcopy(known[key])

    return measured_once


@cache
def _kept() -> tuple[tempfile.TemporaryDirectory[str], OrderedDict[str, Path]]:
    """Where they are, until the process ends, and which: the one used last at the end."""
    return tempfile.TemporaryDirectory(prefix="planted-"), OrderedDict()


def named(found: Finding, fault: str) -> list[dict[str, Any]]:
    """The finding's entries of this fault."""
    return [one for one in found.facts.get("faults", ()) if one["fault"] == fault]


def places(entries: list[dict[str, Any]], kind: str) -> set[Any]:
    """Columns, rows, files or classes named by any of the entries."""
    return {place for entry in entries for place in entry.get(kind, ())}


def wrong(case: Case, found: Finding, truth: Truth) -> list[str]:
    """What is wrong with a finding on planted data, in sentences; empty when all is right."""
    entries = named(found, case.fault)
    if not entries:
        others = [one["fault"] for one in found.facts.get("faults", ())]
        return [f"{case.fault} is not named; named are {others}; {found.state}: {found.note}"]
    told = []
    for kind in ("columns", "classes"):
        true, said = set(getattr(truth, kind)), places(entries, kind)
        if true and (not true <= said if case.among else true != said):
            told.append(f"{kind}: said {sorted(said)}, true {sorted(true)}")
    for kind in ("rows", "files"):
        true, said = set(getattr(truth, kind)), places(entries, kind)
        if true:
            recall, precision = len(true & said) / len(true), len(true & said) / max(1, len(said))
            if recall < case.recall or precision < case.precision:
                told.append(f"{kind}: recall {recall:.2f}, precision {precision:.2f}")
    return told


def alarms(found: Finding, fault: str | None = None) -> list[str]:
    """Serious faults named on clean data: all of them, or only those of one name."""
    return [
        f"{one['fault']} ({one['severity']})"
        for one in found.facts.get("faults", ())
        if one["severity"] in SERIOUS and fault in (None, one["fault"])
    ]
