"""Every error as one shape, `application/problem+json`: the table of statuses, and the middleware that applies it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from archive import errors
from archive.fields import FRAME, Answer, render_frame
from archive.frame import FrameClaim
from archive.server.answers import Problem, encode

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Set once an upload's name is known, so that a refusal can say which frame it means.
CLAIM = web.RequestKey("claim", FrameClaim)


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
    errors.Unauthorized: Rule(401, "A key is needed", Answer.AGAIN),
    errors.Forbidden: Rule(403, "Not allowed", Answer.AGAIN),
    errors.FrameNotFound: Rule(404, "No such frame", Answer.REFUSED),
    errors.CameraNotFound: Rule(404, "No such camera", Answer.REFUSED),
    errors.CameraExists: Rule(409, "The camera exists", Answer.REFUSED),
    errors.LogTooOld: Rule(410, "Older than the log", Answer.REFUSED),
    errors.DiskFull: Rule(507, "No room", Answer.AGAIN),
    errors.Unavailable: Rule(503, "Not just now", Answer.AGAIN),
    errors.Corrupt: Rule(500, "The archive is damaged", Answer.AGAIN),
}


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank") -> web.Response:
    """An error as an answer."""
    return web.Response(
        status=status,
        body=encode(Problem(type=kind, title=title, status=status, detail=detail)),
        content_type="application/problem+json",
    )


def of_error(request: web.BaseRequest, error: errors.ArchiveError) -> web.Response:
    """The answer to one of our own errors; to an upload it echoes the frame it speaks of."""
    rule = next(rule for kind, rule in RULES.items() if isinstance(error, kind))
    kind = f"/docs/errors#{type(error).__name__}"
    response = problem(rule.status, rule.title, str(error), kind=kind)
    if isinstance(error, errors.Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if rule.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="camera-archive"'
    claim = request.get(CLAIM)
    if claim is not None and claim.boot is not None and claim.number is not None:
        response.headers[FRAME] = render_frame(claim.boot, claim.number, rule.answer)
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns whatever a handler raises into a problem."""
    try:
        return await handler(request)
    except errors.ArchiveError as error:
        return of_error(request, error)
    except web.HTTPRequestEntityTooLarge as error:
        return of_error(request, errors.TooLarge(error.text or "too large"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = problem(error.status, error.reason, _in_words(request, error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except ConnectionError:  # the other side left; nobody is there to answer
        raise
    except Exception:
        log.exception("%s %s failed in our own code", request.method, request.path)
        return problem(500, "Our mistake", "the archive failed to answer this; its log says why")


def _in_words(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPNotFound):
        return f"there is nothing at {request.path}; /api/openapi.json lists what there is"
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} does not work here; {', '.join(sorted(error.allowed_methods))} does"
    return error.text or error.reason
