"""Picture files as frames: which files there are, whose they are, when they were taken. Nothing is written anywhere.

The rules of this file:
* A file's name is only ever read: for what we once wrote into it, and for a person to recognise. Nothing is opened by a
  name that stands in a zip, and nothing of a zip touches the disk.
* What is read is bounded: a file by the largest frame, a zip by a hundred times its own size.
* A link is not followed, so that no folder leads out of itself or round in circles.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import IO
from zoneinfo import ZoneInfo

import msgspec

from archive import exif
from archive.dating import is_plausible_of_file
from archive.errors import UnsupportedMedia
from archive.fields import MAX_UP_MS
from archive.frame import (
    CAMERA_ID,
    MAX_NUMBER,
    NAME,
    FrameClaim,
    MediaType,
    PictureInfo,
    TimeSource,
    named_at_ms,
    photo_key,
)
from archive.jpeg import inspect

ENDINGS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib"})
_HEADS = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM")  # what the pictures we keep begin with
INFLATES_AT_MOST = 100  # a zip yields so many times its own size, and a frame; a JPEG in it hardly once
UNNAMED = "imported"  # the camera of files in a folder whose name has no letter and no figure

# What a camera of ours calls the files on its card: `<boot>-<number>-<up>-<taken>.jpg`, docs/ref/firmware.md.
_SPOOLED = re.compile(r"(?P<boot>[0-9a-f]{16})-(?P<number>\d{1,15})-(?P<up>\d{1,15})-(?P<taken>\d{1,15})\.jpg")
# Folders that say nothing of whose frames they hold: dates, numbers, and what cameras make by DCF (DCIM, 100CANON).
_NOBODYS = re.compile(r"(?i)[\d\W_]*|DCIM|\d{3}[A-Z0-9_]{5}")
_BEGUN = "photos%2F"  # what the store calls the beginning of an original
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be a picture; `parts` are the names on the way to it, the first ones those of the place given."""

    parts: tuple[str, ...]
    place: int  # how many of the parts name the folder or zip that was given
    size_bytes: int
    read: Callable[[int], tuple[bytes, int | None]]  # at most so many bytes and one; with when it was last changed

    @property
    def shown(self) -> str:
        """The way to it, on one line, whatever stands in the names."""
        return shown(PurePosixPath(*self.parts))


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What is no frame, and why, in a sentence without its subject."""

    shown: str
    why: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A file's bytes, and what is known of them. Without a camera it is that of its boot's, else the guess."""

    shown: str
    camera: str | None
    guess: str
    body: bytes
    sha256: bytes
    info: PictureInfo
    claim: FrameClaim


# -- which files there are


def files(place: Path, *, zone: ZoneInfo, zips: bool = True) -> Iterator[File | Passed]:
    """Every picture file below *place*, in the order of their names, and what cannot be one; other files are left out.

    *place* may be a folder, a picture, or (with *zips*) a zip, whose times without a zone are those of *zone*.
    """
    place = Path(os.path.abspath(place))  # noqa: PTH100 - no link in it is to be resolved but the last
    try:
        place = place.resolve(strict=True)
        is_folder = place.is_dir()
    except (OSError, RuntimeError) as error:
        yield Passed(shown=shown(place), why=_why(error))
        return
    if is_folder:
        yield from _below(place, place, zone=zone, zips=zips)
    elif zips and place.suffix.lower() == ".zip":
        yield from _inside(place, zone)
    else:
        yield file_at(place, place.parent)


def _below(folder: Path, place: Path, *, zone: ZoneInfo, zips: bool) -> Iterator[File | Passed]:
    folders = [folder]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            deeper = {entry.name: None for entry in entries if entry.is_dir(follow_symlinks=False)}
        except OSError as error:
            yield Passed(shown=shown(folder), why=_why(error))
            continue
        for path in (Path(entry.path) for entry in entries):
            if path.name in deeper or is_hidden(path.name):
                continue
            if is_picture_name(path.name) and not _is_derived(path.parts):
                yield file_at(path, place)
            elif zips and path.suffix.lower() == ".zip" and not path.is_symlink():
                yield from _inside(path, zone)
        folders += (folder / name for name in reversed(deeper) if not is_hidden(name))


def file_at(path: Path, place: Path) -> File | Passed:
    """The file at *path*, below the folder *place*."""
    try:
        found = path.lstat()
    except OSError as error:
        return Passed(shown=shown(path), why=_why(error))
    if stat.S_ISLNK(found.st_mode):
        return Passed(shown=shown(path), why="it is a link; name what it points to")
    if not stat.S_ISREG(found.st_mode):
        return Passed(shown=shown(path), why="it is no plain file")
    return File(
        parts=path.parts,
        place=len(place.parts),
        size_bytes=found.st_size,
        read=lambda most_bytes: _read(path, most_bytes),
    )


def _read(path: Path, most_bytes: int) -> tuple[bytes, int]:
    # Neither a link nor a pipe that took the file's place meanwhile is opened: the one leads away, the other waits.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(most_bytes + 1), found.st_mtime_ns // 1_000_000


def _inside(path: Path, zone: ZoneInfo) -> Iterator[File | Passed]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file, zipfile.ZipFile(file) as opened:
            left = [os.fstat(fd).st_size * INFLATES_AT_MOST]
            for member in sorted(opened.infolist(), key=lambda member: member.filename):
                yield from _member(path, opened, member, left, zone)
    except (OSError, *_UNREADABLE) as error:
        yield Passed(shown=shown(path), why=_why(error))


def _member(
    path: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo, left: list[int], zone: ZoneInfo
) -> Iterator[File | Passed]:
    names = tuple(name for name in PurePosixPath(member.filename).parts if name not in {"/", "..", "."})
    if member.is_dir() or not names or any(map(is_hidden, names)) or names[0] == "__MACOSX":
        return
    parts = (*path.parts, *names)
    if PurePosixPath(names[-1]).suffix.lower() == ".zip":
        yield Passed(shown=shown(PurePosixPath(*parts)), why="it is a zip in a zip; take it out first")
    elif is_picture_name(names[-1]) and not _is_derived(parts):
        yield File(
            parts=parts,
            place=len(path.parts),
            size_bytes=member.file_size,
            read=lambda most_bytes: _inflate(opened, member, most_bytes, left, zone),
        )


def _inflate(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, most_bytes: int, left: list[int], zone: ZoneInfo
) -> tuple[bytes, int | None]:
    if member.flag_bits & 1:
        raise UnsupportedMedia("it is encrypted")
    if left[0] < 0:
        raise UnsupportedMedia(f"the zip holds more than {INFLATES_AT_MOST} times its own size, as no album does")
    try:
        with opened.open(member) as file:
            body = _inflated(file, most_bytes)
    except _UNREADABLE as error:
        raise UnsupportedMedia(f"the zip is damaged here: {error}") from error
    left[0] -= len(body)
    return body, _changed_ms(member, zone)


def _inflated(file: IO[bytes], most_bytes: int) -> bytes:
    head = file.read(16)
    if not head.startswith(_HEADS):  # the rest is not worth inflating
        return head
    return head + file.read(most_bytes + 1 - len(head))


def _changed_ms(member: zipfile.ZipInfo, zone: ZoneInfo) -> int | None:
    """When a member was last changed: in UTC where the program that zipped it said so, else by its own clock."""
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == 0x5455 and size >= 5 and extra[4] & 1 and len(extra) >= 9:
            return int(struct.unpack_from("<i", extra, 5)[0]) * 1000
        extra = extra[4 + size :]
    try:
        return round(datetime(*member.date_time, tzinfo=zone).timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


# -- what a file is


def picture(file: File, *, most_bytes: int, zone: ZoneInfo, now_ms: int, camera: str | None = None) -> Picture | Passed:
    """Read *file*, and say whose picture it is and when it was taken. *camera* settles whose."""
    try:
        body, changed_ms = file.read(most_bytes)
        if len(body) > most_bytes:
            return Passed(shown=file.shown, why=f"it is larger than the {most_bytes} bytes this archive takes")
        info = inspect(body)
    except UnsupportedMedia as error:
        return Passed(shown=file.shown, why=str(error))
    except OSError as error:
        return Passed(shown=file.shown, why=_why(error))
    name = file.parts[-1]
    claim = named(name) or FrameClaim()
    if claim.taken_ms is None and claim.up_ms is None:
        claim = _dated(claim, name, body, info, changed_ms, zone=zone, now_ms=now_ms)
    return Picture(
        shown=file.shown,
        camera=camera or _layout_camera(file.parts) or (None if claim.boot else camera_of(file)),
        guess=camera_of(file),
        body=body,
        sha256=hashlib.sha256(body).digest(),
        info=info,
        claim=claim,
    )


def named(name: str) -> FrameClaim | None:
    """The frame that a file is by its name, where we or a camera of ours gave it; its time only where a camera did."""
    parts = NAME.fullmatch(name) or _SPOOLED.fullmatch(name)
    if parts is None or int(parts["number"]) > MAX_NUMBER:
        return None
    claim = FrameClaim(boot=parts["boot"], number=int(parts["number"]), source=TimeSource.ARRIVAL)
    if parts.re is NAME:
        return claim
    up_ms, taken = int(parts["up"]), int(parts["taken"])
    return msgspec.structs.replace(
        claim,
        up_ms=up_ms if up_ms <= MAX_UP_MS else None,
        taken_ms=taken or None,
        source=TimeSource.CAMERA_CLOCK if taken else TimeSource.SERVER_CLOCK,
    )


def _dated(
    claim: FrameClaim,
    name: str,
    body: bytes,
    info: PictureInfo,
    changed_ms: int | None,
    *,
    zone: ZoneInfo,
    now_ms: int,
) -> FrameClaim:
    """The claim with the best time there is: of the name, of EXIF, of the file; none is believed that cannot be."""
    parts = NAME.fullmatch(name)
    told = (
        (TimeSource.NAME, named_at_ms(parts) if parts else None),
        (TimeSource.EXIF, exif.taken_ms(body, zone) if info.media_type is MediaType.JPEG else None),
        (TimeSource.MTIME, changed_ms),
    )
    for source, taken_ms in told:
        if taken_ms is not None and is_plausible_of_file(taken_ms, now_ms):
            return msgspec.structs.replace(claim, taken_ms=taken_ms, source=source)
    return msgspec.structs.replace(claim, source=TimeSource.ARRIVAL)


# -- whose it is


def camera_of(file: File) -> str:
    """The camera that a file's folder names: the first one below the place given that is not a date or the like."""
    below = file.parts[file.place : -1]
    given = re.sub(r"(?i)\.zip$", "", file.parts[file.place - 1])
    return camera_id_of(next((name for name in below if not _NOBODYS.fullmatch(name)), given))


def camera_id_of(name: str) -> str:
    """A folder's name made a camera's id."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_-]+", "-", plain).lstrip("-_")[:32].rstrip("-") or UNNAMED


def _layout_camera(parts: tuple[str, ...]) -> str | None:
    """The camera of an original that lies where an archive keeps it."""
    if len(parts) < 6 or not NAME.fullmatch(parts[-1]) or not CAMERA_ID.fullmatch(parts[-5]):
        return None
    return parts[-5] if photo_key(parts[-5], parts[-1]) == "/".join(parts[-6:]) else None


# -- names


def is_picture_name(name: str) -> bool:
    """Whether a file of that name is looked at."""
    return os.path.splitext(name)[1].lower() in ENDINGS and not is_hidden(name)  # noqa: PTH122 - also of odd bytes


def is_hidden(name: str) -> bool:
    """What programs keep for themselves: `.Trash`, `._photo.jpg`, and our own store's beginnings."""
    return name.startswith((".", _BEGUN))


def _is_derived(parts: tuple[str, ...]) -> bool:
    """An archive's thumbnail: it bears the name of a frame that it is not."""
    return len(parts) >= 7 and parts[-7] == "thumbnails" and parts[-6].isdigit() and bool(NAME.fullmatch(parts[-1]))


def shown(path: PurePath) -> str:
    """A path on one line: what no terminal should get is escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        known = {errno.ENOENT: "it is gone", errno.EACCES: "it may not be read", errno.ELOOP: "it is a link"}
        return known.get(error.errno or 0) or f"it cannot be read: {error.strerror or error}"
    return f"it is no zip that can be read: {error}"
