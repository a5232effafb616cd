"""What pictures and sounds show beside their content, on ones whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from workers.inputs import audio_facts, image_facts

ABOUT = {"width": 40, "height": 40, "quality": -1.0, "metadata": 0.0}


def picture(**wanted):
    rng = np.random.default_rng(0)
    pixels = np.clip(100 + rng.normal(0, 3, (40, 40, 3)), 0, 255)
    if frame := wanted.get("frame"):
        rim = np.ones((40, 40), bool)
        rim[frame:-frame, frame:-frame] = False
        pixels[rim] = 200
    if "red" in wanted:
        pixels[:, :, 0] += wanted["red"]
    return pixels.clip(0, 255).astype(np.uint8)


def fact(pixels, name):
    return float(image_facts.measured(pixels, ABOUT)[image_facts.AT[name]])


@pytest.mark.parametrize("frame", [1, 2, 4])
def test_a_frame_of_any_width_is_a_step_all_round(frame):
    framed = picture(frame=frame)
    assert fact(framed, "frame alike") > 0.95
    assert abs(fact(framed, "frame step") - 100) < 5
    assert abs(fact(framed, "background red") - 100) < 5  # the frame is none of the background
    assert fact(picture(), "frame alike") < 0.4


def test_a_tint_is_told_in_grey_levels():
    assert abs(fact(picture(red=30), "tint red") - 30) < 1
    assert abs(fact(picture(), "tint red")) < 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 3), (4, 5), (2, 600), (900, 7)])
def test_any_size_has_finite_facts(shape):
    for pixels in (np.full(shape, 9, np.uint8), np.full((*shape, 3), 9, np.uint8)):
        assert np.isfinite(image_facts.measured(pixels, ABOUT)).all()


def sound(seconds=1.0, rate=8_000, level=0.1):
    return (np.random.default_rng(0).normal(0, level, int(seconds * rate))).astype(np.float32)


def heard(samples, name, rate=8_000):
    return float(audio_facts.measured(samples, rate, len(samples) / rate)[0][audio_facts.AT[name]])


@pytest.mark.parametrize("hertz", [50.0, 60.0])
def test_a_mains_tone_has_its_frequency_and_keeps_its_phase(hertz):
    at = 2 * np.pi * hertz / 8_000 * np.arange(8_000)
    humming = sound(level=0.02) + np.float32(0.02) * np.sin(at).astype(np.float32)
    assert abs(heard(humming, "mains") - hertz) < 0.5
    assert heard(humming, "mains steady") > 0.8
    assert heard(sound(), "mains steady") < 0.3


def test_cut_tops_are_clipping_and_round_ones_are_not():
    at = np.arange(44_100) / 44_100
    for hertz in (50, 440, 3_000):
        wave = np.sin(2 * np.pi * hertz * at)
        assert heard((0.5 * wave).astype(np.float32), "clipped", 44_100) == 0
    assert heard(np.clip(3 * sound(), -0.2, 0.2), "clipped") > 0.05
    loud = np.clip(2 * np.sin(2 * np.pi * 440 * at), -0.7, 0.7).astype(np.float32)
    assert heard(loud, "clipped", 44_100) > 0.3


def test_silence_is_what_is_left_without_a_tone():
    at = 2 * np.pi * 50 / 8_000 * np.arange(8_000)
    assert heard((0.05 * np.sin(at)).astype(np.float32), "without line") < -80
    assert heard(sound(), "without line") > -25


@pytest.mark.parametrize("length", [1, 2, 7, 100, 5_000])
def test_any_length_has_finite_facts(length):
    for samples in (np.zeros(length, np.float32), sound()[:length]):
        values, shape = audio_facts.measured(samples, 8_000, length / 8_000)
        assert np.isfinite(values).all()
        assert len(shape) == len(audio_facts.BANDS)
