"""What lies under a sound and is no part of it: a hum that goes on in its pauses, the noise of its room.

A bell's tone fades, a note has a beginning and an end, an engine's hum is all there is of it. What comes out
of the wall or the recorder is there as loudly in the quietest moment as in the loudest, with one phase, and
the sound itself stands well over it. Mono samples at any rate; levels in dB of full scale.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

ROOM = 10.0  # dB the loud moments stand over a tone that is no sound of its own
PARTS, COARSER = 12, 7  # equal pieces of a sound
QUIETEST = 3  # pieces, the quietest, in which a tone must be the same
SAME = 0.35  # of a tone's strength, within which it is the same
LONGEST = 4.0  # seconds looked at
SHORTEST = 0.2
FAMILY = 40  # a tone may be up to the 40th harmonic of the sound's own pitch
LOWEST, HIGHEST = 25.0, 5_000.0  # Hz of a pitch, and of its harmonics
SHARP = 1_000.0  # Hz above which the place of a harmonic is less sure
MEMBERS, FIRST = 0.6, 4  # share that a family has of the harmonics up to a tone, and of its first ones
NARROW = 10.0  # times the power beside it from which a harmonic counts
LINE = 2.0  # half the width of a line, in steps of one over the sound's length
LOUD = 0.95  # quantile of the moments that stand for loud
MOMENT = 0.02  # seconds
PAUSE = 4  # moments in a row that make a pause
EVEN, BELOW = 6.0, 12.0  # dB within which a pause stays, and under the loud moments
RISES = 13.0  # dB over its neighbours from which one frequency of a pause is a tone
NOTHING = -110.0  # dB


class Under:
    """One sound, asked for what lies under it."""

    def __init__(self, samples: np.ndarray, rate: int) -> None:
        self.part = samples[: int(LONGEST * rate)].astype(np.float64)
        self.part -= self.part.mean() if len(self.part) else 0.0
        self.rate = rate

    @cached_property
    def moments(self) -> np.ndarray:
        """dB of each MOMENT, each less its own mean."""
        size = max(8, int(MOMENT * self.rate))
        whole = self.part[: max(1, len(self.part) // size) * size]
        return 20 * np.log10(np.maximum(whole.reshape(-1, min(size, len(whole))).std(axis=1), 1e-6))

    @cached_property
    def loud(self) -> float:
        return float(np.quantile(self.moments, LOUD))

    @cached_property
    def _power(self) -> np.ndarray:
        """Power of a sine at each frequency, of the whole sound at once: steps of ``_step`` Hz."""
        window = np.hanning(len(self.part))
        size = 1 << (4 * len(self.part) - 1).bit_length()
        strength: np.ndarray = 2 * np.abs(np.fft.rfft(self.part * window, size)) / window.sum()
        return strength**2 / 2

    @property
    def _step(self) -> float:
        return self.rate / (2 * (len(self._power) - 1))

    def exact(self, hertz: float) -> float:
        """The frequency of the strongest point within 6 Hz, or of the peak whose slope that is."""
        power, step = self._power, self._step
        near = np.arange(max(1, int((hertz - 6) / step)), int((hertz + 6) / step) + 1)
        near = near[near < len(power) - 1]
        if not len(near):
            return hertz
        best = int(near[np.argmax(power[near])])
        for way in (-1, 1):
            while 0 < best < len(power) - 1 and power[best + way] > power[best]:
                best += way
        return best * step

    def goes_on(self, hertz: float, parts: int = PARTS) -> bool:
        """Whether a tone is there in the quietest moments, of one phase, and no fainter than elsewhere.

        A tone beside it turns by whole circles from piece to piece at one number of pieces, not at two.
        """
        if len(self.part) < SHORTEST * self.rate or not 0 < hertz < self.rate / 2:
            return False
        size = len(self.part) // parts
        pieces = self.part[: parts * size].reshape(parts, size)
        turned = np.exp(-2j * np.pi * hertz / self.rate * np.arange(parts * size)).reshape(parts, size)
        centred = pieces - pieces.mean(axis=1, keepdims=True)
        sums = (centred * turned * np.hanning(size)).sum(axis=1)
        quiet = sums[np.argsort((pieces**2).sum(axis=1), kind="stable")[:QUIETEST]]
        # What sounds over it for a while moves some of the pieces: so their middle.
        middle = complex(np.median(sums.real), np.median(sums.imag))
        own = complex(quiet.mean())
        alike = np.abs(quiet - own) < SAME * abs(own)
        return bool(alike.all() and abs(own) > (1 - SAME) * abs(middle))

    def room(self, hertz: float) -> float:
        """dB that the loud moments stand over a tone and the harmonic family it may be one of.

        An organ stands 0 dB over its pitch, a voice 20 dB over the hum of its microphone.
        """
        if len(self.part) < SHORTEST * self.rate or not 0 < hertz < self.rate / 2:
            return 0.0
        from scipy.ndimage import maximum_filter1d

        power, step = self._power, self._step
        wide = max(1, round(LINE * self.rate / len(self.part) / step))
        near, far = (maximum_filter1d(power, 2 * width + 1) for width in (wide, 3 * wide))
        next_to = np.r_[-5 * wide : -2 * wide, 2 * wide + 1 : 5 * wide + 1]
        most = float(power[max(0, round(hertz / step) - wide) : round(hertz / step) + wide + 1].max())
        for times in range(1, FAMILY + 1):
            base = hertz / times
            if base < LOWEST and times > 1:
                break
            at = np.round(np.arange(base, min(self.rate / 2, HIGHEST), base) / step).astype(int)
            at = at[at < len(power)]
            beside = np.median(power[np.clip(at[:, None] + next_to, 0, len(power) - 1)], axis=1)
            lines = np.where(at * step < SHARP, near[at], far[at])
            there = lines > NARROW * beside
            # A family has members: of another sound's pitch one or two fall on the comb by chance.
            if there[:times].mean() >= MEMBERS and there[:FIRST].mean() >= MEMBERS:
                most = max(most, float(lines[there].sum()))
        return float(self.loud - 10 * np.log10(most + 1e-12))

    def noise(self) -> float:
        """dB of the noise in the quietest pause; NaN without one, or where a tone is still fading in it."""
        level = self.moments
        if len(level) < 2 * PAUSE:
            return float("nan")
        runs = np.lib.stride_tricks.sliding_window_view(level, PAUSE)
        mean = runs.mean(axis=1)
        first = int(np.argmin(mean))
        if mean[first] <= NOTHING:
            return float(mean[first])
        size = max(8, int(MOMENT * self.rate))
        pause = self.part[first * size : (first + PAUSE) * size]
        if np.ptp(runs[first]) > EVEN or mean[first] > self.loud - BELOW or _tonal(pause):
            return float("nan")
        return float(mean[first])


def _tonal(pause: np.ndarray) -> bool:
    """Whether one frequency stands out of those beside it, as none does in a moment of noise."""
    power = np.abs(np.fft.rfft((pause - pause.mean()) * np.hanning(len(pause)))) ** 2
    level = 10 * np.log10(power + 1e-20)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(level, 12, mode="reflect"), 25)
    return bool((level - np.median(around, axis=1)).max() > RISES)
