"""What nothing here can read is not called safe, wherever it lies; a library's own format holds more."""

from __future__ import annotations

import gzip
import io
import pickle

import numpy as np
import pytest
import torch

from tests.workers.factories import write_sample
from tests.workers.probes.security.artefacts import tarred, zipped
from tests.workers.probes.security.test_unsafe_files import look
from workers.probes.base import Budget
from workers.probes.security import unsafe_files

NOISE = np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8).tobytes()
JAVA = b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap" + bytes(30)
OPEN = "Nothing was found that runs, but not every file could be read"
HONEST = pickle.dumps({"w": [1.0]}, 4)


@pytest.mark.parametrize("data", [NOISE, JAVA])
@pytest.mark.parametrize(
    ("name", "packed", "called"),
    [
        ("model.bin", lambda data: data, "model.bin"),
        ("model.bin.gz", lambda data: gzip.compress(data, mtime=0), "model.bin.gz"),
        ("set.zip", lambda data: zipped({"a/w.pkl": HONEST, "a/model.bin": data}), "a/model.bin in set.zip"),
        ("set.tar", lambda data: tarred({"model.bin": data}), "model.bin in set.tar"),
        ("set.zip", lambda data: zipped({"in.zip": zipped({"data/0": data})}), "data/0 in set.zip"),
        ("set.zip", lambda data: zipped({"w.gz": gzip.compress(data, mtime=0)}), "w.gz in set.zip"),
    ],
)
def test_an_unknown_kind_leaves_the_range_open_wherever_it_lies(tmp_path, data, name, packed, called):
    finding = look(tmp_path, packed(data), name)
    assert (finding.value, finding.high, finding.title) == (0, 3, OPEN)
    assert finding.note == f"{called} is of a kind that is not known here, so little can be said of it."
    assert finding.facts["faults"] == []


def test_many_unknown_files_are_one_sentence(tmp_path):
    finding = look(tmp_path, zipped({f"{i}.bin": NOISE for i in range(30)}), "set.zip")
    assert finding.note == (
        "0.bin in set.zip, 1.bin in set.zip, 2.bin in set.zip and 27 other files are of kinds that are not"
        " known here, so little can be said of them."
    )


def test_a_tensorflow_graph_in_an_archive_is_not_called_safe(tmp_path):
    graph = b"\x08\x01\x12\x10\n\x08PyFunc\x12\x04\n\x02op\xff" + bytes(30)
    finding = look(tmp_path, zipped({"saved_model.pb": graph, "variables/variables.index": b"x"}), "net.zip")
    assert (finding.high, finding.title) == (3, OPEN)
    assert "rebuilds" not in finding.note


def test_tensors_and_what_a_mac_leaves_behind_are_known(tmp_path):
    out = io.BytesIO()
    torch.save({"w": torch.randn(300), "q": torch.randint(0, 255, (500,), dtype=torch.uint8)}, out)
    exported = {
        "p/archive_format": b"pt2", "p/models/model.json": b"{}", "p/data/weights/weight_0": NOISE,
        "p/data/constants/tensor_0": NOISE, "p/byteorder": b"little", "p/.data/serialization_id": b"12",
    }  # fmt: skip
    scripted = {"m/data.pkl": b"\x80\x02}.", "m/constants.pkl": b"\x80\x02).", "m/constants/0": NOISE}
    left = {"__MACOSX/._w.pkl": b"\0\x05\x16\x07\0\x02" + NOISE, ".DS_Store": b"\0\0\0\1Bud1" + NOISE}
    for data in (
        out.getvalue(),
        zipped(exported),
        zipped(scripted | {"m/code/__torch__.py": b"def f(): pass", "m/data/0": NOISE}),
        zipped({"w.pkl": HONEST} | left),
        zipped({"net/w.pt": out.getvalue(), "net/readme": b"hello"}),
    ):
        finding = look(tmp_path, data, "net.zip")
        assert (finding.facts["faults"], finding.high) == ([], 0), finding.note
        assert finding.note == "What is in it only rebuilds numbers and plain data."


def test_what_was_left_unread_takes_away_the_claim(tmp_path):
    packed = zipped({"w.pkl": HONEST})
    version = b"GGUF\x09\0\0\0" + bytes(40)
    damaged_tar = tarred({"w.pkl": HONEST})[:1024] + b"x" * 512
    for name, data in (("cut.zip", packed[:20]), ("new.gguf", version), ("bad.tar", damaged_tar)):
        finding = look(tmp_path, data, name)
        assert (finding.high, "rebuilds" in finding.note) == (3, False), name


def test_of_a_data_set_nothing_is_left_open_by_an_unknown_kind(tmp_path):
    finding = look(tmp_path, zipped({"a.csv": b"a,b\n1,2\n", "x.bin": NOISE}), "set.zip", artefact=False)
    assert (finding.value, finding.high) == (0, 1)
    assert "not known" not in finding.note


def test_a_run_without_a_model_file_says_so_in_its_title(tmp_path):
    sample = write_sample(tmp_path, np.zeros((9, 1)), np.arange(9) % 2, rows={"a": list("abcdefghi")})
    finding = unsafe_files.run(sample, Budget(10))
    assert finding.title == "No model file was shown, and nothing in the data runs when it is opened"
    assert finding.high == 1
