"""Every frame is dated by the best clock there is, and the true time lies within what is said of its uncertainty."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.dating import (
    CAMERA_CLOCK_MS,
    DRIFT_PERCENT,
    EARLIEST_FILE_MS,
    EARLIEST_MS,
    LEAD_MS,
    RESEND_MS,
    better_epoch,
    date,
    redate,
)
from archive.frame import Dated, Epoch, FrameClaim, TimeSource

NOW_MS = 1_795_345_345_000  # 2026-11-22
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ROUNDING_MS = 2  # a camera counts whole milliseconds, at both ends of a span

WAYS = st.integers(0, 60_000)
SPANS = st.integers(0, 30 * DAY_MS)
RATES = st.integers(-19, 20).map(lambda rate: 1 + rate / 1000)  # within the drift that is allowed for


def epoch(at_ms: int = NOW_MS - HOUR_MS, uncertainty_ms: int = 50, source: str = "server-clock") -> Epoch:
    return Epoch(at_ms=at_ms, uncertainty_ms=uncertainty_ms, source=TimeSource(source))


def dated(claim: FrameClaim, *, transfer_ms: int = 0, known: Epoch | None = None) -> Dated:
    return date(claim, received_at_ms=NOW_MS, transfer_ms=transfer_ms, epoch=known)


def told(claim: FrameClaim, *, transfer_ms: int = 0, known: Epoch | None = None) -> Epoch | None:
    return better_epoch(claim, received_at_ms=NOW_MS, transfer_ms=transfer_ms, known=known)


def test_a_set_camera_clock_is_believed() -> None:
    """`taken` beats everything else that is known."""
    claim = FrameClaim(up_ms=5_000, now_ms=6_000, taken_ms=NOW_MS - 90_000)

    got = dated(claim, transfer_ms=400, known=epoch())

    assert got == Dated(taken_at_ms=NOW_MS - 90_000, source=TimeSource.CAMERA_CLOCK, uncertainty_ms=CAMERA_CLOCK_MS)


@pytest.mark.parametrize(
    ("taken_ms", "is_believed"),
    [
        (0, False),
        (84_112, False),
        (EARLIEST_MS - 1, False),
        (EARLIEST_MS, True),
        (NOW_MS + LEAD_MS, True),
        (NOW_MS + LEAD_MS + 1, False),
        (2**53 - 1, False),
    ],
)
def test_a_camera_clock_that_cannot_be_right_is_not_believed(taken_ms: int, is_believed: bool) -> None:
    """Nothing before 2020, nothing after the arrival but for five minutes, neither for the frame nor for its boot."""
    claim = FrameClaim(up_ms=0, now_ms=6_000, taken_ms=taken_ms)

    got, learnt = dated(claim), told(claim)

    assert (got.source is TimeSource.CAMERA_CLOCK) == is_believed
    assert learnt is not None
    assert (learnt.source is TimeSource.CAMERA_CLOCK) == is_believed


def test_without_it_ours_is_reckoned_back_from_the_head() -> None:
    """The head came 400 ms before the last byte, and the frame was a second old when it was sent."""
    got = dated(FrameClaim(up_ms=83_000, now_ms=84_000), transfer_ms=400)

    assert got == Dated(
        taken_at_ms=NOW_MS - 400 - 1_000,
        source=TimeSource.SERVER_CLOCK,
        uncertainty_ms=400 + RESEND_MS + 1_000 * DRIFT_PERCENT // 100,
    )


def test_a_frame_of_an_earlier_boot_is_dated_by_that_boot() -> None:
    """`up` without `now`: the boot's epoch tells, with its own source."""
    known = epoch(source="camera-clock")

    got = dated(FrameClaim(up_ms=10_000), known=known)

    assert got == redate(10_000, known)
    assert (got.taken_at_ms, got.source) == (known.at_ms + 10_000, TimeSource.CAMERA_CLOCK)


@pytest.mark.parametrize("claim", [FrameClaim(), FrameClaim(up_ms=5), FrameClaim(now_ms=5), FrameClaim(taken_ms=5)])
def test_with_nothing_to_go_by_it_is_the_arrival(claim: FrameClaim) -> None:
    """Of which nobody knows how late it is."""
    assert dated(claim, transfer_ms=400) == Dated(taken_at_ms=NOW_MS, source=TimeSource.ARRIVAL, uncertainty_ms=None)


@pytest.mark.parametrize(
    ("claim", "known"),
    [
        (FrameClaim(up_ms=0, now_ms=99 * 365 * DAY_MS), None),
        (FrameClaim(up_ms=99 * 365 * DAY_MS), epoch()),
        (FrameClaim(up_ms=2 * HOUR_MS), epoch()),
    ],
    ids=["decades old", "decades ahead", "an hour ahead"],
)
def test_a_count_that_cannot_be_right_is_not_believed(claim: FrameClaim, known: Epoch | None) -> None:
    """A camera that counts wrongly dates no frame before 2020 or in the future, and its boot no better."""
    assert dated(claim, known=known).source is TimeSource.ARRIVAL
    assert told(claim, known=known) is known


@pytest.mark.parametrize("up_ms", [2**32 - 1, 2**32, 2**32 + 5])
def test_nothing_happens_when_a_counter_of_32_bits_would_wrap(up_ms: int) -> None:
    """Fifty days are no border here."""
    got = dated(FrameClaim(up_ms=up_ms, now_ms=up_ms + 700), transfer_ms=40)

    assert got.taken_at_ms == NOW_MS - 40 - 700


@given(way_ms=WAYS, transfer_ms=WAYS, age_ms=SPANS, up_ms=SPANS, rate=RATES)
@settings(deadline=None)
def test_the_true_time_lies_within_the_uncertainty(
    way_ms: int, transfer_ms: int, age_ms: int, up_ms: int, rate: float
) -> None:
    """A camera with a drifting clock, a head that was under way no longer than the body and one resend."""
    truly_ms = NOW_MS - transfer_ms - min(way_ms, transfer_ms + RESEND_MS) - age_ms
    claim = FrameClaim(up_ms=int(up_ms * rate), now_ms=int((up_ms + age_ms) * rate))

    got = dated(claim, transfer_ms=transfer_ms)

    assert got.source is TimeSource.SERVER_CLOCK
    assert got.uncertainty_ms is not None
    assert abs(got.taken_at_ms - truly_ms) <= got.uncertainty_ms + ROUNDING_MS


SENT = st.tuples(SPANS, WAYS, WAYS, st.integers(-CAMERA_CLOCK_MS, CAMERA_CLOCK_MS) | st.none())


@given(sent=st.lists(SENT, min_size=1, max_size=6), taken_at_up_ms=SPANS, rate=RATES)
@settings(deadline=None)
def test_a_frame_dated_late_by_its_boot_is_dated_rightly(
    sent: list[tuple[int, int, int, int | None]], taken_at_up_ms: int, rate: float
) -> None:
    """Whatever frames a boot's epoch was learnt from, another of its frames lies within what is said."""
    began_ms = NOW_MS - 40 * DAY_MS
    known: Epoch | None = None

    for true_up_ms, way_ms, transfer_ms, clock_is_off_ms in sent:
        up_ms = int(true_up_ms * rate)
        taken_ms = None if clock_is_off_ms is None else began_ms + true_up_ms + clock_is_off_ms
        known = better_epoch(
            FrameClaim(up_ms=up_ms, now_ms=up_ms, taken_ms=taken_ms),
            received_at_ms=began_ms + true_up_ms + min(way_ms, transfer_ms + RESEND_MS) + transfer_ms,
            transfer_ms=transfer_ms,
            known=known,
        )

    assert known is not None
    got = redate(int(taken_at_up_ms * rate), known)
    assert got.uncertainty_ms is not None
    assert abs(got.taken_at_ms - (began_ms + taken_at_up_ms)) <= got.uncertainty_ms + ROUNDING_MS


def test_an_hour_taken_at_1970_is_dated_rightly() -> None:
    """Frames every 30 s by a camera that never had a clock, all sent when the network is back."""
    began_ms = NOW_MS - 2 * HOUR_MS
    ups_ms = range(0, HOUR_MS, 30_000)

    got = [
        date(
            FrameClaim(up_ms=up_ms, now_ms=HOUR_MS + n * 700, taken_ms=up_ms),
            received_at_ms=began_ms + HOUR_MS + n * 700 + 5 + 600,  # the head 5 ms, the body 600 ms under way
            transfer_ms=600,
            epoch=None,
        )
        for n, up_ms in enumerate(ups_ms)
    ]

    assert [frame.taken_at_ms for frame in got] == [began_ms + 5 + up_ms for up_ms in ups_ms]
    assert {frame.source for frame in got} == {TimeSource.SERVER_CLOCK}


def test_an_hour_spooled_through_a_restart_is_dated_when_its_boot_is_learnt() -> None:
    """Frames that know only `up` are dated by their arrival, until one frame of their boot tells its epoch."""
    began_ms = NOW_MS - 2 * HOUR_MS
    orphans = [FrameClaim(up_ms=up_ms, taken_ms=up_ms) for up_ms in range(0, HOUR_MS, 30_000)]

    before = [dated(claim) for claim in orphans]
    learnt = told(FrameClaim(up_ms=HOUR_MS, now_ms=2 * HOUR_MS - 40), transfer_ms=40)

    assert {frame.source for frame in before} == {TimeSource.ARRIVAL}
    assert learnt is not None
    after = [redate(claim.up_ms or 0, learnt) for claim in orphans]
    assert [frame.taken_at_ms for frame in after] == list(range(began_ms, began_ms + HOUR_MS, 30_000))
    assert after == [dated(claim, known=learnt) for claim in orphans]


def test_nothing_known_and_nothing_told_stays_so() -> None:
    """A frame without counts tells nothing of its boot, nor does `up` alone."""
    for claim in (FrameClaim(), FrameClaim(up_ms=5), FrameClaim(taken_ms=NOW_MS)):
        assert told(claim) is None
        assert told(claim, known=(known := epoch())) is known


def test_the_first_frame_tells_the_epoch() -> None:
    """`now` was zero that long before the head came."""
    got = told(FrameClaim(now_ms=10_000), transfer_ms=400)

    assert got == Epoch(
        at_ms=NOW_MS - 400 - 10_000,
        uncertainty_ms=400 + RESEND_MS + 10_000 * DRIFT_PERCENT // 100,
        source=TimeSource.SERVER_CLOCK,
    )


def test_the_less_uncertain_epoch_stands_whoever_tells_it() -> None:
    """A camera's clock first heard after a day of drift does not move what our clock told in the first second."""
    late_by_camera = FrameClaim(up_ms=DAY_MS, taken_ms=NOW_MS)
    early_by_us = FrameClaim(up_ms=5, now_ms=10)

    first = told(late_by_camera)
    second = told(early_by_us, known=first)
    third = told(late_by_camera, known=second)

    assert first == Epoch(
        at_ms=NOW_MS - DAY_MS,
        uncertainty_ms=CAMERA_CLOCK_MS + DAY_MS * DRIFT_PERCENT // 100,
        source=TimeSource.CAMERA_CLOCK,
    )
    assert second == told(early_by_us)
    assert third is second


def test_of_equally_uncertain_epochs_the_cameras_stands() -> None:
    """Its clock was at the shutter, ours only at the door."""
    by_us = told(FrameClaim(up_ms=0, now_ms=0), transfer_ms=CAMERA_CLOCK_MS - RESEND_MS)
    by_camera = told(FrameClaim(up_ms=0, taken_ms=NOW_MS), known=by_us)

    assert by_camera is not None
    assert by_us is not None
    assert by_camera.uncertainty_ms == by_us.uncertainty_ms
    assert by_camera.source is TimeSource.CAMERA_CLOCK


def test_of_the_same_clock_the_less_uncertain_stands() -> None:
    """A slow transfer does not spoil what a fast one told; a faster one improves it; an equal one moves nothing."""
    claim = FrameClaim(up_ms=5, now_ms=10)
    known = told(claim, transfer_ms=100)

    assert told(claim, transfer_ms=101, known=known) is known
    assert told(claim, transfer_ms=100, known=known) is known
    assert told(claim, transfer_ms=99, known=known) == told(claim, transfer_ms=99)


@pytest.mark.parametrize("source", ["name", "exif", "mtime"])
def test_a_file_is_dated_by_its_own_time(source: str) -> None:
    """Also from before there were such cameras, and nobody knows how far it is off; a boot learns nothing of it."""
    claim = FrameClaim(taken_ms=EARLIEST_FILE_MS, source=TimeSource(source), up_ms=5)

    assert dated(claim) == Dated(taken_at_ms=EARLIEST_FILE_MS, source=TimeSource(source), uncertainty_ms=None)
    assert told(claim) is None


@pytest.mark.parametrize("taken_ms", [0, EARLIEST_FILE_MS - 1, NOW_MS + LEAD_MS + 1])
def test_an_impossible_time_of_a_file_is_passed_over(taken_ms: int) -> None:
    """Of a card without a clock, or a clock that is ahead."""
    got = dated(FrameClaim(taken_ms=taken_ms, source=TimeSource.EXIF))

    assert (got.taken_at_ms, got.source) == (NOW_MS, TimeSource.ARRIVAL)


def test_a_camera_that_wrote_its_own_time_into_a_name_is_believed_as_itself() -> None:
    """A frame from its card is dated as if it had sent it."""
    claim = FrameClaim(taken_ms=NOW_MS - DAY_MS, source=TimeSource.CAMERA_CLOCK)

    assert dated(claim) == dated(FrameClaim(taken_ms=NOW_MS - DAY_MS))
