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


@register(deploy=True)
def signing_key_is_private(**_: Any) -> list[Warning]:
    """Whoever can read the key can sign reports in the name of this installation."""
    from django.conf import settings

    return [
        Warning(
            f"Others can read {path}, with which reports are signed.",
            hint=f"chmod 600 {path}",
            id="riskboard.W002",
        )
        for path in sorted(settings.SIGNING_FOLDER.glob("*.pem"))
        if path.stat().st_mode & 0o077
    ]
