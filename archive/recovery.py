"""Before the archive listens: what is visible is made durable, and what a dead process left is put right."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from archive.errors import ArchiveError, FrameNotFound, Unavailable, UnsupportedMedia
from archive.frame import CAMERA_ID, NAME, FrameClaim, NewFrame, named_at_ms, photo_key
from archive.index import Index, Kept
from archive.jpeg import inspect
from archive.store import Store

log = logging.getLogger(__name__)

FILLING_NAME = "filling-index"  # while this file is in the folder, not every original has its row yet
GROUP = 16  # originals adopted together: one commit for all of them


class Recovered(msgspec.Struct, kw_only=True):
    """What a start had to put right."""

    swept: int = 0  # beginnings of files: their cameras were never answered
    adopted: int = 0  # files without a row, that have one now
    known: int = 0  # files that had a row already
    left: int = 0  # files that could not get one


def make_durable(store: Store) -> None:
    """Sync what a dead process wrote and nobody synced.

    Else a resend could be answered `kept` from a row that a power cut takes away.
    """
    store.sync()


async def recover(store: Store, index: Index, folder: Path) -> Recovered:
    """Settle what was put and perhaps never indexed. A new index beside old originals is filled from them.

    Costs as much as was in flight, not as much as is kept. Twice is harmless, and so is being cut short: *folder* holds
    a mark while an index is filled, and the next start goes on. Raises Corrupt, and Unavailable where nothing can be
    read.
    """
    recovered = Recovered()
    filling = folder / FILLING_NAME
    is_new = index.total == 0 or await asyncio.to_thread(filling.exists)
    pending = await asyncio.to_thread(store.pending)
    recovered.swept = await asyncio.to_thread(store.swept)
    await _adopt_all(recovered, store, index, pending)
    if is_new:
        await _fill(recovered, store, index, filling)
    if recovered.swept or recovered.adopted or recovered.left:
        log.info(
            "recovered: %d beginnings swept, %d frames adopted, %d known already, %d left alone",
            recovered.swept,
            recovered.adopted,
            recovered.known,
            recovered.left,
        )
    return recovered


async def adopt(store: Store, index: Index, keys: Sequence[str]) -> AsyncIterator[tuple[str, bool | ArchiveError]]:
    """Give the originals under *keys* their rows, from their names and bytes. An answer for each, in order.

    True: it has one now; False: its frame had one already. Of its times only the one in its name is left, so that
    stands for all of them. Where the frame stands under another name too, and its bytes with it, one copy is enough and
    the key is deleted. UnsupportedMedia: it is no frame; FrameNotFound: it is gone; Unavailable: it stays as it is.
    Raises Corrupt when the index fails.
    """
    for start in range(0, len(keys), GROUP):
        group = keys[start : start + GROUP]
        frames = await asyncio.to_thread(lambda keys: [_read(store, key) for key in keys], group)
        kept = await asyncio.gather(*(_add(index, frame) for frame in frames))
        for key, frame, answer in zip(group, frames, kept, strict=True):
            yield key, await asyncio.to_thread(_end, store, key, frame, answer)


def _read(store: Store, key: str) -> NewFrame | ArchiveError:
    camera, name = key.split("/")[1], key.rpartition("/")[2]
    parts = NAME.fullmatch(name)
    at_ms = named_at_ms(parts) if parts else None
    if parts is None or at_ms is None or photo_key(camera, name) != key or not CAMERA_ID.fullmatch(camera):
        return UnsupportedMedia("it is not named like a frame")
    try:
        body = store.get(key)
        return NewFrame(
            camera=camera,
            boot=parts["boot"],
            number=int(parts["number"]),
            name=name,
            body=body,
            sha256=hashlib.sha256(body).digest(),
            picture=inspect(body),
            claim=FrameClaim(boot=parts["boot"], number=int(parts["number"])),
            received_at_ms=at_ms,
        )
    except KeyError:
        return FrameNotFound("it is gone")
    except (UnsupportedMedia, Unavailable) as error:
        return error


async def _add(index: Index, frame: NewFrame | ArchiveError) -> Kept | ArchiveError:
    if isinstance(frame, ArchiveError):
        return frame
    try:
        return await index.add(frame)
    except Unavailable as error:
        return error


def _end(store: Store, key: str, frame: NewFrame | ArchiveError, kept: Kept | ArchiveError) -> bool | ArchiveError:
    if isinstance(frame, ArchiveError):
        return frame
    if isinstance(kept, ArchiveError):
        return kept
    other = kept.frame.key
    if other != key:
        [error] = store.put([(other, frame.body)])  # proves the other copy, and puts it back where it was gone
        if error is not None:
            return Unavailable(f"it is the same frame as {other}, which cannot be mended: {error}")
        store.delete([key])
    store.settle([key, other])
    return kept.is_new


async def _fill(recovered: Recovered, store: Store, index: Index, filling: Path) -> None:
    keys = await asyncio.to_thread(lambda: [key for key, _ in store.keys("photos")])
    if keys:
        log.info("the index is new and %d originals are not: filling it from them", len(keys))
        await asyncio.to_thread(filling.touch)
        await asyncio.to_thread(store.sync)  # the mark is durable before the first row is
        await _adopt_all(recovered, store, index, keys)
    await asyncio.to_thread(filling.unlink, missing_ok=True)


async def _adopt_all(recovered: Recovered, store: Store, index: Index, keys: Sequence[str]) -> None:
    done = 0
    by_time = sorted(keys, key=lambda key: key.rpartition("/")[2])  # so the newest is the one that came last
    async for key, answer in adopt(store, index, by_time):
        if answer is True:
            recovered.adopted += 1
        elif answer is False:
            recovered.known += 1
        else:
            recovered.left += 1
            log.warning("%s was left alone: %s", key, answer)
        done += 1
        if done % 10_000 == 0:
            log.info("%d of %d", done, len(keys))
