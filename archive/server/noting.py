"""When a key or a session was last used: noted in the index without anybody waiting for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)

NOTED_MS = 3_600_000  # how exactly we remember when something was last used


class Noting:
    """What is being noted just now, and that it is over before the index closes."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._underway: set[asyncio.Task[None]] = set()

    def begin(self, note: Coroutine[Any, Any, None]) -> None:
        """Note it. A failure is logged: nobody asked for it, and it is noted again an hour later."""
        underway = asyncio.create_task(note)
        self._underway.add(underway)
        underway.add_done_callback(self._done)

    async def close(self) -> None:
        """Return when nothing is being noted any more."""
        if self._underway:
            await asyncio.wait(self._underway)

    def _done(self, underway: asyncio.Task[None]) -> None:
        self._underway.discard(underway)
        if not underway.cancelled() and (error := underway.exception()):
            log.warning("when a %s was used could not be noted: %s", self._what, error)
