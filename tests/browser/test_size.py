"""What the page weighs: files and bytes until the first pictures, and elements however far one reads."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser.filling import fill
from tests.browser.sending import Archive
from tests.browser.weighing import BEFORE_PICTURES

pytestmark = pytest.mark.asyncio(loop_scope="session")

AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """An archive of some months."""
    server = archive_servers("--open-uploads", timezone="Europe/Berlin")
    server.kill()
    fill(server.folder, 3000, AFTERNOON)
    server.start()
    return server


async def test_the_first_pictures_come_with_few_files_and_bytes(page: Page) -> None:
    """At most 12 answers and 40 KB before the first thumbnail is here."""
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")

    came = await page.evaluate(BEFORE_PICTURES)

    assert len(came) <= 12, came
    assert sum(size for _, size in came) <= 40_000, came


@pytest.mark.parametrize("density", ["List", "Contact sheet"])
async def test_the_document_does_not_grow(page: Page, density: str) -> None:
    """However far one reads, it has less than 500 elements, and no more than half as many again as at the start."""
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await page.get_by_role("button", name=density, exact=True).click()
    await page.mouse.move(400, 500)
    at_start = peak = await _elements(page)

    for _ in range(60):
        await page.mouse.wheel(0, 700)
        await asyncio.sleep(0)
        peak = max(peak, await _elements(page))

    assert await page.evaluate("() => scrollY") > 5000
    assert peak < 500
    assert peak <= 1.5 * at_start


async def _elements(page: Page) -> int:
    return int(
        await page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => done(document.querySelectorAll('*').length)))"
        )
    )
