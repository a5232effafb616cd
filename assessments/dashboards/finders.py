"""Plotly's script, served as ``plotly/plotly.min.js`` from the installed package: one version, not two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

NAME = "plotly.min.js"
PREFIX = "plotly"


class PlotlyFinder(BaseFinder):
    """Finds one file; the rest of the package's data is of no use to a browser."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        folder = Path(str(files("plotly") / "package_data"))
        self.storage = FileSystemStorage(location=str(folder))
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]  # collectstatic reads it
        self.path = folder / NAME

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path != f"{PREFIX}/{NAME}":
            return []
        return [str(self.path)] if find_all else str(self.path)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        yield NAME, self.storage
