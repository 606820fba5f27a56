"""`archive import` into a real archive: each picture once, whoever brought it before, and every refusal told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from archive.frame import MediaType, frame_name, photo_key
from tests.conftest import ArchiveServer
from tests.pictures import jpeg, png
from tests.server.conftest import MakeArchive
from tests.server.serving import Ran, Served, command, config_of, new_boot, serving, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAKEN_MS = 1_790_000_000_000


async def imported(archive: Served | Path, *words: str | Path) -> Ran:
    """`archive import …` as its owner runs it."""
    folder = archive if isinstance(archive, Path) else archive.folder
    return await asyncio.to_thread(command, "import", *words, "--folder", folder)


def put(path: Path, body: bytes, *, changed_ms: int = TAKEN_MS) -> Path:
    """A file with that body, last changed then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, ns=(changed_ms * 10**6,) * 2)
    return path


async def test_a_folder_becomes_frames(make_archive: MakeArchive, tmp_path: Path) -> None:
    """Each of the camera its folder names, dated and untouched; again nothing is new, and nothing is doubled."""
    archive = await make_archive()
    for i in range(40):
        put(tmp_path / ("barn" if i % 2 else "yard") / f"{i}.jpg", jpeg(seed=i), changed_ms=TAKEN_MS + i)
    put(tmp_path / "barn" / "copy.jpg", jpeg(seed=1))
    put(tmp_path / "yard" / "also in the barn.jpg", jpeg(seed=1))

    first = await imported(archive, tmp_path)
    again = await imported(archive, tmp_path)

    assert first.stdout.splitlines() == ["barn: 20 new", "yard: 21 new", "41 new, 1 known, 0 refused"]
    assert again.stdout.splitlines() == ["0 new, 42 known, 0 refused"]
    assert (first.status, again.status) == (0, 0)
    yard = await archive.frames("yard")
    assert {frame["taken_at_source"] for frame in yard} == {"mtime"}
    moments = {round(datetime.fromisoformat(frame["taken_at"]).timestamp() * 1000) - TAKEN_MS for frame in yard}
    assert moments == {0, *range(2, 40, 2)}
    assert await archive.original(yard[0]) in {jpeg(seed=i) for i in range(40)}
    assert await archive.index.miscounts() == []
    assert (tmp_path / "barn" / "copy.jpg").read_bytes() == jpeg(seed=1)


async def test_a_card_closes_the_gaps_of_its_camera(archive: Served, camera: str, tmp_path: Path) -> None:
    """S10: what came live is known, what is missing is taken, and the boot says whose card it is."""
    boot = new_boot()
    for number in (0, 1, 4):
        await archive.send(jpeg(seed=number), camera=camera, boot=boot, number=number, taken_ms=TAKEN_MS + number)
    assert (await archive.get(f"/api/cameras/{camera}/gaps"))["missing"] == 2
    for number in range(5):
        put(tmp_path / "00000007" / f"{boot}-{number}-{number * 1000}-{TAKEN_MS + number}.jpg", jpeg(seed=number))

    ran = await imported(archive, tmp_path)

    assert ran.stdout.splitlines() == [f"{camera}: 2 new", "2 new, 3 known, 0 refused"]
    assert (await archive.get(f"/api/cameras/{camera}/gaps"))["missing"] == 0
    assert [frame["number"] for frame in await archive.frames(camera)] == [4, 3, 2, 1, 0]
    assert {frame["taken_at_source"] for frame in await archive.frames(camera)} == {"camera-clock"}


async def test_an_old_archives_folder_is_taken_over(make_archive: MakeArchive, tmp_path: Path) -> None:
    """Cameras, boots, numbers and times come out of its layout; its thumbnails stay behind."""
    archive, boot = await make_archive(), new_boot()
    for number in range(3):
        name = frame_name(TAKEN_MS + number, boot, number, MediaType.JPEG)
        put(tmp_path / "old" / photo_key("garden", name), jpeg(seed=number))
        put(tmp_path / "old" / "thumbnails" / "320" / "garden" / "2026" / "09" / "21" / name, jpeg(16, 16))

    ran = await imported(archive, tmp_path / "old")

    assert ran.stdout.splitlines()[-1] == "3 new, 0 known, 0 refused"
    frames = await archive.frames("garden")
    assert [(frame["boot"], frame["number"], frame["taken_at_source"]) for frame in frames] == [
        (boot, number, "name") for number in (2, 1, 0)
    ]
    assert [frame["name"] for frame in frames] == [
        frame_name(TAKEN_MS + number, boot, number, MediaType.JPEG) for number in (2, 1, 0)
    ]


async def test_what_is_refused_is_told(make_archive: MakeArchive, tmp_path: Path) -> None:
    """A line with its name and why for each, and exit status 1; the others are kept, also out of a zip."""
    archive = await make_archive(max_frame_bytes=50_000)
    put(tmp_path / "album" / "new\nline.jpg", b"no picture")
    put(tmp_path / "album" / "large.jpg", jpeg() + bytes(60_000))
    put(tmp_path / "album" / "good.jpg", jpeg(seed=1))
    with zipfile.ZipFile(tmp_path / "album" / "more.zip", "w") as made:
        made.writestr("1.png", png())

    ran = await imported(archive, tmp_path / "album")

    assert ran.status == 1
    refused = {line.split(": ")[0].rpartition("/")[2] for line in ran.stdout.splitlines()[:2]}
    assert refused == {"large.jpg", r"new\nline.jpg"}
    assert ran.stdout.splitlines()[2:] == ["album: 1 new", "more: 1 new", "2 new, 0 known, 2 refused"]


async def test_a_dry_run_keeps_nothing(archive: Served, camera: str, tmp_path: Path) -> None:
    """And says what would have been."""
    for i in range(3):
        put(tmp_path / camera / f"{i}.jpg", jpeg(seed=i % 2))
    total = archive.index.total

    ran = await imported(archive, tmp_path, "--dry-run")

    assert ran.stdout.splitlines() == [f"{camera}: 2 would be new", "2 would be new, 1 known, 0 refused"]
    assert archive.index.total == total


async def test_the_camera_can_be_said(archive: Served, camera: str, tmp_path: Path) -> None:
    """For all files; what cannot be an id is told before anything is read."""
    put(tmp_path / "somewhere" / "1.jpg", jpeg())

    refused = await imported(archive, tmp_path, "--camera", "No Id")
    ran = await imported(archive, tmp_path, "--camera", camera)

    assert (refused.status, "cannot be a camera's id" in refused.stderr) == (1, True)
    assert ran.status == 0
    assert len(await archive.frames(camera)) == 1


async def test_a_path_that_is_not_there_is_an_error(archive: Served, tmp_path: Path) -> None:
    """A slip on the command line, told at once."""
    ran = await imported(archive, tmp_path / "nowhere")

    assert (ran.status, ran.stderr) == (1, f"error: {tmp_path / 'nowhere'} does not exist")


async def test_it_works_without_a_server(tmp_path: Path) -> None:
    """Then the command opens the archive's folder itself."""
    folder = tmp_path / "archive"
    folder.mkdir()
    put(tmp_path / "garden" / "1.jpg", jpeg())

    ran = await imported(folder, tmp_path / "garden")

    assert ran.stdout.splitlines()[-1] == "1 new, 0 known, 0 refused"
    async with serving(config_of(folder)) as archive:
        assert len(await archive.frames("garden")) == 1


async def test_a_numbers_hole_is_not_left_by_what_was_known(make_archive: MakeArchive, tmp_path: Path) -> None:
    """Frames without a name get the server's own numbers, one after the other: no index made anew sees a gap."""
    archive = await make_archive()
    for i in range(20):
        put(tmp_path / "barn" / f"{i:02}.jpg", jpeg(seed=i // 2))

    await imported(archive, tmp_path)
    put(tmp_path / "barn" / "one more.jpg", jpeg(seed=99))
    await imported(archive, tmp_path)

    assert sorted(frame["number"] for frame in await archive.frames("barn")) == list(range(11))


@pytest.mark.parametrize("asked", ["[]", '{"pictures": [{}]}', '{"pictures": [{"sha256": "xyz"}]}', "no json"])
async def test_a_malformed_question_is_told(archive: Served, asked: str) -> None:
    """With how it is put."""
    async with archive.owner() as session, session.post("/api/known", data=asked) as reply:
        said = await reply.json(content_type=None)

    assert reply.status == 400
    assert "sha256" in said["detail"]


async def test_ctrl_c_loses_nothing(archive_servers: Callable[..., ArchiveServer], tmp_path: Path) -> None:
    """It says how far it came, and importing again brings the rest."""
    server = await asyncio.to_thread(archive_servers)
    for i in range(400):
        put(tmp_path / "barn" / f"{i}.jpg", jpeg(seed=i))
    words = ["-m", "archive", "import", str(tmp_path / "barn"), "--folder", str(server.folder)]
    running = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    await until(lambda: any((server.folder / "photos").rglob("*.jpg")))
    running.send_signal(signal.SIGINT)
    said, _ = await running.communicate()

    again = await imported(server.folder, tmp_path / "barn")

    assert running.returncode == 130
    assert said.splitlines()[-1].startswith(b"Interrupted.")
    counted = Counter(dict(zip(("new", "known"), map(int, again.stdout.splitlines()[-1].split()[::2]), strict=False)))
    assert counted.total() == 400
    assert counted["known"] > 0
    assert again.status == 0
