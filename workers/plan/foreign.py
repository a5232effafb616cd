"""Configs of other tools in our words: a Hugging Face config.json, its Trainer's arguments, a LoRA config.

Their names are those of the transformers and peft documentation; a model's config is read in
``huggingface``.
"""

from __future__ import annotations

from typing import Any

from workers.plan import huggingface
from workers.plan.huggingface import first

NO_BEARING = {  # on cost, data or risk: not listed as "not read"
    "architectures", "model_type", "transformers_version", "initializer_range", "initializer_factor",
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
    "decoder_start_token_id", "layer_norm_eps", "rms_norm_eps", "layer_norm_epsilon", "hidden_act",
    "activation_function", "hidden_activation", "use_cache", "rope_theta", "rope_scaling", "id2label",
    "label2id", "_name_or_path", "torch_dtype", "dtype", "attention_probs_dropout_prob", "attention_dropout",
    "hidden_dropout_prob", "resid_pdrop", "embd_pdrop", "attn_pdrop", "attention_bias", "mlp_bias",
    "position_embedding_type", "classifier_dropout", "gradient_checkpointing", "pretraining_tp", "qkv_bias",
    "auto_map", "quantization_config", "image_size", "num_channels", "text_config", "vision_config",
    "task_specific_params", "summary_type", "summary_use_proj", "summary_activation",
    "summary_proj_to_labels",
    "summary_first_dropout", "sliding_window", "dropout", "sinusoidal_pos_embds", "seq_classif_dropout",
    "qa_dropout", "activation", "cls_token", "initializer_std", "is_decoder", "is_encoder_decoder",
}  # fmt: skip

TRAINER = {
    "learning_rate": "learning_rate", "weight_decay": "weight_decay", "num_train_epochs": "epochs",
    "optim": "optimizer", "max_grad_norm": "gradient_clipping", "lr_scheduler_type": "schedule",
    "gradient_checkpointing": "checkpointing", "gradient_accumulation_steps": "gradient_accumulation",
    "dataloader_num_workers": "workers", "dataloader_drop_last": "drop_last",
}  # fmt: skip
TRAINER_SIGNS = {
    "per_device_train_batch_size",
    "num_train_epochs",
    "lr_scheduler_type",
    "per_gpu_train_batch_size",
}
FLAGS = ("bf16", "fp16", "tf32")
TRAINER_PREFIXES = ("logging_", "save_", "hub_", "push_to_hub", "report_to", "eval_", "dataloader_", "ddp_",
                    "tpu_", "include_", "run_name", "output_dir", "overwrite_", "do_", "per_device_eval",
                    "log_", "disable_tqdm", "remove_unused", "_n_gpu", "local_rank", "use_cpu", "no_cuda",
                    "adam_", "torch_compile", "torchdynamo", "prediction_loss", "greater_is_better",
                    "load_best_model", "resume_from", "ignore_data_skip", "past_index", "use_legacy",
                    "label_names", "length_column", "group_by_length", "skip_memory", "batch_eval",
                    "split_batches", "restore_", "half_precision", "fp16_", "bf16_", "debug", "mp_parameters",
                    "ray_scope", "use_mps", "jit_mode", "use_ipex", "full_determinism", "evaluation_strategy",
                    "eval", "parallelism_config", "project", "trackio", "neftune", "accelerator_config",
                    "average_tokens", "use_liger", "liger_", "lr_scheduler_kwargs", "optim_args",
                    "optim_target", "data_seed", "auto_find_batch")  # fmt: skip


def translated(tree: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The tree in our words, and the keys of a foreign form that have a bearing but were not read."""
    if not isinstance(tree.get("model"), dict) and ("model_type" in tree or "architectures" in tree):
        return _model(tree)
    if TRAINER_SIGNS & tree.keys():
        return _trainer(tree)
    if isinstance(tree.get("peft_type"), str):
        return _lora(tree)
    training = tree.get("training")
    if isinstance(training, dict) and (
        TRAINER_SIGNS & training.keys() or any(training.get(flag) is True for flag in FLAGS)
    ):
        return _within(tree, training), []
    return tree, []


def _within(tree: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    """A plan of ours whose ``training`` holds the Trainer's arguments, with our own names beside them."""
    made, others = _trainer(training)
    own = {key: training[key] for key in others if key in training}
    return {**made, **tree, "training": {**own, **made["training"]}}


def _model(tree: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A model's config.json, with the parts that it is made of."""
    inner = tree.get("text_config") if isinstance(tree.get("text_config"), dict) else {}
    plan: dict[str, Any] = {"model": huggingface.model(tree)}
    precision = first(tree, ("torch_dtype", "dtype")) or first(inner or {}, ("torch_dtype", "dtype"))
    if precision is not None and precision != "auto":
        plan["training"] = {"precision": precision}
    mapped = {"project", "data", "training", "evaluation", "hardware", "seed"}
    for key in mapped & tree.keys():
        plan[key] = tree[key]
    ours = {name for names in huggingface.SHAPE.values() for name in names} | huggingface.READ | NO_BEARING
    return plan, [str(key)[:200] for key in tree if key not in ours | mapped]


def _trainer(tree: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The Trainer's arguments; a batch is what one step of the optimiser sees on one device."""
    training: dict[str, Any] = {
        ours: tree[theirs] for theirs, ours in TRAINER.items() if tree.get(theirs) is not None
    }
    each = huggingface.first(tree, ("per_device_train_batch_size", "per_gpu_train_batch_size"))
    pieces = tree.get("gradient_accumulation_steps")
    if each is not None:
        countable = type(each) is int and type(pieces) is int and pieces > 0
        training["batch_size"] = each * pieces if countable else each
    if isinstance(tree.get("max_steps"), int) and tree["max_steps"] > 0:
        training["steps"] = tree["max_steps"]
    for flag in FLAGS:
        if tree.get(flag) is True:
            training["precision"] = flag
            break
    steps, share = tree.get("warmup_steps"), tree.get("warmup_ratio")
    if steps or share:
        training["warmup"] = steps or share
    plan: dict[str, Any] = {"training": training}
    if tree.get("seed") is not None:
        plan["seed"] = tree["seed"]
    if tree.get("metric_for_best_model") is not None:
        plan["evaluation"] = {"metric": tree["metric_for_best_model"]}
    ours = {*TRAINER, *TRAINER_SIGNS, *FLAGS, "max_steps", "warmup_steps", "warmup_ratio",
            "seed",
            "metric_for_best_model"}  # fmt: skip
    for key in {"data", "model", "hardware"} & tree.keys():
        plan[key] = tree[key]
        ours.add(key)
    left = [
        str(k)[:200] for k, v in tree.items() if k not in ours and not str(k).startswith(TRAINER_PREFIXES)
    ]
    return plan, [key for key in left if tree.get(key) not in (None, "", [], {}, False)]


def _lora(tree: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """An adapter_config.json."""
    given = {"rank": tree.get("r"), "alpha": tree.get("lora_alpha"), "modules": tree.get("target_modules")}
    lora = {key: value for key, value in given.items() if value is not None}
    plan: dict[str, Any] = {"training": {"method": "lora", "lora": lora}}
    if isinstance(tree.get("base_model_name_or_path"), str):
        plan["model"] = {
            "pretrained": tree["base_model_name_or_path"],
            "kind": tree["base_model_name_or_path"],
        }
    return plan, []
