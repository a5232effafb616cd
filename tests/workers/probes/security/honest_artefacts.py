"""Honest model files of many kinds, none of which may be called harmful."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch

from tests.workers.probes.security.artefacts import (
    _numpy,
    _saved,
    gguf,
    hdf5,
    keras_zip,
    linked_hdf5,
    onnx,
    safetensors,
    tarred,
    zipped,
)

# A pickle of 400 numbers and a text as the lz4 package packs it: linked blocks, a checksum for each.
LZ4 = base64.b64decode(
    "BCJNGHRAvXQAAABhgASVXA8AAQDxAn2UKIwHd2VpZ2h0c5RdlChHFgBhAAAARz/wCAAyAEdACABCAEdACAoANEdAEAkAFBQJABMYCQACBwAPPwD/"
    "////////////////xP8DZYwEbmFtZZRYLAEAAGxheWVyBQD/E1BlcpR1LocOUikAAAAAvYnBWw=="
)


def honest() -> dict[str, bytes]:
    """Checkpoints and data as their libraries write them."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    nets = _nets()
    files: dict[str, bytes] = {}
    for name, net in nets.items():
        files[f"{name}.pt"] = _saved(torch.save, net.state_dict())
    first = nets["mlp"]
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        files[f"mlp_{str(kind)[6:]}.pth"] = _saved(
            torch.save, {k: v.to(kind) for k, v in first.state_dict().items()}
        )
    files["old_format.pt"] = _saved(torch.save, first.state_dict(), _use_new_zipfile_serialization=False)
    for name, made in _optimisers(first).items():
        files[f"{name}.ckpt"] = _saved(torch.save, made)
    files["numbers.pt"] = _saved(torch.save, _numbers())
    files["sparse.pt"] = _saved(
        torch.save, {"coo": torch.eye(4).to_sparse(), "csr": torch.eye(4).to_sparse_csr()}
    )
    for name, made in _quantised().items():
        files[f"quantised_{name}.pt"] = _saved(torch.save, made)
    files["whole_layers.pt"] = _saved(torch.save, first)
    files["parameters.pt"] = _saved(torch.save, list(first.parameters()))
    files["strided.pt"] = _saved(torch.save, {"t": torch.randn(4, 6)[:, ::2], "meta": torch.Size([1, 2])})
    for protocol in (2, 4, 5):
        files[f"tensor_{protocol}.pkl"] = pickle.dumps(first.state_dict(), protocol)
    script = io.BytesIO()
    with contextlib.redirect_stderr(io.StringIO()):
        torch.jit.save(torch.jit.trace(first, torch.zeros(1, 6)), script)
    files["script.pt"] = script.getvalue()
    arrays = {"a": rng.normal(size=(50, 3)), "b": rng.integers(0, 9, 20), "c": np.array(["x", "longer"])}
    for protocol in range(6):
        files[f"arrays_{protocol}.pkl"] = pickle.dumps(arrays, protocol)
    files["arrays.joblib"] = _saved(joblib.dump, {**arrays, "f": np.asfortranarray(arrays["a"])})
    for kind in ("zlib", "gzip", "bz2", "xz"):
        files[f"arrays_{kind}.joblib"] = _saved(joblib.dump, arrays, compress=(kind, 3))
    files["arrays.npz"] = _numpy(np.savez, **arrays)
    files["packed.npz"] = _numpy(np.savez_compressed, **arrays)
    files["table.npy"] = _numpy(np.save, np.zeros(5, [("a", "i4"), ("Only", "f8")]))
    files["words.npy"] = _numpy(np.save, np.array(["a", None, "b"], dtype=object), allow_pickle=True)
    files["plain.pkl"] = pickle.dumps(_plain())
    files["plain_old.pkl"] = pickle.dumps(_plain(), 0)
    files["many_numbers.pkl"] = pickle.dumps(rng.normal(size=200_000).tolist())
    files["packed.pkl.gz"] = gzip.compress(pickle.dumps(arrays), mtime=0)
    files["several.pkl"] = b"".join(pickle.dumps(one) for one in (arrays, {"epoch": 3}, [1, 2]))
    for name, model in _estimators(rng).items():
        files[f"{name}.pkl"] = pickle.dumps(model)
        files[f"{name}.joblib"] = _saved(joblib.dump, model)
    for name, frame in _frames().items():
        files[f"frame_{name}.pkl"] = pickle.dumps(frame)
    files["whole_transformer.pt"] = _saved(torch.save, nets["transformer"])
    files["rows.pt"] = _saved(torch.save, torch.utils.data.TensorDataset(torch.zeros(3, 2), torch.ones(3)))
    files |= _others()
    files["settings.yaml"] = b"# never !!python/object\nlr: 0.1\nshape: !!python/tuple [1, 2]\n"
    files["book.xlsx"] = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<workbook/>"})
    return files


def _frames() -> dict[str, pd.DataFrame]:
    """Tables of every kind of column, as the installed pandas writes them."""
    days = pd.date_range("2024-01-01", periods=3)
    return {
        "numbers": pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, None]}),
        "words": pd.DataFrame({"w": ["x", "y", None]}),
        "kinds": pd.DataFrame({"c": pd.Categorical(["a", "b", "a"]), "i": pd.array([1, None, 3], "Int64")}),
        "days": pd.DataFrame({"d": days, "p": days.to_period("D")}, index=days),
        "levels": pd.DataFrame({"v": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
        "zones": pd.DataFrame(
            {"d": days.tz_localize("Europe/Berlin"), "u": days.tz_localize("UTC")},
            index=days.tz_localize("Asia/Tokyo"),
        ),
        "stamps": pd.DataFrame(
            {"o": pd.Series([days[0].tz_localize("Asia/Tokyo"), pd.NaT, pd.NA], dtype=object)}
        ),
        "offsets": pd.DataFrame(
            {"d": days.tz_localize("+02:00"), "e": days.tz_localize("dateutil/Europe/Oslo")}
        ),
        "spans": pd.DataFrame({"i": pd.interval_range(0, 3), "t": pd.to_timedelta([1, 2, 3], unit="s")}),
        "gaps": pd.DataFrame(
            {"s": pd.arrays.SparseArray([0, 0, 1]), "w": pd.array(["a", None, "b"], "string")}
        ),
    }


def _quantised() -> dict[str, Any]:
    """Small integer nets of every road of ``torch.ao``, and tensors scaled as a whole and by the channel."""
    ao, nn = torch.ao.quantization, torch.nn
    torch.backends.quantized.engine = next(
        e for e in torch.backends.quantized.supported_engines if e != "none"
    )
    values = torch.randn(4, 4)
    channels = (torch.rand(4) + 0.1, torch.zeros(4, dtype=torch.long), 0, torch.quint8)
    static = nn.Sequential(ao.QuantStub(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3),
                           ao.DeQuantStub()).eval()  # fmt: skip
    static.qconfig = ao.default_qconfig
    prepared = ao.prepare(ao.fuse_modules(static, [["1", "2"]]))
    prepared(torch.randn(2, 3, 8, 8))
    return {
        "by_tensor": {"q": torch.quantize_per_tensor(values, 0.1, 0, torch.qint8)},
        "by_channel": {"q": torch.quantize_per_channel(values, *channels)},
        "dynamic": ao.quantize_dynamic(nn.Sequential(nn.Linear(4, 2)), {nn.Linear}),
        "recurrent": ao.quantize_dynamic(nn.LSTM(4, 5), {nn.LSTM}),
        "static": ao.convert(prepared),
        "fused": ao.fuse_modules(nn.Sequential(nn.Linear(4, 2), nn.ReLU()).eval(), [["0", "1"]]),
    }


def _nets() -> dict[str, torch.nn.Module]:
    nn = torch.nn
    return {
        "mlp": nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3)),
        "convolution": nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        ),
        "lstm": nn.LSTM(5, 7, 2, bidirectional=True),
        "transformer": nn.TransformerEncoderLayer(16, 4, 32),
        "embedding": nn.EmbeddingBag(50, 6),
        "groups": nn.Sequential(nn.Conv1d(4, 8, 3), nn.GroupNorm(2, 8), nn.PReLU()),
    }


def _optimisers(net: torch.nn.Module) -> dict[str, dict[str, Any]]:
    found = {}
    for kind in (torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop, torch.optim.AdamW):
        optimiser = kind(net.parameters(), lr=0.01)
        net(torch.randn(4, 6)).sum().backward()
        optimiser.step()
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 10)
        found[f"training_{kind.__name__.lower()}"] = {
            "model": net.state_dict(), "optimizer": optimiser.state_dict(),
            "scheduler": schedule.state_dict(), "epoch": 3, "rng": torch.get_rng_state(),
            "best": float("inf"),
        }  # fmt: skip
    return found


def _numbers() -> dict[str, torch.Tensor]:
    kinds = ("int8", "uint8", "int16", "int32", "int64", "bool", "complex64", "float8_e4m3fn", "float8_e5m2")
    return {kind: torch.zeros(3).to(getattr(torch, kind)) for kind in kinds} | {"none": torch.empty(0)}


def _plain() -> dict[str, Any]:
    return {
        "words": ["os.system", "cos\nsystem\n", "eval", "__class__"], "set": {1, 2},
        "frozen": frozenset("ab"),
        "ordered": OrderedDict(a=1), "default": defaultdict(list, a=[1]), "counter": Counter("abca"),
        "queue": deque([1, 2], 5), "when": datetime(2026, 1, 2, tzinfo=UTC), "money": Decimal("1.5"),
        "range": range(3), "slice": slice(1, 2), "complex": 1 + 2j, "bytes": b"\x80\x04cos\nsystem\n.",
        "large": 10**60, "deep": [[[[[]]]]], "array": bytearray(b"xyz"), "path": Path("a/b"), "none": None,
    }  # fmt: skip


def _estimators(rng: np.random.Generator) -> dict[str, Any]:
    from sklearn import (
        cluster,
        decomposition,
        ensemble,
        feature_selection,
        linear_model,
        model_selection,
        neighbors,
        pipeline,
        preprocessing,
        svm,
    )
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer

    X = rng.normal(size=(80, 4))
    y = (X[:, 0] > 0).astype(int)
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
    columns = ColumnTransformer([("scale", preprocessing.StandardScaler(), [0, 1])], remainder="passthrough")
    return {
        "logistic": scaled.fit(X, y),
        "forest": ensemble.RandomForestClassifier(3, random_state=0).fit(X, y),
        "boosting": ensemble.HistGradientBoostingClassifier(max_iter=3).fit(X, y),
        "gradient": ensemble.GradientBoostingRegressor(n_estimators=3).fit(X, y),
        "support": svm.SVC().fit(X, y),
        "neighbours": neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(X, y),
        "boosted_classes": ensemble.GradientBoostingClassifier(n_estimators=3).fit(X, y + (X[:, 1] > 1)),
        "chosen_columns": feature_selection.SelectKBest(k=2).fit(X, y),
        "searched": model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [1, 2]}, scoring="r2").fit(
            X, y
        ),
        "agglomerated": cluster.FeatureAgglomeration(2).fit(X),
        "splines": preprocessing.SplineTransformer().fit(X),
        "bisected": cluster.BisectingKMeans(2, random_state=0).fit(X),
        "clusters": cluster.KMeans(2, n_init=1, random_state=0).fit(X),
        "components": decomposition.PCA(2).fit(X),
        "columns": columns.fit(X),
        "words": TfidfVectorizer().fit(["one two", "two three"]),
    }


def _others() -> dict[str, bytes]:
    from safetensors.numpy import save

    spans = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"format": "pt"}}
    template = (
        "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}{{ eos_token }}"
    )
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/><text>on = off</text></svg>'
    return {
        "weights.safetensors": save({"a": np.ones((3, 4), np.float32), "b": np.zeros(2, np.int64)}),
        "by_hand.safetensors": safetensors(spans, bytes(8)),
        "chat.gguf": gguf(template),
        "model.onnx": onnx(),
        "beside.onnx": onnx(location="weights.bin"),
        "dense.keras": keras_zip("Dense"),
        "dense.h5": hdf5("Dense"),
        "beside.h5": linked_hdf5("weights.h5"),
        "packed.joblib": LZ4,
        "letters.docx": zipped({
            "[Content_Types].xml": b"<x/>", "word/document.xml": b"<w:t>DDE links were removed</w:t>",
        }),
        "words.model": b"\n\x0e\n\x05<unk>\x15" + bytes(9),
        "phone.tflite": b"\x1c\0\0\0TFL3" + bytes(90),
        "pictures.zip": zipped({"a.svg": svg, "b.png": b"\x89PNG\r\n\x1a\n" + bytes(40), "n.txt": b"exec"}),
        "folder.tar.gz": gzip.compress(tarred({"m/w.npy": _numpy(np.save, np.ones(3))}), mtime=0),
        "tokenizer.zip": zipped({"tokenizer_config.json": json.dumps({"chat_template": template}).encode(),
                                 "requirements.txt": b"numpy==2.0\ntorch\n"}),
    }  # fmt: skip
