"""A proxy that does to connections what bad networks and bad proxies do, as chance has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from enum import StrEnum
from random import Random

DRIP_S = 0.2


class Fault(StrEnum):
    NONE = "passes everything on"
    RESET_UP = "reset at some byte of the request"
    RESET_DOWN = "reset at some byte of the answer"
    SWALLOWED = "the answer swallowed"
    HALF_CLOSED = "half closed at some byte of the request"
    DRIP = "a byte at a time from some byte of the request on"


FAULTS = (*[Fault.NONE] * 4, *[Fault.RESET_UP] * 3, *[Fault.RESET_DOWN] * 3, *[Fault.SWALLOWED] * 2, *Fault)


class Proxy:
    """Between cameras and the archive at *port* of loopback."""

    def __init__(self, port: int, dice: Random) -> None:
        self._behind = port
        self._dice = dice
        self.faults: Counter[Fault] = Counter()
        self.port = 0
        self._passing: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Take connections while inside."""
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield
        while self._passing:  # its connections end with it, and are closed while there is a loop to close them
            for passing in self._passing:
                passing.cancel()
            await asyncio.wait(self._passing)
        await asyncio.sleep(0)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.create_task(self._pass(reader, writer))
        self._passing.add(passing)
        passing.add_done_callback(self._passing.discard)

    async def _pass(self, down_reader: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        fault = self._dice.choice(FAULTS)
        # As often in the few hundred bytes of a head as in the thousands of a body.
        at = self._dice.randrange(600 if self._dice.random() < 0.5 else 12_000)
        if fault is Fault.RESET_DOWN:
            at = self._dice.randrange(600)
        self.faults[fault] += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                up_reader, up = await asyncio.open_connection("127.0.0.1", self._behind)
                forward_at = at if fault is not Fault.RESET_DOWN else None
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(_forward(down_reader, up, fault, forward_at))
                        both.create_task(_backward(up_reader, down, fault, at))
                except* (OSError, _Enough):
                    pass
                finally:
                    up.transport.abort()
        finally:
            down.transport.abort()


class _Enough(Exception):
    """The connection is to be broken off."""


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault, at: int | None) -> None:
    left = None if at is None or fault in (Fault.NONE, Fault.SWALLOWED) else at
    while data := await reader.read(65_536):
        if left is None or len(data) <= left:
            writer.write(data)
            await writer.drain()
            left = None if left is None else left - len(data)
            continue
        writer.write(data[:left])
        await writer.drain()
        if fault is Fault.DRIP:
            for byte in data[left:]:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(DRIP_S)
        elif fault is Fault.HALF_CLOSED:
            writer.write_eof()
            return
        raise _Enough
    raise _Enough


async def _backward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault, at: int) -> None:
    left = at
    while data := await reader.read(65_536):
        if fault is Fault.SWALLOWED:
            raise _Enough
        if fault is Fault.RESET_DOWN and len(data) > left:
            writer.write(data[:left])
            await writer.drain()
            raise _Enough
        left -= len(data)
        writer.write(data)
        await writer.drain()
    raise _Enough
