"""The page with its first frames in it, for who reads without JavaScript: the page's own templates, filled.

What a row and a day look like is in `web/index.html` and nowhere else: a part that its template does not have is left
out. Everything is set as text or as an attribute's value of a tree, so nothing that is shown can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import lxml.etree
import lxml.html
import msgspec
from lxml.etree import SubElement
from lxml.html import HtmlElement

from archive.errors import ConfigError
from archive.frame import Frame, Verdict, utc
from archive.server.answers import Visit, encode, original_url, thumbnail_url

_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no document may hold
NARROW = "\u202f"  # narrow no-break space, in thousands: as `web/js/format.js` has it


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows at first."""

    title: str
    zone: ZoneInfo
    today: date
    total: int  # frames in the whole archive
    frames: list[Frame]  # newest first
    counts: Mapping[date, int]  # frames of a day, where they are those of this list
    older: str | None  # the query of the page that goes on
    visit: Visit  # who looks


class Printed:
    """The page, ready to be filled."""

    def __init__(self, page: bytes) -> None:
        self._page = lxml.html.document_fromstring(page.decode())
        self._day = self._template("day")
        self._frame = self._template("frame")

    def filled(self, sight: Sight) -> bytes:
        """The page with these frames. Takes some milliseconds: call it in a thread."""
        page = deepcopy(self._page)
        parts = _parts(page)
        page.set("data-timezone", sight.zone.key)  # the page's own code need not ask for these
        page.set("data-right", sight.visit.right)
        page.set("data-visit", _sayable(encode(sight.visit).decode()))
        for name in ("title", "h1"):
            _put(page.find(f".//{name}"), sight.title)
        _put(parts.get("total"), _counted(sight.total) if sight.total else "")
        if (days := parts.get("days")) is not None:
            for day, frames in groupby(sight.frames, lambda frame: _local(frame, sight.zone).date()):
                days.append(self._chapter(day, frames, sight))
        shown = {
            "empty": not sight.total,
            "none": bool(sight.total) and not sight.frames,
            "older": sight.older is not None,
            "guest": sight.visit.share is not None,
        }
        for name, is_shown in shown.items():
            if is_shown and (part := parts.get(name)) is not None:
                part.attrib.pop("hidden", None)
        if sight.older is not None and (older := parts.get("older")) is not None:
            _put(older.find(".//a"), None, href=f"?{sight.older}")
        return lxml.html.tostring(page, encoding="utf-8", doctype="<!doctype html>")

    def _chapter(self, day: date, frames: Iterable[Frame], sight: Sight) -> HtmlElement:
        chapter = deepcopy(self._day)
        parts = _parts(chapter)
        heading = f"{day:%A}, {day.day} {day:%B}" + ("" if day.year == sight.today.year else f" {day.year}")
        _put(chapter.find(".//h2//time"), heading, datetime=day.isoformat())
        _put(chapter.find(".//h2"), None, id=f"day-{day}")
        chapter.set("aria-labelledby", f"day-{day}")
        _put(parts.get("count"), _counted(sight.counts[day]) if day in sight.counts else "")
        rows = chapter.find(".//ol")
        if rows is not None:
            rows.extend(self._row(frame, sight.zone) for frame in frames)
        return chapter

    def _row(self, frame: Frame, zone: ZoneInfo) -> HtmlElement:
        row = deepcopy(self._frame)
        parts = _parts(row)
        at = _local(frame, zone)
        no, time = f"№\u00a0{_grouped(f'{frame.id:06}')}", f"{at:%H:%M:%S}"
        # Without JavaScript there is no viewer: the picture itself is what there is to see.
        named = {"href": original_url(frame), "data-id": str(frame.id), "aria-label": f"{no}, {frame.camera}, {time}"}
        _put(parts.get("no"), no, **named)
        _put(parts.get("camera"), frame.camera)
        _put(parts.get("time"), time, datetime=utc(frame.taken_at_ms).isoformat().replace("+00:00", "Z"))
        _put(parts.get("size"), f"{_grouped(str(frame.size_bytes))} bytes")
        _put(parts.get("verdict"), "" if frame.verdict is Verdict.WHOLE else frame.verdict.value)
        if (file := parts.get("file")) is not None:
            before, dash, after = frame.name.partition("-")
            _put(file, before + dash)
            SubElement(file, "wbr").tail = _sayable(after)  # where a long name may break: before the boot
        _put(
            parts.get("picture"),
            None,
            src=thumbnail_url(frame),
            alt=f"{frame.camera}, {at:%A}, {at.day} {at:%B} {at.year}, {time}",
            loading="lazy",
            width="320",
            height=str(round(320 * frame.height / frame.width) if frame.width else 240),
        )
        return row

    def _template(self, name: str) -> HtmlElement:
        template = self._page.find(f".//template[@id='{name}']")
        if template is None or len(template) != 1:
            raise ConfigError(f"the page has no template “{name}” of one element: install the program again")
        row = deepcopy(template[0])
        row.tail = None
        return row


def _parts(tree: HtmlElement) -> dict[str, HtmlElement]:
    """The first part of each class."""
    parts: dict[str, HtmlElement] = {}
    for part in tree.iter(lxml.etree.Element):
        parts.setdefault(part.get("class") or "", part)
    return parts


def _put(part: HtmlElement | None, text: str | None, **attributes: str) -> None:
    """Set the text (None: leave it) and attributes of a part, if the template has it."""
    if part is None:
        return
    if text is not None:
        part.text = _sayable(text)
    for name, value in attributes.items():
        part.set(name, _sayable(value))


def _sayable(text: str) -> str:
    return _UNSAYABLE.sub("", text)


def _local(frame: Frame, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(frame.taken_at_ms / 1000, zone)


def _counted(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{_grouped(str(frames))} frames"


def _grouped(figures: str) -> str:
    """Figures in threes, from the end."""
    start = len(figures) % 3
    return NARROW.join(filter(None, [figures[:start], *(figures[at : at + 3] for at in range(start, len(figures), 3))]))
