"""Originals and thumbnails under URLs that stay: a path is looked up in the index, never handed to the file system."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from archive import metadata
from archive.errors import Forbidden, FrameNotFound, Unavailable
from archive.frame import NAME, Frame, camera_id, photo_key
from archive.index import Index
from archive.rights import EVERYTHING, Right, Visitor
from archive.server import keys, queries
from archive.server.etags import unchanged
from archive.thumbs import Thumbnail

FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
FOR_A_MINUTE = "public, max-age=60"  # a placeholder may be replaced
PIECE_BYTES = 256 * 1024
BARE_KNOWN = 100_000  # frames of which we remember that they carry nothing to cut out
# Bytes from outside are shown as pictures or not at all, whatever they contain.
DISARMED = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def original(request: web.Request) -> web.StreamResponse:
    """A frame's bytes as they were sent; with `?download=1` under a name for the disk."""
    visitor = request[keys.VISITOR]
    is_owner = visitor.right >= Right.RUN
    frame = await named(request.app[keys.INDEX], request.match_info["path"], visitor)
    headers = {
        hdrs.CONTENT_TYPE: frame.media_type.value,
        hdrs.CACHE_CONTROL: FOR_EVER.replace("public", "private") if is_owner else FOR_EVER,  # his says more
        hdrs.VARY: hdrs.COOKIE,  # so a browser, too, keeps what it got as its owner's apart
        hdrs.CONTENT_DISPOSITION: f'{_disposition(request)}; filename="{frame.camera}-{frame.name}"',
        **DISARMED,
    }
    store = request.app[keys.STORE]
    try:
        kept = None if is_owner else await _picture_alone(request.app, frame)
        if kept is not None:
            return await _in_stretches(request, frame, kept, headers)
        path = await asyncio.to_thread(store.path, frame.key)
        if path is not None:
            return _File(path, headers=headers, chunk_size=PIECE_BYTES)
        body = await asyncio.to_thread(store.get, frame.key)
    except KeyError:
        raise Unavailable(f"the bytes of {frame.name} are missing; `archive check` says more") from None
    return _whole(request, body, f'"{frame.sha256.hex()}"', headers)


async def _picture_alone(app: web.Application, frame: Frame) -> metadata.Stretches | None:
    """Which bytes of the original everybody may have who sees it; None: all, for nothing else is in it."""
    known = app[keys.BARE]
    if frame.sha256 in known:
        return None

    def read() -> metadata.Stretches | None:
        return metadata.stretches(app[keys.STORE].get(frame.key), frame.media_type)

    kept = await asyncio.to_thread(read)
    if kept is None:
        if len(known) >= BARE_KNOWN:
            known.clear()
        known.add(frame.sha256)
    return kept


async def _in_stretches(
    request: web.Request, frame: Frame, kept: metadata.Stretches, headers: dict[str, str]
) -> web.StreamResponse:
    """These bytes of the original, a piece at a time: who reads slowly holds no more of it in memory than that."""
    etag = f'"{frame.sha256.hex()}-bare"'
    headers = {**headers, hdrs.ETAG: etag}
    if known := unchanged(request, etag, headers):
        return known
    store = request.app[keys.STORE]
    path = await asyncio.to_thread(store.path, frame.key)
    if path is None:
        body = await asyncio.to_thread(store.get, frame.key)
        return web.Response(body=b"".join(body[start:end] for start, end in kept), headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = sum(end - start for start, end in kept)
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        for start, end in kept:
            await asyncio.to_thread(file.seek, start)
            left = end - start
            while left and (piece := await asyncio.to_thread(file.read, min(left, PIECE_BYTES))):
                left -= len(piece)
                await response.write(piece)
        await response.write_eof()
    finally:
        file.close()
    return response


async def thumbnail(request: web.Request) -> web.StreamResponse:
    """A frame's small picture: from memory, from the store, or made now."""
    path = request.match_info["path"]
    thumbs = request.app[keys.THUMBS]
    visitor = request[keys.VISITOR]
    picture = thumbs.cached(f"thumbnails/320/{path}") if visitor.scope.is_all else None
    if picture is None:
        picture = await thumbs.thumbnail(await named(request.app[keys.INDEX], path, visitor, is_thumbnail=True))
    return _whole(request, picture.data, picture.etag, _thumbnail_headers(picture))


async def slits(request: web.Request) -> web.StreamResponse:
    """A day of a camera in one picture. Frames may come late, so no day is ever quite over for a browser."""
    camera, day = camera_id(request.match_info["id"]), queries.day_of(request.match_info["day"])
    scope = request[keys.VISITOR].scope.narrowed(camera, None, None)
    if scope.part_of(day, request.app[keys.CONFIG].zone()) != EVERYTHING:
        raise Forbidden("this link does not show the whole of that day")
    strip = await request.app[keys.SLITS].strip(camera, day)
    headers = {
        hdrs.CONTENT_TYPE: "image/webp",
        hdrs.CACHE_CONTROL: FOR_AN_HOUR if strip.is_over else "no-cache",
        **DISARMED,
    }
    return _whole(request, strip.picture.data, strip.picture.etag, headers)


async def named(index: Index, path: str, visitor: Visitor, *, is_thumbnail: bool = False) -> Frame:
    """The frame at *path* below /photos/ or /thumbnails/320/, if he may see it. Raises FrameNotFound."""
    frame = await _named(index, path, is_thumbnail=is_thumbnail)
    if not visitor.sees(frame):
        raise FrameNotFound(f"there is no picture at {path[:200]}")
    return frame


async def _named(index: Index, path: str, *, is_thumbnail: bool) -> Frame:
    camera, _, rest = path.partition("/")
    name = NAME.fullmatch(rest.rpartition("/")[2])
    if name is None or photo_key(camera, name[0]) != f"photos/{path}":
        raise FrameNotFound(f"there is no picture at {path[:200]}")
    if not is_thumbnail:
        return await index.frame_named(camera, name[0], name["boot"], int(name["number"]))
    for suffix in (".jpg", ".png", ".gif", ".bmp"):  # a thumbnail is a JPEG, whatever its original is
        try:
            original_name = name[0].removesuffix(".jpg") + suffix
            return await index.frame_named(camera, original_name, name["boot"], int(name["number"]))
        except FrameNotFound:
            continue
    raise FrameNotFound(f"there is no picture at {path[:200]}")


class _File(web.FileResponse):
    """A file on its way out, also to somebody who stops taking it."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            return await super().prepare(request)
        except TimeoutError as error:  # the turnstile's patience is over; for aiohttp that would be our own mistake
            raise ConnectionResetError("the other side took nothing any more") from error


def _disposition(request: web.Request) -> str:
    return "attachment" if request.query.get("download") else "inline"


def _thumbnail_headers(picture: Thumbnail) -> dict[str, str]:
    return {
        hdrs.CONTENT_TYPE: "image/jpeg",
        hdrs.CACHE_CONTROL: FOR_A_MINUTE if picture.is_placeholder else FOR_EVER,
        **DISARMED,
    }


def _whole(request: web.Request, body: bytes, etag: str, headers: dict[str, str]) -> web.Response:
    headers = {**headers, hdrs.ETAG: etag}
    return unchanged(request, etag, headers) or web.Response(body=body, headers=headers)
