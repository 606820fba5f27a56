"""Whether the asker has the same bytes already."""

from aiohttp import hdrs, web


def unchanged(request: web.Request, etag: str, headers: dict[str, str]) -> web.Response | None:
    """The answer 304 when the asker names *etag* (quoted, as in the header), also weakened by a proxy; else None."""
    wanted = request.if_none_match
    if wanted is None or not any(tag.value in {"*", etag.strip('"')} for tag in wanted):
        return None
    return web.Response(status=304, headers={k: v for k, v in headers.items() if k != hdrs.CONTENT_TYPE})
