"""The reading API: pages of frames, single ones, cameras, days, the archive itself, and the student project's list."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from archive import __version__
from archive.errors import FrameNotFound, Malformed
from archive.frame import Camera, camera_id, utc
from archive.index import Activity, Calendar, Index, Page
from archive.rights import Right, Scope, Visitor
from archive.server import answers, keys, queries
from archive.server.answers import encode
from archive.server.media import named

LIMIT = 100
LIMIT_MAX = 1000
COMPRESS_OVER_BYTES = 4096  # a page of frames is all repetition: a tenth remains
POINTS = 200
MANY = 10_000  # what is told where a span cuts a day of more frames: to count them one by one would be dear


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
    scope = request[keys.VISITOR].scope.narrowed(
        camera_id(query["camera"]) if query.get("camera") else None,
        after_ms,
        queries.moment(query.get("before"), "before"),
    )
    return await request.app[keys.INDEX].frames(
        camera=scope.camera,
        before_ms=scope.before_ms,
        after_ms=scope.after_ms,
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
    found, visitor = await index.frame(frame_id), request[keys.VISITOR]
    if not visitor.sees(found):
        raise FrameNotFound(f"there is no frame {frame_id}")
    status = await index.frame_status(frame_id) if visitor.right >= Right.SEE_ALL else {}
    return answer(answers.frame_detail(found, status))


async def cameras(request: web.Request) -> web.Response:
    """Every camera with its newest frame."""
    found, visitor = await request.app[keys.INDEX].cameras(), request[keys.VISITOR]
    if visitor.right < Right.SEE_ALL:
        found = [_dimmed(camera, visitor) for camera in found if visitor.scope.camera in {None, camera.id}]
    return answer(answers.CamerasAnswer(cameras=[answers.camera_answer(camera) for camera in found]))


def _dimmed(camera: Camera, visitor: Visitor) -> Camera:
    """A camera as somebody sees it who may not know how it fares."""
    latest = camera.latest if camera.latest is not None and visitor.sees(camera.latest) else None
    return Camera(
        id=camera.id,
        created_at_ms=camera.created_at_ms,
        frames=0 if visitor.scope.is_span else camera.frames,
        seen_at_ms=camera.seen_at_ms if latest is not None else None,
        latest=latest,
        every_ms=camera.every_ms if latest is not None else None,
    )


async def days(request: web.Request) -> web.Response:
    """How many frames each day holds."""
    found = await days_of(request)
    zone = request.app[keys.CONFIG].zone().key
    counted = [answers.DayAnswer(day=day.day, frames=day.frames) for day in found.days]
    return answer(answers.DaysAnswer(timezone=zone, days=counted, last_seq=found.last_seq))


async def days_of(request: web.Request) -> Calendar:
    """The days that the query asks for, as far as the visitor sees them."""
    scope = request[keys.VISITOR].scope.narrowed(
        camera_id(request.query["camera"]) if request.query.get("camera") else None, None, None
    )
    index, zone = request.app[keys.INDEX], request.app[keys.CONFIG].zone()
    found = await index.days(camera=scope.camera)
    if not scope.is_span:
        return found
    seen = []
    for day in found.days:
        part = scope.part_of(day.day, zone)
        if part is None:
            continue
        frames = day.frames if part.is_all else await _counted(index, scope, part)
        if frames:
            seen.append(msgspec.structs.replace(day, frames=frames))
    return Calendar(days=seen, last_seq=found.last_seq)


async def _counted(index: Index, scope: Scope, part: Scope) -> int:
    """How many frames a part of a day holds; `MANY` where the index counts no further."""
    page = await index.frames(camera=scope.camera, after_ms=part.after_ms, before_ms=part.before_ms, limit=1)
    return MANY if page.total is None else page.total


async def total_of(request: web.Request) -> int:
    """How many frames the visitor may see."""
    index, scope = request.app[keys.INDEX], request[keys.VISITOR].scope
    if scope.is_all:
        return index.total
    page = await index.frames(camera=scope.camera, after_ms=scope.after_ms, before_ms=scope.before_ms, limit=1)
    return MANY if page.total is None else page.total


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
    scope = request[keys.VISITOR].scope.narrowed(
        camera_id(request.query["camera"]) if request.query.get("camera") else None, None, None
    )
    index, zone = request.app[keys.INDEX], request.app[keys.CONFIG].zone()
    found = await index.day(wanted, camera=scope.camera)
    part = scope.part_of(wanted, zone)
    if part is None or not part.is_all:  # a day that is cut shows how many, and not when
        frames = 0 if part is None else await _counted(index, scope, part)
        found = Activity(frames=frames, quarters=[0] * 96, cameras={}, last_seq=found.last_seq)
    return answer(
        answers.ActivityAnswer(
            day=wanted,
            timezone=zone.key,
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
            total=await total_of(request),
            last_seq=index.last_seq,
            version=__version__,
            host=door.host,
            port=door.port,
            public_url=door.public_url,
            is_tls=door.is_tls,
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
        last = await named(index, query["before"], request[keys.VISITOR])
        cursor = (last.taken_at_ms, last.id)
    scope = request[keys.VISITOR].scope
    ask = partial(index.frames, camera=scope.camera, after_ms=scope.after_ms, before_ms=scope.before_ms)
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
    page = await ask(cursor=cursor, limit=min(left, LIMIT_MAX))
    total = await total_of(request)
    await response.prepare(request)
    await response.write(b'{"total":%d,"photos":[' % total)
    separator = b""
    while page.frames:
        names = [encode(answers.PhotoAnswer(filename=found.key.removeprefix("photos/"))) for found in page.frames]
        await response.write(separator + b",".join(names))
        separator = b","
        left -= len(names)
        if page.next is None or left <= 0:
            break
        page = await ask(cursor=page.next, limit=min(left, LIMIT_MAX))
    await response.write(b"]}")
    await response.write_eof()
    return response
