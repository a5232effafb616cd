"""The catalogue says dense rates in stated units, and nothing in it is implausible."""

from __future__ import annotations

import re

import pytest

from workers.probes.hardware import catalogue

DEVICES = catalogue.devices()
GPUS = [d for d in DEVICES if d.kind in ("gpu", "tpu") or d.id.startswith("jetson")]


def ids(devices):
    return [d.id for d in devices]


def test_what_people_plan_with_is_there():
    assert {"mcu-m7", "phone-high", "jetson-agx-orin", "t4", "l4", "a10g", "a100-40", "a100-80", "h100",
            "h200",
            "b200", "rtx-4090", "mi300x", "tpu-v5e", "cpu-8"} <= set(ids(DEVICES))  # fmt: skip


@pytest.mark.parametrize("device", DEVICES, ids=ids(DEVICES))
def test_a_device_is_plausible(device):
    assert re.fullmatch(r"20[12]\d-[01]\d", device.date)
    assert device.source
    fields = {"peak_tflops", "bandwidth_gbs", "memory_gb", "tdp_w", "price_usd_hour"}
    assert set(device.judged) <= fields
    peaks = device.peak_tflops
    best = max(peaks.values())
    assert peaks.get("fp32", 0) <= best
    ratio = best * 1e12 / (device.bandwidth_gbs * 1e9)  # operations a byte
    assert 0.5 < ratio < 2500
    assert 0.0003 < best / device.tdp_w < 8  # 10^12 operations a watt, int8 of 2025 at most
    if device.price_usd_hour:
        low, mid, high = device.price_usd_hour
        assert 0 < low <= mid <= high < 20


@pytest.mark.parametrize("device", GPUS, ids=ids(GPUS))
def test_rates_are_dense_and_step_by_two(device):
    """A sparse rate beside dense ones shows as a factor of four between 16 and 8 bits."""
    peaks = device.peak_tflops
    half = peaks.get("bf16", peaks.get("fp16"))
    assert half is not None
    for narrow in ("fp8", "int8"):
        if narrow in peaks:
            bound = 4.1 if device.id == "rtx-4090" else 2.1  # Ada's int8 runs at twice its fp8 with fp32 sums
            assert 1.9 <= peaks[narrow] / half <= bound
    if "tf32" in peaks and device.id != "rtx-4090":
        assert half / peaks["tf32"] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    ("device", "bf16", "gbs", "gb", "watts"),
    [("a100-80", 312, 2039, 80, 400), ("h100", 989.4, 3350, 80, 700), ("h200", 989.4, 4800, 141, 700),
     ("b200", 2250, 8000, 180, 1000), ("mi300x", 1307.4, 5300, 192, 750), ("tpu-v5e", 197, 819, 16, None),
     ("l4", 121, 300, 24, 72)],
)  # fmt: skip
def test_the_main_devices_match_their_sheets(device, bf16, gbs, gb, watts):
    found = catalogue.find(device)
    assert (found.peak_tflops["bf16"], found.bandwidth_gbs, found.memory_gb) == (bf16, gbs, gb)
    assert watts in (None, found.tdp_w)


@pytest.mark.parametrize(
    ("name", "device"),
    [("A100", "a100-80"), ("NVIDIA A100-SXM4-40GB", "a100-40"), ("NVIDIA A100-SXM4-80GB", "a100-80"),
     ("nvidia h100 80GB HBM3", "h100"), ("NVIDIA H200", "h200"), ("8x RTX 4090", "rtx-4090"), ("Tesla T4",
                                                                                               "t4"),
     ("TPU v5e", "tpu-v5e"), ("cpu", "cpu-8"), ("Jetson AGX Orin", "jetson-agx-orin"), ("a phone",
                                                                                        "phone-high")],
)  # fmt: skip
def test_a_device_is_found_by_the_names_people_use(name, device):
    assert catalogue.find(name).id == device


def test_a_device_that_is_not_there_is_not_guessed():
    assert catalogue.find("quantum annealer") is None
    assert catalogue.near("h10")


def test_no_name_means_two_devices():
    names = [name for d in DEVICES for name in {catalogue._words(n) for n in (d.id, d.name, *d.aliases)}]
    assert len(names) == len(set(names))


def test_grids_and_pue_are_ordered():
    for name in ("France", "world", "us", None, "atlantis"):
        known, low, mid, high = catalogue.grid(name)
        assert 10 < low < mid < high < 1000
        assert known
    assert catalogue.grid("norway")[2] < catalogue.grid("france")[2] < catalogue.grid("india")[2]
    assert catalogue.grid("atlantis")[0] == "world"
    low, mid, high = catalogue.pue()
    assert 1 < low < mid < high < 2


def test_a_precision_falls_back_to_one_the_device_has():
    t4 = catalogue.find("t4")
    assert t4.peak("bf16") == t4.peak("fp16") == 65e12
    assert t4.peak("fp32") == 8.1e12
    assert catalogue.find("tpu-v5e").peak("fp32") == 197e12
