"""Pictures and sounds made to harm: each a name, its bytes, and whether it may be read at all."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

READ, REFUSED, EITHER = "read", "refused", "either"
ITEMS: dict[str, tuple[str, Callable[[], bytes], str]] = {}


def item(name: str, ending: str, verdict: str):
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        ITEMS[f"{name}{ending}"] = (ending, make, verdict)
        return make

    return keep


def noise(width: int = 20, height: int = 16, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def saved(picture: Image.Image, form: str, **more) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, bits: int, colour: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


# -- pictures -----------------------------------------------------------------------------------------
@item("png_50k_x_50k", ".png", REFUSED)
def _huge():
    return png(50_000, 50_000, 1, 0, chunk(b"IDAT", zlib.compress(bytes(10_000))))


@item("png_idat_lie", ".png", EITHER)
def _idat_lie():
    """Claims 60 x 60 and unpacks to a hundred times as much."""
    return png(60, 60, 8, 2, chunk(b"IDAT", zlib.compress(bytes(60 * 181 * 100))))


@item("png_too_little", ".png", EITHER)
def _too_little():
    return png(7_000, 7_000, 8, 0, chunk(b"IDAT", zlib.compress(bytes(7_001))))


@item("png_text_bomb", ".png", REFUSED)
def _text_bomb():
    whole = saved(noise(), "PNG")
    packed = zlib.compress(bytes(80 * 2**20), 9)
    return whole[:33] + chunk(b"zTXt", b"k\x00\x00" + packed) + whole[33:]


@item("apng_10k_frames", ".png", EITHER)
def _apng():
    whole = saved(noise(), "PNG")
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 20, 16, 0, 0, 0, 1, 0, 0))
    return whole[:33] + chunk(b"acTL", struct.pack(">II", 10_000, 0)) + frame * 10_000 + whole[33:]


@item("gif_100k_frames", ".gif", EITHER)
def _gif():
    one = saved(noise().convert("P"), "GIF")
    at = one.index(b"\x2c")
    return one[:at] + one[at:-1] * 20_000 + b";"


@item("gif_zero_delay", ".gif", READ)
def _zero_delay():
    return saved(noise(), "GIF", save_all=True, append_images=[noise(seed=1)], duration=0, loop=0)


def _tiff(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<I", 8) + body + struct.pack("<I", following)


@item("tiff_tile_bomb", ".tif", REFUSED)
def _tiff_bomb():
    claims = [(256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
              (322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 8), (325, 4, 1, 100)]  # fmt: skip
    return _tiff(claims) + bytes(200)


@item("tiff_ifd_loop", ".tif", EITHER)
def _ifd_loop():
    claims = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
              (273, 4, 1, 8), (278, 4, 1, 4), (279, 4, 1, 16)]  # fmt: skip
    return _tiff(claims, following=8) + bytes(64)


@item("jpeg_65500_px", ".jpg", EITHER)
def _wide_jpeg():
    """Claims 65,500 x 700 after being saved small."""
    whole = bytearray(saved(noise().convert("L"), "JPEG"))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", 700, 65_500)
    return bytes(whole)


@item("jpeg_65500_square", ".jpg", REFUSED)
def _square_jpeg():
    whole = bytearray(saved(noise().convert("L"), "JPEG"))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(whole)


@item("jpeg_truncated", ".jpg", REFUSED)
def _cut_jpeg():
    return saved(noise(200, 200), "JPEG")[:4_000]


@item("jpeg_exif_html", ".jpg", READ)
def _exif_html():
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    return saved(noise(), "JPEG", exif=exif)


@item("jpeg_exif_rotation", ".jpg", READ)
def _exif_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(noise(), "JPEG", exif=exif)


@item("jpeg_exif_broken", ".jpg", EITHER)
def _exif_broken():
    return saved(noise(), "JPEG", exif=b"Exif\x00\x00II*\x00" + b"\xff" * 60)


@item("webp_anim", ".webp", READ)
def _webp():
    return saved(noise(), "WEBP", save_all=True, append_images=[noise(seed=i) for i in range(30)])


@item("bmp_negative_height", ".bmp", EITHER)
def _bmp():
    whole = bytearray(saved(noise(), "BMP"))
    whole[22:26] = struct.pack("<i", -16)
    return bytes(whole)


@item("bmp_huge_palette", ".bmp", EITHER)
def _bmp_palette():
    whole = bytearray(saved(noise().convert("P"), "BMP"))
    whole[46:50] = struct.pack("<I", 2**31)
    return bytes(whole)


@item("ico_nested", ".png", REFUSED)
def _ico():
    return saved(Image.new("RGBA", (64, 64)), "ICO", sizes=[(16, 16), (32, 32), (64, 64)])


@item("fits_gzip", ".png", REFUSED)
def _fits():
    card = lambda text: text.ljust(80).encode()  # noqa: E731
    head = b"".join(map(card, ("SIMPLE  =                    T", "BITPIX  =                    8", "END")))
    return gzip.compress(head.ljust(2_880) + bytes(2**22))


@item("gd_dims", ".png", REFUSED)
def _gd():
    return b"\xff\xfe" + struct.pack(">HH", 65_535, 65_535) + bytes(2_000)


@item("eps", ".png", REFUSED)
def _eps():
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n"


@item("svg", ".png", REFUSED)
def _svg():
    return b"<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('//x')</script><use href='//x'/></svg>"


@item("gif_js", ".gif", EITHER)
def _gif_js():
    return saved(noise(), "GIF") + b"/*;alert(1)//*/"


@item("png_zip", ".png", READ)
def _png_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("../../x", b"x" * 100)
    return saved(noise(), "PNG") + out.getvalue()


@item("jpeg_phar", ".jpg", READ)
def _jpeg_phar():
    return saved(noise(), "JPEG") + b"<?php __HALT_COMPILER(); ?>" + bytes(200)


@item("palette_without_colours", ".png", EITHER)
def _no_palette():
    return png(16, 16, 8, 3, chunk(b"IDAT", zlib.compress(bytes(17 * 16))))


@item("float_nan", ".tif", EITHER)
def _nan_picture():
    return saved(Image.fromarray(np.full((16, 16), np.nan, np.float32)), "TIFF")


# -- sounds -------------------------------------------------------------------------------------------
def riff(
    data: bytes, *, kind: int = 1, channels: int = 1, rate: int = 8_000, bits: int = 16, claims: int = -1
) -> bytes:
    """A WAV whose header says what it likes; ``claims`` is the size that the data says it has."""
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, (rate * width) % 2**32, width % 2**16, bits)
    said = len(data) if claims < 0 else claims
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", said) + data
    return b"RIFF" + struct.pack("<I", len(body) % 2**32) + body


def wave(seconds: float = 0.4, rate: int = 8_000) -> np.ndarray:
    at = np.arange(int(seconds * rate)) / rate
    return (9_000 * np.sin(2 * np.pi * 440 * at)).astype("<i2")


SOUND = wave().tobytes()
for _name, _data, _verdict in (
    ("zero_rate", riff(SOUND, rate=0), REFUSED),
    ("rate_4_ghz", riff(SOUND, rate=2**32 - 1), REFUSED),
    ("zero_channels", riff(SOUND, channels=0), REFUSED),
    ("channels_65535", riff(SOUND, channels=65_535), REFUSED),
    ("zero_bits", riff(SOUND, bits=0), REFUSED),
    ("bits_12", riff(SOUND, bits=12), EITHER),
    ("bits_4096", riff(SOUND, bits=4_096), REFUSED),
    ("claims_4_gb", riff(SOUND, claims=2**32 - 2), READ),  # read as far as it goes, and named as cut off
    ("claims_10_hours", riff(SOUND, claims=10 * 3600 * 16_000), READ),
    ("streamed", riff(SOUND, claims=2**32 - 1), READ),
    ("no_samples", riff(b""), REFUSED),
    ("half_a_sample", riff(b"\x01"), REFUSED),
    ("one_sample", riff(b"\x01\x02"), READ),
    ("float_nan", riff(np.full(3_000, np.nan, "<f4").tobytes(), kind=3, bits=32), REFUSED),
    ("float_inf", riff(np.full(3_000, np.inf, "<f8").tobytes(), kind=3, bits=64), REFUSED),
    ("float_1e300", riff(np.full(3_000, 1e300, "<f8").tobytes(), kind=3, bits=64), READ),
    ("mu_law", riff(bytes(range(256)) * 20, kind=7, bits=8), READ),
    ("a_law", riff(bytes(range(256)) * 20, kind=6, bits=8), READ),
    ("adpcm", riff(SOUND, kind=2, bits=4), REFUSED),
    ("mp3_in_wav", riff(SOUND, kind=85), REFUSED),
    ("cut_in_header", riff(SOUND)[:30], REFUSED),
    ("header_only", riff(SOUND)[:44], REFUSED),
    ("rifx", b"RIFX" + riff(SOUND)[4:], REFUSED),
    ("rf64", b"RF64" + riff(SOUND)[4:], REFUSED),
    ("chunk_loop", b"RIFF\x00\x00\x00\x00WAVE" + (b"LIST" + bytes(4)) * 20_000, REFUSED),
    ("chunk_size_huge", b"RIFF\x00\x00\x00\x00WAVELIST\xff\xff\xff\xff" + bytes(100), REFUSED),
    ("data_before_format", b"RIFF\x00\x00\x00\x00WAVEdata\x10\x00\x00\x00" + bytes(16), REFUSED),
    ("png", saved(noise(), "PNG"), REFUSED),
    ("flac", b"fLaC" + bytes(100), REFUSED),
    ("mp3", b"ID3\x04" + bytes(100), REFUSED),
    ("html", b"<html><body>404</body></html>", REFUSED),
    ("noise", bytes(range(256)) * 8, REFUSED),
    ("constant", riff(np.full(4_000, 12_345, "<i2").tobytes()), READ),
    ("all_zero", riff(bytes(8_000)), READ),
    ("square", riff(np.tile(np.array([32_767, -32_768], "<i2"), 4_000).tobytes()), READ),
):
    ITEMS[f"{_name}.wav"] = (".wav", lambda data=_data: data, _verdict)
