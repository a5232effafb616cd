"""The devices of ``accelerators.yaml``, the grids, the currencies and the building's overhead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import yaml

GIB = 2**30
FILE = Path(__file__).with_name("accelerators.yaml")
NEAR = 0.45  # of a name's letters in order, at which two names are told as near
# Where a precision has no rate of its own: what the device falls back to, first come first served.
FALLBACK = {
    "fp32": ("fp32", "tf32", "bf16", "fp16"),
    "tf32": ("tf32", "fp32", "bf16"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "fp32"),
    "int8": ("bf16", "fp16", "fp32"),  # weights kept in int8 or int4 are multiplied in 16 bits in training
    "int4": ("bf16", "fp16", "fp32"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """How a device is joined to others: 10^9 bytes a second to its neighbour, and to other machines."""

    gbs: float
    node: int  # devices of one machine
    net_gbs: float


ALONE = Link(0.0, 1, 1.25)


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
    link: Link
    source: str
    date: str
    judged: tuple[str, ...]

    @property
    def memory(self) -> int:
        """Bytes; device sheets mean GiB when they say GB."""
        return int(self.memory_gb * GIB)

    def runs_in(self, precision: str) -> str:
        """The precision itself, or the nearest one that the device has a rate for."""
        for name in FALLBACK.get(precision, ("fp32",)):
            if name in self.peak_tflops:
                return name
        return max(self.peak_tflops, key=self.peak_tflops.__getitem__)

    def peak(self, precision: str) -> float:
        """Operations a second at a precision, or at the nearest one that the device has."""
        return self.peak_tflops[self.runs_in(precision)] * 1e12


@cache
def _file() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text("utf-8"))


@cache
def devices() -> tuple[Accelerator, ...]:
    """Every device, the smallest first."""
    return tuple(_device(entry) for entry in _file()["devices"])


def _device(entry: Mapping[str, Any]) -> Accelerator:
    price, link = entry["price_usd_hour"], entry["link"]
    lists = {"aliases": tuple(entry["aliases"]), "judged": tuple(entry["judged"])}
    return Accelerator(**{**entry, **lists, "price_usd_hour": tuple(price) if price else None,
                          "link": Link(**link) if link else ALONE, "date": str(entry["date"])})  # fmt: skip


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


def near(name: str, kinds: tuple[str, ...] = ()) -> list[str]:
    """At most three devices whose names are close to one that is not in the catalogue, for a sentence.

    Without any that is close, three that people often plan with.
    """
    wanted = _words(name).replace(" ", "")
    found: list[tuple[float, str]] = []
    for device in devices():
        if kinds and device.kind not in kinds:
            continue
        names = (_words(known).replace(" ", "") for known in (device.id, device.name, *device.aliases))
        close = max(SequenceMatcher(None, wanted, known).ratio() for known in names)
        found.append((close, device.id))
    best = [known for close, known in sorted(found, reverse=True)[:3] if close >= NEAR]
    known_here = {known for _, known in found}
    usual: list[str] = [known for known in ("a100-80", "h100", "rtx-4090") if known in known_here]
    return best or usual or [known for _, known in found[-3:]]


def grid(name: str | None) -> tuple[str, float, float, float]:
    """A grid's name and its grams of CO2 per kWh: low, mid, high. The world's when none is known."""
    table = _file()["grid"]
    known = grid_name(name) or table["default"]
    grams = float(table["g_co2_kwh"][known])
    return known, grams * table["share_low"], grams, grams * table["share_high"]


def grid_name(name: str | None) -> str | None:
    """The country that somebody means: "eu-west-1" -> "ireland"; None if the table has none."""
    table = _file()["grid"]
    text = (name or "").strip().lower()
    for wanted in (
        text,
        text.replace("_", "-"),
        re.sub(r"[-_]", " ", text),
        re.sub(r"-?\d+[a-z]?$", "", text),
    ):
        known = table["aliases"].get(wanted, wanted)
        if known in table["g_co2_kwh"]:
            return str(known)
    return None


def in_dollars(currency: str) -> float | None:
    """US dollars for one unit of a currency; None for one that the catalogue does not know."""
    found = _file()["currencies"]["usd"].get(currency.strip().upper())
    return float(found) if found is not None else None


def currencies() -> tuple[str, ...]:
    return tuple(_file()["currencies"]["usd"])


def pue() -> tuple[float, float, float]:
    """Power at the meter for each unit at the machine: low, mid, high."""
    table = _file()["pue"]
    return table["low"], table["mid"], table["high"]


def rules() -> Mapping[str, Any]:
    """The rules of ``utilisation``."""
    return _file()["utilisation"]


def priced(device: Accelerator, prices: Mapping[str, tuple[float, float, float]]) -> Accelerator:
    """The device at its owner's price an hour (low, mid, high) where one is given by the device's id."""
    own = prices.get(device.id)
    return replace(device, price_usd_hour=own) if own else device
