"""Watched folders: every picture that appears in one becomes a frame. Nothing in them is ever touched.

The rules of these files:
* The watcher only says where to look. A slow walk through the folder finds what it missed: no event is relied on.
* A file is taken when it is a whole picture and has been the same for a moment. One that stays without its end for some
  seconds is taken as it is.
* What was looked at is remembered by its name, size and time of change, so that a walk reads nothing twice. After a
  restart everything is read once more, and the index recognises what is kept.
* Files wait for cameras: a few are taken at a time, and none while thumbnails are behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.errors import ConfigError
from archive.index import Index
from archive.intake import Intake
from archive.watching.folder import Folder, Listen, events

__all__ = ["Watching", "require_watchable"]


class Watching:
    """Takes what appears in *folders*, until cancelled. *leisure* returns when cameras do not need us to wait."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        index: Index,
        intake: Intake,
        leisure: Callable[[], Awaitable[None]],
        zone: ZoneInfo,
        most_bytes: int,
        listen: Listen = events,
    ) -> None:
        self._folders = [
            Folder(folder, index=index, intake=intake, leisure=leisure, zone=zone, most_bytes=most_bytes, listen=listen)
            for folder in folders
        ]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for folder in self._folders:
                group.create_task(folder.run())


def require_watchable(folder: Path, watched: Sequence[Path]) -> None:
    """Raises ConfigError where a watched folder and the archive's lie in one another: it would watch itself."""
    own = folder.resolve()
    for place in watched:
        other = place.resolve()
        if other.exists() and not other.is_dir():
            raise ConfigError(f"{place} cannot be watched: it is no folder")
        if own == other or own in other.parents or other in own.parents:
            raise ConfigError(
                f"{place} cannot be watched: it holds the archive's own folder {folder}, or lies in it; "
                "watch another folder, or move the archive with --folder"
            )
