"""The model in use: real answers, estimates for devices, and what whole numbers cost."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers.fleet import Head, Member, Net, train
from workers.probes.base import Budget, Sample
from workers.probes.hardware import architecture, catalogue, ledger, serving
from workers.probes.hardware.serving import devices, smaller, timed

torch.set_num_threads(1)
MLP = {"model": {"kind": "mlp", "hidden": [64, 64]}}


def served(device=None, milliseconds=None, memory=None, **model):
    plan = {"model": model or MLP["model"], "hardware": {"serve": {}}}
    given = {"device": device, "latency_ms": milliseconds, "memory_mb": memory}
    plan["hardware"]["serve"] = {key: value for key, value in given.items() if value is not None}
    return plan


def faults(finding):
    return {fault["fault"]: fault["severity"] for fault in finding.facts["faults"]}


# -- what is held against what ----------------------------------------------------------------------------
def test_a_small_model_answers_in_time_on_a_phone(tmp_path):
    finding = serving.run(factories.digits(tmp_path, plan=served("phone", 50)), Budget())
    assert finding.state == "measured"
    assert finding.value < 0.05
    assert finding.basis == "estimated"  # nobody has a phone here
    assert faults(finding) == {}
    assert finding.facts["here"]["p50_ms"] < 5


def test_a_large_network_fits_no_microcontroller(tmp_path):
    plan = served(kind="resnet50", input_size=224)
    sample = factories.digits(tmp_path, plan=plan)
    sample.answers = {"H6": {"value": {"device": "microcontroller", "ms": 100}}}
    finding = serving.run(sample, Budget())
    assert finding.value > 10
    assert faults(finding) == {"does_not_fit": "high", "misses_latency": "high"}
    assert "does not fit" in finding.title
    assert finding.facts["mitigations"] == []  # 8 bits do not make it fit


def test_eight_bits_are_offered_where_they_make_a_model_fit(tmp_path):
    wide = served("phone", memory=160, kind="mlp", hidden=[4096, 4096])  # 66 MB of weights and the runtime
    finding = serving.run(factories.digits(tmp_path, plan=wide), Budget())
    assert 0.5 < finding.value < 1
    (advice,) = finding.facts["mitigations"]
    assert advice["value"] < 0.7 * finding.value
    assert "A stand-in that learnt this data then loses" in advice["note"]


def test_a_limit_on_this_worker_is_held_against_real_answers(tmp_path):
    finding = serving.run(factories.digits(tmp_path, plan=served(None, 1e4)), Budget())
    assert finding.value == pytest.approx(finding.facts["here"]["p95_ms"] / 1e4)
    tight = serving.run(factories.digits(tmp_path / "b", plan=served(None, 1e-4)), Budget())
    assert faults(tight)["misses_latency"] == "high"


def test_without_a_place_and_a_limit_nothing_is_judged(tmp_path):
    finding = serving.run(factories.digits(tmp_path, plan=MLP), Budget())
    assert finding.state == "skipped"
    assert "Answer question H6" in finding.note
    assert finding.facts["here"]["runs"] >= 20  # but it was timed


def test_an_unknown_device_is_told_first_and_not_judged_by_this_worker(tmp_path):
    finding = serving.run(factories.digits(tmp_path, plan=served("jetsn nan0", 50)), Budget())
    assert finding.state == "skipped"
    assert finding.note.startswith('"jetsn nan0" is not in the catalogue (near are jetson-')
    assert "was timed on this worker instead" in finding.note
    assert finding.facts["here"]["runs"] >= 20
    large = serving.run(Sample(plan=served("toaster", 5, kind="llama-3-8b")), Budget())
    assert large.note.startswith('"toaster" is not in the catalogue')  # and never that nobody says where


def test_what_fits_the_memory_that_is_given_is_judged_on_an_unknown_device_too():
    finding = serving.run(Sample(plan=served("toaster", 5, 1, kind="resnet50", input_size=224)), Budget())
    assert faults(finding) == {"does_not_fit": "high"}
    assert finding.title == 'The model does not fit on "toaster"'
    assert finding.note.startswith('"toaster" is not in the catalogue')


@pytest.mark.parametrize(
    ("name", "kind"),
    [("arduino uno", {"kind": "mlp", "hidden": [256, 128]}), ("raspberry pi pico", {"kind": "mobilenet-v2"}),
     ("attiny85", {"kind": "mlp", "hidden": [128, 64]}), ("esp32-c3", {"kind": "mobilenet-v2"})],
)  # fmt: skip
def test_a_small_board_is_not_taken_for_a_large_one(name, kind):
    finding = serving.run(Sample(plan=served(name, 1000, **kind)), Budget())
    assert faults(finding)["does_not_fit"] == "high"
    assert "an example" not in finding.note


def test_weights_lie_in_the_flash_of_a_microcontroller_and_activations_in_its_ram():
    """9 x 128 + 129 x 64 + 65 x 4 weights of 4 bytes, 60 KB of program; 128 and 64 numbers and the stack."""
    plan = served("arduino nano 33 ble", 100, kind="mlp", hidden=[128, 64], max_features=8, classes=4)
    need = serving.run(Sample(plan=plan), Budget()).facts["need"]
    assert need["stored"] == pytest.approx(60 * 1024 + 4 * (9 * 128 + 129 * 64 + 65 * 4), rel=0.01)
    assert 8 * 1024 < need["memory"] < 10 * 1024


@pytest.mark.parametrize(
    ("model", "title"),
    [({"kind": "mlp", "hidden": [600, 600]}, "does not fit"),  # 1.5 MB of weights, and 1 MB of flash
     ({"kind": "cnn", "channels": [64], "input_size": 96}, "does not fit"),  # few weights, 2.4 MB alive
     ({"kind": "mlp", "hidden": [300, 300]}, "Answers take")],  # more than its RAM, less than its flash
)  # fmt: skip
def test_either_memory_may_be_too_small(model, title):
    plan = served("arduino nano 33 ble", 10_000, **model, classes=4)
    finding = serving.run(Sample(plan=plan), Budget())
    assert title in finding.title
    assert "the 1.0 MB of flash for weights and program, and" in finding.note


def test_an_answer_keeps_no_more_than_a_converted_network_does():
    """MobileNetV2 at 96 pixels: 48 x 48 x 96 numbers and what stands beside them (about 300 KB of 8 bits)."""
    plan = served("esp32", 10_000, kind="mobilenet_v2", input_size=96, classes=2)
    plan["hardware"]["serve"]["precision"] = "int8"
    need = serving.run(Sample(plan=plan), Budget()).facts["need"]
    assert 48 * 48 * (96 + 16) < need["memory"] < 1.5 * 48 * 48 * (96 + 16)


def test_an_example_of_a_class_is_said_first_and_widens_the_range():
    model = {"kind": "resnet50", "input_size": 224, "classes": 10}
    example = serving.run(Sample(plan=served("drone", 50, **model)), Budget())
    assert example.note.startswith('"drone" is no particular device, so an example stands in: Drone computer')
    itself = serving.run(Sample(plan=served("flight rb5", 50, **model)), Budget())
    assert itself.note.startswith("95 of 100 answers")
    assert example.high / example.low > 5 * itself.high / itself.low


@pytest.mark.parametrize(("precision", "gib"), [("bf16", 15.7), ("fp8", 9.2), ("int8", 9.2), ("int4", 6.0)])
def test_a_planned_precision_is_the_one_that_is_served(precision, gib):
    """Llama 3 8B: 1.05 billion weights outside the layers stay in 16 bits, the others take their bits."""
    plan = served("rtx 4090", 1000, kind="llama-3-8b", transformer={"sequence": 512})
    finding = serving.run(Sample(plan=plan | {"training": {"precision": precision}}), Budget())
    assert finding.facts["need"]["memory"] / 2**30 == pytest.approx(gib, abs=0.15)
    assert faults(finding) == {}


def test_the_precision_in_use_may_differ_from_that_of_training():
    plan = served("rtx 4090", 1000, kind="llama-3-8b", transformer={"sequence": 512})
    plan["hardware"]["serve"]["precision"] = "int4"
    finding = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    assert finding.facts["precision"] == "int4"


@pytest.mark.parametrize(
    ("device", "kind", "milliseconds"),
    [("coral", "mobilenet-v2", 2.6), ("coral", "vgg16", 343), ("hailo-8", "mobilenet-v2", 1.0),
     ("hailo-8", "resnet50", 2.0)],
)  # fmt: skip
def test_chips_on_another_computer_take_what_their_makers_say(device, kind, milliseconds):
    """Coral's benchmark page (VGG-16 296 to 343 ms, its weights sent for every answer); Hailo's model zoo."""
    plan = served(device, 1000, kind=kind, classes=1000, input_size=224)
    finding = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    low, _, high = finding.facts["need"]["p95_ms"]
    assert low <= milliseconds <= high
    assert "does_not_fit" not in faults(finding)
    assert "computes in 8 bits only" in finding.note


def test_a_time_limit_on_no_device_and_a_device_without_a_limit_are_told_apart():
    finding = serving.run(
        Sample(plan=served("coral", kind="mobilenet-v2", classes=10, input_size=96)), Budget()
    )
    assert finding.state == "skipped"
    assert finding.note.startswith("Nobody says how fast the model must answer on Google Coral Edge TPU")


def test_many_tokens_that_are_written_take_longer_than_reading():
    """Llama 3 8B in 16 bits on an H100 writes 60 to 140 tokens a second by its users' reports."""
    plan = served("h100", 5000, kind="llama-3-8b", transformer={"sequence": 512})
    one = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    assert "hardware.serve.output_tokens" in one.note
    plan["hardware"]["serve"]["output_tokens"] = 200
    many = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    low, mid, high = many.facts["need"]["p95_ms"]
    assert low < 200 / 140 * 1e3 * 1.25
    assert low < mid < 200 / 60 * 1e3 < high
    assert "reading 512 tokens and writing 200." in many.note
    assert mid > 10 * one.facts["need"]["p95_ms"][1]


def test_the_cache_holds_what_is_planned_and_no_more():
    def cache(kind, **transformer):
        model = architecture.read(Sample(plan={"model": {"kind": kind, "transformer": transformer}}))
        return devices.held(model, 8, "fp16")[1]

    assert cache("llama-2-7b", sequence=512) == 8 * 512 * 524_288
    assert cache("llama-2-7b", sequence=8192) == 8 * 8192 * 524_288  # more than it reads, as planned
    plan = served("h100", 1000, kind="llama-2-7b", transformer={"sequence": 8192})
    plan["hardware"]["serve"]["batch"] = 8
    finding = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    assert "The model reads at most 4,096 tokens, and 8,192 are planned" in finding.note
    weights, cached = 6_738_415_616 * 2, 8 * 8192 * 524_288
    assert weights + cached < finding.facts["need"]["memory"] < 1.08 * (weights + cached)
    plan["model"] = {"kind": "llama-3-8b", "transformer": {"sequence": 131_072}}  # by hand 16 and 137 GB
    finding = serving.run(Sample(plan=plan | {"training": {"precision": "bf16"}}), Budget())
    assert finding.facts["need"]["memory"] == pytest.approx(153.5e9, rel=0.05)


def test_slow_answers_do_not_outlast_the_budget():
    plan = served("h100", 1000, kind="lstm", hidden=512, layers=2, transformer={"sequence": 100_000})
    start = time.process_time()
    finding = serving.run(Sample(plan=plan), Budget(seconds=5))
    assert time.process_time() - start < 8
    assert finding.facts["here"]["p50_ms"] > 1000  # all of the steps, timed on a few


def test_95_of_100_answers_take_no_less_than_half_of_them():
    model = architecture.read(Sample(plan={"model": {"kind": "xgboost", "trees": 500, "classes": 1000}}))
    found = timed.table(model, 1, 0.4)
    assert found.p50 <= found.p95_low <= found.p95 <= found.p95_high
    few = architecture.read(Sample(plan={"model": {"kind": "xgboost", "trees": 500, "classes": 10}}))
    assert found.p50 > 20 * timed.table(few, 1, 0.4).p50  # a tree for each class and round


@pytest.mark.parametrize("kind", ["random_forest", "gradient_boosting", "svm", "logistic_regression"])
def test_models_of_scikit_learn_are_timed_as_they_are(tmp_path, kind):
    finding = serving.run(factories.digits(tmp_path, plan=served(None, 100, kind=kind)), Budget())
    assert finding.state == "measured"
    assert 0 < finding.value < 1
    assert finding.facts["here"]["p50_ms"] > 0.001


def test_more_trees_take_longer():
    def seconds(trees):
        plan = {"model": {"kind": "random_forest", "trees": trees, "max_features": 20}}
        return timed.table(architecture.read(Sample(plan=plan)), 1, 0.4).p50

    assert seconds(400) > 2 * seconds(40)


def test_a_plan_without_data_is_judged_without_rounding():
    finding = serving.run(Sample(plan=served("phone", 50, kind="mlp", hidden=[64], max_features=8)), Budget())
    assert finding.state == "measured"
    assert finding.facts["smaller"] == []
    assert finding.facts["not_rounded"] == "This run has no data."


def test_a_model_of_no_known_kind_is_skipped_with_a_sentence():
    finding = serving.run(Sample(plan={"model": {"kind": "quantum_annealer"}}), Budget())
    assert finding.state == "skipped"
    assert "quantum_annealer" in finding.note


# -- estimates --------------------------------------------------------------------------------------------
def test_an_answer_costs_two_operations_a_weight_and_keeps_one_layer_alive():
    plan = {"model": {"kind": "mlp", "hidden": [512, 256], "max_features": 128, "classes": 10}}
    model = architecture.read(Sample(plan=plan))
    cost = ledger.answer(model, 4)
    weights = 128 * 512 + 512 * 256 + 256 * 10
    assert cost.flops == 2 * 4 * weights
    # The largest moment: a layer's inputs, its outputs, and the same after ReLU.
    assert 4 * 4 * (512 + 256) <= cost.alive <= 4 * 4 * (128 + 2 * 512)
    assert cost.alive < ledger.analyse(model, 4).alive


def test_layers_that_are_not_built_are_counted():
    plan = {"model": {"kind": "decoder", "transformer": {"layers": 40, "width": 128, "heads": 4,
                                                         "sequence": 32, "vocabulary": 100}}}  # fmt: skip
    deep = architecture.read(Sample(plan=plan))
    plan["model"]["transformer"]["layers"] = 4
    few = architecture.read(Sample(plan=plan))
    plan["model"]["transformer"]["layers"] = 5
    more = architecture.read(Sample(plan=plan))
    each = ledger.answer(more, 1).flops - ledger.answer(few, 1).flops
    assert ledger.answer(deep, 1).flops == pytest.approx(ledger.answer(few, 1).flops + 36 * each, rel=1e-6)


def test_estimates_follow_the_data_sheet():
    """What only multiplies takes as long as its sums, what only moves as long as its bytes."""
    device, tiny = catalogue.find("jetson-orin-nano"), architecture.read(Sample(plan=MLP))
    sums, bytes_ = ledger.Cost(), ledger.Cost()
    sums.kinds[1e12, 1.0] = 1
    bytes_.kinds[1.0, 1e9] = 1
    found = devices.estimate(sums, tiny, 1, device, "fp32")
    assert found.usual == pytest.approx(1e12 / (0.2 * device.peak("fp32")), rel=0.01)
    assert (found.fast, found.slow) == pytest.approx((found.usual / 2, found.usual * 2), rel=0.01)
    wide = devices.estimate(bytes_, tiny, 1, device, "fp32").usual
    assert wide == pytest.approx(1e9 / (0.2e9 * device.bandwidth_gbs), rel=0.01)
    assert devices.estimate(bytes_, tiny, 1, device, "int8").usual == pytest.approx(wide / 4, rel=0.01)


@pytest.mark.parametrize(("precision", "each"), [("fp32", 4), ("fp16", 2), ("int8", 1.002), ("int4", 0.516)])
def test_layers_take_their_bits_and_scales_and_the_head_16_bits_at_least(precision, each):
    plan = {"model": {"kind": "mlp", "hidden": [512, 256], "max_features": 128, "classes": 10}}
    model = architecture.read(Sample(plan=plan))
    weights, cache = devices.held(model, 1, precision)
    wanted = each * (model.parameters - model.head) + max(2, each) * model.head
    assert weights == pytest.approx(wanted, rel=0.002)
    assert cache == 0


def test_the_cache_of_keys_and_values_is_half_a_megabyte_a_token_for_llama_2():
    """2 x 32 layers x 4,096 x 2 bytes; an eighth of the heads keep an eighth (Llama 3: a quarter)."""
    for kind, each in (("llama-2-7b", 524_288), ("llama-3-8b", 131_072)):
        model = architecture.read(Sample(plan={"model": {"kind": kind}}))
        assert devices.held(model, 4, "fp16")[1] == 4 * model.extra["shape"].longest * each
    latent = architecture.read(Sample(plan={"model": {"kind": "deepseek-v3"}}))  # DeepSeek-AI 2024: 70 KB
    assert devices.held(latent, 1, "fp16")[1] == 163_840 * 61 * (512 + 64) * 2


def test_timing_leaves_out_the_first_answers_and_stops_in_time():
    calls = []
    found = timed.timed(lambda: calls.append(sum(range(2000))), 0.1)
    assert len(calls) == found.runs + 3
    assert found.p50 <= found.p95
    assert found.p95_low <= found.p95 <= found.p95_high


# -- whole numbers ----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def learnt():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    fleet = train(x, y, [Member(k, rows=np.arange(1200)) for k in range(3)], net=Net((64, 32)), steps=400)
    return fleet, x, y


def test_rounding_gives_what_whole_number_arithmetic_gives(learnt):
    """The same net in 8-bit integers and 32-bit sums, as a device computes it: equal answers."""
    fleet, x, y = learnt
    small = smaller.Quantised.of(fleet, x[:200], 8)
    for k in range(3):
        now = x[1200:].astype(np.float64)
        for layer, weight in enumerate(small.weights):
            step, zero, scale, bias = (
                part[layer][k].numpy().astype(np.float64)
                for part in (small.steps, small.zeros, small.scales, small.biases)
            )
            whole = np.clip(np.rint(now / step + zero), 0, 255).astype(np.int32)
            sums = (whole - zero.astype(np.int32)) @ weight[k].numpy().astype(np.int32)
            now = sums * step * scale + bias
            now = np.maximum(now, 0) if layer < 2 else now
        said = small.outputs(x[1200:])[k].numpy()
        assert (said.argmax(1) == now.argmax(1)).mean() > 0.995
        assert abs((said.argmax(1) == y[1200:]).mean() - (now.argmax(1) == y[1200:]).mean()) < 0.01


def test_fewer_bits_lose_more(learnt, tmp_path):
    small = smaller.measure(factories.digits(tmp_path), Budget())
    lost = {bits: small.lost(bits).lost for bits in smaller.BITS}
    assert abs(lost[8]) < 0.5
    assert lost[4] < 2
    assert lost[2] > 10
    assert lost[2] > lost[3] >= lost[8]
    for way in small.ways:
        assert way.low <= way.lost <= way.high


def test_every_output_has_its_own_scale():
    """Without scales of their own, outputs with small weights would round to nothing."""
    fleet = train(
        np.eye(8, dtype=np.float32).repeat(8, 0), np.arange(8).repeat(8), [Member(0)], net=Net((8,)),
        heads=(Head(8),), steps=50,
    )  # fmt: skip
    fleet.parameters[0][0, :, 0] *= 1e-4
    small = smaller.Quantised.of(fleet, np.eye(8, dtype=np.float32), 8)
    assert (small.weights[0][0, :, 0] != 0).any()


def test_a_number_to_predict_is_rounded_in_its_own_unit(tmp_path):
    small = smaller.measure(factories.diabetes(tmp_path), Budget())
    assert small.metric == "R2"
    assert abs(small.lost(8).lost) < 2
    assert math.isfinite(small.lost(2).lost)


def test_a_loss_is_serious_only_where_the_model_has_to_be_made_smaller():
    way = smaller.Way("bits", 8, 0.8, 9.0, 7.0, 11.0)
    small = smaller.Smaller(0.9, "accuracy", (way,), None, 100)
    place = serving.Place(catalogue.find("phone"), "phone", 10.0, None, 1, "the plan")

    def severity(seconds):
        need = serving.Need((seconds, seconds, seconds), 1.0, False)
        shares = (100 * seconds,) * 3
        found = serving._faults(need, need, place, shares, small)
        return next(fault["severity"] for fault in found if fault["fault"] == "int8_loss")

    assert severity(0.001) == "low"
    assert severity(0.1) == "high"


def test_a_model_with_adapters_is_served_in_the_bits_that_its_training_takes():
    plan = served("l4", 60_000, kind="mistral-7b", transformer={"sequence": 512})
    whole = serving.run(Sample(plan=plan), Budget())
    plan["training"] = {"method": "lora"}
    adapted = serving.run(Sample(plan=plan), Budget())
    assert (whole.facts["precision"], adapted.facts["precision"]) == ("fp32", "fp16")
    assert "does_not_fit" in faults(whole)
    assert "does_not_fit" not in faults(adapted)


def test_trees_fit_a_microcontroller_by_their_nodes():
    """50 trees of 16 leaves are 31 nodes each, of 8 bytes; 60 KB of program beside them."""
    plan = served("arduino nano 33 ble", 500, kind="xgboost", trees=50, depth=4, classes=2)
    finding = serving.run(Sample(plan=plan), Budget())
    assert 60 * 1024 < finding.facts["need"]["stored"] < 100 * 1024
    assert finding.facts["need"]["memory"] < 16 * 1024
    assert "does_not_fit" not in faults(finding)
    plan["model"] |= {"trees": 5000, "depth": 8}
    assert "does_not_fit" in faults(serving.run(Sample(plan=plan), Budget()))
