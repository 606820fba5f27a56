"""The page for everybody: axe finds nothing in any state, large print fits, and the outline reads like the page."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.filling import fill
from tests.browser.sending import Archive

pytestmark = pytest.mark.asyncio(loop_scope="session")

AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """An archive of some months."""
    server = archive_servers("--open-uploads", timezone="Europe/Berlin")
    server.kill()
    fill(server.folder, 1000, AFTERNOON)
    server.start()
    return server


@pytest_asyncio.fixture(name="page", loop_scope="session")
async def _page(browser: Browser, archive_server: Archive) -> AsyncIterator[Page]:
    """A page without its policy, which axe's own script would violate."""
    context = await browser.new_context(
        base_url=archive_server.url, viewport={"width": 1280, "height": 900}, bypass_csp=True
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(AFTERNOON)
    yield page
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing(page: Page, width: int, scheme: str) -> None:
    """The list, the contact sheet, each thing that opens, a choice, a choice that finds nothing, and the viewer."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 844})
    await _open(page, "/")
    await _check(page)
    for name in ("Calendar", "Any hour", "Any picture"):
        await page.get_by_role("button", name=name).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await _check(page)
        await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Contact sheet").click()
    await _check(page)
    await _open(page, "/?camera=garden&hour=6-9&before=2026-10-01T12:00:00Z")
    await _check(page)
    await _open(page, "/?difference=1")
    await expect(page.get_by_role("heading", name="No frame is like that")).to_be_visible()
    await _check(page)
    await _open(page, "/?frame=7")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await _check(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing_at_the_cameras(page: Page, width: int, scheme: str) -> None:
    """The wall, where all are late, and the page of one camera with its strips, charts and gaps."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 844})
    await _open(page, "/cameras")
    await expect(page.get_by_role("listitem").first).to_be_visible()
    await _check(page)
    await _open(page, "/cameras/garden?span=month")
    await expect(page.get_by_role("heading", name="garden")).to_be_visible()
    await _check(page)


async def test_everything_fits_at_twice_the_size(page: Page) -> None:
    """A window of 1280 pixels at 200 % and at 400 % has nothing beside it."""
    for width in (640, 320):
        await page.set_viewport_size({"width": width, "height": 450})
        await _open(page, "/")
        assert await page.evaluate("() => document.documentElement.scrollWidth") == width
        await page.get_by_role("button", name="Calendar").click()
        box = await page.get_by_role("dialog", name="Calendar").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        await page.keyboard.press("Escape")


async def test_what_can_be_pressed_is_large_enough_for_a_thumb(page: Page) -> None:
    """44 pixels high, on a phone, in the line of choices and in what opens from it."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await _open(page, "/")
    await page.get_by_role("button", name="Calendar").click()

    for role in ("button", "combobox"):
        for element in await page.get_by_role(role).all():
            box = await element.bounding_box()
            assert box is not None
            assert box["height"] >= 44, await element.inner_text()


async def test_the_page_can_be_put_on_a_home_screen(page: Page) -> None:
    """A manifest with icons of every kind, all of which are there."""
    await _open(page, "/")
    manifest = await (await page.request.get("/page.webmanifest")).json()

    assert manifest["display"] == "standalone"
    for icon in [*manifest["icons"], {"src": "/icons/180.png"}]:
        assert (await page.request.get(icon["src"])).ok
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])


async def test_the_outline_of_the_page(page: Page) -> None:
    """Landmarks, headings and names, as they are read out."""
    await _open(page, "/")

    await expect(page.get_by_role("search")).to_match_aria_snapshot("""
      - search:
        - combobox "Camera"
        - button "Calendar"
        - button "Any hour"
        - button "Any picture"
        - group "Density":
          - button "List" [pressed]
          - button "Contact sheet"
        - button "Pause"
    """)
    await expect(page.get_by_role("region", name="Sunday, 22 November")).to_match_aria_snapshot(r"""
      - region "Sunday, 22 November":
        - heading "Sunday, 22 November" [level=2]
        - paragraph: /\d+ frames?/
        - img /Frames from .* most around .*/
        - list:
          - listitem:
            - link /№ 000 \d+, \w+, 14:03:07/
    """)
    await expect(page.get_by_role("slider", name="Day")).to_have_attribute("aria-valuetext", "22 November 2026")


async def _open(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("banner")).to_contain_text("live")


async def _check(page: Page) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, re.sub(r"\n\s*\n", "\n", results.generate_report())
