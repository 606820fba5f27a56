"""Reading an event stream as a page does: event by event, resuming by the last id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from tests.server.serving import PATIENCE_S


class Event(NamedTuple):
    """One server-sent event."""

    kind: str
    id: int | None
    data: Any


class Stream:
    """An open stream of events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.retry_ms: int | None = None

    async def next(self) -> Event:
        """The next event. Raises EOFError at the stream's end."""
        kind, seq, data = "message", None, ""
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.response.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    seq = int(value)
                elif name == "data":
                    data += value
                elif name == "retry":
                    self.retry_ms = int(value)
                elif not name and data:
                    return Event(kind, seq, json.loads(data))
        raise EOFError

    async def until(self, kind: str, **has: Any) -> list[Event]:
        """Events up to the first of that kind whose data has these members, it included."""
        found = []
        while True:
            event = await self.next()
            found.append(event)
            if event.kind == kind and has.items() <= event.data.items():
                return found

    async def rest(self) -> list[Event]:
        """Everything until the stream ends."""
        found = []
        try:
            while True:
                found.append(await self.next())
        except (EOFError, aiohttp.ClientError):
            return found


@asynccontextmanager
async def listening(
    session: aiohttp.ClientSession, url: str = "/api/events", *, after: int | None = None, last_id: int | None = None
) -> AsyncIterator[Stream]:
    """A stream of the archive: from now on, or after a change, said as a page says it or as its EventSource does."""
    async with session.get(
        url,
        params={} if after is None else {"after": after},
        headers={} if last_id is None else {"Last-Event-ID": str(last_id)},
        timeout=aiohttp.ClientTimeout(sock_connect=PATIENCE_S),
    ) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)
