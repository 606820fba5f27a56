"""The list: what stands where, and that it looks after itself."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_all, send_many
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_SIGHT = "(e) => e.getBoundingClientRect().top > 100 && e.getBoundingClientRect().bottom < innerHeight"
TWO_PICTURES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# The address follows when the reader rests: then both say the same moment.
RESTS = """() => {
  const rows = [...document.querySelectorAll("li.frame")];
  const first = rows.find((row) => row.getBoundingClientRect().top >= 104).querySelector("time");
  const before = new URLSearchParams(location.search).get("before");
  return scrollY < 9 ? !before : Date.parse(before) === Date.parse(first.dateTime) + 1;
}"""

THREE_DAYS_AGO = datetime.now(UTC) - timedelta(days=3)


async def test_the_first_frame_replaces_the_empty_page_by_itself(page: Page, archive_server: Archive) -> None:
    """An archive without frames says how to send one, and shows it when it comes."""
    await page.goto("/")
    await expect(page.get_by_role("heading", name="No frame has arrived yet")).to_be_visible()
    await expect(page.get_by_text("archive send photo.jpg")).to_be_visible()
    await expect(page.get_by_text(f"curl {archive_server.url}/api/frames")).to_be_visible()

    frame_id = await send(archive_server)

    await expect(page.get_by_role("link", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("heading", name="No frame has arrived yet")).to_be_hidden()
    await expect(page.get_by_role("banner")).to_contain_text("1 frame")


async def test_frames_stand_newest_first_under_the_archive_s_own_days(page: Page, archive_server: Archive) -> None:
    """Whatever order they arrive in; midnight is the archive's, not the browser's."""
    zone = ZoneInfo(await _timezone(archive_server))
    midnight = THREE_DAYS_AGO.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    before, after = midnight - timedelta(minutes=10), midnight + timedelta(minutes=10)
    last = midnight + timedelta(hours=23)
    ids = await send_all(archive_server, [("porch", after, None), ("garden", before, None), ("shed", last, None)])

    await page.goto("/")

    links = page.get_by_role("listitem").get_by_role("link")
    await expect(links).to_have_text([no(ids[2]), no(ids[0]), no(ids[1])])
    days = page.get_by_role("main").get_by_role("heading", level=2)
    await expect(days).to_have_text([re.compile(_heading(after)), re.compile(_heading(before))])
    row = page.get_by_role("listitem").nth(1)
    await expect(row).to_contain_text("00:10:00")
    await expect(row.get_by_role("img")).to_have_attribute("alt", f"porch, {_heading(after)} {after.year}, 00:10:00")


async def test_each_day_has_its_count_and_it_follows(page: Page, archive_server: Archive) -> None:
    """The day's head and the masthead count what arrives."""
    await send_many(archive_server, 2, latest=THREE_DAYS_AGO)
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    day = page.get_by_role("region", name=re.compile(r"\d+ \w+"))
    await expect(day).to_contain_text("2 frames")

    await send(archive_server, taken=THREE_DAYS_AGO + timedelta(seconds=1))

    await expect(day).to_contain_text("3 frames")
    await expect(page.get_by_role("banner")).to_contain_text("3 frames")


async def test_a_frame_that_comes_late_stands_at_its_own_time(page: Page, archive_server: Archive) -> None:
    """A camera that was away sends what it took then; the page puts it between its neighbours."""
    old, _ = await send_all(
        archive_server, [("garden", THREE_DAYS_AGO, None), ("garden", THREE_DAYS_AGO + timedelta(minutes=2), None)]
    )
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")

    late = await send(archive_server, taken=THREE_DAYS_AGO + timedelta(minutes=1))

    links = page.get_by_role("listitem").get_by_role("link")
    await expect(links).to_have_count(3)
    await expect(links.nth(1)).to_have_text(no(late))
    await expect(links.nth(2)).to_have_text(no(old))


async def test_a_truncated_frame_says_so_in_a_word(page: Page, archive_server: Archive) -> None:
    """The verdict is in the row, and only when it is not `whole`."""
    await send(archive_server, camera="whole")
    await send(archive_server, camera="broken", body=jpeg(320, 240, seed=7)[:-200])

    await page.goto("/")

    await expect(page.get_by_role("listitem").filter(has_text="broken")).to_contain_text("truncated")
    await expect(page.get_by_role("listitem").filter(has_text="whole")).not_to_contain_text("truncated")


async def test_the_list_goes_on_where_the_reader_goes(page: Page, archive_server: Archive) -> None:
    """Older frames come by themselves; the document does not grow, and the address says where the reader is."""
    ids = await send_many(archive_server, 250)
    await page.goto("/")
    rows = page.get_by_role("listitem")
    await expect(rows.first.get_by_role("link")).to_have_text(no(ids[-1]))
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await page.wait_for_function("() => document.documentElement.scrollHeight > 30_000")  # room for all that is older
    nodes = await _nodes(page)

    await page.keyboard.press("End")

    await expect(page.get_by_role("link", name=no(ids[0]))).to_be_in_viewport()
    assert await _nodes(page) <= nodes * 1.5
    await page.wait_for_function(RESTS)
    await page.reload()
    await expect(page.get_by_role("link", name=no(ids[0]))).to_be_visible()
    await page.wait_for_function("() => document.documentElement.scrollHeight > 30_000")  # room for all that is newer
    await page.wait_for_function(RESTS)
    await page.keyboard.press("Home")
    await expect(rows.first.get_by_role("link")).to_have_text(no(ids[-1]))
    await expect(page).to_have_url(re.compile(r"/$"))


async def test_a_place_in_the_list_can_be_shared(page: Page, archive_server: Archive) -> None:
    """Whoever opens the address sees the same frame first, and what is newer by scrolling up."""
    ids = await send_many(archive_server, 150)
    await page.goto("/")
    row = page.get_by_role("link", name=no(ids[100]))
    await _wheel_until(page, row, 400)
    await expect(page).to_have_url(re.compile(r"\?before=2"))
    first = await _first_seen(page)

    await page.goto("about:blank")
    await page.go_back()

    await expect(page.get_by_role("link", name=first)).to_be_in_viewport()
    assert await _first_seen(page) == first
    await _wheel_until(page, page.get_by_role("link", name=no(ids[-1])), -400)


async def test_two_densities_and_the_browser_remembers(page: Page, archive_server: Archive) -> None:
    """The contact sheet shows more at once, and the reader keeps the place."""
    ids = await send_many(archive_server, 120)
    await page.goto("/")
    await _wheel_until(page, page.get_by_role("link", name=no(ids[60])), 400)
    first = await _first_seen(page)
    listed = await page.get_by_role("listitem").count()

    await page.get_by_role("button", name="Contact sheet").click()

    await expect(page.get_by_role("button", name="Contact sheet", pressed=True)).to_be_visible()
    await expect(page.get_by_role("link", name=first)).to_be_in_viewport()
    assert await page.get_by_role("listitem").count() > 2 * listed
    await page.goto("/")
    await expect(page.get_by_role("button", name="Contact sheet", pressed=True)).to_be_visible()
    await page.get_by_role("button", name="List", exact=True).click()
    await expect(page.get_by_role("listitem").first).to_contain_text("bytes")


async def test_the_focus_walks_through_the_list(page: Page, archive_server: Archive) -> None:
    """Tab goes from frame to frame, also beyond those that were in the document when it began."""
    ids = await send_many(archive_server, 40)
    await page.goto("/")
    await page.get_by_role("link", name=no(ids[-1])).focus()

    for frame_id in reversed(ids[:-1]):
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name=no(frame_id))).to_be_focused()

    await expect(page.get_by_role("link", name=no(ids[0]))).to_be_in_viewport()


async def test_names_from_outside_are_shown_as_text(page: Page, archive_server: Archive) -> None:
    """Whatever a camera calls itself: tags, marks that turn the writing round, ten thousand letters."""
    await send_many(archive_server, 3)
    names = ["<img src=x onerror=alert(1)>", "\u202egarden\u2067", "x" * 10_000]
    rows: list[dict[str, object]] = []

    async def rename(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        for frame, name in zip(body["frames"], names, strict=True):
            frame["camera"] = frame["name"] = name
        rows.extend(body["frames"])
        await route.fulfill(response=answer, json=body)

    await page.route("**/api/frames?*", rename)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto("/")

    shown = page.get_by_role("listitem")
    await expect(shown).to_have_count(3)
    heights = {await row.evaluate("(row) => row.offsetHeight") for row in await shown.all()}
    assert len(heights) == 1
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    for row, name in zip(await shown.all(), names, strict=True):
        await expect(row).to_contain_text(name)
    await page.unroute("**/api/frames?*")


async def test_the_box_of_a_picture_is_there_before_the_picture(page: Page, archive_server: Archive) -> None:
    """Thumbnails that come late push nothing aside."""
    await send(archive_server, body=jpeg(640, 400, seed=1))
    arrived = asyncio.Event()

    async def late(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await page.route("**/thumbnails/**", late)
    await page.goto("/")
    picture = page.get_by_role("listitem").get_by_role("img")
    await expect(picture).to_be_visible()
    before = await picture.bounding_box()

    arrived.set()
    await expect(picture).to_have_js_property("complete", value=True)

    assert before is not None
    assert before["width"] / before["height"] == 640 / 400
    assert await picture.bounding_box() == before
    await page.unroute("**/thumbnails/**")


async def test_over_a_slow_network_frames_are_listed_and_do_not_jump(page: Page, archive_server: Archive) -> None:
    """A tenth of a second there and back, 100 KB a second: the rows are there first, their pictures come into them."""
    await send_many(archive_server, 12)
    devtools = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 100, "downloadThroughput": 100_000, "uploadThroughput": 100_000}
    await devtools.send("Network.emulateNetworkConditions", slow)
    row = page.get_by_role("listitem").nth(2)

    await page.goto("/", wait_until="commit")
    await expect(row).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("live")
    before = await row.bounding_box()
    await expect(row.get_by_role("img")).to_have_js_property("complete", value=True)
    await page.wait_for_function("() => [...document.images].slice(0, 5).every((image) => image.naturalWidth > 0)")

    assert await row.bounding_box() == before


async def test_a_list_that_cannot_be_fetched_says_so_and_tries_again(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """Not a blank page: what happened, in a sentence, and a button."""
    complaints.expect("503")
    frame_id = await send(archive_server)
    problem = '{"type":"about:blank","title":"The index is resting","status":503,"detail":""}'
    await page.route(
        "**/api/frames?*",
        lambda r: r.fulfill(status=503, body=problem, content_type="application/problem+json"),
        times=1,
    )

    await page.goto("/")

    await expect(page.get_by_role("alert")).to_contain_text("could not be fetched")
    await expect(page.get_by_role("alert")).to_contain_text("The index is resting")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("link", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("alert")).not_to_contain_text("could not be fetched")


async def test_a_phone_shows_everything_without_scrolling_sideways(page: Page, archive_server: Archive) -> None:
    """At 390 px nothing sticks out, and what can be pressed is 44 px high."""
    await page.set_viewport_size({"width": 390, "height": 844})
    ids = await send_many(archive_server, 12)

    await page.goto("/")
    await expect(page.get_by_role("link", name=no(ids[-1]))).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.mouse.move(300, 500)
    await page.mouse.wheel(0, 3000)
    await expect(page.get_by_role("link", name=no(ids[0]))).to_be_in_viewport()
    await send(archive_server)
    bar = await page.get_by_role("button", name="Show 1 new").bounding_box()
    assert bar is not None
    assert bar["height"] >= 44
    assert bar["y"] + bar["height"] == 844
    await page.get_by_role("link", name=no(ids[0])).click()
    for name in ("Earlier", "Later", "Close"):
        box = await page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_without_javascript_frames_are_listed(page: Page, archive_server: Archive) -> None:
    """Newest first under their days, each a link to its picture; “Older” leads on; a sentence says what is missing."""
    ids = await send_many(archive_server, 60, latest=THREE_DAYS_AGO)
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False)
    plain = await context.new_page()

    await plain.goto(await _address(page))

    sentence = plain.locator("noscript p")  # no role sees into it
    await expect(sentence).to_be_visible()
    await expect(sentence).to_contain_text("JavaScript is switched off here")
    links = plain.get_by_role("listitem").get_by_role("link")
    await expect(links).to_have_text([no(frame_id) for frame_id in ids[::-1][:50]])
    await expect(links.first).to_have_attribute("href", re.compile("^/photos/garden/"))
    await plain.get_by_role("link", name="Older").click()
    await expect(links).to_have_text([no(frame_id) for frame_id in ids[::-1][50:]])
    await expect(plain.get_by_role("link", name="Older")).to_be_hidden()
    await context.close()


async def _nodes(page: Page) -> int:
    return int(await page.evaluate("document.querySelectorAll('*').length"))


async def _wheel_until(page: Page, target: Locator, down: int) -> None:
    """Turn the wheel until *target* is in sight."""
    await page.mouse.move(300, 500)
    for _ in range(200):
        if await target.count() and await target.evaluate(IN_SIGHT):
            break
        await page.mouse.wheel(0, down)
        await page.evaluate(TWO_PICTURES)
    await expect(target).to_be_in_viewport()
    await page.wait_for_function(RESTS)


async def _first_seen(page: Page) -> str:
    """The number of the first frame that no day's head covers."""
    return str(
        await page.evaluate(
            """() => [...document.querySelectorAll("li.frame")]
                .find((row) => row.getBoundingClientRect().top >= 104).querySelector("a").textContent"""
        )
    )


async def _address(page: Page) -> str:
    await page.goto("/")
    return page.url


async def _timezone(archive: Archive) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{archive.url}/api/archive") as answer:
        return str((await answer.json())["timezone"])


def _heading(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B}"
