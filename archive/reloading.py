"""Settings that change while the archive runs: `archive.toml` is read again when it changes, or when one asks."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from archive.config import LIVE, Config
from archive.errors import ConfigError

log = logging.getLogger(__name__)


class Reloading:
    """Follows the settings' file. What can change at once is handed to *take_over*; the rest is told of.

    A file that is no good changes nothing, and is told of once.
    """

    def __init__(
        self, config: Config, path: Path, *, load: Callable[[], Config], take_over: Callable[[Config], None]
    ) -> None:
        self._started_with = config
        self._last = config
        self._path = path
        self._load = load
        self._take_over = take_over
        self._read = self._seen = _signature(path)

    async def look(self) -> None:
        """Read the file again if it has changed and then stood still since the last look: it may be half written."""
        seen = await asyncio.to_thread(_signature, self._path)
        stands_still, self._seen = seen == self._seen, seen
        if stands_still and seen != self._read:
            await self.read()

    async def read(self) -> None:
        """Read the file again in any case."""
        self._read = self._seen = await asyncio.to_thread(_signature, self._path)
        try:
            config = await asyncio.to_thread(self._load)
        except ConfigError as error:
            log.error("%s. The settings stay as they were", error)  # noqa: TRY400 - the sentence says all
            return
        before, self._last = self._last, config
        changed = [name for name in Config.__struct_fields__ if getattr(before, name) != getattr(config, name)]
        if live := [name for name in changed if name in LIVE]:
            self._take_over(config)
            log.info("in force from now on: %s", ", ".join(live))
        if later := [name for name in changed if name not in LIVE and self._differs(name)]:
            log.warning("%s changed: takes effect at the next start", ", ".join(later))
        if not live and not later:
            log.info("the settings were read again, and are those in force")

    def _differs(self, name: str) -> bool:
        """Whether that setting is not the one that this process was started with."""
        is_other: bool = getattr(self._last, name) != getattr(self._started_with, name)
        return is_other


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another, without reading it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - each second, for years
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def put_in_force(config: Config, changed: Config) -> None:
    """Make *config* say what *changed* says, in what can change at once. It is frozen for everybody but this line."""
    for name in LIVE:
        msgspec.structs.force_setattr(config, name, getattr(changed, name))
