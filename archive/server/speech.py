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
    if request.version in (HttpVersion10, HttpVersion11):
        return await handler(request)
    raise Malformed("HTTP/1.1 is spoken here, and no other version")
