"""The story of one frame: looked at, named, made durable, told of. A newcomer starts here.

1. `jpeg.inspect` says what the bytes are, without decoding them.
2. The frame gets its name, from the camera's word or ours.
3. `index.add` puts the bytes on the shelf and the row in the index, durably, with whatever else arrived meanwhile.
4. Only then is the answer `kept` true.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from archive.dating import date
from archive.errors import DiskFull
from archive.frame import Frame, FrameClaim, Lost, NewFrame, PictureInfo, Status, frame_name
from archive.index import Index, Kept, Shelf
from archive.jpeg import inspect
from archive.metrics import Metrics
from archive.store import Store

log = logging.getLogger(__name__)

INSPECTED_ON_THE_LOOP_BYTES = 2**20  # a hostile megabyte costs 6 ms to walk, an honest one less than 1
FREE_SPACE_TRUSTED_S = 1.0  # how long a look at the free space holds; a frame is small beside the floor


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A frame as it came through the door."""

    camera: str
    body: bytes
    sha256: bytes
    received_at_ms: int
    transfer_ms: int = 0
    claim: FrameClaim = FrameClaim()
    status: Status = Status()
    lost: Lost | None = None


class Intake:
    """Keeps frames. `on_kept` hears of each new one, with its bytes, just after it became durable."""

    def __init__(
        self,
        *,
        index: Index,
        store: Store,
        metrics: Metrics,
        disk_floor_bytes: int = 0,
        on_kept: Callable[[Frame, PictureInfo, bytes], None] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = index
        self._store = store
        self._metrics = metrics
        self.disk_floor_bytes = disk_floor_bytes
        self._on_kept = on_kept
        self._clock = clock
        self._own_boot = secrets.token_hex(8)
        self._own_numbers: Counter[str] = Counter()
        self._keeping: set[asyncio.Task[Kept]] = set()
        self._free_looked_at = -FREE_SPACE_TRUSTED_S
        self._free_bytes: int | None = None

    def require_room(self, size_bytes: int) -> None:
        """Raises DiskFull while keeping *size_bytes* more would eat into the space the index needs to commit."""
        if not self.disk_floor_bytes:
            return
        now = self._clock()
        if now - self._free_looked_at >= FREE_SPACE_TRUSTED_S:
            self._free_looked_at = now
            self._free_bytes = self._store.free_bytes()
        if self._free_bytes is not None and self._free_bytes - size_bytes < self.disk_floor_bytes:
            raise DiskFull(
                f"only {self._free_bytes / 1e6:.0f} MB are free and {self.disk_floor_bytes / 1e6:.0f} MB must stay "
                "so; make room, or lower disk_floor_bytes"
            )

    async def accept(self, upload: Upload, *, on_done: Callable[[], None] = lambda: None) -> Kept:
        """Keep a frame. When this returns it survives a power cut.

        Storing goes on when the caller is cancelled: a camera that hangs up takes nothing back. *on_done* is called
        when it is over, whoever waits for it.
        Sending again is harmless. Raises UnsupportedMedia, DiskFull, Unavailable.
        """
        task = asyncio.create_task(self._keep(upload))
        self._keeping.add(task)
        task.add_done_callback(self._done)
        task.add_done_callback(lambda _: on_done())
        return await asyncio.shield(task)

    async def _keep(self, upload: Upload) -> Kept:
        began = time.perf_counter()
        is_large = len(upload.body) > INSPECTED_ON_THE_LOOP_BYTES
        picture = await asyncio.to_thread(inspect, upload.body) if is_large else inspect(upload.body)
        self._metrics.took("inspect", time.perf_counter() - began)
        frame = self._named(upload, picture)
        kept = await self._index.add(frame)
        self._metrics.took("total", time.perf_counter() - began)
        self._metrics.kept(is_new=kept.is_new, size_bytes=len(upload.body))
        if kept.is_new:
            self._on_kept(kept.frame, picture, upload.body)
        if kept.is_new and kept.is_further:
            log.warning(
                "camera %s sent two different frames as number %d of boot %s; both are kept",
                frame.camera,
                frame.number,
                frame.boot,
            )
        return kept

    def _named(self, upload: Upload, picture: PictureInfo) -> NewFrame:
        claim = upload.claim
        boot, number = claim.boot, claim.number
        if boot is None or number is None:
            # Who sends without a boot and a number gets ours: each start of the server is a boot of its own.
            boot, number = self._own_boot, self._own_numbers[upload.camera]
            self._own_numbers[upload.camera] += 1
            claim = FrameClaim(taken_ms=claim.taken_ms, source=claim.source)
        dated = date(claim, received_at_ms=upload.received_at_ms, transfer_ms=upload.transfer_ms, epoch=None)
        return NewFrame(
            camera=upload.camera,
            boot=boot,
            number=number,
            name=frame_name(dated.taken_at_ms, boot, number, picture.media_type),
            body=upload.body,
            sha256=upload.sha256,
            picture=picture,
            claim=claim,
            received_at_ms=upload.received_at_ms,
            transfer_ms=upload.transfer_ms,
            status=upload.status,
            lost=upload.lost,
        )

    def _done(self, task: asyncio.Task[Kept]) -> None:
        self._keeping.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; if nobody did, the camera sends again

    async def close(self) -> None:
        """Wait for every frame that has begun to be stored."""
        if self._keeping:
            await asyncio.wait(self._keeping)


class StoreShelf:
    """The store, as the index's shelf for the bytes of frames."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._put_at = 0.0

    def put(self, frames: Sequence[NewFrame]) -> Sequence[Exception | None]:
        began = time.perf_counter()
        answers = self._store.put([(frame.key, frame.body) for frame in frames])
        self._put_at = time.perf_counter()
        self._metrics.took("put", self._put_at - began)
        return answers

    def settle(self, frames: Sequence[NewFrame]) -> None:
        if frames:
            self._metrics.took("index", time.perf_counter() - self._put_at)  # the group's rows are what came between
        try:
            self._store.settle([frame.key for frame in frames])
        except Exception:
            log.exception("kept frames could not be settled; the next start settles them")

    def discard(self, frames: Sequence[NewFrame]) -> None:
        try:
            self._store.take_back([frame.key for frame in frames])
        except Exception:
            log.exception("the bytes of frames without a row could not be removed; the next start adopts them")


_: type[Shelf] = StoreShelf
