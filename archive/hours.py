"""Hours of the day in a time zone as stretches of time: what “from six to nine” means on any day. Pure.

Exact also where clocks are turned: an hour that comes twice counts twice, one that does not come not at all.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Stretch = tuple[int, int]  # from, and up to but not with: Unix milliseconds


class Hours:
    """The hours from *first* (0 to 24) up to *last*, over midnight when *last* is not after *first*."""

    def __init__(self, first: int, last: int, zone: ZoneInfo) -> None:
        self._first_ms = first * HOUR_MS
        self._long_ms = ((last - first - 1) % 24 + 1) * HOUR_MS
        self._zone = zone

    def contain(self, at_ms: int) -> bool:
        """Whether that moment lies in these hours."""
        return (at_ms + self._offset_ms(at_ms) - self._first_ms) % DAY_MS < self._long_ms

    def stretch_before(self, at_ms: int) -> Stretch:
        """The latest stretch of these hours that ends at *at_ms* or before; cut off there where it would go on."""
        offset_ms = self._offset_ms(at_ms - 1)
        local_ms = at_ms + offset_ms
        start = (local_ms - 1 - self._first_ms) // DAY_MS * DAY_MS + self._first_ms - offset_ms
        end = min(start + self._long_ms, at_ms)
        if self._offset_ms(start) == offset_ms:
            return start, end
        turned = self._turn(start, at_ms - 1)
        return (max(start, turned), end) if turned < end else self.stretch_before(turned)

    def stretch_after(self, at_ms: int) -> Stretch:
        """The earliest stretch of these hours that begins at *at_ms* or after; begun there where it began before."""
        offset_ms = self._offset_ms(at_ms)
        local_ms = at_ms + offset_ms
        days = (local_ms - self._first_ms - self._long_ms) // DAY_MS + 1
        begun = days * DAY_MS + self._first_ms - offset_ms
        start, end = max(begun, at_ms), begun + self._long_ms
        if self._offset_ms(end - 1) == offset_ms:
            return start, end
        turned = self._turn(at_ms, end - 1)
        return (start, min(end, turned)) if start < turned else self.stretch_after(turned)

    def _offset_ms(self, at_ms: int) -> int:
        offset = datetime.fromtimestamp(at_ms / 1000, self._zone).utcoffset()
        assert offset is not None  # noqa: S101 - a zone always has one
        return round(offset.total_seconds() * 1000)

    def _turn(self, before: int, after: int) -> int:
        """The first moment with the clock of *after*, when at *before* it was another. They are not turned twice."""
        offset_ms = self._offset_ms(after)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset_ms(middle) == offset_ms:
                after = middle
            else:
                before = middle
        return after
