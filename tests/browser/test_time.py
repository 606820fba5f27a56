"""Finding one's way through time: the strip of all days, and the calendar; by pointer and by keyboard."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.filling import fill
from tests.browser.sending import Archive

pytestmark = pytest.mark.asyncio(loop_scope="session")

AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """An archive of 298 days, and the day it is there."""
    server = archive_servers("--open-uploads", timezone="Europe/Berlin")
    server.kill()
    fill(server.folder, 3000, AFTERNOON)
    server.start()
    return server


async def test_one_gesture_leads_to_any_moment(page: Page) -> None:
    """Dragging the strip's mark half way down shows frames of half a year ago, and the way back is in the history."""
    await _open(page)
    strip = _strip(page)
    box = await strip.bounding_box()
    assert box is not None

    await page.mouse.move(box["x"] + 5, box["y"] + 2)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 4)
    await page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2, steps=5)
    await page.mouse.up()

    await expect(strip).to_have_attribute("aria-valuetext", re.compile("(26|27) June 2026"))
    await expect(page).to_have_url(re.compile("before=2026-06-2"))


async def test_the_strip_is_worked_by_keys(page: Page) -> None:
    """A day, a month, and either end."""
    await _open(page)
    await _strip(page).focus()

    await page.keyboard.press("ArrowDown")
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "21 November 2026")
    await page.keyboard.press("PageDown")
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "22 October 2026")
    await page.keyboard.press("ArrowUp")
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "23 October 2026")
    await page.keyboard.press("End")
    await expect(page.get_by_role("heading", name="Thursday, 29 January")).to_be_in_viewport()
    await page.keyboard.press("Home")
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "22 November 2026")
    await expect(_strip(page)).to_be_focused()


async def test_a_day_is_chosen_from_the_calendar(page: Page) -> None:
    """The year shows how full its days are, a month its days; arrows walk over them; back undoes it."""
    await _open(page)
    await page.get_by_role("button", name="Calendar").click()
    calendar = page.get_by_role("dialog", name="Calendar")
    await expect(calendar.get_by_role("button", name=re.compile("^November 2026"))).to_have_attribute(
        "aria-pressed", "true"
    )

    await calendar.get_by_role("button", name=re.compile("^August 2026, [0-9\u202f]+ frames")).click()
    await calendar.get_by_role("button", name=re.compile("^10 August 2026, [0-9]+ frames")).focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowDown")
    await expect(calendar.get_by_role("button", name="18 August 2026")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(calendar).to_be_hidden()
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "18 August 2026")
    await expect(page).to_have_url(re.compile("before=2026-08-18T"))
    await page.go_back()
    await expect(_strip(page)).to_have_attribute("aria-valuetext", "22 November 2026")


async def test_each_day_tells_when_it_was_busy(page: Page) -> None:
    """In the day's head, and in words for those who do not see it."""
    await _open(page)

    head = page.get_by_role("img", name=re.compile(r"^Frames from \d\d:\d\d to \d\d:\d\d, most around \d\d:\d\d$"))

    await expect(head.first).to_be_visible()


async def _open(page: Page) -> None:
    await page.clock.set_fixed_time(AFTERNOON)
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(_strip(page)).to_be_visible()


def _strip(page: Page) -> Locator:
    """It says which day the reader is at."""
    return page.get_by_role("slider", name="Day")
