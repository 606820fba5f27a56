"""How far a right reaches: cameras, spans, days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import Forbidden
from archive.frame import unix_ms
from archive.rights import EVERYTHING, Scope

ZONE = ZoneInfo("Europe/Berlin")
moments = st.none() | st.integers(0, 2_000_000_000_000)


@given(moments, moments, moments, moments, st.integers(0, 2_000_000_000_000))
def test_what_is_narrowed_never_reaches_further(
    after: int | None, before: int | None, asked_after: int | None, asked_before: int | None, at: int
) -> None:
    """A moment is in what is asked for, narrowed, when it is in both and in no other case."""

    def holds(scope: Scope) -> bool:
        return (scope.after_ms is None or at >= scope.after_ms) and (scope.before_ms is None or at < scope.before_ms)

    scope, asked = Scope(after_ms=after, before_ms=before), Scope(after_ms=asked_after, before_ms=asked_before)

    assert holds(scope.narrowed(None, asked_after, asked_before)) == (holds(scope) and holds(asked))


def test_another_camera_is_refused() -> None:
    """Asked for by name; without a name it is the one the link shows."""
    scope = Scope(camera="garden")

    assert scope.narrowed(None, None, None) == scope
    assert scope.narrowed("garden", None, None) == scope
    with pytest.raises(Forbidden, match="garden and no other"):
        scope.narrowed("shed", None, None)


@given(moments, moments, st.dates(date(1971, 1, 1), date(2033, 1, 1)))
def test_the_part_of_a_day(after: int | None, before: int | None, day: date) -> None:
    """All of it, a part that lies within it, or nothing: just what both have in common."""
    begin, end = (unix_ms(datetime.combine(at, datetime.min.time(), ZONE)) for at in (day, day + timedelta(days=1)))
    lower, upper = max(begin, begin if after is None else after), min(end, end if before is None else before)

    part = Scope(after_ms=after, before_ms=before).part_of(day, ZONE)

    if lower >= upper:
        assert part is None
    elif (lower, upper) == (begin, end):
        assert part == EVERYTHING
    else:
        assert part == Scope(after_ms=lower, before_ms=upper)


def test_the_last_day_there_is_has_parts_too() -> None:
    """Anybody may ask for any day: that no other comes after it is no reason to fail."""
    assert EVERYTHING.part_of(date.max, ZONE) == EVERYTHING
    assert Scope(before_ms=0).part_of(date.max, ZONE) is None
    assert EVERYTHING.part_of(date.min, ZONE) == EVERYTHING
