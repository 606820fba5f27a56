"""Frames for the page to show, sent through the socket that only the archive's owner can open."""

import asyncio
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from archive.fields import render_lost, render_status
from archive.frame import Lost
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


class Shot(msgspec.Struct, frozen=True):
    """A frame to be sent."""

    camera: str
    taken: datetime  # by the camera's own clock
    body: bytes | None = None  # drawn when None
    number: int | None = None  # the next one of all when None
    status: Mapping[str, str | int | float] = {}  # what the camera says of itself
    lost: tuple[int, int, str] | None = None  # numbers it gives up, both ends included, and why


async def send(
    archive: Archive,
    *,
    camera: str = "garden",
    taken: datetime | None = None,
    body: bytes | None = None,
    status: Mapping[str, str | int | float] | None = None,
) -> int:
    """Send a frame of *camera*, taken at *taken* by its own clock (now when None). The frame's id."""
    return (await send_shots(archive, [Shot(camera, taken or datetime.now(UTC), body, status=status or {})]))[0]


async def send_many(archive: Archive, count: int, *, latest: datetime | None = None) -> list[int]:
    """Send *count* frames of camera `garden`, a minute apart, the last taken at *latest*. Their ids, oldest first."""
    last = latest or datetime.now(UTC) - timedelta(minutes=5)
    taken = [last - timedelta(minutes=count - 1 - index) for index in range(count)]
    return await send_all(archive, [("garden", moment, None) for moment in taken])


async def send_all(archive: Archive, frames: Sequence[tuple[str, datetime, bytes | None]]) -> list[int]:
    """Send frames given as camera, time and bytes (drawn when None), several at once. Their ids, in the order given."""
    return await send_shots(archive, [Shot(camera, taken, body) for camera, taken, body in frames])


async def send_shots(archive: Archive, shots: Sequence[Shot]) -> list[int]:
    """Send *shots*, several at once. Their ids, in the order given."""
    connector = aiohttp.UnixConnector(path=str(archive.folder / "archive.sock"), limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await asyncio.gather(*(_send(session, shot) for shot in shots))


async def _send(session: aiohttp.ClientSession, shot: Shot) -> int:
    number = next(_numbers) if shot.number is None else shot.number
    boot = hashlib.sha256(shot.camera.encode()).hexdigest()[:16]
    headers = {
        "Content-Type": "image/jpeg",
        "Camera-Status": render_status(id=shot.camera, **shot.status),
        "Camera-Frame": f'boot="{boot}", number={number}, taken={round(shot.taken.timestamp() * 1000)}',
    }
    if shot.lost is not None:
        first, last, reason = shot.lost
        headers["Camera-Lost"] = render_lost(Lost(boot=boot, first=first, last=last, reason=reason))
    data = shot.body or jpeg(320, 240, seed=number)
    async with session.post("http://archive/api/frames", headers=headers, data=data) as answer:
        assert answer.status == 201, await answer.text()
        return int(answer.headers["Location"].rpartition("/")[2])


def no(frame_id: int) -> str:
    """A frame's number as the page prints it."""
    figures = f"{frame_id:06d}"
    return f"№\u00a0{figures[:3]}\u202f{figures[3:]}"
