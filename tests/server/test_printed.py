"""Without JavaScript the page lists frames: the page's own templates, filled, and nothing that is shown is markup."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import lxml.html
import msgspec
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigError
from archive.frame import Frame, MediaType, TimeSource, Verdict
from archive.server.answers import Visit
from archive.server.assets import web_folder
from archive.server.printed import Printed, Sight
from tests.arriving import BOOT, NOW_MS
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Reply, Served, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = (web_folder() / "index.html").read_bytes()
HELD = 120
FIRST = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)

FRAME = Frame(
    id=482,
    camera="garden",
    boot=BOOT,
    number=7,
    name=f"20261122T110225.000Z-{BOOT}-7.jpg",
    taken_at_ms=NOW_MS,
    taken_at_source=TimeSource.CAMERA_CLOCK,
    taken_at_uncertainty_ms=40,
    received_at_ms=NOW_MS,
    size_bytes=61_234,
    width=800,
    height=600,
    media_type=MediaType.JPEG,
    sha256=bytes(32),
    verdict=Verdict.DARK,
)
SIGHT = Sight(
    title="Camera archive",
    zone=ZoneInfo("Europe/Berlin"),
    today=date(2026, 11, 23),
    total=48_482,
    frames=[FRAME],
    counts={date(2026, 11, 22): 1200},
    older="before=2026-11-22T11:02:25.001Z&camera=garden",
    visit=Visit(right="see_all"),
)
HOSTILE = st.text() | st.sampled_from(
    ["<img src=x onerror=alert(1)>", "\u202egnp.exe", "\x00</template>", '"><script>']
)


@pytest_asyncio.fixture(name="filled", scope="module", loop_scope="module")
async def _filled(archive: Served) -> Served:
    """The module's archive with frames of two cameras, an hour apart."""
    boots = {"garden": new_boot(), "shed": new_boot()}
    await asyncio.gather(
        *(
            archive.send(
                jpeg(16, 16, seed=number),
                camera=(camera := "garden" if number % 3 else "shed"),
                boot=boots[camera],
                number=number,
                taken_ms=round((FIRST + timedelta(hours=number)).timestamp() * 1000),
            )
            for number in range(HELD)
        )
    )
    return archive


def read(reply: Reply) -> lxml.html.HtmlElement:
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return lxml.html.document_fromstring(reply.body.decode())


def listed(page: lxml.html.HtmlElement) -> list[int]:
    """The ids of the frames a reader without JavaScript sees, in order."""
    return [int(link.get("data-id") or 0) for link in page.findall(".//main//a[@data-id]")]


async def test_the_page_comes_with_who_looks() -> None:
    """What `/api/session` would answer, so that it need not be asked; for a guest, the line that says what he sees."""
    guest = Visit(right="see", share='"><script>', camera="garden")
    for visit, is_guest in ((guest, True), (Visit(right="run", joining=2), False)):
        sight = msgspec.structs.replace(SIGHT, visit=visit)

        page = lxml.html.document_fromstring(Printed(PAGE).filled(sight).decode())

        assert page.get("data-right") == visit.right
        assert msgspec.json.decode(page.get("data-visit") or "", type=Visit) == visit
        assert [aside.get("hidden") is None for aside in page.findall(".//aside")] == [is_guest]


async def test_every_frame_can_be_read_by_links_alone(filled: Served) -> None:
    """From “Older” to “Older”, each frame once, in the API's order; the last page has no such link."""
    for query, wanted in (("", HELD), ("?camera=shed", HELD // 3)):
        seen: list[int] = []
        path = f"/{query}"
        while path:
            page = read(await filled.ask(path))
            seen += listed(page)
            older = page.find(".//nav[@class='older']")
            assert older is not None
            link = older.find(".//a")
            assert link is not None
            path = "" if "hidden" in older.attrib else f"/{link.get('href')}"

        frames = (await filled.get(f"/api/frames{query}", limit=1000))["frames"]
        assert seen == [frame["id"] for frame in frames]
        assert len(seen) == wanted


async def test_what_the_address_asks_for_is_listed(filled: Served) -> None:
    """A moment, an hour, a verdict: what the API answers; days have their counts only where those are of this list."""
    for query in ("before=2026-03-29T00:00:00Z", "camera=garden&hour=6-9", "verdict=dark"):
        page = read(await filled.ask(f"/?{query}"))
        answer = (await filled.ask(f"/api/frames?{query}&limit=50")).json

        assert listed(page) == [frame["id"] for frame in answer["frames"]]
        counts = page.findall(".//main//section[@class='day']//p[@class='count']")
        assert all(bool(count.text) == ("hour" not in query) for count in counts)


@pytest.mark.parametrize("query", ["before=yesterday", "camera=%3Cimg%20onerror%3E", "cursor=x", "limit=0", "hour=9"])
async def test_an_address_that_asks_for_nonsense_gets_the_page(filled: Served, query: str) -> None:
    """As it was written: the page's own code says what is wrong."""
    reply = await filled.ask(f"/?{query}")

    assert (reply.status, reply.body) == (200, PAGE)


async def test_the_page_says_when_it_is_the_same(filled: Served) -> None:
    """An ETag for each sight: 304 while nothing came, 200 after the next frame; the policy is with both."""
    first = await filled.ask("/?camera=etag")
    same = await filled.ask("/?camera=etag", headers={"If-None-Match": first.headers["ETag"]})
    await filled.send(jpeg(16, 16), camera="etag", boot=new_boot(), number=0)
    other = await filled.ask("/?camera=etag", headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status, other.status) == (304, 200)
    assert all("trusted-types 'none'" in reply.headers["Content-Security-Policy"] for reply in (first, same, other))


async def test_an_empty_archive_says_so(make_archive: MakeArchive) -> None:
    """No list, and the words of the empty page."""
    archive = await make_archive(title="Bird <table>")

    page = read(await archive.ask("/"))

    empty = page.find(".//section[@class='empty']")
    assert empty is not None
    assert "hidden" not in empty.attrib
    assert [page.findtext(".//title"), page.findtext(".//h1")] == ["Bird <table>"] * 2
    assert listed(page) == []


async def test_a_row_says_what_the_page_would() -> None:
    """Number, camera, time, name, size and verdict, in the page's own words, and the picture with its shape."""
    page = lxml.html.document_fromstring(Printed(PAGE).filled(SIGHT).decode())

    (day,) = page.findall(".//main//section[@class='day']")
    narrow = "\u202f"
    said = [part.text_content() for part in day.iter() if part.get("class") in {"no", "camera", "time", "file", "size"}]
    assert said == [f"№\u00a0000{narrow}482", "garden", "12:02:25", FRAME.name, f"61{narrow}234 bytes"]
    assert day.findtext(".//h2/time") == "Sunday, 22 November"
    assert day.findtext(".//p[@class='count']") == f"1{narrow}200 frames"
    assert day.findtext(".//em[@class='verdict']") == "dark"
    picture = day.find(".//img")
    assert picture is not None
    assert (picture.get("width"), picture.get("height")) == ("320", "240")
    assert picture.get("alt") == "garden, Sunday 22 November 2026, 12:02:25".replace("Sunday ", "Sunday, ")
    assert day.findall(".//*[@style]") == []  # the policy would refuse it


@given(title=HOSTILE, camera=HOSTILE, name=HOSTILE, older=HOSTILE)
async def test_nothing_shown_is_markup(title: str, camera: str, name: str, older: str) -> None:
    """Whatever words come from outside: the page has the same elements, and the words are text."""
    printed = Printed(PAGE)
    plain = [part.tag for part in lxml.html.document_fromstring(printed.filled(SIGHT).decode()).iter()]
    frame = msgspec.structs.replace(FRAME, camera=camera, name=name)

    filled = printed.filled(msgspec.structs.replace(SIGHT, title=title, frames=[frame], older=older))

    page = lxml.html.document_fromstring(filled.decode())
    assert [part.tag for part in page.iter()] == plain
    assert all(not name.startswith("on") for part in page.iter() for name in part.attrib)


@pytest.mark.parametrize("name", [b"day", b"frame"])
async def test_a_page_without_its_templates_is_a_broken_installation(name: bytes) -> None:
    """Said at start, with what to do."""
    with pytest.raises(ConfigError, match="install the program again"):
        Printed(PAGE.replace(b'id="%s"' % name, b'id="other"'))


async def test_a_page_whose_templates_have_other_parts_is_filled_as_far_as_it_goes() -> None:
    """A part the template does not have is left out."""
    page = b"<!doctype html><title></title><template id=day><p></p></template><template id=frame><p></p></template>"

    assert b"48" not in Printed(page).filled(SIGHT)
