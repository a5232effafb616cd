"""The page that lists every call of the API."""

from __future__ import annotations

import pytest
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from assessments.views import api_pages

SCHEMA = {
    "paths": {
        "/things/": {
            "get": {"tags": ["things"], "description": "Things.", "responses": {"200": {}}},
            "post": {
                "tags": ["things"],
                "description": "Things.",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                },
                "responses": {"201": {}},
            },
            "delete": {"tags": ["things"], "description": "Takes one away.", "responses": {"204": {}}},
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "state": {"enum": ["waiting", "running", None]},
                    "made": {"type": "string", "format": "date-time", "readOnly": True},
                    "parts": {"type": "array", "items": {"type": "integer"}},
                },
            }
        }
    },
}


def test_what_all_calls_of_a_group_say_is_said_once():
    (group,) = api_pages.grouped(SCHEMA)
    assert group.says == "Things."
    assert [(call.method, call.says) for call in group.calls] == [
        ("GET", ""),
        ("POST", ""),
        ("DELETE", "Takes one away."),
    ]


def test_types_are_told_in_words():
    (group,) = api_pages.grouped(SCHEMA)
    assert [(one.name, one.kind, one.note) for one in group.calls[1].body] == [
        ("name", "text", ""),
        ("state", "one of waiting, running", "optional"),
        ("made", "date and time", ""),
        ("parts", "list: whole number", "optional"),
    ]


@pytest.mark.django_db
def test_every_call_of_the_schema_is_on_the_page(client):
    page = client.get(reverse("api:docs"))
    assert page.status_code == 200
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    calls = {(one.method.lower(), one.path) for group in page.context["groups"] for one in group.calls}
    assert calls == {(method, path) for path, methods in paths.items() for method in methods}
