"""Where connections come in: as many as there are descriptors for, a few at a time; the rest are told to come back.

asyncio's own listener takes all that wait at once, and when that is more than it has descriptors for it logs thousands
of lines and waits a second, again and again. So the turnstile stops counting on luck:

* Connections are counted before they are taken. What is above the limit is answered 503 and closed, which needs a
  descriptor for a moment only, and that one is spare.
* A connection may hold two descriptors: its own, and the file it is being sent.
* The kernel ends connections whose other side takes nothing, also those that a file is being sent to.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import sys
import time
from ssl import SSLContext

from aiohttp import web

from archive.errors import Unavailable
from archive.server.answers import Problem, encode
from archive.server.speech import SPEECH, Conversation

log = logging.getLogger(__name__)

BACKLOG = 4096  # connections the kernel holds for us: a fleet wakes up on the same second
AT_ONCE = 64  # let in before the others get their turn on the loop, so that a fleet does not stop it
SPARE = 64  # descriptors for the index, the workers, a frame being written
PER_CONNECTION = 2
PAUSE_S = 0.5  # when there is no descriptor left all the same
COMPLAIN_S = 60.0


class Turnstile(web.BaseSite):
    """Listens on an address for a runner; with port 0 on a free one."""

    __slots__ = ("_complained_at", "_entering", "_host", "_idle_s", "_listeners", "_resuming", "_sent_away", "port")

    def __init__(
        self, runner: web.BaseRunner, host: str, port: int, *, idle_s: float, tls: SSLContext | None = None
    ) -> None:
        super().__init__(runner, ssl_context=tls, backlog=BACKLOG)
        self.port = port
        self._host = host
        self._idle_s = idle_s
        self._listeners: list[socket.socket] = []
        self._entering: set[asyncio.Task[None]] = set()
        self._resuming: dict[socket.socket, asyncio.TimerHandle] = {}
        self._sent_away = 0
        self._complained_at = -COMPLAIN_S

    @property
    def name(self) -> str:
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self.port}"

    async def start(self) -> None:
        """Let connections in. Raises OSError when the address cannot be had."""
        self._listeners = await self._bound()
        self.port = int(self._listeners[0].getsockname()[1])
        await super().start()
        for listener in self._listeners:
            self._listen(listener)

    async def stop(self) -> None:
        """Let nobody in any more."""
        loop = asyncio.get_running_loop()
        for resuming in self._resuming.values():
            resuming.cancel()
        for listener in self._listeners:
            loop.remove_reader(listener)
            listener.close()
        self._listeners.clear()
        for entering in self._entering:
            entering.cancel()
        await super().stop()

    async def _bound(self) -> list[socket.socket]:
        """A socket for each address that *host* stands for."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        bound: list[socket.socket] = []
        with contextlib.ExitStack() as unless_all:
            for family, _, _, _, address in dict.fromkeys(found):
                port = bound[0].getsockname()[1] if bound else self.port
                place = (address[0], port, *address[2:])
                listener = unless_all.enter_context(socket.create_server(place, family=family, backlog=BACKLOG))
                listener.setblocking(False)
                bound.append(listener)
            unless_all.pop_all()
        return bound

    def _listen(self, listener: socket.socket) -> None:
        self._resuming.pop(listener, None)
        asyncio.get_running_loop().add_reader(listener, self._on_waiting, listener)

    def _on_waiting(self, listener: socket.socket) -> None:
        assert self._runner.server is not None  # noqa: S101 - we are stopped before it is
        left = places() - len(self._runner.server.connections) - len(self._entering)
        for _ in range(AT_ONCE):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    raise
                self._pause(listener)
                return
            if left > 0:
                left -= 1
                self._let_in(connection)
            else:
                self._send_away(connection)

    def _let_in(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        _give_up_after(connection, self._idle_s)
        entering = asyncio.get_running_loop().create_task(self._enter(connection))
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)

    async def _enter(self, connection: socket.socket) -> None:
        # What goes wrong here is the other side's: it left at once, or speaks no TLS.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._conversation,
                connection,
                ssl=self._ssl_context,
                ssl_handshake_timeout=self._idle_s if self._ssl_context else None,
            )

    def _conversation(self) -> Conversation:
        assert self._runner.server is not None  # noqa: S101 - as above
        loop = asyncio.get_running_loop()
        return Conversation(self._runner.server, loop=loop, keepalive_timeout=self._idle_s, **SPEECH)

    def _send_away(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.setblocking(False)
            if self._ssl_context is None:
                connection.send(_COME_BACK)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(2**16)  # what nobody read would turn the answer into a reset
        self._complain(1)

    def _pause(self, listener: socket.socket) -> None:
        # Others than connections have taken the descriptors. The kernel would call us again and again meanwhile.
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        self._resuming[listener] = loop.call_later(PAUSE_S, self._listen, listener)
        self._complain(0)

    def _complain(self, sent_away: int) -> None:
        self._sent_away += sent_away
        now = time.monotonic()
        if now - self._complained_at < COMPLAIN_S:
            return
        self._complained_at = now
        log.warning(
            "there are file descriptors for %d connections, and more came: %d were told to come back; "
            "raise the limit (ulimit -n, LimitNOFILE=)",
            places(),
            self._sent_away,
        )
        self._sent_away = 0


def places() -> int:
    """How many connections may be open at a time."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else max(1, (limit - SPARE) // PER_CONNECTION)


def _give_up_after(connection: socket.socket, idle_s: float) -> None:
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # only Linux has it
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(idle_s * 1000))


def _come_back() -> bytes:
    problem = Problem(
        type=f"/docs/errors#{Unavailable.__name__}",
        title="Not just now",
        status=503,
        detail="too many connections are open here; come back in a while",
    )
    body = encode(problem)
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        f"Retry-After: {Unavailable.retry_after_s}\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Server: camera-archive\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


_COME_BACK = _come_back()
