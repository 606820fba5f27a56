"""What every index promises, over a real shelf."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from archive.errors import (
    CameraExists,
    CameraNotFound,
    ConfigError,
    Corrupt,
    DiskFull,
    FrameNotFound,
    LogTooOld,
    Unavailable,
)
from archive.frame import (
    MAX_NUMBER,
    Change,
    ChangeKind,
    Frame,
    FrameClaim,
    Lost,
    Measures,
    MediaType,
    NewFrame,
    Report,
    Status,
    TimeSource,
    Verdict,
)
from archive.index import CameraKey, Found, Gap, Index, Kept, Settings, Sought, Standing, open_index, paging
from archive.index.sql import SqlIndex
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from tests.arriving import BOOT, NOW_MS, WAIT_S, WatchedShelf, arriving

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Open = Callable[..., SqlIndex]


@pytest.fixture(name="shelf")
def _shelf() -> WatchedShelf:
    return WatchedShelf(MemoryStore())


@pytest.fixture(name="opened")
async def _opened(tmp_path: Path, shelf: WatchedShelf) -> AsyncIterator[Open]:
    """Opens the test's index, as often as it is called; all are closed after the test."""
    async with AsyncExitStack() as stack:

        def opened(
            *, zone: ZoneInfo = BERLIN, changes_kept: int = 100_000, on: WatchedShelf = shelf, name: str = "index.db"
        ) -> SqlIndex:
            index = open_index(f"sqlite:///{tmp_path / name}", shelf=on, zone=zone, changes_kept=changes_kept)
            assert isinstance(index, SqlIndex)
            stack.push_async_callback(index.close)
            return index

        yield opened


@pytest.fixture(name="index")
async def _index(opened: Open) -> SqlIndex:
    return opened()


async def require_whole(index: Index, shelf: WatchedShelf) -> None:
    """Every row has its bytes, every key its row, every count agrees, and the log holds each frame once, in order."""
    rows = await index.frames_after(0, limit=100_000)
    log = await index.changes(after=0, limit=100_000)

    assert sorted(row.key for row in rows) == sorted(key for key, _ in shelf._store.keys("photos"))
    assert await index.unknown([row.key for row in rows]) == []
    assert await index.faults() == []
    assert await index.miscounts() == []
    assert [change.frame_id for change in log.changes if change.kind is ChangeKind.FRAME] == [row.id for row in rows]
    assert [change.seq for change in log.changes] == sorted({change.seq for change in log.changes})
    assert index.last_seq == log.last_seq
    assert index.total == len(rows)


async def asked(index: SqlIndex, sql: str) -> Any:
    """The one value that *sql* gives, asked of the writer."""
    return await index._write(lambda connection, *_: connection.execute(text(sql)).scalar())


async def told(index: Index, sql: str) -> None:
    assert isinstance(index, SqlIndex)
    await index._write(lambda connection, *_: connection.execute(text(sql)).rowcount)


# -- adding


async def test_a_frame_added_is_kept(index: SqlIndex, shelf: WatchedShelf) -> None:
    """What `add` answers can be asked for, its bytes are on the shelf and settled, and all that counts counts it."""
    new = arriving(7, status=Status(said={"rssi": -61, "firmware": "1.0.0"}))

    kept = await index.add(new)

    assert kept == Kept(frame=await index.frame(kept.frame.id), is_new=True)
    assert (kept.frame.camera, kept.frame.boot, kept.frame.number, kept.frame.name) == ("garden", BOOT, 7, new.name)
    assert (kept.frame.sha256, kept.frame.size_bytes) == (new.sha256, len(new.body))
    assert (kept.frame.width, kept.frame.height, kept.frame.media_type) == (64, 48, "image/jpeg")
    assert shelf._store.get(kept.frame.key) == new.body
    await asked(index, "SELECT 1")  # a group later
    assert shelf._store.pending() == []
    assert await index.frame_status(kept.frame.id) == {"rssi": -61, "firmware": "1.0.0"}
    (camera,) = await index.cameras()
    assert (camera.frames, camera.seen_at_ms, camera.latest) == (1, NOW_MS, kept.frame)
    assert camera.status == {"rssi": -61, "firmware": "1.0.0"}
    await require_whole(index, shelf)


async def test_a_frame_cut_short_is_kept_with_its_verdict(index: SqlIndex) -> None:
    """A frame whose end is missing is `truncated` from the start."""
    kept = await index.add(arriving(1, is_whole=False))

    assert kept.frame.verdict is Verdict.TRUNCATED


async def test_a_resent_frame_is_kept_once(index: SqlIndex, shelf: WatchedShelf, opened: Open) -> None:
    """The same frame again, now or after a restart, is the same row, is not put again and changes nothing."""
    first = await index.add(arriving(1))
    before = await index.changes(after=0)

    again = await index.add(arriving(1, received_at_ms=NOW_MS + 5000))
    await index.close()
    reopened = opened()
    later = await reopened.add(arriving(1, received_at_ms=NOW_MS + DAY_MS))

    assert (again.is_new, again.frame) == (False, first.frame)
    assert (later.is_new, later.frame) == (False, first.frame)
    assert len(shelf.put_groups) == 1
    assert await reopened.changes(after=0) == before
    await require_whole(reopened, shelf)


async def test_other_bytes_under_the_same_number_are_a_second_frame(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Three frames of one number and one moment are three rows under three names; the number counts once."""
    kept = [await index.add(arriving(1, body=body)) for body in (b"one", b"two", b"three")]
    again = [await index.add(arriving(1, body=body)) for body in (b"three", b"one", b"two")]

    assert [one.is_new for one in kept + again] == [True] * 3 + [False] * 3
    assert [one.is_further for one in kept] == [False, True, True]
    assert len({one.frame.name for one in kept}) == 3
    assert kept[1].frame.name == f"{kept[0].frame.name.removesuffix('.jpg')}-{kept[1].frame.sha256[:4].hex()}.jpg"
    assert [one.frame.id for one in again] == [kept[2].frame.id, kept[0].frame.id, kept[1].frame.id]
    assert await asked(index, "SELECT frames FROM boots") == 1
    await require_whole(index, shelf)


async def test_a_second_frame_keeps_a_name_that_is_free(index: SqlIndex, shelf: WatchedShelf) -> None:
    """A frame that comes with a name of its own (found on the shelf, or of another moment) is not renamed."""
    plain, other = arriving(1, body=b"one"), arriving(1, body=b"two", received_at_ms=NOW_MS + 1)

    names = [(await index.add(frame)).frame.name for frame in (plain, other)]

    assert names == [plain.name, other.name]
    await require_whole(index, shelf)


async def test_pictures_of_two_kinds_share_no_thumbnail(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Names that differ only in their endings would have one thumbnail: the second is named apart."""
    await index.add(arriving(1, body=b"one"))

    kept = await index.add(arriving(1, body=b"two", media_type=MediaType.PNG))

    assert kept.frame.name.endswith(f"-1-{kept.frame.sha256[:4].hex()}.png")
    await require_whole(index, shelf)


async def test_frames_of_one_number_in_one_group_are_told_apart(index: SqlIndex, shelf: WatchedShelf) -> None:
    """The same frame twice and another of its number, at once: two rows, one of them answered twice."""
    with held(shelf):
        first = asyncio.ensure_future(index.add(arriving(0)))
        await entered(shelf)
        rest = [asyncio.ensure_future(index.add(arriving(1, body=body))) for body in (b"one", b"two", b"one", b"two")]
        await asyncio.sleep(0)
    await first

    kept = await asyncio.gather(*rest)

    assert [len(group) for group in shelf.put_groups] == [1, 2]
    assert [one.is_new for one in kept] == [True, True, False, False]
    assert [one.frame.id for one in kept] == [2, 3, 2, 3]
    await require_whole(index, shelf)


async def test_two_adds_of_one_frame_at_once_keep_it_once(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Whoever comes first is new, the other hears of the same frame."""
    kept = await asyncio.gather(*(index.add(arriving(1)) for _ in range(2)))

    assert sorted(one.is_new for one in kept) == [False, True]
    assert kept[0].frame == kept[1].frame
    assert sum(map(len, shelf.put_groups)) == 1
    await require_whole(index, shelf)


async def test_concurrent_adds_share_one_put_and_one_commit(index: SqlIndex, shelf: WatchedShelf) -> None:
    """What arrives while a group is on its way is the next group: one put, one commit."""
    commits: list[object] = []
    event.listen(index._engine, "commit", commits.append)

    with held(shelf):
        first = asyncio.ensure_future(index.add(arriving(0)))
        await entered(shelf)
        rest = [asyncio.ensure_future(index.add(arriving(n, camera=f"camera-{n % 5}"))) for n in range(1, 31)]
        await asyncio.sleep(0)
    await asyncio.gather(first, *rest)

    assert [len(group) for group in shelf.put_groups] == [1, 30]
    assert len(commits) == 2
    await require_whole(index, shelf)


@pytest.mark.parametrize("failing", [0, 3, 7])
async def test_a_frame_the_shelf_refuses_leaves_the_others_alone(opened: Open, failing: int) -> None:
    """Of a group, the frame that could not be put gets the shelf's own error and has no row; the others are kept."""
    names = {f"-{failing}.jpg"}

    def fail(operation: str, key: str) -> None:
        if operation == "put" and any(key.endswith(name) for name in names):
            raise DiskFull("no room for this one")

    shelf = WatchedShelf(MemoryStore(fail=fail))
    index = opened(on=shelf)
    confession = Lost(boot=BOOT, first=100, last=110, reason="spool-full")
    sent = [arriving(n, lost=confession if n == failing else None) for n in range(8)]

    answers = await asyncio.gather(*map(index.add, sent), return_exceptions=True)

    assert [n for n, answer in enumerate(answers) if isinstance(answer, DiskFull)] == [failing]
    assert index.total == 7
    await require_whole(index, shelf)
    names.clear()
    assert (await index.add(sent[failing])).is_new
    assert await index.losses("garden") == [confession]
    await require_whole(index, shelf)


async def test_a_number_counts_when_the_first_of_two_frames_failed(opened: Open) -> None:
    """Of two frames of one number in a group the first fails on the shelf: the second is that number's first row."""
    refused = [arriving(1, body=b"one").key]

    def fail(operation: str, key: str) -> None:
        if operation == "put" and key in refused:
            raise Unavailable("not this one")

    shelf = WatchedShelf(MemoryStore(fail=fail))
    index = opened(on=shelf)
    with held(shelf):
        before = asyncio.ensure_future(index.add(arriving(0)))
        await entered(shelf)
        pair = [asyncio.ensure_future(index.add(arriving(1, body=body))) for body in (b"one", b"two", b"one")]
        await asyncio.sleep(0)
    await before

    answers = await asyncio.gather(*pair, return_exceptions=True)

    assert [type(answer) for answer in answers] == [Unavailable, Kept, Unavailable]
    await require_whole(index, shelf)
    refused.clear()
    assert (await index.add(arriving(1, body=b"one"))).is_new
    await require_whole(index, shelf)


async def story(index: SqlIndex, camera: str) -> None:
    """A little of everything that writes, some of it at once."""
    boot, other = f"{hash_of(camera):016x}", f"{hash_of(camera) + 1:016x}"
    at: dict[str, Any] = {"camera": camera, "boot": boot}
    confession = Lost(boot=boot, first=20, last=29, reason="spool-full")
    work: list[list[Callable[[], Awaitable[object]]]] = [
        [lambda: index.add(arriving(0, **at, up_ms=1000))],
        [partial(index.add, arriving(n, **at, body=b"%d" % n, up_ms=n * 1000)) for n in range(1, 5)],
        [lambda: index.add(arriving(3, **at, body=b"3"))],
        [lambda: index.add(arriving(3, **at, body=b"else")), lambda: index.add(arriving(5, **at, lost=confession))],
        [lambda: index.add(arriving(6, **at, up_ms=6000, now_ms=7000))],
        [
            lambda: index.measure(index.total, Measures(mean_luma=0.5, contrast=0.1), Verdict.UNDECODABLE),
            lambda: index.add(arriving(0, camera=camera, boot=other)),
        ],
    ]
    for step in work:
        for answer in await asyncio.gather(*(call() for call in step), return_exceptions=True):
            assert answer is None or isinstance(answer, (Kept, Unavailable)), answer


def hash_of(camera: str) -> int:
    return int(camera.removeprefix("camera-")) * 2 + 16


async def test_whichever_put_fails_nothing_is_half_kept(opened: Open) -> None:
    """The shelf fails at its first operation, its second, … until none is left to fail; each time all is whole."""
    fuse = itertools.count(1)
    at = 0

    def fail(operation: str, key: str) -> None:
        del key
        if operation == "put" and next(fuse) == at:
            raise Unavailable("the disk is gone")

    shelf = WatchedShelf(MemoryStore(fail=fail))
    index = opened(on=shelf)
    for at in range(1, 100):
        fuse, failures = itertools.count(1), at
        await story(index, f"camera-{at}")
        await require_whole(index, shelf)
        if next(fuse) <= failures:
            break
    else:
        pytest.fail("the story never ended without a failure")
    assert at > 5


async def test_wherever_a_transaction_breaks_off_nothing_is_half_kept(index: SqlIndex, shelf: WatchedShelf) -> None:
    """SQLite is interrupted after so many of its steps, then after more, … until it is not; each time all is whole."""
    broken: list[int] = []

    async def story_interrupted(after: int, camera: str) -> bool:
        steps = itertools.count(1)
        await on_step(index, lambda: int(next(steps) == after), every=25)
        await story(index, camera)
        await on_step(index, None, every=0)
        return next(steps) > after

    for n in range(1, 400):
        if not await story_interrupted(n * 9, f"camera-{n}"):
            break
        broken.append(n)
        await require_whole(index, shelf)
    else:
        pytest.fail("the story never ended uninterrupted")

    await require_whole(index, shelf)
    assert len(broken) > 5
    assert shelf.discarded


async def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, opened: Open) -> None:
    """When the index cannot grow every frame of the group is DiskFull and taken back; with room all goes on."""
    shelf = WatchedShelf(LocalStore(tmp_path / "folder"))
    index = opened(on=shelf)
    await index.add(arriving(0))
    await told(index, "PRAGMA max_page_count = 1")  # SQLite takes the size the file has
    heard: list[Change] = []
    index.on_change(heard.extend)

    answers: list[object] = []
    for start in range(1, 1000, 20):
        group = (index.add(arriving(n, body=b"%d" % n)) for n in range(start, start + 20))
        answers = await asyncio.gather(*group, return_exceptions=True)
        if any(isinstance(answer, Exception) for answer in answers):
            break

    assert any(isinstance(answer, DiskFull) for answer in answers)
    assert all(isinstance(answer, (DiskFull, Kept)) for answer in answers)
    assert shelf.discarded
    assert index.total == 1 + len(heard)
    await require_whole(index, shelf)
    await told(index, "PRAGMA max_page_count = 100000")
    again = await asyncio.gather(*(index.add(arriving(n, body=b"%d" % n)) for n in range(1, 1000, 20)))
    assert {one.is_new for one in again} == {False, True}
    await require_whole(index, shelf)


async def test_other_processes_adding_the_same_frame_keep_it_once(index: SqlIndex, shelf: WatchedShelf) -> None:
    """The table itself refuses the same camera, boot, number and digest twice."""
    await index.add(arriving(1))
    columns = ", ".join(name for name in await columns_of(index, "frames") if name != "id")

    with pytest.raises(Unavailable, match="UNIQUE"):
        await told(index, f"INSERT INTO frames ({columns}) SELECT {columns} FROM frames")

    await require_whole(index, shelf)


async def columns_of(index: SqlIndex, table: str) -> list[str]:
    return await index._write(
        lambda connection, *_: [row.name for row in connection.execute(text(f"PRAGMA table_info({table})"))]
    )


class held:  # noqa: N801 - reads as the word it is
    """The shelf is held up inside."""

    def __init__(self, shelf: WatchedShelf) -> None:
        self._shelf = shelf

    def __enter__(self) -> None:
        self._shelf.entered.clear()
        self._shelf.gate.clear()

    def __exit__(self, *_: object) -> None:
        self._shelf.gate.set()


async def entered(shelf: WatchedShelf) -> None:
    assert await asyncio.to_thread(shelf.entered.wait, WAIT_S), "nothing came to the shelf"


async def on_step(index: SqlIndex, call: Callable[[], int] | None, *, every: int) -> None:
    """Call back from inside the writer's SQLite; it breaks off what it does when the answer is not 0."""

    def write(connection: Any, *_: object) -> None:
        connection.connection.driver_connection.set_progress_handler(call, every)

    await index._write(write)


# -- ids


async def test_ids_rise_and_are_never_given_twice(index: SqlIndex, opened: Open) -> None:
    """The number of a frame that was deleted stays its own, also after a restart."""
    ids = [(await index.add(arriving(n))).frame.id for n in range(3)]
    await told(index, f"DELETE FROM frames WHERE id >= {ids[1]}")
    await told(index, "DELETE FROM changes")
    await index.close()

    reopened = opened()

    assert (await reopened.add(arriving(9))).frame.id == ids[-1] + 1
    assert ids == [1, 2, 3]


# -- the log of changes


async def test_changes_are_told_in_the_order_they_are_logged(index: SqlIndex, opened: Open) -> None:
    """Listeners hear every committed change once, by rising seq; the log says the same, now and after a restart."""
    heard: list[Change] = []
    index.on_change(heard.extend)

    frames = await asyncio.gather(*(index.add(arriving(n // 4, camera=f"camera-{n % 4}")) for n in range(100)))
    await index.measure(frames[0].frame.id, None, Verdict.UNDECODABLE)

    log = await index.changes(after=0)
    assert [change.seq for change in heard] == list(range(1, 4 + 100 + 1 + 1))
    assert [(change.seq, change.kind, change.camera, change.frame_id) for change in log.changes] == [
        (change.seq, change.kind, change.camera, change.frame_id) for change in heard
    ]
    assert sum(change.kind is ChangeKind.CAMERA for change in heard) == 4
    assert index.last_seq == log.last_seq == heard[-1].seq
    await index.close()
    reopened = opened()
    assert await reopened.changes(after=0) == log
    assert reopened.last_seq == log.last_seq


async def test_the_log_shows_frames_as_they_are_now(index: SqlIndex) -> None:
    """A page of the log is bounded, goes on from any seq, and holds frames as they are, or none when deleted since."""
    for n in range(4):
        await index.add(arriving(n))
    await told(index, "DELETE FROM frames WHERE id = 2")
    await index.measure(1, None, Verdict.UNDECODABLE)

    first = await index.changes(after=0, limit=3)
    rest = await index.changes(after=first.changes[-1].seq)
    none = await index.changes(after=rest.last_seq)

    assert [change.seq for change in first.changes + rest.changes] == [1, 2, 3, 4, 5, 6]
    assert first.last_seq == rest.last_seq == none.last_seq == 6
    assert first.changes[1].frame == await index.frame(1)
    assert (first.changes[2].frame_id, first.changes[2].frame) == (2, None)
    assert rest.changes[-1].kind is ChangeKind.FRAME_CHANGED
    assert none.changes == []


async def test_an_old_log_is_cut_and_says_so(opened: Open) -> None:
    """What is older than the changes kept is gone: who asks from there is told to fetch afresh, and from where."""
    index = opened(changes_kept=10)
    for start in range(0, 1200, 60):
        await asyncio.gather(*(index.add(arriving(n)) for n in range(start, start + 60)))

    newest = index.last_seq
    kept: int = await asked(index, "SELECT count(*) FROM changes")

    assert newest == 1201
    assert 10 <= kept <= 10 + 1000 + 64
    assert len((await index.changes(after=newest - 10)).changes) == 10
    assert len((await index.changes(after=newest - kept, limit=5000)).changes) == kept
    for after in (0, newest - kept - 1, newest + 1):
        with pytest.raises(LogTooOld) as caught:
            await index.changes(after=after)
        assert caught.value.last_seq == newest


async def test_a_new_log_is_not_too_old(index: SqlIndex) -> None:
    """An archive without changes answers from 0."""
    log = await index.changes(after=0)

    assert (log.changes, log.last_seq) == ([], 0)
    with pytest.raises(LogTooOld):
        await index.changes(after=1)


# -- dating


async def test_a_late_epoch_dates_the_frames_that_hang_on_it(index: SqlIndex, shelf: WatchedShelf) -> None:
    """A frame that knows only `up` is re-dated when its boot's epoch is learnt: a change, other days, the same name."""
    early = await index.add(arriving(0, up_ms=0))
    own = await index.add(arriving(1, up_ms=10_000, taken_ms=NOW_MS - 5 * DAY_MS))
    assert early.frame.taken_at_source is TimeSource.ARRIVAL

    now = await index.frame(early.frame.id)

    assert (now.taken_at_ms, now.taken_at_source) == (NOW_MS - 5 * DAY_MS - 10_000, TimeSource.CAMERA_CLOCK)
    assert now.name == early.frame.name
    assert own.frame.taken_at_ms == NOW_MS - 5 * DAY_MS
    last = (await index.changes(after=0)).changes[-1]
    assert (last.kind, last.frame) == (ChangeKind.FRAME_CHANGED, now)
    assert [(day.day, day.frames) for day in (await index.days()).days] == [(date(2026, 11, 17), 2)]
    await require_whole(index, shelf)


async def test_only_a_better_epoch_dates_frames_again(index: SqlIndex, shelf: WatchedShelf) -> None:
    """By the same clock a less certain epoch changes nothing, a more certain one moves what hangs on the boot."""
    hanging = (await index.add(arriving(0, up_ms=1000))).frame.id
    claims = [(500, 30_000, 60_000), (200, 31_000, 62_000), (900, 32_000, 64_000), (100, 33_000, 66_000)]
    dates = []
    for number, (transfer_ms, up_ms, now_ms) in enumerate(claims, 1):
        await index.add(arriving(number, transfer_ms=transfer_ms, up_ms=up_ms, now_ms=now_ms))
        frame = await index.frame(hanging)
        dates.append((frame.taken_at_ms, frame.taken_at_uncertainty_ms))

    uncertainties = [uncertainty for _, uncertainty in dates if uncertainty is not None]
    assert uncertainties == sorted(uncertainties, reverse=True)
    assert dates[1] != dates[0]
    assert dates[2] == dates[1]
    changed = [c for c in (await index.changes(after=0)).changes if c.kind is ChangeKind.FRAME_CHANGED]
    assert len(changed) == len(set(dates))
    await require_whole(index, shelf)


async def test_the_better_epoch_dates_every_hanging_frame_alike(index: SqlIndex) -> None:
    """No hanging frame is left on the epoch before, whoever told the better one."""
    await index.add(arriving(0, up_ms=100, now_ms=200, transfer_ms=20_000))
    hanging = [(await index.add(arriving(n, up_ms=n * 1000))).frame for n in (1, 2, 50)]
    assert {frame.taken_at_source for frame in hanging} == {TimeSource.SERVER_CLOCK}

    await index.add(arriving(60, up_ms=60_000, taken_ms=NOW_MS - HOUR_MS))

    for frame in hanging:
        now = await index.frame(frame.id)
        assert now.taken_at_source is TimeSource.CAMERA_CLOCK
        assert now.taken_at_ms == NOW_MS - HOUR_MS - 60_000 + frame.number * 1000


async def test_an_epoch_never_dates_a_frame_after_its_arrival(index: SqlIndex) -> None:
    """A hanging frame whose `up` leads beyond the day it arrived on stays dated by its arrival."""
    hanging = await index.add(arriving(0, up_ms=10 * DAY_MS))

    await index.add(arriving(1, up_ms=1000, taken_ms=NOW_MS - HOUR_MS))

    assert await index.frame(hanging.frame.id) == hanging.frame
    kinds = [change.kind for change in (await index.changes(after=0)).changes]
    assert ChangeKind.FRAME_CHANGED not in kinds


async def test_an_epoch_is_remembered_over_a_restart(index: SqlIndex, opened: Open) -> None:
    """A frame of a boot whose epoch was learnt before the restart is dated by it."""
    await index.add(arriving(0, up_ms=1000, taken_ms=NOW_MS - HOUR_MS))
    await index.close()

    kept = await opened().add(arriving(1, up_ms=2000))

    assert (kept.frame.taken_at_ms, kept.frame.taken_at_source) == (NOW_MS - HOUR_MS + 1000, TimeSource.CAMERA_CLOCK)


# -- measures and verdicts


async def test_measures_are_noted_without_a_word(index: SqlIndex) -> None:
    """A measured frame has its measures and is unmeasured no more; the log is silent unless its verdict changes."""
    ids = [(await index.add(arriving(n))).frame.id for n in range(4)]
    before = index.last_seq

    await index.measure(ids[1], Measures(mean_luma=0.25, contrast=0.5, difference=0.125))
    await index.measure(ids[2], None)
    await index.measure(ids[2], None, Verdict.WHOLE)

    assert [frame.id for frame in await index.unmeasured(after_id=0, limit=10)] == [ids[0], ids[3]]
    assert [frame.id for frame in await index.unmeasured(after_id=ids[0], limit=10)] == [ids[3]]
    assert [frame.id for frame in await index.unmeasured(after_id=0, limit=1)] == [ids[0]]
    assert (await index.frame(ids[1])).measures == Measures(mean_luma=0.25, contrast=0.5, difference=0.125)
    assert (await index.frame(ids[2])).measures is None
    assert index.last_seq == before


async def test_a_new_verdict_is_a_change(index: SqlIndex) -> None:
    """A verdict that differs is told once, with the frame as it is; of a frame that is gone nothing is told."""
    frame_id = (await index.add(arriving(0))).frame.id
    heard: list[Change] = []
    index.on_change(heard.extend)

    await index.measure(frame_id, Measures(mean_luma=0.0, contrast=0.0), Verdict.UNDECODABLE)
    await index.measure(frame_id, None, Verdict.UNDECODABLE)
    await index.measure(frame_id + 1, None, Verdict.UNDECODABLE)

    (change,) = heard
    assert (change.kind, change.frame_id) == (ChangeKind.FRAME_CHANGED, frame_id)
    assert change.frame is not None
    assert change.frame.verdict is Verdict.UNDECODABLE


# -- asking for frames


async def test_a_frame_is_found_by_id_and_by_name(index: SqlIndex) -> None:
    """Each of two frames of one number is found by its own name; what is not there is FrameNotFound."""
    one = (await index.add(arriving(1, body=b"one"))).frame
    two = (await index.add(arriving(1, body=b"two"))).frame
    await index.add(arriving(1, camera="shed"))

    found = [await index.frame_named("garden", frame.name, BOOT, 1) for frame in (one, two)]

    assert found == [one, two]
    for camera, name, boot, number in [
        ("garden", one.name, BOOT, 2),
        ("garden", "else.jpg", BOOT, 1),
        ("garden", one.name, "00000000000000bb", 1),
        ("shed", two.name, BOOT, 1),
        ("nobody", one.name, BOOT, 1),
    ]:
        with pytest.raises(FrameNotFound):
            await index.frame_named(camera, name, boot, number)
    with pytest.raises(FrameNotFound):
        await index.frame(99)
    with pytest.raises(FrameNotFound):
        await index.frame_status(99)


async def test_the_frame_before_is_the_same_cameras(index: SqlIndex) -> None:
    """By the time it was taken, not by its arrival; of frames of one moment by id; the first has none before it."""
    late = (await index.add(arriving(2, taken_ms=NOW_MS - 1000))).frame
    early = (await index.add(arriving(0, taken_ms=NOW_MS - 3000))).frame
    twin = (await index.add(arriving(3, taken_ms=NOW_MS - 1000))).frame
    await index.add(arriving(0, camera="shed", taken_ms=NOW_MS - 2000))

    assert await index.frame_before(twin) == late
    assert await index.frame_before(late) == early
    assert await index.frame_before(early) is None


async def test_pages_follow_each_other_without_holes(index: SqlIndex) -> None:
    """From cursor to cursor every frame comes once, newest first, whatever arrives meanwhile."""
    for n in range(25):
        await index.add(arriving(n, camera=f"camera-{n % 2}", taken_ms=NOW_MS - 1000 * (n // 5)))
    seen, cursor, page = [], None, None

    while page is None or cursor:
        page = await index.frames(cursor=cursor, limit=4)
        seen += page.frames
        cursor = page.next
        await index.add(arriving(1000 + len(seen), received_at_ms=NOW_MS + len(seen)))

    assert len(seen) == 25
    assert [(f.taken_at_ms, f.id) for f in seen] == sorted(((f.taken_at_ms, f.id) for f in seen), reverse=True)
    page = await index.frames(camera="camera-1", limit=100)
    assert (len(page.frames), page.total, page.next) == (12, 12, None)
    nothing = await index.frames(camera="nobody")
    assert (nothing.frames, nothing.total, nothing.next) == ([], 0, None)


async def paged(index: Index, **asked: Any) -> list[list[Frame]]:
    """Every page of a question."""
    pages: list[list[Frame]] = []
    cursor = None
    while not pages or cursor:
        page = await index.frames(cursor=cursor, **asked)
        pages.append(page.frames)
        cursor = page.next
    return pages


async def test_pages_can_be_read_from_a_moment_on(index: SqlIndex) -> None:
    """Oldest first, from any moment: each frame once, in the order they were taken."""
    for n in range(25):
        await index.add(arriving(n, camera=f"camera-{n % 2}", taken_ms=NOW_MS - 1000 * (n // 5)))

    pages = await paged(index, oldest_first=True, after_ms=NOW_MS - 3000, limit=6)
    of_one = await paged(index, oldest_first=True, after_ms=NOW_MS - 3000, limit=6, camera="camera-1")

    seen = [frame for page in pages for frame in page]
    assert [len(page) for page in pages] == [6, 6, 6, 2]
    assert seen == (await index.frames(after_ms=NOW_MS - 3000)).frames[::-1]
    assert [frame.id for page in of_one for frame in page] == [f.id for f in seen if f.camera == "camera-1"]


async def test_the_same_hours_are_found_on_every_day(index: SqlIndex) -> None:
    """Hours are the archive's own, over midnight too and where the clocks are turned, in both orders and any limit."""
    start = round(datetime(2026, 10, 22, tzinfo=BERLIN).timestamp() * 1000)
    for n in range(150):
        await index.add(arriving(n, camera=f"camera-{n % 2}", received_at_ms=start + n * HOUR_MS // 2 * 3))
    frames = (await index.frames(limit=1000)).frames

    for (first, last), oldest_first, limit, camera in itertools.product(
        [(6, 9), (22, 4), (2, 3), (0, 24)], (False, True), (1, 7, 200), (None, "camera-1")
    ):
        stretch = {"after_ms": frames[140].taken_at_ms, "before_ms": frames[3].taken_at_ms}
        asked = {"hours": (first, last), "oldest_first": oldest_first, "limit": limit, "camera": camera, **stretch}
        found = [frame for page in await paged(index, **asked) for frame in page]

        inside = [hour % 24 for hour in range(first, last if first < last else last + 24)]
        wanted = [
            frame
            for frame in frames[4:141]
            if datetime.fromtimestamp(frame.taken_at_ms / 1000, BERLIN).hour in inside
            and camera in (None, frame.camera)
        ]
        assert found == (wanted[::-1] if oldest_first else wanted), asked


async def test_frames_are_found_by_what_they_look_like(index: SqlIndex) -> None:
    """By any of several verdicts, by how different they are, and by both; what was not measured is not different."""
    for n in range(60):
        await index.add(arriving(n, camera=f"camera-{n % 2}", received_at_ms=NOW_MS + n * 1000))
    verdicts = [Verdict.WHOLE, Verdict.DARK, Verdict.FROZEN, Verdict.GREEN]
    await asyncio.gather(
        *(
            index.measure(n + 1, Measures(mean_luma=0.5, contrast=0.1, difference=n / 60), verdicts[n % 4])
            for n in range(50)
        )
    )
    frames = (await index.frames()).frames

    questions: list[tuple[dict[str, Any], Callable[[int], bool]]] = [
        ({"verdicts": {Verdict.DARK}}, lambda n: n < 50 and n % 4 == 1),
        ({"verdicts": {Verdict.DARK, Verdict.GREEN}}, lambda n: n < 50 and n % 4 in (1, 3)),
        ({"verdicts": {Verdict.DARK, Verdict.WHOLE}}, lambda n: n >= 50 or n % 4 in (0, 1)),
        ({"difference": 0.5}, lambda n: 30 <= n < 50),
        ({"difference": 0.5, "verdicts": {Verdict.FROZEN}}, lambda n: 30 <= n < 50 and n % 4 == 2),
        ({"difference": 0.0, "camera": "camera-1"}, lambda n: n < 50 and n % 2 == 1),
    ]
    for asked, wanted in questions:
        pages = await paged(index, limit=4, **asked)

        assert [f for page in pages for f in page] == [f for f in frames if wanted(f.number)], asked
        assert [len(page) for page in pages[:-1]] == [4] * (len(pages) - 1)
        assert (await index.frames(**asked)).total is None


async def test_a_search_ends_and_says_how_far_it_came(index: SqlIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is not found, a question looks at so many frames; asked on and on, it finds all there is."""
    monkeypatch.setattr(paging, "LOOKED_AT", 20)
    for n in range(100):
        await index.add(arriving(n, received_at_ms=NOW_MS + n * HOUR_MS))
    await index.measure(3, Measures(mean_luma=0.5, contrast=0.1, difference=0.9))

    first = await index.frames(difference=0.5, limit=5)
    pages = await paged(index, difference=0.5, limit=5)
    by_hour = await paged(index, hours=(3, 4), limit=50)

    assert first.frames == []
    assert first.next is not None
    assert NOW_MS + 70 * HOUR_MS < first.next[0] < NOW_MS + 90 * HOUR_MS
    assert [[frame.id for frame in page] for page in pages if page] == [[3]]
    assert sum(map(len, by_hour)) == 4
    assert len(by_hour) > 1


TURNS = [
    ("UTC", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),  # 23 hours
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),  # 25 hours
    ("America/Havana", datetime(2026, 3, 8, tzinfo=UTC)),  # begins at one
    ("America/Havana", datetime(2026, 11, 1, tzinfo=UTC)),  # has two midnights
    ("Africa/Cairo", datetime(2026, 10, 30, tzinfo=UTC)),  # the hour before midnight comes twice
    ("Australia/Lord_Howe", datetime(2026, 4, 5, tzinfo=UTC)),  # by half an hour
    ("Pacific/Kiritimati", datetime(2026, 4, 5, tzinfo=UTC)),  # 14 hours ahead
]


@pytest.mark.parametrize(("zone", "turn"), TURNS)
async def test_totals_agree_with_the_frames_of_any_stretch(opened: Open, zone: str, turn: datetime) -> None:
    """Between any two moments about a turn of the clocks, `total` is how many frames there are."""
    index = opened(zone=ZoneInfo(zone))
    start = round(turn.timestamp() * 1000) - 36 * HOUR_MS
    await asyncio.gather(
        *(index.add(arriving(n, camera=f"camera-{n % 2}", received_at_ms=start + n * HOUR_MS // 2)) for n in range(144))
    )
    day = turn.replace(tzinfo=ZoneInfo(zone))
    midnights = [round((day + timedelta(days=n)).timestamp() * 1000) for n in (-1, 0, 1, 2)]
    moments = [None, *midnights, *(start + n * HOUR_MS + 1 for n in range(0, 72, 7)), midnights[1] + HOUR_MS]

    for after_ms, before_ms in itertools.product(moments, moments):
        for camera in (None, "camera-1"):
            page = await index.frames(camera=camera, after_ms=after_ms, before_ms=before_ms, limit=1000)
            expected = [
                n
                for n in range(144)
                if (camera is None or n % 2 == 1)
                and (after_ms is None or start + n * HOUR_MS // 2 >= after_ms)
                and (before_ms is None or start + n * HOUR_MS // 2 < before_ms)
            ]
            assert [frame.number for frame in page.frames] == expected[::-1]
            assert page.total == len(expected), (after_ms, before_ms)
    assert await index.miscounts() == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
async def test_any_moment_may_be_asked_for(opened: Open, zone: str) -> None:
    """Moments before the first year and after the last are moments like others."""
    index = opened(zone=ZoneInfo(zone))
    await index.add(arriving(0))
    moments = [-(2**62), -62_135_596_800_000, -1, 0, 253_402_300_799_999, 2**62]

    for after_ms, before_ms in itertools.product(moments, moments):
        page = await index.frames(after_ms=after_ms, before_ms=before_ms)
        assert page.total == len(page.frames) == int(after_ms < NOW_MS < before_ms)


async def test_days_count_every_camera_and_all_together(index: SqlIndex) -> None:
    """A day is a day of the archive's time zone; an unknown camera has none."""
    midnight = round(datetime(2026, 11, 22, tzinfo=BERLIN).timestamp() * 1000)
    for n, (camera, at) in enumerate(
        [("garden", -1), ("garden", 0), ("shed", 0), ("shed", DAY_MS - 1), ("shed", DAY_MS)]
    ):
        await index.add(arriving(n, camera=camera, received_at_ms=midnight + at))

    together = [(day.day.day, day.frames) for day in (await index.days()).days]
    of_shed = [(day.day.day, day.camera, day.frames) for day in (await index.days(camera="shed")).days]

    assert together == [(23, 1), (22, 3), (21, 1)]
    assert of_shed == [(23, "shed", 1), (22, "shed", 2)]
    assert (await index.days(camera="nobody")).days == []


@pytest.mark.parametrize(("zone", "turn"), TURNS)
async def test_a_day_shows_its_quarter_hours(opened: Open, zone: str, turn: datetime) -> None:
    """As the clock of the archive's zone shows them, also on a day when it is turned; of each camera and of all."""
    index = opened(zone=ZoneInfo(zone))
    start = round(turn.timestamp() * 1000) - 24 * HOUR_MS
    at = [start + n * HOUR_MS // 4 + n for n in range(240)]
    await asyncio.gather(*(index.add(arriving(n, camera=f"camera-{n % 3}", received_at_ms=at[n])) for n in range(240)))

    for day in (turn.date() + timedelta(days=n) for n in (-2, -1, 0, 1, 9)):
        for camera in (None, "camera-1", "nobody"):
            shown = [datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)) for ms in at]
            wanted = [
                (n % 3, clock.hour * 4 + clock.minute // 15)
                for n, clock in enumerate(shown)
                if clock.date() == day and camera in (None, f"camera-{n % 3}")
            ]
            got = await index.day(day, camera=camera)

            assert got.quarters == [sum(of == quarter for _, of in wanted) for quarter in range(96)]
            assert got.frames == len(wanted)
            assert got.cameras == Counter(f"camera-{n}" for n, _ in wanted)
    assert await index.miscounts() == []


@pytest.mark.parametrize("count", [1, 255, 256, 300])
async def test_a_quarter_hour_holds_any_number(index: SqlIndex, shelf: WatchedShelf, opened: Open, count: int) -> None:
    """Also more than fit in a byte, and counting goes on after a restart."""
    for start in range(0, count, 60):
        numbers = range(start, min(start + 60, count))
        await asyncio.gather(*(index.add(arriving(n, body=b"%d" % n)) for n in numbers))
    await index.close()
    index = opened()
    await index.add(arriving(1000))

    assert sorted((await index.day(date(2026, 11, 22))).quarters)[-2:] == [0, count + 1]
    await require_whole(index, shelf)


async def test_days_are_counted_again_in_another_time_zone(opened: Open) -> None:
    """An archive opened in another zone has the days of that zone."""
    index = opened()
    await index.add(arriving(0, received_at_ms=round(datetime(2026, 11, 22, 23, 30, tzinfo=UTC).timestamp() * 1000)))
    in_berlin = (await index.days()).days
    await index.close()

    index = opened(zone=ZoneInfo("UTC"))

    assert [day.day for day in in_berlin] == [date(2026, 11, 23)]
    assert [day.day for day in (await index.days()).days] == [date(2026, 11, 22)]
    assert await index.miscounts() == []


# -- cameras, keys, settings, losses


async def test_cameras_show_their_latest_arrival(index: SqlIndex) -> None:
    """By id, each with the frame that arrived last, and how many keys it may use."""
    await index.add(arriving(0, camera="shed"))
    latest = (await index.add(arriving(1, camera="shed", taken_ms=NOW_MS - DAY_MS))).frame
    await index.add_camera("porch", key("p1", "porch"))
    await index.add(arriving(0, camera="garden"))

    cameras = {camera.id: camera for camera in await index.cameras()}

    assert list(cameras) == ["garden", "porch", "shed"]
    assert (cameras["shed"].latest, cameras["shed"].frames, cameras["shed"].keys) == (latest, 2, 0)
    assert (cameras["porch"].latest, cameras["porch"].frames, cameras["porch"].keys) == (None, 0, 1)


@pytest.mark.parametrize(
    ("apart_s", "every_s"),
    [
        ([], None),
        ([30], None),
        ([30, 30], 30),
        ([30] * 30, 30),
        ([30] * 12 + [36_000] + [30] * 3 + [1] * 4, 30),  # a night, and a burst
        ([30] * 40 + [600] * 20, 600),  # set to another interval
    ],
)
async def test_cameras_say_how_far_apart_their_frames_are(
    index: SqlIndex, apart_s: list[int], every_s: int | None
) -> None:
    """Usually, by when they were taken: of the last twenty."""
    moments = itertools.accumulate(apart_s, initial=0)
    for n, at in enumerate(moments):
        await index.add(arriving(n, taken_ms=NOW_MS - DAY_MS + at * 1000))
    await index.add(arriving(0, camera="shed"))

    by_id = {camera.id: camera.every_ms for camera in await index.cameras()}

    assert by_id == {"garden": every_s and every_s * 1000, "shed": None}


async def test_frames_are_spread_over_a_span(index: SqlIndex) -> None:
    """The first of each part, with what its camera said; empty parts and other cameras are left out."""
    for n in range(100):
        if not 40 <= n < 60:
            status = Status(said={"rssi": -n})
            await index.add(arriving(n, taken_ms=NOW_MS - 100_000 + n * 1000, status=status))
    await index.add(arriving(0, camera="shed", taken_ms=NOW_MS - 100_000))
    span = {"after_ms": NOW_MS - 100_000, "before_ms": NOW_MS}

    tenths = await index.spread("garden", parts=10, **span)
    all_of_them = await index.spread("garden", parts=1000, **span)
    thirds = await index.spread("garden", parts=3, **span)
    last_day = await index.spread("garden", parts=1)
    none = await index.spread("garden", parts=10, after_ms=NOW_MS, before_ms=NOW_MS + 1000)
    backwards = await index.spread("garden", parts=10, after_ms=NOW_MS, before_ms=NOW_MS - 1000)

    assert [frame.number for frame, _ in tenths] == [0, 10, 20, 30, 60, 70, 80, 90]
    assert [status["rssi"] for _, status in tenths] == [0, -10, -20, -30, -60, -70, -80, -90]
    assert [frame.number for frame, _ in all_of_them] == [n for n in range(100) if not 40 <= n < 60]
    assert [frame.number for frame, _ in thirds] == [0, 34, 67]
    assert [frame.number for frame, _ in last_day] == [0]
    assert none == backwards == []
    with pytest.raises(CameraNotFound):
        await index.spread("nobody", parts=1)


def key(prefix: str, camera: str) -> CameraKey:
    return CameraKey(prefix=prefix, camera=camera, sha256=prefix.encode() * 16, created_at_ms=NOW_MS)


async def test_a_camera_gets_a_key_only_while_it_has_none(index: SqlIndex) -> None:
    """A live key is not replaced; after revoking, or for a camera that came without one, a key is added."""
    await index.add(arriving(0))
    await index.add_camera("garden", key("one", "garden"))

    with pytest.raises(CameraExists):
        await index.add_camera("garden", key("two", "garden"))
    revoked = await index.revoke_camera("garden", NOW_MS + 1)
    again = await index.revoke_camera("garden", NOW_MS + 2)
    await index.add_camera("garden", key("two", "garden"))

    assert (revoked, again) == (1, 0)
    assert [(k.prefix, k.camera, k.sha256, k.revoked_at_ms) for k in await index.keys()] == [
        ("one", "garden", b"one" * 16, NOW_MS + 1),
        ("two", "garden", b"two" * 16, None),
    ]
    kinds = [change.kind for change in (await index.changes(after=0)).changes]
    assert kinds == [ChangeKind.CAMERA, ChangeKind.FRAME]
    with pytest.raises(CameraNotFound):
        await index.revoke_camera("nobody", NOW_MS)


async def test_a_camera_without_a_key_may_be_made(index: SqlIndex) -> None:
    """It is there, and told of, before its first frame."""
    heard: list[Change] = []
    index.on_change(heard.extend)

    await index.add_camera("porch", None)
    await index.add_camera("porch", None)

    assert [camera.id for camera in await index.cameras()] == ["porch"]
    assert [(change.kind, change.camera) for change in heard] == [(ChangeKind.CAMERA, "porch")]


async def test_settings_have_versions_and_come_with_every_answer(index: SqlIndex, opened: Open) -> None:
    """Each change is the next version; the newest is in every `Kept` of the camera, also after a restart."""
    none = await index.add(arriving(0))
    changed = [await index.set_settings("garden", {"interval_s": n, "size": "SVGA"}) for n in (30, 60)]

    answers = [await index.add(arriving(1)), await index.add(arriving(1)), await index.add(arriving(0, camera="shed"))]
    await index.close()
    reopened = opened()
    answers += [await reopened.add(arriving(1)), await reopened.add(arriving(2))]

    nothing, newest = Settings(version=0, values={}), Settings(version=2, values={"interval_s": 60, "size": "SVGA"})
    first = Settings(version=1, values={"interval_s": 30, "size": "SVGA"})
    assert none.settings is None
    assert changed == [(nothing, first), (first, newest)]
    assert [kept.settings for kept in answers] == [newest, newest, None, newest, newest]
    assert (await reopened.settings("garden")).settings == newest
    assert (await reopened.settings("shed")).settings == nothing
    for asked in (reopened.set_settings("nobody", {}), reopened.settings("nobody"), reopened.ask_shot("nobody")):
        with pytest.raises(CameraNotFound):
            await asked


async def test_a_change_of_settings_leaves_the_others_alone(index: SqlIndex) -> None:
    """What is not named stays, None takes back, and where no value is new there is no new version."""
    await index.add(arriving(0))
    await index.set_settings("garden", {"interval_s": 30, "flip": True})

    _, merged = await index.set_settings("garden", {"size": "UXGA", "interval_s": 60})
    _, taken_back = await index.set_settings("garden", {"flip": None, "quality": None})
    same = [await index.set_settings("garden", changes) for changes in ({}, {"size": "UXGA"}, {"sleep": None})]

    assert merged == Settings(version=2, values={"interval_s": 60, "flip": True, "size": "UXGA"})
    assert taken_back == Settings(version=3, values={"interval_s": 60, "size": "UXGA"})
    assert same == [(taken_back, taken_back)] * 3


async def test_settings_changed_at_once_are_all_changed(index: SqlIndex) -> None:
    """Changes at the same moment, of which none knows another, lose nothing of each other."""
    await index.add(arriving(0))

    pairs = await asyncio.gather(*(index.set_settings("garden", {f"setting_{n}": n}) for n in range(20)))

    assert sorted(after.version for _, after in pairs) == [*range(1, 21)]
    assert (await index.settings("garden")).settings.values == {f"setting_{n}": n for n in range(20)}


async def test_settings_stand_beside_what_the_camera_said_of_them(index: SqlIndex) -> None:
    """The version it has and one it refused, as of its newest frame; what is no version is none."""
    await index.add(arriving(0))
    before = await index.settings("garden")
    await index.add(arriving(1, status=Status(settings_version=7, said={"settings": 7, "settings_refused": 8})))
    after = await index.settings("garden")
    await index.add(arriving(2, status=Status(said={"settings": True, "settings_refused": 10**13})))

    nothing = Settings(version=0, values={})
    assert before == Standing(settings=nothing)
    assert after == Standing(settings=nothing, reported_version=7, refused_version=8)
    assert await index.settings("garden") == before


async def test_a_version_is_above_any_that_the_camera_has(index: SqlIndex) -> None:
    """A camera whose settings come from an index that is lost would not look at a lower one."""
    await index.add(arriving(0, status=Status(settings_version=7, said={"settings": 7, "settings_refused": 8})))

    _, changed = await index.set_settings("garden", {"interval_s": 60})

    assert changed.version == 9


async def test_a_shot_is_asked_for_once_until_the_camera_knows(index: SqlIndex) -> None:
    """`shot` counts up as a new version beside what is set; not again before the camera has it or has refused it."""

    async def say(number: int, **said: int) -> None:
        await index.add(arriving(number, status=Status(said=dict(said))))

    await say(0)
    await index.set_settings("garden", {"interval_s": 60})
    shots = []
    for number, said in enumerate(({}, {"settings": 1}, {"settings": 2}, {"settings": 2, "settings_refused": 3}), 1):
        await say(number, **said)
        shots.append(await index.ask_shot("garden"))
    await index.set_settings("garden", {"interval_s": 30})
    await say(9, settings=4)
    shots.append(await index.ask_shot("garden"))
    await say(10, settings=5)
    shots.append(await index.ask_shot("garden"))

    assert [(before.version, after.version) for before, after in shots] == [
        (1, 2),  # asked
        (2, 2),  # the camera has another version still
        (2, 3),  # it has taken the first; asked
        (3, 4),  # it has refused the second; asked
        (5, 6),  # it has taken the third, though not the interval since; asked
        (6, 6),  # it has the interval, and not the fourth
    ]
    assert shots[0][1].values == {"interval_s": 60, "shot": 2}
    assert shots[-1][1].values == {"interval_s": 30, "shot": 6}


async def test_a_confession_is_heard_once(index: SqlIndex) -> None:
    """The same loss told again, with a frame known already too, is one loss and one change; a camera may have none."""
    first = Lost(boot=BOOT, first=3, last=9, reason="spool-full")
    second = Lost(boot="00000000000000bb", first=0, last=0, reason="reset")

    await index.add(arriving(0, lost=first))
    await index.add(arriving(1, lost=first))
    await index.add(arriving(0, lost=second))
    await index.add(arriving(0, camera="shed"))

    gaps = [change for change in (await index.changes(after=0)).changes if change.kind is ChangeKind.GAP]
    assert await index.losses("garden") == [first, second]
    assert await index.losses("shed") == []
    assert [(gap.camera, gap.lost, gap.frame_id) for gap in gaps] == [("garden", first, None), ("garden", second, None)]
    with pytest.raises(CameraNotFound):
        await index.losses("nobody")


async def test_a_report_is_heard_without_a_frame(index: SqlIndex, shelf: WatchedShelf, opened: Open) -> None:
    """A camera's status, when it was heard of and its loss are noted for good; its frames stay as they are."""
    kept = await index.add(arriving(0, status=Status(said={"rssi": -61})))
    _, wanted = await index.set_settings("garden", {"interval_s": 60})
    lost = Lost(boot=BOOT, first=1, last=4, reason="sensor")
    report = Report(camera="garden", received_at_ms=NOW_MS + 5, status=Status(said={"rssi": -70}), lost=lost)

    answers = [await index.hear(report), await index.hear(report)]
    await index.close()
    reopened = opened()

    assert answers == [wanted, wanted]
    (camera,) = await reopened.cameras()
    assert (camera.frames, camera.latest, camera.seen_at_ms) == (1, kept.frame, NOW_MS + 5)
    assert camera.status == {"rssi": -70}
    assert await reopened.losses("garden") == [lost]
    kinds = [change.kind for change in (await reopened.changes(after=0)).changes]
    assert kinds == [ChangeKind.CAMERA, ChangeKind.FRAME, ChangeKind.GAP]
    await require_whole(reopened, shelf)


async def test_a_report_introduces_a_camera(index: SqlIndex) -> None:
    """A camera that never had a frame is there from its first report on, and told of."""
    heard: list[Change] = []
    index.on_change(heard.extend)

    settings = await index.hear(Report(camera="porch", received_at_ms=NOW_MS))

    assert settings is None
    (camera,) = await index.cameras()
    assert (camera.id, camera.created_at_ms, camera.seen_at_ms, camera.frames) == ("porch", NOW_MS, NOW_MS, 0)
    assert [(change.kind, change.camera) for change in heard] == [(ChangeKind.CAMERA, "porch")]


# -- gaps


def numbers(gaps: Sequence[Gap], *, is_confessed: bool) -> set[int]:
    """The numbers of these gaps."""
    spans = [(gap.first, gap.last) for gap in gaps if (gap.reason is not None) == is_confessed]
    return {number for first, last in spans for number in range(first, last + 1)}


async def test_a_number_that_has_not_arrived_is_a_gap(index: SqlIndex, shelf: WatchedShelf) -> None:
    """It opens when a later number arrives and closes when it comes after all; its neighbours date it."""
    for number in (0, 1, 7):
        await index.add(arriving(number, taken_ms=NOW_MS - 100_000 + number * 1000))

    opened = await index.gaps("garden")
    for number in (4, 2, 6):
        await index.add(arriving(number, taken_ms=NOW_MS - 100_000 + number * 1000))
    narrowed = await index.gaps("garden")
    for number in (5, 3):
        await index.add(arriving(number, taken_ms=NOW_MS - 100_000 + number * 1000))
    closed = await index.gaps("garden")

    assert (opened.missing, opened.confessed) == (5, 0)
    (gap,) = opened.gaps
    assert (gap.boot, gap.first, gap.last, gap.at_ms, gap.reason) == (BOOT, 2, 6, NOW_MS, None)
    assert (gap.taken_after_ms, gap.taken_before_ms) == (NOW_MS - 99_000, NOW_MS - 93_000)
    assert (narrowed.missing, numbers(narrowed.gaps, is_confessed=False)) == (2, {3, 5})
    assert (closed.missing, closed.gaps) == (0, [])
    await require_whole(index, shelf)


async def test_kept_outweighs_confessed(index: SqlIndex, shelf: WatchedShelf, opened: Open) -> None:
    """A number confessed that arrives is no gap, before or after; what is confessed again keeps its first reason."""
    await index.add(arriving(10))
    await index.add(arriving(10, lost=Lost(boot=BOOT, first=8, last=14, reason="spool-full")))
    await index.add(arriving(12, lost=Lost(boot=BOOT, first=7, last=9, reason="reset")))
    await index.add(arriving(8))
    found = await index.gaps("garden")
    await index.close()
    index = opened()

    for number in (11, 13, 14, 15):
        await index.add(arriving(number))

    assert (found.missing, numbers(found.gaps, is_confessed=False)) == (7, set(range(7)))
    assert (found.confessed, numbers(found.gaps, is_confessed=True)) == (5, {7, 9, 11, 13, 14})
    assert {gap.first: gap.reason for gap in found.gaps if gap.first in (7, 9)} == {7: "reset", 9: "spool-full"}
    assert numbers((await index.gaps("garden")).gaps, is_confessed=True) == {7, 9}
    await require_whole(index, shelf)


async def test_a_boot_that_never_arrived_may_be_confessed(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Its numbers are a gap; nothing arrived beside them to date it."""
    await index.add(arriving(0, lost=Lost(boot="00000000000000bb", first=0, last=4, reason="reset")))

    found = await index.gaps("garden")

    assert (found.missing, found.confessed) == (0, 5)
    (gap,) = found.gaps
    assert (gap.boot, gap.first, gap.last, gap.reason) == ("00000000000000bb", 0, 4, "reset")
    assert (gap.taken_after_ms, gap.taken_before_ms) == (None, None)
    await require_whole(index, shelf)


async def test_numbers_the_archive_gave_have_no_gaps(index: SqlIndex) -> None:
    """A sender without numbers loses none."""
    new = msgspec.structs.replace(arriving(7), claim=FrameClaim())
    await index.add(new)

    assert (await index.gaps("garden")).gaps == []


async def test_gaps_come_newest_first_and_page_by_page(index: SqlIndex) -> None:
    """From cursor to cursor each once; a camera nobody knows is CameraNotFound."""
    for n in range(25):
        await index.add(arriving(n * 2 + 1, received_at_ms=NOW_MS + n // 2))
    await index.add(arriving(5, camera="shed"))
    seen: list[Gap] = []
    cursor, page = None, None

    while page is None or cursor:
        page = await index.gaps("garden", cursor=cursor, limit=4)
        seen += page.gaps
        cursor = page.next

    assert [gap.first for gap in seen] == list(range(48, -1, -2))
    with pytest.raises(CameraNotFound):
        await index.gaps("nobody")


async def test_no_camera_can_overflow_its_counts(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Numbers as large as the contract allows, again and again: what is counted stops at what JavaScript holds."""
    for n in range(20):
        await index.add(
            arriving(
                MAX_NUMBER, boot=f"{n:016x}", lost=Lost(boot=f"{n + 99:016x}", first=0, last=MAX_NUMBER, reason="")
            )
        )

    found = await index.gaps("garden")

    assert (found.missing, found.confessed) == (2**53 - 1, 2**53 - 1)
    await require_whole(index, shelf)


BOOT_STORIES = st.lists(
    st.one_of(
        st.integers(0, 30),
        st.tuples(st.integers(0, 40), st.integers(0, 12)),  # a confession: from, and how many more
        st.just("restart"),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=BOOT_STORIES, together=st.booleans())
async def test_the_ledger_is_what_plain_sets_would_be(
    tmp_path_factory: pytest.TempPathFactory, story: list[Any], together: bool
) -> None:
    """Whatever arrives and is confessed, in whatever order, one by one or as a group, and over restarts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'index.db'}"
    shelf = WatchedShelf(MemoryStore())
    index = open_index(url, shelf=shelf, zone=BERLIN)
    kept, said = {99}, set[int]()
    await index.add(arriving(0, boot="00000000000000bb"))
    waiting: list[Awaitable[object]] = [index.add(arriving(99))]
    for event_ in story:
        if event_ == "restart":
            await asyncio.gather(*waiting)
            waiting.clear()
            await index.close()
            index = open_index(url, shelf=shelf, zone=BERLIN)
        elif isinstance(event_, int):
            kept.add(event_)
            waiting.append(index.add(arriving(event_)))
        else:
            first, more = event_
            said.update(range(first, first + more + 1))
            lost = Lost(boot=BOOT, first=first, last=first + more, reason="reset")
            waiting.append(index.add(arriving(0, boot="00000000000000bb", lost=lost)))
        if not together:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)

    try:
        found = await index.gaps("garden", limit=1000)
        missing, confessed = set(range(99)) - kept - said, said - kept
        assert numbers(found.gaps, is_confessed=False) == missing
        assert numbers(found.gaps, is_confessed=True) == confessed
        assert (found.missing, found.confessed) == (len(missing), len(confessed))
        assert sum(gap.last - gap.first + 1 for gap in found.gaps) == len(missing) + len(confessed)
        assert await index.miscounts() == []
        await index.recount()
        again = await index.gaps("garden", limit=1000)
        assert numbers(again.gaps, is_confessed=True) == confessed
        assert (again.missing, again.confessed) == (found.missing, found.confessed)
        assert await index.miscounts() == []
    finally:
        await index.close()


# -- for `check`


async def test_keys_without_a_row_are_told(index: SqlIndex) -> None:
    """Of a shelf's keys, those no row has: of another camera, boot, number or time, and those of no frame at all."""
    known = [(await index.add(arriving(n, camera=camera))).frame.key for n in range(3) for camera in ("garden", "shed")]
    strangers = [
        arriving(3).key,
        arriving(1, camera="porch").key,
        arriving(1, boot="00000000000000bb").key,
        arriving(1, received_at_ms=NOW_MS + 1).key,
        "photos/garden/readme.txt",
    ]

    assert await index.unknown(strangers + known) == strangers
    assert await index.unknown([]) == []


TAMPERINGS = {
    "UPDATE days SET frames = frames + 1": "days",
    "INSERT INTO days VALUES (1, 20200101, 3, zeroblob(96))": "days",
    "UPDATE days SET quarters = zeroblob(96)": "days",
    "UPDATE days SET quarters = CAST(zeroblob(95) || x'06' AS BLOB)": "days",
    "UPDATE cameras SET frames = frames - 1": "cameras",
    "UPDATE boots SET frames = 0": "boots",
}
LEDGER_TAMPERINGS = [
    "DELETE FROM gaps WHERE loss_no IS NULL",
    "DELETE FROM gaps WHERE loss_no IS NOT NULL",
    "UPDATE gaps SET last = last + 1 WHERE first = 0",
    "UPDATE gaps SET loss_no = NULL",
    "UPDATE cameras SET missing = missing + 1",
    "UPDATE cameras SET confessed = 0",
]


@pytest.mark.parametrize("tampering", LEDGER_TAMPERINGS)
async def test_a_ledger_that_does_not_agree_is_told_and_mended(
    index: SqlIndex, opened: Open, shelf: WatchedShelf, tampering: str
) -> None:
    """Gaps and their counts are made anew from frames and confessions; what comes after is right."""
    for n in (2, 3, 9):
        await index.add(arriving(n, lost=Lost(boot=BOOT, first=5, last=6, reason="reset")))
    before = await index.gaps("garden")
    await told(index, tampering)
    await index.close()
    index = opened()

    found = await index.miscounts()
    await index.recount()

    assert found == ["the ledger of gaps does not agree with the frames"]
    assert {(gap.first, gap.last, gap.reason) for gap in (await index.gaps("garden")).gaps} == {
        (gap.first, gap.last, gap.reason) for gap in before.gaps
    }
    await asyncio.gather(*(index.add(arriving(n)) for n in (0, 5, 8, 11)))
    await require_whole(index, shelf)


@pytest.mark.parametrize(("tampering", "what"), TAMPERINGS.items())
async def test_miscounts_are_told_and_mended(
    index: SqlIndex, opened: Open, shelf: WatchedShelf, tampering: str, what: str
) -> None:
    """A count that was tampered with has its sentence; counting anew mends it, and what is added after is right."""
    for n in range(5):
        await index.add(arriving(n, body=b"%d" % n))
    await index.add(arriving(2, body=b"another"))
    await told(index, tampering)
    await index.close()
    index = opened()

    found = await index.miscounts()
    await index.recount()

    assert found == [f"the counts of {what} do not agree with the frames"]
    await require_whole(index, shelf)
    await asyncio.gather(*(index.add(arriving(n)) for n in range(10, 20)))
    await require_whole(index, shelf)


async def test_a_wrong_total_is_mended_with_the_counts(index: SqlIndex, opened: Open, shelf: WatchedShelf) -> None:
    """`total` is right after counting anew, whatever is added meanwhile."""
    await asyncio.gather(*(index.add(arriving(n)) for n in range(20)))
    await told(index, "UPDATE cameras SET frames = 7")
    await index.close()
    index = opened()
    assert index.total == 7

    await asyncio.gather(*(index.add(arriving(n)) for n in range(20, 30)), index.recount(), index.add(arriving(30)))

    assert index.total == 31
    await require_whole(index, shelf)


async def test_rows_that_point_nowhere_are_a_fault(index: SqlIndex, tmp_path: Path) -> None:
    """`faults` has a sentence for a row whose boot is gone."""
    await index.add(arriving(0))
    with closing(sqlite3.connect(tmp_path / "index.db")) as other:  # which keeps no foreign keys; ours do
        other.execute("DELETE FROM boots")
        other.commit()

    assert await index.faults() == ["a row of frames points at a row of boots that is not there"]


# -- opening and closing


async def test_an_index_goes_on_where_it_was_left(index: SqlIndex, opened: Open, shelf: WatchedShelf) -> None:
    """After a restart, closed or not, everything is as it was."""
    for n in range(10):
        await index.add(arriving(n, body=b"%d" % n, lost=Lost(boot=BOOT, first=90, last=99, reason="reset")))
    before = (
        await index.frames(),
        await index.cameras(),
        (await index.days()).days,
        await index.changes(after=0),
        index.total,
    )

    reopened = opened()  # as after a kill: the first was not closed

    after = (
        await reopened.frames(),
        await reopened.cameras(),
        (await reopened.days()).days,
        await reopened.changes(after=0),
        reopened.total,
    )
    assert after == before
    await require_whole(reopened, shelf)


async def test_closing_finishes_what_is_queued(index: SqlIndex, opened: Open, shelf: WatchedShelf) -> None:
    """What was begun before closing is answered; what comes after is Unavailable; closing twice is harmless."""
    begun = [asyncio.ensure_future(index.add(arriving(n))) for n in range(10)]
    await asyncio.sleep(0)

    await index.close()

    assert [kept.is_new for kept in await asyncio.gather(*begun)] == [True] * 10
    await index.close()
    with pytest.raises(Unavailable):
        await index.add(arriving(10))
    with pytest.raises(Unavailable):
        await index.frames()
    await require_whole(opened(), shelf)


async def test_a_damaged_index_is_corrupt(tmp_path: Path, opened: Open) -> None:
    """A file that is no index, or whose pages were overwritten, is Corrupt and left as it is."""
    (tmp_path / "no.db").write_bytes(b"no index" * 1000)
    with pytest.raises(Corrupt):
        opened(name="no.db")

    index = opened()
    await asyncio.gather(*(index.add(arriving(n)) for n in range(200)))
    await index.close()
    whole = (tmp_path / "index.db").read_bytes()
    (tmp_path / "index.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(Corrupt):
        opened()


async def test_an_index_that_cannot_be_opened_is_unavailable(opened: Open) -> None:
    """A folder that is not there may be there later."""
    with pytest.raises(Unavailable):
        opened(name="missing/index.db")


def test_a_url_of_no_backend_says_which_there_are(shelf: WatchedShelf) -> None:
    """Any other URL is a ConfigError that shows what can be written."""
    with pytest.raises(ConfigError, match="sqlite:///FILE"):
        open_index("mysql:///x", shelf=shelf, zone=BERLIN)


# -- what questions cost


async def every_question(index: SqlIndex) -> None:
    """Ask each question that may be asked while frames arrive, in each of its forms."""
    newest = (await index.frames(limit=1)).frames[0]
    at, cursor = newest.taken_at_ms - 300_000, (newest.taken_at_ms - 1, newest.id)
    for camera in (None, "camera-1"):
        for before_ms, after_ms in ((None, None), (at, None), (None, at), (at + 60_000, at)):
            for from_, oldest_first in itertools.product((None, cursor), (False, True)):
                ask = partial(
                    index.frames,
                    camera=camera,
                    cursor=from_,
                    limit=10,
                    before_ms=before_ms,
                    after_ms=after_ms,
                    oldest_first=oldest_first,
                )
                await ask()
                await ask(hours=(6, 9), verdicts={Verdict.DARK, Verdict.GREEN})
        await index.days(camera=camera)
        await index.day(date(2026, 11, 22), camera=camera)
    await index.frame(newest.id)
    await index.frame_status(newest.id)
    await index.frame_named(newest.camera, newest.name, newest.boot, newest.number)
    await index.frame_before(newest)
    await index.unmeasured(after_id=0, limit=10)
    await index.changes(after=index.last_seq - 10, limit=5)
    await index.cameras()
    await index.keys()
    await index.losses("camera-1")
    await index.settings("camera-1")
    await index.spread("camera-1", parts=10)
    await index.spread("camera-1", parts=10, after_ms=newest.taken_at_ms - 10_000_000, before_ms=newest.taken_at_ms)
    await index.gaps("camera-1", limit=10)
    await index.gaps("camera-1", limit=10, cursor=(NOW_MS, 2**40))
    await index.frames_after(10, limit=10)
    await index.unknown([newest.key, arriving(10**9).key])


async def every_write(index: SqlIndex) -> None:
    at: dict[str, Any] = {"camera": "camera-1", "boot": "00000000000000ff"}
    await index.add(arriving(0, **at, up_ms=0))
    await index.add(arriving(0, **at, body=b"else", lost=Lost(boot=BOOT, first=0, last=1, reason="reset")))
    await index.add(arriving(1, **at, up_ms=1000, now_ms=1100))
    await index.add(arriving(9, **at))
    await index.add(arriving(5, **at, lost=Lost(boot=at["boot"], first=3, last=12, reason="reset")))
    await index.add(arriving(11, **at))
    frame = (await index.add(arriving(0, **at))).frame
    await index.measure(frame.id, None, Verdict.UNDECODABLE)
    await index.set_settings("camera-1", {"interval_s": 60})
    await index.ask_shot("camera-1")
    await index.revoke_camera("camera-1", NOW_MS)


async def filled(index: SqlIndex, count: int) -> None:
    for start in range(0, count, 60):
        await asyncio.gather(
            *(
                index.add(arriving(n // 5, camera=f"camera-{n % 5}", received_at_ms=NOW_MS - (count - n) * 1_000_000))
                for n in range(start, min(start + 60, count))
            )
        )
    for n in range(10):
        await index.add(arriving(n * 3, camera="camera-1", boot="00000000000000cc"))
    await told(index, f"UPDATE frames SET is_measured = 1 WHERE id <= {count - 20}")


class Statements:
    """Every statement that goes to SQLite through *engine*."""

    def __init__(self, engine: Any) -> None:
        self.seen: dict[str, Any] = {}
        event.listen(engine, "before_cursor_execute", self._see)

    def _see(self, _c: object, _k: object, statement: str, parameters: Any, _x: object, executemany: bool) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            self.seen[statement] = parameters[0] if executemany else parameters

    def plans(self, path: Path) -> Iterator[tuple[str, str]]:
        """Each statement with each step SQLite would take for it."""
        with closing(sqlite3.connect(path)) as connection:
            for statement, parameters in self.seen.items():
                for _, _, _, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    yield statement, step


GROWING = re.compile(r"SCAN (frames|changes|boots|losses|gaps|days|settings)\b|TEMP B-TREE")
ENDED_EARLY = re.compile(r"SCAN frames USING INDEX frames_(by_time|judged)\b")  # with a LIMIT


async def test_no_question_walks_through_the_archive(index: SqlIndex, tmp_path: Path) -> None:
    """Every question and every write finds its rows by an index, and none sorts what grows."""
    await filled(index, 300)
    statements = [Statements(index._readers), Statements(index._engine)]

    await every_question(index)
    await every_write(index)

    plans = [plan for one in statements for plan in one.plans(tmp_path / "index.db")]
    assert len({statement for statement, _ in plans}) > 30
    walking = {
        statement
        for statement, step in plans
        if GROWING.search(step) and not (ENDED_EARLY.search(step) and " LIMIT " in statement)
    }
    # These are few, and answered whole.
    assert {statement.partition("FROM")[2].split()[0] for statement in walking} <= {"losses", "keys"}
    assert any("frames_unmeasured" in step for _, step in plans)
    assert any("frames_hanging" in step for _, step in plans)


async def test_questions_cost_the_same_in_a_larger_archive(opened: Open) -> None:
    """At ten times the frames, each question takes SQLite as many steps as before.

    But for sums over days: those are one row a day, 3,650 in ten years.
    """
    costs = []
    for count in (300, 3000):
        index = opened(name=f"{count}.db")
        await filled(index, count)
        steps = Steps(index._readers)
        await every_question(index)
        costs.append({asked: cost for asked, cost in steps.of.items() if "FROM days" not in asked[0]})

    assert len(costs[0]) > 40
    assert costs[0] == costs[1]


class Steps:
    """How many steps of SQLite's machine each statement takes."""

    def __init__(self, engine: Any) -> None:
        self.of: dict[tuple[str, int], int] = {}
        self._now: tuple[str, int] = ("", 0)
        self._seen: dict[str, int] = {}
        engine.dispose()
        event.listen(engine, "connect", self._connect)
        event.listen(engine, "before_cursor_execute", self._begin)

    def _connect(self, connection: sqlite3.Connection, _: object) -> None:
        connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.of[self._now] = self.of.get(self._now, 0) + 1
        return 0

    def _begin(self, _c: object, _k: object, statement: str, *_: object) -> None:
        self._seen[statement] = self._seen.get(statement, 0) + 1
        self._now = (statement, self._seen[statement])


# -- frames from files

OURS = "00000000000000ee"  # a boot the server draws for frames that name none


def filed(
    number: int, body: bytes = b"a picture", *, camera: str = "garden", taken_ms: int = NOW_MS - DAY_MS
) -> NewFrame:
    """A frame from a file that names none."""
    return arriving(
        number,
        camera=camera,
        boot=OURS,
        body=body,
        taken_ms=taken_ms,
        source=TimeSource.MTIME,
        is_named=False,
        status=Status(id=camera, said={"id": camera}),
    )


def sought(body: bytes, *, camera: str | None = "garden", boot: str | None = None, number: int | None = None) -> Sought:
    return Sought(camera=camera, sha256=hashlib.sha256(body).digest(), boot=boot, number=number)


async def test_a_file_without_a_name_is_kept_once(index: SqlIndex, shelf: WatchedShelf) -> None:
    """By its camera and its bytes: in one group, and in a later one; another camera's is another frame."""
    together = await asyncio.gather(index.add(filed(0)), index.add(filed(1)), index.add(filed(2, camera="barn")))
    later = await index.add(filed(3))

    assert [kept.is_new for kept in (*together, later)] == [True, False, True, False]
    assert {kept.frame.id for kept in (together[0], together[1], later)} == {together[0].frame.id}
    await require_whole(index, shelf)


async def test_a_file_is_known_by_a_frame_that_its_camera_sent(index: SqlIndex, shelf: WatchedShelf) -> None:
    """A copy under another name, of a frame that came live: in the same group, and later."""
    live, copy = await asyncio.gather(index.add(arriving(5)), index.add(filed(0)))
    later = await index.add(filed(1))

    assert [kept.frame.id for kept in (copy, later)] == [live.frame.id] * 2
    await require_whole(index, shelf)


async def test_a_camera_that_sends_the_same_bytes_takes_another_frame(index: SqlIndex, shelf: WatchedShelf) -> None:
    """Only files are known by their bytes: a frozen camera's frames are each kept, and so are those of its card."""
    await index.add(arriving(0))
    again = await index.add(arriving(2))
    of_card = await index.add(arriving(1, taken_ms=NOW_MS, source=TimeSource.NAME))

    assert (again.is_new, of_card.is_new) == (True, True)
    assert (await index.gaps("garden")).missing == 0
    await require_whole(index, shelf)


async def test_a_file_that_names_a_frame_is_the_one_that_came_without(index: SqlIndex, shelf: WatchedShelf) -> None:
    """The same picture, imported once without its name and once with it, is one frame."""
    first = await index.add(filed(0))
    named = await index.add(arriving(7, taken_ms=NOW_MS, source=TimeSource.NAME))

    assert (named.is_new, named.frame.id) == (False, first.frame.id)
    await require_whole(index, shelf)


async def test_a_file_is_dated_by_what_it_says(index: SqlIndex) -> None:
    """With its source, and nothing said of how far it is off; also long before there was this archive."""
    old_ms = 1_000_000_000_000  # 2001

    kept = await index.add(filed(0, taken_ms=old_ms))

    assert (kept.frame.taken_at_ms, kept.frame.taken_at_source, kept.frame.taken_at_uncertainty_ms) == (
        old_ms,
        TimeSource.MTIME,
        None,
    )
    assert (await index.frame(kept.frame.id)) == kept.frame


async def test_a_file_says_nothing_of_how_its_camera_is(index: SqlIndex) -> None:
    """Neither its status nor that it was heard; its newest frame is the one taken last."""
    live = await index.add(arriving(0, status=Status(said={"rssi": -60}), taken_ms=NOW_MS))
    await index.add(filed(0, b"an old picture"))
    [camera] = await index.cameras()
    assert camera.latest is not None
    assert (camera.frames, camera.latest.id, camera.status, camera.seen_at_ms) == (
        2,
        live.frame.id,
        {"rssi": -60},
        NOW_MS,
    )

    newer = await index.add(filed(1, b"a new picture", taken_ms=NOW_MS + 1))

    [camera] = await index.cameras()
    assert camera.latest is not None
    assert (camera.latest.id, camera.status, camera.seen_at_ms) == (newer.frame.id, {"rssi": -60}, NOW_MS + 1)


async def test_a_camera_of_files_alone_has_a_newest_frame(index: SqlIndex) -> None:
    """In whichever order they come in."""
    frames = [filed(i, b"%d" % i, taken_ms=NOW_MS - age_ms) for i, age_ms in enumerate((5, 1, 9))]

    await asyncio.gather(*(index.add(frame) for frame in frames))

    [camera] = await index.cameras()
    assert camera.latest is not None
    assert (camera.latest.number, camera.seen_at_ms, camera.status) == (1, NOW_MS - 1, {})


async def test_pictures_are_found_by_name_and_by_bytes(index: SqlIndex) -> None:
    """By camera, boot, number and bytes; without a name by camera and bytes; without a camera by their boot's."""
    live = await index.add(arriving(5, body=b"live"))
    ours = await index.add(filed(0, b"filed"))

    found = await index.find(
        [
            sought(b"live", boot=BOOT, number=5),
            sought(b"live", camera=None, boot=BOOT, number=5),
            sought(b"live"),
            sought(b"filed"),
            sought(b"filed", camera=None, boot=BOOT, number=6),
            sought(b"live", boot=BOOT, number=6),
            sought(b"other", boot=BOOT, number=5),
            sought(b"live", camera="barn"),
            sought(b"live", camera=None, boot=OURS, number=99),
            sought(b"live", camera=None, boot="00000000000000bb", number=5),
        ]
    )

    assert found == [
        Found(camera="garden", frame_id=live.frame.id),
        Found(camera="garden", frame_id=live.frame.id),
        Found(camera="garden", frame_id=live.frame.id),
        Found(camera="garden", frame_id=ours.frame.id),
        Found(camera="garden", frame_id=ours.frame.id),
        Found(camera="garden", frame_id=None),
        Found(camera="garden", frame_id=None),
        Found(camera="barn", frame_id=None),
        Found(camera="garden", frame_id=None),
        Found(camera=None, frame_id=None),
    ]
