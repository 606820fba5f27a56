"""`archive send`: picture files into an archive, as a camera would send them."""

import asyncio
import os
import secrets
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from archive import jpeg
from archive.cli.destination import Folder, To, running_archive
from archive.client import Attempt, CameraClient, FrameRefused, NotKept
from archive.config import DEFAULT_FOLDER
from archive.errors import ConfigError, UnsupportedMedia
from archive.frame import FrameClaim, camera_id


class Sum(msgspec.Struct):
    """What became of the files so far."""

    kept: int = 0
    refused: int = 0
    not_kept: int = 0
    not_tried: int = 0

    def __str__(self) -> str:
        parts = [f"{self.kept} kept"]
        parts += [
            f"{count} {what}" for count, what in ((self.refused, "refused"), (self.not_kept, "not kept")) if count
        ]
        return ", ".join([*parts, f"{self.not_tried} not tried"] if self.not_tried else parts)


def send(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="JPEG, PNG, GIF or BMP pictures, in this order.")
    ],
    *,
    to: To = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="The camera's key; others can see it in an argument."),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="ID", help="The camera to send as, where no key says it.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    give_up_after_s: Annotated[
        float, typer.Option("--give-up-after", metavar="S", min=0, help="How many seconds to try for each file.")
    ] = 120.0,
    now: Annotated[
        bool, typer.Option("--now", help="Date the frames at their arrival, not when their files were last changed.")
    ] = False,
) -> None:
    """Send picture files to an archive, as one boot of one camera.

    Each frame is dated by its file's time of last change. A file counts as kept only when the archive says so. The exit
    status is 1 if any was not.
    """
    _require_files(files)
    if camera is not None:
        camera_id(camera)
    with nullcontext(to) if to else running_archive(folder) as door:
        client = CameraClient(door, key if to else None, camera)
        total = asyncio.run(_send_all(client, files, give_up_after_s=give_up_after_s, is_dated=not now))
    if total.kept < len(files):
        raise typer.Exit(1)


async def _send_all(client: CameraClient, files: list[Path], *, give_up_after_s: float, is_dated: bool) -> Sum:
    console, total = Console(highlight=False), Sum()
    boot, number = secrets.token_hex(8), 0
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def say(outcome: str, path: Path, more: str = "") -> None:
        console.print(f"{outcome:<13}  {path}  {more}".rstrip(), markup=False, soft_wrap=True)

    async with client:
        with progress:
            bar = progress.add_task("", total=sum(path.stat().st_size for path in files))

            def wait(attempt: Attempt) -> None:
                progress.update(bar, description=f"{attempt.seen}; again in {attempt.wait_s:.0f} s")

            for i, path in enumerate(files):
                progress.update(bar, description=path.name)
                size_bytes = 0
                try:
                    body, taken_ms = await asyncio.to_thread(_read, path)
                    size_bytes = len(body)
                    claim = FrameClaim(boot=boot, number=number, taken_ms=taken_ms if is_dated else None)
                    media_type = jpeg.inspect(body).media_type
                    await client.send(body, media_type, claim, give_up_after_s=give_up_after_s, on_attempt=wait)
                except (FrameRefused, UnsupportedMedia) as exc:
                    total.refused += 1
                    say("refused", path, exc.detail if isinstance(exc, FrameRefused) else str(exc))
                except OSError as exc:
                    total.not_kept += 1
                    say("not kept", path, f"the file cannot be read: {exc.strerror}")
                except NotKept as exc:
                    # Nothing is wrong with the frame, so the next one would wait in vain as well.
                    total.not_kept += 1
                    total.not_tried = len(files) - i - 1
                    say("not kept", path, exc.seen)
                    break
                else:
                    total.kept += 1
                    say(f"kept  №{number}", path)
                    number += 1  # only now: a refused frame leaves no hole in the numbers
                progress.advance(bar, size_bytes)
    console.print(str(total))
    return total


def _read(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime_ns // 1_000_000


def _require_files(files: list[Path]) -> None:
    """A slip on the command line is told before anything is sent."""
    for path in files:
        if path.is_dir():
            raise ConfigError(f"{path} is a directory; name the pictures in it, such as {path}/*.jpg")
        if not path.exists():
            raise ConfigError(f"{path} does not exist")
        if not path.is_file():
            raise ConfigError(f"{path} is no file")
