"""`archive serve`: the server, and how to reach it."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import psutil
import segno
import typer
from aiohttp.http_exceptions import HttpProcessingError
from rich.console import Console

from archive.announce import announced, host_name
from archive.app import opened
from archive.cli.addresses import is_everywhere, reachable_at
from archive.config import DEFAULT_FOLDER, Config, load
from archive.errors import ConfigError

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
    config = load(folder, {"host": host, "port": port, "open_uploads": open_uploads})
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=config.log_level.upper())
    for noisy in ("asyncio", "aiohttp.server", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_is_no_stranger)
    _raise_descriptor_limit()
    status = asyncio.run(_serve(config))
    if status:
        raise typer.Exit(status)


def _is_no_stranger(record: logging.LogRecord) -> bool:
    """Aiohttp logs a traceback for everybody who comes by and speaks no HTTP: a log that strangers can fill."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def _serve(config: Config) -> int:
    """Serve until a signal asks us to end, also while the archive is still being opened; the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    _require_free(config.host, config.port)
    serving = asyncio.create_task(_serve_until_failure(config))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        log.info("closing")
        serving.cancel()  # once: a second signal changes nothing
    try:
        return await serving
    except asyncio.CancelledError:
        return 0


async def _serve_until_failure(config: Config) -> int:
    async with opened(config, port=config.port) as archive:
        try:
            port = await archive.listen(config.host, config.port)
        except OSError as error:
            raise _port_error(config, error) from error
        addresses = reachable_at(config.host)
        announced_at = addresses if config.announce else []
        _say_where(config, port, addresses, host_name(archive.id) if announced_at else None)
        archive.door.local_url = _local_url(addresses, host_name(archive.id) if announced_at else None, port)
        async with announced(config.title, archive.id, announced_at, port):
            log.critical("%s. Ending, so that the next start recovers", await archive.failed)
        return EXIT_FAILED


def _local_url(addresses: Sequence[str], name: str | None, port: int) -> str:
    """Where cameras in this network find the archive: by its *name*, which outlives its addresses, where it has one."""
    host = name or next(iter(addresses), None)
    return f"http://{host}:{port}" if host else ""


def _require_free(host: str, port: int) -> None:
    """Before the folder is opened and recovered. Raises ConfigError when the port is taken."""
    if port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _port_error(Config(host=host, port=port), error) from error


def _port_error(config: Config, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        free = _free_port(config.host, config.port)
        return ConfigError(
            f"port {config.port} is taken by {_who_has(config.port)}; "
            f"end that, or choose another: archive serve --port {free}"
        )
    if error.errno == errno.EACCES:
        return ConfigError(
            f"port {config.port} needs more rights than you have; those from 1024 on do not: --port 5555"
        )
    return ConfigError(f"cannot listen on {config.host} port {config.port}: {error.strerror or error}")


def _who_has(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr[1:] == (port,):
                return f"process {connection.pid} ({' '.join(psutil.Process(connection.pid).cmdline())[:120]})"
    except psutil.Error:
        pass  # another user's process, or none of ours to see
    return "another process"


def _free_port(host: str, near: int) -> int:
    for port in [*range(near + 1, min(near + 50, 65_536)), 0]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return near + 1


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
