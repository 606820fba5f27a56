"""Many tabs: one stream for all of a browser, and every page ends with the archive's newest frames."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_many

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

BACK_MS = 90_000
TABS = 10
RESTARTS = 10
GONE = "ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503"


@pytest_asyncio.fixture(name="contexts", loop_scope="session")
async def _contexts(browser: Browser, archive_server: Archive) -> AsyncIterator[list[BrowserContext]]:
    """Two browsers that know nothing of each other."""
    contexts = [await browser.new_context(base_url=archive_server.url) for _ in range(2)]
    yield contexts
    for context in contexts:
        await context.close()


async def test_tabs_share_one_stream(contexts: list[BrowserContext], archive_server: Archive) -> None:
    """Three tabs have one; when the one that has it is closed another takes over, and nothing is missed."""
    first = await send(archive_server)
    pages = [await _open(contexts[0]) for _ in range(3)]
    await _until_listeners(archive_server, 1)

    await pages[0].close()
    second = await send(archive_server)

    for page in pages[1:]:
        await expect(_links(page)).to_have_text([no(second), no(first)])
        await expect(page.get_by_role("banner")).to_contain_text("live")
    await _until_listeners(archive_server, 1)


async def test_a_tab_that_is_paused_leaves_the_others_live(
    contexts: list[BrowserContext], archive_server: Archive
) -> None:
    """It hands the stream on, hears nothing, and catches up when it resumes."""
    first = await send(archive_server)
    pages = [await _open(contexts[0]) for _ in range(2)]

    await pages[0].get_by_role("button", name="Pause").click()
    await expect(pages[0].get_by_role("banner")).to_contain_text("paused")
    second = await send(archive_server)
    await expect(_links(pages[1])).to_have_text([no(second), no(first)])
    await expect(_links(pages[0])).to_have_text([no(first)])
    await pages[0].get_by_role("button", name="Resume").click()

    await expect(_links(pages[0])).to_have_text([no(second), no(first)])
    await expect(pages[0].get_by_role("banner")).to_contain_text("live")
    await _until_listeners(archive_server, 1)


async def test_every_page_ends_with_the_newest_frames(
    contexts: list[BrowserContext], archive_server: Archive, complaints: Complaints
) -> None:
    """Two browsers with ten tabs each; the server is killed and started ten times while frames come."""
    complaints.expect(GONE)
    ids = await send_many(archive_server, 2)
    pages = [await _open(context, complaints) for context, _ in itertools.product(contexts, range(TABS))]
    await _until_listeners(archive_server, 2)

    for _ in range(RESTARTS):
        ids += [await send(archive_server) for _ in range(3)]
        await asyncio.to_thread(archive_server.kill)
        await asyncio.to_thread(archive_server.start)
        ids.append(await send(archive_server))

    for page in pages:
        await expect(page.get_by_role("banner")).to_contain_text(f"{len(ids)} frames", timeout=BACK_MS)
        await expect(_links(page).first).to_have_text(no(ids[-1]), timeout=BACK_MS)
        shown = await _links(page).all_text_contents()
        assert shown == [no(i) for i in reversed(ids)][: len(shown)]
    await _until_listeners(archive_server, 2)
    assert complaints.unexpected == []


async def _open(context: BrowserContext, complaints: Complaints | None = None) -> Page:
    page = await context.new_page()
    if complaints:
        complaints.listen(page)
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    return page


def _links(page: Page) -> Locator:
    return page.get_by_role("listitem").get_by_role("link")


async def _until_listeners(archive: Archive, count: int) -> None:
    listeners = -1
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while listeners != count:
            async with session.get(f"{archive.url}/healthz") as answer:
                listeners = (await answer.json())["listeners"]
            await asyncio.sleep(0.05)
