"""The owner's desk: cameras that ask to join, share links, browsers, the password, and the cameras' keys."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.owning import PASSWORD, draw_key, fill_desk, knock, sign_in, sign_in_link, through_socket
from tests.browser.sending import Archive, Shot, no, send, send_shots

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """A private archive."""
    return archive_servers(public="false", timezone="Europe/Berlin")


@pytest_asyncio.fixture(name="desk", loop_scope="session")
async def _desk(page: Page, archive_server: Archive) -> Page:
    """The desk, open."""
    await sign_in(page, archive_server)
    await _open(page)
    return page


@pytest_asyncio.fixture(name="guest", loop_scope="session")
async def _guest(browser: Browser, archive_server: Archive) -> AsyncIterator[Page]:
    """A page of somebody else's browser."""
    context = await browser.new_context(base_url=archive_server.url)
    yield await context.new_page()
    await context.close()


# -- cameras that ask to join


async def test_a_camera_that_asks_is_let_in_by_one_click(desk: Page, archive_server: Archive) -> None:
    """It appears by itself, with what its owner compares; its next try is kept."""
    section = _section(desk, "Asking to join")
    await expect(section).to_contain_text("No camera asks to join.")
    key = draw_key("k3Xz")

    assert await knock(archive_server, key, camera="porch", board="xiao") == 401

    asker = section.get_by_role("listitem", name="porch")
    await expect(asker).to_contain_text("k3Xz")
    await expect(asker).to_contain_text("k, 3, capital X, z")
    await expect(asker).to_contain_text("xiao, 127.0.0.1")
    await expect(asker).to_contain_text("Let it in if the camera says the same end of its key")
    await asker.get_by_role("button", name="Let it in").click()
    await expect(section.get_by_role("status")).to_have_text("porch is let in. Its frames come with its next try.")
    await expect(section.get_by_role("listitem")).to_have_count(0)
    await expect(section.get_by_role("heading", name="Asking to join")).to_be_focused()
    assert await knock(archive_server, key, camera="porch") == 201


async def test_a_camera_is_let_in_under_another_name(
    desk: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """A name there is means a second key of that camera, and the page says so before; a wrong name is explained."""
    complaints.expect("status of 400")
    await send(archive_server, camera="porch")
    await knock(archive_server, draw_key("AAAA"), camera="porch")
    asker = _section(desk, "Asking to join").get_by_role("listitem", name="porch")
    await expect(asker).to_contain_text("There is a camera porch already")
    name = asker.get_by_role("textbox", name="Name")

    await name.fill("Back Porch")
    await expect(asker.get_by_text("There is a camera")).to_be_hidden()
    await asker.get_by_role("button", name="Let it in").click()
    await expect(asker.get_by_role("alert")).to_contain_text(re.compile("1 to 32|a-z"))
    await name.fill("back-porch")
    await name.press("Enter")

    await expect(_section(desk, "Asking to join").get_by_role("status")).to_contain_text("back-porch is let in.")
    ids = {camera["id"] for camera in (await through_socket(archive_server, "GET", "/api/cameras"))["cameras"]}
    assert ids == {"porch", "back-porch"}
    await expect(_section(desk, "Keys").get_by_text("back-porch", exact=True)).to_be_visible()


async def test_a_camera_that_is_refused_is_gone(desk: Page, archive_server: Archive) -> None:
    """And what the owner wrote for another one stays, as cameras come and go."""
    key = draw_key("AAAA")
    await knock(archive_server, key, camera="stranger")
    await knock(archive_server, draw_key("BBBB"), camera="porch")
    section = _section(desk, "Asking to join")
    await section.get_by_role("listitem", name="porch").get_by_role("textbox", name="Name").fill("veranda")

    await section.get_by_role("listitem", name="stranger").get_by_role("button", name="Refuse").click()

    await expect(section.get_by_role("status")).to_have_text(
        "stranger is refused. With this key it need not ask again."
    )
    await expect(section.get_by_role("listitem")).to_have_count(1)
    await expect(section.get_by_role("textbox", name="Name")).to_have_value("veranda")
    assert await knock(archive_server, key, camera="stranger") == 403


async def test_every_page_of_the_owner_says_that_a_camera_asks(page: Page, archive_server: Archive) -> None:
    """In the head, in words, as it happens; also to the page that comes later, and of two."""
    await send(archive_server)
    await sign_in(page, archive_server)
    head = page.get_by_role("banner")
    await expect(head.get_by_role("link", name="Desk", exact=True)).to_be_visible()

    await knock(archive_server, draw_key("AAAA"))
    await expect(head.get_by_role("link", name="1 camera asks to join")).to_be_visible()
    await page.goto("/cameras")
    await expect(head.get_by_role("link", name="1 camera asks to join")).to_be_visible()
    await knock(archive_server, draw_key("BBBB"), camera="shed")
    await expect(head.get_by_role("link", name="2 cameras ask to join")).to_be_visible()
    await page.goto("/cameras/garden")
    await head.get_by_role("link", name="2 cameras ask to join").click()

    await expect(page.get_by_role("heading", name="s desk")).to_be_visible()


async def test_behind_a_proxy_that_holds_the_stream_back_cameras_appear_too(
    desk: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """Where the page has to ask for changes, it asks for who wants to join with them."""
    complaints.expect("ERR_FAILED")
    await desk.route("**/api/events?*", lambda route: route.abort())
    await desk.goto("/desk")
    await expect(desk.get_by_role("banner")).to_contain_text("live, by asking")

    await knock(archive_server, draw_key("AAAA"))
    await send(archive_server)  # a change: else it would take until the next half minute

    await expect(_section(desk, "Asking to join").get_by_role("listitem", name="porch")).to_be_visible()


# -- sharing


async def test_a_share_link_is_made_used_and_taken_back(
    desk: Page, archive_server: Archive, guest: Page, complaints: Complaints
) -> None:
    """Shown once, good for whom it was made, and revoked after one more question, in its place."""
    complaints.expect("status of 401")
    [garden, _] = await send_shots(archive_server, [Shot("garden", NOW), Shot("porch", NOW)])
    section = _section(desk, "Share links")
    await expect(section.get_by_role("combobox", name="Camera").get_by_role("option")).to_have_count(3)
    await section.get_by_role("textbox", name="For whom").fill("Grandma")
    await section.get_by_role("combobox", name="Camera").select_option("garden")
    await section.get_by_role("button", name="Make a link").click()

    made = section.get_by_role("group", name="The link for Grandma shows garden.")
    await expect(made.get_by_role("button", name="Copy")).to_be_focused()
    await guest.goto(await made.get_by_role("code").inner_text())
    await expect(guest.get_by_role("main").get_by_role("listitem")).to_have_text(re.compile(no(garden)))
    await made.get_by_role("button", name="Done").click()
    await expect(section.get_by_role("code")).to_have_count(0)

    row = section.get_by_role("list", name="Links that are good").get_by_role("listitem")
    await expect(row).to_contain_text(re.compile(r"Grandma\s*garden\s*until \d+ \w+"))
    await row.get_by_role("button", name="Revoke: Grandma").click()
    await expect(row.get_by_role("button", name="Keep it")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(row.get_by_role("button", name="Revoke: Grandma")).to_be_focused()
    await desk.keyboard.press("Enter")
    await row.get_by_role("button", name="Revoke", exact=True).click()

    await expect(row).to_have_count(0)
    await section.get_by_text("1 link that shows nothing any more").click()
    await expect(section.get_by_role("list", name="Links that have ended")).to_contain_text("taken back")
    await expect(guest.get_by_text("What was shared with you has ended.")).to_be_visible()


async def test_a_share_link_shows_the_days_it_was_made_for(desk: Page, archive_server: Archive, guest: Page) -> None:
    """From the first to the last, in the archive's zone, and says so on both sides."""
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    shots = [Shot("garden", noon + timedelta(days=day)) for day in range(5)]
    ids = await send_shots(archive_server, shots)
    section = _section(desk, "Share links")
    await section.get_by_label("From").fill("2026-03-11")
    await section.get_by_label("To").fill("2026-03-12")
    await section.get_by_role("combobox", name="Good for").select_option("until I take it back")
    await section.get_by_role("button", name="Make a link").click()

    row = section.get_by_role("list", name="Links that are good").get_by_role("listitem")
    await expect(row).to_contain_text(
        re.compile(r"Link 1\s*all cameras, 11 Mar.* to 12 Mar.*\s*until you take it back")
    )
    await guest.goto(await section.get_by_role("code").inner_text())
    shown = [re.compile(no(frame_id)) for frame_id in reversed(ids[1:3])]
    await expect(guest.get_by_role("main").get_by_role("listitem")).to_have_text(shown)
    await expect(guest.get_by_text(re.compile(r"^Shared with you: all cameras, 11 Mar.* to 12 Mar"))).to_be_visible()


async def test_a_link_that_leads_nobody_else_here_says_so(desk: Page, complaints: Complaints) -> None:
    """The page was opened by an address of this machine alone; and an impossible span is explained."""
    complaints.expect("status of 400")
    section = _section(desk, "Share links")
    await section.get_by_label("From").fill("2026-03-12")
    await section.get_by_label("To").fill("2026-03-10")
    await section.get_by_role("button", name="Make a link").click()
    await expect(section.get_by_role("alert")).to_have_text("The span of a share link ends before it begins.")

    await section.get_by_label("To").fill("")
    await section.get_by_role("button", name="Make a link").click()

    await expect(section.get_by_role("alert")).to_be_hidden()
    await expect(section.get_by_role("group", name="The link shows")).to_contain_text("only this machine is reached")


async def test_a_link_is_copied(desk: Page) -> None:
    """And the page says that it is."""
    await desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    section = _section(desk, "Share links")
    await section.get_by_role("button", name="Make a link").click()
    await section.get_by_role("button", name="Copy").click()

    await expect(section.get_by_text("Copied.")).to_be_visible()
    shown = await section.get_by_role("code").inner_text()
    assert await desk.evaluate("navigator.clipboard.readText()") == shown


# -- browsers and the password


async def test_another_device_signs_in_and_is_signed_out(desk: Page, guest: Page) -> None:
    """By a link made here; it appears among the browsers, and one click turns it out."""
    section = _section(desk, "Signed in")
    rows = section.get_by_role("list", name="Browsers signed in").get_by_role("listitem")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(re.compile(r"Chrome on \w+\s*this browser\s*since \d+ \w+"))
    await section.get_by_role("button", name="Make a link for another device").click()
    await guest.goto(await section.get_by_role("code").inner_text())
    await expect(guest.get_by_role("banner")).to_contain_text("live")

    await _open(desk)
    await expect(rows).to_have_count(2)
    other = rows.filter(has_text="used within the hour")
    await other.get_by_role("button", name=re.compile("^Sign out: Chrome")).click()
    await other.get_by_role("button", name="Sign out", exact=True).click()

    await expect(rows).to_have_count(1)
    await expect(guest.get_by_text("not signed in any more")).to_be_visible()


async def test_this_browser_signs_out(desk: Page, complaints: Complaints) -> None:
    """It is at the door at once."""
    complaints.expect("status of 401")

    await desk.get_by_role("button", name="Sign out here").click()

    await expect(desk.get_by_role("heading", name="This archive is private")).to_be_visible()


async def test_a_password_is_set_changed_and_removed(desk: Page, archive_server: Archive, guest: Page) -> None:
    """Each time every other browser has to sign in again; too short a one is not taken."""
    section = _section(desk, "Signed in")
    await guest.goto(await sign_in_link(archive_server))
    await section.get_by_role("button", name="Set a password").click()
    field = section.get_by_label("New password")
    await expect(field).to_be_focused()
    await field.fill(PASSWORD)
    await section.get_by_role("button", name="Set it").click()
    await expect(section.get_by_role("status")).to_have_text(
        "The password is set; 1 other browser has to sign in again."
    )
    await expect(field).to_be_hidden()

    await guest.goto("/desk")
    await guest.get_by_label("The password").fill(PASSWORD)
    await guest.keyboard.press("Enter")
    await expect(guest.get_by_role("heading", name="s desk")).to_be_visible()

    await section.get_by_role("button", name="Change the password").click()
    await desk.keyboard.press("Escape")
    await expect(section.get_by_role("button", name="Change the password")).to_be_focused()
    await section.get_by_role("button", name="Remove the password").click()
    await section.get_by_role("button", name="Remove", exact=True).click()

    await expect(section.get_by_role("status")).to_contain_text("There is no password any more; 1 other browser")
    await expect(section.get_by_role("button", name="Set a password")).to_be_visible()


# -- keys


async def test_a_camera_changes_its_key(desk: Page, archive_server: Archive) -> None:
    """A second one, shown once; not a third; and the first revoked, in its place."""
    first = (await through_socket(archive_server, "POST", "/api/cameras", id="garden"))["key"]
    await _open(desk)
    section = _section(desk, "Keys")
    await section.get_by_text("garden", exact=True).click()
    rows = section.get_by_role("list", name="Keys of garden").get_by_role("listitem")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(re.compile(r"never used\s*made"))

    await section.get_by_role("button", name="Make a second key").click()
    second = await section.get_by_role("group", name="The new key of garden.").get_by_role("code").inner_text()
    await expect(rows).to_have_count(2)
    await expect(section.get_by_role("button", name="Make a second key")).to_be_hidden()
    await expect(section.get_by_text("one must be revoked before it gets another")).to_be_visible()
    old = rows.filter(has_text=first.split("_")[1])
    await old.get_by_role("button", name=re.compile("^Revoke: cam_")).click()
    await old.get_by_role("button", name="Revoke", exact=True).click()

    await expect(old).to_contain_text("revoked")
    await expect(section.get_by_role("button", name="Make a second key")).to_be_visible()
    assert await knock(archive_server, first, camera="garden") == 403
    assert await knock(archive_server, second, camera="garden") == 201


# -- for everybody


async def test_all_of_the_desk_is_reached_by_keyboard(desk: Page, archive_server: Archive) -> None:
    """In the order in which it is read; letting a camera in needs no mouse."""
    key = draw_key("AAAA")
    await knock(archive_server, key)
    await expect(_section(desk, "Asking to join").get_by_role("listitem")).to_have_count(1)
    reached = []
    for _ in range(8):
        await desk.keyboard.press("Tab")
        reached.append(await desk.evaluate("document.activeElement.textContent || document.activeElement.name"))
        if reached[-1] == "Refuse":
            break

    assert reached == ["Skip to the desk", "All frames", "Cameras", "Doctor", "id", "Let it in", "Refuse"]
    await desk.keyboard.press("Shift+Tab")
    await desk.keyboard.press("Enter")
    await expect(_section(desk, "Asking to join").get_by_role("status")).to_contain_text("is let in")
    assert await knock(archive_server, key) == 201


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing_on_the_desk(
    browser: Browser, archive_server: Archive, width: int, scheme: str
) -> None:
    """Empty; with all there is, all that opens open; and what can be pressed is large enough for a thumb."""
    context = await browser.new_context(
        base_url=archive_server.url,
        bypass_csp=True,
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()
    await sign_in(page, archive_server)
    await _open(page)
    found = {"empty": await _violations(page)}
    await fill_desk(page, archive_server)
    found["full"] = await _violations(page)

    assert found == {"empty": [], "full": []}
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width
    if width == 390:
        for role in ("button", "combobox", "textbox"):
            for element in await page.get_by_role(role).all():
                box = await element.bounding_box()
                assert box is not None
                assert box["height"] >= 44, await element.evaluate("(element) => element.outerHTML")
    await context.close()


async def test_the_desk_is_whole_at_twice_the_size(desk: Page, archive_server: Archive) -> None:
    """At 200 % and 400 % nothing needs to be scrolled sideways."""
    await fill_desk(desk, archive_server)
    for width in (640, 320):
        await desk.set_viewport_size({"width": width, "height": 450})
        assert await desk.evaluate("() => document.documentElement.scrollWidth") == width


async def _open(page: Page) -> None:
    await page.goto("/desk")
    await expect(page.get_by_role("banner")).to_contain_text("live")


def _section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


async def _violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
