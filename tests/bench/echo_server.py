"""A baseline: aiohttp sends back what it was sent, after one fsync. `python -m tests.bench.echo_server PORT FILE`."""

import asyncio
import os
import sys

from aiohttp import web


def _keep(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, data)
    os.fsync(file)
    os.close(file)


async def _echo(request: web.Request) -> web.Response:
    data = await request.read()
    await asyncio.to_thread(_keep, sys.argv[2], data)
    return web.Response(body=data)


app = web.Application(client_max_size=2**24)
app.router.add_post("/", _echo)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
