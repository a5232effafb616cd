"""Who or what is missing from our data, and whom will the model fail?"""

from __future__ import annotations

from workers.probes.base import Budget, Finding, Sample


def run(sample: Sample, budget: Budget) -> Finding:
    return Finding.skipped("This is not measured yet.")
