"""`archive link`: a link that makes one browser the owner's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import segno
import typer
from rich.console import Console

from archive.cli.addresses import urls_of
from archive.cli.through import decoded, owners_session
from archive.errors import ConfigError
from archive.server.answers import ArchiveAnswer, Invitation


def link(
    folder: Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
) -> None:
    """Make a link to sign in with: it works once, within a quarter of an hour."""
    archive, secret = asyncio.run(_made(folder))
    urls = urls_of(archive)
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
