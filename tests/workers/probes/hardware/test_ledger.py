"""Walking a step on the meta device finds what a real step on a CPU does, and what the formulas say."""

from __future__ import annotations

import copy
import time

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from workers.probes.base import Sample
from workers.probes.hardware import architecture, ledger, networks

MODELS = {
    "mlp": {"kind": "mlp", "hidden": [64, 32]},
    "cnn": {"kind": "cnn", "channels": [8, 16], "input_size": 16},
    "resnet": {"kind": "resnet18", "classes": 5, "input_size": 32},
    "lstm": {"kind": "lstm", "hidden": 12, "transformer": {"sequence": 6}},
    "encoder": {"kind": "transformer", "transformer": {"layers": 2, "width": 32, "heads": 4, "sequence": 16,
                                                       "vocabulary": 50}},
    "decoder": {"kind": "decoder", "transformer": {"layers": 2, "width": 32, "heads": 4, "sequence": 16,
                                                   "vocabulary": 50, "tied": True}},
}  # fmt: skip


def read(name):
    return architecture.read(Sample(plan={"model": MODELS[name]}))


def real(model, rows):
    """The same walk on real numbers."""
    torch.manual_seed(0)
    network = model.build(model.repeats)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return ledger.walk(network, model.inputs(rows, model.repeats, "cpu"))


@pytest.mark.parametrize("name", ["mlp", "encoder", "decoder"])
def test_saved_activations_on_meta_equal_a_real_run(name):
    model = read(name)
    assert ledger.analyse(model, 4).saved == real(model, 4).saved > 0


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_saved_activations_of_pictures_are_close_to_a_real_run(name):
    """The CPU's own convolution keeps a few small extras."""
    model = read(name)
    assert ledger.analyse(model, 4).saved == pytest.approx(real(model, 4).saved, rel=0.02)


@pytest.mark.parametrize("name", list(MODELS))
def test_operations_on_meta_equal_a_real_run(name):
    model = read(name)
    assert ledger.analyse(model, 2).flops == real(model, 2).flops > 0


def test_saved_activations_equal_the_formula():
    """Each linear layer keeps its input, each ReLU its output (the next one's input), the loss its logs."""
    rows, widths, outputs = 1024, [30, 256, 256, 256], 10
    sample = Sample(plan={"model": {"kind": "mlp", "hidden": widths[1:], "classes": outputs}})
    saved = ledger.analyse(architecture.read(sample), rows).saved
    kept = 4 * rows * (sum(widths) + outputs)
    assert saved == pytest.approx(kept + 8 * rows + 4, abs=16)


def test_operations_equal_the_registry_where_it_counts():
    model = read("resnet")
    with torch.device("meta"):
        network, inputs = model.build(1), model.inputs(2, 1, "meta")
        with FlopCounterMode(display=False) as counter:
            output = network(inputs)
            ledger.loss(output, torch.zeros(2, dtype=torch.long)).backward()
    assert ledger.analyse(model, 2).flops == counter.get_total_flops()


def test_attention_is_counted_on_a_cpu_too():
    """Forward two products, backward five, each of 2 x heads x length^2 x width."""
    q = torch.empty(3, 4, 16, 8, device="meta", requires_grad=True)
    counted = ledger.Ledger()
    with counted:
        networks.attend(q, q, q, False).sum().backward()
    assert counted.cost.flops == 7 * 2 * 3 * 4 * 16**2 * 8


def test_an_85_million_parameter_transformer_in_under_a_second():
    shape = {"layers": 12, "width": 768, "heads": 12, "sequence": 1024, "vocabulary": 2}
    sample = Sample(plan={"model": {"kind": "decoder", "transformer": {**shape, "tied": True}}})
    model = architecture.read(sample)
    rows, tokens = 8, 8 * 1024
    ledger.analyse(model, 1)
    start = time.process_time()
    cost = ledger.analyse(model, rows)
    assert time.process_time() - start < 1
    blocks = 12 * (12 * 768**2)
    assert 84e6 < blocks < 86e6
    attention = 12 * 7 * 2 * rows * 12 * 1024**2 * 64
    embedding = 6 * tokens * 768 * 2
    assert cost.flops == pytest.approx(6 * blocks * tokens + attention + embedding, rel=0.001)
    assert 1.05 < cost.flops / (6 * blocks * tokens) < 1.3  # the 6ND rule leaves attention out


@pytest.mark.parametrize("name", list(MODELS))
def test_doubling_the_batch_doubles_activations_and_operations(name):
    one, two = (ledger.analyse(read(name), rows) for rows in (64, 128))
    assert two.flops == pytest.approx(2 * one.flops, rel=1e-6)
    assert two.saved == pytest.approx(2 * one.saved, rel=0.02)
    assert two.alive > one.alive


@pytest.mark.parametrize("repeats", [30, 40])
def test_many_equal_layers_are_counted_from_few(repeats):
    shape = {"layers": repeats, "width": 32, "heads": 4, "sequence": 16, "vocabulary": 50}
    model = architecture.read(Sample(plan={"model": {"kind": "transformer", "transformer": shape}}))
    few = ledger.analyse(model, 4)
    with torch.device("meta"):
        every = ledger.walk(model.build(repeats), model.inputs(4, repeats, "meta"))
    assert few.flops == every.flops
    assert few.saved == every.saved
    assert few.operations == every.operations
    assert few.kinds == every.kinds
    assert few.alive == pytest.approx(every.alive, rel=0.1)


def test_the_peak_of_live_bytes_covers_what_is_saved():
    for name in MODELS:
        cost = ledger.analyse(read(name), 64)
        assert cost.alive >= cost.saved


def test_the_roofline_grows_with_less_of_anything():
    cost = ledger.analyse(read("encoder"), 8)
    base = cost.seconds(1e12, 1e11, 1e-6)
    assert cost.seconds(5e11, 1e11, 1e-6) >= base
    assert cost.seconds(1e12, 1e10, 1e-6) > base
    assert cost.seconds(1e12, 1e11, 1e-5) == pytest.approx(base + 9e-6 * cost.operations)


def test_a_walk_leaves_the_network_as_it_was():
    network = networks.MLP(4, [3], 2)
    before = copy.deepcopy(network.state_dict())
    ledger.walk(network, torch.zeros(2, 4))
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
