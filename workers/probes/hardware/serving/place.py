"""Where the model must run and how fast: from the plan's hardware.serve, else from the answer to H6."""

from __future__ import annotations

from dataclasses import dataclass

from workers.probes.base import Sample
from workers.probes.hardware import catalogue, demand
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.serving.devices import MIB

# What a plan's numbers are served in: 16-bit ones are all the same here.
SERVED = {"fp32": "fp32", "tf32": "fp32", "bf16": "fp16", "fp16": "fp16", "fp8": "fp8", "int8": "int8",
          "int4": "int4"}  # fmt: skip
USUAL = ("phone-mid", "raspberry-pi-4", "jetson-orin-nano")  # that people serve on
EXAMPLE = 3.0  # how far another device of the same class may lie from the example of it [judgement]


@dataclass(frozen=True)
class Place:
    """Where the model must run; None for what nobody says."""

    device: Accelerator | None
    name: str | None  # as written
    milliseconds: float | None
    memory: float | None  # bytes
    rows: int  # of one answer
    said: str
    precision: str = "fp32"  # a key of devices.BYTES
    writes: int | None = None  # tokens that an answer writes
    example: str = ""  # a sentence, where the device is only an example of what was named

    @property
    def where(self) -> str:
        if self.device is not None:
            return self.device.name
        return f'"{self.name.strip()[:60]}"' if self.name else "this worker"

    @property
    def unknown(self) -> str:
        """A sentence, where somebody named a device that the catalogue does not have."""
        if not self.name or self.device is not None:
            return ""
        near = ", ".join(catalogue.near(self.name, usual=USUAL))
        return f'"{self.name.strip()[:60]}" is not in the catalogue (near are {near}).'

    @property
    def has(self) -> float | None:
        """Bytes that there are; a chip on another computer holds no programs of its own."""
        own = self.device.memory if self.device and not self.device.hosted else None
        sizes = [size for size in (self.memory, own) if size]
        return min(sizes) if sizes else None

    @property
    def stores(self) -> float | None:
        """Bytes of flash, of a device whose weights lie there."""
        return float(self.device.flash) if self.device and self.device.flash else None

    @property
    def apart(self) -> float:
        """By how much the time there may differ from that on the device that stands in."""
        return EXAMPLE if self.example else 1.0


def read(sample: Sample) -> Place:
    """What plan and answers say of the place."""
    name, said = sample.planned("hardware.serve.device"), "the plan"
    if name is None:
        given = demand.answer(sample, "H6", "device")
        name, said = (given, "the answer to H6") if isinstance(given, str) and given.strip() else (None, said)
    limit = demand.as_number(sample.planned("hardware.serve.latency_ms"))
    if limit is None:
        limit = demand.as_number(demand.answer(sample, "H6", "ms"))
    size = demand.as_number(sample.planned("hardware.serve.memory_mb"))
    precision = sample.planned("hardware.serve.precision") or sample.planned("training.precision")
    if precision is None and demand.adapts(sample):
        precision = "bf16"  # as training takes it
    found = catalogue.meant(name) if name else None
    return Place(
        found.device if found else None, name, limit or None, size * MIB if size else None,
        max(1, int(sample.planned("hardware.serve.batch", 1))), said, SERVED.get(str(precision), "fp32"),
        sample.planned("hardware.serve.output_tokens"), catalogue.stands_in(name) if name else "",
    )  # fmt: skip
