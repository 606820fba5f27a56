"""`archive import`: folders, cards and zips of pictures into an archive; what is kept already is recognised."""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
import typer
from aiohttp import hdrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archive import fields
from archive.cli.through import owners_session, require_ok
from archive.config import load
from archive.errors import ArchiveError, ConfigError, Unavailable
from archive.frame import camera_id
from archive.importing import Passed, Picture, files, picture
from archive.server.answers import ArchiveAnswer, FoundPicture, FoundPictures, Problem

BATCH_PICTURES = 32
BATCH_BYTES = 16 * 2**20
LANES = 8  # on their way at once: they share the server's commits, and leave most of each to its cameras
PATIENCE_S = 120.0  # for an archive that has no time just now
_Name = tuple[str, bytes, str | None, int | None]  # camera and digest, with boot and number where the file says them
_LATER = frozenset({408, 422, 429, 503})


class Sum(msgspec.Struct):
    """What became of the files so far."""

    new: int = 0
    known: int = 0
    refused: int = 0
    cameras: Counter[str] = msgspec.field(default_factory=Counter)  # how many new ones of each


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Folders, zips or pictures.")],
    *,
    camera: Annotated[
        str | None, typer.Option(metavar="ID", help="The camera they are of, where their folders do not say it.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of the files, and do nothing.")
    ] = False,
) -> None:
    """Bring pictures into the archive: JPEG, PNG, GIF and BMP, from folders, cards and zips.

    What is kept already is recognised, so that the same can be imported again after an interruption. The files stay
    where they are. Exit status 1 if any was refused.
    """
    if camera is not None:
        camera_id(camera)
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path} does not exist")
    console, total = Console(highlight=False), Sum()
    most_bytes = load(folder, {}).max_frame_bytes
    work = _Import(console, total, camera=camera, most_bytes=most_bytes, is_dry=dry_run)
    try:
        asyncio.run(work.run(paths, folder))
    except KeyboardInterrupt:
        _report(console, total, is_dry=dry_run)
        console.print("Interrupted. Import the same again to go on: what is kept is recognised.")
        raise typer.Exit(130) from None
    except ArchiveError:
        _report(console, total, is_dry=dry_run)
        raise
    _report(console, total, is_dry=dry_run)
    if total.refused:
        raise typer.Exit(1)


class _Import:
    """One import, from the first file to the last."""

    def __init__(self, console: Console, total: Sum, *, camera: str | None, most_bytes: int, is_dry: bool) -> None:
        self._console = console
        self._total = total
        self._camera = camera
        self._most_bytes = most_bytes
        self._is_dry = is_dry
        self._would_be_new: set[_Name] = set()  # in a dry run nothing is kept by which to recognise it

    async def run(self, paths: list[Path], folder: Path | None) -> None:
        """Everything in *paths*, in order. Raises ArchiveError when the archive takes nothing any more."""
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        console, is_seen = self._console, self._console.is_terminal
        bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not is_seen)
        try:
            async with owners_session(folder) as session:
                zone = await _zone(session)
                with bar:
                    task = bar.add_task("looking", total=None)
                    count = await asyncio.to_thread(_count, paths, zone)
                    bar.update(task, description="importing", total=count)
                    found = self._pictures(paths, zone)
                    ahead = asyncio.create_task(asyncio.to_thread(_batch, found))
                    try:
                        while batch := await ahead:
                            ahead = asyncio.create_task(asyncio.to_thread(_batch, found))
                            await self._take(session, batch)
                            bar.advance(task, len(batch))
                    finally:
                        await asyncio.wait([ahead])
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(
                "the archive went away; import the same again to go on: what is kept is recognised"
            ) from error

    def _pictures(self, paths: list[Path], zone: ZoneInfo) -> Iterator[Picture | Passed]:
        for path in paths:
            for file in files(path, zone=zone):
                if isinstance(file, Passed):
                    yield file
                else:
                    now_ms = time.time_ns() // 1_000_000
                    yield picture(file, most_bytes=self._most_bytes, zone=zone, now_ms=now_ms, camera=self._camera)

    async def _take(self, session: aiohttp.ClientSession, batch: list[Picture | Passed]) -> None:
        pictures = []
        for one in batch:
            if isinstance(one, Passed):
                self._refused(one)
            else:
                pictures.append(one)
        wanted: dict[_Name, Picture] = {}
        for one, found in zip(pictures, await _ask(session, pictures), strict=True):
            name = (found.camera or one.guess, one.sha256, one.claim.boot, one.claim.number)
            if found.frame is not None or name in wanted:
                self._total.known += 1
            else:
                wanted[name] = one
        if self._is_dry:
            for name in wanted:
                self._kept(name[0], is_new=name not in self._would_be_new)
                self._would_be_new.add(name)
            return
        lanes = asyncio.Semaphore(LANES)
        sent = await asyncio.gather(
            *(self._send(session, one, name[0], lanes) for name, one in wanted.items()), return_exceptions=True
        )
        for failure in sent:
            if failure is not None:
                raise failure

    async def _send(self, session: aiohttp.ClientSession, one: Picture, camera: str, lanes: asyncio.Semaphore) -> None:
        headers = {
            hdrs.CONTENT_TYPE: one.info.media_type.value,
            fields.FRAME: fields.render_claim(one.claim),
            fields.STATUS: fields.render_status(id=camera),
            fields.DIGEST: fields.render_digest(one.sha256),
        }
        give_up_at = time.monotonic() + PATIENCE_S
        async with lanes:
            while True:
                async with session.post("/api/frames", data=io.BytesIO(one.body), headers=headers) as reply:
                    if reply.status in {200, 201}:
                        self._kept(camera, is_new=reply.status == 201)
                        return
                    detail = msgspec.json.decode(await reply.read(), type=Problem).detail
                    wait_s = int(reply.headers.get(hdrs.RETRY_AFTER, "1"))
                    if reply.status in {400, 413, 415}:
                        self._refused(Passed(shown=one.shown, why=detail))
                        return
                    if reply.status not in _LATER or time.monotonic() + wait_s > give_up_at:
                        raise ArchiveError(detail)
                await asyncio.sleep(wait_s)

    def _kept(self, camera: str, *, is_new: bool) -> None:
        self._total.new += is_new
        self._total.known += not is_new
        if is_new:
            self._total.cameras[camera] += 1

    def _refused(self, one: Passed) -> None:
        self._total.refused += 1
        self._console.print(f"refused  {one.shown}: {one.why}", markup=False, soft_wrap=True)


def _batch(found: Iterator[Picture | Passed]) -> list[Picture | Passed]:
    batch: list[Picture | Passed] = []
    size_bytes = 0
    for one in found:
        batch.append(one)
        size_bytes += len(one.body) if isinstance(one, Picture) else 0
        if len(batch) == BATCH_PICTURES or size_bytes >= BATCH_BYTES:
            break
    return batch


def _count(paths: list[Path], zone: ZoneInfo) -> int:
    return sum(1 for path in paths for _ in files(path, zone=zone))


async def _zone(session: aiohttp.ClientSession) -> ZoneInfo:
    async with session.get("/api/archive") as response:
        await require_ok(response)
        return ZoneInfo(msgspec.json.decode(await response.read(), type=ArchiveAnswer).timezone)


async def _ask(session: aiohttp.ClientSession, pictures: list[Picture]) -> list[FoundPicture]:
    if not pictures:
        return []
    sought = [
        {
            "camera": one.camera,
            "sha256": one.sha256.hex(),
            "boot": one.claim.boot,
            "number": one.claim.number,
        }
        for one in pictures
    ]
    async with session.post("/api/known", json={"pictures": sought}) as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=FoundPictures).pictures


def _report(console: Console, total: Sum, *, is_dry: bool) -> None:
    new = "would be new" if is_dry else "new"
    for camera, count in sorted(total.cameras.items()):
        console.print(f"{camera}: {_grouped(count)} {new}", markup=False)
    console.print(f"{_grouped(total.new)} {new}, {_grouped(total.known)} known, {_grouped(total.refused)} refused")


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
