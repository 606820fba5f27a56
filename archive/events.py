"""Who is listening, and waking them: each change is framed once and written to all, a tick's worth together.

The rules of this file:
* The index's log is the truth; this only passes on what it has committed, in the order of `seq`.
* A listener is joined to the live stream exactly after the last change it was replayed: none missing, none doubled.
* Nobody waits for a slow listener: it is dropped when it falls behind, and reads the log again when it comes back.
  Only its own replay does: what it missed may be more than it can take at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, Protocol

from archive.errors import LogTooOld, Unavailable
from archive.frame import Change
from archive.index import Index

TICK_S = 0.05  # one write for all that happens within it; the first change after a quiet tick goes out at once
REPLAY_MAX = 1000  # changes; a listener that missed more is told to fetch afresh
REPLAY_PAGE = 250


class Listener(Protocol):
    """Something that can be written to and never makes anyone wait."""

    def write(self, data: bytes) -> None:
        """Take these bytes, or drop the connection; never raise."""

    async def drained(self) -> None:
        """Return when most of what was written is gone, or the connection is; never raise."""

    def end(self) -> None:
        """The archive is closing."""


Tells = Callable[[Change], bool]


class Audience(NamedTuple):
    """What a listener may hear."""

    tells: Tells | None  # which changes; None: all
    is_owner: bool


class Events:
    """The hub between the index's log and those who listen to it."""

    def __init__(
        self,
        index: Index,
        *,
        encode: Callable[[Change], bytes],
        encode_reset: Callable[[int], bytes],
        max_listeners: int,
    ) -> None:
        self._index = index
        self._encode = encode
        self._encode_reset = encode_reset
        self.max_listeners = max_listeners
        self._listeners: dict[Listener, Audience] = {}
        self._joining = 0
        self._pending: list[tuple[Change, bytes]] = []
        self._tick: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._flushed_at = self._loop.time() - TICK_S
        self.is_closed = False
        index.on_change(self.publish)

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._listeners)

    def publish(self, changes: Sequence[Change]) -> None:
        """Pass on a group of committed changes."""
        self._changed.set()
        self._changed = asyncio.Event()
        if not self._listeners:
            return
        self._pending.extend((change, self._encode(change)) for change in changes)
        if self._tick is None:
            wait_s = self._flushed_at + TICK_S - self._loop.time()
            if wait_s <= 0:
                self._flush()
            else:
                self._tick = self._loop.call_later(wait_s, self._flush)

    def broadcast(self, data: bytes, *, to_owners: bool = False) -> None:
        """Write something that is no change (a heartbeat) to everybody, or to the owner's own listeners."""
        for listener, audience in list(self._listeners.items()):
            if audience.is_owner or not to_owners:
                listener.write(data)

    def _flush(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        self._flushed_at = self._loop.time()
        if self._pending:
            pending, self._pending = self._pending, []
            data = b"".join(framed for _, framed in pending)
            for listener, audience in list(self._listeners.items()):
                if audience.tells is None:
                    listener.write(data)
                elif part := b"".join(framed for change, framed in pending if audience.tells(change)):
                    listener.write(part)

    def require_room(self) -> None:
        """Raises Unavailable while nobody more can listen."""
        if self.is_closed:
            raise Unavailable("the archive is closing")
        if len(self._listeners) + self._joining >= self.max_listeners:
            raise Unavailable("too many listeners; try again in a while")

    @contextlib.asynccontextmanager
    async def joined(
        self, listener: Listener, *, after: int | None, tells: Tells | None = None, is_owner: bool = False
    ) -> AsyncIterator[None]:
        """*listener* is on the stream, from just after the change *after* on (None: from now).

        It hears of the changes that *tells* says yes to, of all without it. Raises Unavailable when full.
        """
        self.require_room()
        self._joining += 1
        try:
            await self._replay(listener, after, tells)
            # From here to `add` nothing awaits, so no change slips between.
            self._flush()
            self._listeners[listener] = Audience(tells, is_owner)
        finally:
            self._joining -= 1
        if self.is_closed:
            listener.end()
        try:
            yield
        finally:
            self._listeners.pop(listener, None)

    async def _replay(self, listener: Listener, after: int | None, tells: Tells | None) -> None:
        """Write what was published after *after*, up to the moment this returns."""
        if after is None:
            return
        # Who asks may have read the index a moment before the change was published: its turn on the loop is due.
        while self._index.last_seq < after and await self._is_committed(after):  # noqa: ASYNC110 - one turn at most
            await asyncio.sleep(0)
        while after != (last_seq := self._index.last_seq):
            try:
                if not 0 < last_seq - after <= REPLAY_MAX:  # too far back, or of another archive's log
                    raise LogTooOld(last_seq)  # noqa: TRY301 - the same decision as when the index says it
                log = await self._index.changes(after=after, limit=REPLAY_PAGE)
            except LogTooOld:
                after = self._index.last_seq
                listener.write(self._encode_reset(after))
                continue
            # What is committed and not yet published will come by `publish`; taking it here would double it.
            published = [change for change in log.changes if change.seq <= self._index.last_seq]
            told = published if tells is None else list(filter(tells, published))
            listener.write(b"".join(map(self._encode, told)))
            await listener.drained()
            after = published[-1].seq if published else last_seq

    async def _is_committed(self, seq: int) -> bool:
        try:
            await self._index.changes(after=seq, limit=1)
        except LogTooOld:
            return False
        return True

    async def wait(self, *, after: int, timeout_s: float) -> None:
        """Return when the log stands elsewhere than at *after*, or after *timeout_s*, or when the archive closes."""
        deadline = self._loop.time() + timeout_s
        while self._index.last_seq == after and not self.is_closed:
            changed = self._changed
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                return

    def close(self) -> None:
        """End every stream. Twice is harmless."""
        self.is_closed = True
        self._changed.set()
        self._flush()
        for listener in list(self._listeners):
            listener.end()
