"""What a column holds of one kind of personal data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.probes.security.personal_data.scan import Span

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Hits:
    """What one column holds of one kind."""

    column: str
    kind: str
    ids: np.ndarray  # _id of the rows
    of: int  # cells that are not empty
    example: str
    certain: float
    spans: list[Span] = field(default_factory=list)
    sure: bool = True  # else only a remark: a name in a text may be an actor's
    said: bool = False  # told by the words of a text and by lists, not by a form
