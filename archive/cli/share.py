"""`archive share`: links by which others see a part of the archive."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from archive.cli.addresses import urls_of
from archive.cli.through import decoded, owners_session, require_ok
from archive.errors import ConfigError
from archive.server.answers import ArchiveAnswer, ShareAnswer, ShareMade, SharesAnswer

shares = typer.Typer(no_args_is_help=True, help="Links by which others see a part of the archive.")

Folder = Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")]
_LASTING = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@shares.command("add")
def add(
    label: Annotated[str, typer.Argument(help="For whom it is, in your words.")],
    *,
    camera: Annotated[str | None, typer.Option(metavar="ID", help="Only this camera's frames.")] = None,
    after: Annotated[str | None, typer.Option(metavar="TIME", help="Only frames taken then or later.")] = None,
    before: Annotated[str | None, typer.Option(metavar="TIME", help="Only frames taken before.")] = None,
    lasts: Annotated[str, typer.Option(metavar="SPAN", help="How long the link is good: 12h, 7d, 4w or ever.")] = "30d",
    folder: Folder = None,
) -> None:
    """Make a share link. It is shown once; the archive keeps only its hash."""
    wanted = {
        "label": label,
        "camera": camera,
        "after": _moment(after),
        "before": _moment(before),
        "expires_at": _expiry(lasts),
    }
    urls, made = asyncio.run(_add(folder, {name: value for name, value in wanted.items() if value is not None}))
    Console(stderr=True, soft_wrap=True).print(f"Link {made.share.no} shows {_what(made.share)}. It is shown once.")
    for url in urls:
        typer.echo(f"{url}/sign-in#{made.secret}")


async def _add(folder: Path | None, wanted: dict[str, Any]) -> tuple[list[str], ShareMade]:
    async with owners_session(folder) as session:
        made = await decoded(await session.post("/api/shares", json=wanted), ShareMade)
        archive = await decoded(await session.get("/api/archive"), ArchiveAnswer)
        return urls_of(archive) if archive.port else [""], made


@shares.command("list")
def list_(folder: Folder = None) -> None:
    """Every share link there was, and whether it is still good."""
    found = asyncio.run(_list(folder)).shares
    if not found:
        typer.echo("No share links yet. `archive share add FOR-WHOM` makes one.")
        return
    table = Table("no", "for", "shows", "until", "", box=None, header_style="")
    for share in found:
        until = "ever" if share.expires_at is None else f"{share.expires_at:%Y-%m-%d %H:%M} UTC"
        standing = "good" if share.is_good else "revoked" if share.revoked_at else "ended"
        table.add_row(str(share.no), share.label, _what(share), until, standing)
    Console(highlight=False).print(table)


async def _list(folder: Path | None) -> SharesAnswer:
    async with owners_session(folder) as session:
        return await decoded(await session.get("/api/shares"), SharesAnswer)


@shares.command("revoke")
def revoke(
    no: Annotated[int, typer.Argument(help="The link's number, from `archive share list`.")], folder: Folder = None
) -> None:
    """End a share link: who watches by it is turned out at once."""
    asyncio.run(_revoke(folder, no))
    typer.echo(f"Link {no} is good no more.")


async def _revoke(folder: Path | None, no: int) -> None:
    async with owners_session(folder) as session:
        await require_ok(await session.delete(f"/api/shares/{no}"))


def _what(share: ShareAnswer) -> str:
    parts = [f"camera {share.camera}" if share.camera else "all cameras"]
    if share.after:
        parts.append(f"from {share.after:%Y-%m-%d %H:%M} UTC")
    if share.before:
        parts.append(f"up to {share.before:%Y-%m-%d %H:%M} UTC")
    return ", ".join(parts)


def _moment(text: str | None) -> str | None:
    """A time as a person writes it; without a zone it is this machine's."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ConfigError(f"a time is such as 2026-11-22 or 2026-11-22T13:00, not {text!r}") from None


def _expiry(lasts: str) -> str | None:
    if lasts == "ever":
        return None
    found = _LASTING.fullmatch(lasts)
    if found is None:
        raise ConfigError(f"--lasts is 12h, 7d, 4w or ever, not {lasts!r}")
    return (datetime.now(UTC) + int(found[1]) * _UNITS[found[2]]).isoformat()
