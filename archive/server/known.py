"""The owner's question before an import: which of these pictures are kept already, and whose boots those are."""

from __future__ import annotations

import msgspec
from aiohttp import web

from archive.errors import Malformed
from archive.frame import camera_id
from archive.index import Sought
from archive.server import answers, keys
from archive.server.catalog import answer


async def find(request: web.Request) -> web.Response:
    """An answer for each picture, in order."""
    try:
        asked = msgspec.json.decode(await request.read(), type=answers.SoughtPictures)
    except msgspec.DecodeError as error:
        raise Malformed(f'pictures are asked for as {{"pictures": [{{"sha256": "…"}}]}}: {error}') from error
    sought = [
        Sought(
            camera=None if picture.camera is None else camera_id(picture.camera),
            sha256=bytes.fromhex(picture.sha256),
            boot=picture.boot,
            number=picture.number,
        )
        for picture in asked.pictures
    ]
    found = await request.app[keys.INDEX].find(sought)
    return answer(
        answers.FoundPictures(pictures=[answers.FoundPicture(camera=one.camera, frame=one.frame_id) for one in found])
    )
