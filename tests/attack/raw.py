"""Bytes said to a server, and all that came back, also when the server hangs up in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket

from tests.server.serving import PATIENCE_S

STATUS = re.compile(rb"HTTP/\d\.\d (\d{3}) [A-Z]")


async def heard(port: int, said: bytes, *, within_s: float = PATIENCE_S) -> bytes:
    """Say it, and listen until the server hangs up. Raises TimeoutError when it never does."""
    loop = asyncio.get_running_loop()
    answer = bytearray()
    with socket.socket() as line:
        line.setblocking(False)
        async with asyncio.timeout(within_s):
            await loop.sock_connect(line, ("127.0.0.1", port))
            saying = asyncio.create_task(_say(line, said))
            try:
                with contextlib.suppress(ConnectionError):
                    while more := await loop.sock_recv(line, 65_536):
                        answer += more
            finally:
                saying.cancel()
                await asyncio.wait([saying])
    return bytes(answer)


def statuses(answer: bytes) -> tuple[int, ...]:
    """The statuses in it, in their order."""
    return tuple(map(int, STATUS.findall(answer)))


async def _say(line: socket.socket, said: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # it has heard enough
        await asyncio.get_running_loop().sock_sendall(line, said)
