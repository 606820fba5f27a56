"""`archive check`: whether the archive's promises are true."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archive.cli.through import owners_session, require_ok


def check(
    folder: Annotated[Path | None, typer.Argument(help="The archive's folder.", envvar="ARCHIVE_FOLDER")] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read and hash every original; takes as long as reading them.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended; no frame is ever deleted.")
    ] = False,
) -> None:
    """See whether the invariants hold: every row with its bytes, every original with its row, every count right.

    Exit status 0: all true, or mended. 1: something is not as promised; each is a line on the output.
    """
    console = Console()
    found = asyncio.run(_check(console, folder, deep=deep, repair=repair))
    left = found["found"] - found["mended"]
    if not found["found"]:
        console.print("Everything is as promised.")
    else:
        console.print(f"{found['found']} not as promised, {found['mended']} mended, {left} left.")
    if left:
        if not repair:
            console.print("`archive check --repair` mends what can be mended.")
        raise typer.Exit(1)


async def _check(console: Console, folder: Path | None, *, deep: bool, repair: bool) -> Counter[str]:
    counted: Counter[str] = Counter()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
    params = {"deep": int(deep), "repair": int(repair)}
    async with owners_session(folder) as session, session.post("/api/check", params=params) as response:
        await require_ok(response)
        with bar, contextlib.suppress(aiohttp.ClientPayloadError):
            task = bar.add_task("opening", total=None)
            async for line in response.content:
                told: dict[str, Any] = msgspec.json.decode(line)
                if progress := told.get("progress"):
                    bar.update(task, description=progress["step"], completed=progress["done"], total=progress["total"])
                if finding := told.get("finding"):
                    counted["found"] += 1
                    counted["mended"] += finding["is_mended"]
                    console.print(
                        f"{'mended' if finding['is_mended'] else finding['kind']}: {finding['what']}",
                        markup=False,
                        highlight=False,
                        soft_wrap=True,
                    )
                counted["done"] += told.get("done", False)
    if not counted["done"]:
        counted["found"] += 1
        console.print("the check was cut off before its end; see the server's log", markup=False)
    return counted
