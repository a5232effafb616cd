"""Time, money and energy: known work gives known hours, and everything that should grow grows."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from workers.plan import read as read_plan
from workers.probes.base import Budget, Sample
from workers.probes.hardware import (
    architecture,
    catalogue,
    demand,
    footprint,
    forecast,
    inventory,
    memory,
    scaling,
    steps,
    training_cost,
    words,
)

SMALL = {
    "model": {"kind": "mlp", "hidden": [64, 64], "classes": 2},
    "training": {"batch_size": 64, "epochs": 3, "runs": 1},
    "data": {"rows": 5000},
}
LLAMA = {
    "model": {"kind": "llama-3-8b", "transformer": {"sequence": 2048}},
    "training": {"batch_size": 8, "precision": "bf16", "optimizer": "adamw_8bit", "runs": 1},
    "data": {"tokens": 10**9},
}


def run(plan, answers=None):
    return training_cost.run(Sample(plan=plan, answers=answers or {}), Budget(seconds=3))


def read(plan):
    """The model of a plan, and what its training asks for."""
    sample = Sample(plan=plan)
    model = architecture.read(sample)
    return model, demand.read(sample, model)


def draws(plan, device="h100", count=1, grid=None, **changes):
    sample = Sample(plan=plan)
    model = architecture.read(sample)
    wanted = replace(demand.read(sample, model), **changes)
    found = footprint.measure(model, wanted, count)
    return forecast.on_device(found, wanted, catalogue.find(device), count, grid, seed=0)


def median(found, key="hours"):
    return float(np.median(found.values[key]))


def test_a_known_training_takes_the_hours_of_its_operations():
    """8 billion parameters, a billion tokens: 6ND plus attention, at 25 to 65 % of an H100's peak."""
    found = draws(LLAMA)
    work = 6 * 8.03e9 * 1e9 * 1.07
    fastest, slowest = (work / (989.4e12 * used) / 3600 for used in (0.65, 0.25))
    low, high = np.quantile(found.values["hours"], (0.1, 0.9))
    assert 0.9 * fastest < low < high < 1.6 * slowest


def test_more_of_anything_costs_more():
    base = draws(LLAMA)
    for key in forecast.KEYS:
        assert median(draws(LLAMA, steps=2 * 61036), key) > 1.5 * median(draws(LLAMA, steps=61036), key)
        assert median(draws(LLAMA, runs=(3.0, 3.0, 3.0)), key) == pytest.approx(
            3 * median(base, key), rel=1e-6
        )
    assert median(draws(LLAMA, checkpointing=True)) > median(base)
    assert median(draws(LLAMA, method="lora")) < median(base)
    assert median(draws(LLAMA, precision="fp32")) > median(base)


def test_a_higher_price_costs_more_money_and_no_more_time():
    device = catalogue.find("h100")
    sample = Sample(plan=LLAMA)
    model = architecture.read(sample)
    wanted = demand.read(sample, model)
    plan = footprint.measure(model, wanted)
    cheap, dear = (
        forecast.on_device(plan, wanted, replace(device, price_usd_hour=price), 1, None, 1)
        for price in ((1.0, 1.5, 2.0), (2.0, 3.0, 4.0))
    )
    assert median(dear, "money") == pytest.approx(2 * median(cheap, "money"))
    assert median(dear) == median(cheap)


def test_faster_devices_take_less_time():
    hours = [median(draws(LLAMA, device)) for device in ("t4", "a10g", "a100-80", "h100", "b200")]
    assert hours == sorted(hours, reverse=True)


def test_two_devices_are_faster_and_cost_no_less():
    one, two = draws(LLAMA), draws(LLAMA, count=2)
    assert median(one) / 2 < median(two) < median(one)
    assert median(two, "device_hours") > median(one, "device_hours")


def test_a_cleaner_grid_emits_less_with_the_same_energy():
    dirty, clean = draws(LLAMA, grid="poland"), draws(LLAMA, grid="france")
    assert median(clean, "kwh") == median(dirty, "kwh")
    assert median(clean, "kg_co2") < 0.2 * median(dirty, "kg_co2")


@pytest.mark.parametrize("runs", [(1.0, 1.0, 1.0), (1.0, 2.0, 5.0)])
def test_the_energy_range_is_never_narrower_than_30_percent(runs):
    low, mid, high = np.quantile(draws(LLAMA, runs=runs).values["kwh"], (0.1, 0.5, 0.9))
    assert low <= 0.701 * mid
    assert high >= 1.299 * mid
    sure = forecast._widened(np.random.default_rng(0).normal(100, 0.1, 4000))
    low, mid, high = np.quantile(sure, (0.1, 0.5, 0.9))
    assert (low / mid, high / mid) == (pytest.approx(0.7, rel=0.01), pytest.approx(1.3, rel=0.01))


def test_the_same_seed_gives_the_same_forecast():
    assert np.array_equal(draws(SMALL).values["money"], draws(SMALL).values["money"])


def test_the_chance_follows_the_limits():
    plan = {**LLAMA, "training": {**LLAMA["training"], "gradient_accumulation": 8}}
    device = {"train": {"device": "b200"}}
    middle = float(np.median(draws(plan, "b200").values["money"]))
    found = [run({**plan, "hardware": {**device, "budget": {"money": m}}}) for m in (5, middle, 10_000)]
    chances = [f.value for f in found]
    assert chances == [1.0, pytest.approx(0.5, abs=0.02), 0.0]
    assert [f["fault"] for f in found[0].facts["faults"]] == ["too_costly"]
    assert found[-1].facts["faults"] == []
    for f in found:
        assert f.low <= f.value <= f.high
    slow = run({**plan, "hardware": {**device, "budget": {"hours": 2}}})
    assert [f["fault"] for f in slow.facts["faults"]] == ["too_slow"]


def test_limits_come_from_the_plan_then_the_answers():
    answers = {"H3": {"value": {"money": 20, "hours": 5}}, "H5": {"value": 0}, "C7": {"money": 99}}
    found = demand.limits(Sample(plan={}, answers=answers))
    assert (found.money, found.hours, found.kwh) == (20, 5, None)
    planned = demand.limits(Sample(plan={"hardware": {"budget": {"money": 7}}}, answers=answers))
    assert (planned.money, planned.hours) == (7, 5)
    assert demand.limits(Sample(answers={"C7": {"value": {"money": 99}}})).money == 99
    assert not demand.limits(Sample(answers={"H3": {"unknown": True}})).named


def test_without_limits_hours_and_money_are_told_and_nothing_is_judged():
    found = run({**LLAMA, "hardware": {"train": {"device": "mi355x"}}})
    assert found.basis == "estimated"
    assert "Nobody named a limit" in found.note
    assert "chance to exceed" not in found.note
    limits = {"hours": None, "money": None, "kwh": None, "kg_co2": None, "named": False, "said": []}
    assert found.facts["limits"] == limits
    assert found.facts["deadline_hours"] is None
    assert found.facts["faults"] == found.facts["mitigations"] == []
    assert found.low == 0
    assert 0 < found.value < found.high
    small = run(SMALL)
    assert small.value == 0
    assert small.facts["limits"]["named"] is False


def test_the_range_without_limits_grows_from_a_day_and_100_dollars_to_three_months():
    found = draws(LLAMA)
    shares = []
    for hours in (1, 48, 240, 10_000):
        scaled = replace(found, values={"hours": np.full(forecast.DRAWS, float(hours)),
                                        "money": np.zeros(forecast.DRAWS)})  # fmt: skip
        shares.append(training_cost.open_share(scaled)[0])
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert 0 < shares[1] < shares[2] < shares[3] == 1


def test_a_small_training_is_measured_here_and_needs_no_rented_machine():
    found = run({**SMALL, "hardware": {"budget": {"money": 10}}})
    assert found.facts["calibration"]["how"] == "measured steps"
    assert found.facts["chosen"] == "this-worker"
    assert found.facts["steps"] == 3 * math.ceil(5000 / 64)


def test_the_facts_are_what_the_report_draws():
    facts = run(LLAMA).facts
    json.dumps(facts, allow_nan=False)
    assert {
        "by_accelerator",
        "chosen",
        "currency",
        "deadline_hours",
        "budget",
        "calibration",
        "forecast",
        "faults",
    } <= set(facts)
    chosen = next(row for row in facts["by_accelerator"] if row["id"] == facts["chosen"])
    assert chosen["fits"]
    for key in ("hours", "device_hours", "money", "kwh", "kg_co2"):
        assert facts["forecast"][key] == chosen[key]
        assert 0 < chosen[key]["p10"] <= chosen[key]["p50"] <= chosen[key]["p90"]


def test_what_does_not_fit_anywhere_is_said():
    found = run({"model": {"parameters": 10**15}, "hardware": {"train": {"device": "h100"}}})
    assert found.value == 1.0
    assert found.facts["faults"][0]["fault"] == "does_not_fit"
    assert "No device of the catalogue holds it" in found.note


def test_the_number_of_runs_is_planned_answered_or_assumed():
    def runs(plan, answers=None):
        sample = Sample(plan=plan, answers=answers or {})
        return demand.read(sample, architecture.read(sample)).runs

    assert runs({"training": {"search": {"trials": 400}}}) == (401, 401, 401)
    assert runs({}, {"H4": {"value": 7}}) == (7, 7, 7)
    assert runs({}, {"H4": {"roughly": [10, 50]}}) == (10, pytest.approx(math.sqrt(500)), 50)
    assert runs({}) == (1, 2, 5)


def test_boosted_trees_are_measured_and_run_on_processors():
    found = run({"model": {"kind": "gradient_boosting", "trees": 20, "depth": 3}, "data": {"rows": 500}})
    assert found.facts["calibration"]["how"] == "measured trees"
    assert {row["id"] for row in found.facts["by_accelerator"]} == {"this-worker", "cpu-8", "cpu-epyc-64"}


def test_measured_trees_grow_with_trees_and_rows():
    def seconds(trees, rows):
        plan = {"model": {"kind": "gradient_boosting", "trees": trees, "depth": 3}, "data": {"rows": rows}}
        sample = Sample(plan=plan)
        model = architecture.read(sample)
        return steps._trees(model, demand.read(sample, model), sample, 0.2).usual

    assert seconds(1000, 5000) > 20 * seconds(10, 5000)
    assert seconds(100, 500_000) > 20 * seconds(100, 5000)


@pytest.mark.slow
def test_every_example_config_is_answered(shared_data):
    for file in sorted((shared_data / "configs").glob("0*.json")):
        found = run(read_plan(file.read_bytes(), file.name).plan)
        assert found.state == "measured", file.name
        assert 0 <= found.low <= found.value <= found.high <= 1, file.name
        assert found.title, file.name


def test_an_unknown_kind_is_skipped():
    assert run({"model": {"kind": "mpl"}}).state == "skipped"


@pytest.mark.slow
def test_the_hardware_probes_of_a_plan_take_less_than_20_seconds_of_a_processor():
    plan = {"model": {"kind": "resnet50", "classes": 10, "input_size": 224}, "data": {"rows": 20_000},
            "training": {"batch_size": 64, "epochs": 3, "precision": "bf16"}}  # fmt: skip
    start = time.process_time()
    for probe in (inventory, memory, training_cost, scaling):
        assert probe.run(Sample(plan=plan), Budget(seconds=60)).state == "measured"
    assert time.process_time() - start < 20


def test_a_batch_that_is_too_large_for_one_go_is_split_and_no_smaller_model_is_asked_for():
    plan = {**LLAMA, "training": {"batch_size": 64, "precision": "bf16", "method": "lora"},
            "hardware": {"train": {"device": "h100"}, "budget": {"hours": 1000}}}  # fmt: skip
    found = run(plan)
    assert found.facts["pieces"] > 1
    assert "(gradient accumulation)" in found.note
    assert found.value < 1
    assert not [one for one in found.facts["faults"] if one["fault"] == "does_not_fit"]
    told = memory.run(Sample(plan=plan), Budget(seconds=10))
    assert f"into {found.facts['pieces']} pieces (gradient accumulation)" in told.note
    split = {**plan, "training": {**plan["training"], "gradient_accumulation": found.facts["pieces"]}}
    assert run(split).facts["pieces"] is None


def test_a_batch_is_no_larger_than_the_data():
    plan = {"model": {"kind": "resnet18"}, "training": {"batch_size": 4096}, "data": {"rows": 10}}
    _, wanted = read(plan)
    assert wanted.batch == 10
    assert any("larger than the data" in sentence for sentence in wanted.assumed)
    assert read({**plan, "data": {}})[1].batch == 4096  # nobody counted the rows


def test_money_is_told_as_it_was_named_with_the_rate():
    plan = {**SMALL, "hardware": {"train": {"device": "h100"}, "budget": {"money": 300, "currency": "EUR"}}}
    assert "300 EUR ($348, at 1.16 dollars each)" in run(plan).note
    nothing = run({**SMALL, "hardware": {"train": {"device": "h100"}, "budget": {"money": 0}}})
    assert "chance to exceed $0 is 100%" in nothing.note


def test_carbon_is_told_without_a_cap():
    assert "of CO2" in run(SMALL).note


@pytest.mark.parametrize("plan", [SMALL, LLAMA, {**LLAMA, "hardware": {"train": {"device": "h1000"}}}])
def test_all_probes_judge_on_the_same_machine(plan):
    cost, told = run(plan), memory.run(Sample(plan=plan), Budget(seconds=10))
    many = scaling.run(Sample(plan=plan), Budget(seconds=10))
    row = next(one for one in cost.facts["by_accelerator"] if one["id"] == cost.facts["chosen"])
    if plan is SMALL:
        assert (told.facts["device"]["name"], row["id"]) == ("this worker", "this-worker")
    else:
        assert told.facts["device"]["name"] == row["name"] == many.facts["name"]
        for finding in (cost, told, many):
            assert f"{row['name']} stands in" in finding.note


def test_no_number_is_too_long_to_read():
    assert words.hours(1e12) == "over 10,000 years"
    assert words.size(2.0**90) == "over 1,000 PB"
    assert words.rounded(1.1e12) == "1.1 trillion"
    assert words.rounded(1e18) == "over 1,000 trillion"
    assert words.energy(1e14) == "over 1,000 TWh"
    assert [words.carbon(kg) for kg in (0.0001, 0.34, 12, 4100)] == [
        "under 1 g",
        "340 g",
        "12 kg",
        "4.1 tonnes",
    ]


def test_a_device_without_units_for_the_planned_numbers_says_in_which_it_computes():
    plan = {"model": {"kind": "bert-base"}, "training": {"precision": "fp8", "steps": 10, "batch_size": 8},
            "hardware": {"train": {"device": "A100"}}}  # fmt: skip
    assert "A100 SXM 80 GB has no units for fp8; it computes in bf16" in " ".join(run(plan).facts["assumed"])


def test_limits_that_nothing_keeps_are_told_with_what_comes_nearest():
    plan = {"model": {"kind": "bert-base"},
            "training": {"precision": "bf16", "steps": 100_000, "batch_size": 32},
            "hardware": {"train": {"device": "A100"}, "budget": {"money": 0.1, "hours": 0.1}}}  # fmt: skip
    found = run(plan)
    assert found.facts["cheapest"] is None
    assert "Nothing in the catalogue keeps the limits" in found.note


def test_as_many_of_each_accelerator_are_compared_as_are_planned():
    plan = {"model": {"kind": "bert-base"}, "training": {"precision": "bf16", "steps": 100, "batch_size": 64},
            "hardware": {"train": {"device": "A100", "count": 8}}}  # fmt: skip
    counts = {one["id"]: one["count"] for one in run(plan).facts["by_accelerator"]}
    assert counts["h100"] == 8
    assert counts["this-worker"] == 1


def test_a_model_too_large_for_one_device_is_shared_out_over_several():
    plan = {"model": {"kind": "llama-2-7b"}, "training": {"precision": "bf16", "steps": 100, "batch_size": 8},
            "hardware": {"train": {"device": "A100"}}}  # fmt: skip
    found = run(plan)
    assert "training.sharding: zero3" in found.note, found.note
