"""The machine at hand: rates that are real, and no crash where nothing can be read."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch

from workers.probes.base import Budget, Sample
from workers.probes.hardware import calibrate, inventory


@pytest.fixture
def fast(monkeypatch):
    """A worker with given rates."""

    def give(gflops, ratio=1.0):
        rates = {"fp32": calibrate.Rate(gflops, 0.9 * gflops, 1.1 * gflops, 384)}
        worker = calibrate.Worker(rates, calibrate.Rate(10, 9, 11, 2**26), 2e-6, ratio)
        monkeypatch.setattr(calibrate, "worker", lambda *_: worker)

    return give


def test_the_inventory_takes_under_five_seconds_and_is_json():
    calibrate._workers.clear()
    start = time.perf_counter()
    found = inventory.run(Sample(), Budget(seconds=10))
    assert time.perf_counter() - start < 5
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
    monkeypatch.setattr("os.sched_getaffinity", refuse)
    monkeypatch.setattr("os.sysconf", refuse)
    found = inventory.run(Sample(), Budget())
    assert found.state == "measured"
    assert set(found.facts["not_readable"]) == {"processor", "memory", "disk"}


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
