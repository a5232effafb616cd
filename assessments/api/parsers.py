"""Request bodies, with a limit on each: JSON for most, raw text for plans."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


def _read(stream: Any, limit: int) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig(f"This is larger than the {limit // 1000:,} kB that may be sent here.")
    return body


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


class JSON(BaseParser):
    """Strict JSON: no NaN, and nothing nested so deeply that reading it fails."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, context: Mapping | None = None) -> Any:
        body = _read(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            return json.load(io.StringIO(body.decode("utf-8")), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
            raise ParseError(f"The body is no JSON that can be read: {said}.") from error


class Raw(BaseParser):
    """The body as it came, of any type, at most 256 KB: whoever takes it reads it."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, context: Mapping | None = None) -> Any:
        return _read(stream, 256 * 1024 + 1)
