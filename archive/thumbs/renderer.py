"""Has thumbnails made by worker processes: few at a time, in order, and each within limits of time, CPU and memory."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import Unavailable, Undecodable
from archive.frame import MediaType
from archive.thumbs.worker import ANSWER, COLUMN, COLUMNS, MEDIA_TYPES, OK, PLACED, REQUEST, SIZE, STRIP, Rendering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Renderer", "Rendering"]

log = logging.getLogger(__name__)

CPU_S = 2  # a transparent PNG of 20 megapixels, the slowest honest picture, takes 0.9 s
MEMORY_BYTES = 600 * 2**20  # ... and 500 MB
START_TIMEOUT_S = 30.0  # Pillow from a Raspberry Pi's card takes seconds
STARTS = 3  # in a row that may fail before we pause
PAUSE_S = 5.0
SOCKET_BUFFER_BYTES = 2**20  # the kernel may give less; a whole frame fits into what Linux gives by default
RECEIVE_BYTES = 2**16
MAX_ANSWER_BYTES = 2**24

_SCRIPT = str(Path(__file__).with_name("worker.py"))
_CODES = {MediaType(text): code for code, text in enumerate(MEDIA_TYPES)}
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}
# A worker decodes what strangers send: it inherits what Python needs to start, and no secrets.
_INHERITED = ("PYTHON", "LC_", "LD_", "DYLD_")
_INHERITED_NAMES = ("PATH", "HOME", "LANG", "TZ")


class Renderer:
    """A handful of worker processes that make thumbnails, one picture each at a time.

    A worker that dies is replaced when it is next needed. Belongs to one event loop.
    """

    def __init__(
        self,
        workers: int,
        timeout_s: float,
        max_pixels: int,
        *,
        cpu_s: int = CPU_S,
        memory_bytes: int = MEMORY_BYTES,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.workers = workers
        self.renders = 0  # pictures given to a worker since the start
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._arguments = (max_pixels, cpu_s, memory_bytes)
        self._turn = asyncio.Semaphore(workers)  # first come, first served
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._failed_starts = 0
        self._paused_until = 0.0
        self._is_closed = False

    async def start(self) -> None:
        """Start the workers, so that the first picture need not wait. A worker that fails to is tried again later."""
        started = await asyncio.gather(*(self._start_worker() for _ in range(self.workers)), return_exceptions=True)
        for worker in started:
            if isinstance(worker, _Worker):
                self._idle.append(worker)
            elif not isinstance(worker, Unavailable):
                raise worker

    async def close(self) -> None:
        """End the workers and wait until they are gone; who still waits for a picture gets Unavailable."""
        self._is_closed = True
        self._idle.clear()
        await asyncio.gather(*(worker.end() for worker in self._all))
        self._all.clear()

    @property
    def pids(self) -> list[int]:
        """The process ids of the living workers."""
        return [worker.pid for worker in self._all if worker.is_alive]

    async def render(self, data: bytes, media_type: MediaType) -> Rendering:
        """The thumbnail of a picture. Raises Undecodable (the picture's fault) and Unavailable (ours: try again)."""
        return await self._made(_CODES[media_type], data)

    async def columns(self, thumbnails: Sequence[bytes]) -> list[bytes | None]:
        """A column for a slit strip from each of some dozen thumbnails. Raises Undecodable, Unavailable."""
        if not thumbnails:
            return []
        data = b"".join(SIZE.pack(len(thumbnail)) + thumbnail for thumbnail in thumbnails)
        cut = (await self._made(COLUMNS, data)).data
        if len(cut) != COLUMN.size * len(thumbnails):
            raise Undecodable("the worker cut another number of columns")
        return [column if is_there else None for is_there, column in COLUMN.iter_unpack(cut)]

    async def strip(self, columns: Mapping[int, bytes]) -> bytes:
        """A slit strip, in WebP, of the columns of these minutes of the day. Raises Unavailable."""
        data = b"".join(PLACED.pack(minute, column) for minute, column in columns.items())
        try:
            return (await self._made(STRIP, data)).data
        except Undecodable as exc:
            raise Unavailable(f"no slit strip can be made: {exc}") from exc

    async def _made(self, code: int, data: bytes) -> Rendering:
        async with self._turn:
            for _ in range(2):
                worker = await self._take_worker()
                try:
                    answer = await worker.ask(code, data, self._timeout_s)
                except _Ended:
                    if self._is_closed:
                        raise Unavailable("thumbnails are no longer made: the archive is closing") from None
                    if reason := await self._post_mortem(worker):
                        raise Undecodable(reason) from None
                    continue  # ended from outside, which says nothing against the picture: once more
                except BaseException:
                    worker.kill()  # nobody waits for this picture any more; `_start_worker` and `close` bury it
                    raise
                self._idle.append(worker)
                if isinstance(answer, str):
                    raise Undecodable(answer)
                return answer
        raise Undecodable("two workers were ended while they drew it")

    async def _take_worker(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                self.renders += 1
                return worker
        worker = await self._start_worker()
        self.renders += 1
        return worker

    async def _start_worker(self) -> _Worker:
        for dead in [worker for worker in self._all if not worker.is_alive]:
            self._all.discard(dead)
            await dead.end()
        if self._is_closed:
            raise Unavailable("thumbnails are no longer made: the archive is closing")
        if asyncio.get_running_loop().time() < self._paused_until:
            raise Unavailable("no thumbnail can be made just now: its worker does not start")
        try:
            worker = _Worker(self._arguments)
        except OSError as exc:
            self._note_failed_start()
            raise Unavailable(f"no thumbnail can be made just now: no worker could be started: {exc}") from exc
        self._all.add(worker)
        try:
            await worker.ready(START_TIMEOUT_S)
        except _Ended:
            if not self._is_closed:
                self._note_failed_start()
            raise Unavailable("no thumbnail can be made just now: its worker did not start") from None
        except BaseException:
            worker.kill()
            raise
        self._failed_starts = 0
        return worker

    def _note_failed_start(self) -> None:
        self._failed_starts += 1
        if self._failed_starts >= STARTS:
            self._failed_starts = 0
            self._paused_until = asyncio.get_running_loop().time() + self._pause_s
            log.error("the thumbnail worker failed to start %d times in a row; next try in %g s", STARTS, self._pause_s)

    async def _post_mortem(self, worker: _Worker) -> str | None:
        """Why the picture ended its worker; None when it was not the picture."""
        returncode = await worker.end()
        self._all.discard(worker)
        if worker.was_late:
            return f"it was not drawn within {self._timeout_s:g} s"
        if returncode == -signal.SIGXCPU:
            return f"drawing it takes more than {self._arguments[1]} s of CPU"
        if -returncode in _CRASHES:
            return f"the decoder crashed on it ({signal.Signals(-returncode).name})"
        return None


class _Ended(Exception):
    """The worker is gone."""


class _Worker:
    """One worker process at the other end of a socket.

    The event loop watches the socket for as long as the worker lives: so the death of an idle worker is noticed, and
    handing over 60 kB costs a third of what it costs through asyncio's streams.
    """

    def __init__(self, arguments: tuple[int, ...]) -> None:
        self.is_alive = True
        self.was_late = False
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Rendering | str] = self._loop.create_future()
        self._received = bytearray()
        self._unsent = memoryview(b"")
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            for end in (self._socket, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            try:
                # About a millisecond of the event loop, and rare.
                self._process = subprocess.Popen(  # noqa: S603 - our own file, with numbers as arguments
                    [sys.executable, _SCRIPT, *map(str, (theirs.fileno(), *arguments))],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=_without_secrets(os.environ),
                    process_group=0,  # a Ctrl-C in the terminal is for the server
                )
            except BaseException:
                self._socket.close()
                raise
        self.pid = self._process.pid
        self._loop.add_reader(self._socket, self._on_readable)

    async def ready(self, timeout_s: float) -> None:
        """Wait until the worker can be asked. Raises _Ended."""
        await self._answered(timeout_s)

    async def ask(self, code: int, data: bytes, timeout_s: float) -> Rendering | str:
        """What the worker makes of a picture, or why it makes nothing. Raises _Ended."""
        if not self.is_alive:
            raise _Ended
        self._answer = self._loop.create_future()
        head = REQUEST.pack(code, len(data))
        try:
            sent = self._socket.sendmsg((head, data))
        except OSError:
            sent = 0  # full, which goes on below; or closed, which the reader learns too
        if sent < len(head) + len(data):
            self._unsent = memoryview(head + data)[sent:]
            self._loop.add_writer(self._socket, self._on_writable)
        return await self._answered(timeout_s)

    async def _answered(self, timeout_s: float) -> Rendering | str:
        deadline = self._loop.call_later(timeout_s, self._on_late)
        try:
            return await self._answer
        finally:
            deadline.cancel()

    def kill(self) -> None:
        """End the worker at once; `end` must still follow."""
        if self.is_alive:
            self.is_alive = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._process.kill()
            if not self._answer.done():
                self._answer.set_exception(_Ended())

    async def end(self) -> int:
        """End the worker if it lives, wait until it is gone, and say how it went, as `Popen.returncode` does."""
        self.kill()
        returncode = await asyncio.to_thread(self._process.wait)
        self._socket.close()
        return returncode

    def _on_late(self) -> None:
        self.was_late = True
        self.kill()

    def _on_writable(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._unsent)  # nobody is there to read it, which the reader learns too
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _on_readable(self) -> None:
        try:
            chunk = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk or self._answer.done():  # it has gone; or it speaks out of turn and is not to be trusted again
            self.kill()
            return
        self._received += chunk
        if len(self._received) < ANSWER.size:
            return
        status, size_bytes, *seen = ANSWER.unpack_from(self._received)
        if size_bytes > MAX_ANSWER_BYTES:
            self.kill()
            return
        if len(self._received) < ANSWER.size + size_bytes:
            return
        body = bytes(memoryview(self._received)[ANSWER.size :])
        self._received = bytearray()
        if status == OK:
            self._answer.set_result(Rendering(body, *seen))
        else:
            self._answer.set_result(body.decode(errors="replace"))


def _without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name in _INHERITED_NAMES or name.startswith(_INHERITED)}
