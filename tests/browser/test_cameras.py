"""The wall of cameras and a camera's own page: what is newest, what is late, what is missing."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.sending import Archive, Shot, no, send, send_shots

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
SAID: dict[str, str | int | float] = {
    "settings": 7,
    "firmware": "1.2.3",
    "rssi": -61,
    "battery": 3.91,
    "spooled": 12,
    "restarts": 2,
}
HOSTILE = '<img src=x onerror="window.hit = 1">\u202e\u2066' + "x" * 300
WIDTH_PX = "() => document.documentElement.scrollWidth"
LAY = """(tiles) => tiles.map((tile) => {
  const { x, y, width, height } = tile.getBoundingClientRect();
  return [x, y, width, height];
})"""


# -- the wall


async def test_the_wall_shows_each_camera_s_newest_frame(page: Page, archive_server: Archive) -> None:
    """One tile a camera: its picture, its number, its time, and how the camera fares."""
    ids = await _fleet(archive_server)
    await _open(page, "/cameras")

    await expect(page.get_by_role("listitem")).to_have_count(3)
    for camera, frame_id in ids.items():
        tile = _tile(page, camera)
        await expect(tile).to_contain_text(no(frame_id))
        await expect(tile.get_by_role("img", name=re.compile(f"^{camera}, "))).to_be_visible()
    await expect(_tile(page, "garden")).to_contain_text(
        re.compile("Signal\\s*\u221261.dBm\\s*Battery\\s*3\\.91.V\\s*Spooled\\s*12")
    )
    await expect(_tile(page, "porch")).to_contain_text(re.compile(r"Temperature\s*31.°C\s*Spooled\s*none"))
    await expect(page.get_by_role("banner")).to_contain_text("3 cameras")
    await expect(page).to_have_title("Cameras · Camera archive")


async def test_an_age_turns_plain_when_the_camera_is_late(page: Page, archive_server: Archive) -> None:
    """Italic while all is well; upright, bold and said when three frames have not come. Nothing moves by that."""
    await _fleet(archive_server)
    await page.clock.set_fixed_time(NOW + timedelta(seconds=12))
    await _open(page, "/cameras")
    age = _tile(page, "garden").get_by_text(re.compile("ago"))
    await expect(age).to_have_text("12 s ago")
    await expect(age).to_have_css("font-style", "italic")
    before = await _places(page)

    await page.clock.set_fixed_time(NOW + timedelta(seconds=59))
    await expect(age).to_have_text("59 s ago")
    await page.clock.set_fixed_time(NOW + timedelta(minutes=27))
    await expect(age).to_have_text("27 min ago, late")

    await expect(age).to_have_css("font-style", "normal")
    await expect(age).to_have_css("font-weight", "700")
    await expect(page.get_by_role("banner")).to_contain_text("3 cameras, 1 late")
    assert await _places(page) == before


async def test_a_new_frame_takes_its_tile_and_moves_no_other(page: Page, archive_server: Archive) -> None:
    """And a frame that was only late in coming takes nothing."""
    ids = await _fleet(archive_server)
    await _open(page, "/cameras")
    await expect(_tile(page, "shed")).to_contain_text(no(ids["shed"]))
    before = await _places(page)

    [late] = await send_shots(archive_server, [Shot("garden", NOW - timedelta(days=1))])
    [newest] = await send_shots(archive_server, [Shot("porch", NOW + timedelta(seconds=3))])

    await expect(_tile(page, "porch")).to_contain_text(no(newest))
    await expect(_tile(page, "porch").get_by_role("img")).to_have_js_property("complete", value=True)
    await expect(_tile(page, "garden")).to_contain_text(no(ids["garden"]))
    await expect(_tile(page, "garden")).not_to_contain_text(no(late))
    assert await _places(page) == before


async def test_a_camera_opens_its_own_catalogue_and_its_own_page(page: Page, archive_server: Archive) -> None:
    """The picture leads to the list of its frames, its figures to how it fares; by keyboard too."""
    ids = await _fleet(archive_server)
    await page.goto("/")
    await page.get_by_role("link", name="Cameras", exact=True).click()
    await _tile(page, "garden").get_by_role("img").click(force=True)

    await expect(page).to_have_url(f"{archive_server.url}/?camera=garden")
    await expect(page.get_by_role("combobox", name="Camera")).to_have_value("garden")
    await expect(page.get_by_role("listitem").first).to_contain_text(no(ids["garden"]))

    await page.go_back()
    await _tile(page, "garden").get_by_role("link", name="garden", exact=True).focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(f"{archive_server.url}/cameras/garden")
    await expect(page.get_by_role("heading", name="garden", exact=True)).to_be_visible()


async def test_the_first_camera_replaces_the_empty_wall_and_a_later_one_moves_none(
    page: Page, archive_server: Archive
) -> None:
    """An archive without cameras says how to make one; a new one stands behind the others."""
    await _open(page, "/cameras")
    await expect(page.get_by_role("heading", name="No camera yet")).to_be_visible()
    await expect(page.get_by_text("archive flash")).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("no camera")

    await send(archive_server, camera="shed")
    await expect(page.get_by_role("heading", name="shed")).to_be_visible()
    await expect(page.get_by_role("heading", name="No camera yet")).to_be_hidden()
    await send(archive_server, camera="attic")

    await expect(page.get_by_role("heading", level=2)).to_have_text(["shed", "attic"])


async def test_a_paused_wall_stands_still(page: Page, archive_server: Archive) -> None:
    """Pictures and ages wait until the reader goes on."""
    ids = await _fleet(archive_server)
    await page.clock.set_fixed_time(NOW + timedelta(seconds=12))
    await _open(page, "/cameras")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("banner")).to_contain_text("paused")

    [newest] = await send_shots(archive_server, [Shot("garden", NOW + timedelta(seconds=20))])
    await page.clock.set_fixed_time(NOW + timedelta(seconds=30))
    await page.evaluate("new Promise((done) => setTimeout(done, 1500))")  # longer than from one second to the next
    await expect(_tile(page, "garden")).to_contain_text(no(ids["garden"]))
    await expect(_tile(page, "garden")).to_contain_text("12 s ago")

    await page.get_by_role("button", name="Resume").click()

    await expect(_tile(page, "garden")).to_contain_text(no(newest))
    await expect(_tile(page, "garden")).to_contain_text("10 s ago")


async def test_a_wall_nobody_looks_at_gives_its_connection_back(page: Page, archive_server: Archive) -> None:
    """Hidden for a minute it says paused; shown again it goes on and has missed nothing."""
    await _fleet(archive_server)
    await page.clock.install()
    await _open(page, "/cameras")

    await _hide(page, hidden=True)
    await page.clock.fast_forward(61_000)
    await expect(page.get_by_role("banner")).to_contain_text("paused")
    [missed] = await send_shots(archive_server, [Shot("garden", NOW + timedelta(seconds=20))])
    await _hide(page, hidden=False)

    await expect(page.get_by_role("banner")).to_contain_text("live")
    await expect(_tile(page, "garden")).to_contain_text(no(missed))


# -- a camera's own page


async def test_a_camera_s_page_tells_what_it_said_of_itself(page: Page, archive_server: Archive) -> None:
    """Its settings' version, and whatever else it said, known to the page or not."""
    shot = Shot("garden", NOW, status={**SAID, "up_s": 7200, "mood": "fair"})
    [frame_id] = await send_shots(archive_server, [shot])
    await _open(page, "/cameras/garden")

    newest = page.get_by_role("region", name="Newest frame")
    await expect(newest).to_contain_text(re.compile("Settings.*version 7"))
    await expect(newest).to_contain_text(re.compile(r"Firmware.*1\.2\.3"))
    await expect(newest).to_contain_text(re.compile("Running for.*2 h"))
    await expect(newest).to_contain_text(re.compile("mood.*fair"))
    await expect(
        page.get_by_role("region", name="Its days").get_by_role("link", name=re.compile("1 frame"))
    ).to_be_visible()

    await newest.get_by_role("link").click()

    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


async def test_charts_leave_time_without_frames_empty(page: Page, archive_server: Archive) -> None:
    """Two strokes with nothing between, never a zero; and the silence in words, for those who do not see it."""
    moments = [NOW - timedelta(minutes=10 * ago) for ago in range(60) if not 20 < ago < 40]
    shots = [Shot("garden", taken, status={"rssi": -50 - ago % 9}) for ago, taken in enumerate(moments)]
    await send_shots(archive_server, shots)
    await page.clock.set_fixed_time(NOW + timedelta(minutes=5))
    await _open(page, "/cameras/garden")

    health = page.get_by_role("region", name="Health")
    signal = health.get_by_role("figure")
    await expect(signal).to_have_count(1)
    await expect(signal).to_contain_text(re.compile("Signal\\s*\u221250.dBm\\s*\u221258 to \u221250.dBm"))
    drawn = await signal.locator("path").get_attribute("d") or ""
    assert drawn.count("M") == 2
    last_x = [float(stroke.split("L")[-1].split()[-2]) for stroke in drawn.split("M")[1:]]
    assert last_x == pytest.approx([(24 * 60 - 5 - 400) / 1.44, (24 * 60 - 5) / 1.44], abs=1)
    await expect(health.get_by_text(re.compile(r"Nothing was heard from \d.* to \d"))).to_be_visible()


async def test_the_reader_says_how_far_back_to_look(page: Page, archive_server: Archive) -> None:
    """At first as far as the newest frame; then as far as the address says, and back."""
    await send_shots(archive_server, [Shot("garden", NOW - timedelta(days=3), status=SAID)])
    await _open(page, "/cameras/garden")
    health = page.get_by_role("region", name="Health")
    await expect(health.get_by_role("button", name="Week")).to_have_attribute("aria-pressed", "true")
    await expect(health.get_by_role("figure")).to_have_count(4)

    await health.get_by_role("button", name="Day").click()

    await expect(page).to_have_url(re.compile("span=day$"))
    await expect(health.get_by_text("Nothing was said in this time.")).to_be_visible()
    await expect(health.get_by_role("figure")).to_have_count(0)

    await page.go_back()

    await expect(health.get_by_role("figure")).to_have_count(4)


async def test_gaps_stand_at_their_time_with_their_reasons(page: Page, archive_server: Archive) -> None:
    """Which numbers, why, and how many frames are still on the camera; one that comes is no gap any more."""
    await page.clock.install()
    numbers = [0, 1, 4, 5, 9]
    shots = [Shot("garden", NOW + timedelta(seconds=number), number=number, status=SAID) for number in numbers]
    for shot in shots[:-1]:
        await send_shots(archive_server, [shot])
    lost = (6, 7, "spool-full")
    await send_shots(archive_server, [Shot("garden", NOW + timedelta(seconds=9), number=9, status=SAID, lost=lost)])
    await _open(page, "/cameras/garden")

    gaps = page.get_by_role("region", name="Gaps")
    await expect(gaps).to_contain_text("3 frames have not arrived; 2 were given up; 12 are still on the camera.")
    sentences = gaps.get_by_role("listitem").get_by_role("emphasis")
    texts = await sentences.all_text_contents()
    assert sorted(texts) == [
        "Number 8 has not arrived.",
        "Numbers 2 to 3 have not arrived.",
        "Numbers 6 to 7 will not come: the spool was full.",
    ]

    late = [Shot("garden", NOW + timedelta(seconds=n), number=n, status={"spooled": 0}) for n in (2, 3, 8)]
    await send_shots(archive_server, late)
    await expect(page.get_by_text("8 frames")).to_be_visible()
    await page.clock.fast_forward(21_000)

    await expect(gaps).to_contain_text("No frame is missing; 2 were given up; none is still on the camera.")
    await expect(sentences).to_have_text(["Numbers 6 to 7 will not come: the spool was full."])


async def test_more_gaps_than_a_page_holds_come_when_asked_for(page: Page, archive_server: Archive) -> None:
    """Fifty at first, the older ones below them; and there they stay while frames come."""
    await page.clock.install()
    shots = [Shot("garden", NOW + timedelta(seconds=number), number=2 * number) for number in range(61)]
    await send_shots(archive_server, shots)
    await _open(page, "/cameras/garden")
    gaps = page.get_by_role("region", name="Gaps")
    await expect(gaps.get_by_role("listitem")).to_have_count(50)

    await gaps.get_by_role("button", name="Older gaps").click()

    await expect(gaps.get_by_role("listitem")).to_have_count(60)
    await expect(gaps.get_by_role("button", name="Older gaps")).to_be_hidden()

    await send_shots(archive_server, [Shot("garden", NOW + timedelta(seconds=61), number=122)])
    await expect(page.get_by_text("62 frames")).to_be_visible()
    await page.clock.fast_forward(21_000)

    await expect(gaps).to_contain_text("61 frames have not arrived")
    await expect(gaps.get_by_role("listitem")).to_have_count(60)


async def test_a_camera_that_is_not_there_is_said_to_be_not_there(page: Page, archive_server: Archive) -> None:
    """Whatever the address says; and when it comes, it is shown."""
    await send(archive_server, camera="garden")
    for name in ("nowhere", "%3Cimg%3E", "%25"):
        await _open(page, f"/cameras/{name}")
        await expect(page.get_by_role("alert")).to_contain_text("There is no camera of this name")

    await _open(page, "/cameras/nowhere")
    await send(archive_server, camera="nowhere")

    await expect(page.get_by_role("heading", name="nowhere")).to_be_visible()
    await expect(page.get_by_role("alert")).not_to_contain_text("There is no camera")


# -- both


async def test_hostile_names_are_text(page: Page, archive_server: Archive) -> None:
    """Of cameras, of what they say, and of their reasons: shown as they are, and nothing else moves for them."""
    await _fleet(archive_server)
    await page.route("**/api/cameras", lambda route: _rename(route, "garden"))
    await page.route("**/api/cameras/*/health?*", lambda route: route.fulfill(json={"camera": "", "points": []}))
    await page.route("**/api/cameras/*/gaps?*", lambda route: route.fulfill(json=_hostile_gaps()))
    await page.route("**/api/days?*", lambda route: route.fulfill(json={"timezone": "UTC", "days": [], "last_seq": 0}))

    await _open(page, "/cameras")
    await expect(page.get_by_role("heading", name="onerror")).to_have_text(HOSTILE)
    assert len({height for _, _, _, height in await _places(page)}) == 1
    assert await page.evaluate(WIDTH_PX) == 1280
    await page.goto(
        "/cameras/" + json.loads(await page.evaluate("(name) => JSON.stringify(encodeURIComponent(name))", HOSTILE))
    )

    await expect(page.get_by_role("heading", name="onerror")).to_have_text(HOSTILE)
    await expect(page.get_by_role("region", name="Gaps").get_by_role("emphasis")).to_contain_text(HOSTILE)
    await expect(page.get_by_role("region", name="Newest frame")).to_contain_text(HOSTILE)
    assert await page.evaluate(WIDTH_PX) == 1280
    assert await page.evaluate("window.hit") is None


@pytest.mark.parametrize("path", ["/cameras", "/cameras/garden"])
async def test_a_phone_shows_it_all_in_its_width(page: Page, archive_server: Archive, path: str) -> None:
    """At 390 pixels, and at 195, which is 390 at twice the size; what can be pressed is as large as a thumb."""
    await _fleet(archive_server)
    await page.set_viewport_size({"width": 390, "height": 844})
    await _open(page, path)
    await expect(page.get_by_role("heading", name="garden")).to_be_visible()

    for button in await page.get_by_role("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    for width in (390, 195):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate(WIDTH_PX) == width


@pytest.mark.parametrize("path", ["/cameras", "/cameras/garden"])
async def test_an_archive_that_does_not_answer_is_asked_again(
    page: Page, archive_server: Archive, complaints: Complaints, path: str
) -> None:
    """The page says what went wrong, and a button tries again."""
    complaints.expect("503")
    await _fleet(archive_server)
    await page.route("**/api/cameras", lambda route: route.fulfill(status=503, json={"title": "Not just now"}))
    await page.goto(path)
    await expect(page.get_by_role("alert")).to_contain_text("Not just now")
    await expect(page.get_by_role("banner")).to_contain_text("no answer")
    await page.unroute("**/api/cameras")

    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_role("heading", name="garden")).to_be_visible()
    await expect(page.get_by_role("alert")).not_to_contain_text("Not just now")


# -- what these tests need


async def _fleet(archive: Archive) -> dict[str, int]:
    """Three cameras; the garden's frames come every ten seconds. The id of each one's newest frame."""
    shots = [Shot("garden", NOW - timedelta(seconds=10 * ago), status=SAID) for ago in range(5, -1, -1)]
    shots += [Shot("porch", NOW, status={"rssi": -70, "temperature": 31, "spooled": 0}), Shot("shed", NOW)]
    ids = []
    for shot in shots:
        ids += await send_shots(archive, [shot])
    return {"garden": ids[-3], "porch": ids[-2], "shed": ids[-1]}


async def _open(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("banner")).to_contain_text("live")


def _tile(page: Page, camera: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=camera, exact=True))


async def _places(page: Page) -> list[list[float]]:
    places: list[list[float]] = await page.get_by_role("listitem").evaluate_all(LAY)
    return places


async def _hide(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def _rename(route: Route, camera: str) -> None:
    """The archive's answer, with *camera* under a hostile name, that says hostile things."""
    answer = await route.fetch()
    told = await answer.json()
    for known in told["cameras"]:
        if known["id"] == camera:
            known |= {"id": HOSTILE, "status": {"firmware": HOSTILE, HOSTILE: HOSTILE, "rssi": HOSTILE, "__proto__": 1}}
    await route.fulfill(json=told)


def _hostile_gaps() -> dict[str, object]:
    gap = {"boot": HOSTILE, "from": 1, "to": 2, "state": "confessed", "reason": HOSTILE, "at": NOW.isoformat()}
    told = {"missing": 0, "confessed": 2, "on_camera": None, "next": None}
    return {"camera": "", **told, "gaps": [{**gap, "taken_after": None, "taken_before": None}]}
