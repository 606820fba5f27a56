"""Before the archive listens: what is visible is made durable, and what a dead process left is put right."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import UTC, datetime

import msgspec

from archive.errors import UnsupportedMedia
from archive.frame import NAME, FrameClaim, NewFrame, photo_key, unix_ms
from archive.index import Index
from archive.jpeg import inspect
from archive.store import Store

log = logging.getLogger(__name__)


class Recovered(msgspec.Struct, kw_only=True):
    """What a start had to put right."""

    swept: int = 0  # beginnings of files: their cameras were never answered
    adopted: int = 0  # files without a row, that have one now
    known: int = 0  # files that had a row already


def make_durable(store: Store) -> None:
    """Sync what a dead process wrote and nobody synced.

    Else a resend could be answered `kept` from a row that a power cut takes away.
    """
    store.sync()


async def recover(store: Store, index: Index) -> Recovered:
    """Settle what was put and perhaps never indexed. A new index beside old originals is filled from them.

    Costs as much as was in flight, not as much as is kept. Twice is harmless.
    """
    recovered = Recovered()
    pending = await asyncio.to_thread(store.pending)
    recovered.swept = await asyncio.to_thread(store.swept)
    for key in pending:
        await _adopt_into(recovered, store, index, key)
    await asyncio.to_thread(store.settle, pending)
    if index.total == 0:
        await _refill(recovered, store, index)
    if recovered.swept or recovered.adopted:
        log.info(
            "recovered: %d beginnings swept, %d frames adopted, %d known already",
            recovered.swept,
            recovered.adopted,
            recovered.known,
        )
    return recovered


async def adopt(store: Store, index: Index, key: str) -> bool:
    """Give the original under *key* its row, from its name and its bytes; whether it had none. Raises UnsupportedMedia.

    Of its times only the one in its name is left, so that stands for all of them.
    """
    camera, name = key.split("/")[1], key.rpartition("/")[2]
    parts = NAME.fullmatch(name)
    if parts is None or photo_key(camera, name) != key:
        raise UnsupportedMedia(f"{key} is not named like a frame")
    body = await asyncio.to_thread(store.get, key)
    at = datetime.strptime(parts["day"] + parts["time"] + parts["ms"] + "000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    frame = NewFrame(
        camera=camera,
        boot=parts["boot"],
        number=int(parts["number"]),
        name=name,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        picture=inspect(body),
        claim=FrameClaim(boot=parts["boot"], number=int(parts["number"])),
        received_at_ms=unix_ms(at),
    )
    kept = await index.add(frame)
    if kept.frame.key != key:  # the same frame stands under another name: one copy is enough
        await asyncio.to_thread(store.delete, [key])
    return kept.is_new


async def _refill(recovered: Recovered, store: Store, index: Index) -> None:
    keys = await asyncio.to_thread(lambda: sorted(key for key, _ in store.keys("photos")))
    if keys:
        log.info("the index is new and %d originals are not: filling it from them", len(keys))
    for done, key in enumerate(keys, 1):
        await _adopt_into(recovered, store, index, key)
        if done % 10_000 == 0:
            log.info("%d of %d", done, len(keys))


async def _adopt_into(recovered: Recovered, store: Store, index: Index, key: str) -> None:
    try:
        if await adopt(store, index, key):
            recovered.adopted += 1
        else:
            recovered.known += 1
    except (UnsupportedMedia, KeyError) as error:
        log.warning("%s was left alone: %s", key, error)
