"""The rules at the head of `writer.py`, each of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from archive.errors import Corrupt, FrameNotFound, Unavailable
from archive.frame import Change, ChangeKind
from archive.index.sql import _engine, translated
from archive.index.writer import GROUP_MAX, Writer

WAIT_S = 10


class Notes:
    """The work of writing words down. Some words do something else."""

    def __init__(self, name: str = "notes") -> None:
        self.name = name
        self.groups: list[list[str]] = []
        self.committed_groups: list[list[str]] = []
        self.taken_back: list[list[str]] = []
        self.threads: set[str] = set()
        self.entered = Event()
        self.gate = Event()
        self.gate.set()

    def prepare(self, connection: Connection, items: Sequence[str]) -> list[str]:
        connection.execute(text("SELECT count(*) FROM notes"))
        self.groups.append(list(items))
        self.entered.set()
        assert self.gate.wait(WAIT_S), "nobody opened the gate"
        if "unprepared" in items:
            raise OSError("the disk is gone")
        return list(items)

    def apply(self, connection: Connection, prepared: list[str], changes: list[Change]) -> list[str | Exception]:
        self.threads.add(current_thread().name)
        answers: list[str | Exception] = []
        for word in prepared:
            if word == "poison":
                raise ValueError(word)
            if word == "corrupt":
                raise Corrupt("the index cannot be trusted")
            if word == "wrong":
                answers.append(FrameNotFound(word))
                continue
            connection.execute(text("INSERT INTO notes VALUES (:word)"), {"word": word})
            changes.append(Change(seq=len(word), kind=ChangeKind.CAMERA, camera=word))
            answers.append(f"{word} by {self.name}")
        return answers

    def committed(self, prepared: list[str]) -> None:
        self.committed_groups.append(prepared)

    def rolled_back(self, prepared: list[str]) -> None:
        self.taken_back.append(prepared)


class Desk:
    """A writer, its work, and what it told."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self.engine = engine
        self.notes = Notes()
        self.heard: list[Change] = []
        self.fatal: list[Corrupt] = []
        self.writer = Writer(engine, translate=translated, deliver=self.heard.extend, on_fatal=self.fatal.append)

    def submit(self, word: str, *, patient: bool = False, work: Notes | None = None) -> asyncio.Future[Any]:
        return self.writer.submit(work or self.notes, word, patient=patient)

    def written(self) -> list[str]:
        """What another process sees."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [word for (word,) in connection.execute("SELECT word FROM notes ORDER BY rowid")]

    async def behind(self, *words: str) -> list[asyncio.Future[Any]]:
        """Submit *words* while the writer is busy with a word of its own, so that they make groups of their own."""
        self.notes.entered.clear()
        self.notes.gate.clear()
        first = self.submit("first")
        assert await asyncio.to_thread(self.notes.entered.wait, WAIT_S)
        futures = [self.submit(word) for word in words]
        self.notes.gate.set()
        await first
        return futures


@pytest.fixture(name="desk")
async def _desk(tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "notes.db"
    engine = _engine(f"file:{path}?mode=rwc", read_only=False)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (word TEXT NOT NULL) STRICT"))
    async with AsyncExitStack() as stack:
        stack.callback(engine.dispose)
        desk = Desk(path, engine)
        stack.push_async_callback(desk.writer.close)
        yield desk


async def answers(futures: Sequence[asyncio.Future[Any]]) -> list[Any]:
    async with asyncio.timeout(WAIT_S):
        return await asyncio.gather(*futures, return_exceptions=True)


async def test_an_answer_is_given_after_the_commit(desk: Desk) -> None:
    """While the commit is under way nobody is answered; when somebody is, every other process sees the word."""
    committing, gate = Event(), Event()

    def hold(_: Connection) -> None:
        committing.set()
        assert gate.wait(WAIT_S)

    event.listen(desk.engine, "commit", hold)
    seen: list[list[str]] = []
    future = desk.submit("word")
    future.add_done_callback(lambda _: seen.append(desk.written()))

    assert await asyncio.to_thread(committing.wait, WAIT_S)
    for _ in range(10):
        await asyncio.sleep(0)
    early = (future.done(), desk.heard[:], desk.notes.committed_groups[:], desk.written())
    gate.set()
    await future
    await desk.writer.close()

    assert early == (False, [], [], [])
    assert seen == [["word"]]
    assert desk.notes.committed_groups == [["word"]]
    assert [change.camera for change in desk.heard] == ["word"]


async def test_what_is_queued_is_one_group(desk: Desk) -> None:
    """Jobs that waited are prepared and committed together, by one thread, and each has its own answer."""
    commits: list[Connection] = []
    event.listen(desk.engine, "commit", commits.append)

    futures = await desk.behind("a", "b", "c")

    assert await answers(futures) == ["a by notes", "b by notes", "c by notes"]
    assert desk.notes.groups == [["first"], ["a", "b", "c"]]
    assert len(commits) == 2
    assert desk.notes.threads == {"index-writer"}


async def test_a_group_has_a_greatest_size(desk: Desk) -> None:
    """More than a group's most are several groups, in the order they came."""
    words = [f"{n}" for n in range(2 * GROUP_MAX + 3)]

    await answers(await desk.behind(*words))

    assert [len(group) for group in desk.notes.groups] == [1, GROUP_MAX, GROUP_MAX, 3]
    assert desk.written() == ["first", *words]


async def test_kinds_of_work_share_a_commit(desk: Desk) -> None:
    """Jobs of two kinds in one group are one transaction; each kind is told of its own."""
    other = Notes("other")
    commits: list[Connection] = []
    event.listen(desk.engine, "commit", commits.append)
    desk.notes.entered.clear()
    desk.notes.gate.clear()
    first = desk.submit("first")
    assert await asyncio.to_thread(desk.notes.entered.wait, WAIT_S)
    futures = [desk.submit("a"), desk.submit("b", work=other), desk.submit("c")]
    desk.notes.gate.set()

    assert await answers([first, *futures]) == ["first by notes", "a by notes", "b by other", "c by notes"]
    await desk.writer.close()
    assert (desk.notes.committed_groups, other.committed_groups) == ([["first"], ["a", "c"]], [["b"]])
    assert len(commits) == 2


async def test_an_error_of_one_job_is_that_jobs(desk: Desk) -> None:
    """An error among the results reaches one caller; the others are committed."""
    got = await answers(await desk.behind("a", "wrong", "b"))

    assert [type(answer) for answer in got] == [str, FrameNotFound, str]
    assert desk.written() == ["first", "a", "b"]
    assert desk.notes.taken_back == []


async def test_an_error_of_the_group_is_everybodys(desk: Desk) -> None:
    """When the transaction fails all its callers hear of it, all is taken back, nothing is told; then work goes on."""
    other = Notes("other")
    desk.notes.entered.clear()
    desk.notes.gate.clear()
    first = desk.submit("first")
    assert await asyncio.to_thread(desk.notes.entered.wait, WAIT_S)
    futures = [desk.submit("a", work=other), desk.submit("b"), desk.submit("poison"), desk.submit("c")]
    desk.notes.gate.set()
    await first

    got = await answers(futures)

    assert [type(answer) for answer in got] == [Unavailable] * 4
    assert (desk.notes.taken_back, other.taken_back) == ([["b", "poison", "c"]], [["a"]])
    assert desk.written() == ["first"]
    assert [change.camera for change in desk.heard] == ["first"]
    assert await desk.submit("later") == "later by notes"
    assert desk.written() == ["first", "later"]


async def test_what_was_prepared_is_taken_back_when_preparing_fails(desk: Desk) -> None:
    """When one kind of work cannot be prepared, what another has prepared is taken back, and no transaction stays."""
    other = Notes("other")
    begun: list[Connection] = []
    ended: list[Connection] = []
    event.listen(desk.engine, "begin", begun.append)
    event.listen(desk.engine, "commit", ended.append)
    event.listen(desk.engine, "rollback", ended.append)
    desk.notes.entered.clear()
    desk.notes.gate.clear()
    first = desk.submit("first")
    assert await asyncio.to_thread(desk.notes.entered.wait, WAIT_S)
    futures = [desk.submit("a", work=other), desk.submit("unprepared")]
    desk.notes.gate.set()
    await first

    got = await answers(futures)

    assert [type(answer) for answer in got] == [Unavailable] * 2
    assert other.taken_back == [["a"]]
    assert len(begun) == len(ended) == 3  # to look and to write for the first, to look for the second
    assert await desk.submit("later") == "later by notes"


async def test_a_failed_index_is_not_used_any_more(desk: Desk) -> None:
    """After Corrupt everybody hears it, now and later; nothing is taken back, as nobody knows what is on the disk."""
    got = await answers(await desk.behind("a", "corrupt"))
    later = await answers([desk.submit("later"), desk.submit("patient", patient=True)])

    assert [type(answer) for answer in got + later] == [Corrupt] * 4
    assert desk.fatal[0] is got[0]
    assert desk.notes.taken_back == []
    assert desk.written() == ["first"]


async def test_what_was_queued_behind_a_failure_hears_of_it(desk: Desk) -> None:
    """Jobs of the groups after the failed one are not even prepared."""
    words = [f"{n}" for n in range(GROUP_MAX - 1)]

    got = await answers(await desk.behind("corrupt", *words, "behind"))

    assert [type(answer) for answer in got] == [Corrupt] * (GROUP_MAX + 1)
    assert len(desk.notes.groups) == 2


async def test_a_patient_job_waits_for_company(desk: Desk) -> None:
    """A patient job goes with the next urgent one, in one commit."""
    patient = desk.submit("patient", patient=True)
    urgent = desk.submit("urgent")

    await answers([patient, urgent])

    assert desk.notes.groups == [["patient", "urgent"]]


async def test_patient_jobs_end_without_company(desk: Desk) -> None:
    """When nothing urgent comes patient jobs are done all the same, together."""
    got = await answers([desk.submit(word, patient=True) for word in "abc"])

    assert got == ["a by notes", "b by notes", "c by notes"]
    assert desk.notes.groups == [["a", "b", "c"]]


async def test_a_cancelled_caller_takes_nothing_back(desk: Desk) -> None:
    """The job of a caller that is gone is done, and the others of its group are answered."""
    desk.notes.entered.clear()
    desk.notes.gate.clear()
    first = desk.submit("first")
    assert await asyncio.to_thread(desk.notes.entered.wait, WAIT_S)
    gone, stays = desk.submit("gone"), desk.submit("stays")
    gone.cancel()
    first.cancel()
    desk.notes.gate.set()

    assert await answers([stays]) == ["stays by notes"]
    assert desk.written() == ["first", "gone", "stays"]


@pytest.mark.parametrize("is_patient", [False, True])
async def test_closing_finishes_what_is_queued(desk: Desk, is_patient: bool) -> None:
    """Jobs submitted before closing are done and answered; later ones are Unavailable; closing twice is harmless."""
    futures = [desk.submit(word, patient=is_patient) for word in "abc"]

    await desk.writer.close()
    await desk.writer.close()
    late = desk.submit("late")

    assert await answers(futures) == ["a by notes", "b by notes", "c by notes"]
    assert [type(answer) for answer in await answers([late])] == [Unavailable]
    assert desk.written() == ["a", "b", "c"]


def test_errors_are_translated_by_what_they_call_for(tmp_path: Path) -> None:
    """A broken file is Corrupt; our own faults are Unavailable, with a sentence that does not show them."""
    (tmp_path / "no.db").write_bytes(b"no index" * 1000)
    engine = _engine(f"file:{tmp_path / 'no.db'}", read_only=False)

    broken = caught(lambda: engine.connect().close())
    ours = translated(ValueError("secret"))

    assert type(translated(broken)) is Corrupt
    assert type(ours) is Unavailable
    assert "secret" not in str(ours)
    assert translated(ours) is ours
    engine.dispose()


def caught(call: Callable[[], None]) -> Exception:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        return error
    raise AssertionError("nothing was raised")
