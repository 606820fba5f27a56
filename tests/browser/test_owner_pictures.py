"""Pictures of coming in, of a guest's page and of the owner's desk, for eyes: `screenshots/`, which git ignores."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from archive.scene import CAMERAS, draw
from tests.browser.complaints import Complaints
from tests.browser.owning import draw_key, fill_desk, knock, share_link, sign_in, through_socket
from tests.browser.sending import Archive, send_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desk": (1280, 900), "wide": (1920, 1080)}
NOW = datetime.now(ZoneInfo("Europe/Berlin"))


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """A private archive."""
    return archive_servers(public="false", timezone="Europe/Berlin")


async def test_coming_in(page: Page, complaints: Complaints) -> None:
    """Private, a wrong password, a used link, one that was taken back, one that is being tried, too many tries."""
    complaints.expect("status of 4(01|29)")
    for scheme in ("light", "dark"):
        for size in SIZES:
            await _turn(page, size, scheme)
            await page.goto("/cameras")
            await expect(page.get_by_label("The password")).to_be_visible()
            await _shoot(page, f"entry-{size}-{scheme}")
    for size in ("phone", "desk"):
        await _turn(page, size, "light")
        for state, secret in {"used": "own_nonsense", "over": "see_nonsense"}.items():
            await page.goto(f"/sign-in?{state}#{secret}")
            await expect(page.get_by_role("heading", name="any more")).to_be_visible()
            await _shoot(page, f"entry-{state}-{size}")
    await page.goto("/")
    for _ in range(6):
        await page.get_by_label("The password").fill("nonsense")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("This is not the password.").or_(page.get_by_text("Too many"))).to_be_visible()
        if await page.get_by_text("Too many").is_visible():
            break
        await _shoot(page, "entry-wrong-desk")
    await expect(page.get_by_text("Too many tries")).to_be_visible()
    await _shoot(page, "entry-often-desk")
    await page.route("**/api/session", lambda _: None)
    await page.goto("/sign-in#own_nonsense")
    await expect(page.get_by_text("Signing in")).to_be_visible()
    await _shoot(page, "entry-trying-desk")


async def test_a_guest_s_page(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """The list, the wall, what is not shared, and the end of it."""
    complaints.expect("status of 40[13]")
    await _send_a_day(archive_server)
    expires = (NOW + timedelta(days=6)).isoformat()
    await page.goto(await share_link(archive_server, camera="garden", expires_at=expires))
    for scheme in ("light", "dark"):
        for size in SIZES:
            await _turn(page, size, scheme)
            await _open(page, "/")
            await _shoot(page, f"guest-{size}-{scheme}")
            await _open(page, "/cameras")
            await _shoot(page, f"guest-cameras-{size}-{scheme}")
    await _turn(page, "phone", "light")
    await page.goto("/cameras/garden")
    await expect(page.get_by_role("heading", name="not shared with you")).to_be_visible()
    await _shoot(page, "guest-unshared-phone")
    await _open(page, "/")
    await through_socket(archive_server, "DELETE", "/api/shares/1")
    await expect(page.get_by_text("has ended")).to_be_visible()
    for size in ("phone", "desk"):
        await _turn(page, size, "light")
        await _shoot(page, f"guest-ended-{size}")


async def test_the_owner_s_pages(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """The list and a desk with nothing on it, with a camera that asks, and with everything on it."""
    complaints.expect("status of 401")
    await _send_a_day(archive_server)
    await sign_in(page, archive_server)
    for size in ("phone", "desk"):
        await _turn(page, size, "light")
        await _open(page, "/")
        await _shoot(page, f"owner-list-{size}")
        await _open(page, "/desk")
        await _shoot(page, f"desk-empty-{size}", is_whole=True)
    await knock(archive_server, draw_key("Qm7d"), camera="balcony")
    for size in ("phone", "desk"):
        await _turn(page, size, "light")
        await _open(page, "/")
        await expect(page.get_by_role("link", name="1 camera asks to join")).to_be_visible()
        await _shoot(page, f"owner-asked-{size}")
    await fill_desk(page, archive_server)
    for scheme in ("light", "dark"):
        for size in SIZES:
            await _turn(page, size, scheme)
            await _shoot(page, f"desk-{size}-{scheme}", is_whole=True)
    for session in (await through_socket(archive_server, "GET", "/api/sessions"))["sessions"]:
        await through_socket(archive_server, "DELETE", f"/api/sessions/{session['id']}")
    await expect(page.get_by_text("not signed in any more")).to_be_visible()
    await _turn(page, "desk", "light")
    await _shoot(page, "desk-ended-desk")

    assert (SCREENSHOTS / "desk-wide-dark.png").stat().st_size > 0


async def _send_a_day(archive: Archive) -> None:
    moments = [NOW - timedelta(minutes=61 * ago) for ago in range(11, -1, -1)]
    frames = [(CAMERAS[number % 4], taken, number) for number, taken in enumerate(moments)]
    await send_all(archive, [(camera, taken, draw(camera, taken, frame_number=no)) for camera, taken, no in frames])


async def _turn(page: Page, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")


async def _open(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("banner")).to_contain_text("live")


async def _shoot(page: Page, name: str, *, is_whole: bool = False) -> None:
    """What is on the screen; all of the page, where it is longer, with *is_whole*."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.evaluate(
        "Promise.all([...document.images].filter((i) => i.currentSrc).map((i) => i.decode().catch(() => {})))"
    )
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled", full_page=is_whole)
