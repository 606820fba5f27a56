"""What stands between a page and the archive: a proxy with habits that tunnels have."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from yarl import URL

from tests.browser.sending import Archive

WARNING = """<!doctype html><title>Warning</title><h1>You are about to visit another site</h1>
<button onclick="document.cookie = 'abuse_interstitial=1'; location.reload()">Visit Site</button>"""
OWN = {"connection", "transfer-encoding", "keep-alive", "host"}  # of one connection only


class Between:
    """A proxy; its habits can be changed at any time."""

    def __init__(self, archive: Archive) -> None:
        self._archive = URL(archive.url)
        self.url = ""
        self.asked: Counter[str] = Counter()  # how often each path was
        self.cuts_after_s: float | None = None  # of silence
        self.redirects = 0  # the status by which every address is moved; 0: none is
        self.warns = False  # browsers, as ngrok's free plan does

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        if self.warns and not (
            "abuse_interstitial" in request.cookies or "ngrok-skip-browser-warning" in request.headers
        ):
            return web.Response(text=WARNING, content_type="text/html")
        if self.redirects and "moved" not in request.query:
            there = request.url.with_query([*request.query.items(), ("moved", "1")])
            return web.Response(status=self.redirects, headers={"Location": there.raw_path_qs})
        there = self._archive.join(request.rel_url)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        async with (
            aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(None)) as session,
            session.request(
                request.method, there, headers=headers, data=await request.read() or None, allow_redirects=False
            ) as reply,
        ):
            answer = web.StreamResponse(status=reply.status)
            answer.headers.extend((name, value) for name, value in reply.headers.items() if name.lower() not in OWN)
            await answer.prepare(request)
            try:
                while data := await asyncio.wait_for(reply.content.readany(), self.cuts_after_s):
                    await answer.write(data)
            except TimeoutError:
                if request.transport:
                    request.transport.abort()
        return answer


@asynccontextmanager
async def between(archive: Archive) -> AsyncIterator[Between]:
    """A proxy before the archive, while inside."""
    proxy = Between(archive)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()
