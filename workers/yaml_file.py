"""RiskBoard's own YAML files: rules, questions, catalogues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# libyaml's parser gives the same in a seventh of the time, and every process reads some of them at its start.
Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    """What a file says; only plain values, as ``yaml.safe_load`` makes them."""
    return yaml.load(path.read_text("utf-8"), Loader)  # noqa: S506  # a SafeLoader, whichever it is
