"""A transformer in numbers, and the sentences about numbers that do not fit together.

The same words stand in a plan under ``model.transformer``; a Hugging Face config becomes them in
``workers/plan/huggingface.py``. What is silent gets what such models usually have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.probes.hardware.described import UnknownKindError


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes are counts; 0 means "the usual" for sizes and "none" for parts."""

    layers: int = 6
    width: int = 512
    heads: int = 8
    kv_heads: int = 0
    head_width: int = 0
    feed_forward: int = 0
    gated: bool = False
    relu: bool = False  # between the layers; else GELU or, gated, SiLU
    norm: str = ""  # "layer", "rms", "layer_no_bias" or "none" (norms without weights)
    norms: int = 2  # in a block: 1 where attention and feed-forward stand side by side, 4 in Gemma 2
    first_norm: bool = False  # on the embeddings
    last_norm: bool = True  # behind the last block
    head_norm: str = ""  # of queries and keys: "head" (each alone) or "all" (of a token together)
    bias: bool = True
    qkv_bias: bool = True
    key_bias: bool = True
    out_bias: bool = True
    mlp_bias: bool = True
    head_bias: bool = False
    causal: bool = False
    tied: bool = False
    sequence: int = 512
    longest: int = 0  # sequence that the model can read; 0 is the same
    positions: int = 0  # learned or stored, one row a place; 0 for rotary, relative and slope positions
    relative: int = 0  # buckets of a learned bias on attention
    vocabulary: int = 32_000
    embedding_width: int = 0  # of the words, where it differs from the width
    token_types: int = 0
    pooler: bool = False
    output: str = ""  # "next_token", "masked_token", "class", "token_class" or "none"
    shared_layers: bool = False  # one block, used again for every layer
    experts: int = 1
    active_experts: int = 1
    expert_feed_forward: int = 0
    shared_feed_forward: int = 0  # an expert that every token meets
    shared_gate: bool = False
    dense_layers: int = 0  # the first of the layers, without experts
    query_rank: int = 0  # latent attention (DeepSeek): low-rank queries, keys and values
    key_rank: int = 0
    rotary_width: int = 0
    value_width: int = 0
    decoder_layers: int = 0  # above 0 makes it an encoder with a decoder
    decoder_heads: int = 0
    decoder_feed_forward: int = 0
    decoder_positions: int = 0
    target_sequence: int = 0
    mels: int = 0  # reads sound: frequency bands of a spectrogram
    patch: int = 0  # reads pictures, in squares of this many pixels
    patch_bias: bool = True
    extra_tokens: int = 1  # beside the patches
    layer_scale: bool = False
    frames: int = 1  # pictures of a film that a square spans
    place_projections: bool = False  # keys and queries of relative places in every block (DeBERTa v1)
    cells: int = 0  # reads a table: columns that become tokens
    dropout: float = 0.0

    @property
    def inner(self) -> int:
        return self.heads * self.head_width

    @property
    def reads_words(self) -> bool:
        return not (self.patch or self.mels or self.cells)

    def idle_parameters(self) -> int:
        """Weights of the experts that a token does not meet."""
        if self.experts <= 1:
            return 0
        ups = 1 + self.gated
        expert = (ups + 1) * self.width * self.expert_feed_forward
        expert += (ups * self.expert_feed_forward + self.width) * self.mlp_bias
        return (self.layers - self.dense_layers) * (self.experts - self.active_experts) * expert

    def cache_bytes(self, bytes_each: float) -> float:
        """The keys and values that serving keeps for one token, over all layers."""
        if self.key_rank:
            return self.layers * (self.key_rank + self.rotary_width) * bytes_each
        layers = self.decoder_layers or self.layers
        return layers * 2 * self.kv_heads * self.head_width * bytes_each

    def decoder(self) -> Shape:
        """The second half of an encoder with a decoder."""
        return replace(
            self, layers=self.decoder_layers, heads=self.decoder_heads or self.heads,
            kv_heads=self.decoder_heads or self.kv_heads,
            feed_forward=self.decoder_feed_forward or self.feed_forward, causal=True,
        )  # fmt: skip


USUAL_ROW = 2_048  # tokens of a row of a model that could read more [judgement]
MOST_EXPERTS = 256  # that a token meets; the largest known models use 8
FIELDS = frozenset(Shape.__dataclass_fields__)


def made(numbers: Mapping[str, Any]) -> Shape:
    """The shape of these numbers, filled up; ``UnknownKindError`` where they contradict each other."""
    given = {k: v for k, v in numbers.items() if k in FIELDS and v is not None}
    shape = Shape(**given)
    bias = given.get("bias", not shape.gated)
    biases = {key: given.get(key, bias) for key in ("qkv_bias", "out_bias", "mlp_bias")}
    key_bias = given.get("key_bias", biases["qkv_bias"])
    kv_heads = shape.kv_heads or shape.heads
    if not shape.head_width and shape.heads > shape.width:
        raise UnknownKindError(
            f"model.transformer.heads is {shape.heads:,} and width is {shape.width:,}; give fewer heads than"
            " the width has numbers."
        )
    if not shape.head_width and shape.width % shape.heads:
        raise UnknownKindError(
            f"model.transformer.width is {shape.width:,} and heads is {shape.heads:,}; give a width that is"
            f" a multiple of heads, like {max(1, round(shape.width / shape.heads)) * shape.heads:,}."
        )
    if kv_heads > shape.heads or shape.heads % kv_heads:
        raise UnknownKindError(
            f"model.transformer.heads is {shape.heads:,} and kv_heads is {kv_heads:,};"
            " give heads that are a multiple of kv_heads."
        )
    if shape.active_experts > shape.experts:
        raise UnknownKindError(
            f"model.transformer.active_experts is {shape.active_experts:,} of {shape.experts:,} experts;"
            " give at most as many as there are experts."
        )
    if shape.active_experts > MOST_EXPERTS:
        raise UnknownKindError(
            f"model.transformer.active_experts is {shape.active_experts:,}; give at most {MOST_EXPERTS:,},"
            " or model.parameters alone."
        )
    feed_forward = shape.feed_forward or 4 * shape.width
    longest = given.get("longest", shape.sequence)
    return replace(
        shape, **biases, bias=bias, longest=longest,
        sequence=given.get("sequence", min(longest, USUAL_ROW)),
        key_bias=key_bias and biases["qkv_bias"], kv_heads=kv_heads,
        head_width=shape.head_width or shape.width // shape.heads, feed_forward=feed_forward,
        norm=shape.norm or ("rms" if shape.gated else "layer"),
        expert_feed_forward=shape.expert_feed_forward or feed_forward,
        dense_layers=min(shape.dense_layers, shape.layers),
        embedding_width=0 if shape.embedding_width == shape.width else shape.embedding_width,
        output=shape.output or ("next_token" if shape.causal or shape.decoder_layers else "class"),
        tied=shape.tied and (shape.causal or bool(shape.decoder_layers) or shape.output == "masked_token"),
    )  # fmt: skip
