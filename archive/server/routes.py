"""Every route, and what surrounds each answer."""

from __future__ import annotations

from aiohttp import hdrs, web

from archive.server import (
    cameras,
    catalog,
    checking,
    doctoring,
    keys,
    live,
    media,
    openapi,
    pages,
    reports,
    settings,
    upload,
)


def add_routes(app: web.Application) -> None:
    """All of the archive's routes."""
    router = app.router
    for method in (hdrs.METH_POST, hdrs.METH_PUT):
        router.add_route(method, "/api/frames", upload.receive, expect_handler=upload.expect)
    for path, handler in {
        "/api/frames": catalog.frames,
        "/api/frames/{id}": catalog.frame,
        "/api/cameras": catalog.cameras,
        "/api/cameras/{id}/gaps": catalog.gaps,
        "/api/cameras/{id}/health": catalog.health_of_camera,
        "/api/cameras/{id}/slits/{day}": media.slits,
        "/api/days": catalog.days,
        "/api/days/{day}": catalog.day,
        "/api/archive": catalog.archive,
        "/api/changes": live.changes,
        "/api/openapi.json": openapi.document,
        "/healthz": catalog.health,
        "/photos/{path:.+}": media.original,
        "/thumbnails/320/{path:.+}": media.thumbnail,
        "/": pages.front,
        "/cameras": pages.cameras,
        "/cameras/{id}": pages.camera,
        "/doctor": pages.doctor,
        "/{path:(?:js|css|icons)/[a-z0-9.-]+}": pages.page,
        "/{path:[a-z0-9-]+[.](?:svg|webmanifest|png)}": pages.page,
    }.items():
        router.add_get(path, handler)
    for path, stream in {"/api/photos": catalog.photos, "/api/events": live.events}.items():
        router.add_get(path, stream, allow_head=False)  # what is written as it is found has no head of its own
    router.add_post("/api/reports", reports.receive)
    router.add_post("/api/cameras", cameras.add)
    router.add_delete("/api/cameras/{id}/keys", cameras.revoke)
    router.add_get("/api/cameras/{id}/settings", settings.show)
    router.add_patch("/api/cameras/{id}/settings", settings.change)
    router.add_post("/api/cameras/{id}/shot", settings.shoot)
    router.add_post("/api/check", checking.check_archive)
    router.add_post("/api/doctor", doctoring.see_doctor)
    app.on_response_prepare.append(_protect)


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    """The headers of every answer, errors included."""
    headers = response.headers
    headers["Server"] = "camera-archive"
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    _allow_reading(request, response)


def _allow_reading(request: web.Request, response: web.StreamResponse) -> None:
    """CORS: the sites the owner named may read from a browser; writing from another site is never allowed."""
    origins = request.app[keys.CONFIG].cors_origins
    if not origins or request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
        return
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)  # also of an answer to nobody in particular, which a cache may hold
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and (origin in origins or "*" in origins):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*" if "*" in origins else origin
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
