"""Simulated cameras: they take, hold, send and confess as real ones do, and only their pictures are drawn."""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from archive import scene
from archive.client import Backoff, CameraClient, FrameRefused, NotKept
from archive.fields import Scalar
from archive.frame import FrameClaim, Lost, MediaType

SPOOL_FRAMES = 60  # what a simulated camera has room for while the archive is away

Told = Callable[["SimulatedCamera", str], None]


def camera_names(count: int) -> list[str]:
    """The first *count* names: the places there are pictures of, then `camera-7` and so on."""
    return [scene.CAMERAS[i] if i < len(scene.CAMERAS) else f"camera-{i + 1}" for i in range(count)]


async def run_all(cameras: Iterable["SimulatedCamera"]) -> None:
    """Run them side by side until all are done. Raises what stopped the first: KeyRejected, or a fault of ours."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for camera in cameras:
                tasks.create_task(camera.run())
    except BaseExceptionGroup as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


class Spooled(msgspec.Struct, frozen=True, kw_only=True):
    """A frame the archive has not kept yet."""

    number: int
    up_ms: int
    taken_ms: int
    body: bytes


class Spool:
    """The frames of one boot that are still to be sent: when *room* (two or more) is full, the oldest is given up.

    The one that `next` gave last is spared: it is under way.
    """

    def __init__(self, boot: str, room: int) -> None:
        self._boot = boot
        self._room = room
        self._frames: dict[int, Spooled] = {}
        self._confessions: list[Lost] = []
        self._under_way = -1
        self.lost = 0

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Spooled) -> None:
        self._frames[frame.number] = frame
        while len(self._frames) > self._room:
            number = min(number for number in self._frames if number != self._under_way)
            del self._frames[number]
            self._give_up(number)

    def next(self, newest_sent: int) -> Spooled | None:
        """The newest frame while it is fresh (above *newest_sent*), then the backlog, oldest first; None when empty."""
        if not self._frames:
            return None
        newest = max(self._frames)
        self._under_way = newest if newest > newest_sent else min(self._frames)
        return self._frames[self._under_way]

    def forget(self, number: int) -> None:
        self._frames.pop(number, None)

    def confession(self) -> Lost | None:
        """What is to be confessed first, if anything. It stands until `absolve` is called with it."""
        return self._confessions[0] if self._confessions else None

    def absolve(self, confession: Lost) -> None:
        """The archive has heard *confession*; what was lost since then is still to be told."""
        self._confessions = [lost for lost in self._confessions if lost != confession]

    def _give_up(self, number: int) -> None:
        self.lost += 1
        last = self._confessions[-1] if self._confessions else None
        # The first one may be under way: it must not grow while the archive is hearing it.
        if last is not None and last.last == number - 1 and len(self._confessions) > 1:
            self._confessions[-1] = msgspec.structs.replace(last, last=number)
        else:
            self._confessions.append(Lost(boot=self._boot, first=number, last=number, reason="spool-full"))


class SimulatedCamera:
    """One camera: takes a frame every *every_s* seconds, the first after *offset_s*, and sends them through *client*.

    Taking never waits for sending. *told* hears of everything worth a line.
    """

    def __init__(
        self,
        name: str,
        client: CameraClient,
        *,
        every_s: float,
        offset_s: float = 0.0,
        count: int | None = None,
        spool_frames: int = SPOOL_FRAMES,
        told: Told = lambda _camera, _line: None,
    ) -> None:
        self.name = name
        self.boot = secrets.token_hex(8)
        self.taken = 0
        self.kept = 0
        self.refused = 0
        self.last_answer = ""
        self._client = client
        self._every_s = every_s
        self._offset_s = offset_s
        self._count = count
        self._spool = Spool(self.boot, spool_frames)
        self.told = told
        self._rng = random.Random(self.boot)  # noqa: S311 - weather on the radio, no secret
        self._backoff = Backoff(self._rng)
        self._booted_s = time.monotonic()
        self._rssi = self._rng.uniform(-72, -52)
        self._fresh = asyncio.Event()
        self._has_all = False

    @property
    def spooled(self) -> int:
        return len(self._spool)

    @property
    def lost(self) -> int:
        return self._spool.lost

    async def run(self) -> None:
        """Take and send; returns when *count* frames were taken and none is left to send.

        Raises an exception group, of KeyRejected when the archive does not take its frames.
        """
        async with self._client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            tasks.create_task(self._send())

    async def _take(self) -> None:
        while self._count is None or self.taken < self._count:
            due_s = self._booted_s + self._offset_s + self.taken * self._every_s
            await asyncio.sleep(due_s - time.monotonic())
            up_ms, taken_ms, number = self._up_ms(), time.time_ns() // 1_000_000, self.taken
            at = datetime.fromtimestamp(taken_ms / 1000, UTC).astimezone()
            body = await asyncio.to_thread(scene.draw, self.name, at, frame_number=number)
            self._spool.add(Spooled(number=number, up_ms=up_ms, taken_ms=taken_ms, body=body))
            self.taken += 1
            self._fresh.set()
        self._has_all = True
        self._fresh.set()

    async def _send(self) -> None:
        newest_sent = -1
        while True:
            self._fresh.clear()
            frame = self._spool.next(newest_sent)
            if frame is None:
                if self._has_all:
                    return
                await self._fresh.wait()
                continue
            newest_sent = max(newest_sent, frame.number)
            await self._send_once(frame)

    async def _send_once(self, frame: Spooled) -> None:
        confession = self._spool.confession()
        claim = FrameClaim(
            boot=self.boot, number=frame.number, up_ms=frame.up_ms, now_ms=self._up_ms(), taken_ms=frame.taken_ms
        )
        try:
            receipt = await self._client.send(
                frame.body, MediaType.JPEG, claim, lost=confession, status=self._status(), give_up_after_s=0
            )
        except FrameRefused as refusal:
            self._spool.forget(frame.number)
            self.refused += 1
            self._tell(f"№{frame.number} {refusal}")
        except NotKept as failure:
            wait_s = self._backoff.wait_s(failure.retry_after_s)
            self._tell(f"№{frame.number} {failure}; {self.spooled} spooled, again in {wait_s:.0f} s")
            await asyncio.sleep(wait_s)
        else:
            self._backoff.succeeded()
            self._spool.forget(frame.number)
            if confession is not None:
                self._spool.absolve(confession)
            self.kept += 1
            again = "" if receipt.is_new else " (it was before)"
            self._tell(f"№{frame.number} kept{again}, {len(frame.body) // 1000} kB")

    def _status(self) -> Mapping[str, Scalar]:
        self._rssi = min(-45.0, max(-88.0, self._rssi + self._rng.gauss(0, 1.5)))
        return {
            "firmware": "simulated",
            "board": "none",
            "rssi": round(self._rssi),
            "heap": 118_000 + self._rng.randrange(-4000, 4000),
            "spooled": self.spooled,
            "lost": self.lost,
            "reset": "power-on",
        }

    def _tell(self, line: str) -> None:
        self.last_answer = line
        self.told(self, line)

    def _up_ms(self) -> int:
        return round((time.monotonic() - self._booted_s) * 1000)
