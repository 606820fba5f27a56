"""The log of a real server: what strangers and cameras do does not fill it, and no key stands in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import connected, head, request

RESETS = 99


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
