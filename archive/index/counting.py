"""Counts kept beside the frames they count: whether they agree, and making them anew."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, insert, select, update

from archive.index import reckoning
from archive.index.quarters import Quarters, quarter_of
from archive.index.tables import boots, cameras, days, frames


def miscounts(connection: Connection, zone: ZoneInfo) -> list[str]:
    """A sentence for each kind of count that does not agree with the frames. Reads every frame's row."""
    found = []
    wanted = {named: counts.counts() for named, counts in _days_of_frames(connection, zone).items()}
    if _days(connection) != wanted:
        found.append("the counts of days do not agree with the frames")
    if _pairs(connection, select(cameras.c.no, cameras.c.frames)) != _pairs(connection, _PER_CAMERA):
        found.append("the counts of cameras do not agree with the frames")
    if _pairs(connection, select(boots.c.no, boots.c.frames)) != _pairs(connection, _PER_BOOT):
        found.append("the counts of boots do not agree with the frames")
    if not reckoning.agrees(connection):
        found.append("the ledger of gaps does not agree with the frames")
    return found


def recount(connection: Connection, zone: ZoneInfo) -> None:
    """Make every count anew."""
    counted = _days_of_frames(connection, zone)
    connection.execute(days.delete())
    if counted:
        connection.execute(
            insert(days),
            [
                {"camera_no": no, "day": day, "frames": sum(counts.counts()), "quarters": counts.value()}
                for (no, day), counts in counted.items()
            ],
        )
    for table, question in ((cameras, _PER_CAMERA), (boots, _PER_BOOT)):
        connection.execute(table.update().values(frames=0))
        rows = [{"b_no": no, "count": count} for no, count in _pairs(connection, question).items()]
        if rows:
            connection.execute(
                update(table).where(table.c.no == bindparam("b_no")).values(frames=bindparam("count")), rows
            )
    reckoning.remake(connection)


def _days(connection: Connection) -> dict[tuple[int, int], list[int]]:
    rows = connection.execute(select(days).where(days.c.frames != 0))
    # A sum that differs from its parts agrees with nothing.
    return {
        (row.camera_no, row.day): counts if sum(counts := Quarters(row.quarters).counts()) == row.frames else []
        for row in rows
    }


def _days_of_frames(connection: Connection, zone: ZoneInfo) -> dict[tuple[int, int], Quarters]:
    counted: defaultdict[tuple[int, int], Quarters] = defaultdict(Quarters)
    for camera_no, taken_at_ms in connection.execute(select(frames.c.camera_no, frames.c.taken_at_ms)):
        day, quarter = quarter_of(taken_at_ms, zone)
        counted[camera_no, day].add(quarter, 1)
        counted[0, day].add(quarter, 1)
    return dict(counted)


def _pairs(connection: Connection, question: Any) -> dict[int, int]:
    return {no: count for no, count in connection.execute(question) if count}


_PER_CAMERA = select(frames.c.camera_no, func.count()).group_by(frames.c.camera_no)
_PER_BOOT = select(frames.c.boot_no, func.count(frames.c.number.distinct())).group_by(frames.c.boot_no)
