"""More devices: one costs what the forecast says, money only grows, and the knee is where time is lost."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from tests.workers.probes.hardware.test_training_cost import read
from workers.probes.base import Budget, Sample
from workers.probes.hardware import catalogue, footprint, forecast, scaling, training_cost

VISION = {"model": {"kind": "resnet50", "classes": 10, "input_size": 64}, "data": {"rows": 1_000_000},
          "training": {"batch_size": 1024, "epochs": 30, "precision": "bf16", "optimizer": "momentum",
                       "runs": 1}}  # fmt: skip
HARDWARE = {"train": {"device": "a100-80", "count": 4}}


def run(plan, answers=None):
    return scaling.run(Sample(plan=plan, answers=answers or {}), Budget(seconds=10))


@pytest.fixture(scope="module")
def every():
    model, wanted = read(VISION)
    return scaling.clusters(footprint.measure(model, wanted), wanted, catalogue.find("a100-80"), seed=0)


def test_one_device_costs_what_the_forecast_says():
    plan = {**VISION, "hardware": {"train": {"device": "a100-80"}}}
    alone = run(plan).facts["counts"][0]
    cost = training_cost.run(Sample(plan=plan), Budget(seconds=3)).facts["forecast"]
    for key in ("hours", "money"):
        for quantile in ("p10", "p50", "p90"):
            assert alone[key][quantile] == pytest.approx(cost[key][quantile])


def test_devices_that_cannot_hold_their_share_are_no_answer():
    """Mixtral 8x7B, all of it trained: 16 bytes for 46.7 billion numbers are 747 GB; 8 devices have 640."""
    plan = {"model": {"kind": "mixtral-8x7b", "transformer": {"sequence": 1024}}, "data": {"rows": 100_000},
            "training": {"batch_size": 64, "precision": "bf16", "checkpointing": True, "sharding": "zero3",
                         "epochs": 1, "runs": 1},
            "hardware": {"train": {"device": "h100", "count": 8, "hours": 200}}}  # fmt: skip
    found = run(plan)
    assert found.facts["fits_from"] == found.facts["counts"][0]["count"] == 16
    assert found.facts["needed"] >= 16
    assert found.note.startswith("It does not fit on fewer than 16. 16 of NVIDIA H100")
    plan["training"]["sharding"] = "none"
    never = run(plan)
    assert never.state == "skipped"
    assert "on however many of them" in never.note
    assert "training.sharding: zero3" in never.note


def test_several_devices_cost_what_the_forecast_says():
    plan = {**VISION, "hardware": HARDWARE}
    four = next(one for one in run(plan).facts["counts"] if one["count"] == 4)
    cost = training_cost.run(Sample(plan=plan), Budget(seconds=3)).facts["forecast"]
    assert four["money"]["p50"] == pytest.approx(cost["money"]["p50"], rel=0.01)


def test_money_never_falls_with_more_devices(every):
    money = [float(np.median(one.money)) for one in every]
    assert all(more >= less * 0.999 for less, more in pairwise(money))


def test_efficiency_falls_from_one(every):
    found = [1 - one.lost for one in every]
    assert found[0] == 1
    assert all(b <= a + 0.001 for a, b in pairwise(found))
    assert found[-1] < 0.3  # 1,024 devices for 1,024 rows


def test_the_knee_is_the_first_number_that_loses_30_percent(every):
    bend = scaling.knee(every)
    by_count = {one.count: 1 - one.lost for one in every}
    assert by_count[bend] < scaling.KNEE <= by_count[bend // 2]


def test_a_slower_network_brings_the_knee_closer():
    from dataclasses import replace

    model, wanted = read({**VISION, "model": {"kind": "vit-large", "classes": 10}})
    plan = footprint.measure(model, wanted)
    fast = catalogue.find("a100-80")
    slow = replace(fast, link=replace(fast.link, gbs=10.0, net_gbs=0.5))
    knees = [scaling.knee(scaling.clusters(plan, wanted, device, 0)) for device in (slow, fast)]
    assert knees[0] < knees[1]


def test_a_deadline_asks_for_as_many_devices_as_keep_it():
    def found(hours, growth=None):
        plan = {**VISION, "hardware": {**HARDWARE, "budget": {"hours": hours}}}
        return run(plan, {"H7": {"value": growth}} if growth else None)

    easy, tight, never = (found(hours) for hours in (1000, 0.4, 0.001))
    assert easy.facts["needed"] == 1
    assert easy.value == 0
    assert 1 < tight.facts["needed"] <= 1024
    assert tight.value > easy.value
    assert never.facts["late"]
    assert never.facts["needed"] is None
    assert [fault["fault"] for fault in never.facts["faults"]] == ["scaling_knee"]
    assert never.facts["faults"][0]["severity"] == "high"
    assert found(0.4, growth=2).facts["needed"] > tight.facts["needed"]


def test_too_many_planned_devices_are_a_fault_and_a_larger_batch_is_tried():
    plan = {**VISION, "hardware": {"train": {"device": "a100-80", "count": 256}}}
    plan["training"] = {**VISION["training"], "batch_size": 512}
    finding = run(plan)
    (fault,) = finding.facts["faults"]
    assert fault["count"] == 256 >= fault["knee"]
    assert finding.value > 0.3
    assert finding.facts["mitigations"][0]["value"] < finding.value
    assert "of the paid time is lost" in finding.note


def test_a_plan_for_one_device_has_no_fault():
    finding = run({**VISION, "hardware": {"train": {"device": "a100-80"}}})
    assert finding.facts["faults"] == []
    assert finding.value == 0
    assert finding.low <= finding.value <= finding.high


def test_trees_and_unknown_kinds_are_skipped():
    assert run({"model": {"kind": "gradient_boosting"}}).state == "skipped"
    assert run({"model": {"kind": "mpl"}}).state == "skipped"
    assert run({"hardware": {"train": {"device": "esp32"}}}).state == "skipped"


def test_a_deadline_that_none_keep_is_not_good_news():
    finding = run({**VISION, "hardware": {**HARDWARE, "budget": {"hours": 0.001}}})
    assert finding.value > 0.9
    assert finding.title.startswith("No number of devices keeps the deadline")


@pytest.mark.parametrize("plan", [{}, {"training": {"batch_size": 1}}])
def test_strange_plans_are_answered(plan):
    finding = run(plan)
    assert finding.state == "measured"
    json.dumps(finding.facts, allow_nan=False)
    assert 0 <= finding.low <= finding.value <= finding.high <= 1


@pytest.mark.parametrize(
    "plan",
    [{"model": {"parameters": 10**15}},
     {"model": {"kind": "llama-3-8b"}, "training": {"method": "lora", "lora": {"rank": 100_000}}},
     {"model": {"kind": "decoder", "transformer": {"layers": 4, "width": 128, "heads": 4,
                                                   "sequence": 10**9}}}],
)  # fmt: skip
def test_what_no_number_of_devices_holds_is_not_scaled(plan):
    finding = run(plan)
    assert finding.state == "skipped"
    assert "more devices do not help" in finding.note


def test_the_same_seed_gives_the_same_clusters():
    model, wanted = read(VISION)
    plan = footprint.measure(model, wanted)
    first, second = (scaling.clusters(plan, wanted, catalogue.find("h100"), 7, (1, 64)) for _ in range(2))
    assert np.array_equal(first[1].money, second[1].money)
    assert len(first[1].money) == forecast.DRAWS
