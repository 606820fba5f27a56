"""`archive simulate`: cameras without hardware, so that an archive can be seen at work."""

import asyncio
from contextlib import nullcontext, suppress
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from archive.cli.destination import Folder, To, running_archive
from archive.client import CameraClient
from archive.config import DEFAULT_FOLDER
from archive.simulate import SimulatedCamera, camera_names, run_all

_REFRESHES_PER_S = 4


def simulate(
    *,
    cameras: Annotated[int, typer.Option(min=1, max=1000, help="How many cameras.")] = 3,
    every_s: Annotated[
        float, typer.Option("--every", metavar="S", min=0.05, help="Seconds between a camera's frames.")
    ] = 10.0,
    count: Annotated[int | None, typer.Option(min=1, help="Frames per camera; without it, until Ctrl-C.")] = None,
    to: To = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="One camera's key: then all frames are that camera's."),
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
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
        with suppress(KeyboardInterrupt):
            asyncio.run(_run(crew, console))
    console.print(_summary(crew))
    if any(camera.refused or camera.lost for camera in crew):
        raise typer.Exit(1)


async def _run(crew: list[SimulatedCamera], console: Console) -> None:
    if not console.is_terminal:
        for camera in crew:
            camera.told = lambda camera, line: console.print(f"{camera.name}: {line}", markup=False, soft_wrap=True)
        await run_all(crew)
        return
    with Live(get_renderable=lambda: _table(crew), console=console, refresh_per_second=_REFRESHES_PER_S):
        await run_all(crew)


def _table(crew: list[SimulatedCamera]) -> Table:
    table = Table("camera", box=box.SIMPLE_HEAD)
    for heading in ("taken", "kept", "spooled", "lost"):
        table.add_column(heading, justify="right")
    table.add_column("last answer", ratio=1, no_wrap=True)
    for camera in crew:
        counts = (camera.taken, camera.kept, camera.spooled, camera.lost)
        table.add_row(camera.name, *map(str, counts), escape(camera.last_answer))
    return table


def _summary(crew: list[SimulatedCamera]) -> str:
    cameras = f"{len(crew)} camera{'s' if len(crew) != 1 else ''}"
    taken, kept = sum(camera.taken for camera in crew), sum(camera.kept for camera in crew)
    rest = {
        "refused": sum(camera.refused for camera in crew),
        "given up": sum(camera.lost for camera in crew),
        "still spooled": sum(camera.spooled for camera in crew),
    }
    return ", ".join(
        [f"{cameras}: {taken} frames taken, {kept} kept", *(f"{count} {what}" for what, count in rest.items() if count)]
    )
