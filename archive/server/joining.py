"""What the owner does with cameras that ask to join: see them, let them in, refuse them."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from archive.errors import Malformed
from archive.frame import camera_id, utc
from archive.index import CameraKey
from archive.server import answers, keys
from archive.server.catalog import answer


async def show(request: web.Request) -> web.Response:
    """Which cameras ask to join."""
    waiting = request.app[keys.WAITING].cameras
    known = {camera.id for camera in await request.app[keys.INDEX].cameras()} if waiting else set()
    return answer(
        answers.JoiningAnswer(
            cameras=[
                answers.AskingAnswer(
                    key=asking.prefix,
                    ending=asking.ending,
                    camera=asking.camera,
                    is_known=asking.camera in known,
                    board=asking.board,
                    address=asking.address,
                    since=utc(asking.since_ms),
                    asked_at=utc(asking.asked_at_ms),
                )
                for asking in waiting
            ]
        )
    )


async def approve(request: web.Request) -> web.Response:
    """Let a camera in, by the name it gave itself or by another. Its frames come with its next try."""
    body = await request.read()
    try:
        wanted = msgspec.json.decode(body, type=answers.Approval) if body else answers.Approval()
    except msgspec.DecodeError as error:
        raise Malformed(f'a camera is let in with nothing, or under a name by {{"id": "garden"}}: {error}') from error
    waiting, index = request.app[keys.WAITING], request.app[keys.INDEX]
    asking = waiting.of(request.match_info["key"])
    camera = camera_id(wanted.id or asking.camera)
    now = time.time_ns() // 1_000_000
    await index.add_key(
        CameraKey(prefix=asking.prefix, camera=camera, sha256=asking.sha256, created_at_ms=now), makes_camera=True
    )
    await request.app[keys.GATE].load()
    waiting.taken(asking.prefix)
    return answer(answers.KeyAllowed(camera=camera, key=asking.prefix))


async def refuse(request: web.Request) -> web.Response:
    """Do not let a camera in; with this key it need not ask again until the archive starts anew."""
    asking = request.app[keys.WAITING].refuse(request.match_info["key"])
    return answer(answers.KeyRefused(camera=asking.camera, key=asking.prefix))
