"""When the shutter fired, as a JPEG's EXIF says: a few bytes read by their offsets, nothing decoded. Pure."""

import re
import struct
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# A camera writes two or three segments before EXIF, and some dozens of entries.
MAX_SEGMENTS = 64
MAX_ENTRIES = 1000
MAX_OFFSET_MINUTES = 15 * 60  # no time zone is farther from UTC

_EXIF_IFD = 0x8769
_TAKEN = 0x9003  # DateTimeOriginal
_OFFSET = 0x9011  # OffsetTimeOriginal
_OFFSET_OF_CHANGE = 0x9010  # OffsetTime: some cameras write only this one
_SUBSECONDS = 0x9291  # SubSecTimeOriginal
_ASCII, _LONG = 2, 4

_TIME = re.compile(rb"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(rb"([+-])(\d\d):(\d\d)")


def taken_ms(data: bytes, zone: ZoneInfo) -> int | None:
    """DateTimeOriginal as Unix milliseconds; None where there is none, or it is no time, such as all zeroes.

    Without an offset beside it, it is what a clock in *zone* showed.
    """
    tiff = _tiff(data)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        entries = _entries(tiff, order, _number(tiff, order + "I", 4))
        kind, _, value = entries.get(_EXIF_IFD, (0, 0, b""))
        if kind != _LONG:
            return None
        entries = _entries(tiff, order, _number(value, order + "I", 0))
        text = {tag: _ascii(tiff, order, entry) for tag, entry in entries.items() if tag in _WANTED}
    except struct.error:
        return None
    return _moment(text, zone)


def _moment(text: dict[int, bytes], zone: ZoneInfo) -> int | None:
    time = _TIME.fullmatch(text.get(_TAKEN, b""))
    if time is None:
        return None
    offset = _ZONE.fullmatch(text.get(_OFFSET) or text.get(_OFFSET_OF_CHANGE) or b"")
    subseconds = text.get(_SUBSECONDS, b"")
    ms = int(subseconds[:3].ljust(3, b"0")) if subseconds.isdigit() else 0
    try:
        at = datetime(*map(int, time.groups()), tzinfo=zone)  # type: ignore[misc,arg-type]  # six numbers
        if offset is not None:
            minutes = int(offset[2]) * 60 + int(offset[3])
            if minutes <= MAX_OFFSET_MINUTES:
                away = timedelta(minutes=-minutes if offset[1] == b"-" else minutes)
                at = at.replace(tzinfo=timezone(away))
        return round(at.timestamp()) * 1000 + ms
    except (ValueError, OverflowError):
        return None


def _tiff(data: bytes) -> bytes:
    """The TIFF structure that EXIF is, out of a JPEG's first segments; empty where there is none."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        if data[at : at + 1] != b"\xff":
            break
        size = int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1 : at + 2] == b"\xe1" and data[at + 4 : at + 10] == b"Exif\0\0":
            return data[at + 10 : at + 2 + size]
        if data[at + 1 : at + 2] == b"\xda" or size < 2:  # the picture begins
            break
        at += 2 + size
    return b""


_Entry = tuple[int, int, bytes]  # kind, count, and the value or where it stands
_WANTED = frozenset({_TAKEN, _OFFSET, _OFFSET_OF_CHANGE, _SUBSECONDS})


def _entries(tiff: bytes, order: str, at: int) -> dict[int, _Entry]:
    count = min(_number(tiff, order + "H", at), MAX_ENTRIES)
    return {
        tag: (kind, size, value)
        for tag, kind, size, value in (
            struct.unpack_from(order + "HHI4s", tiff, at + 2 + 12 * number) for number in range(count)
        )
    }


def _ascii(tiff: bytes, order: str, entry: _Entry) -> bytes:
    kind, size, value = entry
    if kind != _ASCII:
        return b""
    size = min(size, 32)
    if size > 4:
        at = _number(value, order + "I", 0)
        value = tiff[at : at + size]
    return value[:size].partition(b"\0")[0].strip(b" ")


def _number(data: bytes, layout: str, at: int) -> int:
    number: int = struct.unpack_from(layout, data, at)[0]
    return number
