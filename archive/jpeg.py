"""What a picture's own bytes say of it, read from its markers and headers; nothing here ever decodes one. Pure."""

import re
import struct

from archive.errors import UnsupportedMedia
from archive.frame import MediaType, PictureInfo

# More pieces than this, and walking them would hold up everyone else (measured: 6 ms for so many). A camera writes
# about ten, an encoder that keeps large profiles and EXIF a few hundred.
MAX_PIECES = 10_000

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# The frame headers. Not among them: DHT, DAC (tables) and a reserved code.
_SIZED = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Every marker the walk stops at. Left out are stuffed zeros, fill bytes, restart markers, and the codes the standard
# reserves: inside coded data those can only be damage, and a length read from damage leads nowhere.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xef\xfe]")

_PNG = b"\x89PNG\r\n\x1a\n"
_BMP_CORE = 12  # bytes of OS/2's header, whose width and height are half as wide as those of the later ones
_BMP_HEADERS = frozenset({_BMP_CORE, 40, 52, 56, 64, 108, 124})


def inspect(data: bytes) -> PictureInfo:
    """Kind, size and wholeness of the picture in *data*, in time linear in its length.

    Raises UnsupportedMedia, saying what the bytes look like, when they are no picture we keep; nothing else, whatever
    the bytes. A picture is whole when the walk over its pieces arrives at its end: a damaged one may be called whole,
    a truncated one never is (save one GIF in 256).
    """
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return _bmp(data)
    raise UnsupportedMedia(f"only JPEG, PNG, GIF and BMP pictures are kept, and this {_looks(data)}")


def _jpeg(data: bytes) -> PictureInfo:
    size: tuple[int, int] | None = None
    end: int | None = None
    scans = 0
    at = 2
    for _ in range(MAX_PIECES):
        # Searching for the next marker instead of demanding it at *at* crosses the coded data behind a scan's header,
        # and finds the way again after damage, as decoders do.
        marker = _MARKER.search(data, at)
        if marker is None:
            break
        at = marker.end()
        code = data[at - 1]
        if code == _SOI:
            continue
        if code == _EOI:
            end = at
            break
        if code == _SOS:
            scans += 1
        elif code in _SIZED and size is None:
            height, width = _size(data, ">HH", at + 3)
            size = width, height
        at += int.from_bytes(data[at : at + 2])  # segments are skipped whole, with the thumbnails inside them
    else:
        raise UnsupportedMedia(f"this begins like a JPEG but has more than {MAX_PIECES} segments")
    if size is None:
        raise UnsupportedMedia("this begins like a JPEG but nowhere says how large the picture is")
    return _info(
        MediaType.JPEG,
        size,
        is_whole=end is not None and scans > 0,
        scans=scans,
        trailing_bytes=0 if end is None else len(data) - end,
    )


def _png(data: bytes) -> PictureInfo:
    size = _size(data, ">II", 16)
    if data[12:16] != b"IHDR":
        raise UnsupportedMedia("this begins like a PNG but not with an IHDR chunk")
    at = len(_PNG)
    for _ in range(MAX_PIECES):
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4])
        if at > len(data):
            return _info(MediaType.PNG, size, is_whole=False)
        if kind == b"IEND":
            return _info(MediaType.PNG, size, is_whole=True, trailing_bytes=len(data) - at)
    raise UnsupportedMedia(f"this begins like a PNG but has more than {MAX_PIECES} chunks")


def _gif(data: bytes) -> PictureInfo:
    # The blocks of a GIF are at most 255 bytes long, too many to walk: its last byte decides.
    return _info(MediaType.GIF, _size(data, "<HH", 6), is_whole=data.endswith(b";", 13))


def _bmp(data: bytes) -> PictureInfo:
    header = int.from_bytes(data[14:18], "little")
    width, height = _size(data, "<HH" if header == _BMP_CORE else "<ii", 18)
    declared, pixels_at = int.from_bytes(data[2:6], "little"), int.from_bytes(data[10:14], "little")
    is_whole = pixels_at < declared <= len(data)
    return _info(
        MediaType.BMP,
        (width, abs(height)),  # a negative height only says that the rows are stored from the top
        is_whole=is_whole,
        trailing_bytes=len(data) - declared if is_whole else 0,
    )


def _size(data: bytes, layout: str, at: int) -> tuple[int, int]:
    try:
        first, second = struct.unpack_from(layout, data, at)
    except struct.error as exc:
        raise UnsupportedMedia("this begins like a picture but ends before it says how large it is") from exc
    return first, second


def _info(
    media_type: MediaType, size: tuple[int, int], *, is_whole: bool, scans: int = 1, trailing_bytes: int = 0
) -> PictureInfo:
    width, height = size
    if width <= 0 or height <= 0:
        raise UnsupportedMedia(f"this {media_type.name} says that it is {width} by {height} pixels large")
    return PictureInfo(
        media_type=media_type,
        width=width,
        height=height,
        is_whole=is_whole,
        scans=scans,
        trailing_bytes=trailing_bytes,
    )


_NO_CONTROLS = rb"[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]*"  # text; escape is left in, as it may colour it
_LOOKS = [
    (re.compile(pattern, re.DOTALL), looks)
    for pattern, looks in (
        (rb"\Z", "is empty"),
        (rb"RIFF....WEBP", "looks like a WebP picture"),
        (rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", "looks like a HEIC picture"),
        (rb"....ftypavi[fs]", "looks like an AVIF picture"),
        (rb"....ftyp|RIFF....AVI ", "looks like a film"),
        (rb"II\*\x00|MM\x00\*", "looks like a TIFF picture"),
        (rb"\x00{3}\x0cJXL |\xff\x0a", "looks like a JPEG XL picture"),
        (rb"\x1f\x8b", "looks like a gzip stream"),
        (rb"PK\x03\x04", "looks like a ZIP archive"),
        (rb"%PDF-", "looks like a PDF document"),
        (rb"(?i)" + _NO_CONTROLS + rb"<(?:!doctype )?html", "looks like an HTML page"),
        (rb"(?i)" + _NO_CONTROLS + rb"<svg", "looks like an SVG drawing"),
        (_NO_CONTROLS + rb"\Z", "looks like text"),
    )
]


def _looks(data: bytes) -> str:
    head = data[:512]
    for pattern, looks in _LOOKS:
        if pattern.match(head):
            return looks
    return f"begins with the bytes {head[:8].hex(' ')}"
