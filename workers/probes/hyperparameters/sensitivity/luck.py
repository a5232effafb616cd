"""Whether the result is a matter of luck, by the runs and the rule of the probe of luck.

A report that holds both would else say of the same plan that its runs are a lottery, and that they are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.hyperparameters import footing, seed_noise
from workers.probes.hyperparameters.footing import Footing
from workers.probes.hyperparameters.seed_noise import unfinished


def faults(sample: Sample, stand: Footing, scores: np.ndarray) -> list[dict[str, Any]]:
    """The lottery, if these scores [seeds, rows] are one, and not of runs that have only not ended."""
    sd = float(100 * scores.mean(1).std(ddof=1))
    chance = 100 * seed_noise.few_rows(scores)
    lasting = float(np.sqrt(max(0.0, sd**2 - chance**2)))
    low = footing.sd_interval(sd, len(scores))[0]
    found = seed_noise.faults(stand, sample, low, lasting * low / max(1e-9, sd))
    return [] if found and unfinished.gains(stand, scores)[0] else found
