"""A fleet whose power comes back on the same second: all are served in the end, and memory stays bounded meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from random import Random

from archive.fields import Answer
from tests.attack.conftest import MakeVictim
from tests.attack.victim import Victim, may_open
from tests.crash.cameras import picture
from tests.server.serving import Reply, connected

FRAME_BYTES = 30_000
BUDGET_BYTES = 16 * 2**20
# Beside the budget: the connections; what all of them sent before it is looked at, in one turn of the loop; and the
# frames that wait for their thumbnails, 32 MB at most. Who is told to come back leaves nothing in memory.
CONNECTION_BYTES = 25_000 + FRAME_BYTES
BESIDE_BYTES = 64 * 2**20
BACKOFF_S = 5.0  # full jitter up to that; the firmware's is longer


async def test_a_fleet_that_comes_at_once_is_served(
    make_victim: MakeVictim, seed: int, amount: Callable[[int, int], int]
) -> None:
    """Every camera is acknowledged; besides there are only 503s that say when to come back; memory is bounded."""
    cameras = amount(1500, 9000)
    may_open(cameras + 200)
    victim = await asyncio.to_thread(make_victim, body_budget_bytes=str(BUDGET_BYTES))
    await asyncio.gather(*(_send(victim, 100_000 + n, 0) for n in range(50)))  # what is opened once is open then
    before_bytes = most_bytes = victim.rss_bytes
    statuses: Counter[int] = Counter()

    async def keep_on(number: int) -> None:
        dice = Random(f"{seed} {number}")
        while True:
            with contextlib.suppress(TimeoutError):  # a camera's patience with a busy machine ends; it sends again
                reply = await _send(victim, number, seed)
                statuses[reply.status] += 1
                if reply.status != 503:
                    assert reply.echo is not None
                    assert reply.echo.answer is Answer.KEPT
                    return
                assert int(reply.headers["Retry-After"]) > 0
            await asyncio.sleep(dice.uniform(0, BACKOFF_S))

    fleet = asyncio.gather(*map(keep_on, range(cameras)))
    while not fleet.done():
        most_bytes = max(most_bytes, victim.rss_bytes)
        await asyncio.sleep(0.05)
    await fleet

    print(f"{cameras} cameras: {dict(statuses)}, {(most_bytes - before_bytes) / 2**20:.0f} MB more")  # noqa: T201
    assert statuses.keys() <= {200, 201, 503}
    assert statuses[200] + statuses[201] == cameras
    assert most_bytes - before_bytes < BUDGET_BYTES + cameras * CONNECTION_BYTES + BESIDE_BYTES
    assert victim.complaints() == []


async def _send(victim: Victim, number: int, seed: int) -> Reply:
    body = picture(Random(f"{seed} {number}").randbytes(FRAME_BYTES))
    async with connected(victim.port) as line:
        await line.say(victim.upload(camera=f"camera-{number}", boot=f"{number:016x}", body=body))
        return await line.reply()
