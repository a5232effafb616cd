"""Every probe's Spec, in the order of the report. A probe's id is its module under workers.probes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from workers.probes.base import Budget, Finding, Sample, Spec
from workers.probes.catalog import data, flexibility, hardware, hyperparameters, security

SPECS: tuple[Spec, ...] = (
    *data.SPECS,
    *security.SPECS,
    *hardware.SPECS,
    *flexibility.SPECS,
    *hyperparameters.SPECS,
)

BY_ID = {spec.id: spec for spec in SPECS}
RETIRED: frozenset[str] = frozenset()  # ids whose Spec stays for old reports
ACTIVE = tuple(spec.id for spec in SPECS if spec.id not in RETIRED)

Probe = Callable[[Sample, Budget], Finding]


def load(probe: str) -> Probe:
    """The probe's ``run``; the one dynamic import of the project."""
    if probe not in BY_ID:
        raise LookupError(f"There is no probe {probe}; `manage.py probes` lists them.")
    run: Probe = import_module(f"workers.probes.{probe}").run
    return run
