"""A running server takes on changed settings, and says that it lives for as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from archive.cli.housekeeping import say_alive
from archive.config import LIVE, TOML_NAME
from archive.frame import Change
from archive.server import keys
from archive.supervisor import Supervisor
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import PATIENCE_S, Served, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg()


class Heard:
    """What a supervisor heard, over a real socket."""

    def __init__(self, listening: socket.socket, address: str) -> None:
        self._listening = listening
        self.address = address

    async def next(self) -> dict[str, str]:
        """The next datagram."""
        async with asyncio.timeout(PATIENCE_S):
            told = await asyncio.get_running_loop().sock_recv(self._listening, 1000)
        return dict(line.split("=", 1) for line in told.decode().split("\n"))

    def all(self) -> int:
        """How many have come since; they are gone then."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while self._listening.recv(1000):
                count += 1
        return count


@pytest_asyncio.fixture(name="heard", loop_scope="module")
async def _heard(tmp_path: Path) -> AsyncIterator[Heard]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address := str(tmp_path / "notify"))
        listening.setblocking(False)
        yield Heard(listening, address)


# -- settings


async def title(archive: Served) -> str:
    said: str = (await archive.get("/api/archive"))["title"]
    return said


async def cors(archive: Served) -> str | None:
    reply = await archive.ask("/api/archive", headers={"Origin": "https://example.org"})
    return reply.headers.get("Access-Control-Allow-Origin")


async def sent(archive: Served) -> int:
    return (await archive.send(SMALL, camera="garden")).status


async def listened(archive: Served) -> int:
    async with archive.session.get("/api/events") as answer:
        return answer.status


async def scraped(archive: Served) -> int:
    return (await archive.ask("/metrics", headers={"Authorization": "Bearer " + "t" * 16})).status


# What is asked, the setting's new value, and the answers before and after it.
CHANGES = {
    "title": (title, "new", "Camera archive", "new"),
    "cors_origins": (cors, ("https://example.org",), None, "https://example.org"),
    "max_frame_bytes": (sent, len(SMALL) - 1, 201, 413),
    "body_budget_bytes": (sent, len(SMALL) - 1, 201, 503),
    "disk_floor_bytes": (sent, 10**15, 201, 507),
    "max_listeners": (listened, 0, 200, 503),
    "metrics_token": (scraped, "t" * 16, 401, 200),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_setting_that_can_change_counts_at_once(make_archive: MakeArchive, name: str) -> None:
    """And the one before counts again when it is changed back."""
    ask, value, before, after = CHANGES[name]
    archive = await make_archive()
    config = archive.config

    answers = [await ask(archive)]
    archive.archive.take_over(msgspec.structs.replace(config, **{name: value}))
    answers.append(await ask(archive))
    archive.archive.take_over(config)
    answers.append(await ask(archive))

    assert answers in ([before, after, before], [before, after, 200])  # a frame sent before is 200


async def test_a_body_has_the_deadline_that_is_set_when_it_comes(make_archive: MakeArchive) -> None:
    """A camera that stalls is given up by the newest word."""
    archive = await make_archive()
    archive.archive.take_over(msgspec.structs.replace(archive.config, body_deadline_s=0.05))

    async with archive.connected() as line:
        await line.say(b"POST /api/frames HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
        reply = await line.reply()

    assert reply.is_problem(408)


async def test_every_setting_that_can_change_is_tried() -> None:
    """Here, but for the log's level (tests/unit/test_logs.py) and the least rate, which is read beside the deadline."""
    assert CHANGES.keys() | {"body_deadline_s", "body_min_bytes_per_s", "log_level"} == LIVE


async def test_a_running_server_follows_its_file(archive_servers: Callable[..., ArchiveServer]) -> None:
    """By itself and on SIGHUP; a bad file changes nothing; what must wait is told of."""
    server = await asyncio.to_thread(archive_servers, announce="false")
    file = server.folder / TOML_NAME
    assert server.process is not None

    def says(sentence: str) -> Callable[[], bool]:
        return lambda: sentence in server.log.read_text()

    file.write_text('title = "by itself"\nlog_level = "warning"\nheartbeat_s = 1', "utf-8")
    await until(says("heartbeat_s changed: takes effect at the next start"))
    file.write_text("title = ", "utf-8")
    await until(says("cannot be read"))
    file.write_text('title = "asked"', "utf-8")
    server.process.send_signal(signal.SIGHUP)
    await until(says("in force from now on: title, log_level"))

    assert "The settings stay as they were" in server.log.read_text()
    assert server.process.poll() is None
    assert await asyncio.to_thread(server.stop) == 0


# -- the supervisor


async def test_a_server_says_that_it_is_ready_lives_and_stops(heard: Heard, tmp_path: Path) -> None:
    """As systemd's Type=notify and WatchdogSec want it."""
    server = ArchiveServer(tmp_path / "archive", environ={"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": "300000"})
    await asyncio.to_thread(server.start)
    try:
        assert await heard.next() == {"STATUS": "opening the archive"}
        ready_or_alive = [await heard.next() for _ in range(2)]
        assert {"READY": "1"} in ready_or_alive
        alive = await heard.next()
        assert alive == {"WATCHDOG": "1", "STATUS": "0 frames, 0 listening, 0 waiting to be kept"}
    finally:
        status = await asyncio.to_thread(server.stop)

    async def stopping() -> bool:
        return await heard.next() == {"STOPPING": "1"}

    await until(stopping)
    assert status == 0


async def test_a_writer_that_hangs_is_not_alive(archive: Served, heard: Heard) -> None:
    """The loop still runs and answers, yet no frame is kept: whoever supervises must not be told that all is well."""
    every_s = 0.01
    supervisor = Supervisor({"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": "30000"})
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(say_alive(archive.archive, supervisor, every_s=every_s))
    gate, hangs = threading.Event(), threading.Event()

    def hang(_: object, __: object, ___: list[Change]) -> None:
        hangs.set()
        gate.wait(PATIENCE_S)

    try:
        await heard.next()
        stuck = asyncio.create_task(archive.app[keys.INDEX]._write(hang))  # type: ignore[attr-defined]  # SQL's own
        await until(hangs.is_set)
        heard.all()
        began = loop.time()
        await until(lambda: loop.time() - began > 30 * every_s)
        said_meanwhile = heard.all()
        gate.set()
        await stuck
        again = await heard.next()
    finally:
        gate.set()
        task.cancel()
        await asyncio.wait([task])

    assert said_meanwhile <= 1  # the one that was on its way
    assert again["WATCHDOG"] == "1"
