"""Makes thumbnails in a process of its own, so that a hostile picture can end this process and nothing else.

Run by its path, not with `-m`: that would first load `archive.thumbs` and with it the whole server. For the same reason
nothing of `archive` is imported here, and Pillow only inside the functions that draw: the server reads the protocol
below and never loads a decoder.
"""

from __future__ import annotations

import contextlib
import io
import operator
import os
import resource
import socket
import struct
import sys
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

WIDTH = 320  # a thumbnail is at least this wide, unless the picture is not
TALLEST = 1280  # ... or would then be taller than twice this
QUALITY = 80
PAPER = (0xEF, 0xEC, 0xE6)  # what shows through a transparent picture

# A request is a head and the picture; an answer is a head and the thumbnail, or the reason why there is none.
REQUEST = struct.Struct("!BI")  # index in MEDIA_TYPES, COLUMNS or STRIP; bytes that follow
# OK, NO or READY, bytes that follow, mean luma, contrast, colour, green, signature
ANSWER = struct.Struct("!BIddId192s")
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/bmp")
COLUMNS, STRIP = range(len(MEDIA_TYPES), len(MEDIA_TYPES) + 2)
OK, NO, READY = range(3)
MAX_REASON_BYTES = 300

# A slit strip: one column of a frame for each minute of a day.
STRIP_SIZE = (1440, 120)
SIZE = struct.Struct("!I")  # before each thumbnail of a COLUMNS request; their columns come back, or as many zeros
COLUMN = struct.Struct(f"!?{STRIP_SIZE[1] * 3}s")  # whether there is one, its pixels from the top
PLACED = struct.Struct(f"!H{STRIP_SIZE[1] * 3}s")  # in a STRIP request: the minute, and its column

SIGNATURE_SIZE = (16, 12)
NO_SIGNATURE = bytes(192)

_LEVELS = range(256)
_SQUARES = [level * level for level in _LEVELS]
_END_OF_IMAGE = b"\xff\xd9"
_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF orientation to Pillow's `Transpose`; 1 is upright
_SIDEWAYS = range(5, 9)


class Rendering(NamedTuple):
    """A thumbnail, and what was seen of the picture on the way."""

    data: bytes  # a JPEG without EXIF or comments
    mean_luma: float  # 0 black to 1 white
    contrast: float  # standard deviation of luma over its greatest possible value, half black and half white: 0 to 1
    colour: int  # the mean colour, as 0xrrggbb
    green: float  # by how much nine tenths of it lean to green, or below 0 to magenta: -1 to 1
    signature: bytes  # 16 x 12 luma bytes, row by row


def difference(a: bytes, b: bytes) -> float:
    """How far two signatures are apart: their mean absolute difference, 0 (the same) to 1.

    A change of brightness as a whole counts too: a lamp switched on *is* a difference.
    """
    total: int = sum(map(abs, map(operator.sub, a, b)))
    return total / (255 * len(a))


def render(data: bytes, media_type: str, max_pixels: int) -> Rendering:
    """The thumbnail of a picture, scaled by a whole factor. A damaged picture is drawn as far as it goes.

    Whatever this raises is the picture's fault: ValueError above *max_pixels*, else what Pillow says.
    """
    opened = _opened(data, media_type)
    width, height = opened.size
    if width * height > max_pixels:
        raise ValueError(f"{width} x {height} pixels are more than {max_pixels}")
    # Frames of an ESP32 have no EXIF; reading it costs more than a small decode.
    orientation = opened.getexif().get(_ORIENTATION, 1) if "exif" in opened.info else 1
    shown_width, shown_height = (height, width) if orientation in _SIDEWAYS else (width, height)
    factor = max(1, shown_width // WIDTH, shown_height // TALLEST)
    # The decoder's own scaling to 1/2, 1/4 or 1/8 is exact, vectorised, and a fifth of a full decode's price.
    opened.draft(None, (max(1, width // factor), max(1, height // factor)))
    _load(opened)
    factor //= round(width / opened.width)
    image = _plain(opened)
    if factor > 1:
        image = image.reduce(factor)
    if orientation in _TURNS:
        from PIL.Image import Transpose  # noqa: PLC0415 - see the head

        image = image.transpose(Transpose(_TURNS[orientation]))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=QUALITY, comment=b"")
    return Rendering(jpeg.getvalue(), *_measured(image))


def _opened(data: bytes, media_type: str) -> ImageFile:
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin  # noqa: PLC0415 - see the head

    # The plug-ins themselves rather than `Image.open`, which may hand a JPEG on to the decoder of multi-picture files.
    if media_type == "image/jpeg":
        # A frame without an end is given one, and the decoder fills up what is missing. Other than Pillow's
        # LOAD_TRUNCATED_IMAGES this does not also pass over the errors that left nothing to see.
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data + _END_OF_IMAGE))
    if media_type == "image/png":
        return PngImagePlugin.PngImageFile(io.BytesIO(data))
    if media_type == "image/gif":
        return GifImagePlugin.GifImageFile(io.BytesIO(data))
    return BmpImagePlugin.BmpImageFile(io.BytesIO(data))


def _load(image: ImageFile) -> None:
    try:
        image.load()
    except (OSError, SyntaxError, ValueError):
        # What was decoded before the error is worth showing; a canvas nobody drew on is not.
        image.tile = []
        if image.getcolors(maxcolors=1) is not None:
            raise


def _plain(image: Image) -> Image:
    if image.has_transparency_data:
        from PIL.Image import new  # noqa: PLC0415 - see the head

        picture = image.convert("RGBA")
        paper = new("RGB", picture.size, PAPER)
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off rather than scale
        return image.point(lambda level: level / 256).convert("L")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _measured(image: Image) -> tuple[float, float, int, float, bytes]:
    from PIL.Image import Resampling  # noqa: PLC0415 - see the head

    columns, rows = SIGNATURE_SIZE
    # One pixel of 4 x 4 is enough: each part of the signature is still the mean of dozens, at a tenth of the price.
    step = max(1, min(4, image.width // columns, image.height // rows))
    sample = image.resize((image.width // step, image.height // step), Resampling.NEAREST)
    luma = sample.convert("L")
    histogram = luma.histogram()
    pixels = luma.width * luma.height
    mean = sum(map(operator.mul, histogram, _LEVELS)) / pixels
    variance = max(0.0, sum(map(operator.mul, histogram, _SQUARES)) / pixels - mean * mean)
    signature = luma.resize(SIGNATURE_SIZE, Resampling.BOX).tobytes()
    parts = sample.convert("RGB").resize(SIGNATURE_SIZE, Resampling.BOX)
    colour = int.from_bytes(parts.resize((1, 1), Resampling.BOX).tobytes())
    return mean / 255, min(1.0, variance**0.5 / 127.5), colour, _green(parts.tobytes()), signature


def _green(parts: bytes) -> float:
    # By how much green stands above the mean of red and blue, in each part. A tenth may be of any colour.
    leanings = sorted(
        2 * green - red - blue for red, green, blue in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    )
    few = len(leanings) // 10
    return (max(0, leanings[few]) or min(0, leanings[-1 - few])) / 510


def columns(data: bytes) -> bytes:
    """A thin column from the middle of each thumbnail; none of one that is damaged."""
    found = []
    at = 0
    while at < len(data):
        (size_bytes,) = SIZE.unpack_from(data, at)
        at += SIZE.size
        try:
            found.append(COLUMN.pack(True, _column(data[at : at + size_bytes])))
        except (OSError, SyntaxError, ValueError):
            found.append(COLUMN.pack(False, b""))
        at += size_bytes
    return b"".join(found)


def _column(data: bytes) -> bytes:
    from PIL.Image import Resampling  # noqa: PLC0415 - see the head

    image = _opened(data, "image/jpeg")
    image.draft(None, (image.width // 2, image.height // 2))  # still as high as the strip
    image.load()
    # An eighth of its width: one pixel's column is mostly noise.
    middle = (image.width * 7 / 16, 0, image.width * 9 / 16, image.height)
    return image.convert("RGB").resize((1, STRIP_SIZE[1]), Resampling.BOX, box=middle).tobytes()


def strip(data: bytes) -> bytes:
    """A WebP picture of the columns, each in its place, transparent where there is none."""
    from PIL import Image, WebPImagePlugin  # noqa: F401, PLC0415 - see the head; or `save` would load all there are

    picture = Image.new("RGBA", STRIP_SIZE)
    for minute, column in PLACED.iter_unpack(data):
        picture.paste(Image.frombytes("RGB", (1, STRIP_SIZE[1]), column), (minute, 0))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()


def main(fd: int, max_pixels: int, cpu_s: int, memory_bytes: int) -> None:
    """Answer requests on the socket *fd* until the other end closes it, as it does by ending."""
    from PIL import Image  # noqa: PLC0415 - see the head

    Image.preinit()
    Image.MAX_IMAGE_PIXELS = max_pixels  # some decoders compare inner sizes with it, and only warn up to twice of it
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    _confine(memory_bytes)
    with socket.socket(fileno=fd) as parent:
        parent.sendall(_unmeasured(READY, 0))
        while len(head := parent.recv(REQUEST.size, socket.MSG_WAITALL)) == REQUEST.size:
            kind, size_bytes = REQUEST.unpack(head)
            data = parent.recv(size_bytes, socket.MSG_WAITALL)
            if len(data) < size_bytes:
                return
            _grant_cpu(cpu_s)
            try:
                answer = _answer(kind, data, max_pixels)
            except Exception as exc:  # noqa: BLE001 - whatever a decoder raises is the picture's fault, and said
                reason = (str(exc) or type(exc).__name__).encode()[:MAX_REASON_BYTES]
                answer = [_unmeasured(NO, len(reason)), reason]
            parent.sendall(b"".join(answer))


def _answer(kind: int, data: bytes, max_pixels: int) -> list[bytes]:
    if kind in (COLUMNS, STRIP):
        made = columns(data) if kind == COLUMNS else strip(data)
        return [_unmeasured(OK, len(made)), made]
    thumbnail, *seen = render(data, MEDIA_TYPES[kind], max_pixels)
    return [ANSWER.pack(OK, len(thumbnail), *seen), thumbnail]


def _unmeasured(kind: int, size_bytes: int) -> bytes:
    return ANSWER.pack(kind, size_bytes, 0.0, 0.0, 0, 0.0, NO_SIGNATURE)


def _confine(memory_bytes: int) -> None:
    os.nice(5)  # a frame is kept before it is drawn
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        with contextlib.suppress(OSError, ValueError):  # a system that cannot limit this still has the other limits
            resource.setrlimit(limit, (most, most))


def _grant_cpu(cpu_s: int) -> None:
    # The limit counts the whole life of the process, in whole seconds: it is moved ahead of every picture.
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + 1 + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
