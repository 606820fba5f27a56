"""A server killed over and over while cameras send loses nothing it has acknowledged."""

import asyncio
import hashlib
import os
import random
import signal
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.crash.cameras import Camera, Ledger, Name, client
from tests.crash.examine import violations
from tests.crash.server import Server

CYCLES = int(os.environ.get("CRASH_CYCLES", "20"))


@dataclass(slots=True)
class Follower:
    """Reads the log of changes as a page does: from the last `seq` it has seen."""

    seq: int = 0
    frames: dict[Name, dict[str, Any]] = field(default_factory=dict)

    async def follow(self, session: aiohttp.ClientSession) -> list[dict[str, Any]]:
        """The frames that came since the last time, each for the first time, in order."""
        news: list[dict[str, Any]] = []
        while True:
            async with session.get("/api/changes", params={"after": self.seq, "wait_s": 0}) as answer:
                answer.raise_for_status()
                log = await answer.json()
            assert not log["reset"]
            for change in log["changes"]:
                assert change["seq"] > self.seq
                self.seq = change["seq"]
                if change["type"] == "frame":
                    frame = change["data"]
                    name = _name_of(frame)
                    assert name not in self.frames, f"the log tells twice of {name}"
                    self.frames[name] = frame
                    news.append(frame)
            if not log["changes"]:
                return news


@pytest.mark.timeout(60 + 6 * CYCLES)
def test_killed_in_a_loop_it_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    """Zero acknowledged frames lost, zero doubled, zero rows without file; the log tells of each once, in order."""
    rng = random.Random(seed)
    cameras = [Camera(f"camera-{number}", seed) for number in range(8)]
    ledger, follower = Ledger(), Follower()

    with Server(tmp_path / "archive", tmp_path / "server.txt") as server:
        for _ in range(CYCLES):
            server.start()
            asyncio.run(_live_and_die(server, cameras, ledger, follower, rng))
            server.kill()
            assert server.exit_status == -signal.SIGKILL, server.said()
        server.start()
        asyncio.run(_all_there(server, ledger, follower))
        assert server.stop() == 0, server.said()
        checked = server.check()

    assert len(ledger.kept) >= 10 * CYCLES
    assert violations(server.folder, ledger.kept) == []
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def _live_and_die(
    server: Server, cameras: Iterable[Camera], ledger: Ledger, follower: Follower, rng: random.Random
) -> None:
    """What was acknowledged before is there; then the cameras send until the server is killed under them."""
    left = rng.randint(10, 100)

    def count(_name: Name, _digest: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:  # a few milliseconds later, so that every step of keeping a frame is met
            asyncio.get_running_loop().call_later(rng.uniform(0, 0.02), os.kill, server.pid, signal.SIGKILL)

    async with asyncio.timeout(60), client(server.url) as session:
        news = await follower.follow(session)
        _require_told(ledger, follower)
        await _require_bytes(session, news)
        async with asyncio.TaskGroup() as sending:
            for camera in cameras:
                sending.create_task(camera.send_on(session, ledger, count))


async def _all_there(server: Server, ledger: Ledger, follower: Follower) -> None:
    """At the end, everything is asked for once more: the list, the log from its start, and the bytes of every frame."""
    async with asyncio.timeout(60 + 3 * CYCLES), client(server.url) as session:
        listed: list[dict[str, Any]] = []
        url: str | None = "/api/frames?limit=500"
        total = None
        while url:
            async with session.get(url) as answer:
                answer.raise_for_status()
                page = await answer.json()
            listed += page["frames"]
            url, total = page["next"], page["total"]
        names = [_name_of(frame) for frame in listed]
        assert len(names) == len(set(names)) == total
        assert ledger.kept.items() <= {_name_of(frame): frame["sha256"] for frame in listed}.items()

        await follower.follow(session)
        again = Follower()
        await again.follow(session)
        assert again.frames.keys() == follower.frames.keys() == set(names)
        ids = [frame["id"] for frame in again.frames.values()]
        assert ids == sorted(ids)

        await _require_bytes(session, listed)


def _require_told(ledger: Ledger, follower: Follower) -> None:
    for name, digest in ledger.kept.items():
        assert name in follower.frames, f"lost: {name}"
        assert follower.frames[name]["sha256"] == digest


async def _require_bytes(session: aiohttp.ClientSession, frames: list[dict[str, Any]]) -> None:
    waiting = iter(frames)

    async def fetch() -> None:
        for frame in waiting:
            async with session.get(frame["url"]) as answer:
                answer.raise_for_status()
                assert hashlib.sha256(await answer.read()).hexdigest() == frame["sha256"], frame["name"]

    await asyncio.gather(*(fetch() for _ in range(4)))


def _name_of(frame: dict[str, Any]) -> Name:
    return Name(frame["camera"], frame["boot"], frame["number"])
