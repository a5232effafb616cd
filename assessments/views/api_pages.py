"""The API written out as a page of our own: every call with what it takes and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """A value in a request or an answer."""

    name: str
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Call:
    """One method of one address."""

    id: str
    method: str
    path: str
    says: str
    parameters: list[Field]
    media: str  # of the request; empty when it takes no body
    body: list[Field]
    answers: list[tuple[str, list[Field]]]


@dataclass
class Group:
    """The calls about one thing, with the sentence that holds for all of them."""

    name: str
    says: str = ""
    calls: list[Call] = field(default_factory=list)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    host = f"{request.scheme}://{request.get_host()}"
    return render(request, "api/docs.html", {"here": "api", "groups": groups(), "host": host})


@cache
def groups() -> list[Group]:
    """Out of the same schema that ``/api/schema/`` serves, made once a process."""
    return grouped(SchemaGenerator().get_schema(request=None, public=True))


def grouped(schema: Schema) -> list[Group]:
    """Calls by tag, in the schema's order; what the calls of a tag have in common is said once."""
    found: dict[str, Group] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                one = methods[method]
                name = (one.get("tags") or ["others"])[0]
                found.setdefault(name, Group(name)).calls.append(_call(method, path, one, schema))
    for group in found.values():
        said, times = Counter(call.says for call in group.calls).most_common(1)[0]
        if times > 1:
            group.says = said
            group.calls = [
                Call(**{**vars(call), "says": "" if call.says == said else call.says}) for call in group.calls
            ]
    return list(found.values())


def _call(method: str, path: str, one: Schema, schema: Schema) -> Call:
    content = (one.get("requestBody") or {}).get("content") or {}
    # The same body may be sent in several ways; files go in a form, all else as JSON.
    media = next((kind for kind in ("application/json", "multipart/form-data") if kind in content), "")
    return Call(
        id=str(one.get("operationId") or f"{method}-{path}"),
        method=method.upper(),
        path=path,
        says=str(one.get("description") or ""),
        parameters=[
            Field(each["name"], _kind(each.get("schema") or {}, schema), str(each.get("description") or ""))
            for each in one.get("parameters") or []
        ],
        media=media,
        body=list(_fields(content[media].get("schema") or {}, schema)) if media else [],
        answers=[(code, _answer(answer, schema)) for code, answer in (one.get("responses") or {}).items()],
    )


def _answer(answer: Schema, schema: Schema) -> list[Field]:
    content = (answer.get("content") or {}).get("application/json") or {}
    return list(_fields(content.get("schema") or {}, schema))


def _resolved(one: Schema, schema: Schema) -> Schema:
    while "$ref" in one:
        one = schema["components"]["schemas"][one["$ref"].rpartition("/")[2]]
    return one


def _fields(one: Schema, schema: Schema) -> Iterator[Field]:
    whole = _resolved(one, schema)
    if whole.get("type") == "array":
        whole = _resolved(whole.get("items") or {}, schema)
    needed = set(whole.get("required") or ())
    for name, value in (whole.get("properties") or {}).items():
        notes = [] if name in needed or _resolved(value, schema).get("readOnly") else ["optional"]
        if value.get("description"):
            notes.append(str(value["description"]))
        yield Field(name, _kind(value, schema), ", ".join(notes))


def _kind(one: Schema, schema: Schema) -> str:
    """A value's type in words: "text", "list of numbers", "one of waiting, running"."""
    one = _resolved(one, schema)
    for key in ("allOf", "oneOf", "anyOf"):
        if one.get(key):
            return _kind(one[key][0], schema)
    if one.get("enum"):
        return "one of " + ", ".join(str(value) for value in one["enum"] if value not in (None, ""))
    kinds = {"integer": "whole number", "number": "number", "boolean": "yes or no", "object": "object"}
    formats = {"uuid": "id", "date-time": "date and time", "binary": "file", "uri": "address"}
    if one.get("type") == "array":
        return f"list: {_kind(one.get('items') or {}, schema)}"
    if one.get("type") == "string":
        return formats.get(str(one.get("format")), "text")
    return kinds.get(str(one.get("type")), "anything")
