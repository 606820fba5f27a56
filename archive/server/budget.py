"""How many bytes of bodies may be in memory at once."""

import contextlib
from collections.abc import Callable, Iterator

from archive.errors import Unavailable

STEP_BYTES = 64 * 1024


class Budget:
    """A share of memory, in bytes. For the event loop only."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.taken_bytes = 0

    @contextlib.contextmanager
    def take(self, size_bytes: int) -> Iterator["Share"]:
        """Room for a body of *size_bytes*, held while inside. Raises Unavailable: the sender comes back later.

        It is held step by step as the bytes come. Who announces much and sends little takes nothing from the others.
        """
        self._require(size_bytes)
        share = Share(self, size_bytes)
        try:
            share.expect_after(0)
            yield share
        finally:
            if not share.is_handed_over:
                share.give_back()

    def _require(self, size_bytes: int) -> None:
        if self.taken_bytes + size_bytes > self.size_bytes:
            raise Unavailable("too many frames are arriving at once; send this one again in a while")


class Share:
    """What one body holds of the budget."""

    def __init__(self, budget: Budget, size_bytes: int) -> None:
        self._budget = budget
        self._size_bytes = size_bytes
        self.held_bytes = 0
        self.is_handed_over = False

    def expect_after(self, received_bytes: int) -> int:
        """Hold what has come and the next step; how much that is. Raises Unavailable."""
        wanted = min(self._size_bytes, received_bytes + STEP_BYTES)
        if wanted > self.held_bytes:
            self._budget._require(wanted - self.held_bytes)  # noqa: SLF001 - its own file
            self._budget.taken_bytes += wanted - self.held_bytes
            self.held_bytes = wanted
        return wanted

    def hand_over(self) -> Callable[[], None]:
        """What gives the share back from now on: the bytes may stay in memory when the one who took it has gone."""
        self.is_handed_over = True
        return self.give_back

    def give_back(self) -> None:
        """The bytes are in memory no more. Twice is harmless."""
        self._budget.taken_bytes -= self.held_bytes
        self.held_bytes = 0
