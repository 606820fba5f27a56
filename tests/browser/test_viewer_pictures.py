"""Pictures of every state of the viewer, for eyes: `screenshots/`, which git ignores."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from playwright.async_api import Page, expect

from archive.scene import draw
from tests.browser.sending import Archive, no, send_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, 412_000, tzinfo=ZoneInfo("Europe/Berlin"))
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desk": (1280, 900), "wide": (1920, 1080)}
STATUS = (
    'firmware="1.0.0", board="xiao-esp32s3-sense", settings=8, rssi=-61, heap=118000, battery=3.91, spooled=0, '
    'reset="brownout"'
)


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """The archive of these pictures stands in Berlin, whatever machine draws them."""
    return archive_servers("--open-uploads", timezone="Europe/Berlin", shots_from_page="true")


async def test_the_viewer_in_every_state(page: Page, archive_server: Archive) -> None:
    """A frame, its keys, without its facts, close, and two under a line."""
    await page.clock.set_fixed_time(AFTERNOON)
    moments = [AFTERNOON - timedelta(minutes=23 * back) for back in range(24, 0, -1)]
    ids = await send_all(
        archive_server, [("garden", m, draw("garden", m, frame_number=n)) for n, m in enumerate(moments)]
    )
    frame_id = await _send_with_health(archive_server)

    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size, (width, height) in SIZES.items():
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"/?frame={frame_id}")
            dialog = page.get_by_role("dialog", name=no(frame_id))
            await expect(dialog.get_by_role("heading", name="Health at that moment")).to_be_attached()
            await _shoot(page, f"frame-{size}-{scheme}")
            await page.keyboard.press("?")
            await expect(page.get_by_role("group", name="Keys")).to_be_visible()
            await _shoot(page, f"keys-{size}-{scheme}")
            await page.keyboard.press("Escape")
            await page.keyboard.press("i")
            await _shoot(page, f"plain-{size}-{scheme}")
            await page.keyboard.press("i")
            for _ in range(5):
                await page.keyboard.press("+")
            await _shoot(page, f"close-{size}-{scheme}")
            await page.keyboard.press("0")
            await page.goto(f"/?frame={frame_id}&compare={ids[-6]}")
            await expect(page.get_by_role("group", name="Comparison")).to_contain_text(no(ids[-6]))
            await _shoot(page, f"compare-{size}-{scheme}")


async def _send_with_health(archive: Archive) -> int:
    connector = aiohttp.UnixConnector(path=str(archive.folder / "archive.sock"))
    headers = {
        "Content-Type": "image/jpeg",
        "Camera-Status": f'id="garden", {STATUS}',
        "Camera-Frame": f'boot="9f3a61c0e2b47d18", number=182, taken={round(AFTERNOON.timestamp() * 1000)}',
    }
    body = draw("garden", AFTERNOON, 1024, 768, frame_number=24)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://archive/api/frames", headers=headers, data=body) as answer,
    ):
        return int(answer.headers["Location"].rpartition("/")[2])


async def _shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.evaluate(
        "Promise.all([...document.images].filter((i) => i.currentSrc).map((i) => i.decode().catch(() => {})))"
    )
    await page.screenshot(path=SCREENSHOTS / f"viewer-{name}.png", animations="disabled")
