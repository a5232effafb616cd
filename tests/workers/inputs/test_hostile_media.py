"""Pictures and sounds made to harm are refused with a sentence or read with a finding: never a crash."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from tests.workers.inputs import hostile_media
from tests.workers.inputs.conftest import packed
from workers.inputs import wav
from workers.probes import catalog
from workers.probes.base import Budget


def _tone(i: int) -> bytes:
    return hostile_media.riff(hostile_media.wave(0.3 + i / 50).tobytes())


GOOD = {
    ".wav": {f"good/{i}.wav": _tone(i) for i in range(4)},
    "": {f"good/{i}.png": hostile_media.saved(hostile_media.noise(seed=i), "PNG") for i in range(4)},
}


@pytest.mark.parametrize("name", hostile_media.ITEMS)
def test_each_is_a_finding_and_nothing_else(ready, name):
    ending, make, verdict = hostile_media.ITEMS[name]
    entries = GOOD.get(ending, GOOD[""])
    inner = f"bad/{name}"
    more = {f"bad/{i}{path[-4:]}": data for i, (path, data) in enumerate(entries.items())}
    started = time.monotonic()
    sample = ready({"p.zip": packed({**entries, **more, inner: make()})})
    assert time.monotonic() - started < 20
    with sample.table() as con:
        problem = con.execute("SELECT problem FROM rows WHERE _file = ?", [inner]).fetchone()[0]
    # What was read only in part has its problem, too; refused is what is not among the arrays.
    found = {place["file"] for place in sample.places(sample.arrays["ids"])}
    if verdict != hostile_media.EITHER:
        assert (inner in found) == (verdict == hostile_media.READ)
    assert inner in found or problem
    assert np.isfinite(sample.features).all()
    assert np.isfinite(sample.arrays["facts"]).all()
    if problem:
        assert "Error" not in problem
        named = [f for f in sample.manifest["faults"] if f["fault"] == "broken_files"]
        assert [f["files"] for f in named] == [[inner]]
    for probe in ("data.readability", "data.shortcut"):
        assert catalog.load(probe)(sample, Budget(20)).state in ("measured", "skipped")


def test_telephony_codes_are_those_of_the_standard():
    """ITU-T G.711: the loudest values, and the smallest steps."""
    assert wav._MU[[0x00, 0x80, 0x7F, 0xFF]].tolist() == [-32124 / 32768, 32124 / 32768, 0, 0]
    assert wav._A[[0x2A, 0xAA, 0xD5, 0x55]].tolist() == [-32256 / 32768, 32256 / 32768, 8 / 32768, -8 / 32768]


def test_a_streamed_sound_is_whole():
    sound = wav.decode(hostile_media.ITEMS["streamed.wav"][1]())
    assert not sound.cut
    assert abs(sound.seconds - 0.4) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        "hostile_media.riff(bytes(250_000_000), rate=768_000)",
        "hostile_media.riff(bytes(250_000_000), bits=8, kind=7, channels=64)",
        "hostile_media.saved(Image.new('RGBA', (7_000, 7_000), (9, 9, 9, 9)), 'PNG')",
        "hostile_media.saved(Image.new('P', (7_000, 7_000)), 'PNG', transparency=0)",
        "hostile_media.saved(Image.new('I;16', (7_000, 7_000)), 'PNG')",
        "hostile_media.saved(Image.new('CMYK', (7_000, 7_000)), 'TIFF')",
        "hostile_media.saved(Image.new('L', (7_000, 7_000)), 'JPEG')",
    ],
)
def test_the_largest_files_stay_within_memory(make):
    """1 GB beside the imports and the file itself, as the kernel counts it."""
    code = f"""
    from PIL import Image
    from tests import peak
    from tests.workers.inputs import hostile_media
    from workers.inputs import audio, audio_facts, images, wav
    data = {make}
    before = peak.reset()
    if data[:4] == b"RIFF":
        sound = audio.decode(data)
        audio_facts.measured(sound.samples, sound.rate, sound.seconds)
        audio.statistics(*wav.thinned(sound.samples, sound.rate))
    else:
        assert images.decode(data, 64).pixels is not None
    print(peak.mb() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=True
    )
    assert float(done.stdout) < 1_000
