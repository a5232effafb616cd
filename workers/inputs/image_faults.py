"""Pictures that open and are not what they seem: another format, mode, size, way up; blank, dark, blurred.

Each is a minority against the rest of its own set: a set that is all in one odd form is merely in that form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from workers.inputs.base import Loaded, fault
from workers.inputs.image_facts import AT

if TYPE_CHECKING:
    from workers.inputs.images import Seen

ENDINGS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip
MODES = {
    "1": "black and white", "L": "grey", "LA": "grey with transparency", "P": "palette", "PA": "palette",
    "RGB": "colour", "RGBA": "colour with transparency", "CMYK": "CMYK, as for print", "YCbCr": "YCbCr",
    "LAB": "LAB", "I": "16 bit", "F": "floating point",
}  # fmt: skip
FEW = 0.1  # share of a set up to which another mode is the odd one
ENOUGH = 10  # pictures from which there is a usual one
FLAT = 0.5  # grey levels of spread below which a picture shows nothing


def tell(loaded: Loaded, seen: Sequence[tuple[str, Seen]]) -> None:
    """Adds the faults of pictures that could be decoded, in the order of the zip."""
    read = [(name, one) for name, one in seen if one.said[4] is None]
    if not read:
        return
    _wrong_endings(loaded, read)
    _odd_modes(loaded, read)
    _turned(loaded, read)
    if len(read) >= ENOUGH:
        _odd_sizes(loaded, read)
        _poor(loaded, read)


def _some(files: Sequence[str]) -> str:
    return "1 picture is" if len(files) == 1 else f"{len(files):,} pictures are"


def _wrong_endings(loaded: Loaded, read: Sequence[tuple[str, Seen]]) -> None:
    found = [(name, one.said[3]) for name, one in read if _ending(name) not in (None, _plain(one.said[3]))]
    if found:
        kinds = " and ".join(sorted({str(kind) for _, kind in found}))
        files = [name for name, _ in found]
        told = f"{_some(files)} {kinds} under another ending; programs that trust the name fail there."
        loaded.faults.append(fault("odd_encodings", "low", told, files=files))


def _ending(name: str) -> str | None:
    return ENDINGS.get(PurePosixPath(name.lower()).suffix)


def _plain(form: str) -> str:
    return {"MPO": "JPEG"}.get(form, form)


def _odd_modes(loaded: Loaded, read: Sequence[tuple[str, Seen]]) -> None:
    modes = [
        MODES.get(one.said[2], "16 bit" if one.said[2].startswith("I") else one.said[2]) for _, one in read
    ]
    known = Counter(modes)
    if len(known) < 2:
        return
    usual, _ = known.most_common(1)[0]
    odd = {mode for mode, times in known.items() if mode != usual and times <= FEW * len(read)}
    files = [name for (name, _), mode in zip(read, modes, strict=True) if mode in odd]
    if files:
        severity = "medium" if odd & {"CMYK, as for print", "16 bit", "LAB", "YCbCr"} else "low"
        told = f"{_some(files)} stored as {' and '.join(sorted(odd))}, the others as {usual}."
        loaded.faults.append(fault("odd_encodings", severity, told, files=files))


def _turned(loaded: Loaded, read: Sequence[tuple[str, Seen]]) -> None:
    files = [name for name, one in read if one.turned in range(2, 9)]
    if files:
        severity = "medium" if len(files) < 0.5 * len(read) else "low"
        told = (
            f"{_some(files)} stored turned or mirrored, with a note (EXIF) how to show it; "
            "training code that ignores the note sees it that way."
        )
        loaded.faults.append(fault("odd_encodings", severity, told, files=files))


def _odd_sizes(loaded: Loaded, read: Sequence[tuple[str, Seen]]) -> None:
    """Where nearly all pictures have one size: those that are far smaller, larger or of another shape."""
    sizes = [(int(one.said[0]), int(one.said[1])) for _, one in read]
    (w, h), times = Counter(sizes).most_common(1)[0]
    if times < 0.95 * len(sizes):
        # Photos of many sizes: only what can show nothing at all is odd.
        files = [name for (name, _), (a, b) in zip(read, sizes, strict=True) if min(a, b) < 4]
        if files and len(files) <= FEW * len(read):
            told = f"{_some(files)} less than 4 px wide or high."
            loaded.faults.append(fault("odd_encodings", "medium", told, files=files))
        return
    files = [
        name for (name, _), (a, b) in zip(read, sizes, strict=True)
        if a * b <= 0.5 * w * h or a * b >= 2 * w * h or not 0.67 < (a / b) / (w / h) < 1.5
    ]  # fmt: skip
    if files:
        told = f"{_some(files)} of another size or shape than {w:,} x {h:,}, which all others have."
        loaded.faults.append(fault("odd_encodings", "medium", told, files=files))


def _poor(loaded: Loaded, read: Sequence[tuple[str, Seen]]) -> None:
    """Blank, nearly black, nearly white and blurred pictures among others that are none of this."""
    kept = [(name, one.facts) for name, one in read if one.facts is not None]
    names, facts = [name for name, _ in kept], np.stack([values for _, values in kept])
    contrast, dark, bright = facts[:, AT["contrast"]], facts[:, AT["darkest"]], facts[:, AT["brightest"]]
    blank = contrast < FLAT
    if 0 < blank.sum() <= FEW * len(names):
        files = [names[i] for i in np.flatnonzero(blank)]
        told = f"{_some(files)} blank: one colour and nothing else."
        loaded.faults.append(fault("empty_files", "medium", told, files=files))
    told_of = {
        "nearly black": ~blank & _apart(-bright, -45.0, -90.0),
        "nearly white": ~blank & _apart(dark, 210.0, 165.0),
        "blurred": ~blank & _blurred(facts),
    }
    for how, hit in told_of.items():
        if 0 < hit.sum() <= FEW * len(names):
            files = [names[i] for i in np.flatnonzero(hit)]
            told = f"{_some(files)} {how}, unlike all others."
            loaded.faults.append(fault("poor_pictures", "medium", told, files=files))


def _apart(values: np.ndarray, beyond: float, below: float) -> np.ndarray:
    """bool [n]: what lies beyond one mark where nearly all others stay below another."""
    hit = values > beyond
    return hit & bool((~hit).any() and np.quantile(values[~hit], 0.98) < below)


def _blurred(facts: np.ndarray) -> np.ndarray:
    """bool [n]: no fine structure for its contrast, far outside what the set has (robust z below -6)."""
    fine = np.log(np.expm1(facts[:, AT["edges"]]) / (facts[:, AT["contrast"]] + 1.0) + 1e-4)
    middle = np.median(fine)
    spread = max(1.4826 * float(np.median(np.abs(fine - middle))), 0.1)
    return (fine - middle) / spread < -6
