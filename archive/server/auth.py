"""Which camera sends: keys, what they look like, and what stands behind each. People are `visitors.py`'s."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time

import msgspec
from aiohttp import web

from archive.config import Config
from archive.errors import Forbidden, KeysFull, Unauthorized
from archive.frame import Status, camera_id
from archive.index import CameraKey, Index
from archive.server import peer
from archive.server.door import Door
from archive.server.limits import Limit
from archive.server.noting import NOTED_MS, Noting
from archive.server.waiting import Waiting

log = logging.getLogger(__name__)

GUEST = "guest"  # a sender without a key or an id, where uploads are open
BURST_S = 20  # a camera may send so many seconds' worth at once: the backlog of an outage
DAY_S = 86_400
_KEY = re.compile(r"cam_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
SHOWN = web.RequestKey("shown", CameraKey)  # the key that a camera showed with this request
_NOBODY = bytes(32)  # the hash of no key: compared with where there is none, so that both take as long


def mint(camera: str) -> tuple[str, CameraKey]:
    """A new key for *camera*, to be shown once, and what the archive keeps of it. Raises Malformed."""
    prefix = secrets.token_hex(4)
    key = f"cam_{prefix}_{secrets.token_urlsafe(32)}"
    # A plain hash is enough: the key is 256 random bits, so there is nothing to guess faster.
    digest = hashlib.sha256(key.encode()).digest()
    return key, CameraKey(
        prefix=prefix, camera=camera_id(camera), sha256=digest, created_at_ms=time.time_ns() // 1_000_000
    )


class Gate:
    """Knows the keys. They are in memory, so that a wrong one costs the index nothing."""

    def __init__(self, index: Index, door: Door, waiting: Waiting, config: Config) -> None:
        self._index = index
        self._door = door
        self._waiting = waiting
        self._config = config
        self._keys: dict[str, CameraKey] = {}
        self._with_key: set[str] = set()
        self._loading = asyncio.Lock()
        self._noting = Noting("key")
        self._frames = Limit(config.camera_frames_per_s, config.camera_frames_per_s * BURST_S)
        self._bytes = Limit(config.camera_bytes_per_day / DAY_S, config.camera_bytes_per_day)

    async def load(self) -> None:
        """Learn the keys as the index has them now: at start, and after every change of them."""
        async with self._loading:  # else what was asked first could be answered last, and a revoked key be back
            self._keys = {key.prefix: key for key in await self._index.keys()}
            self._with_key = {key.camera for key in self._keys.values() if key.revoked_at_ms is None}

    async def close(self) -> None:
        """Wait for what is being noted."""
        await self._noting.close()

    def sender(self, request: web.BaseRequest, status: Status) -> str:
        """The id of the camera that sends this. Raises Unauthorized, Pending, Forbidden, Malformed.

        The key says which camera it is; the id that a camera gives itself counts only where no key is needed.
        """
        authorization = request.headers.get("Authorization")
        if authorization is None:
            return self._introduced(request, camera_id(status.id or GUEST))
        scheme, _, key = authorization.partition(" ")
        match = _KEY.fullmatch(key.strip())
        if scheme.lower() != "bearer" or match is None:
            raise Unauthorized("this is not a camera's key; it goes into `Authorization: Bearer cam_…`")
        digest = hashlib.sha256(match[0].encode()).digest()
        known = self._keys.get(match[1])
        if known is None and self._config.open_uploads:  # a camera draws its own where nobody gave it one
            return self._introduced(request, camera_id(status.id or GUEST))
        if not hmac.compare_digest(known.sha256 if known else _NOBODY, digest) or known is None:
            raise self._stranger(request, match[1], match[0], digest, status, is_new=known is None)
        if known.revoked_at_ms is not None:
            raise Forbidden(f"this key of camera {known.camera} was revoked")
        self._note(known)
        request[SHOWN] = known
        return known.camera

    async def take_next(self, shown: CameraKey, prefix: str, sha256: bytes) -> bool:
        """Allow the key that a camera drew in the place of the one it has *shown*; twice is harmless.

        False where nobody asked for it, or it cannot be had: then the camera goes on with the old one.
        """
        if shown.renewal_asked_at_ms is None:
            return False
        if (known := self._keys.get(prefix)) is not None:
            return (known.camera, known.sha256) == (shown.camera, sha256) and known.revoked_at_ms is None
        now = time.time_ns() // 1_000_000
        try:
            await self._index.add_key(
                CameraKey(prefix=prefix, camera=shown.camera, sha256=sha256, created_at_ms=now), makes_camera=False
            )
        except KeysFull as error:
            log.warning("a key was not replaced: %s", error)
            return False
        await self.load()
        return True

    def admit(self, request: web.BaseRequest, camera: str, size_bytes: int) -> None:
        """Count a frame of *camera* against what one may send. Raises TooOften. The owner may send what he likes."""
        if peer.is_owner(request):
            return
        self._frames.take(
            camera, what=f"camera {camera} sends more than {self._config.camera_frames_per_s:g} frames a second"
        )
        self._bytes.take(
            camera,
            size_bytes,
            what=f"camera {camera} has sent the {self._config.camera_bytes_per_day} bytes it may send in a day",
        )

    def _introduced(self, request: web.BaseRequest, camera: str) -> str:
        if peer.is_owner(request):
            return camera
        if not self._config.open_uploads:
            raise Unauthorized("a camera's key is needed: `archive camera add NAME` makes one")
        if camera in self._with_key:
            raise Unauthorized(f"camera {camera} has a key, so only who has it may send in its name")
        return camera

    def _stranger(
        self, request: web.BaseRequest, prefix: str, key: str, digest: bytes, status: Status, *, is_new: bool
    ) -> Exception:
        """Why a key that is not one of ours may not send; a camera that says its name has asked to join with it."""
        may_join = self._config.join_from_anywhere or peer.is_local(request, self._door)
        if not (is_new and status.id and may_join):
            return Unauthorized("this key is not known here")
        address = str(peer.address_of(request, self._door))
        return self._waiting.ask(prefix, key, digest, status, address)

    def _note(self, key: CameraKey) -> None:
        now = time.time_ns() // 1_000_000
        if key.used_at_ms is not None and now - key.used_at_ms < NOTED_MS:
            return
        self._keys[key.prefix] = msgspec.structs.replace(key, used_at_ms=now)
        self._noting.begin(self._write_use(key, now))

    async def _write_use(self, key: CameraKey, now: int) -> None:
        await self._index.admission.use_key(key.prefix, now)
        if key.used_at_ms is not None:
            return
        # The first time that the new key is shown the camera has it for good: the old one can end.
        for old in list(self._keys.values()):
            is_replaced = old.renewal_asked_at_ms is not None and old.prefix != key.prefix
            if is_replaced and old.camera == key.camera and old.revoked_at_ms is None:
                await self._index.revoke_key(old.camera, old.prefix, now)
                log.info("camera %s shows its new key; the old one is allowed no more", key.camera)
                await self.load()
