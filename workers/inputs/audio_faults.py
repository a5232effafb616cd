"""Sounds that open and are still not sound: clipped, silent, off centre, humming, or at another rate.

Clipping, silence, offset and hum stand in the manifest for ``data.outliers``; ``data.readability`` names
``wrong_sample_rate``. What is odd is odd against the rest of its own set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.inputs.audio_facts import AT, MAINS
from workers.inputs.audio_under import ROOM
from workers.inputs.base import Loaded, fault

ENOUGH = 20  # sounds from which a set has something usual
CLIPPED = 0.003  # share of samples cut flat
SILENT = -60.0  # dB of full scale
UNDER = 35.0  # dB under the set's middle at which a sound is as good as silent
OFFSET = 0.02  # of full scale
HUM = 8.0  # dB a mains tone stands over what is beside it
AUDIBLE = -60.0  # dB
MOSTLY = 0.5  # share of humming sounds with room above, from which all do hum
EXACT = 0.6  # Hz that the mains may be off
STEADY = 0.4  # share of a sound in which a mains tone is the same; without one at most 0.25
OCTAVE = 12  # places in BANDS
SURE = 1.8  # score from which a sound fits its set an octave away, see ``_octaves``
FARTHEST, ABOUT = 18, 4  # places in BANDS: how far a sound is moved, and how near to an octave is one
BACK = 0.05  # likeness that a move an octave the other way may gain
HEARD, RICH = 30.0, 10  # dB under a sound's loudest band, and bands above that which make a spectrum
ALONE = 4.0  # the same where fewer than three do
COMPARED = 1_000  # sounds that the others are held against
ALIKE = 0.05  # spread of likeness between sounds of one set


@dataclass(frozen=True)
class Heard:
    """One sound: its name, header, facts (up to the low lines) and the shape of its spectrum in dB."""

    name: str
    rate: int
    bits: int
    facts: np.ndarray
    shape: np.ndarray


def tell(loaded: Loaded, heard: Sequence[Heard]) -> None:
    """Adds the faults of sounds that could be decoded, in the order of the zip."""
    if not heard:
        return
    names = [one.name for one in heard]
    facts = np.stack([one.facts for one in heard])
    silent = _silent(facts)
    clip = (facts[:, AT["clipped"]] >= CLIPPED) & ~silent
    offset = np.abs(facts[:, AT["offset"]])
    most = max(OFFSET, 6 * float(np.median(offset))) if len(names) >= ENOUGH else 2 * OFFSET
    off = offset > most
    _tell(loaded, "clipping", names, clip, "cut flat at the top: recorded too loud")
    _tell(loaded, "silence", names, silent, "silent")
    _tell(loaded, "dc_offset", names, off & ~silent, "off centre: a constant lies under the sound")
    hum, at = _hum(facts)
    over = facts[:, AT["mains room"]] >= ROOM
    if hum.any() and over[hum].mean() >= MOSTLY:
        over |= hum  # where most have a sound above their hum, the others are just softly spoken
    _tell(loaded, "hum", names, hum & over, f"humming at {at:.0f} Hz")
    if (hum & ~over).any():
        files = [names[i] for i in np.flatnonzero(hum & ~over).tolist()]
        told = f"{_files(files)} {'holds' if len(files) == 1 else 'hold'} little but a steady tone at "
        told += f"{at:.0f} Hz, which may be what was recorded."
        loaded.faults.append(fault("hum", "low", told, files=files))
    _rates(loaded, heard, silent)


def _tell(loaded: Loaded, name: str, names: Sequence[str], hit: np.ndarray, how: str) -> None:
    files = [names[i] for i in np.flatnonzero(hit).tolist()]
    if files:
        severity = "high" if len(files) > 0.05 * len(names) else "medium"
        are = "1 sound is" if len(files) == 1 else f"{len(files):,} sounds are"
        loaded.faults.append(fault(name, severity, f"{are} {how}.", files=files))


def _files(files: Sequence[str]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files):,} files"


def _silent(facts: np.ndarray) -> np.ndarray:
    """bool [n]: nothing is left when a constant and one steady tone are taken out."""
    left = facts[:, AT["without line"]]
    usual = float(np.median(left)) if len(left) >= ENOUGH else 0.0
    # A pure tone has nothing else either: so the tone itself must be faint, or a mains hum.
    tone = facts[:, AT["line frequency"]]
    mains = np.min([np.abs(tone - at * k) for at in MAINS for k in (1, 2, 3)], axis=0) < 2
    faint = (facts[:, AT["loudness"]] < -50) | mains
    return (left < min(SILENT, usual - 20)) & faint | (left < usual - UNDER) & (left < -50) & faint


def _hum(facts: np.ndarray) -> tuple[np.ndarray, float]:
    """bool [n]: a steady mains tone that the set as a whole does not have; and its usual frequency."""
    best, frequency = np.zeros(len(facts), bool), 50.0
    for at in MAINS:
        line = facts[:, AT[f"line at {at:.0f} Hz"]]
        level = facts[:, AT["mains loudness"]]
        exact = np.abs(facts[:, AT["mains"]] - at) < EXACT
        # Speech can be strong at 50 Hz for a moment; only what is fed by the mains keeps its phase.
        steady = exact & (facts[:, AT["mains steady"]] > STEADY) & (facts[:, AT["mains goes on"]] > 0)
        hit = steady & (line > HUM) & (level > AUDIBLE)
        if hit.sum() > best.sum():
            best, frequency = hit, at
    return best, frequency


def _rates(loaded: Loaded, heard: Sequence[Heard], silent: np.ndarray) -> None:
    """Files at another rate than the rest: by their header, by what is missing above, by their pitch."""
    known = Counter(one.rate for one in heard)
    usual, times = known.most_common(1)[0]
    if len(known) > 1:
        files = [one.name for one in heard if one.rate != usual]
        are = "is" if len(files) == 1 else "are"
        told = f"{_files(files)} {are} not at {usual:,} Hz like the other {times:,}; "
        told += "resample them or look why."
        severity = "high" if len(files) > 0.05 * len(heard) else "medium"
        loaded.faults.append(fault("wrong_sample_rate", severity, told, files=files))
    alike = [one for one, mute in zip(heard, silent, strict=True) if one.rate == usual and not mute]
    if len(alike) < ENOUGH:
        return
    narrow = _narrow(np.array([one.facts[AT["bandwidth"]] for one in alike]), usual)
    if narrow.any():
        files = [one.name for one, hit in zip(alike, narrow, strict=True) if hit]
        told = f"{_files(files)} with an empty upper half of the band, as if recorded at a lower rate."
        loaded.faults.append(fault("wrong_sample_rate", "medium", told, files=files))
    shapes = np.stack([one.shape for one in alike])
    score = _octaves(shapes, np.array([one.facts[AT["seconds"]] for one in alike]))
    hit = (score > SURE) & ~narrow
    hit[hit] = _by_an_octave(shapes, np.flatnonzero(hit))
    if hit.sum() < 3:
        hit &= score > ALONE
    if 0 < hit.sum() <= 0.3 * len(alike):
        files = [one.name for one, odd in zip(alike, hit, strict=True) if odd]
        sure = len(files) >= 3 and float(np.median(score[hit])) > 2.5
        told = (
            f"{_files(files)} an octave higher or lower than the others: "
            "the samples have another rate than the header says."
        )
        loaded.faults.append(fault("wrong_sample_rate", "medium" if sure else "low", told, files=files))


def _narrow(bandwidth: np.ndarray, rate: int) -> np.ndarray:
    """bool [n]: nothing above 70 % of the band where most sounds use nearly all of it."""
    half = rate / 2
    if np.quantile(bandwidth, 0.3) < 0.85 * half:
        return np.zeros(len(bandwidth), bool)
    return bandwidth < 0.7 * half


def _octaves(shapes: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """float [n]: how much better a sound fits the others when moved an octave than where it is.

    Its spectrum is held against those most like it, here and an octave away; a sound played at twice its
    rate is also half as long. Log of odds, likeness counted in units of ALIKE; 0 is as good both ways.
    """
    bands = int(np.isfinite(shapes).all(axis=0).sum())
    if bands < 3 * OCTAVE:
        return np.full(len(shapes), -np.inf)
    shapes = shapes[:, :bands]
    every = np.arange(len(shapes))
    faster, slower = _gain(shapes, every, OCTAVE), _gain(shapes, every, -OCTAVE)
    length = np.log2(np.maximum(seconds, 1e-3))
    middle = float(np.median(length))
    spread = max(0.25, 1.4826 * float(np.median(np.abs(length - middle))))
    here = ((length - middle) / spread) ** 2 / 2
    longer, shorter = (here - ((length + k - middle) / spread) ** 2 / 2 for k in (1, -1))
    return np.maximum(faster / ALIKE + longer, slower / ALIKE + shorter)


def _by_an_octave(shapes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """bool [rows]: nothing fits the others as well as an octave, and that in one direction only.

    Another rate moves a whole spectrum by one factor; one narrow tone is no spectrum. A tone of any pitch,
    far from all others of its set, fits them as well a little aside, or both an octave up and down.
    """
    bands = int(np.isfinite(shapes).all(axis=0).sum())
    shapes = shapes[:, :bands]
    moves = [move for move in range(-FARTHEST, FARTHEST + 1) if move]
    gains = np.stack([_gain(shapes, rows, move) for move in moves])
    best = np.array(moves)[gains.argmax(axis=0)]
    back = np.where(best > 0, gains[moves.index(-OCTAVE)], gains[moves.index(OCTAVE)])
    ours = shapes[rows]
    rich = (ours > ours.max(axis=1, keepdims=True) - HEARD).sum(axis=1) >= RICH
    return rich & (np.abs(np.abs(best) - OCTAVE) <= ABOUT) & (back < BACK)


def _gain(shapes: np.ndarray, rows: np.ndarray, move: int) -> np.ndarray:
    """float [rows]: how much more a sound is like the others moved ``move`` bands down than where it is."""
    others = np.unique(np.linspace(0, len(shapes) - 1, min(len(shapes), COMPARED)).astype(int))
    low, high = shapes[:, : -abs(move)], shapes[:, abs(move) :]
    ours, theirs = (high, low) if move > 0 else (low, high)
    return _nearest(ours, theirs, rows, others) - _nearest(ours, ours, rows, others)


def _nearest(ours: np.ndarray, theirs: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """float [rows]: mean correlation of ``rows`` of ours with the three of theirs most like each."""
    found = _unit(ours[rows]) @ _unit(theirs[others]).T
    found[rows[:, None] == others] = -1.0
    return np.sort(found, axis=1)[:, -3:].mean(axis=1)


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
