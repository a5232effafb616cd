"""What a field of a plan may hold: numbers, words and lists in the forms in which people write them.

Each field's description is what its error says is allowed.
"""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt
from pydantic import StrictStr as Str

# fmt: off
# Tables of names read best as tables: the formatter would put each name on a line of its own.

SUFFIXES = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
COUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kKmMbBgGtT])")


def _plain(value: Any) -> Any:
    """Numbers written as text count as numbers; true and false never do."""
    if isinstance(value, str):
        text = value.strip().replace("_", "")
        counted = COUNT.fullmatch(text)
        if counted:
            return float(counted[1]) * SUFFIXES[counted[2].lower()]
        try:
            value = float(text) if len(text) <= 40 else value
        except ValueError:
            return value
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _whole(value: Any) -> Any:
    value = _plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _yes_or_no(value: Any) -> Any:
    words = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


def as_word(value: Any) -> Any:
    """One of a list of words, however it was written: "Adam-W 8bit" -> "adam_w_8bit"."""
    return re.sub(r"[\s.\-]+", "_", value.strip().lower()) if isinstance(value, str) else value


def _lines(value: Any) -> Any:
    """A list of packages in any of its forms: a list, lines of text, or names with versions."""
    if isinstance(value, dict):
        return [f"{name}=={version}" for name, version in list(value.items())[:1000]]
    if isinstance(value, str):
        return value.splitlines()[:1000]
    return [str(one)[:300] for one in value[:1000]] if isinstance(value, list) else []


def one_of(*words: str, **also: str) -> Any:
    """A choice; ``also`` are other spellings and what they stand for."""
    def choose(value: Any) -> Any:
        word = as_word(str(value) if type(value) in (int, bool) else value)
        return also.get(word, word) if isinstance(word, str) else value

    allowed = "one of " + ", ".join(words)
    return Annotated[Literal[words], BeforeValidator(choose),
                     Field(description=allowed)]


def number(allowed: str, **limits: Any) -> Any:
    return Annotated[float, BeforeValidator(_plain), Field(description=allowed, **limits)]


def whole(allowed: str, **limits: Any) -> Any:
    limits.setdefault("le", 2**63)
    return Annotated[StrictInt, BeforeValidator(_whole), Field(description=allowed, **limits)]


def as_outputs(value: Any) -> Any:
    """What a head is for, where that is told in place of its outputs: {"basket": "regression"}."""
    words = {"regression": 1, "number": 1, "scalar": 1, "linear": 1, "continuous": 1, "binary": 2}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


MANY = whole("a whole number above 0, like 32", gt=0)
MORE = number("a number above 0, like 10", gt=0)
PRICE = number("a price above 0, like 2.5", gt=0, le=1e6)
NOT_NEGATIVE = number("a number of at least 0, like 0.01", ge=0)
SHARE = number("a share between 0 and 1, like 0.2", ge=0, lt=1)
TEXT = Annotated[Str, Field(description='a text, like "train"', max_length=1000)]
TEXTS = Annotated[Str | list[Str],
                  Field(description='a name or a list of names, like "label"', max_length=1000)]
YES_NO = Annotated[StrictBool, BeforeValidator(_yes_or_no), Field(description="true or false")]
SCALAR = StrictBool | StrictInt | StrictFloat | Str
ANY_SHAPE = "read in any shape"  # beside a type whose validator takes groups, lists and text
PACKAGES = Annotated[list[Str], BeforeValidator(_lines), ANY_SHAPE,
                     Field(description='a list, like ["torch==2.13"]')]
DEVICE = Annotated[  # several in a list are no name of the catalogue, and that is said
    Str, BeforeValidator(lambda v: ", ".join(map(str, v)) if isinstance(v, list) else v), ANY_SHAPE,
    Field(description='a device, like "A100"', max_length=1000)]
PRECISION = one_of(
    "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", float32="fp32", float="fp32", single="fp32",
    full="fp32", bfloat16="bf16", float16="fp16", half="fp16", mixed="fp16", amp="fp16",
    mixed_float16="fp16", mixed_bfloat16="bf16", bf16_mixed="bf16", fp16_mixed="fp16", bf16_true="bf16",
    float8="fp8", **{"32": "fp32", "16": "fp16", "16_mixed": "fp16", "32_true": "fp32", "8": "int8",
                     "4": "int4", "torch_bfloat16": "bf16", "torch_float16": "fp16", "nf4": "int4",
                     "torch_float32": "fp32", "8bit": "int8", "4bit": "int4", "q4_k_m": "int4",
                     "q8_0": "int8", "gptq": "int4", "awq": "int4"},
)
PART = one_of("train", "validation", "test", "all", val="validation", valid="validation", dev="validation",
              training="train", train_only="train", holdout="test", full="all", everything="all")
SIZES = Annotated[
    MANY | Annotated[list[MANY], Field(min_length=1, max_length=1000)],
    Field(description="a whole number above 0 or a list of them, like [64, 32]"),
]
