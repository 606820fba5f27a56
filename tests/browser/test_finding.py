"""Choosing which frames to see: by camera, hour, verdict and how much changed; all of it in the address."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.sending import Archive, no, send, send_all
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """An archive in Greenwich, so that noon is noon."""
    return archive_servers("--open-uploads", timezone="UTC")


async def test_one_camera_is_chosen(page: Page, archive_server: Archive) -> None:
    """The list, the day's count and what arrives are that camera's; the address says it, and back undoes it."""
    ids = await send_all(archive_server, [(camera, NOON, None) for camera in ("garden", "porch", "garden")])
    await _open(page)

    await page.get_by_role("combobox", name="Camera").focus()
    await expect(page.get_by_role("option", name="porch")).to_be_attached()
    await page.get_by_role("combobox", name="Camera").select_option("porch")

    await expect(_links(page)).to_have_text([no(ids[1])])
    await expect(page).to_have_url(re.compile(r"\?camera=porch$"))
    await expect(page.get_by_role("region", name=re.compile("day, "))).to_contain_text("1 frame")
    await send(archive_server, camera="garden")
    shown = await send(archive_server, camera="porch")
    await expect(_links(page)).to_have_text([no(shown), no(ids[1])])
    await page.go_back()
    await expect(_links(page)).to_have_count(5)


async def test_the_same_hour_on_every_day(page: Page, archive_server: Archive) -> None:
    """Hours are the archive's; they may go over midnight."""
    hours = [timedelta(days=-day, hours=hour) for day in (0, 1) for hour in (-9, 0, 1, 11)]
    ids = await send_all(archive_server, [("garden", NOON + hour, None) for hour in hours])
    await _open(page)

    await page.get_by_role("button", name="Any hour").click()
    await page.get_by_role("combobox", name="from").select_option("12")

    await expect(_links(page)).to_have_text([no(ids[at]) for at in (1, 5)])
    await expect(page).to_have_url(re.compile(r"\?hour=12-13$"))
    await page.get_by_role("combobox", name="to").select_option("14")
    await expect(_links(page)).to_have_text([no(ids[at]) for at in (2, 1, 6, 5)])
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="12 to 14 h")).to_be_focused()
    await page.goto("/?hour=22-4")
    await expect(_links(page)).to_have_text([no(ids[at]) for at in (3, 0, 7, 4)])


async def test_verdicts_are_chosen_and_shown_all_again(page: Page, archive_server: Archive) -> None:
    """What is truncated is found among what is whole; a choice that finds nothing says so."""
    whole = await send(archive_server, taken=NOON)
    broken = await send(archive_server, taken=NOON, body=jpeg(320, 240, seed=7)[:-200])
    await _open(page)

    await page.get_by_role("button", name="Any picture").click()
    await page.get_by_role("checkbox", name="truncated").check()
    await expect(_links(page)).to_have_text([no(broken)])
    await expect(page).to_have_url(re.compile(r"\?verdict=truncated$"))
    await page.get_by_role("checkbox", name="bright").check()
    await page.get_by_role("checkbox", name="truncated").uncheck()

    await expect(page.get_by_role("heading", name="No frame is like that")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="bright")).to_be_focused()
    await page.get_by_role("main").get_by_role("link", name="Show all").click()
    await expect(_links(page)).to_have_text([no(broken), no(whole)])
    await expect(page).to_have_url(re.compile(r"/$"))


async def test_what_changed_is_found(page: Page, archive_server: Archive) -> None:
    """Frames that differ from the one before by more than the slider says, by keys too."""
    plain, other = jpeg(320, 240, seed=1), jpeg(320, 240, seed=2)
    first = await send(archive_server, taken=NOON, body=plain)
    changed = await send(archive_server, taken=NOON + timedelta(minutes=1), body=other)
    await _measured(archive_server, changed)
    await _open(page)
    await expect(_links(page)).to_have_count(2)

    await page.get_by_role("button", name="Any picture").click()
    await page.get_by_role("slider", name=re.compile("What changed")).focus()
    await page.keyboard.press("ArrowRight")

    await expect(page.get_by_text("changed by 1\u00a0%").first).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?difference=0\.01$"))
    await expect(_links(page)).to_have_text([no(changed)])
    assert first != changed


async def test_what_arrives_and_is_not_chosen_moves_nothing(page: Page, archive_server: Archive) -> None:
    """A filter stands: other frames are counted at the head of the page, and neither shown nor announced."""
    shown = await send(archive_server, camera="porch", taken=NOON)
    await page.goto("/?camera=porch")
    await expect(page.get_by_role("banner")).to_contain_text("live")

    await send(archive_server, camera="garden")

    await expect(page.get_by_role("banner")).to_contain_text("2 frames")
    await expect(_links(page)).to_have_text([no(shown)])
    await expect(page.get_by_role("status")).to_be_empty()
    await expect(page.get_by_role("button", name=re.compile("Show"))).to_be_hidden()


async def _open(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")


async def _measured(archive: Archive, frame_id: int) -> None:
    async with asyncio.timeout(15), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{archive.url}/api/frames/{frame_id}") as answer:
                if (await answer.json())["difference"] is not None:
                    return
            await asyncio.sleep(0.05)


def _links(page: Page) -> Locator:
    return page.get_by_role("listitem").get_by_role("link")
