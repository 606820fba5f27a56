"""When a frame was taken, and how sure we are of it. Pure.

Three clocks can tell, and each frame is dated by the best it has:

1. the camera's own, where it was set (`taken`);
2. ours, through the camera's count of milliseconds since boot (`up`, and `now` when the request was sent);
3. ours, at the arrival of the last byte: an upper bound, with nothing known of how far it is off.

A frame that comes from a file has the time that was found there, of which nobody knows how far it is off.
"""

from archive.frame import FILE_SOURCES, Dated, Epoch, FrameClaim, TimeSource

# A camera's clock before this was never set, or set wrongly: the ESP32 starts in 1970.
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01
# Of files older ones are believed: there were digital cameras before. What says less has no time: a card that nobody
# told the date says 1980, a file without one 1970.
EARLIEST_FILE_MS = 631_152_000_000  # 1990-01-01
# Nor can a frame be taken after it arrived, save for a server's clock that is itself a little slow.
LEAD_MS = 5 * 60_000

# A clock set from `Camera-Clock` is late by the answer's way, one set by NTP over poor Wi-Fi by half a round trip: some
# hundred milliseconds, and a crystal of 10 ppm adds as much again in the hours until it is set the next time.
CAMERA_CLOCK_MS = 1000

# How much longer the request's head may have been under way than the whole body after it: one lost packet, which TCP
# sends again after about a second (RFC 6298, 2).
RESEND_MS = 1000

# While a camera sleeps, `up` is counted by an RC oscillator that follows the temperature; people measured 20 to 38
# seconds in an hour, 1 %. Awake it is a crystal, a thousand times better, but nothing tells us which of the two it was.
DRIFT_PERCENT = 2


def date(claim: FrameClaim, *, received_at_ms: int, transfer_ms: int, epoch: Epoch | None) -> Dated:
    """When the frame of *claim* was taken, by the best clock that can tell.

    *received_at_ms* is when the last byte came, *transfer_ms* how long before that the request's head had come, *epoch*
    what is known of the frame's boot so far. The true time lies within `uncertainty_ms` of the answer, either way.
    A clock that gives a time before 2020, or after the arrival, is passed over.
    """
    taken_ms, up_ms, now_ms = claim.taken_ms, claim.up_ms, claim.now_ms
    if taken_ms is not None and claim.source in FILE_SOURCES and is_plausible_of_file(taken_ms, received_at_ms):
        return Dated(taken_at_ms=taken_ms, source=claim.source, uncertainty_ms=None)
    if taken_ms is not None and claim.source not in FILE_SOURCES and _is_plausible(taken_ms, received_at_ms):
        return Dated(taken_at_ms=taken_ms, source=TimeSource.CAMERA_CLOCK, uncertainty_ms=CAMERA_CLOCK_MS)
    told: Dated | None = None
    if up_ms is not None and now_ms is not None:
        # The camera read `now` just before it sent the head. When the head arrived, at `received` less `transfer`, the
        # frame was therefore its age (`now` less `up`) old, plus the head's way. That way cannot be measured; it is
        # never negative, and hardly longer than the way of the body, many times its size, plus one resend. So the frame
        # was taken at the head's arrival less the age, or earlier by up to the transfer and a resend, give or take the
        # drift. Most ways are short: the late end is the answer, not the middle.
        # A proxy that gathers a request before it passes it on makes the transfer look like nothing. We cannot see it.
        age_ms = now_ms - up_ms
        told = Dated(
            taken_at_ms=received_at_ms - transfer_ms - age_ms,
            source=TimeSource.SERVER_CLOCK,
            uncertainty_ms=transfer_ms + RESEND_MS + _drift_ms(age_ms),
        )
    elif up_ms is not None and epoch is not None:
        told = redate(up_ms, epoch)
    if told is not None and _is_plausible(told.taken_at_ms, received_at_ms):
        return told
    return Dated(taken_at_ms=received_at_ms, source=TimeSource.ARRIVAL, uncertainty_ms=None)


def redate(up_ms: int, epoch: Epoch) -> Dated:
    """When a frame was taken at *up_ms* of its boot, now that the boot's epoch is known."""
    return Dated(
        taken_at_ms=epoch.at_ms + up_ms,
        source=epoch.source,
        uncertainty_ms=epoch.uncertainty_ms + _drift_ms(up_ms),
    )


def better_epoch(claim: FrameClaim, *, received_at_ms: int, transfer_ms: int, known: Epoch | None) -> Epoch | None:
    """The best epoch of the boot after this frame: *known* itself unless the frame tells it better.

    The less uncertain stands; of equals the one by the camera's clock, then the first. They are not averaged: a head's
    delay only ever makes an epoch late, so a mean would be later than the best of them, and dates would move with
    every frame.
    """
    told = _epoch(claim, received_at_ms=received_at_ms, transfer_ms=transfer_ms)
    if told is None or known is None:
        return told or known
    return min(known, told, key=_rank)


def is_plausible_of_file(taken_ms: int, received_at_ms: int) -> bool:
    """Whether the time that a file gives can be true."""
    return EARLIEST_FILE_MS <= taken_ms <= received_at_ms + LEAD_MS


def _epoch(claim: FrameClaim, *, received_at_ms: int, transfer_ms: int) -> Epoch | None:
    # Its uncertainty is that of the time at `up` zero: the way back there drifts too.
    taken_ms, up_ms, now_ms = claim.taken_ms, claim.up_ms, claim.now_ms
    is_clock = claim.source not in FILE_SOURCES
    if taken_ms is not None and up_ms is not None and is_clock and _is_plausible(taken_ms, received_at_ms):
        epoch = Epoch(
            at_ms=taken_ms - up_ms,
            uncertainty_ms=CAMERA_CLOCK_MS + _drift_ms(up_ms),
            source=TimeSource.CAMERA_CLOCK,
        )
    elif now_ms is not None:
        epoch = Epoch(
            at_ms=received_at_ms - transfer_ms - now_ms,  # `date` says why
            uncertainty_ms=transfer_ms + RESEND_MS + _drift_ms(now_ms),
            source=TimeSource.SERVER_CLOCK,
        )
    else:
        return None
    return epoch if _is_plausible(epoch.at_ms, received_at_ms) else None


def _rank(epoch: Epoch) -> tuple[int, bool]:
    return epoch.uncertainty_ms, epoch.source is not TimeSource.CAMERA_CLOCK


def _is_plausible(taken_ms: int, received_at_ms: int) -> bool:
    return EARLIEST_MS <= taken_ms <= received_at_ms + LEAD_MS


def _drift_ms(span_ms: int) -> int:
    return -(-span_ms * DRIFT_PERCENT // 100)
