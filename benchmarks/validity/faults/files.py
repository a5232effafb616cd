"""Model files that run a program when they are opened, among honest ones."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base, upload
from benchmarks.validity.fault import Fault, Sent
from tests.workers.probes.security import artefacts, honest_artefacts

SENT = 10  # files in all
NOWHERE = "/nonexistent/canary"
BASES = ("wine", "iris", "moons", "linear")


@lru_cache(maxsize=1)
def _corpora() -> tuple[list[artefacts.Harmful], list[tuple[str, bytes]]]:
    harmful = [one for one in artefacts.harmful(NOWHERE) if one.fault == artefacts.RUNS]
    return harmful, sorted(honest_artefacts.honest().items())


def unsafe(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Sent:
    """``dose`` harmful files of SENT; every base draws from a part of the corpora of its own."""
    harmful, honest = _corpora()
    own = BASES.index(base.name)
    bad = [(one.name, one.data) for one in harmful if zlib.crc32(one.name.encode()) % len(BASES) == own]
    good = [one for one in honest if zlib.crc32(one[0].encode()) % len(BASES) == own]
    drawn = [bad[i] for i in rng.choice(len(bad), min(round(dose), len(bad)), replace=False)]
    drawn += [good[i] for i in rng.choice(len(good), min(SENT - len(drawn), len(good)), replace=False)]
    data = upload(base, frame)
    return Sent(data.files, data.targets, artefacts=dict(drawn))


FAULTS = (Fault("unsafe files", "security.unsafe_files", (1, 2, 3, 5, 8), 1, (), unsafe, bases=BASES),)
