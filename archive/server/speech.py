"""What is taken for HTTP here, and how those are answered who speak something else."""

from __future__ import annotations

from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from archive.errors import Malformed
from archive.server.problems import PROTECTION, SERVER, Handler, problem

# A head that never ends costs what it may hold, so it may hold little: 256 kB a connection. Browsers send some twenty
# fields, and all cookies of `localhost` in one of them.
SPEECH: dict[str, Any] = {
    "access_log": None,  # nothing per frame above debug
    "lingering_time": 2,
    "auto_decompress": False,  # a kilobyte must not become a megabyte
    "read_bufsize": 2**16,  # what a body may be ahead of who reads it, twice
    "max_line_size": 4096,
    "max_field_size": 4096,
    "max_headers": 64,
}


class Conversation(web.RequestHandler):
    """A connection from the network; what on it is no request is answered as every error is, and not logged."""

    __slots__ = ()  # there are thousands

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, HttpProcessingError):
            response = problem(400, "Not HTTP", "this is no request as HTTP/1.1 has them, or its head is too large")
        elif isinstance(exc, UnicodeEncodeError) and hdrs.EXPECT in request.headers:
            # aiohttp repeats an expectation that it does not know, and fails where that is no text.
            response = problem(417, "Expectation failed", "of what can be expected only 100-continue is known here")
        else:
            return super().handle_error(request, status, exc, message)
        response.headers.update({hdrs.SERVER: SERVER, **PROTECTION})
        response.force_close()
        return response


@web.middleware
async def plain_http(request: web.Request, handler: Handler) -> web.StreamResponse:
    """HTTP/1.0 and 1.1. The parser takes others too, and answers in them as if it knew them."""
    if request.version not in (HttpVersion10, HttpVersion11):
        raise Malformed("HTTP/1.1 is spoken here, and no other version")
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        _forget(request)  # some wait for news for a minute
    try:
        return await handler(request)
    finally:
        _forget(request)


def _forget(request: web.Request) -> None:
    """What nobody reads of a body would lie in memory, uncounted, until the connection's next request."""
    if request.content.exception() is None:
        request.content.read_nowait()
