"""The store in memory: the same promises without a disk, for tests, and made to fail where a test wants it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from archive.errors import Unavailable
from archive.store.base import Store, checked_bytes, checked_key, checked_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path


class MemoryStore:
    """Bytes in a dict. *fail(operation, key)* may raise what that operation is to fail with, before anything is done.

    `put` answers with what it raises, other operations raise it. *room_bytes* is what `free_bytes` says.
    """

    def __init__(self, *, fail: Callable[[str, str], None] | None = None, room_bytes: int | None = None) -> None:
        self._fail = fail or (lambda _operation, _key: None)
        self._room_bytes = room_bytes
        self._lock = threading.Lock()
        self._bytes: dict[str, bytes] = {}
        self._pending: dict[str, None] = {}
        self._new: set[str] = set()

    def put(self, items: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        for key, data in items:
            checked_bytes(checked_key(key, "photos/"), data)
        with self._lock:
            return [self._put(key, data) for key, data in items]

    def _put(self, key: str, data: bytes) -> Exception | None:
        try:
            self._fail("put", key)
        except Exception as exc:  # noqa: BLE001 - a test says what fails, and how
            return exc
        if key not in self._bytes:
            self._new.add(key)
        if self._bytes.setdefault(key, data) != data:
            return Unavailable(f"{key} holds other bytes already, which are kept; send the frame under another name")
        self._pending[key] = None
        return None

    def settle(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._fail("settle", checked_key(key))
            self._pending.pop(key, None)
            self._new.discard(key)

    def take_back(self, keys: Iterable[str]) -> None:
        mine = self._new.intersection(keys)
        self.delete(mine)
        self._new -= mine

    def pending(self) -> list[str]:
        self._fail("pending", "")
        return list(self._pending)

    def swept(self) -> int:
        return 0

    def put_derived(self, key: str, data: bytes) -> None:
        checked_bytes(checked_key(key, "thumbnails/"), data)
        self._fail("put_derived", key)
        self._bytes[key] = data

    def get(self, key: str) -> bytes:
        self._fail("get", checked_key(key))
        return self._bytes[key]

    def path(self, key: str) -> Path | None:
        self._fail("path", checked_key(key))
        if key not in self._bytes:
            raise KeyError(key)
        return None

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._fail("delete", checked_key(key))
            self._pending.pop(key, None)
            self._bytes.pop(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        checked_prefix(prefix)
        self._fail("keys", prefix)
        start = f"{prefix}/" if prefix else ""
        return iter([(key, len(data)) for key, data in list(self._bytes.items()) if key.startswith(start)])

    def free_bytes(self) -> int | None:
        self._fail("free_bytes", "")
        return self._room_bytes

    def sync(self) -> None:
        self._fail("sync", "")

    def close(self) -> None:
        pass


_: type[Store] = MemoryStore
