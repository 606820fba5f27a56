"""The door for cameras flashed with the ESP32-CAM upload tutorials: they have no key, so their address is all there is.

What those sketches send: multipart, one file in the field `imageFile`, to `/upload.php`. What they make of the answer:
they print the first of it, and some look for “has been uploaded”. They never send a frame again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from ipaddress import ip_address

from aiohttp import web

from archive.errors import ArchiveError, Forbidden, UnsupportedMedia
from archive.frame import FrameClaim, Status
from archive.server import keys, peer, upload
from archive.server.problems import of_error
from archive.server.senders import Address, plain


async def receive(request: web.Request) -> web.Response:
    """Keep one frame, and say so in the words that these sketches know. The connection ends: some read until then."""
    try:
        response = await _receive(request)
    except ArchiveError as error:
        response = of_error(request, error)
    response.force_close()
    return response


async def _receive(request: web.Request) -> web.Response:
    began = time.monotonic()
    known = request.app[keys.LEGACY]
    camera = _sender(request, known)
    length_bytes = upload.require_length(request)
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia("cameras of the old kind send multipart/form-data; any other sends to /api/frames")
    request.app[keys.INTAKE].require_room(length_bytes)
    head = upload.Head(
        camera=camera, length_bytes=length_bytes, claim=FrameClaim(), status=Status(), lost=None, digest=None
    )
    kept = await upload.keep(request, head, began)
    return web.Response(text=f"The file {kept.frame.name} has been uploaded.\n")


def _sender(request: web.Request, known: Mapping[Address, str]) -> str:
    name = request.get_extra_info("peername")
    address = name[0] if isinstance(name, tuple) else ""
    try:
        camera = known.get(plain(ip_address(address)))
    except ValueError:  # the owner's socket has none
        camera = None
    if camera is None:
        raise Forbidden(
            f"no camera of the old kind may send from {address or 'here'}; the owner allows one with "
            "`archive serve --legacy-upload CAMERA=ADDRESS`"
        )
    if peer.is_passed_on(request, request.app[keys.DOOR]):
        raise Forbidden("a proxy passed this on, so its address does not say which camera it is")
    return camera
