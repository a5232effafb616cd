"""The catalogue says dense rates in stated units, and nothing in it is implausible."""

from __future__ import annotations

import re

import pytest

from workers.probes.hardware import catalogue

DEVICES = catalogue.devices()
GPUS = [d for d in DEVICES if d.kind in ("gpu", "tpu") or d.id.startswith("jetson")]
KINDS = ("microcontroller", "phone", "edge", "cpu", "gpu", "tpu")
# What 16 bits do of 32 without matrix units, or 8 of 16: not twice on these.
EQUAL = {"gaudi-3": "fp8", "tpu-v4": "int8", "mi210": "int8", "mi250x": "int8", "rx-7900-xtx": "int8",
         "inferentia-2": "fp8", "trainium-1": "fp8"}  # fmt: skip
GEFORCE = re.compile(r"rtx-(20|30|40|50)\d\d")  # sums in 32 bits halve its 16-bit rate, and not its int8 rate


def ids(devices):
    return [d.id for d in devices]


def test_what_people_plan_with_is_there():
    assert {"mcu-m4", "mcu-m7", "esp32-s3", "phone-mid", "phone-high", "jetson-nano", "jetson-agx-orin",
            "jetson-orin-nano", "coral-edge-tpu", "hailo-8", "raspberry-pi-5", "laptop-cpu", "p100", "v100",
            "t4", "a10", "a10g", "a100-40", "a100-80", "l4", "l40s", "h100", "h100-pcie", "h200",
            "b200", "gb200", "rtx-3090", "rtx-4090", "rtx-5090", "mi250x", "mi300x", "mi325x", "tpu-v2",
            "tpu-v3", "tpu-v4",
            "tpu-v5e", "tpu-v5p", "tpu-v6e", "trainium-1", "trainium-2", "inferentia-2", "gaudi-2", "gaudi-3",
            "cpu-8", "cpu-epyc-64", "cpu-xeon-56"} <= set(ids(DEVICES))  # fmt: skip


@pytest.mark.parametrize("device", DEVICES, ids=ids(DEVICES))
def test_a_device_is_plausible(device):
    assert device.kind in KINDS
    assert re.fullmatch(r"20[12]\d-[01]\d", device.date)
    assert len(device.source) > 10
    fields = {"peak_tflops", "bandwidth_gbs", "memory_gb", "tdp_w", "price_usd_hour", "flash_kb"}
    assert set(device.judged) <= fields
    peaks = device.peak_tflops
    best = max(peaks.values())
    assert peaks.get("fp32", 0) <= best
    ratio = best * 1e12 / (device.bandwidth_gbs * 1e9)  # operations a byte
    assert 0.5 < ratio < 2500
    least = 1e-5 if device.kind == "microcontroller" else 6e-4  # of 8 bits, or in software
    assert least < best / device.tdp_w < 11  # 10^12 operations a watt; more is another unit, or sparse
    if device.price_usd_hour:
        low, mid, high = device.price_usd_hour
        assert 0 < low <= mid <= high < 20
        assert high < 8 * low


@pytest.mark.parametrize("device", [d for d in DEVICES if d.kind in ("gpu", "tpu")], ids=lambda d: d.id)
def test_a_rented_accelerator_has_a_plausible_price_and_links(device):
    half = device.peak_tflops.get("bf16", device.peak_tflops.get("fp16", device.peak_tflops.get("fp32")))
    assert 0.001 < device.price_usd_hour[1] / half < 0.04  # US dollars an hour for 10^12 operations a second
    assert 20 < device.bandwidth_gbs < 10_000
    if device.trains:
        assert device.link.gbs >= device.link.net_gbs > 0
        assert device.link.gbs < device.bandwidth_gbs


@pytest.mark.parametrize("device", GPUS, ids=ids(GPUS))
def test_rates_are_dense_and_step_by_two(device):
    """A sparse rate beside dense ones shows as a factor of four between 16 and 8 bits, or 16 and tf32."""
    peaks = device.peak_tflops
    half = peaks.get("bf16", peaks.get("fp16"))
    for narrow in ("fp8", "int8"):
        if narrow in peaks and half is not None:
            twice = 1 if EQUAL.get(device.id) == narrow else 2
            most = 2.05 * twice if GEFORCE.match(device.id) and narrow == "int8" else 1.05 * twice
            assert 0.95 * twice <= peaks[narrow] / half <= most
    if "tf32" in peaks and half is not None and device.kind == "gpu" and device.id != "l40":
        assert half / peaks["tf32"] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    ("device", "precision", "sparse"),
    [("a100-80", "bf16", 624), ("a100-40", "tf32", 312), ("a100-pcie", "int8", 1248), ("h100", "bf16", 1979),
     ("h100", "fp8", 3958), ("h100-pcie", "bf16", 1513), ("h100-pcie", "fp8", 3026), ("h200", "fp8", 3958),
     ("l4", "bf16", 242), ("l40s", "fp8", 1466), ("rtx-a6000", "bf16", 309.7), ("rtx-6000-ada", "fp8", 1457),
     ("b200", "fp8", 9000), ("gb200", "bf16", 5000), ("mi300x", "fp8", 5229.8),
     ("jetson-orin-nano", "int8", 40), ("jetson-orin-nano-super", "int8", 67),
     ("jetson-agx-orin", "int8", 170)],
)  # fmt: skip
def test_where_a_sheet_prints_the_sparse_rate_half_of_it_is_here(device, precision, sparse):
    assert catalogue.find(device).peak_tflops[precision] == pytest.approx(sparse / 2, rel=0.012)


def test_units_are_those_of_the_heading():
    """A slip of a thousand shows against a device that everybody knows."""
    a100 = catalogue.find("a100-80")
    for device in GPUS:
        assert a100.memory_gb / 40 <= device.memory_gb <= 5 * a100.memory_gb
        assert a100.tdp_w / 50 <= device.tdp_w <= 5 * a100.tdp_w
    for device in DEVICES:
        if device.kind == "microcontroller":
            assert device.memory_gb < 0.01
            assert device.tdp_w < 1


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
     ("nvidia h100 80GB HBM3", "h100"), ("NVIDIA H200", "h200"), ("8x RTX 4090", "rtx-4090"),
     ("Tesla T4", "t4"),
     ("TPU v5e", "tpu-v5e"), ("cpu", "cpu-8"), ("Jetson AGX Orin", "jetson-agx-orin"),
     ("a phone", "phone-mid"), ("Arduino Uno", "arduino-uno"),
     ("raspberry pi pico", "rp2040"), ("Pi Zero", "raspberry-pi-zero"), ("raspberry pi 3", "raspberry-pi-3"),
     ("Raspberry Pi Zero 2 W", "raspberry-pi-zero-2"), ("ESP32-C3", "esp32-c3"), ("esp32-wroom-32", "esp32"),
     ("ESP32-S3-WROOM-1", "esp32-s3"), ("STM32F407", "mcu-m4"), ("stm32l0", "stm32l0"),
     ("STM32H743ZI", "mcu-m7"), ("MacBook Pro M3 Max", "apple-m3-max"), ("mac mini m4", "apple-m4"),
     ("m3", "apple-m3"), ("iPhone 12", "iphone-12"), ("drone", "flight-rb5"),
     ("NVIDIA H100 PCIe", "h100-pcie"), ("AMD EPYC 9554 64-Core Processor", "cpu-epyc-64")],
)  # fmt: skip
def test_a_device_is_found_by_the_names_people_use(name, device):
    assert catalogue.find(name).id == device


@pytest.mark.parametrize(
    "name",
    ["quantum annealer", "toaster", "h1000", "rtx 4090 ti", "rtx 4090ti", "rtx 4070 super", "drone dji",
     "iphone 4", "samsung galaxy s3", "raspberry pi 6", "h100, a100", "NVIDIA H100 NVL", "esp64",
     "raspberry pi 4 with coral"],
)  # fmt: skip
def test_a_device_that_is_not_there_is_not_guessed(name):
    assert catalogue.find(name) is None


def test_a_word_for_a_class_of_devices_says_which_example_stands_in():
    assert catalogue.stands_in("a drone") == (
        '"a drone" is no particular device, so an example stands in: Drone computer (Qualcomm Flight RB5).'
    )
    assert '"drone dji" is not in the catalogue' in catalogue.stands_in("drone dji")
    assert catalogue.stands_in("h100") == catalogue.stands_in("toaster") == ""


def test_the_example_of_a_class_is_no_stronger_than_most_of_it():
    for name, kind in (("phone", "phone"), ("arduino", "microcontroller"), ("stm32", "microcontroller")):
        example = catalogue.find(name)
        same = sorted(device.memory_gb for device in DEVICES if device.kind == kind)
        assert example.memory_gb <= same[2 * len(same) // 3]


def test_a_smaller_memory_that_is_named_counts():
    assert catalogue.find("Raspberry Pi 5 2GB").memory_gb == 2
    assert catalogue.find("Raspberry Pi 5 2GB").id == "raspberry-pi-5"
    assert catalogue.find("rtx 3080 12GB").memory_gb == 10  # of a card that is not known to have more


@pytest.mark.parametrize("name", ["car", "watch", "gpu", "edge"])
def test_near_names_have_something_in_common(name):
    for near in catalogue.near(name):
        device = catalogue.find(near)
        words = " ".join((device.id, device.name, *device.aliases)).lower()
        usual = near in ("a100-80", "h100", "rtx-4090")
        assert usual or name[:2] in words


@pytest.mark.parametrize(
    ("name", "near"),
    [("h10", "h100"), ("A1000", "a100-80"), ("rtx 4095", "rtx-4090"), ("tpu v9", "tpu-v5e"),
     ("jetson orion", "jetson"), ("MI300", "mi300x"), ("gaudi 4", "gaudi-3")],
)  # fmt: skip
def test_near_names_are_told(name, near):
    found = catalogue.find(name)
    assert found is not None or len(catalogue.near(name)) <= 3
    told = [found.id] if found else catalogue.near(name)
    assert any(near.split("-")[0] in one for one in told)


def test_without_a_near_name_usual_ones_are_told():
    assert set(catalogue.near("quantum annealer")) <= set(ids(DEVICES))


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
    assert catalogue.grid_name("eu-west-1") == "ireland"
    assert catalogue.grid_name("us-east-1") == "united states"
    assert catalogue.grid_name("atlantis") is None
    low, mid, high = catalogue.pue()
    assert 1 < low < mid < high < 2


def test_a_precision_falls_back_to_one_the_device_has():
    t4 = catalogue.find("t4")
    assert t4.peak("bf16") == t4.peak("fp16") == 65e12
    assert t4.peak("fp32") == 8.1e12
    assert catalogue.find("tpu-v5e").peak("fp32") == 197e12


def test_currencies_are_priced_or_not():
    assert catalogue.in_dollars("usd") == 1
    assert 0.9 < catalogue.in_dollars("EUR") < 1.5
    assert catalogue.in_dollars("JPY") < 0.02
    assert catalogue.in_dollars("XYZ") is None
