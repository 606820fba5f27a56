"""Small files that are large pictures, or costly ones: each kilobyte here asks for a second or a gigabyte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from PIL import Image

from tests.pictures import bmp, gif, jpeg, png

SIDE = 4470  # just below the 20 megapixels that are decoded


@cache
def scans(times: int) -> bytes:
    """A progressive JPEG of nearly 20 megapixels that refines itself that often."""
    data = _saved(Image.new("L", (SIDE, SIDE), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * (times - data.count(b"\xff\xda")) + data[-2:]


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def _with_size(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    return data[:33] + _chunk(kind, body) + data[33:]  # behind the header


def _more_pixels() -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(64 * 2**20))) + _chunk(b"IEND", b"")


def _moving(form: str, pictures: int) -> bytes:
    first, *others = (Image.new("P", (640, 480), n % 256) for n in range(pictures))
    return _saved(first, form, save_all=True, append_images=others)


def _run_lengths() -> bytes:
    pixels = b"\x00\x01"  # nothing but the end: whoever decodes it fills up 20 megapixels
    palette = bytes(1024)
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    at = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + head + palette + pixels


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "a JPEG that says 65,500 x 65,500": lambda: _with_size(jpeg(), 65_500, 65_500),
    "a JPEG of 3,000 scans": lambda: scans(3000),
    "a JPEG with 9,000 comments": lambda: jpeg()[:2] + b"\xff\xfe\x00\x02" * 9000 + jpeg()[2:],
    "a PNG of 13,000 x 13,000": lambda: _saved(Image.new("1", (13_000, 13_000)), "PNG"),
    "a PNG that says 2^31 x 2^31": lambda: png()[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + png()[24:],
    "a PNG with 64 MB of text": lambda: _with_chunk(png(), b"zTXt", b"a\0\0" + zlib.compress(bytes(64 * 2**20))),
    "a PNG with a profile of 64 MB": lambda: _with_chunk(png(), b"iCCP", b"a\0\0" + zlib.compress(bytes(64 * 2**20))),
    "a PNG with 64 MB more pixels than it says": _more_pixels,
    "an APNG of 300 pictures": lambda: _moving("PNG", 300),
    "a GIF of 300 pictures": lambda: _moving("GIF", 300),
    "a GIF that says 65,535 x 65,535": lambda: gif()[:6] + b"\xff" * 4 + gif()[10:],
    "a BMP that says 30,000 x 30,000": lambda: bmp()[:18] + struct.pack("<ii", 30_000, 30_000) + bmp()[26:],
    "a BMP of minus 2^31 rows": lambda: bmp()[:18] + struct.pack("<ii", 64, -(2**31)) + bmp()[26:],
    "a BMP of 20 megapixels in some bytes": _run_lengths,
}
