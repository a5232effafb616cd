"""A hum goes on in the pauses and leaves the sound room; its own tone fades, stops or is all there is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planting import natural
from workers.inputs import audio_facts, audio_faults
from workers.inputs.audio_under import ROOM, Under
from workers.inputs.base import Loaded

RATE = 8_000
T = np.arange(RATE) / RATE


def bursts(rng):
    return 0.2 * rng.normal(0, 1, RATE) * (np.abs(T - 0.5) < 0.2) + rng.normal(0, 0.001, RATE)


def test_a_hum_is_there_in_the_pauses_and_under_the_sound():
    under = Under(bursts(np.random.default_rng(0)) + 0.01 * np.sin(2 * np.pi * 50 * T), RATE)
    assert abs(under.exact(52) - 50) < 1.0
    assert under.goes_on(50.0)
    assert under.room(50.0) > ROOM


@pytest.mark.parametrize("fade", [2.0, 6.0])
def test_a_bell_fades(fade):
    bell = np.sin(2 * np.pi * 440 * T) * np.exp(-fade * T)
    assert not Under(bell, RATE).goes_on(440.0)


def test_a_note_between_pauses_does_not_go_on():
    note = np.sin(2 * np.pi * 440 * T) * (np.abs(T - 0.5) < 0.3)
    assert not Under(note + np.random.default_rng(0).normal(0, 0.002, RATE), RATE).goes_on(440.0)


def test_an_organ_has_no_room_over_any_of_its_harmonics():
    organ = sum(np.sin(2 * np.pi * 60 * m * T) / m for m in range(1, 9))
    for hertz in (60.0, 120.0, 420.0):
        assert Under(organ, RATE).room(hertz) < ROOM / 2


def test_noise_is_measured_in_pauses_only():
    rng = np.random.default_rng(1)
    assert abs(Under(bursts(rng), RATE).noise() + 60) < 3
    assert np.isnan(Under(0.1 * rng.normal(0, 1, RATE), RATE).noise())
    fading = np.sin(2 * np.pi * 440 * T) * np.exp(-3 * T)
    assert np.isnan(Under(fading, RATE).noise())


@pytest.mark.parametrize("length", [0, 1, 9, 200, 1_700])
def test_any_length_is_answered(length):
    under = Under(np.random.default_rng(0).normal(0, 0.1, length), RATE)
    assert under.goes_on(50.0) in (True, False)
    assert np.isfinite(under.room(50.0)) if length else True


def _heard(sounds):
    heard = []
    for place, sound in enumerate(sounds):
        values, shape = audio_facts.measured(sound / np.float32(32_768), RATE, len(sound) / RATE)
        heard.append(audio_faults.Heard(f"{place}.wav", RATE, 16, values[: audio_facts.KEPT], shape))
    return heard


def _rates(sounds):
    loaded = Loaded(kind="audio")
    audio_faults.tell(loaded, _heard(sounds))
    return {file for one in loaded.faults if one["fault"] == "wrong_sample_rate" for file in one["files"]}


@pytest.mark.parametrize("seed", [3, 5])
def test_a_tone_of_any_pitch_is_at_its_own_rate(seed):
    assert _rates(natural.any_pitch(seed=seed)[0]) == set()


@pytest.mark.parametrize("up", [True, False])
def test_a_voice_an_octave_off_is_at_another(up):
    from scipy.signal import resample_poly

    sounds, _ = natural.voices(seed=2)
    wrong = np.random.default_rng(3).choice(len(sounds), 8, replace=False).tolist()
    for i in wrong:
        moved = resample_poly(sounds[i].astype(float), 1 if up else 2, 2 if up else 1)
        sounds[i] = moved.clip(-32_767, 32_767).astype(np.int16)
    found, true = _rates(sounds), {f"{i}.wav" for i in wrong}
    assert len(found & true) >= 6
    assert len(found - true) <= 1


def test_a_low_engine_is_no_hum_and_what_wanders_is_no_offset():
    sounds, _ = natural.drones(seed=2)
    loaded = Loaded(kind="audio")
    audio_faults.tell(loaded, _heard(sounds))
    assert {one["severity"] for one in loaded.faults} <= {"low"}


def test_what_wanders_is_no_offset():
    sway = (0.2 * np.sin(2 * np.pi * 1.3 * T) + 0.03).astype(np.float32)
    constant = (0.2 * np.sin(2 * np.pi * 200 * T) + 0.03).astype(np.float32)
    at = audio_facts.AT["offset"]
    assert audio_facts.measured(sway, RATE, 1.0)[0][at] == 0
    assert abs(audio_facts.measured(constant, RATE, 1.0)[0][at] - 0.03) < 0.002
