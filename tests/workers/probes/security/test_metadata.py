"""What pictures carry beside their pixels: whose it is, where and with what it was taken, what it opens."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from tests.workers.inputs.conftest import packed
from workers import masking
from workers.inputs import prepare
from workers.probes.base import Budget, Sample
from workers.probes.security import personal_data, secrets
from workers.probes.security.personal_data import metadata

PICTURES = 24


def saved(seed: int, form: str = "JPEG", **more) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(stream, form, **more)
    return stream.getvalue()


def exif(entries: dict[int, str], own: dict[int, object], position: tuple[float, float] | None = None):
    made = Image.Exif()
    for tag, value in entries.items():
        made[tag] = value
    for tag, value in own.items():
        made.get_ifd(IFD.Exif)[tag] = value
    if position:
        gps = made.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", (position[0], 0.0, 0.0)
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", (position[1], 0.0, 0.0)
    return made


def uploaded(folder, special: dict[int, bytes]) -> Sample:
    """Pictures of two classes, some of them these."""
    files = {f"{'ab'[i % 2]}/{i}.jpg": special.get(i) or saved(i) for i in range(PICTURES)}
    (folder / "upload").write_bytes(packed(files))
    prepare([folder / "upload"], ["p.zip"], folder / "prepared")
    return Sample(folder / "prepared")


def searched(folder, special):
    return personal_data.run(uploaded(folder, special), Budget())


def kinds(finding) -> dict[tuple[str, str], int]:
    return {(entry["column"], entry["kind"]): entry["rows"] for entry in finding.facts["by_column"]}


def test_position_owner_serial_number_and_comments_are_counted_and_masked(tmp_path):
    camera = {Base.CameraOwnerName: "Anna Schmidt", Base.BodySerialNumber: "3041728"}
    mail = b"sent by anna.kolb@example.org at noon"
    finding = searched(tmp_path, {
        **{i: saved(i, exif=exif({}, camera, (48.137, 11.575))) for i in range(4)}, 4: saved(4, comment=mail),
    })  # fmt: skip
    assert kinds(finding) == {
        ("GPS position (metadata)", "position"): 4, ("camera owner (metadata)", "name"): 4,
        ("serial number (metadata)", "serial"): 4, ("comment (metadata)", "email"): 1,
    }  # fmt: skip
    assert finding.value == 5 / PICTURES
    said = json.dumps(finding.as_json(), ensure_ascii=False)
    for secret in ("Anna", "Schmidt", "3041728", "48.137", "11.575", "kolb", "example.org"):
        assert secret not in said
    faults = {fault["columns"][0]: fault for fault in finding.facts["faults"]}
    assert faults["GPS position (metadata)"]["files"] == [f"{'ab'[i % 2]}/{i}.jpg" for i in range(4)]
    assert faults["GPS position (metadata)"]["severity"] == "medium"
    assert "saved again without it" in finding.note
    assert metadata.UNREAD in finding.note


def test_pictures_that_carry_nothing_are_quiet_and_say_what_was_not_read(tmp_path):
    finding = searched(tmp_path, {})
    assert finding.value == 0
    assert finding.facts["by_column"] == []
    assert metadata.UNREAD in finding.note
    skipped = secrets.run(Sample(tmp_path / "prepared"), Budget())
    assert skipped.state == "skipped"
    assert metadata.UNREAD in skipped.note


@pytest.mark.parametrize(
    "value",
    [
        "Canon Inc.",
        "unknown",
        "Getty Images",
        "© 2021 National Museum",
        "OLYMPUS DIGITAL CAMERA",
        "Picasa",
        "studio",
    ],
)
def test_firms_and_words_of_makers_are_nobody(tmp_path, value):
    entries = {Base.Artist: value, Base.Copyright: value, Base.ImageDescription: value}
    finding = searched(tmp_path, {i: saved(i, exif=exif(entries, {})) for i in range(PICTURES)})
    assert finding.facts["by_column"] == []


@pytest.mark.parametrize(
    "value", ["Anna Schmidt", "© 2021 Anna Schmidt", "Photo by anna schmidt", "Peter Weber; Canon Inc."]
)
def test_names_are_read_in_the_ways_that_people_enter_them(tmp_path, value):
    finding = searched(tmp_path, {i: saved(i, exif=exif({Base.Artist: value}, {})) for i in range(3)})
    assert kinds(finding) == {("artist (metadata)", "name"): 3}
    assert all(entry["sure"] for entry in finding.facts["by_column"])


def test_a_name_on_no_list_is_only_a_remark(tmp_path):
    finding = searched(tmp_path, {0: saved(0, exif=exif({Base.Artist: "Xqilo Vrudan"}, {}))})
    assert finding.value == 0
    assert [entry["sure"] for entry in finding.facts["by_column"]] == [False]


def test_serial_numbers_that_are_none_do_not_count(tmp_path):
    camera = {Base.BodySerialNumber: "0000000"}
    assert searched(tmp_path, {0: saved(0, exif=exif({}, camera))}).value == 0


def test_a_secret_in_a_comment_or_a_text_chunk_is_found_with_its_picture(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Password", "Tr0ub4dor&9zq")
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    sample = uploaded(
        tmp_path, {3: saved(3, comment=f"made with {token}".encode()), 4: saved(4, "PNG", pnginfo=info)}
    )
    finding = secrets.run(sample, Budget())
    assert finding.value == 2
    assert {(s["file"], s["column"]) for s in finding.facts["spans"]} == {
        ("b/3.jpg", "comment (metadata)"), ("a/4.jpg", "password (metadata)"),
    }  # fmt: skip
    said = json.dumps(masking.masked(finding, sample).as_json())
    assert token not in said
    assert "Tr0ub4dor" not in said
    assert metadata.UNREAD in finding.note
