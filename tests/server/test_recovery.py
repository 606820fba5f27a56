"""What a start puts right, what a second server is told, and what `archive check` finds and mends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import operator
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from archive.app import INDEX_NAME, opened
from archive.errors import Corrupt, Locked
from archive.frame import MediaType, frame_name, photo_key
from archive.recovery import FILLING_NAME
from archive.store.local import LocalStore
from tests.conftest import READY_S, ArchiveServer, free_port
from tests.pictures import bmp, gif, jpeg, png
from tests.server.conftest import MakeArchive
from tests.server.serving import Ran, Served, command, config_of, new_boot, serving, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
NOON_MS = 1_763_812_800_000  # 2025-11-22T12:00:00Z


def key_of(number: int, *, boot: str = "0123456789abcdef", camera: str = "garden", at_ms: int = NOON_MS) -> str:
    """The store's key of a frame."""
    return photo_key(camera, frame_name(at_ms, boot, number, MediaType.JPEG))


async def put(folder: Path, *items: tuple[str, bytes], settle: bool = False) -> None:
    """Originals on the shelf and nothing more, as a process leaves them that dies before their rows."""

    def work() -> None:
        store = LocalStore(folder)
        for start in range(0, len(items), 64):
            assert {*store.put(items[start : start + 64])} == {None}
        if settle:
            store.settle([key for key, _ in items])
        store.close()

    await asyncio.to_thread(work)


def lose(folder: Path) -> None:
    """Delete the index, as an owner may."""
    for path in folder.glob(f"{INDEX_NAME}*"):
        path.unlink()


# -- what a dead process left


async def test_a_file_without_a_row_is_adopted(tmp_path: Path) -> None:
    """Power failed between the bytes and the row: the next start gives the frame its row, and a resend is `kept`."""
    await put(tmp_path, (key_of(7), SMALL))

    async with serving(config_of(tmp_path)) as archive:
        [frame] = await archive.frames("garden")
        again = await archive.send(SMALL, camera="garden", boot="0123456789abcdef", number=7)

        assert frame["url"] == "/" + key_of(7)
        assert (frame["boot"], frame["number"]) == ("0123456789abcdef", 7)
        assert frame["taken_at"] == frame["received_at"] == "2025-11-22T12:00:00Z"
        assert (frame["taken_at_source"], frame["taken_at_uncertainty_ms"]) == ("arrival", None)
        assert await archive.original(frame) == SMALL
        assert again.status == 200
        assert await archive.files() == [key_of(7)]


async def test_what_was_only_begun_is_swept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Power failed in the midst of the bytes: nothing is left of them, and the log says how many there were."""
    caplog.set_level("INFO", "archive")
    (tmp_path / "incoming").mkdir(parents=True)
    (tmp_path / "incoming" / key_of(7).replace("/", "%2F")).write_bytes(SMALL[:100])

    async with serving(config_of(tmp_path)) as archive:
        assert await archive.frames("garden") == []
        assert await archive.files() == []
        assert (await archive.send(SMALL, camera="garden", boot="0123456789abcdef", number=7)).status == 201
    assert "1 beginnings swept" in caplog.text


async def test_one_copy_of_a_frame_is_enough(tmp_path: Path) -> None:
    """The same frame on the shelf under two names, as a resend after a crash leaves it: one row, one file."""
    await put(tmp_path, (key_of(7), SMALL))
    async with serving(config_of(tmp_path)):
        pass
    await put(tmp_path, (key_of(7, at_ms=NOON_MS + 5000), SMALL))

    async with serving(config_of(tmp_path)) as archive:
        assert len(await archive.frames("garden")) == 1
        assert await archive.files() == [key_of(7)]


async def test_a_second_copy_replaces_one_that_is_gone(tmp_path: Path) -> None:
    """Of a frame whose file was lost the copy is never thrown away: it takes the lost one's place."""
    await put(tmp_path, (key_of(7), SMALL))
    async with serving(config_of(tmp_path)):
        pass
    (tmp_path / key_of(7)).unlink()
    await put(tmp_path, (key_of(7, at_ms=NOON_MS + 5000), SMALL))

    async with serving(config_of(tmp_path)) as archive:
        [frame] = await archive.frames("garden")
        assert await archive.original(frame) == SMALL
        assert await archive.files() == [key_of(7)]


async def test_a_second_copy_of_a_damaged_frame_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the frame's own file holds other bytes now, the whole copy is left where it is, and told of."""
    await put(tmp_path, (key_of(7), SMALL))
    async with serving(config_of(tmp_path)):
        pass
    (tmp_path / key_of(7)).write_bytes(b"\xff\xd8 damaged")
    other = key_of(7, at_ms=NOON_MS + 5000)
    await put(tmp_path, (other, SMALL))

    async with serving(config_of(tmp_path)):
        assert (tmp_path / other).read_bytes() == SMALL
    assert f"{other} was left alone" in caplog.text


# -- a new index beside old originals


async def test_a_deleted_index_is_filled_from_the_originals(tmp_path: Path) -> None:
    """Delete the index, start: the same names, bytes and times, whatever was kept; its counts are right."""
    boot, taken_ms = new_boot(), NOON_MS
    async with serving(config_of(tmp_path)) as archive:
        # Each unlike the one before: the same again would be called frozen, in one archive sooner than in the other.
        others = [png(20, 10, seed=1), gif(20, 10, seed=2), bmp(20, 10, seed=3), jpeg(30, 20, seed=4)[:-100]]
        for number, picture in enumerate([SMALL, *others]):
            await archive.send(picture, camera="garden", boot=boot, number=number, taken_ms=taken_ms + number)
        for seed in (2, 1, 3):  # three frames that bear one name
            await archive.send(jpeg(16, 16, seed=seed), camera="shed", boot=boot, number=1, taken_ms=taken_ms)
        await archive.send(SMALL, camera="shed", boot=boot, number=2)
        before, days = await archive.get("/api/frames"), await archive.get("/api/days")
        files = await archive.files()
    lose(tmp_path)

    async with serving(config_of(tmp_path)) as archive:
        after = await archive.get("/api/frames")
        assert (await archive.get("/api/days"))["days"] == days["days"]
        assert await archive.files() == files
        for camera in ("garden", "shed"):
            for frame in await archive.frames(camera):
                assert len(await archive.original(frame)) == frame["size_bytes"]
        assert await found_by_check(archive) == []

    assert after["total"] == before["total"] == 9
    facts = (
        "camera",
        "name",
        "boot",
        "number",
        "url",
        "taken_at",
        "sha256",
        "size_bytes",
        "width",
        "height",
        "verdict",
    )
    told = [{name: frame[name] for name in (*facts, "media_type", "thumbnail_url")} for frame in after["frames"]]
    was = [{name: frame[name] for name in (*facts, "media_type", "thumbnail_url")} for frame in before["frames"]]
    by_name = operator.itemgetter("name")
    assert sorted(told, key=by_name) == sorted(was, key=by_name)
    ids = [frame["id"] for frame in sorted(after["frames"], key=by_name)]
    assert ids == sorted(ids)
    assert not (tmp_path / FILLING_NAME).exists()


STRANGE = [
    "garden/2025/11/22/notes.jpg",
    "garden/2025/11/23/20251122T120000.000Z-0123456789abcdef-1.jpg",
    "garden/2025/13/22/20251322T120000.000Z-0123456789abcdef-1.jpg",
    "garden/9999/12/31/99991231T235959.999Z-0123456789abcdef-1.jpg",
    "garden/0001/01/01/00010101T000000.000Z-0123456789abcdef-1.jpg",
    "garden/0000/00/00/00000000T000000.000Z-0123456789abcdef-1.jpg",
    "GARDEN/2025/11/22/20251122T120000.000Z-0123456789abcdef-1.jpg",
    "-x/2025/11/22/20251122T120000.000Z-0123456789abcdef-1.jpg",
    "x.jpg",
]


async def test_strange_files_are_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is named like no frame, or is no picture, neither stops the start nor is it touched; check tells."""
    strange = {f"photos/{name}": SMALL for name in STRANGE} | {key_of(2): b"no picture"}
    await put(tmp_path, (key_of(1), SMALL), *strange.items(), settle=True)

    async with serving(config_of(tmp_path)) as archive:
        assert [frame["number"] for frame in await archive.frames("garden")] == [1]
        found = await found_by_check(archive, repair=1)

    assert {name: (tmp_path / name).read_bytes() for name in strange} == strange
    for name in strange:
        assert f"{name} was left alone" in caplog.text
        [finding] = [finding for finding in found if f"{name} " in finding["what"]]
        assert (finding["kind"], finding["is_mended"]) == ("stranger", False)
    assert len(found) == len(strange)


async def test_filling_an_index_can_be_cut_short(tmp_path: Path) -> None:
    """SIGTERM while a thousand originals get their rows: the server ends at once, and the next start goes on."""
    folder = tmp_path / "archive"
    await put(folder, *((key_of(number, at_ms=NOON_MS + number), SMALL) for number in range(1000)), settle=True)
    port = free_port()

    def rows() -> int:
        with contextlib.closing(sqlite3.connect(folder / INDEX_NAME)) as index:
            return int(index.execute("SELECT count(*) FROM frames").fetchone()[0])

    def start_and_stop() -> int:
        with (tmp_path / "serve.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "archive", "serve", folder, "--port", str(port)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_S
        while not (folder / FILLING_NAME).exists() and time.monotonic() < deadline and server.poll() is None:
            time.sleep(0.001)
        while not rows() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        server.send_signal(signal.SIGTERM)
        return server.wait(READY_S)

    status = await asyncio.to_thread(start_and_stop)
    was_cut_short = (folder / FILLING_NAME).exists()
    adopted = rows()

    async with serving(config_of(folder)) as archive:
        assert archive.index.total == 1000
        assert await found_by_check(archive) == []
    assert (status, was_cut_short) == (0, True), (tmp_path / "serve.log").read_text()
    assert 0 < adopted < 1000
    assert not (folder / FILLING_NAME).exists()


async def test_a_pending_frame_does_not_hide_the_others(tmp_path: Path) -> None:
    """A deleted index and a frame without a row at the same time: all originals get their rows."""
    await put(tmp_path, *((key_of(number), SMALL) for number in range(5)), settle=True)
    await put(tmp_path, (key_of(9), SMALL))

    async with serving(config_of(tmp_path)) as archive:
        assert sorted(frame["number"] for frame in await archive.frames("garden")) == [0, 1, 2, 3, 4, 9]


# -- who cannot start


async def test_a_second_archive_is_told_who_has_the_folder(make_archive: MakeArchive) -> None:
    """Locked, with the process that holds it; the first is not disturbed."""
    archive = await make_archive()

    with pytest.raises(Locked, match=f"process {os.getpid()}"):
        async with opened(archive.config):
            pass

    assert (await archive.send(SMALL)).status == 201
    assert (archive.folder / "archive.sock").exists()


async def test_the_commands_error_names_process_and_port(
    archive_servers: Callable[..., ArchiveServer], tmp_path: Path
) -> None:
    """A folder in use and a port that is taken: exit status 1 and a sentence with the process; a port that is free."""
    server = await asyncio.to_thread(archive_servers)

    def serve(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
        words = ["serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
        return subprocess.run(
            [sys.executable, "-m", "archive", *words], capture_output=True, check=False, text=True, timeout=READY_S
        )

    same_folder, same_port = await asyncio.gather(
        asyncio.to_thread(serve, server.folder, free_port()), asyncio.to_thread(serve, tmp_path / "other", server.port)
    )

    assert (same_folder.returncode, same_port.returncode) == (1, 1)
    assert f"process {server.pid} " in same_folder.stderr
    assert f"port {server.port} is taken by process {server.pid} " in same_port.stderr
    offered = re.search(r"--port (\d+)\s*$", same_port.stderr)
    assert offered
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", int(offered[1])))
    assert "Traceback" not in same_folder.stderr + same_port.stderr
    assert not (tmp_path / "other").exists()


async def test_an_index_that_is_none_is_not_replaced(tmp_path: Path) -> None:
    """A file that is no index: Corrupt, and it stays as it is; nothing of the archive is left running or locked."""
    config = config_of(tmp_path)
    (tmp_path / INDEX_NAME).write_bytes(b"this is no database " * 100)

    for _ in range(2):  # a lock left behind would be another error the second time
        with pytest.raises(Corrupt):
            async with opened(config):
                pass

    assert (tmp_path / INDEX_NAME).read_bytes() == b"this is no database " * 100
    assert not (tmp_path / "archive.sock").exists()


# -- check


HELD = 10


@pytest_asyncio.fixture(name="filled", scope="module", loop_scope="module")
async def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that an archive has filled and left."""
    folder = tmp_path_factory.mktemp("filled") / "archive"
    async with serving(config_of(folder)) as archive:
        for number in range(HELD):
            name: dict[str, Any] = {"camera": "garden", "boot": "0123456789abcdef", "number": number}
            await archive.send(jpeg(16, 16, seed=number), taken_ms=NOON_MS, **name)
    (folder / "archive.toml").write_text('timezone = "Europe/Berlin"\n')  # for the commands
    return folder


@pytest.fixture(name="stock")
def _stock(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(filled, tmp_path / "stock")


async def check(folder: Path, *options: str) -> Ran:
    """`archive check`."""
    return await asyncio.to_thread(command, "check", folder, *options)


async def found_by_check(archive: Served, **options: int) -> list[dict[str, Any]]:
    """What a check of the running archive finds."""
    async with archive.owner() as owner, owner.post("/api/check", params=options) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) async for line in answer.content]
    assert lines[-1] == {"done": True}
    return [line["finding"] for line in lines if "finding" in line]


def originals(folder: Path) -> dict[str, bytes]:
    """Every original by its name."""
    return {path.name: path.read_bytes() for path in (folder / "photos").rglob("*.jpg")}


async def test_an_archive_in_order_is_said_to_be(stock: Path) -> None:
    """Nothing found, exit status 0, however deep; nothing is changed."""
    before = originals(stock)

    for options in ([], ["--deep", "--repair"]):
        ran = await check(stock, *options)
        assert (ran.status, "Everything is as promised" in ran.stdout) == (0, True), ran

    assert originals(stock) == before


Harm = Callable[[Path], Awaitable[str]]


async def orphan(stock: Path) -> str:
    await put(stock, (key_of(77), SMALL), settle=True)
    return key_of(77)


async def missing(stock: Path) -> str:
    (stock / key_of(3)).unlink()
    return key_of(3)


async def shortened(stock: Path) -> str:
    os.truncate(stock / key_of(4), 100)
    return key_of(4)


async def flipped(stock: Path) -> str:
    path = stock / key_of(5)
    body = bytearray(path.read_bytes())
    body[200] ^= 1
    path.write_bytes(body)
    return key_of(5)


def miscounted(table: str) -> Harm:
    async def miscount(stock: Path) -> str:
        index = sqlite3.connect(stock / INDEX_NAME)
        with index:
            index.execute(f"UPDATE {table} SET frames = frames + 1")
        index.close()
        return f"the counts of {table}"

    return miscount


async def dangling(stock: Path) -> str:
    index = sqlite3.connect(stock / INDEX_NAME)
    with index:
        index.execute("UPDATE frames SET boot_no = 99 WHERE number = 6")
    index.close()
    return "a row of frames points at a row of boots"


@pytest.mark.parametrize(
    ("harm", "kind", "needs_deep", "can_be_mended"),
    [
        (orphan, "orphan", False, True),
        (missing, "missing", False, False),
        (shortened, "damaged", False, False),
        (flipped, "damaged", True, False),
        (miscounted("days"), "counts", False, True),
        (miscounted("cameras"), "counts", False, True),
        (miscounted("boots"), "counts", False, True),
        (dangling, "index", False, False),
    ],
    ids=["orphan", "missing", "shortened", "flipped", "days", "cameras", "boots", "dangling"],
)
async def test_what_is_not_as_promised_is_found(
    make_archive: MakeArchive, stock: Path, harm: Harm, kind: str, *, needs_deep: bool, can_be_mended: bool
) -> None:
    """Each kind of harm is one finding that names it; a repair mends it where that can be, and then it is gone."""
    named = await harm(stock)
    archive = await make_archive(folder=stock)

    async def found(**options: int) -> list[bool]:
        """Whether each finding of this kind was mended; the one that names what was harmed is among them."""
        findings = [finding for finding in await found_by_check(archive, **options) if finding["kind"] == kind]
        assert not findings or any(named in finding["what"] for finding in findings)
        return [finding["is_mended"] for finding in findings]

    assert await found() == ([] if needs_deep else [False])
    assert await found(deep=1) == [False]
    assert await found(deep=1, repair=1) == [can_be_mended]
    assert await found(deep=1) == ([] if can_be_mended else [False])


async def test_the_commands_exit_status_tells(stock: Path) -> None:
    """0 when all is as promised or was mended, 1 when something is left; a line for each finding."""
    named = await orphan(stock)

    told, mended, clean = await check(stock), await check(stock, "--repair"), await check(stock)
    lost = await missing(stock)
    left = await check(stock, "--repair")

    assert (told.status, mended.status, clean.status, left.status) == (1, 0, 0, 1)
    assert re.search(rf"^orphan: .*{re.escape(named)}", told.stdout, re.MULTILINE)
    assert "--repair" in told.stdout
    assert re.search(rf"^mended: .*{re.escape(named)}", mended.stdout, re.MULTILINE)
    assert re.search(rf"^missing: .*{re.escape(lost)}", left.stdout, re.MULTILINE)


async def test_a_check_of_a_running_archive_finds_and_mends_the_same(make_archive: MakeArchive, stock: Path) -> None:
    """Through the server: an orphan gets its row and is told of, a copy is removed, and what is lost stays lost."""
    archive = await make_archive(folder=stock)
    await orphan(stock)
    await put(stock, (key_of(1, at_ms=NOON_MS + 1), jpeg(16, 16, seed=1)), settle=True)
    lost = await missing(stock)
    seq = archive.index.last_seq

    found = await found_by_check(archive)
    mended = await found_by_check(archive, repair=1)
    left = await found_by_check(archive, deep=1)

    assert sorted(finding["kind"] for finding in found) == ["missing", "orphan", "orphan"]
    assert {finding["is_mended"] for finding in found} == {False}
    assert sorted((finding["kind"], finding["is_mended"]) for finding in mended) == [
        ("missing", False),
        ("orphan", True),
        ("orphan", True),
    ]
    assert [(finding["kind"], lost in finding["what"]) for finding in left] == [("missing", True)]
    changes = (await archive.get("/api/changes", after=seq))["changes"]
    assert [(change["type"], change["data"]["number"]) for change in changes] == [("frame", 77)]
    assert not (stock / key_of(1, at_ms=NOON_MS + 1)).exists()
    assert (await archive.ask("/" + lost)).is_problem(503)


async def test_a_check_of_a_busy_archive_finds_nothing(make_archive: MakeArchive) -> None:
    """Frames that are being kept this very moment are no orphans, and mending beside them harms none."""
    archive = await make_archive()
    is_over = asyncio.Event()

    async def send(camera: str) -> int:
        boot, number = new_boot(), 0
        while not is_over.is_set():
            assert (await archive.send(SMALL, camera=camera, boot=boot, number=number)).status == 201
            number += 1
        return number

    sending = [asyncio.create_task(send(f"camera-{n}")) for n in range(6)]
    found = [await found_by_check(archive, repair=n % 2) for n in range(20)]
    is_over.set()
    sent = sum(await asyncio.gather(*sending))

    assert found == [[]] * 20
    assert archive.index.total == sent
    # A frame's beginning is removed after its answer has gone out.
    await until(lambda: _is_settled(archive, sent))


async def _is_settled(archive: Served, frames: int) -> bool:
    return len(await archive.files()) == frames


async def test_a_check_that_is_cut_off_says_so(make_archive: MakeArchive, caplog: pytest.LogCaptureFixture) -> None:
    """A check whose archive fails in the midst of it is not taken for a clean one, nor its answer for a whole one."""
    archive = await make_archive()
    await archive.index.close()  # the answer has begun before the index is asked

    async with archive.owner() as owner, owner.post("/api/check") as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    ran = await check(archive.folder)

    assert answer.status == 200
    assert ran.status == 1
    assert "was cut off" in ran.stdout
    assert "the answer to POST /api/check was cut off" in caplog.text
    caplog.clear()
