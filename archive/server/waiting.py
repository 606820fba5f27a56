"""Cameras that ask to join: they show a key nobody knows and wait, their frames with them, until the owner says yes."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from archive.errors import Forbidden, KeyNotFound, Pending, Unauthorized
from archive.frame import Status, camera_id

WAITING_MAX = 32  # more would fill the owner's page: strangers in the LAN can make them
SILENT_MS = 600_000  # one that did not ask for so long makes room for another
REFUSED_MAX = 1000


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that asks to join."""

    prefix: str  # the public part of the key it drew
    sha256: bytes
    ending: str  # the key's last four characters, by which its owner knows it
    camera: str  # what it calls itself
    board: str
    address: str
    since_ms: int
    asked_at_ms: int


class Waiting:
    """The cameras that wait. Only in memory: they ask again."""

    def __init__(self, *, on_change: Callable[[], None]) -> None:
        self._waiting: dict[str, Asking] = {}
        self._refused: dict[bytes, None] = {}
        self._on_change = on_change

    @property
    def cameras(self) -> list[Asking]:
        """Who waits, in the order they came."""
        return list(self._waiting.values())

    def ask(self, prefix: str, key: str, digest: bytes, status: Status, address: str) -> Exception:
        """A camera asks; why it may not send yet."""
        if digest in self._refused:
            return Forbidden("the archive's owner has refused this camera")
        known, now = self._waiting.get(prefix), time.time_ns() // 1_000_000
        if known is None:
            self._make_room(now)
            if len(self._waiting) >= WAITING_MAX:
                return Unauthorized(f"{WAITING_MAX} cameras wait to be let in already; ask the archive's owner")
        elif known.sha256 != digest:
            return Unauthorized("another camera asks with a key that begins like this one")
        self._waiting[prefix] = Asking(
            prefix=prefix,
            sha256=digest,
            ending=key[-4:],
            camera=camera_id(status.id or "camera"),
            board=str(status.said.get("board", ""))[:64],
            address=address,
            since_ms=known.since_ms if known else now,
            asked_at_ms=now,
        )
        if known is None:
            self._on_change()
        return Pending(
            f"camera {status.id} asks to join with a key that ends in {key[-4:]}; "
            "its frames stay on it until the archive's owner says yes, on the page or with `archive camera approve`"
        )

    def of(self, prefix: str) -> Asking:
        """Who waits by that name. Raises KeyNotFound."""
        found = self._waiting.get(prefix)
        if found is None:
            raise KeyNotFound("no camera asks to join with such a key; it may have gone, or been let in")
        return found

    def taken(self, prefix: str) -> Asking:
        """Who waits by that name; he does not any more. Raises KeyNotFound."""
        found = self.of(prefix)
        del self._waiting[prefix]
        self._on_change()
        return found

    def refuse(self, prefix: str) -> Asking:
        """Let that one wait no more, and not again with this key. Raises KeyNotFound."""
        found = self.taken(prefix)
        if len(self._refused) >= REFUSED_MAX:
            self._refused.pop(next(iter(self._refused)))
        self._refused[found.sha256] = None
        return found

    def _make_room(self, now: int) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._waiting = {
                prefix: asking for prefix, asking in self._waiting.items() if now - asking.asked_at_ms < SILENT_MS
            }
