"""A browser, and a page that fails its test when it complains."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.chromium import ARGUMENTS, MISSING, chromium
from tests.browser.complaints import Complaints
from tests.browser.sending import Archive

ELSEWHERE = "Pacific/Auckland"  # the browser's time zone, which no time on the page may be in

# What the policy forbids is reported where the page's own errors are.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
"""

expect.set_options(timeout=15_000)


@pytest_asyncio.fixture(name="browser", scope="session", loop_scope="session")
async def _browser() -> AsyncIterator[Browser]:
    """One Chromium for all these tests, which therefore share an event loop; each has a profile of its own."""
    path = chromium()
    if path is None:
        pytest.fail(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(name="complaints")
def _complaints() -> Complaints:
    """What the page complained of; a test that provokes some says so with `expect`."""
    return Complaints()


@pytest_asyncio.fixture(name="page", loop_scope="session")
async def _page(browser: Browser, archive_server: Archive, complaints: Complaints) -> AsyncIterator[Page]:
    """A page whose addresses begin at the archive; errors, warnings and policy violations fail the test."""
    context = await browser.new_context(
        base_url=archive_server.url, viewport={"width": 1280, "height": 900}, timezone_id=ELSEWHERE
    )
    await context.add_init_script(REPORT_VIOLATIONS)
    page = await context.new_page()
    complaints.listen(page)
    yield page
    await context.close()
    assert complaints.unexpected == []
