"""The trigger as a picture: what suspected pictures share, on a grey ground."""

from __future__ import annotations

import base64
import io

import numpy as np

from workers.probes.security.poisoning import confirm
from workers.probes.security.poisoning.ground import Ground
from workers.probes.security.poisoning.stamp import stamped
from workers.probes.security.poisoning.suspects import Shared

SHOWN = 96  # pixels a side, at least


def picture_of(found: Ground, shared: Shared) -> str:
    """Base64 of a PNG: a patch at its place, or what is blended in, made as strong as can be."""
    from PIL import Image

    assert found.shape is not None
    if confirm.spread_out(found, shared):
        moved = confirm.shift(found, shared)
        flat = 0.5 + 0.5 * moved / max(1e-6, float(np.abs(moved).max()))
    else:
        flat = np.full(found.x.shape[1], 0.5)
        cells = confirm.cells(found, shared)
        flat[cells] = np.median(found.x[shared.rows][:, cells], axis=0)
        if shared.mark.stamp is not None:  # in the middle, since it stands anywhere
            flat = stamped(flat[None], found.shape, shared.mark.stamp, None)[0]
    pixels = np.clip(np.round(flat.reshape(found.shape) * 255), 0, 255).astype(np.uint8)
    times = max(1, -(-SHOWN // max(found.shape[:2])))
    pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    made = Image.fromarray(pixels[..., 0] if pixels.shape[-1] < 3 else pixels[..., :3])
    stream = io.BytesIO()
    made.save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")
