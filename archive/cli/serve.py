"""`archive serve`: the server, and how to reach it."""

from __future__ import annotations

import asyncio
import logging
import resource
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import segno
import typer
from rich.console import Console

from archive.announce import announced, host_name
from archive.app import INDEX_FILES, opened
from archive.cli.addresses import is_everywhere, reachable_at
from archive.cli.housekeeping import kept_house
from archive.cli.ports import port_error, require_free
from archive.config import DEFAULT_FOLDER, Config, load
from archive.logs import Log
from archive.starting import require_right_clock, worries
from archive.supervisor import Supervisor

EXIT_FAILED = 70  # the index failed: a supervisor shall start us again, into recovery
DESCRIPTORS = 65_536

log = logging.getLogger("archive")


def serve(
    folder: Annotated[Path | None, typer.Argument(help="Where the archive lives. Default: ~/camera-archive.")] = None,
    host: Annotated[
        str | None, typer.Option(help="Which address to listen on. Default: all of this machine's.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Which port. Default: 5555; 0 takes a free one.", min=0, max=65535)
    ] = None,
    open_uploads: Annotated[
        bool | None,
        typer.Option("--open-uploads", help="Let cameras send without a key. Anyone who reaches the port can."),
    ] = None,
) -> None:
    """Receive frames, keep them, and show them at once on a page."""
    read = partial(load, folder, {"host": host, "port": port, "open_uploads": open_uploads})
    config = read()
    with Log(level=config.log_level, form=config.log_format) as written:
        written.hide(config.metrics_token)
        _raise_descriptor_limit()
        if config.check_clock:
            require_right_clock(config.folder, INDEX_FILES, now=datetime.now(UTC))
        for worry in worries(config.folder, disk_floor_bytes=config.disk_floor_bytes):
            log.warning("%s", worry)
        status = asyncio.run(_serve(config, read, written))
    if status:
        raise typer.Exit(status)


async def _serve(config: Config, read: Callable[[], Config], written: Log) -> int:
    """Serve until a signal asks us to end, also while the archive is still being opened; the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    require_free(config.host, config.port)
    supervisor = Supervisor()
    supervisor.does("opening the archive")
    serving = asyncio.create_task(_serve_until_failure(config, read, written, supervisor))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        log.info("closing")
        supervisor.is_stopping()
        serving.cancel()  # once: a second signal changes nothing
    try:
        return await serving
    except asyncio.CancelledError:
        return 0


async def _serve_until_failure(config: Config, read: Callable[[], Config], written: Log, supervisor: Supervisor) -> int:
    async with opened(config, port=config.port) as archive:
        try:
            port = await archive.listen(config.host, config.port)
        except OSError as error:
            raise port_error(config.host, config.port, error) from error
        addresses = reachable_at(config.host)
        announced_at = addresses if config.announce else []
        _say_where(config, port, addresses, host_name(archive.id) if announced_at else None)
        async with (
            announced(config.title, archive.id, announced_at, port),
            kept_house(archive, config, load=read, written=written, supervisor=supervisor),
        ):
            supervisor.is_ready()
            log.critical("%s. Ending, so that the next start recovers", await archive.failed)
        return EXIT_FAILED


def _say_where(config: Config, port: int, addresses: list[str], name: str | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    here = "localhost" if is_everywhere(config.host) else config.host
    console.print(f"\n[bold]{config.title}[/bold] is live at http://{here}:{port}/")
    for address in addresses:
        console.print(f"  on your network: http://{address}:{port}/")
    if name is not None:
        console.print(f"  and by name:     http://{name}:{port}/")
    if addresses and console.is_terminal:
        segno.make(f"http://{addresses[0]}:{port}/", error="l").terminal(compact=True)
    console.print(f"  frames are kept in {config.folder}")
    if config.open_uploads:
        console.print("\n[bold]Uploads are open: anyone who can reach this port can send pictures.[/bold]")
    else:
        console.print(f"  a camera needs a key: {_command('camera add garden', config.folder)}")
    console.print(f"  an ESP32-S3 board on USB becomes one: {_command('flash', config.folder)}")
    console.print(f"  try it: {_command('send photo.jpg', config.folder)}")
    console.print(f"      or: {_command('simulate --cameras 3 --every 2', config.folder)}\n")


def _command(words: str, folder: Path) -> str:
    """A command that works when it is copied into a second terminal in the same place."""
    started_as = "python -m archive" if sys.argv[0].endswith("__main__.py") else sys.argv[0]
    program = "archive" if shutil.which("archive") else started_as
    return f"{program} {words}" + ("" if folder == DEFAULT_FOLDER else f" --folder {shlex.quote(str(folder))}")


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
