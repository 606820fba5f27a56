"""`archive camera`: cameras and their keys."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from archive.cli.through import owners_session, require_ok
from archive.frame import camera_id
from archive.server.answers import CamerasAnswer, NewKey, Revoked

cameras = typer.Typer(no_args_is_help=True, help="Cameras and their keys.")

Folder = Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")]
Name = Annotated[str, typer.Argument(help="The camera's id, such as garden.")]


@cameras.command("add")
def add(name: Name, folder: Folder = None) -> None:
    """Make a camera and its key. The key is shown once; the archive keeps only its hash."""
    made = asyncio.run(_add(name, folder))
    console = Console(stderr=True)
    console.print(f"Camera [bold]{made.camera}[/bold] may send with this key. It is shown once; keep it safe.")
    typer.echo(made.key)


async def _add(name: str, folder: Path | None) -> NewKey:
    async with owners_session(folder) as session, session.post("/api/cameras", json={"id": name}) as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=NewKey)


@cameras.command("list")
def list_(folder: Folder = None) -> None:
    """Every camera: how many frames it sent, when it was last seen, whether it has a key."""
    found = asyncio.run(_list(folder)).cameras
    if not found:
        typer.echo("No cameras yet. `archive camera add NAME` makes one.")
        return
    table = Table("camera", "frames", "last seen", "key", box=None, header_style="")
    for camera in found:
        seen = _ago(camera.seen_at) if camera.seen_at else "never"
        table.add_row(camera.id, f"{camera.frames:,}".replace(",", "\u202f"), seen, "yes" if camera.keys else "none")
    Console().print(table)


async def _list(folder: Path | None) -> CamerasAnswer:
    async with owners_session(folder) as session, session.get("/api/cameras") as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=CamerasAnswer)


@cameras.command("revoke")
def revoke(name: Name, folder: Folder = None) -> None:
    """Allow a camera's keys no more. Its frames stay."""
    revoked = asyncio.run(_revoke(name, folder))
    typer.echo(f"{revoked.keys} {'key' if revoked.keys == 1 else 'keys'} of camera {revoked.camera} revoked.")


async def _revoke(name: str, folder: Path | None) -> Revoked:
    camera = camera_id(name)
    async with owners_session(folder) as session, session.delete(f"/api/cameras/{camera}/keys") as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=Revoked)


def _ago(moment: datetime) -> str:
    seconds = max(0, round((datetime.now(UTC) - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return f"{seconds} s ago"
