"""Pictures that are bombs: refused, or kept and shown by a worker within its limits, while the server goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.attack import bombs
from tests.attack.victim import HONEST, Victim
from tests.server.serving import head, new_boot

GROWTH_MAX_BYTES = 64 * 2**20


async def _upload(session: aiohttp.ClientSession, body: bytes) -> tuple[int, dict[str, Any] | None]:
    """The status, and the frame when it is kept."""
    async with session.post(
        "/api/frames", data=body, headers=head(camera="bomber", boot=new_boot(), number=0)
    ) as answer:
        if answer.status != 201:
            return answer.status, None
        place = answer.headers["Location"]
    async with session.get(place) as answer:
        frame: dict[str, Any] = await answer.json()
        return 201, frame


async def _thumbnail(session: aiohttp.ClientSession, frame: dict[str, Any]) -> bytes:
    async with session.get(frame["thumbnail_url"]) as answer:
        assert answer.status == 200
        return await answer.read()


@pytest.mark.parametrize("name", bombs.BOMBS)
async def test_a_bomb_goes_off_nowhere(victim: Victim, name: str) -> None:
    """Refused, or kept with a thumbnail that is a picture; little memory, no fault, and the next frame is drawn."""
    before_bytes = victim.rss_bytes
    async with aiohttp.ClientSession(victim.url) as session:
        status, frame = await _upload(session, bombs.BOMBS[name]())
        if frame is not None:
            assert (await _thumbnail(session, frame)).startswith(b"\xff\xd8")
        _, honest = await _upload(session, HONEST)
        assert honest is not None
        assert len(await _thumbnail(session, honest)) > 1000

    assert status in {201, 415}
    assert victim.rss_bytes - before_bytes < GROWTH_MAX_BYTES
    assert victim.complaints() == []


async def test_the_server_answers_while_a_worker_sweats(victim: Victim) -> None:
    """As many scans and pixels as are decoded at all take all the time a worker has: meanwhile others are served."""
    async with aiohttp.ClientSession(victim.url) as session:
        _, frame = await _upload(session, bombs.scans(12))
        assert frame is not None
        drawing = asyncio.create_task(_thumbnail(session, frame))
        answered = 0
        while not drawing.done():
            async with session.get("/healthz") as answer:
                assert answer.status == 200
            answered += 1
            _, other = await _upload(session, HONEST)
            assert other is not None

        assert answered > 1
        assert (await drawing).startswith(b"\xff\xd8")
        async with session.get(f"/api/frames/{frame['id']}") as answer:
            assert (await answer.json())["verdict"] in {"undecodable", "whole"}
