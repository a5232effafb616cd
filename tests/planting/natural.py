"""Clean sets whose classes differ by nature in what elsewhere is a shortcut: tones, noise, colours, grain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Sounds = tuple[list[np.ndarray], list[str]]
Pictures = tuple[list[np.ndarray], list[str]]
RATE = 8_000
NOTES = {"E2": 82.4, "A2": 110.0, "D3": 146.8, "G3": 196.0}
DRONES = {"at 60 Hz": 60.0, "at 85 Hz": 85.0, "at 130 Hz": 130.0}
VOWELS = {"ah": (730, 1090, 2440), "ee": (270, 2290, 3010), "oo": (300, 870, 2240), "eh": (530, 1840, 2480)}


# -- sounds -------------------------------------------------------------------------------------------
def _heard(
    labels: Sequence[str], make: Callable[[np.random.Generator, str], np.ndarray], each: int, seed: int
) -> Sounds:
    """Each sound somewhere between soft and loud, over the noise of a room: int16 arrays, and labels."""
    rng = np.random.default_rng([seed, 90])
    sounds, told = [], []
    for label in labels:
        for _ in range(each):
            wave = make(rng, label)
            wave = wave * rng.uniform(0.3, 0.8) / np.abs(wave).max()
            wave += rng.normal(0, rng.uniform(0.002, 0.006), len(wave))
            sounds.append((wave * 32_767).clip(-32_767, 32_767).astype(np.int16))
            told.append(label)
    return sounds, told


def _time(rng: np.random.Generator, short: float = 0.8, long: float = 1.4) -> np.ndarray:
    return np.arange(int(RATE * rng.uniform(short, long))) / RATE


def bells(each: int = 40, seed: int = 0) -> Sounds:
    """A bell that fades, a buzzer that goes on, a siren that rises or falls; of any pitch."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        t, f = _time(rng), rng.uniform(220, 900)
        if label == "bell":
            partials = ((1, 3), (2.76, 5), (5.4, 7))
            return sum(np.sin(2 * np.pi * f * m * t) * np.exp(-t * fade) for m, fade in partials)
        if label == "buzzer":
            return np.sign(np.sin(2 * np.pi * f * t)) * (
                0.7 + 0.3 * np.sin(2 * np.pi * rng.uniform(4, 9) * t)
            )
        return np.sin(2 * np.pi * f * (t + rng.choice([-0.25, 0.45]) * t**2 / t[-1]))

    return _heard(("bell", "buzzer", "siren"), make, each, seed)


def plucked(each: int = 30, seed: int = 0) -> Sounds:
    """Notes of a guitar, each a class (Karplus and Strong 1983)."""
    from scipy.signal import lfilter

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        t = _time(rng)
        period = round(RATE / NOTES[label])
        loop = np.zeros(period + 2)
        loop[0], loop[period:] = 1.0, -0.498
        burst = np.zeros(len(t))
        burst[:period] = rng.uniform(-1, 1, period)
        return lfilter([1.0], loop, burst - burst[:period].mean() * (burst != 0))

    return _heard(tuple(NOTES), make, each, seed)


def scale(each: int = 20, seed: int = 0) -> Sounds:
    """Pure tones of twelve pitches, each a class."""
    pitch = {f"tone {k}": 220 * 2 ** (k / 12) for k in range(12)}

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        t = _time(rng)
        fade = np.minimum(1, np.minimum(t, t[-1] - t) / 0.03)
        return np.sin(2 * np.pi * pitch[label] * t + rng.uniform(0, 6)) * fade

    return _heard(tuple(pitch), make, each, seed)


def any_pitch(each: int = 60, seed: int = 0) -> Sounds:
    """Pure tones of any pitch: lower and higher ones."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        f = rng.uniform(150, 900) if label == "low" else rng.uniform(900, 2_500)
        return np.sin(2 * np.pi * f * _time(rng))

    return _heard(("low", "high"), make, each, seed)


def drones(each: int = 40, seed: int = 0) -> Sounds:
    """Engines at three speeds that waver, with their harmonics: one of them turns as fast as mains hum."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        t = _time(rng)
        wavers = 1 + 0.004 * np.cumsum(rng.normal(0, 1, len(t))) / np.sqrt(RATE)
        turn = 2 * np.pi * np.cumsum(DRONES[label] * (1 + 0.01 * rng.normal()) * wavers) / RATE
        voice = sum(np.sin(m * turn + rng.uniform(0, 6)) / m**0.7 for m in range(1, 9))
        return voice + 0.25 * rng.normal(0, 1, len(t))

    return _heard(tuple(DRONES), make, each, seed)


def yard(each: int = 40, seed: int = 0) -> Sounds:
    """An owl, a cricket and knocks on wood: the knocks are as loud, but short."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        t = _time(rng, 0.9, 1.2)
        if label == "knocks":
            starts = rng.uniform(0.1, 0.8, 3)
            return sum(
                np.where(t > at, rng.normal(0, 1, len(t)), 0) * np.exp(-60 * np.maximum(t - at, 0))
                for at in starts
            )
        swell = np.sin(np.pi * t / t[-1]) ** 2
        if label == "owl":
            return np.sin(2 * np.pi * rng.uniform(250, 420) * t) * swell
        return np.sin(2 * np.pi * (rng.uniform(1_800, 3_000) * t + 67 * np.sin(2 * np.pi * 6 * t))) * swell

    return _heard(("owl", "cricket", "knocks"), make, each, seed)


def voices(each: int = 40, seed: int = 0) -> Sounds:
    """Vowels of low and high voices between two pauses: pulses through three formants (Peterson 1952)."""
    from scipy.signal import lfilter

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        low = rng.random() < 0.5
        size = int(RATE * rng.uniform(0.25, 0.5))
        pitch = rng.uniform(95, 140) if low else rng.uniform(170, 240)
        tract = rng.uniform(0.93, 1.03) if low else rng.uniform(1.1, 1.2)
        glide = pitch * np.linspace(1.05, 0.92, size) * (1 + 0.03 * np.sin(np.arange(size) / RATE * 31))
        wave = np.diff(np.floor(np.cumsum(glide) / RATE), prepend=0) + 0.02 * rng.normal(0, 1, size)
        for formant, width in zip(VOWELS[label], (80, 100, 140), strict=True):
            pole = np.exp(-np.pi * width / RATE)
            turn = 2 * np.pi * formant * tract / RATE
            wave = lfilter([1.0], [1.0, -2 * pole * np.cos(turn), pole * pole], wave)
        before, after = (np.zeros(int(RATE * rng.uniform(0.1, 0.3))) for _ in range(2))
        return np.concatenate([before, wave * np.sqrt(np.hanning(size)), after])

    return _heard(tuple(VOWELS), make, each, seed)


# -- pictures -----------------------------------------------------------------------------------------
def _seen(
    labels: Sequence[str], make: Callable[[np.random.Generator, str], np.ndarray], each: int, seed: int
) -> Pictures:
    rng = np.random.default_rng([seed, 91])
    told = [label for label in labels for _ in range(each)]
    return [make(rng, label).clip(0, 255).astype(np.uint8) for label in told], told


def _blurred(rng: np.random.Generator, side: int, width: float) -> np.ndarray:
    """Noise of unit spread, smooth over ``width`` px: float [side, side]."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.normal(0, 1, (side, side)), width)
    return noise / noise.std()


def cloth(each: int = 50, seed: int = 0, side: int = 48) -> Pictures:
    """Cloth from edge to edge, in any colour: the texture is the class."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        grain = _blurred(rng, side, {"silk": 6.0, "wool": 2.5, "linen": 0.8, "denim": 0.0}[label])
        if label == "denim":
            y, x = np.mgrid[:side, :side]
            grain = 0.5 * grain + np.sin(2 * np.pi * (x + y) / 5)
        colour = rng.uniform(60, 190, 3) + grain[:, :, None] * rng.uniform(12, 25)
        return colour + rng.normal(0, 2, (side, side, 3))

    return _seen(("silk", "wool", "linen", "denim"), make, each, seed)


LAND = {  # colour, spread of the colour, width of the grain in px, grey levels of the grain
    "forest": ((40, 85, 40), 8, 1.2, 15),
    "water": ((30, 60, 110), 10, 4.0, 4),
    "desert": ((205, 175, 120), 10, 3.0, 8),
    "meadow": ((120, 140, 60), 20, 0.8, 9),
}


def land(each: int = 50, seed: int = 0, side: int = 48) -> Pictures:
    """Land from above: the colour and the texture are the class."""

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        colour, spread, width, level = LAND[label]
        grain = _blurred(rng, side, width)[:, :, None] * level
        return np.array(colour) + rng.normal(0, spread, 3) + grain + rng.normal(0, 3, (side, side, 3))

    return _seen(tuple(LAND), make, each, seed)


def fruit(each: int = 60, seed: int = 0, side: int = 48) -> Pictures:
    """Ripe and unripe, round, on grounds of any soft colours: the subject's colour is the class."""
    from PIL import Image

    def make(rng: np.random.Generator, label: str) -> np.ndarray:
        soft = Image.fromarray(rng.integers(40, 200, (6, 6, 3)).astype(np.uint8))
        picture = np.asarray(soft.resize((side, side), Image.Resampling.BICUBIC)).astype(float)
        y, x = np.mgrid[:side, :side]
        far = np.hypot(x - rng.uniform(0.4, 0.6) * side, y - rng.uniform(0.4, 0.6) * side)
        colour = {"ripe": (200, 50, 45), "unripe": (70, 150, 60)}[label]
        picture[far < rng.uniform(0.2, 0.3) * side] = np.array(colour) + rng.normal(0, 14, 3)
        return picture + rng.normal(0, 5, picture.shape)

    return _seen(("ripe", "unripe"), make, each, seed)


SOUNDS: dict[str, Callable[..., Sounds]] = {
    "bells": bells, "plucked": plucked, "scale": scale, "any pitch": any_pitch, "drones": drones,
    "yard": yard, "voices": voices,
}  # fmt: skip
PICTURES: dict[str, Callable[..., Pictures]] = {"cloth": cloth, "land": land, "fruit": fruit}
