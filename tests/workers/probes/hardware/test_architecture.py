"""The networks that plans name have the parameters of the published models, by formula and when built."""

from __future__ import annotations

import json
import time

import pytest
import torch

from workers import plan
from workers.probes.base import Column, Sample
from workers.probes.hardware import architecture


def read(**model):
    return architecture.read(Sample(plan={"model": model}))


def built(model):
    with torch.device("meta"):
        return sum(p.numel() for p in model.build(*model.counts).parameters())


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ({"kind": "bert-base-uncased", "classes": 2}, 109_482_240 + 768 * 2 + 2),
        ({"kind": "gpt2"}, 124_439_808),
        ({"kind": "gpt2-xl"}, 1_557_611_200),
        ({"kind": "llama-2-7b"}, 6_738_415_616),
        ({"kind": "llama-3-8b"}, 8_030_261_248),
        ({"kind": "mixtral-8x7b"}, 46_702_792_704),
        ({"kind": "vit-b/16", "classes": 1000}, 86_567_656),
        ({"kind": "resnet18", "classes": 1000, "input_size": 224}, 11_689_512),
        ({"kind": "resnet50", "classes": 1000, "input_size": 224}, 25_557_032),
        ({"kind": "mlp", "hidden": [256, 256, 256], "classes": 2}, 30 * 256 + 256 + 2 * 65_792 + 514),
        ({"kind": "logistic_regression", "classes": 2}, 62),
    ],
    ids=lambda v: v.get("kind") if isinstance(v, dict) else "",
)
def test_parameters_equal_the_published_models(model, parameters):
    assert read(**model).parameters == parameters


@pytest.mark.parametrize(
    "model",
    [
        {"kind": "mlp", "hidden": [7, 5]},
        {"kind": "cnn", "channels": [16, 32]},
        {"kind": "shared_cnn", "heads": {"character": 36, "slant": 2}},
        {"kind": "resnet50", "classes": 3},
        {"kind": "lstm", "hidden": 16, "layers": 2, "bidirectional": True},
        {"kind": "transformer", "transformer": {"layers": 3, "width": 64, "heads": 4}},
        {"kind": "decoder", "transformer": {"layers": 2, "width": 64, "heads": 4, "kv_heads": 2,
                                            "gated": True,
                                            "experts": 4, "active_experts": 2, "feed_forward": 96}},
        {"kind": "vit-tiny", "classes": 10},
        {"kind": "bert-base", "classes": 4},
    ],
    ids=lambda m: m["kind"],
)  # fmt: skip
def test_the_formula_equals_the_network_that_is_built(model):
    found = read(**model)
    assert built(found) == found.active


@pytest.mark.parametrize(
    ("kind", "family"),
    [("logistic_regression", "linear"), ("tfidf_logreg", "linear"),
     ("gradient_boosting", "boosting"),
     ("XGBoost", "boosting"), ("shared_cnn", "cnn"), ("ResNet", "resnet"), ("BiLSTM", "lstm"),
     ("google/vit-base", "vit"), ("meta-llama/llama-3-8b", "transformer"), ("MLP", "mlp")],
)  # fmt: skip
def test_kinds_are_known_by_the_names_people_use(kind, family):
    assert read(kind=kind, max_features=100 if "tfidf" in kind else None).family == family


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("mistralai/Mistral-7B-Instruct-v0.2", 7_241_732_096), ("meta-llama/Llama-2-7b-chat-hf", 6_738_415_616),
     ("google/gemma-2-2b-it", 2_614_341_888), ("openai/whisper-small", 241_734_912),
     ("Qwen/Qwen2.5-14B-Instruct", 14 * 10**9), ("EleutherAI/pythia-410m", 410 * 10**6)],
)  # fmt: skip
def test_editions_are_known_by_their_model_and_others_by_the_size_in_their_name(name, parameters):
    found = read(kind=name, transformer={"sequence": 512})
    assert found.parameters == parameters
    assert bool(found.extra.get("loose")) == ("14B" in name or "410m" in name)


@pytest.mark.parametrize(
    ("mean", "longest", "tokens"), [(200, 600, 150), (100, 90_000, 100), (9000, 9000, 512)]
)
def test_rows_are_as_long_as_the_texts_of_the_data(mean, longest, tokens):
    sample = Sample(plan={"model": {"kind": "bert-base", "classes": 2}})
    sample.__dict__["columns"] = (Column("review", "text", "text"),)
    sample.__dict__["census"] = {"review": {"length": {"min": 1, "max": longest, "mean": mean}}}
    found = architecture.read(sample)
    assert found.tokens == tokens
    assert any(f"have up to {longest:,} characters" in sentence for sentence in found.assumed)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("yolov8", "resnet50"), ("mask r-cnn", "resnet50"), ("facebook/detr-resnet-50", "resnet50"),
     ("deeplabv3", "unet"), ("stable diffusion 3", "stable_diffusion"), ("flux", "stable_diffusion"),
     ("gan", "cnn or mlp"), ("knn", "svm"),
     ("inception_v3", "efficientnet_b0"), ("swin_transformer", "vit-base"), ("resnext50_32x4d", "resnet50"),
     ("transformer-xl", "mamba"), ("unet3d", "slices"), ("gpt-4", "gpt"),
     ("efficientnet-b7", "efficientnet_b0")],
)  # fmt: skip
def test_what_cannot_be_built_is_refused_and_never_replaced(name, instead):
    with pytest.raises(architecture.UnknownKindError) as caught:
        read(kind=name)
    assert f'"{name}"' in str(caught.value)
    assert instead in str(caught.value)
    assert "give model.parameters" in str(caught.value)
    assert read(kind=name, parameters=10**7).parameters == 10**7


@pytest.mark.parametrize("name", ["yolov8", "gan", "inception_v3", "deeplabv3", "knn"])
def test_a_name_is_not_near_to_one_that_only_shares_letters(name):
    with pytest.raises(architecture.UnknownKindError) as caught:
        read(kind=name)
    for far in ("olmo", "granite", "perceptron", "deepseek", " nn"):
        assert far not in str(caught.value)


def test_words_that_may_make_it_another_network_are_told():
    found = read(kind="attention_lstm_fusion")
    assert found.assumed[0].startswith('"attention_lstm_fusion" is not known here as a whole, so a recurrent')
    assert found.extra["loose"]
    for plain in ("our_resnet18_v2", "multi_task_cnn_small", "MyLSTMNet", "lightgbm classifier"):
        assert not read(kind=plain).extra.get("loose")


def test_a_tower_that_is_not_known_is_named_as_left_out():
    config = {"model_type": "mistral3", "text_config": {"model_type": "mistral"},
              "vision_config": {"model_type": "pixtral"}}  # fmt: skip
    found = architecture.read(Sample(plan=plan.read(json.dumps(config)).plan))
    assert any('tower of pictures ("pixtral") is not known here' in sentence for sentence in found.assumed)
    assert found.extra["loose"]
    assert found.parameters == 7_241_732_096


def test_a_detectors_config_is_refused():
    config = {"model_type": "detr", "encoder_layers": 6, "d_model": 256, "encoder_attention_heads": 8}
    with pytest.raises(architecture.UnknownKindError, match="finds objects"):
        architecture.read(Sample(plan=plan.read(json.dumps(config)).plan))


@pytest.mark.parametrize("kind", ["llava-1.5-7b", "gemma-3-4b", "siglip", "mamba-130m", "deberta-base"])
def test_new_families_can_be_walked(kind):
    """A step in 16 bits with kept and with few kept activations; counts of few layers and of all agree."""
    from workers.probes.hardware import demand, footprint, ledger

    sample = Sample(plan={"model": {"kind": kind, "transformer": {"sequence": 64}},
                          "training": {"batch_size": 2, "precision": "bf16"}})  # fmt: skip
    model = architecture.read(sample)
    found = footprint.measure(model, demand.read(sample, model))
    assert found.step is not None
    assert found.total(2) > 10 * model.parameters  # weights, gradients, Adam
    assert found.total(2, checkpointing=True) <= found.total(2)
    assert ledger.answer(model, 1).flops > 1.5 * model.parameters


@pytest.mark.parametrize(
    ("model", "told"),
    [({"kind": "vit", "input_size": 8, "transformer": {"patch": 16}},
      "8 x 8 pixels and the model cuts squares"),
     ({"kind": "unet", "input_size": 5}, "needs at least 16"),
     ({"kind": "vgg16", "input_size": 8}, "at least 32"),
     ({"kind": "densenet121", "input_size": 31}, "at least 32"),
     ({"kind": "sdxl", "input_size": 100}, "takes multiples of 8 from 32 on; change model.input_size"),
     ({"kind": "latent_diffusion", "channels": [100, 200]}, "multiples of 32"),
     ({"kind": "unet", "input_size": 100_000}, "input_size is 100,000 pixels; give at most")],
)  # fmt: skip
def test_pictures_that_do_not_go_with_the_network_are_told(model, told):
    with pytest.raises(architecture.UnknownKindError, match=told):
        read(**model)


def test_an_unknown_kind_names_the_near_ones():
    with pytest.raises(architecture.UnknownKindError, match="transformer") as caught:
        read(kind="tranformr")
    assert str(caught.value).startswith('model.kind is "tranformr"')


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"kind": "transformer", "transformer": {"layers": 2, "width": 770, "heads": 12}},
         "width is 770 and heads is 12; give a width that is a multiple of heads, like 768."),
        ({"kind": "decoder", "transformer": {"layers": 2, "width": 64, "heads": 8, "kv_heads": 3}},
         "heads is 8 and kv_heads is 3; give heads that are a multiple of kv_heads."),
        ({"kind": "decoder", "transformer": {"layers": 2, "width": 64, "heads": 8, "experts": 2,
                                             "active_experts": 4}},
         "active_experts is 4 of 2 experts; give at most as many"),
        ({"kind": "mlp", "hidden": [10**12, 10**12]}, "multiply to more numbers than any computer"),
        ({"kind": "cnn", "channels": [10**10, 10**10]}, "multiply to more numbers than any computer"),
        ({"kind": "unet", "channels": [10**9, 10**9, 10**10]}, "multiply to more numbers than any computer"),
        ({"kind": "lstm", "hidden": 10**12}, "multiply to more numbers than any computer"),
    ],
    ids=["width", "kv_heads", "experts", "mlp", "cnn", "unet", "lstm"],
)  # fmt: skip
def test_numbers_that_do_not_fit_together_are_told_in_a_sentence(model, told):
    with pytest.raises(architecture.UnknownKindError) as caught:
        read(**model)
    assert told in str(caught.value)


def test_an_unknown_model_type_with_sizes_is_counted_as_a_plain_one_and_says_so():
    config = {"model_type": "quantumformer", "hidden_size": 512, "num_hidden_layers": 6,
              "num_attention_heads": 8, "vocab_size": 1000}  # fmt: skip
    found = architecture.read(Sample(plan=plan.read(json.dumps(config)).plan))
    assert any('"quantumformer" is not known here' in sentence for sentence in found.assumed)
    assert 19e6 < found.parameters < 22e6
    assert found.extra["loose"]


def test_an_unknown_model_type_without_sizes_names_near_ones():
    with pytest.raises(architecture.UnknownKindError, match=r'model_type is "lama".* llama'):
        architecture.read(Sample(plan=plan.read('{"model_type": "lama"}').plan))


def test_a_plan_that_says_nothing_gets_a_stated_network():
    found = architecture.read(Sample())
    assert found.family == "mlp"
    assert "The plan names no model" in found.assumed[0]
    assert any("30 input columns" in sentence for sentence in found.assumed)


def test_a_plan_that_says_everything_assumes_nothing():
    assert read(kind="llama-3-8b", transformer={"sequence": 8192}).assumed == ()


def test_a_model_that_can_read_much_is_not_taken_to_read_that_much():
    found = read(kind="mistral-7b")
    assert found.tokens == 2048
    assert found.assumed == (
        "Nothing says how long a row is; 2,048 tokens are taken, and the model can read 8,192.",
    )
    assert read(kind="bert-base", classes=2).tokens == 512


@pytest.mark.parametrize(
    "model",
    [{"parameters": 10**15}, {"kind": "mlp", "hidden": [10**8, 10**7]},
     {"kind": "transformer", "transformer": {"layers": 10**6, "width": 10**5, "heads": 8}},
     {"kind": "encoder_decoder", "transformer": {"layers": 10**8, "width": 8192, "heads": 8}},
     {"kind": "mlp", "hidden": 10**6, "layers": 10**5}],
)  # fmt: skip
def test_absurd_sizes_are_answered_at_once(model):
    start = time.perf_counter()
    assert read(**model).parameters >= 10**15
    assert time.perf_counter() - start < 1


def test_a_parameter_count_alone_gets_usual_proportions():
    found = read(parameters=7_000_000_000)
    shape = found.extra["shape"]
    assert found.parameters == 7_000_000_000
    assert built(found) == pytest.approx(7e9, rel=0.1)
    assert shape.layers == found.repeats


def test_a_published_picture_network_is_taken_to_see_what_it_was_published_for():
    found = architecture.read(Sample(plan={"model": {"kind": "resnet50"}}))
    assert found.row == (3, 224, 224)
    assert any("224 x 224" in sentence for sentence in found.assumed)
