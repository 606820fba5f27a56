"""Pages of frames: which come next, how many there are, and how far one question may look.

What the time or the camera says is found by an index, so a page costs what it shows. Hours of the day are found stretch
by stretch. What a frame looks like (verdict, difference) is asked of each row, so a page looks at so many and no more,
and says how far it came.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Select, func, select, tuple_

from archive.frame import Frame, Verdict
from archive.hours import Hours, Stretch
from archive.index.base import Page
from archive.index.rows import FRAMES, frame_of
from archive.index.tables import JUDGED, cameras, changes, days, frames

LOOKED_AT = 5000  # rows that a question may look at: about as long as it takes to send a page of a thousand
STRETCH = 50  # how many rows the search for a stretch of hours costs as much as
COUNTED = 10_000  # frames of days cut in two that are counted one by one

LAST_SEQ = select(func.max(changes.c.seq))
TOTAL = select(func.coalesce(func.sum(cameras.c.frames), 0))

Position = tuple[int, int]  # taken_at_ms, id


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question for a page of frames."""

    camera_no: int | None
    after_ms: int | None
    before_ms: int | None
    cursor: Position | None
    limit: int
    oldest_first: bool
    hours: Hours | None
    verdicts: Collection[Verdict]
    difference: float | None

    @property
    def looks(self) -> bool:
        """Whether frames have to be looked at one by one."""
        return bool(self.verdicts) or self.difference is not None

    def wants(self, frame: Frame) -> bool:
        """Whether *frame* looks as asked."""
        if self.verdicts and frame.verdict not in self.verdicts:
            return False
        if self.difference is None:
            return True
        moved = frame.measures.difference if frame.measures else None
        return moved is not None and moved >= self.difference


def page(connection: Connection, asked: Asked, zone: ZoneInfo) -> Page:
    """The answer, as of one moment: one read is one snapshot."""
    found, at = _found(connection, asked)
    total = None if asked.looks or asked.hours else _total(connection, asked, zone)
    return Page(frames=found, next=at, total=total, last_seq=connection.scalar(LAST_SEQ) or 0)


def _found(connection: Connection, asked: Asked) -> tuple[list[Frame], Position | None]:
    """The frames, and from where to go on; None when there is nothing more."""
    found: list[Frame] = []
    at, looked = asked.cursor, 0
    while looked < LOOKED_AT:
        stretch = (asked.after_ms, asked.before_ms)
        if asked.hours is not None:
            nearest = connection.execute(_question(asked, at, stretch).limit(1)).first()
            looked += STRETCH
            if nearest is None:
                return found, None
            stretch = _next_hours(asked, asked.hours, frame_of(nearest).taken_at_ms)
        most = min(max(asked.limit + 1, looked), LOOKED_AT)  # each look goes as far as all before it
        rows = connection.execute(_question(asked, at, stretch).limit(most)).all()
        for frame in map(frame_of, rows):
            if asked.wants(frame):
                if len(found) == asked.limit:
                    return found, _position(found[-1])
                found.append(frame)
            at = _position(frame)
        looked += len(rows)
        if len(rows) < most:
            if asked.hours is None:
                return found, None
            at = _edge(asked, stretch)
    return found, at


def _question(asked: Asked, at: Position | None, stretch: tuple[int | None, int | None]) -> Select[Any]:
    after_ms, before_ms = stretch
    time, no = frames.c.taken_at_ms, frames.c.id
    question = FRAMES.order_by(time, no) if asked.oldest_first else FRAMES.order_by(time.desc(), no.desc())
    if asked.camera_no is not None:
        question = question.where(frames.c.camera_no == asked.camera_no)
    if before_ms is not None:
        question = question.where(time < before_ms)
    if after_ms is not None:
        question = question.where(time >= after_ms)
    if at is not None:
        question = question.where(tuple_(time, no) > at if asked.oldest_first else tuple_(time, no) < at)
    if asked.verdicts and Verdict.WHOLE not in asked.verdicts:
        question = question.where(JUDGED)
    return question


def _next_hours(asked: Asked, hours: Hours, taken_at_ms: int) -> Stretch:
    """The stretch that the frame of that moment, the nearest there is, lies in; else the next one."""
    if asked.oldest_first:
        start, end = hours.stretch_after(taken_at_ms)
        return start, end if asked.before_ms is None else min(end, asked.before_ms)
    start, end = hours.stretch_before(taken_at_ms + 1)
    return start if asked.after_ms is None else max(start, asked.after_ms), end


def _edge(asked: Asked, stretch: tuple[int | None, int | None]) -> Position:
    """Where a stretch ends, in the direction of reading. Ids begin at 1, so none is passed over or shown again."""
    edge = stretch[1] if asked.oldest_first else stretch[0]
    assert edge is not None  # noqa: S101 - stretches of hours have both ends
    return edge, 0


def _position(frame: Frame) -> Position:
    return frame.taken_at_ms, frame.id


def _total(connection: Connection, asked: Asked, zone: ZoneInfo) -> int | None:
    """How many frames match, from the day counts; days cut in two are counted frame by frame, unless too many are."""
    camera_no = asked.camera_no
    if asked.after_ms is None and asked.before_ms is None:
        counted = TOTAL
        if camera_no is not None:
            counted = counted.where(cameras.c.no == camera_no)
        return connection.scalar(counted) or 0
    first, last, edges = _days(asked.after_ms, asked.before_ms, zone)
    whole = select(func.coalesce(func.sum(days.c.frames), 0)).where(days.c.camera_no == (camera_no or 0))
    if first is not None:
        whole = whole.where(days.c.day >= _yyyymmdd(first))
    if last is not None:
        whole = whole.where(days.c.day < _yyyymmdd(last))
    in_edges = [_counted(connection, camera_no, edge) for edge in edges]
    return None if max(in_edges, default=0) > COUNTED else sum(in_edges, connection.scalar(whole) or 0)


def _days(
    after_ms: int | None, before_ms: int | None, zone: ZoneInfo
) -> tuple[date | None, date | None, list[Stretch]]:
    """The first whole day, the one after the last, and the stretches of less than a day beside them."""
    edges: list[Stretch] = []
    first = last = None
    if after_ms is not None:
        first = _day(after_ms, zone)
        if _midnight(first, zone) != after_ms:
            first += timedelta(days=1)
            edges.append((after_ms, _midnight(first, zone)))
    if before_ms is not None:
        last = _day(before_ms, zone)  # itself not whole
        if first is None or first <= last:
            edges.append((_midnight(last, zone), before_ms))
    if first is not None and last is not None and first > last:
        edges = [(after_ms or 0, before_ms or 0)]
    return first, last, edges


def _counted(connection: Connection, camera_no: int | None, stretch: Stretch) -> int:
    """The frames of a stretch; of too many, one too many."""
    one_by_one = select(frames.c.id).where(frames.c.taken_at_ms >= stretch[0], frames.c.taken_at_ms < stretch[1])
    if camera_no is not None:
        one_by_one = one_by_one.where(frames.c.camera_no == camera_no)
    return connection.scalar(select(func.count()).select_from(one_by_one.limit(COUNTED + 1).subquery())) or 0


def _day(at_ms: int, zone: ZoneInfo) -> date:
    # Whoever asks may ask for any moment; Python's years end, so beyond these a day stands for all that follow.
    return datetime.fromtimestamp(min(max(at_ms, _YEAR_2), _YEAR_9999) / 1000, zone).date()


def _yyyymmdd(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _midnight(day: date, zone: ZoneInfo) -> int:
    at = datetime(day.year, day.month, day.day, tzinfo=zone)
    return round(at.astimezone(UTC).timestamp() * 1000)


_YEAR_2, _YEAR_9999 = -62_104_060_800_000, 253_370_764_800_000  # UTC
