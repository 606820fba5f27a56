"""What an answer to a camera tells beside its echo: our clock, and settings and addresses that it does not have."""

from __future__ import annotations

import time

from aiohttp import web

from archive import fields
from archive.frame import Status
from archive.index import CameraKey, Settings
from archive.server.door import Door


def tell(
    response: web.Response, settings: Settings | None, status: Status, door: Door, *, shown: CameraKey | None = None
) -> None:
    """Tell a camera of that *status* the time, *settings* newer than its own, and the *door* where it knows another.

    And that it shall draw another key, where the one it has *shown* is to be replaced.
    """
    response.headers[fields.CLOCK] = fields.render_clock(time.time_ns() // 1_000_000)
    if settings is not None and settings.version > (status.settings_version or 0):
        response.headers[fields.SETTINGS] = fields.render_settings(settings.version, settings.values)
    addresses = door.addresses()
    if addresses is not None and status.said.get("address") != addresses.version:
        response.headers[fields.ADDRESS] = fields.render_addresses(addresses)
    if shown is not None and shown.renewal_asked_at_ms is not None:
        response.headers[fields.KEY] = fields.render_renew(shown.prefix)
