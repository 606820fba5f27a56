"""A watched folder in a running archive: what appears there is a frame at once, once, and whole."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.errors import ConfigError
from archive.server import keys
from archive.watching import Watching
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, config_of, serving, until
from tests.server.streams import listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG_AGO_S = 1_790_000_000


def put(path: Path, body: bytes) -> Path:
    """A file with that body, written at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


@pytest.fixture(name="watched")
def _watched(tmp_path: Path) -> Path:
    """A folder to watch."""
    place = tmp_path / "incoming pictures"
    place.mkdir()
    return place


async def total(archive: Served, count: int) -> bool:
    """True once so many frames are kept."""
    await until(lambda: archive.index.total >= count)
    return archive.index.total == count


async def test_a_students_folder_dropped_in_is_all_there(make_archive: MakeArchive, watched: Path) -> None:
    """300 files before the start, 300 moved in with their folder, and a single one: each a frame of its camera."""
    for i in range(300):
        put(watched / f"photo_{i}.jpg", jpeg(16, 16, seed=i))
        put(watched.parent / "aside" / f"{i}.jpg", jpeg(16, 16, seed=1000 + i))
    archive = await make_archive(watch=(str(watched),))
    assert await total(archive, 300)

    (watched.parent / "aside").rename(watched / "barn")
    assert await total(archive, 600)
    put(watched / "one more.jpg", jpeg(16, 16, seed=5000))
    assert await total(archive, 601)

    counts = {camera["id"]: camera["frames"] for camera in (await archive.get("/api/cameras"))["cameras"]}
    assert counts == {"incoming-pictures": 301, "barn": 300}
    assert await archive.index.miscounts() == []
    assert (watched / "photo_7.jpg").read_bytes() == jpeg(16, 16, seed=7)


async def test_the_page_hears_of_a_file_as_of_any_frame(make_archive: MakeArchive, watched: Path) -> None:
    """An event goes out; the frame's time is the file's, and it is the camera's newest."""
    archive = await make_archive(watch=(str(watched),))
    async with listening(archive.session) as events:
        put(watched / "1.jpg", jpeg())
        frame = (await events.until("frame"))[-1].data

    assert frame["camera"] == "incoming-pictures"
    assert frame["taken_at_source"] == "mtime"
    [camera] = (await archive.get("/api/cameras"))["cameras"]
    assert camera["latest"]["id"] == frame["id"]


async def test_a_half_written_file_is_not_taken(make_archive: MakeArchive, watched: Path) -> None:
    """While others come and go it waits for its end; then it is one whole frame."""
    archive = await make_archive(watch=(str(watched),))
    body = jpeg(400, 300)
    half = put(watched / "half.jpg", body[: len(body) // 2])
    put(watched / "other.jpg", jpeg(seed=1))
    assert await total(archive, 1)

    with half.open("ab") as file:
        file.write(body[len(body) // 2 :])

    assert await total(archive, 2)
    newest = max(await archive.frames("incoming-pictures"), key=lambda frame: int(frame["id"]))
    assert (newest["verdict"], newest["size_bytes"]) == ("whole", len(body))


async def test_a_file_without_its_end_is_kept_as_truncated(make_archive: MakeArchive, watched: Path) -> None:
    """After some seconds nobody will write the rest."""
    archive = await make_archive(watch=(str(watched),))
    put(watched / "1.jpg", jpeg()[:-200])

    assert await total(archive, 1)
    [frame] = await archive.frames("incoming-pictures")
    assert frame["verdict"] == "truncated"


async def test_a_restart_doubles_nothing(tmp_path: Path, watched: Path) -> None:
    """What came before, and while nobody watched, is there once."""
    config = config_of(tmp_path / "archive", watch=(str(watched),))
    for i in range(20):
        put(watched / f"{i}.jpg", jpeg(16, 16, seed=i // 2))
    async with serving(config) as archive:
        assert await total(archive, 10)
    put(watched / "new.jpg", jpeg(16, 16, seed=100))

    async with serving(config) as archive:
        assert await total(archive, 11)
        put(watched / "newer.jpg", jpeg(16, 16, seed=101))
        assert await total(archive, 12)
        numbers = {frame["number"] for frame in await archive.frames("incoming-pictures")}
    assert numbers <= set(range(10))


async def test_a_file_that_is_written_over_is_another_frame(make_archive: MakeArchive, watched: Path) -> None:
    """As of a camera that calls every picture `latest.jpg`."""
    archive = await make_archive(watch=(str(watched),))
    for i in range(3):
        put(watched / "latest.jpg", jpeg(seed=i))
        assert await total(archive, i + 1)


async def test_what_is_no_picture_is_told_and_the_others_go_on(
    make_archive: MakeArchive, watched: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, with its name; other files are passed over in silence."""
    old = put(watched / "a.jpg", b"no picture")
    os.utime(old, (LONG_AGO_S, LONG_AGO_S))
    put(watched / "notes.txt", b"hello")
    archive = await make_archive(watch=(str(watched),))
    put(watched / "b.jpg", jpeg())

    assert await total(archive, 1)
    await until(lambda: "a.jpg is not taken" in caplog.text)
    assert caplog.text.count("is not taken") == 1
    assert "notes.txt" not in caplog.text


async def test_a_folder_that_goes_and_comes_is_taken_up_again(
    make_archive: MakeArchive, watched: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Unplugged and plugged in: said both times, and what is new on it is taken."""
    caplog.set_level(logging.INFO, "archive.watching")
    archive = await make_archive(watch=(str(watched),))
    put(watched / "1.jpg", jpeg())
    assert await total(archive, 1)

    away = watched.with_name("away")
    await asyncio.to_thread(watched.rename, away)
    await until(lambda: "is gone" in caplog.text)
    put(away / "2.jpg", jpeg(seed=2))
    await asyncio.to_thread(away.rename, watched)

    assert await total(archive, 2)
    assert len(re.findall(r"watching /", caplog.text)) == 2


async def test_a_folder_that_is_not_there_yet_is_waited_for(
    make_archive: MakeArchive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The archive serves meanwhile."""
    archive = await make_archive(watch=(str(tmp_path / "card"),))
    await until(lambda: "is not there" in caplog.text)

    put(tmp_path / "card" / "1.jpg", jpeg())

    assert await total(archive, 1)


@pytest.mark.parametrize("place", [".", "photos", "..", "inside/deep"])
async def test_the_archives_own_folder_cannot_be_watched(tmp_path: Path, place: str) -> None:
    """Nor what holds it, nor what lies in it: it would take its own originals."""
    folder = tmp_path / "home" / "archive"

    with pytest.raises(ConfigError, match="cannot be watched"):
        async with serving(config_of(folder, watch=(str(folder / place),))):
            pass


async def test_a_file_cannot_be_watched(tmp_path: Path) -> None:
    """Told at the start: nobody would ever see why nothing comes."""
    put(tmp_path / "photo.jpg", jpeg())

    with pytest.raises(ConfigError, match="it is no folder"):
        async with serving(config_of(tmp_path / "archive", watch=(str(tmp_path / "photo.jpg"),))):
            pass


async def test_without_events_the_folder_is_walked(
    make_archive: MakeArchive, watched: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system watches no more folders the log says the cure, and files come a little later."""

    def deaf(root: Path, stop: threading.Event) -> Iterator[set[str]]:
        del root, stop
        raise OSError("OS file watch limit reached")

    archive = await make_archive()
    watching = Watching(
        [watched],
        index=archive.index,
        intake=archive.app[keys.INTAKE],
        leisure=archive.app[keys.THUMBS].leisure,
        zone=ZoneInfo("UTC"),
        most_bytes=10**6,
        listen=deaf,
    )
    running = asyncio.create_task(watching.run())
    try:
        await until(lambda: "fs.inotify.max_user_watches" in caplog.text)
        put(watched / "deep" / "1.jpg", jpeg())

        assert await total(archive, 1)
    finally:
        running.cancel()
        await asyncio.wait([running])
