"""What hinders a start is told in a sentence with its cure; what only worries is no hindrance."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import ConfigError
from archive.starting import EARLIEST, cannot_write, has_wal_reset_bug, require_ours, require_right_clock, worries

NOBODY = 65_534
NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
NAMES = ("index.db", "index.db-wal")


@pytest.fixture(name="place")
def _place() -> Iterator[Path]:
    """A folder that everybody can reach, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="archive-starting-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """As another user, who may do only what all may."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can be another user")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_of_our_own_will_do(tmp_path: Path) -> None:
    """Also one that is not there yet; and nothing is left of the look at it."""
    require_ours(tmp_path, "index.db")
    require_ours(tmp_path / "new", "index.db")
    (tmp_path / "index.db").touch()
    require_ours(tmp_path, "index.db")

    assert [path.name for path in tmp_path.iterdir()] == ["index.db"]


def test_who_may_not_write_learns_whose_the_folder_is(place: Path) -> None:
    """And how to make it his, or to be its owner."""
    with nobody(), pytest.raises(ConfigError) as caught:
        require_ours(place, "index.db")

    assert f"{place} belongs to root and you are nobody" in str(caught.value)
    assert f"chown -R nobody {place}" in str(caught.value)


def test_a_folder_that_cannot_be_made_names_the_one_above(place: Path) -> None:
    """For there the rights are missing."""
    with nobody():
        said = cannot_write(place / "a" / "b", OSError(errno.EACCES, "Permission denied"))

    assert f"{place} belongs to root and you are nobody" in said


def test_another_users_archive_is_not_opened_even_by_who_could(tmp_path: Path) -> None:
    """Root would leave files in it that its owner cannot change."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can give a file away")
    index = tmp_path / "index.db"
    index.touch()
    os.chown(index, 12_345, -1)

    with pytest.raises(ConfigError) as caught:
        require_ours(tmp_path, "index.db")

    assert f"the archive in {tmp_path} belongs to user 12345 and you are root" in str(caught.value)
    assert f"chown -R root {tmp_path}" in str(caught.value)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """It is said so."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="is a file, not a folder; choose another"):
        require_ours(tmp_path / "file", "index.db")


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, tzinfo=UTC), EARLIEST - timedelta(seconds=1)])
def test_a_clock_from_before_this_program_is_wrong(tmp_path: Path, now: datetime) -> None:
    """As on a small computer that was without power and has no network yet."""
    with pytest.raises(ConfigError, match=r"clock says .* younger than that\. Set it \(`timedatectl set-ntp true`"):
        require_right_clock(tmp_path, NAMES, now=now)


@pytest.mark.parametrize("name", NAMES)
def test_a_clock_from_before_the_last_frame_is_wrong(tmp_path: Path, name: str) -> None:
    """The newer of the index's files says when the last was noted."""
    for every in NAMES:
        (tmp_path / every).touch()
        os.utime(tmp_path / every, (0, 0))
    later = NOW + timedelta(days=2)
    os.utime(tmp_path / name, (later.timestamp(),) * 2)

    with pytest.raises(ConfigError) as caught:
        require_right_clock(tmp_path, NAMES, now=NOW)

    assert "clock says 2027-01-01 12:00 UTC, but frames were noted" in str(caught.value)
    assert "at 2027-01-03 12:00 UTC" in str(caught.value)
    assert "ARCHIVE_CHECK_CLOCK=false" in str(caught.value)


def test_a_step_of_the_clock_is_not_wrong(tmp_path: Path) -> None:
    """The network's time corrects by seconds, and an old archive is no fault."""
    index = tmp_path / "index.db"
    index.touch()

    for written in (NOW + timedelta(minutes=5), NOW - timedelta(days=400)):
        os.utime(index, (written.timestamp(),) * 2)
        require_right_clock(tmp_path, NAMES, now=NOW)
    require_right_clock(tmp_path / "new", NAMES, now=NOW)


def test_a_disk_below_its_floor_is_a_worry(tmp_path: Path) -> None:
    """The archive runs, so that room can be made; also before its folder is there."""
    floor = shutil.disk_usage(tmp_path).free + 10**12

    [worry] = worries(tmp_path / "new" / "archive", disk_floor_bytes=floor, sqlite_version=(3, 53, 0))

    assert "nearly full" in worry
    assert "Make room, or lower disk_floor_bytes" in worry


def test_an_old_sqlite_is_a_worry(tmp_path: Path) -> None:
    """The one this runs on too, where it is one."""
    [worry] = worries(tmp_path, disk_floor_bytes=0, sqlite_version=(3, 40, 1))
    ours = list(worries(tmp_path, disk_floor_bytes=0))

    assert worry.startswith(f"open {tmp_path}/index.db with no other program")
    assert "SQLite 3.40.1 can damage" in worry
    assert bool(ours) == has_wal_reset_bug(sqlite3.sqlite_version_info)


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), True),
        ((3, 53, 0), False),
        ((3, 54, 1), False),
    ],
)
def test_which_sqlite_has_the_bug(version: tuple[int, ...], has_it: bool) -> None:
    """3.7.0 to 3.51.2 and 3.52, but for the versions into which the cure was carried back."""
    assert has_wal_reset_bug(version) is has_it
