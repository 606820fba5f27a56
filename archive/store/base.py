"""What a store promises: bytes under keys, written once, durable when `put` returns."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Bytes under keys (`photos/garden/2026/…/x.jpg`): relative, `/`-separated, without `.`, `..`, NUL or empty parts.

    Every method blocks; call it in a thread. Every method may be called from any thread.
    Keys are written once: nothing put is ever replaced, and a key's bytes never change.
    """

    def put(self, items: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        """Keep each item's bytes under its key. What is answered None for survives a power cut.

        One answer per item, in order; a failure of one leaves the others alone and nothing of itself behind.
        Answers: DiskFull (no room), Unavailable (it may work later; also when the key holds other bytes).
        Putting the same bytes under a key again is harmless and makes them durable again.
        Until `settle` is called, a key put is *pending*: a process that dies in between can learn of it.
        """

    def settle(self, keys: Iterable[str]) -> None:
        """The index knows these keys now: they are pending no more. Unknown keys are passed over."""

    def pending(self) -> list[str]:
        """Keys that were put, durably, and never settled. Sweeps what was only begun; call it before the first `put`."""

    def swept(self) -> int:
        """How many beginnings `pending` has swept away."""

    def put_derived(self, key: str, data: bytes) -> None:
        """Keep bytes that can be made again (a thumbnail): whole or not at all, replaceable, lost in a power cut. Raises Unavailable."""

    def get(self, key: str) -> bytes:
        """The bytes under *key*. Raises KeyError when there are none, Unavailable when they cannot be read now."""

    def path(self, key: str) -> Path | None:
        """A local file that holds the bytes, where there is one (so the kernel can send it); else None. Raises KeyError."""

    def delete(self, keys: Iterable[str]) -> None:
        """Forget these keys, durably. Keys that do not exist are passed over. Raises Unavailable."""

    def keys(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every key under *prefix* (whole parts: `photos/garden`) with its size in bytes, each once, in no order."""

    def free_bytes(self) -> int | None:
        """How much more fits, if the store knows."""

    def sync(self) -> None:
        """Make everything a reader can see durable: called at start, so that what a dead process left is not only visible."""

    def close(self) -> None:
        """Let go of everything held open. Twice is harmless."""
