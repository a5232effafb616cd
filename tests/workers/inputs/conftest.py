"""Makes small uploads and prepares them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workers.inputs import Unusable, prepare
from workers.probes.base import Sample

Ready = Callable[..., Sample]


@pytest.fixture
def ready(tmp_path: Path) -> Ready:
    """Prepares uploads given as name=bytes pairs (or real paths) and returns their Sample."""

    def make(files: dict[str, bytes | str | Path], **options: Any) -> Sample:
        paths = []
        for number, (name, data) in enumerate(files.items()):
            path = data if isinstance(data, Path) else tmp_path / f"upload{number}"
            if not isinstance(data, Path):
                path.write_bytes(data.encode() if isinstance(data, str) else data)
            del name
            paths.append(path)
        out = tmp_path / "prepared"
        manifest = prepare(paths, list(files), out, **options)
        assert json.loads((out / "manifest.json").read_text("utf-8")) == manifest
        assert not (out / "scratch").exists()
        return Sample(out)

    return make


@pytest.fixture
def refused(ready: Ready) -> Callable[..., str]:
    """The sentence with which an upload is refused."""

    def sentence(files: dict[str, Any], **options: Any) -> str:
        with pytest.raises(Unusable) as caught:
            ready(files, **options)
        told = str(caught.value)
        assert told.endswith(".")
        assert "\n" not in told
        return told

    return sentence


def table(rows: int = 40, *, delimiter: str = ",", decimal: str = ".", header: bool = True) -> str:
    """A small table: a number, a category, a target that follows the number."""
    lines = [delimiter.join(("size", "colour", "label"))] if header else []
    for i in range(rows):
        size = f"{i * 0.5 + 0.25:.2f}".replace(".", decimal)
        lines.append(delimiter.join((size, "red" if i % 3 else "blue", "big" if i >= rows / 2 else "small")))
    return "\n".join(lines) + "\n"


def packed(entries: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def faults(sample: Sample) -> dict[str, dict[str, Any]]:
    return {fault["fault"]: fault for fault in sample.manifest["faults"]}
