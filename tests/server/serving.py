"""An archive served in this process on a loopback port, and the words its tests have for talking to it."""

from __future__ import annotations

import asyncio
import inspect
import io
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from typer.testing import CliRunner

from archive import cli, fields
from archive.app import Archive, opened
from archive.config import Config
from archive.errors import ArchiveError, Malformed
from archive.frame import FrameClaim
from archive.index import Index
from archive.owner import reachable
from archive.server import keys

PATIENCE_S = 20.0  # for anything a test waits for; never a claim about speed
PROBLEM = "application/problem+json"

_boots = itertools.count(1)


def new_boot() -> str:
    """A boot no other test uses."""
    return f"{next(_boots):016x}"


class Reply:
    """An answer, read to its end."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = CIMultiDictProxy(CIMultiDict(headers))
        self.body = body

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def echo(self) -> fields.Echo | None:
        """The archive's word on the frame sent; None where there is none."""
        try:
            return fields.parse_echo(self.headers.get(fields.FRAME, ""))
        except Malformed:
            return None

    def is_problem(self, status: int) -> bool:
        """Whether this is that error in the one shape that errors have."""
        return (
            self.status == status
            and self.media_type == PROBLEM
            and self.json.keys() == {"type", "title", "status", "detail"}
            and self.json["status"] == status
            and bool(self.json["detail"])
        )


class Served:
    """An archive that listens, and a session that asks it."""

    def __init__(self, archive: Archive, port: int, session: aiohttp.ClientSession) -> None:
        self.archive = archive
        self.config = archive.config
        self.folder = archive.config.folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.session = session

    @property
    def app(self) -> web.Application:
        return self.archive.runner.app

    @property
    def index(self) -> Index:
        return self.app[keys.INDEX]

    async def ask(self, path: str, *, method: str = "GET", **options: Any) -> Reply:
        """Any request, its answer read."""
        async with self.session.request(method, path, allow_redirects=False, **options) as reply:
            return Reply(reply.status, reply.headers, await reply.read())

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON at *path*."""
        reply = await self.ask(path, params=query)
        assert reply.status == 200, reply.body
        return reply.json

    async def send(
        self,
        body: bytes,
        *,
        camera: str | None = None,
        key: str | None = None,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        **claim: Any,
    ) -> Reply:
        """A frame as a camera sends it; *claim* is what a `FrameClaim` is made of."""
        return await self.ask(
            "/api/frames",
            method=method,
            data=body if len(body) < 2**20 else io.BytesIO(body),  # aiohttp warns of large bodies of bytes
            headers=head(camera=camera, key=key, **claim) | dict(headers or {}),
        )

    async def frames(self, camera: str) -> list[dict[str, Any]]:
        """What is kept of *camera*, newest first."""
        page: dict[str, Any] = await self.get("/api/frames", camera=camera, limit=1000)
        found: list[dict[str, Any]] = page["frames"]
        assert page["total"] == len(found)
        return found

    async def original(self, frame: Mapping[str, Any]) -> bytes:
        """The bytes of a frame, as its owner gets them."""
        async with self.owner() as owner, owner.get(frame["url"]) as reply:
            return await reply.read()

    async def files(self, camera: str = "") -> list[str]:
        """Every file of originals and of their beginnings, by its name below the archive's folder."""

        def walk() -> list[str]:
            places = [self.folder / "photos" / camera, *([] if camera else [self.folder / "incoming"])]
            found = [path for place in places for path in place.rglob("[!.]*") if path.is_file()]
            return sorted(path.relative_to(self.folder).as_posix() for path in found)

        return await asyncio.to_thread(walk)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session through the socket in the folder."""
        with reachable(self.folder) as address:
            async with aiohttp.ClientSession(
                "http://archive/", connector=aiohttp.UnixConnector(address), timeout=aiohttp.ClientTimeout(PATIENCE_S)
            ) as session:
                yield session

    def connected(self) -> AbstractAsyncContextManager[Line]:
        """A connection on which a test says what it likes."""
        return connected(self.port)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Line]:
    """A connection to that port of loopback; broken off at the end."""
    line = Line(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield line
    finally:
        line.abort()


class Line:
    """A connection on which HTTP is spoken byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def status(self) -> int:
        """The status of the next answer, an interim one too; nothing else of it is read."""
        async with asyncio.timeout(PATIENCE_S):
            return int((await self._reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1])

    async def reply(self, method: str = "POST") -> Reply:
        """The next answer, to its end as its head tells it."""
        async with asyncio.timeout(PATIENCE_S):
            first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
            headers = CIMultiDict[str]()
            for line in filter(None, lines):
                name, _, value = line.partition(": ")
                headers[name] = value
            status = int(first.split(" ", 2)[1])
            body = b""
            if headers.get("Transfer-Encoding") == "chunked":
                while size := int(await self._reader.readline(), 16):
                    body += (await self._reader.readexactly(size + 2))[:-2]
                await self._reader.readline()
            elif method != "HEAD" and status not in (100, 304):
                body = await self._reader.readexactly(int(headers["Content-Length"]))
            return Reply(status, headers, body)

    async def rest(self) -> bytes:
        """Everything until the other side hangs up."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.read()

    async def some(self) -> bytes:
        """What has come next, at least a byte."""
        async with asyncio.timeout(PATIENCE_S):
            data = await self._reader.read(65_536)
        assert data, "the other side hung up"
        return data

    def throttle(self, size_bytes: int) -> None:
        """Let the kernel hold no more than about that much of what was not read."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size_bytes)

    def stop_reading(self) -> None:
        """Take nothing any more, as a listener that hangs."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport has it

    def read_on(self) -> None:
        """Read again."""
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above

    def abort(self) -> None:
        """Hang up at once, as a lost radio does."""
        self._writer.transport.abort()


def head(*, camera: str | None = None, key: str | None = None, **claim: Any) -> dict[str, str]:
    """The header fields of an upload."""
    headers = {"Content-Type": "image/jpeg"}
    if camera is not None:
        headers[fields.STATUS] = fields.render_status(id=camera)
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if claim:
        headers[fields.FRAME] = fields.render_claim(FrameClaim(**claim))
    return headers


def request(
    headers: Mapping[str, str], body: bytes = b"", *, method: str = "POST", path: str = "/api/frames", length: int = -1
) -> bytes:
    """An HTTP/1.1 request as bytes; *length* is what it says of its body, where that is not the truth."""
    lines = {"Host": "localhost", "Content-Length": str(len(body) if length < 0 else length), **headers}
    return (
        f"{method} {path} HTTP/1.1\r\n".encode()
        + b"".join(f"{name}: {value}\r\n".encode() for name, value in lines.items())
        + b"\r\n"
        + body
    )


async def until(claim: Callable[[], Any], *, within_s: float = PATIENCE_S) -> Any:
    """The first true answer of *claim*, which is asked again and again, and may be an async function."""
    async with asyncio.timeout(within_s):
        while True:
            answer = claim()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.005)


class Ran(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


def command(*words: str | Path) -> Ran:
    """`archive …` in this process, which saves its second of imports; needs a thread without an event loop."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words], env={"COLUMNS": "200"})
    if isinstance(result.exception, ArchiveError):  # as `main` tells it
        return Ran(1, result.stdout, f"error: {result.exception}")
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def config_of(folder: Path, **settings: Any) -> Config:
    """Settings for tests, the same on every machine."""
    return Config(
        **{
            "folder": folder,
            "disk_floor_bytes": 0,
            "open_uploads": True,
            "public": True,
            "camera_frames_per_s": 0,
            "timezone": "Europe/Berlin",
            "thumbnail_workers": 1,
            **settings,
        }
    )


@asynccontextmanager
async def serving(config: Config) -> AsyncIterator[Served]:
    """The archive of *config*, open and listening."""
    async with opened(config) as archive:
        port = await archive.listen("127.0.0.1", 0)
        timeout = aiohttp.ClientTimeout(PATIENCE_S)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}/", timeout=timeout) as session:
            yield Served(archive, port, session)
