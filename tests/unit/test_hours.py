"""Hours of the day are what the clock on the wall says, also when it is turned."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.hours import HOUR_MS, Hours

QUARTER_MS = HOUR_MS // 4
# Turns by one hour, by two, by half of one; at midnight, at one minute past it; a day that was left out; none at all.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/St_Johns",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
]
TURNS = [
    "2026-03-29T01:00",  # Berlin, Troll
    "2026-10-25T01:00",
    "2026-03-08T05:00",  # Havana, New York
    "2026-11-01T05:00",
    "2011-03-13T03:31",  # St John's, at one minute past midnight
    "2011-11-06T02:31",
    "2026-10-29T21:00",  # Cairo
    "2026-04-04T15:00",  # Lord Howe
    "2026-10-03T15:30",
    "2011-12-30T10:00",  # Apia has no 30 December
]
DAY_S = 86_400

moments = st.one_of(
    st.integers(946_684_800, 2_208_988_800),  # 2000 to 2039
    st.sampled_from(TURNS).flatmap(
        lambda turn: st.integers(-2 * DAY_S, 2 * DAY_S).map(
            lambda seconds: round(datetime.fromisoformat(turn).replace(tzinfo=UTC).timestamp()) + seconds
        )
    ),
).map(lambda seconds: seconds * 1000)


def on_the_wall(at_ms: int, zone: ZoneInfo, first: int, last: int) -> bool:
    """Whether a clock there shows one of those hours."""
    hour = datetime.fromtimestamp(at_ms / 1000, zone).hour
    return first <= hour < last if first < last else hour >= first or hour < last


@given(at_ms=moments, zone=st.sampled_from(ZONES).map(ZoneInfo), first=st.integers(0, 23), last=st.integers(0, 24))
def test_hours_are_what_the_wall_clock_shows(at_ms: int, zone: ZoneInfo, first: int, last: int) -> None:
    """A moment is in the hours exactly when a clock in that zone shows one of them."""
    hours = Hours(first, last, zone)

    assert hours.contain(at_ms) == on_the_wall(at_ms, zone, first, last)


@given(at_ms=moments, zone=st.sampled_from(ZONES).map(ZoneInfo), first=st.integers(0, 23), last=st.integers(0, 24))
def test_the_stretch_before_leaves_nothing_out(at_ms: int, zone: ZoneInfo, first: int, last: int) -> None:
    """All of it is in the hours, and nothing between its end and the moment asked about is."""
    start, end = Hours(first, last, zone).stretch_before(at_ms)

    assert start < end <= at_ms
    inside = {*range(start, end, QUARTER_MS), end - 1}
    between = {*range(end, at_ms, QUARTER_MS), *([at_ms - 1] if end < at_ms else [])}
    assert all(on_the_wall(moment, zone, first, last) for moment in inside)
    assert not any(on_the_wall(moment, zone, first, last) for moment in between)


@given(at_ms=moments, zone=st.sampled_from(ZONES).map(ZoneInfo), first=st.integers(0, 23), last=st.integers(0, 24))
def test_the_stretch_after_leaves_nothing_out(at_ms: int, zone: ZoneInfo, first: int, last: int) -> None:
    """All of it is in the hours, and nothing between the moment asked about and its beginning is."""
    start, end = Hours(first, last, zone).stretch_after(at_ms)

    assert at_ms <= start < end
    inside = {*range(start, end, QUARTER_MS), end - 1}
    between = {*range(at_ms, start, QUARTER_MS), *([start - 1] if at_ms < start else [])}
    assert all(on_the_wall(moment, zone, first, last) for moment in inside)
    assert not any(on_the_wall(moment, zone, first, last) for moment in between)


@pytest.mark.parametrize(
    ("first", "last", "day", "long_ms"),
    [
        (2, 3, "2026-10-25", 2 * HOUR_MS),  # comes twice
        (1, 4, "2026-10-25", 4 * HOUR_MS),
        (1, 4, "2026-03-29", 2 * HOUR_MS),  # two o'clock does not come
    ],
)
def test_a_turned_clock_makes_hours_longer_or_shorter(first: int, last: int, day: str, long_ms: int) -> None:
    """In Berlin, on the days its clocks are turned: all pieces of the day's stretch together."""
    hours = Hours(first, last, ZoneInfo("Europe/Berlin"))
    at = round(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)
    pieces: list[tuple[int, int]] = []
    while not pieces or pieces[-1][0] > at - 14 * HOUR_MS:
        pieces.append(hours.stretch_before(pieces[-1][0] if pieces else at))

    assert sum(end - start for start, end in pieces[:-1]) == long_ms
