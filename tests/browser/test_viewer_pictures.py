"""Pictures of every state of the viewer, for eyes: `screenshots/`, which git ignores."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from archive.scene import draw
from tests.browser.owning import sign_in
from tests.browser.sending import Archive, no, send, send_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, 412_000, tzinfo=ZoneInfo("Europe/Berlin"))
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desk": (1280, 900), "wide": (1920, 1080)}
STATUS: dict[str, str | int | float] = {
    "firmware": "1.0.0",
    "board": "xiao-esp32s3-sense",
    "settings": 8,
    "rssi": -61,
    "heap": 118000,
    "battery": 3.91,
    "spooled": 0,
    "reset": "brownout",
}


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """The archive of these pictures stands in Berlin, whatever machine draws them."""
    return archive_servers("--open-uploads", timezone="Europe/Berlin")


async def test_the_viewer_in_every_state(page: Page, archive_server: Archive) -> None:
    """A frame, its keys, without its facts, close, and two under a line."""
    await page.clock.set_fixed_time(AFTERNOON)
    moments = [AFTERNOON - timedelta(minutes=23 * back) for back in range(24, 0, -1)]
    ids = await send_all(
        archive_server, [("garden", m, draw("garden", m, frame_number=n)) for n, m in enumerate(moments)]
    )
    body = draw("garden", AFTERNOON, 1024, 768, frame_number=24)
    frame_id = await send(archive_server, taken=AFTERNOON, body=body, status=STATUS)

    await sign_in(page, archive_server)
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


async def test_a_film_and_the_full_screen(page: Page, archive_server: Archive) -> None:
    """Running, ended, and with nothing but the picture."""
    moments = [AFTERNOON - timedelta(minutes=11 * back) for back in range(30, 0, -1)]
    frames = [("garden", moment, draw("garden", moment, frame_number=at)) for at, moment in enumerate(moments)]
    ids = await send_all(archive_server, frames)
    for size in ("desk", "phone"):
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(f"/?frame={ids[0]}")
        await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
        for _ in range(11):
            await page.keyboard.press("<")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("heading", name=no(ids[1]))).to_be_visible()
        await _shoot(page, f"film-{size}")
        for _ in range(29):
            await page.keyboard.press(">")
        await expect(page.get_by_role("dialog")).to_contain_text("The film has come to its end.")
        await _shoot(page, f"film-ended-{size}")
        await page.keyboard.press("f")
        await expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
        await _shoot(page, f"full-{size}")
        await page.keyboard.press("f")


async def _shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.evaluate(
        "Promise.all([...document.images].filter((i) => i.currentSrc).map((i) => i.decode().catch(() => {})))"
    )
    await page.screenshot(path=SCREENSHOTS / f"viewer-{name}.png", animations="disabled")
