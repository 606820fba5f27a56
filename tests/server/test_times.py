"""When a frame was taken: from whichever clock knows best, as the API shows it, also when that is learnt late."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.pictures import jpeg
from tests.server.serving import Served, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
BERLIN = ZoneInfo("Europe/Berlin")
DAY_MS = 86_400_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, BERLIN).date().isoformat()


async def days(archive: Served, camera: str) -> dict[str, int]:
    return {found["day"]: found["frames"] for found in (await archive.get("/api/days", camera=camera))["days"]}


async def only(archive: Served, camera: str) -> dict[str, Any]:
    [frame] = await archive.frames(camera)
    return frame


async def test_the_cameras_own_clock_counts_first(archive: Served, camera: str) -> None:
    """`taken` is believed to the millisecond, and the answer says whose clock it was and how far off it may be."""
    taken_ms = now_ms() - 3 * DAY_MS - 123

    await archive.send(SMALL, camera=camera, boot=new_boot(), number=0, taken_ms=taken_ms, up_ms=50, now_ms=90)

    frame = await only(archive, camera)
    assert ms(frame["taken_at"]) == taken_ms
    assert frame["taken_at"].endswith("Z")
    assert frame["taken_at_source"] == "camera-clock"
    assert frame["taken_at_uncertainty_ms"] > 0
    assert frame["name"].startswith(
        f"{datetime.fromtimestamp(taken_ms / 1000, UTC):%Y%m%dT%H%M%S}.{taken_ms % 1000:03d}Z-"
    )
    assert await days(archive, camera) == {day(taken_ms): 1}


@pytest.mark.parametrize("age_ms", [0, 700, 3_600_000, 5 * DAY_MS])
async def test_without_a_clock_the_age_of_a_frame_dates_it(archive: Served, camera: str, age_ms: int) -> None:
    """`up` and `now` tell how old a frame is, whether it is sent at once or days later; the error is shown."""
    before_ms = now_ms()

    await archive.send(SMALL, camera=camera, boot=new_boot(), number=0, up_ms=1000, now_ms=1000 + age_ms)

    frame = await only(archive, camera)
    taken_ms, received_ms = ms(frame["taken_at"]), ms(frame["received_at"])
    assert before_ms - age_ms - 1 <= taken_ms <= received_ms - age_ms
    assert frame["taken_at_source"] == "server-clock"
    assert frame["taken_at_uncertainty_ms"] >= age_ms // 100


async def test_each_boot_has_its_own_count(archive: Served, camera: str) -> None:
    """A camera that was switched off and on counts from zero again; its frames stay in the order they were taken."""
    first, second = new_boot(), new_boot()

    await archive.send(SMALL, camera=camera, boot=first, number=0, up_ms=0, now_ms=900_000)
    await archive.send(SMALL, camera=camera, boot=first, number=1, up_ms=300_000, now_ms=900_000)
    await archive.send(SMALL, camera=camera, boot=second, number=0, up_ms=5_000, now_ms=6_000)

    shown = [(frame["boot"], frame["number"]) for frame in await archive.frames(camera)]
    assert shown == [(second, 0), (first, 1), (first, 0)]


async def test_a_frame_nobody_can_date_has_the_time_of_its_arrival(archive: Served, camera: str) -> None:
    """Without any clock: when we had it, and no claim of how far that is off."""
    await archive.send(SMALL, camera=camera, boot=new_boot(), number=0)

    frame = await only(archive, camera)
    assert frame["taken_at"] == frame["received_at"]
    assert (frame["taken_at_source"], frame["taken_at_uncertainty_ms"]) == ("arrival", None)


@pytest.mark.parametrize(
    "taken_ms",
    [0, 5_000, ms("2019-12-31T23:59:59Z"), now_ms() + 2 * DAY_MS, 10**15 - 1],
    ids=["zero", "1970", "2019", "the day after tomorrow", "year 33658"],
)
async def test_an_impossible_clock_is_passed_over(archive: Served, camera: str, taken_ms: int) -> None:
    """A camera that thinks it is 1970, or next week, has no clock; its count of milliseconds still dates the frame."""
    boot = new_boot()

    await archive.send(SMALL, camera=camera, boot=boot, number=0, taken_ms=taken_ms)
    await archive.send(SMALL, camera=camera, boot=boot, number=1, taken_ms=taken_ms, up_ms=0, now_ms=60_000)

    by_number = {frame["number"]: frame for frame in await archive.frames(camera)}
    assert by_number[0]["taken_at"] == by_number[0]["received_at"]
    assert by_number[1]["taken_at_source"] == "server-clock"
    assert ms(by_number[1]["received_at"]) - ms(by_number[1]["taken_at"]) >= 60_000


async def test_a_clock_learnt_late_dates_earlier_frames(archive: Served, camera: str) -> None:
    """Frames of a boot that had no clock are dated anew when one of its frames brings one: told, counted, same URL."""
    boot, arrived_ms = new_boot(), now_ms()
    for number in range(3):
        await archive.send(jpeg(16, 16, seed=number), camera=camera, boot=boot, number=number, up_ms=number * 1000)
    before = {frame["number"]: frame for frame in await archive.frames(camera)}
    assert {frame["taken_at_source"] for frame in before.values()} == {"arrival"}
    assert await days(archive, camera) in ({day(arrived_ms): 3}, {day(now_ms()): 3})
    seq, epoch_ms = archive.index.last_seq, arrived_ms - 10 * DAY_MS

    await archive.send(SMALL, camera=camera, boot=boot, number=3, up_ms=3000, taken_ms=epoch_ms + 3000)

    after = {frame["number"]: frame for frame in await archive.frames(camera)}
    assert [ms(after[number]["taken_at"]) - epoch_ms for number in range(4)] == [0, 1000, 2000, 3000]
    assert {frame["taken_at_source"] for frame in after.values()} == {"camera-clock"}
    assert [after[number]["url"] for number in range(3)] == [before[number]["url"] for number in range(3)]
    assert await archive.original(after[1]) == jpeg(16, 16, seed=1)
    assert await days(archive, camera) == {day(epoch_ms): 4}
    changes = (await archive.get("/api/changes", after=seq))["changes"]
    told = {change["data"]["number"]: change["data"] for change in changes if change["type"] == "frame-changed"}
    assert told == {number: after[number] for number in range(3)}


async def test_a_later_frame_of_a_dated_boot_needs_no_clock(archive: Served, camera: str) -> None:
    """Once a boot's epoch is known, `up` alone dates a frame that comes out of the spool."""
    boot, taken_ms = new_boot(), now_ms() - DAY_MS

    await archive.send(SMALL, camera=camera, boot=boot, number=5, up_ms=90_000, taken_ms=taken_ms)
    await archive.send(SMALL, camera=camera, boot=boot, number=4, up_ms=30_000)

    frames = {frame["number"]: frame for frame in await archive.frames(camera)}
    assert ms(frames[4]["taken_at"]) == taken_ms - 60_000
    assert frames[4]["taken_at_source"] == "camera-clock"


@pytest.mark.parametrize(
    ("change", "local_days"),
    [
        ("2024-10-27T01:00:00+00:00", {"2024-10-26": 2, "2024-10-27": 25, "2024-10-28": 2}),  # 25 hours long
        ("2024-03-31T01:00:00+00:00", {"2024-03-30": 2, "2024-03-31": 23, "2024-04-01": 2}),  # 23
    ],
    ids=["autumn", "spring"],
)
async def test_frames_across_a_clock_change_sort_by_time(
    archive: Served, camera: str, change: str, local_days: dict[str, int]
) -> None:
    """S11: one frame an hour over a night in which the local clock jumps: in order, none doubled, on their days."""
    changes_at = datetime.fromisoformat(change)
    midnight = changes_at.astimezone(BERLIN).replace(hour=0, fold=0)
    first = midnight.astimezone(UTC) - timedelta(hours=1, minutes=30)
    moments = [first + timedelta(hours=hour) for hour in range(sum(local_days.values()))]
    boot = new_boot()

    for number, moment in reversed(list(enumerate(moments))):
        await archive.send(SMALL, camera=camera, boot=boot, number=number, taken_ms=ms(moment.isoformat()))

    shown = [datetime.fromisoformat(frame["taken_at"]) for frame in await archive.frames(camera)]
    assert shown == moments[::-1]
    assert await days(archive, camera) == local_days
    for name, count in local_days.items():
        begin = datetime.fromisoformat(name).replace(tzinfo=BERLIN)
        end = (begin.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=BERLIN)
        page = await archive.get("/api/frames", camera=camera, after=begin.isoformat(), before=end.isoformat())
        assert (page["total"], len(page["frames"])) == (count, count)
