"""An upload is known by its content, and refused in one sentence that names it and what to do."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import time
import tracemalloc
import unicodedata
import zipfile

import numpy as np
import pytest

from assessments import intake, zipwalk
from assessments.intake import Kind, TooLarge, Unreadable
from tests.assessments import zips

CSV = b"a,b\n1,2\n3,4\n"


def verdict(data: bytes, name: str = "data.bin") -> Kind:
    return intake.check(io.BytesIO(data), name)


def refusal(data: bytes, name: str = "data.zip") -> str:
    with pytest.raises(Unreadable) as caught:
        verdict(data, name)
    sentence = str(caught.value)
    assert zipwalk.shown(name) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 320
    return sentence


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CSV, Kind.CSV),
        (b"\xef\xbb\xbf" + CSV, Kind.CSV),
        (CSV.decode().encode("utf-16"), Kind.CSV),
        (CSV.decode().encode("utf-16-le"), Kind.CSV),
        ("näme;wert\nä;1,5\n".encode("latin-1"), Kind.CSV),
        (b"BMI,age\n20,30\n", Kind.CSV),
        (b"MZ;ID3\n20;30\n", Kind.CSV),
        (b"(a),b\n1,2\n", Kind.CSV),
        (gzip.compress(CSV, mtime=0), Kind.CSV_GZ),
        (gzip.compress(b'{"a": 1}\n', mtime=0), Kind.JSONL_GZ),
        (b'{"a": 1}\n{"a": 2}\n', Kind.JSONL),
        (b"PAR1" + bytes(20) + (8).to_bytes(4, "little") + b"PAR1", Kind.PARQUET),
        (zips.honest(), Kind.ZIP),
        (zips.zip64(), Kind.ZIP),
    ],
)
def test_the_kind_comes_from_the_content(data, kind):
    assert verdict(data, "upload") is kind


def test_a_stream_is_left_at_its_beginning():
    stream = io.BytesIO(zips.honest())
    intake.check(stream, "a.zip")
    assert stream.tell() == 0


def test_every_real_set_is_accepted(shared_data):
    files = [p for p in shared_data.rglob("*") if p.suffix in (".csv", ".gz", ".zip", ".jsonl")]
    assert len(files) > 20
    for path in files:
        assert isinstance(intake.check(path, path.name), Kind)


def test_an_empty_file_is_refused():
    assert "empty" in refusal(b"", "data.csv")
    assert "blanks" in refusal(b" \n\n ", "data.csv")


def test_an_upload_over_the_limit_is_its_own_error():
    with pytest.raises(TooLarge, match="12 bytes, and the limit is 10 bytes"):
        intake.check(io.BytesIO(CSV), "data.csv", limit=10)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "JPEG"),
        (b"BM" + bytes(50), "BMP"),
        (b"%PDF-1.7\n" + bytes(50), "PDF"),
        (b"MZ\x90\x00" + bytes(50), "Windows program"),
        (b"\x7fELF" + bytes(50), "Linux program"),
        (b"\x93NUMPY\x01\x00" + bytes(50), "NumPy"),
        (b"SQLite format 3\x00" + bytes(50), "SQLite"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<svg onload=alert(1)>", "web page"),
        (b'[{"a": 1}]', "JSON array"),
        (b'{\n "a": 1\n}', "no JSON object"),
        (b'{"a":' * 5000, "no JSON object"),
        (bytes(range(256)) * 20, "binary file"),
        (gzip.compress(zips.honest(), mtime=0), "archive inside gzip"),
        (gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), "archive inside gzip"),
        (gzip.compress(b"", mtime=0), "nothing in it"),
        (b"\x1f\x8b\x08\x00garbage-garbage", "damaged gzip"),
        (b"PAR1" + bytes(20), "cut off"),
        (b"PAR1" + bytes(20) + (2**31).to_bytes(4, "little") + b"PAR1", "cut off"),
        (b"PAR1" + bytes(20) + (8).to_bytes(4, "little") + b"PARE", "encrypted"),
    ],
)
def test_what_is_no_data_set_is_named(data, word):
    assert word in refusal(data, "data.csv")


def test_arrays_are_refused_with_what_to_send_instead():
    stream = io.BytesIO()
    np.savez(stream, x=np.zeros((4, 8, 8)), y=np.arange(4))
    assert "CSV or Parquet, and pictures as a zip" in refusal(stream.getvalue(), "digits.npz")


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_under_every_protocol(protocol):
    class Canary:
        def __reduce__(self):
            return (print, ("opened",))

    for harmful in (Canary(), {"a": Canary()}, [Canary()]):
        refusal(pickle.dumps(harmful, protocol), "data.csv")


@pytest.mark.parametrize(
    ("name", "data"), [("data.csv", zips.honest()), ("data.zip", CSV), ("data.parquet", CSV)]
)
def test_a_file_may_not_call_itself_something_else(name, data):
    assert "right ending" in refusal(data, name)


BOMB = bytes(30 * 1024**2)
CASES = {
    "flat bomb": (
        zips.raw([{"name": f"{i}.png", "data": BOMB, "method": 8} for i in range(4)]),
        "times its size",
    ),
    "many small bombs": (
        zips.raw([{"name": f"{i}.png", "data": bytes(4 * 1024**2), "method": 8} for i in range(9)]),
        "times its size",
    ),
    "same header": (
        zips.raw([{"name": "a.png"}, *({"name": f"{i}.png", "offset": 0} for i in range(200))]),
        "overlaps",
    ),
    "quoted overlap": (zips.quoted_overlap(40), "overlaps"),
    "lying sizes": (
        zips.raw([{"name": "a.png", "data": random.Random(1).randbytes(9000), "method": 8, "size": 10}]),
        "lies about its size",
    ),
    "stored lie": (zips.raw([{"name": "a.png", "data": b"x" * 99, "size": 10}]), "lies about its size"),
    "local size differs": (zips.raw([{"name": "a.png", "local_size": 9}]), "lies about its size"),
    "local name differs": (zips.raw([{"name": "a.png", "local_name": b"b.png"}]), "another name"),
    "zip64 bogus": (zips.with_end64(zips.honest(), lie=9), "64-bit"),
    "encrypted": (zips.raw([{"name": "a.png", "flags": 0x801}]), "encrypted"),
    "method 99": (zips.raw([{"name": "a.png", "method": 99}]), "method 99"),
    "nested": (zips.raw([{"name": "inner/more.ZIP"}]), "archive inside"),
    "truncated": (zips.honest()[:-30], "cut off"),
    "prepended": (b"PK\x03\x04" + zips.honest(), "other data"),
    "comment with an end": (zips.honest() + b"PK\x05\x06" + bytes(18), "two directories"),
    "data after the end": (zips.honest() + b"trailer", "two directories"),
    "folder with data": (zips.raw([{"name": "a/", "data": b"hidden"}, {"name": "b.png"}]), "carries data"),
    "empty": (zips.raw([]), "no files"),
    "only folders": (zips.raw([{"name": "a/", "data": b""}]), "no files"),
    "wrong count": (zips.raw([{"name": "a.png"}, {"name": "b.png"}], count=1), "number of files"),
    "symlink": (zips.raw([{"name": "a.png", "mode": 0o120777, "data": b"/etc/passwd"}]), "link"),
    "device": (zips.raw([{"name": "a.png", "mode": 0o020644}]), "device"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_zip_is_refused_before_anything_is_opened(case, monkeypatch):
    data, word = CASES[case]
    monkeypatch.setattr(zipfile, "ZipFile", None)  # nothing may even try
    started = time.monotonic()
    tracemalloc.start()
    assert word in refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 1024**2
    assert time.monotonic() - started < 5


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(zipwalk, "MAX_ENTRIES", 50)
    assert "51 files" in refusal(zips.honest(tuple(f"{i}.png" for i in range(51))))
    assert verdict(zips.honest(tuple(f"{i}.png" for i in range(50)))) is Kind.ZIP


def test_a_huge_directory_is_not_read(monkeypatch):
    monkeypatch.setattr(zipwalk, "MAX_DIRECTORY", 60)
    refusal(zips.honest(("a" * 60 + ".png",)))


def test_the_total_is_held_against_the_limit():
    data = zips.honest(tuple(f"{i}.png" for i in range(30)), random.Random(3).randbytes(50) * 20)
    with pytest.raises(Unreadable, match="upload a sample"):
        intake.check(io.BytesIO(data), "data.zip", limit=len(data))
    assert intake.check(io.BytesIO(data), "data.zip", limit=10 * len(data)) is Kind.ZIP


NAMES = {
    "../../x.png": "leaves its folder",
    "a/../../b.png": "leaves its folder",
    "./a.png": "leaves its folder",
    "a//b.png": "empty parts",
    "/abs.png": "absolute",
    "//host/share.png": "absolute",
    "..\\x.png": "backslash",
    "\\\\host\\share.png": "backslash",
    "C:/x.png": "drive",
    "c:x.png": "drive",
    "a\x00b.png": "NUL",
    "a\nb.png": "line break",
    "a\x1b[2Jb.png": "control",
    "a\u202egnp.exe": "turn text around",
    "a\u2066b.png": "turn text around",
    "n" * 300 + ".png": "255 bytes",
    "d/" * 5000 + "x.png": "255 bytes",
    "": "no name",
}


@pytest.mark.parametrize("name", NAMES, ids=lambda n: ascii(n)[:20])
def test_an_odd_name_is_refused(name):
    sentence = refusal(zips.raw([{"name": "ok.png"}, {"name": name}]))
    assert NAMES[name] in sentence
    assert "\u202e" not in sentence


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.png", "a.png"),
        ("Cat.png", "cat.PNG"),
        (unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")),
        ("a", "a/"),
    ],
)
def test_two_entries_with_one_name_are_refused(first, second):
    data = zips.raw([{"name": first}, {"name": second, "data": b"" if second.endswith("/") else b"x"}])
    assert "one name" in refusal(data)


@pytest.mark.parametrize(
    "name",
    ["<img onerror=alert(1)>.png", "-rf.png", "=cmd().png", "CON", "dot./x.png", "ünï.png", "a..b.png"],
)
def test_a_name_that_only_looks_odd_is_text(name):
    assert verdict(zips.raw([{"name": name}])) is Kind.ZIP


def test_names_in_an_old_code_page_are_read():
    assert verdict(zips.raw([{"name": b"caf\x82.png", "flags": 0}])) is Kind.ZIP
    assert "not valid text" in refusal(zips.raw([{"name": b"caf\x82.png", "flags": 0x800}]))


def test_mutated_zips_never_crash_the_gate():
    rng = random.Random(7)
    plain = zips.honest(("cat/1.png", "dog/2.png", "labels.csv"))
    for _ in range(400):
        data = bytearray(plain)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        if rng.random() < 0.2:
            del data[rng.randrange(4, len(data)) :]
        try:
            assert verdict(bytes(data), "m.zip") is Kind.ZIP
        except Unreadable as error:
            assert str(error).endswith(".")  # noqa: PT017 - either verdict is fine, a crash is not
