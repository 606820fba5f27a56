"""What a running server does beside serving: it follows its settings, counts out its log, and says that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable

from archive.app import Archive
from archive.config import TOML_NAME, Config
from archive.errors import ArchiveError, Corrupt
from archive.logs import Log
from archive.reloading import Reloading
from archive.server import keys
from archive.supervisor import Supervisor

LOOK_EVERY_S = 1.0

log = logging.getLogger("archive")


@contextlib.asynccontextmanager
async def kept_house(
    archive: Archive, config: Config, *, load: Callable[[], Config], written: Log, supervisor: Supervisor
) -> AsyncIterator[None]:
    """While inside, all of that is done for *archive*, which was opened with *config*."""

    def take_over(changed: Config) -> None:
        archive.take_over(changed)
        written.set_level(changed.log_level)
        written.hide(changed.metrics_token)

    reloading = Reloading(config, config.folder / TOML_NAME, load=load, take_over=take_over)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    if not (sys.stdin and sys.stdin.isatty()):  # where there is a terminal, SIGHUP says that it was closed
        loop.add_signal_handler(signal.SIGHUP, asked.set)
    tasks = [asyncio.create_task(_follow(reloading, asked, written))]
    if supervisor.patience_s is not None:
        tasks.append(asyncio.create_task(say_alive(archive, supervisor, every_s=supervisor.patience_s / 3)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.remove_signal_handler(signal.SIGHUP)


async def _follow(reloading: Reloading, asked: asyncio.Event, written: Log) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await asked.wait()
        try:
            if asked.is_set():
                asked.clear()
                await reloading.read()
            await reloading.look()
            written.say_swallowed()
        except Exception:
            log.exception("the settings could not be followed just now")


async def say_alive(archive: Archive, supervisor: Supervisor, *, every_s: float) -> None:
    """Say so for as long as the event loop runs and the index's writer answers: where either hangs, nobody does."""
    app = archive.runner.app
    index = app[keys.INDEX]
    while True:
        with contextlib.suppress(ArchiveError):
            try:
                await index.settled()  # through the writer's queue and back
            except Corrupt:
                return  # it has failed for good, and the process ends by itself
        listeners = app[keys.EVENTS].listeners
        supervisor.is_alive(f"{index.total} frames, {listeners} listening, {index.waiting} waiting to be kept")
        await asyncio.sleep(every_s)
