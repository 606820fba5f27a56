"""`archive password`: the owner's password, for browsers that no link is sent to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from archive.cli.through import decoded, owners_session
from archive.server.answers import PasswordSet


def password(
    remove: Annotated[bool, typer.Option("--remove", help="Take it away: then only links sign in.")] = False,
    folder: Annotated[Path | None, typer.Option(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
) -> None:
    """Set the password to sign in with; it is asked for and not shown. Every browser must sign in again."""
    wanted = None if remove else typer.prompt("New password", hide_input=True, confirmation_prompt="Once more")
    done = asyncio.run(_set(folder, wanted))
    typer.echo("The password is set." if done.is_set else "There is no password any more.")
    if done.ended:
        typer.echo(f"{done.ended} {'browser' if done.ended == 1 else 'browsers'} must sign in again.")


async def _set(folder: Path | None, wanted: str | None) -> PasswordSet:
    async with owners_session(folder) as session:
        return await decoded(await session.put("/api/password", json={"password": wanted}), PasswordSet)
