"""What must be so before an archive is opened, and the sentence for each way in which it is not."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.errors import ConfigError

EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)  # this program is younger, so a clock before it is wrong
MAY_BE_BEHIND = timedelta(hours=1)  # a step of the network's time is seconds; a zone taken for another is an hour
_FULL = {errno.ENOSPC, errno.EDQUOT}


def require_ours(folder: Path, index_name: str) -> None:
    """Raises ConfigError where this user may not write in *folder*, or the archive in it is another user's.

    A full disk passes: the page can be read from one, and room made.
    """
    if not os.path.lexists(folder):  # of what may not be looked at too
        return  # whoever makes it says what hinders
    if not folder.is_dir():
        raise ConfigError(f"{folder} is a file, not a folder; choose another")
    try:
        with tempfile.TemporaryFile(dir=folder) as ours:  # has no name, so nothing can be left of it
            owner = os.fstat(ours.fileno()).st_uid  # of all files, on disks that know no users
    except OSError as error:
        if error.errno in _FULL:
            return
        raise ConfigError(f"{cannot_write(folder, error)}, or choose another folder") from error
    with suppress(FileNotFoundError):
        found = (folder / index_name).stat().st_uid
        if found != owner:
            raise ConfigError(
                f"the archive in {folder} belongs to {_user(found)} and you are {_user(owner)}: what you add to it "
                f"{_user(found)} could not change. Start it as {_user(found)}, or make it yours first: "
                f"chown -R {_user(owner)} {folder}"
            )


def cannot_write(folder: Path, error: OSError) -> str:
    """Why nothing can be written in *folder*, and what to do about it."""
    if error.errno == errno.EROFS:
        return (
            f"{folder} is on a disk that is mounted read-only. A disk with errors is mounted so: `dmesg` says why. "
            "Mount it for writing"
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        place = _nearest(folder)
        owner, us = _user(place.stat().st_uid), _user(os.geteuid())
        return (
            f"{place} belongs to {owner} and you are {us}, who may not write there. "
            f"Start the archive as {owner}, make the folder yours (chown -R {us} {place})"
        )
    return f"nothing can be written in {folder}: {error.strerror or error}. Mend that"


def require_right_clock(folder: Path, index_names: Sequence[str], *, now: datetime) -> None:
    """Raises ConfigError when this machine's clock is plainly wrong: frames would be dated by it for good."""
    cure = "Set it (`timedatectl set-ntp true`, or `date -s`) and start again"
    if now < EARLIEST:
        raise ConfigError(f"this machine's clock says {_at(now)}, and this program is younger than that. {cure}")
    written = _last_written(folder, index_names)
    if written is not None and written - now > MAY_BE_BEHIND:
        raise ConfigError(
            f"this machine's clock says {_at(now)}, but frames were noted in {folder} at {_at(written)}. {cure}. "
            "Where it was wrong then and is right now, start once with ARCHIVE_CHECK_CLOCK=false"
        )


def worries(folder: Path, *, disk_floor_bytes: int, sqlite_version: tuple[int, ...] | None = None) -> Iterator[str]:
    """What the owner should know and mend, although the archive can run: a sentence each."""
    free_bytes = shutil.disk_usage(_nearest(folder)).free
    if free_bytes < disk_floor_bytes:
        yield (
            f"the disk of {folder} is nearly full: {free_bytes / 1e6:.0f} MB are free and {disk_floor_bytes / 1e6:.0f} "
            "MB must stay so, so cameras are told to keep their frames (507). Make room, or lower disk_floor_bytes"
        )
    version = sqlite_version or sqlite3.sqlite_version_info
    if has_wal_reset_bug(version):
        yield (
            f"open {folder}/index.db with no other program while the archive runs: SQLite "
            f"{'.'.join(map(str, version))} can damage a file that two write (its WAL-reset bug, mended in 3.51.3)"
        )


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether that SQLite can corrupt a file which two connections write or checkpoint (3.7.0 to 3.51.2, and 3.52)."""
    if not (3, 7, 0) <= version < (3, 53, 0):
        return False
    return not any(mended <= version < before for mended, before in _MENDED)


# The mended version of each line of versions, and where the next line begins.
_MENDED = (((3, 44, 6), (3, 45, 0)), ((3, 50, 7), (3, 51, 0)), ((3, 51, 3), (3, 52, 0)))


def _last_written(folder: Path, names: Sequence[str]) -> datetime | None:
    times = []
    for name in names:
        with suppress(OSError):  # whatever hinders it is told of when the folder is opened
            times.append((folder / name).stat().st_mtime)
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _nearest(folder: Path) -> Path:
    """*folder*, or the first of its parents that there is."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
