"""What rude clients leave behind in a server that runs on: nothing."""

from __future__ import annotations

import asyncio
import io
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import PATIENCE_S, Line, connected, head, request, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="NOT RUN: only Linux tells a process's descriptors"),
]

ROUNDS = 300
AT_ONCE = 20

# Three megabytes of one scan: everything in it is the picture, so readers get all of it.
LARGE = jpeg(64, 48)[:-2] + random.Random(5).randbytes(3_000_000).replace(b"\xff", b"\0") + b"\xff\xd9"


async def _download(line: Line, url: str) -> None:
    line.throttle(4096)
    await line.say(request({}, method="GET", path=url))
    await line.some()


async def _look_for_nothing(line: Line, _: str) -> None:
    await line.say(request({}, method="GET", path="/photos/garden/2026/01/01/none.jpg"))
    await line.some()


async def _upload_half(line: Line, _: str) -> None:
    await line.say(request(head(camera="rude"), LARGE[:100_000], length=len(LARGE)))


async def _listen(line: Line, _: str) -> None:
    await line.say(request({}, method="GET", path="/api/events"))
    await line.some()


async def _speak_tls(line: Line, _: str) -> None:
    await line.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    await line.rest()


async def _say_nothing(line: Line, _: str) -> None:
    pass


RUDE: list[Callable[[Line, str], Awaitable[None]]] = [
    _download,
    _look_for_nothing,
    _upload_half,
    _listen,
    _speak_tls,
    _say_nothing,
]


async def test_descriptors_stay_flat_under_rude_clients(archive_servers: Callable[..., ArchiveServer]) -> None:
    """Hundreds of downloads, uploads and streams broken off, 404s and strangers: nothing stays, no traceback."""
    server = await asyncio.to_thread(archive_servers, "--open-uploads")
    async with aiohttp.ClientSession(server.url) as session:
        async with session.post("/api/frames", data=io.BytesIO(LARGE), headers=head(camera="garden")) as answer:
            assert answer.status == 201
        async with session.get("/api/frames") as answer:
            [frame] = (await answer.json())["frames"]
        async with session.get(frame["thumbnail_url"]) as answer:
            assert answer.status == 200
        # As many at once as there are readers of the index: what is opened once is open now.
        await asyncio.gather(*(_read(session, "/api/cameras") for _ in range(AT_ONCE)))
    before = await until(lambda: _descriptors(server))

    for rude in RUDE:
        for _ in range(0, ROUNDS, AT_ONCE):
            await asyncio.gather(*(_once(rude, server.port, frame["url"]) for _ in range(AT_ONCE)))

    await until(lambda: _is_at_most(server, before + 3))
    async with aiohttp.ClientSession(server.url) as session, session.get(frame["url"]) as answer:
        assert await answer.read() == LARGE
    assert sorted(path.name for path in (server.folder / "photos").iterdir()) == ["garden"]
    assert "Traceback" not in server.log.read_text()
    assert "ERROR" not in server.log.read_text()
    assert await asyncio.to_thread(server.stop) == 0


async def _read(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        await answer.read()


async def _once(rude: Callable[[Line, str], Awaitable[None]], port: int, url: str) -> None:
    async with asyncio.timeout(PATIENCE_S), connected(port) as line:
        await rude(line, url)


async def _descriptors(server: ArchiveServer) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))  # noqa: PTH208 - not a path a person would name


async def _is_at_most(server: ArchiveServer, most: int) -> bool:
    return await _descriptors(server) <= most
