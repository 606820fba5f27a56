"""A picture without what it says about anything but itself: places, people, devices. The coded picture stays. Pure.

Cut out are EXIF, XMP, IPTC, comments, previews and whatever lies behind the picture's end; colour profiles stay, for
without them the picture would look different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.errors import Forbidden
from archive.frame import MediaType
from archive.jpeg import MAX_PIECES

_PNG_KEPT = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP acTL fcTL fdAT".split())
_PNG_HEAD = 8
_LOOPS = b"\x21\xff\x0bNETSCAPE2.0"
_SOI, _EOI, _SOS, _APP0, _COMMENT = 0xD8, 0xD9, 0xDA, 0xE0, 0xFE
_JFIF_BYTES = 18  # without a preview in it
# As the walk of `jpeg.py` has them: inside coded data nothing else is a marker.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xef\xfe]")
# A GIF's pieces are at most 255 bytes long: so many full ones are 50 MB, and walked in a tenth of a second at most.
GIF_PIECES = 20 * MAX_PIECES
TOO_MANY = "this picture has too many parts to look for what must not be shown; its owner can see it"

Stretches = list[tuple[int, int]]  # from, and up to but not with


def without(data: bytes, media_type: MediaType) -> bytes:
    """The picture alone; the same bytes when there was nothing to cut out. Raises Forbidden, as `stretches`."""
    kept = stretches(data, media_type)
    return data if kept is None else b"".join(data[start:end] for start, end in kept)


def stretches(data: bytes, media_type: MediaType) -> Stretches | None:
    """Which bytes of *data* are the picture, in time linear in its length; None when all of them are.

    Raises Forbidden for one so damaged that its pieces cannot be told apart.
    """
    kept: Stretches = []
    for start, end in _WALKS[media_type](data):
        if kept and kept[-1][1] == start:  # one after the other: read and sent as one
            kept[-1] = kept[-1][0], end
        elif start < end:  # a damaged length may lead behind the end
            kept.append((start, end))
    return None if kept == [(0, len(data))] else kept


def _jpeg(data: bytes) -> Iterator[tuple[int, int]]:
    """The stretches of *data* to keep. Between a scan's header and the next marker lies the coded picture."""
    at = kept_from = 0
    for _ in range(MAX_PIECES):
        marker = _MARKER.search(data, at)
        if marker is None:
            break
        start, at = marker.span()
        code = data[at - 1]
        if code == _SOI:
            continue
        if code == _EOI:
            yield kept_from, at
            if not data[at:].strip(b"\x00"):
                yield at, len(data)  # a camera's padding
            return
        at += max(2, int.from_bytes(data[at : at + 2]))
        if _is_cut(code, data[start + 4 : start + 18], at - start):
            yield kept_from, start
            kept_from = at
    else:
        raise Forbidden(TOO_MANY)
    yield kept_from, len(data)  # truncated: it has no end


def _is_cut(code: int, head: bytes, size_bytes: int) -> bool:
    if code == _COMMENT or (code == _APP0 and size_bytes > _JFIF_BYTES):
        return True
    if not 0xE0 <= code <= 0xEF:
        return False
    kept = {_APP0: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
    return not (code in kept and head.startswith(kept[code]))


def _png(data: bytes) -> Iterator[tuple[int, int]]:
    yield 0, _PNG_HEAD
    at = _PNG_HEAD
    while at < len(data):
        kind, start = data[at + 4 : at + 8], at
        at = min(len(data), at + 12 + int.from_bytes(data[at : at + 4]))
        if kind in _PNG_KEPT:
            yield start, at
        if kind == b"IEND":
            return


def _gif(data: bytes) -> Iterator[tuple[int, int]]:
    at = 13 + _colours(data, 10)
    yield 0, min(at, len(data))
    pieces = 0
    while at < len(data):
        start, code = at, data[at]
        pieces += 1
        if code == 0x3B:
            yield at, at + 1
            return
        if code == 0x2C:
            at += 10 + _colours(data, at + 9) + 1
        elif code == 0x21:
            at += 2
        else:
            raise Forbidden(
                "this picture is damaged, so what must not be shown cannot be told apart; its owner sees it"
            )
        while at < len(data) and data[at] and pieces <= GIF_PIECES:
            at += data[at] + 1
            pieces += 1
        if pieces > GIF_PIECES:
            raise Forbidden(TOO_MANY)
        at = min(at + 1, len(data))
        if code == 0x2C or data[start + 1 : start + 2] == b"\xf9" or data.startswith(_LOOPS, start):
            yield start, at


def _bmp(data: bytes) -> Iterator[tuple[int, int]]:
    """It has no place for any of it, but behind its end."""
    declared = int.from_bytes(data[2:6], "little")
    yield 0, declared if int.from_bytes(data[10:14], "little") < declared < len(data) else len(data)


def _colours(data: bytes, at: int) -> int:
    """How many bytes the colour table takes whose flags are at *at*."""
    flags = data[at] if at < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


_WALKS = {MediaType.JPEG: _jpeg, MediaType.PNG: _png, MediaType.GIF: _gif, MediaType.BMP: _bmp}
