"""Sounds as rooms, microphones and telephones spoil them."""

from __future__ import annotations

import numpy as np

from workers.inputs import audio
from workers.probes.base import Budget, Sample
from workers.probes.security.noise.course import Course, Kind, stream
from workers.probes.surrogate import FEWEST, Rows

MOST_SECONDS = 900.0  # of spoilt sound in all
KINDS = (
    Kind("background", "Background noise", ("20 dB under the sound", "10 dB under it", "5 dB under it")),
    Kind("quieter", "A quiet recording", ("6 dB quieter", "12 dB quieter", "20 dB quieter")),
    Kind("clipped", "Clipping", ("at 50% of the peak", "at 25%", "at 10%")),
    Kind("shifted", "A late start", ("0.05 seconds", "0.1 seconds", "0.2 seconds")),
    Kind("muffled", "A muffled sound", ("nothing above 3,000 Hz", "above 2,000 Hz", "above 1,000 Hz")),
)


def course(sample: Sample, found: Rows, budget: Budget) -> Course | str:
    """Of the sounds that prepare kept; a sentence where it kept too few."""
    if "sounds" not in sample.arrays:
        return "The sounds themselves were not kept, so they cannot be spoilt."
    at = {int(i): place for place, i in enumerate(sample.arrays["sound_ids"])}
    here = np.array([int(i) in at for i in found.ids])
    train, test = found.train[here[found.train]], found.test[here[found.test]]
    if min(len(train), len(test)) < FEWEST:
        return f"Only {len(train)} training and {len(test)} test sounds were kept; {FEWEST} are the least."
    rates, lengths = sample.arrays["sound_rates"], sample.arrays["sound_lengths"]

    def heard(row: int) -> tuple[np.ndarray, int]:
        place = at[int(found.ids[row])]
        sound = sample.arrays["sounds"][place, : lengths[place]].astype(np.float32) / 32_767
        return sound, int(rates[place])

    def read(rows: np.ndarray) -> np.ndarray:
        return np.stack([audio.statistics(*heard(row)) for row in rows])

    raw = np.zeros((len(found.y), 1), np.float32)
    known = np.sort(np.concatenate([train, test]))
    values = read(known)
    raw = np.zeros((len(found.y), values.shape[1]), np.float32)
    raw[known] = values
    fitted = raw[train]
    centre, spread = fitted.mean(axis=0), fitted.std(axis=0)
    spread = np.where(spread > 1e-6, spread, 1.0)  # as audio.features scales them

    def scaled(statistics: np.ndarray) -> np.ndarray:
        return np.clip((statistics - centre) / spread, -10, 10).astype(np.float32)

    rows = np.random.default_rng([budget.seed, 5]).permutation(test)
    seconds = np.cumsum([lengths[at[int(found.ids[row])]] / rates[at[int(found.ids[row])]] for row in rows])
    rows = np.sort(rows[: max(FEWEST, int(np.searchsorted(seconds, MOST_SECONDS / (3 * len(KINDS)))))])

    def spoil(kind: Kind, strength: int, chosen: np.ndarray) -> np.ndarray:
        draw = stream(budget.seed, kind, strength)
        found_ = []
        for row in chosen:
            sound, rate = heard(row)
            found_.append(audio.statistics(spoilt(sound, rate, kind, strength, draw), rate))
        return scaled(np.stack(found_))

    where = "The sounds themselves were spoilt and heard again."
    return Course(scaled(raw), KINDS, rows, spoil, where, train=train)


def spoilt(sound: np.ndarray, rate: int, kind: Kind, strength: int, draw: np.random.Generator) -> np.ndarray:
    """float32 samples within -1 and 1, at a strength from 0 to 2."""
    if kind.id == "background":
        level = float(np.sqrt(np.mean(sound**2))) * 10 ** (-(20, 10, 5)[strength] / 20)
        out = sound + level * draw.standard_normal(len(sound))
    elif kind.id == "quieter":
        out = sound * 10 ** (-(6, 12, 20)[strength] / 20)
    elif kind.id == "clipped":
        most = float(np.abs(sound).max()) * (0.5, 0.25, 0.1)[strength]
        out = np.clip(sound, -most, most)
    elif kind.id == "shifted":
        late = round((0.05, 0.1, 0.2)[strength] * rate)
        quiet = 1e-4 * draw.standard_normal(late)
        out = np.concatenate([quiet, sound])[: len(sound)]
    else:
        waves = np.fft.rfft(sound)
        waves[np.fft.rfftfreq(len(sound), 1 / rate) > (3000, 2000, 1000)[strength]] = 0
        out = np.fft.irfft(waves, len(sound))
    return np.clip(out, -1, 1).astype(np.float32)
