"""The one place that speaks with NVIDIA's management library; everything else sees plain values.

Each thing is asked for by itself: a driver, a container or a virtual card may refuse any of them, and what
it refuses is None.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

GIB = 2**30
EVERY = 0.05  # seconds between looks while a card is busy
# Why a card runs slower than it could (nvml.h, nvmlClocksEventReasons), in words.
REASONS = {
    0x04: "its power limit", 0x08: "a slowdown of the hardware", 0x20: "heat", 0x40: "heat",
    0x80: "the power supply",
}  # fmt: skip
HARMFUL = frozenset({"a slowdown of the hardware", "heat", "the power supply"})  # a power limit is usual


@dataclass(frozen=True)
class Card:
    """What a card is; memory in GiB, its link in generations and lanes of PCI Express."""

    name: str
    memory_gb: float | None
    free_gb: float | None
    driver: str | None
    uuid: str | None
    most_mhz: int | None
    link_generation: int | None
    link_lanes: int | None


@dataclass(frozen=True)
class State:
    """What a card does at one moment."""

    mhz: int | None
    celsius: int | None
    watts: float | None
    reasons: tuple[str, ...]


class Nvml:
    """An open session with the library."""

    def __init__(self, api: Any) -> None:
        self.api = api

    @classmethod
    def open(cls) -> Nvml | None:
        """A session; None where there is no library, no driver or no permission."""
        try:
            import pynvml

            pynvml.nvmlInit()
        except Exception:
            return None
        return cls(pynvml)

    def close(self) -> None:
        self._ask("nvmlShutdown")

    def count(self) -> int:
        return int(self._ask("nvmlDeviceGetCount") or 0)

    def card(self, place: int) -> Card | None:
        handle = self._ask("nvmlDeviceGetHandleByIndex", place)
        if handle is None:
            return None
        memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
        clock = getattr(self.api, "NVML_CLOCK_SM", 1)
        return Card(
            name=_text(self._ask("nvmlDeviceGetName", handle)) or "accelerator",
            memory_gb=None if memory is None else memory.total / GIB,
            free_gb=None if memory is None else memory.free / GIB,
            driver=_text(self._ask("nvmlSystemGetDriverVersion")),
            uuid=_text(self._ask("nvmlDeviceGetUUID", handle)),
            most_mhz=self._ask("nvmlDeviceGetMaxClockInfo", handle, clock),
            link_generation=self._ask("nvmlDeviceGetMaxPcieLinkGeneration", handle),
            link_lanes=self._ask("nvmlDeviceGetMaxPcieLinkWidth", handle),
        )

    def state(self, place: int) -> State:
        handle = self._ask("nvmlDeviceGetHandleByIndex", place)
        if handle is None:
            return State(None, None, None, ())
        clock, heat = (
            getattr(self.api, "NVML_CLOCK_SM", 1),
            getattr(self.api, "NVML_TEMPERATURE_GPU", 0),
        )
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
        if bits is None:  # its name before driver 535
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        power = self._ask("nvmlDeviceGetPowerUsage", handle)
        return State(
            mhz=self._ask("nvmlDeviceGetClockInfo", handle, clock),
            celsius=self._ask("nvmlDeviceGetTemperature", handle, heat),
            watts=None if power is None else power / 1000,
            reasons=tuple(dict.fromkeys(word for bit, word in REASONS.items() if (bits or 0) & bit)),
        )

    def joules(self, place: int) -> float | None:
        """What the card has used since its driver was loaded (Volta and later)."""
        handle = self._ask("nvmlDeviceGetHandleByIndex", place)
        used = None if handle is None else self._ask("nvmlDeviceGetTotalEnergyConsumption", handle)
        return None if used is None else used / 1000

    def place(self, uuid: str) -> int | None:
        """The card of that identity, which torch tells as well; the two count cards in different ways."""
        for place in range(self.count()):
            card = self.card(place)
            if card is not None and card.uuid and uuid and uuid in card.uuid:
                return place
        return None

    def _ask(self, name: str, *given: Any) -> Any:
        try:
            return getattr(self.api, name)(*given)
        except Exception:  # a card or driver that does not tell
            return None


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def cards() -> list[Card]:
    """Every NVIDIA card; an empty list where there is none to use."""
    session = Nvml.open()
    if session is None:
        return []
    try:
        found = [session.card(place) for place in range(session.count())]
    finally:
        session.close()
    return [card for card in found if card is not None]


@contextmanager
def watched(place: int) -> Iterator[dict[str, Any]]:
    """What the card says before and while it works inside the block; empty where nobody tells.

    clock_start, clock_load (median), clock_most in MHz; celsius_start, celsius_load (most); watts (most);
    reasons, why it was slower than it could be.
    """
    told: dict[str, Any] = {}
    session = Nvml.open()
    if session is None:
        yield told
        return
    before, card, seen, done = session.state(place), session.card(place), list[State](), threading.Event()

    def look() -> None:
        while not done.wait(EVERY):
            seen.append(session.state(place))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield told
    finally:
        done.set()
        watcher.join(2.0)
        seen.append(session.state(place))
        told |= {
            "clock_start": before.mhz, "clock_load": _middle([one.mhz for one in seen]),
            "clock_most": card.most_mhz if card is not None else None,
            "celsius_start": before.celsius, "celsius_load": _most([one.celsius for one in seen]),
            "watts": _most([one.watts for one in seen]),
            "reasons": list(dict.fromkeys(reason for one in seen for reason in one.reasons)),
            "looked": len(seen),
        }  # fmt: skip
        session.close()


def _most(values: list[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _middle(values: list[Any]) -> Any:
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else None
