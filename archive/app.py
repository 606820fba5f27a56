"""Config → a running archive: the one file that knows every part.

Each part is opened in the order a frame meets it, and closed in reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import msgspec
from aiohttp import http_parser, web

from archive.announce import host_name
from archive.config import Config
from archive.errors import ConfigError, Corrupt
from archive.events import Events
from archive.index import open_index
from archive.intake import Intake, StoreShelf
from archive.lock import FolderLock
from archive.metrics import Metrics
from archive.owner import listening
from archive.recovery import make_durable, recover
from archive.reloading import put_in_force
from archive.server import keys, live
from archive.server.assets import Assets, web_folder
from archive.server.auth import Gate
from archive.server.budget import Budget
from archive.server.door import Door, names_of_this_machine
from archive.server.guard import guard
from archive.server.limits import Limit
from archive.server.passwords import Passwords
from archive.server.peer import networks
from archive.server.printed import Printed
from archive.server.problems import problems
from archive.server.routes import add_routes
from archive.server.senders import senders
from archive.server.signing_in import TRIES_PER_MINUTE
from archive.server.speech import SPEECH, plain_http
from archive.server.turnstile import Turnstile
from archive.server.visitors import Visitors
from archive.server.waiting import Waiting
from archive.starting import require_ours
from archive.store import open_store
from archive.thumbs import Renderer, Slits, Thumbs
from archive.watching import Watching, require_watchable

log = logging.getLogger(__name__)

INDEX_NAME = "index.db"
INDEX_FILES = (INDEX_NAME, f"{INDEX_NAME}-wal")


class Archive:
    """An archive that is open; `failed` is done when it must not go on."""

    def __init__(self, runner: web.AppRunner, config: Config) -> None:
        self.runner = runner
        self.config = config
        self.failed: asyncio.Future[Corrupt] = asyncio.get_running_loop().create_future()

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None, is_outside: bool = False) -> int:
        """Take requests from the network; the port it got. Raises OSError when the port is taken.

        With *is_outside*, from the outside, where a tunnel ends: a second door, not taken for the one in our network.
        """
        turnstile = Turnstile(self.runner, host, port, idle_s=self.config.idle_s, tls=tls)
        await turnstile.start()
        if is_outside:
            self.door.outside_port = turnstile.port
        else:
            self.door.host, self.door.port, self.door.is_tls = host, turnstile.port, tls is not None
        return turnstile.port

    async def has_owner(self) -> bool:
        """Whether its owner has signed in or set a password, so that it may be opened to the world."""
        if self.runner.app[keys.VISITORS].sessions:
            return True
        return await self.runner.app[keys.INDEX].admission.password() is not None

    @property
    def door(self) -> Door:
        """Where it listens, and how the world reaches it."""
        return self.runner.app[keys.DOOR]

    def take_over(self, config: Config) -> None:
        """Do as *config* says from now on, in what can change without a new start."""
        app = self.runner.app
        put_in_force(app[keys.CONFIG], config)
        app[keys.BUDGET].size_bytes = config.body_budget_bytes
        app[keys.INTAKE].disk_floor_bytes = config.disk_floor_bytes
        app[keys.EVENTS].max_listeners = config.max_listeners

    @property
    def id(self) -> str:
        """Tells one archive from another."""
        return self.runner.app[keys.INDEX].id

    def invite(self) -> str:
        """The secret of a sign-in link, for one browser."""
        return self.runner.app[keys.VISITORS].invite()

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
    require_watchable(config.folder, config.watched())
    require_ours(config.folder, INDEX_NAME)
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
    app = web.Application(middlewares=[problems, plain_http, guard], client_max_size=config.max_frame_bytes)
    app[keys.CONFIG] = msgspec.structs.replace(config, timezone=config.zone().key)  # ask the machine only once
    app[keys.BUDGET] = Budget(config.body_budget_bytes)
    app[keys.DOOR] = Door(
        hosts=frozenset({*names_of_this_machine(), *(name.lower() for name in config.hosts)}),
        public_url=config.public_url.rstrip("/"),
        is_configured=bool(config.public_url),
        trusted_proxies=networks(config.trusted_proxies),
    )
    app[keys.BARE] = set()
    app[keys.UNDERWAY] = set()
    app[keys.PASSWORDS] = Passwords()
    app[keys.TRIES] = Limit(TRIES_PER_MINUTE / 60, TRIES_PER_MINUTE)
    app[keys.LEGACY] = senders(config.legacy_uploads)
    app[keys.METRICS] = Metrics()
    app[keys.ASSETS] = assets = Assets(web_folder())
    app[keys.PRINTED] = Printed(assets.asset("index.html").body)
    app.cleanup_ctx.extend([_store, _index, _thumbs, _intake, _gate, _events, _watching, _changes])
    app.on_shutdown.append(_end_streams)
    add_routes(app)
    return app


async def _store(app: web.Application) -> AsyncIterator[None]:
    store = app[keys.STORE] = open_store(app[keys.CONFIG].folder.as_uri(), on_sync=app[keys.METRICS].synced)
    await asyncio.to_thread(make_durable, store)
    yield
    store.close()


async def _index(app: web.Application) -> AsyncIterator[None]:
    config = app[keys.CONFIG]
    app[keys.INDEX] = index = open_index(
        f"sqlite:///{config.folder / INDEX_NAME}",
        shelf=StoreShelf(app[keys.STORE], app[keys.METRICS]),
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
        metrics=app[keys.METRICS],
        disk_floor_bytes=app[keys.CONFIG].disk_floor_bytes,
        on_kept=app[keys.THUMBS].warm,
    )
    yield
    await intake.close()


async def _gate(app: web.Application) -> AsyncIterator[None]:
    config, index, door = app[keys.CONFIG], app[keys.INDEX], app[keys.DOOR]
    door.hosts |= {host_name(index.id)}
    app[keys.WAITING] = waiting = Waiting(
        on_change=lambda: app[keys.EVENTS].broadcast(live.joining_event(len(waiting.cameras)), to_owners=True)
    )
    app[keys.GATE] = gate = Gate(index, door, waiting, config)
    await gate.load()
    app[keys.VISITORS] = visitors = Visitors(
        index.admission, door, archive_id=index.id, is_public=lambda: app[keys.CONFIG].public
    )
    await visitors.load()
    yield
    await visitors.close()
    await gate.close()


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


async def _watching(app: web.Application) -> AsyncIterator[None]:
    config = app[keys.CONFIG]
    watching = Watching(
        config.watched(),
        index=app[keys.INDEX],
        intake=app[keys.INTAKE],
        leisure=app[keys.THUMBS].leisure,
        zone=config.zone(),
        most_bytes=config.max_frame_bytes,
    )
    async with _running(watching.run()):
        yield


async def _changes(app: web.Application) -> AsyncIterator[None]:
    yield
    if underway := app[keys.UNDERWAY]:
        await asyncio.wait(underway)


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
