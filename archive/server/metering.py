"""What Prometheus asks for, and who may: the owner, or whoever knows the metrics' own token."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

from aiohttp import hdrs, web

from archive import __version__
from archive.errors import Unauthorized
from archive.metrics import CONTENT_TYPE, CameraSeen, Standing
from archive.rights import Right
from archive.server import keys
from archive.server.guard import refusal


async def show(request: web.Request) -> web.Response:
    """Every metric, in Prometheus's text format."""
    _require_right(request)
    app = request.app
    config, index = app[keys.CONFIG], app[keys.INDEX]
    standing = Standing(
        version=__version__,
        frames=index.total,
        cameras={
            camera.id: CameraSeen(frames=camera.frames, seen_at_ms=camera.seen_at_ms)
            for camera in await index.cameras()
        },
        writer_waiting=index.waiting,
        thumbnails_waiting=app[keys.THUMBS].backlog,
        body_bytes=app[keys.BUDGET].taken_bytes,
        body_budget_bytes=app[keys.BUDGET].size_bytes,
        listeners=app[keys.EVENTS].listeners,
        disk_free_bytes=await asyncio.to_thread(app[keys.STORE].free_bytes),
        disk_floor_bytes=config.disk_floor_bytes,
    )
    body = await asyncio.to_thread(app[keys.METRICS].written, standing)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"})


async def count(request: web.Request, response: web.StreamResponse) -> None:
    """Count every answer as it begins."""
    request.app[keys.METRICS].answered(request.method, response.status)


def _require_right(request: web.Request) -> None:
    token = request.app[keys.CONFIG].metrics_token
    scheme, _, said = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if token and scheme.lower() == "bearer":
        if _is_same(said.strip(), token):
            return
        raise Unauthorized("this is not the metrics' token: it is the setting `metrics_token` of the archive")
    visitor = request[keys.VISITOR]
    if visitor.right < Right.RUN:
        raise refusal(visitor, Right.RUN)


def _is_same(said: str, token: str) -> bool:
    """Whether they are the same; how long that takes to see does not depend on how far they are."""
    digests = (hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest() for text in (said, token))
    return hmac.compare_digest(*digests)
