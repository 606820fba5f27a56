"""The guard before every route: whether a request is meant for us, who asks, and whether he may.

The rules of this file:
* What a route needs stands beside it in `routes.py`; one that says nothing needs the owner.
* A name that is not ours is refused before anything else: a site that lets its name point here could read us.
* What changes something is done to its end, also when who asked for it has gone. Cut off halfway, a right that was
  taken back would be ended in the index and go on in memory.
* A browser shows its cookie also when another site's page asks; so what changes something, our own page must ask for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from archive.errors import Forbidden, Unauthorized, WrongHost
from archive.rights import Right, Visitor
from archive.server import keys, pages, peer
from archive.server.needs import Need

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SAFE = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS}


OWNER_ONLY = Need(Right.RUN)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets a request through to its handler, with `request[keys.VISITOR]`, or says why not."""
    require_host(request)
    if request.match_info.http_exception is not None:
        return await handler(request)  # there is nothing here, or not by this method: for nobody
    need = request.app[keys.NEEDS].get(request.match_info.handler, OWNER_ONLY)
    visitor = request[keys.VISITOR] = request.app[keys.VISITORS].of(request)
    if request.method not in SAFE:
        _require_own_page(request, visitor)
    if need.right is not None and visitor.right < need.right:
        if need.is_page:
            return pages.sign_in(request, status=401 if visitor.mark is None else 403)
        raise refusal(visitor, need.right)
    if request.method in SAFE or need.may_be_left:
        return await handler(request)
    return await _to_its_end(request, handler)


async def _to_its_end(request: web.Request, handler: Handler) -> web.StreamResponse:
    doing = asyncio.ensure_future(handler(request))
    underway = request.app[keys.UNDERWAY]
    underway.add(doing)
    doing.add_done_callback(underway.discard)
    return await asyncio.shield(doing)


def require_host(request: web.BaseRequest) -> None:
    """Raises WrongHost when the request is for another name than ours."""
    host = request.headers.get(hdrs.HOST)
    if host is None or peer.is_owner(request):  # no browser leaves it out
        return
    if not request.app[keys.DOOR].is_ours(host):  # type: ignore[attr-defined]  # ours are all of an application
        raise WrongHost(f"{host[:100]!r} is not a name of this archive; the settings `hosts` and `public_url` add one")


def refusal(visitor: Visitor, right: Right) -> Exception:
    """Why that visitor may not do what *right* is for."""
    if visitor.mark is None:
        return Unauthorized("sign in first: on the machine of the archive `archive link` makes a link for that")
    if right is Right.RUN:
        return Forbidden("only the archive's owner may do this")
    return Forbidden("this link shows frames, and not how their cameras fare")


def _require_own_page(request: web.Request, visitor: Visitor) -> None:
    """Raises Forbidden where another site's page asks, or may have: a page cannot write either of these fields."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
    if site is not None:
        is_own = site in {"same-origin", "none"}
    elif origin is not None:  # browsers leave the other field out where the address is neither https nor this machine
        scheme = "https" if peer.is_https(request, request.app[keys.DOOR]) else "http"
        is_own = origin == f"{scheme}://{request.host}"
    else:
        is_own = visitor.mark is None  # no browser: it brings no cookie that somebody else gave it
    if not is_own:
        raise Forbidden("this is asked for by another site's page; only the archive's own page may")
