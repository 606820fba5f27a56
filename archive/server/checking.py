"""The owner's question whether all promises are true, answered line by line while it is being found out."""

import msgspec
from aiohttp import web

from archive.check import Finding, check
from archive.server import keys

_encode = msgspec.json.Encoder().encode


async def check_archive(request: web.Request) -> web.StreamResponse:
    """Findings and progress as JSON lines; `?deep=1` hashes every original, `?repair=1` mends what can be mended."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    await response.prepare(request)
    deep, repair = (request.query.get(name) == "1" for name in ("deep", "repair"))
    async for told in check(request.app[keys.STORE], request.app[keys.INDEX], deep=deep, repair=repair):
        kind = "finding" if isinstance(told, Finding) else "progress"
        await response.write(_encode({kind: told}) + b"\n")
    await response.write(b'{"done":true}\n')
    await response.write_eof()
    return response
