"""What a simulated camera holds while the archive is away, and what it owns up to."""

from archive.frame import Lost
from archive.simulate import Spool, Spooled, camera_names

BOOT = "9f3a61c0e2b47d18"


def frame(number: int) -> Spooled:
    return Spooled(number=number, up_ms=number, taken_ms=number, body=b"")


def filled(room: int, frames: int) -> Spool:
    """A spool with room for *room*, after so many frames, none of them sent."""
    spool = Spool(BOOT, room)
    for number in range(frames):
        spool.add(frame(number))
    return spool


def test_a_fresh_frame_goes_before_the_backlog() -> None:
    """Somebody is looking: the newest first, then the oldest of those that waited."""
    spool = filled(10, 4)
    order, newest_sent = [], -1

    while (upcoming := spool.next(newest_sent)) is not None:
        order.append(upcoming.number)
        newest_sent = max(newest_sent, upcoming.number)
        spool.forget(upcoming.number)

    assert order == [3, 0, 1, 2]


def test_a_full_spool_gives_up_the_oldest_and_remembers() -> None:
    """What had to go is counted, and every number of it is confessed exactly once."""
    spool = filled(3, 8)

    confessed: list[int] = []
    while (confession := spool.confession()) is not None:
        confessed += range(confession.first, confession.last + 1)
        assert (confession.boot, confession.reason) == (BOOT, "spool-full")
        spool.absolve(confession)

    assert (len(spool), spool.lost) == (3, 5)
    assert confessed == [0, 1, 2, 3, 4]


def test_a_confession_under_way_does_not_grow() -> None:
    """What is lost while the archive hears a confession is told in the next one."""
    spool = filled(2, 3)
    heard = spool.confession()
    spool.add(frame(3))
    spool.add(frame(4))

    assert heard == Lost(boot=BOOT, first=0, last=0, reason="spool-full")
    spool.absolve(heard)

    assert spool.confession() == Lost(boot=BOOT, first=1, last=2, reason="spool-full")


def test_a_frame_under_way_is_not_given_up() -> None:
    """Else the archive might keep what the camera says is lost."""
    spool = filled(2, 2)
    sent = spool.next(newest_sent=1)
    assert sent is not None
    assert sent.number == 0

    spool.add(frame(2))

    assert spool.confession() == Lost(boot=BOOT, first=1, last=1, reason="spool-full")


def test_a_small_household_has_places_for_names() -> None:
    """The first cameras are named after the places they look at, the others are numbered."""
    assert camera_names(7)[:2] == ["garden", "porch"]
    assert camera_names(7)[-1] == "camera-7"
