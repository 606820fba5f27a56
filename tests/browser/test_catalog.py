"""The page's pure modules, imported into a page and asked: what it knows, and how it prints figures and times."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A catalogue of frames 1 to *shown* (a second apart, the newest last), of *total*, that then hears *changes*.
TELL = """async ({ shown, total, next, changes, hold }) => {
  const { Catalog } = await import("/js/catalog.js");
  const { calendar } = await import("/js/format.js");
  const frame = (id, second = id) =>
    ({ id, camera: "garden", taken_at: new Date(1764000000000 + second * 1000).toISOString(), verdict: "whole" });
  const utc = calendar("UTC");
  const catalog = new Catalog((moment) => utc.day(moment));
  const frames = Array.from({ length: shown }, (_, index) => frame(index + 1));
  catalog.fill({ frames, next, total, last_seq: 100 });
  catalog.countDays({ timezone: "UTC", days: [{ day: "2025-11-24", frames: shown }] });
  for (const [seq, type, id, second] of changes) catalog.hear({ seq, type, data: frame(id, second) }, { hold });
  const known = {
    shown: catalog.frames.map(({ id }) => id), waiting: catalog.waiting.map(({ id }) => id),
    waitingCount: catalog.waitingCount, total: catalog.total, days: Object.fromEntries(catalog.days),
    lastSeq: catalog.lastSeq, countsAreStale: catalog.countsAreStale, next: catalog.next,
  };
  catalog.show();
  return { ...known, afterShow: catalog.frames.map(({ id }) => id), nextAfterShow: catalog.next };
}"""

PRINT = """async (asked) => {
  const format = await import("/js/format.js");
  const words = await import("/js/words.js");
  const [module, name, ...given] = asked;
  if (module === "calendar") return format.calendar(name)[given[0]](...given.slice(1));
  return { format, words }[module][name](...given);
}"""


async def _tell(page: Page, *changes: tuple[object, ...], shown: int = 3, **how: object) -> dict[str, Any]:
    await page.goto("/")
    story = {"shown": shown, "total": shown, "next": None, "hold": False, "changes": changes, **how}
    told: dict[str, Any] = await page.evaluate(TELL, json.loads(json.dumps(story)))
    return told


async def _print(page: Page, *asked: object) -> str:
    return str(await page.evaluate(PRINT, list(asked)))


async def test_a_frame_takes_its_place_in_time(page: Page) -> None:
    """Newest first; of the same moment, the greater id first."""
    got = await _tell(page, (101, "frame", 4, 1.5), (102, "frame", 5, 2), (103, "frame", 6))

    assert got["shown"] == [6, 3, 5, 2, 4, 1]
    assert got["total"] == 6
    assert got["days"] == {"2025-11-24": 6}


async def test_a_change_known_already_changes_nothing(page: Page) -> None:
    """Neither an old number, nor a frame the list has had from the page."""
    got = await _tell(page, (99, "frame", 9), (101, "frame", 3), (101, "frame", 8))

    assert got["shown"] == [3, 2, 1]
    assert got["total"] == 3
    assert got["lastSeq"] == 101


async def test_frames_wait_and_come_in_order(page: Page) -> None:
    """Counted at once, shown when asked for."""
    got = await _tell(page, (101, "frame", 4), (102, "frame", 5, 1.5), hold=True)

    assert got["shown"] == [3, 2, 1]
    assert got["waitingCount"] == 2
    assert got["total"] == 5
    assert got["afterShow"] == [4, 3, 2, 5, 1]


async def test_a_deletion_counts_once(page: Page) -> None:
    """Each change of a frame that is gone is told as its deletion; one is enough."""
    got = await _tell(page, (101, "frame-deleted", 2), (102, "frame-deleted", 2))

    assert got["shown"] == [3, 1]
    assert got["total"] == 2
    assert got["days"] == {"2025-11-24": 2}
    assert not got["countsAreStale"]


async def test_a_deletion_of_an_unknown_frame_asks_for_the_counts(page: Page) -> None:
    """Whether it had been counted only the archive knows."""
    got = await _tell(page, (101, "frame-deleted", 77))

    assert got["total"] == 3
    assert got["countsAreStale"]


async def test_a_frame_that_is_dated_anew_moves_to_its_day(page: Page) -> None:
    """A boot's clock became known: the row stands elsewhere and both days' counts follow."""
    got = await _tell(page, (101, "frame-changed", 3, -86_400))

    assert got["shown"] == [2, 1, 3]
    assert got["days"] == {"2025-11-24": 2, "2025-11-23": 1}
    assert got["total"] == 3


async def test_what_is_older_than_the_list_is_only_counted(page: Page) -> None:
    """It stands on a page that has not been fetched."""
    got = await _tell(page, (101, "frame", 4, -5), next="/api/frames?cursor=x")

    assert got["shown"] == [3, 2, 1]
    assert got["total"] == 4


async def test_the_list_is_bounded_and_goes_on_where_it_ends(page: Page) -> None:
    """Of 400 frames the newest 300 are kept, shown or waiting, and `Older` begins after them."""
    changes = [(100 + n, "frame", 3 + n) for n in range(1, 401)]

    flowing = await _tell(page, *changes)
    held = await _tell(page, *changes, hold=True)

    newest = list(range(403, 103, -1))
    assert flowing["shown"] == newest
    assert flowing["next"] == "/api/frames?before=2025-11-24T16%3A01%3A44.001Z"
    assert held["waitingCount"] == 400
    assert held["afterShow"] == newest
    assert held["nextAfterShow"] == flowing["next"]


async def test_figures_are_set_in_thousands(page: Page) -> None:
    """By a narrow space at which no line breaks."""
    await page.goto("/")

    assert await _print(page, "format", "count", 48482) == "48\u202f482"
    assert await _print(page, "format", "count", 999) == "999"
    assert await _print(page, "format", "no", 7) == "\u2116\u00a0000\u202f007"
    assert await _print(page, "format", "no", 1234567) == "\u2116\u00a01\u202f234\u202f567"
    assert await _print(page, "words", "frames", 1) == "1 frame"
    assert await _print(page, "words", "frames", 0) == "0 frames"


async def test_times_are_the_archive_s(page: Page) -> None:
    """In its zone, over the change of clocks, and in UTC where the browser does not know the zone."""
    await page.goto("/")
    berlin = ("calendar", "Europe/Berlin")

    assert await _print(page, *berlin, "time", "2026-11-22T13:03:07.412Z") == "14:03:07"
    assert await _print(page, *berlin, "exactTime", "2026-11-22T13:03:07.412000Z") == "14:03:07.412"
    assert await _print(page, *berlin, "date", "2026-11-22T23:30:00Z") == "Monday, 23 November 2026"
    assert await _print(page, *berlin, "day", "2026-10-25T00:30:00Z") == "2026-10-25"
    assert await _print(page, *berlin, "time", "2026-10-25T00:30:00Z") == "02:30:00"
    assert await _print(page, *berlin, "time", "2026-10-25T01:30:00Z") == "02:30:00"
    assert await _print(page, *berlin, "time", "2026-11-21T23:00:00Z") == "00:00:00"
    assert await _print(page, "calendar", "Nowhere/Atlantis", "time", "2026-11-22T13:03:07Z") == "13:03:07"
    assert await _print(page, *berlin, "heading", "2026-11-02", "2026-11-22") == "Monday, 2 November"
    assert await _print(page, *berlin, "heading", "2025-11-02", "2026-11-22") == "Sunday, 2 November 2025"


async def test_lengths_of_time_are_said_in_their_unit(page: Page) -> None:
    """Two decimals below ten seconds, none above."""
    await page.goto("/")

    said = [await _print(page, "words", "duration", ms) for ms in (40, 574, 12_300, 600_000, 90_000_000, 400_000_000)]

    assert said == ["0.04 s", "0.57 s", "12 s", "10 min", "25 h", "5 days"]
