"""The viewer: one frame, large; by keyboard alone; and its address is a link to it."""

import re
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_many
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_viewer_is_walked_by_keyboard_alone(page: Page, archive_server: Archive) -> None:
    """Enter opens, arrows step through time, Esc closes, and the focus is where the eye was."""
    ids = await send_many(archive_server, 3)
    await page.goto("/")
    await expect(_rows(page)).to_have_count(3)

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the frames")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(_link(page, ids[2])).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[2]}$"))

    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(_link(page, ids[1])).to_be_focused()
    await expect(page).to_have_url(re.compile(r"/#catalogue$"))


async def test_the_viewer_is_worked_by_its_words(page: Page, archive_server: Archive) -> None:
    """Every key has a button that says the same."""
    ids = await send_many(archive_server, 3)
    await page.goto("/")
    await _link(page, ids[1]).click()

    await page.get_by_role("button", name="Earlier").click()
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await page.get_by_role("button", name="Later").click()
    await page.get_by_role("button", name="Later").click()
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()
    await expect(page.get_by_role("button", name="Later")).to_be_disabled()
    await page.get_by_role("button", name="Close").click()

    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_original_comes_over_its_thumbnail(page: Page, archive_server: Archive) -> None:
    """At its own size, with what is known of it beside it."""
    frame_id = await send(archive_server, body=jpeg(800, 600, seed=3))
    await page.goto("/")
    await _link(page, frame_id).click()

    original = page.get_by_role("dialog").get_by_role("img", name="garden")

    await expect(original).to_have_js_property("naturalWidth", 800)
    await expect(original).to_be_visible()
    facts = page.get_by_role("region", name="Facts")
    await expect(facts).to_contain_text("800 \u00d7 600")
    await expect(facts).to_contain_text("the camera\u2019s clock")
    await expect(facts).to_contain_text("whole")


async def test_the_original_is_downloaded_under_a_name_that_says_whose_it_is(
    page: Page, archive_server: Archive
) -> None:
    """Byte for byte as the camera sent it."""
    body = jpeg(320, 240, seed=5)
    frame_id = await send(archive_server, body=body)
    await page.goto("/")
    await _link(page, frame_id).click()

    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    download = await waiting.value

    assert re.fullmatch(r"garden-\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{16}-\d+\.jpg", download.suggested_filename)
    assert (await download.path()).read_bytes() == body


async def test_the_address_of_a_frame_shows_it(page: Page, archive_server: Archive) -> None:
    """Also one that the list has not reached; closing it leaves the list."""
    ids = await send_many(archive_server, 102)

    await page.goto(f"/?frame={ids[0]}")

    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(page).to_have_title(re.compile(no(ids[0])))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page).to_have_url(re.compile(r"/$"))
    await expect(_link(page, ids[-1])).to_be_visible()


async def test_back_closes_the_viewer_and_forward_opens_it(page: Page, archive_server: Archive) -> None:
    """The viewer is in the address, so the browser's own buttons work it."""
    frame_id = await send(archive_server)
    await page.goto("/")
    await _link(page, frame_id).click()
    await expect(page.get_by_role("dialog")).to_be_visible()

    await page.go_back()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.go_forward()
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


async def test_stepping_past_the_end_of_the_list_fetches_more(page: Page, archive_server: Archive) -> None:
    """Neither way stops where the list happens to end; closing brings the reader to the frame that was open."""
    ids = await send_many(archive_server, 102)
    later = datetime.fromisoformat((await _frame(archive_server, ids[50]))["taken_at"]) + timedelta(milliseconds=1)
    await page.goto(f"/?before={later:%Y-%m-%dT%H:%M:%S.%fZ}&frame={ids[50]}")
    await expect(page.get_by_role("dialog", name=no(ids[50]))).to_be_visible()

    for frame_id in reversed(ids[:50]):
        await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()

    for frame_id in ids[1:]:
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(_link(page, ids[-1])).to_be_focused()
    await expect(_link(page, ids[-1])).to_be_in_viewport()


async def test_a_frame_that_is_not_here_is_said_to_be_not_here(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """A link to nothing shows the list and a sentence."""
    complaints.expect("404")
    await send(archive_server)

    await page.goto("/?frame=999999")

    await expect(page.get_by_role("alert")).to_contain_text(f"There is no frame {no(999_999)}")
    await expect(_rows(page)).to_have_count(1)


async def _frame(archive: Archive, frame_id: int) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{archive.url}/api/frames/{frame_id}") as answer:
        found: dict[str, Any] = await answer.json()
        return found


def _rows(page: Page) -> Locator:
    return page.get_by_role("listitem")


def _link(page: Page, frame_id: int) -> Locator:
    return page.get_by_role("link", name=no(frame_id))
