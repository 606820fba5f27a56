"""An archive that an earlier program wrote is carried over: all of it, and what is counted is right."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from archive.frame import Measures, MediaType, Verdict, frame_name
from archive.index import open_index
from archive.index.schema import MIGRATIONS
from archive.store.memory import MemoryStore
from tests.arriving import WatchedShelf, arriving

BOOT = "00000000000000aa"
FIRST_MS = 1_795_302_000_000  # 2026-11-22T00:00 in Berlin
HOUR_MS = 3_600_000


@pytest.fixture(name="old")
def _old(tmp_path: Path) -> Path:
    """An index of the first shape: a camera with the numbers 0 to 9 and 14 to 19, an hour apart, and a confession."""
    path = tmp_path / "index.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    numbers = [*range(10), *range(14, 20)]
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("INSERT INTO archive VALUES ('00000000000000ff', 1, 'Europe/Berlin')")
        old.execute("INSERT INTO cameras VALUES (1, 'garden', 1, 16, 16, ?, '{}')", [FIRST_MS])
        old.execute(
            "INSERT INTO boots (no, camera_no, boot, is_ours, highest_number, frames, first_received_at_ms,"
            " last_received_at_ms) VALUES (1, 1, ?, 0, 19, 16, 1, 1)",
            [BOOT],
        )
        old.execute("INSERT INTO losses VALUES (1, 1, ?, 12, 13, 'spool-full', 2)", [BOOT])
        for day, count in ((20261122, 14), (20261123, 2)):  # as they were counted
            old.executemany("INSERT INTO days VALUES (?, ?, ?)", [(0, day, count), (1, day, count)])
        for frame_id, number in enumerate(numbers, 1):
            at_ms = FIRST_MS + number * HOUR_MS * 3 // 2
            old.execute(
                "INSERT INTO frames (id, camera_no, boot_no, number, name, taken_at_ms, taken_at_source, hangs_on_boot,"
                " received_at_ms, size_bytes, width, height, media_type, sha256, verdict, is_measured, mean_luma,"
                " contrast) VALUES (?, 1, 1, ?, ?, ?, 'camera-clock', 0, ?, 9, 64, 48, 'image/jpeg', ?, ?, 1, ?, ?)",
                [
                    frame_id,
                    number,
                    frame_name(at_ms, BOOT, number, MediaType.JPEG),
                    at_ms,
                    at_ms,
                    bytes(31) + bytes([number]),
                    "undecodable" if number == 3 else "whole",
                    None if number == 3 else 0.5,
                    None if number == 3 else 0.2,
                ],
            )
            old.execute("INSERT INTO changes VALUES (?, 'frame', 1, ?, NULL)", [frame_id, frame_id])
    return path


async def test_an_archive_of_the_first_shape_is_carried_over(old: Path) -> None:
    """Its frames, log, days by the quarter hour and gaps are there; its pictures are to be looked at again."""
    index = open_index(f"sqlite:///{old}", shelf=WatchedShelf(MemoryStore()), zone=ZoneInfo("Europe/Berlin"))
    try:
        page = await index.frames()
        day = await index.day(datetime(2026, 11, 22, tzinfo=UTC).date())
        gaps = await index.gaps("garden")
        looked_at = {frame.number for frame in page.frames} - {
            frame.number for frame in await index.unmeasured(after_id=0, limit=100)
        }

        assert [frame.number for frame in page.frames] == [*range(19, 13, -1), *range(9, -1, -1)]
        assert page.frames[0].measures == Measures(mean_luma=0.5, contrast=0.2)
        assert page.frames[-4].verdict is Verdict.UNDECODABLE
        assert (page.total, index.total, index.last_seq) == (16, 16, 16)
        at = [frame.number * 6 for frame in page.frames if frame.number < 16]  # in quarter hours since midnight
        assert day.quarters == [int(quarter in at) for quarter in range(96)]
        assert [(gap.first, gap.last, gap.reason) for gap in gaps.gaps] == [(10, 11, None), (12, 13, "spool-full")]
        assert (gaps.missing, gaps.confessed) == (2, 2)
        assert looked_at == {3}
        assert await index.miscounts() == []
        assert await index.faults() == []
    finally:
        await index.close()


async def test_a_carried_over_archive_goes_on(old: Path) -> None:
    """Frames that come after are counted with those from before, also after another start."""
    for number in (20, 10):
        index = open_index(f"sqlite:///{old}", shelf=WatchedShelf(MemoryStore()), zone=ZoneInfo("Europe/Berlin"))
        try:
            assert (await index.add(arriving(number, boot=BOOT))).is_new
            assert await index.miscounts() == []
        finally:
            await index.close()
