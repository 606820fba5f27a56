"""Thousands of broken requests: none is our fault, none hangs, none costs memory that stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from tests.attack import mutations
from tests.attack.raw import heard, statuses
from tests.attack.victim import Victim, may_open
from tests.server.serving import until

AT_ONCE = 1000
HANG_S = 60  # without an end, although all deadlines together are six seconds: nothing a busy machine does
GROWTH_MAX_BYTES = 48 * 2**20


async def test_no_mutant_is_our_fault(patient: Victim, seed: int, amount: Callable[[int, int], int]) -> None:
    """No status from 500 on, every connection ended by its deadline, memory flat, and an honest frame kept after it."""
    may_open(2 * AT_ONCE)
    sources = mutations.honest(patient.host)
    answered: Counter[int] = Counter()
    wrong: list[tuple[int, bytes, bytes]] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def try_one(number: int) -> None:
        async with places:
            said = mutations.mutant(sources, Random(f"{seed} {number}"))
            try:
                answer = await heard(patient.port, said, within_s=HANG_S)
            except TimeoutError:
                wrong.append((number, said, b"a hang"))
                return
            answered.update(statuses(answer))
            if any(status >= 500 for status in statuses(answer)):
                wrong.append((number, said, answer))

    await asyncio.gather(*map(try_one, range(AT_ONCE)))  # what is opened once is open then
    before_bytes = patient.rss_bytes
    await asyncio.gather(*map(try_one, range(AT_ONCE, amount(6000, 200_000))))

    assert wrong[:3] == []
    assert {200, 201, 400, 404, 408} <= answered.keys()  # they are not all broken in the same way
    assert patient.rss_bytes - before_bytes < GROWTH_MAX_BYTES
    assert patient.complaints(but=["two different frames"]) == []
    await until(lambda: not patient.connections)
    assert await asyncio.to_thread(patient.keeps_a_frame)
