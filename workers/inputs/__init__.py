"""Files -> the prepared folder that every probe reads: rows in DuckDB, arrays, and a manifest.

Runs in the sandbox, once a run. ``prepare`` is the whole interface; it raises ``Unusable`` with one
sentence when a data set cannot be measured, and records everything less as a fault in the manifest.
"""

from __future__ import annotations

from workers.inputs.base import Unusable
from workers.inputs.prepare import FORMAT, prepare

__all__ = ["FORMAT", "Unusable", "prepare"]
