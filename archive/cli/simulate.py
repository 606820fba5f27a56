"""`archive simulate`: cameras without hardware, so that an archive can be seen at work."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from archive.cli.socket import running_archive
from archive.client import CameraClient
from archive.config import DEFAULT_FOLDER
from archive.errors import ArchiveError
from archive.simulate import SimulatedCamera, camera_names

_REFRESHES_PER_S = 4


def simulate(
    *,
    cameras: Annotated[int, typer.Option(min=1, max=1000, help="How many cameras.")] = 3,
    every_s: Annotated[
        float, typer.Option("--every", metavar="S", min=0.05, help="Seconds between a camera's frames.")
    ] = 10.0,
    count: Annotated[
        int | None, typer.Option(min=1, help="Frames per camera; without it, until Ctrl-C.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The archive's address. Without it: the archive in --folder on this machine."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="One camera's key: then all frames are that camera's."),
    ] = None,
    folder: Annotated[
        Path, typer.Option(envvar="ARCHIVE_FOLDER", help="The folder of an archive that runs on this machine.")
    ] = DEFAULT_FOLDER,
) -> None:
    """Simulate cameras that send drawn pictures of the present hour.

    While the archive is away they hold what they take, as long as there is room, and confess what they had to give up.
    The exit status is 1 if a frame was refused or lost.
    """
    with nullcontext(to) if to else running_archive(folder) as door:
        crew = [
            SimulatedCamera(
                name,
                CameraClient(door, key if to else None, name),
                every_s=every_s,
                offset_s=every_s * i / cameras,
                count=count,
            )
            for i, name in enumerate(camera_names(cameras))
        ]
        console = Console(highlight=False)
        try:
            asyncio.run(_run(crew, console))
        except KeyboardInterrupt:
            pass
        except* ArchiveError as several:
            raise _first(several) from None
        finally:
            console.print(_summary(crew))
    if any(camera.refused or camera.lost for camera in crew):
        raise typer.Exit(1)
