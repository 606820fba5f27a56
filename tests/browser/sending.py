"""Frames for the page to show, sent through the socket that only the archive's owner can open."""

import asyncio
import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp

from tests.pictures import jpeg

AT_ONCE = 8

_numbers = itertools.count()


class Archive(Protocol):
    """The archive as a child process that can be killed and started again at the same address."""

    @property
    def url(self) -> str: ...
    @property
    def folder(self) -> Path: ...
    def kill(self) -> None: ...
    def start(self) -> None: ...


async def send(
    archive: Archive,
    *,
    camera: str = "garden",
    taken: datetime | None = None,
    body: bytes | None = None,
    status: str = "",
) -> int:
    """Send a frame of *camera*, taken at *taken* by its own clock (now when None). The frame's id.

    *status* is what the camera says of itself, as it stands in `Camera-Status`.
    """
    return (await send_all(archive, [(camera, taken or datetime.now(UTC), body)], status))[0]


async def send_many(archive: Archive, count: int, *, latest: datetime | None = None) -> list[int]:
    """Send *count* frames of camera `garden`, a minute apart, the last taken at *latest*. Their ids, oldest first."""
    last = latest or datetime.now(UTC) - timedelta(minutes=5)
    taken = [last - timedelta(minutes=count - 1 - index) for index in range(count)]
    return await send_all(archive, [("garden", moment, None) for moment in taken])


async def send_all(
    archive: Archive, frames: Sequence[tuple[str, datetime, bytes | None]], status: str = ""
) -> list[int]:
    """Send frames given as camera, time and bytes (drawn when None), several at once. Their ids, in the order given."""
    connector = aiohttp.UnixConnector(path=str(archive.folder / "archive.sock"), limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await asyncio.gather(*(_send(session, *frame, status) for frame in frames))


async def _send(session: aiohttp.ClientSession, camera: str, taken: datetime, body: bytes | None, status: str) -> int:
    number = next(_numbers)
    boot = hashlib.sha256(camera.encode()).hexdigest()[:16]
    headers = {
        "Content-Type": "image/jpeg",
        "Camera-Status": f'id="{camera}"' + (status and f", {status}"),
        "Camera-Frame": f'boot="{boot}", number={number}, taken={round(taken.timestamp() * 1000)}',
    }
    data = body or jpeg(320, 240, seed=number)
    async with session.post("http://archive/api/frames", headers=headers, data=data) as answer:
        assert answer.status == 201, await answer.text()
        return int(answer.headers["Location"].rpartition("/")[2])


def no(frame_id: int) -> str:
    """A frame's number as the page prints it."""
    figures = f"{frame_id:06d}"
    return f"№\u00a0{figures[:3]}\u202f{figures[3:]}"
