"""The reading API: pages of frames, single ones, cameras, days, the archive itself, and the student project's list."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from archive import __version__
from archive.errors import Malformed
from archive.frame import Verdict, camera_id, unix_ms, utc
from archive.index import Page
from archive.server import answers, keys
from archive.server.answers import encode
from archive.server.media import named

LIMIT = 100
LIMIT_MAX = 1000
COMPRESS_OVER_BYTES = 4096  # a page of frames is all repetition: a tenth remains
ORDERS = ("newest", "oldest")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOURS = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_SHARE = re.compile(r"[0-9](?:\.[0-9]{1,20})?")


def answer(what: msgspec.Struct) -> web.Response:
    """A struct as JSON that nobody may keep."""
    response = web.Response(body=encode(what), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if response.content_length and response.content_length > COMPRESS_OVER_BYTES:
        response.enable_compression()
    return response


async def frames(request: web.Request) -> web.Response:
    """A page of frames, newest first; with `order=oldest` the other way round."""
    page = await page_of(request)
    return answer(
        answers.FramesAnswer(
            frames=[answers.frame_answer(frame) for frame in page.frames],
            next=page.next and f"{request.path}?{urlencode({**request.query, 'cursor': cursor_of(page.next)})}",
            searched_to=page.next and utc(page.next[0]),
            total=page.total,
            last_seq=page.last_seq,
        )
    )


async def page_of(request: web.Request, *, limit: int = LIMIT) -> Page:
    """The page of frames that the query asks for. Raises Malformed."""
    query = request.query
    after_ms = _moment(query.get("after"), "after")
    oldest_first = _order(query.get("order")) == "oldest"
    if oldest_first and after_ms is None:
        raise Malformed("order=oldest needs after=…: the moment from which to read on")
    return await request.app[keys.INDEX].frames(
        camera=camera_id(query["camera"]) if query.get("camera") else None,
        before_ms=_moment(query.get("before"), "before"),
        after_ms=after_ms,
        cursor=_cursor(query["cursor"]) if query.get("cursor") else None,
        limit=number(query, "limit", limit, 1, LIMIT_MAX),
        oldest_first=oldest_first,
        hours=_hours(query.get("hour")),
        verdicts=_verdicts(query.get("verdict")),
        difference=_share(query.get("difference"), "difference"),
    )


async def frame(request: web.Request) -> web.Response:
    """One frame, with what its camera said of itself."""
    frame_id = number(request.match_info, "id", 0, 0, 2**63 - 1)
    index = request.app[keys.INDEX]
    found = await index.frame(frame_id)
    return answer(answers.frame_detail(found, await index.frame_status(frame_id)))


async def cameras(request: web.Request) -> web.Response:
    """Every camera with its newest frame."""
    found = await request.app[keys.INDEX].cameras()
    return answer(answers.CamerasAnswer(cameras=[answers.camera_answer(camera) for camera in found]))


async def days(request: web.Request) -> web.Response:
    """How many frames each day holds."""
    camera = camera_id(request.query["camera"]) if request.query.get("camera") else None
    found = await request.app[keys.INDEX].days(camera=camera)
    zone = request.app[keys.CONFIG].zone().key
    counted = [answers.DayAnswer(day=day.day, frames=day.frames) for day in found.days]
    return answer(answers.DaysAnswer(timezone=zone, days=counted, last_seq=found.last_seq))


async def day(request: web.Request) -> web.Response:
    """How many frames each quarter hour of a day holds."""
    wanted = day_of(request.match_info["day"])
    camera = camera_id(request.query["camera"]) if request.query.get("camera") else None
    found = await request.app[keys.INDEX].day(wanted, camera=camera)
    return answer(
        answers.ActivityAnswer(
            day=wanted,
            timezone=request.app[keys.CONFIG].zone().key,
            frames=found.frames,
            quarters=found.quarters,
            cameras=found.cameras,
            last_seq=found.last_seq,
        )
    )


async def archive(request: web.Request) -> web.Response:
    """The archive itself."""
    config, index, door = request.app[keys.CONFIG], request.app[keys.INDEX], request.app[keys.DOOR]
    return answer(
        answers.ArchiveAnswer(
            id=index.id,
            title=config.title,
            timezone=config.zone().key,
            total=index.total,
            last_seq=index.last_seq,
            version=__version__,
            host=door.host,
            port=door.port,
            shots_from_page=config.shots_from_page,
        )
    )


async def health(request: web.Request) -> web.Response:
    """Whether the archive answers, and how busy it is."""
    app = request.app
    await app[keys.INDEX].frames(limit=1)
    return answer(
        answers.HealthAnswer(
            status="ok", listeners=app[keys.EVENTS].listeners, thumbnails_waiting=app[keys.THUMBS].backlog
        )
    )


async def photos(request: web.Request) -> web.StreamResponse:
    """The student project's list, newest first: all of it without `limit`, older than `before` where given.

    Written as it is read, so that a million names need no memory.
    """
    index = request.app[keys.INDEX]
    query = request.query
    left = number(query, "limit", 2**62, 1, 2**62)
    cursor = None
    if query.get("before"):
        last = await named(index, query["before"])
        cursor = (last.taken_at_ms, last.id)
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
    page = await index.frames(cursor=cursor, limit=min(left, LIMIT_MAX))
    await response.prepare(request)
    await response.write(b'{"total":%d,"photos":[' % index.total)
    separator = b""
    while page.frames:
        names = [encode(answers.PhotoAnswer(filename=found.key.removeprefix("photos/"))) for found in page.frames]
        await response.write(separator + b",".join(names))
        separator = b","
        left -= len(names)
        if page.next is None or left <= 0:
            break
        page = await index.frames(cursor=page.next, limit=min(left, LIMIT_MAX))
    await response.write(b"]}")
    await response.write_eof()
    return response


def number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from a query or a path. Raises Malformed."""
    text = values.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise Malformed(f"{name} is a whole number from {least} to {most}, not {text[:32]!r}")
    return int(text)


def day_of(text: str) -> date:
    """A day from a path. Raises Malformed."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError  # noqa: TRY301 - Python takes other ways to write a day too
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"a day is written such as 2026-11-22, not {text[:32]!r}") from None


def _moment(text: str | None, name: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError  # noqa: TRY301 - no time zone is as bad as no time
        return unix_ms(moment)
    except (ValueError, OverflowError):
        raise Malformed(f"{name} is a time such as 2026-11-22T13:00:00Z, not {text[:40]!r}") from None


def _order(text: str | None) -> str:
    if text and text not in ORDERS:
        raise Malformed(f"order is one of {', '.join(ORDERS)}, not {text[:32]!r}")
    return text or ORDERS[0]


def _hours(text: str | None) -> tuple[int, int] | None:
    if not text:
        return None
    hours = _HOURS.fullmatch(text)
    if hours is None or int(hours[1]) % 24 == int(hours[2]) % 24 or max(int(hours[1]), int(hours[2])) > 24:
        raise Malformed(f"hour is two different hours such as 6-9 or, over midnight, 22-4, not {text[:32]!r}")
    return int(hours[1]), int(hours[2])


def _verdicts(text: str | None) -> frozenset[Verdict]:
    try:
        return frozenset(map(Verdict, text.split(","))) if text else frozenset()
    except ValueError:
        raise Malformed(f"verdict is any of {', '.join(Verdict)}, with commas between, not {text!r:.80}") from None


def _share(text: str | None, name: str) -> float | None:
    if not text:
        return None
    if not (_SHARE.fullmatch(text) and float(text) <= 1):
        raise Malformed(f"{name} is a number from 0 to 1 such as 0.1, not {text[:32]!r}")
    return float(text)


def cursor_of(position: tuple[int, int]) -> str:
    """The word for a place in the order of frames, for a URL."""
    taken_at_ms, frame_id = position
    return base64.urlsafe_b64encode(f"{taken_at_ms}.{frame_id}".encode()).decode().rstrip("=")


def _cursor(text: str) -> tuple[int, int]:
    try:
        taken, frame_id = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).split(b".")
        cursor = int(taken), int(frame_id)
        if max(map(abs, cursor)) >= 2**63:
            raise ValueError  # noqa: TRY301 - beyond what the index holds
    except (ValueError, binascii.Error):
        raise Malformed("this cursor is none of ours: take the URL in `next` as it stands") from None
    return cursor
