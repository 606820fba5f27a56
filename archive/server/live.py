"""Telling at once: the event stream, and the same log as long-poll JSON for proxies that buffer."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from archive.errors import LogTooOld, Malformed, Unauthorized
from archive.events import Events
from archive.frame import Change, utc
from archive.rights import Right
from archive.server import answers, keys
from archive.server.answers import encode
from archive.server.catalog import answer, total_of
from archive.server.queries import number

log = logging.getLogger(__name__)

BEHIND_MAX_BYTES = 256 * 1024  # unread bytes after which a listener is dropped; it resumes by its last id
SEND_BUFFER_BYTES = 64 * 1024  # the kernel would hold megabytes for one that never reads
PATIENCE_S = 10.0  # with a listener that takes nothing of what it missed
RETRY_MS = (1000, 5000)  # spread, so that a restart is not met by everybody at once
CHANGES_PAGE = 1000
WAIT_MAX_S = 55.0  # below the minute after which most proxies give up


def event(kind: str, data: object, *, seq: int | None = None) -> bytes:
    """One server-sent event, framed as one chunk of an HTTP/1.1 body."""
    id_line = b"" if seq is None else b"id: %d\n" % seq
    return _chunk(b"%sevent: %s\ndata: %s\n\n" % (id_line, kind.encode(), encode(data)))


def change_event(change: Change) -> bytes:
    """A change as its event."""
    return event(answers.told_kind(change), answers.change_data(change), seq=change.seq)


def reset_event(last_seq: int) -> bytes:
    """The log does not reach back to where you were: fetch afresh, and follow from here."""
    return event("reset", {"last_seq": last_seq}, seq=last_seq)


def joining_event(count: int) -> bytes:
    """How many cameras ask to join; for the owner's own pages."""
    return event("joining", {"cameras": count})


class StreamListener:
    """One open event stream. There may be thousands: it holds no more than it needs."""

    __slots__ = ("_is_chunked", "_transport", "_writer", "ended")

    def __init__(self, transport: asyncio.Transport, writer: AbstractStreamWriter, *, is_chunked: bool) -> None:
        self._transport = transport
        self._writer = writer
        self._is_chunked = is_chunked
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def write(self, data: bytes) -> None:
        if self._transport.is_closing():
            self.end()
        elif self._transport.get_write_buffer_size() > BEHIND_MAX_BYTES:
            self._drop()
        else:
            self._transport.write(data if self._is_chunked else _unchunked(data))

    async def drained(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._writer.drain()
        except (TimeoutError, ConnectionError):
            self._drop()

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _drop(self) -> None:
        self._transport.abort()
        self.end()


async def events(request: web.Request) -> web.StreamResponse:
    """The stream of changes from `Last-Event-ID` (or `?after=`) on, without end."""
    after = _after(request)
    hub, index = request.app[keys.EVENTS], request.app[keys.INDEX]
    hub.require_room()
    visitor = request[keys.VISITOR]
    total = await total_of(request)
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/event-stream",
            hdrs.CACHE_CONTROL: "no-cache, no-transform",
            "X-Accel-Buffering": "no",
        }
    )
    is_chunked = request.version >= HttpVersion11  # a proxy that was not told otherwise may speak 1.0
    if is_chunked:
        response.enable_chunked_encoding()
    await response.prepare(request)
    transport = request.transport
    if transport is None:
        return response
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener = StreamListener(transport, request.writer, is_chunked=is_chunked)
    heartbeat_s = request.app[keys.CONFIG].heartbeat_s
    retry_ms = RETRY_MS[0] + secrets.randbelow(RETRY_MS[1] - RETRY_MS[0])
    listener.write(
        _chunk(b"retry: %d\n\n" % retry_ms)
        + event("hello", {"last_seq": index.last_seq, "heartbeat_s": heartbeat_s, "total": total})
    )
    tells = None if visitor.right >= Right.SEE_ALL else visitor.scope.tells
    with request.app[keys.VISITORS].inside(visitor, listener.end):
        async with hub.joined(listener, after=after, tells=tells, is_owner=visitor.right >= Right.RUN):
            await listener.ended
    if not transport.is_closing():
        await response.write_eof()
    return response


async def heartbeats(hub: Events, every_s: float) -> None:
    """Tell every listener that its stream lives; runs until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        hub.broadcast(event("heartbeat", {"now": utc(time.time_ns() // 1_000_000)}))


async def changes(request: web.Request) -> web.Response:
    """The log after `after`; waits up to `wait_s` seconds for something to tell."""
    after = number(request.query, "after", 0, 0, 2**62)
    wait_s = min(float(number(request.query, "wait_s", 0, 0, 3600)), WAIT_MAX_S)
    hub, index = request.app[keys.EVENTS], request.app[keys.INDEX]
    visitor = request[keys.VISITOR]
    if wait_s:
        await hub.wait(after=after, timeout_s=wait_s)
        if request.app[keys.VISITORS].of(request).mark != visitor.mark:
            raise Unauthorized("what let you see this has ended meanwhile")
    try:
        found = await index.changes(after=after, limit=CHANGES_PAGE)
    except LogTooOld as error:
        return answer(answers.ChangesAnswer(changes=[], last_seq=error.last_seq, reset=True))
    # Where to go on from: the end of this stretch, also where the log goes on behind it.
    last_seq = found.changes[-1].seq if found.changes else found.last_seq
    return answer(
        answers.ChangesAnswer(
            changes=[
                answers.change_answer(change)
                for change in found.changes
                if visitor.right >= Right.SEE_ALL or visitor.scope.tells(change)
            ],
            last_seq=last_seq,
        )
    )


def _after(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Malformed("Last-Event-ID is the id of an event of this archive, a whole number")
    return int(text)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _unchunked(chunks: bytes) -> bytes:
    data, at = [], 0
    while at < len(chunks):
        begin = chunks.index(b"\r\n", at) + 2
        end = begin + int(chunks[at : begin - 2], 16)
        data.append(chunks[begin:end])
        at = end + 2
    return b"".join(data)
