"""Sounds become rows; odd rates, cut-off and foreign files are told by name."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest

from tests.workers.inputs.conftest import faults, packed
from workers.inputs import audio


def tone(hertz=440.0, *, rate=8000, seconds=0.3, width=2, channels=1):
    t = np.arange(int(rate * seconds)) / rate
    x = 0.5 * np.sin(2 * np.pi * hertz * t).repeat(channels)
    raw = {
        1: lambda: (x * 127 + 128).astype(np.uint8).tobytes(),
        2: lambda: (x * 32767).astype("<i2").tobytes(),
        3: lambda: b"".join(int(v).to_bytes(3, "little", signed=True) for v in x * (2**23 - 1)),
        4: lambda: (x * (2**31 - 1)).astype("<i4").tobytes(),
    }[width]()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(raw)
    return buffer.getvalue()


def floating(rate=8000):
    x = (0.5 * np.sin(np.arange(2400) * 0.3)).astype("<f4").tobytes()
    form = struct.pack("<HHLLHH", 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVEfmt " + struct.pack("<L", 16) + form + b"data" + struct.pack("<L", len(x)) + x
    return b"RIFF" + struct.pack("<L", len(body)) + body


def folder(**more):
    return {
        f"{c}/{i}.wav": tone(200 * (1 + (c == "high") * 3) + 9 * i) for c in ("low", "high") for i in range(8)
    } | more


def test_sounds_become_rows_with_their_facts(ready):
    sample = ready({"s.zip": packed(folder())})
    assert sample.kind == "audio"
    assert sample.counts() == {"high": 8, "low": 8}
    with sample.table() as con:
        found = con.execute("SELECT seconds, rate, channels, bits, peak FROM typed WHERE _id = 0").fetchone()
    assert found[:4] == (0.3, 8000.0, 1.0, 16.0)
    assert abs(found[4] - 0.5) < 0.01


def test_pitch_tells_the_classes_apart(ready):
    sample = ready({"s.zip": packed(folder())})
    x, y = sample.features, sample.labels()
    apart = np.linalg.norm(x[y == 0].mean(axis=0) - x[y == 1].mean(axis=0))
    assert apart > 3 * np.mean([x[y == c].std(axis=0).mean() for c in (0, 1)])


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_sample_width_is_read_alike(width, channels):
    sound = audio.decode(tone(width=width, channels=channels))
    samples, rate, found, bits, cut = sound.samples, sound.rate, sound.channels, sound.bits, sound.cut
    assert (rate, found, bits, cut) == (8000, channels, 8 * width, False)
    assert abs(np.abs(samples).max() - 0.5) < 0.01
    assert len(samples) == 2400


def test_floating_point_is_read():
    sound = audio.decode(floating())
    assert (len(sound.samples), sound.bits, sound.cut) == (2400, 32, False)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty_files"),
        (b"ID3 not a wav at all", None),
        (b"RIFF\x00\x00\x00\x00WAVE", "truncated"),
        (tone()[:-2000], "truncated"),
        (tone()[:20], "truncated"),
        (tone().replace(struct.pack("<HHL", 1, 1, 8000), struct.pack("<HHL", 1, 1, 0), 1), None),
        (tone().replace(struct.pack("<HHL", 1, 1, 8000), struct.pack("<HHL", 85, 1, 8000), 1), None),
    ],
)
def test_a_broken_sound_is_a_finding(ready, data, fault):
    sample = ready({"s.zip": packed(folder(**{"low/broken.wav": data}))})
    found = faults(sample)
    assert found["broken_files"]["files"] == ["low/broken.wav"]
    if fault:
        assert found[fault]["files"] == ["low/broken.wav"]
    assert np.isfinite(sample.features).all()


def test_a_sound_at_another_rate_is_told(ready):
    sample = ready({"s.zip": packed(folder(**{"low/odd.wav": tone(rate=16_000)}))})
    assert faults(sample)["wrong_sample_rate"]["files"] == ["low/odd.wav"]


def test_silence_and_very_short_sounds_have_features(ready):
    silent = tone(0.0)
    sample = ready({"s.zip": packed(folder(**{"low/s.wav": silent, "low/t.wav": tone(seconds=0.001)}))})
    assert np.isfinite(sample.features).all()


def test_packed_sounds_are_refused_with_what_to_do(refused):
    assert "save them as WAV" in refused({"s.zip": packed({"a/1.mp3": b"x", "b/2.mp3": b"x"})})


def test_a_manifest_gives_the_target_and_the_slices(ready, shared_data):
    sample = ready({"s.zip": shared_data / "audio" / "spoken_digits.zip"})
    assert sample.target.name == "digit"
    assert sample.manifest["faults"] == []
    with sample.table() as con:
        assert con.execute("SELECT count(DISTINCT accent), count(DISTINCT voice) FROM rows").fetchone() == (
            5,
            4,
        )


def test_a_print_stays_the_same_in_silence_at_any_loudness_and_in_a_little_noise():
    rng = np.random.default_rng(0)
    sound = np.convolve(rng.normal(size=6000), rng.normal(size=40), "same") / 40
    first = audio.printed(sound, 8000)
    assert first.shape == (audio.PRINT,)
    assert 0.7 < np.linalg.norm(first) < 1.3
    assert np.allclose(audio.printed(np.pad(0.3 * sound, (2000, 900)), 8000), first, atol=0.01)
    noisy = sound + rng.normal(0, 0.1 * sound.std(), len(sound))
    other = np.convolve(rng.normal(size=6000), rng.normal(size=40), "same") / 40
    away = np.linalg.norm(audio.printed(other, 8000) - first)
    assert np.linalg.norm(audio.printed(noisy, 8000) - first) < 0.1 * away


def test_a_print_of_next_to_nothing_is_made_too():
    for samples in (np.zeros(1), np.zeros(5000), np.full(300, 0.5), np.ones(3)):
        assert not audio.printed(samples, 44_100).any()
