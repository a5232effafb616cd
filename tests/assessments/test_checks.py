"""A probe without module or rules is found at the start, and the sandbox layer is said."""

from __future__ import annotations

from assessments import checks
from workers import sandbox
from workers.probes import catalog


def test_every_active_probe_has_its_module_and_its_rules():
    assert checks.probes_have_modules() == []
    assert checks.probes_have_rules() == []


def test_a_spec_without_module_or_rules_is_named(monkeypatch):
    monkeypatch.setattr(catalog, "ACTIVE", (*catalog.ACTIVE, "data.weather"))
    assert any("data.weather" in error.msg for error in checks.probes_have_modules())
    (missing,) = checks.probes_have_rules()
    assert "data.weather" in missing.msg


def test_the_layer_is_said_and_its_absence_is_a_warning(monkeypatch):
    assert checks.sandbox_layer()[0].msg == sandbox.layer().sentence
    monkeypatch.setattr(sandbox, "layer", lambda: sandbox.Layer("none", "Nothing confines a probe here."))
    assert checks.sandbox_layer()[0].id == "riskboard.W001"


def test_a_signing_key_that_others_can_read_is_told(tmp_path, settings):
    settings.SIGNING_FOLDER = tmp_path
    key = tmp_path / "0001.pem"
    key.touch(mode=0o600)
    assert checks.signing_key_is_private() == []
    key.chmod(0o644)
    (warning,) = checks.signing_key_is_private()
    assert warning.hint == f"chmod 600 {key}"
