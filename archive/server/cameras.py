"""What the owner does with cameras and their keys."""

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
    try:
        wanted = msgspec.json.decode(await request.read(), type=answers.NewCamera)
    except msgspec.DecodeError as error:
        raise Malformed(f'a new camera is described as {{"id": "garden"}}: {error}') from error
    key, kept = auth.mint(wanted.id)
    await request.app[keys.INDEX].add_camera(wanted.id, kept)
    await request.app[keys.GATE].load()
    return answer(answers.NewKey(camera=wanted.id, key=key))


async def list_keys(request: web.Request) -> web.Response:
    """Every key a camera ever had, by name; never a key itself."""
    camera = camera_id(request.match_info["id"])
    found = [key for key in await request.app[keys.INDEX].keys() if key.camera == camera]
    return answer(answers.KeysAnswer(camera=camera, keys=[answers.key_answer(key) for key in found]))


async def add_key(request: web.Request) -> web.Response:
    """One more key for a camera that has one, so that it can change over; it is in this answer alone."""
    key, kept = auth.mint(request.match_info["id"])
    await request.app[keys.INDEX].add_key(kept, makes_camera=False)
    await request.app[keys.GATE].load()
    return answer(answers.NewKey(camera=kept.camera, key=key))


async def renew_key(request: web.Request) -> web.Response:
    """Have a camera draw another key in the place of its own. The old one ends when the new one is first shown."""
    camera = camera_id(request.match_info["id"])
    prefix = await request.app[keys.INDEX].renew_key(camera, time.time_ns() // 1_000_000)
    await request.app[keys.GATE].load()
    return answer(answers.Renewing(camera=camera, key=prefix))


async def revoke_key(request: web.Request) -> web.Response:
    """Allow one key of a camera no more."""
    camera, prefix = camera_id(request.match_info["id"]), request.match_info["key"]
    await request.app[keys.INDEX].revoke_key(camera, prefix, time.time_ns() // 1_000_000)
    await request.app[keys.GATE].load()
    return answer(answers.Revoked(camera=camera, keys=1))


async def revoke(request: web.Request) -> web.Response:
    """Allow a camera's keys no more. Its frames stay."""
    camera = camera_id(request.match_info["id"])
    revoked = await request.app[keys.INDEX].revoke_camera(camera, time.time_ns() // 1_000_000)
    await request.app[keys.GATE].load()
    return answer(answers.Revoked(camera=camera, keys=revoked))
