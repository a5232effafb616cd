"""Bytes that somebody sent -> a tree of plain values, or one sentence on why not. JSON and YAML.

What is refused, and why: aliases, anchors and tags (a few hundred bytes of YAML can stand for
gigabytes, or for a class to build), more than 32 levels or 20,000 values, numbers no database keeps,
keys that stand twice (parsers disagree on which one counts), and several documents in one file.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from workers.yaml_file import Loader

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_INTEGER = 2**63

YAML_NAMES = (".yaml", ".yml")
BRACKETS_OR_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
WHOLE = re.compile(r"[-+]?[0-9](?:_?[0-9])*")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class DocumentError(ValueError):
    """The document cannot be read; its text is one sentence."""


BEGIN = '{"training": {"epochs": 10}} or training: {epochs: 10}'


def parse(source: str | bytes, name: str, begin: str = BEGIN) -> Any:
    """The document's values. ``name`` is used in sentences, and its ending decides between the forms;
    ``begin`` is how such a document begins, for whoever wrote something else."""
    text = text_of(source, name)
    opening = text.lstrip()[:1]
    if not opening:
        raise DocumentError(f"{name} is empty; leave the plan out, or write at least one setting.")
    if opening in "{[" and not name.lower().endswith(YAML_NAMES):
        tree = _from_json(text, name)
    else:
        tree = _from_yaml(text, name)
    _check(tree, name, begin)
    return tree


def text_of(source: str | bytes, name: str) -> str:
    """The characters of a document; ``DocumentError`` where it is too long or no text."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else bytes(source)
    if len(data) > MAX_BYTES:
        raise DocumentError(
            f"{name} is {len(data) / 1024:,.0f} KB; a plan may have at most {MAX_BYTES // 1024} KB, "
            "so leave out what is not a setting."
        )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name} is not UTF-8 text (byte {error.start:,}); save it as UTF-8.") from None
    if "\0" in text:
        raise DocumentError(
            f"{name} holds a zero byte, so it is not a text file; save the plan as JSON or YAML."
        )
    return text


# -- JSON -----------------------------------------------------------------------------------------
def _from_json(text: str, name: str) -> Any:
    depth = 0
    for found in BRACKETS_OR_STRINGS.finditer(text):  # before parsing: the parser itself recurses
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_DEPTH:
            _too_deep(name, text.count("\n", 0, found.start()) + 1)

    def group(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise DocumentError(f"{name} has the key {shown(twice)} twice in one group; keep one of them.")
        return values

    def constant(word: str) -> NoReturn:
        raise DocumentError(f"{name} has the value {word}; every number must be finite.")

    def whole(digits: str) -> int:
        return _whole(digits, name)

    def decimal(digits: str) -> float:
        return _decimal(digits, name)

    try:
        return json.loads(
            text, object_pairs_hook=group, parse_constant=constant, parse_int=whole, parse_float=decimal
        )
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[error.pos] in "{[":
            raise DocumentError(
                f"{name} holds a second document from line {error.lineno}; keep one."
            ) from None
        message = error.msg[:1].lower() + error.msg[1:]
        raise DocumentError(
            f"{name} is not valid JSON: line {error.lineno}, column {error.colno}: {message}."
        ) from None


def _whole(digits: str, name: str, event: Any = None) -> int:
    if len(digits) <= 20:
        number = int(digits)
        if abs(number) <= MAX_INTEGER:
            return number
    where = f" in line {_line(event)}" if event else ""
    raise DocumentError(
        f"{name} has a whole number beyond 2^63{where} ({shown(digits)}); write a smaller one."
    )


def _decimal(digits: str, name: str, event: Any = None) -> float:
    number = float(digits)
    if math.isinf(number):
        where = f" in line {_line(event)}" if event else ""
        raise DocumentError(
            f"{name} has a number too large to keep{where} ({shown(digits)}); write a smaller one."
        )
    return number


# -- YAML -----------------------------------------------------------------------------------------
def _from_yaml(text: str, name: str) -> Any:
    """Composed here from the parser's events, so that nothing is built before it is looked at."""
    loader = Loader(text)  # only its event stream is used
    try:
        return _compose(_events(loader), name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise DocumentError(f"{name} is not valid YAML: {where}{error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", None) or "it cannot be read"
        raise DocumentError(f"{name} is not valid YAML: {reason}; save it as plain text.") from None
    finally:
        loader.dispose()


def _events(loader: Any) -> Iterator[Any]:
    while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
        yield event


def _compose(events: Iterator[Any], name: str) -> Any:
    root: list[Any] = []
    stack: list[list[Any]] = []  # [container, key waiting for its value or None]
    nodes = documents = 0
    for event in events:  # 20,000 times at most, so what is rare is looked at last
        if not isinstance(event, yaml.NodeEvent):
            if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise DocumentError(f"{name} holds a second document from line {_line(event)}; keep one.")
            continue
        nodes += 1
        if (
            event.anchor is not None
            or getattr(event, "tag", None) is not None
            or nodes > MAX_NODES
            or len(stack) >= MAX_DEPTH
        ):
            _allowed(event, name, nodes, len(stack))
        value = _value(event, name)
        top = stack[-1] if stack else None
        if top is None:
            root.append(value)
        elif isinstance(top[0], list):
            top[0].append(value)
        elif top[1] is None:
            top[1] = _key(event, top[0], name)
            continue
        else:
            top[0][top[1]], top[1] = value, None
        if isinstance(value, (dict, list)):
            stack.append([value, None])
    return root[0] if root else None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _allowed(event: Any, name: str, nodes: int, depth: int) -> None:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent):
        raise DocumentError(
            f"{name} uses an alias (*{event.anchor}) in line {line}; write the value out instead."
        )
    if event.anchor is not None:
        raise DocumentError(
            f"{name} uses an anchor (&{event.anchor}) in line {line}; write the value out instead."
        )
    if event.tag is not None and event.tag != "!":
        raise DocumentError(f"{name} uses a tag ({shown(event.tag)}) in line {line}; write a plain value.")
    if nodes > MAX_NODES:
        raise DocumentError(f"{name} has more than {MAX_NODES:,} values; leave out what is not a setting.")
    if depth >= MAX_DEPTH and not isinstance(event, yaml.ScalarEvent):
        _too_deep(name, line)


def _key(event: Any, group: dict[str, Any], name: str) -> str:
    line = _line(event)
    if not isinstance(event, yaml.ScalarEvent):
        raise DocumentError(f"{name} has a list or group as a key in line {line}; keys are words.")
    key = str(event.value)
    if key == "<<":
        raise DocumentError(f"{name} merges groups (<<) in line {line}; write the values out instead.")
    if key in group:
        raise DocumentError(
            f"{name} has the key {shown(key)} twice in one group (line {line}); keep one of them."
        )
    return key


def _value(event: Any, name: str) -> Any:
    """A scalar after the core schema of YAML 1.2: ``1e-4`` is a number, ``no`` and dates are text."""
    if isinstance(event, yaml.MappingStartEvent):
        return {}
    if isinstance(event, yaml.SequenceStartEvent):
        return []
    text = event.value
    if event.style or event.tag == "!":
        return text
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return _whole(text.replace("_", ""), name, event)
    if HEXADECIMAL.fullmatch(text):
        number = str(int(text, 0)) if len(text) <= 20 else "9" * 21
        return _whole(number, name, event)
    if DECIMAL.fullmatch(text):
        return _decimal(text, name, event)
    if NOT_A_NUMBER.fullmatch(text):
        raise DocumentError(
            f"{name} has the value {text} in line {_line(event)}; every number must be finite."
        )
    return text


# -- both -----------------------------------------------------------------------------------------
def _check(tree: Any, name: str, begin: str) -> None:
    """How many values there are, and whether every text can be stored."""
    nodes, waiting = 0, [tree]
    while waiting:
        value = waiting.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise DocumentError(
                f"{name} has more than {MAX_NODES:,} values; leave out what is not a setting."
            )
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise DocumentError(f"{name} has a text with a character that cannot be stored; remove it.")
    if not isinstance(tree, dict):
        raise DocumentError(f"{name} is {shown(tree)}, not a group of settings; begin like {begin}.")


def _too_deep(name: str, line: int) -> NoReturn:
    raise DocumentError(
        f"{name} is nested more than {MAX_DEPTH} levels deep (line {line}); write it flatter."
    )


def shown(value: Any) -> str:
    """A value as it stands in a sentence: JSON, cut after 60 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= 60 else text[:59] + "…"
