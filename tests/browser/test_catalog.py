"""The page's pure modules, imported into a page and asked: what it knows, where things stand, how it prints figures."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A catalogue of frames 1 to *shown* (a second apart, the newest last), of *total*, that then hears *changes*.
TELL = """async ({ shown, total, next, before, changes, hold, later }) => {
  const { Catalog } = await import("/js/catalog.js");
  const { calendar } = await import("/js/format.js");
  const frame = (id, second = id) =>
    ({ id, camera: "garden", taken_at: new Date(1764000000000 + second * 1000).toISOString(), verdict: "whole" });
  const utc = calendar("UTC");
  const catalog = new Catalog((moment) => utc.day(moment));
  const frames = Array.from({ length: shown }, (_, index) => frame(index + 1));
  catalog.fill({ frames, next, last_seq: 100 }, "", before ?? null);
  catalog.countFrames(total, 100);
  catalog.countDays({ timezone: "UTC", days: [{ day: "2025-11-24", frames: shown }] });
  for (const [seq, type, id, second] of changes) catalog.hear({ seq, type, data: frame(id, second) }, { hold });
  for (const { end, page } of later ?? [])
    catalog[end]({ frames: page.map((id) => frame(id)), next: null, last_seq: 100 });
  const known = {
    shown: catalog.frames.map(({ id }) => id), waiting: catalog.waiting.map(({ id }) => id),
    waitingCount: catalog.waitingCount, total: catalog.total, days: Object.fromEntries(catalog.days),
    lastSeq: catalog.lastSeq, countsAreStale: catalog.countsAreStale, older: catalog.older,
    newer: catalog.newer, struck: [...catalog.struck],
  };
  catalog.show();
  return { ...known, afterShow: catalog.frames.map(({ id }) => id), olderAfterShow: catalog.older };
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
    """Of 500 frames the newest 400 are kept, shown or waiting, and what is older begins after them."""
    changes = [(100 + n, "frame", 3 + n) for n in range(1, 501)]

    flowing = await _tell(page, *changes)
    held = await _tell(page, *changes, hold=True)

    newest = list(range(503, 103, -1))
    assert flowing["shown"] == newest
    assert flowing["older"] == "?before=2025-11-24T16%3A01%3A44.001Z"
    assert held["waitingCount"] == 500
    assert held["afterShow"] == newest
    assert held["olderAfterShow"] == flowing["older"]


async def test_what_is_gone_is_struck_while_someone_reads(page: Page) -> None:
    """Its row stays where it is; a row that is dated anew stays too."""
    got = await _tell(page, (101, "frame-deleted", 2), (102, "frame-changed", 3, -86_400), hold=True)

    assert got["shown"] == [3, 2, 1]
    assert got["struck"] == [2]
    assert got["total"] == 2


async def test_a_list_that_begins_in_the_past_knows_that_there_is_more(page: Page) -> None:
    """What arrives is newer than it and waits, until the pages between have been fetched."""
    before = "2025-11-25T00:00:00Z"

    got = await _tell(page, (101, "frame", 9), before=before)
    reached = await _tell(page, (101, "frame", 9), before=before, later=[{"end": "prepend", "page": [4, 5, 9]}])

    assert got["newer"] == "?order=oldest&after=2025-11-24T16%3A00%3A03.000Z"
    assert (got["shown"], got["waitingCount"]) == ([3, 2, 1], 1)
    assert (reached["shown"], reached["waitingCount"]) == ([9, 5, 4, 3, 2, 1], 0)


async def test_a_page_that_was_on_its_way_is_brought_up_to_date(page: Page) -> None:
    """A deletion heard before the page came is not undone by it; nothing is doubled."""
    got = await _tell(
        page,
        (101, "frame-deleted", -1),
        (102, "frame", -3),
        next="?before=x",
        later=[{"end": "append", "page": [0, -1, -2]}],
    )

    assert got["shown"] == [3, 2, 1, 0, -2, -3]


LAY = """async ({ days, columns, asked }) => {
  const { Layout } = await import("/js/layout.js");
  const frames = days.flatMap(([day, count]) => Array.from({ length: count }, () => ({ day })));
  const layout = new Layout(frames, ({ day }) => day, { head_px: 100, row_px: 50, columns });
  return [layout.height, ...asked.map(([name, ...given]) =>
    name === "rows" ? layout.rows(layout.chapters[given[0]], given[1], given[2]) : layout[name](...given))];
}"""


async def test_rows_stand_where_arithmetic_says(page: Page) -> None:
    """A day is its head and its rows; a day's last row may be half full."""
    await page.goto("/")
    asked = [
        ["topOf", 0],
        ["topOf", 3],
        ["topOf", 5],
        ["indexAt", 0],
        ["indexAt", 160],
        ["indexAt", 9999],
        ["rows", 1, 0, 310],
    ]

    got = await page.evaluate(LAY, {"days": [["b", 5], ["a", 2]], "columns": 2, "asked": asked})

    assert got == [400, 100, 150, 350, 0, 2, 6, {"first": 0, "end": 0}]


TIME = """async ({ counts, asked }) => {
  const { Timeline } = await import("/js/timeline.js");
  const { calendar } = await import("/js/format.js");
  const measures = { head_px: 0, row_px: 10, columns: 1 };
  const timeline = new Timeline(new Map(counts), calendar("Europe/Berlin"), measures, 1, new Date("2026-11-01T00:00Z"));
  return asked.map(([name, given]) =>
    name === "topOf" ? timeline.topOf(given) : timeline.momentAt(given)?.toISOString());
}"""


async def test_the_whole_archive_is_one_length(page: Page) -> None:
    """A moment lies where its day's counts put it, and back; a day of the autumn's change has 25 hours."""
    await page.goto("/")
    counts = [["2026-10-24", 20], ["2026-10-25", 10]]
    asked = [["topOf", "2026-10-25T10:30:00Z"], ["topOf", "2026-10-24T22:00:00Z"], ["topOf", "2026-12-01T00:00:00Z"]]
    asked += [["momentAt", 50], ["momentAt", 100], ["momentAt", 1e9]]  # type: ignore[list-item]

    got = await page.evaluate(TIME, {"counts": counts, "asked": asked})

    assert got[:3] == [50, 100, 0]
    assert got[3:] == ["2026-10-25T10:30:00.000Z", "2026-10-24T22:00:00.000Z", "2026-10-23T22:00:00.000Z"]


CHOOSE = """async ({ query, frame }) => {
  const { Choice } = await import("/js/choice.js");
  const { calendar } = await import("/js/format.js");
  const choice = new Choice(query);
  return [choice.shows(frame, calendar("Europe/Berlin")), choice.isCounted];
}"""


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("camera=garden", True),
        ("camera=porch", False),
        ("hour=14-15", True),
        ("hour=13-14", False),
        ("hour=22-15", True),
        ("hour=22-4", False),
        ("verdict=dark,frozen", True),
        ("verdict=whole", False),
        ("difference=0.2", True),
        ("difference=0.21", False),
    ],
)
async def test_what_arrives_is_judged_as_the_archive_judges(page: Page, query: str, *, shown: bool) -> None:
    """A frame of the garden at 14:03 in Berlin, dark and a fifth different."""
    await page.goto("/")
    frame = {"camera": "garden", "taken_at": "2026-11-22T13:03:07Z", "verdict": "dark", "difference": 0.2}

    got = await page.evaluate(CHOOSE, {"query": query, "frame": frame})

    assert got == [shown, query in {"", "camera=garden", "camera=porch"}]


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
    assert await _print(page, *berlin, "quarter", "2026-11-22T13:47:00Z") == "59"
    assert await _print(page, *berlin, "heading", "2026-11-02", "2026-11-22") == "Monday, 2 November"
    assert await _print(page, *berlin, "heading", "2025-11-02", "2026-11-22") == "Sunday, 2 November 2025"


async def test_lengths_of_time_are_said_in_their_unit(page: Page) -> None:
    """Two decimals below ten seconds, none above."""
    await page.goto("/")

    said = [await _print(page, "words", "duration", ms) for ms in (40, 574, 12_300, 600_000, 90_000_000, 400_000_000)]

    assert said == ["0.04 s", "0.57 s", "12 s", "10 min", "25 h", "5 days"]
