"""Looking closely: by keys, wheel, double click, drag and two fingers; and its geometry."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.sending import Archive, no, send, send_many
from tests.pictures import jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

RUN = """async ([name, ...given]) => (await import("/js/zoom.js"))[name](...given)"""

FRAME = {"width": 800, "height": 600}
PICTURE = {"width": 1600, "height": 1200}
WHOLE = {"scale": 1, "x": 0, "y": 0}


async def _run(page: Page, *asked: object) -> Any:
    await page.goto("/")
    return await page.evaluate(RUN, list(asked))


async def test_what_is_under_the_pointer_stays_there(page: Page) -> None:
    """Twice as close around a point: the point of the picture under it is the same."""
    view = await _run(page, "zoomed", WHOLE, 2, {"x": 200, "y": 150}, FRAME, 16)

    assert view == {"scale": 2, "x": -200, "y": -150}


async def test_the_frame_stays_full_of_picture(page: Page) -> None:
    """However far it is pushed, and when one looks less closely at an edge."""
    pushed = await _run(page, "pushed", {"scale": 2, "x": -200, "y": -150}, 900, -900, FRAME)
    assert pushed == {"scale": 2, "x": 0, "y": -600}

    assert await _run(page, "zoomed", pushed, 0.5, {"x": 800, "y": 0}, FRAME, 16) == WHOLE


async def test_one_looks_no_closer_than_pixels(page: Page) -> None:
    """Of a picture twice as wide as its place, sixteen times as close makes pixels of eight."""
    assert await _run(page, "closest", PICTURE, FRAME) == 16
    assert await _run(page, "near", PICTURE, FRAME) == 2
    assert (await _run(page, "zoomed", WHOLE, 99, {"x": 0, "y": 0}, FRAME, 16))["scale"] == 16


async def test_a_picture_of_unknown_size_can_be_looked_at_closely(page: Page) -> None:
    """It is taken to be as large as its place."""
    assert await _run(page, "closest", {"width": 0, "height": 0}, FRAME) == 8


async def test_two_fingers_hold_what_is_under_them(page: Page) -> None:
    """Apart by twice as much, and moved aside."""
    before = [{"x": 300, "y": 300}, {"x": 500, "y": 300}]
    after = [{"x": 250, "y": 300}, {"x": 650, "y": 300}]

    view = await _run(page, "pinched", WHOLE, before, after, FRAME, 16)

    assert view == {"scale": 2, "x": 250 - 2 * 300, "y": -300}


async def test_keys_bring_the_picture_closer_and_move_it(page: Page, archive_server: Archive) -> None:
    """`+`, Shift with arrows, `0`: until pixels are seen, and back."""
    await _open(page, await send(archive_server, body=jpeg(800, 600, seed=3)))
    whole = await _box(page)

    await page.keyboard.press("+")
    await page.keyboard.press("+")
    closer = await _box(page)
    assert closer["width"] == pytest.approx(whole["width"] * 2.25, rel=0.01)
    await page.keyboard.press("Shift+ArrowRight")
    assert (await _box(page))["x"] < closer["x"]
    await page.keyboard.press("-")
    assert (await _box(page))["width"] == pytest.approx(whole["width"] * 1.5, rel=0.01)
    await page.keyboard.press("0")
    assert await _box(page) == whole


async def test_wheel_drag_and_double_click_look_closely(page: Page, archive_server: Archive) -> None:
    """The wheel at the pointer; a drag pushes; a double click goes to the pixels and back."""
    await _open(page, await send(archive_server, body=jpeg(800, 600, seed=3)))
    whole = await _box(page)
    x, y = whole["x"] + whole["width"] / 4, whole["y"] + whole["height"] / 2

    await page.mouse.move(x, y)
    await page.mouse.wheel(0, -600)
    await page.wait_for_function("() => document.querySelector('.stage').matches('[data-close]')")
    closer = await _box(page)
    assert (x - closer["x"]) / closer["width"] == pytest.approx(0.25, abs=0.01)

    await page.mouse.down()
    await page.mouse.move(x + 100, y, steps=5)
    await page.mouse.up()
    assert (await _box(page))["x"] == pytest.approx(closer["x"] + 100, abs=1)

    await page.mouse.dblclick(x, y)
    assert await _box(page) == whole
    await page.mouse.dblclick(x, y)
    assert (await _box(page))["width"] > whole["width"]


async def test_fingers_swipe_and_pinch(page: Page, archive_server: Archive) -> None:
    """One finger across goes to the frame beside; two look closely, and then one moves about."""
    ids = await send_many(archive_server, 3)
    await page.set_viewport_size({"width": 390, "height": 844})
    await _open(page, ids[1])
    box = await _box(page)
    y = box["y"] + box["height"] / 2

    await _touch(page, [[(100, y)], [(180, y)], [(280, y)]])
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()
    await _touch(page, [[(280, y)], [(180, y)], [(100, y)]])
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()

    await _touch(page, [[(150, y), (250, y)], [(120, y), (280, y)], [(100, y), (300, y)]])
    assert (await _box(page))["width"] == pytest.approx(box["width"] * 2, rel=0.05)
    closer = await _box(page)
    await _touch(page, [[(200, y)], [(230, y)], [(260, y)]])
    assert (await _box(page))["x"] > closer["x"]
    await expect(page.get_by_role("dialog", name=no(ids[1]))).to_be_visible()


async def test_the_next_frame_is_seen_as_closely(page: Page, archive_server: Archive) -> None:
    """The same corner of the same view, frame after frame."""
    ids = await send_many(archive_server, 2)
    await _open(page, ids[1])
    await page.keyboard.press("+")
    closer = await _box(page)

    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name=no(ids[0]))).to_be_visible()

    assert await _box(page) == closer


async def _touch(page: Page, moves: list[list[tuple[float, float]]]) -> None:
    """Fingers go down at the first places, over the others, and up."""
    session = await page.context.new_cdp_session(page)
    for kind, points in [("touchStart", moves[0]), *(("touchMove", move) for move in moves[1:]), ("touchEnd", [])]:
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    await session.detach()


async def _open(page: Page, frame_id: int) -> None:
    await page.goto(f"/?frame={frame_id}")
    await expect(page.get_by_role("dialog", name=no(frame_id))).to_be_visible()
    await expect(_picture(page)).to_be_visible()


def _picture(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("img", name="garden")


async def _box(page: Page) -> Any:
    """Where the picture is, on the screen."""
    box = await _picture(page).bounding_box()
    assert box is not None
    return box
