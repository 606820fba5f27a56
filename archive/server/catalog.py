"""The reading API: pages of frames, single ones, cameras, days, the archive itself, and the student project's list."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from aiohttp import web

from archive import __version__
from archive.errors import Malformed
from archive.frame import camera_id, utc
from archive.index import Page
from archive.server import answers, keys, queries
from archive.server.answers import encode
from archive.server.media import named

LIMIT = 100
LIMIT_MAX = 1000
COMPRESS_OVER_BYTES = 4096  # a page of frames is all repetition: a tenth remains
POINTS = 200


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
            next=page.next and f"{request.path}?{urlencode({**request.query, 'cursor': queries.cursor_of(page.next)})}",
            searched_to=page.next and utc(page.next[0]),
            total=page.total,
            last_seq=page.last_seq,
        )
    )


async def page_of(request: web.Request, *, limit: int = LIMIT) -> Page:
    """The page of frames that the query asks for. Raises Malformed."""
    query = request.query
    after_ms = queries.moment(query.get("after"), "after")
    oldest_first = queries.order(query.get("order")) == "oldest"
    if oldest_first and after_ms is None:
        raise Malformed("order=oldest needs after=…: the moment from which to read on")
    return await request.app[keys.INDEX].frames(
        camera=camera_id(query["camera"]) if query.get("camera") else None,
        before_ms=queries.moment(query.get("before"), "before"),
        after_ms=after_ms,
        cursor=queries.cursor(query["cursor"]) if query.get("cursor") else None,
        limit=queries.number(query, "limit", limit, 1, LIMIT_MAX),
        oldest_first=oldest_first,
        hours=queries.hours(query.get("hour")),
        verdicts=queries.verdicts(query.get("verdict")),
        difference=queries.share(query.get("difference"), "difference"),
    )


async def frame(request: web.Request) -> web.Response:
    """One frame, with what its camera said of itself."""
    frame_id = queries.number(request.match_info, "id", 0, 0, 2**63 - 1)
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


async def gaps(request: web.Request) -> web.Response:
    """Which of a camera's numbers have not arrived, newest gaps first."""
    query, camera = request.query, camera_id(request.match_info["id"])
    page = await request.app[keys.INDEX].gaps(
        camera,
        cursor=queries.cursor(query["cursor"]) if query.get("cursor") else None,
        limit=queries.number(query, "limit", LIMIT, 1, LIMIT_MAX),
    )
    following = page.next and f"{request.path}?{urlencode({**query, 'cursor': queries.cursor_of(page.next)})}"
    return answer(answers.gaps_answer(camera, page, following))


async def health_of_camera(request: web.Request) -> web.Response:
    """What a camera said of itself, with single frames spread evenly over a span."""
    query, camera = request.query, camera_id(request.match_info["id"])
    found = await request.app[keys.INDEX].spread(
        camera,
        after_ms=queries.moment(query.get("after"), "after"),
        before_ms=queries.moment(query.get("before"), "before"),
        parts=queries.number(query, "points", POINTS, 1, LIMIT_MAX),
    )
    points = [
        answers.HealthPoint(at=utc(frame.taken_at_ms), frame=frame.id, status=status)
        for frame, status in found
        if status
    ]
    return answer(answers.CameraHealthAnswer(camera=camera, points=points))


async def day(request: web.Request) -> web.Response:
    """How many frames each quarter hour of a day holds."""
    wanted = queries.day_of(request.match_info["day"])
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
            is_tls=door.is_tls,
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
    left = queries.number(query, "limit", 2**62, 1, 2**62)
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
