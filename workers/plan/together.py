"""Configs of models that see and read: a tower of pictures, a bridge, a decoder of words.

Each part is read as a family of its own. A tower that is not known is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The outer model_type -> of its words, of its pictures, and what is between (None: the tower is not built).
KNOWN: dict[str, tuple[str, str, str | None]] = {
    "llava": ("llama", "clip_vision_model", "two_layers"),
    "vipllava": ("llama", "clip_vision_model", None),
    "gemma3": ("gemma3_text", "siglip_vision_model", "normed"),
    "paligemma": ("gemma", "siglip_vision_model", "linear"),
    "qwen2_vl": ("qwen2", "qwen2_vl_vision", "merged"),
    "qwen2_5_vl": ("qwen2", "qwen2_5_vl_vision", "merged"),
    "mistral3": ("mistral", "pixtral", None),
    "llama4": ("llama4_text", "llama4_vision_model", None),
}
MERGED = ("qwen2_vl", "qwen2_5_vl")  # whose configs may hold the words' numbers beside the tower
OUTSIDE = ("vision_config", "model_type", "architectures")
SQUARES = 256  # tokens that Gemma 3 makes of a picture


def model(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The ``model`` group of a plan; the words' part alone, and what is left out, for a tower not known."""
    from workers.plan import huggingface

    reading, seeing, bridge = KNOWN.get(name, ("", "", None))
    own = config.get("text_config")
    outer = {key: value for key, value in config.items() if key not in OUTSIDE}
    inner: dict[str, Any] = dict(own) if isinstance(own, dict) else outer
    for key in ("tie_word_embeddings", "vocab_size"):
        if config.get(key) is not None:
            inner.setdefault(key, config[key])
    kind = str(inner.get("model_type") or reading).lower()
    inner["model_type"] = reading if kind in (*MERGED, "qwen2_vl_text", "qwen2_5_vl_text") else kind
    words = huggingface.model({key: value for key, value in inner.items() if key != "architectures"})
    part = config.get("vision_config")
    if not isinstance(part, dict):
        return words
    tower = _tower(part, name, seeing) if bridge else None
    if tower is None or words.get("kind") != "decoder":
        told = str(part.get("model_type") or seeing or name)[:60]
        words.setdefault("transformer", {})["left_out"] = f'The tower of pictures ("{told}")'
        return words
    size, shape = tower.get("input_size"), tower["transformer"]
    found: dict[str, Any] = {"kind": "vision_language", "transformer": words["transformer"], "picture": shape,
                             "bridge": bridge}  # fmt: skip
    if size is not None:
        found["input_size"] = size
    merge = (
        part.get("spatial_merge_size", 2) if bridge == "merged" else _pooled(config, size, shape.get("patch"))
    )
    if merge is not None and merge != 1:
        found["merge"] = merge
    return found


def _pooled(config: Mapping[str, Any], size: Any, patch: Any) -> int | None:
    """Squares each way that Gemma 3 takes together, so that so many tokens are left."""
    if (
        str(config.get("model_type")) != "gemma3"
        or type(size) is not int
        or type(patch) is not int
        or patch < 1
    ):
        return None
    left = config.get("mm_tokens_per_image", SQUARES)
    side = round(left**0.5) if type(left) is int and left > 0 else 16
    return max(1, (size // patch) // max(1, side))


def _tower(part: Mapping[str, Any], name: str, seeing: str) -> dict[str, Any] | None:
    """The tower of pictures; None for one that is not known."""
    from workers.plan import huggingface

    if name in MERGED:
        return {"transformer": _qwen(part, name)}
    kind = str(part.get("model_type") or seeing).lower()
    if kind not in ("clip_vision_model", "siglip_vision_model"):
        return None
    return huggingface.model({**part, "model_type": kind, "architectures": None})


def _qwen(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Qwen2-VL's tower reads two pictures of a film at once; places are by rotation."""
    newer = name == "qwen2_5_vl"
    width = part.get("hidden_size" if newer else "embed_dim", 1280)
    ratio = part.get("mlp_ratio", 4)
    inner = part.get("intermediate_size", 3420) if newer else ratio * width if type(width) is int else None
    return {
        "layers": part.get("depth", 32), "width": width, "heads": part.get("num_heads", 16),
        "feed_forward": inner, "patch": part.get("patch_size", 14), "patch_bias": False, "extra_tokens": 0,
        "frames": part.get("temporal_patch_size", 2), "norm": "rms" if newer else "layer", "bias": True,
        "gated": newer, "last_norm": False,
    }  # fmt: skip
