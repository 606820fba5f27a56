"""One watched folder: what is heard of it, what a walk finds in it, and the few files that are taken at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import stat
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from watchfiles import watch

from archive.errors import ArchiveError, Corrupt, Unavailable
from archive.importing import Passed, Picture, files, is_hidden, shown
from archive.index import Index, Sought
from archive.intake import Intake, Upload
from archive.watching.looking import QUIET_S, Later, Looker, Nothing, Ready, Waiting, known_by
from archive.watching.saying import PROGRESS_FILES, Complaints, First, cure

log = logging.getLogger("archive.watching")

T = TypeVar("T")

HEARD_MS, STEP_MS = 100, 20  # how long events are gathered, and the silence that ends it
GROUP_FILES, GROUP_BYTES = 8, 16 * 2**20  # taken together: they share a commit
MAX_WAITING = 1024  # paths; a walk waits for room, and events beyond it cause a walk
WALK_S = 30.0  # between walks
DEAF_WALK_S = 3.0  # between walks where the system gives no events
WALK_SHARE = 20  # a walk may take one part in so many of the time
LISTEN_AGAIN_S = 60.0
STAY_S = 2.0  # how often it is looked whether the folder is there

Listen = Callable[[Path, threading.Event], Iterator[set[str]]]
Identity = tuple[int, int]  # device and inode


class Vanished(Exception):
    """The folder is not there any more, or another one stands in its place."""


class Folder:
    """One watched folder."""

    def __init__(
        self,
        place: Path,
        *,
        index: Index,
        intake: Intake,
        leisure: Callable[[], Awaitable[None]],
        zone: ZoneInfo,
        most_bytes: int,
        listen: Listen,
    ) -> None:
        self._place = place
        self._index = index
        self._intake = intake
        self._leisure = leisure
        self._zone = zone
        self._most_bytes = most_bytes
        self._events = listen
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="watching")  # to listen, to walk, to look
        self._root = place
        self._waiting: dict[str, Waiting] = {}
        self._is_noted = asyncio.Event()
        self._has_room = asyncio.Event()
        self._is_to_walk = asyncio.Event()
        self._is_deaf = False
        self._seen: set[int] = set()
        self._looker = Looker(place, seen=self._seen, zone=zone, most_bytes=most_bytes)
        self._first: First | None = First()
        self._complaints = Complaints()

    async def run(self) -> None:
        """Until cancelled, also while the folder is away."""
        try:
            is_gone = False
            while True:
                identity = await self._appear(is_said=is_gone)
                self._waiting.clear()
                self._is_deaf = False
                try:
                    async with asyncio.TaskGroup() as group:
                        for work in (self._stay(identity), self._listen(), self._walk_again(), self._take()):
                            group.create_task(work)
                except* Vanished:
                    is_gone = True
                    log.warning(
                        "the watched folder %s is gone; its frames stay, and it is taken up again when it is back",
                        self._place,
                    )
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    # -- whether it is there

    async def _appear(self, *, is_said: bool) -> Identity:
        while (found := await self._apart(_identity, self._place)) is None:
            if not is_said:
                is_said = True
                log.warning("the watched folder %s is not there; it is taken up when it appears", self._place)
            await asyncio.sleep(STAY_S)
        self._root, identity = found
        self._looker = Looker(self._root, seen=self._seen, zone=self._zone, most_bytes=self._most_bytes)
        log.info("watching %s", self._place)
        return identity

    async def _stay(self, identity: Identity) -> None:
        while True:
            await asyncio.sleep(STAY_S)
            if await self._apart(_identity, self._place) != (self._root, identity):
                raise Vanished

    # -- what the system tells

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            stop = threading.Event()
            listening = loop.run_in_executor(self._threads, self._listen_until, stop, loop)
            try:
                failure = await asyncio.shield(listening)
            finally:
                stop.set()
                await asyncio.wait([listening])
            if not self._is_deaf and failure is not None:
                log.warning("%s", cure(self._place, failure))
            self._is_deaf = True
            self._is_to_walk.set()
            await asyncio.sleep(LISTEN_AGAIN_S)

    def _listen_until(self, stop: threading.Event, loop: asyncio.AbstractEventLoop) -> Exception | None:
        try:
            for paths in self._events(self._root, stop):
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
                    loop.call_soon_threadsafe(self._hear, paths)
        except (OSError, RuntimeError) as error:
            return error
        return None

    def _hear(self, paths: set[str]) -> None:
        for path in sorted(paths):
            names = Path(path).parts[len(self._root.parts) :]
            if not names or any(map(is_hidden, names)):
                continue
            if len(self._waiting) < MAX_WAITING:
                self._note(path, QUIET_S)
            else:
                self._is_to_walk.set()

    def _note(self, path: str, after_s: float) -> None:
        due_s = asyncio.get_running_loop().time() + after_s
        known = self._waiting.setdefault(path, Waiting(due_s=due_s))
        known.due_s = min(known.due_s, due_s)
        self._is_noted.set()

    # -- what it missed

    async def _walk_again(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._is_to_walk.clear()
            began_s = clock()
            await self._walk()
            rest_s = WALK_SHARE * (clock() - began_s)
            await asyncio.sleep(min(rest_s, DEAF_WALK_S))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(rest_s, DEAF_WALK_S if self._is_deaf else WALK_S)):
                    await self._is_to_walk.wait()

    async def _walk(self) -> None:
        if self._first is not None and self._first.total is None:
            self._first.total = await self._apart(_count, self._root, self._zone)
            if self._first.total >= PROGRESS_FILES:
                log.info("%s holds %d files: looking at them", self._place, self._first.total)
        alive: set[int] = set()
        walk = self._below()
        while found := await self._apart(lambda: list(islice(walk, 256))):
            for path, seen, refused in found:
                alive.add(seen)
                if seen in self._seen:
                    continue
                if refused is not None:
                    self._seen.add(seen)
                    self._refuse(refused)
                    continue
                while len(self._waiting) >= MAX_WAITING:
                    self._has_room.clear()
                    await self._has_room.wait()
                self._note(path, 0.0)
        self._seen.intersection_update(alive)  # what is gone is forgotten
        if self._first is not None:
            self._first.is_walked = True
            self._is_noted.set()

    def _below(self) -> Iterator[tuple[str, int, Passed | None]]:
        for file in files(self._root, zone=self._zone, zips=False):
            if isinstance(file, Passed):
                yield "", hash((file.shown, file.why)), file
                continue
            path = Path(*file.parts)
            with contextlib.suppress(OSError):  # gone since
                yield str(path), known_by(path, path.lstat()), None

    # -- taking

    async def _take(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            now_s = clock()
            due = [path for path, waiting in self._waiting.items() if waiting.due_s <= now_s][:GROUP_FILES]
            if not due:
                if self._first is not None and self._first.is_walked and not self._waiting:
                    self._first.say(self._place, is_done=True)
                    self._first = None
                self._is_noted.clear()
                next_s = min((waiting.due_s for waiting in self._waiting.values()), default=now_s + STAY_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, next_s - now_s)):
                        await self._is_noted.wait()
                continue
            await self._take_some(due)
            if len(self._waiting) < MAX_WAITING:
                self._has_room.set()

    async def _take_some(self, due: list[str]) -> None:
        clock = asyncio.get_running_loop().time
        asked = [(path, msgspec.structs.replace(self._waiting[path])) for path in due]
        looked = await self._apart(self._look, asked, clock())
        ready: dict[str, Ready] = {}
        for path, found in looked.items():
            if isinstance(found, Later):
                waiting = self._waiting[path]
                if waiting.stamp != found.stamp:
                    waiting.stamp, waiting.since_s = found.stamp, clock()
                waiting.is_unfinished = found.is_unfinished
                waiting.due_s = clock() + QUIET_S
            elif isinstance(found, Nothing):
                del self._waiting[path]
                if found.is_folder:
                    self._is_to_walk.set()
            elif isinstance(found.one, Picture):
                ready[path] = found
            else:
                self._done(path, found)
        if ready:
            await self._keep(ready)

    def _look(self, asked: list[tuple[str, Waiting]], now_s: float) -> dict[str, Later | Ready | Nothing]:
        """What each path is just now; those for which there is no room are left out."""
        looked: dict[str, Later | Ready | Nothing] = {}
        size_bytes = 0
        for path, waiting in asked:
            found = looked[path] = self._looker.look(Path(path), waiting, now_s)
            if isinstance(found, Ready) and isinstance(found.one, Picture):
                size_bytes += len(found.one.body)
            if size_bytes >= GROUP_BYTES:
                break
        return looked

    async def _keep(self, ready: dict[str, Ready]) -> None:
        pictures = {path: found.one for path, found in ready.items() if isinstance(found.one, Picture)}
        try:
            answers = await self._index.find(
                [
                    Sought(camera=one.camera, sha256=one.sha256, boot=one.claim.boot, number=one.claim.number)
                    for one in pictures.values()
                ]
            )
            await self._leisure()
        except Unavailable as error:
            self._put_off(list(pictures), error)
            return
        new: dict[tuple[str, bytes, str | None, int | None], str] = {}
        for (path, one), found in zip(pictures.items(), answers, strict=True):
            name = found.camera or one.guess, one.sha256, one.claim.boot, one.claim.number
            if found.frame_id is None and name not in new:
                new[name] = path
            else:
                self._done(path, ready[path])
        kept = await asyncio.gather(*(self._keep_one(name[0], pictures[path]) for name, path in new.items()))
        for path, outcome in zip(new.values(), kept, strict=True):
            if isinstance(outcome, Unavailable):
                self._put_off([path], outcome)
            elif isinstance(outcome, ArchiveError):
                refused = Passed(shown=pictures[path].shown, why=str(outcome))
                self._done(path, Ready(seen=ready[path].seen, one=refused))
            else:
                self._done(path, ready[path], is_new=outcome)

    async def _keep_one(self, camera: str, one: Picture) -> bool | ArchiveError:
        try:
            self._intake.require_room(len(one.body))
            kept = await self._intake.accept(
                Upload(
                    camera=camera,
                    body=one.body,
                    sha256=one.sha256,
                    received_at_ms=time.time_ns() // 1_000_000,
                    claim=one.claim,
                )
            )
        except Corrupt:
            raise
        except ArchiveError as error:
            return error
        return kept.is_new

    def _put_off(self, paths: list[str], error: Unavailable) -> None:
        self._complaints.say(f"files in {shown(self._place)} have to wait: {error}")
        for path in paths:
            self._waiting[path].due_s = asyncio.get_running_loop().time() + error.retry_after_s

    def _done(self, path: str, found: Ready, *, is_new: bool = False) -> None:
        del self._waiting[path]
        self._seen.add(found.seen)
        if isinstance(found.one, Passed):
            self._refuse(found.one)
        elif self._first is not None:
            self._first.count(self._place, is_new=is_new)

    def _refuse(self, one: Passed) -> None:
        self._complaints.say(f"{one.shown} is not taken: {one.why}")
        if self._first is not None:
            self._first.refused += 1

    async def _apart(self, call: Callable[..., T], *arguments: object) -> T:
        """In a thread of our own: a dead network mount holds up nothing but this folder."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def events(root: Path, stop: threading.Event) -> Iterator[set[str]]:
    """What changes below *root*, until *stop*, as the system tells it. Raises OSError, RuntimeError if it does not."""
    for changes in watch(
        root,
        watch_filter=None,
        debounce=HEARD_MS,
        step=STEP_MS,
        stop_event=stop,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        yield {path for _, path in changes}


def _identity(place: Path) -> tuple[Path, Identity] | None:
    """What stands at *place*: its real path, and what tells it from another folder put there; None for no folder."""
    try:
        root = place.resolve(strict=True)
        found = root.stat()
        return (root, (found.st_dev, found.st_ino)) if stat.S_ISDIR(found.st_mode) else None
    except (OSError, RuntimeError):
        return None


def _count(place: Path, zone: ZoneInfo) -> int:
    return sum(1 for _ in files(place, zone=zone, zips=False))
