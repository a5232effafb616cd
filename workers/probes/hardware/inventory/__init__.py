"""What this worker has and what it really reaches, against what its data sheets promise.

Value: 10^9 operations a second in 32-bit matrix products, one thread of the processor (or the
accelerator, when the run is given one). Beside it: other precisions, memory, the way to the accelerator,
disk, decoding of pictures; whether clocks are turned down, and whether others share the machine. Works with
little of /proc and without any network; what cannot be read is left out, and said.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import calibrate, catalogue
from workers.probes.hardware.calibrate import NOISY, Worker
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.inventory import disk, nvml, rates, sheet, steady
from workers.probes.hardware.inventory.machine import machine
from workers.probes.words import percent

BELOW = 0.4  # share of a data sheet's rate under which something holds the machine back


def run(sample: Sample, budget: Budget) -> Finding:
    """Cores, memory and accelerators, and measured rates with their range."""
    budget.progress(0.05, "Looking at the machine")
    here = machine()
    device = budget.device if budget.device.startswith("cuda") and here["gpus"] else "cpu"
    place = _place(device, here) if device != "cpu" else 0
    beats = steady.Beats()
    beats.beat()
    budget.progress(0.2, "Multiplying matrices")
    with nvml.watched(place) if device != "cpu" else nullcontext(dict[str, Any]()) as card_told:
        found = calibrate.worker(device, min(1.5, max(0.5, 0.25 * budget.left)))
        link = rates.to_device(device, 0.2) if _reachable(device) else None
    beats.beat()
    budget.progress(0.6, "Decoding pictures")
    decoded = rates.decoding(0.25, budget.seed)
    beats.beat()
    budget.progress(0.7, "Writing and reading a file")
    stored = disk.measured()
    beats.beat()
    alone = device != "cpu" or here["cores"] == 1 or found.noisy  # threads that wait for a neighbour are slow
    together = None if alone else rates.memory_of_all(here["cores"], 0.2)
    if together is not None and together < found.memory.value:
        together = None  # all cores read no less than one of them: here some waited for a neighbour
    budget.progress(0.95, "Comparing with the data sheet")
    card = catalogue.find(here["gpus"][place]["name"]) if device != "cpu" else None
    promised = _link_peak(here, place) if device != "cpu" else None
    told = beats.told()
    facts: dict[str, Any] = {
        "device": device, "cpu": here["cpu"], "cores": here["cores"], "memory_gb": here["memory_gb"],
        "gpus": here["gpus"], "disk_free_gb": here["disk_free_gb"],
        "matmul": [{"precision": name, "gflops": r.value, "low": r.low, "high": r.high, "size": r.size}
                   for name, r in found.matmul.items()],
        "memory_gbs": found.memory.value, "memory_all_gbs": together, "host_to_device_gbs": link,
        "start_microseconds": found.start * 1e6, "wall_over_cpu": found.wall_over_cpu,
        "decode": asdict(decoded) | {"picture": list(rates.PICTURE)},
        "disk": asdict(stored) if stored is not None else None,
        "shares": sheet.shares(here, found, card, together, link, promised),
        "data_sheet_gflops": _sheet(here, device, card), "in_catalogue": _known(here, device, card),
        "steady": told, "card": card_told, "not_readable": here["not_readable"], "faults": [],
    }  # fmt: skip
    return _finding(facts, found, here)


def _reachable(device: str) -> bool:
    return device != "cpu" and torch.cuda.is_available()


def _place(device: str, here: dict[str, Any]) -> int:
    """Which of NVML's cards torch means: by its identity, for torch counts only those it may see."""
    wanted = int(device.partition(":")[2] or 0)
    if torch.cuda.is_available():
        uuid = str(getattr(torch.cuda.get_device_properties(wanted), "uuid", ""))
        for place, card in enumerate(here["gpus"]):
            if uuid and uuid in str(card.get("uuid") or ""):
                return place
    return min(wanted, len(here["gpus"]) - 1)


def _link_peak(here: dict[str, Any], place: int) -> float | None:
    card = here["gpus"][place]
    return sheet.link_peak(card.get("link_generation"), card.get("link_lanes"))


def _sheet(here: dict[str, Any], device: str, card: Accelerator | None) -> float | None:
    """10^9 operations a second that the device should reach in 32 bits; None when nothing says."""
    if device != "cpu":
        return card.peak("fp32") / 1e9 if card else None
    return sheet.processor_peak(here)


def _known(here: dict[str, Any], device: str, card: Accelerator | None) -> str | None:
    """The catalogue's name of the device; None where it has no sheet of it."""
    found = card if device != "cpu" else sheet.known_processor(here["cpu"])
    return found.name if found is not None else None


def _finding(facts: dict[str, Any], found: Worker, here: dict[str, Any]) -> Finding:
    main = found.matmul["fp32"]
    on_card = facts["device"] != "cpu"
    promise = next((one["share"] for one in facts["shares"] if one["what"].endswith("fp32")), None)
    reached = f", {_reached(promise, on_card)}" if promise else ""
    note = (
        f"{here['cpu']} with {here['cores']} core{'s' * (here['cores'] != 1)} and {here['memory_gb']:.0f} GB"
        f" does {main.value:,.0f} billion operations a second"
        f" {'on its accelerator' if on_card else 'on one core'}{reached}."
    )
    shared = steady.shared(facts["steady"], found.wall_over_cpu, NOISY)
    slowed = steady.slowed(facts["steady"], facts["card"])
    facts["neighbours"], facts["throttling"] = shared, slowed
    low = _low(facts, main.value, on_card)
    if low and not shared:
        worst = min(low, key=lambda one: one["share"])
        facts["faults"].append({"fault": "below_data_sheet", "severity": "medium", "device": facts["device"],
                                "what": worst["what"], "measured": worst["measured"],
                                "expected": worst["sheet"], "unit": worst["unit"],
                                "cause": slowed or None})  # fmt: skip
        note += f" Its data sheet says about {worst['sheet']:,.0f} {worst['unit']} for {worst['what']}"
        note += "; look for throttling or a shared machine." if not slowed else "."
    elif slowed and set(facts["card"].get("reasons") or ()) & nvml.HARMFUL:
        facts["faults"].append({"fault": "below_data_sheet", "severity": "low", "device": facts["device"],
                                "what": "its clock", "cause": slowed})  # fmt: skip
    note += "".join(f" {sentence}" for sentence in (slowed, shared) if sentence)
    count = len(here["gpus"])
    title = (
        f"{count} accelerator{'s' * (count > 1)}: {here['gpus'][0]['name']}"
        if count
        else f"{here['cores']} core{'s' * (here['cores'] != 1)}, no accelerator"
    )
    return Finding(main.value, note, facts, main.low, main.high, title=title)


def _reached(share: float, on_card: bool) -> str:
    """How much of the promise is kept; a processor's is what its clock and its units multiply to."""
    promise = "its data sheet promises" if on_card else "its clock promises"
    return f"all that {promise}" if share >= 1 else f"{percent(share)} of what {promise}"


def _low(facts: dict[str, Any], gflops: float, on_card: bool) -> list[dict[str, Any]]:
    """Rates so far below the sheet that something is wrong: products in 32 bits, and a card's memory.

    Other precisions say more about the library, and a socket's memory is shared by all of its cores.
    """
    if not on_card:
        sheet = facts["data_sheet_gflops"]
        found = [{"what": "matrix products, fp32", "unit": "GFLOP/s", "measured": gflops, "sheet": sheet,
                  "share": gflops / sheet}] if sheet else []  # fmt: skip
    else:
        blamed = ("matrix products, fp32", "its memory")
        found = [one for one in facts["shares"] if one["what"] in blamed and one["share"] is not None]
    return [one for one in found if one["share"] < BELOW]
