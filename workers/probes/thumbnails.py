"""A picture as text for a report: PNG in base64, at most 64 pixels a side."""

from __future__ import annotations

import base64
import io

import numpy as np


def png(image: np.ndarray, side: int = 64) -> str:
    """Base64 of a PNG of a picture uint8 [h, w] or [h, w, channels]."""
    from PIL import Image

    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] in (1, 2) else image[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(image if image.ndim == 2 else pixels, np.uint8))
    picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode("ascii")
