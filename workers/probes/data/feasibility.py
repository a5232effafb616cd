"""Is the accuracy we promised possible at all with this data?"""

from __future__ import annotations

from workers.probes.base import Budget, Finding, Sample


def run(sample: Sample, budget: Budget) -> Finding:
    return Finding.skipped("This is not measured yet.")
