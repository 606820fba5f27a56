"""The nouns of the archive. Times inside are whole Unix milliseconds (`…_ms`); they become aware UTC at the edges."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from archive.errors import Malformed

CAMERA_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
BOOT_ID = re.compile(r"[0-9a-f]{16}")
MAX_NUMBER = 10**15 - 1  # the largest integer of RFC 9651; JavaScript holds it exactly


def camera_id(text: str) -> str:
    """*text*, proven to be a camera's id: 1 to 32 of a-z, 0-9, `-` and `_`, no sign first. Raises Malformed."""
    if not CAMERA_ID.fullmatch(text):
        raise Malformed(
            f"{text[:64]!r} cannot be a camera's id: use up to 32 of a-z, 0-9, - and _, a letter or figure first"
        )
    return text


class Verdict(StrEnum):
    """What the archive thinks of a frame: a label, never a reason to delete it."""

    WHOLE = "whole"
    TRUNCATED = "truncated"  # the end-of-image marker is missing
    UNDECODABLE = "undecodable"  # no decoder could show it, or none was allowed to try
    DARK = "dark"  # black, and nothing to be seen in it
    BRIGHT = "bright"  # white, and nothing to be seen in it
    GREEN = "green"  # green or magenta all over: a failed read of the sensor, or a white balance not settled yet
    FROZEN = "frozen"  # the very same picture as the camera's frame before


class MediaType(StrEnum):
    """The pictures we keep, with the ending their files get."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    BMP = "image/bmp"

    @property
    def suffix(self) -> str:
        return _SUFFIXES[self]


_SUFFIXES = {MediaType.JPEG: ".jpg", MediaType.PNG: ".png", MediaType.GIF: ".gif", MediaType.BMP: ".bmp"}


class TimeSource(StrEnum):
    """Whose clock a time comes from, best first."""

    CAMERA_CLOCK = "camera-clock"  # the camera's own, set clock
    SERVER_CLOCK = "server-clock"  # the camera's count of milliseconds, anchored to our clock
    NAME = "name"  # the name of the file it comes from, which we gave it
    EXIF = "exif"  # what stands in the picture, from a clock nobody knows
    MTIME = "mtime"  # when the file it comes from was last changed
    ARRIVAL = "arrival"  # nothing better than when we had it


FILE_SOURCES = frozenset({TimeSource.NAME, TimeSource.EXIF, TimeSource.MTIME})


class PictureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture's own bytes say of it, without decoding it."""

    media_type: MediaType
    width: int
    height: int
    is_whole: bool
    scans: int = 1  # how often a decoder must walk the picture; above a dozen is hostile
    trailing_bytes: int = 0  # after the end-of-image marker; normal with ESP32 cameras


class FrameClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What the camera says of a frame (`Camera-Frame`). Everything may be missing."""

    boot: str | None = None
    number: int | None = None
    up_ms: int | None = None  # since boot, when the shutter fired
    now_ms: int | None = None  # since boot, when sent; same boot only
    taken_ms: int | None = None  # Unix time, only if the camera's clock was set
    source: TimeSource | None = None  # the frame comes from a file, and this is where its time does


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's confession (`Camera-Lost`): these numbers of that boot, both ends included, will never come."""

    boot: str
    first: int
    last: int
    reason: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the camera fares (`Camera-Status`): what the archive acts on, and everything it said."""

    id: str | None = None
    settings_version: int | None = None
    said: dict[str, str | int | float | bool] = {}


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """The best estimate of when a boot's `up` was zero."""

    at_ms: int
    uncertainty_ms: int
    source: TimeSource


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """When a frame was taken, by whose clock, and how far off that may be (None: nobody knows)."""

    taken_at_ms: int
    source: TimeSource
    uncertainty_ms: int | None


class NewFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame on its way in: its bytes, what was claimed of it, and what we saw.

    `boot` and `number` are the camera's, or ours where `claim` has none.
    """

    camera: str
    boot: str
    number: int
    name: str
    body: bytes
    sha256: bytes
    picture: PictureInfo
    claim: FrameClaim
    received_at_ms: int
    transfer_ms: int = 0  # from the request's head to its last byte: how far `now` may lag
    status: Status = Status()
    lost: Lost | None = None

    @property
    def key(self) -> str:
        return photo_key(self.camera, self.name)

    @property
    def is_of_file(self) -> bool:
        """Whether it comes from a file and not from its camera: then it says nothing of how the camera is now."""
        return self.claim.source is not None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a camera fares and what it lost, told without a frame."""

    camera: str
    received_at_ms: int
    status: Status = Status()
    lost: Lost | None = None


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What the thumbnail worker saw. None where a worker looked before there was such a measure."""

    mean_luma: float  # 0 to 1
    contrast: float  # 0 to 1
    difference: float | None = None  # 0 to 1, to the camera's frame before; None for its first
    colour: int | None = None  # the mean colour, as 0xrrggbb
    green: float | None = None  # how far all of it leans to green, or below 0 to magenta: -1 to 1


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One JPEG as a camera took it, kept."""

    id: int
    camera: str
    boot: str
    number: int
    name: str
    taken_at_ms: int
    taken_at_source: TimeSource
    taken_at_uncertainty_ms: int | None
    received_at_ms: int
    size_bytes: int
    width: int
    height: int
    media_type: MediaType
    sha256: bytes
    verdict: Verdict
    measures: Measures | None = None

    @property
    def key(self) -> str:
        return photo_key(self.camera, self.name)

    @property
    def thumbnail_key(self) -> str:
        return thumbnail_key(self.camera, self.name)


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """A device that sends frames, as the archive knows it."""

    id: str
    created_at_ms: int
    frames: int = 0
    seen_at_ms: int | None = None
    latest: Frame | None = None
    every_ms: int | None = None  # how far apart its frames usually are taken; None while there are too few to say
    status: dict[str, str | int | float | bool] = {}
    keys: int = 0


class ChangeKind(StrEnum):
    """The kinds of row in the log of changes, which are the types of the events."""

    FRAME = "frame"
    FRAME_CHANGED = "frame-changed"
    FRAME_DELETED = "frame-deleted"
    CAMERA = "camera"
    GAP = "gap"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log of changes; `seq` is the id of a server-sent event."""

    seq: int
    kind: ChangeKind
    camera: str
    frame_id: int | None = None
    frame: Frame | None = None  # as it is now; None when deleted since
    lost: Lost | None = None


def utc(ms: int) -> datetime:
    """Unix milliseconds as aware UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def unix_ms(moment: datetime) -> int:
    """An aware time as whole Unix milliseconds."""
    return round(moment.timestamp() * 1000)


# -- names and keys: `photos/<camera>/<yyyy>/<mm>/<dd>/<yyyymmdd>T<hhmmss>.<ms>Z-<boot>-<number>[-<digest>].jpg`

YEARS = range(1970, 9999)  # what a date in a file's name may say: each is a day in every time zone
NAME = re.compile(
    r"(?P<day>\d{8})T(?P<time>\d{6})\.(?P<ms>\d{3})Z-(?P<boot>[0-9a-f]{16})-(?P<number>\d{1,16})"
    r"(?:-(?P<digest>[0-9a-f]{8}))?(?P<suffix>\.jpg|\.png|\.gif|\.bmp)"
)


def frame_name(at_ms: int, boot: str, number: int, media_type: MediaType, *, apart: bytes | None = None) -> str:
    """The file name of a frame. *apart* is the digest of a second frame of the same camera, boot and number."""
    at = utc(at_ms)
    digest = f"-{apart[:4].hex()}" if apart else ""
    return f"{at:%Y%m%dT%H%M%S}.{at_ms % 1000:03d}Z-{boot}-{number}{digest}{media_type.suffix}"


def named_at_ms(parts: re.Match[str]) -> int | None:
    """The time in a frame's NAME; None where those figures are no time."""
    digits = parts["day"] + parts["time"] + parts["ms"] + "000"
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return unix_ms(at) if at.year in YEARS else None


def photo_key(camera: str, name: str) -> str:
    """The store's key of a frame's original."""
    return f"photos/{camera}/{name[0:4]}/{name[4:6]}/{name[6:8]}/{name}"


def thumbnail_key(camera: str, name: str, *, width: int = 320) -> str:
    """The store's key of a frame's thumbnail; always a JPEG."""
    return f"thumbnails/{width}/{camera}/{name[0:4]}/{name[4:6]}/{name[6:8]}/{name.rpartition('.')[0]}.jpg"
