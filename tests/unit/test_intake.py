"""A frame's way in: named once, kept whatever its sender does, refused while there is no room."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.errors import DiskFull, Unavailable, UnsupportedMedia
from archive.frame import NAME, Frame, FrameClaim, PictureInfo
from archive.index import Index, open_index
from archive.intake import FREE_SPACE_TRUSTED_S, INSPECTED_ON_THE_LOOP_BYTES, Intake, StoreShelf, Upload
from archive.metrics import Metrics
from archive.store.memory import MemoryStore
from tests.arriving import BOOT, NOW_MS, WAIT_S, WatchedShelf, arriving
from tests.pictures import jpeg, png

PICTURE = jpeg()


def upload(body: bytes = PICTURE, *, camera: str = "garden", claim: FrameClaim = FrameClaim()) -> Upload:  # noqa: B008
    return Upload(
        camera=camera,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        received_at_ms=NOW_MS,
        transfer_ms=100,
        claim=claim,
    )


class Door:
    """An intake over a real index and a store in memory."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.shelf = WatchedShelf(self.store)
        self.index: Index = open_index(f"sqlite:///{folder / 'index.db'}", shelf=self.shelf, zone=ZoneInfo("UTC"))
        self.kept: list[tuple[Frame, PictureInfo, bytes]] = []
        self.intake = self.started()

    def started(self) -> Intake:
        """The intake of another start of the server."""
        return Intake(
            index=self.index, store=self.store, metrics=Metrics(), on_kept=lambda *what: self.kept.append(what)
        )


@pytest.fixture(name="door")
async def _door(tmp_path: Path) -> AsyncIterator[Door]:
    async with AsyncExitStack() as stack:
        door = Door(tmp_path)
        stack.push_async_callback(door.index.close)
        yield door


async def test_a_frame_is_named_by_what_it_says(door: Door) -> None:
    """The name holds the time it was taken, its boot and its number, and the ending of what it is."""
    claim = FrameClaim(boot=BOOT, number=182, taken_ms=NOW_MS - 60_000)

    kept = await door.intake.accept(upload(png(), claim=claim))

    assert kept.is_new
    assert kept.frame.name == f"20261122T110125.000Z-{BOOT}-182.png"
    assert door.store.get(kept.frame.key) == png()
    ((frame, picture, body),) = door.kept
    assert (frame, picture.width, picture.height, body) == (kept.frame, 64, 48, png())


async def test_a_frame_is_named_by_its_age_or_its_arrival(door: Door) -> None:
    """Without a clock of its own its age counts, and without that its arrival."""
    aged = await door.intake.accept(upload(claim=FrameClaim(boot=BOOT, number=1, up_ms=1000, now_ms=6000)))
    bare = await door.intake.accept(upload(claim=FrameClaim(boot=BOOT, number=2)))

    assert aged.frame.name == f"20261122T110219.900Z-{BOOT}-1.jpg"
    assert bare.frame.name == f"20261122T110225.000Z-{BOOT}-2.jpg"


async def test_a_sender_without_identity_gets_ours(door: Door) -> None:
    """Each start of the server is a boot of its own, which counts each camera's frames from 0; nothing is doubled."""
    first = [await door.intake.accept(upload()) for _ in range(2)]
    shed = await door.intake.accept(upload(camera="shed"))
    restarted = await door.started().accept(upload(claim=FrameClaim(number=7)))

    frames = [kept.frame for kept in (*first, shed, restarted)]
    assert [frame.number for frame in frames] == [0, 1, 0, 0]
    assert frames[0].boot == frames[1].boot == frames[2].boot != frames[3].boot
    assert all(NAME.fullmatch(frame.name) for frame in frames)
    assert all(kept.is_new for kept in (*first, shed, restarted))


async def test_a_sender_without_identity_teaches_no_epoch(door: Door) -> None:
    """Its count since boot is of a boot we do not know: later frames of ours are not dated by it."""
    await door.intake.accept(upload(claim=FrameClaim(up_ms=1000, now_ms=2000)))

    kept = await door.intake.accept(upload(claim=FrameClaim(up_ms=1500)))

    assert kept.frame.taken_at_ms == NOW_MS


async def test_a_frame_sent_again_is_told_of_once(door: Door) -> None:
    """`on_kept` hears of new frames only."""
    claim = FrameClaim(boot=BOOT, number=1)

    answers = [await door.intake.accept(upload(claim=claim)) for _ in range(3)]

    assert [kept.is_new for kept in answers] == [True, False, False]
    assert len(door.kept) == 1


async def test_two_frames_of_one_number_are_a_fault_of_the_camera(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The second is kept too, and the log names the camera; sending it again says nothing more."""
    claim = FrameClaim(boot=BOOT, number=1)
    other = jpeg(seed=1)

    with caplog.at_level(logging.WARNING, logger="archive.intake"):
        answers = [await door.intake.accept(upload(body, claim=claim)) for body in (PICTURE, other, other, PICTURE)]

    assert [kept.is_new for kept in answers] == [True, True, False, False]
    assert [record.getMessage() for record in caplog.records] == [
        f"camera garden sent two different frames as number 1 of boot {BOOT}; both are kept"
    ]


async def test_what_is_no_picture_leaves_nothing(door: Door) -> None:
    """UnsupportedMedia, no file, no row, and no number used up."""
    with pytest.raises(UnsupportedMedia):
        await door.intake.accept(upload(b"<html>hello</html>"))

    assert list(door.store.keys()) == []
    assert door.index.total == 0
    assert (await door.intake.accept(upload())).frame.number == 0


async def test_a_large_picture_is_looked_at_in_a_thread(door: Door) -> None:
    """What takes long to walk is kept all the same, and the loop does not wait for it."""
    large = jpeg() + bytes(INSPECTED_ON_THE_LOOP_BYTES)
    task = asyncio.ensure_future(door.intake.accept(upload(large)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert not door.shelf.put_groups  # on the loop it would have been handed to the index by now

    kept = await task
    assert (kept.frame.size_bytes, kept.frame.width) == (len(large), 64)
    assert door.store.get(kept.frame.key) == large


async def test_a_camera_that_hangs_up_takes_nothing_back(door: Door) -> None:
    """A frame whose storing has begun is kept when its sender is cancelled, and closing waits for it."""
    door.shelf.gate.clear()
    sender = asyncio.ensure_future(door.intake.accept(upload()))
    assert await asyncio.to_thread(door.shelf.entered.wait, WAIT_S)

    sender.cancel()
    await asyncio.wait([sender])
    closing = asyncio.ensure_future(door.intake.close())
    await asyncio.sleep(0)
    waited = not closing.done()
    door.shelf.gate.set()
    await closing

    assert sender.cancelled()
    assert waited
    assert door.index.total == 1
    assert len(door.kept) == 1


async def test_a_failure_after_the_camera_hung_up_is_quiet(tmp_path: Path) -> None:
    """Nobody waits for that answer; nothing is left behind, and closing does not fail."""

    def fail(operation: str, key: str) -> None:
        if operation == "put":
            raise Unavailable(f"{key} could not be kept")

    store = MemoryStore(fail=fail)
    shelf = WatchedShelf(store)
    index = open_index(f"sqlite:///{tmp_path / 'index.db'}", shelf=shelf, zone=ZoneInfo("UTC"))
    intake = Intake(index=index, store=store, metrics=Metrics())
    shelf.gate.clear()
    sender = asyncio.ensure_future(intake.accept(upload()))
    assert await asyncio.to_thread(shelf.entered.wait, WAIT_S)
    sender.cancel()
    shelf.gate.set()

    await intake.close()
    await index.close()

    assert index.total == 0
    await asyncio.wait([sender])


async def test_without_room_no_frame_is_begun(door: Door) -> None:
    """What would eat into the floor is DiskFull, in a sentence; the free space is looked at once in a while."""
    now, looks, free = [100.0], [], [10_000_000]

    class Disk(MemoryStore):
        def free_bytes(self) -> int | None:
            looks.append(now[0])
            return free[0]

    intake = Intake(index=door.index, store=Disk(), metrics=Metrics(), disk_floor_bytes=9_000_000, clock=lambda: now[0])

    intake.require_room(1_000_000)
    with pytest.raises(DiskFull, match="only 10 MB are free and 9 MB must stay so"):
        intake.require_room(1_000_001)
    assert looks == [100.0]
    free[0] = 20_000_000
    now[0] += FREE_SPACE_TRUSTED_S
    intake.require_room(1_000_001)
    assert looks == [100.0, 101.0]


def test_where_room_is_unknown_or_not_asked_for_there_is_room(door: Door) -> None:
    """A store that cannot tell, and a floor of 0, refuse nothing."""
    Intake(index=door.index, store=MemoryStore(), metrics=Metrics(), disk_floor_bytes=10**12).require_room(10**12)
    Intake(index=door.index, store=MemoryStore(room_bytes=0), metrics=Metrics()).require_room(10**12)


@pytest.mark.parametrize("operation", ["settle", "delete"])
def test_the_shelf_never_raises_where_it_must_not(operation: str, caplog: pytest.LogCaptureFixture) -> None:
    """When marks or bytes cannot be removed the next start does it; the log says so."""

    def fail(what: str, _: str) -> None:
        if what == operation:
            raise Unavailable("the disk is gone")

    shelf = StoreShelf(MemoryStore(fail=fail), Metrics())
    frames = [arriving(1)]
    shelf.put(frames)

    (shelf.settle if operation == "settle" else shelf.discard)(frames)

    assert len(caplog.records) == 1
    assert "next start" in caplog.records[0].getMessage()
