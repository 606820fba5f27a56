"""What the page is shown to its owner for: links that sign in or share, cameras that ask to join, a desk full of it."""

import secrets
from datetime import UTC, datetime
from typing import Any

import aiohttp
from playwright.async_api import Page, expect

from archive.fields import render_status
from tests.browser.sending import Archive, Shot, send_shots
from tests.pictures import jpeg

PASSWORD = "correct horse battery"


async def through_socket(archive: Archive, method: str, path: str, **body: Any) -> Any:
    """The answer to its owner, who can open the socket in its folder."""
    connector = aiohttp.UnixConnector(path=str(archive.folder / "archive.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://archive{path}", json=body or None) as answer,
    ):
        assert answer.ok, await answer.text()
        return None if answer.status == 204 else await answer.json()


async def sign_in_link(archive: Archive) -> str:
    """A link that signs one browser in."""
    made = await through_socket(archive, "POST", "/api/sign-in-links")
    return f"{archive.url}/sign-in#{made['secret']}"


async def share_link(archive: Archive, **wanted: Any) -> str:
    """A link that shows a part of the archive."""
    made = await through_socket(archive, "POST", "/api/shares", label="Grandma", **wanted)
    return f"{archive.url}/sign-in#{made['secret']}"


async def sign_in(page: Page, archive: Archive) -> None:
    """Make *page* the owner's."""
    await page.goto(await sign_in_link(archive))
    await expect(page).to_have_url(f"{archive.url}/")
    await expect(page.get_by_role("banner")).to_contain_text("live")


def draw_key(ending: str) -> str:
    """A key as a camera draws one, that ends in these four characters."""
    return f"cam_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)[:39]}{ending}"


async def knock(archive: Archive, key: str, *, camera: str = "porch", board: str = "xiao") -> int:
    """A camera sends a frame with a key of its own. The status it is answered with."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "image/jpeg",
        "Camera-Status": render_status(id=camera, board=board),
        "Camera-Frame": f'boot="{secrets.token_hex(8)}", number=0, taken={round(datetime.now(UTC).timestamp() * 1000)}',
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{archive.url}/api/frames", headers=headers, data=jpeg(320, 240, seed=1)) as answer,
    ):
        return answer.status


async def fill_desk(page: Page, archive: Archive) -> None:
    """A desk with everything on it, and everything that opens open."""
    now = datetime.now(UTC)
    await send_shots(archive, [Shot("garden", now), Shot("porch", now)])
    await knock(archive, draw_key("k3Xz"), camera="veranda")
    await knock(archive, draw_key("-Il1"), camera="porch", board="aithinker")
    for label, revoked in (("Grandma", False), ("The neighbours", True)):
        made = await through_socket(archive, "POST", "/api/shares", label=label, camera="garden")
        if revoked:
            await through_socket(archive, "DELETE", f"/api/shares/{made['share']['no']}")
    await page.goto("about:blank")  # a password signs every browser out
    await through_socket(archive, "PUT", "/api/password", password=PASSWORD)
    await sign_in(page, archive)
    await page.goto("/desk")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    joining, sharing, browsers, keys = (
        page.get_by_role("region", name=name) for name in ("Asking to join", "Share links", "Signed in", "Keys")
    )
    await expect(joining.get_by_role("listitem", name="porch")).to_be_visible()
    await sharing.get_by_role("button", name="Make a link").click()
    await expect(sharing.get_by_role("code")).to_be_visible()
    await sharing.get_by_role("button", name="Revoke: Grandma").click()
    await sharing.get_by_text("1 link that shows nothing any more").click()
    await browsers.get_by_role("button", name="Make a link for another device").click()
    await expect(browsers.get_by_role("code")).to_be_visible()
    await browsers.get_by_role("button", name="Change the password").click()
    await keys.get_by_text("garden", exact=True).click()
    await keys.get_by_role("button", name="Make a key").click()
    await expect(keys.get_by_role("code")).to_be_visible()
