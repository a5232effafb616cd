"""Whether what tells a class of pictures lies beside its subject or is the subject.

A frame, a mark in a corner and a wall behind the thing are beside it; a tint of the light lies on the thing
and on its ground, the colour of a ripe fruit on the fruit alone. Pictures that are one surface from edge to
edge (cloth, land from above) have no beside: their colour and texture may be what the classes are, and no
measurement of such pictures tells the two apart. The finding then says so, and stays low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.inputs import image_facts
from workers.probes.data.shortcut import properties
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut.doubt import SURE, Doubt
from workers.probes.data.shortcut.marks import NAME as MARK
from workers.probes.data.shortcut.search import Found

MOST = 240  # pictures of a side that are looked at
STANDS_OUT = 1.15  # times as far from the ground's colour as the rim, from which the middle holds a subject
FRAME = 0.06  # of the shorter side, left out where a rim is meant and no frame
RIM = 0.15
HALF = 0.5  # of a difference in the middle that must be at the rim as well
TELLS = 0.75  # AUC by which the rim alone must tell a class by its texture
FLAT = 0.2  # share of grey tones under which pictures are silhouettes
SURFACE = Doubt(
    "these pictures show one surface from edge to edge, so {it} may be what the class is", "low"
)  # fmt: skip
SUBJECT = Doubt("only the subject has it and not the ground behind it, so it may be what the class is", "low")


@dataclass
class Viewer:
    """The pictures of one target's rows: uint8 [n, h, w, c] or None, and their facts."""

    images: np.ndarray | None
    y: np.ndarray
    facts: dict[str, np.ndarray]

    def __post_init__(self) -> None:
        self.standing = {} if self.images is None else _standing_out(self.images, self.y)

    def _subjects(self, hit: Found) -> bool:
        """Whether the other classes' pictures show things on a ground; noise in its own would hide that."""
        others = [value for c, value in self.standing.items() if c not in hit.classes]
        return not others or float(np.median(others)) >= STANDS_OUT

    def judged(self, hit: Found) -> Doubt | None:
        """What speaks against its lying beside the subject; None where it only follows from the surface."""
        fault, name = hit.property.fault, hit.property.name
        if self.images is None or name == MARK:
            return SURE
        if fault == properties.BORDER:
            return self._border(hit)
        if fault == properties.BACKGROUND:
            return SURE if self._subjects(hit) else _surface("colour" if "red" in name else "this")
        if fault == properties.TINT or name == "brightness":
            if not self._subjects(hit):
                return _surface("brightness" if name == "brightness" else "colour")
            return SURE if self._on_the_ground_too(hit) else SUBJECT
        return self._texture(hit) if fault == properties.TEXTURE else SURE

    def _border(self, hit: Found) -> Doubt | None:
        """With subjects a rim is beside them; a surface's rim is the surface, but for a step all round."""
        own = np.isin(self.y, hit.classes)
        framed = own if hit.sign > 0 or hit.spike else ~own
        alike = float(np.median(self.facts["frame alike"][framed])) >= image_facts.FRAMED
        if hit.property.name == "frame alike" and not alike:
            return None  # nobody has a frame: rough pictures have more steps of any kind
        return SURE if self._subjects(hit) or alike else None

    def _on_the_ground_too(self, hit: Found) -> bool:
        """Whether middle and ground moved the same way: then it is the light's."""
        own = np.isin(self.y, hit.classes)
        red, green, blue = (self.facts[f"background {c}"] for c in ("red", "green", "blue"))
        if hit.property.name == "brightness":
            light = (red + green + blue) / 3
            return _shift(light, own) / (_shift(self.facts["brightness"], own) or 1.0) >= HALF
        if "saturation" in hit.property.name and np.ptp(self.facts["saturation"][~own]) < properties.GREY:
            return True  # all others are grey
        ground = np.array([_shift(red - green, own), _shift(blue - green, own)])
        middle = np.array([_shift(self.facts["tint red"], own), _shift(self.facts["tint blue"], own)])
        return bool(ground @ middle >= HALF * (middle @ middle))

    def _texture(self, hit: Found) -> Doubt | None:
        """On the ground as well it comes from the camera or the file; silhouettes have none of their own."""
        if not self._subjects(hit):
            return _surface("texture")
        assert self.images is not None
        own = np.isin(self.y, hit.classes)
        rows = np.concatenate([_some(part) for part in (own, ~own & (self.y >= 0))])
        area, _ = shortcut_search.auc(_grain(self.images[rows]), own[rows])
        if max(area, 1 - area) >= TELLS:
            return SURE
        ours, others = (float(np.median(self.facts["mid-grey"][part])) for part in (own, ~own))
        return SURE if others < FLAT <= ours else SUBJECT


def _surface(what: str) -> Doubt:
    return Doubt(SURFACE.says.format(it=what), SURFACE.most)


def _some(side: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(side)
    return rows[np.linspace(0, len(rows) - 1, min(MOST, len(rows))).astype(int)]


def _shift(values: np.ndarray, own: np.ndarray) -> float:
    return float(np.median(values[own]) - np.median(values[~own]))


def _within(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 [n, h, w, c] without what a frame would cover, and its rim: bool [h, w]."""
    side = min(images.shape[1:3])
    cut = round(FRAME * side)
    inner = images[:, cut : images.shape[1] - cut, cut : images.shape[2] - cut].astype(np.float32)
    rim = np.ones(inner.shape[1:3], bool)
    wide = max(1, round(RIM * side))
    rim[wide:-wide, wide:-wide] = False
    return inner, rim


def _standing_out(images: np.ndarray, y: np.ndarray) -> dict[int, float]:
    """Class -> how many times as far as the rim its pictures' middle is from the colour of the rim."""
    if min(images.shape[1:3]) < 6:
        return {}
    found = {}
    for c in np.unique(y[y >= 0]).tolist():
        inner, rim = _within(images[_some(y == c)])
        ground = np.median(inner[:, rim], axis=1)[:, None, None]
        away = np.abs(inner - ground).max(axis=3)
        down, across = (size // 4 for size in away.shape[1:])
        middle = away[:, down : away.shape[1] - down, across : away.shape[2] - across]
        found[c] = float(np.median(middle.mean(axis=(1, 2)) / (away[:, rim].mean(axis=1) + 1)))
    return found


def _grain(images: np.ndarray) -> np.ndarray:
    """float [n]: how much neighbouring points differ at the rim, where it is even: grounds have edges too."""
    inner, rim = _within(images)
    grey = inner.mean(axis=3)
    bend = np.abs(4 * grey - sum(np.roll(grey, step, axis) for axis in (1, 2) for step in (1, -1)))
    edge = np.zeros_like(rim)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    rim = rim & ~edge if (rim & ~edge).any() else np.ones_like(rim)  # of eight pixels all are near the rim
    values: np.ndarray = np.quantile(bend[:, rim], 0.25, axis=1)
    return values
