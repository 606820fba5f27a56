"""Are the archive's promises true? Every row has its bytes, every original its row, every count its frames."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Literal

import msgspec

from archive.errors import ArchiveError, FrameNotFound, UnsupportedMedia
from archive.frame import Frame
from archive.index import Index
from archive.recovery import adopt
from archive.store import Store

BATCH = 1000

Kind = Literal["missing", "damaged", "orphan", "stranger", "counts", "index"]


class Finding(msgspec.Struct, kw_only=True):
    """One promise that is not true."""

    kind: Kind
    what: str  # a sentence
    is_mended: bool = False


class Progress(msgspec.Struct, kw_only=True):
    """How far the check is."""

    step: str
    done: int
    total: int


async def check(
    store: Store, index: Index, *, deep: bool = False, repair: bool = False
) -> AsyncIterator[Finding | Progress]:
    """Everything that is not as promised. *deep* reads and hashes every original; *repair* mends what can be mended.

    The archive may be running. No frame is ever deleted: bytes that are gone or damaged can only be told of.
    """
    for what in await index.faults():
        yield Finding(kind="index", what=what)
    async for told in _rows(store, index, deep=deep):
        yield told
    async for told in _originals(store, index, repair=repair):
        yield told
    miscounts = await index.miscounts()
    if miscounts and repair:
        await index.recount()
    for what in miscounts:
        yield Finding(kind="counts", what=what, is_mended=repair)


async def _rows(store: Store, index: Index, *, deep: bool) -> AsyncIterator[Finding | Progress]:
    done, after_id, total = 0, 0, index.total
    while frames := await index.frames_after(after_id, limit=BATCH if not deep else BATCH // 10):
        for finding in await asyncio.to_thread(_look_at, store, frames, deep=deep):
            yield finding
        after_id = frames[-1].id
        done += len(frames)
        yield Progress(step="reading originals" if deep else "looking for originals", done=done, total=total)


def _look_at(store: Store, frames: list[Frame], *, deep: bool) -> list[Finding]:
    findings = []
    for frame in frames:
        try:
            path = store.path(frame.key)
            size_bytes = path.stat().st_size if path else len(store.get(frame.key))
            if size_bytes != frame.size_bytes:
                what = f"frame {frame.id}: {frame.key} has {size_bytes} bytes instead of {frame.size_bytes}"
                findings.append(Finding(kind="damaged", what=what))
            elif deep and hashlib.sha256(store.get(frame.key)).digest() != frame.sha256:
                findings.append(Finding(kind="damaged", what=f"frame {frame.id}: {frame.key} is not what was kept"))
        except (KeyError, FileNotFoundError):
            findings.append(Finding(kind="missing", what=f"frame {frame.id}: {frame.key} is gone"))
        except ArchiveError as error:
            findings.append(Finding(kind="damaged", what=f"frame {frame.id}: {frame.key} cannot be read: {error}"))
    return findings


async def _originals(store: Store, index: Index, *, repair: bool) -> AsyncIterator[Finding | Progress]:
    done = 0
    names: Iterator[str] = (key for key, _ in store.keys("photos"))
    while keys := await asyncio.to_thread(lambda: list(islice(names, BATCH))):
        for finding in await _orphans(store, index, await index.unknown(keys), repair=repair):
            yield finding
        done += len(keys)
        yield Progress(step="looking for rows", done=done, total=max(done, index.total))


async def _orphans(store: Store, index: Index, keys: list[str], *, repair: bool) -> list[Finding]:
    if keys:
        # A frame that is being kept just now is on the shelf a moment before its row is there.
        await index.settled()
        keys = await index.unknown(keys)
    if not repair:
        return [Finding(kind="orphan", what=f"{key} has no row") for key in keys]
    return [_mended(key, answer) async for key, answer in adopt(store, index, keys)]


def _mended(key: str, answer: bool | ArchiveError) -> Finding:
    match answer:
        case True:
            return Finding(kind="orphan", what=f"{key} had no row; it has one now", is_mended=True)
        case False:
            what = f"{key} had no row; its frame has one under another name, so one copy was removed"
            return Finding(kind="orphan", what=what, is_mended=True)
        case UnsupportedMedia():
            return Finding(kind="stranger", what=f"{key} is no frame of this archive: {answer}")
        case FrameNotFound():
            return Finding(kind="orphan", what=f"{key} had no row, and is gone by now", is_mended=True)
        case _:
            return Finding(kind="orphan", what=f"{key} has no row and cannot get one: {answer}")
