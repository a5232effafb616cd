"""Prepared folders made from arrays, so that a probe's test needs no file parsing.

The folder is what ``workers.inputs.prepare`` writes: manifest.json, data.duckdb, arrays.safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from safetensors.numpy import save_file

from workers.probes.base import SPLITS, Sample


def write_sample(
    folder: Path,
    features: np.ndarray,
    *targets: np.ndarray,
    names: Sequence[str] = ("y", "y2", "y3"),
    split: np.ndarray | None = None,
    images: np.ndarray | None = None,
    kind: str | None = None,
    groups: Sequence[Mapping[str, Any]] | None = None,
    rows: Mapping[str, Sequence[Any]] | None = None,
    roles: Mapping[str, str] | None = None,
    standardise: bool = True,
    plan: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Sample:
    """A Sample over a fresh prepared folder.

    features float [n, d], standardised on the training part unless told not to; targets int codes or
    class names [n], or floats for regression; ``rows`` replaces the table's columns (name -> values, by
    default x0.. and the targets); ``split`` uint8 [n], by default 60/20/20 stratified by nothing but luck.
    """
    folder.mkdir(parents=True, exist_ok=True)
    features = np.asarray(features, np.float32)
    n, d = features.shape
    if split is None:
        split = np.zeros(n, np.uint8)
        order = np.random.default_rng(seed).permutation(n)
        split[order[: n // 5]], split[order[n // 5 : 2 * n // 5]] = 2, 1
    if standardise:
        train = features[split == 0]
        features = ((features - train.mean(0)) / np.maximum(train.std(0), 1e-6)).astype(np.float32)
    arrays: dict[str, np.ndarray] = {
        "ids": np.arange(n, dtype=np.int64),
        "split": split.astype(np.uint8),
        "features": np.ascontiguousarray(features),
    }
    described, texts = [], {}
    for place, target in enumerate(map(np.asarray, targets)):
        text = [str(value) for value in target.tolist()]
        if target.dtype.kind == "f":
            arrays[f"y{place}"] = target.astype(np.float32)
            described.append({"name": names[place], "task": "regression", "classes": [], "guessed": False})
        else:
            classes = [str(c) for c in np.unique(target)]
            arrays[f"y{place}"] = np.array([classes.index(value) for value in text], np.int64)
            task = "binary" if len(classes) == 2 else "multiclass"
            described.append({"name": names[place], "task": task, "classes": classes, "guessed": False})
        texts[names[place]] = text
    if images is not None:
        arrays["images"] = np.ascontiguousarray(images, np.uint8)
    save_file(arrays, str(folder / "arrays.safetensors"))
    columns = dict(rows) if rows is not None else {f"x{j}": features[:, j].tolist() for j in range(min(d, 8))}
    columns.update({name: values for name, values in texts.items() if name not in columns})
    _write_table(folder / "data.duckdb", columns, split)
    manifest = {
        "format": "riskboard.prepared/3",
        "kind": kind or ("images" if images is not None else "table"),
        "rows": n,
        "files": [
            {"name": "data.csv", "sha256": "0" * 64, "bytes": 0, "rows": n, "split": None, "problem": None}
        ],
        "columns": [
            {
                "name": name,
                "type": "number" if name not in texts else "category",
                "role": (roles or {}).get(name, "target" if name in texts else "feature"),
            }
            for name in columns
        ],
        "targets": described,
        "split": {
            "made_by": "riskboard",
            "how": "Split by RiskBoard.",
            **{name: int((split == i).sum()) for i, name in enumerate(SPLITS)},
        },
        "features": {
            "names": [f"x{j}" for j in range(min(d, 50))],
            "count": d,
            "method": "numbers as they are",
            "groups": list(groups)
            if groups is not None
            else [{"name": f"x{j}", "start": j, "stop": j + 1, "type": "number"} for j in range(d)],
        },
        "sampled": n,
        "dialect": None,
        "notes": [],
        "faults": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return Sample(folder, plan or {}, answers or {})


def _write_table(path: Path, columns: Mapping[str, Sequence[Any]], split: np.ndarray) -> None:
    path.unlink(missing_ok=True)
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    with duckdb.connect(str(path)) as table:
        texts = ", ".join(f"{name} VARCHAR" for name in quoted)
        listed = "".join(f", unnest(${place + 3}::VARCHAR[])" for place in range(len(columns)))
        table.execute(f"CREATE TABLE rows (_id BIGINT, _split VARCHAR, _file VARCHAR, _row BIGINT, {texts})")
        cells = [[None if v is None else str(v) for v in values] for values in columns.values()]
        (count,) = {len(column) for column in cells}
        named = [SPLITS[place] for place in split[:count].tolist()]
        # A list a column in one statement: row by row, it takes longer than most of what is tested.
        table.execute(
            f"INSERT INTO rows SELECT unnest($1), unnest($2), 'data.csv', unnest($1){listed}",
            [list(range(count)), named, *cells],
        )
        table.execute("CREATE VIEW typed AS SELECT * FROM rows")


def digits(folder: Path, **more: Any) -> Sample:
    """scikit-learn's 1,797 digits as 8 x 8 pictures, classes 0 to 9."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pictures = (data.images * (255 / 16)).round().astype(np.uint8)[..., None]
    return write_sample(folder, data.data, data.target, images=pictures, **more)


def breast_cancer(folder: Path, **more: Any) -> Sample:
    """scikit-learn's 569 breast-cancer rows, 30 numbers, two classes."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    return write_sample(folder, data.data, data.target_names[data.target], **more)


def diabetes(folder: Path, **more: Any) -> Sample:
    """scikit-learn's 442 diabetes rows, 10 numbers, a number to predict."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    return write_sample(folder, data.data, data.target.astype(np.float32), **more)
