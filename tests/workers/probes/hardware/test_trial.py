"""Steps of the plan on a worker's accelerator: the real loop on a processor, its memory played by a limit."""

from __future__ import annotations

import itertools
import math
import time

import pytest
import torch

from workers.probes.base import Budget, Sample
from workers.probes.hardware import architecture, demand, footprint, memory, trial

SMALL = {"kind": "mlp", "hidden": [64, 64], "classes": 3, "max_features": 12}
WORDS = {"kind": "decoder",
         "transformer": {"layers": 2, "width": 32, "heads": 2, "sequence": 16, "vocabulary": 50}}  # fmt: skip


def plan_of(model, hardware="A100", **training):
    sample = Sample(plan={"model": model, "training": {"batch_size": 32, "epochs": 1, **training},
                          "data": {"rows": 1_000},
                          "hardware": {"train": {"device": hardware}}})  # fmt: skip
    found = architecture.read(sample)
    return sample, footprint.measure(found, demand.read(sample, found))


class Played:
    """A device of ``room`` rows; steps run on this processor."""

    where = "cpu"

    def __init__(self, room: int, name: str = "NVIDIA A100-SXM4-80GB") -> None:
        self.room, self.name, self.memory, self.rows = room, name, 80 * 2**30, 0
        self.asked: list[int] = []

    def clear(self) -> None:
        pass

    def peak(self) -> int:
        return 1_000_000 * self.rows

    def wait(self) -> None:
        pass

    def joules(self) -> float | None:
        return 90.0 * time.perf_counter()  # 90 watts


@pytest.fixture
def played(monkeypatch):
    """Builds a played device and lets steps on more rows than it has room for run out of memory."""

    def build(room: int, **more) -> Played:
        on = Played(room, **more)

        def steps(plan, rows, where):
            on.rows = rows
            on.asked.append(rows)
            for count in itertools.count():
                if rows > room and count == 1:
                    raise torch.OutOfMemoryError("CUDA out of memory.")
                yield 1.0

        monkeypatch.setattr(trial, "steps", steps)
        monkeypatch.setattr(trial, "device", lambda where: on if where.startswith("cuda") else None)
        return on

    return build


@pytest.mark.parametrize(
    ("model", "training"),
    [
        (SMALL, {"optimizer": "momentum"}),
        (WORDS, {}),
        (WORDS, {"precision": "bf16"}),
        (WORDS, {"method": "lora", "precision": "bf16"}),
        (WORDS, {"method": "head", "checkpointing": True}),
    ],
)
def test_planned_steps_run_and_learn_only_what_the_plan_trains(model, training):
    _, plan = plan_of(model, **training)
    losses = list(itertools.islice(trial.steps(plan, 4, "cpu"), 3))
    assert all(math.isfinite(loss) for loss in losses)
    assert trial.possible(plan)


@pytest.mark.parametrize("training", [{"optimizer": "adamw_8bit"}, {"method": "qlora"}, {"precision": "fp8"}])
def test_what_plain_torch_cannot_do_is_not_tried(training):
    assert not trial.possible(plan_of(WORDS, **training)[1])


def test_running_out_of_memory_is_an_answer(played):
    _, plan = plan_of(SMALL)
    on = played(100)
    assert not trial.attempt(plan, 101, on).fits
    kept = trial.attempt(plan, 100, on, seconds=0.01)
    assert kept.peak == 100_000_000
    assert kept.seconds > 0
    assert kept.joules is None  # too short for a meter


def test_energy_is_read_off_the_device_where_the_steps_last(played, monkeypatch):
    monkeypatch.setattr(trial, "METERED", 0.01)
    _, plan = plan_of(SMALL)
    on = played(100)
    on.wait = lambda: time.sleep(0.002)
    kept = trial.attempt(plan, 100, on, seconds=0.05)
    assert kept.joules == pytest.approx(90 * kept.seconds, rel=0.6)


@pytest.mark.parametrize("room", [0, 1, 2, 31, 100, 1_000, 777_777])
@pytest.mark.parametrize("guess", [1, 90, 5_000])
def test_the_largest_batch_is_found_by_bisection(room, guess):
    asked = []

    def fits(rows):
        asked.append(rows)
        return rows <= room

    most = max(2 * guess, 2 * room)
    found = trial.largest(fits, 0, guess, most)
    assert found <= room
    assert len(asked) <= trial.TRIALS
    assert len(asked) == len(set(asked))
    if len(asked) < trial.TRIALS:
        assert found >= room * (1 - trial.CLOSE) - 1


def test_a_worker_with_the_planned_device_says_what_it_held(played):
    played(40)
    sample, _ = plan_of(SMALL)
    found = memory.run(sample, Budget(seconds=20, device="cuda:0"))
    without = memory.run(sample, Budget(seconds=20))
    assert "tried" not in without.facts
    assert found.facts["tried"]["fits"]
    assert found.facts["peak"]["low"] >= 32_000_000  # the peak that the device counted, and its runtime
    assert found.facts["largest_batch"] in range(38, 41)
    assert "this worker's NVIDIA A100-SXM4-80GB" in found.note


def test_out_of_memory_on_the_planned_device_is_the_finding(played):
    played(20)
    sample, _ = plan_of(SMALL)
    found = memory.run(sample, Budget(seconds=20, device="cuda:0"))
    assert [fault["fault"] for fault in found.facts["faults"]] == ["does_not_fit"]
    assert found.value > 1
    assert "ran out of memory" in found.note
    assert found.facts["largest_batch"] in range(19, 21)
    json_peak = found.facts["peak"]
    assert json_peak["low"] <= json_peak["mid"] <= json_peak["high"]


def test_another_device_out_of_memory_leaves_the_forecast(played):
    played(20, name="Tesla T4")
    sample, _ = plan_of(SMALL)
    found = memory.run(sample, Budget(seconds=20, device="cuda:0"))
    assert found.facts["faults"] == []
    assert found.value < 0.1
