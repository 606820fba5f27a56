"""The page, with the first frames in it, and its parts as they were written."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlencode

from aiohttp import hdrs, web

from archive.errors import Malformed, Unavailable
from archive.frame import utc
from archive.index import Page
from archive.server import catalog, keys, queries, signing_in
from archive.server.etags import unchanged
from archive.server.printed import Sight

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


FRAMES = 50  # that the page comes with
CHOICE = {"hour", "verdict", "difference"}  # what a day's count knows nothing of


async def front(request: web.Request) -> web.Response:
    """The page with the frames its address asks for: newest first, of any camera, hour or moment."""
    app = request.app
    try:
        page = await catalog.page_of(request, limit=FRAMES)
        sight = Sight(
            title=app[keys.CONFIG].title,
            zone=app[keys.CONFIG].zone(),
            today=datetime.now(app[keys.CONFIG].zone()).date(),
            total=await catalog.total_of(request),
            frames=page.frames if request.query.get("order") != "oldest" else page.frames[::-1],
            counts=await _counts(request),
            older=page.next and _older(request.query, page),
            visit=signing_in.visit(request),
        )
    except (Malformed, Unavailable):
        return _answer(request, app[keys.ASSETS].asset("index.html").body)  # its own code says it better than we here
    return _answer(request, await asyncio.to_thread(app[keys.PRINTED].filled, sight))


async def _counts(request: web.Request) -> Mapping[date, int]:
    if CHOICE & request.query.keys():
        return {}
    return {day.day: day.frames for day in (await catalog.days_of(request)).days}


def _older(query: Mapping[str, str], page: Page) -> str:
    """The query of the page that goes on.

    The page's own code knows moments only, and would begin with the last frame again; without it the cursor counts.
    """
    assert page.next is not None  # noqa: S101 - asked only where there is more
    before = utc(page.next[0] + 1).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    place = {"before": before, "cursor": queries.cursor_of(page.next)}
    return urlencode({**{name: value for name, value in query.items() if name != "frame"}, **place}, safe=":,")


def _answer(request: web.Request, body: bytes) -> web.Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
        hdrs.ETAG: etag,
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        "Content-Security-Policy": POLICY,
    }
    if answer := unchanged(request, etag, headers):
        return answer
    response = web.Response(body=body, headers=headers)
    response.enable_compression()  # rows are all repetition
    return response


async def page(request: web.Request) -> web.Response:
    """A file of the page; the browser asks each time whether it changed."""
    return _served(request, request.match_info["path"])


async def cameras(request: web.Request) -> web.Response:
    """The wall of all cameras."""
    return _served(request, "cameras.html")


async def camera(request: web.Request) -> web.Response:
    """A camera's own page; it finds out itself whether there is such a camera."""
    return _served(request, "camera.html")


async def doctor(request: web.Request) -> web.Response:
    """The page on which the owner sees how the archive fares."""
    return _served(request, "doctor.html")


async def desk(request: web.Request) -> web.Response:
    """The owner's page: who may send, and who may see."""
    return _served(request, "desk.html")


async def sign_in_page(request: web.Request) -> web.Response:
    """Where links lead to, and where a password is given."""
    return sign_in(request, status=200)


def sign_in(request: web.Request, *, status: int) -> web.Response:
    """The page on which one signs in, in place of one that may not be seen: its address stays, to be loaded again."""
    response = _served(request, "sign-in.html", may_be_known=False)
    response.set_status(status)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


def _served(request: web.Request, name: str, *, may_be_known: bool = True) -> web.Response:
    """A file of the pages; the browser asks each time whether it changed."""
    asset = request.app[keys.ASSETS].asset(name)
    headers = {
        hdrs.CONTENT_TYPE: asset.content_type,
        hdrs.ETAG: asset.etag,
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        "Content-Security-Policy": POLICY,
    }
    body = asset.body
    accepted = _accepted(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    if coding := next((coding for coding in asset.encoded if coding in accepted), None):
        body = asset.encoded[coding]
        headers[hdrs.CONTENT_ENCODING] = coding
        headers[hdrs.ETAG] = asset.etag.replace('"', f'"{coding}-', 1)  # other bytes, so another tag
    known = unchanged(request, headers[hdrs.ETAG], headers) if may_be_known else None
    return known or web.Response(body=body, headers=headers)


def _accepted(text: str) -> set[str]:
    """The content codings that `Accept-Encoding` names and does not rule out (RFC 9110, 12.5.3)."""
    codings = (item.partition(";") for item in text.split(","))
    return {name.strip() for name, _, weight in codings if weight.replace(" ", "").strip("q=0.") or not weight}
