"""Memory: from a plan alone, from data alone, and with the faults and words a person can act on."""

from __future__ import annotations

import json
import time

import pytest

from workers.plan import read
from workers.probes.base import Budget, Sample
from workers.probes.hardware import architecture, demand, footprint, memory
from workers.probes.hardware.catalogue import GIB

SMALL = {
    "model": {"kind": "mlp", "hidden": [256, 256], "classes": 2},
    "training": {"batch_size": 64, "epochs": 3},
}
LLAMA = {
    "model": {"kind": "llama-3-8b", "transformer": {"sequence": 2048}},
    "training": {"batch_size": 4, "precision": "bf16", "epochs": 1, "optimizer": "adamw"},
    "data": {"rows": 10_000},
    "hardware": {"train": {"device": "H100"}},
}


def run(plan, answers=None):
    return memory.run(Sample(plan=plan, answers=answers or {}), Budget(seconds=20))


def plan_of(plan, count=1):
    sample = Sample(plan=plan)
    model = architecture.read(sample)
    return footprint.measure(model, demand.read(sample, model), count)


def test_a_model_that_is_too_large_is_named_with_the_device():
    found = run(LLAMA)
    assert found.value > 1
    assert found.low < found.value < found.high
    assert [f["fault"] for f in found.facts["faults"]] == ["does_not_fit"]
    assert "H100" in found.title
    assert found.basis == "measured"
    states = 8_030_261_248 * (4 + 2 + 8 + 4)  # weights, their 16-bit copy, two moments, gradients
    assert found.facts["peak"]["mid"] > states


def test_what_would_make_it_fit_is_told_as_something_to_do():
    found = run(LLAMA).facts
    verbs = {one["title"].partition(" ")[0] for one in found["mitigations"]}
    assert verbs
    assert verbs <= {"Halve", "Train", "Keep", "Use"}
    assert {one["what"] for one in found["what_if"]} <= set(memory.TITLES)


def test_adapters_make_it_fit():
    found = run({**LLAMA, "training": {**LLAMA["training"], "method": "lora", "batch_size": 1}})
    assert found.value < 0.6
    assert not found.facts["faults"]


def test_a_small_model_takes_little_and_has_no_fault():
    found = run({**SMALL, "hardware": {"train": {"device": "T4"}}})
    assert found.value < 0.1
    assert found.facts["faults"] == []
    assert found.facts["device"]["bytes"] == 16 * GIB


def test_the_breakdown_adds_up_to_the_middle_estimate():
    for plan in (SMALL, LLAMA):
        facts = run(plan).facts
        assert sum(p["bytes"] for p in facts["breakdown"]) == pytest.approx(facts["peak"]["mid"], rel=1e-6)


def test_the_facts_are_what_the_report_draws():
    found = run(SMALL)
    json.dumps(found.as_json(), allow_nan=False)
    assert {
        "parameters",
        "flops_per_step",
        "breakdown",
        "peak",
        "device",
        "largest_batch",
        "what_if",
        "faults",
    } <= set(found.facts)
    assert found.facts["parameters"] == 30 * 256 + 256 + 256 * 257 + 514


@pytest.mark.parametrize("plan", [SMALL, LLAMA])
def test_the_largest_batch_is_the_last_that_fits(plan):
    found = plan_of(plan)
    for room in (4 * GIB, 200 * GIB):
        most = found.largest_batch(room)
        if most:
            assert found.total(most) <= room < found.total(most + 1) or most >= 2**24 - 1
        else:
            assert found.total(1) > room


def test_what_if_each_change_saves_what_it_should():
    found = plan_of({**LLAMA, "training": {"batch_size": 8, "epochs": 1, "optimizer": "adamw"}})
    now = found.total(8)
    count = found.model.parameters
    assert now - found.total(8, optimizer="adamw_8bit") == pytest.approx(6 * count * 1.01, rel=1e-6)
    assert found.total(4) < now
    assert found.total(8, checkpointing=True) < now
    assert found.total(8, method="lora") < now - 8 * count
    assert found.total(8, method="head") < found.total(8, method="lora")
    narrow, wide = found.parts(8, precision="bf16"), found.parts(8)
    assert narrow["kept activations"] < 0.75 * wide["kept activations"]
    assert narrow["weights"] == wide["weights"]
    assert narrow["16-bit copies"] == pytest.approx(2 * count, rel=0.08)  # of all but the embeddings


def test_activations_double_with_the_batch():
    found = plan_of({"model": {"kind": "cnn", "channels": [32, 64], "input_size": 64}})
    one, two = (found.activations(n, False, False, "full", 1) - found.fixed for n in (32, 64))
    assert two == pytest.approx(2 * one)


def test_accumulation_and_more_devices_put_fewer_rows_in_memory():
    training = {"batch_size": 64, "gradient_accumulation": 4, "epochs": 1}
    sample = Sample(plan={**SMALL, "training": training})
    wanted = demand.read(sample, architecture.read(sample))
    assert (wanted.at_once(), wanted.at_once(2)) == (16, 8)


def test_ten_to_the_fifteen_parameters_are_answered_at_once():
    start = time.perf_counter()
    found = run({"model": {"parameters": 10**15}, "hardware": {"train": {"device": "B200"}}})
    assert time.perf_counter() - start < 2
    assert found.value > 1000
    assert "1,000 times the largest models known" in found.note
    assert found.facts["largest_batch"] == 0


def test_an_unknown_kind_is_skipped_with_near_kinds():
    found = run({"model": {"kind": "quantum_forrest_net"}})
    assert found.state == "skipped" or found.facts["model"]
    found = run({"model": {"kind": "mpl"}})
    assert (found.state, found.value) == ("skipped", None)
    assert "mlp" in found.note


def test_the_device_is_the_plans_then_the_answers_then_this_worker():
    answers = {"H1": {"value": {"device": "L4", "count": 2}}}
    assert (
        run({**SMALL, "hardware": {"train": {"device": "T4"}}}, answers).facts["device"]["name"]
        == "NVIDIA T4"
    )
    by_answer = run(SMALL, answers).facts["device"]
    assert (by_answer["name"], by_answer["count"]) == ("NVIDIA L4", 2)
    assert by_answer["says"].endswith("as the answer to H1 says")
    here = run(SMALL)
    assert here.facts["device"]["name"] == "this worker"
    assert here.basis == "estimated"
    unknown = run({**SMALL, "hardware": {"train": {"device": "quantum annealer"}}})
    assert '"quantum annealer" is not in the catalogue' in unknown.note


@pytest.mark.parametrize(
    "answer", [{"unknown": True}, {"not_applicable": "none"}, "L4", {"value": "L4"}, None, 3, []]
)
def test_any_form_of_an_answer_is_survived(answer):
    found = run(SMALL, {"H1": answer, "H3": answer, "H4": answer})
    assert found.facts["device"]["name"] == (
        "NVIDIA L4" if answer in ("L4", {"value": "L4"}) else "this worker"
    )


def test_every_example_config_is_answered(shared_data):
    for file in sorted((shared_data / "configs").glob("0*.json")):
        found = run(read(file.read_bytes(), file.name).plan)
        assert found.state == "measured", file.name
        assert 0 < found.low <= found.value <= found.high < 1, file.name
        assert found.title
        assert not found.facts["faults"]


def test_nothing_at_all_still_gets_an_answer_that_says_so():
    found = run({})
    assert found.basis == "estimated"
    assert "stands in for it" in found.note


@pytest.mark.parametrize("kind", ["logistic_regression", "gradient_boosting"])
def test_the_most_rows_of_a_table_fill_the_memory(kind):
    plan = {"model": {"kind": kind, "classes": 2, "trees": 50, "depth": 4}, "data": {"rows": 1000}}
    found = run({**plan, "hardware": {"train": {"device": "cpu"}}})
    full = run(
        {**plan, "data": {"rows": found.facts["largest_batch"]}, "hardware": {"train": {"device": "cpu"}}}
    )
    assert full.value == pytest.approx(1, rel=0.01)


def test_a_mixture_of_experts_is_a_kind_and_an_ensemble_of_networks_is_its_network():
    shape = {"layers": 2, "width": 64, "heads": 2, "experts": 4, "vocabulary": 100, "sequence": 16}
    for kind in ("mixture_of_experts", "Mixture of Experts", "moe"):
        found = run({"model": {"kind": kind, "transformer": shape}})
        assert found.state == "measured", found.note
    assert run({"model": {"kind": "ensemble of mlp", "hidden": [8], "classes": 2}}).state == "measured"


def adapted(modules):
    lora = {"rank": 16, "modules": modules}
    return run({"model": {"kind": "gpt2"}, "training": {"method": "lora", "lora": lora, "batch_size": 1}})


def test_one_wide_layer_gets_one_adapter():
    width, layers, rank = 768, 12, 16
    assert adapted(["c_attn"]).facts["trained"] == layers * rank * (width + 3 * width)
    assert adapted(["q_proj", "k_proj", "v_proj"]).facts["trained"] == 3 * layers * rank * 2 * width


def test_layers_that_no_model_has_are_told():
    nothing = adapted(["banana"])
    assert nothing.state == "skipped"
    assert 'training.lora.modules names "banana"' in nothing.note
    some = adapted(["q_proj", "v_prj"])
    assert 'names "v_prj" too' in some.note


def test_four_bits_under_the_same_adapters_take_less_than_sixteen():
    plan = {**LLAMA, "training": {"batch_size": 8}, "hardware": {"train": {"device": "A100"}}}
    sizes = {one["what"]: one["bytes"] for one in run(plan).facts["what_if"]}
    assert sizes["adapters over 4-bit weights (QLoRA)"] < sizes["train small adapters only (LoRA)"]


def test_changes_that_only_help_together_are_told_together():
    plan = {**LLAMA, "training": {"batch_size": 8}, "hardware": {"train": {"device": "RTX 4090"}}}
    found = run(plan)
    assert all(one["bytes"] > found.facts["device"]["bytes"] for one in found.facts["what_if"])
    assert "QLoRA) together, one row at a time" in found.note


def test_a_name_with_a_slip_is_asked_about():
    assert "is llama-3-8b meant?" in run({"model": {"kind": "lama-3-8b"}, "training": {"batch_size": 8}}).note
