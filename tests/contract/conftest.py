"""Every backend behind each seam, opened for a test and closed after it."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from archive.store.local import LocalStore
from archive.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archive.store import Store


@pytest.fixture(name="reopen", params=["local", "memory"])
def _reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the test's store, and opens it again without the first having been closed, as after a kill."""
    memory = MemoryStore()

    with ExitStack() as stack:

        def reopen() -> Store:
            store: Store = LocalStore(tmp_path / "archive") if request.param == "local" else reborn(memory)
            return stack.enter_context(closing(store))

        yield reopen


def reborn(memory: MemoryStore) -> MemoryStore:
    """The same bytes in another object: what is in memory dies with its process, so a restart has to be imagined."""
    again = MemoryStore()
    again._bytes, again._pending = memory._bytes, memory._pending
    return again


@pytest.fixture(name="store")
def _store(reopen: Callable[[], Store]) -> Store:
    return reopen()
