"""`archive link`: a link that makes one browser the owner's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import segno
import typer
from rich.console import Console

from archive.cli.addresses import is_everywhere, reachable_at
from archive.cli.through import decoded, owners_session
from archive.errors import ConfigError
from archive.server.answers import ArchiveAnswer, Invitation


def link(
    folder: Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
) -> None:
    """Make a link to sign in with: it works once, within a quarter of an hour."""
    archive, secret = asyncio.run(_made(folder))
    urls = addresses_of(archive)
    console = Console(highlight=False, soft_wrap=True)
    for url in urls:
        console.print(f"{url}/sign-in#{secret}")
    console.print("\nAny one of them signs one browser in, once, within a quarter of an hour.")
    if console.is_terminal:
        segno.make(f"{urls[-1]}/sign-in#{secret}", error="l").terminal(compact=True)


async def _made(folder: Path | None) -> tuple[ArchiveAnswer, str]:
    async with owners_session(folder) as session:
        archive = await decoded(await session.get("/api/archive"), ArchiveAnswer)
        if not archive.port:
            raise ConfigError("no archive is running there; start it with `archive serve`, which makes a link too")
        return archive, (await decoded(await session.post("/api/sign-in-links"), Invitation)).secret


def addresses_of(archive: ArchiveAnswer) -> list[str]:
    """Where browsers reach a running archive, the most public last."""
    here = "localhost" if is_everywhere(archive.host) else archive.host
    found = [f"http://{address}:{archive.port}" for address in [here, *reachable_at(archive.host)]]
    return list(dict.fromkeys([*found, archive.public_url] if archive.public_url else found))
