"""The page and its parts, served as they were written."""

from aiohttp import hdrs, web

from archive.server import keys
from archive.server.etags import unchanged

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


async def page(request: web.Request) -> web.Response:
    """The catalogue, or one of the files that the pages are made of."""
    return _served(request, request.match_info.get("path") or "index.html")


async def cameras(request: web.Request) -> web.Response:
    """The wall of all cameras."""
    return _served(request, "cameras.html")


async def camera(request: web.Request) -> web.Response:
    """A camera's own page; it finds out itself whether there is such a camera."""
    return _served(request, "camera.html")


def _served(request: web.Request, name: str) -> web.Response:
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
    if asset.gzipped is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        body = asset.gzipped
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers[hdrs.ETAG] = asset.etag.replace('"', '"gzip-', 1)  # other bytes, so another tag
    return unchanged(request, headers[hdrs.ETAG], headers) or web.Response(body=body, headers=headers)
