"""Every route and the right it needs, and what surrounds each answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from archive.rights import Right
from archive.server import (
    cameras,
    catalog,
    checking,
    doctoring,
    joining,
    keys,
    known,
    legacy,
    live,
    media,
    metering,
    openapi,
    pages,
    peer,
    reports,
    settings,
    sharing,
    signing_in,
    upload,
)
from archive.server.needs import Need
from archive.server.problems import PROTECTION, SERVER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN = Need(Right.NONE)
KEY = Need(None)  # a camera's key, which the handler asks for
UPLOAD = Need(None, may_be_left=True)  # as well; the storing itself is shielded
SEE = Need(Right.SEE)
SEE_ALL = Need(Right.SEE_ALL)
RUN = Need(Right.RUN)
LOOK = Need(Right.RUN, may_be_left=True)  # told of while it is being found out, and only as long as somebody listens
PAGE = Need(Right.SEE, is_page=True)
WHOLE_PAGE = Need(Right.SEE_ALL, is_page=True)
OWNERS_PAGE = Need(Right.RUN, is_page=True)

ROUTES: tuple[tuple[Need, str, str, Handler], ...] = (
    (UPLOAD, "POST", "/api/frames", upload.receive),
    (UPLOAD, "PUT", "/api/frames", upload.receive),
    (KEY, "POST", "/api/reports", reports.receive),
    (UPLOAD, "POST", "/upload.php", legacy.receive),
    (KEY, "GET", "/metrics", metering.show),  # or the owner
    (SEE, "GET", "/api/frames", catalog.frames),
    (SEE, "GET", "/api/frames/{id}", catalog.frame),
    (SEE, "GET", "/api/cameras", catalog.cameras),
    (SEE_ALL, "GET", "/api/cameras/{id}/gaps", catalog.gaps),
    (SEE_ALL, "GET", "/api/cameras/{id}/health", catalog.health_of_camera),
    (SEE, "GET", "/api/cameras/{id}/slits/{day}", media.slits),
    (SEE, "GET", "/api/days", catalog.days),
    (SEE, "GET", "/api/days/{day}", catalog.day),
    (SEE, "GET", "/api/archive", catalog.archive),
    (SEE, "GET", "/api/changes", live.changes),
    (SEE, "GET", "/api/events", live.events),
    (SEE, "GET", "/api/photos", catalog.photos),
    (SEE, "GET", "/photos/{path:.+}", media.original),
    (SEE, "GET", "/thumbnails/320/{path:.+}", media.thumbnail),
    (RUN, "POST", "/api/cameras", cameras.add),
    (RUN, "GET", "/api/cameras/{id}/keys", cameras.list_keys),
    (RUN, "POST", "/api/cameras/{id}/keys", cameras.add_key),
    (RUN, "POST", "/api/cameras/{id}/renewal", cameras.renew_key),
    (RUN, "DELETE", "/api/cameras/{id}/keys", cameras.revoke),
    (RUN, "DELETE", "/api/cameras/{id}/keys/{key}", cameras.revoke_key),
    (RUN, "GET", "/api/cameras/{id}/settings", settings.show),
    (RUN, "PATCH", "/api/cameras/{id}/settings", settings.change),
    (RUN, "POST", "/api/cameras/{id}/shot", settings.shoot),
    (RUN, "GET", "/api/joining", joining.show),
    (RUN, "POST", "/api/joining/{key}", joining.approve),
    (RUN, "DELETE", "/api/joining/{key}", joining.refuse),
    (LOOK, "POST", "/api/check", checking.check_archive),
    (LOOK, "POST", "/api/doctor", doctoring.see_doctor),
    (RUN, "POST", "/api/known", known.find),
    (RUN, "GET", "/api/shares", sharing.shares),
    (RUN, "POST", "/api/shares", sharing.share),
    (RUN, "DELETE", "/api/shares/{no}", sharing.revoke),
    (RUN, "POST", "/api/sign-in-links", signing_in.make_link),
    (RUN, "PUT", "/api/password", signing_in.set_password),
    (RUN, "GET", "/api/sessions", signing_in.sessions),
    (RUN, "DELETE", "/api/sessions/{id}", signing_in.end_session),
    (OPEN, "GET", "/api/session", signing_in.show),
    (OPEN, "POST", "/api/session", signing_in.sign_in),
    (OPEN, "DELETE", "/api/session", signing_in.sign_out),
    (OPEN, "GET", "/api/openapi.json", openapi.document),
    (OPEN, "GET", "/healthz", catalog.health),
    (OPEN, "GET", "/sign-in", pages.sign_in_page),
    (PAGE, "GET", "/", pages.front),
    (PAGE, "GET", "/cameras", pages.cameras),
    (WHOLE_PAGE, "GET", "/cameras/{id}", pages.camera),
    (OWNERS_PAGE, "GET", "/doctor", pages.doctor),
    (OWNERS_PAGE, "GET", "/desk", pages.desk),
    (OPEN, "GET", "/{path:(?:js|css|icons)/[a-z0-9.-]+}", pages.page),
    (OPEN, "GET", "/{path:[a-z0-9-]+[.](?:svg|webmanifest|png)}", pages.page),
)
YEAR_S = 31_536_000
STREAMS = {catalog.photos, live.events, metering.show}  # what is written as it is found has no head of its own


def add_routes(app: web.Application) -> None:
    """All of the archive's routes."""
    for _, method, path, handler in ROUTES:
        if method == hdrs.METH_GET:
            app.router.add_get(path, handler, allow_head=handler not in STREAMS)
        else:
            app.router.add_route(
                method, path, handler, expect_handler=upload.expect if handler is upload.receive else None
            )
    app[keys.NEEDS] = {handler: need for need, _, _, handler in ROUTES}
    app.on_response_prepare.append(_protect)
    app.on_response_prepare.append(metering.count)


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    """The headers of every answer, errors included."""
    headers = response.headers
    headers[hdrs.SERVER] = SERVER
    for name, value in PROTECTION.items():
        headers.setdefault(name, value)
    if peer.is_https(request, request.app[keys.DOOR]):
        headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}")
    if not request.app[keys.CONFIG].public and headers.get(hdrs.CACHE_CONTROL, "").startswith("public"):
        # What only some may see no cache between us may keep.
        headers[hdrs.CACHE_CONTROL] = headers[hdrs.CACHE_CONTROL].replace("public", "private", 1)
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
