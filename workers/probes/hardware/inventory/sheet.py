"""What the data sheet promises of what was measured here, and the share of it that is reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workers.probes.hardware import catalogue
from workers.probes.hardware.calibrate import Worker
from workers.probes.hardware.catalogue import Accelerator

Lanes = tuple[tuple[str, int], ...]
# 32-bit operations a cycle and core with fused multiply-add: two units of 8 lanes from AVX2 on. Some
# processors do twice that with AVX-512; the smaller number keeps a sound machine from being blamed.
PER_CYCLE: Lanes = (("avx512f", 32), ("avx2", 32), ("asimd", 16), ("avx", 16), ("sse2", 8))
MOST_A_CYCLE: Lanes = (("avx512f", 64), *PER_CYCLE[1:])  # against which shares are told
TIMES = {"fp64": 0.5}  # of the 32-bit rate
# 16-bit products a processor has a unit for, as a multiple of the 32-bit rate: Intel's optimisation manual.
SHORT = (("amx_bf16", 32), ("avx512_bf16", 2))
# 10^9 bytes a second of one lane of PCI Express by generation, one way (PCI-SIG), coding taken off.
LANE = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}
FASTER = 1.02  # of a processor's promise: beyond it the promise is wrong, not the measurement
FAMILY = {"max", "pro", "ultra"}  # words after a name that make it another product


def processor_peak(
    here: Mapping[str, Any], precision: str = "fp32", lanes: Lanes = PER_CYCLE
) -> float | None:
    """10^9 operations a second of one core at the clock that it tells; None when nothing says.

    Many processors run faster than that for a while, so that more than this is possible.
    """
    if not here["hertz"]:
        return None
    wide = next((count for flag, count in lanes if flag in here["flags"]), None)
    if wide is None:
        return None
    peak: float = here["hertz"] * wide / 1e9
    if precision == "bf16":
        times = next((times for flag, times in SHORT if flag in here["flags"]), None)
        return None if times is None else times * peak
    return peak * TIMES.get(precision, 1.0)


def known_processor(name: str) -> Accelerator | None:
    """The processor of the catalogue that has the same model number; a family name alone says too little."""
    words = _words(name)
    for device in catalogue.devices():
        if device.kind != "cpu":
            continue
        own = _words(re.sub(r"\(.*?\)", "", device.name))
        numbers = [word for word in own if any(letter.isdigit() for letter in word)]
        if not numbers or not set(own) - {"aws", "intel", "amd", "apple"} <= set(words):
            continue
        after = words[words.index(numbers[-1]) + 1 :][:1] if numbers[-1] in words else []
        if not (set(after) & FAMILY - set(own)):
            return device
    return None


def _words(name: str) -> list[str]:
    plain = re.sub(r"\((r|tm)\)", "", name.lower())
    return [word for word in re.split(r"[^a-z0-9]+", plain) if word]


def shares(
    here: Mapping[str, Any], rates: Worker, card: Accelerator | None, all_cores: float | None,
    link: float | None, promised_link: float | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Each measured rate with what the sheet says: what, unit, measured, sheet, share (None without one)."""
    found = []
    for precision, one in rates.matmul.items():
        sheet = _card_peak(card, precision) if card else processor_peak(here, precision, MOST_A_CYCLE)
        if card is None and sheet is not None and one.value > FASTER * sheet:
            sheet = None  # it runs faster than the clock that it tells, so that promises nothing
        found.append(_share(f"matrix products, {precision}", "GFLOP/s", one.value, sheet))
    if card is not None:
        found.append(_share("its memory", "GB/s", rates.memory.value, card.bandwidth_gbs))
        if link is not None:
            found.append(_share("from the host to it", "GB/s", link, promised_link))
        return found
    found.append(_share("memory, one core", "GB/s", rates.memory.value, None))
    if all_cores is not None:
        known = known_processor(here["cpu"])
        promised = known.bandwidth_gbs if known else None
        found.append(_share("memory, all cores here", "GB/s", all_cores, promised))
    return found


def _card_peak(card: Accelerator, precision: str) -> float | None:
    """10^9 operations a second; None where the sheet has no rate of its own for the precision."""
    peak = card.peak_tflops.get(precision)
    return None if peak is None else 1000 * peak


def _share(what: str, unit: str, measured: float, sheet: float | None) -> dict[str, Any]:
    return {"what": what, "unit": unit, "measured": measured, "sheet": sheet,
            "share": measured / sheet if sheet else None}  # fmt: skip


def link_peak(generation: int | None, lanes: int | None) -> float | None:
    """10^9 bytes a second, one way."""
    return LANE[generation] * lanes if generation in LANE and lanes else None
