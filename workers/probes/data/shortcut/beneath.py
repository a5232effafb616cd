"""Whether what tells a class of sounds lies beneath its sounds or is the sounds themselves.

A bell differs from a buzzer by a fading tone, a note from another by its pitch, an engine hums because it is
an engine: none of that is a shortcut. A hum that goes on through the pauses is, and so are another noise in
the pauses and another level of the recording. Listened to are the beginnings of sounds that were kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workers.inputs.audio_under import COARSER, ROOM, Under
from workers.probes.base import Sample
from workers.probes.data.shortcut import properties
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut.doubt import SURE, Doubt
from workers.probes.data.shortcut.search import FEWEST, Found

HEARD = 12  # sounds of a class that are listened to for a tone
MOST = 60  # sounds of a side whose pauses are measured
FEW = 3
HALF = 0.5  # share of them that decides
MAINS, HARMONICS = (50.0, 60.0), 4  # Hz, and up to which multiple hum is heard
AGREE = 0.003  # of a frequency, within which sounds have the same
CLOSE = 0.01  # of a mains frequency or its harmonic
UNHEARD = Doubt("too few of its sounds were kept to hear whether it is the sound itself", "medium")
ITSELF = Doubt("little else is heard there, so it may be what the class sounds like", "low")
NO_PAUSES = Doubt("its sounds have no pauses, so the noise may be what the class sounds like", "low")
NO_LEVEL = Doubt("without pauses in its sounds their level cannot be told from the recording's", "medium")
SOFTER = Doubt("their pauses are as loud as elsewhere, so the sounds themselves may differ", "low")


@dataclass
class Listener:
    """The kept sounds of one target's rows: ``at`` their places in the sample's arrays."""

    sample: Sample
    at: np.ndarray
    y: np.ndarray
    facts: dict[str, np.ndarray]
    _heard: dict[int, Under] = field(default_factory=dict)
    _noise: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = self.sample.arrays.get("sound_ids")
        ids = self.sample.arrays["ids"][self.at]
        places = {int(i): place for place, i in enumerate(kept)} if kept is not None else {}
        self.place = np.array([places.get(int(i), -1) for i in ids])

    def judged(self, hit: Found) -> Doubt | None:
        """What speaks against its lying beneath the sounds; None where it is the sounds' own."""
        name, fault = hit.property.name, hit.property.fault
        if fault == properties.HUM and name.startswith("line at "):
            return self._tone(hit, float(name.split()[2]))
        if fault == properties.HUM:
            return self._floor(hit)
        return self._level(hit) if fault == properties.LOUDNESS else SURE

    def _tone(self, hit: Found, near: float) -> Doubt | None:
        """Of the side that has the tone: does it go on in the pauses, and is there more than it?"""
        if hit.sign > 0:
            has = np.isin(np.arange(len(self.y)), hit.carriers)
        else:
            has = ~np.isin(self.y, hit.classes) & (hit.property.values >= properties.LEAST_LINE)
        rows = np.flatnonzero(has & (self.place >= 0))
        rows = rows[np.linspace(0, len(rows) - 1, min(HEARD, len(rows))).astype(int)]
        if len(rows) < FEW:
            return UNHEARD
        tones, room = [], []
        for i in rows.tolist():
            sound = self._sound(i)
            hertz = sound.exact(near)
            found = next((at for at in (hertz, float(round(hertz))) if sound.goes_on(at)), None)
            if found is None and sound.goes_on(near) and sound.goes_on(near, COARSER):
                found = near  # what passes by is stronger there for a while
            if found is not None:
                tones.append(found)
                room.append(sound.room(found))
        if len(tones) < HALF * len(rows):
            return None
        middle = float(np.median(tones))
        one = np.abs(np.array(tones) - middle) <= max(1.0, AGREE * middle)  # a hum has one frequency
        if (one & (np.array(room) >= ROOM)).sum() >= HALF * len(rows):
            return SURE
        return ITSELF if _of_the_mains(middle) else None

    def _floor(self, hit: Found) -> Doubt | None:
        """The noise of pauses alone, where the sounds have pauses."""
        own = np.isin(self.y, hit.classes)
        noise = self._pauses(own)
        ours, others = (self._share(part) for part in (own, ~own))
        if min(ours, others) >= HALF:
            return SURE if shortcut_search.holds(hit, noise, self.y) else None
        return NO_PAUSES if hit.sign > 0 and others >= HALF else None

    def _level(self, hit: Found) -> Doubt | None:
        """At its peaks as well, or its sounds are short and not quiet; and with the noise of the room."""
        own = np.isin(self.y, hit.classes)
        shift = _shift(hit.property.values, own)
        if _shift(20 * np.log10(np.maximum(self.facts["peak"], 1e-6)), own) / shift < HALF:
            return None
        noise = self._pauses(own)
        if min(self._share(part) for part in (own, ~own)) < HALF:
            return NO_LEVEL
        seen = np.isfinite(noise)
        return SURE if _shift(noise[seen], own[seen]) / shift >= HALF else SOFTER

    # -- sounds -----------------------------------------------------------------------------------------
    def _pauses(self, own: np.ndarray) -> np.ndarray:
        """float [n]: noise in the pauses of up to MOST sounds of each side, NaN elsewhere."""
        for side in (own, ~own & (self.y >= 0)):
            kept = np.flatnonzero(side & (self.place >= 0))
            for i in kept[np.linspace(0, len(kept) - 1, min(MOST, len(kept))).astype(int)].tolist():
                if i not in self._noise:
                    self._noise[i] = self._sound(i).noise()
        out = np.full(len(self.y), np.nan)
        out[list(self._noise)] = list(self._noise.values())
        return out

    def _share(self, side: np.ndarray) -> float:
        """Of the sounds of a side that were listened to, those with a pause; 0 of fewer than FEWEST."""
        noise = [value for i, value in self._noise.items() if side[i]]
        return float(np.isfinite(noise).mean()) if len(noise) >= FEWEST else 0.0

    def _sound(self, i: int) -> Under:
        if i not in self._heard:
            arrays, place = self.sample.arrays, self.place[i]
            samples = arrays["sounds"][place, : arrays["sound_lengths"][place]] / 32_768
            self._heard[i] = Under(samples, int(arrays["sound_rates"][place]))
        return self._heard[i]


def _shift(values: np.ndarray, own: np.ndarray) -> float:
    return float(np.median(values[own]) - np.median(values[~own]))


def _of_the_mains(hertz: float) -> bool:
    return any(abs(hertz / (at * k) - 1) < CLOSE for at in MAINS for k in range(1, HARMONICS + 1))
