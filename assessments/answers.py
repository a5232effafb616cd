"""One answer: what a person or a file gave -> its canonical form, or the sentence that says what to enter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from assessments.questions import Option, Part, Question

LIMIT = 256 * 1024  # bytes of an answer file
TEXT = 2000  # characters of a text or a note
KINDS = ("value", "roughly", "unknown", "not_applicable")
GROUPED = re.compile(r"[+-]?\d{1,3}([,\u00a0\u202f ]\d{3})+(\.\d+)?")  # 18,400 and 18 400


class AnswerError(ValueError):
    """An answer that cannot be used; its text says what to enter."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = list(sentences)


class _Plain(yaml.SafeLoader):
    """Safe YAML without aliases, which can grow without end, and without doubled keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("It uses an alias (*name); write the value out instead.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{str(key)[:40]} stands in it twice.")
        return super().construct_mapping(node, deep)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key[:40]} stands in it twice.")
        found[key] = value
    return found


def parse(text: str | bytes, name: str) -> dict[Any, Any]:
    """An answer file -> what it says, unchecked; raises AnswerError when it is no JSON or YAML mapping."""
    if len(text) > LIMIT:
        raise AnswerError(f"{name} is larger than 256 KB. An answer file holds 54 short answers.")
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise AnswerError(f"{name} is not text in UTF-8. Save it as UTF-8 JSON or YAML.") from None
    try:
        if text.lstrip().startswith("{"):
            data = json.loads(text, object_pairs_hook=_once)
        else:
            data = yaml.load(text, _Plain)  # noqa: S506  # a SafeLoader, made narrower
    except json.JSONDecodeError as error:
        raise AnswerError(f"{name} is not valid JSON: line {error.lineno}, {error.msg}.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AnswerError(f"{name} is not valid YAML: line {line}, {error.problem}.") from None
    except RecursionError:
        raise AnswerError(f"{name} is nested too deeply to be an answer file.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise AnswerError(f"{name} cannot be read. {str(error)[:200]}") from None
    if isinstance(data, dict) and set(data) == {"answers"}:
        data = data["answers"]
    if not isinstance(data, dict):
        raise AnswerError(f'{name} must be a mapping of ids to their answers, like {{"D1": "yes"}}.')
    return data


def clean(question: Question, answer: Any) -> dict[str, Any]:
    """The canonical answer: exactly one of ``KINDS``, with "note" and "document" where given."""
    if not isinstance(answer, Mapping) or not (set(answer) & {*KINDS, "note", "document"}):
        answer = {"value": answer}
    extra = set(answer) - {*KINDS, "note", "document"}
    if extra and question.type == "parts" and not set(answer) & {"roughly", "unknown", "not_applicable"}:
        answer, extra = {"value": answer}, set()  # the fields alone, one of which may be called "value"
    kinds = [kind for kind in KINDS if answer.get(kind) is not None and answer[kind] not in ("", [])]
    if answer.get("unknown") is False:
        kinds.remove("unknown")
    if extra or len(kinds) != 1:
        raise AnswerError(f"Give one of value, roughly, unknown or not_applicable. {_wanted(question)}")
    kind = kinds[0]
    found: dict[str, Any] = {kind: _CLEAN[kind](question, answer[kind])}
    for key in ("note", "document"):
        if answer.get(key):
            found[key] = _text(answer[key], f"the {key} as text")
    return found


def _value(question: Question, value: Any) -> Any:
    if question.type == "choice":
        return _choice(question.options, value, _wanted(question))
    if question.type == "choices":
        return _choices(question, value)
    if question.type != "parts":
        return _part(question.parts[0], value)
    if not isinstance(value, Mapping) or set(value) - {part.name for part in question.parts}:
        raise AnswerError(_wanted(question))
    found = {}
    for part in question.parts:
        given = value.get(part.name)
        if given is None or (isinstance(given, str) and not given.strip()):
            if not part.optional:
                raise AnswerError(enter(part))
            continue
        found[part.name] = _part(part, given)
    if not found:
        raise AnswerError(enter(question.parts[0]))
    return found


def _part(part: Part, value: Any) -> Any:
    if part.type == "text":
        return _text(value, enter(part))
    if part.type == "date":
        return _date(part, value)
    if part.type == "choice":
        return _choice(part.options, value, f"Choose {part.say}: {_list(part.options)}.")
    number = _number(value)
    if number is None or (part.whole and number != int(number)):
        raise AnswerError(enter(part))
    if part.min is not None and number < part.min:
        raise AnswerError(f"{enter(part)}. It cannot be below {part.min:g}.")
    return number


def _number(value: Any) -> int | float | None:
    """A finite number, also from text as people write it; None when it is none."""
    if isinstance(value, str):
        text = value.strip()
        if GROUPED.fullmatch(text):
            text = re.sub(r"[,\u00a0\u202f ]", "", text)
        try:
            value = float(text) if re.fullmatch(r"[+-]?[\d.]+([eE][+-]?\d+)?", text) else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= 1e18:  # nor is a number without end, or none, below it
        return None
    return int(value) if value == int(value) else float(value)


def _text(value: Any, sentence: str) -> str:
    if isinstance(value, bool | Mapping | list) or value is None:
        raise AnswerError(sentence if sentence.startswith("Enter") else f"Enter {sentence}.")
    text = " ".join(str(value).split())
    if not text or len(text) > TEXT:
        raise AnswerError(f"Enter a text of at most {TEXT} characters.")
    return text


def _date(part: Part, value: Any) -> str:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        raise AnswerError(enter(part)) from None


def _choice(options: tuple[Option, ...], value: Any, sentence: str) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if not isinstance(value, str):
        raise AnswerError(sentence)
    wanted = value.strip().casefold()
    for option in options:
        if wanted in (option.value.casefold(), option.label.casefold()):
            return option.value
    raise AnswerError(sentence)


def _choices(question: Question, value: Any) -> list[str]:
    given = value if isinstance(value, list | tuple) else [value]
    chosen = {_choice(question.options, one, _wanted(question)) for one in given}
    if question.exclusive in chosen and len(chosen) > 1:
        label = next(option.label for option in question.options if option.value == question.exclusive)
        raise AnswerError(f'Choose either "{label}" or the others, not both.')
    return [option.value for option in question.options if option.value in chosen]


def _roughly(question: Question, value: Any) -> list[int | float | None]:
    if not question.ranges:
        raise AnswerError(f"This question takes no range. {_wanted(question)}")
    part = question.parts[0]
    wrong = AnswerError(f"Enter {part.say} as a range from low to high, like [10, 30].")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise wrong
    low, high = _number(value[0]), None if value[1] is None else _number(value[1])
    if low is None or (high is None and value[1] is not None):
        raise wrong
    if (high is not None and high < low) or (part.min is not None and low < part.min):
        raise wrong
    return [low, high]


def _unknown(question: Question, value: Any) -> bool:
    if value is not True and str(value).lower() not in ("true", "on", "1", "yes"):
        raise AnswerError(f"unknown can only be true. {_wanted(question)}")
    return True


def _not_applicable(question: Question, value: Any) -> str:
    if value is True:
        raise AnswerError("Say in a few words why this does not apply.")
    return _text(value, "in a few words why this does not apply")


_CLEAN: dict[str, Callable[[Question, Any], Any]] = {
    "value": _value,
    "roughly": _roughly,
    "unknown": _unknown,
    "not_applicable": _not_applicable,
}


def _list(options: tuple[Option, ...]) -> str:
    return ", ".join(option.value for option in options)


def enter(part: Part) -> str:
    """What to enter into one field, with an example."""
    if part.type == "choice":
        return f"Choose {part.say}: {_list(part.options)}"
    as_number = " as a whole number" if part.whole else ""
    if part.type in ("number", "money") and not part.whole and "number" not in part.say:
        as_number = " as a number"
    return f"Enter {part.say}{as_number}, like {part.like}"


def _wanted(question: Question) -> str:
    """The sentence that says what this question takes."""
    if question.options:
        many = "one or more" if question.type == "choices" else "one"
        return f"Choose {many} of: {_list(question.options)}."
    if question.type == "parts":
        return f"Enter {' and '.join(part.name for part in question.parts)}, like {_example(question)}."
    return f"{enter(question.parts[0])}."


def _example(question: Question) -> str:
    example = {part.name: part.options[0].value if part.options else part.like for part in question.parts}
    return json.dumps(example, ensure_ascii=False)


def in_words(question: Question, answer: Mapping[str, Any]) -> str:
    """A cleaned answer as a person reads it."""
    if "unknown" in answer:
        return "I do not know"
    if "not_applicable" in answer:
        return f"Does not apply: {answer['not_applicable']}"
    if "roughly" in answer:
        low, high = answer["roughly"]
        unit = _unit(question.parts[0])
        return f"{_figure(low)}{unit} or more" if high is None else f"{_figure(low)} to {_figure(high)}{unit}"
    value = answer["value"]
    labels = {option.value: option.label for option in question.options}
    if question.type == "choice":
        return labels[value]
    if question.type == "choices":
        return "; ".join(labels[one] for one in value)
    if question.type == "parts":
        return "; ".join(
            f"{part.label}: {_shown(part, value[part.name])}" for part in question.parts if part.name in value
        )
    return _shown(question.parts[0], value)


def _shown(part: Part, value: Any) -> str:
    if part.type == "choice":
        return next(option.label for option in part.options if option.value == value)
    return f"{_figure(value)}{_unit(part)}" if part.type in ("number", "money") else str(value)


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _unit(part: Part) -> str:
    return f" {part.unit}" if part.unit else ""
