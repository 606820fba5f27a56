"""`archive serve`: the server, and how to reach it."""

from __future__ import annotations

import asyncio
import logging
import resource
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
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
from archive.cli.outside import certificate, reached_from_outside, require_rights, require_tunnel
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
    *,
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
    public: Annotated[
        bool | None,
        typer.Option("--public", help="Let everybody see who reaches the port. Without it only those you let in do."),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER", help="Take every picture that appears in this folder; may be given again."),
    ] = None,
    legacy_upload: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CAMERA=ADDRESS",
            help="Let the ESP32-CAM upload sketch at this address send without a key; may be given again.",
        ),
    ] = None,
    tunnel: Annotated[
        str | None,
        typer.Option(help="Reach it from anywhere: ngrok, cloudflared, ssh:user@host:8080.", metavar="KIND"),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="A certificate of your own, with its chain: https.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of that certificate.")] = None,
) -> None:
    """Receive frames, keep them, and show them at once on a page."""
    flags = {
        "host": host,
        "port": port,
        "open_uploads": open_uploads,
        "public": public,
        "watch": watch,
        "legacy_uploads": legacy_upload,
        "tunnel": tunnel,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
    }
    read = partial(load, folder, flags)
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
    require_tunnel(config)
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
    async with certificate(config) as tls, opened(config, port=config.port) as archive:
        await require_rights(config, archive.has_owner)
        try:
            port = await archive.listen(config.host, config.port, tls=tls)
        except OSError as error:
            raise port_error(config.host, config.port, error) from error
        addresses = reachable_at(config.host)
        announced_at = addresses if config.announce and tls is None else []  # a camera would ask it without TLS
        _say_where(config, port, addresses, archive.invite)
        archive.door.local_url = _local_url(config, addresses, host_name(archive.id) if announced_at else None, port)
        async with (
            reached_from_outside(config, archive),
            announced(config.title, archive.id, announced_at, port) as name,
            kept_house(archive, config, load=read, written=written, supervisor=supervisor),
        ):
            if name is not None:
                Console(highlight=False, soft_wrap=True).print(f"  by name, too:    http://{name}:{port}/\n")
            supervisor.is_ready()
            log.critical("%s. Ending, so that the next start recovers", await archive.failed)
        return EXIT_FAILED


def _local_url(config: Config, addresses: Sequence[str], name: str | None, port: int) -> str:
    """Where cameras in this network find the archive: by its *name*, which outlives its addresses, where it has one."""
    if config.tls_cert:  # its certificate is for a name that we do not know
        return ""
    host = name or next(iter(addresses), None)
    return f"http://{host}:{port}" if host else ""


def _say_where(config: Config, port: int, addresses: list[str], invite: Callable[[], str]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    here = "localhost" if is_everywhere(config.host) else config.host
    scheme = "https" if config.tls_cert else "http"
    console.print(f"\n[bold]{config.title}[/bold] is live at {scheme}://{here}:{port}/")
    for address in addresses:
        console.print(f"  on your network: {scheme}://{address}:{port}/")
    if console.is_terminal:  # what is printed elsewhere is a log, which no secret may be in
        _invite(console, f"{scheme}://{here}:{port}", invite)
        if addresses:
            _invite_by_code(console, f"{scheme}://{addresses[0]}:{port}", invite)
    else:
        console.print(f"  to sign in:       {_command('link', config.folder)}")
    console.print(f"  frames are kept in {config.folder}")
    if config.open_uploads:
        console.print("\n[bold]Uploads are open: anyone who can reach this port can send pictures.[/bold]")
    else:
        console.print(f"  a camera needs a key: {_command('camera add garden', config.folder)}")
    for old in config.legacy_uploads:
        console.print(f"  of the old kind, without a key: {old}", markup=False)
    console.print(f"  an ESP32-S3 board on USB becomes one: {_command('flash', config.folder)}")
    console.print(f"  try it: {_command('send photo.jpg', config.folder)}")
    console.print(f"      or: {_command('simulate --cameras 3 --every 2', config.folder)}\n")


def _invite(console: Console, url: str, invite: Callable[[], str]) -> None:
    console.print(f"\n  [bold]Open this to sign in here:[/bold] {url}/sign-in#{invite()}")
    console.print("  It works once, for a quarter of an hour; `archive link` makes another.\n")


def _invite_by_code(console: Console, url: str, invite: Callable[[], str]) -> None:
    console.print("  Or with a phone:")
    segno.make(f"{url}/sign-in#{invite()}", error="l").terminal(compact=True)


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
