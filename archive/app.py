"""Config → a running archive: the one file that knows every part.

Each part is opened in the order a frame meets it, and closed in reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import msgspec
from aiohttp import http_parser, web

from archive.config import Config
from archive.errors import ConfigError, Corrupt
from archive.events import Events
from archive.index import open_index
from archive.intake import Intake, StoreShelf
from archive.lock import FolderLock
from archive.owner import listening
from archive.recovery import make_durable, recover
from archive.server import keys, live
from archive.server.assets import Assets, web_folder
from archive.server.auth import Gate
from archive.server.budget import Budget
from archive.server.door import Door
from archive.server.printed import Printed
from archive.server.problems import problems
from archive.server.routes import add_routes
from archive.server.speech import SPEECH, plain_http
from archive.server.turnstile import Turnstile
from archive.store import open_store
from archive.thumbs import Renderer, Slits, Thumbs

log = logging.getLogger(__name__)

INDEX_NAME = "index.db"


class Archive:
    """An archive that is open; `failed` is done when it must not go on."""

    def __init__(self, runner: web.AppRunner, config: Config) -> None:
        self.runner = runner
        self.config = config
        self.failed: asyncio.Future[Corrupt] = asyncio.get_running_loop().create_future()

    async def listen(self, host: str, port: int) -> int:
        """Take requests from the network; the port it got. Raises OSError when the port is taken."""
        turnstile = Turnstile(self.runner, host, port, idle_s=self.config.idle_s)
        await turnstile.start()
        door = self.runner.app[keys.DOOR]
        door.host, door.port = host, turnstile.port
        return door.port

    @property
    def id(self) -> str:
        """Tells one archive from another."""
        return self.runner.app[keys.INDEX].id

    def _fail(self, error: Corrupt) -> None:
        if not self.failed.done():
            self.failed.set_result(error)


@contextlib.asynccontextmanager
async def opened(config: Config, *, port: int | None = None) -> AsyncIterator[Archive]:
    """The archive in `config.folder`, recovered and answering its owner's socket.

    Raises Locked, ConfigError, Corrupt, Unavailable.
    """
    if not issubclass(http_parser.HttpRequestParser, http_parser.HttpRequestParserC):
        raise ConfigError("aiohttp's compiled parser is missing; install aiohttp from a wheel (pip install aiohttp)")
    # The socket is closed last: aiohttp takes what it listens on from the loop before it closes anything.
    with FolderLock(config.folder, port=port), listening(config.folder) as socket:
        app = make_app(config)
        runner = web.AppRunner(
            app,
            handler_cancellation=True,  # a stream whose reader is gone ends at once; storing is shielded
            shutdown_timeout=10,
            keepalive_timeout=config.idle_s,
            **SPEECH,
        )
        archive = Archive(runner, config)
        try:
            await runner.setup()
            app[keys.INDEX].on_fatal(archive._fail)  # noqa: SLF001 - its own file
            await web.SockSite(runner, socket).start()
            yield archive
        finally:
            await runner.cleanup()


def make_app(config: Config) -> web.Application:
    """The application; its parts open when its runner starts."""
    app = web.Application(middlewares=[problems, plain_http], client_max_size=config.max_frame_bytes)
    app[keys.CONFIG] = msgspec.structs.replace(config, timezone=config.zone().key)  # ask the machine only once
    app[keys.BUDGET] = Budget(config.body_budget_bytes)
    app[keys.DOOR] = Door()
    app[keys.ASSETS] = assets = Assets(web_folder())
    app[keys.PRINTED] = Printed(assets.asset("index.html").body)
    app.cleanup_ctx.extend([_store, _index, _thumbs, _intake, _gate, _events])
    app.on_shutdown.append(_end_streams)
    add_routes(app)
    return app


async def _store(app: web.Application) -> AsyncIterator[None]:
    store = app[keys.STORE] = open_store(app[keys.CONFIG].folder.as_uri())
    await asyncio.to_thread(make_durable, store)
    yield
    store.close()


async def _index(app: web.Application) -> AsyncIterator[None]:
    config = app[keys.CONFIG]
    app[keys.INDEX] = index = open_index(
        f"sqlite:///{config.folder / INDEX_NAME}",
        shelf=StoreShelf(app[keys.STORE]),
        zone=config.zone(),
        changes_kept=config.changes_kept,
    )
    try:
        await recover(app[keys.STORE], index, config.folder)
        yield
    finally:
        await index.close()


async def _thumbs(app: web.Application) -> AsyncIterator[None]:
    config = app[keys.CONFIG]
    renderer = Renderer(
        workers=config.thumbnail_workers, timeout_s=config.thumbnail_timeout_s, max_pixels=config.max_pixels
    )
    app[keys.THUMBS] = thumbs = Thumbs(
        store=app[keys.STORE],
        index=app[keys.INDEX],
        renderer=renderer,
        cache_bytes=config.thumbnail_cache_bytes,
        max_pixels=config.max_pixels,
        max_scans=config.max_scans,
    )
    app[keys.SLITS] = Slits(
        store=app[keys.STORE], index=app[keys.INDEX], renderer=renderer, thumbs=thumbs, zone=config.zone()
    )
    await renderer.start()
    try:
        async with _running(thumbs.run()):
            yield
    finally:
        await renderer.close()


async def _intake(app: web.Application) -> AsyncIterator[None]:
    app[keys.INTAKE] = intake = Intake(
        index=app[keys.INDEX],
        store=app[keys.STORE],
        disk_floor_bytes=app[keys.CONFIG].disk_floor_bytes,
        on_kept=app[keys.THUMBS].warm,
    )
    yield
    await intake.close()


async def _gate(app: web.Application) -> AsyncIterator[None]:
    app[keys.GATE] = gate = Gate(app[keys.INDEX], open_uploads=app[keys.CONFIG].open_uploads)
    await gate.load()
    yield


async def _events(app: web.Application) -> AsyncIterator[None]:
    config = app[keys.CONFIG]
    app[keys.EVENTS] = events = Events(
        app[keys.INDEX],
        encode=live.change_event,
        encode_reset=live.reset_event,
        max_listeners=config.max_listeners,
    )
    async with _running(live.heartbeats(events, config.heartbeat_s)):
        yield


async def _end_streams(app: web.Application) -> None:
    # Before anything else: aiohttp waits for open answers, and a stream has no end of its own.
    app[keys.EVENTS].close()


@contextlib.asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """*work* runs while inside; its failure is logged, its end awaited."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("a part of the archive stopped working", exc_info=error)
