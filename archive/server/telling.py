"""What an answer to a camera tells beside its echo: our clock, and settings newer than the camera's."""

from __future__ import annotations

import time

from aiohttp import web

from archive import fields
from archive.frame import Status
from archive.index import Settings


def tell(response: web.Response, settings: Settings | None, status: Status) -> None:
    """Tell a camera of that *status* the time, and its *settings* of record where it has older ones."""
    response.headers[fields.CLOCK] = fields.render_clock(time.time_ns() // 1_000_000)
    if settings is not None and settings.version > (status.settings_version or 0):
        response.headers[fields.SETTINGS] = fields.render_settings(settings.version, settings.values)
