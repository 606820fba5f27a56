"""The day's light under a frame: where the frame is in it, and any moment of it in one gesture."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.sending import Archive, no, send, send_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY = datetime(2026, 3, 17, tzinfo=ZoneInfo("UTC"))

# Where the slider of a day in Berlin seeks to, for each of some minutes: told as its clock told them.
SEEK = """async ([day, minutes]) => {
  const { slits } = await import("/js/slits.js");
  const { calendar } = await import("/js/format.js");
  const berlin = calendar("Europe/Berlin");
  const element = document.querySelector("#viewer").content.querySelector(".slits").cloneNode(true);
  const found = [];
  const strip = slits(element, (moment) => found.push(`${berlin.day(moment)} ${berlin.time(moment)}`));
  for (const minute of minutes) {
    const clock = new Date(Date.UTC(2000, 0, 1, 0, minute)).toISOString().slice(11, 16);
    const ways = [1, 2].map((ahead) => new Date(`${day}T${clock}:00+0${ahead}:00`));
    const taken = ways.find((moment) => berlin.time(moment).startsWith(clock));
    strip.show({ camera: "garden", taken_at: (taken ?? berlin.startOf(day)).toISOString() }, berlin);
    element.querySelector("[role=slider]").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  }
  return found;
}"""


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Any) -> Archive:
    """An archive in UTC, whatever machine runs it."""
    archive: Archive = archive_servers("--open-uploads", timezone="UTC")
    return archive


async def test_the_strip_goes_to_any_moment_of_the_day(page: Page, archive_server: Archive) -> None:
    """To the frame that is nearest to it, of the same camera."""
    ids = await send_all(archive_server, [("garden", DAY + timedelta(hours=hour), None) for hour in (1, 6, 12, 18)])
    await send(archive_server, camera="shed", taken=DAY + timedelta(hours=11, minutes=59))
    await _open(page, ids[0])
    slider = _slider(page)
    await expect(slider).to_have_attribute("aria-valuetext", "01:00:00")
    box = await slider.bounding_box()
    assert box is not None

    await slider.click(position={"x": box["width"] * 0.49, "y": 10})

    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()
    await expect(slider).to_have_attribute("aria-valuetext", "12:00:00")
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.74, box["y"] + 10, steps=4)
    await expect(page.get_by_role("dialog", name=no(ids[3]))).to_be_visible()
    await page.mouse.up()
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[3]}$"))


async def test_the_strip_is_walked_by_keyboard(page: Page, archive_server: Archive) -> None:
    """A quarter of an hour on, or further, where there is a frame; a key never leads nowhere."""
    ids = await send_all(archive_server, [("garden", DAY + timedelta(hours=hour), None) for hour in (1, 6, 12, 18)])
    await _open(page, ids[1])
    await _slider(page).focus()

    for key, at in (("ArrowRight", 2), ("ArrowLeft", 1), ("End", 3), ("Home", 0), ("PageUp", 1)):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog", name=no(ids[at]))).to_be_visible()
        await expect(_slider(page)).to_be_focused()


async def test_in_a_comparison_the_strip_moves_the_left_one(page: Page, archive_server: Archive) -> None:
    """Any two moments of a day, side by side."""
    ids = await send_all(archive_server, [("garden", DAY + timedelta(hours=hour), None) for hour in (1, 6, 12, 18)])
    await _open(page, ids[3])
    await page.keyboard.press("s")
    await expect(page.get_by_role("group", name="Comparison")).to_contain_text(no(ids[2]))
    await expect(_slider(page)).to_have_attribute("aria-valuetext", "12:00:00")

    await _slider(page).focus()
    await page.keyboard.press("Home")

    await expect(page.get_by_role("group", name="Comparison")).to_contain_text(no(ids[0]))
    await expect(page.get_by_role("dialog", name=no(ids[3]))).to_be_visible()


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-22"])
async def test_the_strip_goes_by_the_clock_on_the_wall(page: Page, day: str) -> None:
    """Also on the days on which it is put forward and back."""
    await page.goto("/")

    got = await page.evaluate(SEEK, [day, [60, 300, 720, 1410]])

    assert got == [f"{day} {clock}" for clock in ("01:15:00", "05:15:00", "12:15:00", "23:45:00")]


async def _open(page: Page, frame_id: int) -> None:
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


def _slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Time of the day")
