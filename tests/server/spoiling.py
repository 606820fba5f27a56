"""What may stand between a camera and its archive: a proxy that passes everything on, and each way of spoiling it."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web
from PIL import Image

from archive import fields
from archive.doctor.asking import OURS
from archive.serial_setup import read_roots

HOP_BY_HOP = {"transfer-encoding", "content-length", "connection", "keep-alive", "content-encoding", "host"}


class Mischief(msgspec.Struct, frozen=True, kw_only=True):
    """How a proxy spoils what passes; without any word it spoils nothing."""

    strips: tuple[str, ...] = ()  # of answers
    strips_asked: tuple[str, ...] = ()  # of requests
    moves: tuple[int, str] | None = None  # what it redirects with, and where to: `{path}` is where one was
    body_max_bytes: int | None = None
    cuts_after_bytes: int | None = None  # it breaks off, without a word
    flips: bool = False  # a byte of what is sent
    chunks: bool = False  # what is sent, without saying how long it is
    recompresses: bool = False
    buffers: bool = False  # what has no end
    ends_streams_after_s: float | None = None
    loses: tuple[str, ...] = ()  # paths that it answers with 404 itself, and all below those that end with `/`
    warns_browsers: bool = False
    warns_all: bool = False
    is_alone: bool = False  # the archive behind it does not answer
    clock_off_s: float = 0
    asks_for: str = ""  # a field without which nobody sees anything, as a private archive does


PAGE = "<!doctype html><html><head><title>You are about to visit</title></head><body>Visit Site</body></html>"


@asynccontextmanager
async def proxied(
    to: str | Path, mischief: Mischief | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """The address of a proxy before the archive at *to*, a URL or the path of a socket."""
    connector = aiohttp.UnixConnector(str(to)) if isinstance(to, Path) else aiohttp.TCPConnector()
    base = "http://archive" if isinstance(to, Path) else to
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        proxy = _Proxy(base, session, mischief or Mischief())
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", proxy.answer, expect_handler=proxy.expect)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
            await site.start()
            port = runner.addresses[0][1]
            yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()


class _Proxy:
    def __init__(self, base: str, session: aiohttp.ClientSession, mischief: Mischief) -> None:
        self._base = base
        self._session = session
        self._mischief = mischief

    async def expect(self, request: web.Request) -> web.StreamResponse | None:
        if self._is_too_large(request):
            return self._refusal()
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if answer := self._own_answer(request):
            return answer
        most = self._mischief.cuts_after_bytes
        if most is not None and (request.content_length or 0) > most:
            await request.content.readexactly(most)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return await self._passed_on(request)

    def _own_answer(self, request: web.Request) -> web.Response | None:
        """What it says instead of the archive."""
        mischief = self._mischief
        if mischief.moves is not None:
            status, where = mischief.moves
            return web.Response(status=status, headers={"Location": where.format(path=request.path)})
        if mischief.is_alone:
            return web.Response(status=502, text="Bad Gateway")
        if mischief.warns_all or (mischief.warns_browsers and "Mozilla" in request.headers.get("User-Agent", "")):
            return web.Response(text=PAGE, content_type="text/html", headers={"Ngrok-Error-Code": "ERR_NGROK_6024"})
        if mischief.asks_for and request.method == "GET" and mischief.asks_for not in request.headers:
            return _unauthorized()
        if any(request.path == lost or (lost[1:] and request.path.startswith(lost)) for lost in mischief.loses):
            return web.Response(status=404, text="not here")
        return self._refusal() if self._is_too_large(request) else None

    def _is_too_large(self, request: web.Request) -> bool:
        most = self._mischief.body_max_bytes
        return most is not None and (request.content_length or 0) > most

    def _refusal(self) -> web.Response:
        page = "<html><head><title>413 Request Entity Too Large</title></head></html>"
        return web.Response(status=413, text=page, content_type="text/html")

    async def _passed_on(self, request: web.Request) -> web.StreamResponse:
        mischief = self._mischief
        body = bytearray(await request.read())
        if mischief.flips and len(body) > 1000:
            body[500] ^= 1
        dropped = HOP_BY_HOP | {"expect"} | {name.lower() for name in mischief.strips_asked}
        headers = {name: value for name, value in request.headers.items() if name.lower() not in dropped}
        async with self._session.request(
            request.method,
            f"{self._base}{request.path_qs}",
            headers=headers,
            data=self._body(bytes(body)),
            allow_redirects=False,
        ) as reply:
            kept_back = (HOP_BY_HOP - {"content-encoding"}) | {name.lower() for name in mischief.strips}
            said = {name: value for name, value in reply.headers.items() if name.lower() not in kept_back}
            if mischief.clock_off_s:
                said |= self._wrong_clock(reply)
            if reply.content_type == "text/event-stream":
                return await self._stream(request, reply, said)
            got = await reply.read()
            if mischief.recompresses and reply.content_type == "image/jpeg":
                got = await asyncio.to_thread(_worse, got)
            return web.Response(status=reply.status, headers=said, body=got)

    def _body(self, body: bytes) -> io.BytesIO | AsyncIterator[bytes] | None:
        if not body:
            return None
        return _pieces(body) if self._mischief.chunks else io.BytesIO(body)

    def _wrong_clock(self, reply: aiohttp.ClientResponse) -> dict[str, str]:
        said = {}
        if clock := reply.headers.get(fields.CLOCK):
            now_ms = int(clock.partition("now=")[2]) + round(self._mischief.clock_off_s * 1000)
            said = {fields.CLOCK: fields.render_clock(now_ms), "Date": formatdate(now_ms / 1000, usegmt=True)}
        return said

    async def _stream(
        self, request: web.Request, reply: aiohttp.ClientResponse, said: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=said)
        if self._mischief.buffers:
            await asyncio.sleep(3600)  # as long as the reader has patience: it will not end
        await response.prepare(request)
        try:
            async with asyncio.timeout(self._mischief.ends_streams_after_s):
                async for chunk in reply.content.iter_any():
                    await response.write(chunk)
        except TimeoutError:
            pass
        await response.write_eof()
        return response


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]


def _unauthorized() -> web.Response:
    problem = {"type": f"{OURS}Unauthorized", "title": "A key is needed", "status": 401, "detail": "sign in first"}
    return web.Response(status=401, text=json.dumps(problem), content_type="application/problem+json")


def _worse(picture: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(file, "JPEG", quality=30)
    return file.getvalue()


class Authority:
    """A root, and certificates for localhost that it signs; made with openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root.pem"
        self.key = folder / "root.key"
        self._run(
            "req", "-x509", "-days", "900", "-subj", "/CN=The root of the tests", *fresh_key(), "-nodes",
            "-addext", "basicConstraints=critical,CA:true", "-keyout", self.key, "-out", self.root,
        )  # fmt: skip
        self.roots = read_roots(self.root)

    def context(
        self,
        *,
        name: str = "localhost",
        days: int = 90,
        key: list[str] | None = None,
        signed: str = "-sha256",
        copies: int = 0,
        least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    ) -> ssl.SSLContext:
        """A server's side, with a certificate for *name*, and so many copies of the root that nobody needs."""
        chain, request, own = (self.folder / f"leaf.{end}" for end in ("pem", "csr", "key"))
        extension = self.folder / "leaf.ext"
        extension.write_text(f"subjectAltName=DNS:{name}\n")
        self._run(
            "req", "-subj", f"/O=Tests/CN={name}", *(key or fresh_key()), "-nodes", "-keyout", own, "-out", request
        )
        self._run(
            "x509", "-req", "-days", str(days), signed, "-in", request, "-CA", self.root, "-CAkey", self.key,
            "-CAcreateserial", "-extfile", extension, "-out", chain,
        )  # fmt: skip
        chain.write_text(chain.read_text() + copies * self.root.read_text())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = least
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # what is weak shall be offered too
        context.load_cert_chain(chain, own)
        return context

    @staticmethod
    def _run(*words: str | Path) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)


def fresh_key() -> list[str]:
    """A key as they are today."""
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
