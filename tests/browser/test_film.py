"""Films: what follows on a frame, at a pace, in the viewer; and the arithmetic of what to load and show."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.sending import Archive, no, send, send_all, send_many
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A film of *count* frames after the first, at *pace*; each step is a time that passes, or frames that came or failed.
RUN = """async ({ count, pace, size, steps, complete }) => {
  const { Film } = await import("/js/film.js");
  const frame = (id) => ({ id, width: size?.[0] ?? 800, height: size?.[1] ?? 600 });
  const film = new Film(frame(0), pace);
  film.add(Array.from({ length: count }, (_, at) => frame(at + 1)));
  film.isComplete = complete ?? true;
  const asked = [];
  const log = [];
  const ask = () => { for (const take of film.wanted()) (take.state = "loading", asked.push(take)); };
  ask();
  for (const { pass, came, took, failed } of steps) {
    for (const id of came ?? []) film.came(asked.find((take) => take.frame.id === id), took ?? 10);
    for (const id of failed ?? []) film.failed(asked.find((take) => take.frame.id === id));
    const { show, passed } = film.pass(pass ?? 0);
    log.push({ show: show?.frame.id ?? null, passed: passed.map((take) => take.frame.id) });
    ask();
  }
  const { stride, isOver, isShort } = film;
  return { log, asked: asked.map((take) => take.frame.id), stride, isOver, isShort };
}"""

# Shows the numbers that the caption runs through, as they change.
WATCH = """() => {
  const heading = document.querySelector("dialog h2");
  window.seen = [];
  const watched = { childList: true, subtree: true, characterData: true };
  new MutationObserver(() => window.seen.push(heading.textContent)).observe(heading, watched);
}"""


async def _run(page: Page, *steps: dict[str, Any], count: int = 10, pace: int = 10, **how: Any) -> dict[str, Any]:
    await page.goto("/")
    got: dict[str, Any] = await page.evaluate(RUN, {"count": count, "pace": pace, "steps": steps, **how})
    return got


async def test_a_film_goes_on_at_its_pace(page: Page) -> None:
    """At ten frames a second the next is due after a tenth of one, and not before."""
    got = await _run(page, {"came": [1, 2], "pass": 99}, {"pass": 1}, {"pass": 100})

    assert [step["show"] for step in got["log"]] == [None, 1, 2]


async def test_what_has_not_come_in_time_is_skipped(page: Page) -> None:
    """The pace is kept: a slow picture is passed by when a later one is here."""
    got = await _run(page, {"came": [1, 3], "pass": 100}, {"pass": 100}, {"pass": 100})

    assert [step["show"] for step in got["log"]] == [1, None, 3]
    assert got["log"][2]["passed"] == [1, 2]


async def test_a_picture_that_comes_late_is_shown_where_nothing_newer_is_here(page: Page) -> None:
    """Late is better than nothing."""
    got = await _run(page, {"pass": 200}, {"came": [1], "pass": 0})

    assert [step["show"] for step in got["log"]] == [None, 1]


async def test_few_are_asked_for_at_once(page: Page) -> None:
    """Of six connections the film leaves two."""
    got = await _run(page, count=100)

    assert got["asked"] == [1, 2, 3, 4]


async def test_no_more_pictures_are_held_than_memory_bears(page: Page) -> None:
    """Large ones fewer: at 2592 by 1944, four of twenty megabytes; and a film that stands still asks for no more."""
    steps = [{"came": [at]} for at in range(1, 5)]

    got = await _run(page, *steps, count=100, pace=30, size=[2592, 1944])

    assert got["asked"] == [1, 2, 3, 4]


async def test_where_pictures_come_slowly_some_are_not_asked_for(page: Page) -> None:
    """Only those that can be here in time."""
    slow = [{"came": [at], "took": 2_000, "pass": 33} for at in range(1, 4)]

    got = await _run(page, *slow, count=200, pace=30)

    assert got["stride"] > 1
    assert got["asked"][:4] == [1, 2, 3, 4]
    assert got["asked"][-1] - got["asked"][-2] > 1


async def test_a_film_goes_on_without_what_cannot_be_had(page: Page) -> None:
    """Pictures that fail leave no hole to fall into, and the film ends after its last."""
    got = await _run(page, {"failed": [1, 2], "came": [3]}, {"pass": 100}, count=3)

    assert got["log"][-1]["show"] == 3
    assert got["isOver"]


async def test_a_film_asks_for_the_next_page_in_time(page: Page) -> None:
    """While there are still some seconds to show."""
    assert (await _run(page, count=10, complete=False))["isShort"]
    assert not (await _run(page, count=200, complete=False))["isShort"]


async def test_space_plays_the_frames_from_here(page: Page, archive_server: Archive) -> None:
    """Forward in time, one after the other, to the newest; the address says where it ended."""
    ids = await send_many(archive_server, 12)
    await _open(page, ids[0])
    await page.evaluate(WATCH)
    for _ in range(18):
        await page.keyboard.press(">")
    await expect(page.get_by_role("slider", name="Frames a second")).to_have_attribute(
        "aria-valuetext", "30 frames a second"
    )

    await page.keyboard.press("Space")

    await expect(_dialog(page)).to_contain_text("The film has come to its end.")
    seen = await page.evaluate("window.seen")
    moments = [no(frame_id) for frame_id in ids]
    assert seen == sorted(seen, key=moments.index)
    assert seen[-1] == no(ids[-1])
    assert len(set(seen)) > len(ids) / 2
    await expect(page).to_have_url(re.compile(rf"\?frame={ids[-1]}$"))
    await expect(_dialog(page).get_by_role("img", name="garden")).to_be_visible()
    await expect(page.get_by_role("button", name="Play")).to_be_visible()


async def test_a_film_is_stopped_where_it_is(page: Page, archive_server: Archive) -> None:
    """By space again, or by stepping; the facts are those of the frame it stopped at."""
    ids = await send_many(archive_server, 40)
    await _open(page, ids[0])
    for _ in range(12):
        await page.keyboard.press("<")
    await page.get_by_role("button", name="Play").click()
    await expect(page.get_by_role("heading", name=no(ids[1]))).to_be_visible()
    film = page.get_by_role("dialog").locator("canvas")  # nobody is told of it: the caption runs beside it
    assert await film.evaluate("(canvas) => [canvas.width, canvas.height]") == [320, 240]
    assert await film.bounding_box() == await _dialog(page).get_by_role("img", name="garden").bounding_box()

    await page.keyboard.press("Space")

    await expect(page.get_by_role("button", name="Play")).to_be_visible()
    frame_id = int(re.sub(r"\D", "", await page.get_by_role("heading", level=2, name="№").last.inner_text()))
    assert frame_id in ids[1:-1]
    await expect(page).to_have_url(re.compile(rf"\?frame={frame_id}$"))
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name=no(ids[ids.index(frame_id) + 1]))).to_be_visible()


async def test_a_film_leaves_out_what_is_broken_until_it_is_wanted(page: Page, archive_server: Archive) -> None:
    """Frames that are not whole, and those of other cameras."""
    begin = datetime.now(UTC) - timedelta(hours=1)
    frames = [("garden", begin + timedelta(minutes=at), jpeg(320, 240, seed=at)) for at in range(4)]
    frames[2] = ("garden", frames[2][1], jpeg(320, 240, seed=2)[:-2000])
    ids = await send_all(archive_server, frames)
    await send(archive_server, camera="shed", taken=begin + timedelta(seconds=90))
    await _open(page, ids[0])
    await page.evaluate(WATCH)

    await page.keyboard.press("Space")
    await expect(_dialog(page)).to_contain_text("The film has come to its end.")

    assert set(await page.evaluate("window.seen")) == {no(ids[1]), no(ids[3])}

    await _open(page, ids[0])
    await page.evaluate(WATCH)
    await page.get_by_role("checkbox", name="without dark, frozen and broken ones").uncheck()
    await page.get_by_role("button", name="Play").click()
    await expect(_dialog(page)).to_contain_text("The film has come to its end.")
    assert set(await page.evaluate("window.seen")) == {no(frame_id) for frame_id in ids[1:]}


async def test_on_the_newest_frame_its_day_is_played(page: Page, archive_server: Archive) -> None:
    """There is nothing after it: the film begins with the day."""
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=2)
    ids = await send_many(archive_server, 6, latest=noon)
    await send(archive_server, taken=noon - timedelta(days=3))
    await _open(page, ids[-1])
    await page.evaluate(WATCH)

    await page.keyboard.press("Space")

    await expect(_dialog(page)).to_contain_text("The film has come to its end.")
    seen = await page.evaluate("window.seen")
    assert seen[0] in {no(frame_id) for frame_id in ids[:3]}
    assert seen[-1] == no(ids[-1])


async def test_a_single_frame_is_no_film(page: Page, archive_server: Archive) -> None:
    """And that is said."""
    frame_id = await send(archive_server)
    await _open(page, frame_id)

    await page.keyboard.press("Space")

    await expect(_dialog(page)).to_contain_text("There is nothing here to play")
    await expect(page.get_by_role("button", name="Play")).to_be_visible()


async def test_a_film_goes_over_the_pages_of_the_archive(page: Page, archive_server: Archive) -> None:
    """More frames than an answer holds; pictures that were shown or passed by are let go."""
    await page.add_init_script(
        """
        window.open_ = 0; window.most_ = 0;
        const make = window.createImageBitmap;
        window.createImageBitmap = async (...given) => {
          const made = await make(...given);
          window.most_ = Math.max(window.most_, ++window.open_);
          const close = made.close.bind(made);
          made.close = () => (window.open_ -= 1, close());
          return made;
        };
        const show = ImageBitmapRenderingContext.prototype.transferFromImageBitmap;
        ImageBitmapRenderingContext.prototype.transferFromImageBitmap = function (made) {
          if (made) window.open_ -= 1;
          return show.call(this, made);
        };
        """
    )
    ids = await send_many(archive_server, 260)
    await _open(page, ids[0])
    for _ in range(18):
        await page.keyboard.press(">")

    await page.keyboard.press("Space")

    await expect(_dialog(page)).to_contain_text("The film has come to its end.", timeout=45_000)
    await expect(page.get_by_role("dialog", name=no(ids[-1]))).to_be_visible()
    assert 0 < await page.evaluate("window.most_") <= 64
    assert await page.evaluate("window.open_") == 0


async def test_a_frame_that_arrives_moves_nothing_while_a_film_plays(page: Page, archive_server: Archive) -> None:
    """The film goes on to the end it had, or further; where things stand does not change."""
    ids = await send_many(archive_server, 30)
    await _open(page, ids[0])
    await page.keyboard.press("Space")
    await expect(page.get_by_role("heading", name=no(ids[0]))).to_be_hidden()
    before = await _dialog(page).get_by_role("button", name="Stop").bounding_box()

    arrived = await send(archive_server)

    await expect(page).not_to_have_title(re.compile(no(arrived)))
    assert await _dialog(page).get_by_role("button", name="Stop").bounding_box() == before
    await expect(_dialog(page)).to_contain_text("The film has come to its end.")


async def test_a_film_whose_pictures_come_slowly_keeps_its_pace(page: Page, archive_server: Archive) -> None:
    """Some are skipped."""
    ids = await send_many(archive_server, 60)
    await _open(page, ids[0])
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    slow = {"offline": False, "latency": 600, "downloadThroughput": -1, "uploadThroughput": -1}
    await network.send("Network.emulateNetworkConditions", slow)
    await page.evaluate(WATCH)
    for _ in range(18):
        await page.keyboard.press(">")

    await page.keyboard.press("Space")

    await expect(_dialog(page)).to_contain_text("The film has come to its end.")
    seen = set(await page.evaluate("window.seen"))
    assert no(ids[-1]) in seen
    assert 3 < len(seen) < len(ids) - 5


async def _open(page: Page, frame_id: int) -> None:
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()


def _dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")
