"""What anybody may ask: pages of frames, single ones, cameras, days, pictures; and that asking changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import string
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from archive import __version__
from tests.pictures import jpeg, png, saved
from tests.server.conftest import MakeArchive
from tests.server.serving import Line, Served, new_boot, request, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)  # two days before the clocks go forward
EVERY = timedelta(hours=1)
MISSING = ("missing", None)
HELD = 100  # frames of the camera `garden`, one an hour; `shed` has every tenth moment too


@pytest_asyncio.fixture(name="filled", scope="module", loop_scope="module")
async def _filled(archive: Served) -> Served:
    """The module's archive with a known stock of frames."""
    for camera, step in (("garden", 1), ("shed", 10)):
        boot = new_boot()
        await asyncio.gather(
            *(
                archive.send(
                    jpeg(16, 16, seed=number),
                    camera=camera,
                    boot=boot,
                    number=number,
                    taken_ms=round((FIRST + number * EVERY).timestamp() * 1000),
                )
                for number in range(0, HELD, step)
            )
        )
    return archive


def moments(step: int = 1) -> list[datetime]:
    return [FIRST + number * EVERY for number in range(0, HELD, step)]


# -- pages


async def test_pages_follow_each_other_without_hole_or_overlap(filled: Served) -> None:
    """`next` leads from page to page down to the oldest frame; every page says the same total."""
    found: list[dict[str, Any]] = []
    url: str | None = "/api/frames?camera=garden&limit=7"

    while url:
        page = (await filled.ask(url)).json
        assert page["total"] == HELD
        assert len(page["frames"]) == min(7, HELD - len(found))
        found += page["frames"]
        url = page["next"]

    assert [datetime.fromisoformat(frame["taken_at"]) for frame in found] == moments()[::-1]


async def test_pages_hold_still_while_frames_arrive(archive: Served, camera: str) -> None:
    """Whoever pages through an archive that is being filled sees each old frame once, and none of them twice."""
    boot, began_ms = new_boot(), time.time_ns() // 1_000_000
    for number in range(20):
        await archive.send(
            SMALL, camera=camera, boot=boot, number=number, taken_ms=began_ms - 1000
        )  # all at one moment
    old = {frame["id"] for frame in await archive.frames(camera)}

    found: list[int] = []
    url: str | None = f"/api/frames?camera={camera}&limit=3"
    number = 20
    while url:
        page = (await archive.ask(url)).json
        found += [frame["id"] for frame in page["frames"]]
        url = page["next"]
        # One newer, one older than all, one in between.
        for taken_ms in (began_ms, began_ms - 5000, began_ms - 1000):
            if number < 50:
                await archive.send(SMALL, camera=camera, boot=boot, number=number, taken_ms=taken_ms)
                number += 1

    assert len(found) == len(set(found))
    assert old <= set(found)


@pytest.mark.parametrize("camera", ["garden", "shed", None])
@pytest.mark.parametrize(
    ("after", "before"),
    [
        (None, None),
        ("2026-03-28T00:00:00+01:00", None),  # a midnight of the archive's zone
        (None, "2026-03-30T00:00:00+02:00"),
        ("2026-03-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),  # two whole days, one of them of 23 hours
        ("2026-03-28T05:30:00Z", "2026-03-29T21:15:00Z"),  # both days cut
        ("2026-03-28T05:00:00Z", "2026-03-28T09:00:00Z"),  # within a day
        ("2026-03-28T05:00:00Z", "2026-03-28T05:00:00Z"),  # nothing
        ("2026-03-29T05:00:00Z", "2026-03-28T05:00:00Z"),  # less
        ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),  # over the clock change
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
        ("2026-03-28T05:00:00.001Z", "2026-03-28T06:00:00.001Z"),
    ],
)
async def test_a_span_of_time_holds_its_frames(
    filled: Served, camera: str | None, after: str | None, before: str | None
) -> None:
    """[after, before): the frames and their number, whether the span cuts days or not."""
    since, until = (datetime.fromisoformat(text) if text else None for text in (after, before))
    wanted = [
        moment
        for moment in (moments() if camera == "garden" else moments(10) if camera else moments() + moments(10))
        if (since is None or moment >= since) and (until is None or moment < until)
    ]
    query = {"camera": camera, "after": after, "before": before, "limit": "1000"}

    page = await filled.get("/api/frames", **{name: value for name, value in query.items() if value})

    known = {"garden", "shed"}
    found = [datetime.fromisoformat(frame["taken_at"]) for frame in page["frames"] if frame["camera"] in known]
    others = len(page["frames"]) - len(found)
    assert found == sorted(wanted, reverse=True)
    assert page["total"] == len(wanted) + others


async def test_the_same_hour_is_found_on_every_day(filled: Served) -> None:
    """`hour` is of the archive's zone, over midnight and a turn of the clocks; no total is counted; pages follow."""
    for hour, inside in [("6-9", {6, 7, 8}), ("22-4", {22, 23, 0, 1, 2, 3}), ("2-3", {2})]:
        found: list[datetime] = []
        url: str | None = f"/api/frames?camera=garden&hour={hour}&limit=4"
        while url:
            page = (await filled.ask(url)).json
            assert page["total"] is None
            assert (page["searched_to"] is None) == (page["next"] is None)
            found += [datetime.fromisoformat(frame["taken_at"]) for frame in page["frames"]]
            url = page["next"]

        assert found == [at for at in moments()[::-1] if at.astimezone(BERLIN).hour in inside]


async def test_a_list_can_be_read_from_a_moment_on(filled: Served) -> None:
    """`order=oldest` with `after`: ascending, page after page, to the newest frame."""
    found: list[datetime] = []
    url: str | None = "/api/frames?camera=garden&order=oldest&after=2026-03-29T00:30:00Z&limit=30"
    while url:
        page = (await filled.ask(url)).json
        found += [datetime.fromisoformat(frame["taken_at"]) for frame in page["frames"]]
        url = page["next"]

    assert found == [at for at in moments() if at >= datetime(2026, 3, 29, 0, 30, tzinfo=UTC)]


async def test_frames_are_found_by_verdict_and_difference(archive: Served, camera: str) -> None:
    """What the thumbnail workers saw can be asked for; each frame shows its colour."""
    dark = saved(Image.new("RGB", (320, 240), (2, 3, 2)), "JPEG")
    boot = new_boot()
    for number, body in enumerate([jpeg(seed=1), jpeg(seed=1), dark, jpeg(seed=2), jpeg(seed=2)[:-40]]):
        await archive.send(body, camera=camera, boot=boot, number=number)
    await until(lambda: _all_measured(archive, camera))

    async def numbers(**asked: str) -> list[int]:
        return [frame["number"] for frame in (await archive.get("/api/frames", camera=camera, **asked))["frames"]]

    assert await numbers(verdict="dark") == [2]
    assert await numbers(verdict="frozen,truncated") == [4, 1]
    assert await numbers(verdict="whole") == [3, 0]
    assert await numbers(difference="0.1") == [3, 2]
    frames = {frame["number"]: frame for frame in await archive.frames(camera)}
    assert {frame["verdict"] for frame in frames.values()} == {"whole", "frozen", "dark", "truncated"}
    assert frames[2]["colour"] in {"#020302", "#010301", "#020202", "#030303"}
    assert all(len(frame["colour"]) == 7 for frame in frames.values())


async def _all_measured(archive: Served, camera: str) -> bool:
    return all(frame["colour"] for frame in await archive.frames(camera))


async def test_a_camera_nobody_knows_has_no_frames(filled: Served) -> None:
    """An empty page, not an error: it may send yet."""
    assert await filled.frames("nobody") == []
    assert (await filled.get("/api/days", camera="nobody"))["days"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/frames?limit=0",
        "/api/frames?limit=1001",
        "/api/frames?limit=-1",
        "/api/frames?limit=1e3",
        "/api/frames?limit=%D9%A1",  # a digit, in Arabic
        "/api/frames?limit=99999999999999999999999",
        "/api/frames?before=yesterday",
        "/api/frames?before=2026-13-01T00:00:00Z",
        "/api/frames?after=2026-03-28T05:00:00",
        "/api/frames?after=2026-03-28",
        "/api/frames?after=24:00",
        "/api/frames?cursor=abc",
        "/api/frames?cursor=%00",
        "/api/frames?cursor=" + "A" * 3000,
        "/api/frames?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE",
        "/api/frames?order=oldest",
        "/api/frames?order=random",
        "/api/frames?hour=6",
        "/api/frames?hour=6-6",
        "/api/frames?hour=0-0",
        "/api/frames?hour=6-25",
        "/api/frames?hour=-1-5",
        "/api/frames?hour=6-9-12",
        "/api/frames?verdict=lovely",
        "/api/frames?verdict=dark,",
        "/api/frames?difference=2",
        "/api/frames?difference=-0.1",
        "/api/frames?difference=nan",
        "/api/frames?difference=1e-3",
        "/api/frames?camera=..",
        "/api/frames?camera=%2e%2e%2fx",
        "/api/frames?camera=a%00",
        "/api/frames/abc",
        "/api/frames/-1",
        "/api/frames/1.0",
        "/api/frames/9223372036854775808",
        "/api/days?camera=A",
        "/api/days/today",
        "/api/days/20261122",
        "/api/days/2026-13-01",
        "/api/days/0000-01-01",
        "/api/days/2026-11-22?camera=A",
        "/api/changes?after=-1",
        "/api/changes?after=x",
        "/api/changes?wait_s=x",
        "/api/changes?wait_s=1e9",
        "/api/events?after=x",
        "/api/events?after=" + "9" * 30,
        "/api/photos?limit=x",
        "/api/photos?limit=0",
    ],
)
async def test_a_bad_value_is_400(filled: Served, path: str) -> None:
    """The sender's fault, in the one shape of errors, naming the parameter."""
    assert (await filled.ask(path)).is_problem(400)


NAMES = st.sampled_from(
    [*("camera", "before", "after", "limit", "cursor", "hour", "verdict", "difference", "order"), "wait_s", "download"]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(-(2**70), 2**70).map(str),
    st.datetimes().map(lambda moment: moment.replace(tzinfo=UTC).isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.text(string.ascii_letters + string.digits + "-_", max_size=60),
    st.sampled_from(["garden", "MTIzLjE", "2026-03-28T05:00:00Z", "../../etc/passwd", "1", "22-4", "dark", "oldest"]),
)
PATHS = st.one_of(
    st.sampled_from(
        [
            "/api/frames",
            "/api/frames/1",
            "/api/days",
            "/api/cameras",
            "/api/archive",
            "/api/photos",
            "/api/changes",
            "/",
        ]
    ),
    st.text(max_size=30).map(lambda text: "/photos/" + quote(text)),
    st.text(max_size=30).map(lambda text: "/thumbnails/320/" + quote(text)),
    st.text(max_size=30).map(lambda text: "/api/frames/" + quote(text)),
    st.text(max_size=30).map(lambda text: "/" + quote(text).lstrip("/")),  # `//` begins a host, not a path
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, query=st.lists(st.tuples(NAMES, VALUES), max_size=4))
async def test_no_question_breaks_the_archive(filled: Served, path: str, query: list[tuple[str, str]]) -> None:
    """Whatever is asked: never 5xx, and every refusal has the one shape."""
    query = [(name, value) for name, value in query if not (name == "wait_s" and value.isdecimal())]

    reply = await filled.ask(path, params=query)

    assert reply.status < 500
    if reply.status >= 400:
        assert reply.is_problem(reply.status)


@pytest.mark.parametrize(
    "target",
    [
        "/%ff%fe",
        "/api/frames?x=%ff",
        "/api/photos?before=%ff",
        "/api/days?camera=%ed%a0%80",
        "//",
        "/..//..",
        "/%00",
        "/?%",
    ],
)
async def test_a_path_that_is_no_text_is_no_trouble(filled: Served, target: str) -> None:
    """Escapes that are not UTF-8, empty and strange paths: an answer below 500, and errors in their one shape."""
    async with filled.connected() as line:
        await line.say(request({}, method="GET", path=target))
        reply = await line.reply("GET")

    assert reply.status < 500
    if reply.status >= 400:
        assert reply.is_problem(reply.status), reply.body


# -- single things


async def test_one_frame_tells_all_about_itself(archive: Served, camera: str) -> None:
    """What a page says of it, and what its camera said of itself when it sent it."""
    body = jpeg(64, 48)
    headers = {"Camera-Status": f'id="{camera}", firmware="1.0.0", rssi=-61, battery=3.7, charging=?1'}
    reply = await archive.send(body, headers=headers, boot=new_boot(), number=12)
    [listed] = await archive.frames(camera)

    frame = await archive.get(reply.headers["Location"])

    status = frame.pop("status")
    for measured in ("mean_luma", "contrast", "difference", "colour"):
        frame.pop(measured), listed.pop(measured)
    assert frame == listed
    assert status == {"id": camera, "firmware": "1.0.0", "rssi": -61, "battery": 3.7, "charging": True}
    assert (frame["width"], frame["height"], frame["size_bytes"]) == (64, 48, len(body))
    assert frame["sha256"] == hashlib.sha256(body).hexdigest()
    assert (
        frame["url"]
        == f"/photos/{camera}/{frame['name'][:4]}/{frame['name'][4:6]}/{frame['name'][6:8]}/{frame['name']}"
    )
    assert frame["thumbnail_url"] == frame["url"].replace("/photos/", "/thumbnails/320/")


async def test_a_frame_that_is_not_there_is_404(filled: Served) -> None:
    """By its id, its photo's path or its thumbnail's."""
    frame = (await filled.frames("garden"))[0]
    elsewhere = frame["url"].replace("/photos/garden/", "/photos/shed/")

    for path in (
        "/api/frames/9223372036854775807",
        "/api/frames/0",
        elsewhere,
        elsewhere.replace("photos", "thumbnails/320"),
    ):
        assert (await filled.ask(path)).is_problem(404)


async def test_cameras_show_their_newest_frame(archive: Served, camera: str) -> None:
    """The frame that arrived last, how many there are, what the camera said with it."""
    boot = new_boot()
    for number in range(3):
        headers = {"Camera-Status": f'id="{camera}", rssi={number}'}
        await archive.send(SMALL, headers=headers, boot=boot, number=number)

    known = {found["id"]: found for found in (await archive.get("/api/cameras"))["cameras"]}

    assert list(known) == sorted(known)
    shown = known[camera]
    newest = next(frame for frame in await archive.frames(camera) if frame["number"] == 2)
    assert shown["frames"] == 3
    assert shown["latest"]["id"] == newest["id"]
    assert shown["seen_at"] == newest["received_at"]
    assert shown["status"] == {"id": camera, "rssi": 2}


async def test_a_cameras_health_is_told(archive: Served, camera: str) -> None:
    """What it said with single frames, spread over the span asked for, else over the day up to its newest."""
    boot = new_boot()
    for number in range(30):
        headers = {"Camera-Status": f'id="{camera}", rssi=-{number}, reset="brownout"'}
        taken_ms = round((FIRST + number * EVERY).timestamp() * 1000)
        await archive.send(SMALL, headers=headers, boot=boot, number=number, taken_ms=taken_ms)
    path = f"/api/cameras/{camera}/health"

    day = await archive.get(path)
    some = await archive.get(path, after="2026-03-27T12:00:00Z", before="2026-03-28T12:00:00Z", points=6)
    known = {found["id"]: found for found in (await archive.get("/api/cameras"))["cameras"]}

    assert [point["status"]["rssi"] for point in day["points"]] == [-n for n in range(6, 30)]
    assert [point["status"]["rssi"] for point in some["points"]] == [0, -4, -8, -12, -16, -20]
    assert some["points"][1]["at"] == "2026-03-27T16:00:00Z"
    assert some["points"][1]["status"]["reset"] == "brownout"
    assert (await archive.get(f"/api/frames/{some['points'][1]['frame']}"))["number"] == 4
    assert known[camera]["every_s"] == 3600
    assert (await archive.ask("/api/cameras/nobody/health")).is_problem(404)
    assert (await archive.ask(path, params={"points": "0"})).is_problem(400)


async def test_a_cameras_gaps_are_told(archive: Served, camera: str) -> None:
    """Which numbers have not arrived, and why; what waits on the camera as it said last; page by page."""
    boot, at_ms = new_boot(), round(FIRST.timestamp() * 1000)
    status = f'id="{camera}", spooled=3, waiting=1'
    for number, lost in ((0, None), (2, None), (9, f'boot="{boot}", from=4, to=6, reason="spool-full"'), (10, None)):
        headers = {"Camera-Status": status, **({"Camera-Lost": lost} if lost else {})}
        taken_ms = at_ms + number * 1000
        await archive.send(jpeg(seed=number), headers=headers, boot=boot, number=number, taken_ms=taken_ms)

    ledger = await archive.get(f"/api/cameras/{camera}/gaps")
    pages = [await archive.get(f"/api/cameras/{camera}/gaps", limit=3)]
    while pages[-1]["next"]:
        pages.append((await archive.ask(pages[-1]["next"])).json)

    assert (ledger["camera"], ledger["missing"], ledger["confessed"], ledger["on_camera"]) == (camera, 4, 3, 4)
    told = {(gap["from"], gap["to"], gap["state"], gap["reason"]) for gap in ledger["gaps"]}
    assert told == {
        (1, 1, "missing", None),
        (3, 3, "missing", None),
        (4, 6, "confessed", "spool-full"),
        (7, 8, *MISSING),
    }
    beside = {gap["from"]: (gap["taken_after"], gap["taken_before"]) for gap in ledger["gaps"]}
    assert beside[4] == ("2026-03-27T12:00:02Z", "2026-03-27T12:00:09Z")
    assert [gap for page in pages for gap in page["gaps"]] == ledger["gaps"]
    assert len(pages) == 2
    assert (await archive.ask("/api/cameras/nobody/gaps")).is_problem(404)
    assert (await archive.ask("/api/cameras/NOBODY/gaps")).is_problem(400)


async def test_days_are_the_archives_own(filled: Served) -> None:
    """Frames are counted by the day they have in the archive's time zone, newest day first, for each camera and all."""
    wanted: dict[str, int] = {}
    for moment in moments(10):
        name = moment.astimezone(BERLIN).date().isoformat()
        wanted[name] = wanted.get(name, 0) + 1

    of_one = await filled.get("/api/days", camera="shed")
    of_all = await filled.get("/api/days")

    assert of_one["timezone"] == "Europe/Berlin"
    assert [(day["day"], day["frames"]) for day in of_one["days"]] == sorted(wanted.items(), reverse=True)
    assert sum(day["frames"] for day in of_all["days"]) == (await filled.get("/api/archive"))["total"]


async def test_a_day_is_told_by_its_quarter_hours(filled: Served) -> None:
    """96 counts as the archive's clock shows them: on the day it goes forward one hour is empty; all cameras or one."""
    day = datetime(2026, 3, 29).date()  # noqa: DTZ001 - a day of the archive
    local = [at.astimezone(BERLIN) for at in moments() if at.astimezone(BERLIN).date() == day]

    of_one = await filled.get(f"/api/days/{day}", camera="garden")
    of_all = await filled.get(f"/api/days/{day}")
    of_none = await filled.get("/api/days/1999-12-31")

    assert of_one["quarters"] == [sum(at.hour * 4 + at.minute // 15 == n for at in local) for n in range(96)]
    assert (of_one["frames"], of_one["cameras"], of_one["day"]) == (23, {"garden": 23}, "2026-03-29")
    assert of_one["timezone"] == "Europe/Berlin"
    assert of_all["cameras"]["garden"] == 23
    assert of_all["frames"] == sum(of_all["quarters"]) == sum(of_all["cameras"].values())
    assert (of_none["frames"], sum(of_none["quarters"]), of_none["cameras"]) == (0, 0, {})


async def test_the_archive_tells_of_itself(make_archive: MakeArchive) -> None:
    """Which it is, its title, zone and version, where its log stands and where it listens."""
    archive = await make_archive(title="Bird table", timezone="Pacific/Auckland")
    await archive.send(SMALL)

    told = await archive.get("/api/archive")

    assert told == {
        "id": archive.index.id,
        "title": "Bird table",
        "timezone": "Pacific/Auckland",
        "total": 1,
        "last_seq": archive.index.last_seq,
        "version": __version__,
        "host": "127.0.0.1",
        "port": archive.port,
        "public_url": "",
        "is_tls": False,
    }
    assert (await archive.get("/healthz"))["status"] == "ok"


async def test_the_machines_time_zone_is_asked_once(make_archive: MakeArchive) -> None:
    """Without a zone in the settings the machine's is taken; answers about days do not go looking for it."""
    archive = await make_archive(timezone="")
    await archive.send(SMALL)

    days, told = await archive.get("/api/days"), await archive.get("/api/archive")

    assert days["timezone"] == told["timezone"]
    ZoneInfo(days["timezone"])


# -- the student project's list


async def test_the_old_list_holds_every_photo(make_archive: MakeArchive) -> None:
    """`/api/photos`: all file names, newest first, also more than a page of the index; each is a picture's path."""
    archive = await make_archive()
    assert await archive.get("/api/photos") == {"total": 0, "photos": []}
    boot = new_boot()
    for start in range(0, 1020, 60):
        await asyncio.gather(
            *(
                archive.send(SMALL, camera="a", boot=boot, number=n, taken_ms=1_700_000_000_000 + n)
                for n in range(start, start + 60)
            )
        )

    everything = await archive.get("/api/photos")
    names = [photo["filename"] for photo in everything["photos"]]
    some = await archive.get("/api/photos", limit=5)
    older = await archive.get("/api/photos", limit=3, before=names[4])

    assert everything["total"] == some["total"] == 1020
    assert len(names) == 1020
    assert names == sorted(names, reverse=True, key=lambda name: int(name.rpartition("-")[2].removesuffix(".jpg")))
    assert [photo["filename"] for photo in some["photos"]] == names[:5]
    assert [photo["filename"] for photo in older["photos"]] == names[5:8]
    assert (await archive.ask(f"/photos/{names[-1]}")).body == SMALL
    assert (await archive.ask("/api/photos", params={"before": "no/such.jpg"})).is_problem(404)


async def test_the_last_day_there_is_can_be_asked_for(archive: Served, camera: str) -> None:
    """No day comes after it; it is as empty as any other."""
    await archive.send(SMALL, camera=camera)

    found = await archive.get("/api/days/9999-12-31")

    assert (found["frames"], sum(found["quarters"])) == (0, 0)
    assert (await archive.ask(f"/api/cameras/{camera}/slits/9999-12-31")).is_problem(404)


# -- pictures


async def test_an_original_is_itself_for_ever(archive: Served, camera: str) -> None:
    """Its bytes, under headers that let a browser keep them and forbid it to do anything but show them."""
    body = jpeg(64, 48)
    await archive.send(body, camera=camera)
    [frame] = await archive.frames(camera)

    reply = await archive.ask(frame["url"])
    download = await archive.ask(frame["url"] + "?download=1")

    assert (reply.status, reply.body) == (200, body)
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.headers["Content-Disposition"] == f'inline; filename="{camera}-{frame["name"]}"'
    assert download.headers["Content-Disposition"] == f'attachment; filename="{camera}-{frame["name"]}"'
    assert "aiohttp" not in str(reply.headers) + str(download.headers)


async def test_what_a_picture_says_beside_itself_is_its_owners(archive: Served, camera: str) -> None:
    """EXIF and what lies behind the end: the owner gets the bytes as they were sent, others the picture alone."""
    place = b"Exif\x00\x00 48.2082N 16.3738E"
    alone = jpeg(64, 48)
    body = alone[:2] + b"\xff\xe1" + (len(place) + 2).to_bytes(2) + place + alone[2:] + b"<script>alert(1)</script>"
    await archive.send(body, camera=camera)
    [frame] = await archive.frames(camera)

    by_reader = await archive.ask(frame["url"])
    head = await archive.ask(frame["url"], method="HEAD")
    again = await archive.ask(frame["url"], headers={"If-None-Match": by_reader.headers["ETag"]})

    assert by_reader.body == alone
    assert await archive.original(frame) == body
    assert (head.headers["Content-Length"], head.body) == (str(len(alone)), b"")
    assert again.status == 304
    assert by_reader.headers["ETag"].strip('"') != frame["sha256"]
    assert by_reader.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_part_of_an_original_can_be_asked_for(archive: Served, camera: str) -> None:
    """Range: 206 with just those bytes, 416 beyond the end; If-Range against another version gives the whole."""
    body = jpeg(64, 48)
    await archive.send(body, camera=camera)
    [frame] = await archive.frames(camera)

    middle = await archive.ask(frame["url"], headers={"Range": "bytes=10-19"})
    tail = await archive.ask(frame["url"], headers={"Range": "bytes=-5"})
    beyond = await archive.ask(frame["url"], headers={"Range": f"bytes={len(body)}-"})

    assert (middle.status, middle.body) == (206, body[10:20])
    assert middle.headers["Content-Range"] == f"bytes 10-19/{len(body)}"
    assert (tail.status, tail.body) == (206, body[-5:])
    assert beyond.status == 416


async def test_who_has_it_gets_304(archive: Served, camera: str) -> None:
    """An ETag, as it was given or weakened by a proxy, or among others, spares the bytes; another one does not."""
    await archive.send(jpeg(64, 48), camera=camera)
    [frame] = await archive.frames(camera)

    for path in (frame["url"], frame["thumbnail_url"], "/", "/js/main.js"):
        etag = (await archive.ask(path)).headers["ETag"]
        for text in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = await archive.ask(path, headers={"If-None-Match": text})
            assert (path, text, again.status, again.body) == (path, text, 304, b"")
            assert again.headers["ETag"] == etag
        assert (await archive.ask(path, headers={"If-None-Match": '"other"'})).status == 200


async def test_a_thumbnail_is_a_small_jpeg(archive: Served, camera: str) -> None:
    """Valid at once, whatever the original is; immutable, and harmless to show."""
    await archive.send(png(800, 600), camera=camera)
    [frame] = await archive.frames(camera)

    reply = await archive.ask(frame["thumbnail_url"])

    assert reply.status == 200
    assert reply.body.startswith(b"\xff\xd8")
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_picture_that_cannot_be_shown_has_a_placeholder(archive: Served, camera: str) -> None:
    """A JPEG that no decoder takes: kept, and for a thumbnail something that may be replaced soon."""
    body = jpeg(64, 48)
    at = body.index(b"\xff\xda")
    await archive.send(body[:at] + b"\xff\xda\x00\x03\x00" + body[-2:], camera=camera)
    [frame] = await archive.frames(camera)

    reply = await archive.ask(frame["thumbnail_url"])

    assert reply.status == 200
    assert "immutable" not in reply.headers["Cache-Control"]
    assert int(reply.headers["Cache-Control"].rpartition("=")[2]) <= 3600


TRAVERSALS = [
    "..",
    "../index.db",
    "../../../../etc/passwd",
    "%2e%2e/index.db",
    "%2e%2e%2findex.db",
    "..%2f..%2findex.db",
    "garden/../../index.db",
    "garden/%2e%2e/%2e%2e/index.db",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "garden\\..\\index.db",
    "garden%00.jpg",
    "garden/2026/03/27/{name}%00",
    "garden/2026/03/27/{name}/",
    "garden/2026/03/27/../27/{name}",
    "garden/2026/03//27/{name}",
    "garden/2026/03/28/{name}",
    "Garden/2026/03/27/{name}",
    "garden/2026/03/27/",
    "",
]


@pytest.mark.parametrize("place", ["/photos/", "/thumbnails/320/", "/js/", "/"])
@pytest.mark.parametrize("attempt", TRAVERSALS)
async def test_no_path_leads_out_of_the_pictures(filled: Served, place: str, attempt: str) -> None:
    """S1: a path is looked up, never handed to the file system: 404, however it is written."""
    name = (await filled.frames("garden"))[-1]["name"]
    target = place + attempt.format(name=name)
    if target == "/":
        return

    async with filled.connected() as line:
        await line.say(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        reply = await line.reply("GET")

    assert reply.is_problem(404), (target, reply.status)


# -- what surrounds the answers


async def test_other_sites_may_not_read(archive: Served) -> None:
    """S8: without a setting no answer lets another site's script read it."""
    reply = await archive.ask("/api/frames", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "*" not in str(reply.headers)


async def test_sites_the_owner_named_may_read_and_no_others(make_archive: MakeArchive) -> None:
    """The named origin is allowed for reading; another is not; writing from any site is not; caches keep them apart."""
    archive = await make_archive(cors_origins=("https://album.example",))
    await archive.send(SMALL, camera="a")
    [frame] = await archive.frames("a")

    for path in ("/api/frames", frame["url"], frame["thumbnail_url"], "/nothing"):
        named = await archive.ask(path, headers={"Origin": "https://album.example"})
        other = await archive.ask(path, headers={"Origin": "https://evil.example"})
        nobody = await archive.ask(path)
        assert named.headers["Access-Control-Allow-Origin"] == "https://album.example"
        assert named.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Access-Control-Allow-Origin" not in other.headers
        assert all("Origin" in reply.headers.getall("Vary") for reply in (named, other, nobody))
    sent = await archive.send(SMALL, headers={"Origin": "https://album.example"})
    preflight = await archive.ask("/api/frames", method="OPTIONS", headers={"Origin": "https://album.example"})
    assert "Access-Control-Allow-Origin" not in sent.headers
    assert "Access-Control-Allow-Origin" not in preflight.headers

    public = await make_archive(cors_origins=("*",))
    reply = await public.ask("/api/frames", headers={"Origin": "https://anybody.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


async def test_frameworks_own_errors_have_our_shape(archive: Served) -> None:
    """404 and 405 of the router: a problem, with what is allowed; and no answer names the software's version."""
    nothing = await archive.ask("/nothing/here")
    wrong = await archive.ask("/api/archive", method="DELETE")

    assert nothing.is_problem(404)
    assert wrong.is_problem(405)
    assert set(wrong.headers["Allow"].split(",")) == {"GET", "HEAD"}
    for reply in (nothing, wrong):
        assert reply.headers["Server"] == "camera-archive"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


async def test_head_answers_have_no_body(filled: Served) -> None:
    """HEAD says what GET would, and not a byte more: the connection can go on."""
    frame = (await filled.frames("garden"))[0]
    paths = [
        "/",
        "/api/frames",
        "/api/archive",
        "/api/cameras",
        "/healthz",
        frame["url"],
        frame["thumbnail_url"],
        "/nothing",
        "/api/openapi.json",
        "/api/changes",
        "/api/photos",
        "/api/events",
    ]

    async with filled.connected() as line:
        for path in paths:
            await line.say(request({}, method="HEAD", path=path))
            reply = await line.reply("HEAD")
            assert reply.status in (200, 404, 405)
            await _still_alive(line)


async def _still_alive(line: Line) -> None:
    await line.say(request({}, method="GET", path="/api/archive"))
    reply = await line.reply("GET")
    assert reply.json.keys() >= {"title"}


async def test_no_get_changes_anything(filled: Served) -> None:
    """S1: after every route was asked, with the words that deleted in the old project, all is as it was."""
    frame = (await filled.frames("garden"))[0]
    thumbnail = await filled.ask(frame["thumbnail_url"])  # made now, if it was not there
    assert thumbnail.status == 200
    before = filled.index.last_seq, filled.index.total, await filled.files(), await filled.index.keys()

    for route in filled.app.router.routes():
        if route.method not in ("GET", "HEAD") or route.resource is None or "events" in route.resource.canonical:
            continue
        path = route.resource.canonical.replace("{id}", str(frame["id"])).replace(
            "{path}", frame["url"].removeprefix("/photos/")
        )
        for query in (
            "",
            "?delete=1",
            f"?delete={frame['name']}",
            "?_method=DELETE",
            f"?path={frame['url']}&action=delete",
        ):
            reply = await filled.ask(path + query, method=route.method)
            assert reply.status < 500
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        for path in (frame["url"], f"/api/frames/{frame['id']}", frame["thumbnail_url"], "/api/photos", "/"):
            assert (await filled.ask(path, method=method)).is_problem(405)

    assert (filled.index.last_seq, filled.index.total, await filled.files(), await filled.index.keys()) == before


async def test_answers_about_now_are_not_kept_by_caches(filled: Served) -> None:
    """JSON is for the moment, the page is asked about each time."""
    for path in ("/api/frames", "/api/cameras", "/api/days", "/api/archive", "/healthz", "/api/changes", "/api/photos"):
        assert (await filled.ask(path)).headers["Cache-Control"] == "no-store"
    assert (await filled.ask("/")).headers["Cache-Control"] == "no-cache"


async def test_the_old_list_is_json_however_long(filled: Served) -> None:
    """What is written as it is read is one document."""
    reply = await filled.ask("/api/photos")

    assert json.loads(reply.body)["total"] == len(reply.json["photos"]) == filled.index.total


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0.0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_of_the_page_comes_as_small_as_the_browser_takes_it(
    archive: Served, accepts: str, coding: str | None
) -> None:
    """The same file in every coding, each under a tag of its own."""
    plain = await archive.ask("/js/main.js", headers={"Accept-Encoding": "identity"})

    reply = await archive.ask("/js/main.js", headers={"Accept-Encoding": accepts})

    assert reply.headers.get("Content-Encoding") == coding
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert reply.body == plain.body, "aiohttp's client undoes the coding"
    assert (reply.headers["ETag"] == plain.headers["ETag"]) == (coding is None)
