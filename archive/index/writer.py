"""One thread writes: whatever is queued when it wakes is one group, committed together.

The rules of this file:
* Only this thread holds the write connection, so only it commits and checkpoints.
* A group is prepared outside the transaction (slow, durable things such as bytes), then applied inside one.
* An answer is given after the commit, never before.
* An error of one job is that job's; an error of the commit is everybody's, and everything prepared is taken back.
* When the index's own file fails, the thread stops for good: what is in the page cache can no longer be trusted.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from archive.errors import Corrupt, Unavailable
from archive.frame import Change

log = logging.getLogger(__name__)

T = TypeVar("T")
GROUP_MAX = 64
PATIENCE_S = 0.2  # how long a patient job waits for company, so that it seldom costs a commit of its own


class Work(Protocol):
    """One kind of job: how a group of them is prepared, applied and taken back."""

    def prepare(self, connection: Connection, items: Sequence[Any]) -> Any: ...

    def apply(self, connection: Connection, prepared: Any, changes: list[Change]) -> Sequence[Any]:
        """One result or exception per item; rows told of go to *changes*."""

    def committed(self, prepared: Any) -> None: ...

    def rolled_back(self, prepared: Any) -> None: ...


class Writer:
    """Runs jobs in groups. `submit` is for the event loop; answers come back on it."""

    def __init__(
        self,
        engine: Engine,
        *,
        translate: Callable[[BaseException], Exception],
        deliver: Callable[[list[Change]], None],
        on_fatal: Callable[[Corrupt], None],
    ) -> None:
        self._engine = engine
        self._translate = translate
        self._deliver = deliver
        self._on_fatal = on_fatal
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[Work, Any, asyncio.Future[Any]]] = deque()
        self._wake = threading.Condition()
        self._is_urgent = False
        self._is_closing = False
        self._fatal: Corrupt | None = None
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, item: Any, *, patient: bool = False) -> asyncio.Future[Any]:
        """Queue a job; its future has the job's result once its group is committed. *patient* jobs wait for company."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._fatal:
            future.set_exception(self._fatal)
            return future
        if self._is_closing:
            future.set_exception(Unavailable("the archive is closing"))
            return future
        with self._wake:
            self._queue.append((work, item, future))
            if not patient:
                self._is_urgent = True
                self._wake.notify()
            elif len(self._queue) == 1:
                self._wake.notify()
        return future

    @property
    def waiting(self) -> int:
        """How many jobs are queued and not yet in a group."""
        return len(self._queue)

    async def close(self) -> None:
        """Finish what is queued; then the thread is gone. Twice is harmless."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while group := self._next_group():
                self._commit(connection, group)

    def _next_group(self) -> list[tuple[Work, Any, asyncio.Future[Any]]]:
        with self._wake:
            while not self._queue and not self._is_closing:
                self._wake.wait()
            if not self._is_urgent and not self._is_closing:
                self._wake.wait_for(lambda: self._is_urgent or self._is_closing, timeout=PATIENCE_S)
            group = [self._queue.popleft() for _ in range(min(GROUP_MAX, len(self._queue)))]
            self._is_urgent = bool(self._queue)
            return group

    def _commit(self, connection: Connection, group: list[tuple[Work, Any, asyncio.Future[Any]]]) -> None:
        by_work: dict[Work, list[int]] = {}
        for position, (work, _, _) in enumerate(group):
            by_work.setdefault(work, []).append(position)
        results: list[Any] = [None] * len(group)
        changes: list[Change] = []
        prepared: dict[Work, Any] = {}
        try:
            if self._fatal:
                raise self._fatal  # noqa: TRY301 - what is still queued hears of it like everybody else
            for work, positions in by_work.items():
                prepared[work] = work.prepare(connection, [group[position][1] for position in positions])
            connection.rollback()  # preparing only reads
            with connection.begin():
                for work, positions in by_work.items():
                    answers = work.apply(connection, prepared[work], changes)
                    for position, answer in zip(positions, answers, strict=True):
                        results[position] = answer
        except BaseException as exc:  # noqa: BLE001 - every waiting caller must hear of it, whatever it is
            error = self._translate(exc)
            self._roll_back(connection)
            self._take_back(prepared, error)
            self._answer(group, [error] * len(group), [])
            return
        self._answer(group, results, changes)
        for work, what in prepared.items():
            work.committed(what)

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()  # what preparing began to read; a failed commit has been rolled back already
        except Exception:
            log.exception("a failed group could not be rolled back")

    def _take_back(self, prepared: dict[Work, Any], error: Exception) -> None:
        if isinstance(error, Corrupt):
            # The commit's outcome is unknown: what was prepared stays for the next start to judge.
            self._fatal = error
            log.critical("the index failed and is not used any more: %s", error)
            return
        for work, what in prepared.items():
            work.rolled_back(what)

    def _answer(
        self, group: list[tuple[Work, Any, asyncio.Future[Any]]], results: list[Any], changes: list[Change]
    ) -> None:
        def on_loop() -> None:
            for (_, _, future), result in zip(group, results, strict=True):
                if future.done():  # its caller is gone; the work is done all the same
                    continue
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result(result)
            if changes:
                self._deliver(changes)
            if self._fatal:
                self._on_fatal(self._fatal)

        try:
            self._loop.call_soon_threadsafe(on_loop)
        except RuntimeError:  # the loop is closed: nobody is left to hear it
            log.debug("answers of a group found no loop")
