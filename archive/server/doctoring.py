"""The owner's question how the archive fares, answered line by line while the doctor looks."""

import msgspec
from aiohttp import web

from archive.doctor.findings import Begun
from archive.doctor.inside import Body, examine
from archive.server import keys
from archive.server.assets import web_folder

_encode = msgspec.json.Encoder().encode


async def see_doctor(request: web.Request) -> web.StreamResponse:
    """Steps begun and what they found, as JSON lines; the last says that it is all."""
    app = request.app
    config = app[keys.CONFIG]

    body = Body(
        folder=config.folder,
        store=app[keys.STORE],
        index=app[keys.INDEX],
        disk_floor_bytes=config.disk_floor_bytes,
        is_page_old=lambda: not app[keys.ASSETS].are_those_in(web_folder()),
    )
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    await response.prepare(request)
    async for told in examine(body):
        kind = "begun" if isinstance(told, Begun) else "finding"
        await response.write(_encode({kind: told}) + b"\n")
    await response.write(b'{"done":true}\n')
    await response.write_eof()
    return response
