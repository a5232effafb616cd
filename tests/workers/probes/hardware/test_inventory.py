"""The machine at hand: rates that are real, and no crash where nothing can be read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import torch

from workers.probes.base import Budget, Sample
from workers.probes.hardware import calibrate, catalogue, inventory
from workers.probes.hardware.inventory import disk, nvml, rates, sheet, steady
from workers.probes.hardware.inventory.nvml import Nvml
from workers.probes.hardware.inventory.steady import Counts

QUIET = {"stolen": 0.0, "held_back": None, "hot": 0, "clock_start": 3000.0, "clock_load": 3000.0,
         "spread": 1.1, "cpu_spread": 1.0, "beats": 12}  # fmt: skip


@pytest.fixture
def fast(monkeypatch):
    """A worker with given rates, on a machine where nothing else goes on."""
    monkeypatch.setattr(steady.Beats, "told", lambda _: QUIET)

    def give(gflops, ratio=1.0):
        rates = {"fp32": calibrate.Rate(gflops, 0.9 * gflops, 1.1 * gflops, 384)}
        worker = calibrate.Worker(rates, calibrate.Rate(10, 9, 11, 2**26), 2e-6, ratio)
        monkeypatch.setattr(calibrate, "worker", lambda *_: worker)

    return give


def test_the_inventory_takes_under_five_seconds_and_is_json():
    calibrate._workers.clear()
    start = time.process_time()
    found = inventory.run(Sample(), Budget(seconds=10))
    assert time.process_time() - start < 5
    json.dumps(found.as_json(), allow_nan=False)
    assert 0 < found.low <= found.value <= found.high
    assert {
        "device",
        "cpu",
        "cores",
        "memory_gb",
        "gpus",
        "matmul",
        "memory_gbs",
        "faults",
        "wall_over_cpu",
        "disk",
        "decode",
        "shares",
        "steady",
    } <= set(found.facts)
    assert {row["precision"] for row in found.facts["matmul"]} >= {"fp32", "fp64"}
    assert found.facts["wall_over_cpu"] >= 1


def test_the_rate_is_the_rate():
    """One product, timed by hand, is not faster than the rate says by more than noise."""
    found = calibrate.worker()
    a = torch.ones(384, 384)
    torch.set_num_threads(1)
    torch.mm(a, a)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        torch.mm(a, a)
        times.append(time.perf_counter() - start)
    assert 2 * 384**3 / min(times) / 1e9 == pytest.approx(found.matmul["fp32"].high, rel=0.6)


def test_a_machine_without_proc_and_sys_is_still_described(monkeypatch, fast):
    fast(50.0)

    def refuse(*_, **__):
        raise PermissionError("closed")

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr("shutil.disk_usage", refuse)
    monkeypatch.setattr("os.statvfs", refuse)
    monkeypatch.setattr("os.sched_getaffinity", refuse)
    monkeypatch.setattr("os.sysconf", refuse)
    found = inventory.run(Sample(), Budget())
    assert found.state == "measured"
    assert set(found.facts["not_readable"]) == {"processor", "memory", "disk"}
    assert found.facts["disk"] is None
    assert steady.counts() == Counts()


def machine(monkeypatch, **changes):
    here = {"cpu": "Test CPU", "flags": {"avx2"}, "hertz": 3e9, "cores": 4, "memory_gb": 16.0, "gpus": [],
            "disk_free_gb": 1.0, "not_readable": [], **changes}  # fmt: skip
    monkeypatch.setattr(inventory, "machine", lambda: here)


def test_a_machine_far_below_its_data_sheet_is_a_fault(monkeypatch, fast):
    machine(monkeypatch)
    fast(20.0)  # of 96
    found = inventory.run(Sample(), Budget())
    assert [f["fault"] for f in found.facts["faults"]] == ["below_data_sheet"]
    assert "about 96" in found.note


def test_a_sound_machine_has_no_fault(monkeypatch, fast):
    machine(monkeypatch)
    fast(80.0)
    assert inventory.run(Sample(), Budget()).facts["faults"] == []


def test_a_noisy_neighbour_is_said_and_not_blamed_on_the_machine(monkeypatch, fast):
    machine(monkeypatch)
    fast(20.0, ratio=2.5)
    found = inventory.run(Sample(), Budget())
    assert found.facts["faults"] == []
    assert "Other work takes the processor away" in found.note


def test_an_accelerator_is_named_in_the_title(monkeypatch, fast):
    machine(monkeypatch, gpus=[{"name": "NVIDIA H100 80GB HBM3", "memory_gb": 80.0}])
    fast(50_000.0)
    found = inventory.run(Sample(), Budget(device="cuda:0"))
    assert found.title == "1 accelerator: NVIDIA H100 80GB HBM3"
    assert found.facts["data_sheet_gflops"] == pytest.approx(66_900)


def test_timing_measures_time():
    times = calibrate.timed(lambda: time.sleep(0.01), 0.05, "cpu")
    assert 0.009 < calibrate.quantile(times, 0.2) < 0.05


# -- steadiness: what the kernel counts, and the same work again and again ------------------------------
def test_what_the_host_and_a_quota_take_is_a_share_of_the_time_between_two_looks():
    before = Counts(stolen=100.0, ticks=10_000.0, held_back=1e6, hot=3, mhz=3000.0)
    after = Counts(stolen=160.0, ticks=10_200.0, held_back=2e6, hot=5, mhz=2000.0)
    told = steady.compared(before, after, seconds=4.0)
    assert told["stolen"] == pytest.approx(0.3)
    assert told["held_back"] == pytest.approx(0.25)
    assert told["hot"] == 2
    assert steady.compared(Counts(), after, 1.0)["stolen"] is None


def test_the_kernels_own_words_are_read(monkeypatch):
    files = {
        "/proc/stat": "cpu  10 0 20 300 5 0 1 64 0 0\ncpu0 1 2",
        "/proc/cpuinfo": "cpu MHz : 2100\n\ncpu MHz: 3300.5\n",
        "/sys/fs/cgroup/cpu.stat": "usage_usec 7\nthrottled_usec 1234\n",
    }
    monkeypatch.setattr(steady, "_read", lambda path: files.get(path, ""))
    found = steady.counts()
    assert (found.stolen, found.ticks) == (64.0, 400.0)
    assert found.mhz == 3300.5
    assert found.held_back == 1234.0


@pytest.mark.parametrize(
    ("changes", "ratio", "words"),
    [
        ({}, 1.1, ""),
        ({}, 2.5, "Other work takes the processor away"),
        ({"stolen": 0.2}, 1.1, "The host takes 20%"),
        ({"held_back": 0.3}, 1.1, "A quota holds this worker back 30%"),
        ({"spread": 2.0}, 1.1, "took up to 2.0 times as long"),
    ],
)
def test_neighbours_are_told_by_whichever_sign_they_leave(changes, ratio, words):
    told = steady.shared({**QUIET, **changes}, ratio, calibrate.NOISY)
    assert told.startswith(words) or words in told
    assert bool(told) == bool(words)


@pytest.mark.parametrize(
    ("changes", "card", "words"),
    [
        ({}, {}, ""),
        ({}, {"reasons": ["its power limit"]}, ""),
        ({}, {"reasons": ["heat"], "celsius_load": 91}, "at 91 °C, because of heat"),
        ({"hot": 4}, {}, "processor slowed itself down because of heat"),
        ({"clock_load": 2000.0}, {}, "fell from 3.0 to 2.0 GHz"),
    ],
)
def test_clocks_that_were_turned_down_are_told(changes, card, words):
    told = steady.slowed({**QUIET, **changes}, card)
    assert words in told
    assert bool(told) == bool(words)


def test_beats_are_times_of_the_same_work():
    beats = steady.Beats()
    beats.beat(times=6)
    told = beats.told()
    assert told["beats"] == 6
    assert told["spread"] >= 1
    assert all(wall > 0 for wall in beats.wall)


# -- disk and pictures ------------------------------------------------------------------------------------
def test_the_disk_is_measured_and_nothing_is_left_behind(tmp_path):
    found = disk.measured(tmp_path)
    assert found.bytes > 0
    assert found.write > 0
    assert found.how in ("direct", "synced")
    assert found.read is None or found.read > 0
    assert list(tmp_path.iterdir()) == []


def test_a_read_that_memory_answers_is_not_told_as_the_disks(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "_direct", lambda _: None)
    monkeypatch.setattr(disk, "forget", lambda _: None)  # so that the kernel keeps the file
    found = disk.measured(tmp_path)
    assert found.how == "synced"
    assert found.read is None


def test_what_was_forgotten_is_not_in_memory(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2**20)
    assert disk.in_memory(path, 2**20)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    disk.forget(path)
    if disk.in_memory(path, 2**20):
        pytest.skip("This file system keeps what it was asked to forget.")


def test_a_full_disk_is_not_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "SIZE", 2**62)
    assert disk.measured(tmp_path) is None


def test_pictures_are_decoded_as_fast_as_by_hand():
    found = rates.decoding(0.1)
    assert 0 < found.low <= found.value <= found.high
    assert 20 < found.value < 20_000  # half a megapixel each


def test_a_copy_to_a_device_is_timed():
    assert rates.to_device("cpu", 0.05) > 0.05


# -- data sheets ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("AMD EPYC 9554 64-Core Processor", "cpu-epyc-64"),
        ("Intel(R) Xeon(R) Platinum 8480+", "cpu-xeon-56"),
        ("Apple M2", "apple-m2"),
        ("Apple M2 Max", "apple-m2-max"),
        ("Apple M9 Max", None),
        ("AMD EPYC", None),
        ("AMD EPYC 7282 16-Core Processor", None),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", None),
    ],
)
def test_a_processor_is_known_by_its_number_and_not_by_its_family(name, known):
    found = sheet.known_processor(name)
    assert (found.id if found else None) == known


def test_a_share_is_told_only_where_a_sheet_says_something():
    here = {"cpu": "unheard of", "flags": set(), "hertz": None}
    found = sheet.shares(here, calibrate.worker(), None, 30.0, None, None)
    assert all(one["share"] is None and one["sheet"] is None and one["measured"] > 0 for one in found)
    here = {"cpu": "AMD EPYC 9554 64-Core Processor", "flags": {"avx2"}, "hertz": 3e10}
    by_name = {one["what"]: one for one in sheet.shares(here, calibrate.worker(), None, 46.08, None, None)}
    assert by_name["memory, all cores here"]["share"] == pytest.approx(0.1)
    assert by_name["matrix products, fp32"]["sheet"] == pytest.approx(960)
    assert by_name["matrix products, fp64"]["sheet"] == pytest.approx(480)
    assert by_name["matrix products, bf16"]["sheet"] is None


def test_a_promise_that_is_beaten_is_no_promise():
    """A processor that runs faster than the clock it tells is not at 140 % of a data sheet."""
    here = {"cpu": "AMD EPYC", "flags": {"avx512f", "avx512_bf16"}, "hertz": 1e8}
    for one in sheet.shares(here, calibrate.worker(), None, None, None, None):
        assert one["share"] is None or one["share"] <= sheet.FASTER


def test_all_cores_are_never_told_as_slower_than_one(monkeypatch, fast):
    machine(monkeypatch)
    fast(80.0)
    monkeypatch.setattr(rates, "memory_of_all", lambda cores, seconds: 5.0)  # one core reads 10
    assert inventory.run(Sample(), Budget()).facts["memory_all_gbs"] is None


def test_the_link_to_a_card_is_its_generation_times_its_lanes():
    assert sheet.link_peak(4, 16) == pytest.approx(31.5, abs=0.1)
    assert sheet.link_peak(None, 16) is None
    assert sheet.link_peak(4, 0) is None


# -- accelerators: the library of NVIDIA is the one thing that is not real here ---------------------------
class Library:
    """What pynvml answers for one card; ``refused`` are the names that raise."""

    def __init__(self, reasons=0, refused=()):
        self.reasons, self.refused, self.closed = reasons, refused, False

    def __getattr__(self, name):
        if name in self.__dict__.get("refused", ()) or not name.startswith("nvml"):
            raise AttributeError(name)
        memory = type("Memory", (), {"total": 80 * 2**30, "free": 79 * 2**30})
        answers = {
            "nvmlDeviceGetCount": 1, "nvmlDeviceGetHandleByIndex": "handle",
            "nvmlDeviceGetMemoryInfo": memory, "nvmlDeviceGetName": b"NVIDIA H100 80GB HBM3",
            "nvmlSystemGetDriverVersion": "570.1", "nvmlDeviceGetUUID": "GPU-1", "nvmlShutdown": None,
            "nvmlDeviceGetMaxClockInfo": 1980, "nvmlDeviceGetMaxPcieLinkGeneration": 5,
            "nvmlDeviceGetMaxPcieLinkWidth": 16, "nvmlDeviceGetClockInfo": 1200,
            "nvmlDeviceGetTemperature": 88, "nvmlDeviceGetPowerUsage": 350_000,
            "nvmlDeviceGetCurrentClocksEventReasons": self.reasons,
            "nvmlDeviceGetCurrentClocksThrottleReasons": self.reasons,
        }  # fmt: skip
        if name not in answers:
            raise AttributeError(name)
        return lambda *_: answers[name]


@pytest.fixture
def card(monkeypatch):
    """A machine with one card, as NVIDIA's library tells of it."""

    def give(**how):
        monkeypatch.setattr(Nvml, "open", lambda: Nvml(Library(**how)))

    return give


def test_a_card_is_told_with_driver_and_link(card):
    card()
    found = nvml.cards()[0]
    assert found.name == "NVIDIA H100 80GB HBM3"
    assert (found.memory_gb, found.free_gb, found.driver) == (80, 79, "570.1")
    assert sheet.link_peak(found.link_generation, found.link_lanes) == pytest.approx(63.0, abs=0.1)


def test_what_a_driver_refuses_is_left_out(card):
    card(refused=("nvmlDeviceGetPowerUsage", "nvmlDeviceGetMaxPcieLinkWidth",
                  "nvmlDeviceGetCurrentClocksEventReasons"), reasons=0x40)  # fmt: skip
    assert nvml.cards()[0].link_lanes is None
    with nvml.watched(0) as told:
        time.sleep(0.12)
    assert told["watts"] is None
    assert told["reasons"] == ["heat"]  # by the name that older drivers know
    assert told["looked"] >= 2


def test_without_a_driver_there_is_no_card():
    assert nvml.cards() == [] or torch.cuda.is_available()
    with nvml.watched(0) as told:
        pass
    assert told == {} or torch.cuda.is_available()


def on_card(fp32=50_000.0, memory=2_800.0):
    rate = calibrate.Rate(fp32, 0.9 * fp32, 1.1 * fp32, 8192)
    return calibrate.Worker({"fp32": rate}, calibrate.Rate(memory, memory, memory, 2**28), 3e-6, 1.0)


def test_a_hot_card_says_so_and_its_low_rate_is_a_fault_with_that_cause(card, monkeypatch):
    card(reasons=0x40 | 0x04)
    monkeypatch.setattr(calibrate, "worker", lambda *_: on_card(fp32=20_000.0))  # of 66,900
    monkeypatch.setattr(steady.Beats, "told", lambda _: QUIET)
    found = inventory.run(Sample(), Budget(device="cuda:0"))
    fault = found.facts["faults"][0]
    assert (fault["fault"], fault["severity"]) == ("below_data_sheet", "medium")
    assert "because of heat" in fault["cause"]
    assert "The accelerator slowed itself down at 88 °C" in found.note
    assert found.facts["card"]["clock_load"] == 1200


def test_a_card_with_slow_memory_is_told_apart_from_slow_arithmetic(card, monkeypatch):
    card()
    monkeypatch.setattr(calibrate, "worker", lambda *_: on_card(memory=900.0))  # of 3,350
    monkeypatch.setattr(steady.Beats, "told", lambda _: QUIET)
    found = inventory.run(Sample(), Budget(device="cuda:0"))
    assert found.facts["faults"][0]["what"] == "its memory"
    assert "GB/s for its memory" in found.note


def test_a_card_at_its_power_limit_is_a_sound_card(card, monkeypatch):
    card(reasons=0x04)
    monkeypatch.setattr(calibrate, "worker", lambda *_: on_card())
    monkeypatch.setattr(steady.Beats, "told", lambda _: QUIET)
    found = inventory.run(Sample(), Budget(device="cuda:0"))
    assert found.facts["faults"] == []
    assert found.facts["throttling"] == ""
    shares = {one["what"]: one["share"] for one in found.facts["shares"]}
    assert shares["matrix products, fp32"] == pytest.approx(50_000 / 66_900, rel=0.01)
    assert shares["its memory"] == pytest.approx(2_800 / catalogue.find("h100").bandwidth_gbs, rel=0.01)
    json.dumps(found.as_json(), allow_nan=False)
