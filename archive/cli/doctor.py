"""`archive doctor`: what stands between cameras, viewers and the archive, and how the archive fares."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from yarl import URL

from archive import __version__
from archive.cli.addresses import urls_of
from archive.cli.through import decoded, owners_session, require_ok
from archive.config import Config, load
from archive.doctor.findings import CAMERA, Begun, Finding, Severity, found, worst
from archive.doctor.looking import Looked, Told, step
from archive.doctor.outside import Visit, address, visit
from archive.doctor.sending import Sent, described
from archive.errors import ArchiveError, ConfigError, Locked
from archive.owner import is_running
from archive.serial_setup import read_roots
from archive.server.answers import ArchiveAnswer, FramesAnswer, NewKey, ShareMade

WIDTH = 100


class Report(msgspec.Struct, kw_only=True):
    """What `--json` prints."""

    url: str | None
    folder: str | None
    worst: Severity = Severity.OK
    findings: list[Finding] = []


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    url: URL | None
    key: str | None
    may_send: bool
    roots: tuple[bytes, ...]


def doctor(
    url: Annotated[
        str | None,
        typer.Argument(metavar="[URL]", help="The address that cameras and people use. Default: this machine's."),
    ] = None,
    *,
    folder: Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="A camera's key, for an archive elsewhere."),
    ] = None,
    no_send: Annotated[bool, typer.Option("--no-send", help="Send no frames. What is sent is kept.")] = False,
    root: Annotated[
        Path | None, typer.Option(help="Trust only the root certificates in this PEM file, as cameras do.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Play a camera and a viewer at the archive's address, then look at the archive itself.

    Exit status 0: no problem. 1: at least one. 2: nothing could be looked at. Every finding says what it is, why it
    matters and what to do.
    """
    is_meant = url is None or folder is not None
    try:
        asked = Asked(
            url=address(url) if url else None,
            key=key,
            may_send=not no_send,
            roots=read_roots(root) if root else (),
        )
        config = load(folder, {"thumbnail_workers": 1})
        runs = _runs(config.folder, is_meant=is_meant)
    except ConfigError as exc:  # nothing was looked at, so it must not look like a finding
        raise typer.BadParameter(str(exc)) from exc
    printed = _Printed(as_json=as_json)
    asyncio.run(_examine(asked, config, printed, runs=runs if runs or is_meant else None))
    printed.end()
    if printed.report.worst is Severity.PROBLEM:
        raise typer.Exit(1)


async def _examine(asked: Asked, config: Config, printed: _Printed, *, runs: bool | None) -> None:
    """Look from outside where there is an address, and from inside where there is a folder: *runs* is None without."""
    where = asked.url
    async with contextlib.AsyncExitStack() as stack:
        session: aiohttp.ClientSession | None = None
        if runs is not None:
            faults, session = await _open(config, stack, runs=runs)
            await printed.tell(step("server", _answering(faults, config.folder), []))
            printed.report.folder = str(config.folder)
        if session is not None and runs:
            archive = await _archive(session)
            where = where or address(await asyncio.to_thread(_reachable, archive))
        if where is not None:
            printed.report.url = str(where)
            key, belongs = asked.key, None
            if asked.may_send and key is None and session is not None and runs:
                key = await stack.enter_async_context(_key(session))
                belongs = _belongs(session)
            if asked.may_send:
                printed.say(
                    f"Sends {described(is_own=asked.key is None)}, to {where}. They are kept; --no-send leaves that."
                )
            await printed.tell(
                visit(
                    Visit(
                        url=where,
                        key=key,
                        may_send=asked.may_send,
                        roots=asked.roots,
                        max_frame_bytes=config.max_frame_bytes,
                        belongs=belongs,
                        invite=await stack.enter_async_context(_inviting(session)) if session and runs else None,
                    )
                )
            )
        if session is not None:
            await printed.tell(_inside(session))


def _runs(folder: Path, *, is_meant: bool) -> bool | None:
    """Whether the archive in *folder* runs; None where there is none of ours. Raises ConfigError if it *is_meant*."""
    if not folder.is_dir():
        if is_meant:
            raise ConfigError(f"there is no archive in {folder}; --folder names another, and a URL one elsewhere")
        return None
    try:
        return is_running(folder)
    except PermissionError as exc:
        if is_meant:
            raise ConfigError(f"the archive in {folder} belongs to another user; give its URL and a --key") from exc
        return None


async def _open(
    config: Config, stack: contextlib.AsyncExitStack, *, runs: bool
) -> tuple[list[Finding], aiohttp.ClientSession | None]:
    """A way in as the owner, where there is one, and what stands in the way of the server."""
    faults = []
    if not runs:
        faults.append(found("not-running", f"nobody answers in {config.folder}"))
        if await asyncio.to_thread(_is_taken, config):
            faults.append(found("port-taken", f"port {config.port}"))
    if not await asyncio.to_thread(os.access, config.folder, os.W_OK | os.X_OK):
        return [*faults, found("folder-not-writable", str(config.folder))], None
    try:
        session = await stack.enter_async_context(owners_session(config.folder))
    except Locked as error:
        return [found("being-opened", str(error))], None
    except ArchiveError as error:
        return [*faults, found("will-not-open", str(error))], None
    if runs and (archive := await _archive(session)).version != __version__:
        faults.append(found("restart-needed", f"{archive.version} runs, {__version__} is installed"))
    return faults, session


def _answering(faults: list[Finding], folder: Path) -> Callable[[], Awaitable[Looked]]:
    async def look() -> Looked:
        return Looked(findings=faults, seen=str(folder))

    return look


def _is_taken(config: Config) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


async def _archive(session: aiohttp.ClientSession) -> ArchiveAnswer:
    async with session.get("/api/archive") as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=ArchiveAnswer)


def _reachable(archive: ArchiveAnswer) -> str:
    """The address at which the world reaches it, or others do, else the one that is good here."""
    here, *further = urls_of(archive)
    return archive.public_url or next(iter(further), here)


@contextlib.asynccontextmanager
async def _key(session: aiohttp.ClientSession) -> AsyncIterator[str]:
    """A key for the doctor's own camera, good while inside."""
    async with session.delete(f"/api/cameras/{CAMERA}/keys"):
        pass  # one that an earlier visit left behind; mostly there is none
    async with session.post("/api/cameras", json={"id": CAMERA}) as response:
        await require_ok(response)
        made = msgspec.json.decode(await response.read(), type=NewKey)
    try:
        yield made.key
    finally:
        async with session.delete(f"/api/cameras/{CAMERA}/keys") as response:
            await require_ok(response)


@contextlib.asynccontextmanager
async def _inviting(session: aiohttp.ClientSession) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes a share link to the doctor's own frames when it is needed; it is good while inside."""
    made: list[int] = []

    async def invite() -> str:
        soon = datetime.now(UTC) + timedelta(hours=1)
        wanted = {"label": "archive doctor", "camera": CAMERA, "expires_at": soon.isoformat()}
        found = await decoded(await session.post("/api/shares", json=wanted), ShareMade)
        made.append(found.share.no)
        return found.secret

    try:
        yield invite
    finally:
        for no in made:
            await require_ok(await session.delete(f"/api/shares/{no}"))


def _belongs(session: aiohttp.ClientSession) -> Callable[[Sent], Awaitable[bool]]:
    async def belongs(sent: Sent) -> bool:
        async with session.get("/api/frames", params={"camera": CAMERA, "limit": 100}) as response:
            await require_ok(response)
            page = msgspec.json.decode(await response.read(), type=FramesAnswer)
        return any((frame.boot, frame.number) == (sent.boot, sent.number) for frame in page.frames)

    return belongs


async def _inside(session: aiohttp.ClientSession) -> AsyncIterator[Told]:
    """What the archive's own process finds, told as it does."""
    is_done = False
    async with session.post("/api/doctor") as response:
        await require_ok(response)
        with contextlib.suppress(aiohttp.ClientPayloadError):
            async for line in response.content:
                told: dict[str, Any] = msgspec.json.decode(line)
                if "begun" in told:
                    yield msgspec.convert(told["begun"], Begun)
                if "finding" in told:
                    yield msgspec.convert(told["finding"], Finding)
                is_done |= told.get("done", False)
    if not is_done:
        raise ArchiveError("the archive did not finish looking at itself; its log says why")


class _Printed:
    """What is found, told as it comes: words on a terminal, or one document at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self.report = Report(url=None, folder=None)
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=False)
        self._aside = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, sentence: str) -> None:
        """A sentence beside the findings."""
        self._aside.print(sentence, markup=False)

    async def tell(self, telling: AsyncIterator[Told]) -> None:
        """Show what is *telling*, and keep it."""
        with self._aside.status("looking") as status:
            async for told in telling:
                if isinstance(told, Begun):
                    status.update(f"{told.doing} …")
                else:
                    self.report.findings.append(told)
                    if not self._as_json:
                        self._show(told)

    def end(self) -> None:
        """The last words."""
        self.report.worst = worst(self.report.findings)
        if self._as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(self.report)).decode())
            return
        counted = [sum(one.severity is severity for one in self.report.findings) for severity in Severity]
        _, notes, warnings, problems = counted
        self._console.print()
        if problems or warnings:
            self._console.print(
                f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}, {_count(notes, 'note')}."
            )
            self._console.print("More on each, by what you see: docs/guide/troubleshooting.md")
        else:
            self._console.print(f"All is well; {_count(notes, 'note')}.")

    def _show(self, finding: Finding) -> None:
        style = {Severity.PROBLEM: "bold red", Severity.WARNING: "bold yellow"}.get(finding.severity, "")
        line = Text.assemble((f"{finding.severity:<9}", style), (finding.title, "" if finding.why == "" else "bold"))
        if finding.seen:
            line.append(f": {finding.seen}")
        if finding.why == "" and finding.took_ms is not None:
            line.append(f"  ({finding.took_ms:.0f} ms)", "dim")
        self._console.print(line, soft_wrap=True)
        if finding.why:
            for said in (finding.why, f"→ {finding.do}"):
                self._console.print(Padding(Text(said), (0, 0, 0, 9)), width=min(self._console.width, WIDTH))


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
