"""The frames of a day by its 96 quarter hours, as the clock shows them: what a page draws of a day's activity.

In one value beside the day's own count, so that counting a frame there costs no statement of its own. Where the clock
is turned back an hour's quarters count twice as long, where it is turned forward four of them are empty.
"""

from __future__ import annotations

import sys
from array import array
from datetime import datetime
from zoneinfo import ZoneInfo

QUARTERS = 96
EMPTY = bytes(QUARTERS)

_KINDS = "BHI"  # of one, two and four bytes; most days have less than 256 frames in any quarter hour


class Quarters:
    """The counts of one day. As the index keeps them: 96 numbers of one, two or four bytes, the lowest byte first."""

    __slots__ = ("_counts",)

    def __init__(self, value: bytes = EMPTY) -> None:
        kinds = {array(kind).itemsize * QUARTERS: kind for kind in _KINDS}
        self._counts = array(kinds[len(value)], value)
        if sys.byteorder == "big":
            self._counts.byteswap()

    def add(self, quarter: int, more: int) -> None:
        """Count *more* frames in that quarter hour, or, below 0, fewer."""
        try:
            self._counts[quarter] += more
        except OverflowError:
            kind = _KINDS[_KINDS.index(self._counts.typecode) + 1]
            self._counts = array(kind, self._counts)
            self.add(quarter, more)

    def value(self) -> bytes:
        """The counts as the index keeps them."""
        if sys.byteorder == "big":
            swapped = self._counts[:]
            swapped.byteswap()
            return swapped.tobytes()
        return self._counts.tobytes()

    def counts(self) -> list[int]:
        return self._counts.tolist()


def quarter_of(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The day a moment falls on in *zone*, as yyyymmdd, and which quarter hour of it, from 0."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    return at.year * 10_000 + at.month * 100 + at.day, at.hour * 4 + at.minute // 15
