"""The devices of ``accelerators.yaml``, the grids and the building's overhead; by name or near."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

GIB = 2**30
FILE = Path(__file__).with_name("accelerators.yaml")
# Where a precision has no rate of its own: what the device falls back to, first come first served.
FALLBACK = {
    "fp32": ("fp32", "tf32", "bf16"),
    "tf32": ("tf32", "fp32", "bf16"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "fp32"),
    "int8": ("bf16", "fp16", "fp32"),  # weights kept in int8 or int4 are multiplied in 16 bits in training
    "int4": ("bf16", "fp16", "fp32"),
}


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A device: dense peaks in 10^12 operations a second, GB/s, bytes, watts, US dollars an hour."""

    id: str
    name: str
    kind: str  # "gpu", "tpu", "cpu", "edge", "phone" or "microcontroller"
    trains: bool  # whether anybody trains on it
    aliases: tuple[str, ...]
    peak_tflops: Mapping[str, float]
    bandwidth_gbs: float
    memory_gb: float
    tdp_w: float
    price_usd_hour: tuple[float, float, float] | None
    source: str
    date: str
    judged: tuple[str, ...]

    @property
    def memory(self) -> int:
        """Bytes; device sheets mean GiB when they say GB."""
        return int(self.memory_gb * GIB)

    def peak(self, precision: str) -> float:
        """Operations a second at a precision, or at the nearest one that the device has."""
        for name in FALLBACK.get(precision, ("fp32",)):
            if name in self.peak_tflops:
                return self.peak_tflops[name] * 1e12
        return max(self.peak_tflops.values()) * 1e12


@cache
def _file() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text("utf-8"))


@cache
def devices() -> tuple[Accelerator, ...]:
    """Every device, the smallest first."""
    return tuple(_device(entry) for entry in _file()["devices"])


def _device(entry: Mapping[str, Any]) -> Accelerator:
    price = entry["price_usd_hour"]
    lists = {"aliases": tuple(entry["aliases"]), "judged": tuple(entry["judged"])}
    return Accelerator(**{**entry, **lists, "price_usd_hour": tuple(price) if price else None,
                          "date": str(entry["date"])})  # fmt: skip


def find(name: str) -> Accelerator | None:
    """The device that somebody means by "A100", "NVIDIA A100-SXM4-80GB" or "h100"; None if there is none."""
    wanted = _words(name)
    best: tuple[int, Accelerator | None] = (0, None)
    for device in devices():
        for known in (device.id, device.name, *device.aliases):
            words = _words(known)
            if words == wanted:
                return device
            if len(words) > best[0] and f" {words} " in f" {wanted} ":
                best = (len(words), device)
    return best[1]


def _words(name: str) -> str:
    """Lower case, words apart: "A100-SXM4-80GB" -> "a100 sxm4 80 gb"."""
    text = re.sub(r"[^a-z0-9]+", " ", name.lower())
    return re.sub(r"(?<=[0-9])(gi?b)\b", r" gb", text).strip()


def grid(name: str | None) -> tuple[str, float, float, float]:
    """A grid's name and its grams of CO2 per kWh: low, mid, high. The world's when none is known."""
    table = _file()["grid"]
    known = (name or "").strip().lower().replace("_", "-")
    known = table["aliases"].get(known, known)
    if known not in table["g_co2_kwh"]:
        known = table["default"]
    grams = float(table["g_co2_kwh"][known])
    return known, grams * table["share_low"], grams, grams * table["share_high"]


def pue() -> tuple[float, float, float]:
    """Power at the meter for each unit at the machine: low, mid, high."""
    table = _file()["pue"]
    return table["low"], table["mid"], table["high"]


def near(name: str, kinds: tuple[str, ...] = ()) -> list[str]:
    """Names close to one that is not in the catalogue, for a sentence."""
    from difflib import get_close_matches

    names = [d.id for d in devices() if not kinds or d.kind in kinds]
    return get_close_matches(name.lower(), names, 3, 0.3) or names[-5:]
