"""The owner's page of how the archive fares: what the doctor finds within, as it finds it."""

import re

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from archive import fields
from tests.browser.complaints import Complaints
from tests.browser.sending import Archive
from tests.pictures import jpeg
from tests.server.spoiling import proxied

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = '<img src=x onerror="window.hit = 1">'


async def test_the_owner_sees_what_is_wrong_and_what_to_do(page: Page, archive_server: Archive) -> None:
    """By how much it matters, with the camera's own words as text, and again when asked."""
    await _send(archive_server, reset="brownout", sensor_fault=HOSTILE)

    async with proxied(archive_server.folder / "archive.sock") as url:
        await page.goto(f"{url}/doctor")

        fault = page.get_by_role("region", name="Problems").get_by_role("listitem")
        await expect(fault).to_contain_text("A camera's sensor gives no pictures")
        await expect(fault).to_contain_text(f"garden: {HOSTILE}")
        await expect(fault).to_contain_text("press the connector's lid down")
        await expect(page.get_by_role("region", name="May become one")).to_contain_text("A camera's supply is too weak")
        await expect(page.get_by_role("region", name="As it should be")).to_contain_text("Every row has its original")
        await expect(page.get_by_role("banner")).to_contain_text(re.compile("1 problem, [12] warnings?"))
        await expect(page).to_have_title("How it fares · Camera archive")
        assert await page.evaluate("() => window.hit") is None

        await _send(archive_server, reset="power-on")
        await page.get_by_role("button", name="Look again").click()
        await expect(page.get_by_role("region", name="Problems")).to_be_hidden()
        await page.goto("about:blank")  # before the way to the archive ends


async def test_others_are_told_whose_it_is(page: Page, complaints: Complaints) -> None:
    """Where they would see it, and how they could sign in."""
    complaints.expect("401")

    await page.goto("/doctor")

    await expect(page.get_by_role("main")).to_contain_text("owner")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing(browser: Browser, archive_server: Archive, width: int, scheme: str) -> None:
    """In a page without its policy, which axe's own script would violate; and nothing stands beside it."""
    await _send(archive_server, reset="brownout", rssi=-88, heap=9000, sensor_fault="no sensor answers")
    context = await browser.new_context(viewport={"width": width, "height": 844}, bypass_csp=True)
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    async with proxied(archive_server.folder / "archive.sock") as url:
        await page.goto(f"{url}/doctor")
        await expect(page.get_by_role("banner")).to_contain_text("1 problem")
        results = await Axe().run(page)
        wide = await page.evaluate("() => document.documentElement.scrollWidth")
        await context.close()

    assert results.violations_count == 0, results.generate_report()
    assert wide == width


async def _send(archive: Archive, **said: fields.Scalar) -> None:
    headers = {"Content-Type": "image/jpeg", fields.STATUS: fields.render_status(id="garden", **said)}
    async with (
        aiohttp.ClientSession(archive.url) as session,
        session.post("/api/frames", data=jpeg(64, 48), headers=headers) as reply,
    ):
        assert reply.status == 201
