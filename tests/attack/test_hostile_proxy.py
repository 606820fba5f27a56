"""Between camera and archive everything goes wrong that can: no frame is lost, none doubled, and the log stays calm."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

import aiohttp

from tests.attack.conftest import MakeVictim
from tests.attack.proxy import Fault, Proxy
from tests.crash.cameras import UNREACHABLE, Camera, Ledger
from tests.server.serving import until

CAMERAS = 8
PATIENCE_S = 2  # of a camera; then it sends again


async def test_every_frame_comes_through_a_hostile_proxy_once(
    make_victim: MakeVictim, seed: int, amount: Callable[[int, int], int]
) -> None:
    """Resets at any byte, answers swallowed, connections half closed, single bytes: what was kept is there, once."""
    victim = await asyncio.to_thread(make_victim, idle_s="3", body_deadline_s="3")
    proxy, ledger = Proxy(victim.port, Random(seed)), Ledger()
    cameras = [Camera(f"camera-{n}", seed, size_bytes=(2000, 9000)) for n in range(CAMERAS)]
    frames = amount(200, 10_000) // CAMERAS

    async with proxy.serving():
        await asyncio.gather(*(_send_all(camera, frames, proxy.port, ledger) for camera in cameras))

    assert set(Fault) == proxy.faults.keys()
    found: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(victim.url) as session:
        for camera in cameras:
            following = f"/api/frames?camera={camera.camera}&limit=1000"
            while following:
                async with session.get(following) as answer:
                    page = await answer.json()
                found += page["frames"]
                following = page["next"]
    kept = {(frame["camera"], frame["boot"], frame["number"]): frame["sha256"] for frame in found}
    assert len(kept) == len(found) == len(ledger.kept) == CAMERAS * frames
    assert kept == ledger.kept
    assert victim.complaints() == []
    await until(lambda: not victim.connections)


async def _send_all(camera: Camera, frames: int, port: int, ledger: Ledger) -> None:
    """As a camera does: each frame again and again, on a new connection, until it is acknowledged."""
    patience = aiohttp.ClientTimeout(PATIENCE_S)
    while camera.number < frames:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=patience) as session:
            with contextlib.suppress(*UNREACHABLE):
                await camera.send(session, ledger)
