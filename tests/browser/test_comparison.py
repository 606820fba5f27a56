"""Comparison: two frames under one line, or in turns; which they are is in the address."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_many

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_frame_is_compared_with_the_one_before(page: Page, archive_server: Archive) -> None:
    """Of the same camera; the arrows change the left one, and Esc ends it."""
    ids = await send_many(archive_server, 4)
    await send(archive_server, camera="shed")
    await _open(page, ids[3])

    await page.keyboard.press("s")

    await expect(_sides(page)).to_contain_text(no(ids[2]))
    await expect(_sides(page)).to_contain_text("60 s before")
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[3]}&compare={ids[2]}$"))
    await expect(page.get_by_role("dialog", name=no(ids[3])).get_by_role("img", name="garden")).to_have_count(2)
    await page.keyboard.press("ArrowLeft")
    await expect(_sides(page)).to_contain_text(no(ids[1]))
    await page.get_by_role("button", name="Earlier").click()
    await expect(_sides(page)).to_contain_text(no(ids[0]))
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    await page.get_by_role("button", name="Later").click()
    await expect(_sides(page)).to_contain_text(no(ids[1]))
    await expect(page.get_by_role("dialog", name=no(ids[3]))).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(_sides(page)).to_be_hidden()
    await expect(page.get_by_role("dialog", name=no(ids[3]))).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[3]}$"))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_left_one_may_be_later(page: Page, archive_server: Archive) -> None:
    """It goes past the open one, never onto it; and the oldest is compared with the one after."""
    ids = await send_many(archive_server, 3)
    await _open(page, ids[1])
    await page.get_by_role("button", name="Compare with the one before").click()
    await expect(_sides(page)).to_contain_text(no(ids[0]))

    await page.keyboard.press("ArrowRight")

    await expect(_sides(page)).to_contain_text(no(ids[2]))
    await expect(_sides(page)).to_contain_text("60 s after")
    await _open(page, ids[0])
    await page.keyboard.press("s")
    await expect(_sides(page)).to_contain_text(no(ids[1]))


async def test_the_line_is_moved_by_drag_and_by_keys(page: Page, archive_server: Archive) -> None:
    """On the picture itself, with the slider, and with two keys."""
    ids = await send_many(archive_server, 2)
    await _open(page, ids[1])
    await page.keyboard.press("s")
    slider = page.get_by_role("slider", name="Line between the two")
    await expect(slider).to_be_visible()
    box = await page.get_by_role("dialog").get_by_role("img", name="garden").first.bounding_box()
    assert box is not None

    await page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
    await page.mouse.up()
    await expect(slider).to_have_value("25")
    await page.keyboard.press("<")
    await expect(slider).to_have_value("20")
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    await expect(slider).to_have_value("21")
    await expect(_sides(page)).to_contain_text(no(ids[0]))


async def test_two_are_seen_in_turns_and_not_too_fast(page: Page, archive_server: Archive) -> None:
    """More than three flashes in a second can harm; and it is stopped by the key that began it."""
    ids = await send_many(archive_server, 2)
    await _open(page, ids[1])
    await page.keyboard.press("s")
    await expect(_sides(page)).to_be_visible()
    await page.evaluate(
        """() => {
          window.turns = [];
          new MutationObserver(() => window.turns.push(performance.now()))
            .observe(document.querySelector(".stage"), { attributeFilter: ["data-alone"] });
        }"""
    )

    await page.keyboard.press("b")

    await expect(page.get_by_role("button", name="Blink")).to_have_attribute("aria-pressed", "true")
    await page.wait_for_function("() => window.turns.length >= 5")
    turns = await page.evaluate("window.turns")
    assert (turns[-1] - turns[0]) / (len(turns) - 1) > 1000 / 6
    await page.keyboard.press("b")
    await expect(page.get_by_role("button", name="Blink")).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_role("slider", name="Line between the two")).to_be_visible()


async def test_the_address_of_a_comparison_shows_it(page: Page, archive_server: Archive) -> None:
    """Both frames, whichever they are."""
    ids = await send_many(archive_server, 60)

    await page.goto(f"/?frame={ids[5]}&compare={ids[59]}")

    await expect(page.get_by_role("dialog", name=no(ids[5]))).to_be_visible()
    await expect(_sides(page)).to_contain_text(no(ids[59]))


async def test_a_comparison_with_a_frame_that_is_not_here_shows_the_one_that_is(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """And says what is missing."""
    complaints.expect("404")
    frame_id = await send(archive_server)

    await page.goto(f"/?frame={frame_id}&compare=999999")

    await expect(page.get_by_role("dialog", name=no(frame_id))).to_contain_text(f"There is no frame {no(999_999)}")
    await expect(_sides(page)).to_be_hidden()


async def test_a_camera_s_only_frame_is_compared_with_nothing(page: Page, archive_server: Archive) -> None:
    """And that is said."""
    await send(archive_server, camera="shed")
    frame_id = await send(archive_server)
    await _open(page, frame_id)

    await page.keyboard.press("s")

    await expect(page.get_by_role("dialog")).to_contain_text("garden has no other frame here to compare with.")


async def _open(page: Page, frame_id: int) -> None:
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


def _sides(page: Page) -> Locator:
    return page.get_by_role("group", name="Comparison")
