"""What an archive's owner does from beside the page: sign a browser in, share, and let cameras ask to join."""

import secrets
from datetime import UTC, datetime
from typing import Any

import aiohttp
from playwright.async_api import Page, expect

from archive.fields import render_status
from tests.browser.sending import Archive
from tests.pictures import jpeg


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
