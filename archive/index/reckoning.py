"""The ledger of gaps against the frames and the confessions there are: whether it agrees, and making it anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection, func, insert, select, update

from archive.frame import Lost
from archive.index.ledger import MOST, Counted, Span, between, confessed, count, gap
from archive.index.tables import boots, cameras, frames, gaps, losses

Named = tuple[int, str]  # camera_no, boot


def remake(connection: Connection) -> None:
    """Write the ledger anew from the frames and the confessions there are."""
    connection.execute(gaps.delete())
    connection.execute(update(cameras).values(missing=0, confessed=0))
    for named, spans in _absent(connection).items():
        connection.execute(insert(gaps), [gap(*named, (first, last), None, at_ms) for first, last, at_ms in spans])
        count(connection, named[0], Counted(sum(last - first + 1 for first, last, _ in spans), 0))
    highest = _highest(connection)
    for row in connection.execute(select(losses).order_by(losses.c.no)).all():
        lost = Lost(boot=row.boot, first=row.first, last=row.last, reason=row.reason)
        number = highest.get((row.camera_no, row.boot), -1)
        confessed(connection, row.camera_no, lost, row.no, highest=number, at_ms=row.confessed_at_ms)


def agrees(connection: Connection) -> bool:
    """Whether the ledger and its counts are what the frames and the confessions say."""
    absent = {named: [span[:2] for span in spans] for named, spans in _absent(connection).items()}
    highest = _highest(connection)
    said: dict[Named, list[Span]] = {}
    for row in connection.execute(select(losses)):
        said.setdefault((row.camera_no, row.boot), []).append((row.first, row.last))
    missing: dict[Named, list[Span]] = {}
    given_up: dict[Named, list[Span]] = {}
    for named in absent.keys() | said.keys():
        of_boot, lost = absent.get(named, []), _joined(said.get(named, []))
        ahead = (highest.get(named, -1) + 1, 2**62)
        given_up[named] = _joined(_common(lost, [*of_boot, ahead]))
        missing[named] = list(_without(of_boot, lost))
    counted: dict[int, Counted] = dict.fromkeys(connection.scalars(select(cameras.c.no)), Counted(0, 0))
    for (camera_no, _), spans in missing.items():
        counted[camera_no] = counted[camera_no]._replace(missing=counted[camera_no].missing + _numbers(spans))
    for (camera_no, _), spans in given_up.items():
        counted[camera_no] = counted[camera_no]._replace(confessed=counted[camera_no].confessed + _numbers(spans))
    return (
        _told(connection, is_confessed=False) == {named: spans for named, spans in missing.items() if spans}
        and _told(connection, is_confessed=True) == {named: spans for named, spans in given_up.items() if spans}
        and {row.no: (row.missing, row.confessed) for row in connection.execute(select(cameras))}
        == {no: (min(MOST, count.missing), min(MOST, count.confessed)) for no, count in counted.items()}
    )


def _absent(connection: Connection) -> dict[Named, list[tuple[int, int, int]]]:
    """By boot: the spans below its highest number that have not arrived, and when the frame after each did."""
    before = func.lag(frames.c.number, 1, -1).over(partition_by=frames.c.boot_no, order_by=frames.c.number)
    each = select(frames.c.boot_no, frames.c.number, frames.c.received_at_ms, before.label("before")).subquery()
    question = (
        select(boots.c.camera_no, boots.c.boot, each.c.before + 1, each.c.number - 1, each.c.received_at_ms)
        .join(each, each.c.boot_no == boots.c.no)
        .where(boots.c.is_ours == 0, each.c.number > each.c.before + 1)
        .order_by(boots.c.no, each.c.number)
    )
    found: dict[Named, list[tuple[int, int, int]]] = {}
    for camera_no, boot, first, last, at_ms in connection.execute(question):
        found.setdefault((camera_no, boot), []).append((first, last, at_ms))
    return found


def _highest(connection: Connection) -> dict[Named, int]:
    rows = connection.execute(select(boots.c.camera_no, boots.c.boot, boots.c.highest_number))
    return {(camera_no, boot): number for camera_no, boot, number in rows}


def _told(connection: Connection, *, is_confessed: bool) -> dict[Named, list[Span]]:
    found: dict[Named, list[Span]] = {}
    is_told = gaps.c.loss_no.is_not(None) if is_confessed else gaps.c.loss_no.is_(None)
    for row in connection.execute(select(gaps).where(is_told)):
        found.setdefault((row.camera_no, row.boot), []).append((row.first, row.last))
    return {named: _joined(spans) for named, spans in found.items()}


def _joined(spans: list[Span]) -> list[Span]:
    """The same numbers in as few spans as can be, in order."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _common(some: list[Span], others: list[Span]) -> list[Span]:
    """The numbers that lie in both; each in order."""
    common: list[Span] = []
    at = 0
    for first, last in some:
        while at < len(others) and others[at][1] < first:
            at += 1
        for start, end in islice(others, at, None):
            if start > last:
                break
            common.append((max(first, start), min(last, end)))
    return common


def _without(some: list[Span], others: list[Span]) -> Iterator[Span]:
    """The numbers of *some* that lie in none of *others*; each in order."""
    at = 0
    for first, last in some:
        while at < len(others) and others[at][1] < first:
            at += 1
        yield from between(islice(others, at, None), first, last)


def _numbers(spans: list[Span]) -> int:
    return sum(last - first + 1 for first, last in spans)
