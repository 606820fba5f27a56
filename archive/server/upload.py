"""The door: one frame in, by POST or PUT, plain or as multipart; all is checked before a byte of body is read."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator

import msgspec
from aiohttp import BodyPartReader, HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from archive import fields
from archive.config import Config
from archive.errors import (
    ArchiveError,
    DigestMismatch,
    LengthRequired,
    Malformed,
    TooLarge,
    TooSlow,
    UnsupportedMedia,
)
from archive.frame import FrameClaim, Lost, Status
from archive.index import Kept
from archive.intake import Upload
from archive.server import keys
from archive.server.auth import SHOWN
from archive.server.budget import Share
from archive.server.guard import require_host
from archive.server.problems import NAMED, Named, of_error, problem
from archive.server.telling import tell

log = logging.getLogger(__name__)

GRACE_S = 5.0  # before the least rate counts: a radio wakes up slowly
PARTS_MAX = 8  # of a multipart body; the first file among them is the frame
PART_HEAD_MAX_BYTES = 64 * 1024  # what a multipart body may weigh beside its file


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload says of itself before its first byte."""

    camera: str
    length_bytes: int
    claim: FrameClaim
    status: Status
    lost: Lost | None
    digest: bytes | None


async def receive(request: web.Request) -> web.Response:
    """Keep one frame: 201 when it is new, 200 when it was kept before."""
    began = time.monotonic()
    head = read_head(request)
    kept = await keep(request, head, began)
    response = web.Response(status=201 if kept.is_new else 200, text="kept\n")
    response.headers[hdrs.LOCATION] = f"/api/frames/{kept.frame.id}"
    response.headers[fields.FRAME] = fields.render_echo(kept.frame.boot, kept.frame.number, fields.Answer.KEPT)
    tell(response, kept.settings, head.status, request.app[keys.DOOR], shown=request.get(SHOWN))
    return response


async def keep(request: web.Request, head: Head, began: float) -> Kept:
    """Read the body that *head* announced, and keep it; *began* is when the head had come, by the monotonic clock."""
    app = request.app
    app[keys.GATE].admit(request, head.camera, head.length_bytes)
    with app[keys.BUDGET].take(head.length_bytes) as share:
        if head.claim.source is None:
            await app[keys.THUMBS].room()
        else:
            await app[keys.THUMBS].leisure()
        body, sha256 = await _read_body(request, head, share, app[keys.CONFIG])
        if head.digest is not None and head.digest != sha256:
            raise DigestMismatch("the body is not what its Repr-Digest says: bytes were lost or changed on the way")
        upload = Upload(
            camera=head.camera,
            body=body,
            sha256=sha256,
            received_at_ms=time.time_ns() // 1_000_000,
            transfer_ms=round((time.monotonic() - began) * 1000),
            claim=head.claim,
            status=head.status,
            lost=head.lost,
        )
        return await app[keys.INTAKE].accept(upload, on_done=share.hand_over())


async def expect(request: web.Request) -> web.StreamResponse | None:
    """`Expect: 100-continue`: a camera that will be refused keeps its bytes to itself."""
    if request.version < HttpVersion11:  # RFC 9110, 10.1.1: it cannot mean it
        return None
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        return problem(417, "Expectation failed", "of what can be expected only 100-continue is known here")
    try:
        require_host(request)
        read_head(request)
    except ArchiveError as error:
        return of_error(request, error)
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None


def read_head(request: web.Request) -> Head:
    """What the head says, judged: right, length, room. Raises what the answer shall be."""
    headers = request.headers
    claim = fields.parse_frame(headers[fields.FRAME]) if fields.FRAME in headers else FrameClaim()
    if claim.boot is not None and claim.number is not None:
        request[NAMED] = Named(fields.FRAME, claim.boot, claim.number)
    status = fields.parse_status(headers[fields.STATUS]) if fields.STATUS in headers else Status()
    camera = request.app[keys.GATE].sender(request, status)
    length_bytes = require_length(request)
    if hdrs.CONTENT_ENCODING in headers and headers[hdrs.CONTENT_ENCODING].lower() != "identity":
        raise UnsupportedMedia("pictures are compressed already: send the frame without Content-Encoding")
    request.app[keys.INTAKE].require_room(length_bytes)
    return Head(
        camera=camera,
        length_bytes=length_bytes,
        claim=claim,
        status=status,
        lost=fields.parse_lost(headers[fields.LOST]) if fields.LOST in headers else None,
        digest=fields.parse_digest(headers[fields.DIGEST]) if fields.DIGEST in headers else None,
    )


def require_length(request: web.Request) -> int:
    """How many bytes the body has. Raises LengthRequired, TooLarge."""
    length_bytes = request.content_length
    if length_bytes is None:
        raise LengthRequired("say how long the frame is with Content-Length; chunked bodies are not taken")
    most_bytes = request.app[keys.CONFIG].max_frame_bytes
    if length_bytes > most_bytes + (PART_HEAD_MAX_BYTES if _is_multipart(request) else 0):
        raise TooLarge(f"{length_bytes} bytes are more than the {most_bytes} this archive takes in one frame")
    return length_bytes


def _is_multipart(request: web.Request) -> bool:
    return request.content_type == "multipart/form-data"


async def _read_body(request: web.Request, head: Head, share: Share, config: Config) -> tuple[bytes, bytes]:
    """The frame's bytes and their SHA-256. aiohttp bounds neither size nor time of a streamed body; this does."""

    def patience_s(expected_bytes: int) -> float:
        return min(config.body_deadline_s, GRACE_S + expected_bytes / config.body_min_bytes_per_s)

    began = asyncio.get_running_loop().time()
    chunks: list[bytes] = []
    size_bytes = 0
    expected_bytes = share.expect_after(0)
    digest = hashlib.sha256()
    try:
        async with asyncio.timeout_at(began + patience_s(expected_bytes)) as deadline:
            async for chunk in _file_chunks(request) if _is_multipart(request) else request.content.iter_any():
                size_bytes += len(chunk)
                if size_bytes > config.max_frame_bytes:
                    raise TooLarge(f"more than the {config.max_frame_bytes} bytes this archive takes in one frame")
                digest.update(chunk)
                chunks.append(chunk)
                if (more_bytes := share.expect_after(size_bytes)) > expected_bytes:
                    expected_bytes = more_bytes
                    deadline.reschedule(began + patience_s(expected_bytes))
    except TimeoutError:
        in_s = patience_s(expected_bytes)
        raise TooSlow(f"{size_bytes} of {head.length_bytes} bytes came in {in_s:.0f} s; send the frame again") from None
    return (chunks[0] if len(chunks) == 1 else b"".join(chunks)), digest.digest()


async def _file_chunks(request: web.Request) -> AsyncIterator[bytes]:
    """The bytes of the first file among the parts. Its own name is not looked at: names are ours."""
    try:
        reader = await request.multipart()
        for _ in range(PARTS_MAX):
            part = await reader.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.filename is not None:
                while not part.at_eof():
                    yield bytes(await part.read_chunk(64 * 1024))
                return
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:
        raise Malformed("the multipart body is broken: its parts do not fit its boundary") from error
    raise Malformed("the multipart body holds no file among its first parts")
