"""Archives served in this process, where whatever blocks the event loop raises and whatever goes wrong is told."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from blockbuster import BlockBuster

from tests.server.serving import Served, config_of, serving

_counter = itertools.count(1)


@pytest.fixture(autouse=True, scope="module")
def _loop_never_blocks() -> Iterator[None]:
    """A blocking call under our code or aiohttp's raises, as long as an event loop runs in its thread."""
    guard = BlockBuster(scanned_modules=["archive", "aiohttp"])
    # Opening and closing: nobody is being served then, and `open_index` says that it blocks.
    for function in guard.functions.values():
        function.can_block_in("archive/app.py", {"opened", "make_app", "_store", "_index"})
        function.can_block_in("archive/cli/through.py", {"owners_session"})  # a command's loop has nothing else to do
    # How much is free is asked of the file system once a second at most, and answered from memory.
    guard.functions["os.statvfs"].can_block_in("archive/store/local.py", {"free_bytes"})
    # A worker's start waits for its `exec`, as asyncio's own way of starting a process does.
    guard.functions["os.read"].can_block_in("archive/thumbs/renderer.py", {"__init__"})
    guard.activate()
    yield
    guard.deactivate()


@pytest.fixture(autouse=True)
def _nothing_goes_wrong_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An error or a traceback in the log fails the test; one that provokes it looks at `caplog` and clears it."""
    yield
    wrong = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert [record.getMessage() for record in wrong] == []


@pytest_asyncio.fixture(name="archive", scope="module", loop_scope="module")
async def _archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One archive for a module, with open uploads; each test takes a camera of its own."""
    async with serving(config_of(tmp_path_factory.mktemp("shared") / "archive")) as served:
        yield served


@pytest.fixture(name="camera")
def _camera() -> str:
    """The id of a camera that no other test has."""
    return f"camera-{next(_counter)}"


MakeArchive = Callable[..., Awaitable[Served]]


@pytest_asyncio.fixture(name="make_archive", loop_scope="module")
async def _make_archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeArchive]:
    """Makes archives with the settings given, each in a folder of its own; closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(**settings: Any) -> Served:
            settings.setdefault("folder", tmp_path_factory.mktemp("own") / "archive")
            return await stack.enter_async_context(serving(config_of(**settings)))

        yield make
