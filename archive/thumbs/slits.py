"""Slit strips: a day of a camera as one picture, a thin column of a frame for every minute; derived, like thumbnails.

1. A strip is told apart from an older one of its day by the day's quarter hours: when they are the same, so is it.
2. Its columns are cut from thumbnails by the workers, some dozens at a time, so that a new frame never waits long.
3. The strip of a day that is over lies in the store; of others only the columns are remembered.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from archive.errors import FrameNotFound, Unavailable, Undecodable
from archive.thumbs.cache import Thumbnail, thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from archive.frame import Frame
    from archive.index.base import Index
    from archive.store.base import Store
    from archive.thumbs import Thumbs
    from archive.thumbs.renderer import Renderer

log = logging.getLogger(__name__)

BATCH = 96  # thumbnails a worker takes at once: 25 ms of CPU (measured), a quarter of a second on a small board
MAX_STRIPS = 64  # held in memory, at about 30 kB
MAX_DAYS = 16  # whose columns are remembered, at half a megabyte


class Strip(msgspec.Struct, frozen=True):
    """A slit strip; a WebP picture."""

    picture: Thumbnail
    is_over: bool  # its day is


class Slits:
    """The slit strips of an archive. Belongs to one event loop."""

    def __init__(self, *, store: Store, index: Index, renderer: Renderer, thumbs: Thumbs, zone: ZoneInfo) -> None:
        self._store = store
        self._index = index
        self._renderer = renderer
        self._thumbs = thumbs
        self._zone = zone
        self._turn = asyncio.Semaphore(1)
        self._coming: dict[tuple[str, date], asyncio.Task[Strip]] = {}  # whose turn has not come yet
        self._strips: OrderedDict[str, Thumbnail] = OrderedDict()
        self._columns: OrderedDict[tuple[str, date], dict[int, bytes | None]] = OrderedDict()  # by the frame's id

    async def strip(self, camera: str, day: date) -> Strip:
        """The strip of a camera's day. Raises FrameNotFound when there is no frame of it, and Unavailable.

        All who ask before it is begun get the same one: while frames arrive, each asking would be another strip.
        """
        coming = self._coming.get((camera, day))
        if coming is None:
            coming = self._coming[camera, day] = asyncio.create_task(self._in_turn(camera, day))
            coming.add_done_callback(lambda task: task.cancelled() or task.exception())  # if nobody waits, nobody minds
        return await asyncio.shield(coming)

    async def _in_turn(self, camera: str, day: date) -> Strip:
        async with self._turn:
            del self._coming[camera, day]  # who asks from now on may know of newer frames
            return await self._as_it_is(camera, day)

    async def _as_it_is(self, camera: str, day: date) -> Strip:
        activity = await self._index.day(day, camera=camera)
        if not activity.frames:
            raise FrameNotFound(f"camera {camera} has no frames of {day}")
        stamp = hashlib.sha256(repr(activity.quarters).encode()).hexdigest()[:16]
        folder = f"thumbnails/slits/{camera}/{day:%Y/%m/%d}"
        key = f"{folder}/{stamp}.webp"
        is_over = self._midnight(day + timedelta(days=1)) <= time.time() * 1000
        picture = self._strips.get(key)
        if picture is None:
            stored = await asyncio.to_thread(self._stored, key) if is_over else None
            picture = thumbnail(stored or await self._made(camera, day))
            if is_over and not stored:
                await asyncio.to_thread(self._keep, folder, key, picture.data)
            self._strips[key] = picture
        self._strips.move_to_end(key)
        if len(self._strips) > MAX_STRIPS:
            self._strips.popitem(last=False)
        return Strip(picture, is_over)

    async def _made(self, camera: str, day: date) -> bytes:
        after_ms, before_ms = self._midnight(day), self._midnight(day + timedelta(days=1))
        minutes = (before_ms - after_ms) // 60_000  # 1440, but where the clock is turned
        spread = await self._index.spread(camera, after_ms=after_ms, before_ms=before_ms, parts=minutes)
        frames = [frame for frame, _ in spread]
        known = self._columns.setdefault((camera, day), {})
        self._columns.move_to_end((camera, day))
        if len(self._columns) > MAX_DAYS:
            self._columns.popitem(last=False)
        new = [frame for frame in frames if frame.id not in known]
        for at in range(0, len(new), BATCH):
            batch = new[at : at + BATCH]
            known.update(zip((frame.id for frame in batch), await self._cut(batch), strict=True))
        columns: dict[int, bytes] = {}
        for frame in frames:
            if column := known[frame.id]:
                columns.setdefault(self._minute(frame.taken_at_ms), column)
        return await self._renderer.strip(columns)

    async def _cut(self, frames: Sequence[Frame]) -> list[bytes | None]:
        pictures = await asyncio.to_thread(lambda: [self._stored(frame.thumbnail_key) for frame in frames])
        for at, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
            if picture is None:
                made = await self._thumbs.thumbnail(frame)
                pictures[at] = None if made.is_placeholder else made.data
        shown = [picture for picture in pictures if picture is not None]
        try:
            cut = iter(await self._renderer.columns(shown))
        except Undecodable as exc:
            log.warning("%d thumbnails are missing from a slit strip: %s", len(shown), exc)
            return [None] * len(frames)
        return [None if picture is None else next(cut) for picture in pictures]

    def _stored(self, key: str) -> bytes | None:
        try:
            return self._store.get(key)
        except KeyError:
            return None

    def _keep(self, folder: str, key: str, data: bytes) -> None:
        try:
            old = [known for known, _ in self._store.keys(folder)]
            self._store.put_derived(key, data)
            self._store.delete(known for known in old if known != key)
        except Unavailable as exc:
            log.warning("a slit strip cannot be written, and will be made again when asked for: %s", exc)

    def _midnight(self, day: date) -> int:
        return round(datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC).timestamp() * 1000)

    def _minute(self, at_ms: int) -> int:
        at = datetime.fromtimestamp(at_ms / 1000, self._zone)
        return at.hour * 60 + at.minute
