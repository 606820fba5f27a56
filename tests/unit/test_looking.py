"""When a file in a watched folder is taken: whole and at rest, or at rest for long."""

from __future__ import annotations

import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.importing import Passed, Picture
from archive.watching.looking import (
    QUIET_S,
    UNFINISHED_S,
    Later,
    Looker,
    Nothing,
    Ready,
    Waiting,
    stamp_of,
)
from tests.pictures import gif, jpeg, png

SOON_S, LATE_S = QUIET_S + 0.01, UNFINISHED_S + 0.01


class Watched:
    """A file, looked at as time goes by."""

    def __init__(self, folder: Path, body: bytes = b"", name: str = "1.jpg") -> None:
        self.path = folder / name
        self.path.write_bytes(body)
        self.seen: set[int] = set()
        self.now_s = 100.0
        self.waiting = Waiting(due_s=self.now_s)
        self._looker = Looker(folder, seen=self.seen, zone=ZoneInfo("UTC"), most_bytes=10**6)

    def look(self, after_s: float = 0.0) -> Later | Ready | Nothing:
        """A look so much later, remembered as a folder remembers it."""
        self.now_s += after_s
        found = self._looker.look(self.path, self.waiting, self.now_s)
        if isinstance(found, Later):
            if found.stamp != self.waiting.stamp:
                self.waiting.stamp, self.waiting.since_s = found.stamp, self.now_s
            self.waiting.is_unfinished = found.is_unfinished
        return found

    def add(self, more: bytes) -> None:
        """What writes the file goes on."""
        with self.path.open("ab") as file:
            file.write(more)


def kept(found: Later | Ready | Nothing) -> bytes | None:
    """The bytes of a picture that is ready."""
    return found.one.body if isinstance(found, Ready) and isinstance(found.one, Picture) else None


@pytest.mark.parametrize("body", [jpeg(), png(), gif()], ids=["jpeg", "png", "gif"])
def test_a_whole_picture_is_taken_when_it_rests(tmp_path: Path, body: bytes) -> None:
    """Not at the first look, and not before it was the same for a moment."""
    file = Watched(tmp_path, body)

    assert isinstance(file.look(), Later)
    assert isinstance(file.look(QUIET_S / 2), Later)
    assert kept(file.look(QUIET_S / 2 + 0.01)) == body


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    """However slowly, as long as it grows; then it is taken whole."""
    whole = jpeg(300, 200)
    file = Watched(tmp_path, whole[:100])
    for start in range(100, len(whole), 700):
        assert isinstance(file.look(UNFINISHED_S - 0.1), Later)
        assert isinstance(file.look(0.05), Later)
        file.add(whole[start : start + 700])

    file.look()
    assert kept(file.look(SOON_S)) == whole


def test_a_picture_without_its_end_is_taken_after_some_seconds(tmp_path: Path) -> None:
    """It may be all there will ever be; then it is kept as it is."""
    file = Watched(tmp_path, jpeg()[:-200])
    file.look()

    assert isinstance(file.look(SOON_S), Later)
    assert isinstance(file.look(UNFINISHED_S - 2 * SOON_S), Later)
    assert kept(file.look(2 * SOON_S)) == jpeg()[:-200]


def test_what_is_no_picture_yet_may_become_one(tmp_path: Path) -> None:
    """An empty file is how many a picture begins; one that stays empty is refused."""
    file = Watched(tmp_path)
    other = Watched(tmp_path, name="2.jpg")
    for one in (file, other):
        one.look()
        assert isinstance(one.look(SOON_S), Later)

    file.add(jpeg())
    file.look()
    refused = other.look(LATE_S)

    assert kept(file.look(SOON_S)) == jpeg()
    assert isinstance(refused, Ready)
    assert isinstance(refused.one, Passed)


def test_bytes_after_the_end_are_waited_for(tmp_path: Path) -> None:
    """A camera's padding, or the rest of a file of two pictures."""
    file = Watched(tmp_path, jpeg())
    file.look()
    file.add(b"\0" * 16)

    assert isinstance(file.look(SOON_S), Later)
    assert kept(file.look(SOON_S)) == jpeg() + b"\0" * 16


def test_a_file_that_was_seen_is_nothing_until_it_changes(tmp_path: Path) -> None:
    """By its name, size and time of change."""
    file = Watched(tmp_path, jpeg())
    file.look()
    ready = file.look(SOON_S)
    assert isinstance(ready, Ready)
    file.seen.add(ready.seen)

    assert file.look(SOON_S) == Nothing()
    file.path.write_bytes(jpeg(seed=2))
    assert isinstance(file.look(), Later)


def test_what_is_none_of_ours_is_nothing(tmp_path: Path) -> None:
    """Another ending, a file that is gone, a name too long; a folder is to be walked through."""
    (tmp_path / "folder.jpg").mkdir()
    file = Watched(tmp_path, b"text", name="notes.txt")
    gone = Watched(tmp_path, name="2.jpg")
    gone.path.unlink()
    long = Watched(tmp_path, name="3.jpg")
    long.path = tmp_path / ("x" * 300 + ".jpg")
    folder = Watched(tmp_path, name="x.jpg")
    folder.path = tmp_path / "folder.jpg"

    assert [one.look() for one in (file, gone, long, folder)] == [
        Nothing(),
        Nothing(),
        Nothing(),
        Nothing(is_folder=True),
    ]


def test_a_file_behind_a_link_is_nothing(tmp_path: Path) -> None:
    """The system tells of changes there too."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched" / "link").symlink_to(tmp_path / "elsewhere")
    file = Watched(tmp_path / "elsewhere", jpeg())
    file.path = tmp_path / "watched" / "link" / "1.jpg"

    assert file.look() == Nothing()


def test_a_stamp_tells_a_file_from_another(tmp_path: Path) -> None:
    """Also where one of the same size and time takes its place."""
    first, second = Watched(tmp_path, jpeg()), Watched(tmp_path, jpeg(), name="2.jpg")
    for one in (first, second):
        os.utime(one.path, (time.time(),) * 2)

    assert stamp_of(first.path.stat()) != stamp_of(second.path.stat())
