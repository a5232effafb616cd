"""Pictures become rows; a broken one is a finding with its place, never a crash."""

from __future__ import annotations

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.workers.inputs.conftest import faults, packed
from workers.inputs import images


def picture(seed=0, size=(12, 10), mode="L", form="PNG"):
    buffer = io.BytesIO()
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    Image.fromarray(rng.integers(0, 256, shape, np.uint8), mode).save(buffer, form)
    return buffer.getvalue()


def png_header(width, height):
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def folder(**more):
    return {f"{c}/{i}.png": picture(10 * i + ord(c)) for c in "ab" for i in range(6)} | more


def test_folders_are_classes_and_files_are_rows(ready):
    sample = ready({"p.zip": packed(folder())})
    assert sample.kind == "images"
    assert sample.target.name == "class"
    assert sample.target.classes == ("a", "b")
    assert sample.arrays["images"].shape == (12, 10, 12, 1)
    assert sample.places([3]) == [{"file": "a/3.png"}]
    with sample.table() as con:
        found = con.execute("SELECT width, height, mode, format, problem FROM typed WHERE _id = 3").fetchone()
    assert found == (12.0, 10.0, "L", "PNG", None)


def test_pixels_are_those_of_the_files(ready):
    sample = ready({"p.zip": packed(folder())})
    with Image.open(io.BytesIO(folder()["a/3.png"])) as source:
        assert np.array_equal(sample.arrays["images"][3, :, :, 0], np.asarray(source))


def test_a_label_file_gives_several_targets(ready):
    entries = {f"images/{i}.png": picture(i) for i in range(12)}
    lines = ["file,shape,shade", *(f"images/{i}.png,{'xyz'[i % 3]},{'pq'[i % 2]}" for i in range(11))]
    sample = ready({"p.zip": packed(entries | {"labels.csv": "\n".join(lines), "readme.md": "hello"})})
    assert [(t.name, t.task) for t in sample.targets] == [("shape", "multiclass"), ("shade", "binary")]
    assert sample.labels(1)[11] == -1
    assert "1 files have no line" in " ".join(sample.manifest["notes"])


@pytest.mark.parametrize("named", ["{}.png", "./images/{}.png", "images\\{}.png", "{}", "IMAGES/{}.PNG"])
def test_a_label_file_may_name_files_in_many_ways(ready, named):
    entries = {f"images/{i}.png": picture(i) for i in range(8)}
    lines = ["File,kind", *(f"{named.format(i)},{'xy'[i % 2]}" for i in range(8))]
    sample = ready({"p.zip": packed(entries | {"labels.csv": "\n".join(lines)})})
    assert sample.counts() == {"x": 4, "y": 4}


def test_files_that_a_label_file_names_and_are_not_there_are_told(ready):
    entries = {f"{i}.png": picture(i) for i in range(8)}
    lines = ["file,kind", *(f"{i}.png,{'xy'[i % 2]}" for i in range(9))]
    found = faults(ready({"p.zip": packed(entries | {"labels.csv": "\n".join(lines)})}))
    assert found["broken_files"]["files"] == ["8.png"]


BROKEN = {
    "empty": b"",
    "noise": bytes(range(200)),
    "html": b"<html><body>404 Not Found</body></html>",
    "cut off": picture(3, (60, 60))[:-900],
    "50,000 pixels a side": png_header(50_000, 50_000),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n",
    "icon": None,
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "text bomb": None,
}


def _icon():
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "ICO")
    return buffer.getvalue()


def _text_bomb():
    plain = picture(4)
    data = b"k\x00\x00" + zlib.compress(bytes(80 * 1024 * 1024), 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return plain[:33] + chunk + plain[33:]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_picture_is_a_finding(ready, kind):
    data = BROKEN[kind] if BROKEN[kind] is not None else {"icon": _icon, "text bomb": _text_bomb}[kind]()
    sample = ready({"p.zip": packed(folder(**{"b/broken.png": data}))})
    assert sample.rows == 13
    assert len(sample.features) == 12
    found = faults(sample)
    assert found["broken_files"]["files"] == ["b/broken.png"]
    assert ("empty_files" in found) == (kind == "empty")
    assert ("truncated" in found) == (kind == "cut off")


def test_a_wrong_checksum_is_a_finding(ready):
    data = bytearray(packed(folder()))
    at = data.find(b"b/5.png") + len("b/5.png") + 30  # inside the data that follows the local header
    data[at] ^= 0xFF
    assert faults(ready({"p.zip": bytes(data)}))["broken_files"]["files"] == ["b/5.png"]


def test_only_broken_pictures_are_no_data_set(refused):
    assert "can be read" in refused({"p.zip": packed({f"a/{i}.png": b"noise" for i in range(5)})})


def test_every_mode_and_format_is_read(ready):
    entries = {}
    for i in range(4):
        entries |= {
            f"a/{i}.jpg": picture(i, (20, 20), "RGB", "JPEG"),
            f"a/{i}.webp": picture(i, (20, 20), "RGB", "WEBP"),
            f"b/{i}.gif": picture(i, (20, 20), "L", "GIF"),
            f"b/{i}.bmp": picture(i, (30, 20), "RGB", "BMP"),
            f"b/{i}.tif": picture(i, (20, 20), "RGBA", "TIFF"),
        }
    sample = ready({"p.zip": packed(entries)})
    assert sample.manifest["faults"] == []
    assert sample.arrays["images"].shape == (20, 20, 20, 3)


def test_large_pictures_are_made_small(ready):
    entries = {f"{c}/{i}.png": picture(i, (300, 200), "RGB") for c in "ab" for i in range(4)}
    sample = ready({"p.zip": packed(entries)})
    assert sample.arrays["images"].shape == (8, 43, 64, 3)
    assert sample.features.shape[1] <= 1024


def test_colour_files_without_colour_are_grey(ready):
    grey = np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8).repeat(3, axis=2)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    entries = {f"{c}/{i}.png": buffer.getvalue() for c in "ab" for i in range(4)}
    assert ready({"p.zip": packed(entries)}).arrays["images"].shape[3] == 1


def test_many_pictures_are_kept_smaller():
    assert images.side_for(100) == 64
    assert images.side_for(20_000) ** 2 * 3 * 20_000 <= images.KEPT_BYTES


def test_the_broken_digits_are_all_found(ready, shared_data):
    source = shared_data / "faulty" / "digits_backdoor"
    truth = next(f for f in json.loads((source / "truth.json").read_text()) if f["fault"] == "corrupt_files")
    found = faults(ready({"images.zip": source / "images.zip"}))
    assert sorted(found["broken_files"]["files"]) == sorted(truth["files"])
    empty = [name for name, kind in truth["files"].items() if kind == "empty"]
    assert sorted(found["empty_files"]["files"]) == sorted(empty)


def test_clean_pictures_have_no_fault(ready, shared_data):
    for name in ("digits", "animals", "glyphs"):
        assert ready({f"{name}.zip": shared_data / "images" / f"{name}.zip"}).manifest["faults"] == []


@pytest.mark.parametrize(
    ("names", "told"), [(["a"], "1 file is cut off."), (["a", "b"], "Each of 2 files is cut off.")]
)
def test_one_broken_file_is_no_plural(names, told):
    loaded = images.Loaded(kind="images")
    images.tell_broken(loaded, {"all": names, "is cut off": names}, 10, "picture")
    assert loaded.faults[-1]["note"] == told
