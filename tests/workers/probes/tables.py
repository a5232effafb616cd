"""Prepared folders written from plain lists and arrays, for tests of probes that read a Sample."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from safetensors.numpy import save_file

from workers.probes.base import SPLITS, Sample


def prepared(
    folder: Path,
    columns: Mapping[str, Sequence[str | None]],
    targets: Mapping[str, str] | None = None,
    *,
    features: np.ndarray | None = None,
    split: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    kind: str = "table",
    types: Mapping[str, str] | None = None,
    images: np.ndarray | None = None,
    plan: Mapping[str, Any] | None = None,
    **manifest: Any,
) -> Sample:
    """A Sample of these columns; ``targets`` is column -> task, ``files`` one name a row."""
    folder.mkdir(parents=True, exist_ok=True)
    (rows,) = {len(values) for values in columns.values()}
    targets, types = targets or {}, types or {}
    split = list(split or ["train"] * rows)
    names = list(files or ["data.csv"] * rows)
    places = list(range(rows)) if kind in ("images", "audio") else _places(names)
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in columns}
    (folder / "data.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "data.duckdb")) as table:
        head = ", ".join(f"{name} VARCHAR" for name in quoted.values())
        table.execute(f"CREATE TABLE rows(_id BIGINT, _split VARCHAR, _file VARCHAR, _row BIGINT, {head})")
        # A list a column in one statement: row by row, it takes longer than most of what is tested.
        listed = "".join(f", unnest(${place + 5}::VARCHAR[])" for place in range(len(columns)))
        table.execute(
            f"INSERT INTO rows SELECT unnest($1), unnest($2), unnest($3), unnest($4){listed}",
            [list(range(rows)), split, names, places, *map(list, columns.values())],
        )
        casts = ", ".join(
            f"try_cast({quoted[c]} AS DOUBLE) AS {quoted[c]}" if types.get(c) == "number" else quoted[c]
            for c in columns
        )
        table.execute(f"CREATE VIEW typed AS SELECT _id, _split, _file, _row, {casts} FROM rows")
    arrays = {
        "ids": np.arange(rows, dtype=np.int64),
        "split": np.array([SPLITS.index(part) for part in split], dtype=np.uint8),
        "features": np.zeros((rows, 1), np.float32) if features is None else features.astype(np.float32),
    }
    described = []
    for i, (name, task) in enumerate(targets.items()):
        values = columns[name]
        if task == "regression":
            arrays[f"y{i}"] = np.array([np.nan if v in (None, "") else float(v) for v in values], np.float32)
            described.append({"name": name, "task": task, "classes": []})
        else:
            classes = sorted({v for v in values if v not in (None, "")})
            arrays[f"y{i}"] = np.array([classes.index(v) if v in classes else -1 for v in values], np.int64)
            described.append({"name": name, "task": task, "classes": classes})
    if images is not None:
        arrays["images"] = images.astype(np.uint8)
    save_file(arrays, folder / "arrays.safetensors")
    uploads = list(dict.fromkeys(names)) if kind not in ("images", "audio") else ["upload.zip"]
    filled = {
        "format": "riskboard.prepared/3",
        "kind": kind,
        "rows": rows,
        "files": [{"name": name, "rows": names.count(name), "problem": None} for name in uploads],
        "columns": [
            {
                "name": name,
                "type": types.get(name, "category"),
                "role": "target" if name in targets else "feature",
            }
            for name in columns
        ],
        "targets": described,
        "split": {"made_by": "files" if len(set(split)) > 1 else "riskboard"},
        "features": {"names": [], "count": int(arrays["features"].shape[1])},
        "sampled": rows,
        "dialect": None,
        "notes": [],
        "faults": [],
    } | manifest
    (folder / "manifest.json").write_text(json.dumps(filled), "utf-8")
    return Sample(folder, plan or {})


def _places(names: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    places = []
    for name in names:
        places.append(seen.get(name, 0))
        seen[name] = places[-1] + 1
    return places
