"""The viewer for everybody: axe in every state, enlarged, with less motion, by what a screen reader is told."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.sending import Archive, no, send_many

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(name="bare_page", loop_scope="session")
async def _bare_page(browser: Browser, archive_server: Archive) -> AsyncIterator[Page]:
    """A page without its policy, which axe would violate, and with as little motion as may be."""
    context = await browser.new_context(base_url=archive_server.url, bypass_csp=True, reduced_motion="reduce")
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_any_state(bare_page: Page, archive_server: Archive, scheme: str) -> None:
    """A frame, its keys, close, without facts, two under a line, in turns, on a phone, while a film plays."""
    page = bare_page
    ids = await send_many(archive_server, 40)
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto(f"/?frame={ids[20]}")
    await expect(page.get_by_role("dialog", name=no(ids[20]))).to_be_visible()
    found = {"frame": await _violations(page)}
    for state, keys in {"keys": "?", "close": "?+", "plain": "0i", "two": "is", "turns": "b"}.items():
        for key in keys:
            await page.keyboard.press(key)
        found[state] = await _violations(page)
    await page.set_viewport_size({"width": 390, "height": 844})
    found["phone, two"] = await _violations(page)
    await page.keyboard.press("Escape")
    found["phone"] = await _violations(page)
    for _ in range(12):
        await page.keyboard.press("<")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    found["film"] = await _violations(page)

    assert found == {state: [] for state in found}


async def test_what_a_screen_reader_is_told(page: Page, archive_server: Archive) -> None:
    """Names, states and values: no more, and nothing without a name."""
    ids = await send_many(archive_server, 3)
    await page.goto(f"/?frame={ids[2]}")

    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_match_aria_snapshot(
        f"""
        - dialog "{no(ids[2])}":
          - heading "{no(ids[2])}" [level=2]
          - text: garden
          - time
          - button "Facts" [expanded]
          - button "Full screen"
          - button "Copy link"
          - link "Download"
          - button "Close"
          - img /garden, .*/
          - slider "Time of the day"
          - status
          - button "Earlier"
          - button "Later" [disabled]
          - button "Play"
          - text: 12 frames a second
          - slider "Frames a second": "12"
          - checkbox "without dark, frozen and broken ones" [checked]
          - text: without dark, frozen and broken ones
          - button "Compare with the one before"
          - button "Keys"
          - region "Facts"
        """
    )


async def test_all_of_it_is_reached_by_keyboard(page: Page, archive_server: Archive) -> None:
    """Tab goes over every control in the order it is read, and stays in the viewer."""
    ids = await send_many(archive_server, 3)
    await page.goto(f"/?frame={ids[1]}")
    await expect(page.get_by_role("heading", name=no(ids[1]))).to_be_focused()
    reached = []

    for _ in range(12):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))

    actions = ["Factsi", "Full screenf", "Copy linkc", "Downloadd", "CloseEsc"]
    below = ["Earlier\u2190", "Later\u2192", "Playspace", "Frames a second", "", "Compare with the one befores"]
    assert reached == [*actions, "Time of the day", *below]


async def test_the_viewer_is_whole_at_twice_the_size(page: Page, archive_server: Archive) -> None:
    """As at 200 % zoom: nothing needs to be scrolled sideways, and all of it can be reached."""
    ids = await send_many(archive_server, 3)
    await page.set_viewport_size({"width": 640, "height": 450})
    await page.goto(f"/?frame={ids[1]}")
    dialog = page.get_by_role("dialog", name=no(ids[1]))
    await expect(dialog).to_be_visible()

    assert await dialog.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
    for name in ("Play", "Compare with the one before", "Close"):
        await page.get_by_role("button", name=name).scroll_into_view_if_needed()
        await expect(page.get_by_role("button", name=name)).to_be_in_viewport()


async def test_nothing_plays_by_itself(bare_page: Page, archive_server: Archive) -> None:
    """With less motion wanted, a film still plays for who asks for it."""
    ids = await send_many(archive_server, 5)
    await bare_page.goto(f"/?frame={ids[0]}")
    await expect(bare_page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(bare_page.get_by_role("button", name="Play")).to_be_visible()

    await bare_page.keyboard.press("Space")

    await expect(bare_page.get_by_role("dialog", name=no(ids[4]))).to_be_visible()


async def _violations(page: Page) -> list[str]:
    found = await Axe().run(page, context="dialog")
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
