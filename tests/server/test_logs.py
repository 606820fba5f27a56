"""The log of a real server: what strangers and cameras do does not fill it, and no key stands in it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.logs import BURST
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import PATIENCE_S, connected, head, request, until

DESCRIPTORS = 120
MORE_THAN_THAT = 200
LINES_MAX = 100
RESETS = 99


async def test_out_of_descriptors_the_log_stays_short(
    archive_servers: Callable[..., ArchiveServer], tmp_path: Path
) -> None:
    """More connections than files may be open: under a hundred lines, and it answers again once they are gone."""
    if shutil.which("prlimit") is None:
        pytest.skip("NOT RUN: no prlimit, which limits a process's descriptors")
    server = await asyncio.to_thread(archive_servers, thumbnail_workers="1")
    await asyncio.to_thread(server.stop)
    server.log = tmp_path / "again.log"
    await asyncio.to_thread(server.start, "prlimit", f"--nofile={DESCRIPTORS}")

    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MORE_THAN_THAT)]
    await until(lambda: server.log.read_text().count("out of system resource") >= BURST)
    for connection in idle:
        connection.close()

    async def answers() -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S), connected(server.port) as line:
                await line.say(request({}, method="GET", path="/healthz"))
                return await line.status() == 200
        except OSError:
            return False

    await until(answers)
    said = server.log.read_text().splitlines()
    assert len(said) < LINES_MAX, said[:LINES_MAX]
    await asyncio.to_thread(server.stop)
    assert "more like it)" in server.log.read_text()


async def test_hang_ups_are_not_logged(archive_servers: Callable[..., ArchiveServer]) -> None:
    """Not one line for cameras that are cut off in the middle of a frame."""
    server = await asyncio.to_thread(archive_servers, "--open-uploads")
    frame = jpeg() + bytes(100_000)
    before = server.log.read_text()

    for _ in range(RESETS):
        async with connected(server.port) as line:
            await line.say(request(head(camera="rude"), frame[:1000], length=len(frame)))
    async with connected(server.port) as line:
        await line.say(request({}, method="GET", path="/healthz"))
        assert await line.status() == 200

    assert server.log.read_text() == before


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_key_token_or_cookie_is_in_the_log(archive_servers: Callable[..., ArchiveServer], form: str) -> None:
    """Whatever is done with them, at the level that says most."""
    key = "cam_0a1b2c3d_" + "K" * 43
    secrets = {"key": key, "token": "T" * 40, "cookie": "C" * 40}
    server = await asyncio.to_thread(
        archive_servers, log_level="debug", log_format=form, metrics_token="M" * 40, announce="false"
    )

    fields = {"Cookie": f"owner={secrets['cookie']}"}
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Bearer {secrets['token']}"},
        {"Authorization": f"Bearer {secrets['token']}", "Camera-Frame": key},
    ):
        for broken in ({}, {"Content-Length": "x"}, {"Transfer-Encoding": "chunked, chunked"}):
            async with connected(server.port) as line:
                await line.say(request({**head(), **fields, **headers, **broken}, jpeg()))
                assert await line.status() >= 400
    status = await asyncio.to_thread(server.stop)

    said = server.log.read_text()
    assert status == 0
    assert [name for name, secret in {**secrets, "metrics": "M" * 40}.items() if secret in said] == []
    if form == "json":
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert "closing" in [line["event"] for line in lines]
