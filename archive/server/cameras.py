"""What the owner does with cameras, through the socket in the archive's folder."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from archive.errors import Malformed
from archive.frame import camera_id
from archive.server import answers, auth, keys
from archive.server.catalog import answer


async def add(request: web.Request) -> web.Response:
    """Make a camera and its key; the key is in this answer and nowhere else."""
    auth.require_owner(request)
    try:
        wanted = msgspec.json.decode(await request.read(), type=answers.NewCamera)
    except msgspec.DecodeError as error:
        raise Malformed(f'a new camera is described as {{"id": "garden"}}: {error}') from error
    key, kept = auth.mint(wanted.id)
    await request.app[keys.INDEX].add_camera(wanted.id, kept)
    await request.app[keys.GATE].load()
    return answer(answers.NewKey(camera=wanted.id, key=key))


async def revoke(request: web.Request) -> web.Response:
    """Allow a camera's keys no more. Its frames stay."""
    auth.require_owner(request)
    camera = camera_id(request.match_info["id"])
    revoked = await request.app[keys.INDEX].revoke_camera(camera, time.time_ns() // 1_000_000)
    await request.app[keys.GATE].load()
    return answer(answers.Revoked(camera=camera, keys=revoked))
