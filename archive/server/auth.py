"""Who may do what: which camera sends, who is the owner, what readers may. All of access control passes this file."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import socket
import time

from aiohttp import web

from archive.errors import Forbidden, Unauthorized
from archive.frame import Status, camera_id
from archive.index import CameraKey, Index

GUEST = "guest"  # a sender without a key or an id, where uploads are open
_KEY = re.compile(r"cam_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")


def mint(camera: str) -> tuple[str, CameraKey]:
    """A new key for *camera*, to be shown once, and what the archive keeps of it. Raises Malformed."""
    prefix = secrets.token_hex(4)
    key = f"cam_{prefix}_{secrets.token_urlsafe(32)}"
    # A plain hash is enough: the key is 256 random bits, so there is nothing to guess faster.
    digest = hashlib.sha256(key.encode()).digest()
    return key, CameraKey(
        prefix=prefix, camera=camera_id(camera), sha256=digest, created_at_ms=time.time_ns() // 1_000_000
    )


def is_owner(request: web.BaseRequest) -> bool:
    """Whether the request came through the socket in the archive's folder, which only its owner can open."""
    peer = request.get_extra_info("socket")
    return peer is not None and peer.family == socket.AF_UNIX


def require_owner(request: web.BaseRequest) -> None:
    """Raises Forbidden for everybody but the archive's owner on its own machine."""
    if not is_owner(request):
        raise Forbidden("only the archive's owner may do this: use the command `archive` on the machine it runs on")


def require_shot(request: web.BaseRequest, *, from_page: bool) -> None:
    """Raises Forbidden for everybody who may not ask a camera for a frame.

    The owner may; readers may where *from_page* says so, from the archive's own page and no other site.
    """
    if is_owner(request):
        return
    if not from_page:
        raise Forbidden(
            "readers may not ask cameras for frames here; the owner allows it with `shots_from_page = true`"
        )
    if not _is_same_origin(request):
        raise Forbidden("frames can be asked for from the archive's own page, not from another site or program")


def _is_same_origin(request: web.BaseRequest) -> bool:
    """What the browser says of where the request comes from; a page cannot write either of these fields."""
    if "Sec-Fetch-Site" in request.headers:
        return request.headers["Sec-Fetch-Site"] == "same-origin"
    # Browsers send that only where the address is https or this machine; to every POST they say their origin.
    return request.headers.get("Origin") == f"{request.scheme}://{request.host}"


class Gate:
    """Knows the keys. They are in memory, so that a wrong one costs the index nothing."""

    def __init__(self, index: Index, *, open_uploads: bool) -> None:
        self._index = index
        self._open_uploads = open_uploads
        self._keys: dict[str, CameraKey] = {}
        self._with_key: set[str] = set()
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Learn the keys as the index has them now: at start, and after every change of them."""
        async with self._loading:  # else what was asked first could be answered last, and a revoked key be back
            self._keys = {key.prefix: key for key in await self._index.keys()}
            self._with_key = {key.camera for key in self._keys.values() if key.revoked_at_ms is None}

    def sender(self, request: web.BaseRequest, status: Status) -> str:
        """The id of the camera that sends this. Raises Unauthorized, Forbidden, Malformed.

        The key says which camera it is; the id that a camera gives itself counts only where no key is needed.
        """
        authorization = request.headers.get("Authorization")
        if authorization is None:
            return self._introduced(request, camera_id(status.id or GUEST))
        scheme, _, key = authorization.partition(" ")
        match = _KEY.fullmatch(key.strip())
        if scheme.lower() != "bearer" or match is None:
            raise Unauthorized("this is not a camera's key; it goes into `Authorization: Bearer cam_…`")
        known = self._keys.get(match[1])
        if known is None and self._open_uploads:  # a camera draws its own where nobody gave it one, and none is needed
            return self._introduced(request, camera_id(status.id or GUEST))
        digest = hashlib.sha256(match[0].encode()).digest()
        if known is None or not hmac.compare_digest(known.sha256, digest):
            raise Unauthorized("this key is not known here")
        if known.revoked_at_ms is not None:
            raise Forbidden(f"this key of camera {known.camera} was revoked")
        return known.camera

    def _introduced(self, request: web.BaseRequest, camera: str) -> str:
        if is_owner(request):
            return camera
        if not self._open_uploads:
            raise Unauthorized("a camera's key is needed: `archive camera add NAME` makes one")
        if camera in self._with_key:
            raise Unauthorized(f"camera {camera} has a key, so only who has it may send in its name")
        return camera
