"""A clean tone over a faint hiss uses its whole band; the same resampled from half the rate does not."""

from __future__ import annotations

import numpy as np
from scipy.signal import resample_poly

from workers.inputs import audio_facts


def test_hiss_counts_as_band() -> None:
    rng, rate = np.random.default_rng(3), 16_000
    t = np.arange(rate) / rate
    tone = 0.3 * np.sin(2 * np.pi * 600 * t)
    for level in (0.002, 0.0006):
        whole = tone + rng.normal(0, level, rate)
        half = resample_poly(resample_poly(whole, 1, 2), 2, 1)
        found = []
        for wave in (whole, half):
            samples = (wave * 32_767).astype(np.int16).astype(np.float32) / 32_768
            found.append(audio_facts.measured(samples, rate, 1.0)[0][audio_facts.AT["bandwidth"]])
        assert found[0] > 7_800
        assert found[1] < 5_600


def test_silence_before_a_sound_in_a_room() -> None:
    rng, rate = np.random.default_rng(4), 8_000
    loud = np.concatenate([np.zeros(3_200), rng.normal(0, 0.1, rate)]) + rng.normal(0, 0.0007, 11_200)
    for wave, seconds in ((loud, 0.4), (loud[3_200:], 0.0)):
        values, _ = audio_facts.measured(wave.astype(np.float32), rate, len(wave) / rate)
        assert abs(values[audio_facts.AT["silent before"]] - seconds) < 0.05
