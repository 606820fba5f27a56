"""What is wanted of a camera: its owner's settings, and a frame now. It learns of both with the next answer."""

from __future__ import annotations

import msgspec
from aiohttp import web

from archive.errors import Malformed
from archive.frame import camera_id
from archive.server import answers, keys
from archive.server.catalog import answer
from archive.settings import proven


async def show(request: web.Request) -> web.Response:
    """Every setting of a camera, and what the camera said of them."""
    camera = camera_id(request.match_info["id"])
    return answer(answers.settings_answer(camera, await request.app[keys.INDEX].settings(camera)))


async def change(request: web.Request) -> web.Response:
    """Change those settings that the body names; the others stay."""
    camera = camera_id(request.match_info["id"])
    try:
        wanted = msgspec.json.decode(await request.read(), type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Malformed(
            f'settings are changed by an object such as {{"interval_s": 30, "size": null}}: {error}'
        ) from error
    before, after = await request.app[keys.INDEX].set_settings(camera, proven(wanted))
    return answer(answers.settings_changed(camera, before, after))


async def shoot(request: web.Request) -> web.Response:
    """Ask a camera for one frame now; again, while it has not heard of the last request, changes nothing."""
    camera = camera_id(request.match_info["id"])
    before, after = await request.app[keys.INDEX].ask_shot(camera)
    return answer(answers.ShotAsked(camera=camera, version=after.version, is_new=after.version > before.version))
