"""The demo's data set: scikit-learn's bundled digits as a zip of pictures, with faults put in and told.

    python -m workers.demo OUT        writes OUT/digits.zip and OUT/truth.json

A process of its own, so that neither the web side nor a worker imports scikit-learn for it. The same
seed gives the same bytes.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

SEED = 11
FLIPS = 72  # 4 % of 1,797 labels
COPIES = 40  # near-duplicates: one level more or less on a tenth of the pixels
BROKEN = 5
SIDE = 16  # pixels; each of the 8 x 8 is drawn as 2 x 2
_MOMENT = (2026, 1, 1, 0, 0, 0)  # of every entry, so that the archive does not depend on the clock


def make(out: Path) -> dict[str, Any]:
    """Writes both files and returns the truth: which labels are wrong, which pictures are copies, broken."""
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(SEED)
    pictures, labels = digits.images.astype(int), digits.target.astype(int)
    order = rng.permutation(len(labels))
    flipped, copied, broken = np.split(order[: FLIPS + COPIES + BROKEN], [FLIPS, FLIPS + COPIES])
    given = labels.copy()
    given[flipped] = (labels[flipped] + rng.integers(1, 10, FLIPS)) % 10

    entries: list[tuple[str, bytes]] = []
    names: dict[int, str] = {}
    for i, (picture, label) in enumerate(zip(pictures, given, strict=True)):
        names[i] = f"{label}/digit_{i:04d}.png"
        data = _png(picture)
        entries.append((names[i], data[: len(data) // 2] if i in set(broken.tolist()) else data))
    pairs = []
    for number, i in enumerate(copied.tolist()):
        noise = rng.integers(-1, 2, (8, 8)) * (rng.random((8, 8)) < 0.1)
        name = f"{given[i]}/scan_{number:04d}.png"
        entries.append((name, _png(np.clip(pictures[i] + noise, 0, 16))))
        pairs.append([names[i], name])

    with zipfile.ZipFile(out / "digits.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(entries):
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), data)
    truth = {
        "source": "scikit-learn's bundled digits (UCI, Alpaydin and Kaynak, CC BY 4.0)",
        "seed": SEED,
        "pictures": len(entries),
        "label_flips": [
            {"file": names[i], "given": str(given[i]), "true": str(labels[i])}
            for i in sorted(flipped.tolist())
        ],
        "near_duplicates": sorted(pairs),
        "broken_files": sorted(names[i] for i in broken.tolist()),
    }
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", "utf-8")
    return truth


def _png(picture: Any) -> bytes:
    """One 8 x 8 digit with levels 0 to 16 -> a grey PNG."""
    import numpy as np
    from PIL import Image

    grey = (np.asarray(picture) * 255 // 16).astype(np.uint8).repeat(SIDE // 8, 0).repeat(SIDE // 8, 1)
    out = io.BytesIO()
    Image.fromarray(grey, "L").save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m workers.demo OUT")
    made = make(Path(sys.argv[1]))
    print(f"{made['pictures']} pictures in {sys.argv[1]}/digits.zip")
