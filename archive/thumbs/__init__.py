"""Thumbnails of frames: made as soon as a frame is kept, or when first asked for; derived, so losing them all is safe.

1. A thumbnail is served from memory, else from the store, else made from the original; one making per frame at a time.
2. Whoever waits for it is served first. Then it is written to the store, then the index learns what was seen.
3. What cannot be decoded gets a placeholder and a verdict, and is not tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from archive.errors import Corrupt, FrameNotFound, Unavailable, Undecodable, UnsupportedMedia
from archive.frame import Measures, MediaType, Verdict
from archive.jpeg import inspect
from archive.judging import judge
from archive.thumbs.cache import Cache, Thumbnail, thumbnail
from archive.thumbs.placeholder import PLACEHOLDER
from archive.thumbs.renderer import Renderer
from archive.thumbs.slits import Slits, Strip
from archive.thumbs.worker import difference

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from archive.frame import Frame, PictureInfo
    from archive.index.base import Index
    from archive.store.base import Store
    from archive.thumbs.worker import Rendering

__all__ = ["Renderer", "Slits", "Strip", "Thumbnail", "Thumbs"]

log = logging.getLogger(__name__)

# Frames waiting to be warmed, with their bodies. What does not fit is read again from the store when there is time.
MAX_WAITING_FRAMES = 512
MAX_WAITING_BYTES = 32 * 2**20
# Beyond this the door waits before it reads another frame: drawing a frame later costs more than drawing it now.
FULL_FRAMES = 256
FULL_BYTES = 24 * 2**20
# Files that are imported wait from here on: a camera's frame shall not stand in line behind them.
LEISURE_FRAMES = 16
PUSHBACK_S = 5.0  # and no longer: keeping never depends on drawing
# Frames in the making at once. The renderer draws a few of them; the others are handed to it as soon as it is free.
LANES = 8
MAX_DRAWN = 512  # thumbnails on their way into the store, and what was seen on its way into the index
MAX_CAMERAS = 4096  # whose newest signature is remembered
CATCH_UP_FRAMES = 64
CATCH_UP_LANES = 4
PAUSE_S = 5.0
COMPLAIN_EVERY_S = 60.0

_SAID_BY_BYTES = {Verdict.TRUNCATED, Verdict.UNDECODABLE}  # verdicts that no look at the picture mends
_PLACEHOLDER = thumbnail(PLACEHOLDER, is_placeholder=True)


class _Job:
    """One frame on its way to a thumbnail."""

    def __init__(self, frame: Frame, picture: PictureInfo | None = None, body: bytes | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.frame = frame
        self.key = frame.thumbnail_key
        self.picture = picture
        self.body = body
        self.done: asyncio.Future[Thumbnail] = loop.create_future()
        self.signature: asyncio.Future[bytes | None] = loop.create_future()
        self.before: asyncio.Future[bytes | None] | None = None  # None: ask the index which frame that was

    def fail(self, exc: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(exc)
            self.done.exception()  # if nobody waits, nobody minds


class _Drawn(NamedTuple):
    """What is to be written of a frame: its thumbnail (None: there is none), and what was seen (None: noted before)."""

    job: _Job
    data: bytes | None
    seen: tuple[Measures | None, Verdict | None] | None


class Thumbs:
    """The thumbnails of an archive. Belongs to one event loop; `run` must be running for frames to be warmed."""

    def __init__(
        self, *, store: Store, index: Index, renderer: Renderer, cache_bytes: int, max_pixels: int, max_scans: int
    ) -> None:
        self._store = store
        self._index = index
        self._renderer = renderer
        self._cache = Cache(cache_bytes)
        self._max_pixels = max_pixels
        self._max_scans = max_scans
        self._waiting: dict[str, _Job] = {}
        self._order: asyncio.Queue[str] = asyncio.Queue()  # of `_waiting`; a frame asked for meanwhile has left it
        self._held_bytes = 0  # bodies of frames waiting or being drawn
        self._making: dict[str, _Job] = {}
        self._asked: set[asyncio.Task[None]] = set()
        self._to_write: list[_Drawn] = []
        self._is_to_write = asyncio.Event()
        self._is_written = asyncio.Event()
        self._unwritten: set[str] = set()
        # By camera: when its newest frame was taken, and the signature that frame has or will have.
        self._newest: OrderedDict[str, tuple[tuple[int, int], asyncio.Future[bytes | None]]] = OrderedDict()
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_at_leisure = asyncio.Event()
        self._is_at_leisure.set()
        self._is_behind = asyncio.Event()
        self._complained_at: dict[str, float] = {}

    @property
    def backlog(self) -> int:
        """How many frames wait to be warmed."""
        return len(self._waiting)

    def warm(self, frame: Frame, picture: PictureInfo, body: bytes) -> None:
        """Make the thumbnail of a frame just kept, soon. Never waits; what does not fit is caught up with later.

        To be called in the order in which frames are kept: a frame is compared with its camera's newest before it.
        """
        if job := self._making.get(frame.thumbnail_key):  # asked for before we were told
            self._chain(job)
            return
        job = _Job(frame, picture, body)
        if len(self._waiting) >= MAX_WAITING_FRAMES or self._held_bytes + len(body) > MAX_WAITING_BYTES:
            self._newest.pop(frame.camera, None)
            self._is_behind.set()
            return
        self._chain(job)
        self._held_bytes += len(body)
        self._waiting[job.key] = job
        self._is_quiet.clear()
        self._weigh()
        self._order.put_nowait(job.key)

    async def room(self) -> None:
        """Return when another frame can be warmed without waiting long; after a few seconds in any case."""
        if not self._has_room.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PUSHBACK_S):
                    await self._has_room.wait()

    async def leisure(self) -> None:
        """Return when hardly a frame waits to be warmed, for who is in no hurry; after a few seconds in any case."""
        if not self._is_at_leisure.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PUSHBACK_S):
                    await self._is_at_leisure.wait()

    def cached(self, key: str) -> Thumbnail | None:
        """The thumbnail of this `thumbnail_key`, if it is in memory."""
        return self._cache.get(key)

    async def thumbnail(self, frame: Frame) -> Thumbnail:
        """The thumbnail of *frame*; a placeholder where its picture cannot be shown. Raises Unavailable."""
        key = frame.thumbnail_key
        if found := self._cache.get(key):
            return found
        job = self._making.get(key) or self._promote(key)
        if job is None:
            if frame.verdict is Verdict.UNDECODABLE:
                return _PLACEHOLDER
            job = self._begin(_Job(frame), may_be_stored=True)
        return await asyncio.shield(job.done)

    async def run(self) -> None:
        """Warm frames as they come, and catch up with those that no worker has looked at yet, until cancelled."""
        self._is_behind.set()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(LANES):
                    group.create_task(self._lane())
                group.create_task(self._catch_up())
                group.create_task(self._write_drawn())
        finally:
            for task in self._asked:
                task.cancel()
            await asyncio.gather(*self._asked, return_exceptions=True)

    async def _lane(self) -> None:
        while True:
            key = await self._order.get()
            if job := self._take(key):
                self._making[key] = job
                await self._attempt(job)

    async def _catch_up(self) -> None:
        while True:
            await self._is_behind.wait()
            self._is_behind.clear()
            try:
                await self._look_at_unmeasured()
            except Unavailable as exc:
                self._complain("catching up with thumbnails has to wait: %s", exc)
                self._is_behind.set()
                await asyncio.sleep(PAUSE_S)
            except Exception:
                log.exception("catching up with thumbnails failed; the next start tries again")

    async def _look_at_unmeasured(self) -> None:
        # A few at a time and in order, so that the frame before each has been seen, and new frames never wait long.
        after_id = 0
        while True:
            await self._is_quiet.wait()
            frames = await self._index.unmeasured(after_id=after_id, limit=CATCH_UP_FRAMES)
            if not frames:
                return
            for few in (frames[at : at + CATCH_UP_LANES] for at in range(0, len(frames), CATCH_UP_LANES)):
                if not self._is_quiet.is_set():
                    break  # and ask again: by then some of these will have been looked at
                after_id = few[-1].id
                await asyncio.gather(*(self._look_at(frame) for frame in few))

    async def _look_at(self, frame: Frame) -> None:
        if frame.thumbnail_key not in self._making and frame.thumbnail_key not in self._unwritten:
            job = self._making[frame.thumbnail_key] = _Job(frame)
            await self._logged(job, self._make(job))

    def _weigh(self) -> None:
        if len(self._waiting) < FULL_FRAMES and self._held_bytes < FULL_BYTES:
            self._has_room.set()
        else:
            self._has_room.clear()
        if len(self._waiting) < LEISURE_FRAMES:
            self._is_at_leisure.set()
        else:
            self._is_at_leisure.clear()

    def _take(self, key: str) -> _Job | None:
        job = self._waiting.pop(key, None)
        if not self._waiting:
            self._is_quiet.set()
        self._weigh()
        return job

    def _promote(self, key: str) -> _Job | None:
        job = self._take(key)
        return job and self._begin(job)

    def _begin(self, job: _Job, *, may_be_stored: bool = False) -> _Job:
        self._making[job.key] = job
        task = asyncio.get_running_loop().create_task(self._attempt(job, may_be_stored=may_be_stored))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        return job

    async def _attempt(self, job: _Job, *, may_be_stored: bool = False) -> None:
        try:
            await self._logged(job, self._make(job, may_be_stored=may_be_stored))
        except Unavailable as exc:
            self._is_behind.set()
            self._complain("a thumbnail could not be made just now: %s", exc)

    async def _logged(self, job: _Job, making: Awaitable[None]) -> None:
        try:
            await making
        except Unavailable:
            raise
        except Corrupt as exc:
            log.error("%s", exc)  # noqa: TRY400 - the sentence says all
        except Exception:
            log.exception("the thumbnail of frame %s could not be made", job.frame.key)

    async def _make(self, job: _Job, *, may_be_stored: bool = False) -> None:
        try:
            if may_be_stored and (stored := await self._stored(job.key)):
                self._serve(job, thumbnail(stored))
                return
            try:
                rendering = await self._drawn(job)
            except Undecodable as exc:
                log.info("frame %s cannot be shown: %s", job.frame.key, exc)
                self._serve(job, _PLACEHOLDER)
                job.signature.set_result(None)
                await self._hand_over(_Drawn(job, None, (None, Verdict.UNDECODABLE)))
                return
            self._serve(job, thumbnail(rendering.data, signature=rendering.signature))
            job.signature.set_result(rendering.signature)
            seen = await self._seen(job, rendering) if _is_unseen(job.frame) else None
            await self._hand_over(_Drawn(job, rendering.data, seen))
        except Exception as exc:
            job.fail(exc)
            raise
        finally:
            job.fail(Unavailable("thumbnails are no longer made: the archive is closing"))
            if not job.signature.done():
                job.signature.set_result(None)
            del self._making[job.key]

    async def _drawn(self, job: _Job) -> Rendering:
        held_bytes = len(job.body or b"")
        try:
            body = job.body or await self._original(job.frame)
            picture = job.picture or _inspected(body)
            if picture.scans > self._max_scans:
                raise Undecodable(f"it has {picture.scans} scans; more than {self._max_scans} are not drawn")
            if picture.width * picture.height > self._max_pixels:
                raise Undecodable(f"it has {picture.width} x {picture.height} pixels; more than we draw")
            return await self._renderer.render(body, picture.media_type)
        finally:
            job.body = None
            self._held_bytes -= held_bytes
            self._weigh()

    def _serve(self, job: _Job, made: Thumbnail) -> None:
        self._cache.put(job.key, made)
        job.done.set_result(made)

    async def _original(self, frame: Frame) -> bytes:
        data = await self._stored(frame.key)
        if data is None:
            raise Corrupt(f"the picture {frame.key} is missing from the store; `archive check` says what else is")
        return data

    async def _stored(self, key: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self._store.get, key)
        except KeyError:
            return None

    async def _hand_over(self, drawn: _Drawn) -> None:
        while len(self._to_write) >= MAX_DRAWN:
            self._is_written.clear()
            await self._is_written.wait()
        self._to_write.append(drawn)
        self._unwritten.add(drawn.job.key)
        self._is_to_write.set()

    async def _write_drawn(self) -> None:
        # One hop to a thread for all that was drawn during the last one: a hop for each costs more than the drawing's
        # own calls, because the threads wait for each other's turn.
        while True:
            await self._is_to_write.wait()
            self._is_to_write.clear()
            drawn, self._to_write = self._to_write, []
            self._is_written.set()
            await asyncio.to_thread(self._write, [(job.key, data) for job, data, _ in drawn if data])
            noting = [self._noted(job.frame.id, *seen) for job, _, seen in drawn if seen]
            for told in await asyncio.gather(*noting, return_exceptions=True):
                if isinstance(told, Exception):
                    self._is_behind.set()
                    self._complain("what was seen of a frame could not be noted just now: %s", told)
            self._unwritten.difference_update(job.key for job, _, _ in drawn)

    def _write(self, thumbnails: list[tuple[str, bytes]]) -> None:
        for key, data in thumbnails:
            try:
                self._store.put_derived(key, data)
            except Unavailable as exc:
                self._complain("thumbnails cannot be written, and will be made again when asked for: %s", exc)
                return
            except Exception:
                log.exception("the thumbnail of frame %s could not be written", key.replace("thumbnails/320", "photos"))

    async def _noted(self, frame_id: int, measures: Measures | None, verdict: Verdict | None) -> None:
        with contextlib.suppress(FrameNotFound):  # deleted meanwhile
            await self._index.measure(frame_id, measures, verdict)

    async def _seen(self, job: _Job, rendering: Rendering) -> tuple[Measures, Verdict | None]:
        measures, known = await self._measures(job, rendering), job.frame.verdict
        verdict = known if known in _SAID_BY_BYTES else judge(measures)
        return measures, None if verdict is known else verdict

    async def _measures(self, job: _Job, rendering: Rendering) -> Measures:
        before = await (job.before if job.before is not None else self._signature_before(job.frame))
        return Measures(
            mean_luma=rendering.mean_luma,
            contrast=rendering.contrast,
            difference=None if before is None else difference(before, rendering.signature),
            colour=rendering.colour,
            green=rendering.green,
        )

    def _chain(self, job: _Job) -> None:
        # A frame from a camera's spool comes after younger ones: the index finds the one before it. The younger one
        # keeps its difference, to a frame that was the one before it at the time.
        newest = self._newest.get(job.frame.camera)
        moment = job.frame.taken_at_ms, job.frame.id
        if newest is not None:
            if newest[0] > moment:
                return
            job.before = newest[1]
        self._newest[job.frame.camera] = moment, job.signature
        self._newest.move_to_end(job.frame.camera)
        if len(self._newest) > MAX_CAMERAS:
            self._newest.popitem(last=False)

    async def _signature_before(self, frame: Frame) -> bytes | None:
        before = await self._index.frame_before(frame)
        if before is None or before.verdict is Verdict.UNDECODABLE:
            return None
        key = before.thumbnail_key
        job = self._making.get(key) or self._promote(key)
        if job and (signature := await asyncio.shield(job.signature)):
            return signature
        found = self._cache.get(key)
        if found and (found.signature or found.is_placeholder):
            return found.signature
        data = found.data if found else await self._stored(key)
        if data is None:
            return None
        with contextlib.suppress(Undecodable):
            return (await self._renderer.render(data, MediaType.JPEG)).signature
        return None

    def _complain(self, sentence: str, exc: Exception) -> None:
        now = time.monotonic()
        if now - self._complained_at.get(sentence, -COMPLAIN_EVERY_S) >= COMPLAIN_EVERY_S:
            self._complained_at[sentence] = now
            log.warning(sentence, exc)


def _is_unseen(frame: Frame) -> bool:
    return frame.measures is None or frame.measures.colour is None


def _inspected(body: bytes) -> PictureInfo:
    try:
        return inspect(body)
    except UnsupportedMedia as exc:
        raise Undecodable(str(exc)) from exc
