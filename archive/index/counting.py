"""Counts kept beside the frames they count: whether they agree, and making them anew."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, insert, select, update

from archive.index.keeping import day_of
from archive.index.tables import boots, cameras, days, frames


def miscounts(connection: Connection, zone: ZoneInfo) -> list[str]:
    """A sentence for each kind of count that does not agree with the frames. Reads every frame's row."""
    found = []
    if _days(connection) != _days_of_frames(connection, zone):
        found.append("the counts of days do not agree with the frames")
    if _pairs(connection, select(cameras.c.no, cameras.c.frames)) != _pairs(connection, _PER_CAMERA):
        found.append("the counts of cameras do not agree with the frames")
    if _pairs(connection, select(boots.c.no, boots.c.frames)) != _pairs(connection, _PER_BOOT):
        found.append("the counts of boots do not agree with the frames")
    return found


def recount(connection: Connection, zone: ZoneInfo) -> None:
    """Make every count anew."""
    counted = _days_of_frames(connection, zone)
    connection.execute(days.delete())
    if counted:
        connection.execute(
            insert(days), [{"camera_no": no, "day": day, "frames": count} for (no, day), count in counted.items()]
        )
    for table, question in ((cameras, _PER_CAMERA), (boots, _PER_BOOT)):
        connection.execute(table.update().values(frames=0))
        rows = [{"b_no": no, "count": count} for no, count in _pairs(connection, question).items()]
        if rows:
            connection.execute(
                update(table).where(table.c.no == bindparam("b_no")).values(frames=bindparam("count")), rows
            )


def _days(connection: Connection) -> dict[tuple[int, int], int]:
    rows = connection.execute(select(days.c.camera_no, days.c.day, days.c.frames).where(days.c.frames != 0))
    return {(camera_no, day): count for camera_no, day, count in rows}


def _days_of_frames(connection: Connection, zone: ZoneInfo) -> dict[tuple[int, int], int]:
    counts: Counter[tuple[int, int]] = Counter()
    for camera_no, taken_at_ms in connection.execute(select(frames.c.camera_no, frames.c.taken_at_ms)):
        day = day_of(taken_at_ms, zone)
        counts[camera_no, day] += 1
        counts[0, day] += 1
    return dict(counts)


def _pairs(connection: Connection, question: Any) -> dict[int, int]:
    return {no: count for no, count in connection.execute(question) if count}


_PER_CAMERA = select(frames.c.camera_no, func.count()).group_by(frames.c.camera_no)
_PER_BOOT = select(frames.c.boot_no, func.count(frames.c.number.distinct())).group_by(frames.c.boot_no)
