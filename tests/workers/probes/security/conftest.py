"""What tests of several probes here share."""

from __future__ import annotations

import pytest


@pytest.fixture
def untried(monkeypatch) -> None:
    """Without the triggers planted as a test: they change no fault that is named, and take long."""
    from workers.probes.security import poisoning
    from workers.probes.security.poisoning.trial import Planted

    monkeypatch.setattr(poisoning, "_trials", lambda *_: Planted())
