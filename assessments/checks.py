"""Start-up checks: each Spec has its module, each probe its rules, and which sandbox layer is active."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.core.checks import Error, Info, Warning, register

from workers.probes import catalog


@register()
def probes_have_modules(**_: Any) -> list[Error]:
    """A Spec without its module would fail in the middle of somebody's run; found without importing torch."""
    return [
        Error(
            f"The probe {probe} is in the catalogue, but its module under workers/probes is missing.",
            hint="Write the module, or move the id to RETIRED.",
            id="riskboard.E001",
        )
        for probe in catalog.ACTIVE
        if find_spec(f"workers.probes.{probe}") is None
    ]


@register()
def probes_have_rules(**_: Any) -> list[Error]:
    """A probe without anchors would measure and never count."""
    from assessments.scoring import rules

    known = rules.load().anchors
    return [
        Error(f"assessments/scoring/rules.yaml has no anchors for {probe}.", id="riskboard.E002")
        for probe in catalog.ACTIVE
        if probe not in known
    ]


@register(deploy=True)
def sandbox_layer(**_: Any) -> list[Info | Warning]:
    """Said by `serve` and `check --deploy`; probing the kernel costs a process, so not by every command."""
    from workers import sandbox

    layer = sandbox.layer()
    if layer.name == "none":
        return [Warning(layer.sentence, id="riskboard.W001")]
    return [Info(layer.sentence, id="riskboard.I001")]
