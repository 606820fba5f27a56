"""What `flash` and `twin` share: a key from the archive, the camera told of it, and its first frame waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from archive.cli.addresses import is_everywhere, reachable_at
from archive.cli.destination import running_archive
from archive.cli.through import owners_session, require_ok
from archive.errors import ArchiveError, ConfigError
from archive.fields import Scalar
from archive.frame import camera_id
from archive.serial_setup import CameraSilent, SerialSetup
from archive.server.answers import ArchiveAnswer, NewKey

FIRST_FRAME_S = 240.0  # it joins the Wi-Fi, finds the archive, lets its exposure settle; and a slow network
LOOK_EVERY_S = 2


class NoFirstFrame(ArchiveError):
    """The camera was set up and none of its frames has been kept; the text says how far it came."""


class Home:
    """The archive that a camera shall send to. *session* is its owner's way in, where it is on this machine.

    A *key* of None: it is made here, where the camera does not ask with one of its own, which is then "".
    """

    def __init__(self, url: str, key: str | None, session: aiohttp.ClientSession | None) -> None:
        self.url = url
        self._key = key
        self._session = session

    @contextlib.asynccontextmanager
    async def key_for(self, name: str, *, new_key: bool) -> AsyncIterator[str]:
        """A key for camera *name*; taken back when what is done inside fails. Raises ConfigError when it has one."""
        camera_id(name)
        if self._key is not None or self._session is None:
            yield self._key or ""
            return
        if new_key:
            await self._revoke(name)
        async with self._session.post("/api/cameras", json={"id": name}) as response:
            if response.status == 409:
                raise ConfigError(
                    f"camera {name} has a key already, and a board that uses it perhaps. Choose another name, "
                    "or --new-key ends the old key"
                )
            await require_ok(response)
            made = msgspec.json.decode(await response.read(), type=NewKey)
        try:
            yield made.key
        except BaseException:
            await self._revoke(name)  # nobody has it, and the next try shall find the name free
            raise

    async def _revoke(self, name: str) -> None:
        assert self._session is not None  # noqa: S101 - asked before
        async with self._session.delete(f"/api/cameras/{name}/keys") as response:
            if response.status != 404:
                await require_ok(response)

    async def last_seq(self) -> int:
        """The newest change of the archive; 0 where it cannot be asked."""
        if self._session is None:
            return 0
        async with self._session.get("/api/archive") as response:
            await require_ok(response)
            return msgspec.json.decode(await response.read(), type=ArchiveAnswer).last_seq

    async def first_frame(
        self, line: SerialSetup, name: str, after: int, say: Callable[[str], None], *, patience_s: float
    ) -> str:
        """The page's address of the first frame of *name* kept after the change *after*. Raises NoFirstFrame."""
        facts: Mapping[str, Scalar] = {}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while loop.time() < deadline:
            if self._session is not None:
                after, frame = await self._kept(name, after)
                if frame is not None:
                    return f"{self.url}/?frame={frame}"
            with contextlib.suppress(CameraSilent):  # it restarts
                facts = await line.wait_for_camera(patience_s=LOOK_EVERY_S)
                if self._session is None and facts.get("kept"):
                    return f"{self.url}/"
            say(how_far(facts).partition(";")[0])  # what may be wrong is for when it is late
            if self._session is None:
                await asyncio.sleep(1)
        raise NoFirstFrame(f"{name} is set up, but no frame of it was kept within {patience_s:.0f} s: {how_far(facts)}")

    async def _kept(self, name: str, after: int) -> tuple[int, int | None]:
        assert self._session is not None  # noqa: S101 - asked before
        params = {"after": after, "wait_s": LOOK_EVERY_S}
        async with self._session.get("/api/changes", params=params) as response:
            await require_ok(response)
            told: dict[str, Any] = msgspec.json.decode(await response.read())
        for change in told["changes"]:
            if change["type"] == "frame" and change["data"]["camera"] == name:
                return change["seq"], change["data"]["id"]
        return told["last_seq"], None


_SENT = {
    "": "it is on the Wi-Fi and has not sent yet; is its sensor found?",
    "kept": "it is sending",
    "refused": "the archive refused its frame; the archive's log says why",
    "again": "the archive put its frame off; the archive's log says why",
    "no-echo": "something answered that is no archive; is the address right?",
}


def how_far(facts: Mapping[str, Scalar]) -> str:
    """How far a camera has come, by what it says of itself, and what to look at."""
    if not facts:
        return "it is starting; if it stays silent, tap RESET"
    if facts.get("joining"):
        return f"it asks to join with a key that ends in {facts.get('key_end')}: let it in on the archive's page"
    if not facts.get("online"):
        return "it is not on the Wi-Fi yet; is its password right, and is it a 2.4 GHz network?"
    last = str(facts.get("last", ""))
    unreached = f"it is on the Wi-Fi and does not reach {facts.get('server')} ({last}); is a firewall between?"
    return _SENT.get(last, unreached)


@contextlib.asynccontextmanager
async def home(
    folder: Path, *, to: str | None, key: str | None, joins: bool = False, is_here: bool = False
) -> AsyncIterator[Home]:
    """Where the camera shall send: *to*, or the archive that runs in *folder*.

    With *joins* the camera asks with a key of its own, and with *is_here* it is on this machine. Raises ConfigError
    when there is no such archive, or no way to it.
    """
    if to is not None:
        if not to.startswith(("http://", "https://")):
            raise ConfigError(f"{to} is no address of an archive; it looks like http://archive.local:5555")
        if key or joins:
            yield Home(to.rstrip("/"), "" if joins else key, None)
            return
        with running_archive(folder):  # which makes the key
            async with owners_session(folder) as session:
                yield Home(to.rstrip("/"), None, session)
        return
    with running_archive(folder):
        async with owners_session(folder) as session:
            async with session.get("/api/archive") as response:
                await require_ok(response)
                door = msgspec.json.decode(await response.read(), type=ArchiveAnswer)
            if door.is_tls:
                raise ConfigError(
                    "this archive speaks HTTPS: name the address that its certificate is for with --to https://…, and "
                    "the root that signed it with --root"
                )
            yield Home(f"http://{_host(door, is_here=is_here)}:{door.port}", "" if joins else None, session)


def _host(door: ArchiveAnswer, *, is_here: bool) -> str:
    if not door.port:
        raise ConfigError("the archive is just starting; try again")
    addresses = reachable_at(door.host)
    if is_here and (is_everywhere(door.host) or not addresses):
        return "[::1]" if ":" in door.host and not is_everywhere(door.host) else "127.0.0.1"
    if addresses:
        return addresses[0]
    raise ConfigError(
        f"the archive listens at {door.host}, where no board can reach it; start it with --host 0.0.0.0, or name the "
        "address that leads to it with --to"
    )
