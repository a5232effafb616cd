"""A Hugging Face config.json in our words: what stands in ``families.yaml``, and the config's own numbers.

>>> model({"model_type": "gpt2"})["transformer"]["layers"]
12
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from workers import yaml_file
from workers.plan import together

TOWERS = ("clip", "siglip")  # that stand side by side
# Names by which model families write the same number; the first that stands there counts.
SHAPE = {
    "layers": ("encoder_layers", "num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "width": ("hidden_size", "n_embd", "n_embed", "d_model", "dim", "model_dim"),
    "heads": ("encoder_attention_heads", "num_attention_heads", "n_head", "n_heads", "num_heads"),
    "kv_heads": ("num_key_value_heads", "multi_query_group_num"),
    "head_width": ("head_dim", "d_kv", "kv_channels"),
    "feed_forward": ("encoder_ffn_dim", "intermediate_size", "n_inner", "d_ff", "ffn_dim", "hidden_dim",
                     "ffn_hidden_size"),
    "longest": ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "token_types": ("type_vocab_size",),
    "embedding_width": ("embedding_size", "word_embed_proj_dim"),
    "experts": ("num_local_experts", "n_routed_experts", "num_experts"),
    "active_experts": ("num_experts_per_tok", "num_selected_experts"),
    "expert_feed_forward": ("moe_intermediate_size",),
    "shared_feed_forward": ("shared_expert_intermediate_size",),
    "dense_layers": ("first_k_dense_replace",),
    "query_rank": ("q_lora_rank",), "key_rank": ("kv_lora_rank",),
    "rotary_width": ("qk_rope_head_dim",), "value_width": ("v_head_dim",),
    "decoder_layers": ("decoder_layers", "num_decoder_layers"),
    "decoder_heads": ("decoder_attention_heads",),
    "decoder_feed_forward": ("decoder_ffn_dim",),
    "patch": ("patch_size",), "mels": ("num_mel_bins",),
    "tied": ("tie_word_embeddings",),
}  # fmt: skip
BOTH = ("decoder_layers", "decoder_heads", "decoder_feed_forward")  # of an encoder with a decoder alone
FLAGS = {"attention_bias": ("qkv_bias", "out_bias"), "mlp_bias": ("mlp_bias",), "use_bias": ("bias",),
         "use_qkv_bias": ("qkv_bias",), "qkv_bias": ("qkv_bias",)}  # fmt: skip
OUTPUTS = (("ForCausalLM", "next_token"), ("LMHeadModel", "next_token"), ("ForMaskedLM", "masked_token"),
           ("ForPreTraining", "masked_token"), ("ForSequenceClassification", "class"),
           ("ForImageClassification", "class"), ("ForTokenClassification", "token_class"),
           ("ForQuestionAnswering", "token_class"), ("Model", "none"))  # fmt: skip
DROPOUT = ("hidden_dropout_prob", "resid_pdrop", "dropout_rate", "hidden_dropout", "dropout")
# Read by the functions below, beside the tables above.
READ = {*FLAGS, *DROPOUT, "architectures", "model_type", "id2label", "num_labels", "image_size", "depths",
        "layer_type", "hidden_sizes", "feed_forward_proj", "is_gated_act", "activation_function",
        "is_encoder_decoder", "text_config", "vision_config", "projection_dim", "multi_query",
        "new_decoder_architecture", "parallel_attn", "num_kv_heads", "alibi", "bias", "no_bias",
        "expansion_ratio", "attn_config", "position_buckets", "max_source_positions", "n_shared_experts",
        "max_target_positions", "do_layer_norm_before", "use_parallel_residual", "num_ln_in_parallel_attn",
        "qk_nope_head_dim", "num_channels", "mlp_ratio", "relative_attention_num_buckets",
        "_remove_final_layer_norm", "hidden_act", "max_relative_positions", "relative_attention",
        "pos_att_type", "position_biased_input", "interleave_moe_layer_step", "intermediate_size_mlp",
        "multi_query_attention", "add_qkv_bias", "kv_channels", "state_size", "conv_kernel", "time_step_rank",
        "expand", "image_token_index", "projector_hidden_act", "mm_tokens_per_image"}  # fmt: skip


@cache
def families() -> dict[str, dict[str, Any]]:
    """Every model_type that is known, with what it is made of."""
    return yaml_file.read(Path(__file__).with_name("families.yaml"))


def near(name: str) -> list[str]:
    """Known model types close to a name; common ones where none is."""
    found = get_close_matches(name.lower(), families(), 3, 0.5)
    return found or ["bert", "gpt2", "llama", "t5", "vit"]


def first(tree: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((tree[name] for name in names if tree.get(name) is not None), None)


def model(config: Mapping[str, Any]) -> dict[str, Any]:
    """The ``model`` group of a plan that this config stands for. Wrong values stay for the plan to refuse."""
    name = str(config.get("model_type") or "").lower()
    if (isinstance(config.get("text_config"), dict) and name not in TOWERS) or name in together.MERGED:
        return together.model(config, name)
    family = families().get(name)
    if family is None:
        family = {"kind": _guessed(config), "is": {"unknown_type": name or "none"}}
    config = {**family.get("usual", {}), **{k: v for k, v in config.items() if v is not None}}
    kind = family["kind"]
    if kind == "resnet":
        return _with_labels(_resnet(config), config)
    if kind == "clip":
        return _clip(config)
    if kind == "siglip":
        return {**_parts(config, "siglip_vision_model", "siglip_text_model"), "kind": "siglip"}
    shape = _shape(config, family, kind)
    special = SPECIAL.get(name)
    if special is not None:
        special(shape, config)
    found: dict[str, Any] = {"kind": kind, "transformer": shape}
    dropout = first(config, DROPOUT)
    if dropout:
        found["dropout"] = dropout
    if kind == "vit" and config.get("image_size") is not None:
        found["input_size"] = config["image_size"]
    return _with_labels(found, config)


def origins(config: Mapping[str, Any]) -> dict[str, str]:
    """Our dotted keys -> the config's own names, for sentences about wrong values."""
    return {f"model.transformer.{ours}": theirs for ours, names in SHAPE.items()
            if (theirs := next((n for n in names if config.get(n) is not None), None))}  # fmt: skip


def _guessed(config: Mapping[str, Any]) -> str:
    classes = str(config.get("architectures"))
    if config.get("is_encoder_decoder") is True:
        return "encoder_decoder"
    if config.get("patch_size") is not None and config.get("vocab_size") is None:
        return "vit"
    return "encoder" if any(word in classes for word in ("MaskedLM", "Classification")) else "decoder"


def _output(config: Mapping[str, Any]) -> str | None:
    named = config.get("architectures")
    text = str(named[0]) if isinstance(named, list) and named else ""
    return next((output for ending, output in OUTPUTS if text.endswith(ending)), None)


def _shape(config: Mapping[str, Any], family: Mapping[str, Any], kind: str) -> dict[str, Any]:
    shape = {key: value for key, names in SHAPE.items() if (value := first(config, names)) is not None}
    shape = {**shape, **family["is"]}
    for flag, keys in FLAGS.items():
        if isinstance(config.get(flag), bool):
            shape |= dict.fromkeys(keys, config[flag])
    output = _output(config)
    if kind == "decoder":
        output = "next_token" if output in (None, "none", "masked_token") else output
    if output is not None and kind != "encoder_decoder":
        shape["output"] = output
    ratio, width = config.get("mlp_ratio"), shape.get("width")
    if type(ratio) is int and type(width) is int:
        shape.setdefault("feed_forward", ratio * width)
    places = shape.get("longest")
    if kind in ("vit", "encoder"):
        shape["tied"] = kind == "encoder"
    if kind == "vit":
        for key in ("vocabulary", "longest", "token_types"):
            shape.pop(key, None)
        square, side = shape.get("patch"), config.get("image_size")
        if type(square) is int and type(side) is int and 0 < square <= side:
            shape["positions"] = (side // square) ** 2 + shape.get("extra_tokens", 1)
    elif "unknown_type" not in shape:
        shape["positions"] = 0
        if "learned" in family and type(places) is int:
            shape["positions"] = places + family["learned"]
        if type(places) is int:
            shape["longest"] = max(1, places - family.get("padded", 0))
    if kind != "encoder_decoder":
        for key in BOTH:
            shape.pop(key, None)
    else:
        shape.setdefault("decoder_layers", shape.get("layers"))
    shape["pooler"] = shape.get("output", "class") in family.get("pooled", ())
    return shape


def _with_labels(found: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The number of classes, where the config is of a classifier."""
    classes = str(config.get("architectures"))
    if "QuestionAnswering" in classes:
        found["classes"] = 2
    elif "Classification" in classes:
        labels = config.get("id2label")
        count = len(labels) if isinstance(labels, dict) else config.get("num_labels")
        found["classes"] = count or 2
    return found


def _resnet(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "resnet", "stages": config["depths"], "channels": config["embedding_size"],
            "bottleneck": config["layer_type"] == "bottleneck", "input_size": 224}  # fmt: skip


def _clip(config: Mapping[str, Any]) -> dict[str, Any]:
    """Both towers: each part of the config read as a family of its own."""
    seeing = config.get("vision_config") if isinstance(config.get("vision_config"), dict) else {}
    reading = config.get("text_config") if isinstance(config.get("text_config"), dict) else {}
    usual = {"num_hidden_layers": 12, "hidden_size": 512, "num_attention_heads": 8, "vocab_size": 49408,
             "intermediate_size": 2048, "max_position_embeddings": 77}  # fmt: skip
    words = _shape({**usual, **{k: v for k, v in reading.items() if v is not None}},  # type: ignore[union-attr]
                   {"is": {"norm": "layer", "bias": True}, "learned": 0}, "decoder")  # fmt: skip
    pictures = model({**seeing, "model_type": "clip_vision_model"})  # type: ignore[dict-item]
    return {**pictures, "kind": "clip", "text": words, "projection": config.get("projection_dim") or 512}


def _parts(config: Mapping[str, Any], seeing: str, reading: str) -> dict[str, Any]:
    """A tower for pictures, and one for words beside it."""
    pictures, words = (
        model({"model_type": default, **(part if isinstance(part, dict) else {})})
        for default, part in ((seeing, config.get("vision_config")), (reading, config.get("text_config")))
    )
    return {**pictures, "text": {**words["transformer"], "sequence": words["transformer"].get("longest", 64)}}


# -- families whose numbers need more than other names -----------------------------------------------
def _electra(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    if shape.get("embedding_width") == shape.get("width"):
        shape.pop("embedding_width", None)


def _falcon(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    new = config.get("new_decoder_architecture") is True
    if new:
        shape["kv_heads"] = config.get("num_kv_heads") or shape.get("heads")
        shape["norms"] = 1 if config.get("num_ln_in_parallel_attn") == 1 else 2
    else:
        shape["kv_heads"] = 1 if config.get("multi_query", True) else shape.get("heads")
        shape["norms"] = 1 if config.get("parallel_attn", True) else 2
    shape["bias"] = bool(config.get("bias", False))
    shape.pop("feed_forward", None) if config.get("ffn_hidden_size") is None else None


def _multi_query(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    shape["kv_heads"] = 1 if config.get("multi_query", True) else shape.get("heads")


def _opt(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    if config.get("do_layer_norm_before") is False or config.get("_remove_final_layer_norm") is True:
        shape["last_norm"] = False


def _mpt(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    ratio, width = config.get("expansion_ratio", 4), shape.get("width")
    if type(ratio) is int and type(width) is int:
        shape["feed_forward"] = ratio * width
    attention = config.get("attn_config")
    if isinstance(attention, dict) and attention.get("kv_n_heads"):
        shape["kv_heads"] = attention["kv_n_heads"]


def _mixture(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Experts of the width that is meant for them; DeepSeek counts its shared experts."""
    shared, each = config.get("n_shared_experts"), shape.get("expert_feed_forward")
    if type(shared) is int and type(each) is int:
        shape["shared_feed_forward"] = shared * each


def _latent(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    _mixture(shape, config)
    shape["head_width"] = config.get("qk_nope_head_dim") or 128
    shape.pop("kv_heads", None)


def _deberta(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    buckets = config.get("position_buckets")
    if type(buckets) is int and buckets > 0:
        shape["positions"] = 2 * buckets  # of relative places, shared by all layers
    if not shape.get("token_types"):
        shape["token_types"] = 0


def _deberta_1(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Every block has keys and queries of the places, whose numbers all blocks share (He et al. 2021)."""
    far = config.get("max_relative_positions")
    places = far if type(far) is int and far > 0 else config.get("max_position_embeddings") or 512
    shape["positions"] = 2 * places if type(places) is int else 0
    shape["key_bias"], shape["place_projections"] = False, True
    shape["token_types"] = shape.get("token_types") or 0


def _llama4(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Experts in every n-th layer, beside one that all tokens meet; the other layers are wider."""
    each, step = config.get("intermediate_size"), config.get("interleave_moe_layer_step", 1)
    shape["expert_feed_forward"] = shape["shared_feed_forward"] = each
    shape["feed_forward"] = config.get("intermediate_size_mlp") or each
    layers = shape.get("layers")
    if type(step) is int and step > 1 and type(layers) is int:
        shape["dense_layers"] = layers - layers // step


def _gptoss(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    shape["expert_feed_forward"] = config.get("intermediate_size")


def _chatglm(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    if isinstance(config.get("add_qkv_bias"), bool):
        shape["qkv_bias"] = config["add_qkv_bias"]
    if config.get("multi_query_attention") is not True:
        shape.pop("kv_heads", None)


def _mamba(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    rank = config.get("time_step_rank")
    for ours, theirs in (("state", "state_size"), ("kernel", "conv_kernel")):
        if config.get(theirs) is not None:
            shape[ours] = config[theirs]
    if type(rank) is int:
        shape["time_rank"] = rank
    for key in ("positions", "output", "pooler"):
        shape.pop(key, None)


def _t5(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    form = str(config.get("feed_forward_proj") or "")
    shape["gated"] = form.startswith("gated") or config.get("is_gated_act") is True
    shape["relu"] = form == "relu"
    buckets = config.get("relative_attention_num_buckets")
    if buckets is not None:
        shape["relative"] = buckets


def _whisper(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    shape["positions"] = shape["sequence"] = config["max_source_positions"]
    shape["decoder_positions"] = shape["target_sequence"] = config["max_target_positions"]


def _gptneox(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    shape["tied"] = config.get("tie_word_embeddings") is True


def _stablelm(shape: dict[str, Any], config: Mapping[str, Any]) -> None:
    if config.get("use_parallel_residual") is True:
        shape["norms"] = 1


SPECIAL = {
    "electra": _electra, "albert": _electra, "falcon": _falcon, "gpt_bigcode": _multi_query, "opt": _opt,
    "mpt": _mpt, "qwen2_moe": _mixture, "qwen3_moe": _mixture, "deepseek_v2": _latent,
    "deepseek_v3": _latent, "deberta-v2": _deberta, "t5": _t5, "mt5": _t5, "whisper": _whisper,
    "gpt_neox": _gptneox, "stablelm": _stablelm, "deberta": _deberta_1, "llama4_text": _llama4,
    "gpt_oss": _gptoss, "chatglm": _chatglm, "mamba": _mamba,
}  # fmt: skip
