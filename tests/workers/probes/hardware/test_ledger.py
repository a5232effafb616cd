"""Walking a step on the meta device finds what a real step on a CPU does, and what the formulas say."""

from __future__ import annotations

import copy
import time

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from workers.probes.base import Sample
from workers.probes.hardware import architecture, ledger, networks, ways
from workers.probes.hardware.ways import Way


def small(**more):
    return {"layers": 3, "width": 64, "heads": 4, "sequence": 32, "vocabulary": 200, **more}


MODELS = {
    "mlp": {"kind": "mlp", "hidden": [64, 32]},
    "residual table": {"kind": "table_resnet", "hidden": 32},
    "table transformer": {"kind": "ft_transformer", "transformer": {"layers": 2, "width": 32, "heads": 4}},
    "cnn": {"kind": "cnn", "channels": [8, 16], "input_size": 16},
    "resnet18": {"kind": "resnet18", "classes": 5, "input_size": 32},
    "resnet50": {"kind": "resnet50", "classes": 5, "input_size": 32},
    "unet": {"kind": "unet", "channels": [8, 16, 32], "input_size": 33},
    "vgg": {"kind": "vgg11", "input_size": 32},
    "mobilenet": {"kind": "mobilenet_v2", "input_size": 32},
    "densenet": {"kind": "densenet121", "input_size": 32},
    "lstm": {"kind": "lstm", "hidden": 12, "transformer": {"sequence": 6}},
    "gru of words": {"kind": "gru", "hidden": 12, "transformer": {"sequence": 6, "vocabulary": 50}},
    "encoder": {"kind": "transformer", "transformer": small()},
    "decoder": {"kind": "decoder", "transformer": small(tied=True)},
    "llama-like": {"kind": "decoder", "transformer": small(gated=True, kv_heads=2)},
    "gemma-2-like": {"kind": "decoder", "transformer": small(gated=True, norms=4, head_norm="head")},
    "experts": {"kind": "decoder", "transformer": small(gated=True, experts=4, active_experts=2)},
    "latent attention": {"kind": "decoder", "transformer": small(
        gated=True, experts=4, active_experts=2, dense_layers=1, query_rank=24, key_rank=16, rotary_width=8,
        head_width=16, value_width=16, shared_feed_forward=32)},
    "vit": {"kind": "vit", "transformer": {"layers": 2, "width": 48, "heads": 3}, "input_size": 64},
    "t5-like": {"kind": "encoder_decoder", "transformer": small(
        norm="rms", bias=False, relative=32, positions=0, decoder_layers=2)},
    "whisper-like": {"kind": "encoder_decoder", "transformer": small(
        mels=16, positions=32, target_sequence=12, decoder_layers=2, decoder_positions=20)},
    "diffusion": {"kind": "latent_diffusion", "channels": [32, 64], "input_size": 64,
                  "text": {"width": 24, "sequence": 5}},
    "clip-like": {"kind": "clip", "transformer": {"layers": 2, "width": 48, "heads": 3}, "text": small(),
                  "input_size": 64, "projection": 32},
}  # fmt: skip
WAYS = {
    "16 bits": Way(precision="bf16"),
    "kept less": Way(checkpointing=True),
    "16 bits, kept less": Way(precision="bf16", checkpointing=True),
    "adapters": Way(method="lora", precision="bf16", rank=4),
    "adapters over 4 bits": Way(method="qlora", precision="bf16", rank=4, checkpointing=True),
    "last layer": Way(method="head"),
    "16-bit weights": Way(precision="bf16", weights="bf16"),
    "kept scores": Way(attention="eager"),
}


def read(name):
    return architecture.read(Sample(plan={"model": MODELS[name]}))


def real(model, rows, way=None):
    """The same walk on real numbers."""
    torch.manual_seed(0)
    network = model.build(*model.counts)
    ways.prepare(network, way or Way())
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return ledger.walk(network, model.inputs(rows, model.repeats, "cpu"), way)


@pytest.mark.parametrize("name", list(MODELS))
def test_saved_activations_and_operations_on_meta_equal_a_real_run(name):
    model = read(name)
    meta, here = ledger.analyse(model, 4), real(model, 4)
    assert meta.saved == pytest.approx(here.saved, rel=0.01)
    assert meta.saved > 0
    assert meta.alive == pytest.approx(here.alive, rel=0.01)
    assert meta.flops == here.flops > meta.forward > 0


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("name", ["mlp", "resnet18", "encoder", "llama-like", "experts", "t5-like"])
def test_every_way_to_train_costs_on_meta_what_it_costs_here(name, way):
    if name == "resnet18" and way.weights != "fp32":
        pytest.skip("batch norm on a CPU keeps sums of 16-bit numbers that no other device keeps")
    model = read(name)
    meta, here = ledger.analyse(model, 4, way), real(model, 4, way)
    assert meta.saved == pytest.approx(here.saved, rel=0.01)
    assert meta.alive == pytest.approx(here.alive, rel=0.01)
    assert (meta.flops, meta.trained, meta.copies) == (here.flops, here.trained, here.copies)


@pytest.mark.parametrize("name", ["resnet50", "unet", "vgg", "encoder", "decoder", "llama-like", "experts",
                                  "vit", "whisper-like", "clip-like"])  # fmt: skip
def test_16_bit_training_is_acted_out_as_torch_does_it(name):
    """What torch.autocast keeps on a CPU, copies of weights included, to 0.3 %: it widens fewer norms."""
    model = read(name)
    torch.manual_seed(0)
    network = model.build(*model.counts)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    own = {p.untyped_storage()._cdata for p in (*network.parameters(), *network.buffers())}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = (storage.nbytes(), tensor)
        return tensor

    inputs = model.inputs(8, model.repeats, "cpu")
    with torch.autocast("cpu", torch.bfloat16), torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        output = network(inputs)
        ledger.loss(output.float(), torch.zeros(output.flatten(0, -2).shape[0], dtype=torch.long))
    acted = ledger.analyse(model, 8, Way(precision="bf16"))
    assert acted.saved + acted.copies == pytest.approx(sum(size for size, _ in kept.values()), rel=0.003)


def test_saved_activations_equal_the_formula():
    """Each linear layer keeps its input, each ReLU its output (the next one's input), the loss its logs."""
    rows, widths, outputs = 1024, [30, 256, 256, 256], 10
    sample = Sample(plan={"model": {"kind": "mlp", "hidden": widths[1:], "classes": outputs}})
    saved = ledger.analyse(architecture.read(sample), rows).saved
    kept = 4 * rows * (sum(widths) + outputs)
    assert saved == pytest.approx(kept + 8 * rows + 4, abs=16)


def test_operations_equal_the_registry_where_it_counts():
    model = read("resnet18")
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
    assert two.flops == pytest.approx(2 * one.flops, rel=2e-3)  # pairs grow with the square of the rows
    assert two.saved == pytest.approx(2 * one.saved, rel=0.02)
    assert two.alive > one.alive


@pytest.mark.parametrize("way", [Way(), *WAYS.values()], ids=["plain", *WAYS])
@pytest.mark.parametrize("name", ["decoder", "t5-like", "latent attention"])
def test_many_equal_layers_are_counted_from_few(name, way):
    """Saved, operations and the peak of 12 (and 9) layers are those of walking them one by one."""
    shape = {**MODELS[name]["transformer"], "layers": 12}
    if name == "t5-like":
        shape["decoder_layers"] = 9
    model = architecture.read(Sample(plan={"model": {**MODELS[name], "transformer": shape}}))
    few = ledger.analyse(model, 4, way)
    with torch.device("meta"):
        network = model.build(*model.counts)
        ways.prepare(network, way)
        every = ledger.walk(network, model.inputs(4, 12, "meta"), way)
    assert (few.flops, few.operations, few.trained) == (every.flops, every.operations, every.trained)
    assert few.saved == pytest.approx(every.saved, rel=1e-6)
    assert few.alive == pytest.approx(every.alive, rel=0.02)
    assert few.gradients == every.gradients
    assert few.kinds == every.kinds


@pytest.mark.parametrize("name", [name for name in MODELS if name != "clip-like"])
def test_one_walk_of_a_prime_number_of_rows_tells_any_number(name):
    prime, rows = 10_007, 24
    model = read(name)
    line = ledger.analyse(model, prime, scale=rows / prime)
    here = ledger.analyse(model, rows)
    saved = line.saved_fixed + (line.saved - line.saved_fixed) * rows / prime
    peak = max(part.fixed + part.growing * rows / prime for part in line.parts.values())
    assert saved == pytest.approx(here.saved, rel=1e-3)
    assert peak == pytest.approx(here.alive, rel=1e-3)
    assert line.flops * rows / prime == pytest.approx(here.flops, rel=1e-3)


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
