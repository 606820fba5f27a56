"""How many bytes of bodies may be in memory at once."""

import contextlib
from collections.abc import Iterator

from archive.errors import Unavailable


class Budget:
    """A share of memory, in bytes. For the event loop only."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.taken_bytes = 0

    @contextlib.contextmanager
    def take(self, size_bytes: int) -> Iterator[None]:
        """Hold *size_bytes* while inside. Raises Unavailable when they are not free: the sender comes back later."""
        if self.taken_bytes + size_bytes > self.size_bytes:
            raise Unavailable("too many frames are arriving at once; send this one again in a while")
        self.taken_bytes += size_bytes
        try:
            yield
        finally:
            self.taken_bytes -= size_bytes
