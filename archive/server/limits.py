"""How often somebody may do something: buckets that fill with time, for as many as we care to remember. Pure."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from archive.errors import TooOften

REMEMBERED = 10_000  # who has not come for longest is forgotten first, and then starts afresh


class Limit:
    """*per_s* in the long run, *burst* at once, for each of many. A *per_s* of 0 is no limit."""

    def __init__(self, per_s: float, burst: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable, amount: float = 1.0, *, what: str) -> None:
        """Let *who* have *amount* more. Raises TooOften, and then nothing was taken; *what* is its sentence."""
        if not self._per_s:
            return
        now = self._clock()
        left, at = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        amount = min(amount, self._burst)  # what is more than a bucket holds passes when it is full
        allowed = left >= amount
        self._left[who] = (left - amount if allowed else left, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if not allowed:
            raise TooOften(what, retry_after_s=max(1, math.ceil((amount - left) / self._per_s)))

    def give(self, who: Hashable, amount: float = 1.0) -> None:
        """Give back what was taken and turned out to be no misuse."""
        if who in self._left:
            left, at = self._left[who]
            self._left[who] = (min(self._burst, left + amount), at)
