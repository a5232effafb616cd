"""Money in other currencies, own prices, and names that nobody knows: a sentence, and never a wrong sum."""

from __future__ import annotations

import json

import pytest

from workers.plan import PlanError, read
from workers.probes.base import Budget, Sample
from workers.probes.hardware import architecture, catalogue, demand, prices, training_cost

MODEL = {"model": {"kind": "resnet18", "classes": 10, "input_size": 64}, "data": {"rows": 50_000},
         "training": {"batch_size": 64, "epochs": 10, "precision": "bf16", "runs": 1}}  # fmt: skip


def plan(**hardware):
    return read(json.dumps({**MODEL, "hardware": hardware}).encode(), "plan.json").plan


def run(**hardware):
    return training_cost.run(Sample(plan=plan(**hardware)), Budget(seconds=3))


def entry(finding, device):
    return next(one for one in finding.facts["by_accelerator"] if one["id"] == device)


def test_an_own_price_takes_the_place_of_the_catalogues():
    dear, cheap = run(prices={"H100": 20}), run(prices={"h100": [1, 2, 3]})
    assert entry(dear, "h100")["money"]["p50"] > 6 * entry(cheap, "h100")["money"]["p50"]
    assert entry(dear, "a100-80") == entry(cheap, "a100-80")
    assert dear.facts["own_prices"] == ["h100"]


def test_a_budget_in_euros_is_counted_in_dollars():
    euros = demand.limits(Sample(plan=plan(budget={"money": 100, "currency": "eur"})))
    assert euros.money == pytest.approx(100 * catalogue.in_dollars("EUR"))
    assert euros.currency == "EUR"
    own = prices.read(Sample(plan=plan(budget={"currency": "EUR"}, prices={"t4": 1.0})))
    assert own.hour["t4"][1] == pytest.approx(catalogue.in_dollars("EUR"))


def test_a_currency_that_nobody_prices_is_said_and_its_money_left_out():
    found = run(budget={"money": 100, "currency": "XYZ", "hours": 100}, prices={"t4": 3})
    assert "XYZ, which the catalogue has no rate for" in found.note
    assert found.facts["limits"]["money"] is None
    assert found.facts["limits"]["hours"] == 100
    assert found.facts["own_prices"] == []


@pytest.mark.parametrize("name", ["A1000", "rtx 4095", "quantum annealer", "x" * 300])
def test_an_unknown_device_is_said_with_near_ones(name):
    found = run(train={"device": name})
    assert "which the catalogue does not have; near ones are" in found.note
    assert len(found.note) < 900
    assert found.basis == "estimated"
    assert found.state == "measured"


def test_an_unknown_device_among_the_prices_is_said():
    found = prices.read(Sample(plan=plan(prices={"foo9": 3, "l4": 0.5})))
    assert list(found.hour) == ["l4"]
    assert 'prices "foo9"' in found.problems[0]


def test_an_unknown_grid_is_said():
    problems = run(grid="Atlantis").facts["problems"]
    assert any('no grid called "Atlantis"' in sentence for sentence in problems)
    assert run(grid="eu-west-1").facts["problems"] == []


@pytest.mark.parametrize("value", [-1, 0, "cheap", [1, 2, 3, 4], [], [1, -2], 1e300])
def test_a_price_that_is_none_is_a_mistake_in_the_plan(value):
    with pytest.raises(PlanError):
        plan(prices={"h100": value})


def test_what_nobody_rents_out_is_listed_and_not_chosen():
    found = run(budget={"money": 1000})
    laptop = entry(found, "laptop-cpu")
    assert laptop["owned"]
    assert not entry(found, found.facts["chosen"])["owned"]
    assert not entry(found, found.facts["cheapest"])["owned"]
    planned = run(train={"device": "jetson agx orin"})
    assert planned.facts["chosen"] == "jetson-agx-orin"


def test_every_device_that_trains_is_forecast():
    found = {one["id"] for one in run().facts["by_accelerator"]}
    assert {device.id for device in catalogue.devices() if device.trains} <= found


def test_prices_that_are_not_in_order_are_told():
    own = prices.read(Sample(plan=plan(prices={"h100": [5, 2, 1]})))
    assert own.hour["h100"] == (1, 2, 5)
    assert "are not in order; they are read as 1, 2 and 5" in own.problems[0]
    assert prices.read(Sample(plan=plan(prices={"h100": [1, 2, 5]}))).problems == ()


def asked(model, **training):
    sample = Sample(plan={"model": model, "training": training})
    return demand.read(sample, architecture.read(sample))


def test_training_that_does_not_go_together_is_told():
    llama = {"kind": "llama-3-8b", "transformer": {"sequence": 64}}
    wide = asked(llama, method="lora", lora={"rank": 100_000})
    assert "rank is 100,000 and the model's width 4,096" in wide.assumed[0]
    assert (
        "gradient_accumulation is 64 and a batch has 4 rows"
        in asked({"kind": "resnet18"}, batch_size=4, gradient_accumulation=64).assumed[0]
    )
    whole = asked({"kind": "resnet18"}, batch_size=4, precision="int8")
    assert whole.precision == "fp32"
    assert any("cannot be trained in 8-bit whole numbers" in sentence for sentence in whole.assumed)
    assert asked(llama, method="lora", precision="int4").method == "qlora"


def test_a_batch_beyond_64_bits_is_counted_and_not_walked():
    sample = Sample(plan={"model": {"kind": "mlp", "hidden": [8]}, "training": {"batch_size": 10**15}})
    big = Sample(plan={"model": {"kind": "resnet18", "input_size": 32}, "training": {"batch_size": 10**15}})
    for one in (sample, big):
        assert training_cost.run(one, Budget(seconds=3)).state == "measured"


def test_a_list_of_devices_is_no_device_and_said():
    found = demand.device(Sample(plan=plan(train={"device": ["h100", "a100"]})))
    assert '"h100, a100"' in found.problem


def test_states_of_the_united_states_have_grids_of_their_own():
    assert catalogue.grid_name("California") == "california"
    assert catalogue.grid("california")[2] < catalogue.grid("texas")[2]
