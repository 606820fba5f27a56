"""A look at one path of a watched folder: whether there is a picture, and whether it is ready to be taken."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Container
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from archive.importing import File, Passed, Picture, file_at, is_picture_name, picture

QUIET_S = 0.25  # so long a file must have been the same; what writes a picture in pieces pauses for less
UNFINISHED_S = 5.0  # so long one without its end is waited for
OLD_S = 10.0  # a file that nobody changed for so long is not being written just now

Stamp = tuple[int, int, int]  # size, time of change and inode


class Waiting(msgspec.Struct):
    """A path to look at: when, and what the file was like at the last look."""

    due_s: float
    stamp: Stamp | None = None
    since_s: float = 0.0  # the stamp has been the same
    is_unfinished: bool = False


class Later(msgspec.Struct):
    """The file is not ready."""

    stamp: Stamp
    is_unfinished: bool


class Ready(msgspec.Struct):
    """The file as it shall be kept or refused, and by what it is known again."""

    seen: int
    one: Picture | Passed


class Nothing(msgspec.Struct):
    """No picture, or one that was looked at before; a folder is to be walked through."""

    is_folder: bool = False


class Looker:
    """Looks at files below *root*. Blocks: call it in a thread."""

    def __init__(self, root: Path, *, seen: Container[int], zone: ZoneInfo, most_bytes: int) -> None:
        self._root = root
        self._seen = seen
        self._zone = zone
        self._most_bytes = most_bytes

    def look(self, path: Path, waiting: Waiting, now_s: float) -> Later | Ready | Nothing:
        """What *path* is just now; *now_s* is by the clock of *waiting*."""
        try:
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                return Nothing(is_folder=True)
            if not is_picture_name(path.name) or os.path.realpath(path.parent) != str(path.parent):
                return Nothing()  # it is nothing for us, or reached through a link
            if known_by(path, found) in self._seen:
                return Nothing()
            return self._look(path, found, waiting, now_s)
        except (OSError, ValueError):  # it is gone
            return Nothing()

    def _look(self, path: Path, found: os.stat_result, waiting: Waiting, now_s: float) -> Later | Ready:
        stamp = stamp_of(found)
        is_same = waiting.stamp == stamp
        same_s = now_s - waiting.since_s if is_same else 0.0
        if time.time() - max(found.st_ctime, found.st_mtime) > OLD_S:
            same_s = OLD_S
        if same_s < (UNFINISHED_S if is_same and waiting.is_unfinished else QUIET_S):
            return Later(stamp=stamp, is_unfinished=is_same and waiting.is_unfinished)
        file = file_at(path, self._root)
        one: Picture | Passed = file if isinstance(file, Passed) else self._read(file)
        is_finished = isinstance(one, Picture) and one.info.is_whole
        if not is_finished and same_s < UNFINISHED_S:
            return Later(stamp=stamp, is_unfinished=True)
        if stamp_of(path.lstat()) != stamp:  # it changed while it was read
            return Later(stamp=stamp, is_unfinished=False)
        return Ready(seen=known_by(path, found), one=one)

    def _read(self, file: File) -> Picture | Passed:
        now_ms = time.time_ns() // 1_000_000
        return picture(file, most_bytes=self._most_bytes, zone=self._zone, now_ms=now_ms)


def known_by(path: Path, found: os.stat_result) -> int:
    """By what a file is known again: a few dozen bytes for each, however long its name."""
    return hash((str(path), stamp_of(found)))


def stamp_of(found: os.stat_result) -> Stamp:
    """What changes when a file does."""
    return found.st_size, found.st_mtime_ns, found.st_ino
