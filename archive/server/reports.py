"""The door for cameras that have no frame to send: how they fare, and what they lost."""

from __future__ import annotations

import time

from aiohttp import hdrs, web

from archive import fields
from archive.errors import Malformed
from archive.frame import Report, Status
from archive.server import keys
from archive.server.auth import SHOWN
from archive.server.problems import NAMED, Named
from archive.server.telling import tell


async def receive(request: web.Request) -> web.Response:
    """Note one report: 200 and its echo."""
    headers = request.headers
    boot, number = fields.parse_report(headers.get(fields.REPORT, ""))
    request[NAMED] = Named(fields.REPORT, boot, number)
    status = fields.parse_status(headers[fields.STATUS]) if fields.STATUS in headers else Status()
    camera = request.app[keys.GATE].sender(request, status)
    if request.content_length or hdrs.TRANSFER_ENCODING in headers:
        raise Malformed("a report has no body: send `Content-Length: 0`, and a frame to /api/frames")
    settings = await request.app[keys.INDEX].hear(
        Report(
            camera=camera,
            received_at_ms=time.time_ns() // 1_000_000,
            status=status,
            lost=fields.parse_lost(headers[fields.LOST]) if fields.LOST in headers else None,
        )
    )
    response = web.Response(text="kept\n")
    response.headers[fields.REPORT] = fields.render_echo(boot, number, fields.Answer.KEPT, field=fields.REPORT)
    shown = request.get(SHOWN)
    tell(response, settings, status, request.app[keys.DOOR], shown=shown)
    if shown is not None and fields.KEY in headers:
        prefix, sha256 = fields.parse_next_key(headers[fields.KEY])
        if await request.app[keys.GATE].take_next(shown, prefix, sha256):
            response.headers[fields.KEY] = fields.render_taken(prefix)
    return response
