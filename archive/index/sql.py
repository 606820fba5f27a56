"""The index in SQL: questions in SQLAlchemy Core, read in threads, written by the one writer."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    QueuePool,
    bindparam,
    create_engine,
    event,
    exc,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)

from archive.errors import (
    ArchiveError,
    CameraExists,
    CameraNotFound,
    Corrupt,
    DiskFull,
    FrameNotFound,
    KeyNotFound,
    KeysFull,
    LogTooOld,
    Unavailable,
)
from archive.frame import NAME, Camera, Change, ChangeKind, Frame, Lost, Measures, NewFrame, Report, Verdict
from archive.hours import Hours
from archive.index import counting, paging, schema
from archive.index.admission import SqlAdmission
from archive.index.base import (
    Activity,
    Admission,
    Calendar,
    CameraKey,
    Day,
    Found,
    Gap,
    Gaps,
    Index,
    Kept,
    Log,
    Page,
    Settings,
    Shelf,
    Sought,
    Standing,
)
from archive.index.keeping import CameraState, Keeping, News, alike, latest_settings
from archive.index.many import Many
from archive.index.quarters import EMPTY, Quarters
from archive.index.rows import FRAMES, frame_of
from archive.index.tables import (
    UNMEASURED,
    archive,
    boots,
    cameras,
    changes,
    days,
    frames,
    gaps,
    keys,
    losses,
    settings,
)
from archive.index.writer import Work, Writer
from archive.settings import SHOT

log = logging.getLogger(__name__)

T = TypeVar("T")
READERS = 4
LIVE_KEYS = 2  # of one camera: while one takes the place of the other
DAY_MS = 86_400_000
USUAL_FRAMES = 20  # so many last frames of a camera say how far apart they usually are

# Each with its reason; the crash tests change one to prove that they would notice.
PRAGMAS = {
    "journal_mode": "WAL",  # readers never wait for the writer
    "synchronous": "FULL",  # a commit is on the platter before it is answered
    "wal_autocheckpoint": "4000",  # 16 MB: fewer, larger checkpoints, always by the writer
    "foreign_keys": "ON",
    "busy_timeout": "5000",
    "trusted_schema": "OFF",  # a tampered file may not call functions
    "cell_size_check": "ON",  # a damaged page is found when read, not when it has done harm
}


class SqlIndex:
    """The index on SQLite. Made by `open_index`."""

    def __init__(self, engine: Engine, readers: Engine, *, shelf: Shelf, zone: ZoneInfo, changes_kept: int) -> None:
        self._engine = engine
        self._readers = readers
        self._zone = zone
        self._is_closed = False
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="index-reader")
        self._keeping = Keeping(shelf=shelf, zone=zone, changes_kept=changes_kept)
        with engine.begin() as connection:
            self._keeping.load(connection)
            self.id: str = connection.scalars(select(archive.c.id)).one()
            self.total = connection.scalar(paging.TOTAL) or 0
        self.last_seq = self._keeping.last_seq
        self._measuring = Measuring(self._keeping)
        self._calling = Calling(self._keeping)
        self._listeners: list[Callable[[Sequence[Change]], None]] = []
        self._fatal_listeners: list[Callable[[Corrupt], None]] = []
        self._writer = Writer(engine, translate=translated, deliver=self._deliver, on_fatal=self._on_fatal)
        self.admission: Admission = SqlAdmission(self._read, self._write)

    @property
    def waiting(self) -> int:
        return self._writer.waiting

    # -- telling

    def on_change(self, listener: Callable[[Sequence[Change]], None]) -> None:
        self._listeners.append(listener)

    def on_fatal(self, listener: Callable[[Corrupt], None]) -> None:
        self._fatal_listeners.append(listener)

    def _deliver(self, told: list[Change]) -> None:
        self.last_seq = told[-1].seq
        self.total += sum(_WEIGHT.get(change.kind, 0) for change in told)
        for listener in self._listeners:
            listener(told)

    def _on_fatal(self, error: Corrupt) -> None:
        for listener in self._fatal_listeners:
            listener(error)

    # -- keeping

    async def add(self, frame: NewFrame) -> Kept:
        kept: Kept = await self._writer.submit(self._keeping, frame)
        return kept

    async def hear(self, report: Report) -> Settings | None:
        return await self._write(lambda connection, keeping, told: keeping.hear(connection, report, told))

    async def measure(self, frame_id: int, measures: Measures | None, verdict: Verdict | None = None) -> None:
        await self._writer.submit(self._measuring, (frame_id, measures, verdict), patient=True)

    # -- asking about frames

    async def frame(self, frame_id: int) -> Frame:
        def ask(connection: Connection) -> Frame:
            row = connection.execute(_FRAME, {"id": frame_id}).one_or_none()
            if row is None:
                raise FrameNotFound(f"there is no frame {frame_id}")
            return frame_of(row)

        return await self._read(ask)

    async def frame_status(self, frame_id: int) -> dict[str, str | int | float | bool]:
        def ask(connection: Connection) -> dict[str, str | int | float | bool]:
            row = connection.execute(select(frames.c.status).where(frames.c.id == frame_id)).one_or_none()
            if row is None:
                raise FrameNotFound(f"there is no frame {frame_id}")
            said: dict[str, str | int | float | bool] = msgspec.json.decode(row.status) if row.status else {}
            return said

        return await self._read(ask)

    async def frame_named(self, camera: str, name: str, boot: str, number: int) -> Frame:
        def ask(connection: Connection) -> Frame:
            named = {"camera": camera, "boot": boot, "number": number}
            for row in connection.execute(_FRAMES_NAMED, named):
                if row.name == name:
                    return frame_of(row)
            raise FrameNotFound(f"there is no frame {name} of camera {camera}")

        return await self._read(ask)

    async def find(self, sought: Sequence[Sought]) -> list[Found]:
        def ask(connection: Connection) -> list[Found]:
            owners: dict[str, str | None] = {}
            found = []
            for one in sought:
                camera = one.camera
                if camera is None and one.boot is not None:
                    if one.boot not in owners:
                        owners[one.boot] = connection.scalars(_CAMERA_OF_BOOT, {"boot": one.boot}).first()
                    camera = owners[one.boot]
                found.append(Found(camera=camera, frame_id=_kept(connection, camera, one) if camera else None))
            return found

        return await self._read(ask)

    async def frame_before(self, frame: Frame) -> Frame | None:
        def ask(connection: Connection) -> Frame | None:
            row = connection.execute(
                FRAMES.where(
                    cameras.c.id == frame.camera,
                    tuple_(frames.c.taken_at_ms, frames.c.id) < (frame.taken_at_ms, frame.id),
                )
                .order_by(frames.c.taken_at_ms.desc(), frames.c.id.desc())
                .limit(1)
            ).one_or_none()
            return frame_of(row) if row else None

        return await self._read(ask)

    async def frames(
        self,
        *,
        camera: str | None = None,
        before_ms: int | None = None,
        after_ms: int | None = None,
        cursor: tuple[int, int] | None = None,
        limit: int = 100,
        oldest_first: bool = False,
        hours: tuple[int, int] | None = None,
        verdicts: Collection[Verdict] = (),
        difference: float | None = None,
    ) -> Page:
        def ask(connection: Connection) -> Page:
            asked = paging.Asked(
                camera_no=_number_asked(connection, camera),
                after_ms=after_ms,
                before_ms=before_ms,
                cursor=cursor,
                limit=limit,
                oldest_first=oldest_first,
                hours=Hours(*hours, self._zone) if hours else None,
                verdicts=verdicts,
                difference=difference,
            )
            return paging.page(connection, asked, self._zone)

        return await self._read(ask)

    async def spread(
        self, camera: str, *, after_ms: int | None = None, before_ms: int | None = None, parts: int
    ) -> list[tuple[Frame, dict[str, str | int | float | bool]]]:
        def ask(connection: Connection) -> list[tuple[Frame, dict[str, str | int | float | bool]]]:
            no = _known(_camera_no(connection, camera), camera)
            end = before_ms
            if end is None:
                end = (connection.scalar(_NEWEST_OF_CAMERA, {"no": no}) or 0) + 1
            start = end - DAY_MS if after_ms is None else after_ms
            found = []
            at = start
            while at < end and (row := connection.execute(_NEXT, {"no": no, "at": at, "end": end}).one_or_none()):
                frame = frame_of(row)
                found.append((frame, msgspec.json.decode(row.status) if row.status else {}))
                part = (frame.taken_at_ms - start) * parts // (end - start) + 1  # the next one
                at = start - (-part * (end - start) // parts)
            return found

        return await self._read(ask)

    async def unmeasured(self, *, after_id: int, limit: int) -> list[Frame]:
        def ask(connection: Connection) -> list[Frame]:
            question = FRAMES.where(UNMEASURED, frames.c.id > after_id).order_by(frames.c.id)
            return [frame_of(row) for row in connection.execute(question.limit(limit)).all()]

        return await self._read(ask)

    async def days(self, *, camera: str | None = None) -> Calendar:
        def ask(connection: Connection) -> Calendar:
            question = (
                select(days.c.day, days.c.frames)
                .where(days.c.camera_no == (_number_asked(connection, camera) or 0), days.c.frames > 0)
                .order_by(days.c.day.desc())
            )
            counted = [
                Day(day=date(day // 10_000, day // 100 % 100, day % 100), camera=camera, frames=count)
                for day, count in connection.execute(question)
            ]
            return Calendar(days=counted, last_seq=connection.scalar(paging.LAST_SEQ) or 0)

        return await self._read(ask)

    async def day(self, day: date, *, camera: str | None = None) -> Activity:
        def ask(connection: Connection) -> Activity:
            no = _number_asked(connection, camera) or 0
            of_day = days.c.day == day.year * 10_000 + day.month * 100 + day.day
            row = connection.execute(select(days).where(days.c.camera_no == no, of_day)).one_or_none()
            # A question for each camera's row: as a join SQLite would walk through the days of all of them.
            of_camera = select(days.c.frames).where(days.c.camera_no == cameras.c.no, of_day).scalar_subquery()
            each = select(cameras.c.id, of_camera).order_by(cameras.c.id)
            if camera is not None:
                each = each.where(cameras.c.no == no)
            return Activity(
                frames=row.frames if row else 0,
                quarters=Quarters(row.quarters if row else EMPTY).counts(),
                cameras={name: count for name, count in connection.execute(each) if count},
                last_seq=connection.scalar(paging.LAST_SEQ) or 0,
            )

        return await self._read(ask)

    # -- asking about the log

    async def changes(self, *, after: int, limit: int = 1000) -> Log:
        def ask(connection: Connection) -> Log:
            oldest = connection.scalar(select(func.min(changes.c.seq)))
            newest = connection.scalar(paging.LAST_SEQ) or 0
            if after > newest or (oldest is not None and after < oldest - 1):
                raise LogTooOld(newest)
            rows = connection.execute(_CHANGES, {"after": after, "most": limit}).all()
            wanted = {row.frame_id for row in rows if row.frame_id is not None}
            by_id: dict[int, Frame] = {}
            if wanted:
                for row in connection.execute(FRAMES.where(frames.c.id.in_(wanted))):
                    by_id[row[0]] = frame_of(row)
            return Log(changes=[_change_of(row, by_id) for row in rows], last_seq=newest)

        return await self._read(ask)

    # -- asking about gaps

    async def gaps(self, camera: str, *, cursor: tuple[int, int] | None = None, limit: int = 100) -> Gaps:
        def ask(connection: Connection) -> Gaps:
            of = _known(connection.execute(select(cameras).where(cameras.c.id == camera)).one_or_none(), camera)
            question = _GAPS.where(gaps.c.camera_no == of.no).limit(limit + 1)
            if cursor is not None:
                question = question.where(tuple_(gaps.c.at_ms, gaps.c.no) < cursor)
            rows = connection.execute(question).all()
            return Gaps(
                missing=of.missing,
                confessed=of.confessed,
                status=msgspec.json.decode(of.status),
                gaps=[
                    Gap(
                        boot=row.boot,
                        first=row.first,
                        last=row.last,
                        at_ms=row.at_ms,
                        reason=row.reason,
                        taken_after_ms=row.taken_after_ms,
                        taken_before_ms=row.taken_before_ms,
                    )
                    for row in rows[:limit]
                ],
                next=(rows[limit - 1].at_ms, rows[limit - 1].no) if len(rows) > limit else None,
            )

        return await self._read(ask)

    # -- cameras and their keys

    async def cameras(self) -> list[Camera]:
        def ask(connection: Connection) -> list[Camera]:
            rows = connection.execute(select(cameras).order_by(cameras.c.id)).all()
            by_id = {row[0]: frame_of(row) for row in connection.execute(_LATEST)}
            live = (
                select(keys.c.camera_no, func.count()).where(keys.c.revoked_at_ms.is_(None)).group_by(keys.c.camera_no)
            )
            counts: dict[int, int] = dict(iter(connection.execute(live)))
            moments: defaultdict[int, list[int]] = defaultdict(list)
            for no, taken_at_ms in connection.execute(_LAST_MOMENTS):
                moments[no].append(taken_at_ms)
            return [
                Camera(
                    id=row.id,
                    created_at_ms=row.created_at_ms,
                    frames=row.frames,
                    seen_at_ms=row.seen_at_ms,
                    latest=by_id.get(row.latest_frame_id),
                    status=msgspec.json.decode(row.status),
                    keys=counts.get(row.no, 0),
                    every_ms=_usual_distance(moments[row.no]),
                )
                for row in rows
            ]

        return await self._read(ask)

    async def keys(self) -> list[CameraKey]:
        def ask(connection: Connection) -> list[CameraKey]:
            rows = connection.execute(
                select(keys, cameras.c.id)
                .join(cameras, keys.c.camera_no == cameras.c.no)
                .order_by(keys.c.created_at_ms)
            )
            return [
                CameraKey(
                    prefix=row.prefix,
                    camera=row.id,
                    sha256=row.sha256,
                    created_at_ms=row.created_at_ms,
                    revoked_at_ms=row.revoked_at_ms,
                    used_at_ms=row.used_at_ms,
                    renewal_asked_at_ms=row.renewal_asked_at_ms,
                )
                for row in rows
            ]

        return await self._read(ask)

    async def add_camera(self, camera: str, key: CameraKey | None) -> None:
        def write(connection: Connection, keeping: Keeping, told: list[Change]) -> None:
            state = keeping.camera(connection, camera)
            live = state and connection.scalar(
                select(keys.c.prefix).where(keys.c.camera_no == state.no, keys.c.revoked_at_ms.is_(None)).limit(1)
            )
            if live:
                raise CameraExists(
                    f"camera {camera} exists and has a key; `archive camera revoke {camera}` first if that key is lost"
                )
            if state is None:
                state = keeping.add_camera(connection, camera, key.created_at_ms if key else now_ms(), told)
            if key is not None:
                connection.execute(
                    insert(keys).values(
                        prefix=key.prefix, camera_no=state.no, sha256=key.sha256, created_at_ms=key.created_at_ms
                    )
                )

        await self._write(write)

    async def add_key(self, key: CameraKey, *, makes_camera: bool) -> None:
        def write(connection: Connection, keeping: Keeping, told: list[Change]) -> None:
            state = keeping.camera(connection, key.camera)
            if state is None and makes_camera:
                state = keeping.add_camera(connection, key.camera, key.created_at_ms, told)
            no = _known(state, key.camera).no
            live = connection.scalar(
                select(func.count()).select_from(keys).where(keys.c.camera_no == no, keys.c.revoked_at_ms.is_(None))
            )
            if (live or 0) >= LIVE_KEYS:
                raise KeysFull(
                    f"camera {key.camera} has {LIVE_KEYS} keys already; `archive camera revoke {key.camera} --key …` "
                    "takes one away"
                )
            # Left to the index to refuse, it would take everything with it that is committed together with this.
            if connection.scalar(select(keys.c.prefix).where(keys.c.prefix == key.prefix)) is not None:
                raise KeysFull(f"there is a key cam_{key.prefix}_… already")
            connection.execute(
                insert(keys).values(prefix=key.prefix, camera_no=no, sha256=key.sha256, created_at_ms=key.created_at_ms)
            )

        await self._write(write)

    async def renew_key(self, camera: str, at_ms: int) -> str:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> str:
            state = _known(keeping.camera(connection, camera), camera)
            live = (keys.c.camera_no == state.no, keys.c.revoked_at_ms.is_(None))
            prefixes = connection.scalars(select(keys.c.prefix).where(*live)).all()
            if not prefixes:
                raise KeyNotFound(f"camera {camera} has no key; `archive camera add {camera}` makes one")
            if len(prefixes) >= LIVE_KEYS:
                raise KeysFull(f"camera {camera} has {LIVE_KEYS} keys already; revoke the one that is to go")
            connection.execute(update(keys).where(*live).values(renewal_asked_at_ms=at_ms))
            return str(prefixes[0])

        return await self._write(write)

    async def revoke_key(self, camera: str, prefix: str, at_ms: int) -> None:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> None:
            state = _known(keeping.camera(connection, camera), camera)
            allowed = (keys.c.prefix == prefix, keys.c.camera_no == state.no, keys.c.revoked_at_ms.is_(None))
            if not connection.execute(update(keys).where(*allowed).values(revoked_at_ms=at_ms)).rowcount:
                raise KeyNotFound(f"camera {camera} has no key {prefix} that is allowed")

        await self._write(write)

    async def revoke_camera(self, camera: str, at_ms: int) -> int:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> int:
            state = _known(keeping.camera(connection, camera), camera)
            return connection.execute(
                update(keys)
                .where(keys.c.camera_no == state.no, keys.c.revoked_at_ms.is_(None))
                .values(revoked_at_ms=at_ms)
            ).rowcount

        return await self._write(write)

    async def settings(self, camera: str) -> Standing:
        def ask(connection: Connection) -> Standing:
            return _standing(connection, _known(_camera_no(connection, camera), camera))

        return await self._read(ask)

    async def set_settings(
        self, camera: str, changes: Mapping[str, str | int | float | bool | None]
    ) -> tuple[Settings, Settings]:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> tuple[Settings, Settings]:
            state = _known(keeping.camera(connection, camera), camera)
            standing = _standing(connection, state.no)
            merged = {**standing.settings.values, **changes}
            values = {name: value for name, value in merged.items() if value is not None}
            if values == standing.settings.values:
                return standing.settings, standing.settings
            return standing.settings, _record(connection, state, _next_version(standing), values)

        return await self._write(write)

    async def ask_shot(self, camera: str) -> tuple[Settings, Settings]:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> tuple[Settings, Settings]:
            state = _known(keeping.camera(connection, camera), camera)
            standing = _standing(connection, state.no)
            before, version = standing.settings, _next_version(standing)
            # `shot` is the version that asked for it, so what the camera says of versions tells whether it knows.
            asked = _version(before.values, SHOT) or 0
            if asked > max(standing.reported_version or 0, standing.refused_version or 0):
                return before, before
            return before, _record(connection, state, version, {**before.values, SHOT: version})

        return await self._write(write)

    async def losses(self, camera: str) -> list[Lost]:
        def ask(connection: Connection) -> list[Lost]:
            no = _known(_camera_no(connection, camera), camera)
            rows = connection.execute(select(losses).where(losses.c.camera_no == no).order_by(losses.c.no))
            return [Lost(boot=row.boot, first=row.first, last=row.last, reason=row.reason) for row in rows]

        return await self._read(ask)

    # -- for `check`

    async def settled(self) -> None:
        await self._write(lambda *_: None)

    async def frames_after(self, frame_id: int, *, limit: int) -> list[Frame]:
        def ask(connection: Connection) -> list[Frame]:
            question = FRAMES.where(frames.c.id > frame_id).order_by(frames.c.id).limit(limit)
            return [frame_of(row) for row in connection.execute(question).all()]

        return await self._read(ask)

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        def ask(connection: Connection) -> list[str]:
            numbers: dict[tuple[str, str], list[int]] = {}
            for key in keys:
                name = NAME.fullmatch(key.rpartition("/")[2])
                if name is not None:
                    numbers.setdefault((key.split("/")[1], name["boot"]), []).append(int(name["number"]))
            known: set[str] = set()
            for (camera, boot), asked in numbers.items():
                named = {"camera": camera, "boot": boot, "numbers": asked}
                known.update(frame_of(row).key for row in connection.execute(_FRAMES_NUMBERED, named))
            return [key for key in keys if key not in known]

        return await self._read(ask)

    async def faults(self) -> list[str]:
        def ask(connection: Connection) -> list[str]:
            said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            return [what for what in said if what != "ok"] + [
                f"a row of {row[0]} points at a row of {row[2]} that is not there" for row in dangling[:20]
            ]

        return await self._read(ask)

    async def miscounts(self) -> list[str]:
        return await self._read(lambda connection: counting.miscounts(connection, self._zone))

    async def recount(self) -> None:
        def write(connection: Connection, keeping: Keeping, _: list[Change]) -> int:
            before: int = connection.scalar(paging.TOTAL) or 0
            counting.recount(connection, self._zone)
            keeping.forget()
            return (connection.scalar(paging.TOTAL) or 0) - before

        # By how much, not to what: frames added meanwhile have been counted, or will be.
        mended_by = await self._write(write)
        self.total += mended_by

    async def close(self) -> None:
        await self._writer.close()
        if not self._is_closed:
            self._is_closed = True
            await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self._threads.shutdown()
        self._readers.dispose()
        try:
            checkpoint(self._engine)
        except ArchiveError:
            log.warning("the index was closed without a checkpoint; the next start makes it")
        self._engine.dispose()

    # -- threads

    async def _read(self, ask: Callable[[Connection], T]) -> T:
        def run() -> T:
            try:
                with self._readers.connect() as connection:
                    return ask(connection)
            except exc.SQLAlchemyError as error:
                raise translated(error) from error

        if self._is_closed:
            raise Unavailable("the archive is closing")
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def _write(self, call: Callable[[Connection, Keeping, list[Change]], T]) -> T:
        result: T = await self._writer.submit(self._calling, call)
        return result


class Measuring:
    """The work of noting what thumbnail workers saw."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    def prepare(self, connection: Connection, items: Sequence[Any]) -> Sequence[Any]:
        del connection
        return items

    def apply(
        self,
        connection: Connection,
        prepared: Sequence[tuple[int, Measures | None, Verdict | None]],
        told: list[Change],
    ) -> list[None]:
        _MEASURE.execute(
            connection,
            [
                {
                    "b_id": frame_id,
                    "luma": measures.mean_luma if measures else None,
                    "spread": measures.contrast if measures else None,
                    "moved": measures.difference if measures else None,
                    "shade": measures.colour if measures else None,
                    "lean": measures.green if measures else None,
                }
                for frame_id, measures, _ in prepared
            ],
        )
        for frame_id, _, verdict in prepared:
            if verdict is not None:
                self._judge(connection, frame_id, verdict, told)
        return [None] * len(prepared)

    def _judge(self, connection: Connection, frame_id: int, verdict: Verdict, told: list[Change]) -> None:
        row = connection.execute(_FRAME, {"id": frame_id}).one_or_none()
        if row is None or row.verdict == verdict:
            return
        connection.execute(update(frames).where(frames.c.id == frame_id).values(verdict=verdict))
        frame = msgspec.structs.replace(frame_of(row), verdict=verdict)
        camera = _known(self._keeping.camera(connection, frame.camera), frame.camera)
        self._keeping.tell(connection, [News(ChangeKind.FRAME_CHANGED, camera, frame)], told)

    def committed(self, prepared: object) -> None:
        pass

    def rolled_back(self, prepared: object) -> None:
        del prepared
        self._keeping.forget()


class Calling:
    """The work of rare writes: each a function, whose own errors are its caller's alone."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    def prepare(self, connection: Connection, items: Sequence[Any]) -> Sequence[Any]:
        del connection
        return items

    def apply(self, connection: Connection, prepared: Sequence[Any], told: list[Change]) -> list[Any]:
        results: list[Any] = []
        for call in prepared:
            try:
                results.append(call(connection, self._keeping, told))
            except ArchiveError as error:  # raised before anything was written
                results.append(error)
        return results

    def committed(self, prepared: object) -> None:
        pass

    def rolled_back(self, prepared: object) -> None:
        del prepared
        self._keeping.forget()


_: type[Index] = SqlIndex
__: tuple[type[Work], ...] = (Keeping, Measuring, Calling)


def open_sqlite(path: str, *, shelf: Shelf, zone: ZoneInfo, changes_kept: int) -> SqlIndex:
    """The index in the file *path*, migrated and made durable. Needs a running loop. Raises Corrupt, Unavailable."""
    engine = _engine(f"file:{quote(path)}?mode=rwc", read_only=False)
    readers = _engine(f"file:{quote(path)}?mode=ro", read_only=True)
    try:
        with engine.begin() as connection:
            is_new_shape = schema.migrate(connection)
            _found(connection, zone, is_new_shape=is_new_shape)
        checkpoint(engine)
        return SqlIndex(engine, readers, shelf=shelf, zone=zone, changes_kept=changes_kept)
    except (exc.SQLAlchemyError, ArchiveError) as error:
        engine.dispose()
        raise translated(error) from error


def checkpoint(engine: Engine) -> None:
    """Bring all that the log of writes holds into the file: what is visible after this survives a power cut."""
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    except exc.SQLAlchemyError as error:
        raise translated(error) from error
    if busy:
        raise Unavailable("another process reads the index, so it cannot be made durable; end that process")


def translated(error: BaseException) -> Exception:
    """A driver's error as the decision it calls for; ours pass."""
    if isinstance(error, ArchiveError):
        return error
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"no room for the index: {original}; make room on its disk")
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return Corrupt(f"the index cannot be trusted any more: {original}")
    if isinstance(original, sqlite3.Error):
        return Unavailable(f"the index did not answer: {original}")
    if isinstance(error, Exception):
        log.error("a write failed in our own code", exc_info=error)
        return Unavailable("the archive failed to write this; its log says why")
    return Unavailable("the archive was interrupted")


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def _engine(uri: str, *, read_only: bool) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None),
        pool_size=READERS,
        max_overflow=1,
        poolclass=QueuePool,  # the default for a URL without a file is one connection per thread
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        for name, value in PRAGMAS.items():
            if not (read_only and name in {"journal_mode", "wal_autocheckpoint"}):
                connection.execute(f"PRAGMA {name} = {value}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _found(connection: Connection, zone: ZoneInfo, *, is_new_shape: bool) -> None:
    """Make the archive's own row at its first opening; count again when its shape or its time zone is another."""
    row = connection.execute(select(archive)).one_or_none()
    if row is None:
        connection.execute(insert(archive).values(id=secrets.token_hex(8), created_at_ms=now_ms(), timezone=zone.key))
    elif is_new_shape or row.timezone != zone.key:
        log.info("counting again in %s (it was counted in %s)", zone.key, row.timezone)
        counting.recount(connection, zone)
        connection.execute(update(archive).values(timezone=zone.key))


def _number_asked(connection: Connection, camera: str | None) -> int | None:
    """None for all cameras; -1, which no camera has, for one that is not known."""
    return None if camera is None else _camera_no(connection, camera) or -1


def _camera_no(connection: Connection, camera: str) -> int | None:
    no: int | None = connection.scalar(select(cameras.c.no).where(cameras.c.id == camera))
    return no


def _known(state: T | None, camera: str) -> T:
    if state is None:
        raise CameraNotFound(f"there is no camera {camera}; `archive camera list` shows those there are")
    return state


def _standing(connection: Connection, no: int) -> Standing:
    status = msgspec.json.decode(connection.execute(select(cameras.c.status).where(cameras.c.no == no)).scalar_one())
    return Standing(
        settings=latest_settings(connection, no) or Settings(version=0, values={}),
        reported_version=_version(status, "settings"),
        refused_version=_version(status, "settings_refused"),
    )


def _version(said: Mapping[str, object], key: str) -> int | None:
    version = said.get(key)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= _VERSION_BELIEVED:
        return None
    return version


def _next_version(standing: Standing) -> int:
    """A camera looks only at what is newer than it has, and it may have that from an index that is lost."""
    return 1 + max(standing.settings.version, standing.reported_version or 0, standing.refused_version or 0)


def _kept(connection: Connection, camera: str, sought: Sought) -> int | None:
    is_named = sought.boot is not None and sought.number is not None
    if is_named:
        named = {"camera": camera, "boot": sought.boot, "number": sought.number, "sha256": sought.sha256}
        frame_id: int | None = connection.scalars(_KEPT_NAMED, named).first()
        if frame_id is not None:
            return frame_id
    no = _camera_no(connection, camera)
    frame = None if no is None else alike(connection, no, sought.sha256, is_named=is_named)
    return None if frame is None else frame.id


def _record(
    connection: Connection, state: CameraState, version: int, values: dict[str, str | int | float | bool]
) -> Settings:
    state.settings = Settings(version=version, values=values)
    connection.execute(
        insert(settings).values(
            camera_no=state.no, version=version, values=msgspec.json.encode(values).decode(), set_at_ms=now_ms()
        )
    )
    return state.settings


def _usual_distance(moments: list[int]) -> int | None:
    """The median: a pause over night or a burst says nothing of the next frame."""
    moments.sort()
    apart = sorted(later - earlier for earlier, later in itertools.pairwise(moments))
    return apart[len(apart) // 2] if len(apart) > 1 else None


def _change_of(row: Any, by_id: dict[int, Frame]) -> Change:
    lost = None if row.loss_no is None else Lost(boot=row.boot, first=row.first, last=row.last, reason=row.reason)
    return Change(
        seq=row.seq,
        kind=ChangeKind(row.kind),
        camera=row.id,
        frame_id=row.frame_id,
        frame=by_id.get(row.frame_id),
        lost=lost,
    )


_VERSION_BELIEVED = 10**12  # a larger one is no count of changes, and the field holds only a thousand times as many
_WEIGHT = {ChangeKind.FRAME: 1, ChangeKind.FRAME_DELETED: -1}
_NEWEST_OF_CAMERA = select(func.max(frames.c.taken_at_ms)).where(frames.c.camera_no == bindparam("no"))
_NEXT = (
    FRAMES.add_columns(frames.c.status)
    .where(
        frames.c.camera_no == bindparam("no"),
        frames.c.taken_at_ms >= bindparam("at"),
        frames.c.taken_at_ms < bindparam("end"),
    )
    .order_by(frames.c.taken_at_ms, frames.c.id)
    .limit(1)
)
_last = frames.alias()
_LAST_MOMENTS = (
    select(cameras.c.no, frames.c.taken_at_ms)
    .select_from(cameras)
    .join(
        frames,
        frames.c.id.in_(
            select(_last.c.id)
            .where(_last.c.camera_no == cameras.c.no)
            .order_by(_last.c.taken_at_ms.desc(), _last.c.id.desc())
            .limit(USUAL_FRAMES)
            .correlate(cameras)
        ),
    )
)
_FRAME = FRAMES.where(frames.c.id == bindparam("id"))
_LATEST = FRAMES.where(frames.c.id.in_(select(cameras.c.latest_frame_id).correlate(None)))
# The boot is asked for apart: as a condition on the join it would have SQLite walk through all of the camera's frames.
_BOOT_NO = (
    select(boots.c.no)
    .join(cameras, boots.c.camera_no == cameras.c.no)
    .where(cameras.c.id == bindparam("camera"), boots.c.boot == bindparam("boot"))
    .correlate(None)
    .scalar_subquery()
)
_FRAMES_NAMED = FRAMES.where(frames.c.boot_no == _BOOT_NO, frames.c.number == bindparam("number"))
_FRAMES_NUMBERED = FRAMES.where(frames.c.boot_no == _BOOT_NO, frames.c.number.in_(bindparam("numbers", expanding=True)))
# Cameras are few, and boots are found by camera: SQLite looks into that index once for each.
_CAMERA_OF_BOOT = (
    select(cameras.c.id)
    .join(boots, boots.c.camera_no == cameras.c.no)
    .where(boots.c.camera_no.in_(select(cameras.c.no)), boots.c.boot == bindparam("boot"))
    .order_by(cameras.c.no)
)
_KEPT_NAMED = select(frames.c.id).where(
    frames.c.boot_no == _BOOT_NO,
    frames.c.number == bindparam("number"),
    frames.c.sha256 == bindparam("sha256", type_=LargeBinary),
)
_CHANGES = (
    select(
        changes.c.seq,
        changes.c.kind,
        changes.c.frame_id,
        changes.c.loss_no,
        cameras.c.id,
        losses.c.boot,
        losses.c.first,
        losses.c.last,
        losses.c.reason,
    )
    .join(cameras, changes.c.camera_no == cameras.c.no)
    .outerjoin(losses, changes.c.loss_no == losses.c.no)
    .where(changes.c.seq > bindparam("after"))
    .order_by(changes.c.seq)
    .limit(bindparam("most"))
)
# Outer joins: a gap may have no confession, and be of a boot of which no frame has arrived.
_BESIDE = select(frames.c.taken_at_ms).where(frames.c.boot_no == boots.c.no).limit(1).correlate(gaps, boots)
_GAPS = (
    select(
        gaps,
        losses.c.reason,
        _BESIDE.where(frames.c.number < gaps.c.first)
        .order_by(frames.c.number.desc())
        .scalar_subquery()
        .label("taken_after_ms"),
        _BESIDE.where(frames.c.number > gaps.c.last)
        .order_by(frames.c.number)
        .scalar_subquery()
        .label("taken_before_ms"),
    )
    .outerjoin(losses, losses.c.no == gaps.c.loss_no)
    .outerjoin(boots, (boots.c.camera_no == gaps.c.camera_no) & (boots.c.boot == gaps.c.boot))
    .order_by(gaps.c.at_ms.desc(), gaps.c.no.desc())
)
_MEASURE = Many(
    update(frames)
    .where(frames.c.id == bindparam("b_id"))
    .values(
        is_measured=text("1"),
        mean_luma=bindparam("luma"),
        contrast=bindparam("spread"),
        difference=bindparam("moved"),
        colour=bindparam("shade"),
        green=bindparam("lean"),
    )
)
