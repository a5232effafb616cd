"""What pictures carry beside their pixels is read, in every dress, and what is broken is left out."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from tests.workers.inputs.conftest import packed
from workers.inputs import image_metadata, images

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 aux:SerialNumber="3041728" exif:GPSLatitude="48,8.22N" exif:GPSLongitude="11,34.5W">
 <dc:creator><rdf:Seq><rdf:li>Anna Schmidt</rdf:li></rdf:Seq></dc:creator>
 <dc:description><rdf:Alt><rdf:li xml:lang="x-default">At the lake</rdf:li></rdf:Alt></dc:description>
 <mwg-rs:RegionList mwg-rs:Name="Peter Weber"/></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def exif(position=True) -> Image.Exif:
    made = Image.Exif()
    made[Base.Artist] = "Anna Schmidt"
    made[Base.XPComment] = "Zürich, at home".encode("utf-16-le") + b"\0\0"
    own = made.get_ifd(IFD.Exif)
    own[Base.BodySerialNumber], own[Base.UserComment] = "3041728", b"ASCII\0\0\0call me"
    if position:
        gps = made.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "S", (33.0, 30.0, 36.0)
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", (151.0, 12.0, 0.0)
    return made


def saved(form: str, **more) -> bytes:
    stream = io.BytesIO()
    if form == "TIFF":  # Pillow saves the inner blocks of a TIFF only so
        made, info = more.pop("exif"), TiffImagePlugin.ImageFileDirectory_v2()
        for tag, value in (
            *made.items(),
            *((ifd, dict(made.get_ifd(ifd))) for ifd in (IFD.Exif, IFD.GPSInfo)),
        ):
            info[tag] = value
        more["tiffinfo"] = info
    Image.new("RGB", (8, 8)).save(stream, form, **more)
    return stream.getvalue()


def told(data: bytes) -> list[tuple[str, str]]:
    return images.decode(data, 32).metadata


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_of_every_format_gives_position_owner_and_serial_number(form):
    assert set(told(saved(form, exif=exif()))) >= {
        ("artist", "Anna Schmidt"), ("serial number", "3041728"), ("comment", "Zürich, at home"),
        ("comment", "call me"), ("GPS position", "-33.510000 151.200000"),
    }  # fmt: skip


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_xmp_is_read_with_what_its_lists_hold(form):
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP)
        data = saved(form, pnginfo=info)
    else:
        data = saved(form, xmp=XMP.encode())
    assert set(told(data)) == {
        ("author", "Anna Schmidt"), ("description", "At the lake"), ("serial number", "3041728"),
        ("person shown", "Peter Weber"), ("GPS position", "48.137000 -11.575000"),
    }  # fmt: skip


def test_an_xmp_that_defines_entities_is_not_parsed():
    bomb = XMP.replace("<x:xmpmeta", "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]><x:xmpmeta", 1)
    assert told(saved("JPEG", xmp=bomb.encode())) == []


def test_comments_and_text_chunks_are_read_also_behind_the_pixels():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Anna Schmidt")
    info.add_text("Comment", "seen at noon", zip=True)
    info.add_itxt("Note", "Grüße", "de", "Notiz")
    info.add(b"tEXt", b"Source\0a far shore", after_idat=True)
    assert set(told(saved("PNG", pnginfo=info))) == {
        ("author", "Anna Schmidt"), ("comment", "seen at noon"), ("note", "Grüße"),
        ("source", "a far shore"),
    }  # fmt: skip
    assert told(saved("JPEG", comment=b"seen by anna")) == [("comment", "seen by anna")]
    assert told(saved("GIF", comment=b"seen by anna")) == [("comment", "seen by anna")]


def test_iptc_gives_the_by_line():
    record = b"\x1c\x02\x50" + (12).to_bytes(2, "big") + b"Anna Schmidt"
    block = b"Photoshop 3.0\x00" + b"8BIM\x04\x04\x00\x00" + len(record).to_bytes(4, "big") + record
    block += b"\0" * (len(record) % 2)
    plain = saved("JPEG")
    data = plain[:2] + b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block + plain[2:]
    assert told(data) == [("author", "Anna Schmidt")]


@pytest.mark.parametrize("first", [0.0, TiffImagePlugin.IFDRational(0, 0), 91.0])
def test_a_camera_that_knew_no_position_gives_none(first):
    made = exif(position=False)
    gps = made.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitude], gps[GPS.GPSLongitude] = (first, 0.0, 0.0), (0.0, 0.0, 0.0)
    assert not any(entry == image_metadata.POSITION for entry, _ in told(saved("JPEG", exif=made)))


def test_a_broken_block_costs_that_block_alone():
    data = saved("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(40), comment=b"still here")
    seen = images.decode(data, 32)
    assert seen.said[4] is None
    assert seen.metadata == [("comment", "still here")]


def test_prepare_keeps_the_entries_with_their_pictures(ready):
    entries = {f"{c}/{i}.jpg": saved("JPEG", comment=f"{c}{i}".encode()) for c in "ab" for i in range(6)}
    sample = ready({"p.zip": packed(entries)})
    with sample.table() as con:
        found = con.execute("SELECT _file, entry, value FROM metadata JOIN rows USING (_id)").fetchall()
    assert sorted(found) == [(name, "comment", name[0] + name[2]) for name in sorted(entries)]
