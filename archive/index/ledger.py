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
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, select, update

from archive.frame import Lost
from archive.index.tables import cameras, gaps

MOST = 2**53 - 1  # what is counted of a camera stops here: JavaScript holds it exactly, and no camera can overflow it

Span = tuple[int, int]  # of numbers, both ends included


def told_to(connection: Connection, camera_no: int, boot: str) -> int:
    """The highest number that lies in a gap of the boot; -1 when none does."""
    last = connection.scalar(_GAPS_FROM_BELOW, {"camera": camera_no, "boot": boot, "number": 2**62})
    return -1 if last is None else last


def arrived(connection: Connection, camera_no: int, boot: str, number: int, *, highest: int, at_ms: int) -> None:
    """A number has arrived that is not just above the boot's *highest*, or had been confessed."""
    of_boot = gaps.c.camera_no == camera_no, gaps.c.boot == boot
    question = select(gaps).where(*of_boot, gaps.c.first <= number)
    if number <= highest:
        question = question.order_by(gaps.c.first.desc()).limit(1)  # they do not overlap
    else:
        question = question.where(gaps.c.first > highest).order_by(gaps.c.first)
    near = connection.execute(question).all()
    opened = 0
    if number > highest:
        for first, last in between([(row.first, row.last) for row in near], highest + 1, number - 1):
            opened += last - first + 1
            connection.execute(insert(gaps).values(gap(camera_no, boot, (first, last), None, at_ms)))
    missing, confessed = opened, 0
    if near and near[-1 if number > highest else 0].last >= number:
        row = near[-1 if number > highest else 0]
        _cut_out(connection, row, number)
        missing -= row.loss_no is None
        confessed -= row.loss_no is not None
    count(connection, camera_no, missing, confessed)


def confessed(connection: Connection, camera_no: int, lost: Lost, loss_no: int, *, highest: int, at_ms: int) -> None:
    """A camera says that these numbers will not come. What it has said before stands."""
    of_boot = gaps.c.camera_no == camera_no, gaps.c.boot == lost.boot
    for number in (lost.first - 1, lost.last):
        _part(connection, camera_no, lost.boot, number)
    said = (*of_boot, gaps.c.first >= lost.first, gaps.c.first <= lost.last, gaps.c.loss_no.is_(None))
    missing = connection.scalar(select(func.coalesce(func.sum(gaps.c.last - gaps.c.first + 1), 0)).where(*said)) or 0
    connection.execute(update(gaps).where(*said).values(loss_no=loss_no, at_ms=at_ms))
    ahead = 0
    start = max(lost.first, highest + 1)
    if start <= lost.last:
        known = [(row.first, row.last) for row in _above(connection, camera_no, lost.boot, start, lost.last)]
        for first, last in between(known, start, lost.last):
            ahead += last - first + 1
            connection.execute(insert(gaps).values(gap(camera_no, lost.boot, (first, last), loss_no, at_ms)))
    count(connection, camera_no, -missing, missing + ahead)


def _above(connection: Connection, camera_no: int, boot: str, start: int, last: int) -> list[Row[Any]]:
    of_boot = gaps.c.camera_no == camera_no, gaps.c.boot == boot
    below = connection.execute(
        select(gaps).where(*of_boot, gaps.c.first < start).order_by(gaps.c.first.desc()).limit(1)
    ).all()
    return [
        *below,
        *connection.execute(
            select(gaps).where(*of_boot, gaps.c.first >= start, gaps.c.first <= last).order_by(gaps.c.first)
        ),
    ]


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
    row = connection.execute(
        select(gaps)
        .where(gaps.c.camera_no == camera_no, gaps.c.boot == boot, gaps.c.first <= number)
        .order_by(gaps.c.first.desc())
        .limit(1)
    ).one_or_none()
    if row is not None and row.loss_no is None and row.last > number:
        connection.execute(update(gaps).where(gaps.c.no == row.no).values(last=number))
        connection.execute(insert(gaps).values(gap(camera_no, boot, (number + 1, row.last), None, row.at_ms)))


def _cut_out(connection: Connection, row: Row[Any], number: int) -> None:
    this = gaps.c.no == row.no
    if row.first == row.last:
        connection.execute(gaps.delete().where(this))
    elif row.first == number:
        connection.execute(update(gaps).where(this).values(first=number + 1))
    else:
        connection.execute(update(gaps).where(this).values(last=number - 1))
        if row.last > number:
            rest = gap(row.camera_no, row.boot, (number + 1, row.last), row.loss_no, row.at_ms)
            connection.execute(insert(gaps).values(rest))


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


def count(connection: Connection, camera_no: int, missing: int, confessed: int) -> None:
    """Count so many numbers more, or, below 0, fewer."""
    if missing or confessed:
        connection.execute(_COUNT, {"b_no": camera_no, "missing_more": missing, "confessed_more": confessed})


def _bounded(column: Any, more: str) -> Any:
    counted = column + bindparam(more)
    return case((counted > MOST, MOST), else_=counted)


_GAPS_FROM_BELOW = (
    select(gaps.c.last)
    .where(
        gaps.c.camera_no == bindparam("camera"), gaps.c.boot == bindparam("boot"), gaps.c.first <= bindparam("number")
    )
    .order_by(gaps.c.first.desc())
    .limit(1)
)
_COUNT = (
    update(cameras)
    .where(cameras.c.no == bindparam("b_no"))
    .values(
        missing=_bounded(cameras.c.missing, "missing_more"),
        confessed=_bounded(cameras.c.confessed, "confessed_more"),
    )
)
