"""The owner's way into an archive: through the running server's socket, else by opening the folder for the moment."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec

from archive.app import opened
from archive.config import load
from archive.errors import ArchiveError, ConfigError
from archive.owner import is_running, reachable
from archive.server.answers import Problem

T = TypeVar("T", bound=msgspec.Struct)


@contextlib.asynccontextmanager
async def owners_session(folder: Path | None) -> AsyncIterator[aiohttp.ClientSession]:
    """A session whose requests the archive in *folder* takes as its owner's. Raises ConfigError, Locked, Corrupt."""
    # Should we open it: nobody will look at pictures, and no folder is watched for so short a while.
    config = load(folder, {"thumbnail_workers": 1, "watch": ()})
    try:
        runs = is_running(config.folder)
    except PermissionError as exc:
        raise ConfigError(f"the archive in {config.folder} belongs to another user") from exc
    async with contextlib.AsyncExitStack() as stack:
        if not runs:
            if not config.folder.is_dir():
                raise ConfigError(
                    f"there is no archive in {config.folder}; `archive serve` makes one, --folder names another"
                )
            ours = logging.getLogger("archive")
            stack.callback(ours.setLevel, ours.level)
            ours.setLevel(logging.WARNING)
            await stack.enter_async_context(opened(config))
        address = stack.enter_context(reachable(config.folder))
        session = aiohttp.ClientSession(
            "http://archive/", connector=aiohttp.UnixConnector(address), timeout=aiohttp.ClientTimeout(total=None)
        )
        yield await stack.enter_async_context(session)


async def decoded(response: aiohttp.ClientResponse, kind: type[T]) -> T:
    """The answer as a value. Raises what the server said was wrong, as a sentence."""
    await require_ok(response)
    return msgspec.json.decode(await response.read(), type=kind)


async def require_ok(response: aiohttp.ClientResponse) -> None:
    """Raises what the server said was wrong, as a sentence."""
    if response.status >= 400:
        raise ArchiveError(msgspec.json.decode(await response.read(), type=Problem).detail)
