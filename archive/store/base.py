"""What a store promises: bytes under keys, written once, durable when `put` returns."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

MAX_KEY_BYTES = 200

_PART = r"/[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY = re.compile(rf"(?:photos|thumbnails)(?:{_PART}){{1,15}}")
_PREFIX = re.compile(rf"(?:photos|thumbnails)(?:{_PART}){{0,15}}")


class Store(Protocol):
    """Bytes under keys (`photos/garden/2026/…/x.jpg`).

    `photos/…` are originals, for `put`; `thumbnails/…` are derived, for `put_derived`. A key's further parts, each
    after a `/`, are of A-Z, a-z, 0-9, `.`, `_` and `-` and never begin with a dot; a key has at most 16 parts and 200
    characters: what every backend can hold in one name, the slashes escaped. Any other key is a fault of our own and
    raises ValueError, and so do empty bytes.

    Every method blocks; call it in a thread. Every method may be called from any thread; `put`s wait for each other.
    Originals are written once: nothing put is ever replaced, and a key's bytes never change.
    """

    def put(self, items: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        """Keep each item's bytes under its key. What is answered None for survives a power cut.

        One answer per item, in order; a failure of one leaves the others alone and nothing of itself behind.
        Answers: DiskFull (no room), Unavailable (it may work later; also when the key holds other bytes).
        Putting the same bytes under a key again is harmless and makes them durable again.
        Until `settle` is called, a key put is *pending*: a process that dies in between can learn of it.
        Meant for groups of some dozens: a backend may hold a file open for each item.
        """

    def settle(self, keys: Iterable[str]) -> None:
        """The index knows these keys now: they are pending no more. Unknown keys are passed over.

        Not itself durable: after a power cut a settled key may be pending again, and settling it again is harmless.
        """

    def take_back(self, keys: Iterable[str]) -> None:
        """Forget those of the keys whose bytes this process put newly and never settled; what was there before stays.

        Raises Unavailable: then they stay pending, and taking them back again is right.
        """

    def pending(self) -> list[str]:
        """Keys that were put, durably, and never settled. Sweeps what was only begun: call it before anything is put.

        A store that cannot mark keys (a folder on a file system without hard links) has none. Raises Unavailable.
        """

    def swept(self) -> int:
        """How many beginnings `pending` has swept away since the store was opened."""

    def put_derived(self, key: str, data: bytes) -> None:
        """Keep bytes that can be made again (a thumbnail): whole or not at all, replaceable, lost in a power cut.

        Raises DiskFull, Unavailable.
        """

    def get(self, key: str) -> bytes:
        """The bytes under *key*. Raises KeyError when there are none, Unavailable when they cannot be read now."""

    def path(self, key: str) -> Path | None:
        """A local file that holds the bytes, where there is one (so the kernel can send it); else None.

        Raises KeyError when there are no bytes under *key*, Unavailable when that cannot be told now.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Forget these keys, durably, pending or not. Keys that do not exist are passed over.

        Raises Unavailable: then some may be forgotten and some not, and deleting the same keys again is right.
        """

    def keys(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every key under *prefix* (whole parts, no `/` at its end: `photos/garden`) with its size in bytes.

        Each once, in no order; a key put or deleted meanwhile may be missing or not. Raises Unavailable.
        """

    def free_bytes(self) -> int | None:
        """How much more fits, if the store knows. Raises Unavailable."""

    def sync(self) -> None:
        """Make everything a reader can see durable. Raises Unavailable.

        Called at start, before anything is answered from what a dead process left: that was visible, not yet durable.
        """

    def close(self) -> None:
        """Let go of everything held open. Twice is harmless."""


def is_key(text: str) -> bool:
    """Whether every store takes *text* as a key."""
    return _KEY.fullmatch(text) is not None and len(text) <= MAX_KEY_BYTES


def checked_key(key: str, kind: Literal["photos/", "thumbnails/", ""] = "") -> str:
    """*key*, proven to be a key of that kind. Raises ValueError."""
    if not (is_key(key) and key.startswith(kind)):
        raise ValueError(f"{key[:MAX_KEY_BYTES]!r} cannot be a key {f'of {kind}…' if kind else 'of a store'}")
    return key


def checked_prefix(prefix: str) -> str:
    """*prefix*, proven to be empty or the whole first parts of keys. Raises ValueError."""
    if prefix and not (_PREFIX.fullmatch(prefix) and len(prefix) <= MAX_KEY_BYTES):
        raise ValueError(f"{prefix[:MAX_KEY_BYTES]!r} cannot be the first parts of a key")
    return prefix


def checked_bytes(key: str, data: bytes) -> bytes:
    """*data*, proven not to be empty: an empty file is what a power cut can leave of a thumbnail. Raises ValueError."""
    if not data:
        raise ValueError(f"no bytes to keep under {key}")
    return data
