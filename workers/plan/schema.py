"""What a plan may say: every key is optional, and each field's description is what its error allows.

``synonyms`` of a group are other names for its keys, seen in real configs; ``reading`` renames them.
"""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt
from pydantic import StrictStr as Str

from workers.plan.fields import (
    DEVICE,
    MANY,
    MORE,
    NOT_NEGATIVE,
    PACKAGES,
    PART,
    PRECISION,
    PRICE,
    SCALAR,
    SHARE,
    SIZES,
    TEXT,
    TEXTS,
    YES_NO,
    as_outputs,
    as_word,
    number,
    one_of,
    whole,
)

# fmt: off
# Tables of names read best as tables: the formatter would put each name on a line of its own.


class Group(BaseModel):
    """A group of settings. Unknown keys are taken out before, by ``reading``."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    synonyms: ClassVar[dict[str, str]] = {}
    short: ClassVar[str | None] = None  # the key that a bare value stands for: split: "random"


class Split(Group):
    synonyms = {"type": "kind", "method": "kind", "strategy": "kind", "val": "validation",
                "valid": "validation",
                "test_size": "test", "validation_size": "validation", "val_size": "validation",
                "n_folds": "folds", "k": "folds", "group_by": "group", "groups": "group"}
    short = "kind"
    kind: one_of("random", "stratified", "group", "time", "column", "given", "none", shuffle="random",
                 shuffled="random", uniform="random", subject="group", patient="group", by_group="group",
                 by_time="time",
                 walk_forward="time", timeseriessplit="time", groupkfold="group",
                 stratifiedkfold="stratified",
                 train_test_split="random", holdout="random",
                 grouped="group", temporal="time", chronological="time", predefined="given", files="given",
                 folders="given", kfold="random", k_fold="random",
                 stratified_kfold="stratified") | None = None
    train: SHARE | None = None
    validation: SHARE | None = None
    test: SHARE | None = None
    cut: Annotated[Str | StrictInt | StrictFloat,
                      Field(description='a date, like "2024-10-01"')] | None = None
    group: TEXT | None = None
    column: TEXT | None = None
    folds: MANY | None = None
    seed: whole("a whole number, like 7") | None = None


class Resample(Group):
    short = "kind"
    synonyms = {"type": "kind", "method": "kind"}
    kind: TEXT | None = None
    when: one_of("before_split", "after_split", "train_only", before="before_split", after="after_split",
                 train="train_only") | None = None


class Data(Group):
    short = "path"
    synonyms = {"file": "path", "dataset": "path", "label": "target", "problem_type": "task",
                "task_type": "task", "problem": "task", "target_column": "target",
                "y": "target",
                "text_column": "text", "time_column": "time", "date": "time", "timestamp": "time",
                "group_column": "group", "groups": "group", "n_rows": "rows", "samples": "rows",
                "examples": "rows", "num_examples": "rows", "num_tokens": "tokens", "resampling": "resample",
                "fixed": "immutable", "immutable_columns": "immutable", "fixed_columns": "immutable"}
    path: TEXTS | None = None
    target: TEXTS | None = None
    targets: TEXTS | None = None
    task: TEXT | None = None  # "regression" or "classification", in any words
    labels: TEXT | None = None
    text: TEXT | None = None
    time: TEXT | None = None
    group: TEXT | None = None
    layout: TEXT | None = None
    rows: MANY | None = None
    tokens: MANY | None = None
    horizon: MORE | None = None
    split: Split | None = None
    split_after_augmentation: YES_NO | None = None
    features: Annotated[SCALAR | list[Any] | dict[str, Any],
                        Field(description='"all", a list of columns, or how they are made')] | None = None
    resample: Resample | None = None
    immutable: TEXTS | None = None  # columns that no attacker can change


class FitOn(Group):
    """A step of preparation that learns something from the data, and from which part."""

    short = "kind"
    synonyms = {"type": "kind", "method": "kind", "fit": "fit_on", "n_features": "k"}
    kind: TEXT | None = None
    fit_on: PART | None = None
    k: MANY | None = None


class Transformer(Group):
    synonyms = {"n_layers": "layers", "num_layers": "layers", "depth": "layers", "d_model": "width",
                "num_hidden_layers": "layers", "hidden_size": "width", "dim": "width", "n_embd": "width",
                "n_heads": "heads", "num_heads": "heads", "num_attention_heads": "heads",
                "num_key_value_heads": "kv_heads", "n_kv_heads": "kv_heads", "head_dim": "head_width",
                "d_ff": "feed_forward", "ffn": "feed_forward", "mlp_dim": "feed_forward",
                "intermediate_size": "feed_forward", "context": "sequence",
                "context_length": "sequence", "max_length": "sequence", "seq_len": "sequence",
                "sequence_length": "sequence", "max_seq_length": "sequence",
                "vocab": "vocabulary", "vocab_size": "vocabulary",
                "num_experts": "experts", "top_k": "active_experts", "patch_size": "patch",
                "tie_embeddings": "tied"}
    layers: MANY | None = None
    width: MANY | None = None
    heads: MANY | None = None
    kv_heads: MANY | None = None
    head_width: MANY | None = None
    feed_forward: MANY | None = None
    gated: YES_NO | None = None
    relu: YES_NO | None = None
    norm: one_of("layer", "rms", "layer_no_bias", "none", layernorm="layer", layer_norm="layer",
                 rmsnorm="rms", rms_norm="rms") | None = None
    norms: whole("1, 2 or 4", ge=1, le=4) | None = None
    first_norm: YES_NO | None = None
    last_norm: YES_NO | None = None
    head_norm: one_of("head", "all") | None = None
    sequence: MANY | None = None
    longest: MANY | None = None  # sequence that the model can read; a row may well be shorter
    positions: Annotated[
        whole("a whole number of at least 0, like 512", ge=0),
        BeforeValidator(lambda v: 0 if as_word(v) in ("rotary", "rope", "alibi", "relative", "none") else v),
    ] | None = None
    relative: whole("a whole number of at least 0, like 32", ge=0) | None = None
    vocabulary: MANY | None = None
    embedding_width: MANY | None = None
    token_types: whole("a whole number of at least 0, like 2", ge=0) | None = None
    pooler: YES_NO | None = None
    output: one_of("next_token", "masked_token", "class", "token_class", "none") | None = None
    tied: YES_NO | None = None
    bias: YES_NO | None = None
    qkv_bias: YES_NO | None = None
    key_bias: YES_NO | None = None
    out_bias: YES_NO | None = None
    mlp_bias: YES_NO | None = None
    head_bias: YES_NO | None = None
    shared_layers: YES_NO | None = None
    experts: MANY | None = None
    active_experts: MANY | None = None
    expert_feed_forward: MANY | None = None
    shared_feed_forward: whole("a whole number of at least 0, like 1408", ge=0) | None = None
    shared_gate: YES_NO | None = None
    dense_layers: whole("a whole number of at least 0, like 1", ge=0) | None = None
    query_rank: MANY | None = None
    key_rank: MANY | None = None
    rotary_width: MANY | None = None
    value_width: MANY | None = None
    decoder_layers: MANY | None = None
    decoder_heads: MANY | None = None
    decoder_feed_forward: MANY | None = None
    decoder_positions: whole("a whole number of at least 0, like 448", ge=0) | None = None
    target_sequence: MANY | None = None
    mels: MANY | None = None
    patch: MANY | None = None
    patch_bias: YES_NO | None = None
    extra_tokens: whole("a whole number of at least 0, like 1", ge=0, le=1000) | None = None
    layer_scale: YES_NO | None = None
    frames: MANY | None = None  # pictures of a film that a square spans
    place_projections: YES_NO | None = None
    state: MANY | None = None  # numbers that Mamba keeps for each of its channels
    time_rank: MANY | None = None
    kernel: MANY | None = None
    left_out: TEXT | None = None  # a part of the model that nothing here builds
    unknown_type: TEXT | None = None  # a model_type that nothing here knows


class Model(Group):
    synonyms = {"type": "kind", "name": "kind", "architecture": "kind", "arch": "kind", "model": "kind",
                "hidden_sizes": "hidden", "hidden_layers": "hidden", "hidden_units": "hidden",
                "units": "hidden",
                "hidden_layer_sizes": "hidden", "filters": "channels", "max_depth": "depth",
                "n_estimators": "trees", "num_trees": "trees", "num_boost_round": "trees",
                "estimators": "trees",
                "image_size": "input_size", "normalize": "normalise", "normalization": "normalise",
                "n_parameters": "parameters", "num_parameters": "parameters", "params": "parameters",
                "n_layers": "layers", "num_layers": "layers", "c": "C", "weights": "pretrained",
                "scaling": "scaler", "n_classes": "classes", "num_classes": "classes",
                "num_labels": "classes",
                "n_neighbors": "neighbours", "neighbors": "neighbours", "num_leaves": "leaves",
                "max_leaf_nodes": "leaves", "max_leaves": "leaves", "min_samples_leaf": "min_leaf",
                "min_child_samples": "min_leaf", "min_data_in_leaf": "min_leaf", "reg_lambda": "l2",
                "lambda_l2": "l2", "l2_regularization": "l2", "l2_leaf_reg": "l2",
                "colsample_bytree": "feature_share", "var_smoothing": "smoothing",
                "feature_fraction": "feature_share"}
    short = "kind"
    kind: TEXT | None = None
    hidden: SIZES | None = None
    layers: MANY | None = None
    channels: SIZES | None = None
    embedding_width: MANY | None = None  # numbers of a word's vector
    heads: Annotated[MANY | dict[str, Annotated[MANY, BeforeValidator(as_outputs)]],
                     Field(description='the outputs of each task, like {"colour": 8}')] | None = None
    classes: MANY | None = None
    pretrained: Annotated[StrictBool | Str,
                          Field(description='a name, like "imagenet", or true or false')] | None = None
    input_size: SIZES | None = None
    normalise: Annotated[StrictBool | Str,
                         Field(description='a name, like "imagenet", or "none"')] | None = None
    scaler: FitOn | None = None
    feature_selection: FitOn | None = None
    target_encoding: FitOn | None = None
    vocabulary_fit_on: PART | None = None
    max_features: MANY | None = None
    transformer: Transformer | None = None
    text: Transformer | None = None  # the words' half of a model of pictures and words
    picture: Transformer | None = None  # the tower of pictures before a decoder of words
    bridge: one_of("two_layers", "linear", "normed", "merged") | None = None  # from its width to the words'
    merge: MANY | None = None  # by so many squares, each way, that become one token
    projection: MANY | None = None
    stages: SIZES | None = None  # blocks of each stage of a residual network
    bottleneck: YES_NO | None = None
    parameters: MANY | None = None
    dropout: SHARE | None = None
    activation: TEXT | None = None
    bidirectional: YES_NO | None = None
    depth: MANY | None = None
    trees: MANY | None = None
    C: MORE | None = None
    penalty: TEXT | None = None
    kernel: TEXT | None = None
    gamma: Annotated[MORE | Str, Field(description='a number above 0, like 0.1, or "scale"')] | None = None
    neighbours: MANY | None = None
    leaves: MANY | None = None  # of a tree, at most
    min_leaf: MANY | None = None  # rows in a leaf, at least
    l2: NOT_NEGATIVE | None = None  # shrinks what leaves say
    smoothing: NOT_NEGATIVE | None = None  # of a naive Bayes model
    feature_share: number("a share above 0, up to 1, like 0.5", gt=0, le=1) | None = None


class EarlyStopping(Group):
    short = "monitor"
    synonyms = {"metric": "monitor"}
    enabled: YES_NO | None = None
    monitor: TEXT | None = None
    patience: whole("a whole number of at least 0, like 5", ge=0) | None = None


class Search(Group):
    short = "kind"
    synonyms = {"type": "kind", "method": "kind", "n_trials": "trials", "num_trials": "trials",
                "score_on": "scored_on", "metric_on": "scored_on"}
    kind: TEXT | None = None
    trials: MANY | None = None
    scored_on: TEXT | None = None


class Lora(Group):
    short = "rank"
    synonyms = {"r": "rank", "lora_alpha": "alpha", "target_modules": "modules",
                "targets": "modules", "lora_dropout": "dropout"}
    rank: MANY | None = None
    alpha: MORE | None = None
    dropout: SHARE | None = None
    modules: TEXTS | None = None


class Training(Group):
    synonyms = {"lr": "learning_rate", "eta": "learning_rate", "optim": "optimizer", "optimiser": "optimizer",
                "batch": "batch_size", "bs": "batch_size", "max_steps": "steps", "iterations": "steps",
                "num_epochs": "epochs", "n_epochs": "epochs", "max_epochs": "epochs", "epoch": "epochs",
                "l2": "weight_decay",
                "dtype": "precision", "augmentations": "augmentation", "loss_weights": "task_weights",
                "class_weights": "class_weight", "tuning": "search", "grad_clip": "gradient_clipping",
                "clip_grad_norm": "gradient_clipping", "max_grad_norm": "gradient_clipping",
                "gradient_clip": "gradient_clipping", "gradient_checkpointing": "checkpointing",
                "accumulate": "gradient_accumulation", "gradient_accumulation_steps": "gradient_accumulation",
                "zero": "sharding", "zero_stage": "sharding", "fsdp": "sharding", "shard": "sharding",
                "master_weights": "weights", "param_dtype": "weights", "activation_checkpointing":
                "checkpointing", "peft": "method", "num_workers": "workers", "n_workers": "workers",
                "dataloader_num_workers": "workers", "loader_workers": "workers", "data_workers": "workers",
                "attn_implementation": "attention", "flash_attention": "attention",
                "use_flash_attention": "attention", "use_flash_attention_2": "attention",
                "scheduler": "schedule", "lr_scheduler": "schedule", "warmup_steps": "warmup",
                "dataloader_drop_last": "drop_last", "drop_last_batch": "drop_last"}
    optimizer: one_of(
        "sgd", "momentum", "adam", "adamw", "adamw_8bit", "adafactor", "adagrad", "adadelta", "adamax",
        "nadam",
        "radam", "rmsprop", "lion", "lamb", "lars", "muon", "lbfgs", "other",
        adam_w="adamw", adamw_torch="adamw", adamw_hf="adamw", adamw_torch_fused="adamw", adamw_fused="adamw",
        adamw_apex_fused="adamw", paged_adamw="adamw", paged_adamw_32bit="adamw", adamw_torch_xla="adamw",
        adamw_bnb_8bit="adamw_8bit", paged_adamw_8bit="adamw_8bit", adam_8bit="adamw_8bit",
        adamw_torch_8bit="adamw_8bit", sgd_momentum="momentum", nesterov="momentum", l_bfgs="lbfgs",
        lion_32bit="lion", paged_lion_32bit="lion", prodigy="other", sophia="other", shampoo="other",
        ranger="other", adabound="other", dadaptation="other", dadaptadam="other", schedule_free="other",
        ftrl="other", soap="other",
    ) | None = None
    learning_rate: number("a number above 0, like 0.001", gt=0) | None = None
    momentum: number("a number from 0 to below 1, like 0.9", ge=0, lt=1) | None = None
    batch_size: MANY | None = None
    drop_last: YES_NO | None = None  # whether the last batch of an epoch, of fewer rows, is left out
    batch_tokens: MANY | None = None
    gradient_accumulation: MANY | None = None
    steps: MANY | None = None
    epochs: MORE | None = None
    max_iter: MANY | None = None
    weight_decay: NOT_NEGATIVE | None = None
    dropout: SHARE | None = None
    precision: PRECISION | None = None
    early_stopping: EarlyStopping | None = None
    augmentation: Annotated[StrictBool | Str | list[Any] | dict[str, Any],
                            Field(description='how much of each, like {"rotation": 10}')] | None = None
    task_weights: Annotated[dict[str, NOT_NEGATIVE] | Str,
                            Field(description='a number for each task, like {"colour": 1}')] | None = None
    class_weight: Annotated[Str | dict[str, NOT_NEGATIVE] | list[NOT_NEGATIVE],
                            Field(description='"balanced" or a number for each class')] | None = None
    search: Search | None = None
    gradient_clipping: Annotated[StrictBool | NOT_NEGATIVE,
                                 Field(description="a number of at least 0, like 1.0")] | None = None
    checkpointing: YES_NO | None = None
    attention: one_of("fused", "eager", sdpa="fused", flash="fused", flash_attention="fused",
                      xformers="fused", flash_attention_2="fused", flash_attention_3="fused",
                      memory_efficient="fused",
                      true="fused", yes="fused", math="eager", plain="eager", naive="eager",
                      false="eager", no="eager") | None = None  # eager writes every score to memory
    method: one_of("full", "lora", "qlora", "head", finetune="full", fine_tune="full", scratch="full",
                   linear_probe="head", last_layer="head", frozen="head") | None = None
    lora: Lora | None = None
    schedule: TEXT | None = None
    warmup: NOT_NEGATIVE | None = None
    loss: TEXT | None = None
    runs: MANY | None = None
    workers: whole("a whole number of at least 0, like 4", ge=0, le=10_000) | None = None  # of the loader
    weights: one_of("fp32", "bf16", "fp16", float32="fp32", bfloat16="bf16", float16="fp16", half="fp16"
                    ) | None = None  # the number that trained weights are kept in
    sharding: one_of("none", "zero1", "zero2", "zero3", ddp="none", zero_1="zero1", zero_2="zero2",
                     zero_3="zero3", fsdp="zero3", full_shard="zero3", shard_grad_op="zero2",
                     stage_1="zero1", stage_2="zero2", stage_3="zero3",
                     **{"0": "none", "1": "zero1", "2": "zero2", "3": "zero3"}) | None = None


class Evaluation(Group):
    short = "metric"
    synonyms = {"metrics": "metric", "target_score": "target_value", "goal": "target_value",
                "positive_class": "positive", "pos_label": "positive", "report": "report_on",
                "tune": "tune_on",
                "cv": "folds", "n_folds": "folds"}
    metric: Annotated[Str | list[Str] | dict[str, Str],
                      Field(description='a name, or one for each task, like "accuracy"')] | None = None
    target_value: Annotated[number("a number, like 0.95") | dict[str, number("a number, like 0.95")],
                            Field(description="a number, like 0.95")] | None = None
    positive: Annotated[SCALAR, Field(description='a class, like "spam"')] | None = None
    report_on: TEXT | None = None
    tune_on: TEXT | None = None
    baseline: Annotated[SCALAR | dict[str, Any],
                      Field(description='a name or a score, like "majority"')] | None = None
    predict_at: TEXT | None = None
    folds: MANY | None = None


class Train(Group):
    short = "device"
    synonyms = {"accelerator": "device", "gpu": "device", "gpus": "count", "num_gpus": "count",
                "devices": "count", "n": "count", "max_hours": "hours", "deadline_hours": "hours",
                "cpus": "cores", "vcpus": "cores", "cpu_cores": "cores", "cpu_count": "cores"}
    device: DEVICE | None = None
    count: MANY | None = None
    cores: MANY | None = None  # of the processor beside the devices
    hours: MORE | None = None


class Budget(Group):
    short = "money"
    synonyms = {"amount": "money", "cost": "money", "co2": "kg_co2", "energy_kwh": "kwh"}
    money: NOT_NEGATIVE | None = None
    currency: Annotated[Str, Field(description='a currency code, like "USD"',
                                   pattern="^[A-Za-z]{3}$")] | None = None
    hours: MORE | None = None
    kwh: MORE | None = None
    kg_co2: MORE | None = None


class Serve(Group):
    short = "device"
    synonyms = {"latency": "latency_ms", "memory": "memory_mb", "batch_size": "batch", "dtype": "precision",
                "quantization": "precision", "max_new_tokens": "output_tokens", "new_tokens": "output_tokens",
                "max_tokens": "output_tokens", "tokens_out": "output_tokens"}
    device: DEVICE | None = None
    latency_ms: MORE | None = None
    memory_mb: MORE | None = None
    batch: MANY | None = None
    precision: PRECISION | None = None  # of the weights in use
    output_tokens: whole("a whole number above 0, like 200", gt=0, le=10**7) | None = None  # that it writes


class Hardware(Group):
    synonyms = {"training": "train", "serving": "serve", "inference": "serve", "region": "grid",
                "price": "prices", "price_usd_hour": "prices"}
    short = "train"
    train: Train | None = None
    budget: Budget | None = None
    serve: Serve | None = None
    grid: TEXT | None = None
    prices: Annotated[
        dict[str, PRICE | Annotated[list[PRICE], Field(min_length=1, max_length=3)]],
        Field(description='a price an hour above 0 for each device, like {"h100": 2.5}'),
    ] | None = None


class Plan(Group):
    synonyms = {"name": "project", "dataset": "data", "train": "training", "eval": "evaluation",
                "random_state": "seed", "random_seed": "seed", "optimization": "training",
                "dependencies": "requirements", "packages": "requirements"}
    project: TEXT | None = None
    data: Data | None = None
    model: Model | None = None
    training: Training | None = None
    evaluation: Evaluation | None = None
    hardware: Hardware | None = None
    requirements: PACKAGES | None = None
    seed: whole("a whole number, like 7", ge=-(2**63)) | None = None
