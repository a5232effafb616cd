"""The devices of ``accelerators.yaml`` and ``boards.yaml``, the grids, the currencies, the overhead.

A name means a device when all of its words are known: "raspberry pi 3" is no Raspberry Pi, and "rtx 4090 ti"
no RTX 4090. A word for a whole class of devices ("drone") means an example, and callers say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from workers import yaml_file

GIB = 2**30
FILE = Path(__file__).with_name("accelerators.yaml")
BOARDS = Path(__file__).with_name("boards.yaml")
NEAR = 0.45  # of a name's letters in order, at which two names are told as near
SHORT = 0.7  # the same for three letters, which many names have
# Words beside a device's name that leave it what it is; a word that is not here makes it another device.
BESIDE_WORDS = (
    "nvidia tesla amd instinct intel google aws amazon apple qualcomm espressif arm broadcom microsoft "
    "samsung sxm sxm2 sxm3 sxm4 sxm5 pcie oam hbm hbm2 hbm2e hbm3 hbm3e gb gpu gpus card cards graphics "
    "accelerator accelerators board boards dev devkit developer kit development module computer device "
    "devices a an the one our my with on of in at cloud chip chips core cores single local rented spot "
    "instance model b sbc soc usb dual smart system vram ram memory each per and r tm platinum gold "
    "processor cpu lambda runpod vast paperspace azure coreweave hetzner colab kaggle"
)
BESIDE = frozenset(BESIDE_WORDS.split())
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
USUAL = {"trains": False, "price_usd_hour": None, "link": None}  # where an entry of the boards is silent


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
    hosted: bool = False  # its runtime and weights lie in another computer, ``link.gbs`` away
    flash_kb: float | None = None  # of a microcontroller: where weights lie, beside ``memory_gb`` of RAM

    @property
    def flash(self) -> int | None:
        """Bytes for weights and program where those do not lie in the memory of what is computed."""
        return None if self.flash_kb is None else int(self.flash_kb * 1024)

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
    return yaml_file.read(FILE)


@cache
def _boards() -> dict[str, Any]:
    return yaml_file.read(BOARDS)


@cache
def devices() -> tuple[Accelerator, ...]:
    """Every device, kind by kind, the smallest first."""
    return tuple(_device(entry) for entry in (*_boards()["devices"], *_file()["devices"]))


def _device(entry: Mapping[str, Any]) -> Accelerator:
    entry = {**USUAL, **entry}
    price, link = entry["price_usd_hour"], entry["link"]
    lists = {"aliases": tuple(entry["aliases"]), "judged": tuple(entry["judged"])}
    return Accelerator(**{**entry, **lists, "price_usd_hour": tuple(price) if price else None,
                          "link": Link(**link) if link else ALONE, "date": str(entry["date"])})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meant:
    """The device that a name stands for; ``example_of`` says for which class of devices it only stands in,
    and ``known`` whether nothing but that class was named."""

    device: Accelerator
    example_of: str = ""
    known: bool = True


@cache
def _names() -> tuple[tuple[re.Pattern[str], Accelerator, str], ...]:
    """For every name what finds it in another, its device, and the class that the device is an example of."""
    by_id = {device.id: device for device in devices()}
    found = [
        (known, device, "") for device in devices() for known in (device.id, device.name, *device.aliases)
    ]
    found += [(known, by_id[example], known) for known, example in _boards()["examples"].items()]
    return tuple((_pattern(known), device, example) for known, device, example in found)


def _classes(kind: str) -> list[str]:
    """Words for a class of devices of this kind, the longest first."""
    by_id = {device.id: device for device in devices()}
    of_kind = (known for known, example in _boards()["examples"].items() if by_id[example].kind == kind)
    return sorted(of_kind, key=len, reverse=True)


def _pattern(known: str) -> re.Pattern[str]:
    more = "[a-z0-9 ]*" if known.endswith("*") else ""
    return re.compile(rf"(?<!\S){re.escape(_words(known))}{more}(?!\S)")


def meant(name: str) -> Meant | None:
    """What somebody means by "A100", "NVIDIA A100-SXM4-80GB", "a drone"; None for what is not there.

    A memory that is named and smaller than the catalogue's ("Raspberry Pi 5 4GB") counts.
    """
    wanted = _words(name)
    best: tuple[tuple[bool, int], Accelerator, str, str] | None = None
    for pattern, device, example in _names():
        at = pattern.search(wanted)
        if at is None:
            continue
        rank = (not example, at.end() - at.start())  # a device before a class of them: "MacBook Pro M3 Max"
        if best is None or rank > best[0]:
            best = (rank, device, example, f"{wanted[: at.start()]} | {wanted[at.end() :]}")
    if best is None:
        return None
    _, device, example, beside = best
    if not example:
        for words in _classes(device.kind):
            beside = re.sub(rf"(?<!\S){re.escape(words)}(?!\S)", " ", beside)
    beside = re.sub(r"(?<!\S)\d+ cores?(?!\S)", " ", beside)
    size = re.search(r"(?<!\S)(\d+) gb(?!\S)", beside)
    before, _, after = re.sub(r"(?<!\S)\d+ gb(?!\S)", " ", beside).partition("|")
    left = [word for word in before.split() if word not in BESIDE and not re.fullmatch(r"\d+x?|x\d*", word)]
    left += [word for word in after.split() if word not in BESIDE and not re.fullmatch(r"x\d*", word)]
    if left and not example:
        return None
    if size and 0 < int(size[1]) < device.memory_gb and device.kind != "microcontroller" and not example:
        device = replace(device, memory_gb=float(size[1]), name=f"{device.name} with {size[1]} GB")
    return Meant(device, example, not left)


def find(name: str) -> Accelerator | None:
    """The device that ``name`` means, or the example of the class that it means; None if there is none."""
    found = meant(name)
    return found.device if found is not None and found.known else None


def stands_in(name: str) -> str:
    """A sentence where a device is only an example of the class that was named; else nothing."""
    found = meant(name)
    if found is None or not found.example_of:
        return ""
    if found.known:
        return f'"{name.strip()[:60]}" is no particular device, so an example stands in: {found.device.name}.'
    return (
        f'"{name.strip()[:60]}" is not in the catalogue, so an example of its kind stands in:'
        f" {found.device.name}."
    )


def _words(name: str) -> str:
    """Lower case, words apart: "A100-SXM4-80GB" -> "a100 sxm4 80 gb"."""
    text = re.sub(r"[^a-z0-9]+", " ", name.lower())
    return re.sub(r"(?<=[0-9])(gi?b)\b", r" gb", text).strip()


def near(
    name: str, kinds: tuple[str, ...] = (), usual: tuple[str, ...] = ("a100-80", "h100", "rtx-4090")
) -> list[str]:
    """At most three devices whose names are close to one that is not in the catalogue, for a sentence.

    Without any that is close, the usual ones.
    """
    wanted = " ".join(word for word in _words(name).split() if word not in BESIDE)
    found: list[tuple[float, str]] = []
    for device in devices():
        if kinds and device.kind not in kinds:
            continue
        names = (device.id, device.name, *device.aliases)
        found.append((max(_close(wanted, _words(known)) for known in names), device.id))
    least = NEAR if len(wanted) > 3 else SHORT
    best = [known for close, known in sorted(found, reverse=True)[:3] if close >= least]
    return best or [device.id for device in devices() if device.id in usual]


def _close(wanted: str, known: str) -> float:
    """How alike two names are: letters in order, and more where they begin alike."""
    a, b = wanted.replace(" ", ""), known.replace(" ", "")
    alike = SequenceMatcher(None, a, b).ratio()
    return alike if a[:2] == b[:2] or set(wanted.split()) & set(known.split()) else 0.8 * alike


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
