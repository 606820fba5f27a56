"""The viewer: one frame, large; by keyboard alone; and its address is a link to it."""

import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.owning import sign_in
from tests.browser.sending import Archive, no, send, send_many
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_viewer_is_walked_by_keyboard_alone(page: Page, archive_server: Archive) -> None:
    """Enter opens, arrows step through time, Esc closes, and the focus is where the eye was."""
    ids = await send_many(archive_server, 3)
    await page.goto("/")
    await expect(_rows(page)).to_have_count(3)
    await expect(page.get_by_role("banner")).to_contain_text("live")  # until then a row is a plain link

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the frames")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(_link(page, ids[2])).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[2]}$"))

    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(_link(page, ids[1])).to_be_focused()
    await expect(page).to_have_url(re.compile(r"/#catalogue$"))


async def test_the_viewer_is_worked_by_its_words(page: Page, archive_server: Archive) -> None:
    """Every key has a button that says the same."""
    ids = await send_many(archive_server, 3)
    await page.goto("/")
    await _link(page, ids[1]).click()

    await page.get_by_role("button", name="Earlier").click()
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await page.get_by_role("button", name="Later").click()
    await page.get_by_role("button", name="Later").click()
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()
    await expect(page.get_by_role("button", name="Later")).to_be_disabled()
    await page.get_by_role("button", name="Close").click()

    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_original_comes_over_its_thumbnail(page: Page, archive_server: Archive) -> None:
    """At its own size, with what is known of it beside it."""
    frame_id = await send(archive_server, body=jpeg(800, 600, seed=3))
    await page.goto("/")
    await _link(page, frame_id).click()

    original = page.get_by_role("dialog").get_by_role("img", name="garden")

    await expect(original).to_have_js_property("naturalWidth", 800)
    await expect(original).to_be_visible()
    facts = page.get_by_role("region", name="Facts")
    await expect(facts).to_contain_text("800 \u00d7 600")
    await expect(facts).to_contain_text("the camera\u2019s clock")
    await expect(facts).to_contain_text("whole")


async def test_the_original_is_downloaded_under_a_name_that_says_whose_it_is(
    page: Page, archive_server: Archive
) -> None:
    """Byte for byte as the camera sent it."""
    body = jpeg(320, 240, seed=5)
    frame_id = await send(archive_server, body=body)
    await page.goto("/")
    await _link(page, frame_id).click()

    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    download = await waiting.value

    assert re.fullmatch(r"garden-\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{16}-\d+\.jpg", download.suggested_filename)
    assert (await download.path()).read_bytes() == body


async def test_the_address_of_a_frame_shows_it(page: Page, archive_server: Archive) -> None:
    """Also one that the list has not reached; closing it leaves the list."""
    ids = await send_many(archive_server, 102)

    await page.goto(f"/?frame={ids[0]}")

    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(page).to_have_title(re.compile(no(ids[0])))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page).to_have_url(re.compile(r"/$"))
    await expect(_link(page, ids[-1])).to_be_visible()


async def test_back_closes_the_viewer_and_forward_opens_it(page: Page, archive_server: Archive) -> None:
    """The viewer is in the address, so the browser's own buttons work it."""
    frame_id = await send(archive_server)
    await page.goto("/")
    await _link(page, frame_id).click()
    await expect(page.get_by_role("dialog")).to_be_visible()

    await page.go_back()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.go_forward()
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


async def test_stepping_past_the_end_of_the_list_fetches_more(page: Page, archive_server: Archive) -> None:
    """Neither way stops where the list happens to end; closing brings the reader to the frame that was open."""
    ids = await send_many(archive_server, 102)
    later = datetime.fromisoformat((await _frame(archive_server, ids[50]))["taken_at"]) + timedelta(milliseconds=1)
    await page.goto(f"/?before={later:%Y-%m-%dT%H:%M:%S.%fZ}&frame={ids[50]}")
    await expect(page.get_by_role("dialog", name=no(ids[50]))).to_be_visible()

    for frame_id in reversed(ids[:50]):
        await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()

    for frame_id in ids[1:]:
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(_link(page, ids[-1])).to_be_focused()
    await expect(_link(page, ids[-1])).to_be_in_viewport()


async def test_a_frame_that_is_not_here_is_said_to_be_not_here(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """A link to nothing shows the list and a sentence."""
    complaints.expect("404")
    await send(archive_server)

    await page.goto("/?frame=999999")

    await expect(page.get_by_role("alert")).to_contain_text(f"There is no frame {no(999_999)}")
    await expect(_rows(page)).to_have_count(1)


async def test_a_frame_that_the_list_does_not_hold_has_its_neighbours(page: Page, archive_server: Archive) -> None:
    """A link to an old frame is a place to go on from, both ways."""
    ids = await send_many(archive_server, 160)
    await page.goto(f"/?frame={ids[4]}")
    await expect(page.get_by_role("dialog", name=no(ids[4]))).to_be_visible()

    for _ in range(4):
        await page.get_by_role("button", name="Earlier").click()
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()


async def test_a_frame_that_arrives_is_the_next_one_and_moves_nothing(page: Page, archive_server: Archive) -> None:
    """What is open stays open, and where it is; `Later` leads to the new one."""
    frame_id = await send(archive_server)
    await page.goto("/")
    await _link(page, frame_id).click()
    await expect(page.get_by_role("button", name="Later")).to_be_disabled()
    before = await page.get_by_role("dialog").get_by_role("img", name="garden").bounding_box()

    arrived = await send(archive_server)

    await expect(page.get_by_role("button", name="Later")).to_be_enabled()
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    assert await page.get_by_role("dialog").get_by_role("img", name="garden").bounding_box() == before
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name=no(arrived))).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


async def test_the_neighbours_are_here_before_they_are_asked_for(page: Page, archive_server: Archive) -> None:
    """Their originals, so that a step shows them at once."""
    ids = await send_many(archive_server, 5)
    await page.goto("/")
    urls = [(await (await page.request.get(f"/api/frames/{ids[at]}")).json())["url"] for at in (1, 3)]

    async with page.expect_request(f"**{urls[0]}"), page.expect_request(f"**{urls[1]}"):
        await _link(page, ids[2]).click()


async def test_the_facts_tell_how_the_camera_was(page: Page, archive_server: Archive) -> None:
    """What it said of itself with this frame; hidden and shown by `i`."""
    body = jpeg(320, 240, seed=9)
    status: dict[str, str | int | float] = {"settings": 8, "rssi": -61, "heap": 118000, "battery": 3.91}
    status |= {"spooled": 12, "firmware": "1.0.0", "mood": "<b>good</b>"}
    frame_id = await send(archive_server, body=body, status=status)
    await page.goto(f"/?frame={frame_id}")
    facts = page.get_by_role("region", name="Facts")

    await expect(facts.get_by_role("heading", name="Health at that moment")).to_be_visible()

    for said in ("version 8", "\u221261 dBm", "118 kB", "3.91 V", "12", "1.0.0", "<b>good</b>"):
        await expect(facts).to_contain_text(said)
    await expect(facts).to_contain_text(f"{sha256(body).hexdigest()[:4]} ")
    await page.keyboard.press("i")
    await expect(facts).to_be_hidden()
    await expect(page.get_by_role("button", name="Facts")).to_have_attribute("aria-expanded", "false")
    await page.get_by_role("button", name="Facts").click()
    await expect(facts).to_be_visible()


async def test_the_link_is_copied(page: Page, archive_server: Archive) -> None:
    """With `c`, where the browser has a clipboard for the page, and where it has none."""
    frame_id = await send(archive_server)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()

    await page.keyboard.press("c")

    await expect(page.get_by_role("dialog")).to_contain_text("The link is copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == page.url
    await page.evaluate("navigator.clipboard.writeText('')")
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    await page.get_by_role("button", name="Copy link").click()
    await page.evaluate("delete navigator.clipboard")
    await expect(page.get_by_role("dialog")).to_contain_text("The link is copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == page.url


async def test_the_link_is_shared_where_there_is_a_share_sheet(page: Page, archive_server: Archive) -> None:
    """On phones; elsewhere nothing is offered."""
    frame_id = await send(archive_server)
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("button", name="Share")).to_have_count(0)
    await page.add_init_script("navigator.share = async (given) => { window.shared = given; };")
    await page.reload()

    await page.get_by_role("button", name="Share").click()

    assert await page.evaluate("window.shared.url") == page.url
    assert no(frame_id) in await page.evaluate("window.shared.title")


async def test_the_focus_returns_to_the_row_after_a_film(page: Page, archive_server: Archive) -> None:
    """To the frame that was open when the viewer was closed; the list is where it was."""
    ids = await send_many(archive_server, 3)
    await page.goto("/")
    await _link(page, ids[0]).click()
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(_link(page, ids[2])).to_be_focused()
    await expect(page).to_have_url(re.compile(r"/$"))


async def test_an_archive_that_is_away_is_said_to_be_away(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """The frame stays; what could not be fetched is said, and going on works when the archive is back."""
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    ids = await send_many(archive_server, 60)
    await page.goto(f"/?frame={ids[3]}")
    await expect(page.get_by_role("dialog", name=no(ids[3]))).to_be_visible()
    await page.get_by_role("button", name="Earlier").click()
    await expect(page.get_by_role("dialog", name=no(ids[2]))).to_be_visible()

    await page.context.set_offline(offline=True)
    await page.keyboard.press("Space")

    await expect(page.get_by_role("dialog")).to_contain_text("The frames could not be fetched")
    await page.context.set_offline(offline=False)
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()


async def test_the_picture_fills_the_screen(page: Page, archive_server: Archive) -> None:
    """With `f`; the keys work there, and `f` leaves it."""
    ids = await send_many(archive_server, 2)
    await page.goto(f"/?frame={ids[1]}")
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()

    await page.keyboard.press("f")

    await expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    await expect(page.get_by_role("region", name="Facts")).to_be_hidden()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("heading", name=no(ids[0]))).to_be_visible()
    await page.keyboard.press("f")
    await expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()


async def test_the_keys_are_listed_on_the_page(page: Page, archive_server: Archive) -> None:
    """`?` and `Esc`, which leaves the viewer open; or the button."""
    frame_id = await send(archive_server)
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()

    await page.keyboard.press("?")
    await expect(page.get_by_role("group", name="Keys")).to_contain_text("play from here, stop")
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("group", name="Keys")).to_be_hidden()
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await page.get_by_role("button", name="Keys").click()
    await expect(page.get_by_role("group", name="Keys")).to_be_visible()


async def test_the_owner_asks_the_camera_for_a_frame(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """Said in words, until the camera was in contact; and when it was asked before."""
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    frame_id = await send(archive_server)
    await page.set_viewport_size({"width": 390, "height": 844})
    await sign_in(page, archive_server)
    await page.goto(f"/?frame={frame_id}")
    asking = page.get_by_role("button", name="Ask garden for a frame now")
    said = page.get_by_role("region", name="Facts").get_by_role("status")

    await asking.click()
    await expect(said).to_have_text("garden will take one with its next contact.")
    await asking.click()
    await expect(said).to_have_text(re.compile("^garden was asked before and has not been in contact since"))
    await send(archive_server)
    await expect(said).to_be_empty()
    await page.context.set_offline(offline=True)
    await asking.click()

    await expect(said).to_have_text("garden could not be asked: the archive did not answer.")
    await expect(said).to_be_in_viewport()
    await expect(asking).to_be_focused()


async def test_nobody_is_offered_what_is_not_allowed(page: Page, archive_server: Archive) -> None:
    """Who is not signed in only looks."""
    frame_id = await send(archive_server)

    await page.goto(f"/?frame={frame_id}")

    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await expect(page.get_by_role("button", name="Ask garden")).to_have_count(0)


async def _frame(archive: Archive, frame_id: int) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{archive.url}/api/frames/{frame_id}") as answer:
        found: dict[str, Any] = await answer.json()
        return found


def _rows(page: Page) -> Locator:
    return page.get_by_role("listitem")


def _link(page: Page, frame_id: int) -> Locator:
    return page.get_by_role("link", name=no(frame_id))
