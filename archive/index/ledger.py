"""The ledger of numbers that have not arrived: gaps, kept as frames arrive and cameras confess.

The rules of this file:
* A gap is missing until its camera confesses it; then it is confessed. A number that arrives is in no gap, whatever was
  confessed of it: kept outweighs confessed.
* Gaps of a boot never overlap. Up to the boot's highest number every number has arrived or lies in one of them; above
  it lies only what was confessed.
* A frame in order asks nothing and writes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, case, func, insert, literal_column, select, update

from archive.frame import Lost
from archive.index.many import Many
from archive.index.tables import cameras, gaps

MOST = 2**53 - 1  # what is counted of a camera stops here: JavaScript holds it exactly, and no camera can overflow it

Span = tuple[int, int]  # of numbers, both ends included


class Arrival(NamedTuple):
    """A number that has arrived."""

    boot: str
    number: int
    at_ms: int


class Counted(NamedTuple):
    """How many numbers; below 0, how many fewer."""

    missing: int
    confessed: int


def told_to(connection: Connection, camera_no: int, boot: str) -> int:
    """The highest number that lies in a gap of the boot; -1 when none does."""
    row = _nearest(connection, camera_no, boot, 2**62)
    return -1 if row is None else row.last


def arrived(connection: Connection, camera_no: int, new: Arrival, *, highest: int, is_ahead: bool) -> Counted:
    """A number has arrived that is not just above the boot's *highest*, or numbers above that were confessed.

    *is_ahead* says whether they were. What this changes is still to be counted.
    """
    opened = 0
    if new.number > highest:
        near = _above(connection, camera_no, new.boot, highest + 1, new.number - 1) if is_ahead else []
        for span in between([(row.first, row.last) for row in near], highest + 1, new.number - 1):
            opened += span[1] - span[0] + 1
            _OPEN.execute(connection, [gap(camera_no, new.boot, span, None, new.at_ms)])
    if new.number < highest or is_ahead:
        row = _nearest(connection, camera_no, new.boot, new.number)
        if row is not None and row.last >= new.number:
            _cut_out(connection, row, new.number)
            return Counted(opened - (row.loss_no is None), -(row.loss_no is not None))
    return Counted(opened, 0)


def confessed(connection: Connection, camera_no: int, lost: Lost, loss_no: int, *, highest: int, at_ms: int) -> None:
    """A camera says that these numbers will not come. What it has said before stands."""
    for number in (lost.first - 1, lost.last):
        _part(connection, camera_no, lost.boot, number)
    of_boot = gaps.c.camera_no == camera_no, gaps.c.boot == lost.boot
    said = (*of_boot, gaps.c.first >= lost.first, gaps.c.first <= lost.last, gaps.c.loss_no.is_(None))
    missing = connection.scalar(select(func.coalesce(func.sum(gaps.c.last - gaps.c.first + 1), 0)).where(*said)) or 0
    connection.execute(update(gaps).where(*said).values(loss_no=loss_no, at_ms=at_ms))
    ahead = 0
    start = max(lost.first, highest + 1)
    if start <= lost.last:
        known = [(row.first, row.last) for row in _above(connection, camera_no, lost.boot, start, lost.last)]
        for first, last in between(known, start, lost.last):
            ahead += last - first + 1
            _OPEN.execute(connection, [gap(camera_no, lost.boot, (first, last), loss_no, at_ms)])
    count(connection, camera_no, Counted(-missing, missing + ahead))


def _nearest(connection: Connection, camera_no: int, boot: str, number: int) -> Row[Any] | None:
    """The gap that begins at *number* or below: the only one that can hold it, for they do not overlap."""
    return connection.execute(_NEAREST, {"camera": camera_no, "boot": boot, "number": number}).one_or_none()


def _above(connection: Connection, camera_no: int, boot: str, start: int, last: int) -> list[Row[Any]]:
    """The gaps that may hold any of these numbers, in order."""
    below = _nearest(connection, camera_no, boot, start - 1)
    above = connection.execute(_ABOVE, {"camera": camera_no, "boot": boot, "start": start, "last": last})
    return [*([below] if below else []), *above]


def between(known: Iterable[Span], first: int, last: int) -> Iterator[Span]:
    """What of *first* to *last* lies in none of the *known*, which are in order."""
    for start, end in known:
        if start > last:
            break
        if first < start:
            yield first, start - 1
        first = max(first, end + 1)
    if first <= last:
        yield first, last


def _part(connection: Connection, camera_no: int, boot: str, number: int) -> None:
    """Divide the missing gap that reaches over *number*, if there is one, after it."""
    row = _nearest(connection, camera_no, boot, number)
    if row is not None and row.loss_no is None and row.last > number:
        _RESIZE.execute(connection, [{"b_no": row.no, "from": row.first, "to": number}])
        _OPEN.execute(connection, [gap(camera_no, boot, (number + 1, row.last), None, row.at_ms)])


def _cut_out(connection: Connection, row: Row[Any], number: int) -> None:
    if row.first == row.last:
        connection.execute(_CLOSE, {"b_no": row.no})
    elif row.first == number:
        _RESIZE.execute(connection, [{"b_no": row.no, "from": number + 1, "to": row.last}])
    else:
        _RESIZE.execute(connection, [{"b_no": row.no, "from": row.first, "to": number - 1}])
        if row.last > number:
            rest = gap(row.camera_no, row.boot, (number + 1, row.last), row.loss_no, row.at_ms)
            _OPEN.execute(connection, [rest])


def gap(camera_no: int, boot: str, span: Span, loss_no: int | None, at_ms: int) -> dict[str, Any]:
    """A row of the ledger."""
    return {
        "camera_no": camera_no,
        "boot": boot,
        "first": span[0],
        "last": span[1],
        "loss_no": loss_no,
        "at_ms": at_ms,
    }


def count_all(connection: Connection, changes: Iterable[tuple[int, Counted]]) -> None:
    """Count what changed, once for each camera."""
    of_cameras: dict[int, Counted] = {}
    for camera_no, more in changes:
        known = of_cameras.get(camera_no, Counted(0, 0))
        of_cameras[camera_no] = Counted(known.missing + more.missing, known.confessed + more.confessed)
    for camera_no, more in of_cameras.items():
        count(connection, camera_no, more)


def count(connection: Connection, camera_no: int, more: Counted) -> None:
    """Count so many numbers more of a camera."""
    if any(more):
        _COUNT.execute(
            connection,
            [{"b_no": camera_no, "missing_more": more.missing, "confessed_more": more.confessed}],
        )


def _bounded(column: Any, more: str) -> Any:
    counted = column + bindparam(more)
    return case((counted > literal_column(str(MOST)), literal_column(str(MOST))), else_=counted)


# Made once: a backlog that is sent after an outage comes through here, frame by frame.
_OF_BOOT = gaps.c.camera_no == bindparam("camera"), gaps.c.boot == bindparam("boot")
_NEAREST = select(gaps).where(*_OF_BOOT, gaps.c.first <= bindparam("number")).order_by(gaps.c.first.desc()).limit(1)
_ABOVE = (
    select(gaps)
    .where(*_OF_BOOT, gaps.c.first >= bindparam("start"), gaps.c.first <= bindparam("last"))
    .order_by(gaps.c.first)
)
_OPEN = Many(insert(gaps))
_RESIZE = Many(update(gaps).where(gaps.c.no == bindparam("b_no")).values(first=bindparam("from"), last=bindparam("to")))
_CLOSE = gaps.delete().where(gaps.c.no == bindparam("b_no"))
_COUNT = Many(
    update(cameras)
    .where(cameras.c.no == bindparam("b_no"))
    .values(
        missing=_bounded(cameras.c.missing, "missing_more"),
        confessed=_bounded(cameras.c.confessed, "confessed_more"),
    )
)
