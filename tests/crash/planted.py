"""`archive` with one bug planted: run as `planted.py BUG serve …`. The tests of the tests must notice each."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from archive import recovery
from archive.index import sql
from archive.index.writer import Writer
from archive.store import local


def nothing() -> None:
    """The control: the launcher itself breaks nothing."""


def no_file_sync() -> None:
    """A frame's bytes are left to the kernel."""
    local.sync_file = _nothing
    local.start_writing = _nothing  # which mostly gets them there in time, by chance


def no_directory_sync() -> None:
    """A frame's name is left to the kernel."""
    local.sync_directory = _nothing


def synchronous_normal() -> None:
    """A commit is left to the kernel until the next checkpoint."""
    sql.PRAGMAS["synchronous"] = "NORMAL"


def answer_before_commit() -> None:
    """The answer goes out, and the commit follows 50 ms later."""
    commit: Callable[[Writer, Any, Any], None] = Writer._commit

    def answer_then_commit(self: Writer, connection: Any, group: Any) -> None:
        commit(self, _Postponing(connection), group)
        time.sleep(0.05)
        connection.commit()

    Writer._commit = answer_then_commit  # type: ignore[method-assign] # the bug


def no_sync_at_start() -> None:
    """What a killed process left visible is taken for durable."""
    recovery.make_durable = _nothing
    sql.checkpoint = _nothing
    local.sync_file_system = _nothing  # which looking for what was begun does as well
    sql.SqlIndex.measure = _measure_nothing  # type: ignore[method-assign, assignment] # its commit would sync the log by chance


class _Postponing:
    """A connection whose transactions are committed by someone else, later."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @contextmanager
    def begin(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise


async def _measure_nothing(*_: object) -> None:
    pass


def _nothing(*_: object, **__: object) -> None:
    pass


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (nothing, no_file_sync, no_directory_sync, synchronous_normal, answer_before_commit, no_sync_at_start)
}


if __name__ == "__main__":
    # Written over soon, the log of writes no longer grows, so its syncs carry no names of files along by chance.
    sql.PRAGMAS["wal_autocheckpoint"] = "40"
    BUGS[sys.argv.pop(1)]()
    from archive.cli import main

    main()
