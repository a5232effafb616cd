"""What a picture's file carries beside its pixels: texts, names, serial numbers and the place of the shot.

EXIF (CIPA DC-008), IPTC by-lines and captions, XMP, comments of JPEG and GIF, text chunks of PNG. Entries
that only say how the picture was taken or made are left out; the makers' own blocks (MakerNote) are not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from PIL import Image, ImageFile, IptcImagePlugin
from PIL.ExifTags import GPS, IFD, Base

POSITION = "GPS position"
MOST_ENTRIES, LONGEST = 60, 4_000  # of one picture; characters of one entry
MOST_XMP = 1024**2  # bytes
EXIF = {
    Base.Artist: "artist", Base.Copyright: "copyright", Base.ImageDescription: "description",
    Base.UserComment: "comment", Base.DocumentName: "document name", Base.HostComputer: "host computer",
    Base.XPTitle: "title", Base.XPComment: "comment", Base.XPAuthor: "author", Base.XPKeywords: "keywords",
    Base.XPSubject: "subject", Base.CameraOwnerName: "camera owner", Base.BodySerialNumber: "serial number",
    Base.LensSerialNumber: "lens serial number", 0xC62F: "serial number",
}  # fmt: skip
WINDOWS = (Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject)  # in UTF-16
IPTC = {
    (2, 5): "title", (2, 25): "keywords", (2, 80): "author", (2, 105): "headline", (2, 110): "credit",
    (2, 116): "copyright", (2, 118): "contact", (2, 120): "description", (2, 122): "author",
}  # fmt: skip
XMP = {
    "creator": "author", "rights": "copyright", "description": "description", "title": "title",
    "subject": "keywords", "Artist": "artist", "Author": "author", "Copyright": "copyright",
    "ImageDescription": "description", "UserComment": "comment", "OwnerName": "camera owner",
    "CameraOwnerName": "camera owner", "SerialNumber": "serial number", "BodySerialNumber": "serial number",
    "LensSerialNumber": "lens serial number", "Owner": "owner", "Credit": "credit", "Headline": "headline",
    "CaptionWriter": "author", "PersonInImage": "person shown", "PersonDisplayName": "person shown",
    "PersonName": "person shown", "CiEmailWork": "contact", "CiTelWork": "contact", "CiAdrExtadr": "contact",
    "Marked": "", "UsageTerms": "copyright", "Instructions": "comment", "License": "",
}  # fmt: skip
FACES = "{http://www.metadataworkinggroup.com/schemas/regions/}Name"
DEGREES = re.compile(r"\s*(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\s*([NSEW])\s*")
CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp"}  # of UserComment
PICTURES_OWN = frozenset({"xmp", "XML:com.adobe.xmp", "exif", "icc_profile", "photoshop"})


def entries(picture: Image.Image) -> list[tuple[str, str]]:
    """What is told, as (what the entry is, its text); a position is "latitude longitude" in degrees.

    A PNG may tell more behind its pixels, so its texts, which Pillow loads it for, come first. A broken part
    is left out.
    """
    found: dict[tuple[str, str], None] = {}
    for part in (_texts, _exif, _xmp, _iptc):
        try:
            for name, value in part(picture):
                text = " ".join(value.replace("\0", " ").split())[:LONGEST]
                if name and text and len(found) < MOST_ENTRIES:
                    found[name, text] = None
        except Exception:  # noqa: S112 - whatever a broken block makes a parser raise; the others are read
            continue
    return list(found)


def _exif(picture: Image.Image) -> Iterator[tuple[str, str]]:
    exif = picture.getexif()
    for block in (exif, exif.get_ifd(IFD.Exif)):
        for tag, name in EXIF.items():
            if (value := block.get(tag)) is not None:
                yield name, _said(tag, value)
    if (position := _position(exif.get_ifd(IFD.GPSInfo))) is not None:
        yield POSITION, position


def _said(tag: int, value: Any) -> str:
    """An entry's text, in whatever encoding its block has it."""
    if isinstance(value, tuple):
        value = bytes(value) if tag in WINDOWS and all(isinstance(one, int) for one in value) else value[0]
    if isinstance(value, bytes):
        if tag in WINDOWS:
            return value.decode("utf-16-le", "replace")
        if value[:8] in CODES:
            return value[8:].decode(CODES[value[:8]], "replace")
        return _decoded(value.removeprefix(bytes(8)))
    return str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _position(gps: Mapping[int, Any]) -> str | None:
    """Degrees north and east; None where the camera wrote an empty block, or zeros before it knew."""
    try:
        north = _degrees(gps[GPS.GPSLatitude], gps.get(GPS.GPSLatitudeRef), "S")
        east = _degrees(gps[GPS.GPSLongitude], gps.get(GPS.GPSLongitudeRef), "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return _told(north, east)


def _told(north: float, east: float) -> str | None:
    known = abs(north) <= 90 and abs(east) <= 180 and (north, east) != (0.0, 0.0)
    return f"{north:.6f} {east:.6f}" if known else None  # nan compares as false


def _degrees(parts: Any, side: Any, negative: str) -> float:
    value = sum(float(part) / 60**place for place, part in enumerate(parts))
    if not math.isfinite(value):
        raise ValueError("no number")
    side = side.decode("ascii", "replace") if isinstance(side, bytes) else str(side or "")
    return -value if side.strip().upper().startswith(negative) else value


def _texts(picture: Image.Image) -> Iterator[tuple[str, str]]:
    """Comments, and the text chunks of a PNG under the names that they carry."""
    comment = picture.info.get("comment")
    if comment:
        yield "comment", _decoded(comment) if isinstance(comment, bytes) else str(comment)
    for key, value in getattr(picture, "text", {}).items():
        if key not in PICTURES_OWN and not key.startswith("Raw profile"):
            yield key.strip().casefold()[:40], str(value)


def _xmp(picture: Image.Image) -> Iterator[tuple[str, str]]:
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    if not packet and picture.format == "TIFF":
        packet = picture.getexif().get(Base.XMLPacket) or b""
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    # Entities can make a small text a huge one, and XMP has none of its own.
    if not packet or len(packet) > MOST_XMP or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return
    places: dict[str, float] = {}
    for tag, text in _leaves(ElementTree.fromstring(packet.strip(b"\0 \r\n\t")), ""):  # noqa: S314 - see above
        name = tag.rpartition("}")[2]
        if name in ("GPSLatitude", "GPSLongitude") and (match := DEGREES.fullmatch(text)):
            side = "S" if name == "GPSLatitude" else "W"
            places[name] = _degrees([float(part or 0) for part in match.groups()[:3]], match[4], side)
        elif tag == FACES or XMP.get(name):
            yield "person shown" if tag == FACES else XMP[name], text
    if len(places) == 2 and (told := _told(places["GPSLatitude"], places["GPSLongitude"])) is not None:
        yield POSITION, told


def _leaves(element: ElementTree.Element, above: str) -> Iterator[tuple[str, str]]:
    """Texts and attributes with the property they belong to: lists of RDF stand between the two."""
    tag = above if element.tag.rpartition("}")[2] in ("Alt", "Bag", "Seq", "li", "RDF") else element.tag
    yield from element.attrib.items()
    if element.text and element.text.strip():
        yield tag, element.text
    for child in element:
        yield from _leaves(child, tag)


def _iptc(picture: Image.Image) -> Iterator[tuple[str, str]]:
    if not isinstance(picture, ImageFile.ImageFile):
        return
    info = IptcImagePlugin.getiptcinfo(picture) or {}
    for key, name in IPTC.items():
        values = info.get(key, ())
        for value in [values] if isinstance(values, bytes) else values:
            yield name, _decoded(value)
