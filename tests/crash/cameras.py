"""Cameras that write down what they were promised: the ledger against which an archive is judged after a crash."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

import aiohttp
from http_sfv.dictionary import Dictionary
from PIL import Image

UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)


class Name(NamedTuple):
    """What names a frame."""

    camera: str
    boot: str
    number: int


@dataclass(slots=True)
class Ledger:
    """What was acknowledged (name and sha256 in hex), and how every answer read."""

    kept: dict[Name, str] = field(default_factory=dict)
    answers: Counter[tuple[int, str]] = field(default_factory=Counter)  # by status and the echoed answer


class Camera:
    """Sends frame after frame, each until it is acknowledged, and now and then one that it need not send again."""

    def __init__(self, camera: str, seed: int, *, size_bytes: tuple[int, int] = (4_000, 60_000)) -> None:
        self._random = random.Random(f"{camera} {seed}")
        self._size_bytes = size_bytes
        self.camera = camera
        self.boot = f"{self._random.getrandbits(64):016x}"
        self.number = 0

    def picture(self, number: int) -> bytes:
        """The JPEG with that number: the same bytes each time, unlike every other."""
        rng = random.Random(f"{self.camera} {self.boot} {number}")
        return picture(rng.randbytes(rng.randint(*self._size_bytes)))

    async def send(
        self, session: aiohttp.ClientSession, ledger: Ledger, on_kept: Callable[[Name, str], None] | None = None
    ) -> bool:
        """Send one frame once; whether it was acknowledged. Raises one of UNREACHABLE when no answer came."""
        number = self.number
        if number and self._random.random() < 0.05:
            number = self._random.randrange(number)
        name, body = Name(self.camera, self.boot, number), self.picture(number)
        if not await post(session, ledger, name, body):
            return False
        digest = ledger.kept[name]
        if on_kept:
            on_kept(name, digest)
        self.number = max(self.number, number + 1)
        return True

    async def send_on(
        self, session: aiohttp.ClientSession, ledger: Ledger, on_kept: Callable[[Name, str], None] | None = None
    ) -> None:
        """Send until the archive cannot be reached any more. While it can, it has no reason to keep a frame not."""
        with suppress(*UNREACHABLE):
            while await self.send(session, ledger, on_kept):
                pass
            raise AssertionError(f"{self.camera} was not answered `kept`: {ledger.answers}")


async def post(session: aiohttp.ClientSession, ledger: Ledger, name: Name, body: bytes) -> bool:
    """Send that frame once; whether the answer was an echoed `kept`, which is then in the ledger."""
    digest = hashlib.sha256(body)
    up_ms = 1000 * name.number
    headers = {
        "Content-Type": "image/jpeg",
        "Camera-Frame": f'boot="{name.boot}", number={name.number}, up={up_ms}, now={up_ms + 5}',
        "Camera-Status": f'id="{name.camera}"',
        "Repr-Digest": str(Dictionary({"sha-256": digest.digest()})),
    }
    async with session.post("/api/frames", data=body, headers=headers) as answer:
        await answer.read()
        status, echo = answer.status, echoed(answer.headers.get("Camera-Frame", ""))
    said = echo.get("answer", "")
    ledger.answers[status, said] += 1
    if said != "kept":
        return False
    if status not in (200, 201) or (echo.get("boot"), echo.get("number")) != (name.boot, name.number):
        raise AssertionError(f"{status} with echo {echo} acknowledges a frame that was not {name}")
    ledger.kept[name] = digest.hexdigest()
    return True


def echoed(text: str) -> Mapping[str, Any]:
    """The fields of a `Camera-Frame`, tokens as text; none of them when it is not one."""
    fields = Dictionary()
    try:
        fields.parse(text.encode("ascii"))
    except (ValueError, UnicodeError):
        return {}
    return {key: item.value if isinstance(item.value, int | str) else str(item.value) for key, item in fields.items()}


def client(url: str, *, timeout_s: float = 20) -> aiohttp.ClientSession:
    """A client of the archive at *url*."""
    return aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=timeout_s))


async def burst(url: str, cameras: Iterable[Camera], ledger: Ledger, rounds: int) -> None:
    """Every camera tries that often to have a frame acknowledged, all at once; failing is allowed."""

    async def try_often(session: aiohttp.ClientSession, camera: Camera) -> None:
        for _ in range(rounds):
            with suppress(*UNREACHABLE):
                await camera.send(session, ledger)

    async with client(url) as session:
        await asyncio.gather(*(try_often(session, camera) for camera in cameras))


def picture(noise: bytes) -> bytes:
    """A small JPEG with *noise* behind what it shows, so that no two are alike and any size can be had.

    The noise belongs to the picture: comments would be its owner's alone.
    """
    return _BLANK[:-2] + noise.replace(b"\xff", b"\x00") + _BLANK[-2:]


def _blank() -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").resize((64, 48)).save(file, "JPEG", quality=60)
    return file.getvalue()


_BLANK = _blank()
