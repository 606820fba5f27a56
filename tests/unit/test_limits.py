"""How often somebody may: buckets that fill with time."""

from __future__ import annotations

import pytest

from archive.errors import TooOften
from archive.server.limits import REMEMBERED, Limit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def count(limit: Limit, who: str, tries: int) -> int:
    allowed = 0
    for _ in range(tries):
        try:
            limit.take(who, what="too often")
        except TooOften:
            continue
        allowed += 1
    return allowed


def test_a_burst_and_then_so_many_a_second() -> None:
    """At once as many as the bucket holds; in the long run what flows into it, for each by himself."""
    clock = Clock()
    limit = Limit(2.0, 5, clock=clock)

    at_once, other = count(limit, "a", 20), count(limit, "b", 3)
    clock.now = 1.0
    second = count(limit, "a", 20)
    clock.now = 1000.0

    assert (at_once, other, second, count(limit, "a", 20)) == (5, 3, 2, 5)


def test_it_says_when_to_come_again() -> None:
    """Then the same is allowed, and a moment before it was not."""
    clock = Clock()
    limit = Limit(0.1, 1, clock=clock)
    limit.take("a", what="too often")

    with pytest.raises(TooOften, match="too often") as refused:
        limit.take("a", what="too often")
    clock.now = refused.value.retry_after_s - 1
    early = count(limit, "a", 1)
    clock.now = refused.value.retry_after_s

    assert (early, count(limit, "a", 1)) == (0, 1)


def test_what_is_given_back_was_never_taken() -> None:
    """And nobody is given more than a bucket holds."""
    limit = Limit(0.001, 3, clock=Clock())
    for _ in range(10):
        limit.take("a", what="too often")
        limit.give("a")
    limit.give("a", 100)

    assert count(limit, "a", 10) == 3


def test_more_than_a_bucket_holds_passes_when_it_is_full() -> None:
    """A frame larger than the day's share is not refused for ever."""
    clock = Clock()
    limit = Limit(1.0, 10, clock=clock)

    limit.take("a", 25, what="too much")
    with pytest.raises(TooOften):
        limit.take("a", 1, what="too much")
    clock.now = 10
    limit.take("a", 25, what="too much")


def test_it_remembers_no_more_than_it_may() -> None:
    """A crowd of addresses costs no more memory than so many; no limit costs none."""
    limit, none = Limit(1.0, 1, clock=Clock()), Limit(0, 0)
    for n in range(REMEMBERED + 100):
        limit.take(n, what="too often")
        none.take(n, what="too often")

    assert len(limit._left) == REMEMBERED
    assert len(none._left) == 0
