"""The doctor inside: what an archive, its disk and its cameras suffer from, each by its real cause."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from archive import fields
from archive.doctor.findings import Begun, Finding, Severity
from archive.doctor.inside import Body, examine
from archive.fields import Scalar
from archive.frame import Lost
from archive.server import keys
from archive.server.assets import web_folder
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {"sqlite-wal-reset", "disk-lies", "disk-slow", "disk-container", "disk-memory"}  # true of some machines
SMALL = jpeg(16, 16)
DAY_MS = 86_400_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def findings(served: Served, **more: Any) -> dict[str, Finding]:
    """What is at fault with the archive; of one kind the last."""
    body = Body(
        **{
            "folder": served.folder,
            "store": served.app[keys.STORE],
            "index": served.index,
            "disk_floor_bytes": 0,
            **more,
        }
    )
    told = [one async for one in examine(body)]
    assert [one.step for one in told if isinstance(one, Begun)] == ["program", "disk", "space", "cameras", "promises"]
    found = [one for one in told if isinstance(one, Finding) and one.severity is not Severity.OK]
    return {one.id: one for one in found if one.id not in HERE}


async def sent(
    served: Served, camera: str, *, count: int = 3, every_ms: int = 1000, lost: Lost | None = None, **said: Scalar
) -> str:
    """Frames of a camera that says so of itself, the newest taken now; the boot they are of."""
    boot, newest_ms = new_boot(), now_ms()
    for number in range(count):
        headers = {fields.STATUS: fields.render_status(id=camera, **said)}
        if lost is not None:
            headers[fields.LOST] = fields.render_lost(lost)
        taken_ms = newest_ms - (count - 1 - number) * every_ms
        reply = await served.send(SMALL, headers=headers, boot=boot, number=number, taken_ms=taken_ms)
        assert reply.echo is not None, reply.body
    return boot


async def test_a_healthy_archive_has_no_fault(make_archive: MakeArchive) -> None:
    """A camera with a good supply, good Wi-Fi, and nothing waiting."""
    served = await make_archive()
    await sent(served, "garden", rssi=-61, heap=118_000, reset="power-on", spooled=0)

    assert await findings(served) == {}


@pytest.mark.parametrize(
    ("said", "expected", "seen"),
    [
        ({"reset": "brownout"}, "brown-out", "shed"),
        ({"reset": "watchdog"}, "crashes", "shed hung"),
        ({"reset": "panic"}, "crashes", "shed crashed"),
        ({"heap": 9_000}, "heap-low", "shed: 9 kB at the least"),
        ({"rssi": -83}, "wifi-weak", "shed: -83 dBm"),
        ({"spooled": 700, "waiting": 12}, "spool-filling", "shed: 712 frames"),
        ({"sensor_fault": "no sensor answers"}, "sensor-fault", "shed: no sensor answers"),
    ],
)
async def test_what_a_camera_says_of_itself_is_understood(
    make_archive: MakeArchive, said: dict[str, Any], expected: str, seen: str
) -> None:
    """One complaint, one finding, with the camera's name."""
    served = await make_archive()
    await sent(served, "shed", **said)

    found = await findings(served)

    assert {id_: one.seen for id_, one in found.items()} == {expected: seen}


async def test_brown_outs_are_counted_between_what_the_camera_says(make_archive: MakeArchive) -> None:
    """It restarted again since, for another reason: the count has risen all the same."""
    served = await make_archive()
    await sent(served, "shed", count=1, reset="power-on", brownouts=0)
    await sent(served, "shed", count=1, reset="restart", brownouts=1)

    assert set(await findings(served)) == {"brown-out"}


async def test_a_silent_camera_is_told_and_a_late_one_is_not(make_archive: MakeArchive) -> None:
    """By its own rhythm: three frames that did not come, and never within a minute."""
    served = await make_archive()
    await sent(served, "porch", count=8, every_ms=30_000)

    late = await findings(served, clock=lambda: now_ms() + 70_000)
    silent = await findings(served, clock=lambda: now_ms() + 3 * 3_600_000)

    assert late == {}
    assert {id_: one.seen for id_, one in silent.items()} == {
        "camera-silent": "porch: nothing for 3 h, usually one in 30 s"
    }


async def test_a_camera_that_never_sent_is_told(make_archive: MakeArchive) -> None:
    """It has a key, and that is all."""
    served = await make_archive()
    async with served.owner() as owner, owner.post("/api/cameras", json={"id": "attic"}) as made:
        assert made.status == 200

    assert {id_: one.seen for id_, one in (await findings(served)).items()} == {"camera-never-heard": "attic"}


async def test_frames_that_were_given_up_today_are_told(make_archive: MakeArchive) -> None:
    """With the camera's own reasons; what is a day old is history."""
    served = await make_archive()
    await sent(served, "barn", count=1, lost=Lost(boot=new_boot(), first=3, last=7, reason="spool-full"))

    today = await findings(served)
    later = await findings(served, clock=lambda: now_ms() + 2 * DAY_MS)

    assert today["frames-given-up"].seen == "barn: 5 by spool-full"
    assert "frames-given-up" not in later


async def test_missing_frames_are_told_unless_the_camera_holds_them(make_archive: MakeArchive) -> None:
    """A number that is not there may still lie in the spool."""
    served = await make_archive()
    boot = new_boot()
    for number in (0, 5):
        await served.send(SMALL, camera="gate", boot=boot, number=number)
    lost = await findings(served)
    await served.send(SMALL, headers={fields.STATUS: fields.render_status(id="gate", spooled=4)}, boot=boot, number=6)
    held = await findings(served)

    assert lost["frames-missing"].seen == "gate: 4 missing, 0 held"
    assert held == {}


async def test_an_original_that_is_gone_breaks_a_promise(make_archive: MakeArchive) -> None:
    """What `archive check` finds, the doctor tells."""
    served = await make_archive()
    await sent(served, "garden", count=2)
    (first, *_) = await served.files("garden")
    await asyncio.to_thread((served.folder / first).unlink)

    found = await findings(served)

    assert set(found) == {"promise-broken"}
    assert f"{first} is gone" in found["promise-broken"].seen


async def test_room_is_told_in_days_at_todays_rate(make_archive: MakeArchive) -> None:
    """By how much of the disk may be filled, the size of the last day's frames, and their number."""
    served = await make_archive()
    await sent(served, "garden", count=10)
    free_bytes = await asyncio.to_thread(served.app[keys.STORE].free_bytes)
    assert free_bytes is not None
    margin = 50 * 2**20  # of others who write on this disk meanwhile

    out = await findings(served, disk_floor_bytes=free_bytes + margin)
    plenty = await findings(served)

    assert set(out) == {"space-out"}
    assert "10 frames in the last day" in out["space-out"].seen
    assert plenty == {}


async def test_room_for_less_than_a_month_is_told(make_archive: MakeArchive) -> None:
    """Frames of 4 MB, and room for some fifty of them."""
    served = await make_archive()
    boot = new_boot()
    for number in range(5):
        reply = await served.send(SMALL + bytes(4 * 2**20), camera="garden", boot=boot, number=number)
        assert reply.echo is not None
    free_bytes = await asyncio.to_thread(served.app[keys.STORE].free_bytes)
    assert free_bytes is not None

    found = await findings(served, disk_floor_bytes=free_bytes - 200 * 2**20)

    assert set(found) == {"space-short"}


async def test_a_folder_that_takes_no_file_is_told(make_archive: MakeArchive, tmp_path: Path) -> None:
    """Whatever keeps it from taking one: here it is gone."""
    served = await make_archive()

    found = await findings(served, folder=tmp_path / "gone")

    assert {id_: one.seen for id_, one in found.items()} == {
        "folder-not-writable": f"{tmp_path}/gone: No such file or directory"
    }


async def test_a_page_or_a_clock_that_is_behind_is_told(make_archive: MakeArchive) -> None:
    """What was changed since the start does not show; a clock at 1970 dates nothing."""
    served = await make_archive()

    found = await findings(served, is_page_old=lambda: True, clock=lambda: 86_400_000)

    assert set(found) == {"restart-needed", "clock-implausible"}


async def test_the_page_that_is_served_is_the_one_that_is_there(make_archive: MakeArchive, tmp_path: Path) -> None:
    """The page's own files are the same; a folder with another file is another page."""
    served = await make_archive()
    assets = served.app[keys.ASSETS]
    other = tmp_path / "web"
    await asyncio.to_thread(_made, other)

    assert await asyncio.to_thread(lambda: assets.are_those_in(web_folder())) is True
    assert await asyncio.to_thread(assets.are_those_in, other) is False


def _made(folder: Path) -> None:
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
