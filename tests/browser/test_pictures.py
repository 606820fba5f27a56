"""Pictures of every state of the page, for eyes: `screenshots/`, which git ignores.

With `ARCHIVE_README_PICTURE=1` the README's own picture, `docs/img/page.png`, is drawn anew as well.
"""

import math
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.async_api import Page, expect

from archive.scene import CAMERAS, draw
from tests.browser.complaints import Complaints
from tests.browser.filling import fill
from tests.browser.sending import Archive, Shot, no, send_all, send_shots

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "screenshots"
README_PICTURE = ROOT / "docs" / "img" / "page.png"

ZONE = ZoneInfo("Europe/Berlin")
AFTERNOON = datetime(2026, 11, 22, 14, 3, 7, 412_000, tzinfo=ZONE)
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desk": (1280, 900), "wide": (1920, 1080)}


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """The archive of these pictures stands in Berlin, whatever machine draws them."""
    return archive_servers("--open-uploads", timezone="Europe/Berlin")


def _day(cameras: Sequence[str] = ("garden", "courtyard", "window", "kitchen")) -> list[tuple[str, datetime, bytes]]:
    frames = []
    for number in range(12):
        camera = cameras[number % len(cameras)]
        taken = AFTERNOON - timedelta(minutes=97 * (11 - number), seconds=13 * number)
        frames.append((camera, taken, draw(camera, taken, frame_number=number)))
    camera, taken, body = frames[8]
    frames[8] = (camera, taken, body[: len(body) * 2 // 3])  # one that a poor network cut short
    return frames


async def _send_a_week(archive: Archive) -> None:
    """A week of the garden, whose spool was full for an hour and which was away for a night; a day of the others."""
    shots = []
    for number in range(7 * 48 + 1):
        taken = AFTERNOON - timedelta(minutes=30 * (7 * 48 - number))
        lost = (100, 101, "spool-full") if number == 102 else (250, 250, "sensor") if number == 260 else None
        if number not in {100, 101, 250, 251, 252} and not 170 <= number < 190:
            battery = 3.7 + 0.3 * math.sin(number / 48 * math.tau) ** 2
            shots.append(Shot("garden", taken, None, number, _said(number, battery=battery), lost))
    for at, camera in enumerate(CAMERAS[1:], 1):
        for number in range(48):
            late = timedelta(hours=4) if camera == "shed" else timedelta(minutes=at**2 / 3)
            taken = AFTERNOON - late - timedelta(minutes=30 * (47 - number))
            said = _said(number + 50 * at, battery=3.34 if camera == "shed" else None)
            shots.append(Shot(camera, taken, None, number, said))
    newest = {shot.camera: shot for shot in shots}
    drawn = []
    for shot in shots:
        size = (800, 600) if newest[shot.camera] is shot else (320, 240)
        body = draw(shot.camera, shot.taken, *size, frame_number=shot.number or 0)
        drawn.append(msgspec.structs.replace(shot, body=body))
    await send_shots(archive, drawn)


def _said(number: int, *, battery: float | None) -> dict[str, str | int | float]:
    random = Random(number)
    return {
        "settings": 7,
        "firmware": "1.0.0",
        "board": "xiao",
        "sensor": "OV5640",
        "reset": "brownout",
        "up_s": 1800 * number,
        "rssi": round(-61 + 6 * math.sin(number / 9) + random.gauss(0, 2)),
        "heap": 118_000 - 40 * number,
        **({} if battery is None else {"battery": round(battery + random.gauss(0, 0.01), 3)}),
        "temperature": round(31 + 7 * math.sin(number / 48 * math.tau) + random.random()),
        "spooled": 12 if number > 330 else max(0, 20 - abs(number - 200)) if number > 189 else 0,
        "restarts": 1 + (number > 120) + (number > 190),
    }


async def _shoot(page: Page, name: str, *, is_whole: bool = False) -> None:
    """What is on the screen; all of the page, where it is longer, with *is_whole*."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.evaluate(
        "Promise.all([...document.images].filter((i) => i.currentSrc).map((i) => i.decode().catch(() => {})))"
    )
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled", full_page=is_whole)


async def _open(page: Page, size: str, path: str = "/") -> None:
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(path)
    await expect(page.get_by_role("banner")).to_contain_text("live")


async def _open_at(page: Page, archive: Archive, size: str, path: str = "/") -> None:
    await _open(page, size, archive.url + path)
    await expect(page.get_by_role("img").first.or_(page.get_by_role("heading", name="No frame"))).to_be_visible()


async def test_an_archive_without_frames_and_with_its_first(page: Page, archive_server: Archive) -> None:
    """What a new owner sees, and then sees."""
    await page.clock.set_fixed_time(AFTERNOON)
    await _open(page, "phone")
    await _shoot(page, "empty-phone")
    await _open(page, "desk")
    await _shoot(page, "empty-desk")

    await send_all(archive_server, _day()[-1:])

    await expect(page.get_by_role("listitem")).to_have_count(1)
    await _shoot(page, "first-desk")


async def test_a_day_at_every_width_in_light_and_dark(page: Page, archive_server: Archive) -> None:
    """The list, frames that wait, and the viewer."""
    await page.clock.set_fixed_time(AFTERNOON)
    day = _day()
    ids = await send_all(archive_server, day[:-1])
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size in SIZES:
            await _open(page, size)
            await _shoot(page, f"list-{size}-{scheme}")
            await _open(page, size, f"/?frame={ids[-1]}")
            await expect(page.get_by_role("dialog", name=no(ids[-1]))).to_be_visible()
            await _shoot(page, f"viewer-{size}-{scheme}")
    assert await page.evaluate("document.documentElement.scrollWidth") == SIZES["wide"][0]

    await page.emulate_media(color_scheme="light")
    await _open(page, "desk")
    await page.mouse.move(400, 500)
    await page.mouse.wheel(0, 700)
    await page.wait_for_function("() => scrollY > 100")
    await send_all(archive_server, day[-1:])
    await expect(page.get_by_role("button", name="Show 1 new")).to_be_visible()
    await _shoot(page, "waiting-desk-light")
    await page.set_viewport_size({"width": 390, "height": 844})
    await _shoot(page, "waiting-phone-light")

    await _open(page, "desk")
    await page.get_by_role("listitem").first.get_by_role("link").focus()
    await page.keyboard.press("Shift")  # a key: the focus is shown
    await _shoot(page, "focus-desk-light")


async def test_a_year(page: Page, archive_servers: Callable[..., Archive]) -> None:
    """Both densities, a place in the past, what opens from the line of choices, choices, and the focus."""
    archive = archive_servers("--open-uploads", name="year", timezone="Europe/Berlin")
    archive.kill()
    fill(archive.folder, 20_000, AFTERNOON)
    archive.start()
    await page.clock.set_fixed_time(AFTERNOON)
    past = "before=2026-08-10T12:00:00Z"
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size in SIZES:
            await _open_at(page, archive, size)
            await _shoot(page, f"year-{size}-{scheme}")
            await page.get_by_role("button", name="Contact sheet").click()
            await _shoot(page, f"sheet-{size}-{scheme}")
            await page.get_by_role("button", name="List", exact=True).click()
            for name in ("Calendar", "Any hour", "Any picture"):
                await page.get_by_role("button", name=name).click()
                await expect(page.get_by_role("dialog")).to_be_visible()
                await _shoot(page, f"{name.lower().replace(' ', '-')}-{size}-{scheme}")
                await page.keyboard.press("Escape")
            await _open_at(page, archive, size, f"/?{past}")
            await page.mouse.move(200, 500)
            await page.mouse.wheel(0, 500)
            await page.wait_for_function("() => scrollY > 10_000")
            await _shoot(page, f"past-{size}-{scheme}")
            await _open_at(page, archive, size, "/?camera=garden&hour=6-9&verdict=dark,frozen")
            await _shoot(page, f"found-{size}-{scheme}")
    await page.emulate_media(color_scheme="light")
    await _open_at(page, archive, "desk", "/?difference=1")
    await expect(page.get_by_role("heading", name="No frame is like that")).to_be_visible()
    await _shoot(page, "none-desk")
    await _open_at(page, archive, "desk")
    await page.get_by_role("slider", name="Day").focus()
    await page.keyboard.press("PageDown")
    await expect(page.get_by_role("heading", name="Friday, 23 October")).to_be_in_viewport()
    await _shoot(page, "strip-desk")
    await page.get_by_role("button", name="Pause").click()
    await _shoot(page, "paused-desk")


async def test_without_javascript(page: Page, archive_server: Archive) -> None:
    """What the server prints."""
    await send_all(archive_server, _day())
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False, base_url=archive_server.url)
    for size, (width, height) in SIZES.items():
        plain = await context.new_page()
        await plain.set_viewport_size({"width": width, "height": height})
        await plain.goto("/")
        await plain.screenshot(path=SCREENSHOTS / f"plain-{size}.png")
    await context.close()


async def test_the_cameras_at_every_width_in_light_and_dark(page: Page, archive_server: Archive) -> None:
    """No camera, the wall with a late one, and a camera's own page with its gaps."""
    await page.clock.set_fixed_time(AFTERNOON)
    await _open(page, "desk", "/cameras")
    await expect(page.get_by_role("heading", name="No camera yet")).to_be_visible()
    await _shoot(page, "cameras-empty-desk-light")
    await _send_a_week(archive_server)

    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size in SIZES:
            await _open(page, size, "/cameras")
            await expect(page.get_by_role("listitem")).to_have_count(len(CAMERAS))
            await page.wait_for_function("() => document.querySelectorAll('svg path[d]').length === 12")
            await _shoot(page, f"cameras-{size}-{scheme}")
            await _open(page, size, "/cameras/garden?span=week")
            await expect(page.get_by_role("figure")).to_have_count(6)
            await _shoot(page, f"camera-{size}-{scheme}", is_whole=True)
        assert await page.evaluate("document.documentElement.scrollWidth") == SIZES["wide"][0]


async def test_an_archive_that_does_not_answer(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """Gone while someone looks, and refusing the list from the first."""
    complaints.expect("ERR_INTERNET_DISCONNECTED|503")
    await page.clock.set_fixed_time(AFTERNOON)
    await send_all(archive_server, _day()[:3])
    await _open(page, "desk")
    await page.context.set_offline(offline=True)
    await expect(page.get_by_role("banner")).to_contain_text("reconnecting")
    await _shoot(page, "offline-desk")
    await page.context.set_offline(offline=False)
    await expect(page.get_by_role("banner")).to_contain_text("live")

    await page.route("**/api/frames?*", lambda route: route.fulfill(status=503, json={"title": "Not just now"}))
    await page.goto("/")

    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await _shoot(page, "unanswered-desk")


async def test_the_readme_s_picture(page: Page, archive_server: Archive) -> None:
    """The list at 1280 by 900, as the README shows it."""
    await page.clock.set_fixed_time(AFTERNOON)
    await send_all(archive_server, _day())
    await _open(page, "desk")
    await _shoot(page, "page")

    if os.environ.get("ARCHIVE_README_PICTURE") == "1":
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SCREENSHOTS / "page.png", README_PICTURE)
    assert (SCREENSHOTS / "page.png").stat().st_size > 0
