"""The schema is whole, and its pages work under the content rules of every other page."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def test_the_schema_has_no_gaps(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    text = (tmp_path / "schema.yml").read_text()
    for path in (
        "assessments/{id}/files/",
        "assessments/{id}/plan/",
        "runs/{id}/report/",
        "runs/{id}/links/",
    ):
        assert f"/api/v1/{path}" in text


def test_the_docs_come_from_our_own_host_without_inline_script_or_style():
    page = APIClient().get("/api/docs/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert "<style" not in html
    assert " style=" not in html
    assert all(address.startswith("/") for address in re.findall(r'(?:src)="([^"]+)"', html))
    assert "/api/schema/" in html
