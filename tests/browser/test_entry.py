"""Coming in: what a stranger sees, links and the password, what a guest sees, and the end of either."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.owning import PASSWORD, share_link, sign_in, sign_in_link, through_socket
from tests.browser.sending import Archive, Shot, no, send, send_many, send_shots

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime.now(UTC).replace(microsecond=0)
REFUSED = "status of 401"  # what a browser writes on its console of each


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., Archive]) -> Archive:
    """An archive as it is when nothing is set: private."""
    return archive_servers("--open-uploads", public="false", timezone="Europe/Berlin")


@pytest_asyncio.fixture(name="bare_page", loop_scope="session")
async def _bare_page(browser: Browser, archive_server: Archive) -> AsyncIterator[Page]:
    """A page without its policy, which axe's own script would violate."""
    context = await browser.new_context(base_url=archive_server.url, bypass_csp=True)
    yield await context.new_page()
    await context.close()


# -- a stranger


@pytest.mark.parametrize("path", ["/?camera=garden", "/cameras", "/cameras/garden", "/desk"])
async def test_a_stranger_sees_where_to_sign_in_and_nothing_else(
    page: Page, archive_server: Archive, complaints: Complaints, path: str
) -> None:
    """At the very address, which comes to be what it is once he has signed in."""
    complaints.expect(REFUSED)
    await send(archive_server)
    await through_socket(archive_server, "PUT", "/api/password", password=PASSWORD)

    answer = await page.goto(path)

    assert answer is not None
    assert answer.status == 401
    await expect(page.get_by_role("heading", name="This archive is private")).to_be_visible()
    await expect(page.get_by_text("archive link")).to_be_visible()
    await expect(page.get_by_text("garden")).to_have_count(0)
    await page.get_by_label("The password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(page).to_have_url(archive_server.url + path)


async def test_without_javascript_it_is_said_what_is_needed(browser: Browser, archive_server: Archive) -> None:
    """A form that could do nothing is not shown."""
    context = await browser.new_context(java_script_enabled=False, base_url=archive_server.url)
    page = await context.new_page()
    await page.goto("/")

    sentence = page.locator("noscript p")  # no role sees into it
    await expect(sentence).to_be_visible()
    await expect(sentence).to_contain_text("signing in needs JavaScript")
    await expect(page.get_by_role("button")).to_have_count(0)
    await context.close()


# -- a link


async def test_a_link_signs_in_without_showing_the_password(page: Page, archive_server: Archive) -> None:
    """While it is tried nothing asks for a password, and its secret is nowhere afterwards."""
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        waiting.append(route)

    await page.route("**/api/session", hold)
    await page.goto(await sign_in_link(archive_server))

    await expect(page.get_by_role("status").filter(has_text="Signing in")).to_be_visible()
    await expect(page).to_have_url(f"{archive_server.url}/sign-in")
    await expect(page.get_by_label("The password")).to_be_hidden()
    await expect(page.get_by_role("heading", level=2)).to_have_count(0)
    await waiting[0].continue_()

    await expect(page).to_have_url(f"{archive_server.url}/")
    await expect(page.get_by_role("link", name="Desk")).to_be_visible()
    await page.unroute_all()


async def test_a_link_that_was_used_says_what_to_do(
    page: Page, archive_server: Archive, complaints: Complaints, browser: Browser
) -> None:
    """It is good once; whoever comes second finds the other ways in."""
    complaints.expect(REFUSED)
    link = await sign_in_link(archive_server)
    first = await browser.new_context()
    await (await first.new_page()).goto(link)
    await expect(first.pages[0]).to_have_url(f"{archive_server.url}/")
    await first.close()

    await page.goto(link)

    await expect(page.get_by_role("heading", name="This link signs in nobody any more")).to_be_focused()
    await expect(page.get_by_text("archive link")).to_be_visible()
    await expect(page.get_by_label("The password")).to_be_visible()


async def test_a_link_is_tried_again_when_nobody_answered(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """It is not spent by a network that was away."""
    complaints.expect("ERR_FAILED")
    await page.route("**/api/session", lambda route: route.abort())
    await page.goto(await sign_in_link(archive_server))
    await expect(page.get_by_role("alert").filter(has_text="The archive did not answer.")).to_be_visible()
    await expect(page.get_by_text("Signing in")).to_be_hidden()

    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()

    await expect(page).to_have_url(f"{archive_server.url}/")


# -- the password


async def test_a_wrong_password_is_said_at_the_field(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """The field is marked and chosen whole, so that the next try writes over it."""
    complaints.expect(REFUSED)
    await through_socket(archive_server, "PUT", "/api/password", password=PASSWORD)
    await page.goto("/cameras")
    field = page.get_by_label("The password")
    await field.fill("incorrect horse")
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_role("alert").filter(has_text="This is not the password.")).to_be_visible()
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await page.keyboard.insert_text(PASSWORD)
    await expect(page.get_by_text("This is not the password.")).to_be_hidden()
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(f"{archive_server.url}/cameras")
    await expect(page.get_by_role("banner")).to_contain_text("live")


async def test_too_many_tries_wait_and_count_the_seconds(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """The button says for how long, and then signs in again."""
    complaints.expect("status of 4(01|29)")
    await through_socket(archive_server, "PUT", "/api/password", password=PASSWORD)
    await page.clock.install()
    await page.goto("/")
    field = page.get_by_label("The password")
    for attempt in range(5):
        await field.fill(f"wrong number {attempt}")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").filter(has_text="This is not the password.")).to_be_visible()
    await field.fill("wrong number 6")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert").filter(has_text=re.compile(r"Too many tries\. .* \d+ s"))).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile(r"Wait \d+.s"))).to_be_disabled()
    await page.clock.fast_forward(90_000)

    await expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    await expect(page.get_by_text("Too many tries")).to_be_hidden()


# -- a guest


async def test_a_guest_sees_what_is_shared_and_no_more(page: Page, archive_server: Archive) -> None:
    """The frames of one camera, a line that says so, and nothing that he may not do."""
    [garden, _] = await send_shots(archive_server, [Shot("garden", NOW), Shot("porch", NOW)])
    expires = (NOW + timedelta(days=6)).isoformat()
    await page.goto(await share_link(archive_server, camera="garden", expires_at=expires))

    await expect(page).to_have_url(f"{archive_server.url}/")
    await expect(page.get_by_role("main").get_by_role("listitem")).to_have_text([re.compile(no(garden))])
    await expect(page.get_by_text(re.compile(r"Shared with you until \d+ \w+( \d+)?: garden$"))).to_be_visible()
    await expect(page.get_by_role("link", name="Desk")).to_be_hidden()

    await page.get_by_role("main").get_by_role("listitem").get_by_role("link").click()
    await expect(page.get_by_role("region", name="Facts")).to_contain_text("whole")
    await expect(page.get_by_role("button", name="Ask garden for a frame now")).to_be_hidden()
    await page.keyboard.press("Escape")

    await page.get_by_role("link", name="Cameras", exact=True).click()
    await expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_role("link", name="Health of garden")).to_be_hidden()
    await expect(page.get_by_text("Signal")).to_be_hidden()


async def test_a_guest_of_some_hours_gets_no_counts_of_the_rest(page: Page, archive_server: Archive) -> None:
    """Of a day that is cut short there is neither a drawing nor a strip, and none is asked for."""
    await send_many(archive_server, 30, latest=NOW)
    after = (NOW - timedelta(minutes=10)).isoformat()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(await share_link(archive_server, after=after))

    await expect(page.get_by_role("main").get_by_role("listitem").first).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(page.get_by_role("img", name=re.compile("^No frames"))).to_have_count(0)
    await page.get_by_role("main").get_by_role("link").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.get_by_role("slider", name="Time of the day")).to_be_visible()

    assert [url for url in asked if "/slits/" in url or "/health" in url] == []


async def test_a_guest_leaves(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """From then on this browser shows nothing; the link itself is still good."""
    complaints.expect(REFUSED)
    link = await share_link(archive_server)
    await page.goto(link)
    await expect(page.get_by_text("Shared with you: all cameras")).to_be_visible()

    await page.get_by_role("button", name="Leave").click()

    await expect(page.get_by_role("heading", name="This archive is private")).to_be_visible()
    await page.goto(link)
    await expect(page.get_by_text("Shared with you: all cameras")).to_be_visible()


async def test_what_is_not_shared_says_so(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """A guest who writes an address by hand is told where what he may see is."""
    complaints.expect("status of 403")
    await send(archive_server)
    await page.goto(await share_link(archive_server, camera="garden"))
    await expect(page.get_by_role("banner")).to_contain_text("live")

    await page.goto("/cameras/garden")

    await expect(page.get_by_role("heading", name="This page is not shared with you")).to_be_visible()
    await page.get_by_role("link", name="the page of all frames").click()
    await expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)


async def test_a_link_that_was_taken_back_says_so_at_once(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """On the open page, in words; and to whoever uses it later."""
    complaints.expect(REFUSED)
    link = await share_link(archive_server)
    await page.goto(link)
    await expect(page.get_by_role("banner")).to_contain_text("live")

    await through_socket(archive_server, "DELETE", "/api/shares/1")

    await expect(page.get_by_role("alert").filter(has_text="What was shared with you has ended.")).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("signed out")
    await page.goto(link)
    await expect(page.get_by_role("heading", name="This link shows nothing any more")).to_be_focused()
    await expect(page.get_by_label("The password")).to_be_hidden()
    await page.get_by_role("link", name="Sign in as the owner").click()
    await expect(page.get_by_label("The password")).to_be_visible()


# -- the end of a session


async def test_every_tab_says_when_the_session_has_ended(
    page: Page, archive_server: Archive, complaints: Complaints
) -> None:
    """It does not reconnect for ever; one click leads to where one signs in, and the other tabs go on after it."""
    complaints.expect(REFUSED)
    await through_socket(archive_server, "PUT", "/api/password", password=PASSWORD)
    await sign_in(page, archive_server)
    wall = await page.context.new_page()
    await wall.goto("/cameras")
    await expect(wall.get_by_role("banner")).to_contain_text("live")

    for session in (await through_socket(archive_server, "GET", "/api/sessions"))["sessions"]:
        await through_socket(archive_server, "DELETE", f"/api/sessions/{session['id']}")

    for tab in (page, wall):
        await expect(tab.get_by_role("alert").filter(has_text="not signed in any more")).to_be_visible()
        await expect(tab.get_by_role("banner")).to_contain_text("signed out")
    await page.bring_to_front()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("The password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await wall.bring_to_front()
    await wall.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # headless, it is never hidden
    await expect(wall.get_by_role("banner")).to_contain_text("live")
    await expect(wall.get_by_text("not signed in any more")).to_be_hidden()


# -- who may what, where all may see


async def test_of_a_public_archive_only_the_desk_is_the_owner_s(
    page: Page, archive_servers: Callable[..., Archive], complaints: Complaints
) -> None:
    """Readers see no way to it, are told whose it is, and ask the archive nothing about themselves."""
    complaints.expect(REFUSED)
    archive = archive_servers("--open-uploads", name="public")
    await send(archive)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(archive.url)
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(page.get_by_role("link", name="Desk")).to_be_hidden()
    assert [url for url in asked if url.endswith("/api/session")] == []

    await page.goto(f"{archive.url}/desk")
    await expect(page.get_by_role("heading", name="This page is the owner")).to_be_visible()
    await page.goto(await sign_in_link(archive))
    await page.get_by_role("link", name="Desk").click()

    await expect(page.get_by_role("heading", name="s desk")).to_be_visible()


# -- for everybody


async def test_one_comes_in_by_keyboard_alone(page: Page, archive_server: Archive, complaints: Complaints) -> None:
    """The field, then the button; nothing else is in the way."""
    complaints.expect(REFUSED)
    await through_socket(archive_server, "PUT", "/api/password", password=PASSWORD)
    await page.goto("/")
    await expect(page.get_by_label("The password")).to_be_visible()

    await page.keyboard.press("Tab")
    await expect(page.get_by_label("The password")).to_be_focused()
    await page.keyboard.insert_text(PASSWORD)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    await page.keyboard.press("Space")

    await expect(page.get_by_role("banner")).to_contain_text("live")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing_where_one_comes_in(
    bare_page: Page, archive_server: Archive, width: int, scheme: str
) -> None:
    """Private, a wrong password, a used link, a link taken back, a guest, and what is not shared with him."""
    page = bare_page
    await send(archive_server)
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 844})
    found = {}
    await page.goto("/")
    await expect(page.get_by_label("The password")).to_be_visible()
    found["private"] = await _violations(page)
    await page.get_by_label("The password").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This is not the password.")).to_be_visible()
    found["wrong"] = await _violations(page)
    for state, secret in {"used": "own_nonsense", "over": "see_nonsense"}.items():
        await page.goto(f"/sign-in?{state}#{secret}")
        await expect(page.get_by_role("heading", name="any more")).to_be_visible()
        found[state] = await _violations(page)
    await page.goto(await share_link(archive_server, camera="garden"))
    await expect(page.get_by_role("banner")).to_contain_text("live")
    found["guest"] = await _violations(page)
    await page.goto("/desk")
    await expect(page.get_by_role("heading", name="not shared with you")).to_be_visible()
    found["unshared"] = await _violations(page)
    await page.goto("/")
    await expect(page.get_by_role("banner")).to_contain_text("live")
    await through_socket(archive_server, "DELETE", "/api/shares/1")
    await expect(page.get_by_text("has ended")).to_be_visible()
    found["ended"] = await _violations(page)

    assert found == {state: [] for state in found}
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width


async def _violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
