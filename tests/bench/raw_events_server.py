"""A baseline: raw asyncio writes the same bytes to every listener, 20 times a second. `… PORT FILE_WITH_ONE_EVENT`."""

import asyncio
import sys
from pathlib import Path

TICK_S = 0.05
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\nevent: hello\ndata: {}\n\n"
)
transports: set[asyncio.Transport] = set()


class Listener(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(HEAD)
            transports.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        transports.discard(self._transport)


async def main(event: bytes) -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Listener, "127.0.0.1", int(sys.argv[1]), backlog=4096):
        due = loop.time()
        while True:
            for transport in transports:
                transport.write(event)
            due += TICK_S
            await asyncio.sleep(due - loop.time())


asyncio.run(main(Path(sys.argv[2]).read_bytes()))
