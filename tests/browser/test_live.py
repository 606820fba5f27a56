"""What happens while someone looks: frames come, servers go, proxies hold back; the list never moves under a reader."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, no, send, send_many

pytestmark = pytest.mark.asyncio(loop_scope="session")

BACK_MS = 60_000  # after a restart the page waits up to 5 s, then up to 10 s, …


async def test_a_frame_appears_at_the_top_the_moment_it_is_kept(page: Page, archive_server: Archive) -> None:
    """Once, above the others, counted, and said aloud."""
    await send_many(archive_server, 3)
    await _open(page)

    frame_id = await send(archive_server)

    await expect(_rows(page).first.get_by_role("link")).to_have_text(no(frame_id))
    await expect(_rows(page)).to_have_count(4)
    await expect(page.get_by_role("banner")).to_contain_text("4 frames")
    await expect(page.get_by_role("status")).to_have_text("1 new frame")


async def test_a_reader_further_down_is_not_moved(page: Page, archive_server: Archive) -> None:
    """New frames wait behind one button that counts them; pressing it shows them from the top."""
    ids = await send_many(archive_server, 30)
    await _open(page)
    row = page.get_by_role("listitem").filter(has_text=no(ids[22]))
    await page.mouse.move(400, 500)
    await page.mouse.wheel(0, 1000)
    await page.wait_for_function("scrollY > 100")
    await _still(row)
    before = await row.bounding_box()

    ids = [await send(archive_server) for _ in range(3)]

    button = page.get_by_role("button", name="Show 3 new")
    await expect(button).to_be_visible()
    assert await row.bounding_box() == before

    await button.click()

    await expect(_rows(page).first.get_by_role("link")).to_have_text(no(ids[-1]))
    await expect(_rows(page).first.get_by_role("link")).to_be_focused()
    assert await page.evaluate("window.scrollY") == 0
    await expect(button).to_be_hidden()


async def test_a_frame_moves_neither_the_viewer_nor_the_list_behind_it(page: Page, archive_server: Archive) -> None:
    """Whoever looks at one frame keeps looking at it."""
    ids = await send_many(archive_server, 3)
    await _open(page)
    await page.get_by_role("link", name=no(ids[1])).click()
    viewer = page.get_by_role("dialog", name=no(ids[1]))
    await expect(viewer).to_be_visible()

    frame_id = await send(archive_server)

    await expect(page.get_by_text("4 frames").first).to_be_attached()
    await expect(viewer).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(_rows(page)).to_have_count(3)
    await page.get_by_role("button", name="Show 1 new").click()
    await expect(_rows(page).first.get_by_role("link")).to_have_text(no(frame_id))


async def test_nothing_is_missed_or_doubled_across_a_kill(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """The server is killed and started again; what was kept meanwhile appears once, in order."""
    complaints.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    ids = await send_many(archive_server, 2)
    await _open(page)

    await asyncio.to_thread(archive_server.kill)
    await expect(page.get_by_role("banner")).to_contain_text("reconnecting")
    await asyncio.to_thread(archive_server.start)
    ids.append(await send(archive_server))

    await expect(page.get_by_role("banner")).to_contain_text("live", timeout=BACK_MS)
    ids.append(await send(archive_server))
    await expect(_rows(page).get_by_role("link")).to_have_text([no(i) for i in reversed(ids)])
    await expect(page.get_by_role("banner")).to_contain_text("4 frames")


async def test_behind_a_proxy_that_holds_the_stream_back_the_page_asks(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """Six seconds of silence, then it asks for changes instead, says so, and misses nothing."""
    complaints.expect("ERR_EMPTY_RESPONSE")
    await send_many(archive_server, 2)
    async with _buffering_proxy(archive_server) as address:
        await page.goto(address)
        await expect(page.get_by_role("banner")).to_contain_text("connecting")

        missed = await send(archive_server)
        await expect(page.get_by_role("banner")).to_contain_text("live, by asking")
        asked = await send(archive_server)

        links = _rows(page).get_by_role("link")
        await expect(links).to_have_count(4)
        await expect(links.first).to_have_text(no(asked))
        await expect(links.nth(1)).to_have_text(no(missed))
        await page.goto("about:blank")


async def test_a_page_nobody_looks_at_gives_its_connection_back(page: Page, archive_server: Archive) -> None:
    """Hidden for a minute it closes its stream; shown again it goes on after the last change it heard."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/events" in request.url else None)
    await page.clock.install()
    await _open(page)
    first = await send(archive_server)
    await expect(_rows(page)).to_have_count(1)
    assert await _listeners(archive_server) == 1

    await _hide(page, hidden=True)
    await page.clock.fast_forward(61_000)
    await expect(page.get_by_role("banner")).to_contain_text("paused")
    await _until_listeners(archive_server, 0)
    frame_id = await send(archive_server)
    await _hide(page, hidden=False)

    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(_rows(page).get_by_role("link")).to_have_text([no(frame_id), no(first)])
    afters = [int(url.rpartition("after=")[2]) for url in asked]
    assert afters[-1] > afters[0]


async def test_with_reduced_motion_nothing_moves(page: Page, archive_server: Archive) -> None:
    """A new frame is simply there; for everybody else it fades in."""
    await send(archive_server)
    await _open(page)
    started = await page.evaluate_handle(
        """() => {
            const seen = [];
            addEventListener("animationstart", (event) => seen.push(event.animationName));
            return seen;
        }"""
    )

    await page.emulate_media(reduced_motion="reduce")
    await _arrives(page, await send(archive_server))
    assert await started.json_value() == []

    await page.emulate_media(reduced_motion="no-preference")
    await _arrives(page, await send(archive_server))
    assert await started.json_value() == ["arrive"]


# -- what these tests need


async def _open(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")


def _rows(page: Page) -> Locator:
    return page.get_by_role("listitem")


async def _arrives(page: Page, frame_id: int) -> None:
    await expect(page.get_by_role("link", name=no(frame_id))).to_be_visible()
    await expect(_rows(page).first).to_have_css("opacity", "1")


async def _still(element: Locator) -> None:
    """Return when *element* has stopped moving."""
    before = None
    for _ in range(100):
        now = await element.evaluate(
            "(e) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
            "() => done(e.getBoundingClientRect().y))))"
        )
        if now == before:
            return
        before = now
    raise AssertionError("it never came to rest")


async def _hide(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def _listeners(archive: Archive) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{archive.url}/healthz") as answer:
        return int((await answer.json())["listeners"])


async def _until_listeners(archive: Archive, count: int) -> None:
    async with asyncio.timeout(15):
        while await _listeners(archive) != count:  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _buffering_proxy(archive: Archive) -> AsyncIterator[str]:
    """The archive behind a proxy that keeps every event stream to itself. Its address."""
    target = urlsplit(archive.url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(target.hostname, target.port)
        is_stream = asyncio.Event()

        async def up() -> None:
            while data := await reader.read(65536):
                if data.startswith(b"GET /api/events"):
                    is_stream.set()
                upstream_writer.write(data)
                await upstream_writer.drain()

        async def down() -> None:
            while data := await upstream_reader.read(65536):
                if not is_stream.is_set():
                    writer.write(data)
                    await writer.drain()

        tasks = [asyncio.create_task(up()), asyncio.create_task(down())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for end in (writer, upstream_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
