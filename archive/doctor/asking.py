"""How the doctor asks over HTTP: as a camera or a browser would, and it reads whatever comes instead of an answer."""

from __future__ import annotations

import asyncio
import io
import os
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Self

import aiohttp
import msgspec
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from archive import fields
from archive.doctor.reaching import Reached
from archive.errors import Malformed
from archive.fields import Echo

PATIENCE_S = 30.0
READ_MAX_BYTES = 32 * 2**20
OURS = "/docs/errors#"  # how the type of our own errors begins


class Answer:
    """An answer, read to its end."""

    def __init__(self, url: URL, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.url = url
        self.status = status
        self.headers = CIMultiDictProxy(CIMultiDict(headers))
        self.body = body

    @property
    def problem(self) -> dict[str, Any] | None:
        """The archive's own error; None where it is none."""
        if not self.headers.get("Content-Type", "").startswith("application/problem+json"):
            return None
        said = self.json
        return said if str(said.get("type", "")).startswith(OURS) else None

    @property
    def json(self) -> dict[str, Any]:
        """The object in the body; empty where there is none."""
        try:
            said = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def echo(self) -> Echo | None:
        """The archive's word on a frame."""
        try:
            return fields.parse_echo(self.headers.get(fields.FRAME, ""))
        except Malformed:
            return None

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        is_html = self.headers.get("Content-Type", "").startswith("text/html")
        return is_html or self.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    @property
    def is_ours(self) -> bool:
        """Whether it carries what the archive puts on each of its answers."""
        return "frame-ancestors 'none'" in self.headers.get("Content-Security-Policy", "")

    def __str__(self) -> str:
        """What it is, in a few words."""
        if self.problem:
            return f"{self.status}: {self.problem.get('detail', '')}"[:300]
        kind = self.headers.get("Content-Type", "nothing").partition(";")[0]
        title = re.search(rb"<title[^>]*>([^<]{1,200})", self.body, re.IGNORECASE)
        more = f", “{' '.join(title[1].decode('utf-8', 'replace').split())}”" if title else ""
        return f"{self.status}, {kind}{more}"


class Broken(Exception):
    """No answer came; the text says why."""


class Asker:
    """Asks at the address that was reached. An async context manager."""

    def __init__(self, reached: Reached) -> None:
        self._reached = reached
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        trusted = self._reached.trusted
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=trusted if trusted is not None else True, resolver=_Known(self._reached), force_close=True
            ),
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "esp32-camera-archive-doctor"},
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """For what is read bit by bit."""
        if self._session is None:
            raise RuntimeError("use the asker as an async context manager")
        return self._session

    async def ask(
        self, url: URL, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer to one request; redirects are not followed. Raises Broken."""
        try:
            async with self.session.request(
                method,
                url,
                headers=headers,
                data=None if body is None else io.BytesIO(body),
                allow_redirects=False,
            ) as reply:
                return Answer(reply.url, reply.status, reply.headers, await _read(reply))
        except TimeoutError as exc:
            raise Broken(f"no answer within {PATIENCE_S:.0f} s") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise Broken(why(exc)) from exc

    async def announce(self, url: URL, headers: Mapping[str, str], *, patience_s: float = 5.0) -> Answer | None:
        """What is answered to a POST's head with `Expect: 100-continue` before any of its body.

        None when nothing but a `100 Continue` comes, or nothing at all. The body never goes out. Raises Broken.
        """
        lines = {"Host": _host(url), **headers, "Expect": "100-continue", "Connection": "close"}
        head = f"POST {url.raw_path_qs} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer = None
        try:
            async with asyncio.timeout(patience_s):
                address = self._reached.addresses[0] if url.host == self._reached.host else url.host
                tls: ssl.SSLContext | bool | None = None
                if url.scheme == "https":
                    tls = self._reached.trusted or ssl.create_default_context()
                reader, writer = await asyncio.open_connection(
                    address, url.port, ssl=tls, server_hostname=url.host if tls else None
                )
                writer.write(head.encode() + b"\r\n")
                answer = await reader.readuntil(b"\r\n\r\n")
                status, found = _head(answer)
                if status == 100:
                    return None
                body = await reader.read(4096)
                return Answer(url, status, found, body)
        except TimeoutError:
            return None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as exc:
            raise Broken("the connection was closed without an answer") from exc
        finally:
            if writer is not None:
                writer.transport.abort()


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    chunks, size_bytes = [], 0
    async for chunk in reply.content.iter_any():
        chunks.append(chunk)
        size_bytes += len(chunk)
        if size_bytes > READ_MAX_BYTES:
            raise Broken(f"the answer has no end: more than {READ_MAX_BYTES} bytes came")
    return b"".join(chunks)


class _Known(ThreadedResolver):
    """Knows the address that was found, also where only mDNS knew it."""

    def __init__(self, reached: Reached) -> None:
        super().__init__()
        self._reached = reached

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != self._reached.host:
            return await super().resolve(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._reached.addresses
        ]


def why(exc: BaseException) -> str:
    """A broken connection in words."""
    if isinstance(exc, aiohttp.ClientPayloadError):
        return "the answer was cut off"
    if isinstance(exc, OSError) and exc.errno is not None and exc.errno > 0:
        return os.strerror(exc.errno).lower()
    return str(exc) or type(exc).__name__


def _host(url: URL) -> str:
    return url.host_port_subcomponent or ""


def _head(data: bytes) -> tuple[int, CIMultiDict[str]]:
    first, *lines = data.decode("latin-1").splitlines()
    headers = CIMultiDict[str]()
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers.add(name, value.strip())
    return int(first.split(" ", 2)[1]), headers
