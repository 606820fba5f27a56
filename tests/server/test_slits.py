"""A slit strip shows a day of a camera: each minute in its place, made of thumbnails, once."""

from __future__ import annotations

import asyncio
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from archive.server import keys
from tests.pictures import jpeg, saved
from tests.server.conftest import MakeArchive
from tests.server.serving import Reply, Served, new_boot, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

BERLIN = ZoneInfo("Europe/Berlin")
RED, GREEN, BLUE = (200, 40, 30), (30, 160, 50), (40, 60, 190)


def even(colour: tuple[int, int, int]) -> bytes:
    return saved(Image.new("RGB", (640, 480), colour), "JPEG")


async def sent(archive: Served, camera: str, frames: dict[str, bytes], *, boot: str | None = None) -> None:
    """Frames by the local time they are taken at."""
    boot = boot or new_boot()
    for number, (at, body) in enumerate(frames.items()):
        taken = datetime.fromisoformat(at)
        taken = taken if taken.tzinfo else taken.replace(tzinfo=BERLIN)
        taken_ms = round(taken.astimezone(UTC).timestamp() * 1000)
        reply = await archive.send(body, camera=camera, boot=boot, number=number, taken_ms=taken_ms)
        assert reply.status == 201


def shown(reply: Reply) -> dict[int, tuple[int, ...]]:
    """The minutes of a strip that are not empty, each with the colour of its middle."""
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"] == "image/webp"
    picture = Image.open(io.BytesIO(reply.body), formats=["WEBP"]).convert("RGBA")
    assert picture.size == (1440, 120)
    columns = {minute: picture.getpixel((minute, 60)) for minute in range(1440)}
    return {minute: rgba[:3] for minute, rgba in columns.items() if isinstance(rgba, tuple) and rgba[3]}


def near(got: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(got, wanted, strict=True))


async def test_each_minute_has_its_column(archive: Served, camera: str) -> None:
    """At its local time; of several frames in a minute the first; hours without frames are empty."""
    frames = {
        "2026-03-27T00:00:10": even(RED),
        "2026-03-27T12:30:00": even(GREEN),
        "2026-03-27T12:30:40": even(RED),
        "2026-03-27T23:59:59": even(BLUE),
        "2026-03-28T00:00:00": even(GREEN),
    }
    await sent(archive, camera, frames)

    strip = shown(await archive.ask(f"/api/cameras/{camera}/slits/2026-03-27"))

    assert strip.keys() == {0, 750, 1439}
    assert near(strip[0], RED)
    assert near(strip[750], GREEN)
    assert near(strip[1439], BLUE)


async def test_a_strip_follows_the_clock_where_it_is_turned(archive: Served, camera: str) -> None:
    """Frames lie at the time that the archive's clock showed, on days of 23 and of 25 hours too."""
    await sent(
        archive,
        camera,
        {
            "2026-03-29T01:30:00": even(RED),
            "2026-03-29T03:30:00": even(BLUE),  # an hour later
            "2026-10-25T02:30:00+02:00": even(RED),
            "2026-10-25T02:30:00+01:00": even(GREEN),  # the same time again: the first one shows
            "2026-10-25T23:00:00": even(BLUE),
        },
    )

    spring = shown(await archive.ask(f"/api/cameras/{camera}/slits/2026-03-29"))
    autumn = shown(await archive.ask(f"/api/cameras/{camera}/slits/2026-10-25"))

    assert spring.keys() == {90, 210}
    assert autumn.keys() == {150, 1380}
    assert near(autumn[150], RED)


async def test_a_strip_is_made_once(make_archive: MakeArchive) -> None:
    """It comes from memory, after a restart from the store; a frame that comes late makes another, in its place."""
    archive = await make_archive()
    boot = new_boot()
    await sent(archive, "garden", {f"2026-03-27T{hour:02}:00:00": even(RED) for hour in range(24)}, boot=boot)
    path = "/api/cameras/garden/slits/2026-03-27"
    first = await archive.ask(path)
    renders = archive.app[keys.SLITS]._renderer.renders

    again, unchanged = (
        await archive.ask(path),
        await archive.ask(path, headers={"If-None-Match": first.headers["ETag"]}),
    )

    assert archive.app[keys.SLITS]._renderer.renders == renders
    assert again.body == first.body
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert len(await strips(archive)) == 1

    archive.app[keys.SLITS]._strips.clear()
    assert (await archive.ask(path)).body == first.body
    assert archive.app[keys.SLITS]._renderer.renders == renders

    await sent(archive, "garden", {"2026-03-27T05:30:00": even(BLUE)})
    late = await archive.ask(path)
    assert near(shown(late)[330], BLUE)
    assert late.headers["ETag"] != first.headers["ETag"]
    assert len(await strips(archive)) == 1


async def strips(archive: Served) -> list[Path]:
    """The strips that lie in the store."""
    return await asyncio.to_thread(lambda: list((archive.folder / "thumbnails" / "slits").rglob("*.webp")))


async def test_the_strip_of_today_grows(make_archive: MakeArchive) -> None:
    """It is asked about each time and not written down; only new columns are cut."""
    archive = await make_archive()
    now = datetime.now(BERLIN)
    await archive.send(even(RED), camera="garden")
    path = f"/api/cameras/garden/slits/{now.date()}"

    reply = await archive.ask(path)

    if datetime.now(BERLIN).date() == now.date():  # not at midnight itself
        assert reply.headers["Cache-Control"] == "no-cache"
        assert len(shown(reply)) == 1
        assert await strips(archive) == []


async def test_who_asks_while_frames_arrive_shares_a_strip(make_archive: MakeArchive) -> None:
    """Twenty askings, a frame before each, while another strip is being made: they cost one strip and not twenty."""
    archive = await make_archive()
    slits = archive.app[keys.SLITS]
    path = "/api/cameras/garden/slits/2026-03-27"

    async with slits._turn:  # another's
        asking = []
        for hour in range(20):
            await sent(archive, "garden", {f"2026-03-27T{hour:02}:00:00": even(RED)})
            asking.append(asyncio.create_task(archive.ask(path)))
        await until(lambda: slits._renderer.renders == 20)  # their thumbnails
    strips_told = [shown(await asked) for asked in asking]

    assert slits._renderer.renders == 20 + 2  # its columns, and the strip
    assert all(len(told) == 20 for told in strips_told)


async def test_a_day_without_frames_has_no_strip(archive: Served, camera: str) -> None:
    """404, also of a camera nobody knows; what is no day is 400."""
    await sent(archive, camera, {"2026-03-27T12:00:00": jpeg()})

    for path in (f"/api/cameras/{camera}/slits/2026-03-26", "/api/cameras/nobody/slits/2026-03-27"):
        assert (await archive.ask(path)).is_problem(404)
    for path in (f"/api/cameras/{camera}/slits/yesterday", "/api/cameras/NO/slits/2026-03-27"):
        assert (await archive.ask(path)).is_problem(400)


async def test_thumbnails_that_are_gone_are_made_again(make_archive: MakeArchive) -> None:
    """Deleting everything derived is safe; what cannot be shown, or was damaged on disk, leaves its minute empty."""
    archive = await make_archive(thumbnail_cache_bytes=0)
    body = jpeg(64, 48)
    at = body.index(b"\xff\xda")
    unshowable = body[:at] + b"\xff\xda\x00\x03\x00" + body[-2:]
    frames = {"2026-03-27T10:00:00": even(RED), "2026-03-27T11:00:00": unshowable, "2026-03-27T12:00:00": even(BLUE)}
    await sent(archive, "garden", frames)
    newest, _, oldest = await archive.frames("garden")
    places = [archive.folder / frame["thumbnail_url"].lstrip("/") for frame in (newest, oldest)]
    await until(lambda: asyncio.to_thread(lambda: all(place.exists() for place in places)))
    damaged = places[0]

    def harm() -> None:
        shutil.rmtree(archive.folder / "thumbnails")
        damaged.parent.mkdir(parents=True)
        damaged.write_bytes(b"\xff\xd8 nothing")

    await asyncio.to_thread(harm)
    strip = shown(await archive.ask("/api/cameras/garden/slits/2026-03-27"))

    assert strip.keys() == {600}
    assert near(strip[600], RED)
