"""Who is slow on purpose holds up nobody, and is hung up on when its time is over."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import random

import aiohttp
import pytest

from tests.attack.conftest import MakeVictim
from tests.attack.victim import HONEST, Victim, may_open
from tests.pictures import jpeg
from tests.server.serving import PATIENCE_S, connected, head, new_boot, request, until

ATTACKERS = 400
REFUSED = 200
LARGE_HEADS, HEAD_MAX_BYTES = 200, 800_000
DEADLINES = {"idle_s": "3", "body_deadline_s": "3"}
SILENT, STUCK = "says nothing", "takes no answer"
LARGE = jpeg(64, 48) + random.Random(5).randbytes(3_000_000)


@pytest.fixture(name="slow_victim", scope="module")
def _slow_victim(make_victim: MakeVictim) -> Victim:
    may_open(2 * ATTACKERS)
    return make_victim(**DEADLINES)


def _openings(victim: Victim, url: str) -> dict[str, bytes]:
    """What each kind of attacker says first; all but the silent then go on with a byte a second."""
    lines = f"Host: {victim.host}\r\n".encode()
    return {
        SILENT: b"",
        "slow head": b"GET / HTTP/1.1\r\n" + lines + b"X-Slow: ",
        "slow request line": b"GET /",
        "slow body": request({"Host": victim.host, **head(camera="slow")}, HONEST[:500], length=len(HONEST)),
        "slow large body": request({"Host": victim.host, **head(camera="slow")}, HONEST[:500], length=15_000_000),
        "slow body nobody asked for": b"GET /healthz HTTP/1.1\r\n" + lines + b"Content-Length: 100000\r\n\r\n",
        "slow chunks": b"POST /api/reports HTTP/1.1\r\n" + lines + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
        STUCK: request({"Host": victim.host}, method="GET", path=url),
    }


async def _attack(victim: Victim, kind: str, opening: bytes) -> None:
    """Be slow until hung up on."""
    async with asyncio.timeout(PATIENCE_S), connected(victim.port) as line:
        if kind == STUCK:
            line.throttle(4096)
            line.stop_reading()
        await line.say(opening)
        taking = asyncio.create_task(line.rest())
        with contextlib.suppress(ConnectionError):
            while not taking.done():
                await asyncio.sleep(1)
                await line.say(b"" if kind == SILENT else b"x")
        taking.cancel()
        await asyncio.wait([taking])


async def test_honest_frames_are_kept_beside_400_slow_connections(slow_victim: Victim) -> None:
    """Slow heads, slow bodies, answers not taken: every honest upload meanwhile is kept, and the slow are cut off."""
    victim = slow_victim
    async with aiohttp.ClientSession(victim.url) as session:
        async with session.post("/api/frames", data=io.BytesIO(LARGE), headers=head(camera="large")) as answer:
            assert answer.status == 201
        async with session.get("/api/frames?camera=large") as answer:
            [frame] = (await answer.json())["frames"]
    kinds = itertools.cycle(_openings(victim, frame["url"]).items())

    attacks = [
        asyncio.create_task(_attack(victim, kind, opening)) for kind, opening in itertools.islice(kinds, ATTACKERS)
    ]
    await until(lambda: victim.connections > ATTACKERS * 3 // 4)
    statuses = []
    async with aiohttp.ClientSession(victim.url) as session:
        while not all(attack.done() for attack in attacks):
            frame_head = head(camera="honest", boot=new_boot(), number=0)
            async with session.post("/api/frames", data=HONEST, headers=frame_head) as answer:
                statuses.append(answer.status)
            await asyncio.sleep(0.05)

    await asyncio.gather(*attacks)
    assert len(statuses) > 10
    assert set(statuses) == {201}
    await until(lambda: not victim.connections)
    assert victim.complaints() == []


async def test_who_announces_much_takes_nothing_from_others(slow_victim: Victim) -> None:
    """Bodies of 15 MB announced by twenty, twice the budget, and not sent: honest frames are kept meanwhile."""
    victim = slow_victim
    said = request({"Host": victim.host, **head(camera="big")}, HONEST[:100], length=15_000_000)

    async with contextlib.AsyncExitStack() as attack:
        for _ in range(20):
            line = await attack.enter_async_context(connected(victim.port))
            await line.say(said)
        await until(lambda: victim.connections == 20)
        is_kept = await asyncio.to_thread(victim.keeps_a_frame)

    assert is_kept


async def test_heads_that_never_end_cost_little(slow_victim: Victim) -> None:
    """As large as a head may be, and four times so, all but the end: some half megabyte each is what they cost."""
    victim = slow_victim
    begun = b"GET / HTTP/1.1\r\nHost: " + victim.host.encode() + b"\r\n"
    large, too_large = begun + (b"X: " + b"x" * 4000 + b"\r\n") * 60, begun + (b"X: " + b"x" * 8000 + b"\r\n") * 120
    before_bytes = victim.rss_bytes

    async with contextlib.AsyncExitStack() as attack:
        for said in [large, too_large] * (LARGE_HEADS // 2):
            line = await attack.enter_async_context(connected(victim.port))
            with contextlib.suppress(ConnectionError):  # it has heard enough
                await line.say(said)
        is_kept = await asyncio.to_thread(victim.keeps_a_frame)
        most_bytes = victim.rss_bytes

    assert is_kept
    assert most_bytes - before_bytes < LARGE_HEADS * HEAD_MAX_BYTES


async def test_what_was_refused_is_forgotten(slow_victim: Victim) -> None:
    """200 bodies of 200 kB that nobody wanted, on connections that stay open: they cost what a connection costs."""
    victim = slow_victim
    body = bytes(200_000)
    said = [
        request({"Host": victim.host, "Authorization": "Bearer none"}, body),
        request({"Host": victim.host}, body, method="GET", path="/healthz"),
        request({"Host": victim.host}, body, path="/api/reports"),
        request({"Host": victim.host}, body, path="/nowhere"),
    ]
    before_bytes = victim.rss_bytes

    async with contextlib.AsyncExitStack() as attack:
        statuses = []
        for number in range(REFUSED):
            line = await attack.enter_async_context(connected(victim.port))
            await line.say(said[number % len(said)])
            statuses.append((await line.reply()).status)
        most_bytes = victim.rss_bytes

    assert set(statuses) == {200, 400, 401, 404}
    assert most_bytes - before_bytes < REFUSED * 100_000
