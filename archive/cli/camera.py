"""`archive camera`: cameras, their keys, and what is wanted of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from archive.cli.through import decoded, owners_session, require_ok
from archive.frame import camera_id
from archive.server.answers import (
    CamerasAnswer,
    JoiningAnswer,
    KeyAllowed,
    KeyRefused,
    KeysAnswer,
    NewKey,
    Renewing,
    Revoked,
    SettingsAnswer,
    SettingsChanged,
    ShotAsked,
)
from archive.settings import SETTINGS, Value, written

cameras = typer.Typer(no_args_is_help=True, help="Cameras, their keys and their settings.")

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


@cameras.command("key")
def key(name: Name, folder: Folder = None) -> None:
    """Make a second key for a camera, to change over to: both are allowed until one is revoked."""
    made = asyncio.run(_key(name, folder))
    console = Console(stderr=True)
    console.print(f"Camera [bold]{made.camera}[/bold] may send with this key too. It is shown once; keep it safe.")
    typer.echo(made.key)


async def _key(name: str, folder: Path | None) -> NewKey:
    async with owners_session(folder) as session:
        return await decoded(await session.post(f"/api/cameras/{camera_id(name)}/keys"), NewKey)


@cameras.command("renew")
def renew(name: Name, folder: Folder = None) -> None:
    """Have a camera draw another key by itself. Its old one ends when the new one is first shown."""
    renewing = asyncio.run(_renew(name, folder))
    typer.echo(f"Camera {renewing.camera} will replace its key cam_{renewing.key}_… when it next sends something.")


async def _renew(name: str, folder: Path | None) -> Renewing:
    async with owners_session(folder) as session:
        return await decoded(await session.post(f"/api/cameras/{camera_id(name)}/renewal"), Renewing)


@cameras.command("keys")
def keys(name: Name, folder: Folder = None) -> None:
    """Show the names of a camera's keys, and when each was last used; never a key itself."""
    found = asyncio.run(_keys(name, folder)).keys
    if not found:
        typer.echo(f"Camera {name} has no key. `archive camera add {name}` makes one.")
        return
    table = Table("key", "made", "last used", "", box=None, header_style="")
    for one in found:
        used = _ago(one.used_at) if one.used_at else "never"
        table.add_row(f"cam_{one.key}_…", _ago(one.created_at), used, "revoked" if one.revoked_at else "allowed")
    Console(highlight=False).print(table)


async def _keys(name: str, folder: Path | None) -> KeysAnswer:
    async with owners_session(folder) as session:
        return await decoded(await session.get(f"/api/cameras/{camera_id(name)}/keys"), KeysAnswer)


@cameras.command("revoke")
def revoke(
    name: Name,
    key: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this key, by the 8 hex digits that name it.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Allow a camera's keys no more. Its frames stay."""
    revoked = asyncio.run(_revoke(name, key, folder))
    typer.echo(f"{revoked.keys} {'key' if revoked.keys == 1 else 'keys'} of camera {revoked.camera} revoked.")


async def _revoke(name: str, key: str | None, folder: Path | None) -> Revoked:
    path = f"/api/cameras/{camera_id(name)}/keys" + (f"/{quote(_prefix(key), safe='')}" if key else "")
    async with owners_session(folder) as session:
        return await decoded(await session.delete(path), Revoked)


@cameras.command("joining")
def joining(folder: Folder = None) -> None:
    """Which cameras ask to join: each draws a key of its own, and waits with its frames until you approve it."""
    found = asyncio.run(_joining(folder)).cameras
    if not found:
        typer.echo("No camera asks to join.")
        return
    table = Table("key", "ends in", "camera", "board", "from", "asked", box=None, header_style="")
    for one in found:
        name = f"{one.camera} (known)" if one.is_known else one.camera
        table.add_row(one.key, one.ending, name, one.board, one.address, _ago(one.asked_at))
    Console(highlight=False).print(table)


async def _joining(folder: Path | None) -> JoiningAnswer:
    async with owners_session(folder) as session:
        return await decoded(await session.get("/api/joining"), JoiningAnswer)


KeyAsked = Annotated[str, typer.Argument(metavar="KEY", help="Which, by the first column of `archive camera joining`.")]


@cameras.command("approve")
def approve(
    key: KeyAsked,
    name: Annotated[str | None, typer.Option("--as", metavar="ID", help="Under another name than it says.")] = None,
    folder: Folder = None,
) -> None:
    """Let a camera in that asks to join. Compare the last four characters of its key first."""
    allowed = asyncio.run(_approve(key, name, folder))
    typer.echo(f"Camera {allowed.camera} may send. Its frames come with its next try.")


async def _approve(key: str, name: str | None, folder: Path | None) -> KeyAllowed:
    body = {} if name is None else {"id": camera_id(name)}
    async with owners_session(folder) as session:
        return await decoded(await session.post(f"/api/joining/{quote(_prefix(key), safe='')}", json=body), KeyAllowed)


@cameras.command("refuse")
def refuse(key: KeyAsked, folder: Folder = None) -> None:
    """Do not let a camera in that asks to join."""
    refused = asyncio.run(_refuse(key, folder))
    typer.echo(f"Camera {refused.camera} was refused.")


async def _refuse(key: str, folder: Path | None) -> KeyRefused:
    async with owners_session(folder) as session:
        return await decoded(await session.delete(f"/api/joining/{quote(_prefix(key), safe='')}"), KeyRefused)


def _prefix(key: str) -> str:
    """A key's name, also as the list shows it."""
    return key.removeprefix("cam_").partition("_")[0]


@cameras.command("set")
def set_(
    name: Name,
    wanted: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="Such as interval_s=30 size=UXGA; KEY= takes one back.")
    ],
    folder: Folder = None,
) -> None:
    """Change a camera's settings. It gets them with its next frame; those not named stay as they are."""
    changed = asyncio.run(_set(name, written(wanted), folder))
    if not changed.changed:
        typer.echo(f"Nothing to change: that is what is set for {changed.camera}.")
        return
    table = Table("setting", "was", "is", box=None, header_style="")
    for change in changed.changed:
        table.add_row(change.name, _value(change.name, change.before), _value(change.name, change.after))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{changed.camera} gets version {changed.version} with its next frame.", soft_wrap=True)


async def _set(name: str, changes: Mapping[str, Value | None], folder: Path | None) -> SettingsChanged:
    path = f"/api/cameras/{camera_id(name)}/settings"
    async with owners_session(folder) as session, session.patch(path, json=changes) as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=SettingsChanged)


@cameras.command("settings")
def settings(name: Name, folder: Folder = None) -> None:
    """Show a camera's settings, and whether it has taken them over."""
    found = asyncio.run(_settings(name, folder))
    table = Table("setting", "value", "", "means", box=None, header_style="")
    for setting in found.settings:
        origin = "default" if setting.is_default else "set"
        table.add_row(setting.name, _shown(setting.value), origin, setting.says)
    console = Console(highlight=False)
    console.print(table)
    console.print(_taken_over(found), soft_wrap=True)


async def _settings(name: str, folder: Path | None) -> SettingsAnswer:
    path = f"/api/cameras/{camera_id(name)}/settings"
    async with owners_session(folder) as session, session.get(path) as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=SettingsAnswer)


@cameras.command("shot")
def shot(name: Name, folder: Folder = None) -> None:
    """Ask a camera for one frame now. It takes it when it next sends something."""
    asked = asyncio.run(_shot(name, folder))
    if asked.is_new:
        typer.echo(f"{asked.camera} will take one more frame when it next sends one (version {asked.version}).")
    else:
        typer.echo(f"{asked.camera} has not heard of the last request yet (version {asked.version}); that one counts.")


async def _shot(name: str, folder: Path | None) -> ShotAsked:
    path = f"/api/cameras/{camera_id(name)}/shot"
    async with owners_session(folder) as session, session.post(path) as response:
        await require_ok(response)
        return msgspec.json.decode(await response.read(), type=ShotAsked)


def _taken_over(found: SettingsAnswer) -> str:
    camera, version, reported = found.camera, found.version, found.reported_version
    if reported is not None and reported > version:
        return f"{camera} has version {reported}, which another index gave it; the next change here goes above that."
    if version == 0:
        return f"Nothing was ever set: {camera} does as it would by itself."
    if found.refused_version == version:
        why = "a value did not suit it, or no frame arrived"
        return f"{camera} refused version {version} and keeps version {reported or 0}: {why}. Set another value."
    if reported == version:
        return f"{camera} has taken over version {version}."
    has = "never said which version it has" if reported is None else f"has version {reported}"
    return f"{camera} {has}; it gets version {version} with its next frame."


def _value(name: str, value: object) -> str:
    return f"{_shown(SETTINGS[name].default)} (default)" if value is None else _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or "none"


def _ago(moment: datetime) -> str:
    seconds = max(0, round((datetime.now(UTC) - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return f"{seconds} s ago"
