"""What a sound holds beside its content: length, silence, clipping, offset, hum, noise floor, bandwidth.

Measured once, in prepare. Levels are in dB of full scale. Probes read the array ``facts`` float32
[n, len(NAMES)]. "line at 50 Hz" is how far a steady narrow tone stands over the frequencies beside it, dB.
"""

from __future__ import annotations

import numpy as np

from workers.inputs.audio_under import Under
from workers.inputs.wav import thinned

PLAIN = (
    "seconds", "loudness", "peak", "silent before", "silent after", "silent share", "offset", "clipped",
    "noise floor", "bandwidth", "line", "line frequency", "line loudness", "without line",
    "mains", "mains loudness", "mains steady", "mains goes on", "mains room",
)  # fmt: skip
GRID = np.arange(20.0, 4_000.0, 10.0)  # Hz: where steady tones are looked for
NAMES = (*PLAIN, *(f"line at {hertz:.0f} Hz" for hertz in GRID))
AT = {name: place for place, name in enumerate(NAMES)}
FIRST = len(PLAIN)
KEPT = FIRST + 14  # with the lines up to 150 Hz: what is kept of every file of an upload
FINE = np.arange(0.0, 4_100.0, 2.0)  # Hz
NEAR = (GRID[:, None] / 2 + np.arange(-3, 4)).astype(int)  # places in FINE
BESIDE = np.clip(GRID[:, None] / 2 + np.r_[-35:-7, 8:36], 0, len(FINE) - 1).astype(int)
MAINS = (50.0, 60.0)  # Hz
WINDOW = 0.25  # seconds of sound in one spectrum, so that 50 and 60 Hz stand apart
LONGEST = 20.0  # seconds looked at for tones
STEADY = 20  # percentile over time: what is there even in the quiet moments
PARTS = 12
STANDS_OUT = 6.0  # dB over what is beside it from which a mains tone is looked at closely
FLOOR = 1e-6  # of full scale: below what 16 bit can hold
HISS = -100.0  # dB in one bin of a spectrum: 20 dB over the grain of 16 bit
BANDS = 62.5 * 2.0 ** (np.arange(0, 97) / 12)  # Hz, twelve an octave, 62.5 Hz to 16 kHz


def decibels(amplitude: float | np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(amplitude, FLOOR))


def measured(samples: np.ndarray, rate: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """float32 [len(NAMES)] of mono samples, and the shape of its spectrum, dB [len(BANDS)]."""
    values = np.zeros(len(NAMES), np.float32)
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    offset = float(samples.mean(dtype=np.float64))
    constant = offset if _stays(samples, offset) else 0.0
    frame = max(8, int(0.02 * rate))
    whole = samples[: max(1, len(samples) // frame) * frame]
    # Each moment less its own mean: a voice has a mean of its own, which the silence beside it has not.
    loud = whole.reshape(-1, min(frame, len(whole))).std(axis=1)
    # Within 46 dB of its loud moments: what a soft consonant still reaches, and an empty room does not; of a
    # room that is less quiet, what stands 8 dB over its quietest moments, if these are 34 dB under the loud.
    most, room = np.quantile(loud, 0.95), float(np.quantile(loud, 0.05))
    heard = np.flatnonzero(loud > max(30 * FLOOR, 0.005 * most, 2.5 * room if room < 0.02 * most else 0.0))
    before, after = (heard[0], len(loud) - 1 - heard[-1]) if len(heard) else (len(loud), 0)
    step = len(whole) / len(loud) / rate
    flat, most = clipped(samples), float(np.abs(samples).max())
    samples, rate = thinned(samples, rate)
    power, hertz = _steady(samples[: int(LONGEST * rate)] - np.float32(offset), rate)
    lines = _lines(power[0], hertz)
    line, frequency, level = _strongest(lines, power[0], hertz)
    # Where one tone is nearly all there is, its frequency must be exact to take it out.
    tones = [frequency]
    if level > float(decibels(rms)) - 12:
        tones += [round(frequency), *(frequency + np.array([-0.06, -0.03, 0.03, 0.06]))]
    mains = max(MAINS, key=lambda at: lines[int(np.argmin(np.abs(GRID - at)))])
    hum = peak(power[0], hertz, mains)
    hum = max((hum, mains), key=lambda at: _coherent(samples, rate, at)) if abs(hum - mains) < 2 else mains
    left = min(_without(samples, rate, tone) for tone in tones)
    values[: len(PLAIN)] = (
        seconds, decibels(rms), most, before * step, after * step,
        1 - len(heard) / len(loud), constant, flat, decibels(np.quantile(loud, 0.05)),
        _bandwidth(power[1], hertz), line, frequency, level, decibels(left),
        hum, 10 * np.log10(np.interp(hum, hertz, power[0])), _coherent(samples, rate, hum),
        *_under(samples, rate, hum, lines[int(np.argmin(np.abs(GRID - mains)))]),
    )  # fmt: skip
    values[FIRST:] = lines
    return values, _shape(power[1], hertz)


def _stays(samples: np.ndarray, offset: float) -> bool:
    """Whether a mean is that of most of the sound's PARTS: wind and a plucked string wander about zero."""
    size = len(samples) // PARTS
    if size < 8:
        return True
    means = samples[: PARTS * size].reshape(PARTS, size).mean(axis=1, dtype=np.float64)
    return bool((np.abs(means - offset) < 0.5 * abs(offset)).mean() >= 0.75)


def clipped(samples: np.ndarray) -> float:
    """Share of samples in runs of three or more at the sound's own largest or smallest value.

    A run counts where the wave arrives steeply: the round top of a slow tone has equal samples too.
    """
    high, low = float(samples.max()), float(samples.min())
    peak = max(high, -low)
    if peak < 0.02 or len(samples) < 8:
        return 0.0  # whatever it is, it is silence
    total = 0
    for end in (high, low):
        if abs(end) < 0.3 * peak:
            continue
        at = np.abs(samples - end) <= 0.6 / 32_768
        edges = np.flatnonzero(np.diff(np.r_[False, at, False].astype(np.int8)))
        start, stop = edges[::2], edges[1::2]
        before = np.abs(samples[np.maximum(start - 2, 0)] - end)
        after = np.abs(samples[np.minimum(stop + 1, len(samples) - 1)] - end)
        runs = (stop - start >= 3) & (np.maximum(before, after) > 0.03 * peak)
        total += int((stop - start)[runs].sum())
    return total / len(samples)


def _steady(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Power spectra float64 [2, bins]: what is there most of the time, and the mean; and the bins' Hz."""
    size = min(max(64, int(WINDOW * rate)), max(64, len(samples)))
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    window = np.hanning(size).astype(np.float32)
    window /= window.sum() / 2
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: max(1, size // 4)]
    if len(frames) > 80:
        frames = frames[np.linspace(0, len(frames) - 1, 80).astype(int)]
    length = 1 << (2 * size - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(frames * window, length)) ** 2
    power = np.stack([np.percentile(spectrum, STEADY, axis=0), spectrum.mean(axis=0)])
    return power + FLOOR**2, np.fft.rfftfreq(length, 1 / rate)


def _lines(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """dB that the strongest point within 6 Hz of GRID stands over the middle of those 16 to 70 Hz away."""
    level = np.interp(FINE, hertz, 10 * np.log10(power))
    out = level[NEAR].max(axis=1) - np.median(level[BESIDE], axis=1)
    return np.where(hertz[-1] - 20 >= GRID, out, 0.0)


def _strongest(lines: np.ndarray, power: np.ndarray, hertz: np.ndarray) -> tuple[float, float, float]:
    """The steadiest narrow tone: dB over what is beside it, its Hz, and its level."""
    place = int(np.argmax(lines))
    frequency = peak(power, hertz, GRID[place])
    return float(lines[place]), frequency, float(10 * np.log10(np.interp(frequency, hertz, power)))


def peak(power: np.ndarray, hertz: np.ndarray, at: float) -> float:
    """Hz of the highest point within 6 Hz, between the bins: the top of a parabola through three."""
    near = np.flatnonzero(np.abs(hertz - at) <= 6)
    if not len(near):
        return float(at)
    best = int(near[np.argmax(power[near])])
    if not 0 < best < len(power) - 1:
        return float(hertz[best])
    left, middle, right = 10 * np.log10(power[best - 1 : best + 2])
    bend = left - 2 * middle + right
    shift = float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
    return float(hertz[best] + shift * hertz[1])


def _coherent(samples: np.ndarray, rate: int, frequency: float) -> float:
    """Share of the sound's PARTS in which a tone has one strength and one phase, as mains have."""
    part = samples[: 2 * rate]
    turned = part * np.exp(-2j * np.pi * frequency / rate * np.arange(len(part)))
    size = len(turned) // PARTS
    if size < 8:
        return 0.0
    sums = turned[: PARTS * size].reshape(PARTS, size).sum(axis=1)
    # What sounds over it for a while moves some of the parts: so their middle, and how many are near it.
    middle = complex(np.median(sums.real), np.median(sums.imag))
    return float((np.abs(sums - middle) < 0.35 * abs(middle)).mean())


def _under(samples: np.ndarray, rate: int, frequency: float, line: float) -> tuple[float, float]:
    """1 where a mains tone goes on in the quietest moments, and dB that the loud ones stand over it."""
    if line < STANDS_OUT:
        return 0.0, 0.0
    sound = Under(samples, rate)
    return float(sound.goes_on(frequency)), sound.room(frequency)


def _without(samples: np.ndarray, rate: int, frequency: float) -> float:
    """rms of what is left when the offset and one steady tone with its harmonics are taken out."""
    place = np.arange(len(samples))
    if len(samples) > 4 * rate:  # four seconds, from all over the sound
        starts = np.linspace(0, len(samples) - rate, 4).astype(int)
        place = (starts[:, None] + np.arange(rate)).ravel()
    part = samples[place].astype(np.float64)
    basis = [np.ones(len(part))]
    turned = np.exp(2j * np.pi * frequency / rate * place)
    harmonic = turned
    for times in (1, 2, 3):
        if 0 < times * frequency < rate / 2:
            basis += [harmonic.imag, harmonic.real]
            harmonic = harmonic * turned
    rows = np.stack(basis)
    found, *_ = np.linalg.lstsq(rows @ rows.T + 1e-9 * np.eye(len(rows)), rows @ part, rcond=None)
    return float(np.sqrt(np.mean((part - found @ rows) ** 2)))


def _bandwidth(power: np.ndarray, hertz: np.ndarray) -> float:
    """Hz above which the mean spectrum holds nothing: 60 dB under its highest part, and no hiss either.

    A clean tone stands more than 60 dB over the hiss of its room, which a lower rate would have cut off:
    so hiss counts too, down to 85 dB and in pieces of a twelfth of the band.
    """
    level = 10 * np.log10(power)
    most, wide = level.max(), max(1, len(level) // 12)
    pieces = np.median(level[: len(level) // wide * wide].reshape(-1, wide), axis=1)
    hiss = np.repeat(pieces > max(most - 85, HISS), wide)
    heard = np.flatnonzero((level > most - 60) | np.pad(hiss, (0, len(level) - len(hiss)), mode="edge"))
    return float(hertz[heard[-1]])


def _shape(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """dB in BANDS, a sixth of an octave smooth; NaN above what the rate holds."""
    edges = np.r_[BANDS * 2 ** (-1 / 12), BANDS[-1] * 2 ** (1 / 12)]
    total = np.cumsum(np.r_[0.0, power])
    start = np.searchsorted(hertz, edges[:-1])
    stop = np.maximum(np.searchsorted(hertz, BANDS * 2 ** (1 / 12)), start + 1)
    stop = np.minimum(stop, len(power))
    start = np.minimum(start, stop - 1)
    level = 10 * np.log10((total[stop] - total[start]) / (stop - start) + FLOOR**2)
    return np.where(hertz[-1] >= BANDS, level, np.nan)
