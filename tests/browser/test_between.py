"""Behind what tunnels do the page goes on: cut streams, warning pages, moved addresses; and it asks for little."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.authority import Authority
from tests.browser.between import Between, between
from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_many
from tests.server.proxies import caddy
from tests.server.serving import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = """() => {
    const seen = [];
    const state = document.querySelector(".masthead");
    const note = () => seen.push(state.textContent);
    new MutationObserver(note).observe(state, { subtree: true, childList: true, characterData: true });
    return seen;
}"""


@pytest_asyncio.fixture(name="proxy", loop_scope="session")
async def _proxy(archive_server: Archive) -> AsyncIterator[Between]:
    async with between(archive_server) as proxy:
        yield proxy


async def test_a_stream_that_is_cut_when_silent_misses_nothing(
    page: Page, archive_server: Archive, proxy: Between, complaints: Complaints
) -> None:
    """Every frame once, in order; and after some cuts it is a habit, of which nobody hears again."""
    complaints.expect("ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET")
    proxy.cuts_after_s = 0.5
    await page.add_init_script("Math.random = () => 0")  # its pauses are of a random length, up to some seconds
    await page.goto(proxy.url)
    await until(lambda: proxy.asked["/api/events"] >= 5)
    states = await page.evaluate_handle(STATES)

    ids = []
    for _ in range(3):
        ids.append(await send(archive_server))
        seen = proxy.asked["/api/events"]
        await _until_streams(proxy, seen + 2)

    await expect(page.get_by_role("listitem").get_by_role("link")).to_have_text([no(i) for i in reversed(ids)])
    assert not [said for said in await states.json_value() if "reconnecting" in said]
    assert proxy.asked["/api/changes"] == 0
    await page.goto("about:blank")


async def test_a_warning_page_is_not_taken_for_an_answer(
    page: Page, archive_server: Archive, proxy: Between, complaints: Complaints
) -> None:
    """Who has clicked it away sees the archive; when it comes back the page asks past it, and misses nothing."""
    complaints.expect("EventSource's response has a MIME type")
    proxy.warns = True
    await page.goto(proxy.url)
    await page.get_by_role("button", name="Visit Site").click()
    await expect(page.get_by_role("banner")).to_contain_text("live")
    first = await send(archive_server)
    await expect(page.get_by_role("link", name=no(first))).to_be_visible()

    await page.context.clear_cookies()
    await page.evaluate("() => dispatchEvent(new Event('offline'))")
    await expect(page.get_by_role("banner")).to_contain_text("live, by asking")
    second = await send(archive_server)

    await expect(page.get_by_role("listitem").get_by_role("link")).to_have_text([no(second), no(first)])
    await page.goto("about:blank")


async def test_a_page_that_answers_for_the_archive_is_named(page: Page, archive_server: Archive) -> None:
    """HTML where data was asked for, with a status that says all is well: the list says so, and can be had again."""
    await send_many(archive_server, 2)
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await page.route("**/api/frames?*", lambda route: route.fulfill(content_type="text/html", body="<h1>Hello</h1>"))

    await page.evaluate(
        "() => { history.pushState(null, '', '/?camera=garden'); dispatchEvent(new Event('popstate')); }"
    )

    await expect(page.get_by_text(re.compile("something on the way answered in the archive.s place"))).to_be_visible()


@pytest.mark.parametrize("status", [307, 308])
async def test_moved_addresses_are_followed(page: Page, archive_server: Archive, proxy: Between, status: int) -> None:
    """Of the page, its parts, its data and its stream."""
    [first] = await send_many(archive_server, 1)
    proxy.redirects = status
    await page.goto(proxy.url)
    await expect(page.get_by_role("banner")).to_contain_text("live")

    second = await send(archive_server)

    await expect(page.get_by_role("listitem").get_by_role("link")).to_have_text([no(second), no(first)])
    await page.goto("about:blank")


async def test_over_https_and_http2_it_is_live_too(browser: Browser, archive_server: Archive, tmp_path: Path) -> None:
    """As behind Caddy: one stream for all tabs, which is led by the one that was first."""
    authority = Authority(tmp_path, "ours")
    with caddy(tmp_path, authority, urlsplit(archive_server.url).port or 0) as proxy:
        context = await browser.new_context(base_url=proxy.url, ignore_https_errors=True)
        pages = [await context.new_page() for _ in range(2)]
        for page in pages:
            await page.goto("/")
            await expect(page.get_by_role("banner")).to_contain_text("live")

        frame_id = await send(archive_server)

        for page in pages:
            await expect(page.get_by_role("link", name=no(frame_id))).to_be_visible()
        protocol = await page.evaluate("() => performance.getEntriesByType('navigation')[0].nextHopProtocol")
        await context.close()

    assert protocol == "h2"


async def test_the_page_asks_for_little(page: Page, archive_server: Archive, proxy: Between) -> None:
    """Tunnels count requests: a first view, and ten minutes of a page that listens to a camera with 20 frames."""
    await send_many(archive_server, 30)
    await page.clock.install()
    await page.goto(proxy.url)
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await page.wait_for_load_state("load")
    await until(lambda: proxy.asked["/api/days"])
    first_view = _pictures_apart(proxy)

    for count in range(20):
        frame_id = await send(archive_server)
        await expect(page.get_by_role("link", name=no(frame_id))).to_be_visible()
        await _until_pictures(proxy, first_view[0] + count + 1)
        await page.clock.fast_forward(30_000)

    pictures, others = _pictures_apart(proxy)
    assert first_view[1] <= 42
    assert pictures - first_view[0] == 20
    assert others - first_view[1] <= 2
    await page.goto("about:blank")


def _pictures_apart(proxy: Between) -> tuple[int, int]:
    """How many pictures were asked for, and how much else."""
    pictures = sum(count for path, count in proxy.asked.items() if path.startswith("/thumbnails/"))
    return pictures, proxy.asked.total() - pictures


async def _until_streams(proxy: Between, count: int) -> None:
    await until(lambda: proxy.asked["/api/events"] >= count)


async def _until_pictures(proxy: Between, count: int) -> None:
    await until(lambda: _pictures_apart(proxy)[0] >= count)
