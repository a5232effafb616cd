"""What a loader does to a sound: read, decode, change, and turn into the spectrum that a model hears."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from workers.inputs import audio, wav
from workers.probes.hardware.input_pipeline import augment
from workers.probes.hardware.input_pipeline.augment import Steps
from workers.probes.hardware.input_pipeline.loading import Stage

FRAME, STEP = audio.FRAME, audio.STEP  # seconds
BANDS = 64  # on the mel scale, where the plan names no number
LONGEST = 30.0  # seconds of a sound that a model hears at once


@dataclass
class Sounds:
    """How the plan's sounds are made ready; all are cut or filled up to ``length`` samples at ``rate``."""

    rate: int
    length: int
    bands: int
    steps: Steps
    seed: int
    luck: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)

    @cached_property
    def _weights(self) -> Tensor:
        return torch.from_numpy(audio.mel_weights(self._size, self.rate, self.bands))

    @property
    def _size(self) -> int:
        return 1 << (max(16, int(FRAME * self.rate)) - 1).bit_length()

    def stages(self) -> list[Stage]:
        """The work on one sound, in order."""
        found: list[Stage] = [("read", lambda path: path.read_bytes()), ("decode", self._decoded)]
        if set(self.steps.kinds) & (augment.SOUND_KINDS - {"erase"}):
            kinds = self.steps.kinds
            found.append(("augment", lambda samples: augment.changed(samples, kinds, self.luck)))
        return [*found, ("turn into a spectrum", self._spectrum)]

    def stored_stages(self) -> list[Stage]:
        """The same with spectra that were stored beforehand."""
        return [("read", lambda path: safetensors.torch.load(path.read_bytes())["spectrum"].float())]

    def stored(self, paths: Sequence[Path], folder: Path) -> tuple[list[Path], float]:
        """Spectra as files of 16-bit numbers, and their mean bytes."""
        found, spent = [], 0
        for place, path in enumerate(paths):
            target = folder / f"spectrum{place}.safetensors"
            spectrum = self._spectrum(self._decoded(path.read_bytes())).half().contiguous()
            safetensors.torch.save_file({"spectrum": spectrum}, target)
            found.append(target)
            spent += target.stat().st_size
        return found, spent / max(1, len(found))

    def _decoded(self, data: bytes) -> np.ndarray:
        sound = wav.decode(data)
        samples = sound.samples
        if sound.rate != self.rate:
            places = np.arange(0, len(samples), sound.rate / self.rate, dtype=np.float64)
            samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
        return samples

    def _spectrum(self, samples: np.ndarray) -> Tensor:
        """Log-mel energies, float32 [frames, bands]."""
        samples = samples[: self.length]
        if len(samples) < self.length:
            samples = np.pad(samples, (0, self.length - len(samples)))
        frame, step = max(16, int(FRAME * self.rate)), max(8, int(STEP * self.rate))
        window = torch.hann_window(frame)
        found = torch.stft(torch.from_numpy(np.ascontiguousarray(samples)), self._size, step, frame, window,
                           return_complex=True)  # fmt: skip
        spectrum = torch.log(found.abs().square().T @ self._weights + 1e-6)
        if "erase" in self.steps.kinds:
            spectrum = torch.from_numpy(augment.spoiled(spectrum.numpy(), ("erase",), self.luck))
        return spectrum


def read(
    paths: Sequence[Path], bands: int, steps: Steps, seed: int, spend: float
) -> tuple[Sounds, list[Path]]:
    """How these sounds are heard: at the commonest rate, as long as most of them; and those that decode.

    As many are looked at as in ``spend`` seconds, three at least.
    """
    end = time.perf_counter() + spend
    rates, seconds, good = [], [], []
    for path in paths:
        try:
            sound = wav.decode(path.read_bytes())
        except wav.Broken:
            continue
        rates.append(sound.rate)
        seconds.append(sound.seconds)
        good.append(path)
        if len(good) >= 3 and time.perf_counter() > end:
            break
    rate = max(set(rates), key=rates.count) if rates else 16_000
    length = max(1, round(min(LONGEST, float(np.quantile(seconds, 0.9)) if seconds else 1.0) * rate))
    return Sounds(rate, length, bands, steps, seed), good
