"""Every error as one shape, `application/problem+json`: the table of statuses, and the middleware that applies it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from archive import errors
from archive.fields import Answer, render_echo
from archive.server import keys
from archive.server.answers import Problem, encode

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Named(msgspec.Struct, frozen=True):
    """The name of what a camera sent, and the field that says it."""

    field: str
    boot: str
    number: int


# Set once the name of a frame or a report is known, so that a refusal can say which one it means.
NAMED = web.RequestKey("named", Named)


class Rule(msgspec.Struct, frozen=True):
    """What an error becomes."""

    status: int
    title: str
    answer: Answer  # what a camera shall do with its frame


# The first class that fits counts, so the more special stand first.
RULES: dict[type[Exception], Rule] = {
    errors.UnsupportedMedia: Rule(415, "Not a picture we keep", Answer.REFUSED),
    errors.TooLarge: Rule(413, "Too large", Answer.REFUSED),
    errors.LengthRequired: Rule(411, "Length required", Answer.REFUSED),
    errors.InvalidFrame: Rule(400, "Not a frame", Answer.REFUSED),
    errors.Malformed: Rule(400, "Malformed request", Answer.REFUSED),
    errors.DigestMismatch: Rule(422, "Bytes changed on their way", Answer.AGAIN),
    errors.TooSlow: Rule(408, "Too slow", Answer.AGAIN),
    errors.Pending: Rule(401, "Waiting to be let in", Answer.AGAIN),
    errors.Unauthorized: Rule(401, "Sign in, or show a key", Answer.AGAIN),
    errors.Forbidden: Rule(403, "Not allowed", Answer.AGAIN),
    errors.WrongHost: Rule(421, "Not a name of this archive", Answer.AGAIN),
    errors.TooOften: Rule(429, "Too often", Answer.AGAIN),
    errors.ShareNotFound: Rule(404, "No such share link", Answer.REFUSED),
    errors.SessionNotFound: Rule(404, "No such browser", Answer.REFUSED),
    errors.KeyNotFound: Rule(404, "No such key", Answer.REFUSED),
    errors.KeysFull: Rule(409, "Keys enough", Answer.REFUSED),
    errors.FrameNotFound: Rule(404, "No such frame", Answer.REFUSED),
    errors.CameraNotFound: Rule(404, "No such camera", Answer.REFUSED),
    errors.CameraExists: Rule(409, "The camera exists", Answer.REFUSED),
    errors.LogTooOld: Rule(410, "Older than the log", Answer.REFUSED),
    errors.DiskFull: Rule(507, "No room", Answer.AGAIN),
    errors.Unavailable: Rule(503, "Not just now", Answer.AGAIN),
    errors.Corrupt: Rule(500, "The archive is damaged", Answer.AGAIN),
}


SERVER = "camera-archive"  # instead of the names and versions of programs
# On every answer, unless it says otherwise.
PROTECTION = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank") -> web.Response:
    """An error as an answer."""
    return web.Response(
        status=status,
        body=encode(Problem(type=kind, title=title, status=status, detail=detail)),
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store"},  # a cache may keep a 404 that says nothing, for who may see it too
    )


def of_error(request: web.BaseRequest, error: errors.ArchiveError) -> web.Response:
    """The answer to one of our own errors; to a camera it echoes the frame or the report it speaks of."""
    rule = next(rule for kind, rule in RULES.items() if isinstance(error, kind))
    kind = f"/docs/errors#{type(error).__name__}"
    response = problem(rule.status, rule.title, str(error), kind=kind)
    if isinstance(error, errors.Unavailable | errors.Pending | errors.TooOften):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if rule.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="camera-archive"'
    named = request.get(NAMED)
    if named is not None:
        response.headers[named.field] = render_echo(named.boot, named.number, rule.answer, field=named.field)
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns whatever a handler raises into a problem."""
    try:
        return await handler(request)
    except asyncio.CancelledError:  # the other side left while we were at it
        request.app[keys.METRICS].hung_up(request.method)
        raise
    except ConnectionError:  # the other side left; nobody is there to answer
        request.app[keys.METRICS].hung_up(request.method)
        return _cut(request)
    except Exception as error:  # noqa: BLE001 - told of and answered below
        if request.writer.output_size:
            log.error("the answer to %s %s was cut off: %s", request.method, request.path, error)  # noqa: TRY400 - says all
            return _cut(request)
        return _answer(request, error)


def _answer(request: web.Request, error: Exception) -> web.Response:
    match error:
        case errors.ArchiveError():
            return of_error(request, error)
        case web.HTTPRequestEntityTooLarge():
            return of_error(request, errors.TooLarge(error.text or "too large"))
        case web.HTTPException() if error.status >= 400:
            response = problem(error.status, error.reason, _in_words(request, error))
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
            return response
        case web.HTTPException():
            raise error
        case _:
            log.error("%s %s failed in our own code", request.method, request.path, exc_info=error)
            return problem(500, "Our mistake", "the archive failed to answer this; its log says why")


def _cut(request: web.Request) -> web.Response:
    """Break the connection off: half an answer must not look like a whole one. aiohttp then sends nothing of this."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _in_words(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPNotFound):
        return f"there is nothing at {request.path}; /api/openapi.json lists what there is"
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} does not work here; {', '.join(sorted(error.allowed_methods))} does"
    return error.text or error.reason
