"""Frames on their way in, and a shelf that remembers what was asked of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from threading import Event

from archive.dating import date
from archive.frame import FrameClaim, Lost, MediaType, NewFrame, PictureInfo, Status, TimeSource, frame_name
from archive.intake import StoreShelf
from archive.metrics import Metrics
from archive.store import Store

NOW_MS = 1_795_345_345_000  # 2026-11-22T11:02:25Z
BOOT = "00000000000000aa"
WAIT_S = 10


def arriving(
    number: int,
    *,
    camera: str = "garden",
    boot: str = BOOT,
    body: bytes = b"a picture",
    received_at_ms: int = NOW_MS,
    transfer_ms: int = 0,
    up_ms: int | None = None,
    now_ms: int | None = None,
    taken_ms: int | None = None,
    source: TimeSource | None = None,
    is_named: bool = True,
    status: Status = Status(),  # noqa: B008 - frozen
    lost: Lost | None = None,
    is_whole: bool = True,
    media_type: MediaType = MediaType.JPEG,
) -> NewFrame:
    """A frame as intake hands it to the index."""
    claim = FrameClaim(
        boot=boot if is_named else None,
        number=number if is_named else None,
        up_ms=up_ms,
        now_ms=now_ms,
        taken_ms=taken_ms,
        source=source,
    )
    dated = date(claim, received_at_ms=received_at_ms, transfer_ms=transfer_ms, epoch=None)
    return NewFrame(
        camera=camera,
        boot=boot,
        number=number,
        name=frame_name(dated.taken_at_ms, boot, number, media_type),
        body=body,
        sha256=hashlib.sha256(body).digest(),
        picture=PictureInfo(media_type=media_type, width=64, height=48, is_whole=is_whole),
        claim=claim,
        received_at_ms=received_at_ms,
        transfer_ms=transfer_ms,
        status=status,
        lost=lost,
    )


class WatchedShelf(StoreShelf):
    """The archive's own shelf; remembers the groups it was given, and holds one up while `gate` is clear."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, Metrics())
        self.put_groups: list[list[str]] = []
        self.settled: list[str] = []
        self.discarded: list[str] = []
        self.entered = Event()
        self.gate = Event()
        self.gate.set()

    def put(self, frames: Sequence[NewFrame]) -> Sequence[Exception | None]:
        self.put_groups.append([frame.key for frame in frames])
        self.entered.set()
        assert self.gate.wait(WAIT_S), "nobody opened the gate"
        return super().put(frames)

    def settle(self, frames: Sequence[NewFrame]) -> None:
        self.settled += [frame.key for frame in frames]
        super().settle(frames)

    def discard(self, frames: Sequence[NewFrame]) -> None:
        self.discarded += [frame.key for frame in frames]
        super().discard(frames)
